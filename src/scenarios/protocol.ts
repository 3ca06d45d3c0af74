import type { Anchor } from "../anchor/anchor.js";
import type { ChainOptions, PartitionOptions, SimulatedChain } from "../forks/index.js";

/**
 * A protocol, as the scenarios use it: an adapter of some twenty lines.
 *
 * @example
 * const protocol: Protocol<HardhatTools> = {
 *   async deploy({ tools }) {
 *     const perps = await tools.ethers.deployContract("Perps");
 *     return { open: async (chain, anchor) => perps.connect(await traderOn(chain)).open(MARKET, 1n, anchor) };
 *   },
 * };
 */
export interface Protocol<Tools = unknown> {
  /** Deploys the contracts and funds who acts, on a chain of its own for each scenario. */
  deploy(chain: SimulatedChain<Tools>): Promise<DeployedProtocol<Tools>>;
}

/**
 * What a scenario does with a deployed protocol. Each function sends one transaction on the chain that it is given. It returns
 * what `assertRejectedByGuard` takes: ethers' response, or a receipt. Without it no scenario holds. The chain may be another
 * node than the one that was deployed on.
 */
export interface DeployedProtocol<Tools = unknown> {
  /**
   * Takes a risk, as it was prepared at an anchor: a position, a purchase, a deposit into a vault. Each call is a message of its
   * own. A scenario makes eight at the most.
   */
  open(chain: SimulatedChain<Tools>, anchor: Anchor): Promise<unknown>;
  /** Leaves what was opened. It needs no anchor. */
  close?(chain: SimulatedChain<Tools>): Promise<unknown>;
  /** Pays out, as it was prepared at an anchor. What it pays was opened before. */
  payout?(chain: SimulatedChain<Tools>, anchor: Anchor): Promise<unknown>;
  /** Whether the guard sees an outage (K4). One without a memory does not. */
  readonly seesOutages?: boolean;
}

/** Makes simulated chains: what `hardhatForks` returns. */
export interface ScenarioForks<Tools = unknown> {
  create(options?: ChainOptions): Promise<SimulatedChain<Tools>>;
  partition(options?: PartitionOptions<Tools>): Promise<SimulatedChain<Tools>[]>;
}

/** What a protocol needs for a scenario besides `open`. */
export type Member = "close" | "payout" | "seesOutages";

/** What a scenario needs: of the protocol, or of the backend. Anvil makes no hard fork. */
export type Need = Member | "hardFork";

/** One thing that a scenario asks of a protocol, and what happened. */
export interface ScenarioStep {
  /** What was done, as a noun with its circumstances. */
  readonly name: string;
  readonly expected: "accepted" | "rejected by the guard" | "the same effect";
  readonly holds: boolean;
  /** What was found, as a sentence or more. */
  readonly found: string;
}

/** What a scenario showed. */
export type ScenarioOutcome = {
  readonly id: string;
  readonly title: string;
  /** What happened in the world, with its date. A synthetic one says so. */
  readonly incident: string;
} & (
  | { readonly kind: "held" | "broken"; readonly steps: readonly ScenarioStep[] }
  /** The protocol, or the backend, has not what the scenario needs. Nothing was asked of the protocol. */
  | { readonly kind: "not shown"; readonly missing: Need; readonly reason: string }
  /** Something was thrown before the scenario's end. It shows nothing about the guard. */
  | { readonly kind: "failed"; readonly error: string }
);
