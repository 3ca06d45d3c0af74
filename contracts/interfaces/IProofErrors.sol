// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The errors of state proofs
interface IProofErrors {
    /// @notice Thrown when a witness shows nothing: neither a value nor an absence. `explain` in TypeScript names the reason.
    /// @param root root of the trie, of state or of storage, that was given
    /// @param key address (left-padded) or slot whose part was read, not its hash
    /// @param offset byte of the witness at which the refused end or step starts. The witness's length, if it came to
    /// another root
    error StateProofInvalid(bytes32 root, bytes32 key, uint256 offset);

    /// @notice Thrown when a canonical state holds less in a slot than the protocol believes.
    error SlotBelow(address account, bytes32 slot, uint256 believed, uint256 actual);

    /// @notice Thrown when a canonical state holds more in a slot than the protocol believes.
    error SlotAbove(address account, bytes32 slot, uint256 believed, uint256 actual);

    /// @notice Thrown when a canonical state holds another value in a slot than the protocol believes.
    error SlotDiffers(address account, bytes32 slot, uint256 believed, uint256 actual);
}
