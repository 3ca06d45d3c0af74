// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Action, Status, Verdict} from "../policy/Policy.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {IPolicyErrors} from "./IPolicyErrors.sol";

/// @title What a scope's state is, and who may make it stricter
/// @notice A scope is what can be stopped separately, usually one market. It may have a parent (market, protocol, chain), and the worst
/// status on the way up decides.
///
/// Who can do what:
/// - anybody: record what the chain shows (`poke`), and apply what was scheduled;
/// - the pauser: make a scope Lagging or Stale for at most a day, three days in thirty, never twice without a time in between. It cannot end
///   a pause. Each scope has its own budget: a market can be paused by itself and with what is above it;
/// - the configurator: change a scope's configuration after a delay;
/// - nobody: declare a scope Synced. A cause that made it Diverged or Halted is closed by newer evidence.
///
/// All time here is in seconds and counts as blocks, too: see {ScopeConfig}.
interface IPolicyGuard is IPolicyErrors {
    /// @notice Emitted when a scope is given its configuration.
    event ScopeConfigurationApplied(bytes32 indexed scope, ScopeConfig config);

    /// @notice Emitted when a configuration begins to wait for its delay.
    event ScopeConfigurationScheduled(bytes32 indexed scope, ScopeConfig config, uint256 readyTime);

    /// @notice Emitted when the configurator takes a scheduled configuration back.
    event ScopeConfigurationCancelled(bytes32 indexed scope, ScopeConfig config);

    /// @notice Emitted when time that no block accounts for is recorded.
    /// @param gap in seconds
    /// @param staleUntil seconds since 1970; not before as many blocks have passed as that takes
    event ScopeDisturbed(bytes32 indexed scope, uint256 gap, uint256 staleUntil);

    /// @notice Emitted when the pauser makes a scope stricter.
    event ScopePaused(bytes32 indexed scope, Status status, uint256 until);

    /// @notice Emitted when evidence opens a cause.
    event ScopeRaised(bytes32 indexed scope, bytes32 indexed cause, Status status, uint64 evidence);

    /// @notice Emitted when evidence closes a cause.
    event ScopeHealed(bytes32 indexed scope, bytes32 indexed cause, uint64 evidence);

    /// @notice Whether an action would pass now.
    /// @return verdict what `_guard` would return, or Deny where it would revert
    /// @return reason the revert data of a function that passes on Allow alone; empty where the verdict is Allow
    function preview(bytes32 scope, Action action) external view returns (Verdict verdict, bytes memory reason);

    /// @notice Whether a liquidation would pass now.
    /// @param worstHealth health in the view that is worst for the account, 1e18 being the threshold of liquidation
    /// @param bestHealth health in the view that is best for it
    /// @return allowed whether the guard would let it through
    /// @return reason the revert data of the guard; empty where it would pass
    function previewLiquidation(
        bytes32 scope,
        uint256 worstHealth,
        uint256 bestHealth
    ) external view returns (bool allowed, bytes memory reason);

    /// @notice What is wrong with a scope now, its parents included.
    /// @return status what decides about actions
    /// @return exits what decides about exits; Synced once their restriction has lasted its time, pauses aside. Both are Halted where the
    /// scope, or one above it, has no configuration
    function statusOf(bytes32 scope) external view returns (Status status, Status exits);

    /// @notice The scope's configuration; all zero if it has none.
    function configOf(bytes32 scope) external view returns (ScopeConfig memory);

    /// @notice Records what the chain shows, in the scope and in its parents: that it lives, or that time passed unaccounted for. Anybody may
    /// call; a keeper that does so after every outage makes the grace begin at once.
    /// @return status of the scope
    function poke(bytes32 scope) external returns (Status status);

    /// @notice Makes a scope Lagging or Stale for `length` seconds. The pauser alone. Ends by itself; nobody can end it earlier.
    /// @param length at most a day. All pauses of thirty days together are at most three days and four in number, and each is followed by
    /// a time at least as long without one
    function pauseScope(bytes32 scope, Status status, uint24 length) external;

    /// @notice Announces a configuration. The configurator alone.
    function scheduleScope(bytes32 scope, ScopeConfig calldata config) external;

    /// @notice Takes an announced configuration back. The configurator alone.
    function cancelScope(bytes32 scope, ScopeConfig calldata config) external;

    /// @notice Applies an announced configuration after its delay, and before as much time again has passed. Anybody may call. What is wrong
    /// with the scope is recorded first, and stays.
    function applyScope(bytes32 scope, ScopeConfig calldata config) external;
}
