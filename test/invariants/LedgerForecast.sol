// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StateAnchor} from "../../contracts/anchor/Anchor.sol";
import {IAnchorErrors} from "../../contracts/interfaces/IAnchorErrors.sol";
import {Tier} from "../../contracts/interfaces/IBlockHashSource.sol";
import {IHeaderErrors} from "../../contracts/interfaces/IHeaderErrors.sol";
import {ILedgerErrors} from "../../contracts/interfaces/ILedgerErrors.sol";
import {Commitment, Dispute, LedgerConfig} from "../../contracts/ledger/LedgerTypes.sol";
import {LedgerTarget} from "../../contracts/mocks/LedgerTargets.sol";
import {LedgerModel} from "./LedgerModel.sol";

/// @title What each call of the desk will do: the error's selector, zero for success
abstract contract LedgerForecast is LedgerModel {
    /// @notice How a commitment is given as evidence. As on record: with all that came after it, or with those up to a 64th.
    /// With the last of all left out, or the first of several. Or by its signatures.
    enum Form {
        OnRecord,
        Milestone,
        Cut,
        Gapped,
        Signed
    }

    /// @notice A claim that something is wrong. The second commitment is the child, or the other one of a sequence.
    struct Claim {
        Dispute kind;
        uint256 first;
        uint256 second;
        Form firstForm;
        Form secondForm;
        Signing signing;
        bool isOtherBook;
    }

    /// @dev Each so many commitments one stays on record by itself.
    uint256 internal constant MILESTONE = 64;

    LedgerTarget internal _guard;

    /* COMMITMENTS */

    function _expectRelay(Commitment memory c, uint256 set, Signing signing) internal view returns (bytes4 expected) {
        expected = _expectLive(c.guard, c.scope);
        if (expected == 0) expected = _expectJudgeable(c);
        if (expected == 0) expected = _expectNext(c);
        if (expected == 0) {
            uint256 table = _ledgers[c.scope].table;
            expected = _expectAnchor(c.anchor, _watch(table).minDepth, _watch(table).maxAge);
        }
        if (expected == 0) expected = _expectQuorum(c.scope, set, c.rules, signing);
    }

    function _expectLive(address guard, bytes32 scope) internal view returns (bytes4) {
        if (guard != address(_guard) || !_ledgers[scope].isKnown) return ILedgerErrors.LedgerUnknown.selector;
        return _ledgers[scope].isOpen ? bytes4(0) : ILedgerErrors.LedgerIsRetired.selector;
    }

    function _expectNext(Commitment memory c) private view returns (bytes4) {
        if (c.sequence != _sequenceOf(c.scope) + 1) return ILedgerErrors.SequenceMismatch.selector;
        if (c.previous != _headOf(c.scope)) return ILedgerErrors.PreviousMismatch.selector;
        if (c.anchor.number < _ledgers[c.scope].floor) return ILedgerErrors.AnchorRolledBack.selector;
        bool isLate = block.timestamp > c.validUntil || block.number > c.validUntilBlock;
        if (isLate) return ILedgerErrors.CommitmentExpired.selector;
        // One a block, the block of the opening included.
        bool isSoon = block.number == _ledgers[c.scope].since.number;
        return isSoon ? ILedgerErrors.RelayedTooSoon.selector : bytes4(0);
    }

    function _expectJudgeable(Commitment memory c) private view returns (bytes4) {
        LedgerGhost storage ghost = _ledgers[c.scope];
        if (c.epoch != ghost.epoch) return ILedgerErrors.EpochMismatch.selector;
        if (c.chainId != block.chainid) return ILedgerErrors.ChainMismatch.selector;
        if (c.format != 1) return ILedgerErrors.FormatUnknown.selector;
        if (c.ledgerRoot == 0) return ILedgerErrors.LedgerRootMissing.selector;
        Tier least = _watch(ghost.table).tier;
        return c.tier < least ? ILedgerErrors.CommitmentTierTooLow.selector : bytes4(0);
    }

    function _expectQuorum(bytes32 scope, uint256 set, bytes32 rules, Signing signing) internal view returns (bytes4) {
        LedgerGhost storage ghost = _ledgers[scope];
        bool isOurs = set == ghost.set && rules == _rulesOf[ghost.book];
        if (!isOurs) return ILedgerErrors.TermsMismatch.selector;
        if (signing == Signing.Few) return ILedgerErrors.QuorumMissing.selector;
        if (signing == Signing.Short) return ILedgerErrors.SignatureCount.selector;
        return signing == Signing.Forged ? ILedgerErrors.SignatureInvalid.selector : bytes4(0);
    }

    function _expectAnchor(StateAnchor memory anchor, uint256 least, uint256 greatest) internal view returns (bytes4) {
        if (anchor.hash == 0) return IAnchorErrors.ZeroAnchorHash.selector;
        if (anchor.number == block.number) return IAnchorErrors.AnchorIsCurrentBlock.selector;
        if (anchor.number > block.number) return IAnchorErrors.AnchorInFuture.selector;
        uint256 depth = block.number - anchor.number;
        if (depth < least) return IAnchorErrors.AnchorTooShallow.selector;
        if (depth > greatest) return IAnchorErrors.AnchorTooDeep.selector;
        if (depth > WINDOW) return IAnchorErrors.AnchorOutOfWindow.selector;
        if (!_isKnown(anchor.number)) return IAnchorErrors.AnchorHashUnknown.selector;
        bool isOther = anchor.hash != _hashAt(anchor.number);
        return isOther ? IAnchorErrors.AnchorMismatch.selector : bytes4(0);
    }

    /* EVIDENCE */

    /// @return expected the error
    /// @return evidence block that it speaks of, where it holds
    function _expectDispute(Claim memory claim) internal view returns (bytes4 expected, uint64 evidence) {
        expected = _expectJudged(claim.first, claim.firstForm, claim.signing);
        bool isPair = claim.kind == Dispute.Equivocation || claim.kind == Dispute.BrokenChain;
        if (expected == 0 && isPair) expected = _expectJudged(claim.second, claim.secondForm, Signing.Right);
        if (expected != 0) return (expected, 0);
        if (isPair) (expected, evidence) = _expectPair(claim);
        else (expected, evidence) = (_expectOne(claim), _made[claim.first].commitment.anchor.number);
        if (expected == 0) expected = _expectNewer(_made[claim.first].commitment.scope, evidence);
    }

    /// @dev A ledger answers for what is on record, and for what a quorum of the open epoch signed.
    function _expectJudged(uint256 made, Form form, Signing signing) private view returns (bytes4 expected) {
        Commitment memory c = _made[made].commitment;
        expected = _expectLive(c.guard, c.scope);
        if (expected != 0) return expected;
        if (form == Form.Signed) {
            expected = _expectJudgeable(c);
            return expected != 0 ? expected : _expectQuorum(c.scope, _made[made].set, c.rules, signing);
        }
        (uint256 from, uint256 to) = _descendantsOf(made, form);
        if (from > _placeOf[_made[made].hash]) return ILedgerErrors.PreviousMismatch.selector;
        bool isReached = to == _ledgers[c.scope].relayed.length || to % MILESTONE == 0;
        return _placeOf[_made[made].hash] == 0 || !isReached ? ILedgerErrors.NotOnRecord.selector : bytes4(0);
    }

    /// @dev Which of what is on record comes with it: the places behind `from`, up to `to`. None where it is not there itself.
    function _descendantsOf(uint256 made, Form form) internal view returns (uint256 from, uint256 to) {
        (from, to) = (_placeOf[_made[made].hash], _ledgers[_made[made].commitment.scope].relayed.length);
        if (from == 0) return (0, 0);
        uint256 milestone = ((from + MILESTONE - 1) / MILESTONE) * MILESTONE;
        if (form == Form.Milestone && milestone < to) to = milestone;
        if (form == Form.Cut && to > from) --to;
        if (form == Form.Gapped && to > from + 1) ++from;
    }

    /// @dev What one commitment says, against the chain.
    function _expectOne(Claim memory claim) private view returns (bytes4 expected) {
        Made storage made = _made[claim.first];
        StateAnchor memory anchor = made.commitment.anchor;
        if (claim.kind == Dispute.Leaf && claim.isOtherBook) return ILedgerErrors.TermsMismatch.selector;
        expected = _expectAnchor(anchor, 1, type(uint256).max);
        if (claim.kind == Dispute.Mismatch) {
            if (expected == 0) return ILedgerErrors.ClaimHolds.selector;
            return expected == IAnchorErrors.AnchorMismatch.selector ? bytes4(0) : expected;
        }
        if (expected != 0) return expected;
        bool isState = anchor.stateRoot == _stateRootAt(anchor.number);
        if (claim.kind == Dispute.StateRoot) return isState ? ILedgerErrors.ClaimHolds.selector : bytes4(0);
        if (!isState) return IHeaderErrors.StateRootMismatch.selector;
        return made.balance == _balanceAt(anchor.number) ? ILedgerErrors.ClaimHolds.selector : bytes4(0);
    }

    /// @dev What two commitments say, against each other.
    function _expectPair(Claim memory claim) private view returns (bytes4, uint64 evidence) {
        Commitment memory a = _made[claim.first].commitment;
        Commitment memory b = _made[claim.second].commitment;
        bytes32 first = _made[claim.first].hash;
        bool isChain = claim.kind == Dispute.BrokenChain;
        bool isRelated = isChain ? b.sequence == a.sequence + 1 : a.epoch == b.epoch && a.sequence == b.sequence;
        if (a.scope != b.scope || !isRelated) return (ILedgerErrors.CommitmentsUnrelated.selector, 0);
        bool holds = isChain ? b.previous == first : _made[claim.second].hash == first;
        if (holds) return (ILedgerErrors.ClaimHolds.selector, 0);
        evidence = a.anchor.number < block.number ? a.anchor.number : 0;
        if (b.anchor.number < block.number && b.anchor.number > evidence) evidence = b.anchor.number;
        return (evidence == 0 ? ILedgerErrors.EvidenceInFuture.selector : bytes4(0), evidence);
    }

    /// @dev Evidence is newer than what stands, and than what ended the last of it.
    function _expectNewer(bytes32 scope, uint64 evidence) internal view returns (bytes4) {
        return evidence > _ledgers[scope].evidence ? bytes4(0) : ILedgerErrors.LedgerEvidenceNotNewer.selector;
    }

    /* THE WAYS OUT */

    function _expectHeal(bytes32 scope) internal view returns (bytes4 expected) {
        expected = _expectLive(address(_guard), scope);
        if (expected != 0) return expected;
        LedgerGhost storage ghost = _ledgers[scope];
        if (!ghost.isContradicted) return ILedgerErrors.NotContradicted.selector;
        (uint256 count, Moment memory from, ) = _counted(scope);
        LedgerConfig memory watch = _watch(ghost.table);
        bool isEarly = count < watch.healAfter || !_hasCome(from, watch.healFor);
        return isEarly ? ILedgerErrors.HealingTooEarly.selector : bytes4(0);
    }

    function _expectRetire(bytes32 scope) internal view returns (bytes4 expected) {
        expected = _expectLive(address(_guard), scope);
        if (expected != 0) return expected;
        bool isRetirable = _hasCome(_ledgers[scope].retirable, RETIRE_AFTER);
        return isRetirable ? bytes4(0) : ILedgerErrors.RetirementTooEarly.selector;
    }

    /* EPOCHS AND NAMES */

    function _expectOpen(bytes32 scope, Named memory given) internal view returns (bytes4) {
        Named storage named = _ledgers[scope].named;
        bool isGiven = given.table == named.table && given.set == named.set && given.book == named.book;
        if (!named.isNamed || !isGiven) return ILedgerErrors.LedgerNotNamed.selector;
        if (given.table == UNSOUND_CONFIG) return ILedgerErrors.LedgerConfigOutOfBounds.selector;
        // The chain must answer for twice the age of an anchor.
        uint256 oldest = block.number - 2 * _watch(given.table).maxAge;
        bool isSeen = block.number - oldest <= SHORT_WINDOW || _isKnown(oldest);
        if (!isSeen) return IAnchorErrors.AnchorHashUnknown.selector;
        return given.book == UNSOUND_BOOK ? ILedgerErrors.RuleInvalid.selector : bytes4(0);
    }

    function _expectAnnounced(bytes32 scope, uint256 set, uint256 book) internal view returns (bytes4 expected) {
        expected = _expectLive(address(_guard), scope);
        if (expected != 0) return expected;
        Announced storage announced = _ledgers[scope].announced;
        uint256 delay = _watch(_ledgers[scope].table).delay;
        bool isReady = announced.waits && announced.set == set && announced.book == book;
        isReady = isReady && _hasCome(announced.ready, delay) && !_hasCome(announced.end, 2 * delay);
        if (!isReady) return ILedgerErrors.EpochNotReady.selector;
        return book == UNSOUND_BOOK ? ILedgerErrors.RuleInvalid.selector : bytes4(0);
    }
}
