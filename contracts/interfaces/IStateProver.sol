// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice A commitment that is the hash of a block, Keccak-256 of its RLP header. Never a state root, nor a batch's hash.
type BlockHashCommitment is bytes32;

/// @title What proves the state of a target chain on a home chain (ERC-7888, draft of January 2026)
/// @dev The interface id is 0x9086b097. What a commitment is, a block's hash or a state root, is the prover's to say.
interface IStateProver {
    /// @notice The target chain's commitment, shown against a commitment of the home chain.
    /// @param homeStateCommitment of the chain on which `getTargetStateCommitment` could be called
    function verifyTargetStateCommitment(
        bytes32 homeStateCommitment,
        bytes calldata input
    ) external view returns (bytes32 targetStateCommitment);

    /// @notice The target chain's commitment, on the home chain itself.
    function getTargetStateCommitment(bytes calldata input) external view returns (bytes32 targetStateCommitment);

    /// @notice The value of a slot of the target chain, shown against its commitment.
    function verifyStorageSlot(
        bytes32 targetStateCommitment,
        bytes calldata input
    ) external view returns (address account, uint256 slot, bytes32 value);

    /// @notice Rises with each version of the prover.
    function version() external view returns (uint256);
}
