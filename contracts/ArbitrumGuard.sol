// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SettlementGuard} from "./SettlementGuard.sol";
import {StatelessGuard} from "./StatelessGuard.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {ChainClock} from "./anchor/ChainClock.sol";
import {Continuity} from "./anchor/NativeChains.sol";
import {ArbitrumAnchors} from "./anchor/sources/ArbitrumAnchors.sol";
import {ArbitrumContinuity} from "./policy/ArbitrumContinuity.sol";
import {PolicyGuard} from "./policy/PolicyGuard.sol";

/// @title `StatelessGuard` on Arbitrum
/// @dev Anchors up to 256 blocks old, some 64 s on Arbitrum One, are asked of ArbSys. From ArbOS 40 on
/// `_anchorDepthBounds` may go up to 393,168.
abstract contract ArbitrumStatelessGuard is StatelessGuard, ArbitrumAnchors {
    /// @inheritdoc ArbitrumAnchors
    function _blockNumber() internal view virtual override(ChainClock, ArbitrumAnchors) returns (uint256) {
        return ArbitrumAnchors._blockNumber();
    }

    /// @inheritdoc ArbitrumAnchors
    function _blockHash(uint256 number) internal view virtual override(AnchorGuard, ArbitrumAnchors) returns (bytes32) {
        return ArbitrumAnchors._blockHash(number);
    }

    /// @inheritdoc ArbitrumAnchors
    function _blockHashWindow() internal view virtual override(AnchorGuard, ArbitrumAnchors) returns (uint64) {
        return ArbitrumAnchors._blockHashWindow();
    }

    /// @inheritdoc ArbitrumAnchors
    function _isSupportedChain(
        uint256 chainId
    ) internal view virtual override(ChainClock, ArbitrumAnchors) returns (bool) {
        return ArbitrumAnchors._isSupportedChain(chainId);
    }
}

/// @title `SettlementGuard` on Arbitrum
abstract contract ArbitrumSettlementGuard is SettlementGuard, ArbitrumStatelessGuard, ArbitrumContinuity {
    /// @inheritdoc ArbitrumContinuity
    function _continuity() internal view virtual override(PolicyGuard, ArbitrumContinuity) returns (Continuity) {
        return ArbitrumContinuity._continuity();
    }

    /// @inheritdoc ArbitrumStatelessGuard
    function _blockNumber()
        internal
        view
        virtual
        override(ChainClock, ArbitrumStatelessGuard, ArbitrumContinuity)
        returns (uint256)
    {
        return ArbitrumStatelessGuard._blockNumber();
    }

    /// @inheritdoc ArbitrumStatelessGuard
    function _blockHash(
        uint256 number
    ) internal view virtual override(AnchorGuard, ArbitrumStatelessGuard) returns (bytes32) {
        return ArbitrumStatelessGuard._blockHash(number);
    }

    /// @inheritdoc ArbitrumStatelessGuard
    function _blockHashWindow() internal view virtual override(AnchorGuard, ArbitrumStatelessGuard) returns (uint64) {
        return ArbitrumStatelessGuard._blockHashWindow();
    }

    /// @inheritdoc ArbitrumStatelessGuard
    function _isSupportedChain(
        uint256 chainId
    ) internal view virtual override(ChainClock, ArbitrumStatelessGuard) returns (bool) {
        return ArbitrumStatelessGuard._isSupportedChain(chainId);
    }
}
