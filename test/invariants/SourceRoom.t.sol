// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SourceHandler} from "./SourceHandler.sol";

/// @dev Beside the test: the runner recognises the handler by an artifact.
contract SourceRoomHandler is SourceHandler {}

/// @title INV-19 to INV-21 of docs/invariants.md
contract SourceRoomTest {
    SourceRoomHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() external {
        _handler = new SourceRoomHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[8] memory all = [
            _handler.tell.selector,
            _handler.tellAll.selector,
            _handler.reorganise.selector,
            _handler.forget.selector,
            _handler.behave.selector,
            _handler.record.selector,
            _handler.pin.selector,
            _handler.pinSourced.selector
        ];
        bytes4[] memory steps = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) steps[i] = all[i];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), steps);
    }

    function invariant_sourceRoom() public {
        _handler.checkAnswers();
    }
}
