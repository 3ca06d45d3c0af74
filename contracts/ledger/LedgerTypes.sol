// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {Tier} from "../interfaces/IBlockHashSource.sol";

/// @notice A signed claim: this was the ledger of a scope when the chain was at this block.
/// @param guard the protocol whose scope it is
/// @param scope what the ledger is of, usually one market
/// @param epoch whose signers it is judged by, counted from 1
/// @param sequence 1, 2, 3 and so on, across epochs. A quorum signs one commitment of a sequence in an
/// epoch, also where that one expires. A new epoch voids it
/// @param chainId of the chain of the anchor (EIP-155), which is the executing one
/// @param anchor the block up to which the ledger follows the chain, with its state root
/// @param ledgerRoot root of the ledger, a trie in the shape of a contract's storage
/// @param format of the ledger: `LEDGER_FORMAT`
/// @param rules hash of the rule book by which ledger and chain are compared
/// @param previous struct hash of the commitment before, zero for the first ever
/// @param validUntil the last second in which it may be relayed, since 1970. It stays evidence afterwards
/// @param validUntilBlock the last height at which it may be relayed
/// @param tier how sure the signers were of the anchor's block
struct Commitment {
    address guard;
    bytes32 scope;
    uint64 epoch;
    uint64 sequence;
    uint256 chainId;
    StateAnchor anchor;
    bytes32 ledgerRoot;
    uint16 format;
    bytes32 rules;
    bytes32 previous;
    uint64 validUntil;
    uint64 validUntilBlock;
    Tier tier;
}

/// @dev The format of a ledger that is a Merkle-Patricia trie: keccak256(key) to the RLP of a word, zero being absent.
uint16 constant LEDGER_FORMAT = 1;

/// @notice Who signs, and how many of them must.
/// @param threshold more than half of them, so that two quorums share a signer. Above two thirds they share an honest
/// one, as long as fewer than a third are not
/// @param signers accounts or contracts (ERC-1271), strictly ascending, at most 32
struct SignerSet {
    uint256 threshold;
    address[] signers;
}

/// @notice A commitment as evidence: on record, or signed by a quorum of the open epoch.
/// @param descendants where it is on record: those that were relayed after it, up to the newest. One whose sequence is a
/// multiple of 64 will do as well. None where it is such a one itself
/// @param set signers of the open epoch; left empty where it is on record
/// @param signatures in the order of the signers, empty where one did not sign; none where it is on record
struct Signed {
    Commitment commitment;
    Commitment[] descendants;
    SignerSet set;
    bytes[] signatures;
}

/// @notice How a ledger's value must stand to the chain's.
enum Comparator {
    Equal, // ledger == chain
    AtMost, // ledger <= chain
    AtLeast // ledger >= chain
}

/// @notice Which slot of the holder a key of the ledger is compared with.
enum Derivation {
    Fixed, // the slot itself; the key's owner is zero, so that it is a total
    ByOwner, // mapping(address => ...) at the slot
    ByOwnerAsset, // mapping(address => mapping(bytes32 => ...)) at the slot
    Mirror // the key is the slot: the ledger has the layout of the holder's storage
}

/// @notice One comparison of ledger and chain.
/// @param kind what the ledger's key is of, such as "balance"; unused where the ledger is a mirror, as is `asset`
/// @param asset of the ledger's key
/// @param holder the contract whose storage is compared
/// @param slot where the derivation begins
/// @param member slots that are added to the derived one: a member of a struct
/// @param offset bits of the word below the value
/// @param bits of the value, 1 to 256
struct Rule {
    bytes32 kind;
    bytes32 asset;
    address holder;
    bytes32 slot;
    uint16 member;
    uint16 offset;
    uint16 bits;
    Derivation derivation;
    Comparator comparator;
}

/// @notice The code, or the configuration, that an account must have.
/// @param isSlot whether a slot is compared, such as a proxy's implementation (ERC-1967), and not the code
/// @param slot of the account; unused where it is the code
/// @param expected the slot's word, or keccak256 of the code; zero for no code
struct CodeRule {
    address account;
    bool isSlot;
    bytes32 slot;
    bytes32 expected;
}

