// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region test
import {StandaloneGuard} from "settlement-guard/contracts/StandaloneGuard.sol";
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {IActionErrors} from "settlement-guard/contracts/interfaces/IActionErrors.sol";
import {IAnchorErrors} from "settlement-guard/contracts/interfaces/IAnchorErrors.sol";
import {LiveTime} from "settlement-guard/contracts/testing/LiveTime.sol";

import {Perps} from "../src/Perps.sol";
import {Registry} from "../src/Registry.sol";
import {Test} from "./Test.sol";
import {market} from "./market.sol";

contract PerpsTest is Test {
    Perps private perps;
    Registry private registry;

    function setUp() public {
        LiveTime.pass(1 hours);
        perps = new Perps(market());
        registry = new Registry(new StandaloneGuard());
    }

    function test_tradesOnTheBranchThatItsTraderSaw() public {
        perps.trade(5, LiveTime.anchor(2));
        assertEq(perps.positions(address(this)), 5);
    }

    function test_refusesAnotherBranch() public {
        Anchor memory anchor = LiveTime.anchor(2);
        LiveTime.reorg(3);
        vm.expectPartialRevert(IAnchorErrors.AnchorMismatch.selector);
        perps.trade(5, anchor);
    }

    function testFuzz_refusesEveryOtherHash(bytes32 hash) public {
        Anchor memory anchor = LiveTime.anchor(2);
        if (hash == anchor.hash || hash == 0) return;
        anchor.hash = hash;
        vm.expectPartialRevert(IAnchorErrors.AnchorMismatch.selector);
        perps.trade(5, anchor);
    }

    function test_tradesAfterQuietDays() public {
        LiveTime.pass(3 days);
        perps.trade(5, LiveTime.anchor(1));
    }

    function test_opensNothingAfterAnOutage() public {
        LiveTime.standstill(1 hours);
        Anchor memory anchor = LiveTime.anchor(1);
        vm.expectPartialRevert(IActionErrors.ActionDenied.selector);
        perps.trade(5, anchor);
    }

    function test_asksTheDeployedGuard() public {
        Anchor memory anchor = LiveTime.anchor(1);
        registry.record("seen", anchor);
        assertEq(registry.records(address(this)), "seen");

        LiveTime.reorg(1);
        vm.expectPartialRevert(IAnchorErrors.AnchorMismatch.selector);
        registry.record("seen", anchor);
    }
}
// #endregion test
