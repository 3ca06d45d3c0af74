// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StateAnchor} from "../anchor/Anchor.sol";
import {L1AnchorGuard} from "../anchor/L1AnchorGuard.sol";
import {IGuardErrors} from "../interfaces/IGuardErrors.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";
import {SlotDerivation} from "../proof/SlotDerivation.sol";

/// @title Collateral on L1 that leaves with a delay
/// @notice What is requested stops counting at once (`balances`, the first slot, is what proofs show) and can be taken after `DELAY`. The delay
/// exceeds the age up to which a market elsewhere accepts a proof, so that what a proof shows is still here when it is believed.
contract DelayedVault {
    /// @notice In seconds.
    uint256 public constant DELAY = 1 days;

    error TooEarly(uint256 releaseAt, uint256 timestamp);
    error PaymentFailed(address to, uint256 amount);

    mapping(address owner => uint256) public balances;
    mapping(address owner => uint256) public requested;
    mapping(address owner => uint256) public releaseAt;

    /// @notice Locks ether for the caller.
    function lock() external payable {
        balances[msg.sender] += msg.value;
    }

    /// @notice Stops counting `amount` as collateral, and starts its delay. A further request starts the delay of all of it anew.
    function request(uint256 amount) external {
        balances[msg.sender] -= amount;
        requested[msg.sender] += amount;
        releaseAt[msg.sender] = block.timestamp + DELAY;
    }

    /// @notice Pays out what was requested, after the delay.
    function release() external {
        if (block.timestamp < releaseAt[msg.sender]) revert TooEarly(releaseAt[msg.sender], block.timestamp);
        uint256 amount = requested[msg.sender];

        requested[msg.sender] = 0;

        (bool ok, ) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed(msg.sender, amount);
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
/// @notice Every position is backed by a margin that the vault holds; the market never holds it. It exists to show what a proof of another chain's
/// state is worth, and its twin without the guard what happens otherwise. Not for production.
abstract contract VaultBackedPerps {
    struct Position {
        int256 size; // base units of 1e-18
        uint256 entryPrice; // wei per 1e18 base units
        uint256 margin; // wei of L1 collateral that back it
    }

    event Opened(address indexed trader, int256 size, uint256 margin, uint256 price);
    event Closed(address indexed trader, int256 profit);

    error NotFeed(address caller);
    error MarginTooLow(address trader, uint256 margin, uint256 required);

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
    function _requireCollateral(address trader, uint256 needed, L1Proof calldata proof) internal virtual;

    /// @notice Adds to the caller's position, and to the margin that backs it. All that it has backed so far counts: one proof does not back two
    /// positions.
    function open(int256 size, uint256 margin, L1Proof calldata proof) external {
        Position storage position = positions[msg.sender];
        uint256 needed = position.margin + margin;
        _requireCollateral(msg.sender, needed, proof);
        int256 newSize = position.size + size;
        uint256 required = (uint256(newSize < 0 ? -newSize : newSize) * price) / 1e18 / LEVERAGE;
        if (needed < required) revert MarginTooLow(msg.sender, needed, required);

        // Marked to the average: what was open keeps its entry value.
        int256 entryValue = position.size * int256(position.entryPrice) + size * int256(price);
        position.entryPrice = newSize == 0 ? 0 : uint256(entryValue / newSize);
        position.size = newSize;
        position.margin = needed;

        emit Opened(msg.sender, size, margin, price);
    }

    /// @notice Closes the caller's position. Needs no proof.
    function close() external {
        int256 profit = profitOf(msg.sender);

        delete positions[msg.sender];

        emit Closed(msg.sender, profit);
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

    /// @dev `balances[trader]` of the vault.
    function _balanceSlot(address trader) internal pure returns (bytes32) {
        return SlotDerivation.mappingEntry(bytes32(0), trader);
    }
}

/// @title The market that asks L1 each time
/// @notice Every opening shows a state of L1 that is at least 8 and at most 64 blocks below the origin that this chain shows: deeper than the reorgs
/// that L1 has seen since the merge, and, with the half hour by which the origin may lag, far younger than the vault's delay.
contract GuardedVaultBackedPerps is VaultBackedPerps, L1AnchorGuard {
    uint64 public constant MIN_DEPTH = 8;
    uint64 public constant MAX_DEPTH = 64;

    uint256 private immutable _chainId;

    /// @param chainId the OP-stack chain on which the predeploy is believed
    constructor(address vault, address feed, uint256 chainId) VaultBackedPerps(vault, feed) {
        _chainId = chainId;
    }

    function _requireCollateral(address trader, uint256 needed, L1Proof calldata proof) internal view override {
        _requireL1Anchor(proof.anchor, proof.headers, MIN_DEPTH, MAX_DEPTH);
        SlotCheck.requireAtLeast(proof.anchor.stateRoot, vault, _balanceSlot(trader), needed, proof.witness);
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

    function _requireCollateral(address trader, uint256 needed, L1Proof calldata proof) internal override {
        bytes32 slot = _balanceSlot(trader);
        if (credited[trader] < needed) {
            credited[trader] = SlotCheck.valueOf(proof.anchor.stateRoot, vault, slot, proof.witness);
        }
        if (credited[trader] < needed) revert IGuardErrors.SlotBelow(vault, slot, needed, credited[trader]);
    }
}
