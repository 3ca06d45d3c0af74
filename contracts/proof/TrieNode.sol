// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, HASH_SIZE} from "./Climb.sol";

/// @dev References to nothing, as many as a word holds.
uint256 constant NOTHINGS = 0x8080808080808080808080808080808080808080808080808080808080808080;

/// @title Nodes of a trie, written in the buffers of a `Climb`
/// @notice For {TrieReader}. What is written is canonical RLP, whatever it is made of.
library TrieNode {
    /// @dev The first item of a leaf or an extension, a hex-prefix path as a string. It has the key's nibbles from `c.height` down to
    /// `low`, which is 0 for a leaf.
    function putPath(Climb memory c, uint256 low) internal pure returns (uint256 to) {
        assembly ("memory-safe") {
            // The first byte holds the flag, and a nibble where their number is odd; then come `size` bytes.
            let height := mload(add(c, 0x60))
            let path := shl(shl(2, sub(64, height)), mload(add(c, 0x40)))
            let nibbles := sub(height, low)
            let size := shr(1, nibbles)
            let isOdd := and(nibbles, 1)
            let first := or(shl(5, iszero(low)), mul(isOdd, or(0x10, shr(252, path))))
            to := add(mload(add(c, 0x100)), 0x20)
            // One byte is its own string, since all flags are below 0x40.
            mstore8(to, add(0x81, size))
            to := add(to, gt(size, 0))
            mstore8(to, first)
            to := add(to, 1)
            mstore(to, shl(shl(2, isOdd), path))
            to := add(to, size)
        }
    }

    /// @dev The reference of an entry: 0xa0 and a hash, or the child itself. What comes behind it is nothing, until it is written.
    function put(uint256 to, uint256 entry) internal pure returns (uint256 next) {
        assembly ("memory-safe") {
            let size := mload(add(entry, 0x40))
            mstore8(to, 0xa0)
            mstore(add(to, eq(size, HASH_SIZE)), mload(add(entry, 0x20)))
            next := add(to, size)
            mstore(next, NOTHINGS)
        }
    }

    /// @dev One hash.
    function putHash(uint256 to, uint256 hash) internal pure {
        assembly ("memory-safe") {
            mstore8(to, 0xa0)
            mstore(add(to, 1), hash)
            mstore(add(to, 33), NOTHINGS)
        }
    }

    /// @dev Starts a branch of which nothing is written. @return shift for {putHashes}, from where the hashes begin in calldata
    function openBranch(Climb memory c, uint256 from) internal pure returns (uint256 shift) {
        assembly ("memory-safe") {
            let to := add(mload(add(c, 0x100)), 0x20)
            mstore(to, NOTHINGS)
            shift := sub(to, from)
        }
    }

    /// @dev For each bit of `sent`, a hash from calldata. Child i goes to `from + shift + i`: each hash before it took 32 bytes more than nothing
    /// does, as in calldata. Children behind a hash are nothing, and the value too, until they are written.
    function putHashes(uint256 from, uint256 shift, uint256 sent) internal pure returns (uint256 behind) {
        if (sent == 0) return from;
        assembly ("memory-safe") {
            for {} sent {} {
                let bit := and(sent, sub(0, sent))
                sent := xor(sent, bit)
                // Powers of two differ modulo 19; the table has their exponents.
                let to := add(
                    add(from, shift),
                    byte(mod(bit, 19), 0x0000010d02000e060308000c0f05070b040a0900000000000000000000000000)
                )
                mstore8(to, 0xa0)
                mstore(add(to, 1), calldataload(from))
                mstore(add(to, 33), NOTHINGS)
                from := add(from, 32)
            }
            behind := from
        }
    }

    /// @dev {build} of a branch that has two hashes at least, and whose child's reference was a hash.
    function buildBranch(Climb memory c, uint256 to) internal pure {
        assembly ("memory-safe") {
            let header := mload(add(c, 0x100))
            let size := sub(to, header)
            let isLonger := gt(size, 287)
            mstore(header, add(size, add(0xf7e0, mul(isLonger, 0xf80800))))
            let start := sub(add(header, 30), isLonger)
            mstore(add(mload(add(c, 0x80)), 0x80), keccak256(start, sub(to, start)))
        }
    }

    /// @dev Makes the items that end at `to` a node, and the node the child. The header overwrites the word before them.
    function build(Climb memory c, uint256 to) internal pure {
        uint256 size = HASH_SIZE;
        assembly ("memory-safe") {
            let header := mload(add(c, 0x100))
            let node := sub(to, header)
            // 0xc0 + size; or 0xf8 and one byte; or 0xf9 and two. The header counts in `node` as 32.
            let isLong := gt(node, 87)
            let isLonger := gt(node, 287)
            mstore(header, add(node, add(0xa0, add(mul(isLong, 0xf740), mul(isLonger, 0xf80800)))))
            let start := sub(add(header, 31), add(isLong, isLonger))
            node := sub(to, start)
            let child := add(mload(add(c, 0x80)), 0x80)
            switch lt(node, 32)
            case 1 {
                mstore(child, mload(start))
                size := node
            }
            default {
                mstore(child, keccak256(start, node))
            }
            mstore(add(child, 0x20), size)
        }
    }
}
