// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region market
import {Policies} from "settlement-guard/contracts/policy/Policy.sol";
import {ScopeConfig} from "settlement-guard/contracts/policy/Scopes.sol";

function market() pure returns (ScopeConfig memory) {
    return
        ScopeConfig({
            policy: Policies.STANDARD,
            parent: 0,
            minDepth: 1,
            maxAge: 256,
            keeperLatency: 60,
            gap: 15 minutes,
            staleFor: 10 minutes,
            graceFor: 30 minutes,
            exitsFor: 1 days,
            blockTime: 12_000, // milliseconds
            longestBlockTime: 13_500
        });
}
// #endregion market
