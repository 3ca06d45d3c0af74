// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {GuardErrors} from "../GuardErrors.sol";
import {PinnedState} from "../PinnedState.sol";
import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {StatelessGuard} from "../StatelessGuard.sol";
import {IStatelessGuard} from "../interfaces/IStatelessGuard.sol";
import {StateAnchor} from "../anchor/Anchor.sol";
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

    function pinStorageRootOf(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external anchoredState(anchor, header) {
        _useRoot(anchor, account, slot, witness);
    }

    function _useRoot(StateAnchor calldata anchor, address account, bytes32 slot, bytes calldata witness) private {
        used = _pinStorageRootOf(anchor, account, slot, witness);
    }

    function _useSlot(StateAnchor calldata anchor, address account, bytes32 slot, bytes calldata witness) private {
        used = _pinSlot(anchor, account, slot, witness);
    }

    /// @notice The errors of pins are the guard's, too.
    function isGuardError(bytes4 selector) external pure override(StatelessGuard, IStatelessGuard) returns (bool) {
        return GuardErrors.isGuardError(selector) || GuardErrors.isPinError(selector);
    }

    function requireStateRoot(bytes32 root, uint64 maxAge) external view returns (uint64) {
        return _requirePinnedStateRoot(root, maxAge);
    }

    function requireStorageRoot(address account, bytes32 root, uint64 maxAge) external view returns (uint64) {
        return _requirePinnedStorageRoot(account, root, maxAge);
    }

    function requireSlot(address account, bytes32 slot, uint256 value, uint64 maxAge) external view returns (uint64) {
        return _requirePinnedSlot(account, slot, value, maxAge);
    }

    function slotUnder(
        address account,
        bytes32 root,
        uint64 maxAge,
        bytes32 slot,
        bytes calldata witness
    ) external view returns (uint256) {
        _requirePinnedStorageRoot(account, root, maxAge);
        return SlotCheck.valueUnder(root, slot, witness);
    }

    function slotsUnder(
        address account,
        bytes32 root,
        uint64 maxAge,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external view returns (uint256[] memory) {
        _requirePinnedStorageRoot(account, root, maxAge);
        return SlotCheck.valuesUnder(root, slots, witness);
    }
}

/// @notice A protocol whose heights are another contract's to tell, as on Arbitrum.
contract ClockedPinTarget is PinTarget {
    uint256 private _ahead;

    function setAhead(uint256 ahead) external {
        _ahead = ahead;
    }

    function _blockNumber() internal view override returns (uint256) {
        return block.number + _ahead;
    }
}
