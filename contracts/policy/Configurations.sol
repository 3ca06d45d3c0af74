// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/Continuity.sol";
import {NativeChains} from "../anchor/NativeChains.sol";
import {Host} from "../interfaces/IPolicyEngine.sol";
import {IPolicyErrors} from "../interfaces/IPolicyErrors.sol";
import {Bounds} from "./Bounds.sol";
import {Clock} from "./PolicyTypes.sol";
import {Scope, ScopeConfig} from "./Scopes.sol";

/// @title What a configuration must be, and where it is kept
/// @notice `src/policy/configChecks.ts` is this library's twin; the numbers of both come from `src/policy/bounds.ts`.
library Configurations {
    /// @notice Reverts unless the configuration keeps what the guard promises on the executing chain.
    /// @dev Reverts with an error of the policy (`Policies.requireSound`), ParentMismatch, ScopeTooDeep, ClockOutOfRange or ConfigOutOfBounds.
    function requireSound(bytes32 scope, ScopeConfig memory config, Host memory host, Clock memory now_) internal view {
        config.policy.requireSound();
        if (config.parent != host.path[1]) {
            revert IPolicyErrors.ParentMismatch(scope, config.parent, host.path[1]);
        }
        if (host.path[Bounds.PARENTS + 1] != 0) revert IPolicyErrors.ScopeTooDeep(scope);
        if (now_.time > type(uint48).max / 1_000 || now_.number > type(uint40).max) {
            revert IPolicyErrors.ClockOutOfRange(now_.time, now_.number);
        }
        _requireContinuityShown(config, host.continuity);
        _requireTimes(config);
        _requireAnchorsLast(config);
    }

    /// @notice Writes a configuration; and, where it is the scope's first, that the chain lives.
    function write(Scope storage state, ScopeConfig memory config, Clock memory now_) internal {
        if (!state.head.isKnown()) {
            state.head = state.head.withHeartbeat(now_.time, now_.number, 0);
            state.outageBlock = uint40(now_.number);
        }
        // What was no outage under a greater gap is none under a smaller.
        if (config.gap < state.head.gap()) state.outageBlock = uint40(now_.number);
        uint256[6] memory members;
        (members[0], members[1], members[2]) = (config.gap, config.blockTime, config.longestBlockTime);
        (members[3], members[4], members[5]) = (config.minDepth, config.maxAge, config.keeperLatency);
        state.head = state.head.withConfiguration(members);
        state.policy = config.policy;
        state.staleFor = config.staleFor;
        state.graceFor = config.graceFor;
        state.exitsFor = config.exitsFor;
    }

    /// @notice The configuration that is kept; all zero if there is none.
    function read(Scope storage state, bytes32 parent) internal view returns (ScopeConfig memory config) {
        if (!state.head.isKnown()) return config;
        config.policy = state.policy;
        config.parent = parent;
        config.minDepth = uint16(state.head.minDepth());
        config.maxAge = uint16(state.head.maxAge());
        config.keeperLatency = uint16(state.head.keeperLatency());
        config.gap = uint16(state.head.gap());
        config.staleFor = state.staleFor;
        config.graceFor = state.graceFor;
        config.exitsFor = state.exitsFor;
        config.blockTime = uint16(state.head.blockTime());
        config.longestBlockTime = uint16(state.head.longestBlockTime());
    }

    /// @dev What may stay hidden is bounded: a gap, and the slack of the quiet time before it.
    function _requireContinuityShown(ScopeConfig memory config, Continuity continuity) private view {
        // A chain is at least as fast as it was when it was listed. One who says that it is slower would see less.
        uint256 listed = NativeChains.blockTimeOf(block.chainid);
        uint256 greatest = listed == 0 ? Bounds.BLOCK_TIME_GREATEST : listed;
        _requireWithin("blockTime", config.blockTime, 1, greatest);
        uint256 longest = (uint256(config.blockTime) * Bounds.LONGEST_BLOCK_TIME_PERCENT) / 100;
        // One that a healthy chain exceeds would leave the scope Stale for ever.
        uint256 usual = listed == 0 ? config.blockTime : listed;
        uint256 shortest = (usual * Bounds.LONGEST_BLOCK_TIME_LEAST_PERCENT) / 100;
        _requireWithin("longestBlockTime", config.longestBlockTime, shortest, longest);
        if (continuity == Continuity.L1Origin) {
            _requireWithin("gap", config.gap, Bounds.L1_GAP_LEAST, Bounds.L1_GAP_GREATEST);
            return;
        }
        uint256 least = _seconds(config, Bounds.GAP_LEAST_BLOCKS);
        _requireWithin("gap", config.gap, least > Bounds.GAP_LEAST ? least : Bounds.GAP_LEAST, Bounds.GAP_GREATEST);
    }

    function _requireTimes(ScopeConfig memory config) private pure {
        uint256 least = _seconds(config, Bounds.SPAN_LEAST_BLOCKS);
        _requireWithin("staleFor", config.staleFor, least, Bounds.STALE_FOR_GREATEST);
        _requireWithin("graceFor", config.graceFor, least, Bounds.GRACE_FOR_GREATEST);
        _requireWithin("exitsFor", config.exitsFor, config.staleFor, Bounds.EXITS_FOR_GREATEST);
    }

    /// @dev An anchor is good for as long as a keeper needs.
    function _requireAnchorsLast(ScopeConfig memory config) private pure {
        _requireWithin("maxAge", config.maxAge, 1, Bounds.MAX_AGE_GREATEST);
        _requireWithin("minDepth", config.minDepth, 1, config.maxAge);
        uint256 lasts = (uint256(config.maxAge - config.minDepth) * config.blockTime) / 1_000;
        _requireWithin("keeperLatency", config.keeperLatency, 0, lasts);
    }

    /// @dev So many of the longest block times, in seconds, rounded up.
    function _seconds(ScopeConfig memory config, uint256 blocks) private pure returns (uint256) {
        return (blocks * config.longestBlockTime + 999) / 1_000;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 greatest) private pure {
        if (value < least || value > greatest) {
            revert IPolicyErrors.ConfigOutOfBounds(name, value, least, greatest);
        }
    }
}
