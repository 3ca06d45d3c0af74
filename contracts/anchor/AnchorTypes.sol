// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor, StateAnchor} from "./Anchor.sol";

/// @title Anchors as members of EIP-712 messages
/// @notice An order type that holds an anchor appends `ANCHOR_TYPE` to its encoded type and `hash(anchor)` to its encoded data.
/// @dev EIP-712 orders the referenced types by name; `Anchor` and `StateAnchor` are appended accordingly.
library AnchorTypes {
    /// @notice The encoded type of `Anchor` (EIP-712, encodeType).
    string internal constant ANCHOR_TYPE = "Anchor(uint64 number,bytes32 hash)";

    /// @notice The type hash of `Anchor`.
    bytes32 internal constant ANCHOR_TYPEHASH = keccak256("Anchor(uint64 number,bytes32 hash)");

    /// @notice The encoded type of `StateAnchor` (EIP-712, encodeType).
    string internal constant STATE_ANCHOR_TYPE = "StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)";

    /// @notice The type hash of `StateAnchor`.
    bytes32 internal constant STATE_ANCHOR_TYPEHASH = keccak256(
        "StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)"
    );

    /// @notice The EIP-712 struct hash of an anchor.
    function hash(Anchor memory anchor) internal pure returns (bytes32) {
        return keccak256(abi.encode(ANCHOR_TYPEHASH, anchor.number, anchor.hash));
    }

    /// @notice The EIP-712 struct hash of a state anchor.
    function hash(StateAnchor memory anchor) internal pure returns (bytes32) {
        return keccak256(abi.encode(STATE_ANCHOR_TYPEHASH, anchor.number, anchor.hash, anchor.stateRoot));
    }
}
