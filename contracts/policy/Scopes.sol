// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Deadline} from "./Deadline.sol";
import {Pauses} from "./Pauses.sol";
import {Policy} from "./Policy.sol";
import {Status} from "./PolicyTypes.sol";
import {ScopeHead} from "./ScopeHead.sol";

/// @notice How a scope is guarded. The bounds of each member: `Bounds`. Each span of seconds also counts as blocks: `Deadlines`.
/// @param policy which verdict each action gets in each status
/// @param parent the scope above; the contract's own `_parentOf` must say the same. Zero for none
/// @param minDepth how deep an anchor must lie below the executing block, in blocks
/// @param maxAge how deep it may lie, in blocks
/// @param keeperLatency seconds from a signature to its execution, at their usual worst. An anchor is good for at least
/// as long
/// @param gap seconds; so much time that no block accounts for makes the scope Stale
/// @param staleFor seconds that it stays Stale after an outage was recorded, or a cause healed
/// @param graceFor seconds that it is Lagging after that: margins can be topped up, and only deep insolvency is liquidated
/// @param exitsFor seconds for which Halted closes exits at the most; then they are open for four times as long, conservatively
/// @param blockTime the usual time between two blocks, in milliseconds
/// @param longestBlockTime the longest average of a chain that lives, over any time as long as the gap, in milliseconds
struct ScopeConfig {
    Policy policy;
    bytes32 parent;
    uint16 minDepth;
    uint16 maxAge;
    uint16 keeperLatency;
    uint16 gap;
    uint24 staleFor;
    uint24 graceFor;
    uint24 exitsFor;
    uint16 blockTime;
    uint16 longestBlockTime;
}

/// @notice One thing about a scope that canonical state contradicts.
struct Cause {
    Status status; // Diverged or Halted while it is open, Synced when it is healed
    uint64 evidence; // block that the last evidence spoke of
}

/// @notice What is kept of a scope.
struct Scope {
    // Slot 0: all that a guarded call reads while nothing is wrong.
    ScopeHead head;
    // Slot 1: what is needed when something is wrong, and the block up to which outages are on record.
    Policy policy;
    uint24 staleFor;
    uint24 graceFor;
    uint24 exitsFor;
    uint24 staleSpan; // the spans of the deadlines below, in seconds: a later configuration moves no end
    uint24 graceSpan;
    uint24 exitsSpan;
    uint40 outageBlock;
    uint24 committedSpan;
    // Slot 2: ends rather than beginnings, here and in slot 3, so that no later configuration moves them.
    Deadline staleUntil;
    Deadline graceUntil; // Lagging from staleUntil until then
    Deadline pausedUntil;
    Status paused;
    // Slot 3: until when Halted closes exits, and from when it may again. Until when the ledger's last commitment counts;
    // zero where the scope has no ledger.
    Deadline exitsClosedUntil;
    Deadline exitsClosableFrom;
    Deadline committedUntil;
    // Slot 4.
    Pauses pauses;
    // Slots 5 and 6: the one configuration that waits for its delay. Its hash, from when it may be applied, from when
    // no longer. Zero if none.
    bytes32 announced;
    Deadline readyFrom;
    Deadline readyUntil;
    mapping(bytes32 => Cause) causes; // by what is contradicted
}

/// @title Where scopes are kept
library Scopes {
    /// @dev Of `PolicyGuard.PolicyStorage`: keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.policy")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant POLICY_STORAGE = 0x008b3f86ed5cdc911b88aafef227491ce09c48def5b40ca4e09501b248a8e700;

    /// @dev equivalent: scopes[scope] of the PolicyStorage at POLICY_STORAGE
    function find(bytes32 scope) internal pure returns (Scope storage state) {
        assembly ("memory-safe") {
            mstore(0x00, scope)
            mstore(0x20, POLICY_STORAGE)
            state.slot := keccak256(0x00, 0x40)
        }
    }
}
