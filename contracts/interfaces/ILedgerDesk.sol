// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";
import {
    CodeProof,
    Commitment,
    Dispute,
    LeafProof,
    LedgerConfig,
    RuleBook,
    Signed,
    SignerSet,
    StateSide,
    TotalProof
} from "../ledger/LedgerTypes.sol";
import {Deadline} from "../policy/Deadline.sol";
import {ILedgerErrors} from "./ILedgerErrors.sol";

/// @notice What is on record of a scope's ledger.
/// @param head struct hash of the newest commitment that was relayed
/// @param sequence of it
/// @param anchored the least height of the next anchor: the newest one's, or one above the epoch's opening
/// @param epoch that is open
/// @param terms `Commitments.termsOf` its signers and rules
/// @param isContradicted whether evidence stands against the ledger
/// @param contradicted height that the newest evidence speaks of, while it stands
/// @param streak commitments that count for healing
/// @param healableFrom from when enough of them heal it; zero while nothing counts
/// @param isRetired whether the ledger counts no more
/// @param retirableFrom from when anybody may retire it. A sound ledger moves it on by each commitment, and once by a contradiction
/// @param evidence of the newest dispute that held: keccak256 of its calldata, followed by its block's number as a word. Each
/// dispute has another one, since later ones speak of newer blocks
struct LedgerStatus {
    bytes32 head;
    uint64 sequence;
    uint64 anchored;
    uint64 epoch;
    bytes32 terms;
    bool isContradicted;
    uint64 contradicted;
    uint256 streak;
    Deadline healableFrom;
    bool isRetired;
    Deadline retirableFrom;
    bytes32 evidence;
}

/// @title Where ledgers are committed to, disputed and healed
/// @notice A ledger is kept off the chain, by an order book, a sequencer or a sub-protocol. Its signers commit to it at a
/// canonical block, and publish it. Anybody relays a commitment. Anybody shows in one transaction that ledger and chain
/// disagree. The scope is then Diverged until commitments that nobody contradicts heal it.
///
/// Who can do what:
/// - anybody: open the ledger that its guard named, relay, dispute, heal, retire. And open an epoch that was signed, or
/// announced long enough ago;
/// - a quorum of the open epoch: commit, and hand over to the signers of the next epoch;
/// - the administrator: announce an epoch, of other signers and rules, which may be opened after the delay;
/// - nobody: declare a ledger sound.
///
/// One contract serves all guards; each names the desk that it trusts. It has no owner.
///
/// **What is evidence.** A commitment that is on record, however many were relayed after it. Or one that a quorum of the
/// open epoch signed, of the ledger's tier, relayed or not, expired or not. What compares it with the chain does so at its
/// anchor, while the source of block hashes knows that block. An older block, an unknown hash or a block to come is never evidence.
/// What was signed and not relayed ends as evidence with its epoch. What was healed or retired is evidence no more.
///
/// **What is not checked** when a commitment is relayed: its state root and its ledger. The chain must have its block.
///
/// **The way out.** Anybody can retire a ledger that is silent or contradicted for 28 days (`Deadlines`). Or again and again
/// for as long. The scope then goes by the chain alone. Its guard may name another.
interface ILedgerDesk is ILedgerErrors {
    /// @notice Emitted when a guard names a scope's ledger.
    /// @param config keccak256 of the ABI encoding of its `LedgerConfig`
    event LedgerNamed(address indexed guard, bytes32 indexed scope, bytes32 config);

    /// @notice Emitted when a scope's ledger is opened.
    event LedgerOpened(address indexed guard, bytes32 indexed scope, LedgerConfig config);

    /// @notice Emitted when other signers or rules judge a ledger.
    event EpochOpened(address indexed guard, bytes32 indexed scope, uint64 epoch, SignerSet set, bytes32 rules);

    /// @notice Emitted when the administrator announces an epoch; with a hash of zero when it takes that back.
    /// @param terms hash of its signers and rules
    event EpochAnnounced(address indexed guard, bytes32 indexed scope, bytes32 terms, uint256 readyTime);

    /// @notice Emitted when a commitment was relayed.
    /// @param hash its struct hash
    event LedgerCommitted(address indexed guard, bytes32 indexed scope, bytes32 indexed hash, Commitment commitment);

    /// @notice Emitted when a ledger was proven wrong.
    /// @param hash struct hash of the commitment
    /// @param number block that the evidence speaks of
    /// @param claimed what the ledger or the commitment says
    /// @param actual what was shown
    /// @param evidence keccak256 of the calldata that showed it, followed by the number as a word
    event LedgerContradicted(
        address indexed guard,
        bytes32 indexed scope,
        Dispute indexed kind,
        bytes32 hash,
        uint64 number,
        bytes32 claimed,
        bytes32 actual,
        bytes32 evidence
    );

