// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPolicyErrors} from "../interfaces/IPolicyErrors.sol";
import {Policy, Status} from "./Policy.sol";

/// @dev The heartbeat is written at most once in this part of the gap.
uint256 constant HEARTBEAT_PART = 4;

/// @notice How a scope is guarded. Times are in seconds; each also counts as a number of blocks, so many as the chain makes at its slowest.
/// @param policy which verdict each action gets in each status
/// @param gap so much time unaccounted for makes the scope Stale
/// @param staleFor how long it stays Stale after that was recorded, or after an open cause was healed: zero is allowed for neither
/// @param graceFor how long it is Lagging after that: margins can be topped up, and only deep insolvency is liquidated
/// @param exitsFor how long exits are restricted at the most; then they are not for four times as long, whatever happens
/// @param longestBlockTime the longest time between two blocks of a chain that lives, averaged over a quarter of the gap
struct ScopeConfig {
    Policy policy;
    uint24 gap;
    uint24 staleFor;
    uint24 graceFor;
    uint24 exitsFor;
    uint8 longestBlockTime;
}

/// @notice One thing about a scope that canonical state contradicts.
struct Cause {
    Status status; // Diverged or Halted while it is open, Synced when it is healed
    uint64 evidence; // block that the last evidence spoke of
}

/// @notice A configuration that waits for its delay to pass.
struct Schedule {
    uint40 readyTime; // seconds since 1970
    uint40 readyBlock;
    uint40 endTime; // seconds since 1970
}

/// @notice What is kept of a scope. The first slot is all that a guarded call reads while nothing is wrong.
struct Scope {
    // Slot 0: the configuration, the heartbeat, and whether anything is wrong.
    Policy policy;
    uint40 heartbeatTime; // when the chain was last seen alive, seconds since 1970
    uint40 heartbeatBlock;
    uint24 gap;
    uint24 staleFor;
    uint24 graceFor;
    uint24 exitsFor;
    uint8 longestBlockTime;
    uint8 divergences; // open causes that make it Diverged
    uint8 halts; // open causes that make it Halted
    bool troubled; // slot 1 says that something was wrong, and may still be
    // Slot 1: moments, each as a time and a block. A moment has come when both have.
    uint40 staleUntilTime;
    uint40 staleUntilBlock;
    uint40 pausedUntilTime;
    uint40 pausedUntilBlock;
    uint40 exitsSinceTime; // when exits were last restricted anew; zero if never
    uint40 exitsSinceBlock;
    Status paused;
    // Slot 2: the last four pauses, 64 bits each, the newest lowest: the end (40 bits) above the length (24 bits).
    uint256 pauses;
    mapping(bytes32 => Cause) causes; // by what is contradicted
    mapping(bytes32 => Schedule) schedules; // by the hash of the configuration
}

/// @notice A moment of the chain.
struct Moment {
    uint256 time; // seconds since 1970
    uint256 number; // of the block
}

