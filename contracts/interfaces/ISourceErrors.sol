// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title What those are refused who deploy a source, or record in one
interface ISourceErrors {
    /// @notice Thrown when a source is of another chain than the one it is wanted for.
    error SourceOfOtherChain(address source, uint256 wanted, uint256 actual);

    /// @notice Thrown when a source does not know the block that it calls its newest, or knows one to come.
    /// @param number height that was asked
    /// @param head height of the executing block; zero where the source is of another chain
    error SourceFaulty(address source, uint64 number, uint64 head);

    /// @notice Thrown when the ring's place holds a newer block: an older one does not replace it.
    error PlaceTaken(uint64 number, uint64 newer);

    /// @notice Thrown when a block is to be recorded, or to be built upon, of which the source has no hash.
    error NothingToRecord(uint64 number);

    /// @notice Thrown when a ring would hold no block, or more than heights of 40 bits can tell apart.
    error RingSize(uint256 size);

    /// @notice Thrown when a prover is asked on its own chain for what it proves elsewhere (ERC-7888).
    error OnHomeChain(uint256 chainId);

    /// @notice Thrown when the code that a proof shows at an address is not the one that it was made for.
    error CodeDiffers(address account, bytes32 expected, bytes32 actual);

    /// @notice Thrown when a quorum is none: fewer than more than half of its members, or than one.
    error QuorumTooSmall(uint256 quorum, uint256 members);

    /// @notice Thrown when members of a quorum are not in strictly ascending order of their addresses.
    error MembersOutOfOrder(address member, address next);

    /// @notice Thrown when a call brings too little gas to ask every member. A member that was starved might have disagreed.
    /// @param gasLeft at the member that could not be asked
    /// @param needed for it, with what a call keeps back (EIP-150)
    error GasTooLow(uint256 gasLeft, uint256 needed);

    /// @notice Thrown when the beacon roots contract (EIP-4788) has no root for a time. No block has it, or it is too old.
    error BeaconRootUnknown(uint64 timestamp);

    /// @notice Thrown when a beacon block header is not the preimage of the root that it was brought for.
    error BeaconHeaderMismatch(bytes32 root, bytes32 actual);

    /// @notice Thrown when an SSZ branch has another length than its generalized index, or leads to another root.
    error BeaconProofInvalid(uint256 generalizedIndex, bytes32 root);

    /// @notice Thrown when a slot is before the first fork, or behind the last, whose generalized indices are known.
    error BeaconForkUnknown(uint64 slot);

    /// @notice Thrown when forks of the beacon chain are not in ascending order.
    error BeaconForksOutOfOrder(uint64 slot, uint64 next);
}
