/** What shows that a chain stood still: the contract's `Continuity`, but for `Unlisted`. */
export const CONTINUITIES = ["block-times", "l1-origin", "arbitrum-clock", "on-demand"] as const;
export type Continuity = (typeof CONTINUITIES)[number];

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

/** EIP-2935, HISTORY_SERVE_WINDOW. */
const HISTORY_WINDOW = 8191;

const ethereum = (name: string): ChainProfile => ({
  name,
  blockTime: 12_000,
  longestBlockTime: 13_500,
  hashWindow: HISTORY_WINDOW,
  continuity: "block-times",
});
const opStack = (name: string): ChainProfile => ({
  name,
  blockTime: 2_000,
  longestBlockTime: 2_500,
  hashWindow: HISTORY_WINDOW,
  continuity: "l1-origin",
  originLag: 180,
});
const development: ChainProfile = { ...ethereum("a development chain"), continuity: "on-demand" };

/** The chains of `contracts/anchor/NativeChains.sol`, by their id. */
export const CHAIN_PROFILES: Readonly<Record<number, ChainProfile>> = {
  1: ethereum("Ethereum"),
  11155111: ethereum("Sepolia"),
  17000: ethereum("Holesky"),
  560048: ethereum("Hoodi"),
  10: opStack("OP Mainnet"),
  11155420: opStack("OP Sepolia"),
  8453: opStack("Base"),
  84532: opStack("Base Sepolia"),
  100: { ...ethereum("Gnosis"), blockTime: 5_000, longestBlockTime: 5_600 },
  137: { ...ethereum("Polygon PoS"), blockTime: 2_000, longestBlockTime: 2_400 },
  31337: development,
  1337: development,
};

/** Arbitrum One, Nova and Sepolia: not among the profiles, since their source of block hashes is the protocol's own. */
const ARBITRUM: readonly number[] = [42161, 42170, 421614];

/**
 * What the contract holds a configuration to on a chain: `NativeChains.continuityOf` and `blockTimeOf`, in milliseconds. Undefined where it
 * takes any: on chains that it does not know, and on development chains.
 */
export function demandsOf(chainId: number): { continuity: Continuity; blockTime?: number } | undefined {
  // Nova and Sepolia make blocks where there are transactions.
  if (chainId === 42161) return { continuity: "arbitrum-clock", blockTime: 250 };
  if (ARBITRUM.includes(chainId)) return { continuity: "arbitrum-clock" };
  const profile = CHAIN_PROFILES[chainId];
  return profile === undefined || profile.continuity === "on-demand" ? undefined : profile;
}
