// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerStatus} from "../../contracts/interfaces/ILedgerDesk.sol";
import {Dispute} from "../../contracts/ledger/LedgerTypes.sol";
import {Deadline} from "../../contracts/policy/Deadline.sol";
import {Action, Status, Verdict} from "../../contracts/policy/Policy.sol";
import {LedgerHandler} from "./LedgerHandler.sol";
import {Broken, vm} from "./Vm.sol";

/// @title What holds of ledgers between steps, and at the end of a run
abstract contract LedgerChecks is LedgerHandler {
    /// @dev `staleFor` and `graceFor` of the scopes.
    uint256 private constant WAY_BACK = 40 minutes;

    /// @dev What the desk showed after the step before.
    struct Seen {
        bytes32 head;
        uint64 sequence;
        uint64 epoch;
    }

    mapping(bytes32 scope => Seen) private _seenOf;

    /* BETWEEN STEPS */

    /// @notice What holds after every step.
    function check() external {
        for (uint256 i = 0; i < 2; ++i) {
            LedgerStatus memory status = _desk.ledgerOf(address(_guard), _marketAt(i));
            _requireRecord(_marketAt(i), status);
            _requireOrder(_marketAt(i), status);
            _requireCause(_marketAt(i));
            _requireExit(_marketAt(i), block.number + i);
        }
        for (uint256 i = 0; i < 3; ++i) {
            (Status status, Status exits) = _guard.statusOf(_scopeAt(i));
            (Status expected, Status expectedExits) = _expected(_scopeAt(i));
            if (status != expected || exits != expectedExits) revert Broken("INV-25: the status is the model's");
        }
    }

    /// @dev INV-22.
    function _requireRecord(bytes32 scope, LedgerStatus memory status) private view {
        LedgerGhost storage ghost = _ledgers[scope];
        if (status.head != _headOf(scope)) revert Broken("INV-22: the head is what was relayed last");
        bool isAnchored = status.anchored == ghost.floor && status.terms == _termsOf[ghost.set][ghost.book];
        if (!isAnchored) revert Broken("INV-22: the anchor, the signers and the rules are the model's");
        if (status.isContradicted != ghost.isContradicted || status.isRetired == ghost.isOpen) {
            revert Broken("INV-22: contradicted and retired is what the model says");
        }
        bool isEvidence = status.contradicted == (ghost.isContradicted ? ghost.evidence : 0);
        if (!isEvidence || status.evidence != ghost.shown) revert Broken("INV-22: the evidence is the newest");
        (uint256 count, Moment memory from, ) = _counted(scope);
        if (status.streak != count || !_isAt(status.healableFrom, from)) {
            revert Broken("INV-22: what counts for the healing is the model's");
        }
        if (!_isAt(status.retirableFrom, ghost.retirable)) revert Broken("INV-22: the way out is the model's");
    }

    /// @dev INV-23 and INV-30.
    function _requireOrder(bytes32 scope, LedgerStatus memory status) private {
        Seen storage seen = _seenOf[scope];
        bool isNext =
            status.head == seen.head
                ? status.sequence == seen.sequence
                : status.sequence > seen.sequence && status.sequence == _sequenceOf(scope);
        if (!isNext) revert Broken("INV-23: no sequence comes twice");
        if (status.epoch < seen.epoch || status.epoch != _ledgers[scope].epoch) revert Broken("INV-30: epochs go up");
        _seenOf[scope] = Seen(status.head, status.sequence, status.epoch);
    }

    /// @dev INV-25 and INV-26.
    function _requireCause(bytes32 scope) private view {
        LedgerGhost storage ghost = _ledgers[scope];
        (Status cause, uint64 evidence) = _guard.causeOf(scope, LEDGER_CAUSE);
        if (cause != Status.Synced && !ghost.isTainted) revert Broken("INV-26: honest signers are not contradicted");
        if (cause != (ghost.isContradicted ? Status.Diverged : Status.Synced)) {
            revert Broken("INV-25: a ledger stops its scope by evidence alone");
        }
        if (ghost.isContradicted && evidence != ghost.evidence) revert Broken("INV-25: the evidence is the newest");
        Moment memory due = ghost.isOpen ? _dueFrom(scope) : Moment(0, 0);
        if (!_isAt(_guard.committedUntil(scope), due)) revert Broken("INV-25: a commitment is due in time and blocks");
    }

    /// @dev INV-28.
    function _requireExit(bytes32 scope, uint256 which) private view {
        Action action = [Action.Deposit, Action.Decrease, Action.Cancel][which % 3];
        (Verdict verdict, ) = _guard.preview(scope, action);
        if (verdict == Verdict.Deny) revert Broken("INV-28: a ledger closes no exit");
    }

    function _isAt(Deadline deadline, Moment memory moment) private pure returns (bool) {
        return deadline.time() == moment.time && deadline.number() == moment.number;
    }

    /* FROM WHEREVER A RUN ENDS */

    /// @notice Called at the end of a run.
    function checkEnd() external {
        _requireEnd();
    }

    /// @notice A step that asks in the middle of a run how it would end from here. Most leave it out: it takes as long as many steps.
    function lookAhead(uint256 input) external {
        if (_mixed(input) % 16 != 0) return;
        uint256 snapshot = vm.snapshotState();
        _requireEnd();
        if (!vm.revertToState(snapshot)) revert Broken("a look ahead needs its snapshot");
    }

    /// @dev One of the ways on, for one of the markets.
    function _requireEnd() private {
        uint256 seed = _mixed(block.timestamp);
        bytes32 scope = _marketAt(seed);
        if (!_ledgers[scope].isOpen) return;
        uint256 way = (seed >> 8) % 4;
        if (way == 0) _requireEvidenceCounts(scope);
        if (way == 1) _requireHealable(scope);
        if (way == 2) _requireRetirable(scope);
        if (way == 3) _requireRetirableInSpite(scope);
    }

    /// @dev INV-27: the signers sign another block than the chain's, newer than all evidence. Anybody shows it.
    function _requireEvidenceCounts(bytes32 scope) private {
        _pass(1, 12);
        if (!_contradict(scope)) revert Broken("INV-27: evidence takes effect");
    }

    /// @dev The signers of the open epoch sign another block than the chain has, and somebody shows it.
    function _contradict(bytes32 scope) private returns (bool) {
        uint256 made = _signWrongly(scope, 10 * (block.number % 1_000));
        return _dispute(Claim(Dispute.Mismatch, made, made, Form.Signed, Form.Signed, Signing.Right, false));
    }

    /// @dev INV-29: honest signers heal, and with them the scope is as good as ever.
    function _requireHealable(bytes32 scope) private {
        if (!_ledgers[scope].isContradicted) return;
        uint256 first = block.timestamp;
        _commitUntilHealable(scope, 0);
        uint256 span = 12 * (2 + _watch(_ledgers[scope].table).minDepth + _watch(_ledgers[scope].table).healAfter);
        if (block.timestamp > first + span + _watch(_ledgers[scope].table).healFor) {
            revert Broken("INV-29: healing takes its commitments and its time");
        }
        if (!_heal(scope)) revert Broken("INV-29: honest signers heal");
        _poke(scope);
        for (uint256 time = 0; time <= WAY_BACK; time += 5 minutes) {
            _pass(25, 12);
            _commit(scope, time);
        }
        _requireSynced(scope, "INV-29: what is healed is as good as ever");
    }

    /// @dev INV-28: where the signers do nothing any more, anybody retires their ledger.
    function _requireRetirable(bytes32 scope) private {
        _pass((_watch(_ledgers[scope].table).silence + RETIRE_AFTER) / 12 + 1, 12);
        _requireWayOut(scope);
    }

    /// @dev INV-28: where they heal and contradict themselves in turn, too.
    function _requireRetirableInSpite(bytes32 scope) private {
        uint256 end = block.timestamp + 12 + _watch(_ledgers[scope].table).silence + RETIRE_AFTER;
        _pass(1, 12);
        if (!_ledgers[scope].isContradicted && !_contradict(scope)) revert Broken("INV-27: evidence takes effect");
        uint256 healFor = _watch(_ledgers[scope].table).healFor;
        while (block.timestamp + healFor + 5 days < end) {
            _commitUntilHealable(scope, 0);
            if (!_heal(scope)) revert Broken("INV-29: signers heal");
            // Less than the probation.
            for (uint256 i = 0; i < 3; ++i) {
                _pass(7_200, 12);
                _commit(scope, i);
            }
            _contradict(scope);
            _requireExit(scope, block.number);
        }
        _pass((end - block.timestamp) / 12 + 1, 12);
        // Evidence of the block before holds nothing up.
        _contradict(scope);
        _requireWayOut(scope);
    }

    function _requireWayOut(bytes32 scope) private {
        _requireExit(scope, block.number);
        if (!_retire(scope)) revert Broken("INV-28: anybody retires what was wrong for long enough");
        _requireExit(scope, block.number);
        _poke(scope);
        _pass(WAY_BACK / 12, 12);
        _requireSynced(scope, "INV-28: what is retired stops nothing");
    }

    function _requireSynced(bytes32 scope, string memory invariant) private view {
        (Status status, ) = _guard.statusOf(scope);
        if (status != Status.Synced) revert Broken(invariant);
    }
}
