// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The one place from which the guard takes a height
/// @dev Anchors and policy must count the same blocks: a protocol that mixed the heights of two chains could be made to take an old fact for a
/// new one.
abstract contract ChainClock {
    /// @notice The height of the executing block.
    /// @dev An override MUST fit 64 bits, as clients hold it, and MUST NOT revert.
    function _blockNumber() internal view virtual returns (uint256) {
        return block.number;
    }
}
