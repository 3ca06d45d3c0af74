// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ChainClock} from "../anchor/ChainClock.sol";
import {IGuardErrors} from "../interfaces/IGuardErrors.sol";
import {IPolicyGuard} from "../interfaces/IPolicyGuard.sol";
import {Action, Policies, Policy, Status, Verdict} from "./Policy.sol";
// HEARTBEAT_PART is used in assembly alone, where the linter does not look.
// solhint-disable-next-line no-unused-import
import {HEARTBEAT_PART, Moment, Scope, ScopeConfig, Scopes} from "./Scopes.sol";

/// @title K4 and policy: what stays open when something is wrong
/// @notice Decides per scope and action, from what the chain itself shows and from open causes. It asks no oracle, and nobody must run.
///
/// **Continuity.** A gap is the time since the heartbeat less what the blocks since then account for at the chain's slowest: a quiet market on
/// a live chain shows none. Calls that succeed record it, and so does `poke`; a call that reverts cannot. A gap makes the scope Stale, then
/// Lagging, then it is Synced again, all by the clock.
///
/// **Exits** (Deposit, Decrease, Cancel) are open below Halted under every policy. What restricts them ends `exitsFor` after it began and comes
/// back no sooner than four times that later, so that a scope restricts them in a fifth of the time at the most; pauses come on top, within
/// their budget. Each scope on the way up has its own fifth and its own budget.
///
/// @dev Storage is namespaced (ERC-7201) and is the executing contract's, behind a proxy and under delegatecall alike. The chain's identity is
/// not in it. The core is total (`_assess`): the reverting functions and the previews share it.
abstract contract PolicyGuard is ChainClock, IGuardErrors, IPolicyGuard {
    using Scopes for Scope;

    /// @custom:storage-location erc7201:settlement-guard.storage.policy
    struct PolicyStorage {
        mapping(bytes32 => Scope) scopes;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.policy")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant POLICY_STORAGE = 0x008b3f86ed5cdc911b88aafef227491ce09c48def5b40ca4e09501b248a8e700;

    /// @notice A scope has at most this many ancestors.
    uint256 internal constant MAX_PARENTS = 3;

    /// @notice An account whose health is below this can be liquidated. Health is what an account has over what it must have.
    uint256 internal constant SOLVENT = 1e18;

    /* THE CHECKS */

    /// @notice Lets the function run only where `action` is allowed without reserve.
    modifier guarded(bytes32 scope, Action action) {
        _requireAllowed(scope, action);
        _;
    }

    /// @notice The verdict on an action, never Deny: then it reverts with ActionDenied, or with ScopeUnknown. Not for a liquidation, whose verdict
    /// depends on the account: `_guardLiquidation`.
    /// @dev It also records what the chain shows, so the action must not be undone after.
    function _guard(bytes32 scope, Action action) internal returns (Verdict verdict) {
        Status status;
        (verdict, status) = _enter(scope, action);
        if (verdict == Verdict.Deny) revert ActionDenied(scope, action, status);
    }

    /// @notice Reverts with ActionDenied, or with ScopeUnknown, unless the action is allowed without reserve.
    function _requireAllowed(bytes32 scope, Action action) internal {
        (Verdict verdict, Status status) = _enter(scope, action);
        if (verdict != Verdict.Allow) revert ActionDenied(scope, action, status);
    }

    /// @notice Reverts with LiquidationDenied, or with ScopeUnknown, unless the account may be liquidated now:
    /// - where the policy allows liquidations (Synced), if it is insolvent in the worst view;
    /// - where it allows them conservatively, if it is *deeply* insolvent in the worst view; from Diverged up, if moreover it is insolvent in
    ///   every view. A price feed that says zero liquidates nobody as long as another view disagrees.
    /// @dev Views are the protocol's: this price and the last one, spot and average, its own books and the proven ones. Each status asks for
    /// all that the better one asks for.
    /// @param worstHealth health in the view that is worst for the account; health is what it has over what it must have, in 1e18
    /// @param bestHealth health in the view that is best for it, not below the worst
    function _guardLiquidation(bytes32 scope, uint256 worstHealth, uint256 bestHealth) internal {
        (Verdict verdict, Status status) = _enter(scope, Action.Liquidate);
        if (!_mayLiquidate(verdict, status, worstHealth, bestHealth)) {
            revert LiquidationDenied(scope, status, worstHealth, bestHealth);
        }
    }

    /// @inheritdoc IPolicyGuard
    function preview(bytes32 scope, Action action) public view virtual returns (Verdict verdict, bytes memory reason) {
        Status status;
        (verdict, status, reason) = _verdict(scope, action);
        if (reason.length == 0 && verdict != Verdict.Allow) {
            reason = abi.encodeWithSelector(ActionDenied.selector, scope, action, status);
        }
    }

    /// @inheritdoc IPolicyGuard
    function previewLiquidation(
        bytes32 scope,
        uint256 worstHealth,
        uint256 bestHealth
    ) external view virtual returns (bool allowed, bytes memory reason) {
        Verdict verdict;
        Status status;
        (verdict, status, reason) = _verdict(scope, Action.Liquidate);
        allowed = reason.length == 0 && _mayLiquidate(verdict, status, worstHealth, bestHealth);
        if (reason.length == 0 && !allowed) {
            reason = abi.encodeWithSelector(LiquidationDenied.selector, scope, status, worstHealth, bestHealth);
        }
    }

    /// @inheritdoc IPolicyGuard
    function statusOf(bytes32 scope) external view virtual returns (Status status, Status exits) {
        bytes memory failure;
        (status, exits, failure) = _assess(scope);
        if (failure.length != 0) return (Status.Halted, Status.Halted);
    }

    /// @inheritdoc IPolicyGuard
    function configOf(bytes32 scope) external view virtual returns (ScopeConfig memory) {
        Scope storage state = _scope(scope);
        return
            ScopeConfig(
                state.policy,
                state.gap,
                state.staleFor,
                state.graceFor,
                state.exitsFor,
                state.longestBlockTime
            );
    }

    /// @inheritdoc IPolicyGuard
    function poke(bytes32 scope) public virtual returns (Status status) {
        (status, ) = _observe(scope);
    }

    /* EVIDENCE */

    /// @notice Makes a scope Diverged or Halted because of a cause, on evidence that the caller has checked: a state proof against an
    /// authenticated root, an inequality at the same height. Neither lag nor "unknown" is evidence, and no role should be able to call this.
    /// @param cause what is contradicted, such as the hash of an account and a slot; each is healed by itself
    /// @param evidence block that the evidence speaks of: newer than the one that decided this cause last
    /// @return raised false where the cause is open already and at least as severe; that is no failure
    function _raise(bytes32 scope, bytes32 cause, Status status, uint64 evidence) internal returns (bool raised) {
        raised = _known(scope).raise(scope, cause, status, evidence, _now());
        if (raised) emit ScopeRaised(scope, cause, status, evidence);
    }

    /// @notice Closes a cause, on evidence that the caller has checked and that is newer than all that spoke for it. The scope is Stale for
    /// `staleFor` from then on, so that the healing can be contradicted before anything leaves, then Lagging, then Synced, unless another cause
    /// is open.
    function _heal(bytes32 scope, bytes32 cause, uint64 evidence) internal {
        _known(scope).heal(scope, cause, evidence, _now());
        emit ScopeHealed(scope, cause, evidence);
    }

    /* WHAT A PROTOCOL DECIDES */

    /// @notice The scope above `scope`: a market's protocol, a protocol's chain. Zero if there is none.
    /// @dev In code rather than in storage: reading it costs nothing, and nobody can take a market out from under its protocol. An override
    /// MUST reach zero after at most `MAX_PARENTS` steps; a scope that does not is refused its configuration.
    function _parentOf(bytes32 scope) internal view virtual returns (bytes32) {
        scope;
        return bytes32(0);
    }

    /// @notice Seconds since (`time`, `number`) that the chain's blocks do not account for.
    /// @dev An override MUST NOT revert, and MUST return the greatest number for "unknown".
    /// @param time of a block, in seconds since 1970
    /// @param number of that block
    /// @param longestBlockTime in seconds
    function _gapSince(
        uint256 time,
        uint256 number,
        uint256 longestBlockTime
    ) internal view virtual returns (uint256 gap) {
        uint256 head = _blockNumber();
        unchecked {
            // Block times have at most 64 bits and the factor has 8. Neither time nor height falls on a chain; in a simulated context that
            // pretends otherwise, a block that lies ahead shows no gap.
            uint256 accounted = time + (head > number ? head - number : 0) * longestBlockTime;
            return block.timestamp > accounted ? block.timestamp - accounted : 0;
        }
    }

    /// @notice Whether `_gapSince` may have reached `gap` although no heartbeat is due. Never, where a gap is a part of the time since then.
    function _isBehind(uint256 gap) internal view virtual returns (bool) {
        gap;
        return false;
    }

    /// @notice Below this health, a fraction of 1e18, an account is deeply insolvent.
    function _deepInsolvency() internal view virtual returns (uint256) {
        return 0.95e18;
    }

    /* INTERNALS */

    /// @dev Gives the scope its first configuration, without a delay: for a constructor, an initializer, or the listing of a market.
    function _configureScope(bytes32 scope, ScopeConfig memory config) internal {
        if (_isKnown(_scope(scope))) revert ScopeConfigured(scope);
        _setConfiguration(scope, config);
    }

    function _setConfiguration(bytes32 scope, ScopeConfig memory config) internal {
        _requireSound(scope, config);
        Scope storage state = _scope(scope);
        if (!_isKnown(state)) {
            // Fits: see the note on times at `ScopeConfig`; 2^40 seconds are 34,000 years, and 2^40 blocks of a quarter of a second 8,000.
            state.heartbeatTime = uint40(block.timestamp);
            state.heartbeatBlock = uint40(_blockNumber());
        }
        state.policy = config.policy;
        state.gap = config.gap;
        state.staleFor = config.staleFor;
        state.graceFor = config.graceFor;
        state.exitsFor = config.exitsFor;
        state.longestBlockTime = config.longestBlockTime;
        emit ScopeConfigurationApplied(scope, config);
    }

    /// @dev Reverts unless the configuration keeps what the guard promises, and the scopes above have one.
    function _requireSound(bytes32 scope, ScopeConfig memory config) internal view {
        config.policy.requireSound();
        _requireTime("longestBlockTime", config.longestBlockTime, 1, type(uint8).max);
        // A gap of a few blocks would be seen on a live chain; one of more than a day would never be.
        _requireTime("gap", config.gap, 4 * uint256(config.longestBlockTime), 1 days);
        _requireTime("staleFor", config.staleFor, config.longestBlockTime, 1 days);
        _requireTime("graceFor", config.graceFor, config.longestBlockTime, 4 hours);
        _requireTime("exitsFor", config.exitsFor, config.longestBlockTime, 7 days);
        bytes32 parent = _parentOf(scope);
        for (uint256 steps = 0; parent != 0; ++steps) {
            if (steps == MAX_PARENTS) revert ScopeTooDeep(scope);
            if (!_isKnown(_scope(parent))) revert ScopeUnknown(parent);
            parent = _parentOf(parent);
        }
    }

    function _requireTime(bytes32 name, uint256 value, uint256 least, uint256 greatest) private pure {
        if (value < least || value > greatest) revert TimeOutOfBounds(name, value, least, greatest);
    }

    /// @dev The verdict of `_verdict`, with what the chain shows recorded. What reverts after it records nothing.
    function _enter(bytes32 scope, Action action) private returns (Verdict verdict, Status status) {
        Status exits;
        (status, exits) = _observe(scope);
        // Every policy that was accepted allows all where nothing is wrong.
        if (status == Status.Synced) return (Verdict.Allow, status);
        if (Policies.isExit(action)) status = exits;
        verdict = _scope(scope).policy.verdict(status, action);
    }

    /// @dev The verdict, and the revert data of a missing configuration.
    function _verdict(
        bytes32 scope,
        Action action
    ) private view returns (Verdict verdict, Status status, bytes memory failure) {
        Status exits;
        (status, exits, failure) = _assess(scope);
        if (failure.length != 0) return (Verdict.Deny, status, failure);
        if (Policies.isExit(action)) status = exits;
        verdict = _scope(scope).policy.verdict(status, action);
    }

    /// @dev The worst of the scope and of what is above it, without a trace. The scopes above have a configuration and an end: without,
    /// this one would have got none. The scope itself is looked at whatever its name is: zero is the end above it, and no way past the guard.
    /// `failure` is the revert data of a missing configuration.
    function _assess(bytes32 scope) private view returns (Status status, Status exits, bytes memory failure) {
        Moment memory now_ = _now();
        do {
            Scope storage state = _scope(scope);
            uint256 word = state.firstSlot();
            if (word == 0) return (status, exits, abi.encodeWithSelector(ScopeUnknown.selector, scope));
            (Status own, Status ownExits, ) = state.assess(_gapIn(word), now_);
            (status, exits) = (_worse(status, own), _worse(exits, ownExits));
        } while ((scope = _parentOf(scope)) != 0);
    }

    /// @dev The same, recorded.
    function _observe(bytes32 scope) private returns (Status status, Status exits) {
        do {
            Scope storage state = _scope(scope);
            uint256 word;
            uint256 threshold;
            bool isQuiet;
            assembly ("memory-safe") {
                // equivalent: threshold = state.gap; isQuiet = no cause is open, nothing was disturbed or paused lately, and
                // (block.timestamp - state.heartbeatTime) * HEARTBEAT_PART < threshold
                word := sload(state.slot)
                threshold := and(shr(128, word), 0xffffff)
                let elapsed := and(sub(timestamp(), shr(48, word)), 0xffffffffff)
                isQuiet := and(iszero(shr(232, word)), lt(mul(elapsed, HEARTBEAT_PART), threshold))
            }
            // This is all that happens while nothing is wrong and no heartbeat is due: a gap is no greater than the time since the heartbeat.
            // Without a configuration the threshold is zero, and nothing is quiet.
            if (isQuiet && !_isBehind(threshold)) continue;

            if (word == 0) revert ScopeUnknown(scope);
            uint256 gap = _gapIn(word);
            if (word >> 232 == 0 && gap < threshold) {
                state.beat(word, _blockNumber());
                continue;
            }
            Moment memory now_ = _now();
            (Status own, Status ownExits, bool disturbed) = state.assess(gap, now_);
            (status, exits) = (_worse(status, own), _worse(exits, ownExits));
            state.record(now_, disturbed);
            if (disturbed) emit ScopeDisturbed(scope, gap, state.staleUntilTime);
        } while ((scope = _parentOf(scope)) != 0);
    }

    function _worse(Status a, Status b) private pure returns (Status) {
        return a > b ? a : b;
    }

    function _gapIn(uint256 word) private view returns (uint256) {
        (uint256 time, uint256 number, uint256 longestBlockTime) = Scopes.heartbeatIn(word);
        return _gapSince(time, number, longestBlockTime);
    }

    function _mayLiquidate(
        Verdict verdict,
        Status status,
        uint256 worstHealth,
        uint256 bestHealth
    ) private view returns (bool) {
        if (verdict == Verdict.Deny || worstHealth > bestHealth) return false;
        if (verdict == Verdict.Allow) return worstHealth < SOLVENT;
        if (worstHealth >= SOLVENT || worstHealth >= _deepInsolvency()) return false;
        return status < Status.Diverged || bestHealth < SOLVENT;
    }

    function _isKnown(Scope storage state) internal view returns (bool) {
        return Policy.unwrap(state.policy) != 0;
    }

    function _known(bytes32 scope) internal view returns (Scope storage state) {
        state = _scope(scope);
        if (!_isKnown(state)) revert ScopeUnknown(scope);
    }

    /// @dev equivalent: PolicyStorage at POLICY_STORAGE, scopes[scope]
    function _scope(bytes32 scope) internal pure returns (Scope storage state) {
        assembly ("memory-safe") {
            mstore(0x00, scope)
            mstore(0x20, POLICY_STORAGE)
            state.slot := keccak256(0x00, 0x40)
        }
    }

    function _now() internal view returns (Moment memory) {
        return Moment(block.timestamp, _blockNumber());
    }
}
