// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerGuard} from "../LedgerGuard.sol";
import {ProofDesk} from "../ProofDesk.sol";
import {ILedgerDesk, LedgerStatus} from "../interfaces/ILedgerDesk.sol";
import {ILedgerErrors} from "../interfaces/ILedgerErrors.sol";
import {Commitments} from "../ledger/Commitments.sol";
import {LedgerKeys} from "../ledger/LedgerKeys.sol";
import {Commitment} from "../ledger/LedgerTypes.sol";
import {Deadline, Deadlines} from "../policy/Deadline.sol";
import {Action} from "../policy/Policy.sol";
import {ScopeConfig, Scopes} from "../policy/Scopes.sol";

/// @notice A root of a market's ledger that somebody showed to be the newest on record.
/// @param anchored height up to which the ledger follows the chain
/// @param usableFrom when it has stood long enough
/// @param evidence the newest dispute of the ledger that had held by then
struct ShownRoot {
    bytes32 root;
    uint64 anchored;
    Deadline usableFrom;
    bytes32 evidence;
}

/// @title An exchange that trades off the chain and pays by its ledger
/// @notice Deposits lie here. Who won what is in a ledger for each market, with two entries for an owner. `DEPOSITED` is all that was
/// ever deposited. `ENTITLED` is that with what was won and lost. No withdrawal changes them: the vault remembers what it
/// has paid, so that nobody is paid twice. What an owner won is the signers' word. Anybody can dispute deposits, and
/// that all are entitled to no more than was deposited.
///
/// **A root pays once it has stood for `disputeTime`.** In that time anybody can dispute it at the desk. A dispute that
/// holds voids the root that waits, and the policy stops withdrawals of the market.
///
/// **Who cannot read a ledger cannot dispute it.** The signers choose the trie. A malformed node on the way to the total makes
/// disputes 6 and 7 impossible. So does one that nobody published. Watch that each ledger is published whole, and opens. Where
/// one does not, nothing stops a root that pays others out of your deposit.
///
/// **A leaf is no reservation.** Its owner may lose it a minute later. So an owner requests a withdrawal, and is paid under a root that
/// follows the chain beyond the request. From then on the exchange must keep the owner from trading. It cannot keep anybody in.
///
/// **The way out.** Where the signers go silent, or stay contradicted, anybody retires the ledger after 28 days. The last root that
/// stood then pays without a request, and deposits that it does not have go back. What was not shown before pays nobody.
/// @dev An example. The rules of a market are `DEPOSITED` == `deposits`, and the total of `ENTITLED` <= `totals`.
contract LedgerSettledVault is LedgerGuard {
    event Deposited(bytes32 indexed market, address indexed owner, uint256 amount);
    event WithdrawalRequested(bytes32 indexed market, address indexed owner);
    event RootShown(bytes32 indexed market, bytes32 root, uint64 anchored, uint256 usableFrom);
    event Withdrawn(bytes32 indexed market, address indexed owner, uint256 amount);

    error DisputeTimeTooShort(uint256 given, uint256 least);
    error NotOperator(address caller);
    error RootWaits(uint256 time, uint256 number);
    error RequestNotSettled(uint64 requested, uint64 anchored);
    error NothingDue(bytes32 market, address owner);
    error MarketInsolvent(bytes32 market, uint256 held, uint256 due);
    error PaymentFailed(address to, uint256 amount);

    bytes32 public constant DEPOSITED = "deposited";
    bytes32 public constant ENTITLED = "entitled";
    uint256 private constant SHORTEST_DISPUTE = 10 minutes;
    /// @notice In seconds, at most what half of the window of block hashes takes: on Ethereum some 13 hours. So long after it was
    /// shown an anchor can be disputed.
    uint256 public immutable disputeTime;

    // Slots 0 and 1, with which the ledger is compared. In wei, and never less.
    mapping(address owner => mapping(bytes32 market => uint256)) public deposits;
    mapping(bytes32 market => uint256) public totals;

    mapping(address owner => mapping(bytes32 market => uint256)) public paid;
    mapping(bytes32 market => uint256) public totalPaid;
    mapping(address owner => mapping(bytes32 market => uint64)) public requestedAt;
    mapping(bytes32 market => ShownRoot) public waiting;
    mapping(bytes32 market => ShownRoot) public settled;

    ILedgerDesk private immutable _desk;
    ProofDesk private immutable _proofs;
    address private immutable _operator;

    constructor(ILedgerDesk desk, ProofDesk proofs, address operator, uint256 disputeTime_) {
        if (disputeTime_ < SHORTEST_DISPUTE) revert DisputeTimeTooShort(disputeTime_, SHORTEST_DISPUTE);
        (_desk, _proofs, _operator, disputeTime) = (desk, proofs, operator, disputeTime_);
    }

    /// @notice Lists a market, once. The operator alone.
    /// @param ledger keccak256 of the ABI encoding of its `LedgerConfig`
    function list(bytes32 market, ScopeConfig calldata config, bytes32 ledger) external {
        if (msg.sender != _operator) revert NotOperator(msg.sender);
        _configureScope(market, config);
        _nameLedger(market, ledger);
    }

    function deposit(bytes32 market) external payable guarded(market, Action.Deposit) {
        deposits[msg.sender][market] += msg.value;
        totals[market] += msg.value;
        emit Deposited(market, msg.sender, msg.value);
    }

    /// @notice Asks for all that is due. Open whatever is wrong.
    function request(bytes32 market) external {
        requestedAt[msg.sender][market] = uint64(_blockNumber());
        emit WithdrawalRequested(market, msg.sender);
    }

    // #region show
    /// @notice Shows the root of the newest commitment on record. It pays after `disputeTime`. Its anchor is as young as one that
    /// is relayed. So half of the window of block hashes is left to dispute it, however late it is shown.
    function show(Commitment calldata c) external guarded(c.scope, Action.Withdraw) {
        LedgerStatus memory status = settle(c.scope);
        // What stood against it may be what retired it.
        if (status.isRetired) revert ILedgerErrors.LedgerIsRetired(address(this), c.scope);
        bytes32 hash = Commitments.hash(c);
        if (hash != status.head) revert ILedgerErrors.NotOnRecord(status.head, hash);
        _requireAnchor(_anchorOf(c.anchor), 1, _blockHashWindow() / 2);
        Deadline from = waiting[c.scope].usableFrom;
        if (from.time() != 0) revert RootWaits(from.time(), from.number());
        from = Deadlines.from(_clock(), disputeTime, Scopes.find(c.scope).head.longestBlockTime());
        waiting[c.scope] = ShownRoot(c.ledgerRoot, c.anchor.number, from, status.evidence);
        emit RootShown(c.scope, c.ledgerRoot, c.anchor.number, from.time());
    }
    // #endregion show

    /// @notice Lets the root that waits pay from now on, where its time has passed. One that was disputed meanwhile goes.
    function settle(bytes32 market) public returns (LedgerStatus memory status) {
        status = _desk.ledgerOf(address(this), market);
        ShownRoot storage next = waiting[market];
        bool isDisputed = next.evidence != status.evidence;
        if (!isDisputed && !next.usableFrom.hasPassed(_clock(), disputeTime)) return status;
        if (!isDisputed && next.anchored != 0) settled[market] = next;
        delete waiting[market];
    }

    /// @notice Pays the caller what is due.
    /// @param deposited the ledger's witness under the settled root for the caller's `DEPOSITED`
    /// @param entitled the same for `ENTITLED`
    function withdraw(
        bytes32 market,
        bytes calldata deposited,
        bytes calldata entitled
    ) external guarded(market, Action.Withdraw) {
        bool isRetired = settle(market).isRetired;
        (uint64 requested, uint64 anchored) = (requestedAt[msg.sender][market], settled[market].anchored);
        if (!isRetired && (requested == 0 || anchored < requested)) revert RequestNotSettled(requested, anchored);

        uint256 due = _due(market, deposited, entitled);
        paid[msg.sender][market] += due;
        totalPaid[market] += due;
        requestedAt[msg.sender][market] = 0;
        emit Withdrawn(market, msg.sender, due);
        (bool ok, ) = msg.sender.call{value: due}("");
        if (!ok) revert PaymentFailed(msg.sender, due);
    }

    /// @dev What the vault owes the caller. A market pays with its own deposits alone.
    function _due(
        bytes32 market,
        bytes calldata deposited,
        bytes calldata entitled
    ) private view returns (uint256 due) {
        uint256 credit = deposits[msg.sender][market] + _entry(market, ENTITLED, entitled);
        uint256 debit = paid[msg.sender][market] + _entry(market, DEPOSITED, deposited);
        if (credit <= debit) revert NothingDue(market, msg.sender);
        due = credit - debit;
        uint256 held = totals[market] - totalPaid[market];
        if (due > held) revert MarketInsolvent(market, held, due);
    }

    /// @dev Of the caller, in the ledger that pays. Zero while none does.
    function _entry(bytes32 market, bytes32 kind, bytes calldata witness) private view returns (uint256) {
        bytes32 root = settled[market].root;
        return root == 0 ? 0 : _proofs.valueUnder(root, LedgerKeys.keyOf(msg.sender, market, kind), witness);
    }

    function _ledgerDesk() internal view override returns (ILedgerDesk) {
        return _desk;
    }
}
