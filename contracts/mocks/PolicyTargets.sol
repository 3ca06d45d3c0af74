// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/Continuity.sol";
import {SettlementGuard} from "../SettlementGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {ArbitrumContinuity} from "../policy/ArbitrumContinuity.sol";
import {Policies, Policy} from "../policy/Policy.sol";
import {L1OriginContinuity} from "../policy/L1OriginContinuity.sol";
import {PolicyEngine} from "../policy/PolicyEngine.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";
import {Action, Status, Verdict} from "../policy/PolicyTypes.sol";
import {ProfitEscrow} from "../policy/ProfitEscrow.sol";
import {ProvenBeliefs} from "../policy/ProvenBeliefs.sol";
import {ScopeHead} from "../policy/ScopeHead.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @notice The two roles, in the code rather than in storage: they are the same behind a proxy and under delegatecall.
abstract contract GuardWithRoles is SettlementGuard {
    address private immutable _thePauser;
    address private immutable _theConfigurator;

    constructor(address pauser, address configurator) {
        (_thePauser, _theConfigurator) = (pauser, configurator);
    }

    function _pauser() internal view override returns (address) {
        return _thePauser;
    }

    function _configurator() internal view override returns (address) {
        return _theConfigurator;
    }
}

/// @notice What a protocol inherits, and nothing else: the ABI over which roles are tested. Its scope is Diverged, its sibling is not.
contract InheritedTarget is GuardWithRoles {
    bytes32 public constant SCOPE = "scope";
    bytes32 public constant SIBLING = "sibling";

    constructor(address pauser, address configurator, ScopeConfig memory config) GuardWithRoles(pauser, configurator) {
        _configureScope(SCOPE, config);
        _configureScope(SIBLING, config);
        _raise(SCOPE, "cause", Status.Diverged, 1);
    }
}

/// @notice The whole guard from outside. A scope's name is a path, and its parent is the path without its last part.
contract PolicyTarget is GuardWithRoles, ProfitEscrow {
    /// @dev Thrown after the guard let the action through.
    error Undone();

    constructor(address pauser, address configurator) GuardWithRoles(pauser, configurator) {}

    /* ACTIONS */

    function act(bytes32 scope, Action action) external guarded(scope, action) {}

    function actAt(bytes32 scope, Action action, Anchor calldata anchor) external guardedAt(scope, action, anchor) {}

    function ask(bytes32 scope, Action action) external returns (Verdict) {
        return _guard(scope, action);
    }

    function askAt(bytes32 scope, Action action, Anchor calldata anchor) external returns (Verdict) {
        return _guardAt(scope, action, anchor);
    }

    /// @notice What a message signs beside its anchor: no older than `maxAge` blocks.
    function requireAnchorOf(bytes32 scope, Anchor calldata anchor, uint64 maxAge) external view {
        _requireAnchorOf(scope, anchor, maxAge);
    }

    function maxAgeOf(bytes32 scope) external view returns (uint64) {
        return _maxAgeOf(scope);
    }

    /// @notice A function that is sent value: the guard is asked in a call that carries some.
    function askPayable(bytes32 scope, Action action) external payable returns (Verdict verdict, Verdict previewed) {
        (previewed, ) = _preview(scope, action);
        verdict = _guard(scope, action);
    }

    function liquidate(bytes32 scope, uint256 worstHealth, uint256 bestHealth) external {
        _guardLiquidation(scope, worstHealth, bestHealth);
    }

    function undo(bytes32 scope, Action action) external {
        _guard(scope, action);
        revert Undone();
    }

    /* CONFIGURATION AND EVIDENCE */

    function configure(bytes32 scope, ScopeConfig calldata config) external {
        _configureScope(scope, config);
    }

    function raise(bytes32 scope, bytes32 cause, Status status, uint64 evidence) external returns (bool) {
        return _raise(scope, cause, status, evidence);
    }

    function heal(bytes32 scope, bytes32 cause, uint64 evidence) external {
        _heal(scope, cause, evidence);
    }

    /* PROFITS */

    function settleProfit(
        bytes32 scope,
        address owner,
        uint256 profit,
        Verdict verdict
    ) external returns (uint256 payable_) {
        return _settleProfit(scope, owner, profit, verdict);
    }

    function releaseProfit(bytes32 scope, address owner) external returns (uint256 amount) {
        return _releaseProfit(scope, owner);
    }

    function consumeProfit(bytes32 scope, address owner, uint256 loss) external returns (uint256 uncovered) {
        return _consumeProfit(scope, owner, loss);
    }

    function isProfitWaiting(bytes32 scope, address owner) external view returns (bool) {
        return _isProfitWaiting(scope, owner);
    }

    function _parentOf(bytes32 scope) internal view virtual override returns (bytes32) {
        for (uint256 length = 31; length > 0; --length) {
            if (scope[length] == "/") return bytes32((uint256(scope) >> (8 * (32 - length))) << (8 * (32 - length)));
        }
        return bytes32(0);
    }
}

