// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title Where a contract's variables lie in its storage
/// @notice The slot of a mapping's entry, of an array's element, of a namespace. Also a packed field out of a slot's
/// value. A proof is of a slot. Whoever derives the wrong slot proves something true about something else. So derive
/// slots from the layout that the compiler prints (`storageLayout`), never from the prover's input.
/// @dev Additions wrap, as they do in the EVM: storage is a ring of 2^256 slots.
library SlotDerivation {
    /// @notice Thrown when a field does not lie inside a slot.
    error FieldOutOfSlot(uint256 offset, uint256 width);

    /// @notice The slot of `m[key]`, where the mapping `m` lies at `slot`. Nested mappings: apply once for each key, outermost first.
    /// @param key the key as an ABI word: addresses and unsigned integers right-aligned, `bytesN` left-aligned, signed integers
    /// extended by their sign
    function mappingEntry(bytes32 slot, bytes32 key) internal pure returns (bytes32 entry) {
        return _hashPair(key, slot);
    }

    /// @notice {mappingEntry} of an address.
    function mappingEntry(bytes32 slot, address key) internal pure returns (bytes32) {
        return _hashPair(bytes32(uint256(uint160(key))), slot);
    }

    /// @notice {mappingEntry} of an unsigned integer.
    function mappingEntry(bytes32 slot, uint256 key) internal pure returns (bytes32) {
        return _hashPair(bytes32(key), slot);
    }

    /// @notice The slot of `m[key]` for a key of type `string` or `bytes`, which is not padded.
    function mappingEntry(bytes32 slot, bytes memory key) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(key, slot));
    }

    /// @notice The slot of `m[outer][inner]`.
    function nestedMappingEntry(bytes32 slot, bytes32 outer, bytes32 inner) internal pure returns (bytes32) {
        return _hashPair(inner, _hashPair(outer, slot));
    }

    /// @notice The slot of `HashMap` `m[key]` in Vyper, which hashes the slot before the key.
    function vyperMappingEntry(bytes32 slot, bytes32 key) internal pure returns (bytes32) {
        return _hashPair(slot, key);
    }

    /// @notice The first slot of element `index` of a dynamic array at `slot`, whose elements take whole slots. The array's length is
    /// the value of `slot` itself: prove it too where an index past the end would matter.
    /// @param slots how many slots an element takes
    function arrayElement(bytes32 slot, uint256 index, uint256 slots) internal pure returns (bytes32) {
        unchecked {
            return bytes32(uint256(_hash(slot)) + index * slots);
        }
    }

    /// @notice The slot and the bit offset of element `index` of a dynamic array at `slot`. Several of its elements
    /// share a slot.
    /// @param width bits of an element, at most 128; a slot holds as many as fit whole
    function packedArrayElement(
        bytes32 slot,
        uint256 index,
        uint256 width
    ) internal pure returns (bytes32 elementSlot, uint256 offset) {
        if (width == 0 || width > 128) revert FieldOutOfSlot(0, width);
        uint256 perSlot = 256 / width;
        unchecked {
            elementSlot = bytes32(uint256(_hash(slot)) + index / perSlot);
            // Below 256.
            offset = (index % perSlot) * width;
        }
    }

    /// @notice The slot of a struct's member.
    /// @param member slots before it in the struct
    function structMember(bytes32 slot, uint256 member) internal pure returns (bytes32) {
        unchecked {
            return bytes32(uint256(slot) + member);
        }
    }

    /// @notice The root slot of an ERC-7201 namespace.
    /// @param id the namespace's id, for example "example.main"
    function namespaceRoot(string memory id) internal pure returns (bytes32) {
        unchecked {
            return keccak256(abi.encode(uint256(keccak256(bytes(id))) - 1)) & ~bytes32(uint256(0xff));
        }
    }

    /// @notice A field out of a slot's value, right-aligned.
    /// @param offset bits from the lowest, as the compiler's layout gives it (in bytes there)
    /// @param width bits of the field; a signed integer is not extended
    function field(uint256 value, uint256 offset, uint256 width) internal pure returns (uint256) {
        if (width == 0 || width > 256 || offset > 256 - width) revert FieldOutOfSlot(offset, width);
        // `width` is at least 1, so that the shift is at most 255.
        return (value >> offset) & (type(uint256).max >> (256 - width));
    }

    function _hash(bytes32 word) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            // equivalent: keccak256(abi.encode(word))
            mstore(0x00, word)
            digest := keccak256(0x00, 0x20)
        }
    }

    function _hashPair(bytes32 first, bytes32 second) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            // equivalent: keccak256(abi.encode(first, second))
            mstore(0x00, first)
            mstore(0x20, second)
            digest := keccak256(0x00, 0x40)
        }
    }
}
