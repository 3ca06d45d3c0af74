// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Clock} from "./PolicyTypes.sol";

/// @notice The end of a span of S seconds, as a time and a block. 40 bits of seconds since 1970, and above them 40 bits
/// of a height. Zero has passed.
type Deadline is uint80;

using Deadlines for Deadline global;

/// @title Spans that a standing chain does not run out
/// @notice A span of S seconds is also as many blocks as the chain makes in S at its slowest average. It has passed
/// when both have: users get blocks in which to act. Four times S after its beginning it has passed by the clock alone.
/// So no chain that slows down, or makes blocks on demand, prolongs it for ever.
library Deadlines {
    /// @notice After so many times its length a span has passed by the clock alone.
    uint256 internal constant CLOCK_ALONE = 4;

    uint256 private constant GREATEST = type(uint40).max;

    /// @notice The end of `length` seconds from now.
    /// @param longestBlockTime in milliseconds, not zero
    function from(Clock memory now_, uint256 length, uint256 longestBlockTime) internal pure returns (Deadline) {
        return _pack(now_.time + length, now_.number + _blocks(length, longestBlockTime));
    }

    /// @notice The end of a span that passes by the clock alone, whatever the height.
    /// @param end in seconds since 1970
    function byClock(uint256 end) internal pure returns (Deadline) {
        return _pack(end, 0);
    }

    /// @notice The end of `length` seconds from this deadline.
    function plus(Deadline self, uint256 length, uint256 longestBlockTime) internal pure returns (Deadline) {
        return _pack(self.time() + length, self.number() + _blocks(length, longestBlockTime));
    }

    /// @notice Whether the span has passed.
    /// @param length of the span, in seconds
    function hasPassed(Deadline self, Clock memory now_, uint256 length) internal pure returns (bool) {
        uint256 end = self.time();
        if (now_.time < end) return false;
        return now_.number >= self.number() || now_.time >= end + (CLOCK_ALONE - 1) * length;
    }

    /// @notice The end of two spans together: the later of each part, and the later end by the clock alone.
    /// @param length of this deadline's span, in seconds
    /// @param otherLength of the other's, in seconds
    /// @return both what has passed when both have
    /// @return span the length that goes with it. It is rounded up, so that it ends at most 2 s later by the clock
    /// alone
    function joined(
        Deadline self,
        uint24 length,
        Deadline other,
        uint24 otherLength
    ) internal pure returns (Deadline both, uint24 span) {
        both = self.later(other);
        uint256 more = CLOCK_ALONE - 1;
        uint256 alone = _max(self.time() + more * length, other.time() + more * otherLength);
        span = uint24((alone - both.time() + more - 1) / more); // no longer than the longer of the two
    }

    /// @notice The later of each part: what has passed when both have.
    function later(Deadline self, Deadline other) internal pure returns (Deadline) {
        return _pack(_max(self.time(), other.time()), _max(self.number(), other.number()));
    }

    /// @notice In seconds since 1970.
    function time(Deadline self) internal pure returns (uint256) {
        return Deadline.unwrap(self) & GREATEST;
    }

    /// @notice The height.
    function number(Deadline self) internal pure returns (uint256) {
        return Deadline.unwrap(self) >> 40;
    }

    function _blocks(uint256 length, uint256 longestBlockTime) private pure returns (uint256) {
        return (length * 1_000) / longestBlockTime;
    }

    /// @dev A part beyond 40 bits is the greatest. That is some 34,000 years, or as many blocks of 30 ms as fit into a
    /// thousand.
    function _pack(uint256 time_, uint256 number_) private pure returns (Deadline) {
        if (time_ > GREATEST) time_ = GREATEST;
        if (number_ > GREATEST) number_ = GREATEST;
        return Deadline.wrap(uint80(time_ | (number_ << 40)));
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
