// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IMarginPerps} from "../../contracts/examples/IMarginPerps.sol";
import {IActionErrors} from "../../contracts/interfaces/IActionErrors.sol";
import {IPolicyErrors} from "../../contracts/interfaces/IPolicyErrors.sol";
import {IPolicyGuard} from "../../contracts/interfaces/IPolicyGuard.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {EvidentPerps} from "./EvidentPerps.sol";
import {ScopeModel} from "./ScopeModel.sol";
import {Broken, vm} from "./Vm.sol";

/// @title What happens to an exchange from outside
/// @notice Time, with blocks and without; the two roles; evidence. The handler is feed and keeper of the exchange, and so its pauser and its
/// configurator. Each call of the exchange is predicted from the ghost state: success, or the selector of the error.
abstract contract WorldHandler is ScopeModel {
    /// @dev A branch replaces the blocks from `first` on.
    struct Branch {
        uint256 first;
        bytes32 salt;
    }

    /// @dev The one announcement of a scope that waits.
    struct Announcement {
        bool waits;
        uint256 table;
        Moment ready;
        Moment end;
    }

    uint256 private constant CONFIGURATION_DELAY = 2 days;

    EvidentPerps internal _perps;
    Branch[] internal _branches;
    mapping(bytes32 scope => Announcement) private _announcements;
    mapping(bytes32 scope => Closing) private _seen; // the last closing of exits that the exchange showed
    mapping(bytes32 scope => Heartbeat) private _lastHeartbeat;

    /* TIME */

    /// @notice Blocks as a chain makes them that lives.
    function blocksPass(uint256 input) external {
        uint256 seed = _mixed(input);
        _passHealthy(1 + (seed % 100), [uint256(1), 2, 12, 13][(seed >> 8) % 4]);
    }

    /// @notice Days on which nobody calls.
    function quietDaysPass(uint256 input) external {
        uint256 seed = _mixed(input);
        _passHealthy((1 + (seed % 9)) * 7_200, 12);
    }

    /// @notice Blocks slower than some of the configurations expect them.
    function slowBlocksPass(uint256 input) external {
        uint256 seed = _mixed(input);
        _pass(1 + (seed % 40), 14 + ((seed >> 8) % 66));
    }

    /// @notice One block, after a time without: minutes, hours or days.
    function outagePasses(uint256 input) external {
        uint256 seed = _mixed(input);
        uint256 unit = [uint256(1 minutes), 10 minutes, 1 hours, 10 hours][seed % 4];
        _pass(1, unit * (1 + ((seed >> 8) % 8)) + ((seed >> 16) % 60));
    }

    function _pass(uint256 blocks, uint256 interval) internal {
        vm.warp(block.timestamp + blocks * interval);
        vm.roll(block.number + blocks);
    }

    /// @dev INV-8. All configurations expect a block within 13.5 s on average.
    function _passHealthy(uint256 blocks, uint256 interval) private {
        Status[3] memory before;
        for (uint256 i = 0; i < 3; ++i) (before[i], ) = _perps.ownStatusOf(_scopeAt(i));
        _pass(blocks, interval);
        for (uint256 i = 0; i < 3; ++i) {
            (Status status, ) = _perps.ownStatusOf(_scopeAt(i));
            if (status > before[i]) revert Broken("INV-8: a live chain makes no status worse");
        }
    }

    /* ROLES */

    /// @notice Anybody records what the chain shows.
    function poke(uint256 input) external {
        uint256 seed = _mixed(input);
        _poke(_scopeAt(seed));
    }

    function _poke(bytes32 scope) internal {
        (Status expected, ) = _expected(scope);
        if (_perps.poke(scope) != expected) revert Broken("INV-1: a poke returns the status of the model");
        _observed(scope, true);
    }

    /// @notice The pauser pauses, or tries to.
    function pause(uint256 input) external {
        uint256 seed = _mixed(input);
        _pause(_scopeAt(seed), Status((seed >> 8) % 5), (seed >> 16) % (PAUSE_LONGEST + 1 hours));
    }

    /// @notice A hostile pauser: as long as possible, as soon as possible, where it hurts.
    function pauseAgain(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = seed % 4 == 0 ? _marketAt(seed >> 8) : EXCHANGE;
        Pause[] storage pauses = _ghosts[scope].pauses;
        if (pauses.length != 0) {
            // Every other one does not wait for the cool-down.
            Pause memory last = pauses[pauses.length - 1];
            uint256 next = (seed >> 16) % 2 == 0 ? _coolDown(scope) : last.end.time;
            while (block.timestamp < next) _pass(7_200, 12);
        }
        _pause(scope, Status.Stale, PAUSE_LONGEST);
    }

    /// @notice The configurator announces a configuration.
    function schedule(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, uint256 table) = (_scopeAt(seed), (seed >> 8) % 3);
        _schedule(scope, table);
    }

    /// @dev It takes the one before back.
    function _schedule(bytes32 scope, uint256 table) internal {
        _try(abi.encodeCall(IPolicyGuard.scheduleScope, (scope, _configuration(scope, table))), 0);
        uint256 blockTime = _configuration(scope, table).longestBlockTime;
        Moment memory ready = _later(_moment(), CONFIGURATION_DELAY, blockTime);
        _announcements[scope] = Announcement(true, table, ready, _later(ready, CONFIGURATION_DELAY, blockTime));
    }

    /// @notice It takes one back, or one that does not wait.
    function unschedule(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, uint256 table) = (_scopeAt(seed), _announcedOr(_scopeAt(seed), seed >> 8));
        bytes4 expected = _isAnnounced(scope, table) ? bytes4(0) : IPolicyErrors.ConfigurationNotReady.selector;
        if (_try(abi.encodeCall(IPolicyGuard.cancelScope, (scope, _configuration(scope, table))), expected)) {
            delete _announcements[scope];
        }
    }

    /// @notice Anybody applies one, or tries to. Half of the callers wait until one is ready; some come late, or by the clock alone.
    function applyScheduled(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, uint256 table) = (_scopeAt(seed), _announcedOr(_scopeAt(seed), seed >> 8));
        if (_isAnnounced(scope, table) && (seed >> 16) % 2 == 0) {
            uint256 way = (seed >> 24) % 8;
            if (way < 5)
                _passDelay();
                // Without the blocks: too early; by the clock alone; too late by the clock alone.
            else _pass(1, [uint256(5 days), 8 days, 16 days][way - 5]);
        }
        _apply(scope, table);
    }

    function _passDelay() internal {
        _pass(CONFIGURATION_DELAY / 12, 12);
    }

    function _apply(bytes32 scope, uint256 table) internal {
        Announcement storage due = _announcements[scope];
        bool ready =
            _isAnnounced(scope, table) &&
                _hasCome(due.ready, CONFIGURATION_DELAY) &&
                !_hasCome(due.end, 2 * CONFIGURATION_DELAY);
        bytes4 expected = ready ? bytes4(0) : IPolicyErrors.ConfigurationNotReady.selector;
        if (_try(abi.encodeCall(IPolicyGuard.applyScope, (scope, _configuration(scope, table))), expected)) {
            delete _announcements[scope];
            _observed(scope, true);
            _configure(scope, table);
        }
    }

    function _isAnnounced(bytes32 scope, uint256 table) private view returns (bool) {
        return _announcements[scope].waits && _announcements[scope].table == table;
    }

    /// @dev Mostly the one that waits.
    function _announcedOr(bytes32 scope, uint256 seed) private view returns (uint256) {
        return _announcements[scope].waits && seed % 4 != 0 ? _announcements[scope].table : (seed >> 2) % 3;
    }

    /// @notice A stranger tries what the roles may do.
    function intrude(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, address stranger) = (_scopeAt(seed), address(0xbad));
        (bytes4 notPauser, bytes4 notConfigurator) = (
            IPolicyErrors.NotPauser.selector,
            IPolicyErrors.NotConfigurator.selector
        );
        vm.prank(stranger);
        _try(abi.encodeCall(IPolicyGuard.pauseScope, (scope, Status.Stale, 1 hours)), notPauser);
        vm.prank(stranger);
        _try(abi.encodeCall(IPolicyGuard.scheduleScope, (scope, _configuration(scope, seed % 3))), notConfigurator);
        vm.prank(stranger);
        _try(abi.encodeCall(IPolicyGuard.cancelScope, (scope, _configuration(scope, seed % 3))), notConfigurator);

        // A scope that nobody configured is no way past the guard. Not even the one whose name is the end above all
        // others.
        scope = (seed >> 8) % 2 == 0 ? bytes32(0) : bytes32(seed);
        (Status status, Status exits) = _perps.statusOf(scope);
        if (status != Status.Halted || exits != Status.Halted) revert Broken("INV-1: an unknown scope is Halted");
        _try(abi.encodeCall(IPolicyGuard.poke, (scope)), IActionErrors.ScopeUnknown.selector);
        _try(abi.encodeCall(IMarginPerps.deposit, (scope, 0)), IActionErrors.ScopeUnknown.selector);
        _try(abi.encodeCall(IMarginPerps.withdraw, (scope, 0)), IActionErrors.ScopeUnknown.selector);
    }

    function _pause(bytes32 scope, Status status, uint256 length) private {
        bytes4 expected = _expectPause(scope, status, length);
        bytes4 outcome = _call(abi.encodeCall(IPolicyGuard.pauseScope, (scope, status, uint24(length))));
        if (outcome == 0) {
            _paused(scope, status, length);
            _requirePausesCapped(scope);
        }
        _requirePredicted(expected, outcome);
    }

    function _expectPause(bytes32 scope, Status status, uint256 length) private view returns (bytes4) {
        if (status == Status.Synced || status > Status.Stale) return IPolicyErrors.PauseNeedsEvidence.selector;
        if (length == 0 || length > PAUSE_LONGEST) return IPolicyErrors.PauseLength.selector;
        Pause[] storage pauses = _ghosts[scope].pauses;
        if (pauses.length != 0 && block.timestamp < _coolDown(scope)) return IPolicyErrors.PauseCoolingDown.selector;
        (uint256 used, uint256 count) = (length, 0);
        for (uint256 i = pauses.length; i > 0 && pauses[i - 1].end.time + PAUSE_WINDOW > block.timestamp; --i) {
            used += pauses[i - 1].end.time - pauses[i - 1].begin.time;
            ++count;
        }
        bool spent = used > PAUSE_BUDGET || count >= PAUSES_IN_WINDOW;
        return spent ? IPolicyErrors.PauseBudgetSpent.selector : bytes4(0);
    }

    /// @dev When the pause after the last one may begin.
    function _coolDown(bytes32 scope) private view returns (uint256) {
        Pause[] storage pauses = _ghosts[scope].pauses;
        Pause storage last = pauses[pauses.length - 1];
        return 2 * uint256(last.end.time) - last.begin.time;
    }

    /// @dev INV-9, of the pauses that were accepted: in the window that ends with the newest.
    function _requirePausesCapped(bytes32 scope) private view {
        Pause[] storage pauses = _ghosts[scope].pauses;
        Pause storage last = pauses[pauses.length - 1];
        uint256 windowBegin = last.end.time - PAUSE_WINDOW;
        uint256 total;
        for (uint256 i = 0; i < pauses.length; ++i) {
            (uint256 begin, uint256 end) = (pauses[i].begin.time, pauses[i].end.time);
            if (end - begin > PAUSE_LONGEST) revert Broken("INV-9: a pause lasts a day at the most");
            if (i != 0 && begin < 2 * pauses[i - 1].end.time - pauses[i - 1].begin.time) {
                revert Broken("INV-9: a pause follows after a time as long as the one before");
            }
            if (end > windowBegin) total += end - (begin > windowBegin ? begin : windowBegin);
        }
        if (total > PAUSE_BUDGET) revert Broken("INV-9: pauses take three days in thirty");
        if (last.status > Status.Stale) revert Broken("INV-9: a pause is no divergence");
    }

    /* EVIDENCE */

    /// @notice Evidence against a scope, as new as it should be or not.
    function raise(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, uint256 cause) = (_scopeAt(seed), (seed >> 8) % CAUSES);
        Status status = [Status.Diverged, Status.Diverged, Status.Halted, Status.Stale][(seed >> 16) % 4];
        _raise(scope, cause, status, _evidence(scope, cause, seed >> 24));
    }

    function _raise(bytes32 scope, uint256 cause, Status status, uint64 evidence) internal {
        Cause memory last = _ghosts[scope].causes[cause];
        bytes4 expected;
        if (status < Status.Diverged) expected = IPolicyErrors.CauseInvalid.selector;
        else if (last.status < status && evidence <= last.evidence) expected = IPolicyErrors.EvidenceNotNewer.selector;

        bytes32 elsewhere = _statusesElsewhere(scope);
        bytes memory data = abi.encodeCall(EvidentPerps.raise, (scope, _causeId(cause), status, evidence));
        (bool ok, bytes memory result) = address(_perps).call(data);
        _requirePredicted(expected, _outcome(ok, result));
        if (ok) {
            bool worse = status > last.status;
            if (abi.decode(result, (bool)) != worse) revert Broken("INV-3: a cause is raised where it gets worse");
            _raised(scope, cause, status, evidence);
            if (worse) _sample(scope);
        }
        if (_statusesElsewhere(scope) != elsewhere) revert Broken("INV-12: a cause concerns its scope alone");
    }

    /// @notice Evidence for a scope.
    function heal(uint256 input) external {
        uint256 seed = _mixed(input);
        (bytes32 scope, uint256 cause) = (_scopeAt(seed), (seed >> 8) % CAUSES);
        // An open one, if there is one: else most of these calls would fail.
        for (uint256 i = 0; i < CAUSES && (seed >> 16) % 8 != 0; ++i) {
            if (_ghosts[scope].causes[i].status != Status.Synced) cause = i;
        }
        _heal(scope, cause, _evidence(scope, cause, seed >> 24));
    }

    function _heal(bytes32 scope, uint256 cause, uint64 evidence) internal {
        Cause memory last = _ghosts[scope].causes[cause];
        bytes4 expected;
        if (last.status == Status.Synced) expected = IPolicyErrors.CauseNotOpen.selector;
        else if (evidence <= last.evidence) expected = IPolicyErrors.EvidenceNotNewer.selector;

        bytes32 elsewhere = _statusesElsewhere(scope);
        bytes4 outcome = _call(abi.encodeCall(EvidentPerps.heal, (scope, _causeId(cause), evidence)));
        if (outcome == 0) {
            if (evidence <= last.evidence) revert Broken("INV-3: newer evidence heals");
            _healed(scope, cause, evidence);
        }
        _requirePredicted(expected, outcome);
        if (_statusesElsewhere(scope) != elsewhere) revert Broken("INV-12: a cause concerns its scope alone");
    }

    function _evidence(bytes32 scope, uint256 cause, uint256 seed) private view returns (uint64) {
        Cause memory last = _ghosts[scope].causes[cause];
        return seed % 4 == 0 ? last.evidence - uint64(last.evidence != 0 ? (seed >> 8) % 2 : 0) : uint64(block.number);
    }

    function _causeId(uint256 cause) private pure returns (bytes32) {
        return keccak256(abi.encode("cause", cause));
    }

    /// @dev The own statuses of all scopes but one.
    function _statusesElsewhere(bytes32 scope) private view returns (bytes32 digest) {
        for (uint256 i = 0; i < 3; ++i) {
            if (_scopeAt(i) == scope) continue;
            (Status status, Status exits) = _perps.ownStatusOf(_scopeAt(i));
            digest = keccak256(abi.encode(digest, status, exits));
        }
    }

    /* WHAT EVERY STEP LEAVES */

    /// @dev The fuzzer likes small numbers and repeats them; a step reads choices out of every part of its seed.
    function _mixed(uint256 input) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(input, block.number)));
    }

    /// @dev Calls the exchange. Whatever the model did not predict breaks INV-1.
    function _try(bytes memory data, bytes4 expected) internal returns (bool ok) {
        bytes4 actual = _call(data);
        _requirePredicted(expected, actual);
        return actual == 0;
    }

    /// @return outcome the error's selector, zero for success
    function _call(bytes memory data) internal returns (bytes4 outcome) {
        (bool ok, bytes memory result) = address(_perps).call(data);
        return _outcome(ok, result);
    }

    /// @dev A revert without data, as where the gas runs out, is an error that nobody predicts.
    function _outcome(bool ok, bytes memory result) internal pure returns (bytes4) {
        if (ok) return 0;
        return result.length < 4 ? bytes4(0xffffffff) : bytes4(result);
    }

    function _requirePredicted(bytes4 expected, bytes4 actual) internal pure {
        if (actual != expected) revert Unpredicted(expected, actual);
    }

    /// @notice INV-1: thrown where a call did something else than the model predicted. Zero is success.
    error Unpredicted(bytes4 expected, bytes4 actual);

    function _requireStatusesAsPredicted() internal view {
        for (uint256 i = 0; i < 3; ++i) {
            (Status status, Status exits) = _perps.statusOf(_scopeAt(i));
            (Status expectedStatus, Status expectedExits) = _expected(_scopeAt(i));
            if (status != expectedStatus) revert Broken("INV-1: the status is the model's");
            if (exits != expectedExits) revert Broken("INV-1: the status for exits is the model's");
        }
    }

    /// @dev INV-5, right after a cause was opened or made worse: nothing else closes exits.
    function _sample(bytes32 scope) private {
        (, Status exits) = _perps.ownStatusOf(scope);
        Closing storage seen = _seen[scope];
        if (exits != Status.Halted || !_hasCome(seen.until, seen.length)) return;
        if (!_hasCome(seen.again, EXIT_PERIODS * seen.length)) {
            revert Broken("INV-5: exits are closed for a fifth of the time at the most");
        }
        _seen[scope] = _closingFromNow(_ghosts[scope]);
    }

    /// @dev INV-5, at any time.
    function _requireExitsOpenInTime() internal view {
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 scope = _scopeAt(i);
            (, Status exits) = _perps.ownStatusOf(scope);
            if (exits == Status.Halted && _hasCome(_seen[scope].until, _seen[scope].length)) {
                revert Broken("INV-5: exits are closed for exitsFor at the most");
            }
        }
    }

    /// @dev INV-7.
    function _requireHeartbeatsRise() internal {
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 scope = _scopeAt(i);
            (uint256 until, uint256 number) = _perps.heartbeatOf(scope);
            if (until > block.timestamp * 1_000 || number > block.number) {
                revert Broken("INV-7: a heartbeat lies in the past");
            }
            Heartbeat memory last = _lastHeartbeat[scope];
            if (until < last.until || number < last.number) revert Broken("INV-7: a heartbeat never goes back");
            if (until != _ghosts[scope].heartbeat.until || number != _ghosts[scope].heartbeat.number) {
                revert Broken("INV-7: a heartbeat is written when it is due, and carries what no block accounts for");
            }
            _lastHeartbeat[scope] = Heartbeat(uint64(until), uint40(number));
        }
    }
}
