// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor, StateAnchor} from "./Anchor.sol";
import {BlockHashes} from "./BlockHashes.sol";
import {ChainClock} from "./ChainClock.sol";
import {IAnchorErrors} from "../interfaces/IAnchorErrors.sol";
import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";
import {StateAnchors} from "./StateAnchors.sol";

/// @title Anchor checks: reverts an action that was prepared on another branch
/// @notice The check of anchors and state anchors against the executing chain. It has no storage and needs nothing deployed.
/// @dev The core is total (`_anchorFailure`, `_stateAnchorFailure`): it never reverts, and returns the revert data of the check. The
/// shell (`_requireAnchor`, `_requireStateAnchor`) reverts with just that, so that a preview and the real check cannot disagree.
abstract contract AnchorGuard is ChainClock, IHeaderErrors, IAnchorErrors {
    /// @dev Refuses a chain that the source of block hashes does not know. The constructor asks once, and no call asks
    /// again. A chain that splits off under a new id keeps its opcodes. An anchor of one branch does not hold on the
    /// other. The constructor writes nothing, so a proxy misses no state.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _requireSupportedChain(true);
    }

    /* THE CHECKS */

    /// @notice Reverts unless the anchor's hash is the hash of its block on the executing chain. The block's depth must
    /// lie between `minDepth` and `maxDepth`.
    /// @dev A `minDepth` of zero means the same as one: the executing block has no hash. A `maxDepth` beyond the source's window means
    /// the window. Neither can switch the check off.
    function _requireAnchor(Anchor calldata anchor, uint64 minDepth, uint64 maxDepth) internal view {
        // The usual case is decided by one comparison with the source. Every other is told apart by the total core; if that found
        // nothing, the empty revert data would still revert.
        if (!_isCanonical(anchor, minDepth, maxDepth)) _revertWith(_anchorFailure(anchor, minDepth, maxDepth));
    }

    /// @notice Reverts unless the anchor holds as in `_requireAnchor`, and `header` is the preimage of its hash. The
    /// header must also commit to the number and the state root that the anchor claims.
    function _requireStateAnchor(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view {
        _requireAnchor(_anchorOf(anchor), minDepth, maxDepth);
        StateAnchors.verify(anchor, header);
    }

    /// @notice The revert data of `_requireAnchor`, empty where the anchor holds. Never reverts.
    function _anchorFailure(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view virtual returns (bytes memory failure) {
        uint256 number = anchor.number;
        uint256 head = _blockNumber();

        // The error has the first `words` of: the number, `second`, `third`. An encoder for each takes 300 bytes more.
        bytes4 selector;
        uint256 words = 3;
        uint256 second = head;
        uint256 third;
        if (anchor.hash == bytes32(0)) {
            (selector, words) = (ZeroAnchorHash.selector, 1);
        } else if (number == head) {
            (selector, words) = (AnchorIsCurrentBlock.selector, 1);
        } else if (number > head) {
            (selector, words) = (AnchorInFuture.selector, 2);
        } else if (head - number < minDepth) {
            (selector, third) = (AnchorTooShallow.selector, minDepth);
        } else if (head - number > maxDepth) {
            (selector, third) = (AnchorTooDeep.selector, maxDepth);
        } else if (head - number > _blockHashWindow()) {
            (selector, third) = (AnchorOutOfWindow.selector, _blockHashWindow());
        } else {
            bytes32 actual = _blockHash(number);
            if (actual == anchor.hash) return "";
            if (actual == bytes32(0)) (selector, words) = (AnchorHashUnknown.selector, 2);
            else (selector, second, third) = (AnchorMismatch.selector, uint256(anchor.hash), uint256(actual));
        }

        failure = abi.encodeWithSelector(selector, number, second, third);
        assembly ("memory-safe") {
            mstore(failure, add(4, mul(words, 0x20))) // cuts the words that the error lacks
        }
    }

    /// @dev Whether `_anchorFailure` is empty, in fewer steps.
    function _isCanonical(Anchor calldata anchor, uint256 minDepth, uint256 maxDepth) private view returns (bool) {
        // Equivalent: (height, hash) = (anchor.number, anchor.hash). The decoder would also check that the number has
        // 64 bits. That check is not needed: a number that passes below is less than the head's.
        uint256 height;
        bytes32 hash;
        assembly ("memory-safe") {
            height := calldataload(anchor)
            hash := calldataload(add(anchor, 0x20))
        }
        uint256 head = _blockNumber();
        if (height >= head) return false;
        unchecked {
            uint256 depth = head - height; // height < head
            if (depth > maxDepth) return false;
            if (depth < minDepth) return false;
            if (depth > _blockHashWindow()) return false;
        }
        if (hash == bytes32(0)) return false;
        return hash == _blockHash(height);
    }

    /// @notice The revert data of `_requireStateAnchor`, empty where the state anchor holds.
    function _stateAnchorFailure(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view returns (bytes memory failure) {
        failure = _anchorFailure(_anchorOf(anchor), minDepth, maxDepth);
        if (failure.length != 0) return failure;
        return StateAnchors.failure(anchor, header);
    }

    /// @dev A state anchor begins with the members of an anchor.
    function _anchorOf(StateAnchor calldata state) internal pure returns (Anchor calldata anchor) {
        assembly ("memory-safe") {
            anchor := state
        }
    }

    /// @dev Reverts with error data that is already encoded.
    function _revertWith(bytes memory data) internal pure {
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }

    /* WHERE BLOCK NUMBERS AND HASHES COME FROM */

    /// @notice The hash of block `number` of the executing chain. Asked only inside `_blockHashWindow`.
    /// @dev An override MUST return zero for "unknown" and MUST NOT revert: a preview relies on it.
    function _blockHash(uint256 number) internal view virtual returns (bytes32) {
        return BlockHashes.hashOf(number);
    }

    /// @notice For how many blocks before the executing one `_blockHash` may answer.
    function _blockHashWindow() internal view virtual returns (uint64) {
        return BlockHashes.HISTORY_WINDOW;
    }
}
