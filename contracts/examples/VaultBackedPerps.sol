// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StateAnchor} from "../anchor/Anchor.sol";
import {L1AnchorGuard} from "../anchor/L1AnchorGuard.sol";
import {IGuardErrors} from "../interfaces/IGuardErrors.sol";
import {HeaderReader} from "../proof/HeaderReader.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";
import {SlotDerivation} from "../proof/SlotDerivation.sol";

/// @title Collateral on L1 that backs one market, and leaves with a delay
/// @notice Whoever locks names the market that the ether backs, and its chain: no other market can count it. What is requested stops counting at
/// once (`balances`, the first slot, is what proofs show) and can be taken after `DELAY`.
contract DelayedVault {
    /// @notice In seconds. Longer than a market elsewhere lets a position rest on one proof.
    uint256 public constant DELAY = 1 days;

    error TooEarly(uint256 releaseAt, uint256 timestamp);
    error PaymentFailed(address to, uint256 amount);

    mapping(bytes32 beneficiary => mapping(address owner => uint256)) public balances;
    mapping(bytes32 beneficiary => mapping(address owner => uint256)) public requested;
    mapping(bytes32 beneficiary => mapping(address owner => uint256)) public releaseAt;

    /// @notice Locks ether for the caller, to back `market` on the chain `chainId`.
    function lock(address market, uint256 chainId) external payable {
        balances[Beneficiary.key(market, chainId)][msg.sender] += msg.value;
    }

    /// @notice Stops counting `amount` as collateral, and starts its delay. A further request starts the delay of all of it anew.
    function request(address market, uint256 chainId, uint256 amount) external {
        bytes32 beneficiary = Beneficiary.key(market, chainId);
        balances[beneficiary][msg.sender] -= amount;
        requested[beneficiary][msg.sender] += amount;
        releaseAt[beneficiary][msg.sender] = block.timestamp + DELAY;
    }

    /// @notice Pays out what was requested, after the delay.
    function release(address market, uint256 chainId) external {
        bytes32 beneficiary = Beneficiary.key(market, chainId);
        uint256 from = releaseAt[beneficiary][msg.sender];
        if (block.timestamp < from) revert TooEarly(from, block.timestamp);
        uint256 amount = requested[beneficiary][msg.sender];

        requested[beneficiary][msg.sender] = 0;

        (bool ok, ) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed(msg.sender, amount);
    }
}

/// @notice What collateral backs: a contract on a chain. The vault and the market derive it alike.
library Beneficiary {
    function key(address market, uint256 chainId) internal pure returns (bytes32) {
        return keccak256(abi.encode(market, chainId));
    }
}

/// @notice What shows a slot of L1 to a contract elsewhere.
/// @param anchor the block of L1 whose state is proven
/// @param headers RLP of L1's headers, from the origin that this chain shows down to the anchor
/// @param witness trie nodes of the vault's account and of the trader's balance
struct L1Proof {
    StateAnchor anchor;
    bytes[] headers;
    bytes witness;
}

