// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

// Generated from src/policy/bounds.ts by `npm run bounds`. Do not edit.

/// @title What a configuration may be, and what a pauser may do
library Bounds {
    /// @notice In milliseconds.
    uint256 internal constant BLOCK_TIME_GREATEST = 52_000;

    /// @notice The longest average block time is at most so many percent of the usual one. Quiet time hides at most the rest of it.
    uint256 internal constant LONGEST_BLOCK_TIME_PERCENT = 125;

    /// @notice And at least so many percent of it, of the listed one where the chain is listed. Missed slots are healthy.
    uint256 internal constant LONGEST_BLOCK_TIME_LEAST_PERCENT = 105;

    /// @notice In seconds; and at least so many of the longest block times.
    uint256 internal constant GAP_LEAST = 30;
    uint256 internal constant GAP_LEAST_BLOCKS = 8;
    uint256 internal constant GAP_GREATEST = 7_200;

    /// @notice In seconds, where the L1 origin shows continuity. A healthy one lags by up to a quarter of the least, none by more than the greatest.
    uint256 internal constant L1_GAP_LEAST = 724;
    uint256 internal constant L1_GAP_GREATEST = 1_799;

    /// @notice Each span of seconds is at least so many of the longest block times.
    uint256 internal constant SPAN_LEAST_BLOCKS = 4;

    /// @notice In seconds.
    uint256 internal constant STALE_FOR_GREATEST = 86_400;
    uint256 internal constant GRACE_FOR_GREATEST = 14_400;
    uint256 internal constant EXITS_FOR_GREATEST = 604_800;

    /// @notice In blocks: what EIP-2935 answers for.
    uint256 internal constant MAX_AGE_GREATEST = 8_191;

    /// @notice In seconds: the longest pause, the rolling window, and what all pauses in it may add up to. At most four pauses are in it.
    uint256 internal constant PAUSE_GREATEST = 86_400;
    uint256 internal constant PAUSE_WINDOW = 2_592_000;
    uint256 internal constant PAUSE_BUDGET = 259_200;
    uint256 internal constant PAUSES = 4;

    /// @notice A scope has at most so many above it.
    uint256 internal constant PARENTS = 3;
}
