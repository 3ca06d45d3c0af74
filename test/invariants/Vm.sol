// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice The cheatcodes that the invariants use, as Hardhat's Solidity tests answer them.
interface Vm {
    function warp(uint256 time) external;

    function roll(uint256 number) external;

    /// @notice Makes BLOCKHASH answer `hash` for one of the last 256 blocks.
    function setBlockhash(uint256 number, bytes32 hash) external;

    /// @notice Remembers the whole state, the caller's own storage and the moment included.
    function snapshotState() external returns (uint256 id);

    function revertToState(uint256 id) external returns (bool success);

    function prank(address sender) external;

    function etch(address target, bytes calldata code) external;

    /// @notice From now on `accesses` tells which slots of a contract were read, and which were written.
    function record() external;

    function stopRecord() external;

    function accesses(address target) external returns (bytes32[] memory reads, bytes32[] memory writes);

    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function addr(uint256 key) external pure returns (address);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @notice Thrown by whatever finds an invariant of docs/invariants.md broken.
error Broken(string invariant);
