// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Deadline} from "../policy/Deadline.sol";

/// @notice What a desk tells a guard of a scope's ledger.
enum LedgerNews {
    Committed, // a commitment matched the chain, or the ledger was opened
    Contradicted, // it was proven wrong
    Healed, // matching commitments came since
    Retired // it does not count any more
}

/// @title What a protocol with ledgers answers its desk
/// @notice `LedgerGuard` implements it. A protocol with a guard of its own may do so as well: the desk calls `onLedger` and
/// `committedUntil`.
interface ILedgerGuard {
    /// @notice The contract whose word about ledgers is believed.
    function ledgerDesk() external view returns (address);

    /// @notice From when the scope is Stale unless its ledger is committed to again; zero where it has no ledger. By this the desk
    /// judges whether a commitment comes late. It counts the last `span` that it told `onLedger`, and four times that by the clock alone.
    function committedUntil(bytes32 scope) external view returns (Deadline);

    /// @notice Tells the guard what was proven of a scope's ledger. The desk alone.
    /// @param number Committed: zero. Contradicted: the block that the evidence speaks of. Healed: the first block that was
    /// committed to since. Retired: the last block
    /// @param span Committed: seconds until the next commitment is due. Else zero
    function onLedger(bytes32 scope, LedgerNews news, uint64 number, uint24 span) external;
}
