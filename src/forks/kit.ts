import { printable } from "../core/text.js";
import type { Request } from "../rpc/request.js";
import { chainOfTools, simulatorError, type Backend, type ChainFactory } from "./backend.js";
import type { BlockRef } from "./blocks.js";
import type { BranchChange } from "./branch.js";
import type { SimulatedChain } from "./chain.js";
import type { HardForkOptions } from "./hardFork.js";
import type { ChainOptions } from "./node.js";
import type { PartitionOptions } from "./partition.js";
import type { Passing } from "./passTime.js";
import type { ReorgOptions } from "./reorg.js";

/** The simulator on chains of one factory. It is loaded when the first of them is made. */
export interface Forks<Tools> {
  /** Creates one chain: {@link SimulatedChain.create}. */
  create(options?: ChainOptions): Promise<SimulatedChain<Tools>>;
  /** Creates nodes that share a past and nothing else, as `partition` of `settlement-guard/forks` does. */
  partition(options?: PartitionOptions<Tools>): Promise<SimulatedChain<Tools>[]>;
  /** Splits a chain at its head, as `hardFork` of `settlement-guard/forks` does. */
  hardFork(chain: SimulatedChain<Tools>, options?: HardForkOptions): Promise<SimulatedChain<Tools>>;
  /** Ends a partition for one node, as `heal` of `settlement-guard/forks` does. */
  heal(ends: { readonly from: SimulatedChain<Tools>; readonly to: SimulatedChain<Tools> }): Promise<BranchChange>;
}

/** How a chain is simulated that is there already. */
export type OwnChainOptions = Pick<ChainOptions, "blockTime" | "history" | "time">;

/**
 * The simulator of a connection. The verbs act on the connection's own chain, which {@link SimulatedChain.over} takes over
 * when it is first needed. Further chains are configured as that one.
 */
export interface OwnForks<Tools> extends Forks<Tools> {
  /**
   * The connection's own chain, under the simulator.
   *
   * @param options for the first call alone, before the simulator has the chain
   * @throws FORK_SIMULATOR for a network that is not Hardhat's own, and for options that come too late
   */
  chain(options?: OwnChainOptions): Promise<SimulatedChain<Tools>>;
  /** {@link SimulatedChain.reorg} of the connection's own chain. */
  reorg(options: ReorgOptions): Promise<BranchChange>;
  /** {@link SimulatedChain.mine} on the connection's own chain. */
  mine(count?: number): Promise<BlockRef>;
  /** {@link SimulatedChain.passTime} on the connection's own chain. */
  passTime(passing: Passing): Promise<number>;
  /** {@link SimulatedChain.stall} of the connection's own chain. */
  stall(outage: { readonly seconds: number }): Promise<void>;
}

/** A connection, as an adapter describes it. */
export interface Owner<Tools> {
  /** Its network's name in the project's configuration. */
  readonly network: string;
  readonly backend: Backend<Tools>;
  /** Makes chains that are configured as the connection's own. */
  readonly factory: ChainFactory<Tools>;
  /** How its own chain is simulated where nobody says. */
  readonly options?: OwnChainOptions;
}

/** What `web3_clientVersion` of Hardhat's own node starts with. Live networks answer with some that Hardhat's helpers take for development. */
const DEVELOPMENT_CLIENT = /^hardhatnetwork\//i;

export function forksOf<Tools>(factory: ChainFactory<Tools>): Forks<Tools> {
  return {
    create: async (options) => (await import("./chain.js")).SimulatedChain.create(factory, options),
    partition: async (options) => (await import("./partition.js")).partition(factory, options),
    hardFork: async (chain, options) => (await import("./hardFork.js")).hardFork(chain, options),
    heal: async (ends) => (await import("./partition.js")).heal(ends),
  };
}

/** @returns the simulator, and what closes the connection with all that it has opened. That says whether it has opened anything */
export function ownForksOf<Tools>(owner: Owner<Tools>): { forks: OwnForks<Tools>; close: () => Promise<boolean> } {
  const name = `network "${owner.network}"`;
  const factory: ChainFactory<Tools> = {
    async create(options) {
      await requireDevelopment(name, owner.backend.request);
      return owner.factory.create(options);
    },
  };
  let own: Promise<SimulatedChain<Tools>> | undefined;
  let isClosed = false;
  const backend = {
    ...owner.backend,
    close() {
      isClosed = true;
      return owner.backend.close();
    },
  };
  const chain: OwnForks<Tools>["chain"] = async (options) => {
    const known = own ?? (chainOfTools.get(backend.tools as object) as SimulatedChain<Tools> | undefined);
    if (options !== undefined && known !== undefined)
      throw simulatorError(`The simulator has ${name} already: give options before anything is asked of it`);
    return known ?? (own = takeOver(name, { backend, factory, options: options ?? owner.options ?? {} }));
  };
  const forks: OwnForks<Tools> = {
    ...forksOf(factory),
    chain,
    reorg: async (options) => (await chain()).reorg(options),
    mine: async (count) => (await chain()).mine(count),
    passTime: async (passing) => (await chain()).passTime(passing),
    stall: async (outage) => (await chain()).stall(outage),
  };
  const close = async (): Promise<boolean> => {
    const opened = isClosed ? undefined : await own?.catch(() => undefined);
    await opened?.close();
    return opened !== undefined;
  };
  return { forks, close };
}

async function takeOver<Tools>(
  name: string,
  { backend, factory, options }: Pick<Owner<Tools>, "backend" | "factory"> & { options: OwnChainOptions },
): Promise<SimulatedChain<Tools>> {
  await requireDevelopment(name, backend.request);
  const { SimulatedChain } = await import("./chain.js");
  const genesis = await backend.request({ method: "eth_getBlockByNumber", params: ["earliest", false] });
  const genesisTime = Number((genesis as { readonly timestamp: string }).timestamp);
  return SimulatedChain.over(backend, { factory, options: { ...options, name, genesisTime } });
}

/** @throws FORK_SIMULATOR for a network on which others may hold something of value */
async function requireDevelopment(name: string, request: Request): Promise<void> {
  const client = await request({ method: "web3_clientVersion" }).catch((cause: unknown) => {
    throw simulatorError(`The ${name} does not say which client it is`, cause);
  });
  if (!DEVELOPMENT_CLIENT.test(String(client)))
    throw simulatorError(
      `The ${name} is not Hardhat's own and stays as it is: its client is ${printable(String(client))}. For anvil there is settlement-guard/anvil`,
    );
}
