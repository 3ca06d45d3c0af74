// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, CompactClimb} from "./CompactClimb.sol";
import {CompactNode, EXTENSION_FLAG, ITEMS, LEAF_FLAG} from "./CompactNode.sol";
import {ProofReason, ProofStatus} from "./ProofTypes.sol";
import {StateProof} from "./StateProof.sol";

/// @title A slot of an account, out of a witness that leaves out what can be computed
/// @notice The same answers as {StateProof-tryAccountSlot} for an eighth less calldata, and about twice the execution gas. A witness
/// goes from the leaf up to the root, and every node is built here: the hash of the child on the way, the paths that are the
/// key's own, the account's storage root and all of RLP's framing are never sent. `packCompact` in `src/proof/compact.ts` makes
/// one out of an answer of `eth_getProof`.
///
/// A witness is the account's part. A part is an end, and the steps from there to the root:
///
/// ```text
/// part   = end, then steps until no nibble of the key is left
/// end    = kind, number of the key's nibbles that lead there, and
///          for 0, nothing (an empty child, or the empty trie): no more
///          for 1, the key's own leaf: fields
///          for 2, another leaf: its path, fields
///          for 3, another extension: number of its nibbles, its path, the hash of its child
///          for 4, another extension whose child is embedded: number of its nibbles, its path, the child
/// fields = of a slot: the value, RLP
///          of the account that is asked for: the part of the slot; nonce and balance, RLP; code hash
///          of another account: nonce and balance, RLP; storage root, code hash
/// step   = 0, a branch of sixteen hashes: those of children 0 to 14, and child 15's in the place of the one on the way
///          1, a branch: two bytes with a bit for each other child, the lowest for child 0; their hashes
///          2, a branch: the same, two more for those that are embedded; hashes and embedded children, in their order
///          2 + n, an extension: it takes n of the key's nibbles
/// ```
///
/// Kinds and numbers are one byte. A path takes as many bytes as it needs, an odd one behind a zero nibble. An embedded child is its
/// RLP list, of up to 31 bytes.
///
/// @dev **Present and Absent are functions of (root, key) alone**, unless Keccak-256 collides. What is hashed here is RLP that was
/// written here, in which each item says how long it is (an embedded child is refused if it has another size than its first byte
/// says). So a node's bytes have one reading: branch, extension or leaf, and its children, or its path and what it leads
/// to. Take two witnesses that are accepted for one root and one key, and go down from the root. Both roots have the same hash, so
/// both are the same node. If it is a branch, both came from the child that the key's next nibble names. If it is an extension or a
/// leaf, whether its path is the key's, which is compared where it is sent and copied where it is not, decides for both. The child
/// is nothing, a hash or an embedded node, told apart by its first byte, and with it the next node is the same in both again. The
/// depth is the same as well: zero at the root, since steps go on until it is, and growing by what each node takes. So both end in the same
/// leaf or other node, or both in nothing, which decides the answer, and the leaf's bytes decide the value. The root of the
/// slot's part is put into the account's leaf by this contract, and is compared with what the state root says by that.
///
/// The key is hashed from the question. The witness chooses no offset; each number that it gives is compared with what is left of
/// the witness, the path or the field before anything is read or written by it.
///
/// **Every node is canonical**, embedded siblings aside, since it is built: no other flags, pads or lengths, extensions only
/// above branches, branches only of two children or more, nodes below 32 bytes embedded and all others hashed, integers without
/// leading zeros. The format leaves no choice either (1 is refused where 0 fits, and 2 where 1 does), so that an answer has one
/// witness: no other bytes are accepted for it.
///
/// **Bounds.** A part has at most 64 steps of at most 485 bytes. A branch of sixteen hashes takes about 700 gas, another below 3,000,
/// and one whose siblings are all embedded, which no honest trie has, 10,000: below 1.5 million for any witness. Memory is about
/// 2 kB. The caller must have authenticated the root; zero is refused.
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
        if (stateRoot == 0) return (ProofStatus.Invalid, ProofStatus.Invalid, 0, ProofReason.ZeroRoot);
        if (witness.length > MAX_WITNESS_BYTES) {
            return (ProofStatus.Invalid, ProofStatus.Invalid, 0, ProofReason.WitnessTooLarge);
        }
        Climb memory climb;
        Climb memory below;
        (climb.cursor, climb.end) = StateProof._bounds(witness);
        climb.buffer = CompactNode.newBuffer();
        uint256 failure = _accountPart(climb, below, StateProof.hashAccount(account), StateProof.hashSlot(slot));
        if (failure == 0) {
            if (CompactClimb.root(climb) != stateRoot) failure = uint256(ProofReason.NodeHashMismatch);
            else if (climb.cursor != climb.end) failure = uint256(ProofReason.TrailingBytes);
        }
        if (failure != 0) return (ProofStatus.Invalid, ProofStatus.Invalid, 0, ProofReason(failure));
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
    ) private pure returns (uint256 reason) {
        uint256 path;
        (reason, path) = _end(climb, accountKey);
        if (reason != 0) return reason;
        if (climb.kind == LEAF) {
            (below.cursor, below.end, below.buffer) = (climb.cursor, climb.end, climb.buffer);
            reason = _slotPart(below, slotKey);
            if (reason != 0) return reason;
            climb.cursor = below.cursor;
            reason = _accountLeaf(climb, path, CompactClimb.root(below));
        } else if (climb.kind == OTHER_LEAF) {
            reason = _accountLeaf(climb, path, 0);
        }
        if (reason == 0) reason = CompactClimb.toRoot(climb);
    }

    /// @dev A slot's part. Its root is {_root} of the climb, for the caller to compare.
    function _slotPart(Climb memory climb, bytes32 key) internal pure returns (uint256 reason) {
        uint256 path;
        (reason, path) = _end(climb, key);
        if (reason != 0) return reason;
        if (climb.kind == LEAF || climb.kind == OTHER_LEAF) reason = _slotLeaf(climb, path);
        if (reason == 0) reason = CompactClimb.toRoot(climb);
    }

    // --- ends ---

    /// @dev Kind and depth; all of an end that is no leaf, or a leaf's path.
    function _end(Climb memory climb, bytes32 key) private pure returns (uint256 reason, uint256 path) {
        // Calldata offsets are far below 2^64, and the depth is at most 64 where anything is computed with it.
        unchecked {
            uint256 place = climb.cursor;
            if (climb.end - place < 2) return (uint256(ProofReason.Truncated), 0);
            climb.cursor = place + 2;
            uint256 kind = CompactClimb.byteAt(place);
            uint256 depth = CompactClimb.byteAt(place + 1);
            if (kind > LAST_KIND) return (uint256(ProofReason.NodeMalformed), 0);
            if (depth > 64) return (uint256(ProofReason.PathLength), 0);
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

    /// @dev The path of `nibbles` of a node that is not on the key's way. If it were the key's `own`, it would show
    /// nothing; a path of no nibble always is.
    function _otherPath(Climb memory climb, uint256 own, uint256 nibbles) private pure returns (uint256, uint256 path) {
        // At most 64 nibbles.
        unchecked {
            uint256 place = climb.cursor;
            uint256 size = (nibbles + 1) / 2;
            if (climb.end - place < size) return (uint256(ProofReason.Truncated), 0);
            climb.cursor = place + size;
            path = CompactClimb.wordAt(place) >> (256 - 8 * size);
            if (path >> (4 * nibbles) != 0 || path == own) return (uint256(ProofReason.PathMalformed), 0);
        }
        return (0, path);
    }

    /// @dev An extension that leads away from the key, so that nothing lies on the key's way.
    function _otherExtension(Climb memory climb, uint256 key) private pure returns (uint256 reason) {
        // As in {_end}; the path ends before the 64th nibble.
        unchecked {
            uint256 place = climb.cursor;
            if (place == climb.end) return uint256(ProofReason.Truncated);
            climb.cursor = place + 1;
            uint256 nibbles = CompactClimb.byteAt(place);
            uint256 reach = climb.depth + nibbles;
            if (reach > 63) return uint256(ProofReason.PathLength);
            uint256 path = (key >> (256 - 4 * reach)) & ((1 << (4 * nibbles)) - 1);
            (reason, path) = _otherPath(climb, path, nibbles);
            if (reason != 0) return reason;

            uint256 child;
            uint256 size;
            (reason, child, size) = CompactClimb.takeChild(climb, climb.kind != OTHER_EXTENSION);
            if (reason != 0) return reason;
            uint256 next = CompactNode.putPath(climb.buffer + ITEMS, EXTENSION_FLAG, path, nibbles);
            climb.next = CompactNode.putChild(next, child, size);
        }
    }

    /// @dev A slot's leaf: its value is the RLP, of a positive integer, as a string.
    function _slotLeaf(Climb memory climb, uint256 path) private pure returns (uint256) {
        uint256 place = climb.cursor;
        (uint256 reason, uint256 value) = _integer(climb, 32, uint256(ProofReason.ValueMalformed));
        if (reason != 0) return reason;
        if (value == 0) return uint256(ProofReason.ValueMalformed);
        climb.value = value;
        // As in {_end}.
        unchecked {
            uint256 next = CompactNode.putPath(climb.buffer + ITEMS, LEAF_FLAG, path, 64 - climb.depth);
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
        return 0;
    }

    /// @dev An account's leaf: its value is rlp([nonce, balance, storageRoot, codeHash]) as a string, of 70 to 110 bytes.
    function _accountLeaf(Climb memory climb, uint256 path, bytes32 storageRoot) private pure returns (uint256) {
        uint256 place = climb.cursor;
        (uint256 reason, ) = _integer(climb, 8, uint256(ProofReason.AccountMalformed));
        if (reason != 0) return reason;
        (reason, ) = _integer(climb, 32, uint256(ProofReason.AccountMalformed));
        if (reason != 0) return reason;
        // As in {_end}.
        unchecked {
            uint256 size = climb.cursor - place;
            uint256 hashes = climb.cursor;
            uint256 sent = climb.kind == LEAF ? 32 : 64;
            if (climb.end - hashes < sent) return uint256(ProofReason.Truncated);
            climb.cursor = hashes + sent;
            if (sent == 64) storageRoot = bytes32(CompactClimb.wordAt(hashes));
            uint256 next = CompactNode.putPath(climb.buffer + ITEMS, LEAF_FLAG, path, 64 - climb.depth);
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
        return 0;
    }

    // --- what is sent ---

    /// @dev One RLP integer of at most `width` bytes: no leading zero, and no prefix before a byte below 0x80.
    function _integer(
        Climb memory climb,
        uint256 width,
        uint256 malformed
    ) private pure returns (uint256, uint256 value) {
        // As in {_end}; a size is at most 33.
        unchecked {
            uint256 place = climb.cursor;
            if (place == climb.end) return (uint256(ProofReason.Truncated), 0);
            value = CompactClimb.byteAt(place);
            uint256 size = 1;
            if (value >= 0x80) {
                size = value - 0x7f;
                if (size > width + 1) return (malformed, 0);
                if (climb.end - place < size) return (uint256(ProofReason.Truncated), 0);
                value = CompactClimb.wordAt(place + 1) >> (264 - 8 * size);
                if (size == 2 ? value < 0x80 : size > 2 && value >> (8 * (size - 2)) == 0) return (malformed, 0);
            } else if (value == 0) {
                return (malformed, 0);
            }
            climb.cursor = place + size;
        }
        return (0, value);
    }
}
