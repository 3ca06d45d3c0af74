// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region branches
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {IActionErrors} from "settlement-guard/contracts/interfaces/IActionErrors.sol";
import {IAnchorErrors} from "settlement-guard/contracts/interfaces/IAnchorErrors.sol";
import {Status} from "settlement-guard/contracts/policy/Policy.sol";
import {GuardTest} from "settlement-guard/contracts/testing/GuardTest.sol";

import {Perps} from "../src/Perps.sol";
import {Test} from "./Test.sol";
import {market} from "./market.sol";

contract BranchesTest is Test, GuardTest {
    Perps private perps;

    function setUp() public {
        perps = new Perps(market());
        roll(300); // an hour
    }

    function test_refusesOnTheMajoritysBranchWhatTheMinoritySaw() public {
        partition("majority", "minority");
        roll(3);
        switchTo("minority");
        roll(3);
        Anchor memory seen = anchorAt(2);

        switchTo("majority");
        expectGuardError(IAnchorErrors.AnchorMismatch.selector, abi.encode(seen.number, seen.hash, anchorAt(2).hash));
        perps.trade(5, seen);

        switchTo("minority");
        perps.trade(5, seen);
        assertEq(perps.positions(address(this)), 5);
    }

    function test_aReorgUndoesAFillAndRefusesItsAnchor() public {
        Anchor memory below = anchorAt(1);
        roll(3);
        Anchor memory inside = anchorAt(1);
        perps.trade(5, inside);
        roll();

        reorg(4);
        assertEq(perps.positions(address(this)), 0);
        expectGuardError("AnchorMismatch(uint64,bytes32,bytes32)");
        perps.trade(5, inside);
        perps.trade(5, below); // sent again, anchored where both branches agree
        assertEq(perps.positions(address(this)), 5);
    }

    function test_opensNothingAfterAnOutage() public {
        outage(1 hours);
        (Status status, ) = perps.statusOf(perps.MARKET());
        assertEq(uint8(status), uint8(Status.Stale));
        Anchor memory anchor = anchorAt(1);
        expectGuardError(IActionErrors.ActionDenied.selector);
        perps.trade(5, anchor);
    }
}
// #endregion branches