/// @title Perpetuals on an L2, backed by collateral in a vault on L1
/// @notice Every position is backed by a margin that the vault holds for this market; the market never holds it. It exists to show what a proof of
/// another chain's state is worth, and its twin without the guard what happens otherwise. Not for production.
///
/// A proof is not a reservation, so a position rests on it only until an end, before which no ether can have left. A newer proof renews it; after
/// its end anybody closes it.
abstract contract VaultBackedPerps {
    struct Position {
        int256 size; // base units of 1e-18
        uint256 entryPrice; // wei per 1e18 base units
        uint256 margin; // wei of L1 collateral that back it
        uint256 backedUntil; // seconds since 1970, from when anybody may close it
    }

    event Opened(address indexed trader, int256 size, uint256 margin, uint256 price);
    event Renewed(address indexed trader, uint256 backedUntil);
    event Closed(address indexed trader, int256 profit);

    error NotFeed(address caller);
    error MarginTooLow(address trader, uint256 margin, uint256 required);
    error ProofExpired(uint256 backedUntil, uint256 timestamp);
    error ProofNotNewer(uint256 backedUntil, uint256 before);
    error PositionBacked(address trader, uint256 backedUntil);
    error NoPosition(address trader);

    /// @dev Margin must be at least 1/10 of the notional.
    uint256 private constant LEVERAGE = 10;

    address public immutable vault;
    address public immutable feed;
    uint256 public price;
    mapping(address trader => Position) public positions;

    constructor(address vault_, address feed_) {
        vault = vault_;
        feed = feed_;
    }

    /// @dev Reverts unless the trader's collateral on L1 is at least `needed`, as far as the market can know.
    /// @return backedUntil from when it may have left, in seconds since 1970
    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal virtual returns (uint256 backedUntil);

    /// @notice Adds to the caller's position, and to the margin that backs it. All that it has backed so far counts: one proof does not back two
    /// positions. The position rests on this proof from then on.
    function open(int256 size, uint256 margin, L1Proof calldata proof) external {
        Position storage position = positions[msg.sender];
        uint256 needed = position.margin + margin;
        uint256 backedUntil = _requireCollateral(msg.sender, needed, proof);
        if (block.timestamp >= backedUntil) revert ProofExpired(backedUntil, block.timestamp);
        int256 newSize = position.size + size;
        uint256 required = (uint256(newSize < 0 ? -newSize : newSize) * price) / 1e18 / LEVERAGE;
        if (needed < required) revert MarginTooLow(msg.sender, needed, required);

        // Marked to the average: what was open keeps its entry value.
        int256 entryValue = position.size * int256(position.entryPrice) + size * int256(price);
        position.entryPrice = newSize == 0 ? 0 : uint256(entryValue / newSize);
        position.size = newSize;
        position.margin = needed;
        position.backedUntil = backedUntil;

        emit Opened(msg.sender, size, margin, price);
    }

    /// @notice Lets a position rest on a newer proof. Anybody may call, also after the end of the older one.
    function renew(address trader, L1Proof calldata proof) external {
        Position storage position = positions[trader];
        if (position.backedUntil == 0) revert NoPosition(trader);
        uint256 backedUntil = _requireCollateral(trader, position.margin, proof);
        if (backedUntil <= position.backedUntil) revert ProofNotNewer(backedUntil, position.backedUntil);

        position.backedUntil = backedUntil;

        emit Renewed(trader, backedUntil);
    }

    /// @notice Closes the caller's position. Needs no proof.
    function close() external {
        _close(msg.sender);
    }

    /// @notice Closes a position whose proof has ended: from then on its collateral may leave. Anybody may call.
    function expire(address trader) external {
        uint256 backedUntil = positions[trader].backedUntil;
        if (backedUntil == 0) revert NoPosition(trader);
        if (block.timestamp < backedUntil) revert PositionBacked(trader, backedUntil);
        _close(trader);
    }

    /// @notice Sets the index price. The feed alone.
    function setPrice(uint256 price_) external {
        if (msg.sender != feed) revert NotFeed(msg.sender);
        price = price_;
    }

    /// @notice Unrealised profit of a position, in wei.
    function profitOf(address trader) public view returns (int256) {
        Position storage position = positions[trader];
        return (position.size * (int256(price) - int256(position.entryPrice))) / 1e18;
    }

    /// @dev `balances[this market][trader]` of the vault.
    function _balanceSlot(address trader) internal view returns (bytes32) {
        bytes32 own = SlotDerivation.mappingEntry(bytes32(0), Beneficiary.key(address(this), block.chainid));
        return SlotDerivation.mappingEntry(own, trader);
    }

    function _close(address trader) private {
        int256 profit = profitOf(trader);

        delete positions[trader];

        emit Closed(trader, profit);
    }
}

/// @title The market that asks L1 each time
/// @notice Every opening shows a state of L1 that is at least 8 and at most 64 blocks below the origin that this chain shows: deeper than the reorgs
/// that L1 has seen since the merge. A position rests on the proof for `BACKED_FOR` from the time in the anchor's header. Ether that was requested
/// right after that block leaves `DelayedVault.DELAY` later at the earliest: in the second half of the delay anybody closes the position.
contract GuardedVaultBackedPerps is VaultBackedPerps, L1AnchorGuard {
    uint64 public constant MIN_DEPTH = 8;
    uint64 public constant MAX_DEPTH = 64;

    /// @notice In seconds of L1's clock: half of the vault's delay, so that there is as much time to close what was not renewed.
    uint256 public constant BACKED_FOR = 12 hours;

    uint256 private immutable _chainId;

    /// @param chainId the OP-stack chain on which the predeploy is believed
    constructor(address vault, address feed, uint256 chainId) VaultBackedPerps(vault, feed) {
        _chainId = chainId;
    }

    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal view override returns (uint256 backedUntil) {
        _requireL1Anchor(proof.anchor, proof.headers, MIN_DEPTH, MAX_DEPTH);
        SlotCheck.requireAtLeast(proof.anchor.stateRoot, vault, _balanceSlot(trader), needed, proof.witness);
        // The last header is the anchor's: the walk has compared its hash.
        return HeaderReader.read(proof.headers[proof.headers.length - 1]).timestamp + BACKED_FOR;
    }

    function _homeChainId() internal view override returns (uint256) {
        return _chainId;
    }
}

/// @title The market that believes what it was once told
/// @notice It takes the relayer's word for the state root, and keeps what it was shown as credit.
contract UnguardedVaultBackedPerps is VaultBackedPerps {
    mapping(address trader => uint256) public credited;

    constructor(address vault, address feed) VaultBackedPerps(vault, feed) {}

    function _requireCollateral(
        address trader,
        uint256 needed,
        L1Proof calldata proof
    ) internal override returns (uint256) {
        bytes32 slot = _balanceSlot(trader);
        if (credited[trader] < needed) {
            credited[trader] = SlotCheck.valueOf(proof.anchor.stateRoot, vault, slot, proof.witness);
        }
        if (credited[trader] < needed) revert IGuardErrors.SlotBelow(vault, slot, needed, credited[trader]);
        return type(uint256).max;
    }
}
