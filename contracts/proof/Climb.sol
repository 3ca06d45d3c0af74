// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "../interfaces/IProofErrors.sol";

/// @dev Where a reader stands. The order of the fields is known to the assembly of {Climbs}, {TrieNode} and {TrieSteps}. Two buffers come behind them.
struct Climb {
    uint256 cursor; // 0x00: calldata offset of what is read next
    uint256 end; // 0x20: calldata offset of the first byte behind the witness
    uint256 key; // 0x40: a hashed key whose first nibbles lead to the child
    uint256 height; // 0x60: how many of its 64 nibbles come below the child
    uint256 top; // 0x80: memory offset of the uppermost entry of the stack; the child's comes behind it
    uint256 parting; // 0xa0: how many nibbles of `key` are left where the next key parts; 65 if no key is next
    uint256 next; // 0xc0: memory offset of the first key that no end has answered
    uint256 last; // 0xe0: memory offset behind the last key
    uint256 header; // 0x100: memory offset of a word for a node's header; its items come behind it
    uint256 full; // 0x120: memory offset of a branch of sixteen hashes, in which all but the hashes is written
    uint256 mark; // calldata offset of the end or the step that is being read
    uint256 start; // calldata offset of the witness
    uint256 current; // memory offset of the key whose end was read last
    uint256 toQuestion; // from there to its slot or address, before it was hashed
    uint256 toValue; // from there to its slot's value; 0 for an account
    uint256 fields; // calldata offset of the fields of the account that was asked for; 0 if it is absent
    bytes32 storageRoot; // of that account
    bytes32 root; // which the witness has to come to
    bool sendsRoot; // whether the account's storage root is in the witness
}

/// @dev A branch of sixteen hashes, the largest node, and room up to a whole word.
uint256 constant FULL_BYTES = 532 + 12;

/// @dev For any other node: its header, its items, and what is written behind them.
uint256 constant NODE_BYTES = 32 + 529 + 47;

/// @dev An entry of the stack. 0x00: height of the branch above a child << 8 | the child's nibble there. 0x20: its hash; or its bytes, left-aligned,
/// and anything behind them. 0x40: size of its reference. That is HASH_SIZE, or 1 for nothing, or an embedded node's
/// size; 0 for an end of kind SHARED.
uint256 constant ENTRY_BYTES = 0x60;

/// @dev Size of a reference that is a hash: 0xa0 and 32 bytes.
uint256 constant HASH_SIZE = 33;

// The kinds of ends and steps: {TrieReader} has the format.
uint256 constant FULL_BRANCH = 0;
uint256 constant BRANCH = 1;
uint256 constant MIXED_BRANCH = 2;
uint256 constant SHARED = 3;
uint256 constant NOTHING = 4;
uint256 constant LEAF = 5;
uint256 constant OTHER_LEAF = 6;
uint256 constant OTHER_EXTENSION = 7;
uint256 constant EXTENSION = 64;

