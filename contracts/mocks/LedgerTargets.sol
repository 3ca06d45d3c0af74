// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {LedgerGuard} from "../LedgerGuard.sol";
import {ILedgerDesk} from "../interfaces/ILedgerDesk.sol";
import {Rule, RuleBook} from "../ledger/LedgerTypes.sol";
import {LedgerRules} from "../ledger/LedgerRules.sol";
import {Action, Verdict} from "../policy/PolicyTypes.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @notice What ledgers are compared with: balances that anybody can set.
contract LedgerHolder {
    struct Margin {
        uint128 size;
        uint64 before;
        uint64 margin;
    }

    uint256 public custody;
    mapping(address owner => uint256) public balances;
    mapping(address owner => mapping(bytes32 asset => uint256)) public assets;
    mapping(address owner => Margin) public margins;

    function setCustody(uint256 amount) external {
        custody = amount;
    }

    function setBalance(address owner, uint256 amount) external {
        balances[owner] = amount;
    }

    function setBalances(address[] calldata owners, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < owners.length; ++i) balances[owners[i]] = amounts[i];
    }

    function setAsset(address owner, bytes32 asset, uint256 amount) external {
        assets[owner][asset] = amount;
    }

    function setMargin(address owner, uint128 size, uint64 before, uint64 margin) external {
        margins[owner] = Margin(size, before, margin);
    }
}

/// @notice A protocol of two markets with a ledger each, below one scope.
// #region guard
contract LedgerTarget is LedgerGuard {
    bytes32 public constant EXCHANGE = "exchange";

    ILedgerDesk private immutable _desk;
    uint256 public done;

    constructor(ILedgerDesk desk_, ScopeConfig memory config, bytes32[] memory markets) {
        _desk = desk_;
        _configureScope(EXCHANGE, config);
        config.parent = EXCHANGE;
        for (uint256 i = 0; i < markets.length; ++i) _configureScope(markets[i], config);
    }

    function nameLedger(bytes32 scope, bytes32 config) external {
        _nameLedger(scope, config);
    }

    function _ledgerDesk() internal view override returns (ILedgerDesk) {
        return _desk;
    }

    function act(bytes32 scope, Action action) external guarded(scope, action) {
        ++done;
    }
    // #endregion guard

    function decrease(bytes32 scope) external returns (Verdict verdict) {
        verdict = _guard(scope, Action.Decrease);
        ++done;
    }

    function liquidate(bytes32 scope, uint256 worst, uint256 best) external {
        _guardLiquidation(scope, worst, best);
        ++done;
    }

    function _parentOf(bytes32 scope) internal pure virtual override returns (bytes32) {
        return scope == EXCHANGE ? bytes32(0) : EXCHANGE;
    }
}

/// @notice Rules behind external functions, for the comparison with TypeScript.
contract LedgerRulesHarness {
    function hash(RuleBook calldata book) external pure returns (bytes32) {
        return LedgerRules.hash(book);
    }

    function requireSound(RuleBook calldata book) external pure {
        LedgerRules.requireSound(book);
    }

    function placeOf(Rule calldata rule, bytes32 owner) external pure returns (bytes32 key, bytes32 slot) {
        return LedgerRules.placeOf(rule, owner);
    }

    function compare(
        Rule calldata rule,
        uint256 ledger,
        uint256 word
    ) external pure returns (uint256 chain, bool holds) {
        chain = LedgerRules.decode(rule, word);
        holds = LedgerRules.holds(rule, ledger, chain);
    }
}

/// @notice A wallet (ERC-1271) whose answer anybody can choose.
contract FickleWallet {
    bytes4 public answer;

    function setAnswer(bytes4 answer_) external {
        answer = answer_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return answer;
    }
}
