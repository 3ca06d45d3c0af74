// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerDesk} from "./LedgerDesk.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {ChainClock} from "./anchor/ChainClock.sol";
import {ArbitrumAnchors} from "./anchor/sources/ArbitrumAnchors.sol";
import {IOwnPinBoard} from "./interfaces/IPinBoard.sol";

/// @title The desk on Arbitrum
/// @notice ArbSys tells the heights by which anchors and spans are counted, and the hashes that are disputed.
/// @dev Without a board of pins: there is none on Arbitrum.
contract ArbitrumLedgerDesk is LedgerDesk, ArbitrumAnchors {
    constructor() LedgerDesk(IOwnPinBoard(address(0))) {}

    /// @inheritdoc ArbitrumAnchors
    function _blockNumber() internal view override(ChainClock, ArbitrumAnchors) returns (uint256) {
        return ArbitrumAnchors._blockNumber();
    }

    /// @inheritdoc ArbitrumAnchors
    function _blockHash(uint256 number) internal view override(AnchorGuard, ArbitrumAnchors) returns (bytes32) {
        return ArbitrumAnchors._blockHash(number);
    }

    /// @inheritdoc ArbitrumAnchors
    function _blockHashWindow() internal view override(AnchorGuard, ArbitrumAnchors) returns (uint64) {
        return ArbitrumAnchors._blockHashWindow();
    }

    /// @inheritdoc ArbitrumAnchors
    function _isSupportedChain(uint256 id) internal view override(ChainClock, ArbitrumAnchors) returns (bool) {
        return ArbitrumAnchors._isSupportedChain(id);
    }
}
