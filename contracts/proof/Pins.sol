// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "../interfaces/IProofErrors.sol";

/// @notice A fact of a state, with the block that it is about.
/// @param number height of the block
/// @param hash of the block; zero is never valid
/// @param value what the state after it holds: a root, or a slot's value, zero where it is absent
struct Pin {
    uint64 number;
    bytes32 hash;
    uint256 value;
}

/// @title What was proven once
/// @notice Each subject has one slot, which a newer fact overwrites. It holds the height and a commitment to the whole
/// pin. Who uses the fact brings it in calldata: 96 bytes, and no second slot.
/// @dev The commitment has 216 bits. A second preimage takes 2^216 steps. The block's hash is
/// part of it, so that a collision of two facts takes 2^108 blocks made in secret.
library Pins {
    uint256 private constant HEIGHT_SHIFT = 216;

    /// @notice The subject "state root of the chain".
    bytes32 internal constant STATE_ROOT = keccak256("settlement-guard.pin.state-root");

    bytes32 private constant STORAGE_ROOT = keccak256("settlement-guard.pin.storage-root");
    bytes32 private constant SLOT = keccak256("settlement-guard.pin.slot");

    /// @notice The subject "storage root of `account`".
    function storageRootOf(address account) internal pure returns (bytes32 subject) {
        return keccak256(abi.encode(STORAGE_ROOT, account));
    }

    /// @notice The subject "value of `slot` of `account`".
    function slotOf(address account, bytes32 slot) internal pure returns (bytes32 subject) {
        return keccak256(abi.encode(SLOT, account, slot));
    }

    /// @notice Keeps a fact that was proven, unless a newer one is there.
    /// @return kept false where a fact of a newer block stays, or this very one was there
    function keep(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        Pin memory pin
    ) internal returns (bool kept) {
        uint256 before = pins[subject];
        uint256 word = _wordOf(pin);
        if (before >> HEIGHT_SHIFT > pin.number || before == word) return false;
        pins[subject] = word;
        return true;
    }

    /// @notice Requires that `pin` is what was kept. Says nothing of its age, or of its block.
    function requireKept(mapping(bytes32 => uint256) storage pins, bytes32 subject, Pin calldata pin) internal view {
        uint256 kept = pins[subject];
        if (kept == 0) revert IProofErrors.PinMissing(subject);
        if (kept != _wordOf(pin)) revert IProofErrors.PinDiffers(subject, uint64(kept >> HEIGHT_SHIFT), pin.number);
    }

    /// @dev Height and commitment. Never zero, but for a hash that nobody finds.
    function _wordOf(Pin memory pin) private pure returns (uint256) {
        uint256 commitment = uint256(keccak256(abi.encode(pin.number, pin.hash, pin.value)));
        return (uint256(pin.number) << HEIGHT_SHIFT) | (commitment >> 40);
    }
}
