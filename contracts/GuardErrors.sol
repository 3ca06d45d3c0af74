// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Lanes} from "./anchor/Lanes.sol";
import {IPinErrors} from "./interfaces/IPinErrors.sol";
import {IProofErrors} from "./interfaces/IProofErrors.sol";
import {IAnchorErrors} from "./interfaces/IAnchorErrors.sol";
import {IHeaderErrors} from "./interfaces/IHeaderErrors.sol";

/// @title Tells the guard's errors from others
/// @dev See `IStatelessGuard.isGuardError` for what a match proves, and what it does not.
library GuardErrors {
    /// @notice Whether `selector` is that of an error in `IGuardErrors`.
    function isGuardError(bytes4 selector) internal pure returns (bool) {
        // The optimizer folds the words to constants. Comparisons one by one take 368 bytes more.
        bytes32 ofAnchors =
            bytes32(IAnchorErrors.AnchorMismatch.selector) |
                (bytes32(IAnchorErrors.AnchorTooDeep.selector) >> 32) |
                (bytes32(IAnchorErrors.AnchorTooShallow.selector) >> 64) |
                (bytes32(IAnchorErrors.AnchorOutOfWindow.selector) >> 96) |
                (bytes32(IAnchorErrors.AnchorHashUnknown.selector) >> 128) |
                (bytes32(IAnchorErrors.AnchorInFuture.selector) >> 160) |
                (bytes32(IAnchorErrors.AnchorIsCurrentBlock.selector) >> 192) |
                (bytes32(IAnchorErrors.ZeroAnchorHash.selector) >> 224);
        bytes32 ofStates =
            bytes32(IHeaderErrors.StateRootMismatch.selector) |
                (bytes32(IHeaderErrors.HeaderHashMismatch.selector) >> 32) |
                (bytes32(IHeaderErrors.HeaderNumberMismatch.selector) >> 64) |
                (bytes32(IHeaderErrors.HeaderMalformed.selector) >> 96) |
                (bytes32(IHeaderErrors.HeaderChainLength.selector) >> 128) |
                (bytes32(IProofErrors.SlotBelow.selector) >> 160) |
                (bytes32(IProofErrors.SlotAbove.selector) >> 192) |
                (bytes32(IProofErrors.SlotDiffers.selector) >> 224);
        // By their signatures: a guard without a policy compiles nothing of the policy.
        bytes32 ofPolicy =
            bytes32(IProofErrors.StateProofInvalid.selector) |
                (bytes32(bytes4(keccak256("ActionDenied(bytes32,uint8,uint8)"))) >> 32) |
                (bytes32(bytes4(keccak256("LiquidationDenied(bytes32,uint8,uint256,uint256)"))) >> 64) |
                (bytes32(bytes4(keccak256("ScopeUnknown(bytes32)"))) >> 96) |
                (bytes32(IAnchorErrors.UnsupportedChain.selector) >> 128) |
                (bytes32(bytes4(keccak256("LiquidationNeedsHealth(bytes32)"))) >> 160) |
                (bytes32(IAnchorErrors.SourcesDisagree.selector) >> 192);
        uint256 value = uint32(selector);
        return
            Lanes.hold(uint256(ofAnchors), value) ||
            Lanes.hold(uint256(ofStates), value) ||
            Lanes.hold(uint256(ofPolicy), value);
    }

    /// @notice Whether `selector` is that of an error in `IPinErrors`. A handler treats it as one of the guard's.
    function isPinError(bytes4 selector) internal pure returns (bool) {
        bytes32 ofPins =
            bytes32(IPinErrors.PinMissing.selector) |
                (bytes32(IPinErrors.PinDiffers.selector) >> 32) |
                (bytes32(IPinErrors.PinTierTooLow.selector) >> 64) |
                (bytes32(IPinErrors.PinTooOld.selector) >> 96);
        return Lanes.hold(uint256(ofPins), uint32(selector));
    }

    /// @notice Whether `revertData`, as a `catch` received it, is one of the guard's errors. Empty data is not.
    function isGuardError(bytes memory revertData) internal pure returns (bool) {
        return revertData.length >= 4 && isGuardError(bytes4(revertData));
    }
}
