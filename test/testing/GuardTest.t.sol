// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../../contracts/anchor/Anchor.sol";
import {BlockHashes} from "../../contracts/anchor/BlockHashes.sol";
import {BeaconRoots} from "../../contracts/anchor/sources/BeaconRoots.sol";
import {IActionErrors} from "../../contracts/interfaces/IActionErrors.sol";
import {IAnchorErrors} from "../../contracts/interfaces/IAnchorErrors.sol";
import {ISourceErrors} from "../../contracts/interfaces/ISourceErrors.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {GuardTest} from "../../contracts/testing/GuardTest.sol";
import {ICheatcodes, LiveTime} from "../../contracts/testing/LiveTime.sol";
import {GuardTestCaller} from "./GuardTestCaller.sol";
import {LiveTimePerps} from "./LiveTime.t.sol";

/// @notice What a contract under test sees of the chain.
contract ChainProbe {
    function moment() external view returns (uint256 timestamp, uint256 number) {
        return (block.timestamp, block.number);
    }

    function blockhashOf(uint256 number) external view returns (bytes32) {
        return blockhash(number);
    }

    function historyOf(uint256 number) external view returns (bytes32) {
        return BlockHashes.fromHistory(number);
    }

    function beaconRootAt(uint64 time) external view returns (bytes32) {
        return BeaconRoots.parentRootAt(time);
    }

    function randao() external view returns (uint256) {
        return block.prevrandao;
    }
}

