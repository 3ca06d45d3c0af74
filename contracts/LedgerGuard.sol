// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SettlementGuard} from "./SettlementGuard.sol";
import {ILedgerDesk} from "./interfaces/ILedgerDesk.sol";
import {ILedgerErrors} from "./interfaces/ILedgerErrors.sol";
import {ILedgerGuard, LedgerNews} from "./interfaces/ILedgerGuard.sol";
import {IPolicyEngine} from "./interfaces/IPolicyEngine.sol";
import {Deadline} from "./policy/Deadline.sol";
import {Status} from "./policy/PolicyTypes.sol";
import {Scope, Scopes} from "./policy/Scopes.sol";
import {ScopeHead} from "./policy/ScopeHead.sol";
import {Transitions} from "./policy/Transitions.sol";

/// @title Settlement Guard with ledgers: what a protocol inherits whose scopes are settled off the chain
/// @notice The signers of a scope's ledger commit to it at a desk. The scope is Stale while a commitment is due, and
/// Diverged once one was proven wrong. Commitments that nobody contradicts heal it, and no role does.
///
/// A guarded call on a healthy scope reads one slot more, of the scope and of each above it.
/// @dev The desk is trusted by its address: it decides when a scope is Diverged and when it is healed. It MUST be
/// `LedgerDesk`, for the chain on which this is. What inherits another `PolicyGuard` beside it overrides `_isAlive` by
/// `LedgerGuard._isAlive`; beside `L1OriginContinuity` by `!_owesCommitment(scope) && L1OriginContinuity._isAlive(scope, head)`.
abstract contract LedgerGuard is SettlementGuard, ILedgerGuard {
    using Transitions for Scope;

    /// @notice The cause by which a ledger stops its scope, for `IPolicyGuard.causeOf`.
    bytes32 internal constant LEDGER_CAUSE = keccak256("settlement-guard.ledger");

    /// @notice The desk. A constant or an immutable, since every proof of a ledger rests on it.
    function _ledgerDesk() internal view virtual returns (ILedgerDesk);

    /// @notice Names the ledger of a scope that has its configuration. Anybody then opens it at the desk, and from then on it
    /// counts. Another only before that, or after it was retired.
    /// @param config keccak256 of the ABI encoding of its `LedgerConfig`
    function _nameLedger(bytes32 scope, bytes32 config) internal {
        _ledgerDesk().nameLedger(scope, config);
    }

    /// @inheritdoc ILedgerGuard
    function ledgerDesk() external view returns (address) {
        return address(_ledgerDesk());
    }

    /// @inheritdoc ILedgerGuard
    function committedUntil(bytes32 scope) external view returns (Deadline) {
        return Scopes.find(scope).committedUntil;
    }

    /// @inheritdoc ILedgerGuard
    function onLedger(bytes32 scope, LedgerNews news, uint64 number, uint24 span) external {
        if (msg.sender != address(_ledgerDesk())) revert ILedgerErrors.NotLedgerDesk(msg.sender);
        if (news == LedgerNews.Contradicted) _raise(scope, LEDGER_CAUSE, Status.Diverged, number);
        else if (news == LedgerNews.Committed) _recordCommitment(scope, span);
        else {
            // A ledger that was silent has no cause to close.
            if (Scopes.find(scope).causes[LEDGER_CAUSE].status != Status.Synced) _heal(scope, LEDGER_CAUSE, number);
            if (news == LedgerNews.Retired) _recordCommitment(scope, 0);
        }
    }

    /// @dev Where a commitment is due the engine decides.
    function _isAlive(bytes32 scope, ScopeHead head) internal virtual override returns (bool) {
        return !_owesCommitment(scope) && super._isAlive(scope, head);
    }

    /// @dev Whether a commitment to the scope's ledger is due. The height is asked for only where the time is over.
    function _owesCommitment(bytes32 scope) internal view returns (bool) {
        Scope storage state = Scopes.find(scope);
        uint256 end = state.committedUntil.time();
        return end != 0 && block.timestamp >= end && state.isSilent(_clock());
    }

    function _recordCommitment(bytes32 scope, uint24 span) private {
        _ask(abi.encodeCall(IPolicyEngine.recordCommitment, (scope, span)), scope);
    }
}
