// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice What a proof shows about one key of one trie. Never two outcomes: "not proven" is not "absent".
enum ProofStatus {
    Invalid, // the bytes prove nothing; the reason says why
    Absent, // the trie is proven to hold nothing under the key
    Present // the trie is proven to hold the returned value under the key
}

/// @notice Why a proof is invalid. `src/proof/reasons.ts` is this list's twin, in the same order; a test compares the two.
enum ProofReason {
    None, // the proof is valid
    ZeroRoot, // the root is zero: "unknown", never a trie
    Truncated, // the bytes end before the walk does
    TrailingBytes, // bytes, or nodes, are left over after the walk ended
    NodeHashMismatch, // a node is not the preimage of the hash that refers to it
    NodeTooLarge, // a node longer than 532 bytes, the size of a branch with sixteen hashes
    NodeTooSmall, // a node shorter than 32 bytes that is referred to by hash; only the root may be
    NodeMalformed, // a node that is not one canonical RLP list, or whose two items do not fill it
    BranchMalformed, // not sixteen children and an empty value, or fewer than two children
    ChildMalformed, // a reference that is neither empty, nor a 32-byte hash, nor an embedded node shorter than 32 bytes
    ExtensionMalformed, // an extension that leads to anything but a branch
    PathMalformed, // a hex-prefix path with a wrong flag, a dirty pad, a wrong length or no nibble
    PathLength, // the path leads past, or ends before, the 64th nibble of the key
    ValueMalformed, // a leaf's value: empty, a list, or (of a slot) no canonical positive integer of up to 32 bytes
    AccountMalformed, // a leaf that is not the four canonical fields of an account
    SlotOrder // the slots of a witness are not in strictly ascending order of their hashed keys
}

/// @notice An account as the state trie holds it.
/// @dev An empty account (EIP-161: no nonce, balance or code) that is in the trie is Present. An account that is not in
/// it is Absent and has no fields.
struct Account {
    uint64 nonce; // EIP-2681 bounds it below 2^64 - 1
    uint256 balance; // in wei
    bytes32 storageRoot; // keccak256(0x80) where the account has no storage
    bytes32 codeHash; // keccak256("") where it has no code; the delegation designator's hash under EIP-7702
}
