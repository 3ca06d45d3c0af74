// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {AnchorGuard} from "../AnchorGuard.sol";
import {ChainClock} from "../ChainClock.sol";
import {Answer, IBlockHashSource} from "../../interfaces/IBlockHashSource.sol";
import {Sources} from "./Sources.sol";

/// @title Anchors of another chain, that a deployed source decides
/// @notice Every anchor is a block of the source's chain. Depths are counted from the newest block that the source
/// knows, which has depth 1. Not to be inherited beside a policy, whose heights are the executing chain's.
abstract contract ForeignAnchors is AnchorGuard {
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IBlockHashSource private immutable _source;

    /// @param source what knows the other chain's blocks
    /// @param chainId of the chain that it must be of
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IBlockHashSource source, uint256 chainId) {
        Sources.requireOf(source, chainId);
        _source = source;
    }

    /// @dev The block after the newest that is known: the head of what can be spoken of.
    /// @inheritdoc ChainClock
    function _blockNumber() internal view virtual override returns (uint256) {
        return uint256(Sources.newestOf(_source, gasleft())) + 1;
    }

    /// @inheritdoc AnchorGuard
    function _blockHash(uint256 number) internal view virtual override returns (bytes32 hash) {
        (, hash) = Sources.ask(_source, number);
    }

    /// @inheritdoc AnchorGuard
    function _isDisputed(uint256 number) internal view virtual override returns (bool) {
        (Answer answer, ) = Sources.ask(_source, number);
        return answer == Answer.Disagree;
    }

    /// @dev The source says itself what it no longer knows.
    /// @inheritdoc AnchorGuard
    function _blockHashWindow() internal view virtual override returns (uint64) {
        return type(uint64).max;
    }

    /// @dev The source is of the other chain, which the constructor has asked.
    /// @inheritdoc ChainClock
    function _isSupportedChain(uint256) internal view virtual override returns (bool) {
        return true;
    }
}
