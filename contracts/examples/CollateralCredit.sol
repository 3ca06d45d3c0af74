// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Beneficiary} from "./CollateralVault.sol";
import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {StateAnchor} from "../anchor/Anchor.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";

/// @title Credit against collateral that a state proof shows: the victim of `tampered-state-root`
/// @notice Pays out ether up to what the borrower has locked for it in a vault. The state at an anchor says how much
/// that is.
/// @dev The proof is sound for the root that it is given. Whose root that is, is the guard's question. The vault is a
/// `CollateralVault` and no more. It has no withdrawal: what was locked at the anchor is locked now. It was locked for
/// this contract alone.
abstract contract CollateralCredit {
    event Borrowed(address indexed borrower, uint256 amount);

    error PaymentFailed(address to, uint256 amount);

    address public immutable vault;
    mapping(address borrower => uint256) public debts;

    constructor(address vault_) payable {
        vault = vault_;
    }

    /// @notice Borrows `amount` wei against what the caller has locked for this contract at `anchor`.
    /// @param anchor the state on which the proof rests
    /// @param header RLP of the anchor's block header
    /// @param witness trie nodes of the vault's account, then of the caller's balance for this contract, end to end
    /// @param amount in wei
    function borrow(
        StateAnchor calldata anchor,
        bytes calldata header,
        bytes calldata witness,
        uint256 amount
    ) external virtual;

    function _borrow(bytes32 stateRoot, bytes calldata witness, uint256 amount) internal {
        uint256 debt = debts[msg.sender] + amount;
        SlotCheck.requireAtLeast(stateRoot, vault, Beneficiary.ownSlot(msg.sender), debt, witness);

        debts[msg.sender] = debt;
        emit Borrowed(msg.sender, amount);

        (bool ok, ) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed(msg.sender, amount);
    }
}

/// @title Credit that accepts a state root only from the header of a canonical block
contract GuardedCollateralCredit is CollateralCredit, StateAnchoredGuard {
    constructor(address vault) payable CollateralCredit(vault) {}

    /// @inheritdoc CollateralCredit
    function borrow(
        StateAnchor calldata anchor,
        bytes calldata header,
        bytes calldata witness,
        uint256 amount
    ) external override anchoredState(anchor, header) {
        _borrow(anchor.stateRoot, witness, amount);
    }
}

/// @title Credit that believes the state root it is told
contract UnguardedCollateralCredit is CollateralCredit {
    constructor(address vault) payable CollateralCredit(vault) {}

    /// @inheritdoc CollateralCredit
    function borrow(
        StateAnchor calldata anchor,
        bytes calldata,
        bytes calldata witness,
        uint256 amount
    ) external override {
        _borrow(anchor.stateRoot, witness, amount);
    }
}
