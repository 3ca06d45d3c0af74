// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region proof
import {StateAnchoredGuard} from "settlement-guard/contracts/StateAnchoredGuard.sol";
import {StateAnchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {SlotCheck} from "settlement-guard/contracts/proof/SlotCheck.sol";
import {SlotDerivation} from "settlement-guard/contracts/proof/SlotDerivation.sol";

// What `prove` returns, as the contract takes it.
struct Proof {
    StateAnchor anchor;
    bytes header;
    bytes witness;
}

// Shows what a vault held after a block of this chain. A contract of its own, so that an exchange need not carry the verifier's code.
contract Reserves is StateAnchoredGuard {
    address public immutable vault;

    constructor(address vault_) {
        vault = vault_;
    }

    // Reverts with SlotBelow, and both amounts, where the vault held less for the market than is believed.
    function requireReserve(
        bytes32 market,
        uint256 believed,
        Proof calldata proof
    ) external view anchoredState(proof.anchor, proof.header) returns (uint256 actual) {
        return SlotCheck.requireAtLeast(proof.anchor.stateRoot, vault, slotOf(market), believed, proof.witness);
    }

    // `balances[market]` of the vault, whose mapping is in its slot 0.
    function slotOf(bytes32 market) public pure returns (bytes32) {
        return SlotDerivation.mappingEntry(bytes32(0), market);
    }
}
// #endregion proof

contract Vault {
    mapping(bytes32 market => uint256) public balances;

    function deposit(bytes32 market) external payable {
        balances[market] += msg.value;
    }
}
