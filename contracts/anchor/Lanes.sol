// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title Small sets of four-byte values, eight a word
/// @notice Values are filled in from the left, none of them zero. Comparing one by one takes far more code.
library Lanes {
    /// @notice Whether one of the lanes is `value`. The search ends where only zeros are left, so zero is never found.
    function hold(uint256 lanes, uint256 value) internal pure returns (bool) {
        for (; lanes != 0; lanes <<= 32) {
            if (lanes >> 224 == value) return true;
        }
        return false;
    }
}
