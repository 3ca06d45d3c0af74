// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SettlementGuard} from "../SettlementGuard.sol";
import {Anchor, StateAnchor} from "../anchor/Anchor.sol";

/// @notice Functions that do nothing, behind the guard: what they cost beyond `UnguardedNothing` is what the guard costs.
contract GuardedNothing is SettlementGuard {
    function act(Anchor calldata anchor) external view anchored(anchor) {}

    function actOnState(
        StateAnchor calldata anchor,
        bytes calldata header
    ) external view anchoredState(anchor, header) {}

    function _anchorDepthBounds() internal pure override returns (uint64, uint64) {
        return (1, 8191);
    }
}

/// @notice The same functions with the same arguments, without the guard.
contract UnguardedNothing {
    function act(Anchor calldata) external view {}

    function actOnState(StateAnchor calldata, bytes calldata) external view {}

    // The mixin brings these along; here they keep the dispatch the same.
    function previewAnchored(Anchor calldata) external view returns (bool, bytes memory) {}

    function previewAnchoredState(StateAnchor calldata, bytes calldata) external view returns (bool, bytes memory) {}

    function isGuardError(bytes4) external pure returns (bool) {}
}
