// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPinErrors} from "../interfaces/IPinErrors.sol";

/// @title What was proven once of the executing chain
/// @notice Each subject has one slot, which a newer fact overwrites. It holds the block's height, and a commitment to
/// height and value. Who uses the fact brings the value in calldata: 32 bytes, and no second slot.
/// @dev The commitment has 216 bits. A second preimage takes 2^216 steps. For a collision somebody must choose 2^108
/// values of the slot, and have the state hold one of them. No hash is
/// needed. A pin was written on the branch of its block, and a reorg that drops the block drops the pin.
library Pins {
    uint256 private constant HEIGHT_SHIFT = 216;

    /// @notice Heights from this one on have more than the 40 bits that a pin has for them. They are not kept.
    uint256 internal constant HEIGHT_LIMIT = 1 << 40;

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
    /// @return kept false where a newer fact stays, this very one was there, or the height has over 40 bits
    function keep(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        uint64 number,
        uint256 value
    ) internal returns (bool kept) {
        uint256 before = pins[subject];
        uint256 word = _wordOf(number, value);
        if (number >= HEIGHT_LIMIT || before >> HEIGHT_SHIFT > number || before == word) return false;
        pins[subject] = word;
        return true;
    }

    /// @notice Requires that `value` is what is pinned. Says nothing of its age.
    /// @return number the block that it is about
    function requireKept(
        mapping(bytes32 => uint256) storage pins,
        bytes32 subject,
        uint256 value
    ) internal view returns (uint64 number) {
        uint256 kept = pins[subject];
        number = uint64(kept >> HEIGHT_SHIFT);
        if (kept == _wordOf(number, value)) return number;
        if (kept == 0) revert IPinErrors.PinMissing(subject);
        revert IPinErrors.PinDiffers(subject, number);
    }

    /// @dev Height and commitment. Never zero, but for a hash that nobody finds.
    function _wordOf(uint64 number, uint256 value) private pure returns (uint256) {
        return (uint256(number) << HEIGHT_SHIFT) | (uint256(keccak256(abi.encode(number, value))) >> 40);
    }
}
