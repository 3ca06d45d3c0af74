// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../../contracts/anchor/Anchor.sol";
import {GuardTest} from "../../contracts/testing/GuardTest.sol";

/// @notice The helpers from outside, so that a test sees them revert, and every compiler all of their code.
contract GuardTestCaller is GuardTest {
    error NotAsExpected();

    function callRoll(uint256 blocks, uint256 blockTime) external {
        if (blocks == 1) roll();
        else if (blockTime == 12) roll(blocks);
        else roll(blocks, blockTime);
    }

    function callOutage(uint256 time) external {
        outage(time);
    }

    function callReorg(uint256 depth) external {
        reorg(depth);
    }

    function callPartition(string calldata here, string calldata there) external {
        partition(here, there);
    }

    function callSwitchTo(string calldata name) external {
        switchTo(name);
    }

    function callAnchorAt(uint256 depth) external view returns (Anchor memory) {
        return anchorAt(depth);
    }

    function callSetBlockhash(uint256 number, bytes32 hash) external {
        setBlockhash(number, hash);
    }

    function callExpectGuardError(bytes4 selector) external {
        expectGuardError(selector);
    }

    /// @notice A test that expects an error of a call.
    function expectOf(string calldata signature, bytes calldata values, address target, bytes calldata data) external {
        if (values.length == 0) expectGuardError(signature);
        else expectGuardError(signature, values);
        // The cheatcode makes a call that reverts as expected succeed, and any other fail.
        (bool ok, ) = target.call(data);
        if (!ok) revert NotAsExpected();
    }
}
