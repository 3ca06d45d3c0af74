// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "./interfaces/IProofErrors.sol";
import {IGuardErrors} from "./interfaces/IGuardErrors.sol";

/// @title Tells the guard's errors from others
/// @dev See `IStatelessGuard.isGuardError` for what a match proves, and what it does not.
library GuardErrors {
    /// @notice Whether `selector` is that of an error in `IGuardErrors`.
    function isGuardError(bytes4 selector) internal pure returns (bool) {
        return
            selector == IGuardErrors.AnchorMismatch.selector ||
            selector == IGuardErrors.AnchorTooDeep.selector ||
            selector == IGuardErrors.AnchorTooShallow.selector ||
            selector == IGuardErrors.AnchorOutOfWindow.selector ||
            selector == IGuardErrors.AnchorHashUnknown.selector ||
            selector == IGuardErrors.AnchorInFuture.selector ||
            selector == IGuardErrors.AnchorIsCurrentBlock.selector ||
            selector == IGuardErrors.ZeroAnchorHash.selector ||
            selector == IGuardErrors.StateRootMismatch.selector ||
            selector == IGuardErrors.HeaderHashMismatch.selector ||
            selector == IGuardErrors.HeaderNumberMismatch.selector ||
            selector == IGuardErrors.HeaderMalformed.selector ||
            selector == IGuardErrors.HeaderChainLength.selector ||
            selector == IGuardErrors.SlotBelow.selector ||
            selector == IGuardErrors.SlotAbove.selector ||
            selector == IGuardErrors.SlotDiffers.selector ||
            selector == IProofErrors.StateProofInvalid.selector ||
            selector == IGuardErrors.ActionDenied.selector ||
            selector == IGuardErrors.LiquidationDenied.selector ||
            selector == IGuardErrors.LiquidationNeedsHealth.selector ||
            selector == IGuardErrors.ScopeUnknown.selector ||
            selector == IGuardErrors.UnsupportedChain.selector;
    }

    /// @notice Whether `revertData`, as a `catch` received it, is one of the guard's errors. Empty data is not.
    function isGuardError(bytes memory revertData) internal pure returns (bool) {
        return revertData.length >= 4 && isGuardError(bytes4(revertData));
    }
}
