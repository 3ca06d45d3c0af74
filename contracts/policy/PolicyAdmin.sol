// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPolicyGuard} from "../interfaces/IPolicyGuard.sol";
import {PolicyGuard} from "./PolicyGuard.sol";
import {Status} from "./Policy.sol";
import {Moment, Schedule, Scope, ScopeConfig, Scopes} from "./Scopes.sol";

/// @title The two roles, and what they cannot do
/// @notice A pauser makes scopes stricter for a while; a configurator changes them after a delay. By default there is neither.
abstract contract PolicyAdmin is PolicyGuard {
    using Scopes for Scope;

    /// @dev In seconds: the longest pause, the rolling window, and what all pauses in it may add up to.
    uint256 private constant LONGEST_PAUSE = 1 days;
    uint256 private constant PAUSE_WINDOW = 30 days;
    uint256 private constant PAUSE_BUDGET = 3 days;

    /// @dev Pauses that are remembered, and so at most begun in one window; 64 bits each.
    uint256 private constant PAUSES = 4;

    /// @notice Who may pause. Nobody by default.
    function _pauser() internal view virtual returns (address) {
        return address(0);
    }

    /// @notice Who may schedule a configuration. Nobody by default.
    function _configurator() internal view virtual returns (address) {
        return address(0);
    }

    /// @notice Seconds between a configuration's announcement and its application.
    function _configurationDelay() internal view virtual returns (uint256) {
        return 2 days;
    }

    /// @inheritdoc IPolicyGuard
    function pauseScope(bytes32 scope, Status status, uint24 length) external virtual {
        if (msg.sender != _pauser()) revert NotPauser(msg.sender);
        if (status == Status.Synced || status > Status.Stale) revert PauseNeedsEvidence(status);
        if (length == 0 || length > LONGEST_PAUSE) revert PauseLength(length, LONGEST_PAUSE);
        Scope storage state = _known(scope);
        Moment memory now_ = _now();
        uint256 pauses = state.pauses;
        _requirePauseBudget(scope, state, pauses, length, now_);

        uint256 until = now_.time + length;
        state.pauses = (pauses << 64) | (until << 24) | length;
        (state.pausedUntilTime, state.pausedUntilBlock) = (
            uint40(until),
            uint40(now_.number + length / state.longestBlockTime)
        );
        state.paused = status;
        state.troubled = true;

        emit ScopePaused(scope, status, until);
    }

    /// @inheritdoc IPolicyGuard
    function scheduleScope(bytes32 scope, ScopeConfig calldata config) external virtual {
        Schedule storage schedule = _scheduleOf(scope, config);
        _requireSound(scope, config);
        uint256 delay = _configurationDelay();
        uint256 readyTime = block.timestamp + delay;
        // A scope without a configuration has no block time yet: then the time alone decides.
        uint256 blockTime = _scope(scope).longestBlockTime;
        uint256 blocks = blockTime == 0 ? 0 : delay / blockTime;
        schedule.readyTime = uint40(readyTime);
        schedule.readyBlock = uint40(_blockNumber() + blocks);
        schedule.endTime = uint40(readyTime + delay);
        schedule.endBlock = uint40(_blockNumber() + 2 * blocks);

        emit ScopeConfigurationScheduled(scope, config, readyTime);
    }

    /// @inheritdoc IPolicyGuard
    function cancelScope(bytes32 scope, ScopeConfig calldata config) external virtual {
        Schedule storage schedule = _scheduleOf(scope, config);
        if (schedule.readyTime == 0) revert ConfigurationNotReady(scope, 0, 0, 0, 0);
        schedule.readyTime = 0;

        emit ScopeConfigurationCancelled(scope, config);
    }

    /// @inheritdoc IPolicyGuard
    function applyScope(bytes32 scope, ScopeConfig calldata config) external virtual {
        Scope storage state = _scope(scope);
        Schedule storage schedule = state.schedules[keccak256(abi.encode(config))];
        Schedule memory ready = schedule;
        Moment memory now_ = _now();
        bool isReady = ready.readyTime != 0 && Scopes.hasCome(now_, ready.readyTime, ready.readyBlock);
        if (!isReady || Scopes.hasCome(now_, ready.endTime, ready.endBlock)) {
            revert ConfigurationNotReady(scope, ready.readyTime, ready.readyBlock, ready.endTime, ready.endBlock);
        }
        // What the old configuration sees is on record before the new one looks elsewhere.
        if (_isKnown(state)) poke(scope);
        schedule.readyTime = 0;
        _setConfiguration(scope, config);
    }

    /// @dev The entry of a configuration that the configurator announces or takes back.
    function _scheduleOf(bytes32 scope, ScopeConfig calldata config) private view returns (Schedule storage) {
        if (msg.sender != _configurator()) revert NotConfigurator(msg.sender);
        return _scope(scope).schedules[keccak256(abi.encode(config))];
    }

    /// @dev A pause follows the one before it only after a time as long as that one, and the window holds at most the budget. Of the pauses
    /// that are remembered the oldest gives its place to the new one, so it must have left the window.
    function _requirePauseBudget(
        bytes32 scope,
        Scope storage state,
        uint256 pauses,
        uint256 length,
        Moment memory now_
    ) private view {
        uint256 last = pauses & type(uint24).max;
        uint256 nextTime = uint256(state.pausedUntilTime) + last;
        uint256 nextBlock = uint256(state.pausedUntilBlock) + last / state.longestBlockTime;
        if (!Scopes.hasCome(now_, nextTime, nextBlock)) revert PauseCoolingDown(scope, nextTime, nextBlock);

        uint256 used;
        uint256 inWindow;
        for (uint256 i = 0; i < PAUSES; ++i) {
            uint256 pause = (pauses >> (64 * i)) & type(uint64).max;
            if (pause != 0 && (pause >> 24) + PAUSE_WINDOW > now_.time) {
                used += pause & type(uint24).max;
                ++inWindow;
            }
        }
        if (inWindow == PAUSES || used + length > PAUSE_BUDGET) revert PauseBudgetSpent(scope, used, PAUSE_BUDGET);
    }
}
