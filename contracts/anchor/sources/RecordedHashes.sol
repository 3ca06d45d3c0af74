// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Answer, IBlockHashSource, Tier} from "../../interfaces/IBlockHashSource.sol";
import {HashRing} from "./HashRing.sol";
import {Sources} from "./Sources.sol";

/// @title Hashes of another source, kept for longer than it keeps them
/// @notice Anybody records a block while the source knows it. Recorded hashes are as sure as their source.
contract RecordedHashes is HashRing {
    /// @notice Where the hashes come from.
    IBlockHashSource public immutable source;

    Tier private immutable _tier;

    /// @param source_ of the blocks that are recorded
    /// @param chainId_ of the chain that it must be of
    /// @param size hashes to keep
    constructor(IBlockHashSource source_, uint256 chainId_, uint256 size) HashRing(size) {
        Sources.requireOf(source_, chainId_, gasleft());
        (source, _tier) = (source_, source_.tier());
    }

    /// @inheritdoc IBlockHashSource
    function chainId() external view returns (uint256) {
        return source.chainId();
    }

    /// @inheritdoc IBlockHashSource
    function tier() external view returns (Tier) {
        return _tier;
    }

    /// @notice Records block `number`, which the source must know now. Where the source says that it is disputed, what was
    /// recorded is served no more.
    function record(uint64 number) external {
        (Answer answer, bytes32 hash) = Sources.demand(source, number);
        if (answer == Answer.Disagree && _dispute(number)) return;
        _record(number, _orRecorded(number, answer, hash));
    }

    /// @inheritdoc HashRing
    function _knownHash(uint64 number) internal view override returns (bytes32) {
        (Answer answer, bytes32 hash) = Sources.demand(source, number);
        return _orRecorded(number, answer, hash);
    }

    /// @dev What the source knows, or what is recorded where it knows nothing more. Reverts with NothingToRecord.
    function _orRecorded(uint64 number, Answer answer, bytes32 hash) private view returns (bytes32) {
        if (answer == Answer.Disagree) revert NothingToRecord(number);
        return answer == Answer.Unknown ? super._knownHash(number) : hash;
    }
}
