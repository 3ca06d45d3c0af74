// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice The block on which an action was prepared.
/// @param number height of the block on the chain that executes the action
/// @param hash hash of the block; zero is never valid
struct Anchor {
    uint64 number;
    bytes32 hash;
}

/// @notice An anchor that also commits to the state on which an action was prepared.
/// @param number height of the block on the chain that executes the action
/// @param hash hash of the block; zero is never valid
/// @param stateRoot root of the state trie after the block, as its header holds it
struct StateAnchor {
    uint64 number;
    bytes32 hash;
    bytes32 stateRoot;
}
