// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ChainClock} from "../anchor/ChainClock.sol";
import {Continuity} from "../anchor/Continuity.sol";
import {ArbitrumHashes} from "../anchor/sources/ArbitrumHashes.sol";
import {PolicyGuard} from "./PolicyGuard.sol";

/// @title Continuity on Arbitrum: block times, and the chain's own heights
/// @dev Where ArbSys does not answer, the height is zero: no block accounts for the time.
abstract contract ArbitrumContinuity is PolicyGuard {
    /// @inheritdoc PolicyGuard
    function _continuity() internal view virtual override returns (Continuity) {
        return Continuity.ArbitrumClock;
    }

    /// @inheritdoc ChainClock
    function _blockNumber() internal view virtual override returns (uint256) {
        return ArbitrumHashes.blockNumber();
    }
}
