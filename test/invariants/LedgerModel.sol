// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Commitment, LedgerConfig} from "../../contracts/ledger/LedgerTypes.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {LedgerSigners} from "./LedgerSigners.sol";
import {ScopeModel} from "./ScopeModel.sol";

/// @title What docs/invariants.md says of ledgers, as a machine of its own
/// @notice It remembers what was signed, what came on record, and what was shown. The rest follows from that and from the moment at hand.
/// It shares types with the contracts, and no code.
abstract contract LedgerModel is ScopeModel, LedgerSigners {
    /// @notice What a quorum signed.
    /// @param set whose quorum
    /// @param balance that the ledger says the owner has
    /// @param isHonest whether it was meant so: of the chain's block and state, and after the head
    struct Made {
        Commitment commitment;
        bytes32 hash;
        uint256 set;
        uint256 balance;
        bool isHonest;
    }

    /// @notice What the guard has named.
    struct Named {
        bool isNamed;
        uint256 table;
        uint256 set;
        uint256 book;
    }

    struct Announced {
        bool waits;
        uint256 set;
        uint256 book;
        Moment ready;
        Moment end;
    }

    /// @dev Of one scope.
    struct LedgerGhost {
        Named named;
        Announced announced;
        bool isKnown; // whether it was ever opened
        bool isOpen; // and not retired since
        uint64 epoch;
        uint256 table;
        uint256 set;
        uint256 book;
        uint256[] relayed; // what is on record, in `_made`
        Moment[] relayedAt; // when each came there
        uint64 floor; // below it no anchor comes: of the last one, or of the epoch
        Moment since; // the last commitment, or the opening
        bool isContradicted;
        uint64 evidence; // block of the newest; or that which healed it, or before the retirement
        bytes32 shown; // hash of the call that showed it
        uint256 counted; // how many were on record when counting for the healing began
        uint256 troubled; // when it last was contradicted, healed, or silent until then
        Moment retirable;
        bool isTainted; // whether its signers ever signed what is dishonest
        bool isLate; // whether a commitment ever came too late
    }

    uint256 internal constant LEDGER = 0; // among the model's causes
    bytes32 internal constant LEDGER_CAUSE = keccak256("settlement-guard.ledger");
    uint256 internal constant RETIRE_AFTER = 28 days;
    uint256 internal constant PROBATION = 7 days;

    Made[] internal _made;
    mapping(bytes32 scope => LedgerGhost) internal _ledgers;
    /// @dev What the signers of an epoch signed of one sequence, in `_made`.
    mapping(bytes32 scope => mapping(uint64 epoch => mapping(uint64 sequence => uint256[]))) internal _signedOf;
    mapping(bytes32 hash => uint256) internal _placeOf; // on record, counted from 1: signers may say the same twice
    mapping(bytes32 scope => uint256[]) internal _madeOf;

    /* WHAT IS KNOWN */

    /// @dev While a commitment is due the scope is Stale.
    function _expectedOwn(bytes32 scope) internal view override returns (Status status, Status exits, bool disturbed) {
        (status, exits, disturbed) = super._expectedOwn(scope);
        if (_isSilent(scope)) (status, exits) = (_worseOf(status, Status.Stale), _worseOf(exits, Status.Stale));
    }

    function _isSilent(bytes32 scope) internal view returns (bool) {
        LedgerGhost storage ghost = _ledgers[scope];
        return ghost.isOpen && _hasCome(_dueFrom(scope), _watch(ghost.table).silence);
    }

    /// @dev The blocks of the next commitment's time are those of the scope.
    function _dueFrom(bytes32 scope) internal view returns (Moment memory) {
        LedgerGhost storage ghost = _ledgers[scope];
        return _later(ghost.since, _watch(ghost.table).silence, _ghosts[scope].config.longestBlockTime);
    }

    function _headOf(bytes32 scope) internal view returns (bytes32) {
        uint256[] storage relayed = _ledgers[scope].relayed;
        return relayed.length == 0 ? bytes32(0) : _made[relayed[relayed.length - 1]].hash;
    }

    /// @dev Sequences are counted, whatever else happens to the ledger.
    function _sequenceOf(bytes32 scope) internal view returns (uint64) {
        return uint64(_ledgers[scope].relayed.length);
    }

    /// @dev Commitments that count for the healing: of different blocks, newer than all evidence.
    /// @return count of them
    /// @return from when the ledger may be healed; zero while none counts
    /// @return first height of the first of them
    function _counted(bytes32 scope) internal view returns (uint256 count, Moment memory from, uint64 first) {
        LedgerGhost storage ghost = _ledgers[scope];
        if (!ghost.isContradicted) return (0, from, 0);
        LedgerConfig memory watch = _watch(ghost.table);
        uint64 last = ghost.evidence;
        for (uint256 i = ghost.counted; i < ghost.relayed.length; ++i) {
            uint64 number = _made[ghost.relayed[i]].commitment.anchor.number;
            if (number <= last) continue;
            if (count == 0) {
                (first, from) = (number, _later(ghost.relayedAt[i], watch.healFor, watch.longestBlockTime));
            }
            (last, count) = (number, count + 1);
        }
    }

    /// @dev Whether signers who signed nothing else can have signed this one.
    function _isDishonest(uint256 made) internal view returns (bool) {
        Commitment storage c = _made[made].commitment;
        return !_made[made].isHonest || _signedOf[c.scope][c.epoch][c.sequence].length > 1;
    }

    /* WHAT HAPPENS TO A LEDGER */

    function _wasMade(Made memory made) internal returns (uint256 index) {
        index = _made.length;
        _made.push(made);
        Commitment memory c = made.commitment;
        uint256[] storage sameSequence = _signedOf[c.scope][c.epoch][c.sequence];
        sameSequence.push(index);
        _madeOf[c.scope].push(index);
        if (!made.isHonest || sameSequence.length > 1) _ledgers[c.scope].isTainted = true;
    }

    function _wasOpened(bytes32 scope) internal {
        LedgerGhost storage ghost = _ledgers[scope];
        (ghost.isKnown, ghost.isOpen, ghost.named.isNamed) = (true, true, false);
        ghost.table = ghost.named.table;
        _wasEntered(scope, ghost.named.set, ghost.named.book);
        (ghost.since, ghost.troubled) = (_moment(), 0);
        _postpone(ghost, _watch(ghost.table).silence + RETIRE_AFTER);
    }

    /// @dev Another epoch: nothing counts for the healing any more, and anchors are newer.
    function _wasEntered(bytes32 scope, uint256 set, uint256 book) internal {
        LedgerGhost storage ghost = _ledgers[scope];
        (ghost.set, ghost.book, ghost.counted) = (set, book, ghost.relayed.length);
        (ghost.epoch, ghost.floor) = (ghost.epoch + 1, uint64(block.number + 1));
    }

    function _wasRelayed(uint256 made) internal {
        Commitment storage c = _made[made].commitment;
        LedgerGhost storage ghost = _ledgers[c.scope];
        if (_isSound(c.scope)) _postpone(ghost, _watch(ghost.table).silence + RETIRE_AFTER);
        if (_isSilent(c.scope)) {
            ghost.isLate = true;
            if (!ghost.isContradicted) ghost.troubled = block.timestamp;
            // Whoever could not trade gets time first.
            _disturb(c.scope);
        }
        ghost.relayed.push(made);
        ghost.relayedAt.push(_moment());
        (ghost.since, ghost.floor) = (_moment(), c.anchor.number);
        _placeOf[_made[made].hash] = ghost.relayed.length;
    }

    function _wasContradicted(bytes32 scope, uint64 evidence, bytes32 shown) internal {
        LedgerGhost storage ghost = _ledgers[scope];
        if (_isSound(scope)) _postpone(ghost, RETIRE_AFTER);
        // What counts is newer than all evidence, or it begins anew.
        (uint256 count, , uint64 first) = _counted(scope);
        if (count == 0 || evidence >= first) ghost.counted = ghost.relayed.length;
        (ghost.isContradicted, ghost.evidence, ghost.shown) = (true, evidence, shown);
        ghost.troubled = block.timestamp;
        _raised(scope, LEDGER, Status.Diverged, evidence);
    }

    function _wasHealed(bytes32 scope) internal {
        (, , uint64 first) = _counted(scope);
        LedgerGhost storage ghost = _ledgers[scope];
        (ghost.isContradicted, ghost.evidence, ghost.troubled) = (false, first, block.timestamp);
        _healed(scope, LEDGER, first);
    }

    function _wasRetired(bytes32 scope) internal {
        LedgerGhost storage ghost = _ledgers[scope];
        if (ghost.isContradicted) _healed(scope, LEDGER, uint64(block.number));
        else if (_isSilent(scope)) _disturb(scope);
        (ghost.isOpen, ghost.isContradicted, ghost.announced.waits) = (false, false, false);
        ghost.evidence = uint64(block.number);
    }

    /// @dev Neither contradicted nor late, nor so in the days before.
    function _isSound(bytes32 scope) private view returns (bool) {
        LedgerGhost storage ghost = _ledgers[scope];
        return !ghost.isContradicted && !_isSilent(scope) && block.timestamp - ghost.troubled >= PROBATION;
    }

    function _postpone(LedgerGhost storage ghost, uint256 span) private {
        ghost.retirable = _later(_moment(), span, _watch(ghost.table).longestBlockTime);
    }
}
