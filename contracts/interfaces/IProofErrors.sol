// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Tier} from "./IBlockHashSource.sol";

/// @title The errors of state proofs, and of pins
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

    /// @notice Thrown when nothing was pinned of a subject.
    error PinMissing(bytes32 subject);

    /// @notice Thrown when a value is given that is not the one that is pinned. A newer block has replaced it, or the pinned
    /// block is not canonical any more.
    /// @param kept block of the pin that is there
    error PinDiffers(bytes32 subject, uint64 kept);

    /// @notice Thrown when a fact must be surer than the blocks that it rests on.
    /// @param wanted the least `Tier` that is asked for
    /// @param actual the tier of the source that knows the blocks
    error PinTierTooLow(bytes32 subject, Tier wanted, Tier actual);
}
