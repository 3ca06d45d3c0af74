// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {PinnedState} from "./PinnedState.sol";
import {StateAnchor} from "./anchor/Anchor.sol";
import {IOwnPinBoard, IPinBoard} from "./interfaces/IPinBoard.sol";

/// @title Pins of the executing chain, that any protocol can write and read
/// @notice A block is pinned at a depth of one or more, inside the window of the block-hash source.
contract PinBoard is PinnedState, IOwnPinBoard {
    /// @inheritdoc IPinBoard
    function pinStateRoot(StateAnchor calldata anchor, bytes calldata header) external returns (bool kept) {
        _requireStateAnchor(anchor, header, 1, type(uint64).max);
        return _pinStateRoot(anchor);
    }

    /// @inheritdoc IPinBoard
    function pinStorageRoot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes calldata witness
    ) external returns (bool kept) {
        _requireStateAnchor(anchor, header, 1, type(uint64).max);
        return _pinStorageRoot(anchor, account, witness);
    }

    /// @inheritdoc IPinBoard
    function pinSlot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external returns (uint256 value) {
        _requireStateAnchor(anchor, header, 1, type(uint64).max);
        return _pinSlot(anchor, account, slot, witness);
    }

    /// @inheritdoc IOwnPinBoard
    function requireStateRoot(bytes32 root, uint64 maxAge) external view returns (uint64 number) {
        return _requirePinnedStateRoot(root, maxAge);
    }

    /// @inheritdoc IOwnPinBoard
    function requireStorageRoot(address account, bytes32 root, uint64 maxAge) external view returns (uint64 number) {
        return _requirePinnedStorageRoot(account, root, maxAge);
    }

    /// @inheritdoc IOwnPinBoard
    function requireSlot(
        address account,
        bytes32 slot,
        uint256 value,
        uint64 maxAge
    ) external view returns (uint64 number) {
        return _requirePinnedSlot(account, slot, value, maxAge);
    }
}
