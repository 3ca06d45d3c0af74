// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "../interfaces/IProofErrors.sol";
import {Account, ProofReason, ProofStatus} from "./ProofTypes.sol";
import {TrieShortcut} from "./TrieShortcut.sol";
import {ABSENT, PRESENT, TrieWalk, Walk} from "./TrieWalk.sol";

/// @title What a state root says about an account and a slot, absence included
/// @notice Each question comes three times. `try…` never reverts and says why a proof is invalid; `read…` reverts with
/// `StateProofInvalid` where there is no answer, and returns whether the thing is present; `verify…` is true only if the proof
/// shows exactly what was claimed. And each takes the proof either as one byte string, nodes end to end and root first, which is
/// the cheapest, or as the `bytes[]` that `eth_getProof` gives.
///
/// An absent slot reads as zero in the EVM, and a present one is never zero (the trie does not store zeros); they are told apart
/// by the status all the same. In an absent account every slot is absent. An account with neither nonce, balance nor code that
/// is in the trie (EIP-161) is present.
///
/// @dev Addresses and slots are hashed here: no function takes a key from the proof. What a verdict rests on is written in
/// {TrieWalk}. The roots must be authenticated by the caller: a state root by a block's header, a storage root by its account.
/// The ABI encoding of a `bytes[]` is checked by the compiler's own code, which reverts without data if it points outside calldata.
library StateProof {
    // --- one account ---

    /// @notice What `proof` shows about `account` under `stateRoot`. `fields` is zero unless Present.
    function tryAccount(
        bytes32 stateRoot,
        address account,
        bytes calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(stateRoot, hashAccount(account), proof);
        if (outcome == PRESENT) return _account(valueAt, valueEnd);
        (status, reason) = _outcome(outcome);
    }

    /// @notice {tryAccount} of the nodes as `eth_getProof` lists them.
    function tryAccount(
        bytes32 stateRoot,
        address account,
        bytes[] calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(stateRoot, hashAccount(account), proof);
        if (outcome == PRESENT) return _account(valueAt, valueEnd);
        (status, reason) = _outcome(outcome);
    }

    /// @notice The account, and whether it exists. Reverts with `StateProofInvalid` if the proof shows neither.
    function readAccount(
        bytes32 stateRoot,
        address account,
        bytes calldata proof
    ) internal pure returns (bool exists, Account memory fields) {
        ProofStatus status;
        ProofReason reason;
        (status, reason, fields) = tryAccount(stateRoot, account, proof);
        _require(stateRoot, _left(account), reason);
        exists = status == ProofStatus.Present;
    }

    /// @notice {readAccount} of the nodes as `eth_getProof` lists them.
    function readAccount(
        bytes32 stateRoot,
        address account,
        bytes[] calldata proof
    ) internal pure returns (bool exists, Account memory fields) {
        ProofStatus status;
        ProofReason reason;
        (status, reason, fields) = tryAccount(stateRoot, account, proof);
        _require(stateRoot, _left(account), reason);
        exists = status == ProofStatus.Present;
    }

    /// @notice Whether `proof` shows that `account` exists with exactly these fields.
    function verifyAccount(
        bytes32 stateRoot,
        address account,
        Account memory claimed,
        bytes calldata proof
    ) internal pure returns (bool) {
        (ProofStatus status, , Account memory fields) = tryAccount(stateRoot, account, proof);
        return
            status == ProofStatus.Present &&
            fields.nonce == claimed.nonce &&
            fields.balance == claimed.balance &&
            fields.storageRoot == claimed.storageRoot &&
            fields.codeHash == claimed.codeHash;
    }

    /// @notice Whether `proof` shows that `account` does not exist.
    function verifyAccountAbsent(
        bytes32 stateRoot,
        address account,
        bytes calldata proof
    ) internal pure returns (bool) {
        (ProofStatus status, , ) = tryAccount(stateRoot, account, proof);
        return status == ProofStatus.Absent;
    }

    // --- one slot of an account whose storage root is known ---

    /// @notice What `proof` shows about `slot` under `storageRoot`. `value` is zero unless Present.
    function trySlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        (uint256 cursor, uint256 end) = _bounds(proof);
        (status, value, cursor) = TrieShortcut.findSlot(storageRoot, hashSlot(slot), cursor);
        if (status != ProofStatus.Invalid && cursor == end) return (status, ProofReason.None, value);
        uint256 outcome;
        (outcome, value) = _findSlot(storageRoot, slot, proof);
        (status, reason) = _outcome(outcome);
    }

    /// @notice {trySlot} of the nodes as `eth_getProof` lists them.
    function trySlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes[] calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        (status, value) = TrieShortcut.findSlot(storageRoot, hashSlot(slot), proof);
        if (status != ProofStatus.Invalid) return (status, ProofReason.None, value);
        uint256 outcome;
        (outcome, value) = _findSlot(storageRoot, slot, proof);
        (status, reason) = _outcome(outcome);
    }

    /// @notice The slot's value, and whether it is stored. Reverts with `StateProofInvalid` if the proof shows neither.
    function readSlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes calldata proof
    ) internal pure returns (bool exists, uint256 value) {
        ProofStatus status;
        ProofReason reason;
        (status, reason, value) = trySlot(storageRoot, slot, proof);
        _require(storageRoot, slot, reason);
        exists = status == ProofStatus.Present;
    }

    /// @notice {readSlot} of the nodes as `eth_getProof` lists them.
    function readSlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes[] calldata proof
    ) internal pure returns (bool exists, uint256 value) {
        ProofStatus status;
        ProofReason reason;
        (status, reason, value) = trySlot(storageRoot, slot, proof);
        _require(storageRoot, slot, reason);
        exists = status == ProofStatus.Present;
    }

    /// @notice Whether `proof` shows that `slot` holds `claimed`. Never true for zero: see {verifySlotAbsent}.
    function verifySlot(
        bytes32 storageRoot,
        bytes32 slot,
        uint256 claimed,
        bytes calldata proof
    ) internal pure returns (bool) {
        (ProofStatus status, , uint256 value) = trySlot(storageRoot, slot, proof);
        return status == ProofStatus.Present && value == claimed;
    }

    /// @notice Whether `proof` shows that nothing is stored at `slot`, which the EVM reads as zero.
    function verifySlotAbsent(bytes32 storageRoot, bytes32 slot, bytes calldata proof) internal pure returns (bool) {
        (ProofStatus status, , ) = trySlot(storageRoot, slot, proof);
        return status == ProofStatus.Absent;
    }

    // --- one slot of one account ---

    /// @notice What `witness`, the account's nodes and behind them the slot's, shows about `slot` of `account` under `stateRoot`.
    /// @return accountStatus Invalid together with `slotStatus`: a witness is good as a whole or not at all
    /// @return slotStatus Absent in an absent account; then no storage node may follow
    function tryAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal pure returns (ProofStatus accountStatus, ProofStatus slotStatus, uint256 value, ProofReason reason) {
        (uint256 cursor, uint256 end) = _bounds(witness);
        uint256 outcome;
        (outcome, value, cursor) = TrieShortcut.findAccountSlot(
            stateRoot,
            hashAccount(account),
            hashSlot(slot),
            cursor
        );
        if (outcome & 3 != 0 && cursor == end) {
            assembly ("memory-safe") {
                // equivalent: (outcome >= 4 ? Present : Absent, ProofStatus(outcome % 4))
                accountStatus := add(1, shr(2, outcome))
                slotStatus := and(outcome, 3)
            }
            return (accountStatus, slotStatus, value, ProofReason.None);
        }
        (accountStatus, outcome, value) = _findAccountSlot(stateRoot, account, slot, witness);
        (slotStatus, reason) = _outcome(outcome);
        if (slotStatus == ProofStatus.Invalid) accountStatus = ProofStatus.Invalid;
    }

    /// @notice {tryAccountSlot} of the nodes as `eth_getProof` lists them.
    function tryAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) internal pure returns (ProofStatus accountStatus, ProofStatus slotStatus, uint256 value, ProofReason reason) {
        bytes32 root;
        (accountStatus, root) = TrieShortcut.findAccount(stateRoot, hashAccount(account), accountProof);
        if (accountStatus == ProofStatus.Present) {
            (slotStatus, value) = TrieShortcut.findSlot(root, hashSlot(slot), storageProof);
        } else if (storageProof.length == 0) {
            slotStatus = accountStatus;
        }
        if (slotStatus != ProofStatus.Invalid) return (accountStatus, slotStatus, value, ProofReason.None);
        uint256 outcome;
        value = 0;
        (outcome, stateRoot) = _findStorageRoot(stateRoot, account, accountProof);
        accountStatus = ProofStatus.Absent;
        if (outcome == PRESENT) {
            accountStatus = ProofStatus.Present;
            (outcome, value) = _findSlot(stateRoot, slot, storageProof);
        } else if (outcome == ABSENT && storageProof.length != 0) {
            outcome = uint256(ProofReason.TrailingBytes);
        }
        (slotStatus, reason) = _outcome(outcome);
        if (slotStatus == ProofStatus.Invalid) accountStatus = ProofStatus.Invalid;
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
        _require(stateRoot, slot, reason);
        accountExists = accountStatus == ProofStatus.Present;
        slotExists = slotStatus == ProofStatus.Present;
    }

    /// @notice {readAccountSlot} of the nodes as `eth_getProof` lists them.
    function readAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) internal pure returns (bool accountExists, bool slotExists, uint256 value) {
        ProofStatus accountStatus;
        ProofStatus slotStatus;
        ProofReason reason;
        (accountStatus, slotStatus, value, reason) = tryAccountSlot(
            stateRoot,
            account,
            slot,
            accountProof,
            storageProof
        );
        _require(stateRoot, slot, reason);
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

    // --- one key of a trie whose keys are hashes already ---

    /// @notice What `proof` shows about a key that is a hash already. For tries that are neither state nor storage; `value` is the
    /// leaf's value as it stands. Its caller answers for the key: whoever may choose it may choose what is proven.
    function tryHashedKey(
        bytes32 root,
        bytes32 hashedKey,
        bytes calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, bytes calldata value) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(root, hashedKey, proof);
        (status, reason) = _outcome(outcome);
        value = _slice(outcome, valueAt, valueEnd);
    }

    /// @notice {tryHashedKey} of the nodes as `eth_getProof` lists them.
    function tryHashedKey(
        bytes32 root,
        bytes32 hashedKey,
        bytes[] calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, bytes calldata value) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(root, hashedKey, proof);
        (status, reason) = _outcome(outcome);
        value = _slice(outcome, valueAt, valueEnd);
    }

    // --- keys ---

    /// @notice The key of an account in the state trie: the hash of its 20 bytes.
    function hashAccount(address account) internal pure returns (bytes32 key) {
        assembly ("memory-safe") {
            // equivalent: keccak256(abi.encodePacked(account))
            mstore(0x00, shl(96, account))
            key := keccak256(0x00, 0x14)
        }
    }

    /// @notice The key of a slot in a storage trie: the hash of its 32 bytes.
    function hashSlot(bytes32 slot) internal pure returns (bytes32 key) {
        assembly ("memory-safe") {
            // equivalent: keccak256(abi.encode(slot))
            mstore(0x00, slot)
            key := keccak256(0x00, 0x20)
        }
    }

    // --- walking ---

    /// @dev A walk of one key through all of `proof`.
    function _find(
        bytes32 root,
        bytes32 key,
        bytes calldata proof
    ) private pure returns (uint256 outcome, uint256 valueAt, uint256 valueEnd) {
        if (proof.length > TrieWalk.MAX_PROOF_BYTES) return (uint256(ProofReason.WitnessTooLarge), 0, 0);
        (uint256 cursor, uint256 end) = _bounds(proof);
        (outcome, valueAt, valueEnd, cursor) = TrieWalk.locate(root, key, cursor, end);
        if (outcome >= PRESENT && cursor != end) outcome = uint256(ProofReason.TrailingBytes);
    }

    /// @dev A walk to an account and, with the bytes behind it, one to its slot.
    function _findAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) private pure returns (ProofStatus accountStatus, uint256 outcome, uint256 value) {
        if (witness.length > 2 * TrieWalk.MAX_PROOF_BYTES) {
            return (ProofStatus.Invalid, uint256(ProofReason.WitnessTooLarge), 0);
        }
        (uint256 cursor, uint256 end) = _bounds(witness);
        bytes32 storageRoot;
        (outcome, storageRoot, cursor) = _locateAccount(stateRoot, account, cursor, end);
        accountStatus = ProofStatus.Absent;
        if (outcome == PRESENT) {
            accountStatus = ProofStatus.Present;
            uint256 valueAt;
            uint256 valueEnd;
            (outcome, valueAt, valueEnd, cursor) = TrieWalk.locate(storageRoot, hashSlot(slot), cursor, end);
            if (outcome >= PRESENT && cursor != end) return (accountStatus, uint256(ProofReason.TrailingBytes), 0);
            if (outcome == PRESENT) (outcome, value) = _slot(valueAt, valueEnd);
        } else if (outcome == ABSENT && cursor != end) {
            outcome = uint256(ProofReason.TrailingBytes);
        }
    }

    /// @dev A walk to an account, which may end before `end`.
    function _locateAccount(
        bytes32 stateRoot,
        address account,
        uint256 cursor,
        uint256 end
    ) internal pure returns (uint256 outcome, bytes32 storageRoot, uint256 next) {
        uint256 valueAt;
        uint256 valueEnd;
        (outcome, valueAt, valueEnd, next) = TrieWalk.locate(stateRoot, hashAccount(account), cursor, end);
        if (outcome == PRESENT) {
            bool valid;
            (valid, storageRoot) = _storageRoot(valueAt, valueEnd);
            if (!valid) outcome = uint256(ProofReason.AccountMalformed);
        }
    }

    function _findSlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes calldata proof
    ) private pure returns (uint256, uint256) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(storageRoot, hashSlot(slot), proof);
        if (outcome != PRESENT) return (outcome, 0);
        return _slot(valueAt, valueEnd);
    }

    /// @dev The same through a list: every element is exactly one node.
    function _find(
        bytes32 root,
        bytes32 key,
        bytes[] calldata proof
    ) private pure returns (uint256 outcome, uint256 valueAt, uint256 valueEnd) {
        Walk memory walk;
        outcome = uint256(ProofReason.Truncated);
        if (root == 0) outcome = uint256(ProofReason.ZeroRoot);
        if (root == TrieWalk.EMPTY_ROOT) outcome = proof.length == 0 ? ABSENT : uint256(ProofReason.TrailingBytes);
        if (outcome != uint256(ProofReason.Truncated)) return (outcome, 0, 0);
        walk.expected = root;
        walk.key = key;
        uint256 i = 0;
        // A walk that wants another node stops as Truncated, right at the end of the one it has.
        while (outcome == uint256(ProofReason.Truncated) && i < proof.length) {
            bytes calldata node = proof[i];
            uint256 size = _nodeSize(node);
            if (size > node.length) return (outcome, 0, 0);
            if (size < node.length) return (uint256(ProofReason.TrailingBytes), 0, 0);
            (walk.cursor, walk.end) = _bounds(node);
            outcome = TrieWalk.descend(walk);
            if (outcome == uint256(ProofReason.Truncated) && walk.cursor != walk.end) return (outcome, 0, 0);
            // Below proof.length.
            unchecked {
                ++i;
            }
        }
        if (outcome >= PRESENT && i != proof.length) outcome = uint256(ProofReason.TrailingBytes);
        return (outcome, walk.valueAt, walk.valueEnd);
    }

    function _findStorageRoot(
        bytes32 stateRoot,
        address account,
        bytes[] calldata proof
    ) private pure returns (uint256, bytes32) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(stateRoot, hashAccount(account), proof);
        if (outcome != PRESENT) return (outcome, 0);
        (bool valid, bytes32 storageRoot) = _storageRoot(valueAt, valueEnd);
        return (valid ? PRESENT : uint256(ProofReason.AccountMalformed), storageRoot);
    }

    function _findSlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes[] calldata proof
    ) private pure returns (uint256, uint256) {
        (uint256 outcome, uint256 valueAt, uint256 valueEnd) = _find(storageRoot, hashSlot(slot), proof);
        if (outcome != PRESENT) return (outcome, 0);
        return _slot(valueAt, valueEnd);
    }

    /// @dev Where bytes start and end in calldata.
    function _bounds(bytes calldata data) internal pure returns (uint256 start, uint256 end) {
        assembly ("memory-safe") {
            start := data.offset
            end := add(data.offset, data.length)
        }
    }

    /// @dev The size that a node's own header gives it. Where there is no list header that a node can have, its length, since then
    /// the walk itself says what is wrong; one for no bytes.
    function _nodeSize(bytes calldata node) private pure returns (uint256 size) {
        assembly ("memory-safe") {
            let head := calldataload(node.offset)
            let marker := byte(0, head)
            size := 1
            // A byte below 0xc0 is no list: the walk says so. From 0xfa on, the length has more than two bytes.
            if gt(marker, 0xbf) {
                size := sub(marker, 0xbf)
            }
            if eq(marker, 0xf8) {
                size := add(2, byte(1, head))
            }
            if eq(marker, 0xf9) {
                size := add(3, and(shr(232, head), 0xffff))
            }
            if or(gt(marker, 0xf9), lt(marker, 0xc0)) {
                size := node.length
            }
            if iszero(node.length) {
                size := 1
            }
        }
    }

    function _left(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function _outcome(uint256 outcome) internal pure returns (ProofStatus, ProofReason) {
        if (outcome == PRESENT) return (ProofStatus.Present, ProofReason.None);
        if (outcome == ABSENT) return (ProofStatus.Absent, ProofReason.None);
        return (ProofStatus.Invalid, ProofReason(outcome));
    }

    function _require(bytes32 root, bytes32 key, ProofReason reason) internal pure {
        if (reason != ProofReason.None) revert IProofErrors.StateProofInvalid(root, key, reason);
    }

    // --- leaf values ---

    function _account(
        uint256 start,
        uint256 end
    ) private pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        (bool valid, uint256 nonce, uint256 balance, bytes32 storageRoot, bytes32 codeHash) = _fields(start, end);
        if (!valid) return (ProofStatus.Invalid, ProofReason.AccountMalformed, fields);
        // `_fields` bounds the nonce to eight bytes.
        fields = Account(uint64(nonce), balance, storageRoot, codeHash);
        return (ProofStatus.Present, ProofReason.None, fields);
    }

    /// @dev All four fields; the first two have been found canonical.
    function _fields(
        uint256 start,
        uint256 end
    ) private pure returns (bool valid, uint256 nonce, uint256 balance, bytes32 storageRoot, bytes32 codeHash) {
        (valid, storageRoot) = _storageRoot(start, end);
        uint256 next;
        unchecked {
            // Calldata offsets are far below 2^64.
            (, nonce, next) = _integer(start + 2);
        }
        (, balance, ) = _integer(next);
        assembly ("memory-safe") {
            codeHash := calldataload(sub(end, 32))
        }
    }

    /// @dev rlp([nonce, balance, storageRoot, codeHash]): always 0xf8 and one length byte, since the hashes alone take 66 bytes.
    /// The two integers, of at most 8 and 32 bytes, and the two hashes must meet without a gap.
    function _storageRoot(uint256 start, uint256 end) private pure returns (bool valid, bytes32 storageRoot) {
        assembly ("memory-safe") {
            // Where a canonical integer of at most `width` bytes ends; beyond all calldata if it is none, and from there on as well.
            function skip(at, width) -> end_ {
                let first := calldataload(at)
                let marker := byte(0, first)
                if lt(marker, 0x80) {
                    end_ := add(add(at, 1), mul(0x10000000000000000, iszero(marker)))
                    leave
                }
                end_ := add(at, sub(marker, 0x7f))
                if or(
                    gt(sub(marker, 0x80), width),
                    lt(byte(1, first), shl(mul(7, eq(marker, 0x81)), gt(marker, 0x80)))
                ) {
                    end_ := add(end_, 0x10000000000000000)
                }
            }
            let markers := calldataload(sub(end, 66))
            storageRoot := calldataload(sub(end, 65))
            valid := and(
                eq(skip(skip(add(start, 2), 8), 32), sub(end, 66)),
                and(
                    eq(shr(240, calldataload(start)), add(0xf7fe, sub(end, start))),
                    and(eq(byte(0, markers), 0xa0), eq(byte(0, calldataload(sub(end, 33))), 0xa0))
                )
            )
        }
        // A length byte: the sum above is one only for values of at most 257 bytes, and no longer one is ever given.
    }

    /// @dev The integer between two calldata offsets. Zero is never stored.
    function _slot(uint256 start, uint256 end) internal pure returns (uint256, uint256) {
        (uint256 valid, uint256 value, uint256 next) = _integer(start);
        if (valid == 0 || value == 0 || next != end) return (uint256(ProofReason.ValueMalformed), 0);
        return (PRESENT, value);
    }

    /// @dev One canonical RLP integer of at most 32 bytes: no leading zero, and no prefix before a byte below 0x80.
    /// `valid` is 1 or 0, `next` the calldata offset behind the integer, always larger than `start`.
    function _integer(uint256 start) private pure returns (uint256 valid, uint256 value, uint256 next) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(start))
            next := add(start, 1)
            switch lt(value, 0x80)
            case 1 {
                valid := iszero(iszero(value))
            }
            default {
                let size := and(sub(value, 0x80), 0x7f)
                // equivalent: value = uint(bytes[next .. next + size]), and its first byte is not zero
                value := shr(sub(256, shl(3, size)), calldataload(next))
                next := add(next, size)
                valid := or(iszero(size), and(lt(size, 33), gt(value, 0x7f)))
                if gt(size, 1) {
                    valid := and(valid, iszero(iszero(shr(shl(3, sub(size, 1)), value))))
                }
            }
        }
    }

    /// @dev equivalent: outcome == PRESENT ? msg.data[start:end] : msg.data[0:0]
    function _slice(uint256 outcome, uint256 start, uint256 end) private pure returns (bytes calldata value) {
        assembly ("memory-safe") {
            value.offset := mul(start, eq(outcome, 0x20))
            value.length := mul(sub(end, start), eq(outcome, 0x20))
        }
    }
}
