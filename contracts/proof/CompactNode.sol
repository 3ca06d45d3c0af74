// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @dev Size of a reference that is a hash: 0xa0 and 32 bytes.
uint256 constant HASH_SIZE = 33;

// Flags of hex-prefix paths, in the upper nibble of their first byte.
uint256 constant EXTENSION_FLAG = 0x00;
uint256 constant LEAF_FLAG = 0x20;

/// @dev Where in the buffer the items of a node start: behind a branch of sixteen hashes, which is kept, and room for a header.
uint256 constant ITEMS = 544 + 32;

/// @dev A node's items take up to 529 bytes, and what is put last may overwrite 32 more.
uint256 constant BUFFER_BYTES = 544 + 32 + 576;

/// @title Nodes of a trie, written in memory
/// @notice For {CompactProof}. What is written is canonical RLP, whatever it is made of.
library CompactNode {
    /// @dev Memory for nodes, with what all branches of sixteen hashes have in common at its start.
    function newBuffer() internal pure returns (uint256 buffer) {
        assembly ("memory-safe") {
            // equivalent: buffer = new bytes(BUFFER_BYTES), without its length and not cleared
            buffer := mload(0x40)
            mstore(0x40, add(buffer, BUFFER_BYTES))
            // 0xf9 0x0211, 0xa0 before each hash, 0x80
            mstore(buffer, shl(224, 0xf90211a0))
            mstore8(add(buffer, 36), 0xa0)
            mstore8(add(buffer, 69), 0xa0)
            mstore8(add(buffer, 102), 0xa0)
            mstore8(add(buffer, 135), 0xa0)
            mstore8(add(buffer, 168), 0xa0)
            mstore8(add(buffer, 201), 0xa0)
            mstore8(add(buffer, 234), 0xa0)
            mstore8(add(buffer, 267), 0xa0)
            mstore8(add(buffer, 300), 0xa0)
            mstore8(add(buffer, 333), 0xa0)
            mstore8(add(buffer, 366), 0xa0)
            mstore8(add(buffer, 399), 0xa0)
            mstore8(add(buffer, 432), 0xa0)
            mstore8(add(buffer, 465), 0xa0)
            mstore8(add(buffer, 498), 0xa0)
            mstore8(add(buffer, 531), 0x80)
        }
    }

    /// @dev A hex-prefix path, as a string.
    function putPath(uint256 to, uint256 flag, uint256 path, uint256 nibbles) internal pure returns (uint256 next) {
        assembly ("memory-safe") {
            // The first byte holds the flag and the nibble that is left over where they are odd; then come `size` bytes.
            let size := shr(1, nibbles)
            if and(nibbles, 1) {
                flag := add(flag, add(0x10, shr(shl(3, size), path)))
            }
            // One byte is its own string, since all flags are below 0x40.
            if size {
                mstore8(to, add(0x81, size))
                to := add(to, 1)
            }
            mstore8(to, flag)
            mstore(add(to, 1), shl(sub(256, shl(3, size)), path))
            next := add(add(to, 1), size)
        }
    }

    /// @dev A reference: 0xa0 and a hash, or a child itself. Up to 32 bytes behind `next` are overwritten.
    function putChild(uint256 to, uint256 child, uint256 size) internal pure returns (uint256 next) {
        assembly ("memory-safe") {
            mstore8(to, 0xa0)
            mstore(add(to, eq(size, HASH_SIZE)), child)
            next := add(to, size)
        }
    }
}
