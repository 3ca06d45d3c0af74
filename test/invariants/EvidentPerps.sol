// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ProofDesk} from "../../contracts/ProofDesk.sol";
import {GuardedPerps} from "../../contracts/examples/GuardedPerps.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {Assessment, Assessments} from "../../contracts/policy/Assessment.sol";
import {ScopeHead} from "../../contracts/policy/ScopeHead.sol";
import {Scope, Scopes} from "../../contracts/policy/Scopes.sol";
import {Transitions} from "../../contracts/policy/Transitions.sol";

/// @notice The guarded exchange, with evidence for the asking, and its scopes laid open. Nothing that it overrides: the guard's path is the
/// real one. State proofs need headers of real blocks, which a test inside the EVM cannot make.
contract EvidentPerps is GuardedPerps {
    using Transitions for Scope;

    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) GuardedPerps(token, feed, keeper, proofs) {}

    function raise(bytes32 scope, bytes32 cause, Status status, uint64 evidence) external returns (bool) {
        return _raise(scope, cause, status, evidence);
    }

    function heal(bytes32 scope, bytes32 cause, uint64 evidence) external {
        _heal(scope, cause, evidence);
    }

    /// @notice What is wrong with the scope itself, its parent aside.
    function ownStatusOf(bytes32 scope) external view returns (Status status, Status exits) {
        Scope storage state = Scopes.find(scope);
        uint256 unaccounted = state.head.unaccounted(block.timestamp, block.number);
        Assessment memory own = Assessments.assess(state.facts(_clock(), unaccounted));
        return (own.status, own.exitStatus);
    }

    /// @notice The time up to which blocks account for everything, in milliseconds since 1970, and the height.
    function heartbeatOf(bytes32 scope) external view returns (uint256 accountedUntil, uint256 number) {
        return Scopes.find(scope).head.heartbeat();
    }

    function openCausesOf(bytes32 scope) external view returns (uint256 diverged, uint256 halted) {
        ScopeHead head = Scopes.find(scope).head;
        return (head.openDiverged(), head.openHalted());
    }
}
