// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice How sure it is that the chain keeps the blocks of a source, in rising order.
enum Tier {
    Head, // of the branch that is executing, or of what a sequencer has seen: a reorg may drop them
    Safe, // a reorg needs a majority of the chain's validators
    Finalized // the chain's own rules have finalized them
}

/// @notice What a source says of a block. Unknown and Disagree are no hash, and each denies.
enum Answer {
    Unknown, // not seen, no longer kept, or not answered
    Known, // the hash that comes with it is the block's
    Disagree // members of a quorum know different hashes of it
}

/// @title What answers "the canonical hash of block N"
/// @notice One chain, one tier. Never a guess: what is not known is Unknown, with a hash of zero.
/// @dev A reader goes through `Sources.ask`: a call that fails, or answers in another shape, is Unknown there.
interface IBlockHashSource {
    /// @notice The chain whose blocks it knows (EIP-155).
    function chainId() external view returns (uint256);

    /// @notice How sure its blocks are.
    function tier() external view returns (Tier);

    /// @notice A height up to which it has come, zero while it has none. Of that block it mostly knows the hash. A quorum
    /// names the greatest of its members' own that it knows, and may know greater ones.
    function newest() external view returns (uint64 number);

    /// @notice The hash of block `number`. Never reverts, given gas enough.
    /// @return answer what is known
    /// @return hash the block's hash where the answer is Known, else zero
    function hashOf(uint64 number) external view returns (Answer answer, bytes32 hash);
}
