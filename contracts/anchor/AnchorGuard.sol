// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor, StateAnchor} from "./Anchor.sol";
import {BlockHashes} from "./BlockHashes.sol";
import {NativeChains} from "./NativeChains.sol";
import {IGuardErrors} from "../interfaces/IGuardErrors.sol";
import {HeaderReader} from "../proof/HeaderReader.sol";

/// @notice What the check of an anchor found. Only `Canonical` lets an action through.
enum AnchorStatus {
    Canonical, // the executing chain has this block at this height, inside the depth bounds
    ZeroHash, // the anchor's hash is zero
    CurrentBlock, // the anchor names the block that is executing
    InFuture, // the anchor names a block that this chain has not reached
    TooShallow, // fewer blocks old than the smallest depth
    TooDeep, // more blocks old than the largest depth
    OutOfWindow, // older than the source can answer
    HashUnknown, // the source did not answer with a hash
    Mismatch // the executing chain has another block at this height: another branch
}

/// @title K1: was this action prepared on the branch on which it now executes?
/// @notice The check of anchors and state anchors against the executing chain. It has no storage and needs nothing deployed.
/// @dev The core is total (`_tryAnchor`, `_anchorFailure`): it answers for every input and never reverts. The shell (`_requireAnchor`)
/// reverts with what the core found, so that a preview and the real check cannot disagree.
abstract contract AnchorGuard is IGuardErrors {
    /// @dev Refuses a chain that the source of block hashes does not know. Not repeated on each call: a chain that splits off under a
    /// new id keeps its opcodes, and an anchor of the one branch does not hold on the other.
    constructor() {
        if (!_isSupportedChain(block.chainid)) revert UnsupportedChain(block.chainid);
    }

    /* THE CHECKS */

    /// @notice Reverts unless `hash` is the hash of block `number` on the executing chain, at a depth from `minDepth` to `maxDepth`.
    /// @dev A `minDepth` of zero means the same as one: the executing block has no hash. A `maxDepth` beyond the source's window means
    /// the window. Neither can switch the check off.
    function _requireAnchor(uint64 number, bytes32 hash, uint64 minDepth, uint64 maxDepth) internal view {
        (AnchorStatus status, bytes32 actual) = _tryAnchor(number, hash, minDepth, maxDepth);
        if (status != AnchorStatus.Canonical) {
            _revertWith(_anchorError(status, number, hash, actual, minDepth, maxDepth));
        }
    }

    /// @notice Reverts unless the anchor holds as in `_requireAnchor`, `header` is the preimage of its hash, and the header commits to
    /// the number and the state root that the anchor claims.
    function _requireStateAnchor(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view {
        bytes memory failure = _stateAnchorFailure(anchor, header, minDepth, maxDepth);
        if (failure.length != 0) _revertWith(failure);
    }

    /// @notice What `_requireAnchor` would find, without reverting.
    /// @return status `Canonical`, or why not
    /// @return actual the executing chain's hash at that height; zero where it was not asked or is not known
    function _tryAnchor(
        uint64 number,
        bytes32 hash,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view returns (AnchorStatus status, bytes32 actual) {
        if (hash == bytes32(0)) return (AnchorStatus.ZeroHash, 0);

        uint256 head = _blockNumber();
        if (number >= head) return (number == head ? AnchorStatus.CurrentBlock : AnchorStatus.InFuture, 0);

        uint256 depth;
        unchecked {
            depth = head - number; // number < head: checked above
        }
        if (depth < minDepth) return (AnchorStatus.TooShallow, 0);
        if (depth > maxDepth) return (AnchorStatus.TooDeep, 0);
        if (depth > _blockHashWindow()) return (AnchorStatus.OutOfWindow, 0);

        actual = _blockHash(number);
        if (actual == hash) return (AnchorStatus.Canonical, actual);
        return (actual == bytes32(0) ? AnchorStatus.HashUnknown : AnchorStatus.Mismatch, actual);
    }

    /// @notice The revert data of `_requireAnchor`, empty where the anchor holds.
    function _anchorFailure(
        uint64 number,
        bytes32 hash,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view returns (bytes memory) {
        (AnchorStatus status, bytes32 actual) = _tryAnchor(number, hash, minDepth, maxDepth);
        if (status == AnchorStatus.Canonical) return "";
        return _anchorError(status, number, hash, actual, minDepth, maxDepth);
    }

    /// @notice The revert data of `_requireStateAnchor`, empty where the state anchor holds.
    function _stateAnchorFailure(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view returns (bytes memory failure) {
        failure = _anchorFailure(anchor.number, anchor.hash, minDepth, maxDepth);
        if (failure.length != 0) return failure;
        return HeaderReader.failure(header, anchor);
    }

    function _anchorError(
        AnchorStatus status,
        uint64 number,
        bytes32 hash,
        bytes32 actual,
        uint64 minDepth,
        uint64 maxDepth
    ) private view returns (bytes memory) {
        uint64 head = uint64(_blockNumber()); // a height fits: clients hold it in 64 bits
        if (status == AnchorStatus.ZeroHash) return abi.encodeWithSelector(ZeroAnchorHash.selector, number);
        if (status == AnchorStatus.CurrentBlock) return abi.encodeWithSelector(AnchorIsCurrentBlock.selector, number);
        if (status == AnchorStatus.InFuture) return abi.encodeWithSelector(AnchorInFuture.selector, number, head);
        if (status == AnchorStatus.TooShallow) {
            return abi.encodeWithSelector(AnchorTooShallow.selector, number, head, minDepth);
        }
        if (status == AnchorStatus.TooDeep) {
            return abi.encodeWithSelector(AnchorTooDeep.selector, number, head, maxDepth);
        }
        if (status == AnchorStatus.OutOfWindow) {
            return abi.encodeWithSelector(AnchorOutOfWindow.selector, number, head, uint64(_blockHashWindow()));
        }
        if (status == AnchorStatus.HashUnknown) return abi.encodeWithSelector(AnchorHashUnknown.selector, number, head);
        return abi.encodeWithSelector(AnchorMismatch.selector, number, hash, actual);
    }

    /// @dev Reverts with error data that is already encoded.
    function _revertWith(bytes memory data) internal pure {
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }

    /* WHERE BLOCK NUMBERS AND HASHES COME FROM */

    /// @notice The height of the executing block.
    function _blockNumber() internal view virtual returns (uint256) {
        return block.number;
    }

    /// @notice The hash of block `number` of the executing chain. Asked only inside `_blockHashWindow`.
    /// @dev An override MUST return zero for "unknown" and MUST NOT revert: a preview relies on it.
    function _blockHash(uint256 number) internal view virtual returns (bytes32) {
        return BlockHashes.hashOf(number);
    }

    /// @notice For how many blocks before the executing one `_blockHash` may answer.
    function _blockHashWindow() internal view virtual returns (uint256) {
        return BlockHashes.HISTORY_WINDOW;
    }

    /// @notice Whether `_blockNumber` and `_blockHash` are right on `chainId`. Asked once, at construction.
    function _isSupportedChain(uint256 chainId) internal view virtual returns (bool) {
        return NativeChains.contains(chainId);
    }
}
