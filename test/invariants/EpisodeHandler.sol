// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Account} from "../../contracts/examples/IMarginPerps.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {ExchangeHandler} from "./ExchangeHandler.sol";

/// @title Episodes: several calls in an order that single steps meet too seldom
/// @notice Each call is predicted as in a step of its own. What stands in an episode's way, such as a pause or an older cause, is predicted too.
abstract contract EpisodeHandler is ExchangeHandler {
    /// @notice A position near its limit, a contradiction, and a price that says it is insolvent, twice. Only then is the market healed.
    function crashUnderDoubt(uint256 input) external {
        uint256 seed = _mixed(input);
        (uint256 trader, bytes32 market, uint256 cause) = (seed % TRADERS, _marketAt(seed >> 8), (seed >> 16) % CAUSES);
        _openLarge(trader, market, (seed >> 24) % 2 == 0);
        // A contradiction of the exchange makes its markets Diverged as well, and lets their second view move.
        bytes32 scope = (seed >> 32) % 4 == 0 ? EXCHANGE : market;
        _raise(scope, cause, Status.Diverged, uint64(block.number));

        uint256 adverse =
            _account(_trader(trader), market).size > 0 ? 90 - ((seed >> 40) % 20) : 110 + ((seed >> 40) % 20);
        uint256 price = (_perps.indexPrice(market) * adverse) / 100;
        for (uint256 i = 0; i < 2; ++i) {
            _setPrice(market, price);
            _liquidate(_trader(trader), market);
        }
        _pass(1 + ((seed >> 48) % 20), 12);
        if (_ghosts[scope].causes[cause].status != Status.Synced) _heal(scope, cause, uint64(block.number));
        for (uint256 i = 0; i < 2; ++i) {
            _setPrice(market, price);
            _liquidate(_trader(trader), market);
        }
    }

    /// @notice A gain under a contradiction or after an outage, closed in one or two parts. What was held back is
    /// claimed until it is there, and once more, and withdrawn.
    function profitUnderDoubt(uint256 input) external {
        uint256 seed = _mixed(input);
        (uint256 key, bytes32 market, uint256 cause) = _openUnderDoubt(seed);
        address trader = _trader(key);
        int256 size = _account(trader, market).size;
        _setPrice(market, (_perps.indexPrice(market) * (size > 0 ? 115 : 85)) / 100);
        if ((seed >> 40) % 2 == 0 && size != 0) _execute(_signPlain(key, market, -size / 2));
        _close(trader, market);
        _claimProfit(trader, market);
        _pass(1 + ((seed >> 48) % 20), 12);
        if (_ghosts[market].causes[cause].status != Status.Synced) _heal(market, cause, uint64(block.number));
        _claimProfit(trader, market);
        _pass(2 * 7_200, 12);
        // An order that the margin does not carry, while some of it is still held back.
        _executeOrCancel(_signPlain(key, market, 1e24));
        _claimProfit(trader, market);
        _claimProfit(trader, market);
        _withdraw(trader, market, _account(trader, market).margin / 2);
    }

    /// @dev A large position, and then a contradiction or an outage.
    function _openUnderDoubt(uint256 seed) private returns (uint256 key, bytes32 market, uint256 cause) {
        (key, market, cause) = (seed % TRADERS, _marketAt(seed >> 8), (seed >> 16) % CAUSES);
        _provideLiquidity(10_000e18);
        _openLarge(key, market, (seed >> 24) % 2 == 0);
        if ((seed >> 32) % 2 == 0) _raise(market, cause, Status.Diverged, uint64(block.number));
        else _pass(1, 2 hours);
    }

    /// @notice A gain under doubt of which half is realised and kept. Then come losses that the margin alone does not
    /// bear, step by step. At each there are attempts to liquidate, in both views. What is kept carries the position
    /// until it is eaten.
    function profitEaten(uint256 input) external {
        uint256 seed = _mixed(input);
        (uint256 key, bytes32 market, uint256 cause) = _openUnderDoubt(seed);
        address trader = _trader(key);
        int256 size = _account(trader, market).size;
        _setPrice(market, size > 0 ? 120e18 : 80e18);
        if (size != 0) _execute(_signPlain(key, market, -size / 2));
        // Every other time the market is healed, so that both views move.
        if (_ghosts[market].causes[cause].status != Status.Synced && (seed >> 40) % 2 == 0) {
            _pass(1, 12);
            _heal(market, cause, uint64(block.number));
        }
        for (uint256 i = 0; i < 5; ++i) {
            uint256 loss = 5e18 + i * (5e18 + ((seed >> (48 + 8 * i)) % 5) * 1e18);
            for (uint256 j = 0; j < 2; ++j) _setPrice(market, size > 0 ? 100e18 - loss : 100e18 + loss);
            _liquidate(trader, market);
        }
    }

    /// @notice A scope is Halted, healed and Halted again. Exits are closed once, open meanwhile, and closed again only
    /// when it is time.
    function haltAgain(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, uint256 cause) = (_scopeAt(seed), (seed >> 8) % CAUSES);
        uint256 exitsFor = _ghosts[scope].config.exitsFor;
        for (uint256 i = 0; i < 4; ++i) {
            _pass(1, 12);
            if (_ghosts[scope].causes[cause].status != Status.Synced && (seed >> (16 + i)) % 4 != 0) {
                _heal(scope, cause, uint64(block.number));
                _pass(1, 12);
            }
            _raise(scope, (cause + ((seed >> (24 + i)) % 2)) % CAUSES, Status.Halted, uint64(block.number));
            // From a little to two closings, mostly with blocks.
            uint256 time = (exitsFor * (1 + ((seed >> (32 + 8 * i)) % 16))) / 8;
            if ((seed >> (64 + i)) % 4 == 0) _pass(1, time);
            else _pass(time / 12, 12);
            _requireStatusesAsPredicted();
            _close(_trader(seed), _marketAt(seed >> 72));
        }
    }

    /// @notice A disturbance that lasts for long, on a chain whose blocks are fast. Then a configuration in which
    /// disturbances are short, and another disturbance.
    function shorterDisturbance(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _scopeAt(seed);
        _schedule(scope, 2);
        _passDelay();
        _apply(scope, 2);
        _schedule(scope, 0);
        _passDelay();
        // Days of fast blocks account for any outage: the heartbeat must be fresh.
        _poke(scope);
        _pass(1, 3 hours);
        uint256 begin = block.timestamp;
        _apply(scope, 0);
        _pass(1, 20 minutes + ((seed >> 8) % 1 hours));
        _poke(scope);
        _pass(2_000 + ((seed >> 24) % 2_000), 1);
        // Every other time into the grace of the first one.
        if ((seed >> 40) % 2 == 0) _pass((begin + 1 days + 5 minutes - block.timestamp) / 12, 12);
    }

    /// @dev A position of eight times the margin. Its end is a twelfth of the price away, where both views are one.
    function _openLarge(uint256 trader, bytes32 market, bool buys) private {
        address owner = _trader(trader);
        _close(owner, market);
        _setPrice(market, 100e18);
        _setPrice(market, 100e18);
        _deposit(owner, market, 1_000e18);
        _pass(1, 12);
        Account memory account = _account(owner, market);
        int256 size = int256((8e18 * account.margin) / _perps.indexPrice(market));
        if (account.size == 0 && size != 0) _execute(_signPlain(trader, market, buys ? size : -size));
    }
}
