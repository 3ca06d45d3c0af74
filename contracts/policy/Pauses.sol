// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Bounds} from "./Bounds.sol";

/// @notice The last four pauses of a scope, 64 bits each, the newest lowest. Each is its end (40 bits, seconds since
/// 1970) above its length (24 bits, seconds).
type Pauses is uint256;

using PauseLog for Pauses global;

/// @title What a scope remembers of its pauses
/// @dev The one file that knows where a member of it lies. Four are enough: `Bounds.PAUSES` are all that a window may have.
library PauseLog {
    uint256 private constant EACH = 64;
    uint256 private constant LENGTH = 24;

    /// @notice With a pause that ends at `end`, in the place of the oldest.
    function with(Pauses self, uint256 end, uint256 length) internal pure returns (Pauses) {
        return Pauses.wrap((Pauses.unwrap(self) << EACH) | (end << LENGTH) | length);
    }

    /// @notice The length of the last pause, in seconds; zero if there was none.
    function lastLength(Pauses self) internal pure returns (uint256) {
        return Pauses.unwrap(self) & type(uint24).max;
    }

    /// @notice What the pauses of the window that ends now add up to, in seconds. Also how many of the remembered four
    /// lie in it.
    function inWindow(Pauses self, uint256 time) internal pure returns (uint256 used, uint256 count) {
        for (uint256 rest = Pauses.unwrap(self); rest != 0; rest >>= EACH) {
            uint256 end = uint64(rest) >> LENGTH;
            if (end + Bounds.PAUSE_WINDOW > time) {
                used += rest & type(uint24).max;
                ++count;
            }
        }
    }
}
