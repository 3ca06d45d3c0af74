// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {SettlementGuard} from "../SettlementGuard.sol";
import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {Anchor, StateAnchor} from "../anchor/Anchor.sol";
import {AnchorTypes} from "../anchor/AnchorTypes.sol";
import {LiveEIP712} from "../anchor/LiveEIP712.sol";
import {Policies} from "../policy/Policy.sol";
import {Action, Verdict} from "../policy/PolicyTypes.sol";
import {ProfitEscrow} from "../policy/ProfitEscrow.sol";
import {ProvenBeliefs} from "../policy/ProvenBeliefs.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";
import {SlotDerivation} from "../proof/SlotDerivation.sol";

/// @notice What a trader signs.
struct Ticket {
    address trader;
    int256 size;
    int256 limit;
    uint256 nonce;
    uint64 maxAge;
    Anchor anchor;
}

/// @notice A market that inherits everything at once: anchored orders, policy, held profit, beliefs and the verifier of their proofs. A fixture: it must fit
/// into the 24,576 bytes of EIP-170 in both pipelines.
contract WholeExchange is SettlementGuard, StateAnchoredGuard, ProfitEscrow, ProvenBeliefs, LiveEIP712 {
    using SafeERC20 for IERC20;

    bytes32 public constant MARKET = "ETH-PERP";
    bytes32 private constant TICKET = keccak256(
        "Ticket(address trader,int256 size,int256 limit,uint256 nonce,uint64 maxAge,Anchor anchor)Anchor(uint64 number,bytes32 hash)"
    );

    struct Position {
        int256 size; // in units of the underlying
        int256 entry; // at which it was last settled, in tokens a unit
    }

    IERC20 public immutable token;
    address public immutable feed;
    address public immutable custodian;
    int256 public price;
    int256 public lastPrice;
    int256 public writtenOff;
    mapping(address => Position) public positions;
    mapping(address => int256) public margins;
    mapping(address => mapping(uint256 => bool)) public isSpent;

    error NotAllowed();
    error MarginTooSmall(int256 margin, int256 required);

    constructor(ScopeConfig memory config, IERC20 token_, address custodian_, int256 price_) {
        _configureScope(MARKET, config);
        (token, feed, custodian, price, lastPrice) = (token_, msg.sender, custodian_, price_, price_);
    }

    /* TRADING */

    function execute(Ticket calldata ticket, bytes calldata signature) external {
        if (isSpent[ticket.trader][ticket.nonce]) revert NotAllowed();
        if (!SignatureChecker.isValidSignatureNow(ticket.trader, digestOf(ticket), signature)) revert NotAllowed();
        if (ticket.size > 0 ? price > ticket.limit : price < ticket.limit) revert NotAllowed();
        _requireAnchorOf(MARKET, ticket.anchor, ticket.maxAge);
        Action action = Policies.classify(positions[ticket.trader].size, ticket.size);
        if (action == Action.Increase) _requireAllowed(MARKET, action);
        Verdict verdict = action == Action.Increase ? Verdict.Allow : _guard(MARKET, action);
        isSpent[ticket.trader][ticket.nonce] = true;
        _trade(ticket.trader, ticket.size, verdict);
        if (action == Action.Increase) _requireMargin(ticket.trader);
    }

    function trade(
        int256 size,
        Anchor calldata anchor
    ) external guardedAt(MARKET, Policies.classify(positions[msg.sender].size, size), anchor) {
        _trade(msg.sender, size, Verdict.Allow);
        _requireMargin(msg.sender);
    }

    function close() external {
        _trade(msg.sender, -positions[msg.sender].size, _guard(MARKET, Action.Decrease));
    }

    function cancel(uint256 nonce) external {
        _guard(MARKET, Action.Cancel);
        isSpent[msg.sender][nonce] = true;
    }

    function liquidate(address trader) external {
        (uint256 now_, uint256 before) = (_healthAt(trader, price), _healthAt(trader, lastPrice));
        _guardLiquidation(MARKET, now_, now_ > before ? now_ : before);
        _trade(trader, -positions[trader].size, Verdict.Allow);
    }

    /* MONEY */

    function deposit(uint256 amount) external {
        _guard(MARKET, Action.Deposit);
        margins[msg.sender] += int256(amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function withdraw(uint256 amount) external guarded(MARKET, Action.Withdraw) {
        margins[msg.sender] -= int256(amount);
        _requireMargin(msg.sender);
        token.safeTransfer(msg.sender, amount);
    }

    function claim() external {
        margins[msg.sender] += int256(_releaseProfit(MARKET, msg.sender));
    }

    function setPrice(int256 newPrice) external {
        if (msg.sender != feed) revert NotAllowed();
        if (!_hasOpenCause(MARKET)) lastPrice = price;
        price = newPrice;
    }

    /* BACKING */

    function believe(uint256 amount) external {
        if (msg.sender != feed) revert NotAllowed();
        _believe(MARKET, slotOf(), amount);
    }

    function contradict(StateAnchor calldata anchor, bytes calldata header, bytes calldata witness) external {
        _contradict(MARKET, slotOf(), _proven(anchor, header, witness), anchor.number);
    }

    function reconcile(StateAnchor calldata anchor, bytes calldata header, bytes calldata witness) external {
        _reconcile(MARKET, slotOf(), _proven(anchor, header, witness), anchor.number);
    }

    function accept(StateAnchor calldata anchor, bytes calldata header, bytes calldata witness) external {
        _accept(MARKET, slotOf(), _proven(anchor, header, witness), anchor.number);
    }

    function _proven(
        StateAnchor calldata anchor,
        bytes calldata header,
        bytes calldata witness
    ) private view anchoredState(anchor, header) returns (uint256) {
        return SlotCheck.valueOf(anchor.stateRoot, custodian, slotOf(), witness);
    }

    function _writeLoss(bytes32, bytes32, uint256 believed, uint256 proven) internal override {
        writtenOff += int256(believed - proven);
    }

    /* INTERNALS */

    function slotOf() public pure returns (bytes32) {
        return SlotDerivation.mappingEntry(bytes32(0), MARKET);
    }

    function digestOf(Ticket calldata t) public view returns (bytes32) {
        bytes32 anchor = AnchorTypes.hash(t.anchor);
        return _typedDataDigest(keccak256(abi.encode(TICKET, t.trader, t.size, t.limit, t.nonce, t.maxAge, anchor)));
    }

    /// @dev The position is written before anybody is called. Losses take what is held first.
    function _trade(address trader, int256 size, Verdict verdict) private {
        Position storage position = positions[trader];
        int256 earned = position.size * (price - position.entry);
        (position.size, position.entry) = (position.size + size, price);
        margins[trader] +=
            earned < 0
                ? -int256(_consumeProfit(MARKET, trader, uint256(-earned)))
                : int256(_settleProfit(MARKET, trader, uint256(earned), verdict));
    }

    /// @dev Held profit is collateral that may not leave: it counts here, and not in `_requireMargin`.
    function _healthAt(address trader, int256 at_) private view returns (uint256) {
        Position storage position = positions[trader];
        int256 required = ((position.size < 0 ? -position.size : position.size) * at_) / 20;
        int256 equity = margins[trader] + int256(escrowedProfit(MARKET, trader));
        equity += position.size * (at_ - position.entry);
        if (required == 0) return type(uint256).max;
        return equity <= 0 ? 0 : (uint256(equity) * 1e18) / uint256(required);
    }

    function _requireMargin(address trader) private view {
        Position storage position = positions[trader];
        int256 required = ((position.size < 0 ? -position.size : position.size) * price) / 10;
        if (margins[trader] < required) revert MarginTooSmall(margins[trader], required);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Whole Exchange", "1");
    }
}
