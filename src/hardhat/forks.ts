import type { NetworkManager } from "hardhat/types/network";

import type { ChainFactory } from "../forks/backend.js";
import type { ChainOptions, HardForkOptions, PartitionOptions, SimulatedChain } from "../forks/index.js";
import { hardhatChains, type HardhatFactoryOptions, type HardhatTools } from "./factory.js";

/** A simulated chain whose `tools` are a Hardhat connection. */
export type HardhatChain = SimulatedChain<HardhatTools>;

/** The fork simulator on Hardhat 3: see {@link hardhatForks}. */
export type HardhatForks = ReturnType<typeof hardhatForks>;

/**
 * The fork simulator on Hardhat 3, for chains of its own. It is loaded when the first of them is made.
 *
 * @example
 * ```ts
 * import { network } from "hardhat";
 * const forks = hardhatForks(network);
 * const [majority, minority] = await forks.partition({ commonBlocks: 10, prepare: ({ tools }) => tools.ethers.deployContract("Perps") });
 * const [trader] = await minority.tools.ethers.getSigners();
 * await majority.tools.networkHelpers.time.increase(3_600); // with the blocks of an hour, as `majority.passTime(3_600)`
 * await minority.stall({ seconds: 3_600 }); // an outage
 * ```
 */
export function hardhatForks(network: NetworkManager, options: HardhatFactoryOptions = {}) {
  return forksOf(hardhatChains(network, options));
}

/** The simulator on chains of a factory. */
export function forksOf(factory: ChainFactory<HardhatTools>) {
  const load = () => import("../forks/index.js");
  return {
    /** Creates one chain. */
    create: async (chain: ChainOptions = {}) => (await load()).SimulatedChain.create(factory, chain),
    /** Creates nodes that share a past and nothing else, as `partition` of `settlement-guard/forks` does. */
    partition: async (chains: PartitionOptions<HardhatTools> = {}) => (await load()).partition(factory, chains),
    /** Splits a chain at its head, as `hardFork` of `settlement-guard/forks` does. */
    hardFork: async (chain: HardhatChain, split?: HardForkOptions) => (await load()).hardFork(chain, split),
    /** Ends a partition for one node, as `heal` of `settlement-guard/forks` does. */
    heal: async (ends: { readonly from: HardhatChain; readonly to: HardhatChain }) => (await load()).heal(ends),
  };
}
