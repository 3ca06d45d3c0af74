// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader} from "../../contracts/header/HeaderReader.sol";
import {StateProof} from "../../contracts/proof/StateProof.sol";

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

contract SettlementGuardSlot {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external pure returns (bool exists, uint256 value) {
        (exists, value, ) = StateProof.readAccountSlot(stateRoot, account, slot, witness);
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
    ) external pure returns (bool exists, uint256 value) {
        bytes32 stateRoot = HeaderReader.authenticate(header, number, hash);
        (exists, value, ) = StateProof.readAccountSlot(stateRoot, account, slot, witness);
    }
}

/// @notice A slot whose account's storage root was proven before.
contract SettlementGuardKnown {
    function known(bytes32 storageRoot, bytes32 slot, bytes calldata witness) external pure returns (uint256 value) {
        return StateProof.readSlot(storageRoot, slot, witness);
    }
}

contract SettlementGuardMany {
    function many(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external pure returns (bool exists, uint256[] memory values) {
        (exists, , values) = StateProof.readAccountSlots(stateRoot, account, slots, witness);
    }
}
