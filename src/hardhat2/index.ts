import { GENESIS_TIME, type Backend, type BackendOptions, type ChainFactory } from "../forks/backend.js";
import type { SimulatedChain } from "../forks/index.js";
import { ownForksOf, type OwnForks } from "../forks/kit.js";
import { internalsOf, requireHardhat2, routeProvider, type Hardhat2, type Hardhat2Provider } from "./runtime.js";

export type { Hardhat2 } from "./runtime.js";

/** A simulated chain whose `tools` are a runtime environment of Hardhat 2 on that chain. */
export type Hardhat2Chain<Environment extends Hardhat2> = SimulatedChain<Environment>;

/**
 * The fork simulator on Hardhat 2.
 *
 * The verbs act on the chain of `hre.network`, from the first of them on. `chain.tools` of any chain is a runtime
 * environment on that chain: `tools.ethers`, and what else plugins add. `@nomicfoundation/hardhat-network-helpers` knows
 * one chain alone, that of `hre.network`.
 *
 * @throws FORK_SIMULATOR for Hardhat before 2.26 and after 2
 * @example
 * import hre from "hardhat";
 * const forks = hardhatForks(hre);
 * const [majority, minority] = await forks.partition({ commonBlocks: 10 });
 * const perps = await majority.tools.ethers.deployContract("Perps");
 */
export function hardhatForks<Environment extends Hardhat2>(hre: Environment): OwnForks<Environment> {
  requireHardhat2(hre);
  return ownForksOf({ network: hre.network.name, backend: backendOf(hre), factory: hardhatChains(hre) }).forks;
}

/**
 * Creates the simulator's chains with Hardhat 2, each configured as its network `hardhat`.
 *
 * @example
 * const chain = await SimulatedChain.create(hardhatChains(hre), { name: "l1" });
 */
export function hardhatChains<Environment extends Hardhat2>(hre: Environment): ChainFactory<Environment> {
  requireHardhat2(hre);
  return { create: (options) => create(hre, options) };
}

async function create<Environment extends Hardhat2>(
  hre: Environment,
  { chainId, genesisTime = GENESIS_TIME, forkFrom }: BackendOptions,
): Promise<Backend<Environment>> {
  const { createProvider, extenders } = internalsOf(hre);
  const loopback = forkFrom && (await (await import("../forks/endpoints/loopback.js")).serveLoopback(forkFrom.request));
  const hardhat = {
    ...hre.config.networks.hardhat,
    ...(chainId === undefined ? {} : { chainId }),
    ...(loopback
      ? { forking: { enabled: true, url: loopback.url, blockNumber: Number(forkFrom.blockNumber), httpHeaders: {} } }
      : { initialDate: new Date(genesisTime * 1000).toISOString() }),
  };
  const configOf = (network: object) => ({ ...hre.config, networks: { ...hre.config.networks, hardhat: network } });
  // One that mines by the clock has mined before the simulator has it. Two of them have no block in common.
  const still = { ...hardhat, mining: { ...hardhat.mining, interval: 0 } };
  const provider = await createProvider(configOf(still), "hardhat", hre.artifacts);
  // What it does not have of its own it has of the project's.
  const environment = Object.create(hre, {
    config: { value: configOf(hardhat) },
    network: { value: { ...hre.network, name: "hardhat", config: hardhat, provider } },
  }) as Environment;
  for (const extend of extenders) extend(environment);
  const backend = backendOf(environment);
  return { ...backend, close: async () => loopback?.close() };
}

/** What the simulator needs of an environment: its chain. */
function backendOf<Environment extends Hardhat2>(hre: Environment): Backend<Environment> {
  const { name, provider } = hre.network as unknown as { name: string; provider: Hardhat2Provider };
  const { auto, interval } = hre.config.networks.hardhat.mining;
  const request = provider.request.bind(provider);
  return {
    request: ({ method, params = [] }) => request({ method, params }),
    tools: hre,
    ...(name === "hardhat" ? { mining: { auto, interval: interval as number | [number, number] } } : {}),
    route: (routed) => routeProvider(provider, routed),
    notify(message) {
      provider.emit("message", message);
      provider.emit("notification", message.data);
    },
    close: async () => undefined,
  };
}
