// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPolicyGuard} from "../interfaces/IPolicyGuard.sol";
import {PolicyGuard} from "./PolicyGuard.sol";
import {Status} from "./PolicyTypes.sol";
import {ScopeConfig} from "./Scopes.sol";

/// @title The two roles, and what they cannot do
/// @notice A pauser makes scopes stricter for a while; a configurator changes them after a delay. By default there is neither.
abstract contract PolicyAdmin is PolicyGuard {
    /// @notice Who may pause. Nobody by default.
    function _pauser() internal view virtual returns (address) {
        return address(0);
    }

    /// @notice Who may announce a configuration. Nobody by default.
    function _configurator() internal view virtual returns (address) {
        return address(0);
    }

    /// @notice Seconds between a configuration's announcement and its application. Not zero: an announcement ends after as much time again.
    function _configurationDelay() internal view virtual returns (uint256) {
        return 2 days;
    }

    /// @inheritdoc PolicyGuard
    function _roles() internal view override returns (uint256 pauser, uint256 configurator, uint256 delay) {
        return (uint160(_pauser()), uint160(_configurator()), _configurationDelay());
    }

    /// @inheritdoc IPolicyGuard
    function pauseScope(bytes32, Status, uint24) external {
        _pass();
    }

    /// @inheritdoc IPolicyGuard
    function scheduleScope(bytes32, ScopeConfig calldata) external {
        _pass();
    }

    /// @inheritdoc IPolicyGuard
    function cancelScope(bytes32, ScopeConfig calldata) external {
        _pass();
    }

    /// @inheritdoc IPolicyGuard
    function applyScope(bytes32, ScopeConfig calldata) external {
        _pass();
    }
}
