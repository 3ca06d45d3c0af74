// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerDesk} from "../LedgerDesk.sol";
import {LedgerGuard} from "../LedgerGuard.sol";
import {ILedgerDesk} from "../interfaces/ILedgerDesk.sol";
import {ILedgerErrors} from "../interfaces/ILedgerErrors.sol";
import {Commitments} from "../ledger/Commitments.sol";
import {LedgerKeys} from "../ledger/LedgerKeys.sol";
import {Commitment, SignerSet} from "../ledger/LedgerTypes.sol";
import {Quorums} from "../ledger/Quorums.sol";
import {Action} from "../policy/PolicyTypes.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {TestToken} from "./TestToken.sol";

/// @notice What its market's ledger says that the caller is owed.
/// @param set who signed the commitment
/// @param signatures of the commitment, in the order of the set
/// @param witness the ledger's, for the caller's leaf
struct LedgerClaim {
    Commitment commitment;
    SignerSet set;
    bytes[] signatures;
    bytes witness;
}

/// @notice Markets that pay what their ledgers say: each leaf of a ledger once, and `DELAY` after it was asked for.
/// @dev The two twins differ in whom they believe, and in who can stop them.
abstract contract PaysByLedger {
    /// @notice Thrown when a leaf is paid a second time.
    error LeafSpent(bytes32 ledgerRoot, address owner);

    /// @notice Thrown when the owner asked for nothing, or not long enough ago.
    error PaymentNotDue(uint256 amount, uint256 readyTime);

    /// @notice Thrown when the ledger was contradicted since the payment was asked for.
    error PaymentDisputed(bytes32 evidence);

    /// @notice A payment that was asked for.
    /// @param evidence the newest against the ledger by then
    struct Payment {
        uint256 amount;
        uint256 readyTime;
        bytes32 evidence;
    }

    /// @notice Seconds in which anybody can show that the ledger is wrong.
    uint256 public constant DELAY = 120;

    bytes32 public constant ASSET = "USDC";
    bytes32 public constant KIND = "balance";

    LedgerDesk internal immutable _desk;
    TestToken private immutable _token;

    mapping(bytes32 market => mapping(address owner => Payment)) public payments;
    mapping(bytes32 market => mapping(address owner => uint256)) public paid;
    mapping(bytes32 market => mapping(address owner => uint256)) public positions;
    mapping(bytes32 leaf => bool) private _spent;

    constructor(LedgerDesk desk, TestToken token) {
        (_desk, _token) = (desk, token);
    }

    /// @notice Asks for what the ledger says that the caller is owed.
    function ask(LedgerClaim calldata claim) external {
        Commitment calldata c = claim.commitment;
        _enter(c.scope, Action.Withdraw);
        _requireBelieved(claim);
        bytes32 key = LedgerKeys.keyOf(msg.sender, ASSET, KIND);
        uint256 amount = _desk.proofs().valueUnder(c.ledgerRoot, key, claim.witness);
        bytes32 leaf = keccak256(abi.encode(c.scope, c.ledgerRoot, msg.sender));
        if (_spent[leaf]) revert LeafSpent(c.ledgerRoot, msg.sender);
        _spent[leaf] = true;
        payments[c.scope][msg.sender] = Payment(amount, block.timestamp + DELAY, _evidenceOf(c.scope));
    }

    /// @notice Pays what the caller asked for.
    function take(bytes32 market) external {
        _enter(market, Action.Withdraw);
        Payment memory due = payments[market][msg.sender];
        if (due.amount == 0 || block.timestamp < due.readyTime) revert PaymentNotDue(due.amount, due.readyTime);
        bytes32 evidence = _evidenceOf(market);
        if (due.evidence != evidence) revert PaymentDisputed(evidence);
        delete payments[market][msg.sender];
        paid[market][msg.sender] += due.amount;
        _token.transfer(msg.sender, due.amount);
    }

    /// @notice Opens, or adds to, the caller's position.
    function open(bytes32 market, uint256 size) external {
        _enter(market, Action.Increase);
        positions[market][msg.sender] += size;
    }

    /// @notice Makes the caller's position smaller.
    function reduce(bytes32 market, uint256 size) external {
        _enter(market, Action.Decrease);
        positions[market][msg.sender] -= size;
    }

    /// @dev Reverts unless the claim's commitment counts.
    function _requireBelieved(LedgerClaim calldata claim) internal view virtual;

    /// @dev The newest against the market's ledger; zero where nobody can bring any.
    function _evidenceOf(bytes32 market) internal view virtual returns (bytes32);

    /// @dev Reverts unless the market lets the action through.
    function _enter(bytes32 market, Action action) internal virtual;
}

/// @notice Believes whatever a quorum signed. Nobody can stop it.
contract UnguardedLedgerMarket is PaysByLedger {
    bytes32 private immutable _signers;

    constructor(LedgerDesk desk, TestToken token, SignerSet memory set) PaysByLedger(desk, token) {
        _signers = keccak256(abi.encode(set));
    }

    function _requireBelieved(LedgerClaim calldata claim) internal view override {
        bytes32 given = keccak256(abi.encode(claim.set));
        if (given != _signers) revert ILedgerErrors.TermsMismatch(_signers, given);
        Quorums.requireSigned(claim.set, _desk.digestOf(claim.commitment), claim.signatures);
    }

    function _evidenceOf(bytes32) internal pure override returns (bytes32) {
        return 0;
    }

    function _enter(bytes32, Action) internal override {}
}

/// @notice Believes the newest commitment on record at its desk, while the market's scope allows it.
contract LedgerMarket is LedgerGuard, PaysByLedger {
    bytes32 public constant EXCHANGE = "exchange";

    constructor(
        LedgerDesk desk,
        TestToken token,
        ScopeConfig memory config,
        bytes32[] memory markets,
        bytes32[] memory ledgers
    ) PaysByLedger(desk, token) {
        _configureScope(EXCHANGE, config);
        config.parent = EXCHANGE;
        for (uint256 i = 0; i < markets.length; ++i) {
            _configureScope(markets[i], config);
            _nameLedger(markets[i], ledgers[i]);
        }
    }

    function _requireBelieved(LedgerClaim calldata claim) internal view override {
        bytes32 hash = Commitments.hash(claim.commitment);
        bytes32 head = _desk.ledgerOf(address(this), claim.commitment.scope).head;
        if (hash != head) revert ILedgerErrors.NotOnRecord(head, hash);
    }

    function _evidenceOf(bytes32 market) internal view override returns (bytes32) {
        return _desk.ledgerOf(address(this), market).evidence;
    }

    function _enter(bytes32 market, Action action) internal override {
        _guard(market, action);
    }

    function _ledgerDesk() internal view override returns (ILedgerDesk) {
        return _desk;
    }

    function _parentOf(bytes32 scope) internal pure override returns (bytes32) {
        return scope == EXCHANGE ? bytes32(0) : EXCHANGE;
    }
}
