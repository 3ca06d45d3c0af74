// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region standalone
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {IStandaloneGuard} from "settlement-guard/contracts/interfaces/IStandaloneGuard.sol";

// A contract that does not inherit the guard, and asks the one that is deployed.
contract Registry {
    IStandaloneGuard public immutable guard;
    mapping(address owner => bytes32) public records;

    constructor(IStandaloneGuard guard_) {
        guard = guard_;
    }

    error NoGuard();

    // Takes effect only on the branch that the caller saw, between 1 and 64 blocks after.
    function record(bytes32 value, Anchor calldata anchor) external {
        if (guard.requireAnchored(anchor, 1, 64) != guard.requireAnchored.selector) revert NoGuard();
        records[msg.sender] = value;
    }
}
// #endregion standalone
