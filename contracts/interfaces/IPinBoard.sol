// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {IPinErrors} from "./IPinErrors.sol";
import {IProofErrors} from "./IProofErrors.sol";

/// @title Pins that any protocol can write
/// @notice One contract for everybody, without an owner. Who pins pays for everybody who reads.
/// @dev Who reads brings the value, from the event `Pinned`, and MUST know the contract that it asks.
interface IPinBoard is IProofErrors, IPinErrors {
    /// @notice Pins the state root of a block.
    /// @param anchor the block, and its state root
    /// @param header RLP of its header
    /// @return kept false where a newer pin stays
    function pinStateRoot(StateAnchor calldata anchor, bytes calldata header) external returns (bool kept);

    /// @notice Pins the storage root of an account; the root of an empty trie where it is proven absent.
    /// @param witness what `prove` returns for the account without slots
    function pinStorageRoot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes calldata witness
    ) external returns (bool kept);

    /// @notice Pins the value of a slot; zero where it, or the account, is proven absent.
    /// @param witness what `prove` returns for the account and the slot
    /// @return value what the state holds
    function pinSlot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external returns (uint256 value);
}

/// @title Pins of the executing chain
/// @dev Each reading reverts with PinMissing, PinDiffers, AnchorTooDeep or AnchorInFuture, unless the value is pinned and
/// not too old.
interface IOwnPinBoard is IPinBoard {
    /// @notice The block whose state root is `root`.
    /// @param maxAge in blocks
    function requireStateRoot(bytes32 root, uint64 maxAge) external view returns (uint64 number);

    /// @notice The block at which the storage root of `account` is `root`.
    function requireStorageRoot(address account, bytes32 root, uint64 maxAge) external view returns (uint64 number);

    /// @notice The block at which `slot` of `account` holds `value`.
    function requireSlot(
        address account,
        bytes32 slot,
        uint256 value,
        uint64 maxAge
    ) external view returns (uint64 number);
}
