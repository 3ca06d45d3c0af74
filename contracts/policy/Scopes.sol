// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPolicyErrors} from "../interfaces/IPolicyErrors.sol";
import {Policy, Status} from "./Policy.sol";

/// @dev The heartbeat is written at most once in this part of the gap.
uint256 constant HEARTBEAT_PART = 4;

/// @notice How a scope is guarded. Times are in seconds; each also counts as a number of blocks, so many as the chain makes at its slowest.
/// @param policy which verdict each action gets in each status
/// @param gap so much time unaccounted for makes the scope Stale
/// @param staleFor how long it stays Stale after that was recorded, or after a cause was healed
/// @param graceFor how long it is Lagging after that: margins can be topped up, and only deep insolvency is liquidated
/// @param exitsFor how long exits are restricted at the most, pauses aside; then they are not for four times as long, whatever happens
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
    uint40 readyTime; // from when it may be applied, seconds since 1970; zero if it does not wait
    uint40 readyBlock;
    uint40 endTime; // from when it may no longer be, seconds since 1970
    uint40 endBlock;
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
    // Slot 1: moments, each as a time and a block. A moment has come when both have. They are ends rather than beginnings, here and in slot 2,
    // so that no later configuration moves them.
    uint40 staleUntilTime;
    uint40 staleUntilBlock;
    uint40 graceUntilTime; // Lagging from staleUntil until then
    uint40 graceUntilBlock;
    uint40 pausedUntilTime;
    uint40 pausedUntilBlock;
    Status paused;
    // Slot 2: until when exits are restricted, and from when they may be restricted again.
    uint40 exitsUntilTime;
    uint40 exitsUntilBlock;
    uint40 exitsAgainTime;
    uint40 exitsAgainBlock;
    // Slot 3: the last four pauses, 64 bits each, the newest lowest: the end (40 bits) above the length (24 bits).
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
    /// @return exits the same, as far as exits are concerned: once their restriction has lasted for `exitsFor`, a pause alone
    /// @return disturbed whether the gap is one that is to be recorded
    function assess(
        Scope storage scope,
        uint256 gap,
        Moment memory now_
    ) internal view returns (Status status, Status exits, bool disturbed) {
        bool isPaused;
        disturbed = gap >= scope.gap;
        if (scope.troubled) {
            bool stale;
            bool lagging;
            (stale, lagging, isPaused) = _lasting(scope, now_);
            if (stale || lagging) disturbed = gap >= scope.gap / CALM_PART;
            if (stale) status = Status.Stale;
            else if (lagging) status = Status.Lagging;
        }
        if (disturbed) status = Status.Stale;
        if (scope.halts != 0) status = Status.Halted;
        else if (scope.divergences != 0) status = Status.Diverged;
        if (status != Status.Synced) exits = _exits(scope, status, disturbed, now_);
        // A pause has a budget of its own, so that it neither uses up the time in which exits may be restricted nor waits for it.
        if (isPaused) {
            Status paused = scope.paused;
            if (paused > status) status = paused;
            if (paused > exits) exits = paused;
        }
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
            prolong(scope, now_);
        } else {
            // Every quarter of a gap at the most. Nothing but this write ends `troubled`, which costs a slot to read and nothing else.
            uint256 heartbeat = scope.heartbeatTime;
            if (now_.time < heartbeat || (now_.time - heartbeat) * HEARTBEAT_PART < scope.gap) return;
            if (scope.troubled) {
                (bool stale, bool lagging, bool paused) = _lasting(scope, now_);
                if (!stale && !lagging && !paused) scope.troubled = false;
            }
        }
        scope.heartbeatTime = uint40(now_.time);
        scope.heartbeatBlock = uint40(now_.number);
    }

    /// @notice Makes the scope Stale for `staleFor` from now, and Lagging for `graceFor` after that, if it is not for longer.
    function prolong(Scope storage scope, Moment memory now_) internal {
        (uint256 time, uint256 blockTime) = (scope.staleFor, scope.longestBlockTime);
        uint256 untilTime = now_.time + time;
        uint256 untilBlock = now_.number + time / blockTime;
        if (untilTime > scope.staleUntilTime) scope.staleUntilTime = uint40(untilTime);
        if (untilBlock > scope.staleUntilBlock) scope.staleUntilBlock = uint40(untilBlock);
        time += scope.graceFor;
        untilTime = now_.time + time;
        untilBlock = now_.number + time / blockTime;
        if (untilTime > scope.graceUntilTime) scope.graceUntilTime = uint40(untilTime);
        if (untilBlock > scope.graceUntilBlock) scope.graceUntilBlock = uint40(untilBlock);
        scope.troubled = true;
        restrictExits(scope, now_);
    }

    /// @notice Begins the time in which exits may be restricted, unless the last one began too lately.
    function restrictExits(Scope storage scope, Moment memory now_) internal {
        if (!_mayRestrictExits(scope, now_)) return;
        (uint256 exitsFor, uint256 blockTime) = (scope.exitsFor, scope.longestBlockTime);
        scope.exitsUntilTime = uint40(now_.time + exitsFor);
        scope.exitsUntilBlock = uint40(now_.number + exitsFor / blockTime);
        scope.exitsAgainTime = uint40(now_.time + EXIT_PERIODS * exitsFor);
        scope.exitsAgainBlock = uint40(now_.number + (EXIT_PERIODS * exitsFor) / blockTime);
    }

    /// @notice Opens a cause, or makes an open one worse.
    /// @param evidence block that the evidence speaks of: newer than the one that decided the cause last
    /// @return raised false where the cause is open already and no better than `status`: that is no failure, and the evidence counts if it
    /// is newer
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
        if (cause.status >= status) {
            if (evidence > cause.evidence) cause.evidence = evidence;
            return false;
        }
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

    /// @notice Closes a cause. What was closed for it stays so for `staleFor`, in which the healing can be contradicted.
    /// @param evidence block that the evidence speaks of: newer than the newest that spoke for the cause
    function heal(Scope storage scope, bytes32 id, bytes32 causeId, uint64 evidence, Moment memory now_) internal {
        Cause storage cause = scope.causes[causeId];
        if (cause.status == Status.Synced) revert IPolicyErrors.CauseNotOpen(id, causeId);
        if (evidence <= cause.evidence) {
            revert IPolicyErrors.EvidenceNotNewer(id, causeId, evidence, cause.evidence);
        }
        if (cause.status == Status.Halted) --scope.halts;
        else --scope.divergences;
        (cause.status, cause.evidence) = (Status.Synced, evidence);
        prolong(scope, now_);
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
        stale = !hasCome(now_, scope.staleUntilTime, scope.staleUntilBlock);
        lagging = !stale && !hasCome(now_, scope.graceUntilTime, scope.graceUntilBlock);
        paused = scope.paused != Status.Synced && !hasCome(now_, scope.pausedUntilTime, scope.pausedUntilBlock);
    }

    /// @dev What is wrong as far as exits are concerned.
    function _exits(
        Scope storage scope,
        Status status,
        bool disturbed,
        Moment memory now_
    ) private view returns (Status) {
        if (!hasCome(now_, scope.exitsUntilTime, scope.exitsUntilBlock)) return status;
        // A disturbance that nobody has recorded restricts exits if recording it would, and then no further than to a status in which they are
        // open: the exit itself records it.
        return disturbed && _mayRestrictExits(scope, now_) ? Status.Stale : Status.Synced;
    }

    function _mayRestrictExits(Scope storage scope, Moment memory now_) private view returns (bool) {
        return hasCome(now_, scope.exitsAgainTime, scope.exitsAgainBlock);
    }
}
