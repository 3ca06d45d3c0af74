// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";

/// @title The beacon roots contract (EIP-4788)
/// @notice Tells, for the time of a block, the root of the beacon block **before** it. No block can hold its own.
/// It keeps the last 8,191 blocks' times; 27 hours of slots of 12 s. On the OP stack it tells the parent of the L1 origin.
library BeaconRoots {
    /// @notice The contract's address on every chain that has it.
    address internal constant CONTRACT = 0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02;

    /// @notice The Keccak-256 of its code, which the specification gives.
    bytes32 internal constant CODE_HASH = 0xf57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c;

    /// @notice The root of the beacon block before the block with this time.
    /// @dev Reverts with BeaconRootUnknown where no block has the time (a missed slot), where it is too old, or zero.
    /// @param timestamp of a block of the executing chain, in seconds since 1970
    function parentRootAt(uint64 timestamp) internal view returns (bytes32 root) {
        (bool ok, bytes memory data) = CONTRACT.staticcall(abi.encode(timestamp));
        if (ok && data.length == 32) root = abi.decode(data, (bytes32));
        if (root == bytes32(0)) revert ISourceErrors.BeaconRootUnknown(timestamp);
    }
}
