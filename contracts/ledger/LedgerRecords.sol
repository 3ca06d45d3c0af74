// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Anchor} from "../anchor/Anchor.sol";
import {AnchorGuard} from "../anchor/AnchorGuard.sol";
import {LiveEIP712} from "../anchor/LiveEIP712.sol";
import {Tier} from "../interfaces/IBlockHashSource.sol";
import {ILedgerDesk, LedgerStatus} from "../interfaces/ILedgerDesk.sol";
import {ILedgerGuard, LedgerNews} from "../interfaces/ILedgerGuard.sol";
import {Deadline, Deadlines} from "../policy/Deadline.sol";
import {Clock} from "../policy/PolicyTypes.sol";
import {Commitments} from "./Commitments.sol";
import {LedgerRules} from "./LedgerRules.sol";
import {Commitment, Dispute, LEDGER_FORMAT, LedgerConfig, RuleBook, Signed, SignerSet} from "./LedgerTypes.sol";
import {Quorums} from "./Quorums.sol";

/// @notice What is kept of a ledger. Each commitment rewrites it; nothing is appended.
/// @dev `src/actions/ledgerFindings.ts` proves slots 2, 4 and 6.
struct Ledger {
    bytes32 head;
    // Slot 1.
    uint40 sequence;
    uint40 anchored; // the least height of the next anchor
    uint40 relayedIn; // height of the block in which the newest commitment was relayed
    uint40 contradicted; // height of the newest evidence, or of the block that newer evidence must be newer than
    uint40 streakAnchored; // height of the anchor of the first commitment that counts for healing
    uint40 streakFrom; // seconds since 1970, when it was relayed
    uint8 streak;
    bool isContradicted;
    // Slot 2.
    bool isRetired;
    uint40 epoch; // zero where nobody opened it
    Deadline retirableFrom;
    uint40 streakIn; // height of the block in which the first commitment that counts for healing was relayed
    uint40 troubledAt; // seconds since 1970, when it last was contradicted, healed, or silent until then
    uint8 healAfter;
    uint24 healFor;
    uint16 longestBlockTime;
    // Slot 3: by whom and by what it is judged.
    bytes32 terms;
    // Slot 4.
    uint24 silence;
    uint16 minDepth;
    uint24 maxAge;
    Tier tier;
    address administrator;
    uint24 delay;
    // Slots 5 and 6: the newest evidence, and the ledger that the guard has named, to be opened.
    bytes32 evidence;
    bytes32 named;
    // Slots 7 and 8: the epoch that the administrator announced.
    bytes32 announced;
    Deadline readyFrom;
    // Some older commitments that are on record: see `MILESTONE`.
    bytes32[128] milestones;
}

