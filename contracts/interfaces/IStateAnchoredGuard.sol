// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {IStatelessGuard} from "./IStatelessGuard.sol";

/// @title What a contract guarded with state anchors shows to those who call it
/// @notice What `IStatelessGuard` says of previews holds here as well.
interface IStateAnchoredGuard is IStatelessGuard {
    /// @notice Whether an action with this state anchor and header would pass the guard now.
    /// @param anchor the state anchor
    /// @param header RLP of the anchor's block header, whose Keccak-256 is the anchor's hash
    /// @return allowed whether the check would let it through
    /// @return reason the revert data of the check; empty where it would pass
    function previewAnchoredState(
        StateAnchor calldata anchor,
        bytes calldata header
    ) external view returns (bool allowed, bytes memory reason);
}
