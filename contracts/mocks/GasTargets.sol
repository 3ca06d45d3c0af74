// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SettlementGuard} from "../SettlementGuard.sol";
import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {Anchor, StateAnchor} from "../anchor/Anchor.sol";
import {Restrictions} from "../interfaces/IPolicyGuard.sol";
import {Deadline} from "../policy/Deadline.sol";
import {Action, Status, Verdict} from "../policy/PolicyTypes.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @notice Functions that do nothing, behind the guard: what they cost beyond `UnguardedNothing` is what the guard costs.
contract GuardedNothing is StateAnchoredGuard {
    function act(Anchor calldata anchor) external view anchored(anchor) {}

    function actOnState(
        StateAnchor calldata anchor,
        bytes calldata header
    ) external view anchoredState(anchor, header) {}

    function _anchorDepthBounds() internal pure override returns (uint64, uint64) {
        return (1, 8191);
    }
}

/// @notice The same functions with the same arguments, without the guard.
contract UnguardedNothing {
    function act(Anchor calldata) external view {}

    function actOnState(StateAnchor calldata, bytes calldata) external view {}

    // The mixin brings these along; here they keep the dispatch the same.
    function previewAnchored(Anchor calldata) external view returns (bool, bytes memory) {}

    function previewAnchoredState(StateAnchor calldata, bytes calldata) external view returns (bool, bytes memory) {}

    function isGuardError(bytes4) external pure returns (bool) {}
}

/// @notice Functions that do nothing, behind the whole guard. `SCOPE` has no parent, `CHILD` has one, `GRANDCHILD` two.
contract PolicyGuardedNothing is SettlementGuard {
    bytes32 public constant SCOPE = "scope";
    bytes32 public constant CHILD = "child";
    bytes32 public constant GRANDCHILD = "grandchild";

    constructor(ScopeConfig memory config) {
        _configureScope(SCOPE, config);
        config.parent = SCOPE;
        _configureScope(CHILD, config);
        config.parent = CHILD;
        _configureScope(GRANDCHILD, config);
    }

    function act(bytes32 scope, Anchor calldata anchor) external guardedAt(scope, Action.Increase, anchor) {}

    function exit(bytes32 scope) external returns (Verdict) {
        return _guard(scope, Action.Decrease);
    }

    function actStateless(Anchor calldata anchor) external anchored(anchor) {}

    function _parentOf(bytes32 scope) internal pure override returns (bytes32) {
        if (scope == SCOPE) return bytes32(0);
        return scope == CHILD ? SCOPE : CHILD;
    }
}

/// @notice The same functions without the guard.
contract PolicyUnguardedNothing {
    bytes32 public constant SCOPE = "scope";
    bytes32 public constant CHILD = "child";
    bytes32 public constant GRANDCHILD = "grandchild";

    function act(bytes32, Anchor calldata) external {}

    function exit(bytes32) external returns (Verdict) {}

    function actStateless(Anchor calldata) external {}

    // The mixin brings these along; here they keep the dispatch the same.
    function previewAnchored(Anchor calldata) external view returns (bool, bytes memory) {}

    function isGuardError(bytes4) external pure returns (bool) {}

    function preview(bytes32, Action) external view returns (Verdict, bytes memory) {}

    function previewAt(bytes32, Action, Anchor calldata) external view returns (Verdict, bytes memory) {}

    function previewLiquidation(bytes32, uint256, uint256) external view returns (bool, bytes memory) {}

    function statusOf(bytes32) external view returns (Status, Status) {}

    function configOf(bytes32) external view returns (ScopeConfig memory) {}

    function restrictionsOf(bytes32) external view returns (Restrictions memory) {}

    function causeOf(bytes32, bytes32) external view returns (Status, uint64) {}

    function announcementOf(bytes32) external view returns (bytes32, Deadline, Deadline) {}

    function poke(bytes32) external returns (Status) {}

    function proveStandstill(bytes32, Anchor calldata, bytes calldata) external {}

    function pauseScope(bytes32, Status, uint24) external {}

    function scheduleScope(bytes32, ScopeConfig calldata) external {}

    function cancelScope(bytes32, ScopeConfig calldata) external {}

    function applyScope(bytes32, ScopeConfig calldata) external {}
}
