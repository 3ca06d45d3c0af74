// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Account, IMarginPerps, Order, OrderStatus} from "../../contracts/examples/IMarginPerps.sol";
import {IActionErrors} from "../../contracts/interfaces/IActionErrors.sol";
import {IAnchorErrors} from "../../contracts/interfaces/IAnchorErrors.sol";
import {Anchor} from "../../contracts/anchor/Anchor.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Action, Status, Verdict} from "../../contracts/policy/Policy.sol";
import {ScopeConfig} from "../../contracts/policy/Scopes.sol";
import {EvidentPerps} from "./EvidentPerps.sol";
import {WorldHandler} from "./WorldHandler.sol";
import {Broken, vm} from "./Vm.sol";

/// @title What traders, keepers and liquidators do, and reorgs
/// @notice Sums stay far below what overflows: prices below 1e21, sizes below 1e20, deposits below 1e22.
abstract contract ExchangeHandler is WorldHandler {
    struct Ticket {
        Order order;
        bytes32 id;
        bytes signature;
    }

    /// @dev A call of a guarded function, as it is predicted.
    struct Attempt {
        bytes32 market;
        Action action;
        bool strict; // passes on Allow alone
        bytes4 before; // the exchange's own error that comes before the guard's, zero if none
        bytes4 beyond; // the one that comes after it
    }

    /// @dev A profit that the exchange keeps.
    struct Held {
        uint256 amount;
        Moment due; // paid from then on whatever the status
    }

    uint256 private constant HELD_FOR = 28 days;
    uint256 internal constant TRADERS = 3;
    uint256 private constant TICKETS = 6;
    uint64 private constant BLOCKHASH_WINDOW = 256;

    TestToken internal _token;
    address[TRADERS] internal _traders;
    Ticket[] private _tickets;
    uint256 private _nonce;
    mapping(bytes32 id => OrderStatus) private _orders;
    mapping(bytes32 market => uint256) private _lastPrices;
    mapping(bytes32 market => mapping(address trader => Held)) internal _held;

    function start(EvidentPerps perps, TestToken token) external {
        (_perps, _token) = (perps, token);
        _configure(EXCHANGE, 0);
        for (uint256 i = 0; i < 2; ++i) {
            perps.setPrice(_marketAt(i), 100e18);
            _lastPrices[_marketAt(i)] = 100e18;
            _configure(_marketAt(i), 0);
        }
        for (uint256 i = 0; i < TRADERS; ++i) {
            address trader = vm.addr(i + 1);
            _traders[i] = trader;
            token.mint(trader, 1e30);
            vm.prank(trader);
            token.approve(address(perps), type(uint256).max);
            vm.prank(trader);
            perps.deposit(_marketAt(i), 5_000e18);
        }
        token.mint(address(this), 1e30);
        token.approve(address(perps), type(uint256).max);
        perps.provideLiquidity(20_000e18);
    }

    /* MARGIN, PRICES */

    function deposit(uint256 input) external {
        uint256 seed = _mixed(input);
        (address trader, bytes32 market, uint256 amount) = (_trader(seed), _marketAt(seed >> 8), (seed >> 16) % 1e22);
        _deposit(trader, market, amount);
    }

    function _deposit(address trader, bytes32 market, uint256 amount) internal {
        Attempt memory attempt = Attempt(market, Action.Deposit, false, 0, 0);
        _attempt(trader, abi.encodeCall(IMarginPerps.deposit, (market, amount)), attempt);
    }

    function withdraw(uint256 input) external {
        uint256 seed = _mixed(input);
        (address trader, bytes32 market) = (_trader(seed), _marketAt(seed >> 8));
        _withdraw(trader, market, (seed >> 16) % (_account(trader, market).margin + 1));
    }

    function _withdraw(address trader, bytes32 market, uint256 amount) internal {
        Attempt memory attempt = Attempt(market, Action.Withdraw, true, 0, _marginError(trader, market, amount));
        _attempt(trader, abi.encodeCall(IMarginPerps.withdraw, (market, amount)), attempt);
    }

    function provideLiquidity(uint256 input) external {
        uint256 seed = _mixed(input);
        _provideLiquidity(seed % 1e22);
    }

    function _provideLiquidity(uint256 amount) internal {
        _try(abi.encodeCall(IMarginPerps.provideLiquidity, (amount)), 0);
    }

    /// @notice Moves a price by up to a fifth, seldom to nearly nothing.
    function movePrice(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 market = _marketAt(seed);
        uint256 price = (_perps.indexPrice(market) * (80 + ((seed >> 8) % 41))) / 100;
        if ((seed >> 16) % 16 == 0) price = 1;
        if (price > 1e21 || price < 1e17) price = (seed >> 16) % 32 == 0 ? 1 : 100e18;
        _setPrice(market, price);
        if ((seed >> 24) % 8 == 0) {
            _try(abi.encodeCall(IMarginPerps.setPrice, (market, 0)), IMarginPerps.PriceUnknown.selector);
            _try(abi.encodeCall(IMarginPerps.setPrice, (market, 1 << 128)), IMarginPerps.PriceTooHigh.selector);
        }
    }

    function _setPrice(bytes32 market, uint256 price) internal {
        // While something about the market is contradicted the second view stands still.
        if (!_isContradicted(market)) _lastPrices[market] = _perps.indexPrice(market);
        _try(abi.encodeCall(IMarginPerps.setPrice, (market, price)), 0);
        if (_perps.lastPrice(market) != _lastPrices[market]) {
            revert Broken("INV-13: no price that is set under a contradiction becomes the second view");
        }
    }

    /// @dev An open cause of the market or of the exchange above it holds the second view.
    function _isContradicted(bytes32 market) private view returns (bool) {
        for (uint256 i = 0; i < CAUSES; ++i) {
            if (_ghosts[market].causes[i].status >= Status.Diverged) return true;
            if (_ghosts[EXCHANGE].causes[i].status >= Status.Diverged) return true;
        }
        return false;
    }

    /* TRADING */

    /// @notice Signs an order on a block of the branch, or one of the last orders again. It is filled soon or later.
    function trade(uint256 input) external {
        uint256 seed = _mixed(input);
        bool again = _tickets.length != 0 && (seed >> 216) % 4 == 0;
        Ticket memory ticket = again ? _signAgain(_tickets[(seed >> 220) % _tickets.length], seed) : _sign(seed);
        _store(ticket, seed >> 200);
        if ((seed >> 208) % 4 != 0) _execute(ticket);
    }

    /// @notice Anybody executes one of the last orders, whatever has become of it.
    function execute(uint256 input) external {
        uint256 seed = _mixed(input);
        if (_tickets.length != 0) _execute(_tickets[seed % _tickets.length]);
    }

    /// @notice The keeper clears the book.
    function executeOrCancel(uint256 input) external {
        uint256 seed = _mixed(input);
        if (_tickets.length != 0) _executeOrCancel(_tickets[seed % _tickets.length]);
    }

    function _executeOrCancel(Ticket memory ticket) internal {
        Attempt memory attempt = _fillOf(ticket);
        bytes4 failure = _predict(attempt);
        bytes memory data = abi.encodeCall(IMarginPerps.executeOrCancel, (ticket.order, ticket.signature));
        if (failure == 0) {
            _fill(ticket, attempt, data);
            return;
        }
        bool kept = failure == IMarginPerps.OrderNotOpen.selector || _perps.isGuardError(failure);
        // What is missing may be a profit that the guard makes wait.
        if (failure == IMarginPerps.InsufficientMargin.selector) {
            (bytes32 market, address trader) = (ticket.order.market, ticket.order.trader);
            bool waits = _held[market][trader].amount != 0 && !_isDue(market, trader);
            kept = waits && _expectedVerdict(market, Action.Decrease) != Verdict.Allow;
        }
        (bool ok, bytes memory result) = address(_perps).call(data);
        if (ok && abi.decode(result, (bool))) _requireMayTakeEffect(attempt);
        if (kept) _requireRefusedAsSuch(attempt, _outcome(ok, result));
        _requirePredicted(kept ? failure : bytes4(0), _outcome(ok, result));
        if (!ok) return;
        if (abi.decode(result, (bool))) revert Broken("INV-1: an order is filled where the model fills it");
        _orders[ticket.id] = OrderStatus.Cancelled;
    }

    function cancel(uint256 input) external {
        uint256 seed = _mixed(input);
        if (_tickets.length == 0) return;
        Ticket memory ticket = _tickets[seed % _tickets.length];
        Order memory order = ticket.order;
        bytes4 before = _orders[ticket.id] == OrderStatus.Open ? bytes4(0) : IMarginPerps.OrderNotOpen.selector;
        Attempt memory attempt = Attempt(order.market, Action.Cancel, false, before, 0);
        if (_attempt(order.trader, abi.encodeCall(IMarginPerps.cancel, (order)), attempt)) {
            _orders[ticket.id] = OrderStatus.Cancelled;
        }
    }

    function close(uint256 input) external {
        uint256 seed = _mixed(input);
        _close(_trader(seed), _marketAt(seed >> 8));
    }

    function _close(address trader, bytes32 market) internal {
        Account memory old = _account(trader, market);
        uint256 pool = _perps.liquidity();
        Attempt memory attempt = Attempt(market, Action.Decrease, false, 0, 0);
        Verdict verdict = _expectedVerdict(market, Action.Decrease);
        if (!_attempt(trader, abi.encodeCall(IMarginPerps.close, (market)), attempt)) return;
        if (_account(trader, market).size != 0) revert Broken("INV-11: a close leaves no position");
        _requireSettled(trader, market, old, pool, verdict);
    }

    function claimProfit(uint256 input) external {
        uint256 seed = _mixed(input);
        _claimProfit(_trader(seed), _marketAt(seed >> 8));
    }

    function _claimProfit(address trader, bytes32 market) internal {
        bytes memory data = abi.encodeCall(IMarginPerps.claimProfit, (market));
        uint256 margin = _account(trader, market).margin;
        if (_isDue(market, trader)) {
            // Paid whatever the status: the guard is not asked.
            vm.prank(trader);
            _try(data, 0);
        } else if (!_attempt(trader, data, Attempt(market, Action.Decrease, true, 0, 0))) {
            return;
        }
        if (_account(trader, market).margin != margin + _held[market][trader].amount) {
            revert Broken("INV-14: what is kept is paid in full");
        }
        _held[market][trader].amount = 0;
    }

    function _isDue(bytes32 market, address trader) private view returns (bool) {
        Held storage held = _held[market][trader];
        return held.amount != 0 && _hasCome(held.due, HELD_FOR);
    }

    /// @notice Somebody liquidates whoever can be.
    function liquidate(uint256 input) external {
        uint256 seed = _mixed(input);
        _liquidate(_trader(seed), _marketAt(seed >> 8));
    }

    function _liquidate(address trader, bytes32 market) internal {
        _requireEquity(trader, market);
        (uint256 worst, uint256 best) = _healths(trader, market);
        (bool allowed, bytes memory reason) = _perps.previewLiquidation(market, worst, best);
        bool expected = _mayLiquidate(market, worst, best);
        (Account memory old, uint256 pool) = (_account(trader, market), _perps.liquidity());
        (bool ok, bytes memory result) = address(_perps).call(abi.encodeCall(IMarginPerps.liquidate, (trader, market)));

        (Status status, ) = _expected(market);
        if (ok && (worst >= 1e18 || (status >= Status.Diverged && best >= 1e18))) {
            revert Broken("INV-13: nobody is liquidated who is solvent in a view that counts");
        }
        if (allowed != expected) revert Broken("INV-1: the verdict on a liquidation is the model's");
        if (worst >= 1e18) {
            _requirePredicted(IMarginPerps.PositionHealthy.selector, _outcome(ok, result));
        } else if (ok != allowed || keccak256(ok ? bytes("") : result) != keccak256(reason)) {
            revert Broken("INV-6: a preview agrees with the call");
        }
        if (!ok) return;
        _observed(market, false);
        _requireSettled(trader, market, old, pool, Verdict.Allow);
    }

    /* REORGS */

    /// @notice Some blocks are replaced by others. What was signed and done on them is gone; orders that were signed on them can still be sent.
    function reorg(uint256 input) external {
        uint256 seed = _mixed(input);
        uint256 snapshot = vm.snapshotState();
        Ticket memory kept = _sign(seed);
        _pass(1 + ((seed >> 216) % 20), 12);
        // Anchored one block deep: on the branch that is about to be lost.
        Ticket memory lost = _sign(uint256(keccak256(abi.encode(seed))) | (1 << 160));
        _execute((seed >> 224) % 2 == 0 ? kept : lost);
        // Remembered in memory alone: the storage of this contract goes back as well.
        if (!vm.revertToState(snapshot)) revert Broken("a reorg needs its snapshot");

        _branches.push(Branch(block.number + 1, keccak256(abi.encode(seed, _branches.length))));
        _pass(1 + ((seed >> 232) % 40), (seed >> 240) % 4 == 0 ? 120 : 12);
        _nonce += 2;
        _store(kept, 0);
        _store(lost, 1);
        _execute(lost);
        _execute(kept);
    }

    /// @dev The hash of a block on the executing branch.
    function _hashOf(uint256 number) private view returns (bytes32) {
        bytes32 salt;
        for (uint256 i = 0; i < _branches.length; ++i) if (_branches[i].first <= number) salt = _branches[i].salt;
        return keccak256(abi.encode(salt, number));
    }

    /* ORDERS */

    function _sign(uint256 seed) private returns (Ticket memory ticket) {
        bytes32 market = _marketAt(seed >> 8);
        uint256 size = 1e15 * (1 + ((seed >> 16) % 100_000));
        uint256 price = _perps.indexPrice(market);
        bool buys = (seed >> 48) % 2 == 0;
        // Mostly a limit far away; sometimes one at the price, which the next move crosses.
        uint256 limit =
            (seed >> 56) % 4 == 0
                ? price
                : buys
                    ? price * 2
                    : price / 2;
        // Mostly some blocks deep, sometimes more than the source's window, sometimes the executing block.
        uint256 depth = (seed >> 160) % 8 == 0 ? (seed >> 168) % 300 : 1 + ((seed >> 168) % 3);
        uint64 number = uint64(block.number - depth);
        ticket.order = Order({
            trader: _trader(seed),
            market: market,
            size: buys ? int256(size) : -int256(size),
            limitPrice: limit,
            nonce: ++_nonce,
            expiry: uint64(block.timestamp + 1 minutes + ((seed >> 64) % 3 days)),
            maxAge: uint64(1 + ((seed >> 96) % 400)),
            anchor: Anchor(number, (seed >> 128) % 32 == 0 ? bytes32(0) : _hashOf(number))
        });
        _sealWith(1 + (seed % TRADERS), ticket);
    }

    /// @dev The same order on another block. What the exchange has done with the first form it must not do with this one.
    function _signAgain(Ticket memory first, uint256 seed) private view returns (Ticket memory ticket) {
        ticket.order = first.order;
        uint64 number = uint64(block.number - 1 - ((seed >> 168) % 3));
        ticket.order.anchor = Anchor(number, _hashOf(number));
        ticket.order.maxAge = uint64(4 + ((seed >> 96) % 400));
        uint256 key = 1;
        while (_traders[key - 1] != ticket.order.trader) ++key;
        _sealWith(key, ticket);
        if (ticket.id != first.id) revert Broken("INV-11: an order that is signed again is the same order");
    }

    /// @dev An order that nothing but the guard, the limit of its leverage and an empty pool can refuse.
    function _signPlain(uint256 trader, bytes32 market, int256 size) internal returns (Ticket memory ticket) {
        uint64 number = uint64(block.number - 2);
        ticket.order = Order({
            trader: _trader(trader),
            market: market,
            size: size,
            limitPrice: size > 0 ? type(uint256).max : 0,
            nonce: ++_nonce,
            expiry: uint64(block.timestamp + 1 hours),
            maxAge: 2,
            anchor: Anchor(number, _hashOf(number))
        });
        _sealWith(1 + (trader % TRADERS), ticket);
    }

    function _sealWith(uint256 key, Ticket memory ticket) private view {
        ticket.id = _perps.orderId(ticket.order);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _perps.orderDigest(ticket.order));
        ticket.signature = abi.encodePacked(r, s, v);
    }

    function _store(Ticket memory ticket, uint256 seed) private {
        if (_tickets.length < TICKETS) _tickets.push(ticket);
        else _tickets[seed % TICKETS] = ticket;
    }

    function _execute(Ticket memory ticket) internal {
        _fill(ticket, _fillOf(ticket), abi.encodeCall(IMarginPerps.execute, (ticket.order, ticket.signature)));
    }

    function _fill(Ticket memory ticket, Attempt memory attempt, bytes memory data) private {
        Order memory order = ticket.order;
        Account memory old = _account(order.trader, order.market);
        uint256 pool = _perps.liquidity();
        Verdict verdict = _expectedVerdict(order.market, attempt.action);
        if (!_attempt(address(this), data, attempt)) return;
        _orders[ticket.id] = OrderStatus.Filled;
        Account memory account = _account(order.trader, order.market);
        if (account.size != old.size + order.size) revert Broken("INV-11: a fill is what was signed");
        bool keepsEntry = verdict == Verdict.AllowConservative && account.size != 0;
        if (account.entryPrice != (keepsEntry ? old.entryPrice : _perps.indexPrice(order.market))) {
            revert Broken("INV-14: what stays open under doubt keeps its entry price");
        }
        // Under doubt a decrease settles what it closes alone.
        if (verdict == Verdict.AllowConservative) old.size = -order.size;
        _requireSettled(order.trader, order.market, old, pool, verdict);
    }

    /// @dev What a fill will do. Also makes BLOCKHASH answer for the order's anchor as the executing branch has it.
    function _fillOf(Ticket memory ticket) private returns (Attempt memory attempt) {
        Order memory order = ticket.order;
        uint256 number = order.anchor.number;
        if (number < block.number && block.number - number <= BLOCKHASH_WINDOW) {
            vm.setBlockhash(number, _hashOf(number));
        }
        int256 size = _account(order.trader, order.market).size;
        int256 sum = size + order.size;
        bool smaller = size > 0 ? sum >= 0 && sum <= size : sum <= 0 && sum >= size;
        attempt.market = order.market;
        attempt.action = smaller ? Action.Decrease : Action.Increase;
        attempt.strict = !smaller;
        if (_orders[ticket.id] != OrderStatus.Open) attempt.before = IMarginPerps.OrderNotOpen.selector;
        else if (block.timestamp >= order.expiry) attempt.before = IMarginPerps.OrderExpired.selector;
        else attempt.before = _anchorError(order);
        attempt.beyond = _fillError(order, smaller);
    }

    function _anchorError(Order memory order) private view returns (bytes4) {
        (uint256 number, uint256 head) = (order.anchor.number, block.number);
        if (order.anchor.hash == 0) return IAnchorErrors.ZeroAnchorHash.selector;
        if (number == head) return IAnchorErrors.AnchorIsCurrentBlock.selector;
        if (number > head) return IAnchorErrors.AnchorInFuture.selector;
        ScopeConfig storage config = _ghosts[order.market].config;
        if (head - number < config.minDepth) return IAnchorErrors.AnchorTooShallow.selector;
        if (head - number > order.maxAge || head - number > config.maxAge) return IAnchorErrors.AnchorTooDeep.selector;
        // Hardhat's EIP-2935 contract always reverts: unknown.
        if (head - number > 8191) return IAnchorErrors.AnchorOutOfWindow.selector;
        if (head - number > BLOCKHASH_WINDOW) return IAnchorErrors.AnchorHashUnknown.selector;
        return order.anchor.hash == _hashOf(number) ? bytes4(0) : IAnchorErrors.AnchorMismatch.selector;
    }

    /// @dev What the exchange itself finds wrong with a fill.
    function _fillError(Order memory order, bool smaller) private view returns (bytes4) {
        uint256 price = _perps.indexPrice(order.market);
        if (order.size > 0 ? price > order.limitPrice : price < order.limitPrice) {
            return IMarginPerps.PriceBeyondLimit.selector;
        }
        Account memory account = _account(order.trader, order.market);
        int256 size = account.size;
        // Under doubt a decrease settles what it closes alone.
        if (smaller && _expectedVerdict(order.market, Action.Decrease) != Verdict.Allow) account.size = -order.size;
        int256 profit = _profitAt(account, price);
        uint256 kept = _held[order.market][order.trader].amount;
        if (profit > 0 ? uint256(profit) > _perps.liquidity() : uint256(-profit) > account.margin + kept) {
            return IMarginPerps.MarkUnpaid.selector;
        }
        if (smaller) return 0;
        // What is kept takes a loss first, and is no initial margin.
        if (profit < 0) profit += int256(uint256(-profit) < kept ? uint256(-profit) : kept);
        int256 margin = int256(account.margin) + profit;
        bool enough = margin >= int256((_abs(size + order.size) * price) / 1e18 / 10);
        return enough ? bytes4(0) : IMarginPerps.InsufficientMargin.selector;
    }

    /// @dev After `amount` has been taken out.
    function _marginError(address trader, bytes32 market, uint256 amount) private view returns (bytes4) {
        Account memory account = _account(trader, market);
        if (account.size == 0) return 0;
        uint256 price = _perps.indexPrice(market);
        int256 equity = int256(account.margin - amount) + _profitAt(account, price);
        bool enough = equity >= int256((_abs(account.size) * price) / 1e18 / 10);
        return enough ? bytes4(0) : IMarginPerps.InsufficientMargin.selector;
    }

    /* GUARDED CALLS */

    /// @dev Calls a guarded function, and compares what it did with the model and with the preview.
    function _attempt(address caller, bytes memory data, Attempt memory attempt) private returns (bool ok) {
        (Verdict verdict, bytes memory reason) = _perps.preview(attempt.market, attempt.action);
        bytes memory result;
        vm.prank(caller);
        (ok, result) = address(_perps).call(data);
        bytes4 actual = _outcome(ok, result);
        if (ok) _requireMayTakeEffect(attempt);
        _requireRefusedAsSuch(attempt, actual);

        (Status status, ) = _expected(attempt.market);
        if (
            _isExit(attempt.action) &&
            !attempt.strict &&
            actual == IActionErrors.ActionDenied.selector &&
            status < Status.Halted
        ) {
            revert Broken("INV-4: the guard reverts no exit below Halted");
        }
        bool passes = verdict == Verdict.Allow || (verdict == Verdict.AllowConservative && !attempt.strict);
        bool denied = actual == IActionErrors.ActionDenied.selector;
        if (denied ? passes || keccak256(result) != keccak256(reason) : ok && !passes) {
            revert Broken("INV-6: a preview agrees with the call");
        }
        bytes4 expected = _predict(attempt);
        if (actual != expected) revert Unpredicted(expected, actual);
        if (ok) _observed(attempt.market, false);
    }

    /// @dev INV-2 and INV-11, of a call that took effect.
    function _requireMayTakeEffect(Attempt memory attempt) private view {
        (Status status, ) = _expected(attempt.market);
        bool allowed = _cell(_ghosts[attempt.market].table, attempt.action, status) == Verdict.Allow;
        if (!_isExit(attempt.action) && (status >= Status.Diverged || !allowed)) {
            revert Broken("INV-2: nothing opens, and nothing leaves, where the policy denies it, and from Diverged on");
        }
        if (attempt.before != 0) {
            revert Broken("INV-11: an order is filled once, in time, and on its anchor's branch alone");
        }
    }

    /// @dev INV-11 before it takes effect: what rules an order out is not left to whatever might stop it next.
    function _requireRefusedAsSuch(Attempt memory attempt, bytes4 actual) private pure {
        if (attempt.before != 0 && actual != attempt.before) {
            revert Broken("INV-11: an order that is done, late or of another branch is refused for that");
        }
    }

    function _predict(Attempt memory attempt) private view returns (bytes4) {
        if (attempt.before != 0) return attempt.before;
        Verdict verdict = _expectedVerdict(attempt.market, attempt.action);
        if (verdict == Verdict.Deny || (attempt.strict && verdict != Verdict.Allow)) {
            return IActionErrors.ActionDenied.selector;
        }
        return attempt.beyond;
    }

    /// @dev INV-14: what became of a profit or a loss of `old`, whose size is what was settled.
    /// @param pool the liquidity before
    function _requireSettled(
        address trader,
        bytes32 market,
        Account memory old,
        uint256 pool,
        Verdict verdict
    ) private {
        int256 profit = _profitAt(old, _perps.indexPrice(market));
        Held storage held = _held[market][trader];
        uint256 margin = old.margin;
        if (profit > 0) {
            uint256 paid = uint256(profit) < pool ? uint256(profit) : pool;
            if (verdict == Verdict.Allow) {
                margin += paid;
            } else if (paid != 0) {
                held.amount += paid;
                held.due = _later(_moment(), HELD_FOR, _ghosts[market].config.longestBlockTime);
            }
        } else {
            uint256 loss = uint256(-profit);
            uint256 taken = loss < held.amount ? loss : held.amount;
            held.amount -= taken;
            loss -= taken;
            margin -= loss < margin ? loss : margin;
        }
        if (_account(trader, market).margin != margin) {
            revert Broken("INV-14: under doubt a profit waits, and a loss takes what waits before the margin");
        }
    }

    function _mayLiquidate(bytes32 market, uint256 worst, uint256 best) private view returns (bool) {
        (Status status, ) = _expected(market);
        Verdict verdict = _expectedVerdict(market, Action.Liquidate);
        if (verdict == Verdict.Deny) return false;
        if (verdict == Verdict.Allow) return worst < 1e18;
        return worst < 0.95e18 && (status < Status.Diverged || best < 1e18);
    }

    /* ACCOUNTS */

    function _trader(uint256 seed) internal view returns (address) {
        return _traders[seed % TRADERS];
    }

    function _account(address trader, bytes32 market) internal view returns (Account memory account) {
        (account.margin, account.size, account.entryPrice) = _perps.accounts(trader, market);
    }

    /// @dev INV-13: what waits of a profit counts in equity and in health.
    function _requireEquity(address trader, bytes32 market) internal view {
        Account memory account = _account(trader, market);
        uint256 kept = _held[market][trader].amount;
        int256 equity = int256(account.margin + kept) + _profitAt(account, _perps.indexPrice(market));
        if (_perps.equity(trader, market) != equity) revert Broken("INV-13: what waits counts in equity");
        (uint256 worst, uint256 best) = _perps.healthOf(trader, market);
        (uint256 expectedWorst, uint256 expectedBest) = _healths(trader, market);
        if (worst != expectedWorst || best != expectedBest) revert Broken("INV-13: what waits counts in health");
    }

    function _healths(address trader, bytes32 market) private view returns (uint256 worst, uint256 best) {
        Account memory account = _account(trader, market);
        account.margin += _held[market][trader].amount;
        worst = _healthAt(account, _perps.indexPrice(market));
        best = _healthAt(account, _lastPrices[market]);
        if (best < worst) best = worst;
    }

    function _healthAt(Account memory account, uint256 price) private pure returns (uint256) {
        uint256 required = (_abs(account.size) * price) / 1e18 / 20;
        if (required == 0) return type(uint256).max;
        int256 equity = int256(account.margin) + _profitAt(account, price);
        return equity <= 0 ? 0 : (uint256(equity) * 1e18) / required;
    }

    function _profitAt(Account memory account, uint256 price) private pure returns (int256) {
        return (account.size * (int256(price) - int256(account.entryPrice))) / 1e18;
    }

    function _abs(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? -value : value);
    }
}