/// @notice All by which a scope's ledger is judged. Its hash, keccak256 of its ABI encoding, is a commitment's `rules`.
/// @dev A ledger must be able to satisfy all of it, for owners that it does not have as well. Nothing checks that. Values
/// are unsigned. No rule asks for the ledger itself: its signers must publish it, or nobody can prove what is in it.
/// @param version of the software that applies them. Signers of two versions do not count together
struct RuleBook {
    bytes32 version;
    Rule[] rules;
    CodeRule[] codes;
}

/// @notice How a scope's ledger is watched.
/// @param set signers of the first epoch
/// @param book by which the ledger is judged
/// @param administrator who may open an epoch after a delay; zero for nobody
/// @param delay seconds between its announcement and the epoch, 1 to 30 days
/// @param silence seconds after a commitment in which the next one is due. They count as blocks, too: `Deadlines`. Longer
/// than the time between commitments and what the tier lags behind the head together. For anchors of an epoch are newer than its
/// opening. Anybody may open a signed or announced one right before a commitment, and void that. Open it right after one
/// @param healAfter consecutive commitments that heal, at least 2
/// @param healFor seconds since the first of them, 5 minutes to 7 days. They count as blocks, too. Meanwhile they can be disputed
/// @param tier the least that a commitment must have, Safe at least: of Head any reorg would be a mismatch
/// @param minDepth how deep the anchor must lie when it is relayed, in blocks
/// @param maxAge how deep it may lie then, in blocks. At most half of what the source of block
/// hashes answers for. The other half is the time in which it can be disputed
/// @param longestBlockTime the longest average of a chain that lives, in milliseconds, as of a scope. With a shorter one spans pass
/// by the clock alone, at four times their length
struct LedgerConfig {
    SignerSet set;
    RuleBook book;
    address administrator;
    uint24 delay;
    uint24 silence;
    uint8 healAfter;
    uint24 healFor;
    Tier tier;
    uint16 minDepth;
    uint24 maxAge;
    uint16 longestBlockTime;
}

/// @notice What is wrong with a ledger. Each is proven in one transaction, given the ledger.
enum Dispute {
    Mismatch, // the chain has another block at the anchor's height
    StateRoot, // the anchor's block has another state root
    Equivocation, // two commitments of one sequence
    BrokenChain, // a commitment does not follow the one before
    Leaf, // a rule does not hold of a key; of a mirror, the root is another
    Insolvent, // a total does not stand to what the chain holds as its rule says
    Understated, // leaves add up to more than their total: as many as fit into a transaction, some 1,200
    Code // an account has other code, or another configuration
}

/// @notice What the chain held at a commitment's anchor.
/// @param header RLP of the anchor's header; empty where a root is pinned
/// @param pinnedRoot storage root of the account that is pinned for the anchor's block; zero where none is
/// @param witness what `prove` returns for the account and the slot, or for the slot under the pin
struct StateSide {
    bytes header;
    bytes32 pinnedRoot;
    bytes witness;
}

/// @notice What shows that a rule does not hold.
/// @param rule its index in the book
/// @param owner of the key; a mirror's slot; zero for a total
/// @param witness the ledger's, for the key
/// @param state the chain's
struct LeafProof {
    uint256 rule;
    bytes32 owner;
    bytes witness;
    StateSide state;
}

/// @notice What shows that leaves add up to more than their total.
/// @param rule index in the book of the total's rule, whose derivation is Fixed
/// @param owners whose leaves are added up, in ascending order of their hashed keys. Zero stands for the total, in its place
/// @param witness the ledger's, for all of their keys
struct TotalProof {
    uint256 rule;
    address[] owners;
    bytes witness;
}

/// @notice What shows that an account has other code, or another word in a slot.
/// @param code index in the book
/// @param state the chain's, for the slot; for the code a header, and what `prove` returns for the account without slots
struct CodeProof {
    uint256 code;
    StateSide state;
}
