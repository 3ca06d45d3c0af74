// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/Continuity.sol";
import {Action, Status, Verdict} from "../policy/PolicyTypes.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {IPolicyGuard} from "./IPolicyGuard.sol";

/// @notice What the engine must know of the contract that it works for. Encoded behind each call's own arguments.
/// @param path the scope, and those above it up to the first zero. One more than may be, so that the engine sees it
/// @param number height of the executing block, of `_blockNumber`
/// @param continuity of `_continuity`
/// @param pauser of `_pauser`
/// @param configurator of `_configurator`
/// @param configurationDelay of `_configurationDelay`, in seconds
/// @param deepInsolvency of `_deepInsolvency`, in 1e18
struct Host {
    bytes32[5] path;
    uint256 number;
    Continuity continuity;
    address pauser;
    address configurator;
    uint256 configurationDelay;
    uint256 deepInsolvency;
}

/// @title What a guarded contract asks of its engine
/// @notice The engine's functions run in the storage of who calls them, by delegatecall. Those of `IPolicyGuard` are
/// the host's own, passed on. The others are payable, because a delegatecall keeps the value that the host was called
/// with. The engine itself takes none.
interface IPolicyEngine is IPolicyGuard {
    /// @notice The verdict on an action, with what the chain shows recorded. Reverts with ActionDenied below `least`.
    function enter(bytes32 scope, Action action, Verdict least) external payable returns (Verdict verdict);

    /// @notice What `preview` answers, for a function of the host that may have been sent value.
    function look(bytes32 scope, Action action) external payable returns (Verdict verdict, bytes memory reason);

    /// @notice Reverts with LiquidationDenied unless the account may be liquidated.
    function enterLiquidation(
        bytes32 scope,
        uint256 worstHealth,
        uint256 bestHealth
    ) external payable returns (Verdict verdict);

    /// @notice Gives a scope its first configuration.
    function configure(bytes32 scope, ScopeConfig calldata config) external payable returns (bool);

    /// @notice Opens a cause, or makes it worse.
    function raise(bytes32 scope, bytes32 cause, Status status, uint64 evidence) external payable returns (bool raised);

    /// @notice Closes a cause.
    function heal(bytes32 scope, bytes32 cause, uint64 evidence) external payable returns (bool);

    /// @notice The scope's ledger was committed to, and owes the next commitment after `span` seconds. Zero ends that.
    function recordCommitment(bytes32 scope, uint24 span) external payable returns (bool);
}
