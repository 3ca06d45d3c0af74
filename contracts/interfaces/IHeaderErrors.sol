// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The errors of headers
/// @dev `number` is a height of the chain whose header it is.
interface IHeaderErrors {
    /// @notice Thrown when the bytes given as the anchor's header are not the preimage of its hash.
    error HeaderHashMismatch(uint64 number, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when a header commits to another height than the anchor names.
    error HeaderNumberMismatch(uint64 claimed, uint64 actual);

    /// @notice Thrown when a header is not the canonical RLP of a block header.
    /// @param field position of the field in the header: 0 is the parent hash, 3 the state root, 8 the number. 255 for
    /// the list itself
    error HeaderMalformed(uint8 field);

    /// @notice Thrown when a state anchor's header is genuine and the state root in it is not the one claimed.
    error StateRootMismatch(uint64 number, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when a run of headers does not lead from the known block to the anchor: `depth + 1` headers are needed.
    error HeaderChainLength(uint64 depth, uint256 headers);
}
