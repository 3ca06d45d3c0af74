// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/Continuity.sol";
import {L1Origin} from "../anchor/L1Origin.sol";
import {PolicyGuard} from "./PolicyGuard.sol";

import {ScopeHead} from "./ScopeHead.sol";

/// @title Continuity on the OP stack: how far the chain's view of L1 lies behind
/// @notice A sequencer that comes back gives the blocks it missed the times that they would have had. So block times
/// never show an outage. What it cannot make up is L1. The gap here is the time by which the L1 origin lags behind the
/// executing block.
/// @dev The sequencer chooses the origin, up to half an hour behind (1,800 s since Fjord). A healthy one keeps it
/// within some minutes. A scope's `gap` must be less than that half hour. A quarter of it, which makes the grace Stale,
/// must be more than the healthy lag. The engine refuses others. Where the predeploy does not answer the lag is
/// unknown, which counts as the greatest. An outage during which the sequencer followed L1 all the time leaves no trace
/// on chain, and none here.
abstract contract L1OriginContinuity is PolicyGuard {
    /// @inheritdoc PolicyGuard
    function _continuity() internal view virtual override returns (Continuity) {
        return Continuity.L1Origin;
    }

    /// @inheritdoc PolicyGuard
    function _isAlive(bytes32, ScopeHead head) internal view virtual override returns (bool) {
        return head.isUntroubled() && L1Origin.lag(block.timestamp) < head.gap();
    }
}
