// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Continuity} from "../anchor/Continuity.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ProofDesk} from "../ProofDesk.sol";
import {GuardedPerps} from "./GuardedPerps.sol";
import {L1OriginContinuity} from "../policy/L1OriginContinuity.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";

import {ScopeHead} from "../policy/ScopeHead.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @title The exchange on a chain of the OP stack
/// @notice Such a chain makes up for an outage with blocks that have the times of those it missed. So its clock never
/// shows an outage. This exchange asks how far the chain's view of L1 lies behind instead.
contract OriginGuardedPerps is GuardedPerps, L1OriginContinuity {
    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) GuardedPerps(token, feed, keeper, proofs) {}

    /// @dev The gap is above the lag of a healthy sequencer, some minutes at the most. It is below the half hour beyond
    /// which the protocol lets no sequencer fall behind. A quarter of the gap, the part that makes the grace Stale, is
    /// above the healthy lag, too. Slots of 2 s are never missed.
    function _scopeConfig() internal pure override returns (ScopeConfig memory config) {
        config = super._scopeConfig();
        (config.blockTime, config.longestBlockTime) = (2_000, 2_500);
    }

    /* WHICH OF TWO BASES DECIDES */

    function _continuity() internal pure override(PolicyGuard, L1OriginContinuity) returns (Continuity) {
        return Continuity.L1Origin;
    }

    function _isAlive(
        bytes32 scope,
        ScopeHead head
    ) internal view override(PolicyGuard, L1OriginContinuity) returns (bool) {
        return L1OriginContinuity._isAlive(scope, head);
    }

    function _parentOf(bytes32 scope) internal pure override(PolicyGuard, GuardedPerps) returns (bytes32) {
        return GuardedPerps._parentOf(scope);
    }
}
