// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {GuardTest} from "../../contracts/testing/GuardTest.sol";
import {ChainProbe} from "./GuardTest.t.sol";

/// @notice A state that a transaction changes.
contract Register {
    uint256 public value;

    function set(uint256 newValue) external {
        value = newValue;
    }
}

/// @notice A history, kept in memory, by the blocks' numbers. Of the last block the hash is not known yet.
/// @param values the register's at the block's end
/// @param randaos the block's while it was the present one
struct Model {
    string name;
    uint256 head;
    uint256[] times;
    bytes32[] hashes;
    bytes32[] roots;
    uint256[] values;
    uint256[] randaos;
}

/// @title Rolls, reorgs and splits at random, beside a model of plain lists
contract GuardTestRandomTest is GuardTest {
    error Unexpected(string what, uint256 number);

    uint256 private constant STEPS = 24;
    uint256 private constant MOST_BLOCKS = 160;
    uint256 private constant MOST_HISTORIES = 3;

    ChainProbe private _probe;
    Register private _register;
    uint256 private _first;

    function setUp() external {
        roll(2);
        _probe = new ChainProbe();
        _register = new Register();
        roll(1);
        (, _first) = _probe.moment();
    }

    function testFuzz_EveryHistoryIsTheOneThatWasMinedSo(uint256 seed) external {
        Model[] memory histories = new Model[](MOST_HISTORIES);
        histories[0] = _begin();
        (uint256 count, uint256 here) = (1, 0);
        for (uint256 step = 0; step < STEPS; ++step) {
            uint256 drawn = uint256(keccak256(abi.encode(seed, step)));
            uint256 choice = drawn % 10;
            drawn /= 10;
            Model memory model = histories[here];
            if (choice < 3) _rollBoth(histories, here, 1 + (drawn % 4), 1 + (drawn % 30));
            else if (choice < 5) _setBoth(model, drawn);
            else if (choice < 8) _reorgBoth(histories, here, drawn);
            else if (choice == 8 && count < MOST_HISTORIES) {
                string memory other = count == 1 ? "second" : "third";
                partition(model.name, other);
                histories[count++] = _copied(model, other);
            } else {
                here = drawn % count;
                // Only a chain that has split has names.
                if (count > 1) switchTo(histories[here].name);
            }
            _compare(histories[here]);
        }
        for (uint256 i = 0; i < count && count > 1; ++i) {
            switchTo(histories[i].name);
            _compare(histories[i]);
        }
    }

    function _begin() private view returns (Model memory model) {
        (uint256 time, uint256 number) = _probe.moment();
        model = Model(
            "first",
            number,
            new uint256[](MOST_BLOCKS),
            new bytes32[](MOST_BLOCKS),
            new bytes32[](MOST_BLOCKS),
            new uint256[](MOST_BLOCKS),
            new uint256[](MOST_BLOCKS)
        );
        model.times[number] = time;
        model.randaos[number] = _probe.randao();
        model.roots[number] = _probe.beaconRootAt(uint64(time));
    }

    function _rollBoth(Model[] memory histories, uint256 here, uint256 blocks, uint256 blockTime) private {
        Model memory model = histories[here];
        uint256 from = model.head;
        roll(blocks, blockTime);
        model.head = from + blocks;
        for (uint256 number = from + 1; number <= model.head; ++number) {
            model.times[number] = model.times[number - 1] + blockTime;
            model.values[number] = model.values[from];
        }
        _learnHashes(histories, model, from);
        _learnRoots(histories, model, from + 1);
        _learnRandao(histories, model);
    }

    function _setBoth(Model memory model, uint256 value) private {
        _register.set(value);
        model.values[model.head] = value;
    }

    function _reorgBoth(Model[] memory histories, uint256 here, uint256 drawn) private {
        Model memory model = histories[here];
        // The block in which the contracts came stays.
        if (model.head < _first + 2) return;
        uint256 depth = 1 + (drawn % (model.head - _first - 1));
        uint256 from = model.head - depth;
        reorg(depth);
        for (uint256 number = from; number <= model.head; ++number) model.values[number] = model.values[from - 1];
        _learnHashes(histories, model, from);
        // The first replaced block has its parent on both branches, and the root with it.
        _learnRoots(histories, model, from + 1);
        _learnRandao(histories, model);
    }

    /// @dev The blocks from `from` on are new: neither a history nor the branch that was left has their hashes.
    function _learnHashes(Model[] memory histories, Model memory model, uint256 from) private view {
        for (uint256 number = from; number < model.head; ++number) {
            bytes32 hash = _probe.historyOf(number);
            _require(hash != 0, "no hash", number);
            for (uint256 i = 0; i < histories.length && histories[i].head > 0; ++i)
                _require(hash != histories[i].hashes[number], "a hash that was there", number);
            model.hashes[number] = hash;
        }
    }

    /// @dev Where two histories part, the block in which they do began in both, with one root.
    function _learnRoots(Model[] memory histories, Model memory model, uint256 from) private view {
        for (uint256 number = from; number <= model.head; ++number) {
            bytes32 root = _probe.beaconRootAt(uint64(model.times[number]));
            for (uint256 i = 0; i < histories.length && histories[i].head > 0; ++i)
                _require(root != histories[i].roots[number], "a root that was there", number);
            model.roots[number] = root;
        }
    }

    /// @dev The present block is new.
    function _learnRandao(Model[] memory histories, Model memory model) private view {
        uint256 drawn = _probe.randao();
        for (uint256 i = 0; i < histories.length && histories[i].head > 0; ++i)
            _require(drawn != histories[i].randaos[model.head], "randomness that was there", model.head);
        model.randaos[model.head] = drawn;
    }

    function _copied(Model memory model, string memory name) private pure returns (Model memory) {
        // Encoded and decoded, no list is shared.
        Model memory copy = abi.decode(abi.encode(model), (Model));
        copy.name = name;
        return copy;
    }

    function _compare(Model memory model) private view {
        (uint256 time, uint256 head) = _probe.moment();
        _require(head == model.head && time == model.times[head], "the present block", head);
        _require(_register.value() == model.values[head], "the state", head);
        _require(_probe.randao() == model.randaos[head], "PREVRANDAO", head);
        for (uint256 number = _first; number < head; ++number) {
            _require(_probe.historyOf(number) == model.hashes[number], "EIP-2935", number);
            _require(_probe.blockhashOf(number) == model.hashes[number], "BLOCKHASH", number);
            _require(anchorAt(head - number).hash == model.hashes[number], "anchorAt", number);
        }
        for (uint256 number = _first; number <= head; ++number) {
            bytes32 root = _probe.beaconRootAt(uint64(model.times[number]));
            _require(root == model.roots[number], "EIP-4788", number);
        }
    }

    function _require(bool condition, string memory what, uint256 number) private pure {
        if (!condition) revert Unexpected(what, number);
    }
}
