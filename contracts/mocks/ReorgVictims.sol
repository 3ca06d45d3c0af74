// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title An account that its opener owns, under an address that only the order of openings decides
contract OpenedAccount {
    address public immutable owner;
    mapping(address owner => uint256) public balances;

    constructor(address owner_) {
        owner = owner_;
    }

    function fund() external payable {
        balances[owner] += msg.value;
    }
}

/// @title Opens accounts by CREATE: after a reorg an address can be another's
contract AccountOpener {
    OpenedAccount[] public accounts;

    function open() external {
        accounts.push(new OpenedAccount(msg.sender));
    }
}

/// @title Sells at whatever the price is when a purchase executes
contract SpotDesk {
    uint256 public price;
    mapping(address buyer => uint256) public bought;

    function setPrice(uint256 price_) external {
        price = price_;
    }

    /// @dev No limit: this is the bug.
    function buy() external payable {
        bought[msg.sender] += msg.value / price;
    }
}

/// @title Claims tickets by a number, as commit and reveal without a commitment to the claimant
contract TicketDesk {
    struct Ticket {
        address holder;
        uint96 prize;
    }

    Ticket[] public tickets;
    mapping(address holder => uint256) public paid;

    function take(uint96 prize) external {
        tickets.push(Ticket(msg.sender, prize));
    }

    /// @dev Whoever holds the number by now is paid.
    function pay(uint256 number) external {
        Ticket storage ticket = tickets[number];
        paid[ticket.holder] += ticket.prize;
        ticket.prize = 0;
    }
}

/// @title Draws by the block, which is another after a reorg
contract Lottery {
    uint256 public price;
    uint256 public paid;
    bytes32 public drawn;
    mapping(address player => bool) public isHeads;

    function setPrice(uint256 price_) external {
        price = price_;
    }

    /// @dev Each branch draws something else, at whatever the price is.
    function draw() external {
        drawn = blockhash(block.number - 1);
        paid = price;
    }

    /// @dev Half of all branches agree.
    function toss() external {
        isHeads[msg.sender] = (block.prevrandao ^ uint256(blockhash(block.number - 1))) % 2 == 1;
    }
}
