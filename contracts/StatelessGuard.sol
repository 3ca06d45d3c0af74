// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {GuardErrors} from "./GuardErrors.sol";
import {Anchor} from "./anchor/Anchor.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {IStatelessGuard} from "./interfaces/IStatelessGuard.sol";

/// @title The guard without a memory
/// @notice Makes an action take effect only on the branch of the chain on which it was prepared. No storage, no dependency, no role, and
/// nobody who must run.
/// @dev A function that must also work when no anchor can be had is left without the modifier: close, cancel, deposit.
/// There is no anchor that means "skip".
abstract contract StatelessGuard is AnchorGuard, IStatelessGuard {
    /// @notice Lets the function run only if `anchor` is a block of the executing chain, inside `_anchorDepthBounds`.
    modifier anchored(Anchor calldata anchor) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        _requireAnchor(anchor, minDepth, maxDepth);
        _;
    }

    /// @notice How deep an anchor must and may lie below the executing block, in blocks, both included.
    /// @dev The default suits an action that is sent at once. What is prepared on the newest block lies at depth 1 when
    /// it executes. After 256 blocks (some 51 minutes on Ethereum) it must be prepared anew. A greater largest depth,
    /// up to 8,191, needs EIP-2935 and costs a cold call. A protocol whose signers sign an age passes that age to
    /// `_requireAnchor` instead.
    function _anchorDepthBounds() internal view virtual returns (uint64 minDepth, uint64 maxDepth) {
        return (1, 256);
    }

    /// @inheritdoc IStatelessGuard
    function previewAnchored(Anchor calldata anchor) external view virtual returns (bool allowed, bytes memory reason) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        reason = _anchorFailure(anchor, minDepth, maxDepth);
        return (reason.length == 0, reason);
    }

    /// @inheritdoc IStatelessGuard
    function isGuardError(bytes4 selector) external pure virtual returns (bool) {
        return GuardErrors.isGuardError(selector);
    }
}
