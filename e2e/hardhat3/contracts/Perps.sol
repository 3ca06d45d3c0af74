// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region perps
import {SettlementGuard} from "settlement-guard/contracts/SettlementGuard.sol";
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {Action, Policies, Verdict} from "settlement-guard/contracts/policy/Policy.sol";
import {ProfitEscrow} from "settlement-guard/contracts/policy/ProfitEscrow.sol";
import {ScopeConfig} from "settlement-guard/contracts/policy/Scopes.sol";

contract Perps is SettlementGuard, ProfitEscrow {
    bytes32 public constant MARKET = "ETH-PERP";

    struct Position {
        int256 size; // in units of the underlying
        int256 price; // at which it was last settled, in wei a unit
    }

    address public immutable feed;
    int256 public price; // in wei a unit
    int256 public lastPrice; // the one before
    mapping(address trader => Position) public positions;
    mapping(address trader => int256) public margins; // in wei; below zero is bad debt

    error OnlyFeed();
    error PaymentFailed();
    error MarginTooSmall(int256 margin, int256 required);

    constructor(ScopeConfig memory config, int256 firstPrice) payable {
        _configureScope(MARKET, config);
        feed = msg.sender;
        (lastPrice, price) = (firstPrice, firstPrice);
    }

    // Refused on another branch than the one it was prepared on, and where the action is not
    // allowed without reserve. Under the standard policy an opening passes in Synced and Lagging,
    // and so does a reduction by this function. From Stale on that is for `close`.
    function trade(
        int256 size,
        Anchor calldata anchor
    ) external guardedAt(MARKET, Policies.classify(positions[msg.sender].size, size), anchor) {
        _trade(msg.sender, size, Verdict.Allow);
    }

    // An exit needs no anchor and stays open under doubt. The position is closed now; what it earned at a doubtful price waits.
    function close() external {
        Verdict verdict = _guard(MARKET, Action.Decrease);
        _trade(msg.sender, -positions[msg.sender].size, verdict);
    }

    // What waited is the trader's again, once a close would be allowed without reserve, or after 28 days.
    function claim() external {
        margins[msg.sender] += int256(_releaseProfit(MARKET, msg.sender));
    }

    // Anybody may liquidate who is insolvent. Under doubt that is who is deeply so. From Diverged
    // up it is who is insolvent in both views.
    function liquidate(address trader) external {
        (int256 atPrice, int256 atLast) = (healthOf(trader, price), healthOf(trader, lastPrice));
        (int256 worst, int256 best) = atPrice < atLast ? (atPrice, atLast) : (atLast, atPrice);
        _guardLiquidation(MARKET, worst < 0 ? 0 : uint256(worst), best < 0 ? 0 : uint256(best));
        _trade(trader, -positions[trader].size, Verdict.Allow);
    }

    function deposit() external payable {
        _guard(MARKET, Action.Deposit);
        margins[msg.sender] += int256(msg.value);
    }

    function withdraw(uint256 amount) external guarded(MARKET, Action.Withdraw) {
        margins[msg.sender] -= int256(amount);
        _requireMargin(msg.sender);
        (bool paid, ) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed();
    }

    function setPrice(int256 newPrice) external {
        if (msg.sender != feed) revert OnlyFeed();
        (lastPrice, price) = (price, newPrice);
    }

    // Equity over the maintenance margin, a twentieth of the position's worth, in 1e18. What the guard holds back is equity.
    function healthOf(address trader, int256 valued) public view returns (int256) {
        Position storage position = positions[trader];
        if (position.size == 0) return type(int256).max;
        int256 equity = margins[trader] + int256(escrowedProfit(MARKET, trader));
        int256 worth = (position.size < 0 ? -position.size : position.size) * valued;
        return ((equity + position.size * (valued - position.price)) * 20 * 1e18) / worth;
    }

    // A loss takes what is held back first. The position is written before anybody is called.
    function _trade(address trader, int256 size, Verdict verdict) internal {
        Position storage position = positions[trader];
        int256 earned = position.size * (price - position.price);
        if (earned > 0) earned = int256(_settleProfit(MARKET, trader, uint256(earned), verdict));
        else earned = -int256(_consumeProfit(MARKET, trader, uint256(-earned)));
        margins[trader] += earned;
        bool increases = Policies.classify(position.size, size) == Action.Increase;
        (position.size, position.price) = (position.size + size, price);
        if (increases) _requireMargin(trader);
    }

    // A tenth of what the position is worth.
    function _requireMargin(address trader) private view {
        int256 size = positions[trader].size;
        int256 required = ((size < 0 ? -size : size) * price) / 10;
        if (margins[trader] < required) revert MarginTooSmall(margins[trader], required);
    }
}
// #endregion perps
