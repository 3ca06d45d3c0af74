// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {Pin} from "../proof/Pins.sol";
import {IProofErrors} from "./IProofErrors.sol";
import {Tier} from "./IBlockHashSource.sol";

/// @title Pins that any protocol can write and read
/// @notice One contract for everybody, without an owner. Who pins pays for everybody who reads.
/// @dev Each reading takes the pin itself, from the event `Pinned`. Whoever reads MUST know the contract that it asks.
interface IPinBoard is IProofErrors {
    /// @notice Pins the state root of a block.
    /// @param anchor the block, at least one below the head and inside the window of the block-hash source
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

    /// @notice The chain's state root, as `pin` has it. Reverts unless it is pinned, no older than `maxAge` blocks, and
    /// of a canonical block.
    /// @param least the tier that this board's blocks must have
    function stateRootOf(Pin calldata pin, uint64 maxAge, Tier least) external view returns (bytes32 root);

    /// @notice As `stateRootOf`, of an account's storage root.
    function storageRootOf(
        address account,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) external view returns (bytes32 root);

    /// @notice As `stateRootOf`, of a slot's value.
    function slotOf(
        address account,
        bytes32 slot,
        Pin calldata pin,
        uint64 maxAge,
        Tier least
    ) external view returns (uint256 value);

    /// @notice How sure the blocks are that this board takes for canonical.
    function tier() external view returns (Tier);
}
