// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Continuity} from "../anchor/NativeChains.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {PolicyGuard} from "./PolicyGuard.sol";

/// @title Continuity on Arbitrum: the chain's own heights
/// @notice NUMBER is a height of the parent chain there, and moves in jumps. The chain's own is told by the ArbSys precompile.
/// @dev Where ArbSys does not answer, the height is zero: no anchor holds, and no block accounts for the time.
abstract contract ArbitrumContinuity is PolicyGuard {
    address private constant ARB_SYS = address(0x64);

    /// @inheritdoc PolicyGuard
    function _continuity() internal view virtual override returns (Continuity) {
        return Continuity.ArbitrumClock;
    }

    /// @inheritdoc ChainClock
    function _blockNumber() internal view virtual override returns (uint256) {
        (bool ok, bytes memory data) = ARB_SYS.staticcall(abi.encodeWithSelector(0xa3b1b31d)); // arbBlockNumber()
        return ok && data.length == 32 ? uint64(abi.decode(data, (uint256))) : 0;
    }
}
