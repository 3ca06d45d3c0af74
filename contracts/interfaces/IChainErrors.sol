// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice In what a chain and the header that was given for it disagree.
enum ChainFault {
    /// The header's height is not among those for which its source answers now; the other value is the executing block's.
    Height,
    /// The source has another hash for that height, or none: zero is "unknown".
    Hash,
    /// The source has another hash for the height below, or none, than the header names as its parent.
    ParentHash,
    /// The header's time is after the executing block's, or more than an hour before it.
    Time
}

/// @title What a chain is refused that does not prove itself
interface IChainErrors {
    /// @notice Thrown when the header given for a chain does not show that its source of block hashes is right.
    /// @param given what the header says: a height, a hash, or seconds since 1970
    /// @param shown what the chain says of the same
    error ChainUnproven(uint256 chainId, ChainFault fault, bytes32 given, bytes32 shown);
}