/// @title What a witness sends, taken piece by piece, and the keys that it is read for
/// @notice For {TrieReader}. What is taken from behind the witness is refused by the next {begin}.
library Climbs {
    /// @notice Starts to read a witness that has to come to `root`.
    function open(bytes32 root, bytes calldata witness) internal pure returns (Climb memory c) {
        assembly ("memory-safe") {
            // A full branch is 0xf9 0x0211, 0xa0 before each hash, 0x80.
            let full := mload(0x40)
            mstore(0x40, add(full, add(FULL_BYTES, NODE_BYTES)))
            mstore(full, shl(232, 0xf90211))
            for {
                let marker := add(full, 3)
                let end := add(full, 531)
            } lt(marker, end) {
                marker := add(marker, 132)
            } {
                mstore8(marker, 0xa0)
                mstore8(add(marker, 33), 0xa0)
                mstore8(add(marker, 66), 0xa0)
                mstore8(add(marker, 99), 0xa0)
            }
            mstore8(add(full, 531), 0x80)
            mstore(add(c, 0x100), add(full, FULL_BYTES))
            mstore(add(c, 0x120), full)
            // equivalent: c.cursor = witness.offset; c.end = witness.offset + witness.length
            mstore(c, witness.offset)
            mstore(add(c, 0x20), add(witness.offset, witness.length))
        }
        (c.start, c.mark, c.root) = (c.cursor, c.cursor, root);
    }

    /// @notice Reverts with the place at which reading stopped.
    function refuse(Climb memory c) internal pure {
        unchecked {
            revert IProofErrors.StateProofInvalid(c.root, bytes32(wordAt(c.current + c.toQuestion)), c.mark - c.start);
        }
    }

    /// @notice An end or a step starts here, or a part has ended. What came before must have been in the witness.
    function begin(Climb memory c) internal pure {
        if (c.cursor > c.end) refuse(c);
        c.mark = c.cursor;
    }

    /// @dev Up to 32 bytes, left-aligned, with anything behind them.
    function take(Climb memory c, uint256 size) internal pure returns (uint256 word) {
        unchecked {
            word = calldataAt(c.cursor);
            c.cursor += size;
        }
    }

    /// @dev Copies a child as it is referred to. An embedded one says its size in its first byte: a list of 3 to 31 bytes.
    function takeReference(Climb memory c, uint256 to) internal pure returns (uint256 size) {
        unchecked {
            uint256 from = c.cursor;
            uint256 marker = calldataAt(from) >> 248;
            if (marker == 0x80) size = 1;
            else if (marker == 0xa0) size = HASH_SIZE;
            else {
                size = marker - 0xbf;
                if (size < 3 || size > 31) refuse(c);
            }
            c.cursor = from + size;
            assembly ("memory-safe") {
                calldatacopy(to, from, size)
            }
        }
    }

    /// @dev An RLP integer of at most 32 bytes: no leading zero, no prefix before a byte below 0x80.
    function takeInteger(Climb memory c) internal pure returns (uint256 value) {
        uint256 wrong;
        assembly ("memory-safe") {
            let from := mload(c)
            let word := calldataload(from)
            value := byte(0, word)
            wrong := iszero(value)
            from := add(from, 1)
            if gt(value, 0x7f) {
                let size := and(value, 0x7f)
                // Nothing is left of a word that is shifted by 256.
                value := shr(sub(256, shl(3, size)), calldataload(from))
                // The first byte is at least 1, and 0x80 if it is alone.
                wrong := or(gt(size, 32), lt(byte(1, word), or(gt(size, 1), shl(7, eq(size, 1)))))
                from := add(from, size)
            }
            mstore(c, from)
        }
        if (wrong != 0) refuse(c);
    }

    // --- the stack, and the next keys ---

    /// @dev Height of the lowest branch that waits for a child; more than the root's if there is none.
    function topHeight(Climb memory c) internal pure returns (uint256) {
        return wordAt(c.top) >> 8;
    }

    /// @dev The child, and the size of its reference.
    function setChild(Climb memory c, uint256 child, uint256 size) internal pure {
        assembly ("memory-safe") {
            let top := mload(add(c, 0x80))
            mstore(add(top, 0x80), child)
            mstore(add(top, 0xa0), size)
        }
    }

    /// @dev The child becomes an entry of the stack.
    function push(Climb memory c) internal pure {
        assembly ("memory-safe") {
            let top := add(mload(add(c, 0x80)), ENTRY_BYTES)
            let height := mload(add(c, 0x60))
            let nibble := and(shr(shl(2, height), mload(add(c, 0x40))), 15)
            mstore(top, or(shl(8, add(height, 1)), nibble))
            mstore(add(c, 0x80), top)
        }
    }

    /// @dev Finds where the next key parts from `c.key`; equal ones nowhere, at 0.
    function lookAhead(Climb memory c) internal pure {
        assembly ("memory-safe") {
            let parting := 65
            let next := mload(add(c, 0xc0))
            if xor(next, mload(add(c, 0xe0))) {
                let shared := 0
                // What comes in at the end stops the loop where nothing differs.
                for {
                    let difference := xor(mload(add(c, 0x40)), mload(next))
                } iszero(shr(252, difference)) {
                    difference := or(shl(4, difference), 1)
                } {
                    shared := add(shared, 1)
                }
                parting := sub(64, shared)
            }
            mstore(add(c, 0xa0), parting)
        }
    }

    /// @dev Answers keys that reach the node between `c.height` and `low` and part from `c.key` inside it: they are absent.
    /// Earlier keys were left to this one, if it is their way that leads here; later ones come next. Reverts if one does not part.
    function answer(Climb memory c, uint256 kind, uint256 low) internal pure {
        unchecked {
            uint256 height = c.height;
            while (topHeight(c) <= height) {
                if ((kind != LEAF && kind <= EXTENSION) || wordAt(c.top + 0x40) != 0) refuse(c);
                c.top -= ENTRY_BYTES;
            }
            while (true) {
                lookAhead(c);
                if (c.parting > height) return;
                if (c.parting <= low) refuse(c);
                c.next += 32;
            }
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
