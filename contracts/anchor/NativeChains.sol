// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

// Generated from src/anchor/chains.ts by `npm run chains`. Do not edit.

import {Continuity} from "./Continuity.sol";
import {Lanes} from "./Lanes.sol";

/// @title The chains whose opcodes mean what they say
/// @notice On these NUMBER and BLOCKHASH speak of the chain's own blocks. A block's hash is the Keccak-256 of its RLP
/// header. docs/chains.md has what is known of each, and from where.
/// @dev A chain that is not listed is refused, not guessed at. On Arbitrum NUMBER is a height of the parent chain, and
/// BLOCKHASH answers pseudo-random words. On ZKsync Era a block's hash commits to no state root. Such a chain needs a
/// source of its own (override `_blockNumber`, `_blockHash` and `_isSupportedChain` together). One whose opcodes are right
/// can prove it: `SelfProvenChain`.
///
/// A height is not a time, so choose depths per chain. 256 blocks are 51 minutes on Ethereum and under 9 on a chain of
/// 2 s blocks. Some nodes execute a pending block by parts (flashblocks). There an anchor at depth 1 may hold in a
/// simulation and not in the block: use 2 or more.
library NativeChains {
    /// @dev The OP stack:
    /// - OP Mainnet, 10
    /// - OP Sepolia, 11155420
    /// - Base, 8453
    /// - Base Sepolia, 84532
    /// - Ink, 57073
    /// - Ink Sepolia, 763373
    /// - Unichain, 130
    /// - Unichain Sepolia, 1301
    uint256 private constant L1_ORIGIN_1 = 0x0000000a_00aa37dc_00002105_00014a34_0000def1_000ba5ed_00000082_00000515;

    /// @dev The OP stack:
    /// - World Chain, 480
    /// - World Chain Sepolia, 4801
    /// - Mode, 34443
    /// - Mode Sepolia, 919
    /// - Zora, 7777777
    /// - Zora Sepolia, 999999999
    /// - Soneium, 1868
    /// - Soneium Minato, 1946
    uint256 private constant L1_ORIGIN_2 = 0x000001e0_000012c1_0000868b_00000397_0076adf1_3b9ac9ff_0000074c_0000079a;

    /// @dev The OP stack:
    /// - Celo, 42220
    uint256 private constant L1_ORIGIN_3 = 0x0000a4ec_00000000_00000000_00000000_00000000_00000000_00000000_00000000;

    /// @dev The other chains whose opcodes mean what they say:
    /// - Ethereum, 1
    /// - Sepolia, 11155111
    /// - Holesky, 17000
    /// - Hoodi, 560048
    /// - Gnosis, 100
    /// - Chiado, 10200
    /// - Polygon PoS, 137
    /// - Polygon Amoy, 80002
    uint256 private constant OTHERS_1 = 0x00000001_00aa36a7_00004268_00088bb0_00000064_000027d8_00000089_00013882;

    /// @dev The other chains whose opcodes mean what they say:
    /// - BNB Smart Chain, 56
    /// - BNB Smart Chain Testnet, 97
    /// - Berachain, 80094
    /// - Hardhat, anvil, 31337
    /// - geth --dev, Ganache, 1337
    uint256 private constant OTHERS_2 = 0x00000038_00000061_000138de_00007a69_00000539_00000000_00000000_00000000;

    /// @dev Where the opcodes do not, and ArbSys tells:
    /// - Arbitrum One, 42161
    /// - Arbitrum Nova, 42170
    /// - Arbitrum Sepolia, 421614
    /// - Nitro testnode, an Orbit chain, 333333
    uint256 private constant ARBITRUM = 0x0000a4b1_0000a4ba_00066eee_00051615_00000000_00000000_00000000_00000000;

    /// @notice Whether the native block-hash source may be used on `chainId`.
    function contains(uint256 chainId) internal pure returns (bool) {
        return
            Lanes.hold(L1_ORIGIN_1, chainId) ||
            Lanes.hold(L1_ORIGIN_2, chainId) ||
            Lanes.hold(L1_ORIGIN_3, chainId) ||
            Lanes.hold(OTHERS_1, chainId) ||
            Lanes.hold(OTHERS_2, chainId);
    }

    /// @notice Whether ArbSys tells the heights and hashes of `chainId`.
    function isArbitrum(uint256 chainId) internal pure returns (bool) {
        return Lanes.hold(ARBITRUM, chainId);
    }

    /// @notice What shows on `chainId` that the chain stood still. Unlisted where nobody here knows.
    function continuityOf(uint256 chainId) internal pure returns (Continuity) {
        if (chainId == 31337 || chainId == 1337) return Continuity.OnDemand;
        if (Lanes.hold(L1_ORIGIN_1, chainId) || Lanes.hold(L1_ORIGIN_2, chainId) || Lanes.hold(L1_ORIGIN_3, chainId))
            return Continuity.L1Origin;
        if (isArbitrum(chainId)) return Continuity.ArbitrumClock;
        return
            Lanes.hold(OTHERS_1, chainId) || Lanes.hold(OTHERS_2, chainId)
                ? Continuity.BlockTimes
                : Continuity.Unlisted;
    }

    /// @notice The chain on which the OP-stack chain `chainId` settles; zero for every other.
    function l1Of(uint256 chainId) internal pure returns (uint256) {
        if (continuityOf(chainId) != Continuity.L1Origin) return 0;
        if (
            chainId == 11155420 ||
            chainId == 84532 ||
            chainId == 763373 ||
            chainId == 1301 ||
            chainId == 4801 ||
            chainId == 919 ||
            chainId == 999999999 ||
            chainId == 1946
        ) return 11_155_111;
        return 1;
    }

    /// @notice The usual time between two blocks, in milliseconds; zero where nobody here knows, or where blocks come on demand.
    function blockTimeOf(uint256 chainId) internal pure returns (uint256) {
        Continuity continuity = continuityOf(chainId);
        if (continuity == Continuity.L1Origin) {
            if (chainId == 57073 || chainId == 763373 || chainId == 130 || chainId == 1301 || chainId == 42220)
                return 1_000;
            return 2_000;
        }
        if (continuity == Continuity.ArbitrumClock) {
            if (chainId == 42161) return 250;
            return 0;
        }
        if (continuity != Continuity.BlockTimes) return 0;
        if (chainId == 100 || chainId == 10200) return 5_000;
        if (chainId == 56 || chainId == 97) return 450;
        if (chainId == 137 || chainId == 80002 || chainId == 80094) return 2_000;
        return 12_000;
    }
}