/// @title A chain with branches, seen by an exchange
contract GuardTestTest is GuardTest {
    error Unexpected(string what);

    LiveTimePerps private _perps;
    ChainProbe private _probe;
    uint256 private _counter;
    uint256 private _born = block.timestamp;

    function setUp() external {
        roll(4);
        _perps = new LiveTimePerps();
        _probe = new ChainProbe();
        roll(2);
    }

    function test_TheContractsHaveTheCodeOfTheirSpecifications() external view {
        _require(BlockHashes.HISTORY.code.length == 83, "EIP-2935");
        _require(BeaconRoots.CONTRACT.codehash == BeaconRoots.CODE_HASH, "EIP-4788");
    }

    function test_RollMovesNumberAndTime() external {
        (uint256 time, uint256 number) = _probe.moment();
        roll();
        _expectMoment(time + 12, number + 1);
        roll(3);
        _expectMoment(time + 48, number + 4);
        roll(5, 2);
        _expectMoment(time + 58, number + 9);
        roll(0);
        _expectMoment(time + 58, number + 9);
    }

    function test_BlocksBeforeTheFirstRollHaveTheirHashesToo() external {
        bytes32 first = _probe.historyOf(0);
        _require(first != 0 && first == _probe.blockhashOf(0), "the block before the test's first");
        _require(_probe.beaconRootAt(uint64(_born)) != 0, "the root at the test's first");
        // A second contract that makes blocks begins with those that there are.
        setBlockhash(2, "given");
        new GuardTestCaller();
        _require(_probe.historyOf(2) == "given" && _probe.blockhashOf(2) == "given", "what is known stays");
    }

    function test_EveryBlockHasOneHashInBlockhashAndHistory() external {
        roll(300);
        (, uint256 number) = _probe.moment();
        for (uint256 depth = 1; depth <= 300; ++depth) {
            Anchor memory anchor = anchorAt(depth);
            _require(anchor.number == number - depth, "its number");
            _require(anchor.hash != 0 && anchor.hash == _probe.historyOf(number - depth), "EIP-2935");
            _require(_probe.blockhashOf(number - depth) == (depth <= 256 ? anchor.hash : bytes32(0)), "BLOCKHASH");
            _require(depth == 1 || anchor.hash != anchorAt(depth - 1).hash, "each its own");
        }
        _require(_probe.historyOf(number) == 0, "none of its own block");
    }

    function test_HistoryAnswersItsWholeWindowAfterALongRoll() external {
        roll(10_000);
        (, uint256 number) = _probe.moment();
        _require(anchorAt(8_191).hash != 0, "the oldest");
        _require(_probe.historyOf(number - 8_191) == anchorAt(8_191).hash, "EIP-2935");
        _require(_probe.historyOf(number - 8_192) == 0, "out of the window");
        _require(_probe.historyOf(number - 257) == anchorAt(257).hash, "beyond BLOCKHASH");
    }

    function test_EveryBlockHasABeaconRootAtItsTime() external {
        roll(8_191);
        (uint256 time, ) = _probe.moment();
        bytes32 last = _probe.beaconRootAt(uint64(time));
        _require(last != _probe.beaconRootAt(uint64(time - 12)), "each its own");
        _require(_probe.beaconRootAt(uint64(time - 8_190 * 12)) != 0, "the oldest");
        for (uint64 missed = 1; missed < 12; ++missed) {
            try _probe.beaconRootAt(uint64(time) - missed) {
                revert Unexpected("a root where no block is");
            } catch (bytes memory reason) {
                _require(bytes4(reason) == ISourceErrors.BeaconRootUnknown.selector, "BeaconRootUnknown");
            }
        }
    }

    function test_ABeaconRootCanBeSetAndIsTheBranchsOwn() external {
        roll(3);
        (uint256 time, ) = _probe.moment();
        bytes32 before = _probe.beaconRootAt(uint64(time));
        setBeaconRoot(time, "another");
        _require(_probe.beaconRootAt(uint64(time)) == "another", "the one that was set");
        reorg(2);
        bytes32 root = _probe.beaconRootAt(uint64(time));
        _require(root != 0 && root != before && root != "another", "undone, and another branch's");
    }

    function test_BranchesShareTheRootOfABlockWhoseParentTheyShare() external {
        roll(4);
        (uint256 time, ) = _probe.moment();
        bytes32[4] memory roots;
        for (uint256 age = 0; age < 4; ++age) roots[age] = _probe.beaconRootAt(uint64(time - age * 12));
        reorg(2);
        for (uint256 age = 0; age < 4; ++age)
            _require(
                (_probe.beaconRootAt(uint64(time - age * 12)) == roots[age]) == (age >= 2),
                "its parent's, wherever that lies"
            );
        partition("here", "there");
        switchTo("there");
        bytes32 present = _probe.beaconRootAt(uint64(time));
        switchTo("here");
        _require(present == _probe.beaconRootAt(uint64(time)), "the present block's in both histories");
    }

    function test_EveryBlockOfEveryBranchHasRandomnessOfItsOwn() external {
        uint256[5] memory drawn;
        drawn[0] = _probe.randao();
        roll();
        drawn[1] = _probe.randao();
        roll(3);
        drawn[2] = _probe.randao();
        roll(0);
        _require(_probe.randao() == drawn[2], "the same block's");
        reorg(2);
        drawn[3] = _probe.randao();
        partition("here", "there");
        roll();
        drawn[4] = _probe.randao();
        switchTo("there");
        _require(_probe.randao() == drawn[3], "the present block's in both histories");
        roll();
        uint256 elsewhere = _probe.randao();
        switchTo("here");
        _require(_probe.randao() == drawn[4], "as it was left");
        for (uint256 i = 0; i < 5; ++i) {
            _require(drawn[i] != elsewhere, "another history's");
            for (uint256 j = 0; j < i; ++j) _require(drawn[i] != drawn[j], "another block's");
        }
    }

    function test_AReorgUndoesAFillAndRefusesItsAnchor() external {
        Anchor memory below = anchorAt(1);
        roll(3);
        Anchor memory inside = anchorAt(2);
        (uint256 time, uint256 number) = _probe.moment();
        _perps.open(inside);
        roll();
        _require(_perps.opened() == 1, "filled");

        reorg(4);
        _require(_perps.opened() == 0, "the fill has not happened");
        _expectMoment(time + 12, number + 1);
        bytes32 actual = _probe.blockhashOf(inside.number);
        _require(actual != 0 && actual != inside.hash, "another hash");
        _require(actual == _probe.historyOf(inside.number), "EIP-2935 follows");
        _require(_probe.blockhashOf(below.number) == below.hash, "what lies below stays");
        _require(_probe.historyOf(below.number) == below.hash, "what lies below stays in EIP-2935");

        expectGuardError(IAnchorErrors.AnchorMismatch.selector, abi.encode(inside.number, inside.hash, actual));
        _perps.open(inside);
        _perps.open(below);
        _perps.open(anchorAt(1));
        _require(_perps.opened() == 2, "sent again");
    }

    function test_AReorgReplacesExactlyItsBlocks() external {
        // Runs of one, three and two blocks, with a time of their own, and a transaction between them.
        roll(1, 5);
        ++_counter;
        roll(3, 7);
        ++_counter;
        roll(2, 9);
        (uint256 time, uint256 number) = _probe.moment();
        bytes32[] memory hashes = _hashesBelow(number, 6);
        uint256[6] memory counters = [uint256(2), 1, 1, 1, 0, 0];
        bytes32 present = _probe.beaconRootAt(uint64(time));
        partition("before", "copy");
        for (uint256 depth = 1; depth <= 6; ++depth) {
            reorg(depth);
            _expectMoment(time, number);
            _require(_counter == counters[depth - 1], "the test's own storage goes back");
            bytes32[] memory others = _hashesBelow(number, 6);
            for (uint256 i = 0; i < 6; ++i)
                _require(
                    (others[i] != hashes[i]) == (i < depth),
                    "the replaced blocks have other hashes, and no others"
                );
            _require(_probe.beaconRootAt(uint64(time)) != present, "a root of its own");
            _require(_probe.beaconRootAt(uint64(time - 9)) != 0, "at the same times");
            _require(_probe.beaconRootAt(uint64(time - 18 - 7)) != 0, "at the same times, in each run");
            hashes = others;
        }
    }

    function test_AReorgKeepsTheTimesThatTheTestSet() external {
        roll(2);
        (uint256 time, uint256 number) = _probe.moment();
        ICheatcodes(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D).warp(time + 100);
        roll(2);
        reorg(1);
        _expectMoment(time + 124, number + 2);
        reorg(3);
        _expectMoment(time + 124, number + 2);
    }

    function test_AReorgOfAReorgHasHashesThatNoneHad() external {
        roll(3);
        bytes32[4] memory seen;
        (, uint256 number) = _probe.moment();
        for (uint256 i = 0; i < 4; ++i) {
            seen[i] = _probe.blockhashOf(number - 1);
            for (uint256 j = 0; j < i; ++j) _require(seen[i] != seen[j], "never again");
            reorg(1 + (i % 2));
        }
    }

    function test_AReorgDeeperThanWhatWasRolledIsRefused() external {
        GuardTestCaller caller = new GuardTestCaller();
        _expectTooDeep(caller, 1, 0);
        caller.callRoll(3, 12);
        _expectTooDeep(caller, 0, 2);
        _expectTooDeep(caller, 3, 2);
        caller.callReorg(2);
        // Whoever moves blocks by other means ends the record.
        LiveTime.pass(24);
        _expectTooDeep(caller, 1, 0);
        // No block comes, so that none is recorded.
        caller.callRoll(0, 12);
        _expectTooDeep(caller, 1, 0);
        caller.callRoll(2, 12);
        _expectTooDeep(caller, 2, 1);
        caller.callReorg(1);
    }

    function test_TheStatesOfTheLast256RollsAreKept() external {
        GuardTestCaller caller = new GuardTestCaller();
        caller.callRoll(3, 12);
        caller.callPartition("long", "short");
        for (uint256 i = 0; i < 257; ++i) caller.callRoll(1, 12);
        bytes32 replaced = anchorAt(255).hash;
        _expectTooDeep(caller, 256, 255);
        caller.callReorg(255);
        _require(anchorAt(255).hash != replaced, "as many can be undone");
        // The other history begins with states that were given up here.
        caller.callSwitchTo("short");
        (bool ok, bytes memory reason) = address(caller).call(abi.encodeCall(caller.callReorg, 2));
        _require(!ok && bytes4(reason) == SnapshotGone.selector, "SnapshotGone");
    }

    function test_TwoHistoriesGoTheirOwnWays() external {
        Anchor memory common = anchorAt(1);
        partition("majority", "minority");
        roll(3);
        _perps.open(anchorAt(2));
        Anchor memory ofMajority = anchorAt(1);
        (uint256 time, uint256 number) = _probe.moment();

        switchTo("minority");
        _expectMoment(time - 36, number - 3);
        _require(_perps.opened() == 0, "nothing of the other's");
        roll(5, 6);
        bytes32 actual = _probe.blockhashOf(ofMajority.number);
        expectGuardError(
            "AnchorMismatch(uint64,bytes32,bytes32)",
            abi.encode(ofMajority.number, ofMajority.hash, actual)
        );
        _perps.open(ofMajority);
        _perps.open(common);
        _perps.open(anchorAt(3));
        Anchor memory ofMinority = anchorAt(5);
        _require(ofMinority.number == common.number + 1, "the first block that they do not share");

        switchTo("majority");
        _expectMoment(time, number);
        _require(_perps.opened() == 1, "as it was left");
        _require(_probe.historyOf(ofMajority.number) == ofMajority.hash, "its own hashes");
        expectGuardError("AnchorMismatch(uint64,bytes32,bytes32)");
        _perps.open(ofMinority);
        switchTo("majority");
        _perps.open(ofMajority);
        switchTo("minority");
        _require(_perps.opened() == 2, "as that was left");
    }

    function test_AReorgInOneHistoryLeavesTheOthers() external {
        partition("a", "b");
        switchTo("b");
        partition("b", "c");
        roll(3);
        Anchor memory ofB = anchorAt(1);
        switchTo("a");
        roll(3);
        bytes32 before = anchorAt(1).hash;
        _require(before != ofB.hash, "a is not b");
        reorg(4);
        _require(anchorAt(1).hash != before && anchorAt(1).hash != ofB.hash, "a's other branch is nobody's");
        switchTo("b");
        _require(_probe.blockhashOf(ofB.number) == ofB.hash, "b stays");
        switchTo("c");
        roll(3);
        _require(anchorAt(1).hash != ofB.hash && anchorAt(1).number == ofB.number, "c is not b");
        switchTo("a");
        _require(anchorAt(1).hash != before, "a stays reorganised");
    }

    function test_HistoriesAreKnownByTheirNames() external {
        GuardTestCaller caller = new GuardTestCaller();
        _expectRefused(
            caller,
            abi.encodeCall(caller.callSwitchTo, "a"),
            abi.encodeWithSelector(NoHistory.selector, "a")
        );
        bytes memory twice = abi.encodeCall(caller.callPartition, ("a", "a"));
        _expectRefused(caller, twice, abi.encodeWithSelector(HistoryExists.selector, "a"));
        caller.callPartition("a", "b");
        _expectRefused(
            caller,
            abi.encodeCall(caller.callPartition, ("a", "b")),
            abi.encodeWithSelector(HistoryExists.selector, "b")
        );
        _expectRefused(
            caller,
            abi.encodeCall(caller.callPartition, ("b", "c")),
            abi.encodeWithSelector(NoHistory.selector, "b")
        );
        _expectRefused(
            caller,
            abi.encodeCall(caller.callSwitchTo, "c"),
            abi.encodeWithSelector(NoHistory.selector, "c")
        );
    }

    function test_AnOutageIsSeenAsStale() external {
        roll(300);
        (uint256 time, uint256 number) = _probe.moment();
        _expectStatus(Status.Synced);
        outage(1 hours);
        _expectMoment(time + 1 hours, number + 1);
        _expectStatus(Status.Stale);
        expectGuardError(IActionErrors.ActionDenied.selector);
        _perps.open(anchorAt(1));
        _require(_probe.beaconRootAt(uint64(time + 1 hours)) != 0, "the block at its end has a root");
        // In another history it did not happen.
        reorg(1);
        _expectMoment(time + 1 hours, number + 1);
    }

    function test_ABlockCanBeGivenAnotherHash() external {
        roll(300);
        (, uint256 number) = _probe.moment();
        setBlockhash(number - 256, "young");
        setBlockhash(number - 257, "old");
        _require(_probe.blockhashOf(number - 256) == "young" && _probe.historyOf(number - 256) == "young", "in both");
        _require(_probe.historyOf(number - 257) == "old" && anchorAt(257).hash == "old", "in EIP-2935");
        roll();
        _require(_probe.historyOf(number - 256) == "young", "for good");
        reorg(1);
        _require(_probe.historyOf(number - 256) != "young", "undone, with the block in which it came");
        _require(_probe.blockhashOf(number - 255) == _probe.historyOf(number - 255), "BLOCKHASH agrees");
    }

    function test_WhatCannotBeIsRefused() external {
        GuardTestCaller caller = new GuardTestCaller();
        (, uint256 number) = _probe.moment();
        uint256[4] memory depths = [0, 8_192, number + 1, type(uint256).max];
        for (uint256 i = 0; i < 4; ++i)
            _expectRefused(
                caller,
                abi.encodeCall(caller.callAnchorAt, depths[i]),
                abi.encodeWithSelector(LiveTime.NoBlockAtDepth.selector, depths[i], number)
            );
        for (uint256 i = 0; i < 2; ++i)
            _expectRefused(
                caller,
                abi.encodeCall(caller.callSetBlockhash, (number + i, "hash")),
                abi.encodeWithSelector(LiveTime.NoBlockAtDepth.selector, 0, number)
            );
        _expectRefused(
            caller,
            abi.encodeCall(caller.callRoll, (2, 0)),
            abi.encodeWithSelector(LiveTime.NoBlockTime.selector)
        );
        _expectRefused(
            caller,
            abi.encodeCall(caller.callOutage, 0),
            abi.encodeWithSelector(LiveTime.NoBlockTime.selector)
        );
        // A block that no helper made has no hash.
        LiveTime.pass(24);
        _expectRefused(
            caller,
            abi.encodeCall(caller.callAnchorAt, 1),
            abi.encodeWithSelector(LiveTime.NoBlockAtDepth.selector, 1, number + 2)
        );
        roll(9_000);
        _expectRefused(
            caller,
            abi.encodeCall(caller.callAnchorAt, 8_192),
            abi.encodeWithSelector(LiveTime.NoBlockAtDepth.selector, 8_192, number + 9_002)
        );
        bytes memory old = abi.encodeCall(caller.callSetBlockhash, (number, "hash"));
        _expectRefused(caller, old, abi.encodeWithSelector(LiveTime.NoBlockAtDepth.selector, 9_002, number + 9_002));
    }

    function test_AnExpectedErrorIsTheGuardsAndHasTheseValues() external {
        GuardTestCaller caller = new GuardTestCaller();
        roll(2);
        Anchor memory inside = anchorAt(1);
        reorg(1);
        bytes32 actual = anchorAt(1).hash;
        string memory signature = "AnchorMismatch(uint64,bytes32,bytes32)";
        bytes memory open = abi.encodeCall(_perps.open, inside);
        bytes memory values = abi.encode(inside.number, inside.hash, actual);
        caller.expectOf(signature, "", address(_perps), open);
        caller.expectOf(signature, values, address(_perps), open);

        _expectFailure(caller, signature, abi.encode(inside.number, inside.hash, inside.hash), open);
        _expectFailure(caller, "ZeroAnchorHash(uint64)", "", open);
        _expectFailure(caller, signature, "", abi.encodeCall(_perps.open, anchorAt(1)));
        _expectRefused(
            caller,
            abi.encodeCall(caller.callExpectGuardError, LiveTime.NoBlockTime.selector),
            abi.encodeWithSelector(NoGuardError.selector, LiveTime.NoBlockTime.selector)
        );
    }

    /// @dev A test that expects this fails.
    function _expectFailure(
        GuardTestCaller caller,
        string memory signature,
        bytes memory values,
        bytes memory data
    ) private {
        bytes memory whole = abi.encodeCall(caller.expectOf, (signature, values, address(_perps), data));
        _expectRefused(caller, whole, abi.encodeWithSelector(GuardTestCaller.NotAsExpected.selector));
    }

    function _expectTooDeep(GuardTestCaller caller, uint256 depth, uint256 recorded) private {
        bytes memory data = abi.encodeCall(caller.callReorg, depth);
        _expectRefused(caller, data, abi.encodeWithSelector(ReorgTooDeep.selector, depth, recorded));
    }

    function _expectRefused(GuardTestCaller caller, bytes memory data, bytes memory expected) private {
        (bool ok, bytes memory reason) = address(caller).call(data);
        _require(!ok, "what cannot be");
        _require(keccak256(reason) == keccak256(expected), "the error, with its values");
    }

    function _hashesBelow(uint256 number, uint256 count) private view returns (bytes32[] memory hashes) {
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) hashes[i] = _probe.blockhashOf(number - 1 - i);
    }

    function _expectStatus(Status expected) private view {
        (Status status, ) = _perps.statusOf(_perps.MARKET());
        _require(status == expected, "the status");
    }

    function _expectMoment(uint256 timestamp, uint256 number) private view {
        (uint256 time, uint256 height) = _probe.moment();
        _require(time == timestamp, "the time");
        _require(height == number, "the number of blocks");
    }

    function _require(bool condition, string memory what) private pure {
        if (!condition) revert Unexpected(what);
    }
}
