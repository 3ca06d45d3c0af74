import type { NetworkConfigOverride } from "hardhat/types/config";
import type { ChainType, NetworkManager } from "hardhat/types/network";

import { printable } from "../core/text.js";
import { simulatorError, type Backend, type ChainFactory } from "../forks/backend.js";
import type { BlockRef, BranchChange, ChainOptions, Passing, ReorgOptions } from "../forks/index.js";
import { backendOf, hardhatChains, type HardhatTools } from "./factory.js";
import { forksOf, type HardhatChain, type HardhatForks } from "./forks.js";

/** How a connection's own chain is simulated. It is there already, so that it has an id and a genesis. */
export type OwnChainOptions = Pick<ChainOptions, "blockTime" | "history" | "time">;

/** What `web3_clientVersion` of a development node starts with; Hardhat's own helpers know the same. */
const DEVELOPMENT_CLIENT = /^(?:hardhatnetwork|anvil|zksync)/i;

/**
 * The fork simulator of one connection. Its verbs act on the connection's own chain. What {@link hardhatForks} has makes further chains,
 * configured as that one.
 *
 * The simulator has the chain from the first request after `forks` was taken of the connection. No reorg goes below the
 * head of then. Branches that the chain leaves stay readable where that head is the genesis. Nothing is mined, and block
 * numbers stay as they are. Over HTTP, to a development node, the simulator has the chain from the first verb on.
 *
 * @example
 * const { ethers, forks } = await network.create();
 * const vault = await ethers.deployContract("Vault");
 * await forks.mine(3);
 * await forks.reorg({ depth: 3 });
 */
export class ConnectionForks implements HardhatForks {
  readonly create: HardhatForks["create"];
  readonly partition: HardhatForks["partition"];
  readonly hardFork: HardhatForks["hardFork"];
  readonly heal: HardhatForks["heal"];

  readonly #connection: HardhatTools;
  readonly #backend: Backend<HardhatTools>;
  readonly #factory: ChainFactory<HardhatTools>;
  #chain: Promise<HardhatChain> | undefined;
  #isClosed = false;

  constructor(connection: HardhatTools, network: NetworkManager) {
    const backend = backendOf(connection);
    this.#connection = connection;
    this.#backend = backend;
    this.#factory = {
      create: async (chain) => {
        await this.#requireDevelopment();
        return hardhatChains(network, await likeness(connection)).create(chain);
      },
    };
    ({ create: this.create, partition: this.partition, hardFork: this.hardFork, heal: this.heal } = forksOf(
      this.#factory,
    ));
    if (isSimulated(connection))
      backend.route?.(async (args) => (await this.chain()).request(args), connection.provider.request.bind(connection.provider));
  }

  /**
   * The connection's own chain, under the simulator.
   *
   * @param options for the first call alone, before anything is asked of the connection
   * @throws FORK_SIMULATOR for a network that is no development one, and for options that come too late
   */
  chain(options?: OwnChainOptions): Promise<HardhatChain> {
    if (options !== undefined && this.#chain !== undefined)
      throw simulatorError(`The simulator has ${this.#name} already: give options before anything is asked of it`);
    this.#chain ??= this.#takeOver(options ?? {});
    return this.#chain;
  }

  /** {@link SimulatedChain.reorg} of the connection's own chain. */
  async reorg(options: ReorgOptions): Promise<BranchChange> {
    return (await this.chain()).reorg(options);
  }

  /** {@link SimulatedChain.mine} on the connection's own chain. */
  async mine(count = 1): Promise<BlockRef> {
    return (await this.chain()).mine(count);
  }

  /** {@link SimulatedChain.passTime} on the connection's own chain. */
  async passTime(passing: Passing): Promise<number> {
    return (await this.chain()).passTime(passing);
  }

  /** {@link SimulatedChain.stall} of the connection's own chain. */
  async stall(outage: { readonly seconds: number }): Promise<void> {
    return (await this.chain()).stall(outage);
  }

  /** Closes the connection together with what the simulator has opened. False where it has opened nothing. */
  async closed(): Promise<boolean> {
    if (this.#isClosed || this.#chain === undefined) return false;
    const chain = await this.#chain.catch(() => undefined);
    await chain?.close();
    return chain !== undefined;
  }

  get #name(): string {
    return `network "${this.#connection.networkName}"`;
  }

  async #takeOver(options: OwnChainOptions): Promise<HardhatChain> {
    await this.#requireDevelopment();
    const { SimulatedChain } = await import("../forks/index.js");
    const backend = this.#backend;
    const genesis = await backend.request({ method: "eth_getBlockByNumber", params: ["earliest", false] });
    const genesisTime = Number((genesis as { readonly timestamp: string }).timestamp);
    const close = (): Promise<void> => {
      this.#isClosed = true;
      return backend.close();
    };
    return SimulatedChain.over(
      { ...backend, close },
      { factory: this.#factory, options: { ...options, name: this.#name, genesisTime } },
    );
  }

  /** @throws FORK_SIMULATOR for a network on which others may hold something of value */
  async #requireDevelopment(): Promise<void> {
    if (isSimulated(this.#connection)) return;
    const { provider, networkName } = this.#connection;
    const version = await provider.request({ method: "web3_clientVersion" }).catch((cause: unknown) => {
      throw simulatorError(`The network "${networkName}" does not say which client it is`, cause);
    });
    if (!DEVELOPMENT_CLIENT.test(String(version)))
      throw simulatorError(
        `The network "${networkName}" is no development one and stays as it is: its client is ${printable(String(version))}`,
      );
  }
}

function isSimulated({ networkConfig }: HardhatTools): boolean {
  return networkConfig.type === "edr-simulated";
}

/** The options of a factory whose chains are as a connection's own: its overrides are in its configuration alone. */
async function likeness({ networkName, networkConfig, chainType }: HardhatTools) {
  if (networkConfig.type !== "edr-simulated")
    throw simulatorError(`The network "${networkName}" is not one that Hardhat simulates`);
  const { type: _type, chainType: _chainType, initialDate: _initialDate, forking, minGasPrice, ...config } = networkConfig;
  const { cacheDir: _cacheDir, ...origin } = forking ?? { cacheDir: "" };
  const override = await asWritten({
    ...config,
    ...(forking === undefined ? {} : { forking: origin }),
    // From London on even the default is refused.
    ...(minGasPrice === 0n ? {} : { minGasPrice }),
  });
  return { network: networkName, chainType: chainType as ChainType, override: override as NetworkConfigOverride };
}

/** A resolved configuration as a user would write it: variables with their values, bytes in hexadecimal. */
async function asWritten(value: unknown): Promise<unknown> {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return Promise.all(value.map(asWritten));
  if (typeof value !== "object" || value === null) return value;
  if ("get" in value && typeof value.get === "function") return value.get() as unknown;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(await Promise.all(members.map(async ([name, member]) => [name, await asWritten(member)])));
}
