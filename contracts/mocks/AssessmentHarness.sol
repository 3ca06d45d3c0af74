// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Assessment, Assessments, Facts} from "../policy/Assessment.sol";
import {Deadline, Deadlines} from "../policy/Deadline.sol";
import {Policies, Policy} from "../policy/Policy.sol";
import {Action, Clock, Status, Verdict} from "../policy/PolicyTypes.sol";

/// @notice The pure part of the policy from outside, many questions at a time.
contract AssessmentHarness {
    function assess(Facts[] calldata facts) external pure returns (Assessment[] memory results) {
        results = new Assessment[](facts.length);
        for (uint256 i = 0; i < facts.length; ++i) results[i] = Assessments.assess(facts[i]);
    }

    function requireSound(Policy policy) external pure {
        policy.requireSound();
    }

    /// @notice An action's verdicts, by status.
    function verdictsOf(Policy policy, Action action) external pure returns (Verdict[5] memory verdicts) {
        for (uint256 status = 0; status < 5; ++status) verdicts[status] = policy.verdict(Status(status), action);
    }

    function isExit(Action action) external pure returns (bool) {
        return Policies.isExit(action);
    }

    function from(
        Clock calldata start,
        uint256 length,
        uint256 longestBlockTime
    ) external pure returns (Deadline deadline, uint256 time, uint256 number) {
        deadline = Deadlines.from(start, length, longestBlockTime);
        return (deadline, deadline.time(), deadline.number());
    }

    function joined(
        Deadline a,
        uint24 length,
        Deadline b,
        uint24 otherLength
    ) external pure returns (Deadline both, uint24 span) {
        return a.joined(length, b, otherLength);
    }

    function later(Deadline a, Deadline b) external pure returns (Deadline) {
        return a.later(b);
    }

    function plus(Deadline deadline, uint256 length, uint256 longestBlockTime) external pure returns (Deadline) {
        return deadline.plus(length, longestBlockTime);
    }

    /// @notice Whether the deadline has passed at each of these moments.
    function hasPassed(
        Deadline deadline,
        Clock[] calldata moments,
        uint256 length
    ) external pure returns (bool[] memory passed) {
        passed = new bool[](moments.length);
        for (uint256 i = 0; i < moments.length; ++i) passed[i] = deadline.hasPassed(moments[i], length);
    }
}
