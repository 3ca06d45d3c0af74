// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerDesk} from "./LedgerDesk.sol";
import {Anchor} from "./anchor/Anchor.sol";
import {AnchorGuard} from "./anchor/AnchorGuard.sol";
import {ChainClock} from "./anchor/ChainClock.sol";
import {SourcedAnchors} from "./anchor/sources/SourcedAnchors.sol";
import {IBlockHashSource} from "./interfaces/IBlockHashSource.sol";
import {IOwnPinBoard} from "./interfaces/IPinBoard.sol";

/// @title The desk over a deployed source
/// @notice The source's word is evidence: a wrong hash of its own contradicts an honest ledger. What it does not know is
/// neither committed to nor disputed. Heights are those of NUMBER.
/// @dev Without a board of pins: a `PinBoard` goes by the opcodes.
contract SourcedLedgerDesk is LedgerDesk, SourcedAnchors {
    /// @param source of the executing chain: a quorum, or hashes that were recorded
    /// @param window in blocks, for how long before the executing one the source may be asked. A ledger's `maxAge` is at most half of it
    constructor(
        IBlockHashSource source,
        uint64 window
    ) LedgerDesk(IOwnPinBoard(address(0))) SourcedAnchors(source, window) {}

    /// @inheritdoc SourcedAnchors
    function _blockHash(uint256 number) internal view override(AnchorGuard, SourcedAnchors) returns (bytes32) {
        return SourcedAnchors._blockHash(number);
    }

    /// @inheritdoc SourcedAnchors
    function _anchorFailure(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view override(AnchorGuard, SourcedAnchors) returns (bytes memory failure) {
        return SourcedAnchors._anchorFailure(anchor, minDepth, maxDepth);
    }

    /// @inheritdoc SourcedAnchors
    function _blockHashWindow() internal view override(AnchorGuard, SourcedAnchors) returns (uint64) {
        return SourcedAnchors._blockHashWindow();
    }

    /// @inheritdoc SourcedAnchors
    function _isSupportedChain(uint256 id) internal view override(ChainClock, SourcedAnchors) returns (bool) {
        return SourcedAnchors._isSupportedChain(id);
    }
}
