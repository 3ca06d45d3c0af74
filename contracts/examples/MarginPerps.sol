// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {Account, IMarginPerps, Order, OrderStatus} from "./IMarginPerps.sol";
import {GuardErrors} from "../GuardErrors.sol";
import {AnchorTypes} from "../anchor/AnchorTypes.sol";
import {LiveEIP712} from "../anchor/LiveEIP712.sol";
import {Action, Policies, Verdict} from "../policy/Policy.sol";

/// @title The exchange without a decision about the guard
/// @dev The two twins differ in what stands under *the guard* alone.
abstract contract MarginPerps is IMarginPerps, LiveEIP712 {
    using SafeERC20 for IERC20;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address trader,bytes32 market,int256 size,uint256 limitPrice,uint256 nonce,uint64 expiry,uint64 maxAge,Anchor anchor)Anchor(uint64 number,bytes32 hash)"
    );

    /// @dev Equity must be at least 1/10 of the notional to open, and 1/20 to stay open.
    uint256 private constant INITIAL_LEVERAGE = 10;
    uint256 private constant MAINTENANCE_LEVERAGE = 20;

    /// @dev What a fill may use at the most, with room. It pays for cold storage of one account, an order, a market and
    /// its scopes. It also pays for a cold EIP-2935 read. An attempt that was given less must not decide an order's
    /// fate.
    uint256 private constant FILL_GAS = 300_000;

    /// @dev So that no notional overflows.
    uint256 private constant MAX_PRICE = type(uint128).max;

    IERC20 public immutable token;
    address public immutable feed;
    address public immutable keeper;

    mapping(address trader => mapping(bytes32 market => Account)) public accounts;
    mapping(bytes32 market => uint256) public indexPrice;
    /// @notice The price before the last change: the second view in which a liquidation is judged.
    mapping(bytes32 market => uint256) public lastPrice;
    mapping(bytes32 id => OrderStatus) public orderStatus;
    uint256 public liquidity;
    uint256 public badDebt;

    constructor(IERC20 token_, address feed_, address keeper_) {
        token = token_;
        feed = feed_;
        keeper = keeper_;
    }

    /* THE GUARD */

    /// @dev Called when a market gets its first price, before it.
    function _listMarket(bytes32 market) internal virtual;

    /// @dev Reverts with a guard error where the order was not prepared on the executing branch. Also where it must not
    /// be filled now.
    function _guardFill(Order calldata order, Action action) internal virtual returns (Verdict);

    /// @dev Whether the guard denies the order now. Asked after a failure, to tell the guard's own word from an imitation of it.
    function _guardDenies(Order calldata order, Action action) internal view virtual returns (bool);

    /// @dev Reverts with a guard error where the action must not take effect now.
    function _guardAction(bytes32 market, Action action) internal virtual returns (Verdict);

    /// @dev Reverts with a guard error where the liquidation must not take effect now. Health is equity over maintenance margin, in 1e18.
    function _guardLiquidated(bytes32 market, uint256 worstHealth, uint256 bestHealth) internal virtual;

    /// @dev Whether canonical state contradicts what the market rests on.
    function _isContradicted(bytes32 market) internal view virtual returns (bool);

    /// @dev How much of a realised profit is paid now. The rest is kept for the trader: collateral that may not leave.
    function _payProfit(
        bytes32 market,
        address trader,
        uint256 profit,
        Verdict verdict
    ) internal virtual returns (uint256);

    /// @dev What is kept of a trader's profits. It counts in health, and neither for withdrawals nor for initial margin.
    function _heldProfit(bytes32 market, address trader) internal view virtual returns (uint256);

    /// @dev Takes a loss from what is kept of the trader's profits, as far as it goes.
    function _consume(bytes32 market, address trader, uint256 loss) internal virtual returns (uint256 uncovered);

    /// @dev Whether the guard keeps some of a trader's profits now. What is due, and was not claimed, is the trader's own affair.
    function _keepsProfit(bytes32 market, address trader) internal view virtual returns (bool);

    /// @dev What was kept of a trader's profits and is due now.
    function _dueProfit(bytes32 market, address trader) internal virtual returns (uint256);

    /* TRADING */

    /// @inheritdoc IMarginPerps
    function execute(Order calldata order, bytes calldata signature) external {
        _requireSignature(order, signature);
        _fill(order, orderId(order));
    }

    /// @inheritdoc IMarginPerps
    function executeOrCancel(Order calldata order, bytes calldata signature) external returns (bool filled) {
        if (msg.sender != keeper) revert NotKeeper(msg.sender);
        bytes32 id = orderId(order);
        _requireSignature(order, signature);
        // EIP-150 passes on 63/64 of what is left. Make sure that this is enough: a caller could starve the attempt.
        uint256 required = FILL_GAS + FILL_GAS / 32;
        if (gasleft() < required) revert NotEnoughGas(gasleft(), required);

        try this.fillFromSelf{gas: FILL_GAS}(order, id) {
            return true;
        } catch (bytes memory reason) {
            Action action = Policies.classify(accounts[order.trader][order.market].size, order.size);
            bool retry = reason.length == 0 || (GuardErrors.isGuardError(reason) && _guardDenies(order, action));
            // What is missing of a margin may be a profit that the guard makes wait. A loss takes that by itself.
            if (bytes4(reason) == InsufficientMargin.selector) {
                retry = _keepsProfit(order.market, order.trader);
            }
            if (retry || orderStatus[id] != OrderStatus.Open) _passOn(reason);
            _cancel(id, reason);
            return false;
        }
    }

    /// @notice The attempt of `executeOrCancel`, in a frame of its own. The exchange alone may call it.
    function fillFromSelf(Order calldata order, bytes32 id) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        _fill(order, id);
    }

    /// @inheritdoc IMarginPerps
    function cancel(Order calldata order) external {
        bytes32 id = orderId(order);
        if (msg.sender != order.trader) revert NotTrader(msg.sender, order.trader);
        if (orderStatus[id] != OrderStatus.Open) revert OrderNotOpen(id, orderStatus[id]);
        // An order for a market that is not listed yet is cancelled all the same.
        if (indexPrice[order.market] != 0) _guardAction(order.market, Action.Cancel);

        _cancel(id, "");
    }

    /// @inheritdoc IMarginPerps
    function close(bytes32 market) external {
        _closeAtIndex(msg.sender, market, _guardAction(market, Action.Decrease));
    }

    /// @inheritdoc IMarginPerps
    function liquidate(address trader, bytes32 market) external {
        (uint256 worst, uint256 best) = healthOf(trader, market);
        if (worst >= 1e18) revert PositionHealthy(trader, market, worst);
        _guardLiquidated(market, worst, best);

        _closeAtIndex(trader, market, Verdict.Allow);
    }

    /// @inheritdoc IMarginPerps
    function claimProfit(bytes32 market) external {
        uint256 amount = _dueProfit(market, msg.sender);
        accounts[msg.sender][market].margin += amount;
        emit ProfitClaimed(msg.sender, market, amount);
    }

    /* MARGIN, LIQUIDITY, PRICES. The token is called last, when all is written: what it calls back finds nothing half done. */

    /// @inheritdoc IMarginPerps
    function deposit(bytes32 market, uint256 amount) external {
        _guardAction(market, Action.Deposit);
        accounts[msg.sender][market].margin += amount;
        emit Deposited(msg.sender, market, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IMarginPerps
    function withdraw(bytes32 market, uint256 amount) external {
        _guardAction(market, Action.Withdraw);
        accounts[msg.sender][market].margin -= amount;
        _requireInitialMargin(msg.sender, market);
        emit Withdrawn(msg.sender, market, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IMarginPerps
    function provideLiquidity(uint256 amount) external {
        liquidity += amount;
        emit LiquidityProvided(msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IMarginPerps
    function setPrice(bytes32 market, uint256 price) external {
        if (msg.sender != feed) revert NotFeed(msg.sender);
        if (price == 0) revert PriceUnknown(market);
        if (price > MAX_PRICE) revert PriceTooHigh(market, price);
        uint256 last = indexPrice[market];
        if (last == 0) _listMarket(market);
        // While the market's state is contradicted the second view stays what it was before. So a wrong price that is
        // set twice is still one view.
        if (last == 0 || !_isContradicted(market)) lastPrice[market] = last == 0 ? price : last;
        indexPrice[market] = price;
        emit PriceSet(market, price);
    }

    /* VIEWS */

    /// @inheritdoc IMarginPerps
    function orderId(Order calldata order) public pure returns (bytes32) {
        return
            keccak256(abi.encode(order.trader, order.market, order.size, order.limitPrice, order.nonce, order.expiry));
    }

    /// @inheritdoc IMarginPerps
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return
            _typedDataDigest(
                keccak256(
                    abi.encode(
                        ORDER_TYPEHASH,
                        order.trader,
                        order.market,
                        order.size,
                        order.limitPrice,
                        order.nonce,
                        order.expiry,
                        order.maxAge,
                        AnchorTypes.hash(order.anchor)
                    )
                )
            );
    }

    /// @inheritdoc IMarginPerps
    function equity(address trader, bytes32 market) public view returns (int256) {
        return _freeEquity(trader, market) + int256(_heldProfit(market, trader));
    }

    /// @inheritdoc IMarginPerps
    function healthOf(address trader, bytes32 market) public view returns (uint256 worst, uint256 best) {
        Account memory account = accounts[trader][market];
        // What may not leave backs what is open all the same: without the guard it would be margin.
        account.margin += _heldProfit(market, trader);
        uint256 now_ = _healthAt(account, _priceOf(market));
        uint256 before = _healthAt(account, lastPrice[market]);
        return (now_, Math.max(now_, before));
    }

    /* INTERNALS */

    function _fill(Order calldata order, bytes32 id) private {
        OrderStatus status = orderStatus[id];
        if (status != OrderStatus.Open) revert OrderNotOpen(id, status);
        if (block.timestamp >= order.expiry) revert OrderExpired(id, order.expiry, block.timestamp);
        if (order.size == 0) revert EmptyOrder(id);
        // Before the guard, which would keep an order open for a market that does not exist.
        uint256 price = _priceOf(order.market);
        int256 oldSize = accounts[order.trader][order.market].size;
        Action action = Policies.classify(oldSize, order.size);
        Verdict verdict = _guardFill(order, action);
        bool withinLimit = order.size > 0 ? price <= order.limitPrice : price >= order.limitPrice;
        if (!withinLimit) revert PriceBeyondLimit(id, order.limitPrice, price);

        orderStatus[id] = OrderStatus.Filled;
        // A position that cannot settle with the pool can be closed or liquidated. It cannot be traded on: that would
        // forgive the difference. Under doubt, what stays open keeps its entry price. A profit that waits must not be
        // parted from the losses that may follow it.
        int256 settled = verdict == Verdict.Allow ? oldSize : -order.size;
        uint256 unpaid = _settle(order.trader, order.market, settled, price, verdict);
        if (unpaid != 0) revert MarkUnpaid(order.trader, order.market, unpaid);
        accounts[order.trader][order.market].size = oldSize + order.size;
        if (action == Action.Increase) _requireInitialMargin(order.trader, order.market);

        emit OrderFilled(id, order.trader, order.market, order.size, price);
    }

    function _closeAtIndex(address trader, bytes32 market, Verdict verdict) private {
        uint256 price = _priceOf(market);
        int256 size = accounts[trader][market].size;

        _settle(trader, market, size, price, verdict);
        accounts[trader][market].size = 0;

        emit PositionClosed(trader, market, size, price);
    }

    /// @dev Realises the profit or loss of `settled` since the entry price, against the pool. `settled` is the position
    /// or a part of it. A loss takes held profit first, then margin. What neither side can pay becomes bad debt.
    function _settle(
        address trader,
        bytes32 market,
        int256 settled,
        uint256 price,
        Verdict verdict
    ) private returns (uint256 unpaid) {
        Account storage account = accounts[trader][market];
        int256 profit = _profit(settled, account.entryPrice, price);
        emit Settled(trader, market, settled, profit, verdict);
        unpaid = SignedMath.abs(profit);

        if (profit > 0) {
            uint256 paid = Math.min(unpaid, liquidity);
            liquidity -= paid;
            account.margin += _payProfit(market, trader, paid, verdict);
            unpaid -= paid;
        } else {
            uint256 uncovered = _consume(market, trader, unpaid);
            uint256 paid = Math.min(uncovered, account.margin);
            account.margin -= paid;
            liquidity += unpaid - uncovered + paid;
            unpaid = uncovered - paid;
        }
        if (settled == account.size) account.entryPrice = price;

        if (unpaid != 0) {
            badDebt += unpaid;
            emit BadDebtIncurred(trader, market, unpaid);
        }
    }

    function _cancel(bytes32 id, bytes memory reason) private {
        orderStatus[id] = OrderStatus.Cancelled;
        emit OrderCancelled(id, reason);
    }

    function _requireSignature(Order calldata order, bytes calldata signature) private view {
        bytes32 digest = orderDigest(order);
        if (!SignatureChecker.isValidSignatureNowCalldata(order.trader, digest, signature)) {
            revert InvalidSignature(digest, order.trader);
        }
    }

    function _requireInitialMargin(address trader, bytes32 market) private view {
        int256 size = accounts[trader][market].size;
        if (size == 0) return;
        uint256 required = _notional(size, _priceOf(market)) / INITIAL_LEVERAGE;
        int256 equity_ = _freeEquity(trader, market);
        if (equity_ < int256(required)) revert InsufficientMargin(trader, market, equity_, required);
    }

    /// @dev Equity without what is kept of profits.
    function _freeEquity(address trader, bytes32 market) private view returns (int256) {
        Account storage account = accounts[trader][market];
        if (account.size == 0) return int256(account.margin);
        return int256(account.margin) + _profit(account.size, account.entryPrice, _priceOf(market));
    }

    function _priceOf(bytes32 market) private view returns (uint256 price) {
        price = indexPrice[market];
        if (price == 0) revert PriceUnknown(market);
    }

    function _profit(int256 size, uint256 entryPrice, uint256 price) private pure returns (int256) {
        return (size * (int256(price) - int256(entryPrice))) / 1e18;
    }

    /// @dev Equity over maintenance margin, in 1e18; zero where nothing is left, and boundless without a position.
    function _healthAt(Account memory account, uint256 price) private pure returns (uint256) {
        uint256 required = _notional(account.size, price) / MAINTENANCE_LEVERAGE;
        if (required == 0) return type(uint256).max;
        int256 equity_ = int256(account.margin) + _profit(account.size, account.entryPrice, price);
        return equity_ <= 0 ? 0 : (uint256(equity_) * 1e18) / required;
    }

    function _notional(int256 size, uint256 price) private pure returns (uint256) {
        return (SignedMath.abs(size) * price) / 1e18;
    }

    function _passOn(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Margin Perps", "1");
    }
}
