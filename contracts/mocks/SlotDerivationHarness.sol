// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SlotDerivation} from "../proof/SlotDerivation.sol";

/// @notice Variables of every kind in the compiler's own layout, and the derivation of their slots.
contract SlotDerivationHarness {
    struct Position {
        uint128 size;
        uint128 margin;
        uint256 entryPrice;
    }

    struct Main {
        uint256 first;
    }

    mapping(address => uint256) public balances; // slot 0
    mapping(uint256 => mapping(address => Position)) public positions; // slot 1
    mapping(string => uint256) public byName; // slot 2
    uint256[] public prices; // slot 3
    Position[] public history; // slot 4
    uint48[] public times; // slot 5
    uint64 public nonce; // slot 6, bits 0..63
    bool public paused; // slot 6, bits 64..71
    address public owner; // slot 6, bits 72..231

    function fill(address who, uint256 seed) external {
        balances[who] = seed + 1;
        positions[seed][who] = Position(uint128(seed + 2), uint128(seed + 3), seed + 4);
        byName["collateral"] = seed + 5;
        for (uint256 i = 0; i < 7; i++) {
            prices.push(seed + 10 + i);
            history.push(Position(uint128(seed + 20 + i), uint128(seed + 30 + i), seed + 40 + i));
            times.push(uint48(seed + 50 + i));
        }
        (nonce, paused, owner) = (uint64(seed + 6), true, who);
        bytes32 slot = SlotDerivation.namespaceRoot("example.main");
        assembly ("memory-safe") {
            sstore(slot, add(seed, 7))
        }
    }

    function load(bytes32 slot) external view returns (uint256 value) {
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    function mappingWord(bytes32 slot, bytes32 key) external pure returns (bytes32) {
        return SlotDerivation.mappingEntry(slot, key);
    }

    function mappingAddress(bytes32 slot, address key) external pure returns (bytes32) {
        return SlotDerivation.mappingEntry(slot, key);
    }

    function mappingNumber(bytes32 slot, uint256 key) external pure returns (bytes32) {
        return SlotDerivation.mappingEntry(slot, key);
    }

    function mappingBytes(bytes32 slot, bytes calldata key) external pure returns (bytes32) {
        return SlotDerivation.mappingEntry(slot, key);
    }

    function nested(bytes32 slot, bytes32 outer, bytes32 inner) external pure returns (bytes32) {
        return SlotDerivation.nestedMappingEntry(slot, outer, inner);
    }

    function vyper(bytes32 slot, bytes32 key) external pure returns (bytes32) {
        return SlotDerivation.vyperMappingEntry(slot, key);
    }

    function element(bytes32 slot, uint256 index, uint256 slots) external pure returns (bytes32) {
        return SlotDerivation.arrayElement(slot, index, slots);
    }

    function packedElement(bytes32 slot, uint256 index, uint256 width) external pure returns (bytes32, uint256) {
        return SlotDerivation.packedArrayElement(slot, index, width);
    }

    function member(bytes32 slot, uint256 index) external pure returns (bytes32) {
        return SlotDerivation.structMember(slot, index);
    }

    function namespaceRoot(string calldata id) external pure returns (bytes32) {
        return SlotDerivation.namespaceRoot(id);
    }

    function field(uint256 value, uint256 offset, uint256 width) external pure returns (uint256) {
        return SlotDerivation.field(value, offset, width);
    }
}
