import { AsyncLocalStorage } from "node:async_hooks";

import type { NetworkConfigOverride } from "hardhat/types/config";
import type { ChainType, NetworkConnection, NetworkManager } from "hardhat/types/network";

import {
  GENESIS_TIME,
  simulatorError,
  type Backend,
  type BackendOptions,
  type ChainFactory,
} from "../forks/backend.js";
import type { SimulatedChain } from "../forks/index.js";
import { forksOf, type Forks } from "../forks/kit.js";
import type { Request } from "../rpc/request.js";

/** Hardhat's connection to one simulated network, with what the project's plugins add to it (`ethers`, `networkHelpers`, …). */
export type HardhatTools = NetworkConnection;

/** A simulated chain whose `tools` are a Hardhat connection. */
export type HardhatChain = SimulatedChain<HardhatTools>;

export interface HardhatFactoryOptions {
  /** Name of an `edr-simulated` network in the project's configuration. Default: the default network. */
  readonly network?: string;
  /** What the chains are. Default: what the network is configured to be. */
  readonly chainType?: ChainType;
  /** Further configuration of every chain, for example `{ hardfork: "osaka" }`. */
  readonly override?: NetworkConfigOverride;
}

/**
 * The connection that is answering a request, as seen by everything that runs for this answer. One for all chains, and
 * off while there is none. Before Node 24 each storage in use costs the process something at every promise, whoever
 * makes it.
 */
const answering = new AsyncLocalStorage<NetworkConnection>();
const open = new Set<NetworkConnection>();

/**
 * Creates the simulator's chains with Hardhat 3.
 *
 * The connection's own provider is routed through the simulator. So `chain.tools.ethers` and
 * `chain.tools.networkHelpers` can be used as in any test.
 *
 * @param network Hardhat's network manager: `import { network } from "hardhat"`
 * @throws FORK_SIMULATOR for what is no network manager, as Hardhat 2's `hre.network` is none
 * @example
 * const factory = hardhatChains(network);
 */
export function hardhatChains(
  network: NetworkManager,
  options: HardhatFactoryOptions = {},
): ChainFactory<HardhatTools> {
  if (typeof (network as Partial<NetworkManager> | undefined)?.create !== "function")
    throw simulatorError(
      'This is not the network manager of Hardhat 3, `import { network } from "hardhat"`: on Hardhat 2 take `settlement-guard/hardhat2`',
    );
  return { create: (chain) => create(network, options, chain) };
}

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

async function create(
  network: NetworkManager,
  { network: name, chainType, override }: HardhatFactoryOptions,
  { chainId, genesisTime = GENESIS_TIME, forkFrom }: BackendOptions,
): Promise<Backend<HardhatTools>> {
  const loopback = forkFrom && (await (await import("../forks/endpoints/loopback.js")).serveLoopback(forkFrom.request));
  try {
    const connect = (more: object) =>
      network.create<ChainType>({
        ...(name === undefined ? {} : { network: name }),
        ...(chainType === undefined ? {} : { chainType }),
        override: {
          ...override,
          ...(chainId === undefined ? {} : { chainId }),
          ...(loopback
            ? { forking: { url: loopback.url, blockNumber: forkFrom.blockNumber } }
            : { initialDate: new Date(genesisTime * 1000) }),
          ...more,
        } as NetworkConfigOverride,
      });
    let connection = await connect({});
    const { networkConfig, networkName } = connection;
    if (networkConfig.type !== "edr-simulated") {
      await connection.close();
      throw simulatorError(`The network "${networkName}" is not one that Hardhat simulates`);
    }
    const { mining } = networkConfig;
    // One that mines by the clock has mined before the simulator has it. Two of them have no block in common.
    if (mining.interval !== 0) {
      await connection.close();
      connection = await connect({ mining: { ...mining, interval: 0 } });
    }
    const backend = backendOf(connection as HardhatTools, mining);
    return {
      ...backend,
      async close() {
        await backend.close();
        await loopback?.close();
      },
    };
  } catch (error) {
    await loopback?.close();
    throw error;
  }
}

/**
 * What the simulator needs of a connection.
 *
 * @param mining default: as the connection's network is configured
 */
export function backendOf(
  connection: HardhatTools,
  mining: Backend["mining"] = connection.networkConfig.type === "edr-simulated"
    ? connection.networkConfig.mining
    : undefined,
): Backend<HardhatTools> {
  const { provider } = connection;
  const request = provider.request.bind(provider);
  return {
    request({ method, params = [] }) {
      open.add(connection);
      return answering.run(connection, () => request({ method, params }));
    },
    tools: connection,
    ...(mining === undefined ? {} : { mining }),
    route(routed, inner) {
      // The provider's `send` and `sendAsync`, and everything that plugins ask, go through its `request`. So does
      // what Hardhat asks of itself while it answers (for the accounts, the chain id, …). That must not wait for the
      // simulator: the simulator waits for the answer.
      provider.request = (args) =>
        (answering.getStore() === connection ? inner : routed)(args as Parameters<Request>[0]);
    },
    notify(message) {
      // Hardhat's provider tells both: EIP-1193's event, and the one of before.
      provider.emit("message", message);
      provider.emit("notification", message.data);
    },
    async close() {
      open.delete(connection);
      if (open.size === 0) answering.disable();
      await connection.close();
    },
  };
}
