// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, Climbs} from "./Climb.sol";
import {EXTENSION_FLAG, HASH_SIZE, LEAF_FLAG, TrieNode} from "./TrieNode.sol";

/// @title The reader of witnesses: builds a trie's nodes from the keys upward, and returns the root that they come to
/// @notice `src/proof/witness.ts` is its twin, and packs witnesses out of `eth_getProof`. A witness leaves out what the reader knows: hashes on the way,
/// paths that are a key's own, and RLP's framing. It answers any number of keys of one trie, in ascending order; shared nodes are sent once.
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
/// nibble. Children are sent in their order, those on the way to a key never. Steps go on until the root, or until the branch at which
/// the next key parts: that key comes first, then the branch, with all its ways.
///
/// @dev **Present and Absent are functions of (root, key) alone**, unless Keccak-256 collides. All that is hashed is RLP that was written here, each item
/// with its length, so a node's bytes have one reading. Take two witnesses that are accepted for one root and go down from it along a key. Both hold the
/// same node at the root, thus the same kind, path and references, and so on in each child. A branch has the one way that the key's nibble names.
/// A leaf or an extension answers Absent where its path parts from the key's, whether the path is sent, or copied from another key and the key counted
/// in by {_answer}; else the way leads on. So both end in the same place: nothing, another path, or the key's own leaf and its value.
///
/// Every node is canonical, embedded siblings aside: branches of two children or more without a value, extensions above branches only, nodes
/// of 32 bytes or more hashed, the others embedded, integers without leading zeros. The format leaves no choice, so a question has one witness.
///
/// The caller hashes the keys from the question, and authenticates the root. A number of the witness is compared with what is left of the key, or of the
/// witness, before it moves anything. Gas grows with the witness: about 700 for a full branch of 481 bytes, up to 3,100
/// for one of kind 1, and 14,000 for one of kind 2, which only a search for keys that share eight nibbles makes. Keys that share n nibbles cost 70 n more.
library TrieReader {
    using Climbs for Climb;

    // Steps.
    uint256 private constant FULL_BRANCH = 0;
    uint256 private constant BRANCH = 1;
    uint256 private constant MIXED_BRANCH = 2;
    uint256 private constant EXTENSION = 64;

    // Ends.
    uint256 private constant SHARED = 3;
    uint256 private constant NOTHING = 4;
    uint256 private constant LEAF = 5;
    uint256 private constant OTHER_LEAF = 6;
    uint256 private constant OTHER_EXTENSION = 7;

    /// @dev An entry of the stack: child, size of its reference (0 for an end of kind SHARED), and depth of its branch << 8 | nibble.
    uint256 private constant ENTRY_BYTES = 96;

    /// @notice Reads the part of `count` keys of one trie.
    /// @param asked memory offset of the questions, a word each
    /// @param keys memory offset of their hashes, one at least, in strictly ascending order
    /// @param values memory offset of the slots' values, which are zero; 0 for an account
    /// @return hash of the root node; keccak256(0x80) if that is nothing
    function part(
        Climb memory c,
        uint256 asked,
        uint256 keys,
        uint256 count,
        uint256 values
    ) internal pure returns (bytes32 hash) {
        _begin(c, asked, keys, count);
        c.values = values;
        do {
            c.current = c.next;
            if (_end(c)) _steps(c);
        } while (c.depth != 0);
        c.mark = c.cursor;
        if (c.size == HASH_SIZE) return bytes32(c.child);
        assembly ("memory-safe") {
            mstore(0x00, mload(add(c, 0x80)))
            hash := keccak256(0x00, mload(add(c, 0xa0)))
        }
    }

    /// @notice Reverts unless the witness came to its root and ends there.
    function close(Climb memory c, bytes32 hash) internal pure {
        if (hash != c.root || c.cursor != c.end) c.refuse();
    }

    /// @notice Reverts unless keys ascend.
    function requireOrder(Climb memory c, uint256 asked, uint256 keys, uint256 count) internal pure {
        unchecked {
            if (count == 0) c.refuse();
            (c.asked, c.keys, c.current) = (asked, keys, keys);
            for (uint256 last = keys + 32 * (count - 1); c.current != last;) {
                c.current += 32;
                if (Climbs.wordAt(c.current - 32) >= Climbs.wordAt(c.current)) c.refuse();
            }
        }
    }

    /// @dev A stack with an entry for each key.
    function _begin(Climb memory c, uint256 asked, uint256 keys, uint256 count) private pure {
        uint256 stack;
        assembly ("memory-safe") {
            // equivalent: stack = new bytes(ENTRY_BYTES * count), without its length and not cleared
            stack := mload(0x40)
            mstore(0x40, add(stack, mul(count, ENTRY_BYTES)))
        }
        unchecked {
            (c.asked, c.keys, c.next, c.last) = (asked, keys, keys, keys + 32 * count);
        }
        (c.base, c.top) = (stack, stack);
    }

    // --- ends ---

    /// @dev Reads the end of the next key. False if the key is left to a later one.
    function _end(Climb memory c) private pure returns (bool) {
        c.mark = c.cursor;
        uint256 kind = c.takeByte();
        c.key = Climbs.wordAt(c.next);
        if (kind == SHARED) return _leaveToLater(c);
        uint256 depth = c.takeByte();
        if (depth > 64 || kind < SHARED || kind > OTHER_EXTENSION) c.refuse();
        (c.depth, c.isBranch) = (depth, false);
        uint256 reach = 64;
        if (kind == OTHER_EXTENSION) {
            reach = depth + c.takeByte();
            // A branch below the 64th nibble has no children.
            if (reach > 63) c.refuse();
        }
        bool isOwn = kind <= LEAF;
        if (isOwn) c.next += 32;
        else _takePath(c, reach);
        _answer(c, kind == LEAF, reach);
        if (kind == NOTHING) (c.child, c.size) = (0x80 << 248, 1);
        else if (kind == OTHER_EXTENSION) _otherExtension(c, reach - depth);
        else if (c.values != 0) _slotLeaf(c, isOwn);
        else _accountLeaf(c, isOwn);
        return true;
    }

    /// @dev An entry without a child, which only a leaf or an extension of a later key can take back.
    function _leaveToLater(Climb memory c) private pure returns (bool) {
        c.next += 32;
        if (c.next == c.last) c.refuse();
        (c.size, c.depth) = (0, _common(c.key, Climbs.wordAt(c.next)) + 1);
        _push(c);
        return false;
    }

    /// @dev Answers keys that reach the node between `c.depth` and `reach` and part from `c.key` inside it: they are absent.
    /// Earlier keys were left to this one, if it is their way that leads here; later ones come next. Reverts if one does not part.
    function _answer(Climb memory c, bool takesBack, uint256 reach) private pure {
        unchecked {
            while (c.top != c.base && Climbs.wordAt(c.top - 32) >> 8 >= c.depth) {
                if (!takesBack || Climbs.wordAt(c.top - 64) != 0) c.refuse();
                c.top -= ENTRY_BYTES;
            }
            while (c.next != c.last && _share(c.key, Climbs.wordAt(c.next), c.depth)) {
                if (_share(c.key, Climbs.wordAt(c.next), reach)) c.refuse();
                c.next += 32;
            }
        }
    }

    /// @dev Puts a path that is sent into the key, from `c.depth` to `reach`.
    function _takePath(Climb memory c, uint256 reach) private pure {
        unchecked {
            uint256 nibbles = reach - c.depth;
            uint256 bytes_ = (nibbles + 1) / 2;
            uint256 path = c.take(bytes_) >> (256 - 8 * bytes_);
            if (path >> (4 * nibbles) != 0) c.refuse();
            uint256 above = ~(type(uint256).max >> (4 * c.depth));
            c.key = (c.key & above) | (path << (256 - 4 * reach));
        }
    }

    function _otherExtension(Climb memory c, uint256 nibbles) private pure {
        uint256 to = TrieNode.putPath(c.buffer, EXTENSION_FLAG, c.key, c.depth, nibbles);
        (uint256 child, uint256 size) = c.takeReference();
        if (size == 1) c.refuse();
        _build(c, TrieNode.put(to, child, size));
    }

    /// @dev A value is a positive integer, as RLP, as a string.
    function _slotLeaf(Climb memory c, bool isOwn) private pure {
        uint256 from = c.cursor;
        uint256 value = c.takeInteger(32);
        if (value == 0) c.refuse();
        uint256 to = TrieNode.putPath(c.buffer, LEAF_FLAG, c.key, c.depth, 64 - c.depth);
        unchecked {
            uint256 size = c.cursor - from;
            uint256 place = c.values + c.current - c.keys;
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
            }
            _build(c, to + size);
        }
    }

    /// @dev A value is rlp([nonce, balance, storageRoot, codeHash]), of 70 to 110 bytes, as a string.
    function _accountLeaf(Climb memory c, bool isOwn) private pure {
        uint256 place = c.cursor;
        c.takeInteger(8);
        c.takeInteger(32);
        uint256 to = TrieNode.putPath(c.buffer, LEAF_FLAG, c.key, c.depth, 64 - c.depth);
        unchecked {
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
            }
            _build(c, to + 66);
        }
    }

    // --- steps ---

    /// @dev Climbs to the root, or to the branch at which the next key parts: the child is pushed then, for that key's steps to find.
    function _steps(Climb memory c) private pure {
        unchecked {
            uint256 floor = _floor(c);
            while (c.depth != 0) {
                c.mark = c.cursor;
                if (c.cursor == c.end) c.refuse();
                uint256 kind = Climbs.calldataAt(c.cursor) >> 248;
                if (kind > EXTENSION) {
                    _extension(c, kind - EXTENSION);
                } else if (c.depth > floor && c.size == HASH_SIZE && kind <= BRANCH) {
                    if (kind == BRANCH) _climbBranch(c);
                    else _climbFull(c, floor);
                    c.isBranch = true;
                    continue;
                } else {
                    _push(c);
                    if (c.next != c.last && _share(c.key, Climbs.wordAt(c.next), c.depth - 1)) return;
                    _branch(c, kind);
                }
                floor = _floor(c);
            }
        }
    }

    /// @dev Above this depth, the child is also on the way to earlier keys, or to the next.
    function _floor(Climb memory c) private pure returns (uint256 floor) {
        unchecked {
            if (c.top != c.base) floor = (Climbs.wordAt(c.top - 32) >> 8) + 1;
            if (c.next == c.last) return floor;
            uint256 parting = _common(c.key, Climbs.wordAt(c.next));
            if (parting >= floor) floor = parting + 1;
        }
    }

    /// @dev A branch of kind BRANCH with one way, to a hash.
    function _climbBranch(Climb memory c) private pure {
        unchecked {
            uint256 from = c.cursor + 3;
            uint256 sent = (Climbs.calldataAt(from - 3) >> 232) & 0xffff;
            uint256 depth = c.depth - 1;
            uint256 nibble = (c.key >> (252 - 4 * depth)) & 15;
            // One other child at least, and not all others: that is a full branch.
            if ((sent >> nibble) & 1 != 0 || sent == 0 || sent | (1 << nibble) == 0xffff) c.refuse();
            uint256 to;
            (to, from) = TrieNode.putSent(c.buffer, from, sent, nibble);
            to = TrieNode.put(to, c.child, HASH_SIZE);
            (to, from) = TrieNode.putSent(to, from, sent >> (nibble + 1), 15 - nibble);
            // What was read behind the end stops here.
            if (from > c.end) c.refuse();
            (c.cursor, c.depth) = (from, depth);
            _closeBranch(c, to);
        }
    }

    /// @dev Branches of kind FULL_BRANCH, one at least, with one way to a hash each.
    function _climbFull(Climb memory c, uint256 floor) private pure {
        assembly ("memory-safe") {
            let from := mload(c)
            let end := mload(add(c, 0x20))
            let depth := mload(add(c, 0x60))
            // The nibble of the child is the lowest.
            let path := shr(sub(256, shl(2, depth)), mload(add(c, 0x40)))
            let child := mload(add(c, 0x80))
            let node := mload(add(c, 0x100))
            for {} gt(depth, floor) {} {
                if or(xor(byte(0, calldataload(from)), FULL_BRANCH), gt(add(from, 481), end)) {
                    break
                }
                mstore(add(node, 4), calldataload(add(from, 1)))
                mstore(add(node, 37), calldataload(add(from, 33)))
                mstore(add(node, 70), calldataload(add(from, 65)))
                mstore(add(node, 103), calldataload(add(from, 97)))
                mstore(add(node, 136), calldataload(add(from, 129)))
                mstore(add(node, 169), calldataload(add(from, 161)))
                mstore(add(node, 202), calldataload(add(from, 193)))
                mstore(add(node, 235), calldataload(add(from, 225)))
                mstore(add(node, 268), calldataload(add(from, 257)))
                mstore(add(node, 301), calldataload(add(from, 289)))
                mstore(add(node, 334), calldataload(add(from, 321)))
                mstore(add(node, 367), calldataload(add(from, 353)))
                mstore(add(node, 400), calldataload(add(from, 385)))
                mstore(add(node, 433), calldataload(add(from, 417)))
                mstore(add(node, 466), calldataload(add(from, 449)))
                let way := add(add(node, 4), mul(33, and(path, 15)))
                mstore(add(node, 499), mload(way))
                mstore(way, child)
                child := keccak256(node, 532)
                from := add(from, 481)
                path := shr(4, path)
                depth := sub(depth, 1)
            }
            mstore(c, from)
            mstore(add(c, 0x60), depth)
            mstore(add(c, 0x80), child)
        }
        if (c.cursor == c.mark) c.refuse();
    }

    /// @dev An extension by the key's nibbles above the child.
    function _extension(Climb memory c, uint256 nibbles) private pure {
        uint256 reach = c.depth;
        if (!c.isBranch || nibbles > reach) c.refuse();
        unchecked {
            c.cursor += 1;
            c.depth = reach - nibbles;
        }
        c.isBranch = false;
        uint256 to = TrieNode.putPath(c.buffer, EXTENSION_FLAG, c.key, c.depth, nibbles);
        _build(c, TrieNode.put(to, c.child, c.size));
        _answer(c, true, reach);
    }

    /// @dev Any branch. Its ways are the entries of its depth, which are the uppermost ones of the stack.
    function _branch(Climb memory c, uint256 kind) private pure {
        unchecked {
            c.cursor += 1;
            c.depth -= 1;
            uint256 first = c.top;
            uint256 ways; // a bit for each child on a way; 16 bits up, for each that is something
            do {
                first -= ENTRY_BYTES;
                uint256 size = Climbs.wordAt(first + 32);
                if (size == 0) c.refuse();
                uint256 marks = size == 1 ? 1 : 0x10001;
                ways |= marks << (Climbs.wordAt(first + 64) & 15);
            } while (first != c.base && Climbs.wordAt(first - 32) >> 8 == c.depth);
            uint256 to;
            if (kind == BRANCH) to = _plain(c, first, ways);
            else if (kind == MIXED_BRANCH) to = _mixed(c, first, ways);
            else c.refuse();
            c.top = first;
            c.isBranch = true;
            _closeBranch(c, to);
        }
    }

    /// @dev Children that are sent are hashes.
    function _plain(Climb memory c, uint256 way, uint256 ways) private pure returns (uint256 to) {
        unchecked {
            uint256 from = c.cursor + 2;
            uint256 sent = Climbs.calldataAt(from - 2) >> 240;
            if (sent & ways & 0xffff != 0 || _isLonely(sent | (ways >> 16))) c.refuse();
            uint256 index;
            to = c.buffer;
            for (; way != c.top; way += ENTRY_BYTES) {
                uint256 nibble = Climbs.wordAt(way + 64) & 15;
                (to, from) = TrieNode.putSent(to, from, sent >> index, nibble - index);
                to = TrieNode.put(to, Climbs.wordAt(way), Climbs.wordAt(way + 32));
                index = nibble + 1;
            }
            (to, from) = TrieNode.putSent(to, from, sent >> index, 16 - index);
            if (from > c.end) c.refuse();
            c.cursor = from;
        }
    }

    /// @dev Children that are sent are references, one of them at least embedded.
    function _mixed(Climb memory c, uint256 way, uint256 ways) private pure returns (uint256 to) {
        unchecked {
            to = c.buffer;
            uint256 filled = ways >> 16;
            bool embedded;
            for (uint256 index = 0; index < 16; ++index) {
                if ((ways >> index) & 1 == 1) {
                    to = TrieNode.put(to, Climbs.wordAt(way), Climbs.wordAt(way + 32));
                    way += ENTRY_BYTES;
                    continue;
                }
                (uint256 child, uint256 size) = c.takeReference();
                if (size != 1) filled |= 1 << index;
                if (size != 1 && size != HASH_SIZE) embedded = true;
                to = TrieNode.put(to, child, size);
            }
            if (!embedded || _isLonely(filled)) c.refuse();
        }
    }

    /// @dev Sixteen children, and no value.
    function _closeBranch(Climb memory c, uint256 end) private pure {
        unchecked {
            assembly ("memory-safe") {
                mstore8(end, 0x80)
            }
            _build(c, end + 1);
        }
    }

    /// @dev Makes what the buffer holds up to `end` a node, and the node the child.
    function _build(Climb memory c, uint256 end) private pure {
        (c.child, c.size) = TrieNode.build(c.buffer, end);
    }

    /// @dev The child becomes an entry of the stack.
    function _push(Climb memory c) private pure {
        assembly ("memory-safe") {
            let top := mload(add(c, 0xe0))
            let depth := sub(mload(add(c, 0x60)), 1)
            mstore(top, mload(add(c, 0x80)))
            mstore(add(top, 0x20), mload(add(c, 0xa0)))
            // Nibble number `depth` of the key is the lowest of the upper depth + 1 ones.
            let nibble := and(shr(sub(252, shl(2, depth)), mload(add(c, 0x40))), 15)
            mstore(add(top, 0x40), or(shl(8, depth), nibble))
            mstore(add(c, 0xe0), add(top, ENTRY_BYTES))
        }
    }

    // --- small things ---

    /// @dev Whether two keys have their first `nibbles` in common.
    function _share(uint256 a, uint256 b, uint256 nibbles) private pure returns (bool) {
        unchecked {
            return (a ^ b) >> (256 - 4 * nibbles) == 0;
        }
    }

    /// @dev How many of their first nibbles two keys have in common. They differ.
    function _common(uint256 a, uint256 b) private pure returns (uint256 nibbles) {
        unchecked {
            while ((a ^ b) >> (252 - 4 * nibbles) == 0) ++nibbles;
        }
    }

    /// @dev Whether there are fewer than two children.
    function _isLonely(uint256 children) private pure returns (bool) {
        unchecked {
            return children & (children - 1) == 0;
        }
    }
}
