// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IGuardErrors} from "../interfaces/IGuardErrors.sol";

/// @title Shows a test what a contract sees of the branch that it executes on
contract BranchProbe is IGuardErrors {
    event Logged(uint256 value);

    /// @notice What {set} stored last.
    uint256 public value;

    function set(uint256 newValue) external {
        value = newValue;
    }

    /// @notice Stores `newValue` if block `number` is the one that the caller believes in.
    /// @dev The block must be among the last 256.
    function setAt(uint64 number, bytes32 claimed, uint256 newValue) external {
        bytes32 actual = blockhash(number);
        if (actual != claimed) revert AnchorMismatch(number, claimed, actual);
        value = newValue;
    }

    /// @notice The BLOCKHASH opcode.
    function blockHash(uint256 number) external view returns (bytes32) {
        return blockhash(number);
    }

    /// @notice The chain id, block number and time of the executing block.
    function context() external view returns (uint256 chainId, uint256 number, uint256 time) {
        return (block.chainid, block.number, block.timestamp);
    }

    /// @notice Reverts with exactly these bytes. Not `view`, so that it can be sent as a transaction.
    function revertWith(bytes calldata data) external {
        value = 0;
        bytes memory copy = data;
        // equivalent: revert with `copy` as the revert data
        assembly ("memory-safe") {
            revert(add(copy, 0x20), mload(copy))
        }
    }

    function log(uint256[] calldata values) external {
        for (uint256 i = 0; i < values.length; ++i) emit Logged(values[i]);
    }
}
