// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice What shows that a chain stood still. A fact of the chain: `NativeChains.continuityOf`.
enum Continuity {
    Unlisted, // the guard does not know the chain: its deployer vouches for the contract's kind
    BlockTimes, // blocks come by themselves, and their times are those at which they were made
    L1Origin, // the sequencer gives missed blocks the times they would have had; the view of L1 lags instead (OP stack)
    ArbitrumClock, // block times, with the heights that ArbSys tells: NUMBER is a height of the parent chain
    OnDemand // blocks come with transactions (development chains): any contract may be tried there
}

/// @title The chains whose opcodes mean what they say
/// @notice On these NUMBER and BLOCKHASH speak of the chain's own blocks. A block's hash is the Keccak-256 of its RLP
/// header.
/// @dev A chain that is not listed is refused, not guessed at. On Arbitrum NUMBER is a height of the parent chain, and
/// BLOCKHASH answers pseudo-random words. On ZKsync Era a block's hash commits to no state root. Such a chain needs a
/// source of its own (override `_blockNumber`, `_blockHash` and `_isSupportedChain` together).
///
/// A height is not a time, so choose depths per chain. 256 blocks are 51 minutes on Ethereum and under 9 on a chain of
/// 2 s blocks. Some nodes execute a pending block by parts (flashblocks). There an anchor at depth 1 may hold in a
/// simulation and not in the block: use 2 or more.
library NativeChains {
    /// @notice Whether the native block-hash source may be used on `chainId`.
    function contains(uint256 chainId) internal pure returns (bool) {
        return
            chainId == 1 || // Ethereum
            chainId == 11155111 || // Sepolia
            chainId == 17000 || // Holesky
            chainId == 560048 || // Hoodi
            chainId == 10 || // OP Mainnet
            chainId == 11155420 || // OP Sepolia
            chainId == 8453 || // Base
            chainId == 84532 || // Base Sepolia
            chainId == 100 || // Gnosis
            chainId == 137 || // Polygon PoS
            chainId == 31337 || // development chains: Hardhat, anvil
            chainId == 1337; // development chains: geth --dev, Ganache
    }

    /// @notice What shows on `chainId` that the chain stood still. Unlisted where nobody here knows.
    function continuityOf(uint256 chainId) internal pure returns (Continuity) {
        if (chainId == 31337 || chainId == 1337) return Continuity.OnDemand;
        if (chainId == 10 || chainId == 11155420 || chainId == 8453 || chainId == 84532) return Continuity.L1Origin;
        // Arbitrum One, Nova, Sepolia: their heights are told by ArbSys.
        if (chainId == 42161 || chainId == 42170 || chainId == 421614) return Continuity.ArbitrumClock;
        return contains(chainId) ? Continuity.BlockTimes : Continuity.Unlisted;
    }

    /// @notice The usual time between two blocks, in milliseconds; zero where nobody here knows, or where blocks come on demand.
    function blockTimeOf(uint256 chainId) internal pure returns (uint256) {
        Continuity continuity = continuityOf(chainId);
        if (continuity == Continuity.L1Origin) return 2_000;
        // Nova and Sepolia make blocks where there are transactions.
        if (continuity == Continuity.ArbitrumClock) return chainId == 42161 ? 250 : 0;
        if (continuity != Continuity.BlockTimes) return 0;
        if (chainId == 100) return 5_000;
        return chainId == 137 ? 2_000 : 12_000;
    }
}
