// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

/// @notice OpenZeppelin's verifier, which proves inclusion only, to compare with.
contract TrieProofOracle {
    function traverse(bytes32 root, bytes calldata key, bytes[] calldata proof) external pure returns (bytes memory) {
        return TrieProof.traverse(root, key, proof);
    }
}