/// @notice The same with beliefs, about whose proofs it is told.
contract BeliefTarget is PolicyTarget, ProvenBeliefs {
    /// @notice Emitted when a loss is written, with the scope's status then.
    event LossWritten(bytes32 scope, bytes32 subject, uint256 believed, uint256 proven, uint256 amount, Status status);

    constructor(address pauser, address configurator) PolicyTarget(pauser, configurator) {}

    function believe(bytes32 scope, bytes32 subject, uint256 amount) external {
        _believe(scope, subject, amount);
    }

    function contradict(bytes32 scope, bytes32 subject, uint256 proven, uint64 number) external returns (bool) {
        return _contradict(scope, subject, proven, number);
    }

    function reconcile(bytes32 scope, bytes32 subject, uint256 proven, uint64 number) external {
        _reconcile(scope, subject, proven, number);
    }

    function accept(bytes32 scope, bytes32 subject, uint256 proven, uint64 number) external {
        _accept(scope, subject, proven, number);
    }

    function beliefOf(bytes32 scope, bytes32 subject) external view returns (Belief memory) {
        return _beliefOf(scope, subject);
    }

    function _writeLoss(bytes32 scope, bytes32 subject, uint256 believed, uint256 proven) internal override {
        Status status = _hasOpenCause(scope) ? Status.Diverged : Status.Synced;
        emit LossWritten(scope, subject, believed, proven, _beliefOf(scope, subject).amount, status);
    }

    function _parentOf(bytes32 scope) internal view override(PolicyGuard, PolicyTarget) returns (bytes32) {
        return PolicyTarget._parentOf(scope);
    }
}

/// @notice The same on the OP stack, where the L1 origin shows continuity. Its source of block hashes fails in the way
/// that it must not: by reverting.
contract L1PolicyTarget is PolicyTarget, L1OriginContinuity {
    error SourceFailed();

    constructor(address pauser, address configurator) PolicyTarget(pauser, configurator) {}

    function _continuity() internal pure override(PolicyGuard, L1OriginContinuity) returns (Continuity) {
        return Continuity.L1Origin;
    }

    function _isAlive(
        bytes32 scope,
        ScopeHead head
    ) internal view override(PolicyGuard, L1OriginContinuity) returns (bool) {
        return L1OriginContinuity._isAlive(scope, head);
    }

    function _parentOf(bytes32 scope) internal view override(PolicyGuard, PolicyTarget) returns (bytes32) {
        return PolicyTarget._parentOf(scope);
    }

    function _blockHash(uint256 number) internal pure override returns (bytes32) {
        if (number > 0) revert SourceFailed();
        return bytes32(0);
    }
}

/// @notice The same on Arbitrum, where ArbSys tells the heights. Its hashes are of no concern here.
contract ArbitrumPolicyTarget is PolicyTarget, ArbitrumContinuity {
    constructor(address pauser, address configurator) PolicyTarget(pauser, configurator) {}

    function _continuity() internal view override(PolicyGuard, ArbitrumContinuity) returns (Continuity) {
        return ArbitrumContinuity._continuity();
    }

    function _blockNumber() internal view override(ChainClock, ArbitrumContinuity) returns (uint256) {
        return ArbitrumContinuity._blockNumber();
    }

    function _isSupportedChain(uint256) internal pure override returns (bool) {
        return true;
    }

    function _parentOf(bytes32 scope) internal view override(PolicyGuard, PolicyTarget) returns (bytes32) {
        return PolicyTarget._parentOf(scope);
    }
}

