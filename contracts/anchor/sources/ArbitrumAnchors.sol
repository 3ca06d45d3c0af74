// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {AnchorGuard} from "../AnchorGuard.sol";
import {BlockHashes} from "../BlockHashes.sol";
import {ChainClock} from "../ChainClock.sol";
import {Continuity, NativeChains} from "../NativeChains.sol";
import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";
import {ArbitrumHashes} from "./ArbitrumHashes.sol";

/// @title Anchors on Arbitrum
/// @notice `ArbitrumStatelessGuard` and `ArbitrumSettlementGuard` have it.
/// @dev The constructor asks whether what answers is this chain's ArbSys. Another Orbit chain is let in by overriding
/// `_isSupportedChain`, best by `SelfProvenChain`.
abstract contract ArbitrumAnchors is AnchorGuard {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        address arbSys = ArbitrumHashes.ARB_SYS;
        uint256 actual = ArbitrumHashes.chainId();
        if (actual != block.chainid) revert ISourceErrors.SourceOfOtherChain(arbSys, block.chainid, actual);
        uint64 head = ArbitrumHashes.blockNumber();
        if (head == 0) revert ISourceErrors.SourceFaulty(arbSys, 0, head);
        uint64 parent = head - 1;
        bytes32 hash = ArbitrumHashes.fromArbSys(parent);
        // ArbSys knows the block before, and nothing of the executing one.
        if (hash == bytes32(0) || ArbitrumHashes.fromArbSys(head) != bytes32(0)) {
            revert ISourceErrors.SourceFaulty(arbSys, parent, head);
        }
        bytes32 kept = BlockHashes.fromHistory(parent);
        // Before ArbOS 40 there is no ring. Where there is one, the two agree.
        if (kept != bytes32(0) && kept != hash) revert ISourceErrors.SourceFaulty(BlockHashes.HISTORY, parent, head);
    }

    /// @dev Where ArbSys does not answer, the height is zero: no anchor holds.
    /// @inheritdoc ChainClock
    function _blockNumber() internal view virtual override returns (uint256) {
        return ArbitrumHashes.blockNumber();
    }

    /// @inheritdoc AnchorGuard
    function _blockHash(uint256 number) internal view virtual override returns (bytes32) {
        return ArbitrumHashes.hashOf(number);
    }

    /// @inheritdoc AnchorGuard
    function _blockHashWindow() internal view virtual override returns (uint64) {
        return ArbitrumHashes.HISTORY_WINDOW;
    }

    /// @inheritdoc ChainClock
    function _isSupportedChain(uint256 chainId) internal view virtual override returns (bool) {
        return NativeChains.continuityOf(chainId) == Continuity.ArbitrumClock;
    }
}
