// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {AnchorGuard} from "../AnchorGuard.sol";
import {ChainClock} from "../ChainClock.sol";
import {ArbitrumAnchors} from "./ArbitrumAnchors.sol";
import {Answer, IBlockHashSource, Tier} from "../../interfaces/IBlockHashSource.sol";

/// @title The executing chain's own hashes, as a source
abstract contract OwnChainSource is AnchorGuard, IBlockHashSource {
    /// @inheritdoc IBlockHashSource
    function chainId() external view returns (uint256) {
        return block.chainid;
    }

    /// @inheritdoc IBlockHashSource
    function tier() external pure returns (Tier) {
        return Tier.Head;
    }

    /// @inheritdoc IBlockHashSource
    function newest() external view returns (uint64 number) {
        uint256 head = _blockNumber();
        return head == 0 ? 0 : uint64(head - 1);
    }

    /// @inheritdoc IBlockHashSource
    function hashOf(uint64 number) external view returns (Answer answer, bytes32 hash) {
        uint256 head = _blockNumber();
        if (number >= head || head - number > _blockHashWindow()) return (Answer.Unknown, hash);
        hash = _blockHash(number);
        answer = hash == bytes32(0) ? Answer.Unknown : Answer.Known;
    }
}

/// @title BLOCKHASH and EIP-2935, as a source
contract NativeSource is OwnChainSource {}

/// @title ArbSys and Arbitrum's own ring, as a source
contract ArbitrumSource is OwnChainSource, ArbitrumAnchors {
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
