// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Action, Policy, Status, Verdict} from "../../contracts/policy/Policy.sol";
import {EpisodeHandler} from "./EpisodeHandler.sol";
import {Broken, vm} from "./Vm.sol";

/// @title What holds between steps, and at the end of a run
abstract contract Checks is EpisodeHandler {
    /// @dev A pause, or the longest time in Stale with the longest grace after it, whichever is longer.
    uint256 private constant LONGEST_DISTURBANCE = 1 days + 4 hours;
    uint256 private constant LONGEST_CLOSING = 7 days;

    uint256 private constant HEALTHS = 4;

    /// @dev The worst and the best verdict that was seen.
    struct Range {
        bool isKnown;
        Verdict least;
        Verdict most;
    }

    mapping(Policy => mapping(uint256 question => Range[5])) private _answers; // by status
    uint256 private _turn;

    function checkStatuses() external view {
        _requireStatusesAsPredicted();
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

    /// @notice SG-12, word for word, of what the exchange itself says. Nothing of the model is asked.
    /// @dev Of one scope after each step, in turn: its twelve questions take as long as all other checks.
    function checkMonotone() external {
        bytes32 scope = _scopeAt(_turn++ % 3);
        (Status status, ) = _perps.statusOf(scope);
        Policy policy = _perps.configOf(scope).policy;
        for (uint256 question = 0; question < 8 + HEALTHS; ++question) {
            _requireMonotone(policy, question, status, _answerOf(scope, question));
        }
    }

    /// @dev The verdict on each action, and on liquidations of accounts that are insolvent in one view, in both, or deeply.
    function _answerOf(bytes32 scope, uint256 question) private view returns (Verdict verdict) {
        if (question < 8) {
            (verdict, ) = _perps.preview(scope, Action(question));
            return verdict;
        }
        uint256[2] memory healths = [
            [uint256(0.97e18), 1.1e18],
            [uint256(0.97e18), 0.97e18],
            [uint256(0.9e18), 1.1e18],
            [uint256(0), 0.9e18]
        ][question - 8];
        (bool allowed, ) = _perps.previewLiquidation(scope, healths[0], healths[1]);
        return allowed ? Verdict.Allow : Verdict.Deny;
    }

    /// @dev Against every verdict that any scope got to this question, under this policy, at any time of the run.
    function _requireMonotone(Policy policy, uint256 question, Status status, Verdict verdict) private {
        Range[5] storage row = _answers[policy][question];
        for (uint256 i = 0; i < 5; ++i) {
            if (!row[i].isKnown) continue;
            bool better = i < uint256(status) ? verdict > row[i].least : i > uint256(status) && row[i].most > verdict;
            if (better) revert Broken("SG-12: a worse status gets no better verdict");
        }
        Range storage own = row[uint256(status)];
        if (!own.isKnown || verdict < own.least) own.least = verdict;
        if (verdict > own.most) own.most = verdict;
        own.isKnown = true;
    }

    function checkSolvency() external view {
        uint256 owed = _perps.liquidity() + _perps.writtenOff();
        for (uint256 i = 0; i < TRADERS; ++i) {
            for (uint256 j = 0; j < 2; ++j) {
                owed += _account(_traders[i], _marketAt(j)).margin;
                _requireEquity(_traders[i], _marketAt(j));
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
        _requireEvidenceEnds();
    }

    /// @dev INV-18: of the causes that are left, evidence is the end, and a while later all is allowed. Nobody with a role is asked.
    function _requireEvidenceEnds() private {
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < CAUSES; ++j) {
                if (_ghosts[_scopeAt(i)].causes[j].status != Status.Synced) {
                    _heal(_scopeAt(i), j, uint64(block.number));
                }
            }
        }
        _pass(LONGEST_DISTURBANCE / 12, 12);
        for (uint256 i = 0; i < 3; ++i) {
            (Status status, Status exits) = _perps.statusOf(_scopeAt(i));
            if (status != Status.Synced || exits != Status.Synced) revert Broken("INV-18: evidence ends every cause");
            for (uint256 action = 0; action < 8; ++action) {
                (Verdict verdict, ) = _perps.preview(_scopeAt(i), Action(action));
                if (verdict != Verdict.Allow) revert Broken("INV-18: nothing is left closed");
            }
        }
    }
}
