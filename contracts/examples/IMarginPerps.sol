// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Anchor} from "../anchor/Anchor.sol";
import {Verdict} from "../policy/Policy.sol";

/// @notice An order that a trader signs off chain and a keeper executes. Signed again with another anchor and age it is the same order.
/// @param trader whose position changes, and who signs
/// @param market which market
/// @param size signed change of the position, in base units of 1e-18: positive buys
/// @param limitPrice the worst price that the trader accepts, in margin units per 1e18 base units
/// @param nonce tells apart two orders that are otherwise equal
/// @param expiry timestamp from which the order is dead, in seconds
/// @param maxAge how many blocks the anchor may be old when the order executes
/// @param anchor the block on which the trader prepared the order
struct Order {
    address trader;
    bytes32 market;
    int256 size;
    uint256 limitPrice;
    uint256 nonce;
    uint64 expiry;
    uint64 maxAge;
    Anchor anchor;
}

/// @notice A trader's account in one market. Margin is isolated: one market's loss is paid by that market's margin alone.
/// @param margin in units of the margin token
/// @param size signed position, in base units of 1e-18
/// @param entryPrice price at which the position was last marked, in margin units per 1e18 base units
struct Account {
    uint256 margin;
    int256 size;
    uint256 entryPrice;
}

enum OrderStatus {
    Open,
    Filled,
    Cancelled
}

/// @title A small margin perpetuals exchange
/// @notice Traders post ERC-20 margin per market and trade at the index price against a pool of liquidity. It exists to show the guard:
/// its twin without one differs in what it asks the guard. Not for production (no funding, no fees, one trusted price feed).
/// @dev What is assumed of the margin token: no fee on transfer, no rebasing, no hooks.
interface IMarginPerps {
    event Deposited(address indexed trader, bytes32 indexed market, uint256 amount);
    event Withdrawn(address indexed trader, bytes32 indexed market, uint256 amount);
    event LiquidityProvided(address indexed provider, uint256 amount);
    event ProfitClaimed(address indexed trader, bytes32 indexed market, uint256 amount);
    event PriceSet(bytes32 indexed market, uint256 price);
    event OrderFilled(bytes32 indexed id, address indexed trader, bytes32 indexed market, int256 size, uint256 price);
    event OrderCancelled(bytes32 indexed id, bytes reason);
    event PositionClosed(address indexed trader, bytes32 indexed market, int256 size, uint256 price);
    /// @notice Emitted before the fill or the close that settles a position, or a part of it. With the guard's verdict
    /// everything is logged that the accounts follow from.
    /// @param size what is settled, of the sign of the position
    /// @param profit what `size` earned since the entry price, in units of the margin token; negative is a loss
    event Settled(address indexed trader, bytes32 indexed market, int256 size, int256 profit, Verdict verdict);
    /// @notice Emitted when a claim was met by nobody. The pool could not pay a profit, or a margin could not pay a
    /// loss.
    event BadDebtIncurred(address indexed trader, bytes32 indexed market, uint256 amount);

    error NotFeed(address caller);
    error NotKeeper(address caller);
    error NotTrader(address caller, address trader);
    error NotSelf(address caller);
    /// @param digest what the trader would have to sign
    error InvalidSignature(bytes32 digest, address trader);
    error OrderNotOpen(bytes32 id, OrderStatus status);
    error OrderExpired(bytes32 id, uint64 expiry, uint256 timestamp);
    error EmptyOrder(bytes32 id);
    error PriceUnknown(bytes32 market);
    error PriceTooHigh(bytes32 market, uint256 price);
    error PriceBeyondLimit(bytes32 id, uint256 limitPrice, uint256 price);
    error InsufficientMargin(address trader, bytes32 market, int256 equity, uint256 required);
    /// @param health in the worst view, 1e18 being the threshold
    error PositionHealthy(address trader, bytes32 market, uint256 health);
    /// @notice Thrown when a fill would settle a profit that the pool, or a loss that the margin, cannot pay.
    error MarkUnpaid(address trader, bytes32 market, uint256 amount);
    error NotEnoughGas(uint256 available, uint256 required);

    /// @notice Moves `amount` of the margin token from the caller into its margin in `market`. Needs no anchor.
    function deposit(bytes32 market, uint256 amount) external;

    /// @notice Moves free margin out to the caller. What an open position needs stays.
    function withdraw(bytes32 market, uint256 amount) external;

    /// @notice Adds to the liquidity against which traders trade.
    function provideLiquidity(uint256 amount) external;

    /// @notice Sets the index price of a market, in margin units per 1e18 base units. The feed alone. The first price lists the market.
    function setPrice(bytes32 market, uint256 price) external;

    /// @notice Fills an order at the index price. Anyone who holds the trader's signature may call; a failure reverts and leaves the
    /// order open.
    function execute(Order calldata order, bytes calldata signature) external;

    /// @notice As `execute`, for the keeper, who clears the book. An order that fails for a reason of its own is
    /// cancelled. An order is never cancelled because of the guard, for want of gas, or because of a wrong signature.
    /// Then the call reverts and the order stays open. From its expiry on every signed order is cancelled, whatever the
    /// guard says.
    /// @return filled false where the order was cancelled
    function executeOrCancel(Order calldata order, bytes calldata signature) external returns (bool filled);

    /// @notice Cancels an order of the caller's, in every form in which it was signed or ever will be. The id can never
    /// be filled after. The anchor and age that are given do not matter.
    function cancel(Order calldata order) external;

    /// @notice Closes the caller's position at the index price. Needs no anchor. Under doubt the profit is kept until `claimProfit`; losses take it first.
    function close(bytes32 market) external;

    /// @notice Closes a position whose equity at the index price is below the maintenance margin. The guard says how
    /// deeply, and in how many views, it must be below. Anyone may call.
    function liquidate(address trader, bytes32 market) external;

    /// @notice Adds to the caller's margin what was kept of its profits in a market. The guard must allow it, or have
    /// kept it for as long as it may.
    function claimProfit(bytes32 market) external;

    /// @notice Equity over maintenance margin in 1e18. First at the index price, then in the better of two views: the
    /// index price and the one before it. The greatest number without a position.
    function healthOf(address trader, bytes32 market) external view returns (uint256 worst, uint256 best);

    /// @notice What makes an order the same order: the hash of all its members but anchor and age. At most one of an order's signed forms is filled,
    /// and none after a cancel. It is made of the order's content, so a reorg cannot put another order under it.
    /// @dev Bound to no domain. What is filled or cancelled is remembered in this exchange, and stays so when the
    /// chain's id changes.
    function orderId(Order calldata order) external pure returns (bytes32);

    /// @notice What the trader signs: the order's EIP-712 digest, anchor and age included, for the live chain id and this exchange.
    function orderDigest(Order calldata order) external view returns (bytes32);

    /// @notice Margin plus unrealised profit of an account, plus what is kept of its profits. Health counts this, in
    /// units of the margin token.
    /// @dev Initial margin and withdrawals leave out what is kept.
    function equity(address trader, bytes32 market) external view returns (int256);
}
