// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../../contracts/anchor/Anchor.sol";
import {LiveTime} from "../../contracts/testing/LiveTime.sol";

/// @notice The library's functions from outside, so that a test sees them revert, and every compiler all of their code.
contract LiveTimeCaller {
    function pass(uint256 time) external {
        LiveTime.pass(time);
    }

    function pass(uint256 time, uint256 blockTime) external {
        LiveTime.pass(time, blockTime);
    }

    function standstill(uint256 time) external {
        LiveTime.standstill(time);
    }

    function anchor(uint256 depth) external returns (Anchor memory) {
        return LiveTime.anchor(depth);
    }

    function reorg(uint256 depth) external {
        LiveTime.reorg(depth);
    }
}
