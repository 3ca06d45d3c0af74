// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPolicyErrors} from "../interfaces/IPolicyErrors.sol";
import {Facts} from "./Assessment.sol";
import {Deadline, Deadlines} from "./Deadline.sol";
import {Clock, Status} from "./PolicyTypes.sol";
import {Cause, Scope} from "./Scopes.sol";
import {ScopeHead, ScopeHeads} from "./ScopeHead.sol";

/// @title What happens to one scope, and what is known of it
/// @notice Each function but the first is one thing that is written down. Whether it may be is for the engine, unless an error says so.
library Transitions {
    /// @notice For how many times `exitsFor` exits stay open after they were closed, the closed time included.
    uint256 internal constant EXIT_PERIODS = 5;

    /// @notice What is known of the scope now.
    /// @param unaccounted milliseconds that no block accounts for
    function facts(
        Scope storage scope,
        Clock memory now_,
        uint256 unaccounted
    ) internal view returns (Facts memory known) {
        ScopeHead head = scope.head;
        (known.unaccounted, known.gap) = (unaccounted, head.gap() * 1_000);
        (known.openDiverged, known.openHalted) = (head.openDiverged(), head.openHalted());
        if (head.hasDeadlines()) {
            known.stale = !scope.staleUntil.hasPassed(now_, scope.staleSpan);
            known.lagging = !known.stale && !scope.graceUntil.hasPassed(now_, scope.graceSpan);
            if (!scope.pausedUntil.hasPassed(now_, 0)) known.paused = scope.paused;
        }
        known.silent = isSilent(scope, now_);
        if (known.openHalted != 0) known.exitsClosed = !scope.exitsClosedUntil.hasPassed(now_, scope.exitsSpan);
    }

    /// @notice Whether the scope has a ledger that owes a commitment.
    function isSilent(Scope storage scope, Clock memory now_) internal view returns (bool) {
        Deadline until = scope.committedUntil;
        uint256 end = until.time();
        if (end == 0 || now_.time < end) return false; // without a look at the span, which is in another slot
        return until.hasPassed(now_, scope.committedSpan);
    }

    /* WHAT THE CHAIN SHOWS */

    /// @notice The chain lives.
    /// @param carried milliseconds that no block accounts for, and that were no outage
    function recordHeartbeat(Scope storage scope, Clock memory now_, uint256 carried, bool hasDeadlines) internal {
        scope.head = scope.head.withHeartbeat(now_.time, now_.number, carried).withDeadlines(hasDeadlines);
    }

    /// @notice The chain stood still before now. What was unaccounted for is on record with it, and not carried.
    function recordOutage(Scope storage scope, Clock memory now_) internal {
        scope.head = scope.head.withoutHeartbeat().withHeartbeat(now_.time, now_.number, 0);
        scope.outageBlock = uint40(now_.number);
        enterStale(scope, now_);
    }

    /// @notice Stale for `staleFor` from now, Lagging for `graceFor` after that; longer where it is already.
    function enterStale(Scope storage scope, Clock memory now_) internal {
        uint256 blockTime = scope.head.longestBlockTime();
        (uint24 span, uint24 whole) = (scope.staleFor, scope.staleFor + scope.graceFor);
        Deadline stale = Deadlines.from(now_, span, blockTime);
        Deadline grace = Deadlines.from(now_, whole, blockTime);
        if (!scope.staleUntil.hasPassed(now_, scope.staleSpan)) {
            (stale, span) = stale.joined(span, scope.staleUntil, scope.staleSpan);
        }
        if (!scope.graceUntil.hasPassed(now_, scope.graceSpan)) {
            (grace, whole) = grace.joined(whole, scope.graceUntil, scope.graceSpan);
        }
        (scope.staleUntil, scope.graceUntil) = (stale, grace);
        (scope.staleSpan, scope.graceSpan) = (span, whole);
        scope.head = scope.head.withDeadlines(true);
    }

    /// @notice The scope's ledger was committed to; it owes the next commitment after `span` seconds. Zero: it has no ledger any more.
    /// What was closed while it owed one stays so for `staleFor`: whoever could not trade gets time first.
    function recordCommitment(Scope storage scope, uint24 span, Clock memory now_) internal {
        if (isSilent(scope, now_)) enterStale(scope, now_);
        scope.committedUntil = span == 0 ? Deadline.wrap(0) : Deadlines.from(now_, span, scope.head.longestBlockTime());
        scope.committedSpan = span;
    }

    /* EVIDENCE */

    /// @notice Opens a cause, or makes an open one worse.
    /// @return raised false where the cause is open already and no better than `status`. That is no failure, and the
    /// evidence counts if it is newer
    function openCause(
        Scope storage scope,
        bytes32 id,
        bytes32 causeId,
        Status status,
        uint64 evidence,
        Clock memory now_
    ) internal returns (bool raised) {
        if (status < Status.Diverged || causeId == 0) revert IPolicyErrors.CauseInvalid(id, causeId, status);
        Cause storage cause = scope.causes[causeId];
        Status last = cause.status;
        if (last >= status) {
            if (evidence > cause.evidence) cause.evidence = evidence;
            return false;
        }
        if (evidence <= cause.evidence) {
            revert IPolicyErrors.EvidenceNotNewer(id, causeId, evidence, cause.evidence);
        }
        (cause.status, cause.evidence) = (status, evidence);
        _recount(scope, last, status);
        if (status == Status.Halted) _closeExits(scope, now_);
        return true;
    }

    /// @notice Closes a cause. What was closed for it stays so for `staleFor`, in which the healing can be contradicted.
    function closeCause(Scope storage scope, bytes32 id, bytes32 causeId, uint64 evidence, Clock memory now_) internal {
        Cause storage cause = scope.causes[causeId];
        Status last = cause.status;
        if (last == Status.Synced) revert IPolicyErrors.CauseNotOpen(id, causeId);
        if (evidence <= cause.evidence) {
            revert IPolicyErrors.EvidenceNotNewer(id, causeId, evidence, cause.evidence);
        }
        (cause.status, cause.evidence) = (Status.Synced, evidence);
        _recount(scope, last, Status.Synced);
        enterStale(scope, now_);
    }

    /* PAUSES */

    /// @notice Makes the scope Lagging or Stale for `length` seconds.
    function pause(Scope storage scope, Status status, uint256 length, Clock memory now_) internal {
        scope.pauses = scope.pauses.with(now_.time + length, length);
        // Blocks protect users, and a pause has a budget in seconds.
        scope.pausedUntil = Deadlines.byClock(now_.time + length);
        scope.paused = status;
        scope.head = scope.head.withDeadlines(true);
    }

    /* INTERNALS */

    /// @dev Begins the time in which exits are closed, unless the last one began too lately.
    function _closeExits(Scope storage scope, Clock memory now_) private {
        if (!scope.exitsClosableFrom.hasPassed(now_, EXIT_PERIODS * uint256(scope.exitsSpan))) return;
        uint256 exitsFor = scope.exitsFor;
        scope.exitsSpan = scope.exitsFor;
        uint256 blockTime = scope.head.longestBlockTime();
        scope.exitsClosedUntil = Deadlines.from(now_, exitsFor, blockTime);
        scope.exitsClosableFrom = Deadlines.from(now_, EXIT_PERIODS * exitsFor, blockTime);
    }

    /// @dev Counts a cause that went from one status to another.
    function _recount(Scope storage scope, Status from, Status to) private {
        ScopeHead head = scope.head;
        (uint256 diverged, uint256 halted) = (head.openDiverged(), head.openHalted());
        if (from == Status.Diverged) diverged = _less(diverged);
        if (from == Status.Halted) halted = _less(halted);
        if (to == Status.Diverged) diverged = _more(diverged);
        if (to == Status.Halted) halted = _more(halted);
        scope.head = head.withCauses(diverged, halted);
    }

    /// @dev A counter that is full has lost count, and stays.
    function _more(uint256 count) private pure returns (uint256) {
        return count == ScopeHeads.MOST_CAUSES ? count : count + 1;
    }

    function _less(uint256 count) private pure returns (uint256) {
        return count == ScopeHeads.MOST_CAUSES ? count : count - 1;
    }
}
