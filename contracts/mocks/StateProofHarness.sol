// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Account, ProofReason, ProofStatus} from "../proof/ProofTypes.sol";
import {StateProof} from "../proof/StateProof.sol";
import {StateWitness} from "../proof/StateWitness.sol";

/// @notice The one call whose gas is quoted: nothing else is dispatched here.
contract AccountSlotHarness {
    function run(bytes32 stateRoot, address account, bytes32 slot, bytes calldata witness)
        external
        pure
        returns (ProofStatus, uint256)
    {
        (, ProofStatus status, uint256 value, ) = StateProof.tryAccountSlot(stateRoot, account, slot, witness);
        return (status, value);
    }
}

/// @notice The same with the proofs as `eth_getProof` lists them.
contract AccountSlotListHarness {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (ProofStatus, uint256) {
        (, ProofStatus status, uint256 value, ) = StateProof.tryAccountSlot(
            stateRoot,
            account,
            slot,
            accountProof,
            storageProof
        );
        return (status, value);
    }
}

/// @notice Many slots in one witness, for gas.
contract SlotsHarness {
    function run(bytes32 stateRoot, address account, bytes32[] calldata slots, bytes calldata witness)
        external
        pure
        returns (ProofStatus, uint256[] memory)
    {
        (ProofStatus status, , uint256[] memory values, ) = StateWitness.trySlots(stateRoot, account, slots, witness);
        return (status, values);
    }
}

/// @notice Each internal function of the library behind an external one, for tests.
contract StateProofHarness {
    function key(bytes32 root, bytes32 hashedKey, bytes calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, bytes memory)
    {
        return StateProof.tryHashedKey(root, hashedKey, proof);
    }

    function keyList(bytes32 root, bytes32 hashedKey, bytes[] calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, bytes memory)
    {
        return StateProof.tryHashedKey(root, hashedKey, proof);
    }

    function account(bytes32 root, address who, bytes calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, Account memory)
    {
        return StateProof.tryAccount(root, who, proof);
    }

    function accountList(bytes32 root, address who, bytes[] calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, Account memory)
    {
        return StateProof.tryAccount(root, who, proof);
    }

    function slot(bytes32 root, bytes32 position, bytes calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, uint256)
    {
        return StateProof.trySlot(root, position, proof);
    }

    function slotList(bytes32 root, bytes32 position, bytes[] calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, uint256)
    {
        return StateProof.trySlot(root, position, proof);
    }

    function accountSlot(bytes32 root, address who, bytes32 position, bytes calldata witness)
        external
        pure
        returns (ProofStatus, ProofStatus, uint256, ProofReason)
    {
        return StateProof.tryAccountSlot(root, who, position, witness);
    }

    function accountSlotList(
        bytes32 root,
        address who,
        bytes32 position,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (ProofStatus, ProofStatus, uint256, ProofReason) {
        return StateProof.tryAccountSlot(root, who, position, accountProof, storageProof);
    }

    function slots(bytes32 root, address who, bytes32[] calldata positions, bytes calldata witness)
        external
        pure
        returns (ProofStatus, ProofStatus[] memory, uint256[] memory, ProofReason)
    {
        return StateWitness.trySlots(root, who, positions, witness);
    }

    // --- the reverting and the boolean forms ---

    function readAccount(bytes32 root, address who, bytes calldata proof) external pure returns (bool, Account memory) {
        return StateProof.readAccount(root, who, proof);
    }

    function readAccountList(bytes32 root, address who, bytes[] calldata proof)
        external
        pure
        returns (bool, Account memory)
    {
        return StateProof.readAccount(root, who, proof);
    }

    function readSlot(bytes32 root, bytes32 position, bytes calldata proof) external pure returns (bool, uint256) {
        return StateProof.readSlot(root, position, proof);
    }

    function readSlotList(bytes32 root, bytes32 position, bytes[] calldata proof) external pure returns (bool, uint256) {
        return StateProof.readSlot(root, position, proof);
    }

    function readAccountSlot(bytes32 root, address who, bytes32 position, bytes calldata witness)
        external
        pure
        returns (bool, bool, uint256)
    {
        return StateProof.readAccountSlot(root, who, position, witness);
    }

    function readAccountSlotList(
        bytes32 root,
        address who,
        bytes32 position,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (bool, bool, uint256) {
        return StateProof.readAccountSlot(root, who, position, accountProof, storageProof);
    }

    function readSlots(bytes32 root, address who, bytes32[] calldata positions, bytes calldata witness)
        external
        pure
        returns (bool, uint256[] memory)
    {
        return StateWitness.readSlots(root, who, positions, witness);
    }

    function verifyAccount(bytes32 root, address who, Account calldata claimed, bytes calldata proof)
        external
        pure
        returns (bool)
    {
        return StateProof.verifyAccount(root, who, claimed, proof);
    }

    function verifyAccountAbsent(bytes32 root, address who, bytes calldata proof) external pure returns (bool) {
        return StateProof.verifyAccountAbsent(root, who, proof);
    }

    function verifySlot(bytes32 root, bytes32 position, uint256 claimed, bytes calldata proof)
        external
        pure
        returns (bool)
    {
        return StateProof.verifySlot(root, position, claimed, proof);
    }

    function verifySlotAbsent(bytes32 root, bytes32 position, bytes calldata proof) external pure returns (bool) {
        return StateProof.verifySlotAbsent(root, position, proof);
    }

    function verifyAccountSlot(bytes32 root, address who, bytes32 position, uint256 claimed, bytes calldata witness)
        external
        pure
        returns (bool)
    {
        return StateProof.verifyAccountSlot(root, who, position, claimed, witness);
    }

    function verifySlots(
        bytes32 root,
        address who,
        bytes32[] calldata positions,
        uint256[] calldata claimed,
        bytes calldata witness
    ) external pure returns (bool) {
        return StateWitness.verifySlots(root, who, positions, claimed, witness);
    }
}
