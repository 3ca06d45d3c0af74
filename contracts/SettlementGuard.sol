// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StatelessGuard} from "./StatelessGuard.sol";
import {Anchor} from "./anchor/Anchor.sol";
import {ISettlementGuard} from "./interfaces/ISettlementGuard.sol";
import {IPolicyGuard} from "./interfaces/IPolicyGuard.sol";
import {Action, Verdict} from "./policy/PolicyTypes.sol";
import {PolicyAdmin} from "./policy/PolicyAdmin.sol";
import {Scopes} from "./policy/Scopes.sol";
import {ScopeHead} from "./policy/ScopeHead.sol";

/// @title Settlement Guard: what a protocol inherits
/// @notice Makes an action take effect only on the branch of the chain on which it was prepared. What is known to be
/// unsafe does not take effect either. No dependency, nothing to deploy, and nobody who must run.
///
/// An opening or a withdrawal takes a modifier: `guardedAt` with an anchor, `guarded` without one. Both modifiers pass
/// on Allow alone. An action that has a conservative cell (a close) asks for the verdict with `_guard`. A trade that
/// can go both ways passes `Policies.classify(position, size)`, never a literal. Under a modifier a trade cannot reduce
/// where a Decrease is conservative; a close can. A liquidation asks `_guardLiquidation`.
///
/// @dev Each market is a scope, and gets a configuration from `_configureScope` before anything of it is allowed. A protocol that wants anchors
/// and no more inherits `StatelessGuard`, which reads no storage.
abstract contract SettlementGuard is StatelessGuard, PolicyAdmin, ISettlementGuard {
    /// @notice Lets the function run only if the anchor holds and `action` is allowed without reserve. The anchor holds
    /// if it is a block of the executing chain, inside the depths of the scope's configuration.
    modifier guardedAt(bytes32 scope, Action action, Anchor calldata anchor) {
        _requireAllowedFrom(scope, _headAt(scope, anchor), action);
        _;
    }

    /// @notice As `_guard`, after the anchor was checked as for `guardedAt`.
    function _guardAt(bytes32 scope, Action action, Anchor calldata anchor) internal returns (Verdict verdict) {
        return _guardFrom(scope, _headAt(scope, anchor), action);
    }

    /// @notice Reverts unless the anchor holds as for `guardedAt`, and is no older than `maxAge`. A message signs that
    /// age beside the anchor.
    /// @param maxAge in blocks
    function _requireAnchorOf(bytes32 scope, Anchor calldata anchor, uint64 maxAge) internal view {
        ScopeHead head = _knownHead(scope);
        _requireAnchor(anchor, head.minDepth(), maxAge < head.maxAge() ? maxAge : head.maxAge());
    }

    /// @notice How old an anchor of the scope may be, in blocks. Its policy believes a pinned fact for as long.
    /// @dev Reverts with ScopeUnknown.
    function _maxAgeOf(bytes32 scope) internal view returns (uint64 maxAge) {
        return _knownHead(scope).maxAge();
    }

    function _knownHead(bytes32 scope) private view returns (ScopeHead head) {
        head = Scopes.find(scope).head;
        if (!head.isKnown()) revert ScopeUnknown(scope);
    }

    /// @dev The revert data of `_requireAnchorOf`, empty where the anchor holds; and where the scope is unknown, which `preview` says.
    function _anchorFailureOf(
        bytes32 scope,
        Anchor calldata anchor,
        uint64 maxAge
    ) internal view returns (bytes memory failure) {
        ScopeHead head = Scopes.find(scope).head;
        if (!head.isKnown()) return failure;
        return _anchorFailure(anchor, head.minDepth(), maxAge < head.maxAge() ? maxAge : head.maxAge());
    }

    /// @dev The scope's head, after the anchor was checked against its depths.
    function _headAt(bytes32 scope, Anchor calldata anchor) private view returns (ScopeHead head) {
        head = Scopes.find(scope).head;
        // Without a configuration there are no depths, and the engine says so.
        if (head.isKnown()) _requireAnchor(anchor, head.minDepth(), head.maxAge());
    }

    /// @inheritdoc ISettlementGuard
    function previewAt(
        bytes32 scope,
        Action action,
        Anchor calldata anchor
    ) external view returns (Verdict verdict, bytes memory reason) {
        reason = _anchorFailureOf(scope, anchor, type(uint64).max);
        if (reason.length != 0) return (Verdict.Deny, reason);
        _return(_askView(abi.encodeCall(IPolicyGuard.preview, (scope, action)), scope));
    }

    /// @inheritdoc IPolicyGuard
    function proveStandstill(bytes32, Anchor calldata anchor, bytes calldata) external {
        _requireAnchor(anchor, 1, type(uint64).max);
        _pass();
    }
}
