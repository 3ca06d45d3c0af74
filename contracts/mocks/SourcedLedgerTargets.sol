// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ArbitrumSettlementGuard} from "../ArbitrumGuard.sol";
import {LedgerGuard} from "../LedgerGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";
import {AnchorGuard} from "../anchor/AnchorGuard.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {Continuity} from "../anchor/NativeChains.sol";
import {SourcedAnchors} from "../anchor/sources/SourcedAnchors.sol";
import {IBlockHashSource} from "../interfaces/IBlockHashSource.sol";
import {ILedgerDesk} from "../interfaces/ILedgerDesk.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";
import {ScopeHead} from "../policy/ScopeHead.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {LedgerTarget} from "./LedgerTargets.sol";

/// @notice `LedgerTarget` on Arbitrum.
contract ArbitrumLedgerTarget is LedgerTarget, ArbitrumSettlementGuard {
    constructor(
        ILedgerDesk desk,
        ScopeConfig memory config,
        bytes32[] memory markets
    ) LedgerTarget(desk, config, markets) {}

    function _parentOf(bytes32 scope) internal pure override(PolicyGuard, LedgerTarget) returns (bytes32) {
        return LedgerTarget._parentOf(scope);
    }

    // #region alive
    function _isAlive(bytes32 scope, ScopeHead head) internal override(PolicyGuard, LedgerGuard) returns (bool) {
        return LedgerGuard._isAlive(scope, head);
    }
    // #endregion alive

    function _continuity() internal view override(PolicyGuard, ArbitrumSettlementGuard) returns (Continuity) {
        return ArbitrumSettlementGuard._continuity();
    }

    function _blockNumber() internal view override(ChainClock, ArbitrumSettlementGuard) returns (uint256) {
        return ArbitrumSettlementGuard._blockNumber();
    }

    function _blockHash(uint256 number) internal view override(AnchorGuard, ArbitrumSettlementGuard) returns (bytes32) {
        return ArbitrumSettlementGuard._blockHash(number);
    }

    function _blockHashWindow() internal view override(AnchorGuard, ArbitrumSettlementGuard) returns (uint64) {
        return ArbitrumSettlementGuard._blockHashWindow();
    }

    function _isSupportedChain(uint256 id) internal view override(ChainClock, ArbitrumSettlementGuard) returns (bool) {
        return ArbitrumSettlementGuard._isSupportedChain(id);
    }
}

/// @notice `LedgerTarget` over a deployed source.
contract SourcedLedgerTarget is LedgerTarget, SourcedAnchors {
    constructor(
        IBlockHashSource source,
        uint64 window,
        ILedgerDesk desk,
        ScopeConfig memory config,
        bytes32[] memory markets
    ) LedgerTarget(desk, config, markets) SourcedAnchors(source, window) {}

    function _blockHash(uint256 number) internal view override(AnchorGuard, SourcedAnchors) returns (bytes32) {
        return SourcedAnchors._blockHash(number);
    }

    function _anchorFailure(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view override(AnchorGuard, SourcedAnchors) returns (bytes memory) {
        return SourcedAnchors._anchorFailure(anchor, minDepth, maxDepth);
    }

    function _blockHashWindow() internal view override(AnchorGuard, SourcedAnchors) returns (uint64) {
        return SourcedAnchors._blockHashWindow();
    }

    function _isSupportedChain(uint256 id) internal view override(ChainClock, SourcedAnchors) returns (bool) {
        return SourcedAnchors._isSupportedChain(id);
    }
}
