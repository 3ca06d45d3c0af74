// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {LedgerGuard} from "../LedgerGuard.sol";
import {SettlementGuard} from "../SettlementGuard.sol";
import {StandaloneGuard} from "../StandaloneGuard.sol";
import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {StatelessGuard} from "../StatelessGuard.sol";
import {Anchor, StateAnchor} from "../anchor/Anchor.sol";
import {ILedgerDesk} from "../interfaces/ILedgerDesk.sol";
import {Action, Status, Verdict} from "../policy/PolicyTypes.sol";
import {ProfitEscrow} from "../policy/ProfitEscrow.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {ScopeHead} from "../policy/ScopeHead.sol";

/// @notice A function of the protocol's own, and nothing else: what the others have more is the guard's code.
contract SizeOfNothing {
    mapping(bytes32 => uint256) public value;

    function set(bytes32 scope, uint256 value_) external {
        value[scope] = value_;
    }
}

contract SizeOfStatelessGuard is StatelessGuard {
    mapping(bytes32 => uint256) public value;

    function set(bytes32 scope, uint256 value_, Anchor calldata anchor) external anchored(anchor) {
        value[scope] = value_;
    }
}

contract SizeOfStateAnchoredGuard is StateAnchoredGuard {
    mapping(bytes32 => uint256) public value;

    function set(
        bytes32 scope,
        uint256 value_,
        StateAnchor calldata anchor,
        bytes calldata header
    ) external anchoredState(anchor, header) {
        value[scope] = value_;
    }
}

contract SizeOfSettlementGuard is SettlementGuard {
    mapping(bytes32 => uint256) public value;

    constructor(ScopeConfig memory config) {
        _configureScope("scope", config);
    }

    function set(
        bytes32 scope,
        uint256 value_,
        Anchor calldata anchor
    ) external guardedAt(scope, Action.Increase, anchor) {
        value[scope] = value_;
    }

    function reset(bytes32 scope) external returns (Verdict) {
        value[scope] = 0;
        return _guard(scope, Action.Decrease);
    }
}

contract SizeOfEvidence is SizeOfSettlementGuard {
    constructor(ScopeConfig memory config) SizeOfSettlementGuard(config) {}

    function contradict(bytes32 scope, uint64 number) external {
        _raise(scope, "cause", Status.Diverged, number);
    }

    function reconcile(bytes32 scope, uint64 number) external {
        _heal(scope, "cause", number);
    }
}

contract SizeOfEscrow is SizeOfSettlementGuard, ProfitEscrow {
    constructor(ScopeConfig memory config) SizeOfSettlementGuard(config) {}

    function settle(bytes32 scope, uint256 profit) external returns (uint256) {
        return _settleProfit(scope, msg.sender, profit, _guard(scope, Action.Decrease));
    }

    function claim(bytes32 scope) external returns (uint256) {
        return _releaseProfit(scope, msg.sender);
    }
}

contract SizeOfStandaloneGuard is StandaloneGuard {}

contract SizeOfLedger is SizeOfSettlementGuard, LedgerGuard {
    constructor(ScopeConfig memory config) SizeOfSettlementGuard(config) {}

    function nameLedger(bytes32 scope, bytes32 config) external {
        _nameLedger(scope, config);
    }

    function _ledgerDesk() internal pure override returns (ILedgerDesk) {
        return ILedgerDesk(address(1));
    }

    function _isAlive(bytes32 scope, ScopeHead head) internal override(PolicyGuard, LedgerGuard) returns (bool) {
        return LedgerGuard._isAlive(scope, head);
    }
}
