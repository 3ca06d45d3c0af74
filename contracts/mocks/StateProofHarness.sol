// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Account, ProofReason, ProofStatus} from "../proof/ProofTypes.sol";
import {StateProof} from "../proof/StateProof.sol";

/// @notice Each internal function of the library behind one external one, for tests and for measuring gas.
contract StateProofHarness {
    function run(bytes32 stateRoot, address account, bytes32 slot, bytes calldata witness)
        external
        pure
        returns (ProofStatus, uint256)
    {
        (, ProofStatus status, uint256 value, ) = StateProof.tryAccountSlot(stateRoot, account, slot, witness);
        return (status, value);
    }
}
