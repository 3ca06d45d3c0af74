// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, Climbs, HASH_SIZE, LEAF, NOTHING, OTHER_EXTENSION, OTHER_LEAF, SHARED} from "./Climb.sol";
import {TrieNode} from "./TrieNode.sol";
import {TrieSteps} from "./TrieSteps.sol";

/// @title The reader of witnesses: builds a trie's nodes from the keys upward, and returns the root that they come to
/// @notice `src/proof/witness.ts` is its twin, and packs witnesses out of `eth_getProof`. A witness leaves out what the reader knows: hashes on the
/// way, a key's own paths, and RLP's framing. It answers any number of keys of one trie, in ascending order; shared nodes are sent once.
///
/// ```text
/// part      = for each key that no earlier end answers: an end, then steps
/// step      = 0, hashes: a branch of sixteen hashes with one way: children 0 to 14, and child 15 in the place of the way
///             1, two bytes, hashes: any other branch of which only hashes are sent; bit i says that child i is sent
///             2, references: a branch of which a child that is sent is embedded
///             64 + n: an extension by the next n nibbles of the key
/// end       = 3, nothing more: the key parts from a later one inside that one's leaf or extension
///             4, depth: an empty child, or the empty trie
///             5, depth, fields: the key's own leaf
///             6, depth, path, fields: another leaf
///             7, depth, number of nibbles, path, reference: another extension
/// fields    = of a slot: the value, RLP
///             of an account: nonce and balance, RLP; storage root, unless slots were read before; code hash
/// reference = 0x80; or 0xa0 and a hash; or an embedded node, a list of 3 to 31 bytes
/// ```
///
/// Kinds, depths and numbers are one byte; a depth counts the nibbles above a node. A path takes as many bytes as it needs, an odd one behind a zero
/// nibble. Children are sent in their order, those on the way to a key never. Steps go on until the root, or until the branch at which the next
/// key parts. That key comes first, then the branch, with all its ways.
///
/// @dev **Present and Absent are functions of (root, key) alone**, unless Keccak-256 collides. All that is hashed is RLP that was written here, each
/// item with its length. So a node's bytes have one reading. Take two witnesses that are accepted for one root and go down from it along a key. Both
/// hold the same node at the root, thus the same kind, path and references. So do their children. A branch has the one way that the key's nibble
/// names. A leaf or an extension answers Absent where its path parts from the key's. The path is sent, or it is another key's own and {Climbs-answer}
/// counts the key in. Else the way leads on. So both end in the same place: nothing, another path, or the key's own leaf and its value.
///
/// Every node is canonical, embedded siblings aside. Branches have two children or more and no value, and extensions lie above branches only.
/// Nodes of 32 bytes or more are hashed, the others embedded. Integers have no leading zeros. The format leaves no choice, so a question has one witness.
///
/// The caller hashes the keys from the question, and authenticates the root. A number of the witness moves nothing before it is compared with what is
/// left of the key or witness. Gas grows with the witness. A full branch of 481 bytes costs about 700, one of kind 1 up to 3,000, each further way
/// 450. One of kind 2 costs up to 9,000; only a search for keys that share eight nibbles makes it. Keys that share n nibbles cost 65 n more.
library TrieReader {
    using Climbs for Climb;
    using TrieNode for Climb;

    /// @dev Solidity's zero slot, the initial value of dynamic memory arrays.
    uint256 private constant ZERO_WORD = 0x60;

    /// @notice Reads the part of one trie's keys. `c.toValue` is set.
    /// @param asked memory offset of the questions, a word each
    /// @param keys memory offset of their hashes, one at least, in strictly ascending order
    /// @param last memory offset behind them
    /// @return hash of the root node; keccak256(0x80) if that is nothing
    function part(Climb memory c, uint256 asked, uint256 keys, uint256 last) internal pure returns (bytes32 hash) {
        unchecked {
            (c.toQuestion, c.next, c.last) = (asked - keys, keys, last);
        }
        assembly ("memory-safe") {
            // An entry for each key, one before them whose branch is above the root, and one for the child.
            let stack := mload(0x40)
            mstore(stack, shl(8, 65))
            mstore(0x40, add(add(stack, mul(sub(last, keys), 3)), 0xc0))
            mstore(add(c, 0x80), stack)
        }
        do {
            if (_end(c)) TrieSteps.climb(c);
        } while (c.height != 64);
        unchecked {
            uint256 child = c.top + 0x80;
            uint256 size = Climbs.wordAt(child + 32);
            hash = bytes32(Climbs.wordAt(child));
            if (size == HASH_SIZE) return hash;
            assembly ("memory-safe") {
                hash := keccak256(child, size)
            }
        }
    }

    /// @notice Reverts unless the witness came to its root and ends there.
    function close(Climb memory c, bytes32 hash) internal pure {
        if (hash != c.root || c.cursor != c.end) c.refuse();
    }

    /// @notice Reverts unless keys ascend.
    function requireOrder(Climb memory c, uint256 asked, uint256 keys, uint256 last) internal pure {
        unchecked {
            if (keys == last) {
                // There is no slot for the error to name: it is a word of memory that is always zero.
                c.current = ZERO_WORD;
                c.refuse();
            }
            (c.toQuestion, c.current) = (asked - keys, keys);
            uint256 key = Climbs.wordAt(keys);
            for (keys += 32; keys != last; keys += 32) {
                uint256 previous = key;
                key = Climbs.wordAt(keys);
                if (previous >= key) {
                    c.current = keys;
                    c.refuse();
                }
            }
        }
    }

    /// @dev Reads the end of the next key. False if the key is left to a later one.
    function _end(Climb memory c) private pure returns (bool) {
        unchecked {
            uint256 from = c.cursor;
            uint256 head = Climbs.calldataAt(from);
            uint256 kind = head >> 248;
            c.cursor = from + 1;
            c.current = c.next;
            c.key = Climbs.wordAt(c.next);
            if (kind == SHARED) return _leaveToLater(c);
            uint256 depth = (head >> 240) & 0xff;
            if (depth > 64) c.refuse();
            c.height = 64 - depth;
            c.cursor = from + 2;
            uint256 low = 0;
            if (kind <= LEAF) {
                c.next += 32;
            } else {
                if (kind > OTHER_LEAF) low = _takeNibbles(c, kind);
                _takePath(c, low);
            }
            c.answer(kind, low);
            uint256 to = c.putPath(low);
            if (kind != LEAF && kind != OTHER_LEAF) {
                if (kind < LEAF) return _nothing(c, kind);
                uint256 size = c.takeReference(to);
                if (size == 1) c.refuse();
                to += size;
            } else if (c.toValue != 0) {
                to = _putValue(c, to, kind == LEAF);
            } else {
                to = _putAccount(c, to, kind == LEAF);
            }
            c.build(to);
            return true;
        }
    }

    /// @dev An empty child, or the empty trie.
    function _nothing(Climb memory c, uint256 kind) private pure returns (bool) {
        if (kind != NOTHING) c.refuse();
        c.setChild(0x80 << 248, 1);
        return true;
    }

    /// @dev How many nibbles of the key come below another extension. A branch below the 64th has no children.
    function _takeNibbles(Climb memory c, uint256 kind) private pure returns (uint256 low) {
        unchecked {
            low = c.height - (c.take(1) >> 248);
            if (kind != OTHER_EXTENSION || low == 0 || low > 64) c.refuse();
        }
    }

    /// @dev An entry without a child, which only a leaf or an extension of a later key can take back.
    function _leaveToLater(Climb memory c) private pure returns (bool) {
        unchecked {
            c.next += 32;
            c.lookAhead();
            if (c.parting > 64 || c.cursor > c.end) c.refuse();
            c.mark = c.cursor;
            c.height = c.parting - 1;
            c.setChild(0, 0);
            c.push();
            return false;
        }
    }

    /// @dev Puts a path that is sent into the key, from `c.height` down to `low`.
    function _takePath(Climb memory c, uint256 low) private pure {
        unchecked {
            uint256 nibbles = c.height - low;
            uint256 bytes_ = (nibbles + 1) / 2;
            uint256 path = c.take(bytes_) >> (256 - 8 * bytes_);
            if (path >> (4 * nibbles) != 0) c.refuse();
            uint256 above = c.key >> (4 * c.height);
            c.key = (above << (4 * c.height)) | (path << (4 * low));
        }
    }

    /// @dev A value is a positive integer, as RLP, as a string.
    function _putValue(Climb memory c, uint256 to, bool isOwn) private pure returns (uint256 next) {
        unchecked {
            uint256 from = c.cursor;
            uint256 value = c.takeInteger();
            if (value == 0) c.refuse();
            uint256 size = c.cursor - from;
            uint256 place = c.current + c.toValue;
            assembly ("memory-safe") {
                if isOwn {
                    mstore(place, value)
                }
                // One byte below 0x80 is its own string.
                if gt(size, 1) {
                    mstore8(to, add(0x80, size))
                    to := add(to, 1)
                }
                calldatacopy(to, from, size)
                next := add(to, size)
            }
        }
    }

    /// @dev A value is rlp([nonce, balance, storageRoot, codeHash]), of 70 to 110 bytes, as a string.
    function _putAccount(Climb memory c, uint256 to, bool isOwn) private pure returns (uint256 next) {
        unchecked {
            uint256 place = c.cursor;
            if (c.takeInteger() > type(uint64).max) c.refuse();
            c.takeInteger();
            uint256 size = c.cursor - place;
            bytes32 root = c.storageRoot;
            if (!isOwn || c.sendsRoot) root = bytes32(c.take(32));
            uint256 codeHash = c.take(32);
            if (isOwn) (c.fields, c.storageRoot) = (place, root);
            assembly ("memory-safe") {
                // 0xb8, size; 0xf8, size - 2; the integers; 0xa0, storage root; 0xa0, code hash
                mstore(to, shl(224, add(0xb844f842, mul(size, 0x10001))))
                to := add(to, 4)
                calldatacopy(to, place, size)
                to := add(to, size)
                mstore8(to, 0xa0)
                mstore(add(to, 1), root)
                mstore8(add(to, 33), 0xa0)
                mstore(add(to, 34), codeHash)
                next := add(to, 66)
            }
        }
    }
}
