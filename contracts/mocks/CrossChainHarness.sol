// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {L1AnchorGuard} from "../anchor/L1AnchorGuard.sol";
import {L1Origin} from "../anchor/L1Origin.sol";
import {HeaderChain} from "../header/HeaderChain.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";

/// @notice The cross-chain rooms and the slot checks from outside.
contract CrossChainHarness is L1AnchorGuard {
    uint256 private immutable _chainId;

    constructor(uint256 chainId) {
        _chainId = chainId;
    }

    function origin() external view returns (uint64 number, bytes32 hash) {
        return L1Origin.read();
    }

    function requireL1Anchor(
        StateAnchor calldata anchor,
        bytes[] calldata headers,
        uint64 minDepth,
        uint64 maxDepth
    ) external view {
        _requireL1Anchor(anchor, headers, minDepth, maxDepth);
    }

    function ancestor(
        uint64 number,
        bytes32 hash,
        uint64 depth,
        bytes[] calldata headers
    ) external pure returns (bytes32, bytes32) {
        return HeaderChain.ancestor(number, hash, depth, headers);
    }

    function requireAtLeast(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 believed,
        bytes calldata witness
    ) external pure returns (uint256) {
        return SlotCheck.requireAtLeast(stateRoot, account, slot, believed, witness);
    }

    function requireAtMost(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 believed,
        bytes calldata witness
    ) external pure returns (uint256) {
        return SlotCheck.requireAtMost(stateRoot, account, slot, believed, witness);
    }

    function requireEqual(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        uint256 believed,
        bytes calldata witness
    ) external pure {
        SlotCheck.requireEqual(stateRoot, account, slot, believed, witness);
    }

    function valuesOf(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external pure returns (uint256[] memory) {
        return SlotCheck.valuesOf(stateRoot, account, slots, witness);
    }

    function _homeChainId() internal view override returns (uint256) {
        return _chainId;
    }
}
