// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";
import {L1Origin} from "../anchor/L1Origin.sol";
import {Continuity} from "../anchor/Continuity.sol";
import {NativeChains} from "../anchor/NativeChains.sol";
import {IActionErrors} from "../interfaces/IActionErrors.sol";
import {IAnchorErrors} from "../interfaces/IAnchorErrors.sol";
import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";
import {Host, IPolicyEngine} from "../interfaces/IPolicyEngine.sol";
import {IPolicyGuard, Restrictions} from "../interfaces/IPolicyGuard.sol";
import {HeaderTime} from "../header/HeaderTime.sol";
import {Assessment, Assessments, Facts} from "./Assessment.sol";
import {Configurations} from "./Configurations.sol";
import {Bounds} from "./Bounds.sol";
import {Deadline, Deadlines} from "./Deadline.sol";
import {Action, Clock, Status, Verdict} from "./PolicyTypes.sol";
import {Policies} from "./Policy.sol";
import {Scope, ScopeConfig, Scopes} from "./Scopes.sol";
import {ScopeHead, ScopeHeads} from "./ScopeHead.sol";
import {Transitions} from "./Transitions.sol";

/// @title What a guarded contract needs when something is wrong
/// @notice Judging, recording, evidence, roles and views, in one contract without storage or owner. A `PolicyGuard`
/// runs it in its own storage, by delegatecall. What must be known of the guard (`Host`) stands behind the call's
/// arguments. A contract that inherits the guard would else carry it all.
/// @dev Two verbs: what *looks* writes nothing, what *records* writes what the chain shows. Called by itself it does nothing.
contract PolicyEngine is IPolicyEngine, IHeaderErrors, IAnchorErrors, IActionErrors {
    using Transitions for Scope;

    /// @dev Bytes of an encoded `Host`.
    uint256 private constant HOST_SIZE = 11 * 32;

    /// @dev An account whose health is below this can be liquidated.
    uint256 private constant SOLVENT = 1e18;

    address private immutable _self = address(this);

    modifier hosted() {
        _requireHosted();
        _;
    }

    /* CHECKS */

    /// @inheritdoc IPolicyEngine
    function enter(bytes32 scope, Action action, Verdict least) external payable hosted returns (Verdict verdict) {
        if (action == Action.Liquidate && least != Verdict.Allow) revert LiquidationNeedsHealth(scope);
        Status status;
        (verdict, status) = _verdict(scope, action, _record(_host(), false));
        if (verdict < least) revert ActionDenied(scope, action, status);
    }

    /// @inheritdoc IPolicyEngine
    function enterLiquidation(
        bytes32 scope,
        uint256 worstHealth,
        uint256 bestHealth
    ) external payable hosted returns (Verdict verdict) {
        Host memory host = _host();
        Status status;
        (verdict, status) = _verdict(scope, Action.Liquidate, _record(host, false));
        if (!_mayLiquidate(host, verdict, status, worstHealth, bestHealth)) {
            revert LiquidationDenied(scope, status, worstHealth, bestHealth);
        }
    }

    /// @inheritdoc IPolicyEngine
    function look(bytes32 scope, Action action) external payable returns (Verdict verdict, bytes memory reason) {
        return preview(scope, action);
    }

    /// @inheritdoc IPolicyGuard
    function preview(bytes32 scope, Action action) public view returns (Verdict verdict, bytes memory reason) {
        Assessment memory now_;
        (now_, reason) = _look(_host());
        if (reason.length != 0) return (Verdict.Deny, reason);
        Status status;
        (verdict, status) = _verdict(scope, action, now_);
        if (verdict != Verdict.Allow) reason = abi.encodeWithSelector(ActionDenied.selector, scope, action, status);
    }

    /// @inheritdoc IPolicyGuard
    function previewLiquidation(
        bytes32 scope,
        uint256 worstHealth,
        uint256 bestHealth
    ) external view returns (bool allowed, bytes memory reason) {
        Host memory host = _host();
        Assessment memory now_;
        (now_, reason) = _look(host);
        if (reason.length != 0) return (false, reason);
        (Verdict verdict, Status status) = _verdict(scope, Action.Liquidate, now_);
        allowed = _mayLiquidate(host, verdict, status, worstHealth, bestHealth);
        if (!allowed) {
            reason = abi.encodeWithSelector(LiquidationDenied.selector, scope, status, worstHealth, bestHealth);
        }
    }

    /// @inheritdoc IPolicyGuard
    function statusOf(bytes32) external view returns (Status status, Status exits) {
        (Assessment memory now_, bytes memory failure) = _look(_host());
        if (failure.length != 0) return (Status.Halted, Status.Halted);
        return (now_.status, now_.exitStatus);
    }

    /* WHAT THE CHAIN SHOWS */

    /// @inheritdoc IPolicyGuard
    function poke(bytes32) external hosted returns (Status status) {
        return _record(_host(), true).status;
    }

    /// @inheritdoc IPolicyGuard
    /// @dev The host has checked the anchor.
    function proveStandstill(bytes32 scope, Anchor calldata anchor, bytes calldata headers) external hosted {
        uint256 apart = _timeBetween(anchor, headers);
        Host memory host = _host();
        Clock memory now_ = _clock(host);
        bool isRecorded;
        for (uint256 i = 0; i < _scopes(host); ++i) {
            Scope storage state = _known(host.path[i]);
            if (apart <= state.head.gap() || anchor.number <= state.outageBlock) continue;
            state.recordOutage(now_);
            isRecorded = true;
            emit ScopeStandstill(host.path[i], anchor.number, apart);
        }
        if (!isRecorded) _refuseStandstill(scope, anchor.number, apart);
        _answer();
    }

    /// @dev The worst of the scope and of what is above it, recorded.
    function _record(Host memory host, bool isPoke) private returns (Assessment memory worst) {
        if (host.path[Bounds.PARENTS + 1] != 0) revert ScopeTooDeep(host.path[0]);
        Clock memory now_ = _clock(host);
        for (uint256 i = 0; i < _scopes(host); ++i) {
            Scope storage state = _known(host.path[i]);
            uint256 unaccounted = _unaccounted(host, state.head);
            Facts memory facts = state.facts(now_, unaccounted);
            Assessment memory own = Assessments.assess(facts);
            _worsen(worst, own);
            if (own.outage) {
                state.recordOutage(now_);
                emit ScopeDisturbed(host.path[i], unaccounted / 1_000, state.staleUntil.time());
            } else if (isPoke || !_isRecent(state.head, now_)) {
                bool hasDeadlines = facts.stale || facts.lagging || facts.paused != Status.Synced;
                uint256 carried = host.continuity == Continuity.L1Origin ? 0 : unaccounted;
                state.recordHeartbeat(now_, carried, hasDeadlines);
            }
        }
    }

    /// @dev The same, without a trace. `failure` is the revert data of a missing configuration.
    function _look(Host memory host) private view returns (Assessment memory worst, bytes memory failure) {
        if (host.path[Bounds.PARENTS + 1] != 0) {
            return (worst, abi.encodeWithSelector(ScopeTooDeep.selector, host.path[0]));
        }
        Clock memory now_ = _clock(host);
        for (uint256 i = 0; i < _scopes(host); ++i) {
            Scope storage state = Scopes.find(host.path[i]);
            if (!state.head.isKnown()) return (worst, abi.encodeWithSelector(ScopeUnknown.selector, host.path[i]));
            _worsen(worst, _assess(host, state, now_));
        }
    }

    function _assess(
        Host memory host,
        Scope storage state,
        Clock memory now_
    ) private view returns (Assessment memory) {
        return Assessments.assess(state.facts(now_, _unaccounted(host, state.head)));
    }

    function _worsen(Assessment memory worst, Assessment memory own) private pure {
        if (own.status > worst.status) worst.status = own.status;
        if (own.exitStatus > worst.exitStatus) worst.exitStatus = own.exitStatus;
    }

    /// @dev In milliseconds.
    function _unaccounted(Host memory host, ScopeHead head) private view returns (uint256) {
        if (host.continuity != Continuity.L1Origin) return head.unaccounted(block.timestamp, host.number);
        uint256 lag = L1Origin.lag(block.timestamp);
        return lag > type(uint64).max ? lag : lag * 1_000;
    }

    /// @dev Whether no heartbeat is due.
    function _isRecent(ScopeHead head, Clock memory now_) private pure returns (bool) {
        (uint256 until, ) = head.heartbeat();
        uint256 nowInMs = now_.time * 1_000;
        return nowInMs < until || (nowInMs - until) * ScopeHeads.HEARTBEAT_PART < head.gap() * 1_000;
    }

    /* EVIDENCE */

    /// @inheritdoc IPolicyEngine
    function raise(
        bytes32 scope,
        bytes32 cause,
        Status status,
        uint64 evidence
    ) external payable hosted returns (bool raised) {
        raised = _known(scope).openCause(scope, cause, status, evidence, _clock(_host()));
        if (raised) emit ScopeRaised(scope, cause, status, evidence);
    }

    /// @inheritdoc IPolicyEngine
    function heal(bytes32 scope, bytes32 cause, uint64 evidence) external payable hosted returns (bool) {
        _known(scope).closeCause(scope, cause, evidence, _clock(_host()));
        emit ScopeHealed(scope, cause, evidence);
        return true;
    }

    /// @inheritdoc IPolicyEngine
    function recordCommitment(bytes32 scope, uint24 span) external payable hosted returns (bool) {
        _known(scope).recordCommitment(span, _clock(_host()));
        return true;
    }

    /* ROLES */

    /// @inheritdoc IPolicyGuard
    function pauseScope(bytes32 scope, Status status, uint24 length) external hosted {
        Host memory host = _host();
        if (msg.sender != host.pauser) revert NotPauser(msg.sender);
        if (status == Status.Synced || status > Status.Stale) revert PauseNeedsEvidence(status);
        if (length == 0 || length > Bounds.PAUSE_GREATEST) revert PauseLength(length, Bounds.PAUSE_GREATEST);
        Scope storage state = _known(scope);
        Clock memory now_ = _clock(host);

        // A pause follows the one before it only after a time as long as that one.
        uint256 next = state.pausedUntil.time() + state.pauses.lastLength();
        if (now_.time < next) revert PauseCoolingDown(scope, next);
        // Of the remembered pauses the oldest gives its place to the new one. So the oldest must have left the window.
        (uint256 used, uint256 count) = state.pauses.inWindow(now_.time);
        if (count == Bounds.PAUSES || used + length > Bounds.PAUSE_BUDGET) {
            revert PauseBudgetSpent(scope, used, Bounds.PAUSE_BUDGET);
        }
        state.pause(status, length, now_);
        emit ScopePaused(scope, status, now_.time + length);
        _answer();
    }

    /// @inheritdoc IPolicyGuard
    function scheduleScope(bytes32 scope, ScopeConfig memory config) external hosted {
        Host memory host = _host();
        if (msg.sender != host.configurator) revert NotConfigurator(msg.sender);
        Clock memory now_ = _clock(host);
        _requireSound(scope, config, host, now_);
        Scope storage state = Scopes.find(scope);
        if (state.announced != 0) emit ScopeConfigurationCancelled(scope, state.announced);

        uint256 delay = host.configurationDelay;
        state.announced = keccak256(abi.encode(config));
        state.readyFrom = Deadlines.from(now_, delay, config.longestBlockTime);
        state.readyUntil = state.readyFrom.plus(delay, config.longestBlockTime);
        emit ScopeConfigurationScheduled(scope, config, now_.time + delay);
        _answer();
    }

    /// @inheritdoc IPolicyGuard
    function cancelScope(bytes32 scope, ScopeConfig memory config) external hosted {
        Host memory host = _host();
        if (msg.sender != host.configurator) revert NotConfigurator(msg.sender);
        Scope storage state = Scopes.find(scope);
        bytes32 announced = keccak256(abi.encode(config));
        if (announced != state.announced) _refuseConfiguration(scope, state);
        state.announced = 0;
        emit ScopeConfigurationCancelled(scope, announced);
        _answer();
    }

    /// @inheritdoc IPolicyGuard
    function applyScope(bytes32 scope, ScopeConfig memory config) external hosted {
        Host memory host = _host();
        Clock memory now_ = _clock(host);
        Scope storage state = Scopes.find(scope);
        uint256 delay = host.configurationDelay;
        bool isReady = keccak256(abi.encode(config)) == state.announced && state.readyFrom.hasPassed(now_, delay);
        if (!isReady || state.readyUntil.hasPassed(now_, 2 * delay)) _refuseConfiguration(scope, state);
        // What the old configuration sees is on record before the new one looks elsewhere.
        if (state.head.isKnown())
            _record(host, true);
            // The host's own check of its chain is in `_configureScope`, which nobody has called yet.
        else if (NativeChains.continuityOf(block.chainid) == Continuity.Unlisted)
            revert UnsupportedChain(block.chainid);
        state.announced = 0;
        _configure(scope, state, config, host, now_);
        _answer();
    }

    /// @inheritdoc IPolicyEngine
    function configure(bytes32 scope, ScopeConfig memory config) external payable hosted returns (bool) {
        Host memory host = _host();
        Scope storage state = Scopes.find(scope);
        if (state.head.isKnown()) revert ScopeConfigured(scope);
        _configure(scope, state, config, host, _clock(host));
        return true;
    }

    /// @notice Reverts with ContinuityMismatch where the executing chain shows another thing. Where it is not listed, or makes its blocks on demand, any
    /// kind may be tried.
    /// @return magic the function's selector: what answers anything else is no engine
    function requireContinuity(Continuity given) public view returns (bytes4 magic) {
        Continuity needed = NativeChains.continuityOf(block.chainid);
        bool isAny = needed == Continuity.Unlisted || needed == Continuity.OnDemand;
        if (!isAny && needed != given) revert ContinuityMismatch(block.chainid, needed, given);
        return this.requireContinuity.selector;
    }

    function _configure(
        bytes32 scope,
        Scope storage state,
        ScopeConfig memory config,
        Host memory host,
        Clock memory now_
    ) private {
        requireContinuity(host.continuity);
        _requireSound(scope, config, host, now_);
        Configurations.write(state, config, now_);
        emit ScopeConfigurationApplied(scope, config);
    }

    function _requireSound(bytes32 scope, ScopeConfig memory config, Host memory host, Clock memory now_) private view {
        Configurations.requireSound(scope, config, host, now_);
        for (uint256 i = 1; i < _scopes(host); ++i) _known(host.path[i]);
    }

    /* VIEWS */

    /// @inheritdoc IPolicyGuard
    function configOf(bytes32 scope) external view returns (ScopeConfig memory) {
        return Configurations.read(Scopes.find(scope), _host().path[1]);
    }

    /// @inheritdoc IPolicyGuard
    function restrictionsOf(bytes32 scope) external view returns (Restrictions memory now_) {
        Host memory host = _host();
        Scope storage state = Scopes.find(scope);
        if (!state.head.isKnown()) return now_;
        Clock memory clock = _clock(host);
        Facts memory facts = state.facts(clock, _unaccounted(host, state.head));
        now_.unaccounted = facts.unaccounted / 1_000;
        (now_.openDiverged, now_.openHalted) = (facts.openDiverged, facts.openHalted);
        if (facts.exitsClosed) now_.exitsClosed = state.exitsClosedUntil;
        if (!state.exitsClosableFrom.hasPassed(clock, Transitions.EXIT_PERIODS * uint256(state.exitsSpan))) {
            now_.exitsClosable = state.exitsClosableFrom;
        }
        if (facts.paused != Status.Synced) now_.paused = state.pausedUntil;
        if (facts.stale) now_.stale = state.staleUntil;
        if (facts.stale || facts.lagging) now_.lagging = state.graceUntil;
        if (Assessments.isUnsettled(facts)) now_.stale = state.graceUntil;
        if (Assessments.assess(facts).outage) {
            // What recording it now would make of it.
            uint256 blockTime = state.head.longestBlockTime();
            now_.stale = now_.stale.later(Deadlines.from(clock, state.staleFor, blockTime));
            now_.lagging = now_.lagging.later(
                Deadlines.from(clock, uint256(state.staleFor) + state.graceFor, blockTime)
            );
        }
        now_.synced = now_.lagging.later(now_.paused);
    }

    /// @inheritdoc IPolicyGuard
    function causeOf(bytes32 scope, bytes32 cause) external view returns (Status status, uint64 evidence) {
        return (Scopes.find(scope).causes[cause].status, Scopes.find(scope).causes[cause].evidence);
    }

    /// @inheritdoc IPolicyGuard
    function announcementOf(
        bytes32 scope
    ) external view returns (bytes32 announced, Deadline readyFrom, Deadline readyUntil) {
        Scope storage state = Scopes.find(scope);
        announced = state.announced;
        if (announced != 0) (readyFrom, readyUntil) = (state.readyFrom, state.readyUntil);
    }

    /* INTERNALS */

    function _verdict(
        bytes32 scope,
        Action action,
        Assessment memory now_
    ) private view returns (Verdict verdict, Status status) {
        status = Policies.isExit(action) ? now_.exitStatus : now_.status;
        verdict = Scopes.find(scope).policy.verdict(status, action);
    }

    function _mayLiquidate(
        Host memory host,
        Verdict verdict,
        Status status,
        uint256 worstHealth,
        uint256 bestHealth
    ) private pure returns (bool) {
        if (verdict == Verdict.Deny || worstHealth > bestHealth) return false;
        if (verdict == Verdict.Allow) return worstHealth < SOLVENT;
        if (worstHealth >= SOLVENT || worstHealth >= host.deepInsolvency) return false;
        return status < Status.Diverged || bestHealth < SOLVENT;
    }

    /// @dev Seconds between the anchor's block and its parent, of whose headers these are the bytes.
    function _timeBetween(Anchor calldata anchor, bytes memory headers) private pure returns (uint256) {
        (bytes32 parent, uint256 time, uint256 second) = HeaderTime.read(headers, 0, anchor.hash, anchor.number);
        (, uint256 before, uint256 end) = HeaderTime.read(headers, second, parent, anchor.number - 1);
        if (end != headers.length) revert HeaderMalformed(255);
        return time > before ? time - before : 0;
    }

    function _refuseStandstill(bytes32 scope, uint64 number, uint256 apart) private view {
        Scope storage state = Scopes.find(scope);
        if (apart <= state.head.gap()) revert NoStandstill(scope, apart, state.head.gap());
        revert StandstillRecorded(scope, number, state.outageBlock);
    }

    function _refuseConfiguration(bytes32 scope, Scope storage state) private view {
        (Deadline from, Deadline until) = (state.readyFrom, state.readyUntil);
        revert ConfigurationNotReady(scope, state.announced, from.time(), from.number(), until.time(), until.number());
    }

    function _known(bytes32 scope) private view returns (Scope storage state) {
        state = Scopes.find(scope);
        if (!state.head.isKnown()) revert ScopeUnknown(scope);
    }

    function _requireHosted() private view {
        if (address(this) == _self) revert EngineMissing(_self);
    }

    /// @dev How many scopes are on the way up. The first counts whatever its name is: zero is the end above it, and no way past the guard.
    function _scopes(Host memory host) private pure returns (uint256 count) {
        for (count = 1; count <= Bounds.PARENTS && host.path[count] != 0; ++count) {}
    }

    /// @dev What the host appended to the call.
    function _host() private pure returns (Host memory) {
        return abi.decode(msg.data[msg.data.length - HOST_SIZE:], (Host));
    }

    function _clock(Host memory host) private view returns (Clock memory) {
        return Clock(block.timestamp, host.number);
    }

    /// @dev Ends a function that returns nothing with a word. So the host can tell it from no code at all.
    function _answer() private pure {
        assembly ("memory-safe") {
            mstore(0x00, 1)
            return(0x00, 0x20)
        }
    }
}
