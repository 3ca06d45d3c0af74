// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SettlementGuard} from "settlement-guard/contracts/SettlementGuard.sol";
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {Action} from "settlement-guard/contracts/policy/Policy.sol";
import {ScopeConfig} from "settlement-guard/contracts/policy/Scopes.sol";

/// @notice Calls on one ether each, covered by the writer's ether, and settled in ether at one price.
contract CoveredCall is SettlementGuard {
    bytes32 public constant SERIES = "ETH-CALL";

    address public immutable writer;
    uint256 public immutable strike; // in dollars
    uint256 public immutable premium; // in wei
    uint256 public immutable expiry; // seconds since 1970

    uint256 public unsold; // calls
    uint256 public settlementPrice; // in dollars; zero until it is fixed
    mapping(address holder => uint256) public calls;

    error WrongPayment(uint256 paid, uint256 due);
    error Expired();
    error NotExpired();
    error NotWriter();
    error NotSettled();
    error AlreadySettled();
    error PaymentFailed();

    constructor(ScopeConfig memory config, uint256 strike_, uint256 premium_, uint256 expiry_) payable {
        _configureScope(SERIES, config);
        (writer, strike, premium, expiry) = (msg.sender, strike_, premium_, expiry_);
        unsold = msg.value / 1 ether;
    }

    /// @notice Buys one call, on the branch that the buyer saw.
    function buy(Anchor calldata anchor) external payable guardedAt(SERIES, Action.Increase, anchor) {
        if (block.timestamp >= expiry) revert Expired();
        if (msg.value != premium) revert WrongPayment(msg.value, premium);
        unsold -= 1;
        calls[msg.sender] += 1;
    }

    /// @notice Fixes the price at which all calls are settled. Not within the hour after an outage: the price may be from before it.
    function settle(uint256 price) external guarded(SERIES, Action.Settle) {
        if (msg.sender != writer) revert NotWriter(); // in the real world an oracle
        if (block.timestamp < expiry) revert NotExpired();
        if (settlementPrice != 0) revert AlreadySettled();
        settlementPrice = price;
    }

    /// @notice Pays what the caller's calls are worth.
    function redeem() external guarded(SERIES, Action.Withdraw) {
        if (settlementPrice == 0) revert NotSettled();
        uint256 gain = settlementPrice > strike ? settlementPrice - strike : 0;
        uint256 amount = (calls[msg.sender] * gain * 1 ether) / settlementPrice;
        calls[msg.sender] = 0;
        (bool paid, ) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed();
    }
}
