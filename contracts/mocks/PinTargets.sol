// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {PinnedState} from "../PinnedState.sol";
import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {StateAnchor} from "../anchor/Anchor.sol";
import {Tier} from "../interfaces/IBlockHashSource.sol";
import {Pin} from "../proof/Pins.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";

/// @notice A protocol that pins what it proves, and uses it.
contract PinTarget is StateAnchoredGuard, PinnedState {
    uint256 public used;

    function pinStateRoot(StateAnchor calldata anchor, bytes calldata header) external anchoredState(anchor, header) {
        _pinStateRoot(anchor);
    }

    function pinStorageRoot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes calldata witness
    ) external anchoredState(anchor, header) {
        _pinStorageRoot(anchor, account, witness);
    }

    function pinSlot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external anchoredState(anchor, header) {
        _useSlot(anchor, account, slot, witness);
    }

    function _useSlot(StateAnchor calldata anchor, address account, bytes32 slot, bytes calldata witness) private {
        used = _pinSlot(anchor, account, slot, witness);
    }

    function stateRootOf(Pin calldata pin, uint64 maxAge) external view returns (bytes32) {
        return _pinnedStateRoot(pin, maxAge, Tier.Head);
    }

    function storageRootOf(address account, Pin calldata pin, uint64 maxAge) external view returns (bytes32) {
        return _pinnedStorageRoot(account, pin, maxAge, Tier.Head);
    }

    function slotUnder(
        address account,
        Pin calldata pin,
        uint64 maxAge,
        bytes32 slot,
        bytes calldata witness
    ) external view returns (uint256) {
        return SlotCheck.valueUnder(_pinnedStorageRoot(account, pin, maxAge, Tier.Head), slot, witness);
    }

    function slotsUnder(
        address account,
        Pin calldata pin,
        uint64 maxAge,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external view returns (uint256[] memory) {
        return SlotCheck.valuesUnder(_pinnedStorageRoot(account, pin, maxAge, Tier.Head), slots, witness);
    }

    function slotOf(
        address account,
        bytes32 slot,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) external view returns (uint256) {
        return _pinnedSlot(account, slot, pin, maxAge, least);
    }
}
