import { CHAINS, isKnown, type KnownChain } from "../anchor/chains.js";
import type { Continuity } from "../anchor/continuity.js";

/** What of a chain decides whether a configuration can work. */
export interface ChainProfile {
  readonly name: string;
  /** The usual time between two blocks, in milliseconds. */
  readonly blockTime: number;
  /**
   * The longest average time between two blocks of a chain that lives, in milliseconds. It holds over any time as long
   * as a scope's gap, missed slots included. At most 125 % of `blockTime`. A greater one hides more (`hiddenOutages`);
   * a smaller one may see outages that were none.
   */
  readonly longestBlockTime: number;
  /** For how many blocks before the executing one the chain's source of block hashes answers. */
  readonly hashWindow: number;
  /**
   * What shows an outage:
   * - `block-times`: blocks come by themselves, and their times are those at which they were made;
   * - `l1-origin`: the lag of the L1 origin (`L1OriginContinuity`). The sequencer gives the blocks that it missed the
   *   times that they would have had;
   * - `arbitrum-clock`: block times, with the heights that ArbSys tells (`ArbitrumContinuity`);
   * - `on-demand`: nothing does. Blocks come with transactions, so that quiet time looks like an outage; any contract may be tried there.
   */
  readonly continuity: Continuity;
  /**
   * Where it is the L1 origin: by how much a healthy sequencer's origin lags at the most, in seconds. An estimate on the safe side: a sequencer
   * waits for a few confirmations, and slots of L1 are missed meanwhile.
   */
  readonly originLag?: number;
}

const KNOWN = new Map(CHAINS.filter(isKnown).map((chain) => [chain.id, chain]));

/**
 * The chains of {@link CHAINS} whose source of block hashes is native, by their id. Arbitrum's are not among them: there
 * the source is the protocol's own.
 */
export const CHAIN_PROFILES: Readonly<Record<number, ChainProfile>> = Object.fromEntries(
  [...KNOWN.values()].flatMap((chain) => (chain.source === "native" ? [[chain.id, profileOf(chain)]] : [])),
);

function profileOf({ name, blockTime = 0, longestBlockTime = 0, hashWindow, continuity, originLag }: KnownChain) {
  const profile = { name, blockTime, longestBlockTime, hashWindow, continuity };
  return originLag === undefined ? profile : { ...profile, originLag };
}

/**
 * What the contract holds a configuration to on a chain: `NativeChains.continuityOf` and `blockTimeOf`, in milliseconds. Undefined where it
 * takes any: on chains that it does not know, and on development chains.
 */
export function demandsOf(chainId: number): { continuity: Continuity; blockTime?: number } | undefined {
  const chain = KNOWN.get(chainId);
  if (chain === undefined || chain.continuity === "on-demand") return undefined;
  const { continuity, blockTime } = chain;
  return blockTime === undefined ? { continuity } : { continuity, blockTime };
}
