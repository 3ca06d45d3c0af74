// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Order} from "./IMarginPerps.sol";
import {MarginPerps} from "./MarginPerps.sol";

/// @title The exchange without the guard
/// @notice The same orders, anchors included, and nobody looks at the anchor. It shows the damage; nobody should deploy it.
contract UnguardedPerps is MarginPerps {
    constructor(IERC20 token, address feed, address keeper) MarginPerps(token, feed, keeper) {}

    function _requireAnchorOf(Order calldata) internal view override {}

    function _guardDenies(Order calldata) internal pure override returns (bool) {
        return false;
    }
}
