// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice The block on which an action was prepared.
/// @dev EIP-712: `Anchor(uint64 number,bytes32 hash)`. A zero hash is never valid.
/// @param number height of the block on the executing chain
/// @param hash hash of the block
struct Anchor {
    uint64 number;
    bytes32 hash;
}

/// @notice An anchor that also commits to the state after its block.
/// @dev EIP-712: `StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)`. It is checked against the block's header.
/// @param number height of the block on the executing chain
/// @param hash hash of the block
/// @param stateRoot root of the state trie after the block
struct StateAnchor {
    uint64 number;
    bytes32 hash;
    bytes32 stateRoot;
}
