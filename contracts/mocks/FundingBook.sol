// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title A book that pays funding by an index, for replay
/// @dev The index rounds toward zero, as Solidity divides. A payment rounds against the trader.
contract FundingBook {
    struct Position {
        int256 size; // in base units of 1e-18
        int256 index; // up to which it has paid
        int256 balance; // in units of the margin token
    }

    event Funded(int256 rate, uint256 price, uint256 elapsed, int256 index);
    event Traded(address indexed trader, int256 size, int256 paid);

    /// @notice What a position of 1e18 base units has paid since the beginning, in units of the margin token.
    int256 public index;
    mapping(address trader => Position) public positions;

    /// @param rate in 1e-18 of the price for 8 hours; negative where shorts pay
    /// @param elapsed in seconds
    function fund(int256 rate, uint256 price, uint256 elapsed) external {
        index += (rate * int256(price) * int256(elapsed)) / (1e18 * 8 hours);
        emit Funded(rate, price, elapsed, index);
    }

    /// @notice Pays what is due, and changes the position.
    function trade(int256 size) external {
        Position storage position = positions[msg.sender];
        int256 due = position.size * (index - position.index);
        int256 paid = due / 1e18;
        if (due % 1e18 > 0) ++paid;
        position.balance -= paid;
        (position.size, position.index) = (position.size + size, index);
        emit Traded(msg.sender, size, paid);
    }
}
