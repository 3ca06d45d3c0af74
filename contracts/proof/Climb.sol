// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "../interfaces/IProofErrors.sol";
import {HASH_SIZE, TrieNode} from "./TrieNode.sol";

/// @dev Where a reader stands. The order of the fields is known to the assembly below.
struct Climb {
    uint256 cursor; // 0x00: calldata offset of what is read next
    uint256 end; // 0x20: calldata offset of the first byte behind the witness
    uint256 key; // 0x40: a hashed key whose first nibbles lead to the child
    uint256 depth; // 0x60: their number
    uint256 child; // 0x80: the child's hash; or its bytes, left-aligned, and anything behind them
    uint256 size; // 0xa0: of its reference: HASH_SIZE, or 1 for nothing, or that of an embedded node
    uint256 buffer; // 0xc0: memory offset of a node's items; 32 bytes before them are for its header
    uint256 top; // 0xe0: memory offset of the first free entry of the stack
    uint256 full; // 0x100: memory offset of a branch of sixteen hashes, in which all but the hashes are written
    bool isBranch; // 0x120: whether the child is a branch
    uint256 base; // memory offset of the stack
    uint256 asked; // memory offset of the questions, slots or an address, before they are hashed
    uint256 keys; // memory offset of their hashes, in strictly ascending order
    uint256 next; // memory offset of the first key that no end has answered
    uint256 last; // memory offset behind the last key
    uint256 current; // memory offset of the key whose end was read last
    uint256 mark; // calldata offset of the end or the step that is being read
    uint256 start; // calldata offset of the witness
    uint256 values; // memory offset of the slots' values; 0 for an account
    uint256 fields; // calldata offset of the fields of the account that was asked for; 0 if it is absent
    bytes32 storageRoot; // of that account
    bytes32 root; // which the witness has to come to
    bool sendsRoot; // whether the account's storage root is in the witness
}

/// @title What a witness sends, taken byte by byte
/// @notice For {TrieReader}. Nothing is taken from behind the witness.
library Climbs {
    /// @dev Memory that is always zero: the question of nobody.
    uint256 private constant ZERO_SLOT = 0x60;

    /// @notice Starts to read a witness that has to come to `root`.
    function open(bytes32 root, bytes calldata witness) internal pure returns (Climb memory c) {
        assembly ("memory-safe") {
            // equivalent: c.start = c.cursor = c.mark = witness.offset; c.end = witness.offset + witness.length
            mstore(c, witness.offset)
            mstore(add(c, 0x20), add(witness.offset, witness.length))
        }
        (c.full, c.buffer) = TrieNode.newBuffers();
        (c.start, c.mark, c.root, c.asked) = (c.cursor, c.cursor, root, ZERO_SLOT);
    }

    /// @notice Reverts with the place at which reading stopped.
    function refuse(Climb memory c) internal pure {
        bytes32 key;
        unchecked {
            uint256 place = c.asked + c.current - c.keys;
            assembly ("memory-safe") {
                key := mload(place)
            }
            revert IProofErrors.StateProofInvalid(c.root, key, c.mark - c.start);
        }
    }

    function takeByte(Climb memory c) internal pure returns (uint256) {
        return take(c, 1) >> 248;
    }

    /// @dev Up to 32 bytes, left-aligned, with anything behind them.
    function take(Climb memory c, uint256 size) internal pure returns (uint256 word) {
        unchecked {
            if (c.end - c.cursor < size) refuse(c);
            word = calldataAt(c.cursor);
            c.cursor += size;
        }
    }

    /// @dev A child as it is referred to. An embedded one says its size in its first byte: a list of 3 to 31 bytes.
    function takeReference(Climb memory c) internal pure returns (uint256 child, uint256 size) {
        unchecked {
            uint256 marker = takeByte(c);
            if (marker == 0x80) return (0x80 << 248, 1);
            if (marker == 0xa0) return (take(c, 32), HASH_SIZE);
            size = marker - 0xbf;
            if (size < 3 || size > 31) refuse(c);
            c.cursor -= 1;
            child = take(c, size);
        }
    }

    /// @dev An RLP integer of at most `width` bytes: no leading zero, no prefix before a byte below 0x80.
    function takeInteger(Climb memory c, uint256 width) internal pure returns (uint256 value) {
        unchecked {
            value = takeByte(c);
            if (value == 0 || value > 0x80 + width) refuse(c);
            if (value < 0x80) return value;
            uint256 size = value - 0x80;
            // Nothing is left of a word that is shifted by 256.
            value = take(c, size) >> (256 - 8 * size);
            if (size == 1 ? value < 0x80 : size != 0 && value >> (8 * (size - 1)) == 0) refuse(c);
        }
    }

    function wordAt(uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(place)
        }
    }

    function calldataAt(uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(place)
        }
    }
}
