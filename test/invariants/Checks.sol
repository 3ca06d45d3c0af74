// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Action, Status, Verdict} from "../../contracts/policy/Policy.sol";
import {EpisodeHandler} from "./EpisodeHandler.sol";
import {Broken, vm} from "./Vm.sol";

/// @title What holds between steps, and at the end of a run
abstract contract Checks is EpisodeHandler {
    /// @dev A pause, or the longest time in Stale with the longest grace after it, whichever is longer.
    uint256 private constant LONGEST_DISTURBANCE = 1 days + 4 hours;
    uint256 private constant LONGEST_CLOSING = 7 days;

    function checkStatuses() external view {
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 scope = _scopeAt(i);
            (Status status, Status exits) = _perps.statusOf(scope);
            (Status expectedStatus, Status expectedExits) = _expected(scope);
            if (status != expectedStatus) revert Broken("INV-1: the status is the model's");
            if (exits != expectedExits) revert Broken("INV-1: the status for exits is the model's");
        }
    }

    function checkVerdicts() external view {
        for (uint256 i = 0; i < 3; ++i) {
            Action action = Action(uint256(keccak256(abi.encode(block.timestamp, block.number, i))) % 8);
            (Verdict verdict, ) = _perps.preview(_scopeAt(i), action);
            if (verdict != _expectedVerdict(_scopeAt(i), action)) revert Broken("INV-1: the verdict is the model's");
        }
    }

    function checkFloors() external view {
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 scope = _scopeAt(i);
            (Status status, ) = _perps.statusOf(scope);
            if (status < _recordedFloor(scope)) revert Broken("INV-3: nothing but evidence and time lowers a status");
        }
    }

    function checkCounters() external view {
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 divergences, uint256 halts) = _perps.openCausesOf(_scopeAt(i));
            for (uint256 j = 0; j < CAUSES; ++j) {
                Status status = _ghosts[_scopeAt(i)].causes[j].status;
                if (status == Status.Diverged) --divergences;
                if (status == Status.Halted) --halts;
            }
            if (divergences != 0 || halts != 0) revert Broken("INV-10: open causes are counted");
        }
    }

    function checkHeartbeats() external {
        _requireHeartbeatsRise();
    }

    function checkExits() external view {
        _requireExitsOpenInTime();
    }

    function checkSolvency() external view {
        uint256 owed = _perps.liquidity() + _perps.writtenOff();
        for (uint256 i = 0; i < TRADERS; ++i) {
            for (uint256 j = 0; j < 2; ++j) {
                owed += _account(_traders[i], _marketAt(j)).margin;
                uint256 kept = _perps.escrowedProfit(_marketAt(j), _traders[i]);
                if (kept != _held[_marketAt(j)][_traders[i]].amount) {
                    revert Broken("INV-14: what is kept is what waits, less the losses that followed");
                }
                owed += kept;
            }
        }
        if (_token.balanceOf(address(_perps)) != owed)
            revert Broken("INV-15: margins, liquidity and escrow are in the till");
    }

    /// @notice Called at the end of a run.
    function checkEnd() external {
        _requireEnds();
    }

    /// @notice A step that asks in the middle of a run how it would end from here.
    function lookAhead(uint256) external {
        uint256 snapshot = vm.snapshotState();
        _requireEnds();
        if (!vm.revertToState(snapshot)) revert Broken("a look ahead needs its snapshot");
    }

    /// @dev INV-16: a while later on a live chain nothing is left but open causes, and no exit is closed.
    function _requireEnds() private {
        for (uint256 i = 0; i < 2; ++i) _perps.poke(_marketAt(i));
        _pass(LONGEST_DISTURBANCE / 12, 12);
        for (uint256 i = 0; i < 3; ++i) {
            (Status status, ) = _perps.ownStatusOf(_scopeAt(i));
            if (status != _worstCause(_scopeAt(i))) revert Broken("INV-16: all but open causes ends by itself");
        }
        _pass(LONGEST_CLOSING / 12, 12);
        for (uint256 i = 0; i < 3; ++i) {
            (, Status exits) = _perps.statusOf(_scopeAt(i));
            (Verdict verdict, ) = _perps.preview(_scopeAt(i), Action.Decrease);
            Status cause = _worstCause(_scopeAt(i));
            if (i != 0) cause = _worseOf(cause, _worstCause(EXCHANGE));
            Status open = cause == Status.Halted ? Status.Diverged : cause;
            if (exits != open || verdict == Verdict.Deny) revert Broken("INV-16: exits open by themselves");
        }
    }
}
