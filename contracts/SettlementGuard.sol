// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StatelessGuard} from "./StatelessGuard.sol";
import {Anchor} from "./anchor/Anchor.sol";
import {ISettlementGuard} from "./interfaces/ISettlementGuard.sol";
import {Action, Verdict} from "./policy/Policy.sol";
import {PolicyAdmin} from "./policy/PolicyAdmin.sol";

/// @title Settlement Guard: what a protocol inherits
/// @notice Makes an action take effect only on the branch of the chain on which it was prepared, and only while nothing that is known
/// makes it unsafe. No dependency, nothing to deploy, and nobody who must run.
///
/// An opening or a withdrawal takes a modifier, `guardedAt` with an anchor or `guarded` without one: both pass on Allow alone. An action that
/// has a conservative cell (a close) asks for the verdict with `_guard`. A trade that can go both ways passes `Policies.classify(position,
/// size)`, never a literal. A liquidation asks `_guardLiquidation`.
///
/// @dev Each market is a scope, and gets a configuration from `_configureScope` before anything of it is allowed. A protocol that wants anchors
/// and no more inherits `StatelessGuard`, which reads no storage.
abstract contract SettlementGuard is StatelessGuard, PolicyAdmin, ISettlementGuard {
    /// @notice Lets the function run only if `anchor` holds as for `anchored`, and `action` is allowed without reserve.
    modifier guardedAt(bytes32 scope, Action action, Anchor calldata anchor) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        _requireAnchor(anchor, minDepth, maxDepth);
        _requireAllowed(scope, action);
        _;
    }

    /// @notice As `_guard`, after the anchor was checked as for `anchored`.
    function _guardAt(bytes32 scope, Action action, Anchor calldata anchor) internal returns (Verdict verdict) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        _requireAnchor(anchor, minDepth, maxDepth);
        return _guard(scope, action);
    }

    /// @inheritdoc ISettlementGuard
    function previewAt(
        bytes32 scope,
        Action action,
        Anchor calldata anchor
    ) external view virtual returns (Verdict verdict, bytes memory reason) {
        (uint64 minDepth, uint64 maxDepth) = _anchorDepthBounds();
        reason = _anchorFailure(anchor, minDepth, maxDepth);
        return reason.length == 0 ? preview(scope, action) : (Verdict.Deny, reason);
    }
}
