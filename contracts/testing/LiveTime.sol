// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";

/// @notice The cheatcodes that `LiveTime` uses, as Foundry and Hardhat's Solidity tests answer them.
interface ICheatcodes {
    function warp(uint256 timestamp) external;

    function roll(uint256 number) external;

    function setBlockhash(uint256 number, bytes32 blockHash) external;

    function getBlockTimestamp() external view returns (uint256 timestamp);

    function getBlockNumber() external view returns (uint256 number);
}

/// @title Time in Solidity tests, as a live chain has it
/// @notice A guard counts time that no block accounts for as an outage. So `vm.warp` alone makes a market Stale, and what opens a position is
/// refused. These functions move time and blocks together. For tests only: on a chain every call reverts, for nobody answers the cheatcodes.
/// @dev Internal functions alone: nothing is deployed or linked. The moment is read by cheatcode, because the compiler's IR pipeline may keep
/// `block.timestamp` and `block.number` from before a warp.
library LiveTime {
    /// @notice No anchor lies so deep: the depth is 0, more than 256 blocks, or reaches before the first block.
    error NoBlockAtDepth(uint256 depth, uint256 blockNumber);

    /// @notice The block time is zero.
    error NoBlockTime();

    /// @notice Seconds between two blocks where nobody says otherwise.
    uint256 internal constant BLOCK_TIME = 12;

    /// @notice The number of blocks whose hashes BLOCKHASH knows.
    uint256 internal constant BLOCKHASH_WINDOW = 256;

    ICheatcodes private constant VM = ICheatcodes(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @notice Lets time pass with a block each 12 seconds.
    /// @param time in seconds
    function pass(uint256 time) internal {
        pass(time, BLOCK_TIME);
    }

    /// @notice Lets time pass with a block each `blockTime` seconds; one more for odd seconds.
    /// @param time in seconds
    /// @param blockTime in seconds, at least 1
    function pass(uint256 time, uint256 blockTime) internal {
        if (blockTime == 0) revert NoBlockTime();
        _move(time, (time + blockTime - 1) / blockTime);
    }

    /// @notice An outage: time passes, and a single block comes at its end.
    /// @param time in seconds
    function standstill(uint256 time) internal {
        _move(time, 1);
    }

    /// @notice The block `depth` blocks before the current one, as an action would be anchored to it. Where BLOCKHASH knows no hash, as after
    /// `pass`, the block gets one.
    /// @param depth in blocks, from 1 to 256
    function anchor(uint256 depth) internal returns (Anchor memory) {
        uint256 number = _numberAt(depth);
        bytes32 hash = blockhash(number);
        if (hash == bytes32(0)) {
            hash = keccak256(abi.encode("LiveTime", block.chainid, number));
            VM.setBlockhash(number, hash);
        }
        return Anchor(uint64(number), hash);
    }

    /// @notice A reorg: the last `depth` blocks get other hashes, and anchors to them are of another branch. State stays as it is.
    /// @param depth in blocks, from 1 to 256
    function reorg(uint256 depth) internal {
        for (; depth > 0; --depth) {
            Anchor memory orphan = anchor(depth);
            VM.setBlockhash(orphan.number, keccak256(abi.encode("LiveTime reorg", orphan.hash)));
        }
    }

    function _move(uint256 time, uint256 blocks) private {
        VM.warp(VM.getBlockTimestamp() + time);
        VM.roll(VM.getBlockNumber() + blocks);
    }

    function _numberAt(uint256 depth) private view returns (uint256) {
        uint256 current = VM.getBlockNumber();
        if (depth == 0 || depth > BLOCKHASH_WINDOW || depth > current) revert NoBlockAtDepth(depth, current);
        return current - depth;
    }
}
