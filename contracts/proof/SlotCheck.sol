// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IProofErrors} from "../interfaces/IProofErrors.sol";
import {StateProof} from "./StateProof.sol";

/// @title What the protocol believes about a slot, against what a canonical state holds
/// @notice Each check reverts with `StateProofInvalid` where the witness proves nothing, and with both values where the state contradicts the
/// belief. A slot that is proven absent, or whose account is, holds zero.
///
/// A proof is not a reservation: what is proven at an anchor may be gone now. A protocol must bound the anchor's age
/// below the delay with which the value can leave. It must also count what it has already backed with it.
/// @dev The state root must be authenticated first: by `anchoredState`, or by the check of another chain's anchor.
library SlotCheck {
    /// @notice Requires that `slot` of `account` holds at least `believed`.
    /// @param stateRoot root of the state, authenticated by the caller
    /// @param account the account whose storage is read
    /// @param slot the slot's position, not its hash
    /// @param believed what the protocol believes to be there
    /// @param witness what `prove` returns for the account and the slot
    /// @return actual what the state holds
    function requireAtLeast(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 believed,
        bytes calldata witness
    ) internal pure returns (uint256 actual) {
        actual = valueOf(stateRoot, account, slot, witness);
        requireAtLeast(account, slot, believed, actual);
    }

    /// @notice Requires that `slot` of `account` holds at most `believed`. Parameters as for `requireAtLeast`.
    function requireAtMost(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 believed,
        bytes calldata witness
    ) internal pure returns (uint256 actual) {
        actual = valueOf(stateRoot, account, slot, witness);
        requireAtMost(account, slot, believed, actual);
    }

    /// @notice Requires that `slot` of `account` holds exactly `believed`. Parameters as for `requireAtLeast`.
    function requireEqual(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 believed,
        bytes calldata witness
    ) internal pure {
        requireEqual(account, slot, believed, valueOf(stateRoot, account, slot, witness));
    }

    /// @notice Requires that a known value is at least `believed`: one that was read under a pinned root, or is pinned.
    /// @param actual what the state holds
    function requireAtLeast(address account, bytes32 slot, uint256 believed, uint256 actual) internal pure {
        if (actual < believed) revert IProofErrors.SlotBelow(account, slot, believed, actual);
    }

    /// @notice As `requireAtLeast` of a known value: at most `believed`.
    function requireAtMost(address account, bytes32 slot, uint256 believed, uint256 actual) internal pure {
        if (actual > believed) revert IProofErrors.SlotAbove(account, slot, believed, actual);
    }

    /// @notice As `requireAtLeast` of a known value: exactly `believed`.
    function requireEqual(address account, bytes32 slot, uint256 believed, uint256 actual) internal pure {
        if (actual != believed) revert IProofErrors.SlotDiffers(account, slot, believed, actual);
    }

    /// @notice What `slot` of `account` holds: zero where it, or the account, is proven absent. Parameters as for `requireAtLeast`.
    function valueOf(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) internal pure returns (uint256 value) {
        (, value, ) = StateProof.readAccountSlot(stateRoot, account, slot, witness);
    }

    /// @notice What `slots` of `account` hold, by one witness.
    /// @param slots in strictly ascending order of keccak256(slot), as `prove` returns them
    /// @return values one for each slot
    function valuesOf(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) internal pure returns (uint256[] memory values) {
        (, , values) = StateProof.readAccountSlots(stateRoot, account, slots, witness);
    }

    /// @notice What `slot` holds under a storage root that is known already, as a pinned one: zero where it is absent.
    /// @param storageRoot of the account, authenticated by the caller
    /// @param witness what `prove` returns for the slot under the pin: the storage's nodes alone
    function valueUnder(
        bytes32 storageRoot,
        bytes32 slot,
        bytes calldata witness
    ) internal pure returns (uint256 value) {
        return StateProof.readSlot(storageRoot, slot, witness);
    }

    /// @notice As `valueUnder`, of `slots`, one at least, in strictly ascending order of keccak256(slot).
    function valuesUnder(
        bytes32 storageRoot,
        bytes32[] calldata slots,
        bytes calldata witness
    ) internal pure returns (uint256[] memory values) {
        return StateProof.readSlots(storageRoot, slots, witness);
    }
}
