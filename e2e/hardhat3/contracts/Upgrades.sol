// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {StatelessGuard} from "settlement-guard/contracts/StatelessGuard.sol";

import {UpgradeablePerps} from "./UpgradeablePerps.sol";

// An upgrade needs no initializer: its proxy is initialized.

/// @notice An upgrade that adds a member. What the guard remembers lies in a namespace of its own
/// (ERC-7201), and does not move.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract PerpsV2 is UpgradeablePerps {
    uint256 public fee;

    function setFee(uint256 newFee) external onlyOwner {
        fee = newFee;
    }
}

/// @notice An upgrade that would forget what the guard remembers: every market would be without a configuration.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ForgetfulPerps is OwnableUpgradeable, UUPSUpgradeable, StatelessGuard {
    mapping(address trader => int256) public positions;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}
