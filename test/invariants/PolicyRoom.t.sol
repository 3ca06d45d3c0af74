// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {EvidentPerps} from "./EvidentPerps.sol";
import {ExchangeHandler} from "./ExchangeHandler.sol";
import {vm} from "./Vm.sol";

contract PolicyRoomTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    ExchangeHandler private _handler;

    function setUp() external {
        vm.warp(1_767_225_600);
        vm.roll(24_000_000);
        _handler = new ExchangeHandler();
        TestToken token = new TestToken();
        EvidentPerps perps = new EvidentPerps(token, address(_handler), address(_handler));
        _handler.start(perps, token);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(_handler);
        targets[0].selectors = new bytes4[](24);
        bytes4[24] memory all = [
            _handler.blocksPass.selector,
            _handler.quietDaysPass.selector,
            _handler.slowBlocksPass.selector,
            _handler.outagePasses.selector,
            _handler.poke.selector,
            _handler.pause.selector,
            _handler.pauseAgain.selector,
            _handler.schedule.selector,
            _handler.unschedule.selector,
            _handler.applyScheduled.selector,
            _handler.intrude.selector,
            _handler.raise.selector,
            _handler.heal.selector,
            _handler.deposit.selector,
            _handler.withdraw.selector,
            _handler.provideLiquidity.selector,
            _handler.movePrice.selector,
            _handler.trade.selector,
            _handler.execute.selector,
            _handler.executeOrCancel.selector,
            _handler.cancel.selector,
            _handler.close.selector,
            _handler.claimProfit.selector,
            _handler.liquidate.selector
        ];
        for (uint256 i = 0; i < all.length; ++i) targets[0].selectors[i] = all[i];
    }

    function invariant_all() external {
        _handler.checkStatuses();
        _handler.checkFloors();
        _handler.checkVerdicts();
        _handler.checkCounters();
        _handler.checkHeartbeats();
        _handler.checkSolvency();
    }
}
