// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The errors of anchors
/// @dev `number` and `head` are block numbers of the executing chain; `head` is the block in which the check ran. A depth is
/// `head - number`, in blocks.
interface IAnchorErrors {
    /// @notice Thrown when an anchor's hash is zero. Zero means "unknown" everywhere and never "skip the check".
    error ZeroAnchorHash(uint64 number);

    /// @notice Thrown when an anchor names the block that is executing, which has no hash yet.
    error AnchorIsCurrentBlock(uint64 number);

    /// @notice Thrown when an anchor names a block that this chain has not reached.
    error AnchorInFuture(uint64 number, uint64 head);

    /// @notice Thrown when an anchor lies closer to the head than the protocol accepts: a short reorg would still remove it.
    error AnchorTooShallow(uint64 number, uint64 head, uint64 minDepth);

    /// @notice Thrown when an anchor is older than the protocol, or the signer of the action, accepts.
    error AnchorTooDeep(uint64 number, uint64 head, uint64 maxDepth);

    /// @notice Thrown when an anchor lies outside the window for which the block-hash source can answer.
    error AnchorOutOfWindow(uint64 number, uint64 head, uint64 window);

    /// @notice Thrown when the block-hash source answered zero, failed, or answered in another shape for a block inside its
    /// window. That is "unknown": neither a match nor evidence of another branch.
    error AnchorHashUnknown(uint64 number, uint64 head);

    /// @notice Thrown when members of a quorum know different hashes of a block inside the window. No majority decides:
    /// one of them is wrong about the chain, and it is not known which.
    error SourcesDisagree(uint64 number, uint64 head);

    /// @notice Thrown when the action was prepared on another branch: at this height the executing chain has another block.
    error AnchorMismatch(uint64 number, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when the guard is deployed on a chain that it does not know. There BLOCKHASH and NUMBER may not
    /// mean that chain's own blocks. Such a chain needs a block-hash source of its own.
    error UnsupportedChain(uint256 chainId);
}
