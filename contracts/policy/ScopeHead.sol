// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice All that a guarded call reads of a scope while nothing is wrong: its first slot. Zero where the scope has no configuration.
///
/// | bits | member             | unit                                                            |
/// | ---: | ------------------ | --------------------------------------------------------------- |
/// |   48 | `accountedUntil`   | milliseconds since 1970 up to which blocks account for the time |
/// |   40 | `heartbeatBlock`   | height at which the chain was last seen alive                   |
/// |   16 | `gap`              | seconds                                                         |
/// |   16 | `blockTime`        | milliseconds                                                    |
/// |   16 | `longestBlockTime` | milliseconds                                                    |
/// |   16 | `minDepth`         | blocks                                                          |
/// |   16 | `maxAge`           | blocks                                                          |
/// |   16 | `keeperLatency`    | seconds                                                         |
/// |   32 | `openDiverged`     | causes                                                          |
/// |   32 | `openHalted`       | causes                                                          |
/// |    8 | `hasDeadlines`     | 1 where the third slot may hold a deadline that has not passed  |
///
/// The first member is in the lowest bits. The last three, alone above bit 184, are zero while nothing is wrong.
type ScopeHead is uint256;

using ScopeHeads for ScopeHead global;

/// @title The first slot of a scope
/// @dev The one file that knows where a member of it lies.
library ScopeHeads {
    /// @notice The heartbeat is renewed at most once in this part of the gap.
    uint256 internal constant HEARTBEAT_PART = 4;

    /// @notice Counters stop here, and then for good: a count that was lost must not reopen anything.
    uint256 internal constant MOST_CAUSES = type(uint32).max;

    uint256 private constant HEARTBEAT = (1 << 88) - 1;
    uint256 private constant CONFIGURATION = ((1 << 184) - 1) ^ HEARTBEAT;

    /// @notice Whether the scope has a configuration.
    function isKnown(ScopeHead self) internal pure returns (bool) {
        return ScopeHead.unwrap(self) != 0;
    }

    /// @notice Whether no cause is open and no deadline is kept.
    function isUntroubled(ScopeHead self) internal pure returns (bool) {
        return ScopeHead.unwrap(self) >> 184 == 0;
    }

    /// @notice Whether nothing is wrong, and so little time has passed that nothing can be. A gap is no longer than the
    /// time since the heartbeat.
    /// @dev False without a configuration, whose gap is zero, and where the clock went back.
    function isQuiet(ScopeHead self, uint256 timestamp) internal pure returns (bool) {
        uint256 head = ScopeHead.unwrap(self); // every healthy call comes here: members are read in place
        unchecked {
            // A timestamp has 64 bits. One before the heartbeat makes a great number.
            return head >> 184 == 0 && timestamp * 1_000 - uint48(head) < uint16(head >> 88) * (1_000 / HEARTBEAT_PART);
        }
    }

    /// @notice Milliseconds that the blocks since the heartbeat do not account for, at the chain's slowest average.
    /// @dev Heights do not fall on a chain. Where one does, its blocks account for nothing until it is looked at again.
    function unaccounted(ScopeHead self, uint256 timestamp, uint256 blockNumber) internal pure returns (uint256) {
        unchecked {
            uint256 last = uint40(ScopeHead.unwrap(self) >> 48);
            uint256 blocks = blockNumber > last ? blockNumber - last : 0; // of 64 bits, by a factor of 16
            uint256 accounted = uint48(ScopeHead.unwrap(self)) + blocks * longestBlockTime(self);
            uint256 now_ = timestamp * 1_000;
            return now_ > accounted ? now_ - accounted : 0;
        }
    }

    /// @notice With the heartbeat of now. What was unaccounted for is carried over: to look more often forgives nothing.
    /// @param carried in milliseconds
    function withHeartbeat(
        ScopeHead self,
        uint256 timestamp,
        uint256 blockNumber,
        uint256 carried
    ) internal pure returns (ScopeHead) {
        unchecked {
            // Where the height fell the time since the heartbeat is carried whole, and its height stays. So a source
            // that fails buys no credit. An outage that is recorded meanwhile is the exception. Then the new height is
            // believed until the next look.
            uint256 last = uint40(ScopeHead.unwrap(self) >> 48);
            if (blockNumber < last) blockNumber = last;
            // Both fit: `ClockOutOfRange` of the configuration.
            uint256 until = (timestamp * 1_000 - carried) & type(uint48).max;
            uint256 beat = until | ((blockNumber & type(uint40).max) << 48);
            return ScopeHead.wrap((ScopeHead.unwrap(self) & ~HEARTBEAT) | beat);
        }
    }

    /// @notice Without a heartbeat: the next one is taken whatever its height.
    function withoutHeartbeat(ScopeHead self) internal pure returns (ScopeHead) {
        return ScopeHead.wrap(ScopeHead.unwrap(self) & ~HEARTBEAT);
    }

    /// @notice With another configuration; heartbeat, causes and deadlines stay.
    function withConfiguration(
        ScopeHead self,
        uint256[6] memory members // gap, blockTime, longestBlockTime, minDepth, maxAge, keeperLatency; each of 16 bits
    ) internal pure returns (ScopeHead) {
        uint256 packed;
        for (uint256 i = 0; i < 6; ++i) packed |= members[i] << (88 + 16 * i);
        return ScopeHead.wrap((ScopeHead.unwrap(self) & ~CONFIGURATION) | packed);
    }

    /// @notice With other counts of open causes, each at most `MOST_CAUSES`.
    function withCauses(ScopeHead self, uint256 diverged, uint256 halted) internal pure returns (ScopeHead) {
        uint256 others = ScopeHead.unwrap(self) & ~(uint256(type(uint64).max) << 184);
        return ScopeHead.wrap(others | (diverged << 184) | (halted << 216));
    }

    /// @notice With or without deadlines to look at.
    function withDeadlines(ScopeHead self, bool has) internal pure returns (ScopeHead) {
        return ScopeHead.wrap((ScopeHead.unwrap(self) & ((1 << 248) - 1)) | (has ? 1 << 248 : 0));
    }

    /* MEMBERS */

    /// @notice The moment of the heartbeat. The time up to which blocks account for everything, in milliseconds since
    /// 1970, and the height.
    function heartbeat(ScopeHead self) internal pure returns (uint256 accountedUntil, uint256 blockNumber) {
        return (uint48(ScopeHead.unwrap(self)), uint40(ScopeHead.unwrap(self) >> 48));
    }

    /// @notice In seconds.
    function gap(ScopeHead self) internal pure returns (uint256) {
        return uint16(ScopeHead.unwrap(self) >> 88);
    }

    /// @notice In milliseconds.
    function blockTime(ScopeHead self) internal pure returns (uint256) {
        return uint16(ScopeHead.unwrap(self) >> 104);
    }

    /// @notice In milliseconds.
    function longestBlockTime(ScopeHead self) internal pure returns (uint256) {
        return uint16(ScopeHead.unwrap(self) >> 120);
    }

    /// @notice In blocks.
    function minDepth(ScopeHead self) internal pure returns (uint64) {
        return uint16(ScopeHead.unwrap(self) >> 136);
    }

    /// @notice In blocks.
    function maxAge(ScopeHead self) internal pure returns (uint64) {
        return uint16(ScopeHead.unwrap(self) >> 152);
    }

    /// @notice In seconds.
    function keeperLatency(ScopeHead self) internal pure returns (uint256) {
        return uint16(ScopeHead.unwrap(self) >> 168);
    }

    /// @notice Open causes that make the scope Diverged.
    function openDiverged(ScopeHead self) internal pure returns (uint256) {
        return uint32(ScopeHead.unwrap(self) >> 184);
    }

    /// @notice Open causes that make the scope Halted.
    function openHalted(ScopeHead self) internal pure returns (uint256) {
        return uint32(ScopeHead.unwrap(self) >> 216);
    }

    /// @notice Whether the third slot may hold a deadline that has not passed.
    function hasDeadlines(ScopeHead self) internal pure returns (bool) {
        return ScopeHead.unwrap(self) >> 248 != 0;
    }
}
