// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StatelessGuard} from "./StatelessGuard.sol";
import {StateAnchor} from "./anchor/Anchor.sol";
import {IStateAnchoredGuard} from "./interfaces/IStateAnchoredGuard.sol";

/// @title Anchors that also commit to a state root
/// @notice For actions that were prepared on facts of a state. To be inherited beside `StatelessGuard` or
/// `SettlementGuard`. The header's reader is some 3 kB of code, which a protocol without state anchors need not carry.
/// @dev With the compiler's legacy pipeline a function of five parameters under `anchoredState` may be "stack too deep". Take a struct, or move the
/// body into an internal function: `CollateralCredit.borrow` does.
abstract contract StateAnchoredGuard is StatelessGuard, IStateAnchoredGuard {
    /// @notice Lets the function run only if `anchor` is a block of the executing chain, inside `_anchorDepthBounds`.
    /// `header` must show that the block commits to the state root that the anchor claims.
    modifier anchoredState(StateAnchor calldata anchor, bytes calldata header) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        _requireStateAnchor(anchor, header, minDepth, maxDepth);
        _;
    }

    /// @inheritdoc IStateAnchoredGuard
    function previewAnchoredState(
        StateAnchor calldata anchor,
        bytes calldata header
    ) external view virtual returns (bool allowed, bytes memory reason) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        reason = _stateAnchorFailure(anchor, header, minDepth, maxDepth);
        return (reason.length == 0, reason);
    }
}
