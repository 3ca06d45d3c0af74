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
        uint64 evidence;
    }

    struct Ghost {
        ScopeConfig config;
        uint256 table; // row of `_tables` that the policy was packed from
        Moment heartbeat;
        Moment exitsSince; // when the last restriction of exits began
        Moment[] staleUntil; // ends of the disturbances that a later one does not outlast
        Pause[] pauses;
        mapping(uint256 => Cause) causes;
    }

    bytes32 internal constant EXCHANGE = "exchange";
    bytes32 internal constant MARKET_A = "A";
    bytes32 internal constant MARKET_B = "B";
    uint256 internal constant CAUSES = 3;

    uint256 private constant EXIT_PERIODS = 5;
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
            if (above > status) status = above;
            if (exitsAbove > exits) exits = exitsAbove;
        }
    }

    function _expectedVerdict(bytes32 scope, Action action) internal view returns (Verdict) {
        (Status status, Status exits) = _expected(scope);
        return _cell(_ghosts[scope].table, action, _isExit(action) ? exits : status);
    }

    /// @dev INV-2, INV-3: what time, pauses and causes make of a scope.
    function _expectedOwn(bytes32 scope) internal view returns (Status status, Status exits, bool disturbed) {
        Ghost storage ghost = _ghosts[scope];
        status = _recordedFloor(scope);
        bool recovers = _lastsFor(scope, 0) || _lastsFor(scope, ghost.config.graceFor);
        disturbed = _unaccounted(ghost) >= (recovers ? ghost.config.gap / 4 : ghost.config.gap);
        if (disturbed && status < Status.Stale) status = Status.Stale;
        if (status != Status.Synced && _exitsRestricted(ghost, disturbed)) exits = status;
    }

    /// @dev What holds whatever the chain shows now: disturbances on record, the pause, and open causes.
    function _recordedFloor(bytes32 scope) internal view returns (Status status) {
        Ghost storage ghost = _ghosts[scope];
        if (_lastsFor(scope, 0)) status = Status.Stale;
        else if (_lastsFor(scope, ghost.config.graceFor)) status = Status.Lagging;
        if (ghost.pauses.length != 0) {
            Pause storage pause = ghost.pauses[ghost.pauses.length - 1];
            if (pause.status > status && !_hasCome(pause.end)) status = pause.status;
        }
        Status cause = _worstCause(scope);
        if (cause > status) status = cause;
    }

    function _worstCause(bytes32 scope) internal view returns (Status status) {
        for (uint256 i = 0; i < CAUSES; ++i) {
            Status cause = _ghosts[scope].causes[i].status;
            if (cause > status) status = cause;
        }
    }

    /// @dev Whether a disturbance, with `grace` seconds more, has not ended.
    function _lastsFor(bytes32 scope, uint256 grace) private view returns (bool) {
        Ghost storage ghost = _ghosts[scope];
        for (uint256 i = 0; i < ghost.staleUntil.length; ++i) {
            if (!_hasCome(_later(ghost.staleUntil[i], grace, ghost.config.longestBlockTime))) return true;
        }
        return false;
    }

    function _unaccounted(Ghost storage ghost) private view returns (uint256) {
        uint256 passed = block.timestamp - ghost.heartbeat.time;
        uint256 accounted = (block.number - ghost.heartbeat.number) * ghost.config.longestBlockTime;
        return passed > accounted ? passed - accounted : 0;
    }

    /// @dev INV-5. A disturbance that is not on record counts as far as to record it would begin a restriction.
    function _exitsRestricted(Ghost storage ghost, bool disturbed) private view returns (bool) {
        if (ghost.exitsSince.time == 0) return disturbed;
        uint256 exitsFor = ghost.config.exitsFor;
        uint256 blockTime = ghost.config.longestBlockTime;
        if (!_hasCome(_later(ghost.exitsSince, exitsFor, blockTime))) return true;
        return disturbed && _hasCome(_later(ghost.exitsSince, EXIT_PERIODS * exitsFor, blockTime));
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
        if (disturbed) {
            _disturb(scope, ghost.config.staleFor);
        } else if ((block.timestamp - ghost.heartbeat.time) * 4 < ghost.config.gap) {
            return;
        } else if (!_lastsFor(scope, ghost.config.graceFor)) {
            // A heartbeat after the grace ends it for good: a longer grace that is configured later does not bring it back.
            bool paused = ghost.pauses.length != 0 && !_hasCome(ghost.pauses[ghost.pauses.length - 1].end);
            if (!paused) delete ghost.staleUntil;
        }
        ghost.heartbeat = _moment();
    }

    function _disturb(bytes32 scope, uint256 staleFor) internal {
        Ghost storage ghost = _ghosts[scope];
        Moment memory until = _later(_moment(), staleFor, ghost.config.longestBlockTime);
        // What ends no later than this one, in time and in blocks, decides nothing any more.
        while (ghost.staleUntil.length != 0) {
            Moment memory last = ghost.staleUntil[ghost.staleUntil.length - 1];
            if (last.time > until.time || last.number > until.number) break;
            ghost.staleUntil.pop();
        }
        ghost.staleUntil.push(until);
        _restrictExits(ghost);
    }

    function _paused(bytes32 scope, Status status, uint256 length) internal {
        Ghost storage ghost = _ghosts[scope];
        Moment memory now_ = _moment();
        ghost.pauses.push(Pause(status, now_, _later(now_, length, ghost.config.longestBlockTime)));
        _restrictExits(ghost);
    }

    function _raised(bytes32 scope, uint256 cause, Status status, uint64 evidence) internal {
        _ghosts[scope].causes[cause] = Cause(status, evidence);
        _restrictExits(_ghosts[scope]);
    }

    function _healed(bytes32 scope, uint256 cause, uint64 evidence) internal {
        _ghosts[scope].causes[cause] = Cause(Status.Synced, evidence);
        _disturb(scope, 0);
    }

    function _restrictExits(Ghost storage ghost) private {
        uint256 period = EXIT_PERIODS * uint256(ghost.config.exitsFor);
        bool never = ghost.exitsSince.time == 0;
        if (never || _hasCome(_later(ghost.exitsSince, period, ghost.config.longestBlockTime))) {
            ghost.exitsSince = _moment();
        }
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

    function _isExit(Action action) internal pure returns (bool) {
        return action == Action.Deposit || action == Action.Decrease || action == Action.Cancel;
    }
}
