// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region perps
import {SettlementGuard} from "settlement-guard/contracts/SettlementGuard.sol";
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {Policies} from "settlement-guard/contracts/policy/Policy.sol";
import {ScopeConfig} from "settlement-guard/contracts/policy/Scopes.sol";

contract Perps is SettlementGuard {
    bytes32 public constant MARKET = "ETH-PERP";

    mapping(address trader => int256) public positions;

    constructor(ScopeConfig memory config) {
        _configureScope(MARKET, config);
    }

    function trade(
        int256 size,
        Anchor calldata anchor
    ) external guardedAt(MARKET, Policies.classify(positions[msg.sender], size), anchor) {
        positions[msg.sender] += size;
    }
}
// #endregion perps
