// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/Continuity.sol";
import {Action, Status} from "../policy/PolicyTypes.sol";

/// @title What those are refused who configure or pause a scope, or bring evidence
/// @notice What refuses a user's action is in `IActionErrors`. Two of these can, where a contract is built wrongly: ScopeTooDeep and EngineMissing.
interface IPolicyErrors {
    /// @notice Thrown when a table allows in `status` more than in the one before it.
    error PolicyNotMonotone(Action action, Status status);

    /// @notice Thrown when a policy's bits are none that a table has.
    error PolicyMalformed(Action action);

    /// @notice Thrown when a policy does not allow an action although nothing is wrong.
    error PolicyBlocksSynced(Action action);

    /// @notice Thrown when a policy closes an exit below Halted, or deep liquidations below Diverged.
    error PolicyClosesExit(Action action);

    /// @notice Thrown when a policy lets an action through in Diverged that only evidence may open again.
    error PolicyIgnoresDivergence(Action action);

    /// @notice Thrown when a number of a scope's configuration is outside of its bounds.
    /// @param name of the member of `ScopeConfig`, in ASCII
    /// @param value in the member's unit (seconds, milliseconds or blocks), as are the bounds, both included
    error ConfigOutOfBounds(bytes32 name, uint256 value, uint256 least, uint256 greatest);

    /// @notice Thrown when a configuration names another parent than the contract's `_parentOf`.
    error ParentMismatch(bytes32 scope, bytes32 parent, bytes32 actual);

    /// @notice Thrown when a contract takes another thing for continuity than its chain shows.
    /// @param needed what the chain shows: `NativeChains.continuityOf`
    /// @param given what the contract's `_continuity` says
    error ContinuityMismatch(uint256 chainId, Continuity needed, Continuity given);

    /// @notice Thrown when a scope is configured in a block whose time or height the guard cannot write down.
    /// @param time in seconds since 1970; at most 2^48 milliseconds
    /// @param number a height; at most 2^40 - 1
    error ClockOutOfRange(uint256 time, uint256 number);

    /// @notice Thrown when a scope is configured as if for the first time and has a policy already.
    error ScopeConfigured(bytes32 scope);

    /// @notice Thrown when a scope has more ancestors than `Bounds.PARENTS`. One that is its own ancestor is refused as
    /// this, or as ScopeUnknown. None of a circle can be the first.
    error ScopeTooDeep(bytes32 scope);

    /// @notice Thrown when somebody pauses who is not the pauser.
    error NotPauser(address caller);

    /// @notice Thrown when somebody configures who is not the configurator.
    error NotConfigurator(address caller);

    /// @notice Thrown when a pause would set a status that needs evidence, or none at all. A pause sets Lagging or Stale.
    error PauseNeedsEvidence(Status status);

    /// @notice Thrown when a pause is empty or longer than one pause may be.
    error PauseLength(uint256 length, uint256 greatest);

    /// @notice Thrown when the pause before this one, or its cool-down, has not ended.
    /// @param time in seconds since 1970, from which the next pause may begin
    error PauseCoolingDown(bytes32 scope, uint256 time);

    /// @notice Thrown when the pauses of the rolling window, with this one, exceed what they may add up to. Thrown,
    /// too, when there were too many.
    /// @param used seconds of pauses that the window holds already
    error PauseBudgetSpent(bytes32 scope, uint256 used, uint256 budget);

    /// @notice Thrown when a configuration is applied that was not announced last, or too early, or too late. Thrown,
    /// too, when one that was not announced last is taken back.
    /// @param announced hash of the one that waits (keccak256 of its ABI encoding), zero if none does
    /// @param readyFrom seconds since 1970; and not before block `readyBlock`, unless the delay has passed by the clock alone (`Deadlines`)
    /// @param readyUntil seconds since 1970, from when it is too late if block `endBlock` has come as well
    error ConfigurationNotReady(
        bytes32 scope,
        bytes32 announced,
        uint256 readyFrom,
        uint256 readyBlock,
        uint256 readyUntil,
        uint256 endBlock
    );

    /// @notice Thrown when two headers show no standstill that the scope, or one above it, would have to know of.
    /// @param apart seconds between the two
    /// @param gap of the scope, in seconds
    error NoStandstill(bytes32 scope, uint256 apart, uint256 gap);

    /// @notice Thrown when a standstill is proven that ended before `recorded`. That is the latest block of three
    /// events. They are the last outage on record, the scope's first configuration, and the last one with a smaller
    /// gap.
    error StandstillRecorded(bytes32 scope, uint64 number, uint64 recorded);

    /// @notice Thrown when the engine is called by itself, or is not there. It is code for the contracts that inherit
    /// `PolicyGuard`.
    error EngineMissing(address engine);

    /// @notice Thrown when a cause is given a status that needs none, or no identity.
    error CauseInvalid(bytes32 scope, bytes32 cause, Status status);

    /// @notice Thrown when evidence is not newer than the newest there was about the cause.
    /// @param evidence block that the new evidence speaks of
    /// @param last block that the newest evidence so far spoke of
    error EvidenceNotNewer(bytes32 scope, bytes32 cause, uint64 evidence, uint64 last);

    /// @notice Thrown when a cause is healed that is not open.
    error CauseNotOpen(bytes32 scope, bytes32 cause);
}
