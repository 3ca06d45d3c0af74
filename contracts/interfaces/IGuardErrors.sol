// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Action, Status} from "../policy/PolicyTypes.sol";
import {IProofErrors} from "./IProofErrors.sol";

/// @title The errors of the guard
/// @notice Each names the values that disagreed. Together they are what `isGuardError` recognises: a handler that meets one
/// must retry or re-prepare the action, never cancel a user's order because of it.
/// @dev `number` and `head` are block numbers of the executing chain; `head` is the block in which the check ran. A depth is
/// `head - number`, in blocks. `src/explain/guardErrors.ts` is this list's twin; a test compares the two.
interface IGuardErrors is IProofErrors {
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

    /// @notice Thrown when the action was prepared on another branch: at this height the executing chain has another block.
    error AnchorMismatch(uint64 number, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when the bytes given as the anchor's header are not the preimage of its hash.
    error HeaderHashMismatch(uint64 number, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when a header commits to another height than the anchor names.
    error HeaderNumberMismatch(uint64 claimed, uint64 actual);

    /// @notice Thrown when a header is not the canonical RLP of a block header.
    /// @param field position of the field in the header (0 is the parent hash, 3 the state root, 8 the number), 255 for the
    /// list itself
    error HeaderMalformed(uint8 field);

    /// @notice Thrown when a state anchor's header is genuine and the state root in it is not the one claimed.
    error StateRootMismatch(uint64 number, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when a run of headers does not lead from the known block to the anchor: `depth + 1` headers are needed.
    error HeaderChainLength(uint64 depth, uint256 headers);

    /// @notice Thrown when a canonical state holds less in a slot than the protocol believes.
    error SlotBelow(address account, bytes32 slot, uint256 believed, uint256 actual);

    /// @notice Thrown when a canonical state holds more in a slot than the protocol believes.
    error SlotAbove(address account, bytes32 slot, uint256 believed, uint256 actual);

    /// @notice Thrown when a canonical state holds another value in a slot than the protocol believes.
    error SlotDiffers(address account, bytes32 slot, uint256 believed, uint256 actual);

    /// @notice Thrown when the scope's policy denies an action in the status that is the worst of the scope and its parents, or allows it only
    /// conservatively where the protocol cannot do it so.
    error ActionDenied(bytes32 scope, Action action, Status status);

    /// @notice Thrown when an account must not be liquidated now. Health is in 1e18, which is the threshold of liquidation.
    error LiquidationDenied(bytes32 scope, Status status, uint256 worstHealth, uint256 bestHealth);

    /// @notice Thrown when `_guard` is asked about a liquidation, which depends on the account's health: `_guardLiquidation`.
    error LiquidationNeedsHealth(bytes32 scope);

    /// @notice Thrown when a scope, or one above it, has no configuration. Without a policy nothing is allowed.
    error ScopeUnknown(bytes32 scope);

    /// @notice Thrown when the guard is deployed on a chain whose BLOCKHASH and NUMBER are not known to mean that chain's own
    /// blocks. Such a chain needs a block-hash source of its own.
    error UnsupportedChain(uint256 chainId);
}
