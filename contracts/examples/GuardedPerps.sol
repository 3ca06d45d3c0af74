// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Order} from "./IMarginPerps.sol";
import {MarginPerps} from "./MarginPerps.sol";
import {ProofDesk} from "../ProofDesk.sol";
import {SettlementGuard} from "../SettlementGuard.sol";
import {StateAnchor} from "../anchor/Anchor.sol";
import {Action, Policies, Verdict} from "../policy/Policy.sol";
import {ProfitEscrow} from "../policy/ProfitEscrow.sol";
import {ProvenBeliefs} from "../policy/ProvenBeliefs.sol";
import {ScopeConfig, Scopes} from "../policy/Scopes.sol";
import {SlotDerivation} from "../proof/SlotDerivation.sol";

/// @notice Holds what backs the exchange's markets, elsewhere on this chain. Its first slot is what proofs show.
contract Custodian {
    mapping(bytes32 market => uint256) public backing;

    /// @notice Sets what backs a market. In the real world: a vault, a bridge, a staking position.
    function set(bytes32 market, uint256 amount) external {
        backing[market] = amount;
    }
}

/// @notice What shows a slot of another contract.
/// @param anchor a block of this chain
/// @param header RLP of its header
/// @param witness the account and its slot, as `prove` packs them
struct SlotProof {
    StateAnchor anchor;
    bytes header;
    bytes witness;
}