/// @title What is wrong with one scope, and for how long
/// @notice Statuses are derived from what was recorded and from the moment at hand: nothing has to happen for one to end.
/// @dev An amount of time S counts as S / longestBlockTime blocks, and has passed when both have: a chain that stood still does not let a
/// window run out on the clock alone. On a live chain the blocks pass first.
library Scopes {
    /// @notice For how many times `exitsFor` exits are free of restrictions after one of them began, the restricted time included.
    uint256 internal constant EXIT_PERIODS = 5;

    /// @notice While a disturbance lasts, this part of the gap is enough to prolong it: a status must not flap around its threshold.
    uint256 internal constant CALM_PART = 4;

    /// @notice What is wrong with the scope now.
    /// @param gap seconds that are unaccounted for since the heartbeat
    /// @return status the worst of: its open causes, its pause, and what the clock says
    /// @return exits the same, as far as exits are concerned: Synced once their restriction has lasted for `exitsFor`
    /// @return disturbed whether the gap is one that is to be recorded
    function assess(
        Scope storage scope,
        uint256 gap,
        Moment memory now_
    ) internal view returns (Status status, Status exits, bool disturbed) {
        disturbed = gap >= scope.gap;
        if (scope.troubled) {
            (bool stale, bool lagging, bool paused) = _lasting(scope, now_);
            if (stale || lagging) disturbed = gap >= scope.gap / CALM_PART;
            if (stale) status = Status.Stale;
            else if (lagging) status = Status.Lagging;
            if (paused && scope.paused > status) status = scope.paused;
        }
        if (disturbed && status < Status.Stale) status = Status.Stale;
        if (scope.halts != 0) status = Status.Halted;
        else if (scope.divergences != 0) status = Status.Diverged;
        if (status != Status.Synced) exits = _areExitsFree(scope, now_, disturbed) ? Status.Synced : status;
    }

    /* THE FIRST SLOT AS ONE WORD: on a healthy chain a guarded call reads it once */

    /// @dev equivalent: policy | heartbeatTime << 48 | heartbeatBlock << 88 | gap << 128 | ... | longestBlockTime << 224 | divergences << 232 |
    /// halts << 240 | troubled << 248. Zero where the scope has no configuration.
    function firstSlot(Scope storage scope) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(scope.slot)
        }
    }

    /// @notice Records that the chain lives, where nothing else is to be recorded.
    function beat(Scope storage scope, uint256 word, uint256 head) internal {
        assembly ("memory-safe") {
            // equivalent: scope.heartbeatTime = uint40(block.timestamp); scope.heartbeatBlock = uint40(head)
            word := and(word, not(shl(48, 0xffffffffffffffffffff)))
            word := or(word, shl(48, timestamp()))
            sstore(scope.slot, or(word, shl(88, and(head, 0xffffffffff))))
        }
    }

    function heartbeatIn(uint256 word) internal pure returns (uint256 time, uint256 number, uint256 longestBlockTime) {
        return (uint40(word >> 48), uint40(word >> 88), uint8(word >> 224));
    }

    /// @notice Records what `assess` saw: the disturbance, or that the chain lives.
    function record(Scope storage scope, Moment memory now_, bool disturbed) internal {
        if (disturbed) {
            prolong(scope, now_, scope.staleFor);
        } else {
            // Every quarter of a gap at the most. Nothing but this write ends `troubled`, which costs a slot to read and nothing else.
            if ((now_.time - scope.heartbeatTime) * HEARTBEAT_PART < scope.gap) return;
            if (scope.troubled) {
                (bool stale, bool lagging, bool paused) = _lasting(scope, now_);
                if (!stale && !lagging && !paused) scope.troubled = false;
            }
        }
        scope.heartbeatTime = uint40(now_.time);
        scope.heartbeatBlock = uint40(now_.number);
    }

    /// @notice Makes the scope Stale for `time` seconds from now, if it is not for longer, and Lagging for `graceFor` after that.
    function prolong(Scope storage scope, Moment memory now_, uint256 time) internal {
        uint256 untilTime = now_.time + time;
        uint256 untilBlock = now_.number + time / scope.longestBlockTime;
        if (untilTime > scope.staleUntilTime) scope.staleUntilTime = uint40(untilTime);
        if (untilBlock > scope.staleUntilBlock) scope.staleUntilBlock = uint40(untilBlock);
        scope.troubled = true;
        restrictExits(scope, now_);
    }

    /// @notice Begins the time in which exits may be restricted, unless the last one began too lately.
    function restrictExits(Scope storage scope, Moment memory now_) internal {
        if (!_mayRestrictExits(scope, now_)) return;
        scope.exitsSinceTime = uint40(now_.time);
        scope.exitsSinceBlock = uint40(now_.number);
    }

    /// @notice Opens a cause, or makes an open one worse.
    /// @param evidence block that the evidence speaks of: newer than the one that decided the cause last
    /// @return raised false where the cause is open already and no better than `status`: that is no failure
    function raise(
        Scope storage scope,
        bytes32 id,
        bytes32 causeId,
        Status status,
        uint64 evidence,
        Moment memory now_
    ) internal returns (bool raised) {
        if (status < Status.Diverged || causeId == 0) revert IPolicyErrors.CauseInvalid(id, causeId, status);
        Cause storage cause = scope.causes[causeId];
        if (cause.status >= status) return false;
        if (evidence <= cause.evidence) {
            revert IPolicyErrors.EvidenceNotNewer(id, causeId, evidence, cause.evidence);
        }
        if (cause.status == Status.Diverged) --scope.divergences;
        if ((status == Status.Halted ? scope.halts : scope.divergences) == type(uint8).max) {
            revert IPolicyErrors.TooManyCauses(id);
        }
        if (status == Status.Halted) ++scope.halts;
        else ++scope.divergences;
        (cause.status, cause.evidence) = (status, evidence);
        restrictExits(scope, now_);
        return true;
    }

    /// @notice Closes a cause. With it begins a grace.
    /// @param evidence block that the evidence speaks of: newer than the one that opened the cause
    function heal(Scope storage scope, bytes32 id, bytes32 causeId, uint64 evidence, Moment memory now_) internal {
        Cause storage cause = scope.causes[causeId];
        if (cause.status == Status.Synced) revert IPolicyErrors.CauseNotOpen(id, causeId);
        if (evidence <= cause.evidence) {
            revert IPolicyErrors.EvidenceNotNewer(id, causeId, evidence, cause.evidence);
        }
        if (cause.status == Status.Halted) --scope.halts;
        else --scope.divergences;
        (cause.status, cause.evidence) = (Status.Synced, evidence);
        prolong(scope, now_, 0);
    }

    /// @notice Whether the moment at which (`time`, `number`) lie has come.
    function hasCome(Moment memory now_, uint256 time, uint256 number) internal pure returns (bool) {
        return now_.time >= time && now_.number >= number;
    }

    /// @dev What slot 1 says of now.
    function _lasting(
        Scope storage scope,
        Moment memory now_
    ) private view returns (bool stale, bool lagging, bool paused) {
        (uint256 time, uint256 number) = (scope.staleUntilTime, scope.staleUntilBlock);
        if (time != 0) {
            uint256 grace = scope.graceFor;
            stale = !hasCome(now_, time, number);
            lagging = !stale && !hasCome(now_, time + grace, number + grace / scope.longestBlockTime);
        }
        paused = scope.paused != Status.Synced && !hasCome(now_, scope.pausedUntilTime, scope.pausedUntilBlock);
    }

    /// @dev Whether the restriction of exits has lasted its time, and none may begin.
    function _areExitsFree(Scope storage scope, Moment memory now_, bool disturbed) private view returns (bool) {
        (uint256 time, uint256 number, uint256 exitsFor) = (
            scope.exitsSinceTime,
            scope.exitsSinceBlock,
            scope.exitsFor
        );
        bool lasts = time != 0 && !hasCome(now_, time + exitsFor, number + exitsFor / scope.longestBlockTime);
        // A disturbance that nobody has recorded yet restricts exits if recording it would: the exit itself then records it.
        return !lasts && !(disturbed && _mayRestrictExits(scope, now_));
    }

    function _mayRestrictExits(Scope storage scope, Moment memory now_) private view returns (bool) {
        (uint256 time, uint256 number) = (scope.exitsSinceTime, scope.exitsSinceBlock);
        uint256 period = EXIT_PERIODS * scope.exitsFor;
        return time == 0 || hasCome(now_, time + period, number + period / scope.longestBlockTime);
    }
}