/// @notice The same with an engine that is there already.
contract SharedEngineTarget is PolicyTarget {
    constructor(address pauser, address configurator) PolicyTarget(pauser, configurator) {}

    function _sharedEngine() internal pure override returns (PolicyEngine) {
        return PolicyEngine(0x00000000000000000000000000000000000E9613);
    }
}

/// @notice Who is called back in the midst of a trade: a hook, a token with callbacks.
interface ITrader {
    function onTrade() external;
}

/// @notice A market that calls its trader. One of its trades writes the position first, as it must; the other calls first.
contract CallbackTarget is PolicyTarget {
    mapping(address => int256) public positionOf;

    constructor(address pauser, address configurator) PolicyTarget(pauser, configurator) {}

    function give(address trader, int256 position) external {
        positionOf[trader] = position;
    }

    function tradeWritingFirst(bytes32 scope, int256 size) external {
        _guard(scope, Policies.classify(positionOf[msg.sender], size));
        positionOf[msg.sender] += size;
        ITrader(msg.sender).onTrade();
    }

    function tradeCallingFirst(bytes32 scope, int256 size) external {
        _guard(scope, Policies.classify(positionOf[msg.sender], size));
        ITrader(msg.sender).onTrade();
        positionOf[msg.sender] += size;
    }
}

/// @notice A trader who trades again whenever it is called back.
contract NestingTrader is ITrader {
    CallbackTarget private immutable _market;
    bytes32 private _scope;
    int256 private _size;
    uint256 private _left;
    bool private _writesFirst;

    constructor(CallbackTarget market) {
        _market = market;
    }

    /// @param times how many trades there are, each inside of the one before
    function trade(bytes32 scope, int256 size, uint256 times, bool writesFirst) external {
        (_scope, _size, _left, _writesFirst) = (scope, size, times, writesFirst);
        this.onTrade();
    }

    function onTrade() external override {
        if (_left == 0) return;
        --_left;
        if (_writesFirst) _market.tradeWritingFirst(_scope, _size);
        else _market.tradeCallingFirst(_scope, _size);
    }
}

/// @notice The same on a chain that counts its blocks itself, and whose source of hashes never knows one. It breaks the rule of `_parentOf`, too:
/// a scope can be put elsewhere after it has been configured.
contract CountedPolicyTarget is PolicyTarget {
    uint256 public head;
    mapping(bytes32 => bytes32) private _parents;

    constructor(address pauser, address configurator) PolicyTarget(pauser, configurator) {}

    function setHead(uint256 number) external {
        head = number;
    }

    function setParent(bytes32 scope, bytes32 parent) external {
        _parents[scope] = parent;
    }

    function _blockNumber() internal view override returns (uint256) {
        return head;
    }

    function _blockHash(uint256) internal pure override returns (bytes32) {
        return bytes32(0);
    }

    function _parentOf(bytes32 scope) internal view override returns (bytes32) {
        return _parents[scope];
    }
}

/// @notice The library from outside.
contract PoliciesHarness {
    function pack(Verdict[5][8] calldata table) external pure returns (Policy) {
        return Policies.pack(table);
    }

    function verdict(Policy policy, Status status, Action action) external pure returns (Verdict) {
        return policy.verdict(status, action);
    }

    /// @notice All cells of a policy, by action and status.
    function tableOf(Policy policy) external pure returns (Verdict[5][8] memory table) {
        for (uint256 action = 0; action < 8; ++action) {
            for (uint256 status = 0; status < 5; ++status) {
                table[action][status] = policy.verdict(Status(status), Action(action));
            }
        }
    }

    function thresholds(Policy policy, Action action) external pure returns (uint256, uint256) {
        return policy.thresholds(action);
    }

    function requireSound(Policy policy) external pure {
        policy.requireSound();
    }

    function isExit(Action action) external pure returns (bool) {
        return Policies.isExit(action);
    }

    function classify(int256 position, int256 size) external pure returns (Action) {
        return Policies.classify(position, size);
    }

    function standard() external pure returns (Policy) {
        return Policies.STANDARD;
    }
}
