// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

import {StatelessGuard} from "../StatelessGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";

/// @title OpenZeppelin's vault as it is
contract PlainVault is ERC4626 {
    constructor(IERC20 asset_) ERC20("Vault share", "VS") ERC4626(asset_) {}
}

/// @title The same vault, into which one pays only on the branch that one saw
contract AnchoredVault is PlainVault, StatelessGuard {
    error AnchorNeeded();

    bool private _isAnchored;

    constructor(IERC20 asset_) PlainVault(asset_) {}

    /// @notice Deposits for the caller, as it was prepared at `anchor`.
    function depositAt(uint256 assets, Anchor calldata anchor) external anchored(anchor) returns (uint256 shares) {
        _isAnchored = true;
        shares = deposit(assets, msg.sender);
        _isAnchored = false;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        if (!_isAnchored) revert AnchorNeeded();
        super._deposit(caller, receiver, assets, shares);
    }
}
