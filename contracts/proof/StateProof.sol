// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, Climbs} from "./Climb.sol";
import {Account} from "./ProofTypes.sol";
import {TrieReader} from "./TrieReader.sol";

/// @title What a state root says about an account and its slots, absence included
/// @notice Every function takes the witness that `prove` returns for the same question. It reverts with `StateProofInvalid` where the witness does
/// not show the answer. An absent slot reads as zero, as in the EVM; a slot that is in the trie is never zero. In an absent account every slot is
/// absent. An account without nonce, balance and code that is in the trie (EIP-161) exists.
///
/// The caller authenticates the root: a state root by a block's header, a storage root by its account.
/// @dev {TrieReader} has the format, and what a verdict rests on. Addresses and slots are hashed here.
library StateProof {
    using Climbs for Climb;

    /// @dev The root of an empty trie: keccak256(0x80).
    bytes32 internal constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;

    /// @notice The account, and whether it exists; all its fields are zero if not.
    function readAccount(
        bytes32 stateRoot,
        address account,
        bytes calldata witness
    ) internal pure returns (bool exists, Account memory fields) {
        Climb memory c = Climbs.open(stateRoot, witness);
        c.sendsRoot = true;
        exists = _readAccount(c, account);
        if (exists) fields = _fields(c);
    }

    /// @notice The storage root of `account`; that of an empty trie, if the account does not exist.
    /// @param witness what `prove` returns for the account without slots
    function readStorageRoot(
        bytes32 stateRoot,
        address account,
        bytes calldata witness
    ) internal pure returns (bytes32 storageRoot) {
        (bool exists, Account memory fields) = readAccount(stateRoot, account, witness);
        return exists ? fields.storageRoot : EMPTY_ROOT;
    }

    /// @notice The value of `slot` of `account`, whether the account exists, and the storage root under which the slot is.
    /// That of an empty trie, if it does not.
    function readAccountSlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal pure returns (bool accountExists, uint256 value, bytes32 storageRoot) {
        Climb memory c = Climbs.open(stateRoot, witness);
        (storageRoot, value) = _readSlot(c, slot);
        c.storageRoot = storageRoot;
        accountExists = _readAccount(c, account);
    }

    /// @notice The account, whether it exists, and the values of `slots` of it; all fields are zero if it does not.
    /// @param slots in strictly ascending order of keccak256(slot), the order in which `prove` returns them
    function readAccountSlots(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) internal pure returns (bool accountExists, Account memory fields, uint256[] memory values) {
        Climb memory c = Climbs.open(stateRoot, witness);
        if (slots.length == 0) c.sendsRoot = true;
        else (c.storageRoot, values) = _readSlots(c, slots);
        accountExists = _readAccount(c, account);
        if (accountExists) fields = _fields(c);
    }

    /// @notice The value of `slot` of the account whose storage root this is.
    function readSlot(bytes32 storageRoot, bytes32 slot, bytes calldata witness) internal pure returns (uint256 value) {
        Climb memory c = Climbs.open(storageRoot, witness);
        bytes32 root;
        (root, value) = _readSlot(c, slot);
        TrieReader.close(c, root);
    }

    /// @notice The values of `slots`, one at least, of the account whose storage root this is.
    /// @param slots in strictly ascending order of keccak256(slot)
    function readSlots(
        bytes32 storageRoot,
        bytes32[] calldata slots,
        bytes calldata witness
    ) internal pure returns (uint256[] memory values) {
        Climb memory c = Climbs.open(storageRoot, witness);
        bytes32 root;
        (root, values) = _readSlots(c, slots);
        TrieReader.close(c, root);
    }

    /// @dev The rest of a witness. Without an account, nothing can have been in its storage.
    function _readAccount(Climb memory c, address account) private pure returns (bool exists) {
        uint256 asked;
        assembly ("memory-safe") {
            // equivalent: asked = [bytes32(account), keccak256(abi.encodePacked(account))], without its length
            asked := mload(0x40)
            mstore(asked, and(account, 0xffffffffffffffffffffffffffffffffffffffff))
            mstore(add(asked, 0x20), keccak256(add(asked, 12), 20))
            mstore(0x40, add(asked, 0x40))
        }
        c.toValue = 0;
        bytes32 root = TrieReader.part(c, asked, asked + 32, asked + 64);
        exists = c.fields != 0;
        if (!exists && !c.sendsRoot && c.storageRoot != EMPTY_ROOT) c.refuse();
        TrieReader.close(c, root);
    }

    /// @dev The fields of an account that was read. They are taken again, and were found to be right before.
    function _fields(Climb memory c) private pure returns (Account memory fields) {
        c.cursor = c.fields;
        fields.nonce = uint64(c.takeInteger());
        fields.balance = c.takeInteger();
        if (c.sendsRoot) c.take(32);
        (fields.storageRoot, fields.codeHash) = (c.storageRoot, bytes32(c.take(32)));
    }

    function _readSlot(Climb memory c, bytes32 slot) private pure returns (bytes32 root, uint256 value) {
        uint256 asked;
        assembly ("memory-safe") {
            // equivalent: asked = [slot, keccak256(slot), value], without its length
            asked := mload(0x40)
            mstore(asked, slot)
            mstore(add(asked, 0x20), keccak256(asked, 0x20))
            mstore(add(asked, 0x40), 0)
            mstore(0x40, add(asked, 0x60))
        }
        c.toValue = 32;
        root = TrieReader.part(c, asked, asked + 32, asked + 64);
        value = Climbs.wordAt(asked + 64);
    }

    function _readSlots(
        Climb memory c,
        bytes32[] calldata slots
    ) private pure returns (bytes32 root, uint256[] memory values) {
        values = new uint256[](slots.length);
        uint256 asked;
        uint256 keys;
        uint256 last;
        uint256 toValue;
        assembly ("memory-safe") {
            // equivalent: asked = slots, keys = their hashes, without their lengths
            let size := shl(5, slots.length)
            asked := mload(0x40)
            keys := add(asked, size)
            mstore(0x40, add(keys, size))
            calldatacopy(asked, slots.offset, size)
            for {
                let i := 0
            } lt(i, size) {
                i := add(i, 0x20)
            } {
                mstore(add(keys, i), keccak256(add(asked, i), 0x20))
            }
            last := add(keys, size)
            // equivalent: toValue = from `keys` to the first of `values`
            toValue := sub(add(values, 0x20), keys)
        }
        c.toValue = toValue;
        TrieReader.requireOrder(c, asked, keys, last);
        root = TrieReader.part(c, asked, keys, last);
    }
}
