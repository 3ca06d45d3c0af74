// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Action, Policies, Policy, Status, Verdict} from "../policy/Policy.sol";

/// @notice The library of policies, to be called.
contract PoliciesHarness {
    function standard() external pure returns (Policy) {
        return Policies.STANDARD;
    }

    function verdict(Policy policy, Status status, Action action) external pure returns (Verdict) {
        return policy.verdict(status, action);
    }

    function pack(Verdict[5][8] calldata table) external pure returns (Policy) {
        return Policies.pack(table);
    }

    function requireSound(Policy policy) external pure {
        policy.requireSound();
    }

    function isExit(Action action) external pure returns (bool) {
        return Policies.isExit(action);
    }

    function classify(int256 position, int256 size) external pure returns (Action) {
        return Policies.classify(position, size);
    }
}
