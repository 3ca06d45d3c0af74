// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IBlockHashSource, Tier} from "./IBlockHashSource.sol";
import {IPinBoard} from "./IPinBoard.sol";

/// @title Pins of a chain that a source knows: another one, or what is finalized of this
/// @dev Each reading asks the source again whether the pinned block is canonical. It reverts with PinMissing, PinDiffers, PinTierTooLow,
/// PinTooOld, AnchorHashUnknown or SourcesDisagree, unless all holds.
interface ISourcedPinBoard is IPinBoard {
    /// @notice A fact was pinned. Who wants to use it takes the value from here.
    event Pinned(bytes32 indexed subject, uint64 indexed number, bytes32 hash, uint64 time, uint256 value);

    /// @notice What knows the blocks.
    function source() external view returns (IBlockHashSource);

    /// @notice How far below the source's newest block a block must lie to be pinned, which itself has depth 1.
    function minDepth() external view returns (uint64);

    /// @notice The block whose state root is `root`.
    /// @param maxAge in seconds, from the block's own time to the executing block's
    /// @param least the tier that the source must have
    /// @return number the block's height
    /// @return time of the block, in seconds since 1970
    function requireStateRoot(
        bytes32 root,
        uint64 maxAge,
        Tier least
    ) external view returns (uint64 number, uint64 time);

    /// @notice As `requireStateRoot`, of the storage root of `account`.
    function requireStorageRoot(
        address account,
        bytes32 root,
        uint64 maxAge,
        Tier least
    ) external view returns (uint64 number, uint64 time);

    /// @notice As `requireStateRoot`, of the value of `slot` of `account`.
    function requireSlot(
        address account,
        bytes32 slot,
        uint256 value,
        uint64 maxAge,
        Tier least
    ) external view returns (uint64 number, uint64 time);
}
