// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region perps
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {SettlementGuard} from "settlement-guard/contracts/SettlementGuard.sol";
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {Action, Policies} from "settlement-guard/contracts/policy/Policy.sol";
import {ScopeConfig} from "settlement-guard/contracts/policy/Scopes.sol";

contract UpgradeablePerps is OwnableUpgradeable, UUPSUpgradeable, SettlementGuard {
    bytes32 public constant MARKET = "ETH-PERP";

    mapping(address trader => int256) public positions;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    // The market is configured in the proxy's storage, once.
    function initialize(address owner, ScopeConfig calldata config) external initializer {
        __Ownable_init(owner);
        _configureScope(MARKET, config);
    }

    function trade(
        int256 size,
        Anchor calldata anchor
    ) external guardedAt(MARKET, Policies.classify(positions[msg.sender], size), anchor) {
        positions[msg.sender] += size;
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}
// #endregion perps
