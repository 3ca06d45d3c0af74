// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @dev Size of a reference that is a hash: 0xa0 and 32 bytes.
uint256 constant HASH_SIZE = 33;

// Flags of hex-prefix paths, in the upper nibble of their first byte.
uint256 constant EXTENSION_FLAG = 0x00;
uint256 constant LEAF_FLAG = 0x20;

/// @dev A branch of sixteen hashes, the largest node, and room up to a whole word.
uint256 constant FULL_BYTES = 532 + 12;

/// @dev For any node: its header, its items, and what is written behind them.
uint256 constant NODE_BYTES = 32 + 529 + 64;

/// @title Nodes of a trie, written in memory
/// @notice For {TrieReader}. What is written is canonical RLP, whatever it is made of.
library TrieNode {
    /// @dev Memory for a branch of sixteen hashes, in which all but the hashes is written, and for the items of any node.
    function newBuffers() internal pure returns (uint256 full, uint256 items) {
        assembly ("memory-safe") {
            full := mload(0x40)
            items := add(full, add(FULL_BYTES, 0x20))
            mstore(0x40, add(full, add(FULL_BYTES, NODE_BYTES)))
            // 0xf9 0x0211, 0xa0 before each hash, 0x80
            mstore(full, shl(232, 0xf90211))
            let end := add(full, 531)
            for {
                let marker := add(full, 3)
            } lt(marker, end) {
                marker := add(marker, 33)
            } {
                mstore8(marker, 0xa0)
            }
            mstore8(end, 0x80)
        }
    }

    /// @dev `count` children: for each bit of `sent` that is set, the lowest first, a hash from calldata, for the others nothing.
    function putSent(uint256 to, uint256 from, uint256 sent, uint256 count) internal pure returns (uint256, uint256) {
        assembly ("memory-safe") {
            // A bit behind the last child says where to end. Two children are put at a time.
            let bound := shl(count, 1)
            for {
                sent := or(and(sent, sub(bound, 1)), bound)
            } gt(sent, 3) {
                sent := shr(2, sent)
            } {
                switch and(sent, 3)
                case 0 {
                    mstore(to, shl(240, 0x8080))
                    to := add(to, 2)
                }
                case 3 {
                    mstore8(to, 0xa0)
                    mstore(add(to, 1), calldataload(from))
                    mstore8(add(to, 33), 0xa0)
                    mstore(add(to, 34), calldataload(add(from, 32)))
                    to := add(to, 66)
                    from := add(from, 64)
                }
                case 1 {
                    mstore8(to, 0xa0)
                    mstore(add(to, 1), calldataload(from))
                    mstore8(add(to, 33), 0x80)
                    to := add(to, 34)
                    from := add(from, 32)
                }
                default {
                    mstore(to, shl(240, 0x80a0))
                    mstore(add(to, 2), calldataload(from))
                    to := add(to, 34)
                    from := add(from, 32)
                }
            }
            if gt(sent, 1) {
                // The last one: 0xa0 and a hash, or 0x80.
                let size := and(shl(5, sent), 32)
                mstore8(to, or(0x80, size))
                mstore(add(to, 1), calldataload(from))
                to := add(add(to, size), 1)
                from := add(from, size)
            }
        }
        return (to, from);
    }

    /// @dev A reference: 0xa0 and a hash, or the child itself. Up to 32 bytes behind it are overwritten.
    function put(uint256 to, uint256 child, uint256 size) internal pure returns (uint256 next) {
        assembly ("memory-safe") {
            mstore8(to, 0xa0)
            mstore(add(to, eq(size, HASH_SIZE)), child)
            next := add(to, size)
        }
    }

    /// @dev The nibbles of `key` from `depth` on, as a hex-prefix path, as a string.
    function putPath(
        uint256 to,
        uint256 flag,
        uint256 key,
        uint256 depth,
        uint256 nibbles
    ) internal pure returns (uint256 next) {
        assembly ("memory-safe") {
            // The first byte holds the flag, and a nibble where their number is odd; then come `size` bytes.
            let path := shl(shl(2, depth), key)
            let size := shr(1, nibbles)
            if and(nibbles, 1) {
                flag := or(flag, or(0x10, shr(252, path)))
                path := shl(4, path)
            }
            // One byte is its own string, since all flags are below 0x40.
            if size {
                mstore8(to, add(0x81, size))
                to := add(to, 1)
            }
            mstore8(to, flag)
            mstore(add(to, 1), path)
            next := add(add(to, 1), size)
        }
    }

    /// @dev Makes the bytes from `items` to `end` a list, and returns how the node above refers to it. The header overwrites the word before them.
    function build(uint256 items, uint256 end) internal pure returns (uint256 child, uint256 size) {
        assembly ("memory-safe") {
            size := sub(end, items)
            // 0xc0 + size; or 0xf8 and one byte; or 0xf9 and two.
            let isLong := gt(size, 55)
            let isLonger := gt(size, 255)
            mstore(sub(items, 0x20), add(size, add(0xc0, add(mul(isLong, 0xf740), mul(isLonger, 0xf80800)))))
            let start := sub(sub(sub(items, 1), isLong), isLonger)
            size := sub(end, start)
            switch lt(size, 32)
            case 1 {
                child := mload(start)
            }
            default {
                child := keccak256(start, size)
                size := HASH_SIZE
            }
        }
    }
}
