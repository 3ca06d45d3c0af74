// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";
import {IAnchorErrors} from "./IAnchorErrors.sol";
import {IHeaderErrors} from "./IHeaderErrors.sol";
import {IProofErrors} from "./IProofErrors.sol";

/// @title What a guarded contract shows to those who call it
/// @notice Previews of the guard, and the means to tell its errors from others.
///
/// A preview, for well-formed calldata and enough gas:
/// - never reverts;
/// - in the same block and state agrees with the real check. It allows exactly what the check lets through. Its
///   `reason` is the revert data of the check, byte for byte.
///
/// A preview does not say that the action will pass in a later block. Nor does it say that the rest of the action
/// succeeds.
interface IStatelessGuard is IHeaderErrors, IAnchorErrors, IProofErrors {
    /// @notice Whether an action with this anchor would pass the guard now.
    /// @return allowed whether the check would let it through
    /// @return reason the revert data of the check; empty where it would pass
    function previewAnchored(Anchor calldata anchor) external view returns (bool allowed, bytes memory reason);

    /// @notice Whether `selector` is that of an error in `IGuardErrors`.
    /// @dev For handlers that must retry an action rather than cancel a user's order. The selector alone proves
    /// nothing, since any contract on the way can revert with it. It counts only if the guard also denies when asked
    /// again (a preview). Empty revert data is no reason to cancel either: an action that ran out of gas leaves none.
    function isGuardError(bytes4 selector) external pure returns (bool);
}
