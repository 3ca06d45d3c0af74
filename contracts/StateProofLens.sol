// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader, HeaderStatus} from "./proof/HeaderReader.sol";
import {Account, ProofReason, ProofStatus} from "./proof/ProofTypes.sol";
import {StateProof} from "./proof/StateProof.sol";

/// @title The proof library behind external functions
/// @notice For programs that want the word of the Solidity verifier itself: `settlement-guard verify --evm` runs this code in an
/// embedded EVM, and an `eth_call` with it as a state override does the same on a node. It holds no state, and no protocol needs it.
/// @dev No function reverts, for well-formed calldata. Nothing here authenticates a hash or a root: that is for the caller.
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

    /// @notice What nodes end to end show about a key that is a hash already.
    function key(
        bytes32 root,
        bytes32 hashedKey,
        bytes calldata proof
    ) external pure returns (ProofStatus status, ProofReason reason, bytes memory value) {
        return StateProof.tryHashedKey(root, hashedKey, proof);
    }

    /// @notice {key} of a list of nodes.
    function keyOfList(
        bytes32 root,
        bytes32 hashedKey,
        bytes[] calldata proof
    ) external pure returns (ProofStatus status, ProofReason reason, bytes memory value) {
        return StateProof.tryHashedKey(root, hashedKey, proof);
    }

    /// @notice What nodes end to end show about an account.
    function account(
        bytes32 stateRoot,
        address who,
        bytes calldata proof
    ) external pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        return StateProof.tryAccount(stateRoot, who, proof);
    }

    /// @notice {account} of a list of nodes.
    function accountOfList(
        bytes32 stateRoot,
        address who,
        bytes[] calldata proof
    ) external pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        return StateProof.tryAccount(stateRoot, who, proof);
    }

    /// @notice What nodes end to end show about a slot.
    function slot(
        bytes32 storageRoot,
        bytes32 position,
        bytes calldata proof
    ) external pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        return StateProof.trySlot(storageRoot, position, proof);
    }

    /// @notice {slot} of a list of nodes.
    function slotOfList(
        bytes32 storageRoot,
        bytes32 position,
        bytes[] calldata proof
    ) external pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        return StateProof.trySlot(storageRoot, position, proof);
    }
}
