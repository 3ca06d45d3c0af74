// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The native block-hash source: BLOCKHASH, then the history contract of EIP-2935
/// @notice Answers the hash of a recent block of the executing chain, or zero for "unknown". Zero is never a hash.
/// @dev Two things are assumed of the chain. NUMBER and BLOCKHASH speak of its own blocks (`NativeChains`). Nobody but
/// the protocol can put code at `HISTORY`. Where there is no history contract, its part of the window is unknown.
library BlockHashes {
    /// @notice The history contract answers for this many blocks before the executing one (EIP-2935, HISTORY_SERVE_WINDOW).
    uint64 internal constant HISTORY_WINDOW = 8191;

    /// @notice The history contract (EIP-2935).
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice The hash of block `height`, or zero where neither source knows it.
    function hashOf(uint256 height) internal view returns (bytes32 hash) {
        hash = blockhash(height);
        if (hash == bytes32(0)) hash = fromHistory(height);
    }

    /// @notice What the history contract answers for `height`. Zero where the call fails, where there is no such
    /// contract, or where the answer is not one word. Its revert data is never taken for a hash.
    function fromHistory(uint256 height) internal view returns (bytes32 hash) {
        // Equivalent: (bool ok, bytes memory data) = HISTORY.staticcall(abi.encode(height));
        //             hash = ok && data.length == 32 ? abi.decode(data, (bytes32)) : bytes32(0);
        assembly ("memory-safe") {
            mstore(0x00, height)
            let ok := staticcall(gas(), HISTORY, 0x00, 0x20, 0x00, 0x20)
            // A statement of its own: Yul evaluates the arguments of an expression from right to left. In one
            // expression the size would be read before the call is made.
            if and(ok, eq(returndatasize(), 0x20)) {
                hash := mload(0x00)
            }
        }
    }
}
