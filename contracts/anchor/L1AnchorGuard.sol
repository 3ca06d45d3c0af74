// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "./Anchor.sol";
import {L1Origin} from "./L1Origin.sol";
import {IAnchorErrors} from "../interfaces/IAnchorErrors.sol";
import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";
import {HeaderChain} from "../header/HeaderChain.sol";

/// @title Anchors to L1, checked on an OP-stack chain
/// @notice A fact of L1 counts here only below a minimum depth of the L1 origin that this chain shows. The origin
/// itself is unsafe. A short reorg of L1 can drop it while this chain still shows it.
/// @dev It has no storage. Ancestry is proven with headers, so no hash has to have been recorded while the block was the origin.
abstract contract L1AnchorGuard is IHeaderErrors, IAnchorErrors {
    /// @notice The id of the one chain on which the predeploy is believed. Anywhere else its address may hold anybody's code.
    function _homeChainId() internal view virtual returns (uint256);

    /// @notice Reverts unless `anchor` is a block of L1. Its depth below the origin that this chain shows must lie
    /// between `minDepth` and `maxDepth`.
    /// @dev A `minDepth` of zero means one: the origin itself is never accepted.
    /// @param anchor a block of L1
    /// @param headers RLP of L1's headers from the origin down to the anchor, both included
    /// @param minDepth in L1 blocks
    /// @param maxDepth in L1 blocks, at most `HeaderChain.MAX_DEPTH`
    function _requireL1Anchor(
        StateAnchor calldata anchor,
        bytes[] calldata headers,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view {
        if (block.chainid != _homeChainId()) revert UnsupportedChain(block.chainid);
        uint64 number = anchor.number;
        if (anchor.hash == bytes32(0)) revert ZeroAnchorHash(number);

        (uint64 origin, bytes32 originHash) = L1Origin.read();
        if (originHash == bytes32(0)) revert AnchorHashUnknown(number, origin);
        if (number > origin) revert AnchorInFuture(number, origin);
        uint64 depth = origin - number;
        if (depth == 0 || depth < minDepth) revert AnchorTooShallow(number, origin, minDepth);
        if (depth > maxDepth) revert AnchorTooDeep(number, origin, maxDepth);

        (bytes32 actual, bytes32 stateRoot) = HeaderChain.ancestor(origin, originHash, depth, headers);
        if (actual != anchor.hash) revert AnchorMismatch(number, anchor.hash, actual);
        if (stateRoot != anchor.stateRoot) revert StateRootMismatch(number, anchor.stateRoot, stateRoot);
    }
}
