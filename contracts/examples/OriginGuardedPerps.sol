// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {GuardedPerps} from "./GuardedPerps.sol";
import {L1OriginContinuity} from "../policy/L1OriginContinuity.sol";
import {Policies} from "../policy/Policy.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @title The exchange on a chain of the OP stack
/// @notice Such a chain makes up for an outage with blocks that have the times of those it missed, so its clock never shows one. This exchange
/// asks how far the chain's view of L1 lies behind instead.
contract OriginGuardedPerps is GuardedPerps, L1OriginContinuity {
    constructor(IERC20 token, address feed, address keeper) GuardedPerps(token, feed, keeper) {}

    /// @dev The gap lies between the lag of a healthy sequencer, some minutes at the most, and the half hour beyond which the protocol lets no
    /// sequencer fall behind. A quarter of it, the part that prolongs a disturbance, is above the healthy lag, too.
    function _scopeConfig() internal pure override returns (ScopeConfig memory) {
        return
            ScopeConfig({
                policy: Policies.STANDARD,
                gap: 15 minutes,
                staleFor: 10 minutes,
                graceFor: 30 minutes,
                exitsFor: 1 days,
                longestBlockTime: 4
            });
    }

    /* WHICH OF TWO BASES DECIDES */

    function _gapSince(
        uint256 time,
        uint256 number,
        uint256 longestBlockTime
    ) internal view override(PolicyGuard, L1OriginContinuity) returns (uint256) {
        return L1OriginContinuity._gapSince(time, number, longestBlockTime);
    }

    function _isBehind(uint256 gap) internal view override(PolicyGuard, L1OriginContinuity) returns (bool) {
        return L1OriginContinuity._isBehind(gap);
    }

    function _parentOf(bytes32 scope) internal pure override(PolicyGuard, GuardedPerps) returns (bytes32) {
        return GuardedPerps._parentOf(scope);
    }
}
