// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {BRANCH, Climb, Climbs, ENTRY_BYTES, EXTENSION, FULL_BRANCH, HASH_SIZE, MIXED_BRANCH} from "./Climb.sol";
import {TrieNode} from "./TrieNode.sol";

/// @title The steps of a witness: from an end, upward
/// @notice For {TrieReader}, which has the format.
library TrieSteps {
    using Climbs for Climb;
    using TrieNode for Climb;

    /// @notice Climbs to the root, or to the branch at which the next key parts. Then the child is pushed, for that key's steps to find.
    function climb(Climb memory c) internal pure {
        unchecked {
            bool isBranch; // whether the child is one
            while (true) {
                if (_climbAlone(c)) isBranch = true;
                if (c.height == 64) return;
                uint256 kind = Climbs.calldataAt(c.cursor) >> 248;
                if (kind > EXTENSION) {
                    if (!isBranch) c.refuse();
                    _extension(c, kind);
                } else {
                    c.push();
                    if (c.parting <= c.height + 1) {
                        // The next key's end comes.
                        if (c.cursor == c.end) c.refuse();
                        return;
                    }
                    _branch(c, kind);
                }
                isBranch = kind <= EXTENSION;
            }
        }
    }

    /// @dev Climbs branches with one way, to a hash, as long as they come.
    function _climbAlone(Climb memory c) private pure returns (bool moved) {
        unchecked {
            // Up to this height, the child is on the way to one key alone.
            uint256 ceiling = c.topHeight();
            if (c.parting < ceiling) ceiling = c.parting;
            ceiling -= 1;
            while (_step(c, ceiling)) moved = true;
        }
    }

    /// @dev One branch, or several full ones. False if none comes.
    function _step(Climb memory c, uint256 ceiling) private pure returns (bool) {
        c.begin();
        if (c.height >= ceiling) return false;
        uint256 kind = Climbs.calldataAt(c.cursor) >> 248;
        if (kind == BRANCH) return _climbBranch(c);
        return kind == FULL_BRANCH && _climbFull(c, ceiling);
    }

    /// @dev An extension by the key's nibbles above the child.
    function _extension(Climb memory c, uint256 kind) private pure {
        unchecked {
            uint256 low = c.height;
            c.height = low + kind - EXTENSION;
            if (c.height > 64) c.refuse();
            c.cursor += 1;
            uint256 to = TrieNode.put(c.putPath(low), c.top + ENTRY_BYTES);
            c.answer(kind, low);
            c.build(to);
        }
    }

    /// @dev A branch of kind BRANCH with one way, to a hash. False if it is none.
    function _climbBranch(Climb memory c) private pure returns (bool) {
        unchecked {
            uint256 from;
            uint256 sent;
            uint256 below;
            uint256 nibble;
            uint256 child;
            uint256 other;
            assembly ("memory-safe") {
                from := mload(c)
                sent := and(shr(232, calldataload(from)), 0xffff)
                from := add(from, 3)
                nibble := and(shr(shl(2, mload(add(c, 0x60))), mload(add(c, 0x40))), 15)
                child := add(mload(add(c, 0x80)), 0x80)
                let way := shl(nibble, 1)
                below := mod(sent, way)
                // One other child at least, and not all others: that is a full branch.
                other := or(
                    or(iszero(sent), and(sent, way)),
                    or(eq(add(sent, way), 0xffff), xor(mload(add(child, 0x20)), HASH_SIZE))
                )
                sent := xor(sent, below)
                child := mload(child)
            }
            if (other != 0) return false;
            uint256 shift = c.openBranch(from);
            from = TrieNode.putHashes(from, shift, below);
            TrieNode.putHash(from + shift + nibble, child);
            // The child is one more hash than calldata has.
            shift += 32;
            from = TrieNode.putHashes(from, shift, sent);
            c.cursor = from;
            c.height += 1;
            c.buildBranch(from + shift + 17);
            return true;
        }
    }

    /// @dev Branches of kind FULL_BRANCH that have one way, to a hash, as long as they come. False if none comes.
    function _climbFull(Climb memory c, uint256 ceiling) private pure returns (bool moved) {
        if (Climbs.wordAt(c.top + 0xa0) != HASH_SIZE) return false;
        assembly ("memory-safe") {
            let from := mload(c)
            let end := mload(add(c, 0x20))
            let height := mload(add(c, 0x60))
            // The nibble of the child is the lowest.
            let path := shr(shl(2, height), mload(add(c, 0x40)))
            let place := add(mload(add(c, 0x80)), 0x80)
            let child := mload(place)
            let node := mload(add(c, 0x120))
            for {} lt(height, ceiling) {} {
                if or(byte(0, calldataload(from)), gt(add(from, 481), end)) {
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
                height := add(height, 1)
                moved := 1
            }
            mstore(c, from)
            mstore(add(c, 0x60), height)
            mstore(place, child)
        }
    }

    /// @dev Any other branch. Its ways are the entries of its height, which are the uppermost ones of the stack.
    function _branch(Climb memory c, uint256 kind) private pure {
        unchecked {
            c.height += 1;
            c.cursor += 1;
            uint256 below = c.top;
            uint256 ways; // a bit for each child on a way; 16 bits up, for each that is something
            while (true) {
                uint256 size = Climbs.wordAt(below + 0x40);
                if (size == 0) c.refuse();
                assembly ("memory-safe") {
                    ways := or(ways, shl(and(mload(below), 15), or(1, shl(16, gt(size, 1)))))
                }
                below -= ENTRY_BYTES;
                if (c.height != Climbs.wordAt(below) >> 8) break;
            }
            if (kind > MIXED_BRANCH) c.refuse();
            uint256 first = below + ENTRY_BYTES;
            uint256 to = kind == MIXED_BRANCH ? _mixed(c, first, ways) : _plain(c, first, ways, kind);
            c.top = below;
            // Sixteen children, and no value.
            assembly ("memory-safe") {
                mstore8(to, 0x80)
            }
            c.build(to + 1);
        }
    }

    /// @dev Children that are sent are hashes.
    function _plain(Climb memory c, uint256 entry, uint256 ways, uint256 kind) private pure returns (uint256 to) {
        unchecked {
            uint256 from = c.cursor;
            uint256 sent = Climbs.calldataAt(from) >> 240;
            from += 2;
            uint256 filled = sent | (ways >> 16);
            if (kind != BRANCH || sent & ways != 0 || _isLonely(filled)) c.refuse();
            // A full branch has one way, to a hash.
            if (filled == 0xffff && entry == c.top && Climbs.wordAt(entry + 0x40) == HASH_SIZE) c.refuse();
            uint256 shift = c.openBranch(from);
            for (uint256 end = c.top + ENTRY_BYTES; entry != end; entry += ENTRY_BYTES) {
                uint256 nibble = Climbs.wordAt(entry) & 15;
                uint256 lower = sent & ((1 << nibble) - 1);
                sent ^= lower;
                from = TrieNode.putHashes(from, shift, lower);
                to = from + shift + nibble;
                shift += TrieNode.put(to, entry) - to - 1;
            }
            from = TrieNode.putHashes(from, shift, sent);
            c.cursor = from;
            return from + shift + 16;
        }
    }

    /// @dev Children that are sent are references, one of them at least embedded.
    function _mixed(Climb memory c, uint256 way, uint256 ways) private pure returns (uint256 to) {
        unchecked {
            to = c.header + 32;
            uint256 filled = ways >> 16;
            bool embedded;
            for (uint256 bit = 1; bit < 0x10000; bit <<= 1) {
                if (ways & bit != 0) {
                    to = TrieNode.put(to, way);
                    way += ENTRY_BYTES;
                    continue;
                }
                uint256 size = c.takeReference(to);
                if (size != 1) filled |= bit;
                if (size != 1 && size != HASH_SIZE) embedded = true;
                to += size;
            }
            if (!embedded || _isLonely(filled)) c.refuse();
        }
    }

    /// @dev Whether there are fewer than two children.
    function _isLonely(uint256 children) private pure returns (bool) {
        unchecked {
            return children & (0 - children) == children;
        }
    }
}
