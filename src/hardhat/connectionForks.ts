import type { NetworkConfigOverride } from "hardhat/types/config";
import type { ChainType, NetworkManager } from "hardhat/types/network";

import { simulatorError } from "../forks/backend.js";
import { ownForksOf, type OwnForks } from "../forks/kit.js";
import { backendOf, hardhatChains, type HardhatFactoryOptions, type HardhatTools } from "./factory.js";

/**
 * The fork simulator of one connection of Hardhat 3. Its verbs act on the connection's own chain.
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
export type ConnectionForks = OwnForks<HardhatTools>;

/** @returns what closes the connection, too: see {@link ownForksOf} */
export function connectionForks(
  connection: HardhatTools,
  network: NetworkManager,
): { forks: ConnectionForks; close: () => Promise<boolean> } {
  const backend = backendOf(connection);
  const own = ownForksOf({
    network: connection.networkName,
    backend,
    factory: { create: async (chain) => hardhatChains(network, await likenessOf(connection)).create(chain) },
  });
  // What is asked first brings the simulator.
  if (connection.networkConfig.type === "edr-simulated")
    backend.route!(async (args) => (await own.forks.chain()).request(args), connection.provider.request.bind(connection.provider));
  return own;
}

/** The options of a factory whose chains are as a connection's own: its overrides are in its configuration alone. */
async function likenessOf({ networkName, networkConfig, chainType }: HardhatTools): Promise<HardhatFactoryOptions> {
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
