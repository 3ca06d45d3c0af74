// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Deadline, Deadlines} from "./Deadline.sol";
import {PolicyGuard} from "./PolicyGuard.sol";
import {Action, Verdict} from "./PolicyTypes.sol";
import {ScopeHead} from "./ScopeHead.sol";
import {Scopes} from "./Scopes.sol";

/// @title The conservative verdict: the position is reduced now, the profit waits
/// @notice For a protocol whose positions can be closed under doubt. A close at a price that may be wrong reduces the
/// risk at once. The profit that it would realise at that price is held until the scope is healed. It is held for 28
/// days at the most.
///
/// **Held profit is collateral that may not leave.** Where health is judged (maintenance, liquidation) it counts like
/// margin. Losses eat it before anything else. So nobody is liquidated because the guard holds what is his. It counts
/// neither for a withdrawal nor for the initial margin of a new position. It may rest on a wrong price.
/// @dev Only an account of what is owed. The protocol keeps the tokens, and must count what is escrowed among its
/// debts. Storage is namespaced (ERC-7201).
abstract contract ProfitEscrow is PolicyGuard {
    /// @notice For how long the guard holds a profit whatever the status, in seconds from the newest addition. It counts as blocks, too: `Deadlines`.
    /// @dev Each addition moves the end of all. One end a scope and owner is one slot, and only the owner's own closes
    /// add.
    uint256 internal constant HELD_FOR_AT_MOST = 28 days;

    struct Held {
        uint256 amount; // in units of the protocol's token
        Deadline due; // from when it is paid whatever the status
    }

    /// @custom:storage-location erc7201:settlement-guard.storage.escrow
    struct EscrowStorage {
        mapping(bytes32 => mapping(address => Held)) held; // by scope and owner
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.escrow")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ESCROW_STORAGE = 0xe1926ddcde41142e99d1f48623c74bd470c2005e6aefdf774d3345f941f67700;

    /// @notice Emitted when a profit is held back.
    event ProfitEscrowed(bytes32 indexed scope, address indexed owner, uint256 amount);

    /// @notice Emitted when a held profit is released.
    event ProfitReleased(bytes32 indexed scope, address indexed owner, uint256 amount);

    /// @notice Emitted when a loss takes a part of a held profit.
    event ProfitConsumed(bytes32 indexed scope, address indexed owner, uint256 amount);

    /// @notice What is held back of an owner's profits in a scope, in units of the protocol's token.
    function escrowedProfit(bytes32 scope, address owner) public view virtual returns (uint256) {
        return _heldOf(scope, owner).amount;
    }

    /// @notice From when on what is held is due whatever the status; zero if nothing was ever held.
    function escrowedUntil(bytes32 scope, address owner) external view virtual returns (Deadline) {
        return _heldOf(scope, owner).due;
    }

    /// @notice Takes a realised profit, and returns how much of it may be paid now. That is all of it on Allow, none on
    /// AllowConservative.
    /// @dev A function that asks `_guard` writes the position, and what this returns, before it calls anybody. A
    /// callback in between would trade on a position that is there no more. Reverts with ScopeUnknown where the scope
    /// has no configuration.
    /// @param verdict what `_guard` returned for the action that realises the profit
    function _settleProfit(
        bytes32 scope,
        address owner,
        uint256 profit,
        Verdict verdict
    ) internal returns (uint256 payable_) {
        if (verdict == Verdict.Allow) return profit;
        if (profit == 0) return 0;
        ScopeHead head = Scopes.find(scope).head;
        if (!head.isKnown()) revert ScopeUnknown(scope);
        Held storage held = _heldOf(scope, owner);
        held.amount += profit;
        held.due = Deadlines.from(_clock(), HELD_FOR_AT_MOST, head.longestBlockTime());
        emit ProfitEscrowed(scope, owner, profit);
    }

    /// @notice Lets a realised loss take from what is held, before it takes from the margin or from anybody else.
    /// @return uncovered what is left of the loss
    function _consumeProfit(bytes32 scope, address owner, uint256 loss) internal returns (uint256 uncovered) {
        Held storage held = _heldOf(scope, owner);
        uint256 taken = loss < held.amount ? loss : held.amount;
        if (taken == 0) return loss;
        held.amount -= taken;
        emit ProfitConsumed(scope, owner, taken);
        return loss - taken;
    }

    /// @notice Releases what is held back, where a decrease would be allowed without reserve now. Where it is due it is
    /// released whatever the status. Reverts with ActionDenied elsewhere.
    /// @return amount to pay to the owner; zero if nothing was held
    function _releaseProfit(bytes32 scope, address owner) internal returns (uint256 amount) {
        if (!_isProfitDue(scope, owner)) _requireAllowed(scope, Action.Decrease);
        amount = _heldOf(scope, owner).amount;
        _heldOf(scope, owner).amount = 0;
        emit ProfitReleased(scope, owner, amount);
    }

    /// @dev Whether something is held that `_releaseProfit` would not release now.
    function _isProfitWaiting(bytes32 scope, address owner) internal view returns (bool) {
        if (escrowedProfit(scope, owner) == 0 || _isProfitDue(scope, owner)) return false;
        (Verdict verdict, ) = _preview(scope, Action.Decrease);
        return verdict != Verdict.Allow;
    }

    /// @dev Whether something is held, for so long that it is paid whatever the status.
    function _isProfitDue(bytes32 scope, address owner) private view returns (bool) {
        Held storage held = _heldOf(scope, owner);
        return held.amount != 0 && held.due.hasPassed(_clock(), HELD_FOR_AT_MOST);
    }

    function _heldOf(bytes32 scope, address owner) private view returns (Held storage) {
        EscrowStorage storage $;
        assembly ("memory-safe") {
            $.slot := ESCROW_STORAGE
        }
        return $.held[scope][owner];
    }
}
