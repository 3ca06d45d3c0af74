// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Beneficiary, WITHDRAWAL_DELAY} from "./CollateralVault.sol";
import {StateAnchor} from "../anchor/Anchor.sol";
import {L1AnchorGuard} from "../anchor/L1AnchorGuard.sol";
import {IProofErrors} from "../interfaces/IProofErrors.sol";
import {HeaderReader} from "../header/HeaderReader.sol";
import {IBlockHashSource, Tier} from "../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../interfaces/ISourceErrors.sol";
import {ISourcedPinBoard} from "../interfaces/ISourcedPinBoard.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";

/// @notice What shows a slot of L1 to a contract elsewhere.
/// @param anchor the block of L1 whose state is proven
/// @param headers RLP of L1's headers, from the origin that this chain shows down to the anchor
/// @param witness trie nodes of the vault's account and of the trader's balance for this market
struct L1Proof {
    StateAnchor anchor;
    bytes[] headers;
    bytes witness;
}

/// @title Perpetuals on an L2, backed by collateral in a vault on L1
/// @notice Every position is backed by a margin that the vault holds for this market; the market never holds it. A
/// position ends when its newest proof does, and then anybody may close it. It exists to show what a proof of another
/// chain's state is worth. Its twin without the guard shows what happens otherwise. Not for production.
/// @dev What a position gained or lost stays with its trader (`results`), and a loss needs backing like a margin. Else
/// one proof would back a second position after the first one's loss. Nothing here collects a loss on L1.
abstract contract VaultBackedPerps {
    struct Position {
        int256 size; // base units of 1e-18
        uint256 entryPrice; // wei per 1e18 base units
        uint256 margin; // wei of L1 collateral that back it
        uint256 provenAt; // block of L1 that the newest proof speaks of
        uint256 end; // seconds since 1970, from when on nothing backs it; zero without a position
    }

    event Opened(address indexed trader, int256 size, uint256 margin, uint256 price);
    event Renewed(address indexed trader, uint256 provenAt, uint256 end);
    event Closed(address indexed trader, int256 profit);

    error NotFeed(address caller);
    error PriceUnknown();
    error NoPosition(address trader);
    error MarginTooLow(address trader, uint256 margin, uint256 required);
    error ProofEnded(uint256 provenAt, uint256 end, uint256 timestamp);
    error ProofNotNewer(address trader, uint256 proof, uint256 newest);
    error PositionEnded(address trader, uint256 end, uint256 timestamp);
    error PositionBacked(address trader, uint256 end, uint256 timestamp);

    /// @dev Margin must be at least 1/10 of the notional.
    uint256 private constant LEVERAGE = 10;

    address public immutable vault;
    address public immutable feed;
    uint256 public price;
    mapping(address trader => Position) public positions;
    /// @notice What a trader's positions have gained or lost up to their last change, in wei.
    mapping(address trader => int256) public results;

    constructor(address vault_, address feed_) {
        vault = vault_;
        feed = feed_;
    }

    /// @dev Reverts unless the trader's collateral for this market is at least `needed`, as far as the market can know.
    /// @return end seconds since 1970, from when on the proof says nothing any more
    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal virtual returns (uint256 end);

    /// @notice Adds to the caller's position, and to the margin that backs it. All that is backed so far counts, losses included, and all of it rests
    /// on this proof from now on. A position that has ended must be closed first.
    function open(int256 size, uint256 margin, L1Proof calldata proof) external {
        // At no price a position would need no margin, and its first price would be its profit.
        if (price == 0) revert PriceUnknown();
        Position storage position = positions[msg.sender];
        _requireNotEnded(msg.sender);
        if (proof.anchor.number < position.provenAt) {
            revert ProofNotNewer(msg.sender, proof.anchor.number, position.provenAt);
        }
        results[msg.sender] += profitOf(msg.sender);
        position.entryPrice = price;
        position.size += size;
        position.margin += margin;
        uint256 required = (uint256(position.size < 0 ? -position.size : position.size) * price) / 1e18 / LEVERAGE;
        if (position.margin < required) revert MarginTooLow(msg.sender, position.margin, required);
        _restOn(msg.sender, proof);

        emit Opened(msg.sender, size, margin, price);
    }

    /// @notice Lets the caller's position rest on a newer proof, which ends later. The caller's alone, so that nobody can get ahead of a trader's
    /// own proof.
    function renew(L1Proof calldata proof) external {
        Position storage position = positions[msg.sender];
        if (position.end == 0) revert NoPosition(msg.sender);
        _requireNotEnded(msg.sender);
        if (proof.anchor.number <= position.provenAt) {
            revert ProofNotNewer(msg.sender, proof.anchor.number, position.provenAt);
        }
        _restOn(msg.sender, proof);

        emit Renewed(msg.sender, position.provenAt, position.end);
    }

    /// @notice Closes the caller's position. Needs no proof.
    function close() external {
        _close(msg.sender);
    }

    /// @notice Closes anybody's position from its end on.
    function expire(address trader) external {
        uint256 end = positions[trader].end;
        if (end == 0) revert NoPosition(trader);
        if (block.timestamp < end) revert PositionBacked(trader, end, block.timestamp);
        _close(trader);
    }

    /// @notice Sets the index price. The feed alone.
    function setPrice(uint256 price_) external {
        if (msg.sender != feed) revert NotFeed(msg.sender);
        if (price_ == 0) revert PriceUnknown();
        price = price_;
    }

    /// @notice What closing a position would add to its trader's result, in wei. One that has ended earns nothing, or it would be a free bet.
    function profitOf(address trader) public view returns (int256 profit) {
        Position storage position = positions[trader];
        profit = (position.size * (int256(price) - int256(position.entryPrice))) / 1e18;
        if (profit > 0 && block.timestamp >= position.end) return 0;
    }

    function _close(address trader) private {
        int256 profit = profitOf(trader);
        results[trader] += profit;
        delete positions[trader];

        emit Closed(trader, profit);
    }

    /// @dev The margin and what the trader has lost rest on `proof`.
    function _restOn(address trader, L1Proof calldata proof) private {
        Position storage position = positions[trader];
        int256 result = results[trader];
        uint256 needed = position.margin + (result < 0 ? uint256(-result) : 0);
        uint256 end = _requireCollateral(trader, needed, proof);
        if (block.timestamp >= end) revert ProofEnded(proof.anchor.number, end, block.timestamp);
        position.provenAt = proof.anchor.number;
        position.end = end;
    }

    function _requireNotEnded(address trader) private view {
        uint256 end = positions[trader].end;
        if (end != 0 && block.timestamp >= end) revert PositionEnded(trader, end, block.timestamp);
    }
}

