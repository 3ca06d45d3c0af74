// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ProofReason} from "../proof/ProofTypes.sol";

/// @title The errors of state proofs
interface IProofErrors {
    /// @notice Thrown when bytes that were given as a proof prove nothing: neither a value nor an absence.
    /// @param root the root of the trie in which the proof was to be walked
    /// @param key the address (left-padded) or the slot that was asked for, not its hash
    error StateProofInvalid(bytes32 root, bytes32 key, ProofReason reason);
}
