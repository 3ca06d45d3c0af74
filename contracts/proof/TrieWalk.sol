// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ProofReason} from "./ProofTypes.sol";

/// @dev Outcomes of {TrieWalk-descend} above the reasons.
uint256 constant PRESENT = 0x20;
uint256 constant ABSENT = 0x21;

/// @notice Where a walk stands. In memory rather than on the stack: a walk is taken up again where another part of a proof goes on.
/// @dev The order of the fields is known to the assembly below.
struct Walk {
    bytes32 expected; // 0x00: the hash that the next node must have
    bytes32 key; // 0x20: what is left of the hashed key, left-aligned, zeros behind it
    uint256 cursor; // 0x40: calldata offset of the next node
    uint256 end; // 0x60: calldata offset of the first byte behind the proof
    uint256 depth; // 0x80: nibbles consumed; EXTENDED is added while the walk stands right below an extension
    uint256 resume; // 0xa0: calldata offset of an authenticated node in which to start, 0 to start with the hash
    uint256 trail; // 0xc0: memory offset of the next trail entry, 0 where no trail is kept
    uint256 valueAt; // 0xe0: where a present value's bytes start in calldata
    uint256 valueEnd; // 0x100: and end
}

/// @title One walk down a Merkle-Patricia trie whose keys have 64 nibbles
/// @notice The state trie and every storage trie of Ethereum. The nodes lie end to end in calldata, root first, as `eth_getProof`
/// gives them: a node shorter than 32 bytes is embedded in its parent and not listed.
///
/// @dev **What a verdict means.** Present and Absent are functions of (root, key) alone: whoever writes the proof, at most one
/// of "Present with v" and "Absent" can be shown for a key under a root, unless Keccak-256 collides. By induction over the walk:
/// the node at hand is the only known preimage of a hash that was itself read from the node before (the first: the root), the
/// place from which the next reference is read is computed from the bytes of that node and the key, and every byte that is read
/// to get there lies inside that node. Nothing in a proof says *where* to read, how many nodes follow, or which key is meant.
/// This holds for any root, also one made up by whoever made the proof.
///
/// **Under the root of an honest trie** (built by an Ethereum client, whose keys are hashes of 32 bytes and whose leaves hold
/// accounts or slots) the verdict is also the truth. Here the canonical form of the nodes may be relied on, and three checks on
/// *siblings*, bytes that a hash already authenticates and that do not influence the answer, are left out:
///
/// 1. A list with a payload of 529 bytes is read as a branch of sixteen hashes, and of its children only the marker of the one
///    that is asked for is looked at. Sixteen items of at most 33 bytes and an empty value fill 529 bytes only if all sixteen
///    are hashes; the longest leaf of an honest trie (an account at depth 0) has 148 bytes and the longest extension 68.
/// 2. In every other branch the siblings before the child are skipped by their markers' low six bits, plus one. That is the exact
///    size of all that a branch may hold (0x80: 1, 0xa0: 33, an embedded list 0xc3..0xde: 4..31). What lies behind the child is
///    not read, but for the value, the last byte, if the payload has the size of hashes and empty children alone, 17 + 32 times two
///    or more; otherwise all sixteen are walked and must end where the value stands. The child must end before the value, and
///    steps are never zero or negative, so that all reads stay inside the node, whatever the siblings are.
/// 3. A first item 0xa0 is a 32-byte path or a child's hash. Below depth 2 it can only be a hash, since a path of 62 nibbles
///    or more would outrun the key; above it is a path if the second item ends with the node, which no second child can.
///
/// **Under a root made up by an attacker** these three leave him trees that a stricter reader would call malformed, in which he
/// can say nothing that he could not say with a well-formed tree under another root of his. `contracts/reference` and
/// `src/proof/trie.ts` read by the same three rules, so the three never disagree about any bytes.
///
/// **Assumptions.** Keccak-256 is collision resistant. The root was authenticated by whoever calls. Keys are hashes: a caller
/// that passes an unhashed key of another shape leaves the ground on which 1 and 3 stand.
///
/// **Bounds.** A node has at most 532 bytes, a walk at most 65 nodes; callers refuse more than `MAX_PROOF_BYTES`. Gas is linear in
/// the bytes that were accepted so far, about 1 per byte, and memory is one 544-byte buffer behind the free memory pointer.
library TrieWalk {
    /// @dev Sixty-four branches of 532 bytes and a leaf: no proof of one key is longer.
    uint256 internal constant MAX_PROOF_BYTES = 65 * 532;

    /// @dev keccak256(0x80), the root of a trie that holds nothing. Its proof is empty.
    bytes32 internal constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;

    /// @notice Walks from `root` to `key` (a hash) through the nodes between the calldata offsets `cursor` and `end`.
    /// @return outcome PRESENT, ABSENT or a reason; the empty trie is included
    /// @return valueAt where a present value starts in calldata
    /// @return valueEnd where it ends
    /// @return next where the walk ended: the caller decides what may follow
    function locate(
        bytes32 root,
        bytes32 key,
        uint256 cursor,
        uint256 end
    ) internal pure returns (uint256 outcome, uint256 valueAt, uint256 valueEnd, uint256 next) {
        Walk memory walk;
        walk.cursor = cursor;
        walk.end = end;
        outcome = begin(walk, root, key);
        return (outcome, walk.valueAt, walk.valueEnd, walk.cursor);
    }

    /// @notice Starts {descend} at a root. A zero root is unknown, never a trie; the empty trie's root needs no node.
    function begin(Walk memory walk, bytes32 root, bytes32 key) internal pure returns (uint256) {
        if (root == 0) return uint256(ProofReason.ZeroRoot);
        if (root == EMPTY_ROOT) return ABSENT;
        walk.expected = root;
        walk.key = key;
        walk.depth = 0;
        return descend(walk);
    }

    /// @notice Takes a walk up again inside a node that it has authenticated before, entered after `walk.depth` nibbles.
    /// @param node the node's place in calldata
    function resume(Walk memory walk, uint256 node) internal pure returns (uint256) {
        bool full;
        uint256 marker;
        assembly ("memory-safe") {
            // Rule 1, as in {descend}: a branch of sixteen hashes gives the next hash at a fixed place.
            full := eq(shr(232, calldataload(node)), 0xf90211)
            if full {
                let key := mload(add(walk, 0x20))
                let child := add(node, mul(33, shr(252, key)))
                marker := byte(3, calldataload(child))
                mstore(walk, calldataload(add(child, 4)))
                mstore(add(walk, 0x20), shl(4, key))
                mstore(add(walk, 0x80), add(mload(add(walk, 0x80)), 1))
            }
        }
        if (full && marker != 0xa0) return uint256(ProofReason.ChildMalformed);
        if (!full) walk.resume = node;
        return descend(walk);
    }

    /// @notice Walks from `walk.expected` towards `walk.key` through the nodes at `walk.cursor`.
    ///
    /// Never reverts. It stops with
    /// - PRESENT at the key's leaf, with `valueAt` and `valueEnd` around the leaf's value;
    /// - ABSENT at an empty child, a divergent leaf or a divergent extension;
    /// - `Truncated` and the walk ready to be taken up again, if the bytes end where the next node should begin;
    /// - a reason otherwise.
    ///
    /// The empty trie is the caller's: its root is the hash of no node that could be listed. So are bytes behind `cursor`.
    function descend(Walk memory walk) internal pure returns (uint256 outcome) {
        assembly ("memory-safe") {
            // Reasons, numbered as in ProofReason: 3 Truncated, 5 NodeHashMismatch, 6 NodeTooLarge, 7 NodeTooSmall,
            // 8 NodeMalformed, 9 BranchMalformed, 10 ChildMalformed, 11 ExtensionMalformed, 12 PathMalformed, 13 PathLength,
            // 14 ValueMalformed. 0x20 PRESENT, 0x21 ABSENT.

            function run(w) -> outcome_ {
                let key := mload(add(w, 0x20))
                let depth := mload(add(w, 0x80))

                for {} 1 {} {
                    // A node that an earlier walk of the same witness has authenticated, or the next.
                    let expected
                    let at := mload(add(w, 0xa0))

                    if iszero(at) {
                        // Branches of sixteen hashes, which most nodes are: 0xf9 0x0211, then (0xa0, hash) sixteen times, then 0x80.
                        expected := mload(w)
                        at := mload(add(w, 0x40))
                        let buffer := mload(0x40)
                        let first := at
                        for {} gt(
                            eq(shr(232, calldataload(at)), 0xf90211),
                            gt(add(at, 0x214), mload(add(w, 0x60)))
                        ) {} {
                            calldatacopy(buffer, at, 0x214)
                            if xor(keccak256(buffer, 0x214), expected) {
                                outcome_ := 5
                                break
                            }
                            let child := add(at, mul(33, shr(252, key)))
                            if xor(byte(3, calldataload(child)), 0xa0) {
                                outcome_ := 10
                                break
                            }
                            expected := calldataload(add(child, 4))
                            key := shl(4, key)
                            at := add(at, 0x214)
                        }
                        if sub(at, first) {
                            let count := div(sub(at, first), 0x214)
                            let trail := mload(add(w, 0xc0))
                            if trail {
                                // equivalent: trail.push({ depth: depth, count: count, at: first })
                                mstore(trail, or(shl(128, and(depth, 0xff)), or(shl(64, count), first)))
                                mstore(add(w, 0xc0), add(trail, 0x20))
                            }
                            depth := add(and(depth, 0xff), count)
                            // Too deep, however many there were: a depth must not come round to one that is possible.
                            if gt(depth, 64) {
                                depth := 65
                            }
                        }
                        // A 65th branch is too deep before anything else.
                        if or(outcome_, or(gt(and(depth, 0xff), 64), iszero(lt(at, mload(add(w, 0x60)))))) {
                            if iszero(outcome_) {
                                outcome_ := 3
                            }
                            if gt(and(depth, 0xff), 64) {
                                outcome_ := 13
                            }
                            // The walk can be taken up here, if it ended exactly at the end.
                            mstore(w, expected)
                            mstore(add(w, 0x20), key)
                            mstore(add(w, 0x40), at)
                            mstore(add(w, 0x80), depth)
                            leave
                        }
                    }

                    // The list header gives the node's end.
                    let nodeEnd
                    let header := 1
                    {
                        let head := calldataload(at)
                        let marker := byte(0, head)
                        switch lt(marker, 0xf8)
                        case 1 {
                            if lt(marker, 0xc0) {
                                outcome_ := 8
                                leave
                            }
                            nodeEnd := add(at, sub(marker, 0xbf))
                        }
                        default {
                            if gt(marker, 0xf9) {
                                outcome_ := 6
                                leave
                            }
                            // 0xf8: one length byte of at least 56; 0xf9: two, of at least 256 and, for a node, at most 529.
                            header := sub(marker, 0xf6)
                            let size := shr(shl(3, sub(33, header)), shl(8, head))
                            if or(lt(size, add(56, mul(200, sub(header, 2)))), gt(size, 529)) {
                                outcome_ := 8
                                if gt(size, 529) {
                                    outcome_ := 6
                                }
                                if gt(add(at, header), mload(add(w, 0x60))) {
                                    outcome_ := 3
                                }
                                leave
                            }
                            nodeEnd := add(add(at, header), size)
                        }
                    }

                    if iszero(mload(add(w, 0xa0))) {
                        if gt(nodeEnd, mload(add(w, 0x60))) {
                            outcome_ := 3
                            leave
                        }
                        let length := sub(nodeEnd, at)
                        if lt(length, 32) {
                            if depth {
                                outcome_ := 7
                                leave
                            }
                        }
                        let buffer := mload(0x40)
                        calldatacopy(buffer, at, length)
                        if xor(keccak256(buffer, length), expected) {
                            outcome_ := 5
                            leave
                        }
                        let trail := mload(add(w, 0xc0))
                        if trail {
                            mstore(trail, or(shl(128, and(depth, 0xff)), or(shl(64, 1), at)))
                            mstore(add(w, 0xc0), add(trail, 0x20))
                        }
                        mstore(add(w, 0x40), nodeEnd)
                    }
                    mstore(add(w, 0xa0), 0)
                    at := add(at, header)

                    // `at`: the node's first item. A further turn of this loop reads an embedded child, whose bytes are its
                    // parent's and authenticated with them.
                    for {} 1 {} {
                        if lt(sub(nodeEnd, at), 2) {
                            outcome_ := 8
                            leave
                        }
                        let
                            child // the item that refers to the next node
                        switch isShort(at, nodeEnd, depth)
                        case 0 {
                            depth := add(and(depth, 0xff), 1)
                            if gt(depth, 64) {
                                outcome_ := 13
                                leave
                            }
                            child := branch(at, nodeEnd, key)
                            if iszero(child) {
                                outcome_ := 9
                                leave
                            }
                            key := shl(4, key)
                        }
                        default {
                            let nibbles
                            outcome_, child, nibbles := shortNode(w, at, nodeEnd, key, depth)
                            if outcome_ {
                                leave
                            }
                            depth := or(add(depth, nibbles), 0x100)
                            key := shl(shl(2, nibbles), key)
                        }
                        // Follow the reference: a hash, nothing, or an embedded node.
                        let kind := byte(0, calldataload(child))
                        if eq(kind, 0xa0) {
                            mstore(w, calldataload(add(child, 1)))
                            break
                        }
                        if eq(kind, 0x80) {
                            outcome_ := 0x21
                            leave
                        }
                        if or(lt(kind, 0xc0), gt(kind, 0xde)) {
                            outcome_ := 10
                            leave
                        }
                        at := add(child, 1)
                        nodeEnd := add(child, sub(kind, 0xbf))
                    }
                }
            }

            // Two items or seventeen? See rule 3.
            function isShort(at, nodeEnd, depth) -> short {
                let marker := byte(0, calldataload(at))
                short := and(lt(marker, 0xc0), iszero(eq(marker, 0x80)))
                if eq(marker, 0xa0) {
                    short := 0
                    if lt(and(depth, 0xff), 3) {
                        let second := add(at, 33)
                        let size := byte(0, calldataload(second))
                        switch lt(size, 0x80)
                        case 1 {
                            size := 1
                        }
                        default {
                            switch or(eq(size, 0xb8), eq(size, 0xf8))
                            case 1 {
                                size := add(2, byte(1, calldataload(second)))
                            }
                            default {
                                size := add(1, and(size, 0x3f))
                            }
                        }
                        short := eq(add(second, size), nodeEnd)
                    }
                }
            }

            // The place of the child that the key's next nibble names, 0 if the branch is malformed. See rule 2.
            function branch(at, nodeEnd, key) -> child {
                // The empty value is the last byte.
                if xor(and(calldataload(sub(nodeEnd, 32)), 0xff), 0x80) {
                    leave
                }
                // Of hashes and empty children alone: 17 + 32 * hashes bytes.
                if or(and(sub(sub(nodeEnd, 17), at), 31), lt(sub(nodeEnd, at), 81)) {
                    if iszero(isSixteen(at, nodeEnd)) {
                        leave
                    }
                }
                // `p` is 31 bytes behind, so that a marker is the lowest byte of a word; the "plus one" of a step is in the constants.
                let p := sub(at, 31)
                if slt(key, 0) {
                    p := add(p, and(calldataload(p), 0x3f))
                    p := add(p, and(calldataload(add(p, 1)), 0x3f))
                    p := add(p, and(calldataload(add(p, 2)), 0x3f))
                    p := add(p, and(calldataload(add(p, 3)), 0x3f))
                    p := add(p, and(calldataload(add(p, 4)), 0x3f))
                    p := add(p, and(calldataload(add(p, 5)), 0x3f))
                    p := add(p, and(calldataload(add(p, 6)), 0x3f))
                    p := add(add(p, 8), and(calldataload(add(p, 7)), 0x3f))
                }
                key := shr(252, key)
                if and(key, 4) {
                    p := add(p, and(calldataload(p), 0x3f))
                    p := add(p, and(calldataload(add(p, 1)), 0x3f))
                    p := add(p, and(calldataload(add(p, 2)), 0x3f))
                    p := add(add(p, 4), and(calldataload(add(p, 3)), 0x3f))
                }
                if and(key, 2) {
                    p := add(p, and(calldataload(p), 0x3f))
                    p := add(add(p, 2), and(calldataload(add(p, 1)), 0x3f))
                }
                if and(key, 1) {
                    p := add(add(p, 1), and(calldataload(p), 0x3f))
                }
                // The child ends before the value: child + 1 + step <= nodeEnd - 1.
                if lt(add(add(p, 32), and(calldataload(p), 0x3f)), nodeEnd) {
                    child := add(p, 31)
                }
            }

            // Whether sixteen children, two of them or more not empty, end where the value stands.
            function isSixteen(at, nodeEnd) -> valid {
                let children := 0
                let p := sub(at, 31)
                for {
                    let i := 0
                } lt(i, 16) {
                    i := add(i, 1)
                } {
                    let step := and(calldataload(p), 0x3f)
                    children := add(children, iszero(iszero(step)))
                    p := add(p, add(step, 1))
                }
                valid := and(eq(add(p, 32), nodeEnd), gt(children, 1))
            }

            // A leaf ends the walk with an outcome. So does an extension that diverges; any other gives the place of its child and
            // the number of its nibbles.
            function shortNode(w, at, nodeEnd, key, depth) -> outcome_, child, nibbles {
                // Hex-prefix path: 0x00 or 0x1n for an extension, 0x20 or 0x3n for a leaf; at most 33 bytes.
                child := add(at, 1)
                let marker := byte(0, calldataload(at))
                if gt(marker, 0x7f) {
                    if or(lt(marker, 0x82), gt(marker, 0xa1)) {
                        outcome_ := 12
                        leave
                    }
                    at := child
                    child := add(child, sub(marker, 0x80))
                }
                if iszero(lt(child, nodeEnd)) {
                    outcome_ := 8
                    leave
                }
                let flag := byte(0, calldataload(at))
                {
                    let odd := and(shr(4, flag), 1)
                    if or(gt(flag, 0x3f), and(iszero(odd), iszero(iszero(and(flag, 0x0f))))) {
                        outcome_ := 12
                        leave
                    }
                    // Twice the bytes behind the first, and its low nibble if odd.
                    nibbles := add(shl(1, sub(sub(child, at), 1)), odd)
                    // equivalent: key = path[0 .. nibbles] ^ key[0 .. nibbles], zero if the path is the key's
                    key := xor(shl(shl(2, odd), calldataload(add(at, iszero(odd)))), key)
                    key := shr(sub(256, shl(2, nibbles)), key)
                }
                marker := byte(0, calldataload(child))
                if and(depth, 0x100) {
                    outcome_ := 11
                    leave
                }

                if and(flag, 0x20) {
                    if sub(add(depth, nibbles), 64) {
                        outcome_ := 13
                        leave
                    }
                    // The value: one byte below 0x80; or 0x80 + n and n bytes; or 0xb8, n of at least 56, n bytes.
                    let valueEnd := add(child, 1)
                    if gt(marker, 0x7f) {
                        if gt(marker, 0xb8) {
                            outcome_ := 14
                            leave
                        }
                        child := valueEnd
                        valueEnd := add(valueEnd, sub(marker, 0x80))
                        if eq(marker, 0xb8) {
                            let size := byte(0, calldataload(child))
                            child := add(child, 1)
                            valueEnd := add(child, size)
                        }
                    }
                    if sub(valueEnd, nodeEnd) {
                        outcome_ := 8
                        leave
                    }
                    if or(
                        or(eq(marker, 0x80), and(eq(marker, 0x81), lt(byte(0, calldataload(child)), 0x80))),
                        and(eq(marker, 0xb8), lt(sub(valueEnd, child), 56))
                    ) {
                        outcome_ := 14
                        leave
                    }
                    outcome_ := 0x21
                    if iszero(key) {
                        mstore(add(w, 0xe0), child)
                        mstore(add(w, 0x100), valueEnd)
                        outcome_ := 0x20
                    }
                    leave
                }

                // An extension of at least one nibble, to a branch that takes at least one more.
                if iszero(nibbles) {
                    outcome_ := 12
                    leave
                }
                if gt(add(depth, nibbles), 63) {
                    outcome_ := 13
                    leave
                }
                if iszero(or(eq(marker, 0xa0), and(gt(marker, 0xbf), lt(marker, 0xdf)))) {
                    outcome_ := 10
                    leave
                }
                if sub(add(child, add(1, and(marker, 0x3f))), nodeEnd) {
                    outcome_ := 8
                    leave
                }
                if key {
                    outcome_ := 0x21
                }
            }

            outcome := run(walk)
        }
    }
}
