// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "../interfaces/IProofErrors.sol";

/// @notice A fact of a state, with the block that it is about.
/// @param number height of the block
/// @param value what the state after it holds: a root, or a slot's value, zero where it is absent
struct Pin {
    uint64 number;
    uint256 value;
}

/// @title What was proven once
/// @notice Each subject has one slot, which a newer fact overwrites. It holds the height, and a commitment to height,
/// value and block. Who uses the fact brings the pin in calldata: 64 bytes, and no second slot.
/// @dev The commitment has 216 bits. A second preimage takes 2^216 steps. For a collision somebody must choose 2^108
/// values of the slot, and have the state hold one of them.
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

    /// @notice Keeps a fact that was proven, unless one of a newer block is there.
    /// @param branch what tells the block from others of its height; zero on the executing chain
    /// @return kept false where a fact of a newer block stays, or this very one was there
    function keep(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        uint64 number,
        uint256 value,
        bytes32 branch
    ) internal returns (bool kept) {
        uint256 before = pins[subject];
        uint256 word = _wordOf(number, value, branch);
        if (before >> HEIGHT_SHIFT > number || before == word) return false;
        pins[subject] = word;
        return true;
    }

    /// @notice Requires that `pin` is what was kept, for a block of `branch`. Says nothing of its age.
    function requireKept(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        Pin calldata pin,
        bytes32 branch
    ) internal view {
        uint256 kept = pins[subject];
        if (kept == _wordOf(pin.number, pin.value, branch)) return;
        if (kept == 0) revert IProofErrors.PinMissing(subject);
        revert IProofErrors.PinDiffers(subject, uint64(kept >> HEIGHT_SHIFT), pin.number);
    }

    /// @dev Height and commitment. Never zero, but for a hash that nobody finds.
    function _wordOf(uint64 number, uint256 value, bytes32 branch) private pure returns (uint256) {
        return (uint256(number) << HEIGHT_SHIFT) | (uint256(keccak256(abi.encode(number, value, branch))) >> 40);
    }
}
