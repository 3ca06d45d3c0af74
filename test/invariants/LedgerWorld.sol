// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IActionErrors} from "../../contracts/interfaces/IActionErrors.sol";
import {LedgerTarget} from "../../contracts/mocks/LedgerTargets.sol";
import {Action, Status, Verdict} from "../../contracts/policy/Policy.sol";
import {LedgerForecast} from "./LedgerForecast.sol";
import {Broken, vm} from "./Vm.sol";

/// @title What happens around two ledgers: time, users, and what each call of the desk leaves
/// @notice The handler is a stranger to the desk. Each call of the desk is predicted, and looked at for what it wrote.
abstract contract LedgerWorld is LedgerForecast {
    /// @dev Slots of a ledger at the desk: nine, and a ring of 128 hashes.
    uint256 private constant SLOTS = 9 + 128;

    /// @notice INV-22: thrown where a call did something else than the model predicted. Zero is success.
    error Unpredicted(bytes4 expected, bytes4 actual);

    /* TIME */

    /// @notice Blocks as a chain makes them that lives; seldom hours or days of them, in which nobody calls.
    function blocksPass(uint256 input) external {
        uint256 seed = _mixed(input);
        uint256 unit = seed % 8 != 0 ? 1 : [uint256(60), 300, 7_200][(seed >> 8) % 3];
        _pass(unit * (1 + ((seed >> 16) % 30)), 12);
    }

    /// @notice One block, after a time without.
    function outagePasses(uint256 input) external {
        uint256 seed = _mixed(input);
        uint256 unit = seed % 8 != 0 ? 1 minutes : [uint256(1 hours), 1 days, 30 days][(seed >> 8) % 3];
        _pass(1, unit * (1 + ((seed >> 16) % 20)));
    }

    /* THE GUARD'S OWN CALLS */

    /// @notice A user acts, whatever the status.
    function act(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, Action action) = (_marketAt(seed), Action((seed >> 8) % 8));
        bool isExit = _isExit(action) || action == Action.Liquidate;
        if (isExit) action = Action.Decrease;
        Verdict verdict = _expectedVerdict(scope, action);
        bytes4 expected =
            verdict == Verdict.Allow || (isExit && verdict == Verdict.AllowConservative)
                ? bytes4(0)
                : IActionErrors.ActionDenied.selector;
        bytes memory data =
            isExit ? abi.encodeCall(LedgerTarget.decrease, (scope)) : abi.encodeCall(LedgerTarget.act, (scope, action));
        (bool ok, bytes memory result) = address(_guard).call(data);
        _requirePredicted(expected, ok, result);
        if (ok) _observed(scope, false);
    }

    /// @notice Anybody records what the chain shows.
    function poke(uint256 input) external {
        uint256 seed = _mixed(input);
        _poke(_scopeAt(seed));
    }

    function _poke(bytes32 scope) internal {
        (Status expected, ) = _expected(scope);
        if (_guard.poke(scope) != expected) revert Broken("INV-25: a poke returns the status of the model");
        _observed(scope, true);
    }

    /* WHAT EVERY CALL LEAVES */

    function _ask(bytes32 scope, bytes memory data, bytes4 expected) internal returns (bool) {
        return _askOf(address(_desk), address(this), scope, data, expected);
    }

    /// @dev A call about one scope: as predicted, within its slots, and nothing to the other scope.
    function _askOf(
        address target,
        address caller,
        bytes32 scope,
        bytes memory data,
        bytes4 expected
    ) internal returns (bool ok) {
        // What reverts leaves nothing.
        bytes32 elsewhere = expected == 0 ? _digestOf(_otherThan(scope)) : bytes32(0);
        if (expected == 0) vm.record();
        if (caller != address(this)) vm.prank(caller);
        bytes memory result;
        (ok, result) = target.call(data);
        if (expected == 0) vm.stopRecord();
        _requirePredicted(expected, ok, result);
        if (!ok) return false;
        (, bytes32[] memory writes) = vm.accesses(address(_desk));
        uint256 first = uint256(_firstSlotOf(scope));
        for (uint256 i = 0; i < writes.length; ++i) {
            bool isOurs = uint256(writes[i]) >= first && uint256(writes[i]) - first < SLOTS;
            if (!isOurs) revert Broken("INV-24: a ledger has its slots");
        }
        if (_digestOf(_otherThan(scope)) != elsewhere)
            revert Broken("INV-31: news of a ledger concern its scope alone");
    }

    function _requirePredicted(bytes4 expected, bool ok, bytes memory result) internal pure {
        bytes4 actual =
            ok
                ? bytes4(0)
                : result.length < 4
                    ? bytes4(0xffffffff)
                    : bytes4(result);
        if (actual != expected) revert Unpredicted(expected, actual);
    }

    /// @dev Of the desk's one mapping, which is in its first slot: by guard, then by scope.
    function _firstSlotOf(bytes32 scope) private view returns (bytes32) {
        return keccak256(abi.encode(scope, keccak256(abi.encode(address(_guard), uint256(0)))));
    }

    /// @dev All that is to be seen of a market and its ledger, and of the exchange above both.
    function _digestOf(bytes32 scope) private view returns (bytes32) {
        (Status status, Status exits) = _guard.statusOf(scope);
        (Status above, ) = _guard.statusOf(EXCHANGE);
        (Status cause, uint64 evidence) = _guard.causeOf(scope, LEDGER_CAUSE);
        bytes32 ledger = _digestOfLedger(scope);
        return keccak256(abi.encode(ledger, status, exits, above, cause, evidence, _guard.committedUntil(scope)));
    }

    /// @dev Also of one that nobody has opened.
    function _digestOfLedger(bytes32 scope) private view returns (bytes32) {
        bytes memory question = abi.encodeCall(_desk.ledgerOf, (address(_guard), scope));
        (bool isOpen, bytes memory ledger) = address(_desk).staticcall(question);
        return keccak256(abi.encode(isOpen, ledger));
    }

    function _otherThan(bytes32 scope) internal pure returns (bytes32) {
        return scope == MARKET_A ? MARKET_B : MARKET_A;
    }

    /// @dev The fuzzer likes small numbers and repeats them; a step reads choices out of every part of its seed.
    function _mixed(uint256 input) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(input, block.number)));
    }
}
