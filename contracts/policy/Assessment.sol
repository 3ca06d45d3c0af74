// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Status} from "./PolicyTypes.sol";

/// @notice What is known of one scope at one moment.
struct Facts {
    uint256 unaccounted; // milliseconds that no block accounts for
    uint256 gap; // the configured one, in milliseconds
    bool stale; // the time after a recorded outage, or a healing, lasts
    bool lagging; // the grace after that lasts; not while `stale`
    bool silent; // the scope's ledger owes a commitment
    Status paused; // what the pauser made of it; Synced if nothing, or if it has ended
    uint256 openDiverged; // open causes
    uint256 openHalted; // open causes
    bool exitsClosed; // the time in which Halted closes exits lasts
}

/// @notice What follows.
struct Assessment {
    Status status; // decides about actions
    Status exitStatus; // decides about exits
    bool outage; // whether there is one that is to be recorded
}

/// @title What is wrong with a scope: a pure function of what is known
/// @notice The first line that holds decides, and a pause can only make it worse:
///
/// | what is known                                                | status  | exits              |
/// | ------------------------------------------------------------ | ------- | ------------------ |
/// | a Halted cause is open, and the time that closes exits lasts  | Halted  | Halted             |
/// | a Halted cause is open                                        | Halted  | Diverged           |
/// | a Diverged cause is open                                      | Diverged| Diverged           |
/// | an outage is seen, or the time after one lasts                | Stale   | Stale              |
/// | the scope's ledger owes a commitment                          | Stale   | Stale              |
/// | the grace lasts, and a quarter of the gap is unaccounted for  | Stale   | Stale              |
/// | the grace lasts                                               | Lagging | Lagging            |
/// | nothing                                                       | Synced  | Synced             |
///
/// An outage is seen where a whole gap is unaccounted for. It alone begins Stale and the grace anew: a chain that lives never has one, so that both end.
///
/// **The rule of exits.** No policy closes an exit below Halted. Halted closes them for `exitsFor`, then not for four
/// times as long. Each of the two ends in time and blocks, or by the clock alone (`Deadlines`). In between they are
/// open as in Diverged: a position can be reduced. Its profit waits as long as the cause is open. An outage, a pause
/// and a Diverged cause close no exit and use up no time.
///
///       Halted cause opens                                     a later Halted cause may close them again
///       |---- exits closed ----|---------- exits as in Diverged ----------|
///       0                   exitsFor                                5 x exitsFor
library Assessments {
    /// @notice In the grace this part of the gap is Stale again: a status must not flap around its threshold.
    uint256 internal constant HYSTERESIS_PART = 4;

    /// @notice What is wrong with the scope. Total: it has a value for all facts.
    function assess(Facts memory facts) internal pure returns (Assessment memory result) {
        result.outage = facts.unaccounted >= facts.gap;

        Status status = Status.Synced;
        if (facts.lagging) status = Status.Lagging;
        if (facts.stale || facts.silent || result.outage || isUnsettled(facts)) status = Status.Stale;
        if (facts.paused > status) status = facts.paused;
        if (facts.openDiverged != 0) status = Status.Diverged;
        if (facts.openHalted != 0) status = Status.Halted;

        result.status = status;
        result.exitStatus = status == Status.Halted && !facts.exitsClosed ? Status.Diverged : status;
    }

    /// @notice Whether the grace is Stale, for as long as so much is unaccounted for.
    function isUnsettled(Facts memory facts) internal pure returns (bool) {
        return facts.lagging && facts.unaccounted >= facts.gap / HYSTERESIS_PART;
    }
}
