// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, Climbs} from "../proof/Climb.sol";
import {Account, ProofReason, ProofStatus} from "../proof/ProofTypes.sol";
import {StateProof} from "../proof/StateProof.sol";
import {TrieReader} from "../proof/TrieReader.sol";
import {StateProofReference} from "../proof/StateProofReference.sol";

/// @notice {StateProof} behind external functions, in memory that is not clean.
contract StateProofHarness {
    /// @dev Fills what is allocated next: Solidity clears none of it.
    modifier onDirtyMemory() {
        assembly ("memory-safe") {
            let free := mload(0x40)
            for {
                let i := 0
            } lt(i, 4096) {
                i := add(i, 32)
            } {
                mstore(add(free, i), not(0))
            }
        }
        _;
    }

    function readAccount(
        bytes32 root,
        address who,
        bytes calldata witness
    ) external pure onDirtyMemory returns (bool exists, Account memory fields) {
        return StateProof.readAccount(root, who, witness);
    }

    function readAccountSlot(
        bytes32 root,
        address who,
        bytes32 position,
        bytes calldata witness
    ) external pure onDirtyMemory returns (bool accountExists, uint256 value) {
        (accountExists, value, ) = StateProof.readAccountSlot(root, who, position, witness);
    }

    function readAccountSlots(
        bytes32 root,
        address who,
        bytes32[] calldata positions,
        bytes calldata witness
    ) external pure onDirtyMemory returns (bool accountExists, Account memory fields, uint256[] memory values) {
        return StateProof.readAccountSlots(root, who, positions, witness);
    }

    function readSlot(
        bytes32 root,
        bytes32 position,
        bytes calldata witness
    ) external pure onDirtyMemory returns (uint256 value) {
        return StateProof.readSlot(root, position, witness);
    }

    function readSlots(
        bytes32 root,
        bytes32[] calldata positions,
        bytes calldata witness
    ) external pure onDirtyMemory returns (uint256[] memory values) {
        return StateProof.readSlots(root, positions, witness);
    }

    /// @notice {StateProof-readSlots} of keys that are given as they lie in the trie.
    function readKeys(
        bytes32 root,
        bytes32[] memory keys,
        bytes calldata witness
    ) external pure onDirtyMemory returns (uint256[] memory values) {
        values = new uint256[](keys.length);
        Climb memory c = Climbs.open(root, witness);
        uint256 keysAt;
        uint256 last;
        uint256 toValue;
        assembly ("memory-safe") {
            keysAt := add(keys, 0x20)
            last := add(keysAt, mul(mload(keys), 0x20))
            // equivalent: toValue = from `keys` to `values`
            toValue := sub(values, keys)
        }
        c.toValue = toValue;
        TrieReader.requireOrder(c, keysAt, keysAt, last);
        TrieReader.close(c, TrieReader.part(c, keysAt, keysAt, last));
    }
}

/// @notice {StateProofReference} behind external functions.
contract StateProofReferenceHarness {
    function key(
        bytes32 root,
        bytes32 hashedKey,
        bytes[] calldata nodes
    ) external pure returns (ProofStatus status, ProofReason reason, bytes memory value) {
        return StateProofReference.tryHashedKey(root, hashedKey, nodes);
    }

    function account(
        bytes32 root,
        address who,
        bytes[] calldata nodes
    ) external pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        return StateProofReference.tryAccount(root, who, nodes);
    }

    function slot(
        bytes32 root,
        bytes32 position,
        bytes[] calldata nodes
    ) external pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        return StateProofReference.trySlot(root, position, nodes);
    }
}
