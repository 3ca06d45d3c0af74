// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {CompactNode, EXTENSION_FLAG, HASH_SIZE, ITEMS} from "./CompactNode.sol";
import {ProofReason} from "./ProofTypes.sol";

/// @dev Where a part stands, from its end up to its root. The order of the fields is known to the assembly below.
struct Climb {
    uint256 cursor; // 0x00: calldata offset of what comes next
    uint256 end; // 0x20: calldata offset of the first byte behind the witness
    uint256 key; // 0x40: the nibbles of the hashed key that lead to the child, right-aligned
    uint256 depth; // 0x60: their number
    uint256 child; // 0x80: the child's hash, or its bytes, left-aligned, and anything behind them
    uint256 size; // 0xa0: of the child's reference: HASH_SIZE, or that of an embedded node, or 1 for nothing
    uint256 buffer; // 0xc0: memory offset of where nodes are written; both parts use the same
    uint256 next; // 0xe0: memory offset of the end of a node's items; that node is to be the child once it is hashed; or 0
    bool isBranch; // 0x100: whether the child is one
    uint256 kind; // of the end
    uint256 value; // of a slot's leaf
}

/// @title The way from the end of a compact witness up to its root
/// @notice {CompactProof} explains the format and what it rests on. Nodes are written in memory, never read.
library CompactClimb {
    /// @dev The hash of the node that a climb ended with; keccak256(0x80) if that is nothing.
    function root(Climb memory climb) internal pure returns (bytes32 hash) {
        if (climb.size == HASH_SIZE) return bytes32(climb.child);
        assembly ("memory-safe") {
            mstore(0x00, mload(add(climb, 0x80)))
            hash := keccak256(0x00, mload(add(climb, 0xa0)))
        }
    }

    // --- steps ---

    /// @notice From an end up to its root.
    function toRoot(Climb memory climb) internal pure returns (uint256 reason) {
        while (true) {
            reason = _usualBranches(climb);
            if (climb.depth == 0 || reason != 0) return reason;
            uint256 kind = byteAt(climb.cursor);
            // 2 or more.
            unchecked {
                climb.cursor += 1;
                reason = kind == 2 ? _branch(climb) : _extension(climb, kind - 2);
            }
            if (reason != 0) return reason;
        }
    }

    /// @dev Closes what is in the buffer, and takes the usual steps, as many as follow here: branches without embedded siblings.
    function _usualBranches(Climb memory climb) private pure returns (uint256 reason) {
        assembly ("memory-safe") {
            // Reasons, numbered as in ProofReason: 3 Truncated, 9 BranchMalformed.

            // Puts the header before the items from `start` to `next`, and returns how the node is referred to.
            function close(start, next) -> child, size {
                // Three bytes before the items: 0xf9 and a length of two bytes; two: 0xf8 and one; or one for both.
                size := sub(next, start)
                switch lt(size, 56)
                case 1 {
                    start := sub(start, 1)
                    mstore8(start, add(0xc0, size))
                }
                default {
                    start := sub(start, 2)
                    mstore8(add(start, 1), size)
                    switch lt(size, 256)
                    case 1 {
                        mstore8(start, 0xf8)
                    }
                    default {
                        mstore8(start, shr(8, size))
                        start := sub(start, 1)
                        mstore8(start, 0xf9)
                    }
                }
                size := sub(next, start)
                switch lt(size, 32)
                case 1 {
                    child := mload(start)
                }
                default {
                    child := keccak256(start, size)
                    size := HASH_SIZE
                }
            }

            // Puts `count` children, from the lowest bit of `hashes` on: 0xa0 and a hash that is sent, or 0x80 and whatever, which
            // the next child overwrites.
            function put(count, hashes, to, from) -> to_, from_ {
                for {} gt(count, 3) {
                    count := sub(count, 4)
                    hashes := shr(4, hashes)
                } {
                    if iszero(and(hashes, 15)) {
                        mstore(to, shl(224, 0x80808080))
                        to := add(to, 4)
                        continue
                    }
                    switch and(hashes, 1)
                    case 0 {
                        mstore8(to, 0x80)
                        to := add(to, 1)
                    }
                    default {
                        mstore8(to, 0xa0)
                        mstore(add(to, 1), calldataload(from))
                        to := add(to, 33)
                        from := add(from, 32)
                    }
                    switch and(hashes, 2)
                    case 0 {
                        mstore8(to, 0x80)
                        to := add(to, 1)
                    }
                    default {
                        mstore8(to, 0xa0)
                        mstore(add(to, 1), calldataload(from))
                        to := add(to, 33)
                        from := add(from, 32)
                    }
                    switch and(hashes, 4)
                    case 0 {
                        mstore8(to, 0x80)
                        to := add(to, 1)
                    }
                    default {
                        mstore8(to, 0xa0)
                        mstore(add(to, 1), calldataload(from))
                        to := add(to, 33)
                        from := add(from, 32)
                    }
                    switch and(hashes, 8)
                    case 0 {
                        mstore8(to, 0x80)
                        to := add(to, 1)
                    }
                    default {
                        mstore8(to, 0xa0)
                        mstore(add(to, 1), calldataload(from))
                        to := add(to, 33)
                        from := add(from, 32)
                    }
                }
                for {} count {
                    count := sub(count, 1)
                    hashes := shr(1, hashes)
                } {
                    switch and(hashes, 1)
                    case 0 {
                        mstore8(to, 0x80)
                        to := add(to, 1)
                    }
                    default {
                        mstore8(to, 0xa0)
                        mstore(add(to, 1), calldataload(from))
                        to := add(to, 33)
                        from := add(from, 32)
                    }
                }
                to_ := to
                from_ := from
            }

            // Branches of sixteen hashes, as many as follow.
            function full(buffer, child, key, depth, from, end) -> child_, key_, depth_, from_ {
                for {} 1 {} {
                    if or(byte(0, calldataload(from)), or(gt(add(from, 481), end), iszero(depth))) {
                        break
                    }
                    mstore(add(buffer, 4), calldataload(add(from, 1)))
                    mstore(add(buffer, 37), calldataload(add(from, 33)))
                    mstore(add(buffer, 70), calldataload(add(from, 65)))
                    mstore(add(buffer, 103), calldataload(add(from, 97)))
                    mstore(add(buffer, 136), calldataload(add(from, 129)))
                    mstore(add(buffer, 169), calldataload(add(from, 161)))
                    mstore(add(buffer, 202), calldataload(add(from, 193)))
                    mstore(add(buffer, 235), calldataload(add(from, 225)))
                    mstore(add(buffer, 268), calldataload(add(from, 257)))
                    mstore(add(buffer, 301), calldataload(add(from, 289)))
                    mstore(add(buffer, 334), calldataload(add(from, 321)))
                    mstore(add(buffer, 367), calldataload(add(from, 353)))
                    mstore(add(buffer, 400), calldataload(add(from, 385)))
                    mstore(add(buffer, 433), calldataload(add(from, 417)))
                    mstore(add(buffer, 466), calldataload(add(from, 449)))
                    // What was put in the place of the child on the way is child 15, wherever that place is.
                    let place := add(add(buffer, 4), mul(33, and(key, 15)))
                    mstore(add(buffer, 499), mload(place))
                    mstore(place, child)
                    child := keccak256(buffer, 532)
                    from := add(from, 481)
                    key := shr(4, key)
                    depth := sub(depth, 1)
                }
                child_ := child
                key_ := key
                depth_ := depth
                from_ := from
            }

            function run(c) -> reason_ {
                let from := mload(c)
                let end := mload(add(c, 0x20))
                let key := mload(add(c, 0x40))
                let depth := mload(add(c, 0x60))
                let child := mload(add(c, 0x80))
                let size := mload(add(c, 0xa0))
                let buffer := mload(add(c, 0xc0))
                if mload(add(c, 0xe0)) {
                    child, size := close(add(buffer, ITEMS), mload(add(c, 0xe0)))
                    mstore(add(c, 0xe0), 0)
                }
                for {} depth {} {
                    if eq(size, HASH_SIZE) {
                        let start := from
                        child, key, depth, from := full(buffer, child, key, depth, from, end)
                        if xor(from, start) {
                            mstore(add(c, 0x100), 1)
                            continue
                        }
                    }
                    if iszero(lt(from, end)) {
                        reason_ := 3
                        leave
                    }
                    let kind := byte(0, calldataload(from))
                    if iszero(kind) {
                        // One of sixteen hashes is missing: the one on the way, or some of the witness.
                        reason_ := 9
                        if eq(size, HASH_SIZE) {
                            reason_ := 3
                        }
                        leave
                    }
                    if gt(kind, 1) {
                        break
                    }
                    // Hashes and empty children, whatever is on the way.
                    let hashes := and(shr(232, calldataload(from)), 0xffff)
                    from := add(from, 3)
                    if gt(from, end) {
                        reason_ := 3
                        leave
                    }
                    let index := and(key, 15)
                    let next := or(hashes, shl(index, gt(size, 1)))
                    if or(
                        and(shr(index, hashes), 1),
                        or(iszero(and(next, sub(next, 1))), and(eq(size, HASH_SIZE), eq(next, 0xffff)))
                    ) {
                        reason_ := 9
                        leave
                    }
                    next, from := put(index, hashes, add(buffer, ITEMS), from)
                    mstore8(next, 0xa0)
                    mstore(add(next, eq(size, HASH_SIZE)), child)
                    next, from := put(sub(15, index), shr(add(index, 1), hashes), add(next, size), from)
                    mstore8(next, 0x80)
                    // What was read behind the end stops here.
                    if gt(from, end) {
                        reason_ := 3
                        leave
                    }
                    child, size := close(add(buffer, ITEMS), add(next, 1))
                    key := shr(4, key)
                    depth := sub(depth, 1)
                    mstore(add(c, 0x100), 1)
                }
                mstore(c, from)
                mstore(add(c, 0x40), key)
                mstore(add(c, 0x60), depth)
                mstore(add(c, 0x80), child)
                mstore(add(c, 0xa0), size)
            }
            reason := run(climb)
        }
    }

    /// @dev A branch of which some siblings are embedded.
    function _branch(Climb memory climb) private pure returns (uint256) {
        // As in {CompactProof-_end}; sixteen children of at most 33 bytes.
        unchecked {
            if (climb.end - climb.cursor < 4) return uint256(ProofReason.Truncated);
            uint256 others = wordAt(climb.cursor) >> 240;
            uint256 embedded = (wordAt(climb.cursor) >> 224) & 0xffff;
            climb.cursor += 4;
            uint256 onWay = 1 << (climb.key & 15);
            uint256 children = climb.size == 1 ? others : others | onWay;
            if (others & onWay != 0 || embedded == 0 || embedded & ~others != 0 || children & (children - 1) == 0) {
                return uint256(ProofReason.BranchMalformed);
            }
            uint256 next = climb.buffer + ITEMS;
            for (uint256 bit = 1; bit < 0x10000; bit <<= 1) {
                if (bit == onWay) {
                    next = CompactNode.putChild(next, climb.child, climb.size);
                    continue;
                }
                uint256 size = 1;
                uint256 child = 0x80 << 248;
                if (others & bit != 0) {
                    uint256 reason;
                    (reason, child, size) = takeChild(climb, embedded & bit != 0);
                    if (reason != 0) return reason;
                }
                next = CompactNode.putChild(next, child, size);
            }
            assembly ("memory-safe") {
                // No value.
                mstore8(next, 0x80)
            }
            climb.next = next + 1;
            climb.depth -= 1;
            climb.key >>= 4;
            climb.isBranch = true;
        }
        return 0;
    }

    /// @dev An extension by the key's next nibbles, above a branch.
    function _extension(Climb memory climb, uint256 nibbles) private pure returns (uint256) {
        // At most 253 nibbles, and at most 63 where anything is computed with them.
        unchecked {
            if (nibbles > 63) return uint256(ProofReason.NodeMalformed);
            if (!climb.isBranch) return uint256(ProofReason.ExtensionMalformed);
            if (nibbles > climb.depth) return uint256(ProofReason.PathLength);
            uint256 path = climb.key & ((1 << (4 * nibbles)) - 1);
            climb.next = CompactNode.putChild(
                CompactNode.putPath(climb.buffer + ITEMS, EXTENSION_FLAG, path, nibbles),
                climb.child,
                climb.size
            );
            climb.depth -= nibbles;
            climb.key >>= 4 * nibbles;
            climb.isBranch = false;
        }
        return 0;
    }

    // --- what is sent ---

    /// @dev A hash, or an embedded node: by its first byte a list of 3 to 31 bytes.
    function takeChild(
        Climb memory climb,
        bool isEmbedded
    ) internal pure returns (uint256, uint256 child, uint256 size) {
        // As in {CompactProof-_end}.
        unchecked {
            uint256 left = climb.end - climb.cursor;
            uint256 sent = 32;
            size = HASH_SIZE;
            if (isEmbedded) {
                if (left == 0) return (uint256(ProofReason.Truncated), 0, 0);
                size = byteAt(climb.cursor) - 0xbf;
                if (size < 3 || size > 31) return (uint256(ProofReason.ChildMalformed), 0, 0);
                sent = size;
            }
            if (left < sent) return (uint256(ProofReason.Truncated), 0, 0);
            child = wordAt(climb.cursor);
            climb.cursor += sent;
        }
        return (0, child, size);
    }

    function byteAt(uint256 place) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(place))
        }
    }

    function wordAt(uint256 place) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(place)
        }
    }
}
