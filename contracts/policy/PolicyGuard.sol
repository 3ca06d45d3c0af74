// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/Continuity.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {IActionErrors} from "../interfaces/IActionErrors.sol";
import {IAnchorErrors} from "../interfaces/IAnchorErrors.sol";
import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";
import {IPolicyEngine} from "../interfaces/IPolicyEngine.sol";
import {IPolicyGuard, Restrictions} from "../interfaces/IPolicyGuard.sol";
import {Deadline} from "./Deadline.sol";
import {PolicyEngine} from "./PolicyEngine.sol";
import {Action, Clock, Status, Verdict} from "./PolicyTypes.sol";
import {Scope, ScopeConfig, Scopes} from "./Scopes.sol";
import {ScopeHead} from "./ScopeHead.sol";

/// @title Continuity and policy: what stays open when something is wrong
/// @notice Decides per scope and action, from what the chain itself shows and from open causes. It asks no oracle.
///
/// **Continuity.** Blocks account for time at the chain's slowest average. What they do not account for leaks away as
/// blocks come, and each heartbeat carries it over. Where a whole gap of it has gathered, the scope is Stale, then
/// Lagging, then Synced again. That goes by the clock. Guarded calls that succeed record it, and so does `poke`. What
/// slack hides of it, two headers prove: `proveStandstill`.
///
/// **Exits** (Deposit, Decrease, Cancel) are open below Halted under every policy. The rule of exits stands at `Assessments`.
///
/// **Callbacks.** What is asked here holds for the moment. A function must write its effect before it calls anybody: what a stranger's callback does in
/// between was not asked. `Policies.classify` says more.
///
/// @dev What a healthy call needs is in this contract. All else is in `PolicyEngine`, one contract without storage that runs in this one's storage.
/// Storage is namespaced (ERC-7201) and is the executing contract's, behind a proxy and under delegatecall alike.
abstract contract PolicyGuard is ChainClock, IHeaderErrors, IAnchorErrors, IActionErrors, IPolicyGuard {
    /// @dev What `Scopes.find` reads. In a contract, not in that library: tools that compare the layouts of upgrades look here.
    /// @custom:storage-location erc7201:settlement-guard.storage.policy
    struct PolicyStorage {
        mapping(bytes32 => Scope) scopes;
    }

    /// @dev An account whose health is below this can be liquidated. Health is what an account has over what it must have.
    uint256 private constant SOLVENT = 1e18;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    PolicyEngine private immutable _engine;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        PolicyEngine engine = _sharedEngine();
        if (address(engine) == address(0)) engine = new PolicyEngine();
        _engine = engine;
        // What is not there, or answers anything else, is no engine.
        if (
            address(engine).code.length == 0 ||
            engine.requireContinuity(_continuity()) != PolicyEngine.requireContinuity.selector
        ) revert EngineMissing(address(engine));
    }

    /* THE CHECKS */

    /// @notice Lets the function run only where `action` is allowed without reserve. Not for a liquidation: it asks for no account's health.
    modifier guarded(bytes32 scope, Action action) {
        _requireAllowed(scope, action);
        _;
    }

    /// @notice The verdict on an action, never Deny. Where it would be Deny it reverts with ActionDenied. It reverts
    /// with ScopeUnknown, of the scope or of one above it. Not for a liquidation, which reverts with
    /// LiquidationNeedsHealth: its verdict depends on the account (`_guardLiquidation`).
    /// @dev It also records what the chain shows: if the function reverts, that is not on record. The action must be written before anybody is called.
    function _guard(bytes32 scope, Action action) internal returns (Verdict verdict) {
        return _guardFrom(scope, Scopes.find(scope).head, action);
    }

    /// @notice Reverts with ActionDenied, or with ScopeUnknown, unless the action is allowed without reserve.
    function _requireAllowed(bytes32 scope, Action action) internal {
        _requireAllowedFrom(scope, Scopes.find(scope).head, action);
    }

    /// @notice Reverts with LiquidationDenied, or with ScopeUnknown, unless the account may be liquidated now:
    /// - where the policy allows liquidations (Synced), if it is insolvent in the worst view;
    /// - where it allows them conservatively, if it is *deeply* insolvent in the worst view. From Diverged up it must
    ///   moreover be insolvent in every view. A price feed that says zero liquidates nobody as long as another view
    ///   disagrees.
    /// @dev Views are the protocol's: this price and the last one, spot and average, its own books and the proven ones. Each status asks for
    /// all that the better one asks for.
    /// @param worstHealth health in the view that is worst for the account. Health is what it has over what it must
    /// have, in 1e18
    /// @param bestHealth health in the view that is best for it, not below the worst
    function _guardLiquidation(bytes32 scope, uint256 worstHealth, uint256 bestHealth) internal {
        bool isAllowed = worstHealth < SOLVENT && worstHealth <= bestHealth;
        if (isAllowed && _isHealthy(scope, Scopes.find(scope).head)) return;
        _ask(abi.encodeCall(IPolicyEngine.enterLiquidation, (scope, worstHealth, bestHealth)), scope);
    }

    /// @dev As `_guard`, with the scope's head read already.
    function _guardFrom(bytes32 scope, ScopeHead head, Action action) internal returns (Verdict verdict) {
        // Every policy that was accepted allows all where nothing is wrong.
        if (action != Action.Liquidate && _isHealthy(scope, head)) return Verdict.Allow;
        return _judge(scope, action, Verdict.AllowConservative);
    }

    /// @dev As `_requireAllowed`, with the scope's head read already.
    function _requireAllowedFrom(bytes32 scope, ScopeHead head, Action action) internal {
        if (!_isHealthy(scope, head)) _judge(scope, action, Verdict.Allow);
    }

    /// @dev The engine's verdict; it reverts below `least`.
    function _judge(bytes32 scope, Action action, Verdict least) private returns (Verdict verdict) {
        return abi.decode(_ask(abi.encodeCall(IPolicyEngine.enter, (scope, action, least)), scope), (Verdict));
    }

    /// @dev Whether nothing is wrong with the scope, nor with what is above it. What is due of heartbeats is renewed.
    function _isHealthy(bytes32 scope, ScopeHead head) private returns (bool) {
        while (_isAlive(scope, head)) {
            scope = _parentOf(scope);
            if (scope == 0) return true;
            head = Scopes.find(scope).head;
        }
        return false;
    }

    /// @dev What `preview` answers.
    function _preview(bytes32 scope, Action action) internal view returns (Verdict verdict, bytes memory reason) {
        return abi.decode(_askView(abi.encodeCall(IPolicyEngine.look, (scope, action)), scope), (Verdict, bytes));
    }

    /// @dev The moment, as spans count it.
    function _clock() internal view returns (Clock memory) {
        return Clock(block.timestamp, _blockNumber());
    }

    /// @dev Whether canonical state contradicts something of this scope, what is above it aside.
    function _hasOpenCause(bytes32 scope) internal view returns (bool) {
        ScopeHead head = Scopes.find(scope).head;
        return head.openDiverged() != 0 || head.openHalted() != 0;
    }

    /* EVIDENCE */

    /// @notice Makes a scope Diverged or Halted because of a cause, on evidence that the caller has checked. Evidence
    /// is a state proof against an authenticated root, or an inequality at the same height. Neither lag nor "unknown"
    /// is evidence, and no role should be able to call this.
    /// @dev A protocol MUST have an end for a cause that stays true. The end rests on evidence as well: `ProvenBeliefs`
    /// is one.
    /// @param cause what is contradicted, such as the hash of an account and a slot; each is healed by itself
    /// @param evidence block that the evidence speaks of: newer than the one that decided this cause last
    /// @return raised false where the cause is open already and at least as severe; that is no failure
    function _raise(bytes32 scope, bytes32 cause, Status status, uint64 evidence) internal returns (bool raised) {
        bytes memory question = abi.encodeCall(IPolicyEngine.raise, (scope, cause, status, evidence));
        return abi.decode(_ask(question, scope), (bool));
    }

    /// @notice Closes a cause, on evidence that the caller has checked and that is newer than all that spoke for it.
    /// The scope is Stale for `staleFor` from then on, so that the healing can be contradicted before anything leaves.
    /// Then it is Lagging, then Synced, unless another cause is open.
    function _heal(bytes32 scope, bytes32 cause, uint64 evidence) internal {
        _ask(abi.encodeCall(IPolicyEngine.heal, (scope, cause, evidence)), scope);
    }

    /* WHAT A PROTOCOL DECIDES. No override may revert: whatever is asked needs them all, and exits would close. */

    /// @notice The scope above `scope`: a market's protocol, a protocol's chain. Zero if there is none.
    /// @dev In code rather than in storage. Reading it costs nothing, and nobody can take a market out from under its
    /// protocol. A configuration names it as well, and one that names another is refused. An override MUST reach zero
    /// after at most `Bounds.PARENTS` steps.
    function _parentOf(bytes32 scope) internal view virtual returns (bytes32) {
        scope;
        return bytes32(0);
    }

    /// @notice Below this health, a fraction of 1e18, an account is deeply insolvent.
    function _deepInsolvency() internal view virtual returns (uint256) {
        return 0.95e18;
    }

    /// @notice What shows that the chain stood still. The constructor, and `_configureScope` in an initializer, refuse what is not so on a listed chain.
    /// @dev Overridden by `L1OriginContinuity` and `ArbitrumContinuity`.
    function _continuity() internal view virtual returns (Continuity) {
        return Continuity.BlockTimes;
    }

    /// @dev Pauser, configurator, and the delay of a configuration in seconds: see `PolicyAdmin`.
    function _roles() internal view virtual returns (uint256 pauser, uint256 configurator, uint256 delay);

    /// @dev Whether nothing is wrong with the scope by what its head and the chain show. The heartbeat is renewed where it is due.
    function _isAlive(bytes32 scope, ScopeHead head) internal virtual returns (bool) {
        // What the L1 origin shows is in no head: the engine looks, or an override.
        if (_continuity() == Continuity.L1Origin) return false;
        if (head.isQuiet(block.timestamp)) return true;
        Scope storage state = Scopes.find(scope);
        head = state.head; // the one that was given may be older than a cause
        if (!head.isUntroubled()) return false;
        uint256 number = _blockNumber();
        uint256 unaccounted = head.unaccounted(block.timestamp, number);
        // Without a configuration the gap is zero.
        if (unaccounted >= head.gap() * 1_000) return false;
        state.head = head.withHeartbeat(block.timestamp, number, unaccounted);
        return true;
    }

    /// @notice An engine that is deployed already. Each contract saves 18 kB of creation code, of the 49,152 bytes that
    /// EIP-3860 allows, and some 4 million gas. Zero to deploy one.
    /// @dev Asked once, by this constructor, before the constructors of what inherits it. It MUST be a constant, since
    /// immutables and state are zero by then. It MUST be `PolicyEngine` of this version, which nothing checks: its code
    /// runs in this contract's storage.
    function _sharedEngine() internal view virtual returns (PolicyEngine) {
        return PolicyEngine(address(0));
    }

    /* PASSED ON TO THE ENGINE. Not virtual: `_pass` ends the call, and what an override or its modifiers do after it never runs. */

    /// @dev Gives the scope its first configuration, without a delay. For a constructor, an initializer, or the listing
    /// of a market. It refuses again a chain that the guard does not know: the code may have come there without a
    /// constructor.
    function _configureScope(bytes32 scope, ScopeConfig memory config) internal {
        _requireSupportedChain(false);
        _ask(abi.encodeWithSelector(IPolicyEngine.configure.selector, scope, config), scope);
    }

    /// @inheritdoc IPolicyGuard
    function preview(bytes32, Action) external view returns (Verdict verdict, bytes memory reason) {
        _passView();
        return (verdict, reason);
    }

    /// @inheritdoc IPolicyGuard
    function previewLiquidation(bytes32, uint256, uint256) external view returns (bool allowed, bytes memory reason) {
        _passView();
        return (allowed, reason);
    }

    /// @inheritdoc IPolicyGuard
    function statusOf(bytes32) external view returns (Status status, Status exits) {
        _passView();
        return (status, exits);
    }

    /// @inheritdoc IPolicyGuard
    function configOf(bytes32) external view returns (ScopeConfig memory config) {
        _passView();
        return config;
    }

    /// @inheritdoc IPolicyGuard
    function restrictionsOf(bytes32) external view returns (Restrictions memory now_) {
        _passView();
        return now_;
    }

    /// @inheritdoc IPolicyGuard
    function causeOf(bytes32, bytes32) external view returns (Status status, uint64 evidence) {
        _passView();
        return (status, evidence);
    }

    /// @inheritdoc IPolicyGuard
    function announcementOf(
        bytes32
    ) external view returns (bytes32 announced, Deadline readyFrom, Deadline readyUntil) {
        _passView();
        return (announced, readyFrom, readyUntil);
    }

    /// @inheritdoc IPolicyGuard
    function poke(bytes32) external returns (Status) {
        _pass();
    }

    /// @dev Passes the call on to the engine as it is, and ends it with the engine's answer. The scope is the first argument of each.
    function _pass() internal {
        _return(_ask(msg.data, bytes32(msg.data[4:])));
    }

    /// @dev Ends the call with an answer that is encoded already.
    function _return(bytes memory answer) internal pure {
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    /// @dev `_pass` of a function that writes nothing.
    function _passView() internal view {
        function() internal passing = _pass;
        function() internal view reading;
        assembly ("memory-safe") {
            reading := passing
        }
        reading();
    }

    /// @dev Calls the engine in this contract's storage, and returns what it returned. What it reverts with, this reverts with.
    /// @param question the call, to which what the engine must know of this contract is appended: a `Host`, word for word
    /// @custom:oz-upgrades-unsafe-allow delegatecall
    function _ask(bytes memory question, bytes32 scope) internal returns (bytes memory answer) {
        uint256[11] memory host;
        for (uint256 i = 0; i < 5; ++i) {
            host[i] = uint256(scope);
            scope = _parentOf(scope);
            if (scope == 0) break;
        }
        host[5] = _blockNumber();
        host[6] = uint256(_continuity());
        (host[7], host[8], host[9]) = _roles();
        host[10] = _deepInsolvency();
        address engine = address(_engine);
        bool ok;
        (ok, answer) = engine.delegatecall(abi.encodePacked(question, host));
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        // Each of its functions answers something. Where there is no code, nothing does.
        if (answer.length == 0) revert EngineMissing(engine);
    }

    /// @dev `_ask` of a function that writes nothing.
    function _askView(bytes memory question, bytes32 scope) internal view returns (bytes memory) {
        function(bytes memory, bytes32) internal returns (bytes memory) writing = _ask;
        function(bytes memory, bytes32) internal view returns (bytes memory) reading;
        assembly ("memory-safe") {
            reading := writing
        }
        return reading(question, scope);
    }
}
