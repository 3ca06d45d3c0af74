// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {CompactProof} from "../../contracts/proof/CompactProof.sol";
import {HeaderReader} from "../../contracts/proof/HeaderReader.sol";
import {ProofStatus} from "../../contracts/proof/ProofTypes.sol";

// This library with a compact witness, behind the same calls as the contracts in SettlementGuard.sol.

contract SettlementGuardCompactSlot {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external pure returns (ProofStatus status, uint256 value) {
        (, status, value, ) = CompactProof.tryAccountSlot(stateRoot, account, slot, witness);
    }
}

contract SettlementGuardCompactFull {
    function full(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external pure returns (ProofStatus status, uint256 value) {
        bytes32 stateRoot = HeaderReader.authenticate(header, number, hash);
        (, status, value, ) = CompactProof.tryAccountSlot(stateRoot, account, slot, witness);
    }
}