    /// @notice Emitted when matching commitments healed a ledger.
    /// @param number the first block that was committed to since
    event LedgerHealed(address indexed guard, bytes32 indexed scope, uint64 number);

    /// @notice Emitted when a ledger counts no more.
    event LedgerRetired(address indexed guard, bytes32 indexed scope);

    /* FOR GUARDS */

    /// @notice Names the ledger of a scope of the caller, which is the guard. Only while none is open: before, or after it was
    /// retired.
    /// @param config keccak256 of the ABI encoding of its `LedgerConfig`. A guard need not carry the code that encodes it
    function nameLedger(bytes32 scope, bytes32 config) external;

    /// @notice Opens the ledger that the guard has named.
    function open(address guard, bytes32 scope, LedgerConfig calldata config) external;

    /* COMMITMENTS */

    /// @notice Puts a commitment on record. It must follow the one on record, of the open epoch, and name a block of the
    /// chain. That block is not older than the epoch. One commitment a block is relayed.
    /// @param signatures in the order of the signers, empty where one did not sign
    function relay(Commitment calldata commitment, SignerSet calldata set, bytes[] calldata signatures) external;

    /// @notice Opens the next epoch with other signers, signed by a quorum of those of the open one. The rules stay.
    /// @param rules hash of the rule book
    /// @param validUntil the last second in which the signatures count, since 1970. Anybody may use them until then: keep it short
    /// @param signatures of `digestOfEpoch`
    function openEpoch(
        address guard,
        bytes32 scope,
        SignerSet calldata next,
        SignerSet calldata set,
        bytes32 rules,
        uint64 validUntil,
        bytes[] calldata signatures
    ) external;

    /// @notice Announces an epoch, and takes back the one that was announced. The administrator alone.
    /// @param terms `Commitments.termsOf` its signers and rules; zero for none
    function announceEpoch(address guard, bytes32 scope, bytes32 terms) external;

    /// @notice Opens the epoch that was announced, after its delay and before as much time again.
    function openAnnouncedEpoch(address guard, bytes32 scope, SignerSet calldata next, RuleBook calldata book) external;

    /* DISPUTES: each stops the commitment's scope, or reverts. The proofs say what each needs. */

    /// @notice Shows that the chain has another block at the anchor's height.
    function disputeAnchor(Signed calldata signed) external;

    /// @notice Shows that the anchor's block has another state root.
    /// @param header RLP of its header
    function disputeStateRoot(Signed calldata signed, bytes calldata header) external;

    /// @notice Shows two commitments of one sequence.
    function disputeEquivocation(Signed calldata first, Signed calldata second) external;

    /// @notice Shows a commitment that does not follow the one before.
    function disputeChain(Signed calldata parent, Signed calldata child) external;

    /// @notice Shows that a rule does not hold of a key, absence included. For a total's rule the dispute is Insolvent.
    function disputeLeaf(Signed calldata signed, RuleBook calldata book, LeafProof calldata proof) external;

    /// @notice Shows that a mirror has another root than its holder's storage. Nothing of the ledger is needed.
    /// @param state header and what `prove` returns for the holder without slots; or its pinned storage root alone
    function disputeMirror(Signed calldata signed, RuleBook calldata book, StateSide calldata state) external;

    /// @notice Shows that leaves add up to more than their total. A total of 2²⁵⁶ - 1 is never shown to be understated.
    function disputeTotal(Signed calldata signed, RuleBook calldata book, TotalProof calldata proof) external;

    /// @notice Shows that an account has other code, or another word in a slot, than the book says.
    function disputeCode(Signed calldata signed, RuleBook calldata book, CodeProof calldata proof) external;

    /* THE WAY BACK */

    /// @notice Heals a ledger, once enough commitments were relayed of blocks newer than all evidence. `healFor` must have passed
    /// since the first of them.
    function heal(address guard, bytes32 scope) external;

    /// @notice Ends a ledger that was silent or contradicted for 28 days. A trouble that ended less than 7 days ago counts on.
    function retire(address guard, bytes32 scope) external;

    /* VIEWS */

    /// @notice What is on record of a scope's ledger. Reverts with LedgerUnknown.
    function ledgerOf(address guard, bytes32 scope) external view returns (LedgerStatus memory status);

    /// @notice Whether the chain has the anchor's block within these depths, and the revert data where not. Never reverts.
    function previewAnchored(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bool allowed, bytes memory reason);

    /// @notice The digest that signers of a commitment sign.
    function digestOf(Commitment calldata commitment) external view returns (bytes32);

    /// @notice The digest that signers of an epoch sign to open the next one.
    /// @param signers `Commitments.hash` of the next set
    /// @param rules hash of the rule book
    function digestOfEpoch(
        address guard,
        bytes32 scope,
        uint64 epoch,
        bytes32 signers,
        bytes32 rules,
        uint64 validUntil
    ) external view returns (bytes32);
}
