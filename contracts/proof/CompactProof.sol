// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, CompactClimb} from "./CompactClimb.sol";
import {ProofReason, ProofStatus} from "./ProofTypes.sol";
import {StateProof} from "./StateProof.sol";

/// @title A slot of an account, out of a witness that leaves out what can be computed
/// @notice The same answers as {StateProof-tryAccountSlot}, for an eighth less calldata. The witness goes from the leaf up to the
/// root, and every node is built here: the hash of the child on the way, paths that are the key's own, the account's storage
/// root, all of RLP's framing are never sent. `packCompact` in `src/proof/compact.ts` makes it out of an answer of `eth_getProof`.
///
/// A witness is the account's part, a part is an end and the steps from there to the root:
///
/// ```text
/// part  = end, then steps until no nibble of the key is left
/// end   = kind, depth (nibbles that lead there), and for each kind
///         0 nothing: an empty child; at depth 0, the empty trie
///         1 the key's own leaf: fields
///         2 another leaf: its path, fields
///         3 another extension: number of its nibbles, its path, the hash of its child
///         4 the same to an embedded child: number of its nibbles, its path, the child
/// fields = in a storage trie: the value, RLP
///          of the account: the part of the slot; nonce and balance, RLP; code hash
///          of another account: nonce and balance, RLP; storage root, code hash
/// step  = 0: a branch whose fifteen other children are hashes: these
///         1: a branch; 16 bits that say which other children there are, the lowest for child 0; their hashes
///         2: the same; 16 more bits, not all zero, that say which of them are embedded; hashes and embedded children
///         2 + n: an extension by n of the key's nibbles
/// ```
///
/// A path takes as many bytes as it needs, an odd one with a zero nibble before it. An embedded child is its RLP list, of up to 31 bytes.
///
/// @dev **Present and Absent are functions of (root, key) alone**, unless Keccak-256 collides. What is hashed here is RLP that
/// was written here, in which each item says how long it is (an embedded child is refused where its size is not what its first byte
/// says), so that a node's bytes have one reading: leaf, extension or branch, one path, one list of children. Take two
/// witnesses that are accepted for one root and key, and go down: the two roots have one hash, so they are one node. If that
/// is a branch, both went on at the same child, the one that the key's next nibble names; if it is an extension or a leaf, whether
/// its path is the key's decides for both. A child is nothing, a hash or an embedded node, told apart by its first byte, and the
/// next two nodes are again the same. The depth comes out the same as well: it starts from zero at the root and grows by
/// what each node consumes, and a witness whose declared depth is not used up exactly has no root to compare. So both end
/// in the same node, or both in nothing, and that and the key decide the answer and the value. A storage part's root
/// stands in the account's leaf, where nothing but this contract puts it.
///
/// The key is hashed from the question. The witness chooses no offset; each length that it gives is compared with what is left of
/// the witness, the path or the field, before anything is read by it.
///
/// **Every node is canonical**, siblings aside, since it is built: no other flags, pads or lengths, an extension only above a branch,
/// a branch only of two children or more, a node below 32 bytes embedded and any other hashed, integers without leading
/// zeros. Each choice of the format is also forced (1 is refused where 0 fits, 2 where 1 does), so that an answer has one witness:
/// no other bytes are accepted.
///
/// **Bounds.** At most 64 steps a part, of at most 485 bytes; gas is at most linear in the bytes of the witness, and memory is 2
/// kB, whatever the witness says. The root must have been authenticated by the caller, and is never zero.
library CompactProof {
    /// @dev Two proofs of the greatest length, as nodes: no compact witness is longer.
    uint256 internal constant MAX_WITNESS_BYTES = 2 * 65 * 532;

    // Kinds of ends. 4, the greatest, is another extension whose child is embedded.
    uint256 private constant NOTHING = 0;
    uint256 private constant LEAF = 1;
    uint256 private constant OTHER_LEAF = 2;
    uint256 private constant OTHER_EXTENSION = 3;
    uint256 private constant LAST_KIND = 4;

    /// @notice What `witness` shows about `slot` of `account` under `stateRoot`. Never reverts.
    /// @return accountStatus Invalid together with `slotStatus`: a witness is good as a whole or not at all
    /// @return slotStatus Absent in an absent account
    /// @return value zero unless the slot is Present
    /// @return reason None unless Invalid
    function tryAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal pure returns (ProofStatus accountStatus, ProofStatus slotStatus, uint256 value, ProofReason reason) {
        Climb memory climb;
        Climb memory below;
        if (stateRoot == 0) reason = ProofReason.ZeroRoot;
        else if (witness.length > MAX_WITNESS_BYTES) reason = ProofReason.WitnessTooLarge;
        if (reason == ProofReason.None) {
            (climb.cursor, climb.end) = StateProof._bounds(witness);
            climb.buffer = CompactClimb.newBuffer();
            reason = _accountPart(climb, below, StateProof.hashAccount(account), StateProof.hashSlot(slot));
        }
        if (reason == ProofReason.None) {
            if (CompactClimb.root(climb) != stateRoot) reason = ProofReason.NodeHashMismatch;
            else if (climb.cursor != climb.end) reason = ProofReason.TrailingBytes;
        }
        if (reason != ProofReason.None) return (ProofStatus.Invalid, ProofStatus.Invalid, 0, reason);
        accountStatus = climb.kind == LEAF ? ProofStatus.Present : ProofStatus.Absent;
        // Without an account, nothing was ever found below.
        slotStatus = below.kind == LEAF ? ProofStatus.Present : ProofStatus.Absent;
        value = slotStatus == ProofStatus.Present ? below.value : 0;
    }

    /// @notice The slot's value, whether it is stored, and whether its account exists. Reverts with `StateProofInvalid` if the
    /// witness does not show all three.
    function readAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal pure returns (bool accountExists, bool slotExists, uint256 value) {
        ProofStatus accountStatus;
        ProofStatus slotStatus;
        ProofReason reason;
        (accountStatus, slotStatus, value, reason) = tryAccountSlot(stateRoot, account, slot, witness);
        StateProof._require(stateRoot, slot, reason);
        accountExists = accountStatus == ProofStatus.Present;
        slotExists = slotStatus == ProofStatus.Present;
    }

    /// @notice Whether `witness` shows that `slot` of `account` holds `claimed`. Never true for zero.
    function verifyAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 claimed,
        bytes calldata witness
    ) internal pure returns (bool) {
        (, ProofStatus status, uint256 value, ) = tryAccountSlot(stateRoot, account, slot, witness);
        return status == ProofStatus.Present && value == claimed;
    }

    // --- parts ---

    /// @dev The account's part, and inside it the slot's, which is left out if the account is absent.
    function _accountPart(
        Climb memory climb,
        Climb memory below,
        bytes32 accountKey,
        bytes32 slotKey
    ) private pure returns (ProofReason reason) {
        uint256 path;
        (reason, path) = _end(climb, accountKey);
        if (reason != ProofReason.None) return reason;
        if (climb.kind == LEAF) {
            (below.cursor, below.end, below.buffer) = (climb.cursor, climb.end, climb.buffer);
            reason = _slotPart(below, slotKey);
            if (reason != ProofReason.None) return reason;
            climb.cursor = below.cursor;
            reason = _accountLeaf(climb, path, CompactClimb.root(below));
        } else if (climb.kind == OTHER_LEAF) {
            reason = _accountLeaf(climb, path, 0);
        }
        if (reason == ProofReason.None) reason = CompactClimb.toRoot(climb);
    }

    /// @dev A slot's part. Its root is {_root} of the climb, for the caller to compare.
    function _slotPart(Climb memory climb, bytes32 key) internal pure returns (ProofReason reason) {
        uint256 path;
        (reason, path) = _end(climb, key);
        if (reason != ProofReason.None) return reason;
        if (climb.kind == LEAF || climb.kind == OTHER_LEAF) reason = _slotLeaf(climb, path);
        if (reason == ProofReason.None) reason = CompactClimb.toRoot(climb);
    }

    // --- ends ---

    /// @dev Kind and depth; all of an end that is no leaf, or a leaf's path.
    function _end(Climb memory climb, bytes32 key) private pure returns (ProofReason reason, uint256 path) {
        // Calldata offsets are far below 2^64, and the depth is at most 64 where anything is computed with it.
        unchecked {
            uint256 place = climb.cursor;
            if (climb.end - place < 2) return (ProofReason.Truncated, 0);
            climb.cursor = place + 2;
            uint256 kind = CompactClimb.byteAt(place);
            uint256 depth = CompactClimb.byteAt(place + 1);
            if (kind > LAST_KIND) return (ProofReason.NodeMalformed, 0);
            if (depth > 64) return (ProofReason.PathLength, 0);
            climb.kind = kind;
            climb.depth = depth;
            climb.key = uint256(key) >> (256 - 4 * depth);
            if (kind == NOTHING) {
                (climb.child, climb.size) = (0x80 << 248, 1);
            } else if (kind >= OTHER_EXTENSION) {
                reason = _otherExtension(climb, uint256(key));
            } else {
                path = uint256(key) & (type(uint256).max >> (4 * depth));
                if (kind == OTHER_LEAF) (reason, path) = _otherPath(climb, path, 64 - depth);
            }
        }
    }

    /// @dev The path of `nibbles` of a node that is not on the key's way. If it were the key's `own`, it would show nothing.
    function _otherPath(
        Climb memory climb,
        uint256 own,
        uint256 nibbles
    ) private pure returns (ProofReason, uint256 path) {
        // At most 64 nibbles.
        unchecked {
            uint256 place = climb.cursor;
            uint256 size = (nibbles + 1) / 2;
            if (climb.end - place < size) return (ProofReason.Truncated, 0);
            climb.cursor = place + size;
            path = CompactClimb.wordAt(place) >> (256 - 8 * size);
            if (path >> (4 * nibbles) != 0 || path == own) return (ProofReason.PathMalformed, 0);
        }
        return (ProofReason.None, path);
    }

    /// @dev An extension that leads away from the key, so that nothing lies on the key's way.
    function _otherExtension(Climb memory climb, uint256 key) private pure returns (ProofReason reason) {
        // As in {_end}; the path ends before the 64th nibble.
        unchecked {
            uint256 place = climb.cursor;
            if (place == climb.end) return ProofReason.Truncated;
            climb.cursor = place + 1;
            uint256 nibbles = CompactClimb.byteAt(place);
            if (nibbles == 0) return ProofReason.PathMalformed;
            uint256 reach = climb.depth + nibbles;
            if (reach > 63) return ProofReason.PathLength;
            uint256 path = (key >> (256 - 4 * reach)) & ((1 << (4 * nibbles)) - 1);
            (reason, path) = _otherPath(climb, path, nibbles);
            if (reason != ProofReason.None) return reason;

            uint256 child;
            uint256 size;
            (reason, child, size) = CompactClimb.takeChild(climb, climb.kind != OTHER_EXTENSION);
            if (reason != ProofReason.None) return reason;
            uint256 next = CompactClimb.payload(climb);
            next = CompactClimb.putPath(next, CompactClimb.EXTENSION_FLAG, path, nibbles);
            climb.next = CompactClimb.putChild(next, child, size);
        }
    }

    /// @dev A slot's leaf: its value is the RLP, of a positive integer, as a string.
    function _slotLeaf(Climb memory climb, uint256 path) private pure returns (ProofReason) {
        uint256 place = climb.cursor;
        (ProofReason reason, uint256 value) = _integer(climb, 32, ProofReason.ValueMalformed);
        if (reason != ProofReason.None) return reason;
        if (value == 0) return ProofReason.ValueMalformed;
        climb.value = value;
        // As in {_end}.
        unchecked {
            uint256 next = CompactClimb.payload(climb);
            next = CompactClimb.putPath(next, CompactClimb.LEAF_FLAG, path, 64 - climb.depth);
            uint256 size = climb.cursor - place;
            assembly ("memory-safe") {
                // One byte below 0x80 is its own string.
                if gt(size, 1) {
                    mstore8(next, add(0x80, size))
                    next := add(next, 1)
                }
                calldatacopy(next, place, size)
            }
            climb.next = next + size;
        }
        return ProofReason.None;
    }

    /// @dev An account's leaf: its value is rlp([nonce, balance, storageRoot, codeHash]) as a string, of 70 to 110 bytes.
    function _accountLeaf(Climb memory climb, uint256 path, bytes32 storageRoot) private pure returns (ProofReason) {
        uint256 place = climb.cursor;
        (ProofReason reason, ) = _integer(climb, 8, ProofReason.AccountMalformed);
        if (reason != ProofReason.None) return reason;
        (reason, ) = _integer(climb, 32, ProofReason.AccountMalformed);
        if (reason != ProofReason.None) return reason;
        // As in {_end}.
        unchecked {
            uint256 size = climb.cursor - place;
            uint256 hashes = climb.cursor;
            uint256 sent = climb.kind == LEAF ? 32 : 64;
            if (climb.end - hashes < sent) return ProofReason.Truncated;
            climb.cursor = hashes + sent;
            if (sent == 64) storageRoot = bytes32(CompactClimb.wordAt(hashes));
            uint256 next = CompactClimb.payload(climb);
            next = CompactClimb.putPath(next, CompactClimb.LEAF_FLAG, path, 64 - climb.depth);
            assembly ("memory-safe") {
                // 0xb8, n, 0xf8, n - 2, the integers, 0xa0, storage root, 0xa0, code hash
                mstore(next, shl(224, add(0xb844f842, mul(size, 0x10001))))
                next := add(next, 4)
                calldatacopy(next, place, size)
                next := add(next, size)
                mstore8(next, 0xa0)
                mstore(add(next, 1), storageRoot)
                mstore8(add(next, 33), 0xa0)
                mstore(add(next, 34), calldataload(add(hashes, sub(sent, 32))))
                next := add(next, 66)
            }
            climb.next = next;
        }
        return ProofReason.None;
    }

    // --- what is sent ---

    /// @dev One RLP integer of at most `width` bytes: no leading zero, and no prefix before a byte below 0x80.
    function _integer(
        Climb memory climb,
        uint256 width,
        ProofReason malformed
    ) private pure returns (ProofReason, uint256 value) {
        // As in {_end}; a size is at most 33.
        unchecked {
            uint256 place = climb.cursor;
            if (place == climb.end) return (ProofReason.Truncated, 0);
            value = CompactClimb.byteAt(place);
            uint256 size = 1;
            if (value >= 0x80) {
                size = value - 0x7f;
                if (size > width + 1) return (malformed, 0);
                if (climb.end - place < size) return (ProofReason.Truncated, 0);
                value = CompactClimb.wordAt(place + 1) >> (264 - 8 * size);
                if (size == 2 ? value < 0x80 : size > 2 && value >> (8 * (size - 2)) == 0) return (malformed, 0);
            } else if (value == 0) {
                return (malformed, 0);
            }
            climb.cursor = place + size;
        }
        return (ProofReason.None, value);
    }
}
