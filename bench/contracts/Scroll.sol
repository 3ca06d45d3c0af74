// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {PatriciaMerkleTrieVerifier} from "@scroll-tech/contracts/libraries/verifier/PatriciaMerkleTrieVerifier.sol";

/// @notice Account and slot in one proof, of which it computes the root. It reads no headers.
contract ScrollSlot {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata proof
    ) external pure returns (uint256) {
        (bytes32 root, bytes32 value) = PatriciaMerkleTrieVerifier.verifyPatriciaProof(account, slot, proof);
        require(root == stateRoot, "root");
        return uint256(value);
    }
}
