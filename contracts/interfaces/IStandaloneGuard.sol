// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor, StateAnchor} from "../anchor/Anchor.sol";
import {IGuardErrors} from "./IGuardErrors.sol";

/// @title The guard as a deployed contract, for protocols that cannot inherit it
/// @notice The same checks as the mixin's. It has no storage, no owner and no configuration: each caller names its own depth bounds, in
/// blocks. The smallest depth is 1 (0 means the same), the largest is the window of the block-hash source.
/// @dev The previews keep the promise of `IStatelessGuard`.
///
/// A caller MUST compare what `requireAnchored` and `requireAnchoredState` return with the function's own selector, as
/// with ERC-1271. A call to an address without code succeeds and returns nothing. Through this interface Solidity
/// refuses the empty answer; a low-level call does not. The answer shows that something answered in the guard's way.
/// That it is the guard is for the caller to know. What echoes its calldata answers the same, as precompile 0x04 does.
interface IStandaloneGuard is IGuardErrors {
    /// @notice Reverts with an error of `IGuardErrors` unless `anchor` names a block of the executing chain inside the bounds.
    /// @return magic this function's selector, to be compared by the caller
    function requireAnchored(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bytes4 magic);

    /// @notice Reverts with an error of `IGuardErrors` unless the anchor holds, and `header` is the preimage of its
    /// hash. The number and the state root in the header must be the ones claimed.
    /// @return magic this function's selector, to be compared by the caller
    function requireAnchoredState(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bytes4 magic);

    /// @notice Whether `requireAnchored` would pass now, and its revert data where not.
    function previewAnchored(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bool allowed, bytes memory reason);

    /// @notice Whether `requireAnchoredState` would pass now, and its revert data where not.
    function previewAnchoredState(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bool allowed, bytes memory reason);

    /// @notice As `IStatelessGuard.isGuardError`.
    function isGuardError(bytes4 selector) external pure returns (bool);
}
