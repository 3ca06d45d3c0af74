// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "./anchor/Anchor.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {ISourceErrors} from "./interfaces/ISourceErrors.sol";
import {IProofErrors} from "./interfaces/IProofErrors.sol";
import {Tier} from "./interfaces/IBlockHashSource.sol";
import {Pin, Pins} from "./proof/Pins.sol";
import {Account} from "./proof/ProofTypes.sol";
import {StateProof} from "./proof/StateProof.sol";

/// @title Facts that are proven once and used by everybody
/// @notice To be inherited beside `StateAnchoredGuard` or `SettlementGuard`. A pin is written by whoever brings the
/// proof, most cheaply inside the call that needs it. Where that call pays the calldata floor, the pin costs nothing.
///
/// A pin is as old as its block. What it shows may be gone now (SG-13). The delay with which the value can leave
/// must exceed the age that is accepted here. One fact must not back two positions.
/// @dev Storage is namespaced (ERC-7201). A pin of the executing chain was written on the branch that its block is of.
/// A reorg that drops the block drops the pin. Of another chain only its source knows the branch: `_branchOf`.
abstract contract PinnedState is AnchorGuard, IProofErrors {
    /// @custom:storage-location erc7201:settlement-guard.storage.pins
    struct PinStorage {
        mapping(bytes32 => uint256) pins;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.pins")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x9091f81170c36231f1414e5359874cb20d80374d6c3e0c3385ac0aa801925b00;

    /// @notice A fact was pinned. Who wants to use it takes the pin from here.
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
        (bool exists, Account memory fields) = StateProof.readAccount(anchor.stateRoot, account, witness);
        bytes32 root = exists ? fields.storageRoot : StateProof.EMPTY_ROOT;
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
        kept = Pins.keep(_storage().pins, subject, anchor.number, value, _branchOf(anchor.number));
        if (kept) emit Pinned(subject, anchor.number, anchor.hash, value);
    }

    /* READING */

    /// @notice Requires that `pin` is what is pinned as the chain's state root, by the rules of `_requirePinned`.
    function _pinnedStateRoot(Pin calldata pin, uint64 maxAge, Tier least) internal view returns (bytes32 root) {
        _requirePinned(Pins.STATE_ROOT, pin, maxAge, least);
        return bytes32(pin.value);
    }

    /// @notice As `_pinnedStateRoot`, of the storage root of `account`.
    function _pinnedStorageRoot(
        address account,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) internal view returns (bytes32 root) {
        _requirePinned(Pins.storageRootOf(account), pin, maxAge, least);
        return bytes32(pin.value);
    }

    /// @notice As `_pinnedStateRoot`, of the value of `slot` of `account`.
    function _pinnedSlot(
        address account,
        bytes32 slot,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) internal view returns (uint256 value) {
        _requirePinned(Pins.slotOf(account, slot), pin, maxAge, least);
        return pin.value;
    }

    /// @notice Requires that `pin` is the subject's, of a canonical block, and no older than `maxAge` blocks.
    /// @dev Reverts with PinMissing, PinDiffers, SourceTierTooLow, AnchorInFuture or AnchorTooDeep.
    /// @param maxAge in blocks
    /// @param least the tier that the source of hashes must have
    function _requirePinned(bytes32 subject, Pin calldata pin, uint64 maxAge, Tier least) internal view {
        uint64 number = pin.number;
        Pins.requireKept(_storage().pins, subject, pin, _branchOf(number));
        if (_tier() < least) revert ISourceErrors.SourceTierTooLow(address(this), least, _tier());
        uint256 head = _blockNumber();
        if (number >= head) revert AnchorInFuture(number, uint64(head));
        if (head - number > maxAge) revert AnchorTooDeep(number, uint64(head), maxAge);
    }

    /// @notice What tells a block from others of its height. Asked when a fact is pinned, and each time that it is read.
    /// @dev Zero on the executing chain: see above. An override for another chain MUST be the block's hash, as its source
    /// has it now. It MUST revert where the source has none.
    function _branchOf(uint64 number) internal view virtual returns (bytes32) {
        number;
        return bytes32(0);
    }

    /// @notice How sure the blocks are that this contract takes for canonical.
    /// @dev The executing chain's own are of tier Head, whatever their depth. An override names its source's tier.
    function _tier() internal view virtual returns (Tier) {
        return Tier.Head;
    }

    function _storage() private pure returns (PinStorage storage state) {
        assembly ("memory-safe") {
            state.slot := STORAGE
        }
    }
}
