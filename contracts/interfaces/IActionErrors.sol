// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Action, Status} from "../policy/PolicyTypes.sol";

/// @title The errors of actions that a scope's policy denies
interface IActionErrors {
    /// @notice Thrown when the scope's policy denies an action in the worst status of the scope and its parents.
    /// Thrown, too, when it allows the action only conservatively, where the protocol cannot do it so.
    error ActionDenied(bytes32 scope, Action action, Status status);

    /// @notice Thrown when an account must not be liquidated now. Health is in 1e18, which is the threshold of liquidation.
    error LiquidationDenied(bytes32 scope, Status status, uint256 worstHealth, uint256 bestHealth);

    /// @notice Thrown when `_guard` is asked about a liquidation, which depends on the account's health: `_guardLiquidation`.
    error LiquidationNeedsHealth(bytes32 scope);

    /// @notice Thrown when a scope, or one above it, has no configuration. Without a policy nothing is allowed.
    error ScopeUnknown(bytes32 scope);
}
