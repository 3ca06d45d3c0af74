// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ProofStatus} from "../../contracts/proof/ProofTypes.sol";
import {HeaderReader} from "../../contracts/proof/HeaderReader.sol";
import {StateProof} from "../../contracts/proof/StateProof.sol";
import {StateWitness} from "../../contracts/proof/StateWitness.sol";

// This library behind the same calls as its peers: see the files beside this one. One function a contract, so that nothing but it
// is dispatched. The block's hash is an argument everywhere: where it comes from is measured in snapshots/gas.json.

contract SettlementGuardHeader {
    function check(bytes calldata header, uint64 number, bytes32 hash) external pure returns (bytes32 stateRoot) {
        return HeaderReader.authenticate(header, number, hash);
    }
}

/// @notice What `SettlementGuardHeader` costs without the check: dispatch and ABI decoding.
contract NothingHeader {
    function check(bytes calldata, uint64, bytes32) external pure returns (bytes32 stateRoot) {}
}

/// @notice Nodes end to end.
contract SettlementGuardSlot {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external pure returns (ProofStatus status, uint256 value) {
        (, status, value, ) = StateProof.tryAccountSlot(stateRoot, account, slot, witness);
    }
}

/// @notice Nodes as `eth_getProof` lists them.
contract SettlementGuardListSlot {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (ProofStatus status, uint256 value) {
        (, status, value, ) = StateProof.tryAccountSlot(stateRoot, account, slot, accountProof, storageProof);
    }
}

contract SettlementGuardFull {
    function full(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external pure returns (ProofStatus status, uint256 value) {
        bytes32 stateRoot = HeaderReader.authenticate(header, number, hash);
        (, status, value, ) = StateProof.tryAccountSlot(stateRoot, account, slot, witness);
    }
}

contract SettlementGuardListFull {
    function full(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (ProofStatus status, uint256 value) {
        bytes32 stateRoot = HeaderReader.authenticate(header, number, hash);
        (, status, value, ) = StateProof.tryAccountSlot(stateRoot, account, slot, accountProof, storageProof);
    }
}

contract SettlementGuardMany {
    function many(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external pure returns (ProofStatus status, uint256[] memory values) {
        (status, , values, ) = StateWitness.trySlots(stateRoot, account, slots, witness);
    }
}
