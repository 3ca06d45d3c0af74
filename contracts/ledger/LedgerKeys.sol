// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The keys of a ledger
/// @dev `src/ledger/key.ts` is this library's twin.
library LedgerKeys {
    bytes32 private constant LEDGER_KEY = keccak256("settlement-guard.ledger.key");

    /// @notice The key under which a ledger holds what `owner` has of `asset`.
    /// @param owner zero for the total of all owners
    /// @param kind what is held, such as "balance" or "margin"
    function keyOf(address owner, bytes32 asset, bytes32 kind) internal pure returns (bytes32) {
        return keccak256(abi.encode(LEDGER_KEY, owner, asset, kind));
    }
}
