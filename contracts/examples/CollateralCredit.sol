// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

import {SettlementGuard} from "../SettlementGuard.sol";
import {StateAnchor} from "../anchor/Anchor.sol";

/// @title Ether locked as collateral
/// @notice `balances` is the first storage slot, so that a storage proof can show it.
contract CollateralVault {
    mapping(address owner => uint256) public balances;

    /// @notice Locks ether for the caller.
    function lock() external payable {
        balances[msg.sender] += msg.value;
    }
}

/// @title Credit against collateral that a state proof shows: the victim of `tampered-state-root`
/// @notice Pays out ether up to what the borrower has locked in a vault, as the state at an anchor holds it.
/// @dev The proof is sound for the root that it is given. Whose root that is, is the guard's question. The vault keeps no withdrawal, so
/// what was locked at the anchor is locked now.
abstract contract CollateralCredit {
    event Borrowed(address indexed borrower, uint256 amount);

    error CollateralTooLow(address borrower, uint256 collateral, uint256 debt);
    error PaymentFailed(address to, uint256 amount);

    using RLP for Memory.Slice;

    address public immutable vault;
    mapping(address borrower => uint256) public debts;

    constructor(address vault_) payable {
        vault = vault_;
    }

    /// @notice Borrows `amount` wei against the caller's collateral at `anchor`.
    /// @param anchor the state on which the proof rests
    /// @param header RLP of the anchor's block header
    /// @param accountProof trie nodes of the vault's account, root first
    /// @param storageProof trie nodes of the caller's balance in the vault, root first
    /// @param amount in wei
    function borrow(
        StateAnchor calldata anchor,
        bytes calldata header,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof,
        uint256 amount
    ) external virtual;

    function _borrow(
        bytes32 stateRoot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof,
        uint256 amount
    ) internal {
        uint256 collateral = _provenBalance(stateRoot, accountProof, storageProof, msg.sender);
        uint256 debt = debts[msg.sender] + amount;
        if (debt > collateral) revert CollateralTooLow(msg.sender, collateral, debt);

        debts[msg.sender] = debt;
        emit Borrowed(msg.sender, amount);

        (bool ok, ) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed(msg.sender, amount);
    }

    function _provenBalance(
        bytes32 stateRoot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof,
        address borrower
    ) private view returns (uint256) {
        bytes memory account = TrieProof.traverse(
            stateRoot,
            abi.encodePacked(keccak256(abi.encodePacked(vault))),
            accountProof
        );
        bytes32 storageRoot = RLP.decodeList(account)[2].readBytes32();
        bytes32 slot = keccak256(abi.encode(borrower, uint256(0)));
        return
            RLP.decodeUint256(
                TrieProof.traverse(storageRoot, abi.encodePacked(keccak256(abi.encode(slot))), storageProof)
            );
    }
}

/// @title Credit that accepts a state root only from the header of a canonical block
contract GuardedCollateralCredit is CollateralCredit, SettlementGuard {
    constructor(address vault) payable CollateralCredit(vault) {}

    /// @inheritdoc CollateralCredit
    function borrow(
        StateAnchor calldata anchor,
        bytes calldata header,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof,
        uint256 amount
    ) external override anchoredState(anchor, header) {
        _borrow(anchor.stateRoot, accountProof, storageProof, amount);
    }
}

/// @title Credit that believes the state root it is told
contract UnguardedCollateralCredit is CollateralCredit {
    constructor(address vault) payable CollateralCredit(vault) {}

    /// @inheritdoc CollateralCredit
    function borrow(
        StateAnchor calldata anchor,
        bytes calldata,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof,
        uint256 amount
    ) external override {
        _borrow(anchor.stateRoot, accountProof, storageProof, amount);
    }
}
