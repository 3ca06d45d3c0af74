// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../Anchor.sol";
import {AnchorGuard} from "../AnchorGuard.sol";
import {ChainClock} from "../ChainClock.sol";
import {Answer, IBlockHashSource} from "../../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";
import {ArbitrumHashes} from "./ArbitrumHashes.sol";
import {Sources} from "./Sources.sol";

/// @title Anchors that a deployed source decides
/// @notice To be inherited beside `StatelessGuard`, `SettlementGuard` or `StandaloneGuard`. A quorum, or hashes that
/// were recorded, then answer instead of the opcodes. Heights stay those of `_blockNumber`.
/// @dev When the guard is constructed, the source must know its newest block, inside the window. It must know none that
/// is executing or to come. Heights of two chains that differ by more than the window are so told apart, not nearer ones.
/// Not beside `PinnedState`: a pin is believed for good that the source has confirmed once.
abstract contract SourcedAnchors is AnchorGuard {
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IBlockHashSource private immutable _source;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint64 private immutable _window;

    /// @param source of the executing chain
    /// @param window in blocks, at most 393,168, for how long before the executing one the source may be asked
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IBlockHashSource source, uint64 window) {
        uint64 newest = Sources.requireOf(source, block.chainid, gasleft());
        uint64 head = uint64(_blockNumber());
        (Answer answer, ) = Sources.ask(source, head);
        bool isBounded = window <= ArbitrumHashes.HISTORY_WINDOW;
        if (!isBounded || newest >= head || head - newest > window || answer != Answer.Unknown) {
            revert ISourceErrors.SourceFaulty(address(source), newest, head);
        }
        (_source, _window) = (source, window);
    }

    /// @inheritdoc AnchorGuard
    function _blockHash(uint256 number) internal view virtual override returns (bytes32 hash) {
        (, hash) = Sources.ask(_source, number);
    }

    /// @inheritdoc AnchorGuard
    /// @dev Where the hash is unknown because members of a quorum differ, the error says so.
    function _anchorFailure(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view virtual override returns (bytes memory failure) {
        failure = super._anchorFailure(anchor, minDepth, maxDepth);
        if (failure.length == 0 || bytes4(failure) != AnchorHashUnknown.selector) return failure;
        (Answer answer, ) = Sources.ask(_source, anchor.number);
        if (answer != Answer.Disagree) return failure;
        return abi.encodeWithSelector(SourcesDisagree.selector, anchor.number, _blockNumber());
    }

    /// @inheritdoc AnchorGuard
    function _blockHashWindow() internal view virtual override returns (uint64) {
        return _window;
    }

    /// @dev The source is of this chain, which the constructor has asked.
    /// @inheritdoc ChainClock
    function _isSupportedChain(uint256) internal view virtual override returns (bool) {
        return true;
    }
}
