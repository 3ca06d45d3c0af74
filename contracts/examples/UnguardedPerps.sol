// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Order} from "./IMarginPerps.sol";
import {MarginPerps} from "./MarginPerps.sol";
import {Action, Verdict} from "../policy/Policy.sol";

/// @title The exchange without the guard
/// @notice The same orders, anchors included, and nobody looks at anything. It shows the damage; nobody should deploy it.
contract UnguardedPerps is MarginPerps {
    constructor(IERC20 token, address feed, address keeper) MarginPerps(token, feed, keeper) {}

    function _listMarket(bytes32) internal override {}

    function _guardFill(Order calldata, Action) internal pure override returns (Verdict) {
        return Verdict.Allow;
    }

    function _guardDenies(Order calldata, Action) internal pure override returns (bool) {
        return false;
    }

    function _guardAction(bytes32, Action) internal pure override returns (Verdict) {
        return Verdict.Allow;
    }

    function _guardLiquidated(bytes32, uint256, uint256) internal pure override {}

    function _isContradicted(bytes32) internal pure override returns (bool) {
        return false;
    }

    function _heldProfit(bytes32, address) internal pure override returns (uint256) {
        return 0;
    }

    function _consume(bytes32, address, uint256 loss) internal pure override returns (uint256) {
        return loss;
    }

    function _keepsProfit(bytes32, address) internal pure override returns (bool) {
        return false;
    }

    function _payProfit(bytes32, address, uint256 profit, Verdict) internal pure override returns (uint256) {
        return profit;
    }

    function _dueProfit(bytes32, address) internal pure override returns (uint256) {
        return 0;
    }
}
