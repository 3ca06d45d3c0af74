// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {PolicyGuard} from "./PolicyGuard.sol";
import {Action, Verdict} from "./PolicyTypes.sol";

/// @title The conservative verdict: the position is reduced now, the profit waits
/// @notice For a protocol whose positions can be closed under doubt. A close at a price that may be wrong reduces the risk at once; the profit
/// that it would realise at that price is held until the scope is healed, or until restrictions on exits have run out.
/// @dev Only an account of what is owed: the protocol keeps the tokens, and must count what is escrowed among its debts. Storage is namespaced
/// (ERC-7201).
abstract contract ProfitEscrow is PolicyGuard {
    /// @custom:storage-location erc7201:settlement-guard.storage.escrow
    struct EscrowStorage {
        mapping(bytes32 => mapping(address => uint256)) escrowed; // by scope and owner
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.escrow")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ESCROW_STORAGE = 0xe1926ddcde41142e99d1f48623c74bd470c2005e6aefdf774d3345f941f67700;

    /// @notice Emitted when a profit is held back.
    event ProfitEscrowed(bytes32 indexed scope, address indexed owner, uint256 amount);

    /// @notice Emitted when a held profit is released.
    event ProfitReleased(bytes32 indexed scope, address indexed owner, uint256 amount);

    /// @notice What is held back of an owner's profits in a scope, in units of the protocol's token.
    function escrowedProfit(bytes32 scope, address owner) public view virtual returns (uint256) {
        return _escrowStorage().escrowed[scope][owner];
    }

    /// @notice Takes a realised profit, and returns how much of it may be paid now: all of it on Allow, none on AllowConservative.
    /// @param verdict what `_guard` returned for the action that realises the profit
    function _settleProfit(
        bytes32 scope,
        address owner,
        uint256 profit,
        Verdict verdict
    ) internal returns (uint256 payable_) {
        if (verdict == Verdict.Allow) return profit;
        if (profit == 0) return 0;
        _escrowStorage().escrowed[scope][owner] += profit;
        emit ProfitEscrowed(scope, owner, profit);
    }

    /// @notice Releases what is held back, where a decrease would be allowed without reserve now; reverts with ActionDenied elsewhere.
    /// @return amount to pay to the owner; zero if nothing was held
    function _releaseProfit(bytes32 scope, address owner) internal returns (uint256 amount) {
        _requireAllowed(scope, Action.Decrease);
        amount = _escrowStorage().escrowed[scope][owner];
        _escrowStorage().escrowed[scope][owner] = 0;
        emit ProfitReleased(scope, owner, amount);
    }

    function _escrowStorage() private pure returns (EscrowStorage storage $) {
        assembly ("memory-safe") {
            $.slot := ESCROW_STORAGE
        }
    }
}
