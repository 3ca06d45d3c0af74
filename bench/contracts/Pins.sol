// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {PinnedState} from "../../contracts/PinnedState.sol";
import {StateAnchor} from "../../contracts/anchor/Anchor.sol";
import {SlotCheck} from "../../contracts/proof/SlotCheck.sol";

/// @notice A protocol that believes at least one unit to be in a slot. It is shown in each way that there is.
/// @dev The recorded block stands for a canonical one: its hash is known without the 20 gas of BLOCKHASH.
contract SettlementGuardPins is PinnedState {
    error NotTheOracle(address signer);

    uint64 private constant MAX_AGE = 300;

    bytes32 private immutable _hash;
    uint64 private immutable _number;
    address private immutable _account;
    bytes32 private immutable _slot;
    address private immutable _oracle;

    constructor(uint64 number, bytes32 hash, address account, bytes32 slot, address oracle) {
        (_number, _hash, _account, _slot, _oracle) = (number, hash, account, slot, oracle);
    }

    function proven(StateAnchor calldata anchor, bytes calldata header, bytes calldata witness) external view {
        _requireStateAnchor(anchor, header, 1, MAX_AGE);
        SlotCheck.requireAtLeast(anchor.stateRoot, _account, _slot, 1, witness);
    }

    function provenAndRootPinned(StateAnchor calldata anchor, bytes calldata header, bytes calldata witness) external {
        _requireStateAnchor(anchor, header, 1, MAX_AGE);
        SlotCheck.requireAtLeast(_account, _slot, 1, _pinStorageRootOf(anchor, _account, _slot, witness));
    }

    function provenAndValuePinned(StateAnchor calldata anchor, bytes calldata header, bytes calldata witness) external {
        _requireStateAnchor(anchor, header, 1, MAX_AGE);
        SlotCheck.requireAtLeast(_account, _slot, 1, _pinSlot(anchor, _account, _slot, witness));
    }

    function underPinnedRoot(bytes32 root, bytes calldata witness) external view {
        _requirePinnedStorageRoot(_account, root, MAX_AGE);
        SlotCheck.requireAtLeast(_account, _slot, 1, SlotCheck.valueUnder(root, _slot, witness));
    }

    function pinned(uint256 value) external view {
        _requirePinnedSlot(_account, _slot, value, MAX_AGE);
        SlotCheck.requireAtLeast(_account, _slot, 1, value);
    }

    /// @notice What an oracle has signed, for comparison: a value with its block, and nothing else of an oracle's duties.
    function signed(uint64 number, uint256 value, bytes32 r, bytes32 s, uint8 v) external view {
        bytes32 digest = keccak256(abi.encode(block.chainid, address(this), number, value));
        address signer = ecrecover(digest, v, r, s);
        if (signer != _oracle || signer == address(0)) revert NotTheOracle(signer);
        SlotCheck.requireAtLeast(_account, _slot, 1, value);
    }

    function _blockNumber() internal view override returns (uint256) {
        return _number + 1;
    }

    function _blockHash(uint256) internal view override returns (bytes32) {
        return _hash;
    }

    function _isSupportedChain(uint256) internal pure override returns (bool) {
        return true;
    }
}
