// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {GuardTest} from "settlement-guard/contracts/testing/GuardTest.sol";

import {Test} from "../test/Test.sol";

address constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
address constant BEACON_ROOTS = 0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02;

/// @notice forge has neither EIP-2935 (before the middle of 2026) nor EIP-4788 of its own. These tests run in the IR pipeline, the others in the legacy one.
contract SystemContractsTest is Test, GuardTest {
    function setUp() public {
        roll(8_200, 1);
    }

    function test_historyAnswersForItsWholeWindow() public {
        for (uint256 age = 1; age <= 8_191; age += 819) {
            Anchor memory anchor = anchorAt(age);
            assertEq(asked(HISTORY, anchor.number), anchor.hash);
            if (age <= 256) assertEq(blockhash(anchor.number), anchor.hash);
        }
        Anchor memory seen = anchorAt(500);
        reorg(500);
        bytes32 actual = asked(HISTORY, seen.number);
        require(actual != 0 && actual != seen.hash, "another hash");
        setBlockhash(seen.number, "given");
        assertEq(asked(HISTORY, seen.number), "given");
    }

    function test_beaconRootsAnswerForTheTimesOfBlocks() public {
        uint256 time = block.timestamp;
        require(asked(BEACON_ROOTS, time) != asked(BEACON_ROOTS, time - 8_190), "each its own");
        setBeaconRoot(time, "given");
        assertEq(asked(BEACON_ROOTS, time), "given");
        roll(1, 60);
        (bool ok, ) = BEACON_ROOTS.staticcall(abi.encode(time + 30));
        require(!ok, "a root where no block is");
    }

    function test_historiesHaveTheirOwn() public {
        partition("ours", "theirs");
        roll(3, 1);
        Anchor memory ours = anchorAt(1);
        bytes32 root = asked(BEACON_ROOTS, 8_204);
        switchTo("theirs");
        roll(3, 1);
        Anchor memory theirs = anchorAt(1);
        require(ours.number == theirs.number && ours.hash != theirs.hash, "another block");
        require(root != asked(BEACON_ROOTS, 8_204), "another root");
        switchTo("ours");
        assertEq(asked(HISTORY, ours.number), ours.hash);
        assertEq(asked(BEACON_ROOTS, 8_204), root);
    }

    function asked(address source, uint256 about) private view returns (bytes32) {
        (bool ok, bytes memory answer) = source.staticcall(abi.encode(about));
        require(ok, "no answer");
        return abi.decode(answer, (bytes32));
    }
}
