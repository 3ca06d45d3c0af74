// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice What is known to be wrong with a scope, in rising severity.
enum Status {
    Synced, // nothing
    Lagging, // the grace after Stale, in which margins are topped up; or a pause
    Stale, // time passed in which the chain, or its view of another chain, stood still; or a ledger owes a commitment
    Diverged, // canonical state contradicts what the protocol believes; ends on evidence alone
    Halted // contradicted so that no price or balance of the scope can be believed
}

/// @notice What a protocol's users do. What a trade is follows from position and size: `Policies.classify`.
enum Action {
    Increase, // opens a position, makes it larger, or turns it around
    Withdraw, // takes free collateral out
    Deposit, // brings collateral in; an exit, since it saves a position
    Settle, // fixes a price at expiry
    Fund, // moves a funding index
    Liquidate, // closes somebody else's position
    Decrease, // makes a position smaller or closes it; an exit
    Cancel // withdraws an order; an exit
}

/// @notice Whether an action may take effect.
enum Verdict {
    Deny,
    AllowConservative, // reduce now, release realised profit only after healing
    Allow
}

/// @notice A moment of the chain.
struct Clock {
    uint256 time; // of the executing block, in seconds since 1970
    uint256 number; // of the executing block
}
