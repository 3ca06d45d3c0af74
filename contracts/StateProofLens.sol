// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader, HeaderStatus} from "./header/HeaderReader.sol";
import {Account, ProofReason, ProofStatus} from "./proof/ProofTypes.sol";
import {StateProof} from "./proof/StateProof.sol";
import {StateProofReference} from "./proof/StateProofReference.sol";

/// @title The verifiers behind external functions
/// @notice For programs that want the word of Solidity itself. `settlement-guard verify --evm` runs this code in an
/// embedded EVM. An `eth_call` with this code as a state override does the same on a node. It holds no state, and no
/// protocol needs it.
/// @dev Nothing here authenticates a hash or a root: that is for the caller.
contract StateProofLens {
    /// @notice The number and the state root of the header whose hash is `hash`, as an anchor check reads them.
    /// @return status Ok, HashMismatch or Malformed
    /// @return actual the header's hash, or the position of the malformed field
    function header(
        bytes32 hash,
        bytes calldata rlp
    ) external pure returns (HeaderStatus status, bytes32 actual, uint64 number, bytes32 stateRoot) {
        return HeaderReader.tryAuthenticate(rlp, hash);
    }

    /// @notice What nodes, as `eth_getProof` lists them, show about a key that is a hash already.
    function key(
        bytes32 root,
        bytes32 hashedKey,
        bytes[] calldata nodes
    ) external pure returns (ProofStatus status, ProofReason reason, bytes memory value) {
        return StateProofReference.tryHashedKey(root, hashedKey, nodes);
    }

    /// @notice What nodes, as `eth_getProof` lists them, show about an account.
    function account(
        bytes32 stateRoot,
        address who,
        bytes[] calldata nodes
    ) external pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        return StateProofReference.tryAccount(stateRoot, who, nodes);
    }

    /// @notice What nodes, as `eth_getProof` lists them, show about a slot.
    function slot(
        bytes32 storageRoot,
        bytes32 position,
        bytes[] calldata nodes
    ) external pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        return StateProofReference.trySlot(storageRoot, position, nodes);
    }

    /// @notice What a witness shows about an account and its slots, as contracts read it. Reverts with StateProofInvalid.
    /// @param slots in strictly ascending order of keccak256(slot)
    function witness(
        bytes32 stateRoot,
        address who,
        bytes32[] calldata slots,
        bytes calldata witness_
    ) external pure returns (bool exists, Account memory fields, uint256[] memory values) {
        return StateProof.readAccountSlots(stateRoot, who, slots, witness_);
    }
}
