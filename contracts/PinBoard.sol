// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {PinnedState} from "./PinnedState.sol";
import {StateAnchor} from "./anchor/Anchor.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {ChainClock} from "./anchor/ChainClock.sol";
import {ForeignAnchors} from "./anchor/sources/ForeignAnchors.sol";
import {IBlockHashSource, Tier} from "./interfaces/IBlockHashSource.sol";
import {IPinBoard} from "./interfaces/IPinBoard.sol";
import {Pin} from "./proof/Pins.sol";

/// @title Pins of the executing chain, that any protocol can write and read
contract PinBoard is PinnedState, IPinBoard {
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

    /// @inheritdoc IPinBoard
    function stateRootOf(Pin calldata pin, uint64 maxAge, Tier least) external view returns (bytes32 root) {
        return _pinnedStateRoot(pin, maxAge, least);
    }

    /// @inheritdoc IPinBoard
    function storageRootOf(
        address account,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) external view returns (bytes32 root) {
        return _pinnedStorageRoot(account, pin, maxAge, least);
    }

    /// @inheritdoc IPinBoard
    function slotOf(
        address account,
        bytes32 slot,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) external view returns (uint256 value) {
        return _pinnedSlot(account, slot, pin, maxAge, least);
    }

    /// @inheritdoc IPinBoard
    function tier() external view returns (Tier) {
        return _tier();
    }
}

/// @title Pins of another chain, that any protocol can write and read
/// @notice Ages and depths are counted from the newest block that the source knows.
contract ForeignPinBoard is PinBoard, ForeignAnchors {
    Tier private immutable _sourceTier;

    /// @param source what knows the other chain's blocks
    /// @param chainId of the chain that it must be of
    constructor(IBlockHashSource source, uint256 chainId) ForeignAnchors(source, chainId) {
        _sourceTier = source.tier();
    }

    /// @inheritdoc PinnedState
    function _tier() internal view override returns (Tier) {
        return _sourceTier;
    }

    /// @inheritdoc PinnedState
    function _branchOf(uint64 number) internal view override returns (bytes32 hash) {
        hash = _blockHash(number);
        if (hash == bytes32(0)) {
            uint64 head = uint64(_blockNumber());
            if (_isDisputed(number)) revert SourcesDisagree(number, head);
            revert AnchorHashUnknown(number, head);
        }
    }

    /// @inheritdoc ForeignAnchors
    function _blockNumber() internal view override(ChainClock, ForeignAnchors) returns (uint256) {
        return ForeignAnchors._blockNumber();
    }

    /// @inheritdoc ForeignAnchors
    function _blockHash(uint256 number) internal view override(AnchorGuard, ForeignAnchors) returns (bytes32) {
        return ForeignAnchors._blockHash(number);
    }

    /// @inheritdoc ForeignAnchors
    function _isDisputed(uint256 number) internal view override(AnchorGuard, ForeignAnchors) returns (bool) {
        return ForeignAnchors._isDisputed(number);
    }

    /// @inheritdoc ForeignAnchors
    function _blockHashWindow() internal view override(AnchorGuard, ForeignAnchors) returns (uint64) {
        return ForeignAnchors._blockHashWindow();
    }

    /// @inheritdoc ForeignAnchors
    function _isSupportedChain(uint256 id) internal view override(ChainClock, ForeignAnchors) returns (bool) {
        return ForeignAnchors._isSupportedChain(id);
    }
}
