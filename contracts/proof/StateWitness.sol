// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ProofReason, ProofStatus} from "./ProofTypes.sol";
import {StateProof} from "./StateProof.sol";
import {TrieShortcut} from "./TrieShortcut.sol";
import {ABSENT, PRESENT, TrieWalk, Walk} from "./TrieWalk.sol";

/// @title Many slots of one account in one witness
/// @notice The account is proven once, and a node that several slots share is sent once.
///
/// The witness is the account's nodes, then the storage nodes in the order in which a walk from slot to slot first meets them. The
/// slots are given in strictly ascending order of their hashed keys, so that a walk never comes back to a node that it has left.
/// `packWitness` in `src/proof/witness.ts` sorts and packs.
///
/// @dev Where two keys part after n nibbles, every node that the first walk entered after at most n nibbles lies on the second
/// key's way too: a node is entered by the nibbles before it alone. So the next walk starts in the deepest of those, which the walk
/// before has authenticated, and goes on through new nodes. The trail of a walk names its nodes by depth and place, in memory; nothing
/// about it is read from the witness. What {TrieWalk} says of one key therefore holds for each of these.
library StateWitness {
    /// @dev A witness carries at most this many slots; more of them are several witnesses.
    uint256 internal constant MAX_SLOTS = 1024;

    /// @dev A walk makes at most 65 trail entries, and it starts with at most as many of the one before it on other depths.
    uint256 private constant TRAIL_BYTES = 66 * 32;

    /// @notice What `witness` shows about each of `slots` of `account` under `stateRoot`. Never reverts.
    /// @param slots in strictly ascending order of keccak256(slot)
    /// @return accountStatus Invalid if anything is; then the arrays are empty. A witness is good as a whole or not at all
    /// @return statuses one for each slot; all Absent in an absent account
    /// @return values one for each slot, zero where it is absent
    /// @return reason None unless Invalid
    function trySlots(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    )
        internal
        pure
        returns (ProofStatus accountStatus, ProofStatus[] memory statuses, uint256[] memory values, ProofReason reason)
    {
        (accountStatus, statuses, values) = _short(stateRoot, account, slots, witness);
        if (accountStatus != ProofStatus.Invalid) return (accountStatus, statuses, values, ProofReason.None);
        uint256 outcome = uint256(ProofReason.WitnessTooLarge);
        // Both bounds keep the product far below 2^256.
        if (slots.length <= MAX_SLOTS && witness.length <= (slots.length + 1) * TrieWalk.MAX_PROOF_BYTES) {
            Walk memory walk;
            bytes32 storageRoot;
            (walk.cursor, walk.end) = StateProof._bounds(witness);
            (outcome, storageRoot, walk.cursor) = StateProof._locateAccount(stateRoot, account, walk.cursor, walk.end);
            if (outcome >= PRESENT) {
                if (outcome == PRESENT) accountStatus = ProofStatus.Present;
                else (accountStatus, storageRoot) = (ProofStatus.Absent, TrieWalk.EMPTY_ROOT);
                (outcome, statuses, values) = _walkAll(walk, storageRoot, slots);
            }
        }
        if (outcome < PRESENT) {
            return (ProofStatus.Invalid, new ProofStatus[](0), new uint256[](0), ProofReason(outcome));
        }
    }

    /// @notice The slots' values, and whether the account exists. Reverts with `StateProofInvalid` if the witness does not show
    /// them all. A slot that is absent reads as zero, as in the EVM.
    function readSlots(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) internal pure returns (bool accountExists, uint256[] memory values) {
        ProofStatus status;
        ProofReason reason;
        (status, , values, reason) = trySlots(stateRoot, account, slots, witness);
        StateProof._require(stateRoot, StateProof._left(account), reason);
        accountExists = status == ProofStatus.Present;
    }

    /// @notice Whether `witness` shows that the slots hold exactly `claimed`, zero for a slot that holds nothing.
    function verifySlots(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        uint256[] memory claimed,
        bytes calldata witness
    ) internal pure returns (bool) {
        (ProofStatus status, , uint256[] memory values, ) = trySlots(stateRoot, account, slots, witness);
        if (status == ProofStatus.Invalid || claimed.length != values.length) return false;
        for (uint256 i = 0; i < values.length; ++i) {
            if (claimed[i] != values[i]) return false;
        }
        return true;
    }

    /// @dev All of it by {TrieShortcut}. Invalid where that has nothing to say about the account or one of the slots.
    function _short(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) private pure returns (ProofStatus accountStatus, ProofStatus[] memory statuses, uint256[] memory values) {
        if (slots.length > MAX_SLOTS) return (accountStatus, statuses, values);
        (uint256 cursor, uint256 end) = StateProof._bounds(witness);
        bytes32 root;
        (accountStatus, root, cursor) = TrieShortcut.findAccount(stateRoot, StateProof.hashAccount(account), cursor);
        if (accountStatus != ProofStatus.Present) return (ProofStatus.Invalid, statuses, values);
        statuses = new ProofStatus[](slots.length);
        values = new uint256[](slots.length);
        if (_shortAll(root, cursor, slots, statuses, values) != end) accountStatus = ProofStatus.Invalid;
    }

    /// @dev Walks from slot to slot and fills the arrays. Returns where the last walk ended, 0 if one said nothing.
    function _shortAll(
        bytes32 root,
        uint256 cursor,
        bytes32[] calldata slots,
        ProofStatus[] memory statuses,
        uint256[] memory values
    ) private pure returns (uint256) {
        uint256 trail = TrieShortcut.newTrail(root, cursor);
        uint256 previous;
        uint256 place;
        uint256 end;
        assembly ("memory-safe") {
            place := slots.offset
            end := add(place, shl(5, slots.length))
            // Both arrays are written where `i` would be, from their lengths on.
            statuses := add(statuses, 0x20)
            values := add(values, 0x20)
        }
        while (place != end) {
            uint256 key;
            assembly ("memory-safe") {
                // equivalent: key = hashSlot(slots[i++])
                mstore(0x00, calldataload(place))
                key := keccak256(0x00, 0x20)
                place := add(place, 0x20)
            }
            if (key <= previous) return 0;
            previous = key;
            uint256 status;
            uint256 value;
            (status, value, cursor) = TrieShortcut.findNext(trail, bytes32(key), cursor);
            if (status == 0) return 0;
            assembly ("memory-safe") {
                // equivalent: (statuses[i], values[i]) = (status, value)
                mstore(statuses, status)
                mstore(values, value)
                statuses := add(statuses, 0x20)
                values := add(values, 0x20)
            }
        }
        return cursor;
    }

    /// @dev Walks from slot to slot. PRESENT if every slot is proven one way or the other and all bytes were used.
    function _walkAll(
        Walk memory walk,
        bytes32 storageRoot,
        bytes32[] calldata slots
    ) private pure returns (uint256 outcome, ProofStatus[] memory statuses, uint256[] memory values) {
        statuses = new ProofStatus[](slots.length);
        values = new uint256[](slots.length);
        uint256 trail;
        assembly ("memory-safe") {
            // equivalent: bytes memory trail = new bytes(TRAIL_BYTES), without its length and not cleared
            trail := mload(0x40)
            mstore(0x40, add(trail, TRAIL_BYTES))
        }
        walk.trail = trail;
        bytes32 previous;
        for (uint256 i = 0; i < slots.length;) {
            bytes32 key = StateProof.hashSlot(slots[i]);
            if (i == 0) {
                outcome = TrieWalk.begin(walk, storageRoot, key);
            } else {
                if (key <= previous) return (uint256(ProofReason.SlotOrder), statuses, values);
                outcome = storageRoot == TrieWalk.EMPTY_ROOT ? ABSENT : _next(walk, key, previous ^ key);
            }
            if (outcome < PRESENT) return (outcome, statuses, values);
            if (outcome == PRESENT) {
                (outcome, values[i]) = StateProof._slot(walk.valueAt, walk.valueEnd);
                if (outcome != PRESENT) return (outcome, statuses, values);
                statuses[i] = ProofStatus.Present;
            } else {
                statuses[i] = ProofStatus.Absent;
            }
            previous = key;
            // Bounded by MAX_SLOTS.
            unchecked {
                ++i;
            }
        }
        outcome =
            walk.cursor == walk.end
                ? PRESENT
                : uint256(walk.cursor > walk.end ? ProofReason.Truncated : ProofReason.TrailingBytes);
    }

    /// @dev Goes back along the trail to the deepest node that lies on the new key's way, and on from there.
    /// @param parted the exclusive or of the last key and this: its leading zero nibbles are the shared ones
    function _next(Walk memory walk, bytes32 key, bytes32 parted) private pure returns (uint256) {
        uint256 node;
        uint256 depth;
        assembly ("memory-safe") {
            // An entry is depth << 128 | count << 64 | place: `count` branches of sixteen hashes end to end, or one other node. The
            // root, entered at depth 0, is never behind a parting.
            let top := mload(add(walk, 0xc0))
            for {} 1 {} {
                top := sub(top, 0x20)
                depth := shr(128, mload(top))
                if iszero(shr(sub(256, shl(2, depth)), parted)) {
                    break
                }
            }
            let count := and(shr(64, mload(top)), 0xffffffffffffffff)
            node := and(mload(top), 0xffffffffffffffff)
            let used := 1
            for {} 1 {} {
                if eq(used, count) {
                    break
                }
                if shr(sub(256, shl(2, add(depth, used))), parted) {
                    break
                }
                used := add(used, 1)
            }
            // equivalent: trail[top].count = used; trail.length = top + 1
            mstore(top, or(shl(128, depth), or(shl(64, used), node)))
            mstore(add(walk, 0xc0), add(top, 0x20))
            depth := add(depth, sub(used, 1))
            node := add(node, mul(0x214, sub(used, 1)))
            key := shl(shl(2, depth), key)
        }
        walk.key = key;
        walk.depth = depth;
        return TrieWalk.resume(walk, node);
    }
}
