// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IPolicyErrors} from "../interfaces/IPolicyErrors.sol";
import {Action, Status, Verdict} from "./PolicyTypes.sol";

/// @notice Which verdict each action gets in each status: 8 actions of 6 bits, `Action(0)` lowest.
/// @dev An action has six bits. The low three are `allowBelow`, the status (as a number, 0 to 5) below which it is
/// allowed. The high three are `openBelow`, the status below which it is at least allowed conservatively. Two
/// thresholds cannot say that a worse status allows more: a policy is monotone by construction. Zero is no policy.
type Policy is uint48;

using Policies for Policy global;

/// @title The matrix: status and action to verdict
/// @dev `src/policy/policy.ts` is this library's twin.
library Policies {
    uint256 private constant ACTIONS = 8;
    uint256 private constant STATUSES = 5;

    /// @dev A bit for each of Deposit, Decrease and Cancel.
    uint256 private constant EXITS =
        (1 << uint256(Action.Deposit)) | (1 << uint256(Action.Decrease)) | (1 << uint256(Action.Cancel));

    /// @notice The policy that suits a margin exchange.
    ///
    /// |           | Synced | Lagging      | Stale        | Diverged     | Halted       |
    /// | --------- | ------ | ------------ | ------------ | ------------ | ------------ |
    /// | Increase  | allow  | allow        | -            | -            | -            |
    /// | Withdraw  | allow  | allow        | -            | -            | -            |
    /// | Deposit   | allow  | allow        | allow        | allow        | allow        |
    /// | Settle    | allow  | -            | -            | -            | -            |
    /// | Fund      | allow  | allow        | -            | -            | -            |
    /// | Liquidate | allow  | conservative | conservative | conservative | conservative |
    /// | Decrease  | allow  | allow        | conservative | conservative | -            |
    /// | Cancel    | allow  | allow        | allow        | allow        | allow        |
    ///
    /// What conservative means for a liquidation stands at `PolicyGuard._guardLiquidation`.
    /// @dev In octal, an action has two digits, `openBelow` before `allowBelow`, and the last action comes first. The
    /// digits are `55 42 51 22 11 55 22 22`.
    Policy internal constant STANDARD = Policy.wrap(0xb62a5226d492);

    /// @notice The verdict on `action` in `status`.
    function verdict(Policy policy, Status status, Action action) internal pure returns (Verdict) {
        (uint256 allowBelow, uint256 openBelow) = policy.thresholds(action);
        if (uint256(status) < allowBelow) return Verdict.Allow;
        return uint256(status) < openBelow ? Verdict.AllowConservative : Verdict.Deny;
    }

    /// @notice The statuses, as numbers, below which `action` is allowed, and open at all.
    function thresholds(Policy policy, Action action) internal pure returns (uint256 allowBelow, uint256 openBelow) {
        unchecked {
            uint256 bits = Policy.unwrap(policy) >> (6 * uint256(action)); // 6 * 7 at the most
            return (bits & 7, (bits >> 3) & 7);
        }
    }

    /// @notice The policy of a table of verdicts, by action and status.
    /// @dev Reverts with PolicyNotMonotone where a worse status allows more.
    function pack(Verdict[5][8] memory table) internal pure returns (Policy) {
        uint256 packed;
        for (uint256 action = 0; action < ACTIONS; ++action) {
            uint256 allowBelow;
            uint256 openBelow;
            for (uint256 status = 0; status < STATUSES; ++status) {
                Verdict cell = table[action][status];
                if (status != 0 && cell > table[action][status - 1]) {
                    revert IPolicyErrors.PolicyNotMonotone(Action(action), Status(status));
                }
                if (cell == Verdict.Allow) allowBelow = status + 1;
                if (cell != Verdict.Deny) openBelow = status + 1;
            }
            packed |= (allowBelow | (openBelow << 3)) << (6 * action);
        }
        return Policy.wrap(uint48(packed)); // 8 * 6 bits
    }

    /// @notice Reverts unless the policy keeps what the guard promises.
    /// @dev Reverts with
    /// - PolicyMalformed where a threshold is above 5, or an action is allowed where it is not open;
    /// - PolicyBlocksSynced where an action is not allowed although nothing is wrong;
    /// - PolicyClosesExit where an exit (Deposit, Decrease, Cancel) is not open below Halted, or a liquidation below Diverged;
    /// - PolicyIgnoresDivergence where Increase or Withdraw is open, or a liquidation allowed without a second look, in Diverged.
    function requireSound(Policy policy) internal pure {
        for (uint256 i = 0; i < ACTIONS; ++i) {
            Action action = Action(i);
            (uint256 allowBelow, uint256 openBelow) = policy.thresholds(action);
            if (openBelow > STATUSES || allowBelow > openBelow) revert IPolicyErrors.PolicyMalformed(action);
            if (allowBelow == 0) revert IPolicyErrors.PolicyBlocksSynced(action);
            if (isExit(action) && openBelow < uint256(Status.Halted)) revert IPolicyErrors.PolicyClosesExit(action);
            if (action == Action.Liquidate) {
                if (openBelow < uint256(Status.Diverged)) revert IPolicyErrors.PolicyClosesExit(action);
                if (allowBelow > uint256(Status.Diverged)) revert IPolicyErrors.PolicyIgnoresDivergence(action);
            }
            if ((action == Action.Increase || action == Action.Withdraw) && openBelow > uint256(Status.Diverged)) {
                revert IPolicyErrors.PolicyIgnoresDivergence(action);
            }
        }
    }

    /// @notice Whether the action makes its user's position safer: no policy closes it below Halted. The rule of exits: `Assessments`.
    function isExit(Action action) internal pure returns (bool) {
        return (EXITS >> uint256(action)) & 1 == 1;
    }

    /// @notice What a trade is: Decrease if it leaves the position on its side and no larger, Increase otherwise. To turn a position
    /// around is an Increase.
    /// @dev What is classified, and what the guard then allows, holds for this position. A function MUST write the new
    /// one before it calls anybody. Anybody is a hook, a token with callbacks (ERC-777), or a receiver of ether. Else
    /// four nested "decreases" of 10 turn +10 into -30 while openings are denied.
    /// @param position signed size before the trade
    /// @param size signed size of the trade; any value, also one whose sum with `position` no longer fits
    function classify(int256 position, int256 size) internal pure returns (Action) {
        // A trade of the same sign makes the position larger. One of the other sign makes it smaller, unless it is
        // larger than the position.
        if (size == 0) return Action.Decrease;
        if (position == 0 || (position < 0) == (size < 0)) return Action.Increase;
        return _abs(size) <= _abs(position) ? Action.Decrease : Action.Increase;
    }

    /// @dev Also of the least int256, whose absolute value is no int256.
    function _abs(int256 value) private pure returns (uint256) {
        unchecked {
            return value < 0 ? uint256(0) - uint256(value) : uint256(value);
        }
    }
}
