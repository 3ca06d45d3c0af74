// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPinErrors} from "../interfaces/IPinErrors.sol";
import {Pins} from "./Pins.sol";

/// @notice The block that a fact is about, of a chain that a source knows.
/// @param number its height
/// @param time when it was made, in seconds since 1970, by its own header
/// @param hash its hash, as the source has it
struct PinnedBlock {
    uint64 number;
    uint64 time;
    bytes32 hash;
}

/// @title What was proven once of a chain that a source knows
/// @notice As `Pins`, with the block's time and hash. The executing chain does not count that chain's blocks: age is
/// told by the clock. Nor does it reorganise with it: the source is asked for the hash each time.
/// @dev Height and time have 40 bits each, the commitment 176. The block's hash is part of it, so that a collision takes
/// 2^88 blocks made in secret.
library SourcedPins {
    uint256 private constant HEIGHT_SHIFT = 216;
    uint256 private constant TIME_SHIFT = 176;

    /// @notice Keeps a fact that was proven, unless one of a newer block is there that the source still knows.
    /// @param isNewerKnown whether the source knows a hash of the height that is kept; asked of a greater one alone
    /// @return kept false where a newer fact stays, this very one was there, or height or time have over 40 bits
    function keep(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        PinnedBlock memory block_,
        uint256 value,
        bool isNewerKnown
    ) internal returns (bool kept) {
        uint256 before = pins[subject];
        uint256 height = before >> HEIGHT_SHIFT;
        uint256 word = _wordOf(block_, value);
        if (block_.number >= Pins.HEIGHT_LIMIT || block_.time >= Pins.HEIGHT_LIMIT || before == word) return false;
        if (height > block_.number && isNewerKnown) return false;
        pins[subject] = word;
        return true;
    }

    /// @notice The height of what is pinned; zero where nothing is.
    function heightOf(mapping(bytes32 => uint256) storage pins, bytes32 subject) internal view returns (uint64) {
        return uint64(pins[subject] >> HEIGHT_SHIFT);
    }

    /// @notice The height and time of what is pinned.
    function blockOf(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject
    ) internal view returns (uint64 number, uint64 time) {
        uint256 kept = pins[subject];
        if (kept == 0) revert IPinErrors.PinMissing(subject);
        return (uint64(kept >> HEIGHT_SHIFT), uint40(kept >> TIME_SHIFT));
    }

    /// @notice Requires that `value` is what is pinned, of this very block.
    function requireKept(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        PinnedBlock memory block_,
        uint256 value
    ) internal view {
        if (pins[subject] != _wordOf(block_, value)) revert IPinErrors.PinDiffers(subject, block_.number);
    }

    /// @dev Height, time and commitment. Never zero, but for a hash that nobody finds.
    function _wordOf(PinnedBlock memory block_, uint256 value) private pure returns (uint256) {
        uint256 commitment = uint256(keccak256(abi.encode(block_.number, block_.time, block_.hash, value))) >> 80;
        return (uint256(block_.number) << HEIGHT_SHIFT) | (uint256(block_.time) << TIME_SHIFT) | commitment;
    }
}
