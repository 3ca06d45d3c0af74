// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerChecks} from "./LedgerChecks.sol";
import {vm} from "./Vm.sol";

/// @dev Beside the test: the runner recognises the handler by an artifact.
contract LedgerRoomHandler is LedgerChecks {}

/// @title INV-22 to INV-31 of docs/invariants.md
/// @notice A step is checked by the handler itself, and what holds between steps by `invariant_ledgerRoom`.
contract LedgerRoomTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    LedgerRoomHandler private _handler;

    function setUp() external {
        vm.warp(1_767_225_600);
        vm.roll(24_000_000);
        _handler = new LedgerRoomHandler();
        _handler.start();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[19] memory all = [
            _handler.blocksPass.selector,
            _handler.outagePasses.selector,
            _handler.act.selector,
            _handler.poke.selector,
            _handler.begin.selector,
            _handler.retire.selector,
            _handler.handOver.selector,
            _handler.administer.selector,
            _handler.commit.selector,
            _handler.commitOn.selector,
            _handler.sign.selector,
            _handler.signWrongly.selector,
            _handler.relay.selector,
            _handler.relayChanged.selector,
            _handler.dispute.selector,
            _handler.accuse.selector,
            _handler.heal.selector,
            _handler.healThrough.selector,
            _handler.lookAhead.selector
        ];
        bytes4[] memory steps = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) steps[i] = all[i];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), steps);
    }

    /// @notice After every step.
    function invariant_ledgerRoom() public {
        _handler.check();
    }

    /// @notice After every run, and in the midst of some: INV-27 to INV-29.
    function afterInvariant() external {
        _handler.checkEnd();
    }
}
