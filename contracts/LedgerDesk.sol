// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProofDesk} from "./ProofDesk.sol";
import {StateAnchor} from "./anchor/Anchor.sol";
import {IAnchorErrors} from "./interfaces/IAnchorErrors.sol";
import {ILedgerDesk} from "./interfaces/ILedgerDesk.sol";
import {IPinErrors} from "./interfaces/IPinErrors.sol";
import {IOwnPinBoard} from "./interfaces/IPinBoard.sol";
import {IProofErrors} from "./interfaces/IProofErrors.sol";
import {LedgerKeys} from "./ledger/LedgerKeys.sol";
import {LedgerRecords} from "./ledger/LedgerRecords.sol";
import {LedgerRules} from "./ledger/LedgerRules.sol";
import {
    CodeProof,
    CodeRule,
    Commitment,
    Derivation,
    Dispute,
    LeafProof,
    Rule,
    RuleBook,
    Signed,
    StateSide,
    TotalProof
} from "./ledger/LedgerTypes.sol";

/// @title The desk where ledgers are committed to, disputed and healed
/// @notice One deployed contract for the guards of one chain, without an owner.
contract LedgerDesk is LedgerRecords, IProofErrors, IPinErrors {
    /// @notice Reads headers and proofs.
    ProofDesk public immutable proofs = new ProofDesk();

    /// @notice Where pinned storage roots are looked up; zero for nowhere.
    IOwnPinBoard public immutable pins;

    constructor(IOwnPinBoard pins_) {
        pins = pins_;
    }

    /// @inheritdoc ILedgerDesk
    function disputeAnchor(Signed calldata signed) external {
        Commitment calldata c = signed.commitment;
        bytes32 hash = _judged(signed);
        bytes memory failure = _anchorFailure(_anchorOf(c.anchor), 1, type(uint64).max);
        if (failure.length == 0) revert ClaimHolds(Dispute.Mismatch, c.anchor.hash, c.anchor.hash);
        if (bytes4(failure) != IAnchorErrors.AnchorMismatch.selector) _revertWith(failure);
        _contradict(c, Dispute.Mismatch, hash, c.anchor.number, c.anchor.hash, _blockHash(c.anchor.number));
    }

    /// @inheritdoc ILedgerDesk
    function disputeStateRoot(Signed calldata signed, bytes calldata header) external {
        Commitment calldata c = signed.commitment;
        bytes32 hash = _judged(signed);
        _requireAnchor(_anchorOf(c.anchor), 1, type(uint64).max);
        bytes32 actual = proofs.stateRootOf(c.anchor.number, c.anchor.hash, header);
        if (actual == c.anchor.stateRoot) revert ClaimHolds(Dispute.StateRoot, actual, actual);
        _contradict(c, Dispute.StateRoot, hash, c.anchor.number, c.anchor.stateRoot, actual);
    }

    /// @inheritdoc ILedgerDesk
    function disputeEquivocation(Signed calldata first, Signed calldata second) external {
        (Commitment calldata a, Commitment calldata b) = (first.commitment, second.commitment);
        (bytes32 hash, bytes32 other) = (_judged(first), _judged(second));
        if (!_haveSameScope(a, b) || a.epoch != b.epoch || a.sequence != b.sequence) {
            revert CommitmentsUnrelated(hash, other);
        }
        if (hash == other) revert ClaimHolds(Dispute.Equivocation, hash, other);
        _contradict(a, Dispute.Equivocation, hash, _newestOf(a, b), hash, other);
    }

    /// @inheritdoc ILedgerDesk
    function disputeChain(Signed calldata parent, Signed calldata child) external {
        (Commitment calldata a, Commitment calldata b) = (parent.commitment, child.commitment);
        (bytes32 expected, bytes32 hash) = (_judged(parent), _judged(child));
        if (!_haveSameScope(a, b) || uint256(a.sequence) + 1 != b.sequence) revert CommitmentsUnrelated(expected, hash);
        if (b.previous == expected) revert ClaimHolds(Dispute.BrokenChain, b.previous, expected);
        _contradict(b, Dispute.BrokenChain, hash, _newestOf(a, b), b.previous, expected);
    }

    /// @inheritdoc ILedgerDesk
    function disputeLeaf(Signed calldata signed, RuleBook calldata book, LeafProof calldata proof) external {
        Commitment calldata c = signed.commitment;
        bytes32 hash = _judgedBy(signed, book);
        Rule calldata rule = _ruleOf(book, proof.rule);
        (bytes32 key, bytes32 slot) = LedgerRules.placeOf(rule, proof.owner);
        uint256 claimed = proofs.valueUnder(c.ledgerRoot, key, proof.witness);
        uint256 actual = LedgerRules.decode(rule, _wordOf(c.anchor, rule.holder, slot, proof.state));
        Dispute kind = rule.derivation == Derivation.Fixed ? Dispute.Insolvent : Dispute.Leaf;
        if (LedgerRules.holds(rule, claimed, actual)) revert ClaimHolds(kind, bytes32(claimed), bytes32(actual));
        _contradict(c, kind, hash, c.anchor.number, bytes32(claimed), bytes32(actual));
    }

    /// @inheritdoc ILedgerDesk
    function disputeMirror(Signed calldata signed, RuleBook calldata book, StateSide calldata state) external {
        Commitment calldata c = signed.commitment;
        bytes32 hash = _judgedBy(signed, book);
        Rule calldata rule = _ruleOf(book, 0);
        if (rule.derivation != Derivation.Mirror) revert RuleInvalid(0);
        bytes32 actual = state.pinnedRoot;
        if (actual == 0) actual = proofs.storageRootOf(c.anchor, state.header, rule.holder, state.witness);
        else _requirePinned(c.anchor, rule.holder, actual);
        if (actual == c.ledgerRoot) revert ClaimHolds(Dispute.Leaf, actual, actual);
        _contradict(c, Dispute.Leaf, hash, c.anchor.number, c.ledgerRoot, actual);
    }

    /// @inheritdoc ILedgerDesk
    function disputeTotal(Signed calldata signed, RuleBook calldata book, TotalProof calldata proof) external {
        Commitment calldata c = signed.commitment;
        bytes32 hash = _judgedBy(signed, book);
        (uint256 total, uint256 sum) = _addUp(c.ledgerRoot, _ruleOf(book, proof.rule), proof);
        if (sum <= total) revert ClaimHolds(Dispute.Understated, bytes32(total), bytes32(sum));
        _contradict(c, Dispute.Understated, hash, c.anchor.number, bytes32(total), bytes32(sum));
    }

    /// @inheritdoc ILedgerDesk
    function disputeCode(Signed calldata signed, RuleBook calldata book, CodeProof calldata proof) external {
        Commitment calldata c = signed.commitment;
        bytes32 hash = _judgedBy(signed, book);
        if (proof.code >= book.codes.length) revert RuleInvalid(proof.code);
        CodeRule calldata rule = book.codes[proof.code];
        bytes32 actual =
            rule.isSlot
                ? bytes32(_wordOf(c.anchor, rule.account, rule.slot, proof.state))
                : proofs.codeHashOf(c.anchor, proof.state.header, rule.account, proof.state.witness);
        if (!rule.isSlot && actual == LedgerRules.NO_CODE) actual = 0;
        if (actual == rule.expected) revert ClaimHolds(Dispute.Code, rule.expected, actual);
        _contradict(c, Dispute.Code, hash, c.anchor.number, rule.expected, actual);
    }

    /// @dev `_judged`, where the chain has the anchor's block, and the book is the commitment's.
    function _judgedBy(Signed calldata signed, RuleBook calldata book) private view returns (bytes32 hash) {
        Commitment calldata c = signed.commitment;
        hash = _judged(signed);
        bytes32 rules = LedgerRules.hash(book);
        if (rules != c.rules) revert TermsMismatch(c.rules, rules);
        _requireAnchor(_anchorOf(c.anchor), 1, type(uint64).max);
    }

    function _ruleOf(RuleBook calldata book, uint256 index) private pure returns (Rule calldata) {
        if (index >= book.rules.length) revert RuleInvalid(index);
        return book.rules[index];
    }

    /// @dev What `slot` of `account` held after the anchor's block, which the chain has.
    function _wordOf(
        StateAnchor calldata anchor,
        address account,
        bytes32 slot,
        StateSide calldata state
    ) private view returns (uint256) {
        if (state.pinnedRoot == 0) {
            return proofs.valueOf(anchor, state.header, account, slot, state.witness);
        }
        _requirePinned(anchor, account, state.pinnedRoot);
        return proofs.valueUnder(state.pinnedRoot, slot, state.witness);
    }

    /// @dev Reverts unless `root` is pinned as the account's storage root of the anchor's block, which the chain has.
    function _requirePinned(StateAnchor calldata anchor, address account, bytes32 root) private view {
        if (address(pins) == address(0)) revert PinMissing(root);
        uint64 pinned = pins.requireStorageRoot(account, root, type(uint64).max);
        if (pinned != anchor.number) revert PinOfOtherBlock(anchor.number, pinned);
    }

    /// @dev The total, and the sum of the leaves; the greatest word where they exceed it.
    function _addUp(
        bytes32 root,
        Rule calldata rule,
        TotalProof calldata proof
    ) private view returns (uint256 total, uint256 sum) {
        if (rule.derivation != Derivation.Fixed) revert RuleInvalid(proof.rule);
        bytes32[] memory keys = new bytes32[](proof.owners.length);
        for (uint256 i = 0; i < keys.length; ++i) keys[i] = LedgerKeys.keyOf(proof.owners[i], rule.asset, rule.kind);
        uint256[] memory values = proofs.valuesUnder(root, keys, proof.witness);
        bool hasTotal;
        for (uint256 i = 0; i < keys.length; ++i) {
            if (proof.owners[i] == address(0)) (total, hasTotal) = (values[i], true);
            else sum = sum > type(uint256).max - values[i] ? type(uint256).max : sum + values[i];
        }
        if (!hasTotal) revert OwnerInvalid(0);
    }

    /// @dev The newer of two anchors that the chain has come to.
    function _newestOf(Commitment calldata a, Commitment calldata b) private view returns (uint64 number) {
        uint256 head = _blockNumber();
        (uint64 first, uint64 second) = (a.anchor.number, b.anchor.number);
        if (first < head) number = first;
        if (second < head && second > number) number = second;
        if (number == 0) revert EvidenceInFuture(first < second ? first : second);
    }

    function _haveSameScope(Commitment calldata a, Commitment calldata b) private pure returns (bool) {
        return a.guard == b.guard && a.scope == b.scope;
    }
}