/// @title The market that asks L1 each time
/// @notice Every proof is of a state of L1. It lies at least 8 and at most 64 blocks below the origin that this chain
/// shows. That is deeper than the reorgs that L1 has seen since the merge.
///
/// What a proof shows of the vault leaves at the earliest `WITHDRAWAL_DELAY` after the proven block's time. The
/// position that rests on it ends before: `BACKED_FOR` after that time, as the block's own header holds it. In between
/// lies what this chain's clock may be behind L1's, and an hour in which to close the position. The clock may be behind
/// by the sequencing window of the OP stack, after which L1 alone drives the chain. The window is 3,600 blocks of L1:
/// 12 hours where no slot is missed. A chain with another window, or missed slots beyond that hour (300 of 3,900),
/// needs a shorter `BACKED_FOR`.
contract GuardedVaultBackedPerps is VaultBackedPerps, L1AnchorGuard {
    uint64 public constant MIN_DEPTH = 8;
    uint64 public constant MAX_DEPTH = 64;

    /// @notice For how long a proof backs a position, in seconds from the proven block's time.
    uint256 public constant BACKED_FOR = WITHDRAWAL_DELAY - 12 hours - 1 hours;

    uint256 private immutable _chainId;

    /// @param chainId the OP-stack chain on which the predeploy is believed
    constructor(address vault, address feed, uint256 chainId) VaultBackedPerps(vault, feed) {
        _chainId = chainId;
    }

    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal view override returns (uint256 end) {
        _requireL1Anchor(proof.anchor, proof.headers, MIN_DEPTH, MAX_DEPTH);
        SlotCheck.requireAtLeast(proof.anchor.stateRoot, vault, Beneficiary.ownSlot(trader), needed, proof.witness);
        // The last header is the anchor's, authenticated by the walk.
        return HeaderReader.read(proof.headers[proof.headers.length - 1]).timestamp + BACKED_FOR;
    }

    function _homeChainId() internal view override returns (uint256) {
        return _chainId;
    }
}

/// @title The market that takes collateral that was proven once
/// @notice Somebody pins the trader's balance on a board, and every position rests on the pin from then on. The board's
/// source knows finalized blocks of L1 alone, so that no reorg of L1 takes the collateral away.
///
/// The pin's age ends before what it shows can leave: `BACKED_FOR` counts from the block's own time. One pinned balance
/// names one market. Each position of its trader must fit in with all that it backs already.
contract PinnedVaultBackedPerps is VaultBackedPerps {
    /// @notice For how long a pinned balance backs a position, in seconds from the block's time. As in `GuardedVaultBackedPerps`.
    uint256 public constant BACKED_FOR = WITHDRAWAL_DELAY - 12 hours - 1 hours;

    ISourcedPinBoard public immutable board;
    uint256 private immutable _l1ChainId;

    /// @dev The pin is of an older block than the one that the proof names.
    error OlderBlock(uint64 named, uint64 pinned);

    /// @param board_ over a source of L1's blocks
    /// @param l1ChainId the chain on which the vault is
    constructor(address vault, address feed, ISourcedPinBoard board_, uint256 l1ChainId) VaultBackedPerps(vault, feed) {
        (board, _l1ChainId) = (board_, l1ChainId);
    }

    // #region pin
    /// @param proof the anchor's number is one that the pin must have reached. The witness is the pinned balance, one ABI
    /// word, and no header is needed
    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal view override returns (uint256 end) {
        IBlockHashSource source = board.source();
        if (source.chainId() != _l1ChainId) {
            revert ISourceErrors.SourceOfOtherChain(address(source), _l1ChainId, source.chainId());
        }
        bytes32 slot = Beneficiary.ownSlot(trader);
        uint256 balance = abi.decode(proof.witness, (uint256));
        (uint64 number, uint64 time) = board.requireSlot(vault, slot, balance, uint64(BACKED_FOR), Tier.Finalized);
        if (number < proof.anchor.number) revert OlderBlock(proof.anchor.number, number);
        SlotCheck.requireAtLeast(vault, slot, needed, balance);
        return time + BACKED_FOR;
    }
    // #endregion pin
}

/// @title The market that believes what it was once told
/// @notice It takes the relayer's word for the state root, and keeps what it was shown as credit, for ever.
contract UnguardedVaultBackedPerps is VaultBackedPerps {
    mapping(address trader => uint256) public credited;

    constructor(address vault, address feed) VaultBackedPerps(vault, feed) {}

    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal override returns (uint256 end) {
        bytes32 slot = Beneficiary.ownSlot(trader);
        if (credited[trader] < needed) {
            credited[trader] = SlotCheck.valueOf(proof.anchor.stateRoot, vault, slot, proof.witness);
        }
        if (credited[trader] < needed) revert IProofErrors.SlotBelow(vault, slot, needed, credited[trader]);
        return type(uint256).max;
    }
}
