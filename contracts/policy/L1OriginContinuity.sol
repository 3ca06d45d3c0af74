// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {L1Origin} from "../anchor/L1Origin.sol";
import {PolicyGuard} from "./PolicyGuard.sol";

/// @title K4 on the OP stack: how far the chain's view of L1 lies behind
/// @notice A sequencer that comes back gives the blocks it missed the times that they would have had, so that block times never show an outage.
/// What it cannot make up is L1: this takes the time by which the L1 origin lags behind the executing block for the gap.
/// @dev The sequencer chooses the origin, up to half an hour behind (1,800 s since Fjord), and a healthy one keeps it within some minutes. A scope's
/// `gap` must be less than the first, and a quarter of it, which prolongs a disturbance, more than the second: else a scope that was Stale once
/// stays so (`defineGuardConfig` refuses it). Where the predeploy does not answer the lag is unknown, which counts as the greatest.
/// An outage during which the sequencer followed L1 all the time leaves no trace on chain, and none here.
abstract contract L1OriginContinuity is PolicyGuard {
    /// @inheritdoc PolicyGuard
    function _gapSince(uint256, uint256, uint256) internal view virtual override returns (uint256 gap) {
        (bool known, uint256 time) = L1Origin.timestamp();
        if (!known) return type(uint256).max;
        return block.timestamp > time ? block.timestamp - time : 0;
    }

    /// @inheritdoc PolicyGuard
    function _isBehind(uint256 gap) internal view virtual override returns (bool) {
        return _gapSince(0, 0, 0) >= gap;
    }
}
