// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";
import {Deadline} from "../policy/Deadline.sol";
import {Action, Status, Verdict} from "../policy/PolicyTypes.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {IPolicyErrors} from "./IPolicyErrors.sol";

/// @notice What restricts one scope now, what is above it aside. Ends are zero where nothing lasts; see `Deadlines` for how one passes.
/// @param stale until when it is Stale, in a grace that is Stale at the latest. For an outage that nobody has recorded:
/// what recording it now would make it
/// @param lagging until when it is Lagging after that
/// @param paused until when it is paused, by the clock alone: its height is zero
/// @param exitsClosed until when Halted closes exits
/// @param exitsClosable before which a later Halted cause closes none
/// @param synced when it is Synced again, if the chain lives, no cause is open and its ledger owes nothing
/// @param unaccounted seconds that no block accounts for
/// @param openDiverged causes that make it Diverged until evidence heals them
/// @param openHalted causes that make it Halted until evidence heals them
struct Restrictions {
    Deadline stale;
    Deadline lagging;
    Deadline paused;
    Deadline exitsClosed;
    Deadline exitsClosable;
    Deadline synced;
    uint256 unaccounted;
    uint256 openDiverged;
    uint256 openHalted;
}

/// @title What a scope's state is, and who may make it stricter
/// @notice A scope is what can be stopped separately, usually one market. It may have a parent (market, protocol, chain), and the worst
/// status on the way up decides.
///
/// Who can do what:
/// - anybody: record what the chain shows (`poke`), prove that it stood still (`proveStandstill`), and apply what was announced;
/// - the pauser: make a scope Lagging or Stale for at most a day, three days in thirty. Never twice without a time in
///   between. It cannot end a pause. Each scope has its own budget: a market can be paused by itself and with what is
///   above it;
/// - the configurator: change a scope's configuration after a delay; one announcement a scope, and the next takes it back;
/// - nobody: declare a scope Synced. A cause that made it Diverged or Halted is closed by newer evidence.
///
/// Spans are in seconds and count as blocks, too: see `Deadlines`. The rule of exits: see `Assessments`.
interface IPolicyGuard is IPolicyErrors {
    /// @notice Emitted when a scope is given its configuration.
    event ScopeConfigurationApplied(bytes32 indexed scope, ScopeConfig config);

    /// @notice Emitted when a configuration begins to wait for its delay.
    event ScopeConfigurationScheduled(bytes32 indexed scope, ScopeConfig config, uint256 readyTime);

    /// @notice Emitted when the announced configuration is taken back, by hand or by the next announcement.
    /// @param announced keccak256 of its ABI encoding
    event ScopeConfigurationCancelled(bytes32 indexed scope, bytes32 announced);

    /// @notice Emitted when time that no block accounts for is recorded.
    /// @param gap in seconds
    /// @param staleUntil its end in seconds since 1970: see `Deadlines`
    event ScopeDisturbed(bytes32 indexed scope, uint256 gap, uint256 staleUntil);

    /// @notice Emitted when two headers prove that the chain stood still.
    /// @param number of the block that ended it
    /// @param apart seconds between it and its parent
    event ScopeStandstill(bytes32 indexed scope, uint64 number, uint256 apart);

    /// @notice Emitted when the pauser makes a scope stricter.
    event ScopePaused(bytes32 indexed scope, Status status, uint256 until);

    /// @notice Emitted when evidence opens a cause.
    event ScopeRaised(bytes32 indexed scope, bytes32 indexed cause, Status status, uint64 evidence);

    /// @notice Emitted when evidence closes a cause.
    event ScopeHealed(bytes32 indexed scope, bytes32 indexed cause, uint64 evidence);

    /// @notice Whether an action would pass now. Whether a liquidation would is for `previewLiquidation`, which asks for the account's health.
    /// @return verdict what `_guard` would return, or Deny where it would revert. For a liquidation: what the policy
    /// allows at the most
    /// @return reason the revert data of a function that passes on Allow alone; empty where the verdict is Allow
    function preview(bytes32 scope, Action action) external view returns (Verdict verdict, bytes memory reason);

