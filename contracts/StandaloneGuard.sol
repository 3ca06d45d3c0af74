// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {GuardErrors} from "./GuardErrors.sol";
import {Anchor, StateAnchor} from "./anchor/Anchor.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {IStandaloneGuard} from "./interfaces/IStandaloneGuard.sol";

/// @title The guard as a deployed contract, for protocols that cannot inherit it
contract StandaloneGuard is AnchorGuard, IStandaloneGuard {
    /// @inheritdoc IStandaloneGuard
    function requireAnchored(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bytes4 magic) {
        _requireAnchor(anchor, minDepth, maxDepth);
        return IStandaloneGuard.requireAnchored.selector;
    }

    /// @inheritdoc IStandaloneGuard
    function requireAnchoredState(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bytes4 magic) {
        _requireStateAnchor(anchor, header, minDepth, maxDepth);
        return IStandaloneGuard.requireAnchoredState.selector;
    }

    /// @inheritdoc IStandaloneGuard
    function previewAnchored(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bool allowed, bytes memory reason) {
        reason = _anchorFailure(anchor, minDepth, maxDepth);
        return (reason.length == 0, reason);
    }

    /// @inheritdoc IStandaloneGuard
    function previewAnchoredState(
        StateAnchor calldata anchor,
        bytes calldata header,
        uint64 minDepth,
        uint64 maxDepth
    ) external view returns (bool allowed, bytes memory reason) {
        reason = _stateAnchorFailure(anchor, header, minDepth, maxDepth);
        return (reason.length == 0, reason);
    }

    /// @inheritdoc IStandaloneGuard
    function isGuardError(bytes4 selector) external pure returns (bool) {
        return GuardErrors.isGuardError(selector);
    }
}
