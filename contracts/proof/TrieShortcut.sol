// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ProofStatus} from "./ProofTypes.sol";

/// @title The usual way down a trie, at the price of little more than its hashes
/// @notice Says Present or Absent, as {TrieWalk} would, where a proof is of the usual kind: branches of hashes and empty children alone,
/// extensions to a hash, and a leaf that holds an account or a slot. About everything else it says nothing (Invalid), and its caller
/// asks {TrieWalk}, which starts again at the first byte and also gives the reasons. So a proof is at worst read twice.
///
/// @dev It reads by rules 1 to 3 of {TrieWalk} and never more loosely: whatever is Present or Absent here is the same there. A difference
/// would be found by the tests that ask both, and the reference, the same questions.
///
/// Nothing is checked against the end of the proof on the way. A verdict comes with the place where the walk ended; the caller compares
/// that with the proof's end, once, and all that was read lies before it. In a list, whose offsets may point anywhere, a branch of sixteen
/// hashes, a leaf and an extension must end inside calldata; any other branch ends with 0x80, and behind calldata there are zeros alone.
///
/// `left` is 252 - 4 * depth, the place of the key's next nibble. A wrong node is not told at once: `hash` becomes zero, which is the
/// hash of no bytes that anyone knows, so that what follows cannot be proven. No verdict comes without a hash that agreed.
///
/// Gas is linear in the calldata that agreed with its hashes, about two thirds per byte, and one node more; no length is believed. Memory is
/// one 544-byte buffer behind the free memory pointer, and a trail of 68 words where there is one.
///
/// Yul functions that are called with a literal mode are compiled once for each, without the branches of the others.
library TrieShortcut {
    // What is walked, and to what kind of leaf: bit 0 is the kind, bits 1 and 2 say where the next node is and what is kept.

    /// @dev Nodes end to end.
    uint256 private constant PACKED_ACCOUNT = 0;
    uint256 private constant PACKED_SLOT = 1;
    /// @dev Elements of a `bytes[]`, whose offset is in memory at 0x00. `table` less 8 * left is the place of the node's entry.
    uint256 private constant LIST_ACCOUNT = 2;
    uint256 private constant LIST_SLOT = 3;
    /// @dev Nodes end to end, for many slots. `table` less 8 * left is where the branch at this depth is kept; see {newTrail}.
    uint256 private constant TRAIL_SLOT = 5;

    uint256 private constant SLOT = 1;
    uint256 private constant LIST = 2;
    uint256 private constant TRAIL = 4;

    /// @dev {TrieWalk}'s depth 0.
    uint256 private constant TOP = 252;

    /// @notice The account under `key`, by nodes end to end from `start`.
    /// @dev `next` is where the walk ended: the caller decides what may follow.
    function findAccount(
        bytes32 stateRoot,
        bytes32 key,
        uint256 start
    ) internal pure returns (ProofStatus status, bytes32 storageRoot, uint256 next) {
        uint256 outcome;
        uint256 value;
        (outcome, value, next) = _find(PACKED_ACCOUNT, 0, key, uint256(stateRoot), start);
        assembly ("memory-safe") {
            status := outcome
            storageRoot := value
        }
    }

    /// @notice The slot under `key`, by nodes end to end from `start`.
    function findSlot(
        bytes32 storageRoot,
        bytes32 key,
        uint256 start
    ) internal pure returns (ProofStatus status, uint256 value, uint256 next) {
        uint256 outcome;
        (outcome, value, next) = _find(PACKED_SLOT, 0, key, uint256(storageRoot), start);
        assembly ("memory-safe") {
            status := outcome
        }
    }

    /// @notice The account under `key` and below it the slot under `slotKey`, by nodes end to end from `start`.
    /// @return outcome the slot's status, which is Invalid where nothing is said, and 4 more if the account is Present
    function findAccountSlot(
        bytes32 stateRoot,
        bytes32 key,
        bytes32 slotKey,
        uint256 start
    ) internal pure returns (uint256 outcome, uint256 value, uint256 next) {
        (outcome, value, next) = _find(PACKED_ACCOUNT, 0, key, uint256(stateRoot), start);
        if (outcome == 2) {
            (outcome, value, next) = _find(PACKED_SLOT, 0, slotKey, value, next);
            assembly ("memory-safe") {
                outcome := or(outcome, 4)
            }
        }
    }

    /// @notice The account under `key`, by all nodes of a list.
    function findAccount(
        bytes32 stateRoot,
        bytes32 key,
        bytes[] calldata proof
    ) internal pure returns (ProofStatus status, bytes32 storageRoot) {
        (uint256 table, uint256 start) = _list(proof);
        (uint256 outcome, uint256 value, uint256 next) = _find(LIST_ACCOUNT, table, key, uint256(stateRoot), start);
        assembly ("memory-safe") {
            // equivalent: all elements were used ? outcome : Invalid
            status := mul(outcome, eq(next, add(proof.offset, shl(5, proof.length))))
            storageRoot := value
        }
    }

    /// @notice The slot under `key`, by all nodes of a list.
    function findSlot(
        bytes32 storageRoot,
        bytes32 key,
        bytes[] calldata proof
    ) internal pure returns (ProofStatus status, uint256 value) {
        (uint256 table, uint256 start) = _list(proof);
        uint256 outcome;
        uint256 next;
        (outcome, value, next) = _find(LIST_SLOT, table, key, uint256(storageRoot), start);
        assembly ("memory-safe") {
            status := mul(outcome, eq(next, add(proof.offset, shl(5, proof.length))))
        }
    }

    /// @dev Reads the first entry, also where there is none: no list of no elements ends as it begins.
    function _list(bytes[] calldata proof) private pure returns (uint256 table, uint256 start) {
        assembly ("memory-safe") {
            mstore(0x00, proof.offset)
            table := add(proof.offset, 2016)
            start := add(add(proof.offset, calldataload(proof.offset)), 0x20)
        }
    }

    /// @notice Where the walks from slot to slot leave what the next one needs, ready for the first.
    /// @dev From `trail` - 2016 on, one word for each depth 0..63: the branch that was entered there, or zero inside an extension.
    /// Behind `trail`: the last walk's end, which is a leaf or an extension that parted from the key, or zero for an empty child; its hash;
    /// its depth, as `left`; and that walk's key.
    function newTrail(bytes32 storageRoot, uint256 start) internal pure returns (uint256 trail) {
        assembly ("memory-safe") {
            trail := add(mload(0x40), 2016)
            mstore(0x40, add(trail, 0xa0))
            // The root is where the first walk goes on from the end of none.
            mstore(add(trail, 0x20), start)
            mstore(add(trail, 0x40), storageRoot)
            mstore(add(trail, 0x60), TOP)
            mstore(add(trail, 0x80), 0)
        }
    }

    /// @notice The next slot, whose key is above the last one's. New nodes are at `start`.
    /// @dev All that two keys share lies on both their ways. The walk goes on in the deepest branch before they part; if that is where the
    /// last walk ended, it goes on from there, with the same bytes and the same hash; and where the last key's child was empty, or its
    /// extension was followed and this key parts from it, there is nothing to be read.
    function findNext(
        uint256 trail,
        bytes32 key,
        uint256 start
    ) internal pure returns (uint256 status, uint256 value, uint256 next) {
        return _find(TRAIL_SLOT, trail, key, 0, start);
    }

    /// @return outcome as ProofStatus
    /// @return found the storage root or the slot's value; of no meaning unless Present
    /// @return ended where the walk ended: behind the last node, in a list behind its entry
    function _find(
        uint256 how,
        uint256 entries,
        bytes32 hashedKey,
        uint256 root,
        uint256 start
    ) private pure returns (uint256 outcome, uint256 found, uint256 ended) {
        assembly ("memory-safe") {
            function walk(mode, table, key, hash, node) -> status, value, next {
                // The place of the key's next nibble: 252 - 4 * depth.
                let left := 252
                if and(mode, TRAIL) {
                    // The keys differ: they are in order, and the first is not zero, being a hash.
                    {
                        let parted := xor(mload(add(table, 0x80)), key)
                        for {} iszero(shr(left, parted)) {} {
                            left := sub(left, 4)
                        }
                    }
                    next := node
                    switch sgt(left, mload(add(table, 0x60)))
                    case 0 {
                        left := mload(add(table, 0x60))
                        node := mload(add(table, 0x20))
                        hash := mload(add(table, 0x40))
                        if iszero(node) {
                            status := 1
                            leave
                        }
                        mstore(add(table, 0x80), key)
                    }
                    default {
                        let branch := mload(sub(table, shl(3, left)))
                        if iszero(branch) {
                            status := 1
                            leave
                        }
                        mstore(add(table, 0x80), key)
                        hash, branch := childOf(branch, shr(left, key))
                        left := sub(left, 4)
                        if branch {
                            status := 1
                            keepEnd(table, 0, 0, left)
                            leave
                        }
                    }
                }
                // One turn, and one more where a branch of sixteen hashes lies below another one, and below each extension.
                for {} 1 {} {
                    // Branches of sixteen hashes: 0xf9 0x0211, then (0xa0, hash) sixteen times, then 0x80. Byte 3 of
                    // `wrong` collects the markers.
                    if eq(shr(232, calldataload(node)), 0xf90211) {
                        let buffer := mload(0x40)
                        let wrong
                        for {} 1 {} {
                            calldatacopy(buffer, node, 0x214)
                            let foreign := xor(keccak256(buffer, 0x214), hash)
                            if and(mode, TRAIL) {
                                mstore(sub(table, shl(3, left)), node)
                                // The trail has 64 entries.
                                foreign := or(foreign, slt(left, 4))
                            }
                            if and(mode, LIST) {
                                foreign := or(
                                    or(xor(calldataload(sub(node, 0x20)), 0x214), gt(add(node, 0x214), calldatasize())),
                                    foreign
                                )
                            }
                            hash := add(node, mul(33, and(shr(left, key), 15)))
                            wrong := or(xor(calldataload(hash), shl(224, 0xa0)), wrong)
                            hash := calldataload(add(hash, 4))
                            left := sub(left, 4)
                            node := follow(mode, table, add(node, 0x214), left)
                            if or(xor(shr(232, calldataload(node)), 0xf90211), foreign) {
                                hash := mul(hash, iszero(or(foreign, byte(3, wrong))))
                                break
                            }
                        }
                    }
                    // The other branches. In here, `value` is the place of an item, 31 bytes before its marker.
                    for {} 1 {} {
                        {
                            // 2..15 hashes in 17 + 32 * hashes bytes, the first child a hash or empty: 0xf8 0x51..0xf1 or 0xf9 0x0111..0x01f1.
                            let head := calldataload(node)
                            switch lt(head, shl(248, 0xf9))
                            case 0 {
                                if xor(and(shr(224, head), 0xffff1fdf), 0xf9011180) {
                                    break
                                }
                                value := sub(node, 28)
                                next := add(add(node, 259), byte(2, head))
                            }
                            default {
                                if or(xor(and(shr(232, head), 0xff1fdf), 0xf81180), lt(byte(1, head), 0x51)) {
                                    break
                                }
                                value := sub(node, 29)
                                next := add(add(node, 2), byte(1, head))
                            }
                        }
                        // From here to the next hash, `hash` collects what is wrong.
                        {
                            let buffer := mload(0x40)
                            calldatacopy(buffer, node, sub(next, node))
                            hash := xor(keccak256(buffer, sub(next, node)), hash)
                        }
                        // The empty value is the last byte.
                        hash := or(xor(and(calldataload(sub(next, 32)), 0xff), 0x80), hash)
                        if gt(left, 243) {
                            // At depth 0..2 a first item of 32 bytes may be a path (rule 3), but not before a hash or an empty child.
                            hash := or(
                                xor(and(calldataload(add(add(value, 1), and(calldataload(value), 0x20))), 0xdf), 0x80),
                                hash
                            )
                        }
                        if and(mode, TRAIL) {
                            hash := or(slt(left, 0), hash)
                            mstore(sub(table, shl(3, left)), node)
                        }
                        if and(mode, LIST) {
                            hash := or(xor(calldataload(sub(node, 0x20)), sub(next, node)), hash)
                        }
                        {
                            let n := shr(left, key)
                            if and(n, 8) {
                                value := add(value, and(calldataload(value), 0x3f))
                                value := add(value, and(calldataload(add(value, 1)), 0x3f))
                                value := add(value, and(calldataload(add(value, 2)), 0x3f))
                                value := add(value, and(calldataload(add(value, 3)), 0x3f))
                                value := add(value, and(calldataload(add(value, 4)), 0x3f))
                                value := add(value, and(calldataload(add(value, 5)), 0x3f))
                                value := add(value, and(calldataload(add(value, 6)), 0x3f))
                                value := add(add(value, 8), and(calldataload(add(value, 7)), 0x3f))
                            }
                            if and(n, 4) {
                                value := add(value, and(calldataload(value), 0x3f))
                                value := add(value, and(calldataload(add(value, 1)), 0x3f))
                                value := add(value, and(calldataload(add(value, 2)), 0x3f))
                                value := add(add(value, 4), and(calldataload(add(value, 3)), 0x3f))
                            }
                            if and(n, 2) {
                                value := add(value, and(calldataload(value), 0x3f))
                                value := add(add(value, 2), and(calldataload(add(value, 1)), 0x3f))
                            }
                            if and(n, 1) {
                                value := add(add(value, 1), and(calldataload(value), 0x3f))
                            }
                        }
                        left := sub(left, 4)
                        // A hash that ends before the value; or nothing, before the value and before the key has ended.
                        if or(or(xor(and(calldataload(value), 0xff), 0xa0), gt(add(value, 65), next)), hash) {
                            status := and(
                                and(eq(byte(0, calldataload(add(value, 31))), 0x80), iszero(hash)),
                                and(lt(add(value, 32), next), slt(not(4), left))
                            )
                            value := 0
                            if and(mode, LIST) {
                                next := sub(table, shl(3, left))
                            }
                            if and(mode, TRAIL) {
                                keepEnd(table, 0, 0, left)
                            }
                            leave
                        }
                        hash := calldataload(add(value, 32))
                        node := follow(mode, table, next, left)
                    }

                    // What is left of the key, in bits.
                    let rest := add(left, 4)
                    let other
                    switch and(mode, SLOT)
                    case 0 {
                        status, value, next, other := accountLeaf(key, hash, node, rest)
                    }
                    default {
                        status, value, next, other := slotLeaf(key, hash, node, rest)
                    }
                    if and(mode, LIST) {
                        status := mul(status, isElement(node, next))
                    }
                    if status {
                        if other {
                            // A path that is not the key's, in a leaf like any other, proves absence.
                            status := 1
                            value := 0
                        }
                        if and(mode, LIST) {
                            next := add(sub(table, shl(3, left)), 0x20)
                        }
                        if and(mode, TRAIL) {
                            keepEnd(table, node, hash, left)
                        }
                        leave
                    }
                    // equivalent: such a branch again, and its hash is not a wrong node's
                    if gt(eq(shr(232, calldataload(node)), 0xf90211), iszero(hash)) {
                        continue
                    }
                    let below
                    status, value, next, below := extension(key, hash, node, left)
                    if and(mode, LIST) {
                        status := mul(status, isElement(node, next))
                    }
                    if or(eq(below, left), iszero(status)) {
                        // An extension that parts from the key: the end.
                        if and(mode, LIST) {
                            next := add(sub(table, shl(3, left)), 0x20)
                        }
                        if and(mode, TRAIL) {
                            keepEnd(table, node, hash, left)
                        }
                        leave
                    }
                    // An extension that is followed, to its hash in `value`.
                    status := 0
                    if and(mode, LIST) {
                        // One entry for several nibbles.
                        table := sub(add(table, 0x20), shl(3, sub(left, below)))
                    }
                    if and(mode, TRAIL) {
                        for {
                            let l := left
                        } xor(l, below) {
                            l := sub(l, 4)
                        } {
                            mstore(sub(table, shl(3, l)), 0)
                        }
                    }
                    hash := value
                    value := 0
                    left := below
                    node := follow(mode, table, next, left)
                    // It leads to a branch.
                    if iszero(isBranch(calldataload(node))) {
                        leave
                    }
                }
            }

            // The next node: what lies at `end`, or the list's next element.
            function follow(mode, table, next, left) -> node {
                node := next
                if and(mode, LIST) {
                    node := add(add(mload(0x00), calldataload(sub(table, shl(3, left)))), 0x20)
                }
            }

            // A list's element that is one node and ends in calldata.
            function isElement(node, end) -> yes {
                yes := iszero(or(xor(calldataload(sub(node, 0x20)), sub(end, node)), gt(end, calldatasize())))
            }

            function keepEnd(table, node, hash, left) {
                mstore(add(table, 0x20), node)
                mstore(add(table, 0x40), hash)
                mstore(add(table, 0x60), left)
            }

            // Whether `walk` reads these first bytes as a branch.
            function isBranch(head) -> yes {
                yes := or(
                    eq(shr(232, head), 0xf90211),
                    or(eq(and(shr(232, head), 0xff1fdf), 0xf81180), eq(and(shr(224, head), 0xffff1fdf), 0xf9011180))
                )
            }

            // Behind n siblings, which are skipped as rule 2 says. The places are 31 bytes behind, so that a marker is the lowest byte
            // of a word; the "plus one" of a step is in the constants.
            function skip(start_, n) -> p {
                p := start_
                if and(n, 8) {
                    p := add(p, and(calldataload(p), 0x3f))
                    p := add(p, and(calldataload(add(p, 1)), 0x3f))
                    p := add(p, and(calldataload(add(p, 2)), 0x3f))
                    p := add(p, and(calldataload(add(p, 3)), 0x3f))
                    p := add(p, and(calldataload(add(p, 4)), 0x3f))
                    p := add(p, and(calldataload(add(p, 5)), 0x3f))
                    p := add(p, and(calldataload(add(p, 6)), 0x3f))
                    p := add(add(p, 8), and(calldataload(add(p, 7)), 0x3f))
                }
                if and(n, 4) {
                    p := add(p, and(calldataload(p), 0x3f))
                    p := add(p, and(calldataload(add(p, 1)), 0x3f))
                    p := add(p, and(calldataload(add(p, 2)), 0x3f))
                    p := add(add(p, 4), and(calldataload(add(p, 3)), 0x3f))
                }
                if and(n, 2) {
                    p := add(p, and(calldataload(p), 0x3f))
                    p := add(add(p, 2), and(calldataload(add(p, 1)), 0x3f))
                }
                if and(n, 1) {
                    p := add(add(p, 1), and(calldataload(p), 0x3f))
                }
            }

            // The n-th child of a branch that `walk` has kept: a hash, zero if it is none; or nothing.
            function childOf(branch, n) -> hash, empty {
                let head := calldataload(branch)
                switch eq(shr(232, head), 0xf90211)
                case 1 {
                    let child := add(branch, mul(33, and(n, 15)))
                    hash := mul(calldataload(add(child, 4)), eq(byte(3, calldataload(child)), 0xa0))
                }
                default {
                    let child := sub(branch, 29)
                    let end := add(add(branch, 2), byte(1, head))
                    if eq(byte(0, head), 0xf9) {
                        child := sub(branch, 28)
                        end := add(add(branch, 259), byte(2, head))
                    }
                    child := skip(child, n)
                    let marker := and(calldataload(child), 0xff)
                    empty := and(eq(marker, 0x80), lt(add(child, 32), end))
                    hash := mul(calldataload(add(child, 32)), and(eq(marker, 0xa0), lt(add(child, 64), end)))
                }
            }

            // A slot's leaf: a list of 32..56 bytes, whose header is one byte, or 0xf8 and one length byte of at least 56. Status 2 where it is
            // one; `other` is what its path and the key differ in.
            function slotLeaf(key, hash, node, rest) -> status, value, next, other {
                let item := node
                let wrong
                {
                    let head := calldataload(node)
                    next := add(node, sub(byte(0, head), 0xbf))
                    if gt(sub(byte(0, head), 0xdf), 0x18) {
                        wrong := or(xor(byte(0, head), 0xf8), lt(byte(1, head), 56))
                        next := add(add(node, 2), byte(1, head))
                        item := add(node, 1)
                    }
                }
                {
                    let buffer := mload(0x40)
                    calldatacopy(buffer, node, sub(next, node))
                    wrong := or(xor(keccak256(buffer, sub(next, node)), hash), wrong)
                }
                {
                    // The path takes what is left of the key: 0x80 + its bytes, of which there are rest / 8 and one more; then 0x3 and a nibble
                    // if its nibbles are odd, and 0x20 if they are even. One byte alone would have no marker: that is for {TrieWalk}, as is what
                    // lies below the key's end.
                    let flag := and(calldataload(sub(item, 29)), 0xffff)
                    let odd := and(rest, 4)
                    // equivalent: flag - (0x8120 + 0x100 * (rest / 8)) - (odd ? 0x10 : 0), which is 0, or the nibble if odd
                    flag := sub(add(flag, mul(odd, 28)), add(shl(5, rest), 0x8120))
                    wrong := or(or(shr(odd, flag), slt(rest, 8)), wrong)
                    item := add(add(item, 3), shr(3, rest))
                }
                other := shl(sub(256, rest), xor(calldataload(sub(item, 32)), key))
                {
                    // The value: one byte of 0x01..0x7f; or 0x80 + n, 0x80 + n - 1, and n - 1 bytes, the first of which is not zero, nor
                    // below 0x80 if it is the only one. An integer, and it ends with the node.
                    let size := sub(next, item)
                    switch lt(size, 2)
                    case 0 {
                        wrong := or(xor(shr(240, calldataload(item)), add(0x7f7e, mul(size, 0x101))), wrong)
                        value := calldataload(add(item, 2))
                        wrong := or(iszero(byte(0, value)), wrong)
                        // Zero, which is below 0x80, if there is no byte or there are more than 32.
                        value := shr(sub(272, shl(3, size)), value)
                        wrong := or(lt(value, 0x80), wrong)
                    }
                    default {
                        value := byte(0, calldataload(item))
                        wrong := or(or(gt(sub(value, 1), 0x7e), xor(size, 1)), wrong)
                    }
                }
                status := shl(1, iszero(wrong))
            }

            // An account's leaf: 0xf8, size, path, 0xb8, size, 0xf8, size, then nonce, balance, storage root and code hash.
            function accountLeaf(key, hash, node, rest) -> status, value, next, other {
                let wrong
                let item
                {
                    let head := calldataload(node)
                    let size := add(2, byte(1, head))
                    next := add(node, size)
                    let buffer := mload(0x40)
                    calldatacopy(buffer, node, size)
                    wrong := or(xor(keccak256(buffer, size), hash), xor(byte(0, head), 0xf8))
                    // The path, as in `slotLeaf`.
                    let odd := and(rest, 4)
                    let flag := sub(add(and(shr(224, head), 0xffff), mul(odd, 28)), add(shl(5, rest), 0x8120))
                    wrong := or(or(shr(odd, flag), slt(rest, 8)), wrong)
                    item := add(add(node, 4), shr(3, rest))
                }
                other := shl(sub(256, rest), xor(calldataload(sub(item, 32)), key))
                // equivalent: the next four bytes are 0xb8, n - 2, 0xf8, n - 4, where n is what is left of the node
                wrong := or(xor(shr(224, calldataload(item)), add(0xb7fef7fc, mul(sub(next, item), 0x10001))), wrong)
                {
                    // Two canonical integers of at most 8 and 32 bytes, and the two hashes, end where the node ends. The first byte of an
                    // integer is not zero, nor below 0x80 if it is the only one behind a marker.
                    let head := calldataload(add(item, 4))
                    item := add(item, 5)
                    wrong := or(iszero(byte(0, head)), wrong)
                    if gt(byte(0, head), 0x80) {
                        item := add(item, sub(byte(0, head), 0x80))
                        wrong := or(
                            or(gt(byte(0, head), 0x88), lt(byte(1, head), shl(mul(7, eq(byte(0, head), 0x81)), 1))),
                            wrong
                        )
                    }
                    head := calldataload(item)
                    item := add(item, 67)
                    wrong := or(iszero(byte(0, head)), wrong)
                    if gt(byte(0, head), 0x80) {
                        item := add(item, sub(byte(0, head), 0x80))
                        wrong := or(
                            or(gt(byte(0, head), 0xa0), lt(byte(1, head), shl(mul(7, eq(byte(0, head), 0x81)), 1))),
                            wrong
                        )
                    }
                }
                {
                    let markers := xor(calldataload(sub(next, 66)), shl(248, 0xa0))
                    markers := or(xor(calldataload(sub(next, 33)), shl(248, 0xa0)), markers)
                    wrong := or(or(shr(248, markers), xor(item, next)), wrong)
                }
                value := calldataload(sub(next, 65))
                status := shl(1, iszero(wrong))
            }

            // An extension of 32..56 bytes to a hash: a header of one byte; a path of 0x1n, or 0x80 + its bytes, then 0x1n or 0x00 and the
            // other nibbles; 0xa0, hash. Absent if the path is not the key's. Otherwise status 2, the hash and where it leads.
            function extension(key, hash, node, left) -> status, value, next, below {
                let head := calldataload(node)
                next := add(node, sub(byte(0, head), 0xbf))
                let path := add(node, 1)
                let bytes_ := 1
                let flag := byte(1, head)
                if gt(flag, 0x7f) {
                    path := add(node, 2)
                    bytes_ := sub(flag, 0x80)
                    flag := byte(2, head)
                    if lt(bytes_, 2) {
                        leave
                    }
                }
                // 0x1n or 0x00. The node's size bounds the bytes, and a branch below takes at least one nibble.
                if or(or(gt(flag, 0x1f), lt(sub(flag, 1), 0x0f)), gt(sub(byte(0, head), 0xdf), 0x18)) {
                    leave
                }
                below := sub(left, shl(2, add(shl(1, sub(bytes_, 1)), shr(4, flag))))
                path := add(path, bytes_)
                if or(
                    or(slt(below, 0), eq(below, left)),
                    or(xor(byte(0, calldataload(path)), 0xa0), xor(add(path, 33), next))
                ) {
                    leave
                }
                {
                    let buffer := mload(0x40)
                    calldatacopy(buffer, node, sub(next, node))
                    if xor(keccak256(buffer, sub(next, node)), hash) {
                        leave
                    }
                }
                status := 2
                value := calldataload(add(path, 1))
                if shl(sub(256, sub(left, below)), xor(calldataload(sub(path, 32)), shr(add(below, 4), key))) {
                    status := 1
                    value := 0
                    below := left
                }
            }

            outcome, found, ended := walk(how, entries, hashedKey, root, start)
        }
    }
}