    /// @notice Whether a liquidation would pass now.
    /// @param worstHealth health in the view that is worst for the account, 1e18 being the threshold of liquidation
    /// @param bestHealth health in the view that is best for it
    /// @return allowed whether the guard would let it through
    /// @return reason the revert data of the guard; empty where it would pass
    function previewLiquidation(
        bytes32 scope,
        uint256 worstHealth,
        uint256 bestHealth
    ) external view returns (bool allowed, bytes memory reason);

    /// @notice What is wrong with a scope now, its parents included.
    /// @return status what decides about actions
    /// @return exits what decides about exits: the same, but Diverged where Halted closes exits no longer. Both are Halted where the scope, or one
    /// above it, has no configuration
    function statusOf(bytes32 scope) external view returns (Status status, Status exits);

    /// @notice The scope's configuration; all zero if it has none.
    function configOf(bytes32 scope) external view returns (ScopeConfig memory config);

    /// @notice What restricts the scope, and until when. What is above it is asked by itself: `configOf(scope).parent`. Never reverts.
    function restrictionsOf(bytes32 scope) external view returns (Restrictions memory now_);

    /// @notice What is known of a cause. The ids of a scope's causes are in `ScopeRaised`.
    /// @return status Diverged or Halted while it is open, else Synced
    /// @return evidence block that the newest evidence about it spoke of; zero if there was none
    function causeOf(bytes32 scope, bytes32 cause) external view returns (Status status, uint64 evidence);

    /// @notice The configuration that waits.
    /// @return announced keccak256 of its ABI encoding, zero if none waits
    /// @return readyFrom from when anybody may apply it
    /// @return readyUntil from when nobody may
    function announcementOf(
        bytes32 scope
    ) external view returns (bytes32 announced, Deadline readyFrom, Deadline readyUntil);

    /// @notice Records what the chain shows, in the scope and in its parents. It shows that it lives, or that time
    /// passed unaccounted for. Anybody may call. A keeper that calls after every outage makes the grace begin at once.
    /// @return status of the scope
    function poke(bytes32 scope) external returns (Status status);

    /// @notice Records that the chain stood still. Two consecutive headers show it, whose times differ by more than the
    /// gap. Anybody may call, once for each standstill and scope. It looks at the scope and those above it. Each whose
    /// gap is exceeded, and that has no later outage on record, is Stale from now on. That is as after an outage that
    /// `poke` saw. It needs no heartbeat. Where the L1 origin shows outages, block times show none.
    /// @dev Reverts with an error of the anchor or of the headers (`IGuardErrors`), ScopeUnknown, NoStandstill or StandstillRecorded. What came before a
    /// configuration with a smaller gap was applied can no longer be proven.
    /// @param anchor the block that ended the standstill, at most 8,191 blocks ago
    /// @param headers RLP of its header and of its parent's, end to end
    function proveStandstill(bytes32 scope, Anchor calldata anchor, bytes calldata headers) external;

    /// @notice Makes a scope Lagging or Stale for `length` seconds. The pauser alone. Ends by itself; nobody can end it earlier.
    /// @param length at most a day. All pauses of thirty days together are at most three days and four in number. Each
    /// is followed by a time at least as long without one
    function pauseScope(bytes32 scope, Status status, uint24 length) external;

    /// @notice Announces a configuration, and takes back the one that waited. The configurator alone.
    function scheduleScope(bytes32 scope, ScopeConfig calldata config) external;

    /// @notice Takes the announced configuration back. The configurator alone.
    function cancelScope(bytes32 scope, ScopeConfig calldata config) external;

    /// @notice Applies an announced configuration after its delay, and before as much time again has passed. Anybody may call. What is wrong
    /// with the scope is recorded first, and stays.
    function applyScope(bytes32 scope, ScopeConfig calldata config) external;
}
