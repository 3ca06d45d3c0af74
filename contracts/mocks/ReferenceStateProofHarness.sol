// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Account, ProofReason, ProofStatus} from "../proof/ProofTypes.sol";
import {ReferenceStateProof} from "../reference/ReferenceStateProof.sol";

/// @notice The reference behind the same functions as {StateProofHarness}.
contract ReferenceStateProofHarness {
    function key(bytes32 root, bytes32 hashedKey, bytes calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, bytes memory)
    {
        return ReferenceStateProof.tryHashedKey(root, hashedKey, proof);
    }

    function account(bytes32 root, address who, bytes calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, Account memory)
    {
        return ReferenceStateProof.tryAccount(root, who, proof);
    }

    function slot(bytes32 root, bytes32 position, bytes calldata proof)
        external
        pure
        returns (ProofStatus, ProofReason, uint256)
    {
        return ReferenceStateProof.trySlot(root, position, proof);
    }

    function slots(bytes32 root, address who, bytes32[] calldata positions, bytes calldata witness)
        external
        pure
        returns (ProofStatus, ProofStatus[] memory, uint256[] memory, ProofReason)
    {
        return ReferenceStateProof.trySlots(root, who, positions, witness);
    }
}
