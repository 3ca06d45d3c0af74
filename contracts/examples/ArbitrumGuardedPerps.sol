// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AnchorGuard} from "../anchor/AnchorGuard.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {Continuity} from "../anchor/Continuity.sol";
import {ArbitrumAnchors} from "../anchor/sources/ArbitrumAnchors.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ProofDesk} from "../ProofDesk.sol";
import {GuardedPerps} from "./GuardedPerps.sol";
import {ArbitrumContinuity} from "../policy/ArbitrumContinuity.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";

import {ScopeConfig} from "../policy/Scopes.sol";

/// @title The exchange on Arbitrum
/// @notice NUMBER and BLOCKHASH there are not the chain's own. ArbSys tells the heights and hashes by which anchors,
/// ages and outages are measured. The chain's clock shows an outage: nothing makes up for missing blocks.
/// @dev `ArbitrumSettlementGuard` is the same for a protocol that does not inherit `SettlementGuard` already.
contract ArbitrumGuardedPerps is GuardedPerps, ArbitrumAnchors, ArbitrumContinuity {
    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) GuardedPerps(token, feed, keeper, proofs) {}

    /// @dev The blocks of Arbitrum One, four a second. The age is what EIP-2935 answers for elsewhere, half an hour here.
    function _scopeConfig() internal pure virtual override returns (ScopeConfig memory config) {
        config = super._scopeConfig();
        (config.blockTime, config.longestBlockTime) = (250, 312);
    }

    /* WHICH OF TWO BASES DECIDES */

    function _continuity() internal view override(PolicyGuard, ArbitrumContinuity) returns (Continuity) {
        return ArbitrumContinuity._continuity();
    }

    function _blockNumber() internal view override(ChainClock, ArbitrumAnchors, ArbitrumContinuity) returns (uint256) {
        return ArbitrumAnchors._blockNumber();
    }

    function _blockHash(uint256 number) internal view override(AnchorGuard, ArbitrumAnchors) returns (bytes32) {
        return ArbitrumAnchors._blockHash(number);
    }

    function _blockHashWindow() internal view override(AnchorGuard, ArbitrumAnchors) returns (uint64) {
        return ArbitrumAnchors._blockHashWindow();
    }

    function _isSupportedChain(uint256 chainId) internal view override(ChainClock, ArbitrumAnchors) returns (bool) {
        return ArbitrumAnchors._isSupportedChain(chainId);
    }

    function _parentOf(bytes32 scope) internal pure override(PolicyGuard, GuardedPerps) returns (bytes32) {
        return GuardedPerps._parentOf(scope);
    }
}
