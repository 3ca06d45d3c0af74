// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {GuardedPerps} from "../../contracts/examples/GuardedPerps.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {Scope, Scopes} from "../../contracts/policy/Scopes.sol";

/// @notice The guarded exchange, with evidence for the asking, and its scopes laid open. Nothing that it overrides: the guard's path is the
/// real one. State proofs need headers of real blocks, which a test inside the EVM cannot make.
contract EvidentPerps is GuardedPerps {
    using Scopes for Scope;

    constructor(IERC20 token, address feed, address keeper) GuardedPerps(token, feed, keeper) {}

    function raise(bytes32 scope, bytes32 cause, Status status, uint64 evidence) external returns (bool) {
        return _raise(scope, cause, status, evidence);
    }

    function heal(bytes32 scope, bytes32 cause, uint64 evidence) external {
        _heal(scope, cause, evidence);
    }

    /// @notice What is wrong with the scope itself, its parent aside.
    function ownStatusOf(bytes32 scope) public view returns (Status status, Status exits) {
        Scope storage state = _scope(scope);
        uint256 gap = _gapSince(state.heartbeatTime, state.heartbeatBlock, state.longestBlockTime);
        (status, exits, ) = state.assess(gap, _now());
    }

    /// @notice The scope's own status for exits if it were not paused.
    function exitsBesidesPauseOf(bytes32 scope) external returns (Status exits) {
        Scope storage state = _scope(scope);
        Status paused = state.paused;
        state.paused = Status.Synced;
        (, exits) = ownStatusOf(scope);
        state.paused = paused;
    }

    function heartbeatOf(bytes32 scope) external view returns (uint256 time, uint256 number) {
        return (_scope(scope).heartbeatTime, _scope(scope).heartbeatBlock);
    }

    function openCausesOf(bytes32 scope) external view returns (uint256 divergences, uint256 halts) {
        return (_scope(scope).divergences, _scope(scope).halts);
    }
}
