/** What of a chain decides whether a configuration can work. */
export interface ChainProfile {
  name: string;
  /** The shortest usual time between two blocks, in seconds. */
  blockTime: number;
  /**
   * The longest time between two blocks of a chain that lives, in seconds, as an average over a quarter of a scope's gap: missed slots
   * included. An estimate on the safe side: a greater one sees outages later, a smaller one may see some that were none.
   */
  longestBlockTime: number;
  /** For how many blocks before the executing one the chain's source of block hashes answers. */
  hashWindow: number;
  /**
   * What shows an outage: block times; or the lag of the L1 origin (`L1OriginContinuity`) where the sequencer gives the blocks that it missed
   * the times that they would have had.
   */
  continuity: "block-times" | "l1-origin";
  /**
   * Where it is the L1 origin: by how much a healthy sequencer's origin lags at the most, in seconds. An estimate on the safe side: a sequencer
   * waits for a few confirmations, and slots of L1 are missed meanwhile.
   */
  originLag?: number;
}

/** EIP-2935, HISTORY_SERVE_WINDOW. */
const HISTORY_WINDOW = 8191;

const ethereum = (name: string): ChainProfile => ({
  name,
  blockTime: 12,
  longestBlockTime: 24,
  hashWindow: HISTORY_WINDOW,
  continuity: "block-times",
});
const opStack = (name: string): ChainProfile => ({
  name,
  blockTime: 2,
  longestBlockTime: 4,
  hashWindow: HISTORY_WINDOW,
  continuity: "l1-origin",
  originLag: 180,
});

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
  100: { ...ethereum("Gnosis"), blockTime: 5, longestBlockTime: 15 },
  137: { ...ethereum("Polygon PoS"), blockTime: 2, longestBlockTime: 6 },
  31337: ethereum("a development chain"),
  1337: ethereum("a development chain"),
};
