// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Tier} from "./IBlockHashSource.sol";

/// @title The errors of pins
/// @dev A handler treats them as guard errors: `GuardErrors.isPinError`. What has no pins does not carry them.
interface IPinErrors {
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

    /// @notice Thrown when a pin's block was made longer ago than the reader accepts, by the executing chain's clock.
    /// @param time of the block, in seconds since 1970, by its own header
    /// @param now_ of the executing block
    /// @param maxAge in seconds
    error PinTooOld(uint64 number, uint64 time, uint64 now_, uint64 maxAge);
}
