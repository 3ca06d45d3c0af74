// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SettlementGuard} from "../../contracts/SettlementGuard.sol";
import {Anchor} from "../../contracts/anchor/Anchor.sol";
import {IAnchorErrors} from "../../contracts/interfaces/IAnchorErrors.sol";
import {Action, Policies, Status} from "../../contracts/policy/Policy.sol";
import {ScopeConfig} from "../../contracts/policy/Scopes.sol";
import {LiveTime} from "../../contracts/testing/LiveTime.sol";
import {LiveTimeCaller} from "./LiveTimeCaller.sol";

/// @notice A protocol under test: opening needs an anchor and a market that is in order.
contract LiveTimePerps is SettlementGuard {
    bytes32 public constant MARKET = "ETH-PERP";
    uint256 public opened;

    constructor() {
        _configureScope(
            MARKET,
            ScopeConfig({
                policy: Policies.STANDARD,
                parent: 0,
                minDepth: 1,
                maxAge: 256,
                keeperLatency: 60,
                gap: 15 minutes,
                staleFor: 10 minutes,
                graceFor: 30 minutes,
                exitsFor: 1 days,
                blockTime: 12_000,
                longestBlockTime: 13_500
            })
        );
    }

    function open(Anchor calldata anchor) external guardedAt(MARKET, Action.Increase, anchor) {
        ++opened;
    }

    function moment() external view returns (uint256 timestamp, uint256 number) {
        return (block.timestamp, block.number);
    }
}

/// @title A test suite of a protocol, as a user of Foundry writes it
contract LiveTimeTest {
    error Unexpected(string what);

    LiveTimePerps private _perps;
    LiveTimeCaller private _caller;

    function setUp() external {
        LiveTime.pass(1 hours);
        _perps = new LiveTimePerps();
        _caller = new LiveTimeCaller();
    }

    function test_A12_TheMarketIsInOrderAfterAnHourADayAndAWeek() external {
        uint256 opened = 0;
        uint24[3] memory times = [1 hours, 1 days, 1 weeks];
        for (uint256 i = 0; i < times.length; ++i) {
            LiveTime.pass(times[i]);
            _expectStatus(Status.Synced);
            _perps.open(LiveTime.anchor(2));
            ++opened;
        }
        _require(_perps.opened() == opened, "each opening took effect");
    }

    function test_A12_TimeAndBlocksMoveTogether() external {
        (uint256 timestamp, uint256 number) = _perps.moment();
        LiveTime.pass(25);
        _expectMoment(timestamp + 25, number + 3);
        LiveTime.pass(24);
        _expectMoment(timestamp + 49, number + 5);
        LiveTime.pass(10, 2);
        _expectMoment(timestamp + 59, number + 10);
        LiveTime.pass(0);
        _expectMoment(timestamp + 59, number + 10);
        LiveTime.standstill(1 hours);
        _expectMoment(timestamp + 59 + 1 hours, number + 11);
    }

    function test_A12_AStandstillIsAnOutageUntilBlocksHaveComeAgain() external {
        _perps.open(LiveTime.anchor(2));
        LiveTime.standstill(1 hours);
        _expectStatus(Status.Stale);
        Anchor memory anchor = LiveTime.anchor(1);
        try _perps.open(anchor) {
            revert Unexpected("an opening in an outage");
        } catch {
            _require(_perps.opened() == 1, "refused");
        }
        // What was refused left nothing on record. On record, the outage ends by time alone.
        _perps.poke(_perps.MARKET());
        LiveTime.pass(2 hours);
        _expectStatus(Status.Synced);
        _perps.open(LiveTime.anchor(2));
    }

    function test_AnAnchorIsTheBlockThatBlockhashKnows() external {
        for (uint256 depth = 1; depth <= 256; depth += 51) {
            Anchor memory anchor = LiveTime.anchor(depth);
            (, uint256 number) = _perps.moment();
            _require(anchor.number == number - depth, "its number");
            _require(anchor.hash != 0 && anchor.hash == blockhash(anchor.number), "its hash");
            Anchor memory again = LiveTime.anchor(depth);
            _require(again.hash == anchor.hash, "the same again");
            _perps.open(anchor);
        }
    }

    function test_AReorgRefusesWhatWasPreparedInIt() external {
        Anchor memory below = LiveTime.anchor(4);
        Anchor memory inside = LiveTime.anchor(3);
        LiveTime.reorg(3);
        _perps.open(below);
        try _perps.open(inside) {
            revert Unexpected("an anchor on the branch that is gone");
        } catch (bytes memory reason) {
            bytes32 actual = blockhash(inside.number);
            _require(
                keccak256(reason) ==
                    keccak256(
                        abi.encodeWithSelector(
                            IAnchorErrors.AnchorMismatch.selector,
                            inside.number,
                            inside.hash,
                            actual
                        )
                    ),
                "AnchorMismatch"
            );
        }
        _perps.open(LiveTime.anchor(3));
    }

    function test_WhatCannotBeIsRefused() external {
        (, uint256 number) = _perps.moment();
        uint256[4] memory depths = [0, 257, number + 1, type(uint256).max];
        for (uint256 i = 0; i < depths.length; ++i) {
            try _caller.anchor(depths[i]) {
                revert Unexpected("an anchor at no depth");
            } catch (bytes memory reason) {
                _require(bytes4(reason) == LiveTime.NoBlockAtDepth.selector, "NoBlockAtDepth");
            }
        }
        try _caller.pass(1, 0) {
            revert Unexpected("a block time of zero");
        } catch (bytes memory reason) {
            _require(bytes4(reason) == LiveTime.NoBlockTime.selector, "NoBlockTime");
        }
    }

    function _expectStatus(Status expected) private view {
        (Status status, ) = _perps.statusOf(_perps.MARKET());
        _require(status == expected, "the status");
    }

    function _expectMoment(uint256 timestamp, uint256 number) private view {
        (uint256 time, uint256 height) = _perps.moment();
        _require(time == timestamp, "the time");
        _require(height == number, "the number of blocks");
    }

    function _require(bool condition, string memory what) private pure {
        if (!condition) revert Unexpected(what);
    }
}