/// @title What is on record of ledgers, and how it goes on
/// @dev Heights have 40 bits here, as in pins. No chain comes to more: a block each millisecond takes 34 years.
abstract contract LedgerRecords is AnchorGuard, LiveEIP712, ILedgerDesk {
    /// @notice A ledger that was silent or contradicted for so many seconds can be retired.
    uint256 internal constant RETIRE_AFTER = 28 days;

    /// @dev Only a ledger that was sound for so many seconds has overcome its trouble. Before, no commitment postpones the
    /// retirement, and none who heals and contradicts himself in turn.
    uint256 private constant PROBATION = 7 days;

    /// @dev Each so many commitments one is kept, in a ring. A dispute of an older one needs its descendants up to
    /// the next milestone. They are 63 at most, and fit into a transaction. Else a lie could be buried under more than do.
    uint256 private constant MILESTONE = 64;

    /// @dev What the ring reaches back. No more commitments than these are relayed within the window of block hashes.
    uint256 private constant REACH = 128 * MILESTONE;

    mapping(address guard => mapping(bytes32 scope => Ledger)) private _ledgers;

    /* FOR GUARDS */

    /// @inheritdoc ILedgerDesk
    function nameLedger(bytes32 scope, bytes32 config) external {
        Ledger storage ledger = _ledgers[msg.sender][scope];
        if (ledger.epoch != 0 && !ledger.isRetired) revert LedgerIsOpen(msg.sender, scope);
        ledger.named = config;
        emit LedgerNamed(msg.sender, scope, config);
    }

    /// @inheritdoc ILedgerDesk
    function open(address guard, bytes32 scope, LedgerConfig calldata config) external {
        Ledger storage ledger = _ledgers[guard][scope];
        bytes32 given = keccak256(abi.encode(config));
        if (ledger.named != given) revert LedgerNotNamed(ledger.named, given);
        ledger.named = 0;
        _requireBounds(config);
        (ledger.silence, ledger.healAfter, ledger.healFor) = (config.silence, config.healAfter, config.healFor);
        (ledger.tier, ledger.minDepth, ledger.maxAge) = (config.tier, config.minDepth, config.maxAge);
        ledger.longestBlockTime = config.longestBlockTime;
        (ledger.administrator, ledger.delay) = (config.administrator, config.delay);
        (ledger.isRetired, ledger.troubledAt) = (false, 0);
        _postpone(ledger, uint256(config.silence) + RETIRE_AFTER);
        emit LedgerOpened(guard, scope, config);
        LedgerRules.requireSound(config.book);
        _enterEpoch(ledger, guard, scope, config.set, LedgerRules.hash(config.book));
        ILedgerGuard(guard).onLedger(scope, LedgerNews.Committed, 0, config.silence);
    }

    /* COMMITMENTS */

    /// @inheritdoc ILedgerDesk
    function relay(Commitment calldata c, SignerSet calldata set, bytes[] calldata signatures) external {
        Ledger storage ledger = _liveLedger(c.guard, c.scope);
        bytes32 hash = Commitments.hash(c);
        _requireJudgeable(ledger, c);
        _requireNext(ledger, c);
        _requireAnchor(_anchorOf(c.anchor), ledger.minDepth, ledger.maxAge);
        _requireQuorum(ledger, set, c.rules, hash, signatures);

        if (ledger.isContradicted) _count(ledger, uint40(c.anchor.number));
        else if (_isLate(ledger, c)) _trouble(ledger);
        else if (_isSound(ledger)) _postpone(ledger, uint256(ledger.silence) + RETIRE_AFTER);
        ledger.relayedIn = uint40(_blockNumber());
        (ledger.head, ledger.sequence, ledger.anchored) = (hash, uint40(c.sequence), uint40(c.anchor.number));
        if (c.sequence % MILESTONE == 0) ledger.milestones[_milestone(c.sequence)] = hash;
        emit LedgerCommitted(c.guard, c.scope, hash, c);
        ILedgerGuard(c.guard).onLedger(c.scope, LedgerNews.Committed, 0, ledger.silence);
    }

    /// @inheritdoc ILedgerDesk
    function openEpoch(
        address guard,
        bytes32 scope,
        SignerSet calldata next,
        SignerSet calldata set,
        bytes32 rules,
        uint64 validUntil,
        bytes[] calldata signatures
    ) external {
        Ledger storage ledger = _liveLedger(guard, scope);
        if (block.timestamp > validUntil) revert EpochExpired(validUntil);
        bytes32 signers = Commitments.hash(next);
        bytes32 hash = Commitments.hashEpoch(guard, scope, ledger.epoch + 1, signers, rules, validUntil);
        _requireQuorum(ledger, set, rules, hash, signatures);
        _enterEpoch(ledger, guard, scope, next, rules);
    }

    /// @inheritdoc ILedgerDesk
    function announceEpoch(address guard, bytes32 scope, bytes32 terms) external {
        Ledger storage ledger = _liveLedger(guard, scope);
        if (msg.sender != ledger.administrator) revert NotAdministrator(msg.sender);
        ledger.announced = terms;
        ledger.readyFrom = Deadlines.from(_now(), ledger.delay, ledger.longestBlockTime);
        emit EpochAnnounced(guard, scope, terms, ledger.readyFrom.time());
    }

    /// @inheritdoc ILedgerDesk
    function openAnnouncedEpoch(
        address guard,
        bytes32 scope,
        SignerSet calldata next,
        RuleBook calldata book
    ) external {
        Ledger storage ledger = _liveLedger(guard, scope);
        bytes32 rules = LedgerRules.hash(book);
        bytes32 terms = Commitments.termsOf(Commitments.hash(next), rules);
        (Deadline from, uint256 delay) = (ledger.readyFrom, ledger.delay);
        bool isReady = ledger.announced == terms && from.hasPassed(_now(), delay);
        if (!isReady || from.plus(delay, ledger.longestBlockTime).hasPassed(_now(), 2 * delay)) {
            revert EpochNotReady(ledger.announced, from.time(), from.number());
        }
        ledger.announced = 0;
        LedgerRules.requireSound(book);
        _enterEpoch(ledger, guard, scope, next, rules);
    }

    /* THE WAY BACK */

    /// @inheritdoc ILedgerDesk
    function heal(address guard, bytes32 scope) external {
        Ledger storage ledger = _liveLedger(guard, scope);
        if (!ledger.isContradicted) revert NotContradicted(guard, scope);
        Deadline from = _healableFrom(ledger);
        if (ledger.streak < ledger.healAfter || !from.hasPassed(_now(), ledger.healFor)) {
            revert HealingTooEarly(ledger.streak, ledger.healAfter, from.time(), from.number());
        }
        uint40 number = ledger.streakAnchored;
        (ledger.isContradicted, ledger.contradicted, ledger.streak) = (false, number, 0);
        _trouble(ledger);
        emit LedgerHealed(guard, scope, number);
        ILedgerGuard(guard).onLedger(scope, LedgerNews.Healed, number, 0);
    }

    /// @inheritdoc ILedgerDesk
    function retire(address guard, bytes32 scope) external {
        Ledger storage ledger = _liveLedger(guard, scope);
        Deadline from = ledger.retirableFrom;
        if (!from.hasPassed(_now(), RETIRE_AFTER)) revert RetirementTooEarly(from.time(), from.number());
        (ledger.isRetired, ledger.isContradicted, ledger.streak) = (true, false, 0);
        // No evidence is of this block, so that none shown in it holds the way out up. And should the ledger be opened
        // again: what its signers did before is no evidence against the next ones.
        uint40 number = uint40(_blockNumber());
        (ledger.contradicted, ledger.announced) = (number, 0);
        emit LedgerRetired(guard, scope);
        ILedgerGuard(guard).onLedger(scope, LedgerNews.Retired, number, 0);
    }

    /* VIEWS */

    /// @inheritdoc ILedgerDesk
    function ledgerOf(address guard, bytes32 scope) external view returns (LedgerStatus memory status) {
        Ledger storage ledger = _openLedger(guard, scope);
        status = LedgerStatus({
            head: ledger.head,
            sequence: ledger.sequence,
            anchored: ledger.anchored,
            epoch: ledger.epoch,
            terms: ledger.terms,
            isContradicted: ledger.isContradicted,
            contradicted: ledger.isContradicted ? ledger.contradicted : 0,
            streak: ledger.streak,
            healableFrom: _healableFrom(ledger),
            isRetired: ledger.isRetired,
            retirableFrom: ledger.retirableFrom,
            evidence: ledger.evidence
        });
    }

    /// @inheritdoc ILedgerDesk
    function previewAnchored(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bool allowed, bytes memory reason) {
        reason = _anchorFailure(anchor, minDepth, maxDepth);
        return (reason.length == 0, reason);
    }

    /// @inheritdoc ILedgerDesk
    function digestOf(Commitment calldata commitment) external view returns (bytes32) {
        return _typedDataDigest(Commitments.hash(commitment));
    }

    /// @inheritdoc ILedgerDesk
    function digestOfEpoch(
        address guard,
        bytes32 scope,
        uint64 epoch,
        bytes32 signers,
        bytes32 rules,
        uint64 validUntil
    ) external view returns (bytes32) {
        return _typedDataDigest(Commitments.hashEpoch(guard, scope, epoch, signers, rules, validUntil));
    }

    /* FOR DISPUTES */

    /// @dev The struct hash of a commitment that its ledger must answer for. It is on record, or a quorum of the open epoch
    /// signed it. What is on record stays so: each commitment names the one before it.
    function _judged(Signed calldata signed) internal view returns (bytes32 hash) {
        Commitment calldata c = signed.commitment;
        Ledger storage ledger = _liveLedger(c.guard, c.scope);
        hash = Commitments.hash(c);
        if (signed.signatures.length != 0) {
            _requireJudgeable(ledger, c);
            _requireQuorum(ledger, signed.set, c.rules, hash, signed.signatures);
            return hash;
        }
        bytes32 reached = hash;
        for (uint256 i = 0; i < signed.descendants.length; ++i) {
            if (signed.descendants[i].previous != reached)
                revert PreviousMismatch(reached, signed.descendants[i].previous);
            reached = Commitments.hash(signed.descendants[i]);
        }
        uint256 count = signed.descendants.length;
        uint64 sequence = count == 0 ? c.sequence : signed.descendants[count - 1].sequence;
        if (reached != ledger.head && reached != ledger.milestones[_milestone(sequence)]) {
            revert NotOnRecord(ledger.head, reached);
        }
    }

    /// @dev Writes evidence against a ledger, and stops its scope.
    /// @param number block that the evidence speaks of
    function _contradict(
        Commitment calldata c,
        Dispute kind,
        bytes32 hash,
        uint64 number,
        bytes32 claimed,
        bytes32 actual
    ) internal {
        Ledger storage ledger = _liveLedger(c.guard, c.scope);
        // Evidence that stands already would else begin the healing anew, again and again. So would what was healed.
        if (number <= ledger.contradicted) revert LedgerEvidenceNotNewer(number, ledger.contradicted);
        if (!ledger.isContradicted && _isSound(ledger) && !_isLate(ledger, c)) _postpone(ledger, RETIRE_AFTER);
        _trouble(ledger);
        (ledger.isContradicted, ledger.contradicted) = (true, uint40(number));
        // What counts is newer than all evidence. Of commitments that are older than this, none does.
        if (number >= ledger.streakAnchored) ledger.streak = 0;
        // The same calldata may hold again, of a block that has come meanwhile. No number does.
        ledger.evidence = keccak256(abi.encodePacked(msg.data, uint256(number)));
        emit LedgerContradicted(c.guard, c.scope, kind, hash, number, claimed, actual, ledger.evidence);
        ILedgerGuard(c.guard).onLedger(c.scope, LedgerNews.Contradicted, number, 0);
    }

    /* INTERNALS */

    /// @inheritdoc LiveEIP712
    function _domainNameAndVersion() internal pure override returns (string memory name, string memory version) {
        return ("Settlement Guard Ledger", "1");
    }

    function _requireBounds(LedgerConfig calldata config) private view {
        _requireWithin("silence", config.silence, 60, 7 days);
        // Of two the first alone is what the healing rests on: the newest can still be contradicted after it.
        _requireWithin("healAfter", config.healAfter, 2, type(uint8).max);
        // The time in which what heals can itself be contradicted.
        _requireWithin("healFor", config.healFor, 5 minutes, 7 days);
        _requireWithin("longestBlockTime", config.longestBlockTime, 1, type(uint16).max);
        _requireWithin("tier", uint256(config.tier), uint256(Tier.Safe), uint256(Tier.Finalized));
        _requireWithin("maxAge", config.maxAge, 1, _blockHashWindow() / 2);
        _requireWithin("minDepth", config.minDepth, 1, config.maxAge);
        if (config.administrator != address(0)) _requireWithin("delay", config.delay, 1 days, 30 days);
        // A source that answers for fewer blocks than its window would leave no time for disputes.
        (uint256 head, uint256 depth) = (_blockNumber(), 2 * uint256(config.maxAge));
        if (head > depth && _blockHash(head - depth) == 0) {
            revert AnchorHashUnknown(uint64(head - depth), uint64(head));
        }
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 greatest) private pure {
        if (value < least || value > greatest) revert LedgerConfigOutOfBounds(name, value, least, greatest);
    }

    /// @dev Other signers or rules from now on. What was not relayed is void, and nothing counts for healing. Anchors are
    /// newer than this block. So who signs has seen the opening at the ledger's tier, and no short reorg undoes it. And
    /// evidence against them is newer than a retirement in this block.
    function _enterEpoch(
        Ledger storage ledger,
        address guard,
        bytes32 scope,
        SignerSet calldata next,
        bytes32 rules
    ) private {
        Quorums.requireSound(next);
        ledger.terms = Commitments.termsOf(Commitments.hash(next), rules);
        (ledger.epoch, ledger.streak, ledger.anchored) = (ledger.epoch + 1, 0, uint40(_blockNumber() + 1));
        emit EpochOpened(guard, scope, ledger.epoch, next, rules);
    }

    function _requireNext(Ledger storage ledger, Commitment calldata c) private view {
        uint64 next = uint64(ledger.sequence) + 1;
        if (c.sequence != next) revert SequenceMismatch(next, c.sequence);
        if (c.previous != ledger.head) revert PreviousMismatch(ledger.head, c.previous);
        if (c.anchor.number < ledger.anchored) revert AnchorRolledBack(ledger.anchored, c.anchor.number);
        if (block.timestamp > c.validUntil || _blockNumber() > c.validUntilBlock) {
            revert CommitmentExpired(c.validUntil, c.validUntilBlock);
        }
        uint256 from = ledger.relayedIn + (uint256(_blockHashWindow()) + REACH - 1) / REACH;
        if (_blockNumber() < from) revert RelayedTooSoon(uint64(from));
    }

    /// @dev What every commitment of the open epoch must be, relayed or not.
    function _requireJudgeable(Ledger storage ledger, Commitment calldata c) private view {
        if (c.epoch != ledger.epoch) revert EpochMismatch(ledger.epoch, c.epoch);
        if (c.chainId != block.chainid) revert ChainMismatch(block.chainid, c.chainId);
        if (c.format != LEDGER_FORMAT) revert FormatUnknown(c.format);
        if (c.ledgerRoot == 0) revert LedgerRootMissing();
        if (c.tier < ledger.tier) revert CommitmentTierTooLow(ledger.tier, c.tier);
    }

    function _requireQuorum(
        Ledger storage ledger,
        SignerSet calldata set,
        bytes32 rules,
        bytes32 structHash,
        bytes[] calldata signatures
    ) private view {
        bytes32 terms = Commitments.termsOf(Commitments.hash(set), rules);
        if (terms != ledger.terms) revert TermsMismatch(ledger.terms, terms);
        Quorums.requireSigned(set, _typedDataDigest(structHash), signatures);
    }

    /// @dev Counts a commitment for healing. Each must be of a newer block than the one before it, and than all evidence.
    function _count(Ledger storage ledger, uint40 number) private {
        if (number <= ledger.contradicted) return;
        if (ledger.streak == 0) {
            (ledger.streakAnchored, ledger.streakFrom) = (number, uint40(block.timestamp));
            ledger.streakIn = uint40(_blockNumber());
        } else if (number == ledger.anchored || ledger.streak == type(uint8).max) return;
        ++ledger.streak;
    }

    /// @dev The end of the time in which what heals can be contradicted; zero while nothing counts.
    function _healableFrom(Ledger storage ledger) private view returns (Deadline) {
        if (ledger.streak == 0) return Deadline.wrap(0);
        Clock memory then_ = Clock(ledger.streakFrom, ledger.streakIn);
        return Deadlines.from(then_, ledger.healFor, ledger.longestBlockTime);
    }

    /// @dev Whether its last trouble is so long ago that it is overcome.
    function _isSound(Ledger storage ledger) private view returns (bool) {
        return block.timestamp >= uint256(ledger.troubledAt) + PROBATION;
    }

    /// @dev Whether the next commitment is due, by the guard's own word. With a clock of the desk's own a scope could be Stale by a
    /// ledger that is never late. A guard that lies, or reverts, holds up its own ledgers alone.
    function _isLate(Ledger storage ledger, Commitment calldata c) private view returns (bool) {
        Deadline until = ILedgerGuard(c.guard).committedUntil(c.scope);
        return until.time() != 0 && until.hasPassed(_now(), ledger.silence);
    }

    function _milestone(uint64 sequence) private pure returns (uint256 index) {
        return (sequence % REACH) / MILESTONE;
    }

    function _trouble(Ledger storage ledger) private {
        ledger.troubledAt = uint40(block.timestamp);
    }

    function _postpone(Ledger storage ledger, uint256 span) private {
        ledger.retirableFrom = Deadlines.from(_now(), span, ledger.longestBlockTime);
    }

    function _openLedger(address guard, bytes32 scope) private view returns (Ledger storage ledger) {
        ledger = _ledgers[guard][scope];
        if (ledger.epoch == 0) revert LedgerUnknown(guard, scope);
    }

    function _liveLedger(address guard, bytes32 scope) private view returns (Ledger storage ledger) {
        ledger = _openLedger(guard, scope);
        if (ledger.isRetired) revert LedgerIsRetired(guard, scope);
    }

    function _now() private view returns (Clock memory) {
        return Clock(block.timestamp, _blockNumber());
    }
}
