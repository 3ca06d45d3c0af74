// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Action, Policies, Policy, Status, Verdict} from "../../contracts/policy/Policy.sol";
import {ScopeConfig} from "../../contracts/policy/Scopes.sol";

/// @title What docs/invariants.md says of scopes, as a machine of its own
/// @notice It remembers what happened (disturbances, pauses, causes, heartbeats) and derives the statuses from that history. It shares types with
/// the contracts, and no code.
abstract contract ScopeModel {
    struct Moment {
        uint40 time;
        uint40 number;
    }

    struct Pause {
        Status status;
        Moment begin;
        Moment end;
    }

    struct Cause {
        Status status; // Synced: closed
        uint64 evidence; // block of the newest
    }

    /// @dev Until when exits are closed, and from when they may be again. `length` is the `exitsFor` that it began
    /// with, in seconds.
    struct Closing {
        Moment until;
        Moment again;
        uint256 length;
    }

    /// @dev The end of a time. By the clock alone it ends three times `length` seconds later.
    struct Term {
        Moment end;
        uint256 length;
    }

    /// @dev `until` in milliseconds since 1970: up to there blocks account for the time.
    struct Heartbeat {
        uint64 until;
        uint40 number;
    }

    struct Ghost {
        ScopeConfig config;
        uint256 table; // row of `_row` that the policy was packed from
        Heartbeat heartbeat;
        Closing closing;
        Term stale; // of all disturbances that overlap: the latest time, the latest height, the longest length
        Term grace;
        Pause[] pauses;
        mapping(uint256 => Cause) causes;
    }

    bytes32 internal constant EXCHANGE = "exchange";
    bytes32 internal constant MARKET_A = "A";
    bytes32 internal constant MARKET_B = "B";
    uint256 internal constant CAUSES = 3;

    uint256 internal constant EXIT_PERIODS = 5;
    uint256 internal constant PAUSE_LONGEST = 1 days;
    uint256 internal constant PAUSE_BUDGET = 3 days;
    uint256 internal constant PAUSE_WINDOW = 30 days;
    uint256 internal constant PAUSES_IN_WINDOW = 4;

    mapping(bytes32 scope => Ghost) internal _ghosts;

    function _scopeAt(uint256 i) internal pure returns (bytes32) {
        return i % 3 == 0 ? EXCHANGE : _marketAt(i % 3);
    }

    function _marketAt(uint256 i) internal pure returns (bytes32) {
        return i % 2 == 0 ? MARKET_A : MARKET_B;
    }

    /* CONFIGURATIONS */

    /// @dev A row for each action, a letter for each status: A allows, C conservatively, - denies.
    function _row(uint256 table, Action action) private pure returns (bytes5) {
        // The policy that the exchange begins with.
        if (table == 0) {
            return [bytes5("AA---"), "AA---", "AAAAA", "A----", "AA---", "ACCCC", "AACC-", "AAAAA"][uint256(action)];
        }
        // As strict as a policy may be.
        if (table == 1) {
            return [bytes5("A----"), "A----", "ACCC-", "A----", "A----", "AAC--", "ACCC-", "ACCC-"][uint256(action)];
        }
        // As lenient.
        return [bytes5("AAA--"), "AAA--", "AAAAA", "AAAAA", "AAAAA", "AAACC", "AAAAA", "AAAAA"][uint256(action)];
    }

    function _cell(uint256 table, Action action, Status status) internal pure returns (Verdict) {
        bytes1 letter = _row(table, action)[uint256(status)];
        return
            letter == "A"
                ? Verdict.Allow
                : letter == "C"
                    ? Verdict.AllowConservative
                    : Verdict.Deny;
    }

    function _policy(uint256 table) private pure returns (Policy) {
        Verdict[5][8] memory cells;
        for (uint256 action = 0; action < 8; ++action) {
            for (uint256 status = 0; status < 5; ++status) {
                cells[action][status] = _cell(table, Action(action), Status(status));
            }
        }
        return Policies.pack(cells);
    }

    /// @dev The configuration of the example; a stricter one; and the longest times, and the slowest chain, that are accepted.
    function _configuration(bytes32 scope, uint256 table) internal pure returns (ScopeConfig memory config) {
        config.policy = _policy(table);
        config.parent = scope == EXCHANGE ? bytes32(0) : EXCHANGE;
        (config.minDepth, config.maxAge, config.keeperLatency) = (1, 8_191, 60);
        (config.gap, config.staleFor, config.graceFor) = (15 minutes, 10 minutes, 30 minutes);
        (config.exitsFor, config.blockTime, config.longestBlockTime) = (1 days, 12_000, 13_500);
        if (table == 1) {
            (config.minDepth, config.maxAge) = (2, 64);
            (config.gap, config.staleFor, config.graceFor) = (20 minutes, 1 hours, 4 hours);
            (config.exitsFor, config.longestBlockTime) = (6 hours, 15_000);
        }
        if (table == 2) {
            config.maxAge = 300;
            (config.gap, config.staleFor, config.graceFor) = (2 hours, 1 days, 10 minutes);
            (config.exitsFor, config.blockTime, config.longestBlockTime) = (7 days, 52_000, 65_000);
        }
    }

    function _configure(bytes32 scope, uint256 table) internal {
        Ghost storage ghost = _ghosts[scope];
        if (ghost.config.gap == 0) ghost.heartbeat = _heartbeatOfNow();
        ghost.config = _configuration(scope, table);
        ghost.table = table;
    }

    /* STATUSES */

    /// @dev The worst of the scope and its parent.
    function _expected(bytes32 scope) internal view returns (Status status, Status exits) {
        (status, exits, ) = _expectedOwn(scope);
        if (scope != EXCHANGE) {
            (Status above, Status exitsAbove, ) = _expectedOwn(EXCHANGE);
            (status, exits) = (_worseOf(status, above), _worseOf(exits, exitsAbove));
        }
    }

    function _expectedVerdict(bytes32 scope, Action action) internal view returns (Verdict) {
        (Status status, Status exits) = _expected(scope);
        return _cell(_ghosts[scope].table, action, _isExit(action) ? exits : status);
    }

    /// @dev What time, pauses and causes make of a scope. Exits are closed for a while only; after it they are as in Diverged.
    function _expectedOwn(bytes32 scope) internal view virtual returns (Status status, Status exits, bool disturbed) {
        Ghost storage ghost = _ghosts[scope];
        Status clock = _clock(ghost);
        uint256 gap = uint256(ghost.config.gap) * 1_000;
        disturbed = _unaccounted(ghost) >= gap;
        if (disturbed || (clock == Status.Lagging && _unaccounted(ghost) * 4 >= gap)) clock = Status.Stale;
        status = _worseOf(_worseOf(clock, _pauseNow(scope)), _worstCause(scope));
        bool isClosed = !_hasCome(ghost.closing.until, ghost.closing.length);
        exits = status == Status.Halted && !isClosed ? Status.Diverged : status;
    }

    /// @dev What holds whatever the chain shows now: disturbances on record, the pause, and open causes.
    function _recordedFloor(bytes32 scope) internal view returns (Status) {
        return _worseOf(_worseOf(_clock(_ghosts[scope]), _pauseNow(scope)), _worstCause(scope));
    }

    function _pauseNow(bytes32 scope) internal view returns (Status) {
        Pause[] storage pauses = _ghosts[scope].pauses;
        if (pauses.length == 0) return Status.Synced;
        Pause storage last = pauses[pauses.length - 1];
        return block.timestamp >= last.end.time ? Status.Synced : last.status;
    }

    function _worstCause(bytes32 scope) internal view returns (Status status) {
        for (uint256 i = 0; i < CAUSES; ++i) {
            status = _worseOf(status, _ghosts[scope].causes[i].status);
        }
    }

    /// @dev What the disturbances on record make of a scope.
    function _clock(Ghost storage ghost) private view returns (Status) {
        if (!_hasCome(ghost.stale.end, ghost.stale.length)) return Status.Stale;
        return _hasCome(ghost.grace.end, ghost.grace.length) ? Status.Synced : Status.Lagging;
    }

    /// @dev In milliseconds.
    function _unaccounted(Ghost storage ghost) private view returns (uint256) {
        uint256 passed = block.timestamp * 1_000 - ghost.heartbeat.until;
        uint256 accounted = (block.number - ghost.heartbeat.number) * ghost.config.longestBlockTime;
        return passed > accounted ? passed - accounted : 0;
    }

    /* WHAT HAPPENS TO A SCOPE */

    /// @dev A successful call of an action, or a poke.
    function _observed(bytes32 scope, bool isPoke) internal {
        _observedOwn(scope, isPoke);
        if (scope != EXCHANGE) _observedOwn(EXCHANGE, isPoke);
    }

    function _observedOwn(bytes32 scope, bool isPoke) private {
        Ghost storage ghost = _ghosts[scope];
        (, , bool disturbed) = _expectedOwn(scope);
        uint256 since = block.timestamp * 1_000 - ghost.heartbeat.until;
        if (disturbed) {
            ghost.heartbeat = _heartbeatOfNow();
            _disturb(scope);
        } else if (isPoke || since * 4 >= uint256(ghost.config.gap) * 1_000) {
            uint256 carried = _unaccounted(ghost);
            ghost.heartbeat = Heartbeat(uint64(block.timestamp * 1_000 - carried), uint40(block.number));
        }
    }

    function _heartbeatOfNow() private view returns (Heartbeat memory) {
        return Heartbeat(uint64(block.timestamp * 1_000), uint40(block.number));
    }

    /// @dev Also what a healing does.
    function _disturb(bytes32 scope) internal {
        Ghost storage ghost = _ghosts[scope];
        (uint256 stale, uint256 blockTime) = (ghost.config.staleFor, ghost.config.longestBlockTime);
        ghost.stale = _prolonged(ghost.stale, stale, blockTime);
        ghost.grace = _prolonged(ghost.grace, stale + ghost.config.graceFor, blockTime);
    }

    /// @dev What is over leaves nothing to what begins now.
    function _prolonged(Term memory last, uint256 length, uint256 blockTime) private view returns (Term memory) {
        Moment memory end = _later(_moment(), length, blockTime);
        if (_hasCome(last.end, last.length)) return Term(end, length);
        // What ends later by the clock alone counts. The length is a third of the time from the end to it, rounded up.
        uint256 alone = last.end.time + 3 * last.length;
        if (alone < end.time + 3 * length) alone = end.time + 3 * length;
        Moment memory latest = _latest(last.end, end);
        return Term(latest, (alone - latest.time + 2) / 3);
    }

    function _paused(bytes32 scope, Status status, uint256 length) internal {
        Ghost storage ghost = _ghosts[scope];
        Moment memory now_ = _moment();
        ghost.pauses.push(Pause(status, now_, _later(now_, length, ghost.config.longestBlockTime)));
    }

    /// @dev Evidence against a scope that was accepted: newer or for a worse status, or neither, which changes nothing.
    function _raised(bytes32 scope, uint256 cause, Status status, uint64 evidence) internal {
        Cause storage last = _ghosts[scope].causes[cause];
        if (status > last.status) {
            last.status = status;
            if (status == Status.Halted) _closeExits(_ghosts[scope]);
        }
        if (evidence > last.evidence) last.evidence = evidence;
    }

    function _healed(bytes32 scope, uint256 cause, uint64 evidence) internal {
        _ghosts[scope].causes[cause] = Cause(Status.Synced, evidence);
        _disturb(scope);
    }

    function _closeExits(Ghost storage ghost) private {
        bool isTime = _hasCome(ghost.closing.again, EXIT_PERIODS * ghost.closing.length);
        if (isTime) ghost.closing = _closingFromNow(ghost);
    }

    /// @dev The bounds of a closing that begins now.
    function _closingFromNow(Ghost storage ghost) internal view returns (Closing memory) {
        (uint256 exitsFor, uint256 blockTime) = (ghost.config.exitsFor, ghost.config.longestBlockTime);
        Moment memory again = _later(_moment(), EXIT_PERIODS * exitsFor, blockTime);
        return Closing(_later(_moment(), exitsFor, blockTime), again, exitsFor);
    }

    /* TIME */

    /// @dev A span of `time` seconds is also so many blocks as the chain makes in it at its slowest.
    /// @param blockTime in milliseconds
    function _later(Moment memory moment, uint256 time, uint256 blockTime) internal pure returns (Moment memory) {
        return Moment(uint40(moment.time + time), uint40(moment.number + (time * 1_000) / blockTime));
    }

    /// @dev It has passed when both have; or by the clock alone, three times its length after its end.
    function _hasCome(Moment memory moment, uint256 length) internal view returns (bool) {
        if (block.timestamp < moment.time) return false;
        return block.number >= moment.number || block.timestamp - moment.time >= 3 * length;
    }

    function _moment() internal view returns (Moment memory) {
        return Moment(uint40(block.timestamp), uint40(block.number));
    }

    function _latest(Moment memory a, Moment memory b) private pure returns (Moment memory) {
        return Moment(a.time > b.time ? a.time : b.time, a.number > b.number ? a.number : b.number);
    }

    function _worseOf(Status a, Status b) internal pure returns (Status) {
        return a > b ? a : b;
    }

    function _isExit(Action action) internal pure returns (bool) {
        return action == Action.Deposit || action == Action.Decrease || action == Action.Cancel;
    }
}
