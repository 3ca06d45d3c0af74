// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice What shows that a chain stood still. A fact of the chain: `NativeChains.continuityOf`.
enum Continuity {
    Unlisted, // the guard does not know the chain: its deployer vouches for the contract's kind
    BlockTimes, // blocks come by themselves, and their times are those at which they were made
    L1Origin, // the sequencer gives missed blocks the times they would have had; the view of L1 lags instead (OP stack)
    ArbitrumClock, // block times, with the heights that ArbSys tells: NUMBER is a height of the parent chain
    OnDemand // blocks come with transactions (development chains): any contract may be tried there
}