/// @title The exchange with the whole guard
/// @notice An order is filled only on the branch on which its trader prepared it. It is filled only up to the age that
/// the trader signed, and only while its market is in order. Each market is a scope, below the scope of the exchange.
///
/// A market may be backed by what a custodian holds. What the exchange believes of that is written down. Anybody can
/// contradict it with a proof of the custodian's slot. Then the market is Diverged until a newer proof shows the
/// backing to be there. After an hour it may also show that the backing is not there. Then the loss is written, and the
/// market opens again.
contract GuardedPerps is MarginPerps, SettlementGuard, ProfitEscrow, ProvenBeliefs {
    /// @notice The scope above every market's.
    bytes32 public constant EXCHANGE = "exchange";

    /// @notice How old the proof of a market's backing may be, in blocks.
    uint64 public constant MAX_PROOF_AGE = 64;

    address public immutable custodian;
    ProofDesk public immutable proofs;
    /// @notice What the pool set aside for backing that was lost, in units of the margin token. It is nobody's margin,
    /// and not for trading.
    /// @dev The exchange holds margins, liquidity, kept profits and this. Who gets it is for people to decide; nothing here pays it out.
    uint256 public writtenOff;

    /// @param proofs_ reads the proofs; a contract without state, trusted by its address
    constructor(IERC20 token, address feed, address keeper, ProofDesk proofs_) MarginPerps(token, feed, keeper) {
        custodian = address(new Custodian());
        proofs = proofs_;
        _configureScope(EXCHANGE, _scopeConfig());
    }

    /* BACKING: see `ProvenBeliefs` for who races whom */

    // #region beliefs
    /// @notice Writes down what is believed to back a market, from this block on. The feed alone: before a redemption leaves, never after. It cannot
    /// believe a contradiction away.
    function believeBacking(bytes32 market, uint128 amount) external {
        if (msg.sender != feed) revert NotFeed(msg.sender);
        _believe(market, _backingOf(market), amount);
    }

    /// @notice Shows that less backs a market than the exchange believes. Anybody may call.
    /// @return raised false where the market was known to be contradicted
    function contradict(bytes32 market, SlotProof calldata proof) external returns (bool raised) {
        return _contradict(market, _backingOf(market), _provenBacking(market, proof), proof.anchor.number);
    }

    /// @notice Shows that the backing is there again, and heals the market. Anybody may call.
    function reconcile(bytes32 market, SlotProof calldata proof) external {
        _reconcile(market, _backingOf(market), _provenBacking(market, proof), proof.anchor.number);
    }

    /// @notice Shows that the backing is still not there an hour after the contradiction. Then what is proven is
    /// believed, the loss is written, and the market is healed. Anybody may call.
    function acceptProven(bytes32 market, SlotProof calldata proof) external {
        _accept(market, _backingOf(market), _provenBacking(market, proof), proof.anchor.number);
    }

    /// @notice What is believed to back a market, and the block since when.
    function beliefs(bytes32 market) external view returns (uint256 amount, uint64 number) {
        Belief storage belief = _beliefOf(market, _backingOf(market));
        return (belief.amount, belief.since);
    }

    /// @dev The pool bears a loss first, before anybody can withdraw; what it cannot bear is bad debt.
    function _writeLoss(bytes32 market, bytes32, uint256 believed, uint256 proven) internal override {
        uint256 loss = believed - proven;
        uint256 borne = loss < liquidity ? loss : liquidity;
        liquidity -= borne;
        writtenOff += borne;
        if (loss == borne) return;
        badDebt += loss - borne;
        emit BadDebtIncurred(address(0), market, loss - borne);
    }

    function _provenBacking(bytes32 market, SlotProof calldata proof) private view returns (uint256) {
        _requireAnchor(_anchorOf(proof.anchor), 1, MAX_PROOF_AGE);
        return proofs.valueOf(proof.anchor, proof.header, custodian, _slotOf(market), proof.witness);
    }
    // #endregion beliefs

    /// @dev `backing[market]` of the custodian.
    function _slotOf(bytes32 market) private pure returns (bytes32) {
        return SlotDerivation.mappingEntry(bytes32(0), market);
    }

    function _backingOf(bytes32 market) private view returns (bytes32) {
        return keccak256(abi.encode(custodian, _slotOf(market)));
    }

    /* THE GUARD */

    function _listMarket(bytes32 market) internal override {
        // Whoever announces configurations can give a market its first one, too.
        if (Scopes.find(market).head.isKnown()) return;
        ScopeConfig memory config = _scopeConfig();
        config.parent = EXCHANGE;
        _configureScope(market, config);
    }

    function _guardFill(Order calldata order, Action action) internal virtual override returns (Verdict) {
        _requireAnchorOf(order.market, order.anchor, order.maxAge);
        // A trade that makes a position larger has no conservative form.
        if (action == Action.Increase) _requireAllowed(order.market, action);
        return _guard(order.market, action);
    }

    function _guardDenies(Order calldata order, Action action) internal view override returns (bool) {
        if (_anchorFailureOf(order.market, order.anchor, order.maxAge).length != 0) return true;
        (Verdict verdict, ) = _preview(order.market, action);
        return verdict == Verdict.Deny || (action == Action.Increase && verdict != Verdict.Allow);
    }

    function _guardAction(bytes32 market, Action action) internal override returns (Verdict) {
        if (action == Action.Withdraw) {
            _requireAllowed(market, action);
            return Verdict.Allow;
        }
        return _guard(market, action);
    }

    function _guardLiquidated(bytes32 market, uint256 worstHealth, uint256 bestHealth) internal override {
        _guardLiquidation(market, worstHealth, bestHealth);
    }

    /// @dev The exchange's contradiction is every market's.
    function _isContradicted(bytes32 market) internal view override returns (bool) {
        return _hasOpenCause(market) || _hasOpenCause(EXCHANGE);
    }

    function _heldProfit(bytes32 market, address trader) internal view override returns (uint256) {
        return escrowedProfit(market, trader);
    }

    function _consume(bytes32 market, address trader, uint256 loss) internal override returns (uint256) {
        return _consumeProfit(market, trader, loss);
    }

    function _keepsProfit(bytes32 market, address trader) internal view override returns (bool) {
        return _isProfitWaiting(market, trader);
    }

    function _payProfit(
        bytes32 market,
        address trader,
        uint256 profit,
        Verdict verdict
    ) internal override returns (uint256) {
        return _settleProfit(market, trader, profit, verdict);
    }

    function _dueProfit(bytes32 market, address trader) internal override returns (uint256) {
        return _releaseProfit(market, trader);
    }

    // #region roles
    function _parentOf(bytes32 scope) internal pure virtual override returns (bytes32) {
        return scope == EXCHANGE ? bytes32(0) : EXCHANGE;
    }

    /// @dev In this example the feed's owner pauses, and the keeper's configures. In the real world: a guardian, and a timelock.
    function _pauser() internal view override returns (address) {
        return feed;
    }

    function _configurator() internal view override returns (address) {
        return keeper;
    }
    // #endregion roles

    /// @dev What the exchange and each of its markets begin with. The numbers are for Ethereum, of whose slots of 12 s
    /// one in nine may be missed. An outage is a quarter of an hour without blocks. An order may be as old as EIP-2935
    /// answers for; its trader signs the age.
    function _scopeConfig() internal pure virtual returns (ScopeConfig memory) {
        return
            ScopeConfig({
                policy: Policies.STANDARD,
                parent: 0,
                minDepth: 1,
                maxAge: 8_191,
                keeperLatency: 60,
                gap: 15 minutes,
                staleFor: 10 minutes,
                graceFor: 30 minutes,
                exitsFor: 1 days,
                blockTime: 12_000,
                longestBlockTime: 13_500
            });
    }
}
