// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Order} from "./IMarginPerps.sol";
import {MarginPerps} from "./MarginPerps.sol";
import {SettlementGuard} from "../SettlementGuard.sol";

/// @title The exchange with the guard
/// @notice An order is filled only on the branch on which its trader prepared it, and only up to the age that the trader signed.
contract GuardedPerps is MarginPerps, SettlementGuard {
    constructor(IERC20 token, address feed, address keeper) MarginPerps(token, feed, keeper) {}

    function _requireAnchorOf(Order calldata order) internal view virtual override {
        _requireAnchor(order.anchor, 1, order.maxAge);
    }

    function _guardDenies(Order calldata order) internal view override returns (bool) {
        return _anchorFailure(order.anchor, 1, order.maxAge).length != 0;
    }
}
