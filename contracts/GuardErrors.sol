// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "./interfaces/IProofErrors.sol";
import {IGuardErrors} from "./interfaces/IGuardErrors.sol";

/// @title Tells the guard's errors from others
/// @dev See `IStatelessGuard.isGuardError` for what a match proves, and what it does not.
library GuardErrors {
    /// @notice Whether `selector` is that of an error in `IGuardErrors`.
    function isGuardError(bytes4 selector) internal pure returns (bool) {
        // Eight selectors a word, from the left, which the optimizer folds to constants. Comparisons one by one take 368 bytes more.
        bytes32 ofAnchors =
            bytes32(IGuardErrors.AnchorMismatch.selector) |
                (bytes32(IGuardErrors.AnchorTooDeep.selector) >> 32) |
                (bytes32(IGuardErrors.AnchorTooShallow.selector) >> 64) |
                (bytes32(IGuardErrors.AnchorOutOfWindow.selector) >> 96) |
                (bytes32(IGuardErrors.AnchorHashUnknown.selector) >> 128) |
                (bytes32(IGuardErrors.AnchorInFuture.selector) >> 160) |
                (bytes32(IGuardErrors.AnchorIsCurrentBlock.selector) >> 192) |
                (bytes32(IGuardErrors.ZeroAnchorHash.selector) >> 224);
        bytes32 ofStates =
            bytes32(IGuardErrors.StateRootMismatch.selector) |
                (bytes32(IGuardErrors.HeaderHashMismatch.selector) >> 32) |
                (bytes32(IGuardErrors.HeaderNumberMismatch.selector) >> 64) |
                (bytes32(IGuardErrors.HeaderMalformed.selector) >> 96) |
                (bytes32(IGuardErrors.HeaderChainLength.selector) >> 128) |
                (bytes32(IGuardErrors.SlotBelow.selector) >> 160) |
                (bytes32(IGuardErrors.SlotAbove.selector) >> 192) |
                (bytes32(IGuardErrors.SlotDiffers.selector) >> 224);
        bytes32 ofPolicy =
            bytes32(IProofErrors.StateProofInvalid.selector) |
                (bytes32(IGuardErrors.ActionDenied.selector) >> 32) |
                (bytes32(IGuardErrors.LiquidationDenied.selector) >> 64) |
                (bytes32(IGuardErrors.ScopeUnknown.selector) >> 96) |
                (bytes32(IGuardErrors.UnsupportedChain.selector) >> 128) |
                (bytes32(IGuardErrors.LiquidationNeedsHealth.selector) >> 160);
        return _holds(ofAnchors, selector) || _holds(ofStates, selector) || _holds(ofPolicy, selector);
    }

    /// @dev Whether one of the lanes, of 4 bytes each, is `selector`. The search ends where only zeros are left, so zero is never found.
    function _holds(bytes32 lanes, bytes4 selector) private pure returns (bool) {
        for (; lanes != bytes32(0); lanes <<= 32) {
            if (bytes4(lanes) == selector) return true;
        }
        return false;
    }

    /// @notice Whether `revertData`, as a `catch` received it, is one of the guard's errors. Empty data is not.
    function isGuardError(bytes memory revertData) internal pure returns (bool) {
        return revertData.length >= 4 && isGuardError(bytes4(revertData));
    }
}
