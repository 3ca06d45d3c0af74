import type { NetworkManager } from "hardhat/types/network";

import type { SimulatedChain } from "../forks/index.js";
import { forksOf, type Forks } from "../forks/kit.js";
import { hardhatChains, type HardhatFactoryOptions, type HardhatTools } from "./factory.js";

/** A simulated chain whose `tools` are a Hardhat connection. */
export type HardhatChain = SimulatedChain<HardhatTools>;

/**
 * The fork simulator on Hardhat 3, for chains of its own.
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
export function hardhatForks(network: NetworkManager, options: HardhatFactoryOptions = {}): Forks<HardhatTools> {
  return forksOf(hardhatChains(network, options));
}
