// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IAnchorErrors} from "../interfaces/IAnchorErrors.sol";
import {NativeChains} from "./NativeChains.sol";

/// @title The one place from which the guard takes a height, and the chains on which it is one
/// @dev Anchors and policy must count the same blocks. A protocol that mixes two chains' heights can be made to take an
/// old fact for a new one.
abstract contract ChainClock {
    /// @notice The height of the executing block.
    /// @dev An override MUST fit 64 bits, as clients hold it, and MUST NOT revert.
    function _blockNumber() internal view virtual returns (uint256) {
        return block.number;
    }

    /// @notice Whether `_blockNumber` and `_blockHash` are right on `chainId`.
    /// @dev Asked by the constructor, before the constructors of what inherits it, so an override must not read
    /// storage. Asked again when a scope is configured. To override it alone, without the two others, is to believe the
    /// opcodes. On Arbitrum they answer words that anybody can compute.
    function _isSupportedChain(uint256 chainId) internal view virtual returns (bool) {
        return NativeChains.contains(chainId);
    }

    /// @notice Reverts with UnsupportedChain where the source of block hashes is not known to be right.
    /// @dev Overridden by `SelfProvenChain`. Another override that asks less believes any chain.
    /// @param isConstructing whether the guard's constructor asks, before the constructors of what inherits it
    function _requireSupportedChain(bool isConstructing) internal view virtual {
        isConstructing;
        if (!_isSupportedChain(block.chainid)) revert IAnchorErrors.UnsupportedChain(block.chainid);
    }
}
