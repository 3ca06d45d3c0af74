// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

// #region orders
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Anchor} from "settlement-guard/contracts/anchor/Anchor.sol";
import {AnchorTypes} from "settlement-guard/contracts/anchor/AnchorTypes.sol";
import {LiveEIP712} from "settlement-guard/contracts/anchor/LiveEIP712.sol";
import {Action, Policies, Verdict} from "settlement-guard/contracts/policy/Policy.sol";
import {ScopeConfig} from "settlement-guard/contracts/policy/Scopes.sol";

import {Perps} from "./Perps.sol";

struct Order {
    address trader;
    int256 size;
    int256 limitPrice;
    uint256 nonce;
    uint64 maxAge; // of the anchor when the order is filled, in blocks
    Anchor anchor;
}

contract OrderPerps is Perps, LiveEIP712 {
    bytes32 private constant ORDER_TYPEHASH = keccak256(
        abi.encodePacked(
            "Order(address trader,int256 size,int256 limitPrice,uint256 nonce,uint64 maxAge,Anchor anchor)",
            AnchorTypes.ANCHOR_TYPE
        )
    );

    // An order is known by its trader's nonce, without anchor and age. However often it is signed
    // anew, it fills once.
    mapping(address trader => mapping(uint256 nonce => bool)) public isSpent;

    error OrderSpent(address trader, uint256 nonce);
    error NotSignedByTrader();
    error NotTrader();
    error PriceBeyondLimit(int256 price, int256 limitPrice);

    constructor(ScopeConfig memory config, int256 firstPrice) payable Perps(config, firstPrice) {}

    // Anybody may bring an order in.
    function execute(Order calldata order, bytes calldata signature) external {
        _spend(order);
        if (!SignatureChecker.isValidSignatureNow(order.trader, orderDigest(order), signature))
            revert NotSignedByTrader();
        if (order.size > 0 ? price > order.limitPrice : price < order.limitPrice) {
            revert PriceBeyondLimit(price, order.limitPrice);
        }
        _trade(order.trader, order.size, _guardOrder(order));
    }

    function cancel(Order calldata order) external {
        if (msg.sender != order.trader) revert NotTrader();
        _guard(MARKET, Action.Cancel);
        _spend(order);
    }

    // The hash that the trader signs.
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return
            _typedDataDigest(
                keccak256(
                    abi.encode(
                        ORDER_TYPEHASH,
                        order.trader,
                        order.size,
                        order.limitPrice,
                        order.nonce,
                        order.maxAge,
                        AnchorTypes.hash(order.anchor)
                    )
                )
            );
    }

    // The trader's age bounds the anchor, and so does the market's. A position is made smaller also under doubt, larger only without.
    function _guardOrder(Order calldata order) private returns (Verdict verdict) {
        _requireAnchorOf(MARKET, order.anchor, order.maxAge);
        Action action = Policies.classify(positions[order.trader].size, order.size);
        if (action == Action.Decrease) return _guard(MARKET, action);
        _requireAllowed(MARKET, action);
        return Verdict.Allow;
    }

    function _spend(Order calldata order) private {
        if (isSpent[order.trader][order.nonce]) revert OrderSpent(order.trader, order.nonce);
        isSpent[order.trader][order.nonce] = true;
    }

    function _domainNameAndVersion() internal pure override returns (string memory name, string memory version) {
        return ("Perps", "1");
    }
}
// #endregion orders
