// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StatelessGuard} from "../StatelessGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";

/// @title Orders under sequence numbers: the victim of `keeper-key-reuse`
/// @notice Traders queue orders on chain; a keeper checks their risk off chain and executes them by number. After a reorg the same
/// number can be another trader's order, and the keeper's signed transaction executes it unseen.
/// @dev `MarginPerps` is free of this through its content-addressed ids. Here the anchor is what saves the keeper.
abstract contract OrderQueue {
    struct QueuedOrder {
        address trader;
        int256 size;
        uint256 margin;
        uint64 queuedAt; // block number
        bool executed;
    }

    event OrderQueued(uint256 indexed key, address indexed trader, int256 size, uint256 margin);
    event OrderExecuted(uint256 indexed key, address indexed trader, int256 size);

    error NotKeeper(address caller);
    error OrderNotQueued(uint256 key);
    error AnchorBeforeOrder(uint256 key, uint64 queuedAt, uint64 anchor);

    address public immutable keeper;
    uint256 public lastKey;
    mapping(uint256 key => QueuedOrder) public orders;

    constructor(address keeper_) {
        keeper = keeper_;
    }

    /// @notice Queues an order under the next key. `msg.value` is its margin.
    function queue(int256 size) external payable returns (uint256 key) {
        key = ++lastKey;
        orders[key] = QueuedOrder(msg.sender, size, msg.value, uint64(block.number), false);
        emit OrderQueued(key, msg.sender, size, msg.value);
    }

    /// @notice Executes the order under `key`. The keeper's own check of its size against its margin is all the risk check there is.
    function execute(uint256 key, Anchor calldata anchor) external virtual;

    function _execute(uint256 key) internal {
        if (msg.sender != keeper) revert NotKeeper(msg.sender);
        QueuedOrder storage order = orders[key];
        if (order.trader == address(0) || order.executed) revert OrderNotQueued(key);

        order.executed = true;
        emit OrderExecuted(key, order.trader, order.size);
    }
}

/// @title The queue whose keeper says on which block it saw the order
contract GuardedOrderQueue is OrderQueue, StatelessGuard {
    constructor(address keeper) OrderQueue(keeper) {}

    /// @inheritdoc OrderQueue
    /// @dev The anchor must not be older than the order. A block from before the order says nothing about it. Such an
    /// anchor would survive a reorg that puts another order under the key.
    function execute(uint256 key, Anchor calldata anchor) external override anchored(anchor) {
        uint64 queuedAt = orders[key].queuedAt;
        if (anchor.number < queuedAt) revert AnchorBeforeOrder(key, queuedAt, anchor.number);
        _execute(key);
    }
}

/// @title The queue that executes whatever the key means by now
contract UnguardedOrderQueue is OrderQueue {
    constructor(address keeper) OrderQueue(keeper) {}

    /// @inheritdoc OrderQueue
    function execute(uint256 key, Anchor calldata) external override {
        _execute(key);
    }
}
