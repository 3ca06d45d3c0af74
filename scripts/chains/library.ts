import { isKnown, type KnownChain, type RefusedChain } from "../../src/anchor/chains.js";
import type { Continuity } from "../../src/anchor/continuity.js";

/** Ids in a word, each of 32 bits. */
const PER_WORD = 8;

/** The Solidity library of the chains' table. */
export function libraryOf(chains: readonly (KnownChain | RefusedChain)[], source: string): string {
  const known = chains.filter(isKnown);
  const of = (continuity: Continuity): KnownChain[] => known.filter((chain) => chain.continuity === continuity);
  const words = [
    ...wordsOf("L1_ORIGIN", "The OP stack", of("l1-origin")),
    ...wordsOf("OTHERS", "The other chains whose opcodes mean what they say", [
      ...of("block-times"),
      ...of("on-demand"),
    ]),
    ...wordsOf("ARBITRUM", "Where the opcodes do not, and ArbSys tells", of("arbitrum-clock")),
  ];
  return `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

// Generated from ${source} by \`npm run chains\`. Do not edit.

import {Continuity} from "./Continuity.sol";
import {Lanes} from "./Lanes.sol";

/// @title The chains whose opcodes mean what they say
/// @notice On these NUMBER and BLOCKHASH speak of the chain's own blocks. A block's hash is the Keccak-256 of its RLP
/// header. docs/chains.md has what is known of each, and from where.
/// @dev A chain that is not listed is refused, not guessed at. On Arbitrum NUMBER is a height of the parent chain, and
/// BLOCKHASH answers pseudo-random words. On ZKsync Era a block's hash commits to no state root. Such a chain needs a
/// source of its own (override \`_blockNumber\`, \`_blockHash\` and \`_isSupportedChain\` together). One whose opcodes are right
/// can prove it: \`SelfProvenChain\`.
///
/// A height is not a time, so choose depths per chain. 256 blocks are 51 minutes on Ethereum and under 9 on a chain of
/// 2 s blocks. Some nodes execute a pending block by parts (flashblocks). There an anchor at depth 1 may hold in a
/// simulation and not in the block: use 2 or more.
library NativeChains {
${words.map(({ text }) => text).join("\n")}
${functionsOf(known, words)}}
`;
}

/** The library's functions over its constants. */
function functionsOf(known: readonly KnownChain[], words: readonly Word[]): string {
  const of = (continuity: Continuity): KnownChain[] => known.filter((chain) => chain.continuity === continuity);
  const hold = (...groups: string[]): string =>
    words.flatMap(({ name, group }) => (groups.includes(group) ? [`Lanes.hold(${name}, chainId)`] : [])).join(" || ");
  return `    /// @notice Whether the native block-hash source may be used on \`chainId\`.
    function contains(uint256 chainId) internal pure returns (bool) {
        return ${hold("L1_ORIGIN", "OTHERS")};
    }

    /// @notice Whether ArbSys tells the heights and hashes of \`chainId\`.
    function isArbitrum(uint256 chainId) internal pure returns (bool) {
        return ${hold("ARBITRUM")};
    }

    /// @notice What shows on \`chainId\` that the chain stood still. Unlisted where nobody here knows.
    function continuityOf(uint256 chainId) internal pure returns (Continuity) {
        if (${anyOf(of("on-demand"))}) return Continuity.OnDemand;
        if (${hold("L1_ORIGIN")}) return Continuity.L1Origin;
        if (isArbitrum(chainId)) return Continuity.ArbitrumClock;
        return ${hold("OTHERS")} ? Continuity.BlockTimes : Continuity.Unlisted;
    }

    /// @notice The chain on which the OP-stack chain \`chainId\` settles; zero for every other.
    function l1Of(uint256 chainId) internal pure returns (uint256) {
        if (continuityOf(chainId) != Continuity.L1Origin) return 0;
        ${valuesOf(of("l1-origin"), ({ l1 }) => l1)}
    }

    /// @notice The usual time between two blocks, in milliseconds; zero where nobody here knows, or where blocks come on demand.
    function blockTimeOf(uint256 chainId) internal pure returns (uint256) {
        Continuity continuity = continuityOf(chainId);
        if (continuity == Continuity.L1Origin) {
            ${valuesOf(of("l1-origin"), ({ blockTime }) => blockTime)}
        }
        if (continuity == Continuity.ArbitrumClock) {
            ${valuesOf(of("arbitrum-clock"), ({ blockTime }) => blockTime)}
        }
        if (continuity != Continuity.BlockTimes) return 0;
        ${valuesOf(of("block-times"), ({ blockTime }) => blockTime)}
    }
`;
}

interface Word {
  readonly name: string;
  readonly group: string;
  readonly text: string;
}

/** Constants that hold the chains' ids from the left. */
function wordsOf(group: string, title: string, chains: readonly KnownChain[]): Word[] {
  const words: Word[] = [];
  for (let start = 0; start < chains.length; start += PER_WORD) {
    const part = chains.slice(start, start + PER_WORD);
    const name = chains.length > PER_WORD ? `${group}_${words.length + 1}` : group;
    const lanes = part.map(({ id }) => laneOf(id)).join("_");
    const rest = "_00000000".repeat(PER_WORD - part.length);
    const lines = [
      `    /// @dev ${title}:`,
      ...part.map(({ id, name: chain }) => `    /// - ${chain}, ${id}`),
      `    uint256 private constant ${name} = 0x${lanes}${rest};`,
      "",
    ];
    words.push({ name, group, text: lines.join("\n") });
  }
  return words;
}

/** @throws RangeError for an id that no lane can hold */
function laneOf(id: number): string {
  if (!Number.isInteger(id) || id < 1 || id >= 2 ** 32) throw new RangeError(`the id ${id} has no 32 bits`);
  return id.toString(16).padStart(8, "0");
}

/** A number of each chain of a group, where the most have the last. Zero where it has none. */
function valuesOf(chains: readonly KnownChain[], valueOf: (chain: KnownChain) => number | undefined): string {
  const byValue = new Map<number, KnownChain[]>();
  for (const chain of chains) byValue.set(valueOf(chain) ?? 0, [...(byValue.get(valueOf(chain) ?? 0) ?? []), chain]);
  const values = [...byValue].sort(([, a], [, b]) => a.length - b.length);
  return values
    .map(([value, those], i) => {
      const result = `return ${value.toString().replace(/\B(?=(?:\d{3})+$)/g, "_")};`;
      return i === values.length - 1 ? result : `if (${anyOf(those)}) ${result}`;
    })
    .join("\n");
}

function anyOf(chains: readonly KnownChain[]): string {
  return chains.map(({ id }) => `chainId == ${id}`).join(" || ");
}
