// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProofDesk} from "../../contracts/ProofDesk.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Checks} from "./Checks.sol";
import {EvidentPerps} from "./EvidentPerps.sol";
import {vm} from "./Vm.sol";

/// @dev Beside the test: the runner recognises the handler by an artifact. A build of this file alone makes those of
/// this file.
contract PolicyRoomHandler is Checks {}

/// @title The invariants of docs/invariants.md
/// @notice One campaign for all: a step is checked by the handler itself, and what holds between steps by `invariant_policyRoom`.
contract PolicyRoomTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    PolicyRoomHandler private _handler;

    function setUp() external {
        vm.warp(1_767_225_600);
        vm.roll(24_000_000);
        _handler = new PolicyRoomHandler();
        TestToken token = new TestToken();
        _handler.start(new EvidentPerps(token, address(_handler), address(_handler), new ProofDesk()), token);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), _steps());
    }

    /// @notice INV-1 to INV-15 and INV-17, after every step. What concerns one step is checked in it.
    function invariant_policyRoom() public {
        _handler.checkHeartbeats();
        _handler.checkCounters();
        _handler.checkSolvency();
        _handler.checkFloors();
        _handler.checkExits();
        _handler.checkStatuses();
        _handler.checkVerdicts();
        _handler.checkMonotone();
    }

    /// @notice INV-16 and INV-18, after every run; and in the midst of some.
    function afterInvariant() external {
        _handler.checkEnd();
    }

    function _steps() private view returns (bytes4[] memory steps) {
        bytes4[31] memory all = [
            _handler.blocksPass.selector,
            _handler.quietDaysPass.selector,
            _handler.slowBlocksPass.selector,
            _handler.outagePasses.selector,
            _handler.reorg.selector,
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
            _handler.liquidate.selector,
            _handler.crashUnderDoubt.selector,
            _handler.profitUnderDoubt.selector,
            _handler.profitEaten.selector,
            _handler.haltAgain.selector,
            _handler.shorterDisturbance.selector,
            _handler.lookAhead.selector
        ];
        steps = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) steps[i] = all[i];
    }
}
