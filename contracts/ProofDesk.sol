// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "./anchor/Anchor.sol";
import {StateAnchors} from "./anchor/StateAnchors.sol";
import {HeaderReader} from "./header/HeaderReader.sol";
import {Account} from "./proof/ProofTypes.sol";
import {SlotCheck} from "./proof/SlotCheck.sol";
import {StateProof} from "./proof/StateProof.sol";

/// @title Reads headers and proofs for contracts that need not carry the verifiers' code
/// @notice One contract for everybody, without state and without an owner. A protocol trusts it by its address. Each function
/// reverts with a guard error where what it is asked for is not shown.
/// @dev Nothing here authenticates a hash or a root: that is for the caller.
contract ProofDesk {
    /// @notice What `slot` of `account` held after the anchor's block; zero where it, or the account, is proven absent.
    /// @param anchor what the header and the witness must fit
    /// @param header RLP of its header
    /// @param witness what `prove` returns for the account and the slot
    function valueOf(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external pure returns (uint256) {
        StateAnchors.verify(anchor, header);
        return SlotCheck.valueOf(anchor.stateRoot, account, slot, witness);
    }

    /// @notice The hash of the code that `account` had after the anchor's block; zero where the account is proven absent.
    /// @param witness what `prove` returns for the account without slots
    function codeHashOf(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes calldata witness
    ) external pure returns (bytes32) {
        StateAnchors.verify(anchor, header);
        (, Account memory fields) = StateProof.readAccount(anchor.stateRoot, account, witness);
        return fields.codeHash;
    }

    /// @notice The storage root that `account` had after the anchor's block; that of an empty trie where it is proven absent.
    /// @param witness what `prove` returns for the account without slots
    function storageRootOf(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes calldata witness
    ) external pure returns (bytes32) {
        StateAnchors.verify(anchor, header);
        return StateProof.readStorageRoot(anchor.stateRoot, account, witness);
    }

    /// @notice What a trie in the shape of a contract's storage holds under `slot`; zero where it is proven absent.
    /// @param root of an account's storage, or of a ledger
    /// @param witness the trie's, for the slot
    function valueUnder(bytes32 root, bytes32 slot, bytes calldata witness) external pure returns (uint256) {
        return SlotCheck.valueUnder(root, slot, witness);
    }

    /// @notice As `valueUnder`, of `slots`, one at least, in strictly ascending order of keccak256(slot).
    function valuesUnder(
        bytes32 root,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external pure returns (uint256[] memory) {
        return SlotCheck.valuesUnder(root, slots, witness);
    }

    /// @notice The state root of block `number`, whose hash is `hash`.
    /// @param header RLP of its header
    function stateRootOf(uint64 number, bytes32 hash, bytes calldata header) external pure returns (bytes32) {
        return HeaderReader.authenticate(header, number, hash);
    }
}
