// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";
import {HeaderReader} from "./HeaderReader.sol";

/// @title From a known block back to an ancestor of it
/// @notice Each header names its parent by hash. So a run of headers down from a known block proves what its ancestor
/// was.
library HeaderChain {
    /// @notice The longest walk, in blocks. A header costs about 1,000 gas, and some 10,000 of calldata where that is not cheap.
    uint64 internal constant MAX_DEPTH = 256;

    /// @notice The hash and state root of the ancestor `depth` blocks below the block `number` whose hash is `hash`.
    /// @dev Reverts with HeaderChainLength, HeaderHashMismatch, HeaderMalformed, HeaderNumberMismatch.
    /// @param number height of the known block, at least `depth`
    /// @param hash hash of the known block, from its source
    /// @param depth how far below it the ancestor lies, in blocks
    /// @param headers RLP of the headers from the known block down to the ancestor, both included
    /// @return ancestorHash hash of the ancestor
    /// @return stateRoot state root in the ancestor's header
    function ancestor(
        uint64 number,
        bytes32 hash,
        uint64 depth,
        bytes[] calldata headers
    ) internal pure returns (bytes32 ancestorHash, bytes32 stateRoot) {
        if (depth > MAX_DEPTH || depth > number || headers.length != uint256(depth) + 1) {
            revert IHeaderErrors.HeaderChainLength(depth, headers.length);
        }
        ancestorHash = hash;
        for (uint256 i = 0; ; ++i) {
            bytes calldata header = headers[i];
            // Each header must be the preimage of the hash that its child names, and hold the next lower height.
            stateRoot = HeaderReader.authenticate(header, number - uint64(i), ancestorHash);
            if (i == depth) return (ancestorHash, stateRoot);
            // The parent hash is the first field. Before it stand 3 bytes of list prefix and 1 of the string's.
            // `authenticate` has checked all of them.
            ancestorHash = bytes32(header[4:36]);
        }
    }
}
