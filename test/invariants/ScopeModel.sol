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

    /// @dev Stale until the one, Lagging until the other.
    struct Disturbance {
        Moment staleUntil;
        Moment graceUntil;
    }

    /// @dev When the last restriction of exits ends, and when the next may begin.
    struct Restriction {
        Moment until;
        Moment again;
    }

    struct Ghost {
        ScopeConfig config;
        uint256 table; // row of `_tables` that the policy was packed from
        Moment heartbeat;
        Restriction restriction;
        Disturbance[] disturbances; // those that a later one does not outlast
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

    /// @dev The configuration of the example; a stricter one; and the longest times that are accepted.
    function _configuration(uint256 table) internal pure returns (ScopeConfig memory) {
        if (table == 0) return ScopeConfig(_policy(0), 15 minutes, 10 minutes, 30 minutes, 1 days, 24);
        if (table == 1) return ScopeConfig(_policy(1), 20 minutes, 1 hours, 4 hours, 6 hours, 30);
        return ScopeConfig(_policy(2), 1 hours, 1 days, 10 minutes, 7 days, 60);
    }

    function _configure(bytes32 scope, uint256 table) internal {
        Ghost storage ghost = _ghosts[scope];
        if (ghost.config.gap == 0) ghost.heartbeat = _moment();
        ghost.config = _configuration(table);
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

    /// @dev What time, pauses and causes make of a scope.
    function _expectedOwn(bytes32 scope) internal view returns (Status status, Status exits, bool disturbed) {
        Ghost storage ghost = _ghosts[scope];
        Status clock = _clock(ghost);
        disturbed = _unaccounted(ghost) >= (clock != Status.Synced ? ghost.config.gap / 4 : ghost.config.gap);
        if (disturbed) clock = Status.Stale;
        status = _worseOf(clock, _worstCause(scope));
        exits = _restricted(ghost, status, disturbed);
        // A pause counts for all alike, whatever restricts exits.
        Status paused = _pauseNow(scope);
        (status, exits) = (_worseOf(status, paused), _worseOf(exits, paused));
    }

    /// @dev What holds whatever the chain shows now: disturbances on record, the pause, and open causes.
    function _recordedFloor(bytes32 scope) internal view returns (Status) {
        return _worseOf(_worseOf(_clock(_ghosts[scope]), _pauseNow(scope)), _worstCause(scope));
    }

    function _pauseNow(bytes32 scope) internal view returns (Status) {
        Pause[] storage pauses = _ghosts[scope].pauses;
        if (pauses.length == 0 || _hasCome(pauses[pauses.length - 1].end)) return Status.Synced;
        return pauses[pauses.length - 1].status;
    }

    function _worstCause(bytes32 scope) internal view returns (Status status) {
        for (uint256 i = 0; i < CAUSES; ++i) {
            status = _worseOf(status, _ghosts[scope].causes[i].status);
        }
    }

    /// @dev What the disturbances on record make of a scope.
    function _clock(Ghost storage ghost) private view returns (Status status) {
        for (uint256 i = 0; i < ghost.disturbances.length; ++i) {
            if (!_hasCome(ghost.disturbances[i].staleUntil)) return Status.Stale;
            if (!_hasCome(ghost.disturbances[i].graceUntil)) status = Status.Lagging;
        }
    }

    function _unaccounted(Ghost storage ghost) private view returns (uint256) {
        uint256 passed = block.timestamp - ghost.heartbeat.time;
        uint256 accounted = (block.number - ghost.heartbeat.number) * ghost.config.longestBlockTime;
        return passed > accounted ? passed - accounted : 0;
    }

    /// @dev What is left of a status for exits: all while a restriction lasts. A disturbance that is not on record counts as far as to record it
    /// would begin a restriction, and leaves exits open.
    function _restricted(Ghost storage ghost, Status status, bool disturbed) private view returns (Status) {
        if (!_hasCome(ghost.restriction.until)) return status;
        return disturbed && _hasCome(ghost.restriction.again) ? Status.Stale : Status.Synced;
    }

    /* WHAT HAPPENS TO A SCOPE */

    /// @dev A successful call of an action, or a poke.
    function _observed(bytes32 scope) internal {
        _observedOwn(scope);
        if (scope != EXCHANGE) _observedOwn(EXCHANGE);
    }

    function _observedOwn(bytes32 scope) private {
        Ghost storage ghost = _ghosts[scope];
        (, , bool disturbed) = _expectedOwn(scope);
        if (disturbed) _disturb(scope);
        else if ((block.timestamp - ghost.heartbeat.time) * 4 < ghost.config.gap) return;
        ghost.heartbeat = _moment();
    }

    /// @dev Also what a healing does.
    function _disturb(bytes32 scope) private {
        Ghost storage ghost = _ghosts[scope];
        (uint256 stale, uint256 blockTime) = (ghost.config.staleFor, ghost.config.longestBlockTime);
        Moment memory staleUntil = _later(_moment(), stale, blockTime);
        Moment memory graceUntil = _later(_moment(), stale + ghost.config.graceFor, blockTime);
        // What ends no later than this one decides nothing any more.
        Disturbance[] storage all = ghost.disturbances;
        while (all.length != 0) {
            Disturbance storage last = all[all.length - 1];
            if (!_isWithin(last.staleUntil, staleUntil) || !_isWithin(last.graceUntil, graceUntil)) break;
            all.pop();
        }
        all.push(Disturbance(staleUntil, graceUntil));
        _restrictExits(ghost);
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
            _restrictExits(_ghosts[scope]);
        }
        if (evidence > last.evidence) last.evidence = evidence;
    }

    function _healed(bytes32 scope, uint256 cause, uint64 evidence) internal {
        _ghosts[scope].causes[cause] = Cause(Status.Synced, evidence);
        _disturb(scope);
    }

    function _restrictExits(Ghost storage ghost) private {
        if (!_hasCome(ghost.restriction.again)) return;
        (uint256 exitsFor, uint256 blockTime) = (ghost.config.exitsFor, ghost.config.longestBlockTime);
        ghost.restriction.until = _later(_moment(), exitsFor, blockTime);
        ghost.restriction.again = _later(_moment(), EXIT_PERIODS * exitsFor, blockTime);
    }

    /* TIME */

    /// @dev A time counts as so many blocks as the chain makes in it at its slowest, and has passed when both have.
    function _later(Moment memory moment, uint256 time, uint256 blockTime) internal pure returns (Moment memory) {
        return Moment(uint40(moment.time + time), uint40(moment.number + time / blockTime));
    }

    function _hasCome(Moment memory moment) internal view returns (bool) {
        return block.timestamp >= moment.time && block.number >= moment.number;
    }

    function _moment() internal view returns (Moment memory) {
        return Moment(uint40(block.timestamp), uint40(block.number));
    }

    /// @dev Whether a moment has come wherever `other` has.
    function _isWithin(Moment memory moment, Moment memory other) private pure returns (bool) {
        return moment.time <= other.time && moment.number <= other.number;
    }

    function _worseOf(Status a, Status b) internal pure returns (Status) {
        return a > b ? a : b;
    }

    function _isExit(Action action) internal pure returns (bool) {
        return action == Action.Deposit || action == Action.Decrease || action == Action.Cancel;
    }
}
