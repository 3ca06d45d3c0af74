// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title What those who believe, contradict and prove are refused
/// @notice Thrown by `ProvenBeliefs`. A subject is what is believed of, in a scope.
interface IBeliefErrors {
    /// @notice Thrown when another amount is believed of what is contradicted. Evidence alone ends that.
    /// @param evidence block that the newest evidence speaks of
    error BeliefContradicted(bytes32 scope, bytes32 subject, uint256 believed, uint64 evidence);

    /// @notice Thrown when what is proven is no less than what is believed. It contradicts nothing, and there is no
    /// loss to accept.
    error BeliefHolds(bytes32 scope, bytes32 subject, uint256 believed, uint256 proven);

    /// @notice Thrown when what is proven is less than what is believed: it reconciles nothing.
    error BeliefUnmet(bytes32 scope, bytes32 subject, uint256 believed, uint256 proven);

    /// @notice Thrown when a proof is of an older block than the belief counts from.
    error ProofOlderThanBelief(bytes32 scope, bytes32 subject, uint64 proof, uint64 since);

    /// @notice Thrown when what is proven is accepted before the delay has passed: see `Deadlines` for how it does.
    /// @param time its end, in seconds since 1970
    /// @param number its end, as a height
    error AcceptanceTooEarly(bytes32 scope, bytes32 subject, uint256 time, uint256 number);
}
