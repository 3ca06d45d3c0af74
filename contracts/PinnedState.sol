// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "./anchor/Anchor.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {IPinErrors} from "./interfaces/IPinErrors.sol";
import {IProofErrors} from "./interfaces/IProofErrors.sol";
import {Pins} from "./proof/Pins.sol";
import {StateProof} from "./proof/StateProof.sol";

/// @title Facts of the executing chain that are proven once and used by everybody
/// @notice To be inherited beside `StateAnchoredGuard` or `SettlementGuard`. A pin is written by whoever brings the
/// proof, most cheaply inside the call that needs it. Where that call pays the calldata floor, the pin costs nothing.
///
/// A pin is as old as its block. What it shows may be gone now (SG-13). The delay with which the value can leave
/// must exceed the age that is accepted here. One fact must not back two positions. A pin is as sure as the head.
///
/// Anybody may pin a newer block. A root that has changed since then no longer fits the pin. So whoever relies on a
/// pinned root must be able to bring the whole proof instead.
/// @dev A contract with pins answers `isGuardError` for `GuardErrors.isPinError`, too. Storage is namespaced (ERC-7201). Not beside `SourcedAnchors`: what a source said once would be believed for good.
/// A `SourcedPinBoard` asks again.
abstract contract PinnedState is AnchorGuard, IProofErrors, IPinErrors {
    /// @custom:storage-location erc7201:settlement-guard.storage.pins
    struct PinStorage {
        mapping(bytes32 => uint256) pins;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.pins")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant PIN_STORAGE = 0x9091f81170c36231f1414e5359874cb20d80374d6c3e0c3385ac0aa801925b00;

    /// @notice A fact was pinned. Who wants to use it takes the value from here.
    event Pinned(bytes32 indexed subject, uint64 indexed number, bytes32 hash, uint256 value);

    /* WRITING. Each takes an anchor that was checked in the same call: `anchoredState`, or `_requireStateAnchor`. */

    /// @notice Pins the state root of a checked anchor.
    /// @return kept false where a newer pin stays
    function _pinStateRoot(StateAnchor calldata anchor) internal returns (bool kept) {
        return _keep(Pins.STATE_ROOT, anchor, uint256(anchor.stateRoot));
    }

    /// @notice Pins the storage root of `account`. The root of an empty trie, where the account is proven absent.
    /// @param witness what `prove` returns for the account without slots
    function _pinStorageRoot(
        StateAnchor calldata anchor,
        address account,
        bytes calldata witness
    ) internal returns (bool kept) {
        bytes32 root = StateProof.readStorageRoot(anchor.stateRoot, account, witness);
        return _keep(Pins.storageRootOf(account), anchor, uint256(root));
    }

    /// @notice The value of a slot, which stays unpinned. The account's storage root, which its proof shows as well, is pinned.
    /// @param witness what `prove` returns for the account and the slot
    /// @return value what the state holds
    function _pinStorageRootOf(
        StateAnchor calldata anchor,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal returns (uint256 value) {
        bytes32 root;
        (, value, root) = StateProof.readAccountSlot(anchor.stateRoot, account, slot, witness);
        _keep(Pins.storageRootOf(account), anchor, uint256(root));
    }

    /// @notice Pins the value of a slot: zero where it, or the account, is proven absent.
    /// @param witness what `prove` returns for the account and the slot
    /// @return value what the state holds
    function _pinSlot(
        StateAnchor calldata anchor,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal returns (uint256 value) {
        (, value, ) = StateProof.readAccountSlot(anchor.stateRoot, account, slot, witness);
        _keep(Pins.slotOf(account, slot), anchor, value);
    }

    function _keep(bytes32 subject, StateAnchor calldata anchor, uint256 value) private returns (bool kept) {
        kept = Pins.keep(_pinStorage().pins, subject, anchor.number, value);
        if (kept) emit Pinned(subject, anchor.number, anchor.hash, value);
    }

    /* READING. Reverts with PinMissing, PinDiffers, AnchorInFuture or AnchorTooDeep. */

    /// @notice Requires that `root` is pinned as the chain's state root, and no older than `maxAge` blocks.
    /// @return number the block whose state it is
    function _requirePinnedStateRoot(bytes32 root, uint64 maxAge) internal view returns (uint64 number) {
        return _requirePinned(Pins.STATE_ROOT, uint256(root), maxAge);
    }

    /// @notice As `_requirePinnedStateRoot`, of the storage root of `account`.
    function _requirePinnedStorageRoot(
        address account,
        bytes32 root,
        uint64 maxAge
    ) internal view returns (uint64 number) {
        return _requirePinned(Pins.storageRootOf(account), uint256(root), maxAge);
    }

    /// @notice As `_requirePinnedStateRoot`, of the value of `slot` of `account`.
    function _requirePinnedSlot(
        address account,
        bytes32 slot,
        uint256 value,
        uint64 maxAge
    ) internal view returns (uint64 number) {
        return _requirePinned(Pins.slotOf(account, slot), value, maxAge);
    }

    function _requirePinned(bytes32 subject, uint256 value, uint64 maxAge) private view returns (uint64 number) {
        number = Pins.requireKept(_pinStorage().pins, subject, value);
        uint256 head = _blockNumber();
        if (number >= head) revert AnchorInFuture(number, uint64(head));
        if (head - number > maxAge) revert AnchorTooDeep(number, uint64(head), maxAge);
    }

    function _pinStorage() private pure returns (PinStorage storage state) {
        assembly ("memory-safe") {
            state.slot := PIN_STORAGE
        }
    }
}
