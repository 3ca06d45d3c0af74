import type { NetworkConfigOverride } from "hardhat/types/config";
import type { ChainType, NetworkManager } from "hardhat/types/network";

import { chainOfTools, simulatorError } from "../forks/backend.js";
import { ownForksOf, type OwnChainOptions, type OwnForks } from "../forks/kit.js";
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

/**
 * @param options how the connection's own chain is simulated where nobody says
 * @returns what closes the connection, too: see {@link ownForksOf}
 */
export function connectionForks(
  connection: HardhatTools,
  network: NetworkManager,
  options: OwnChainOptions = {},
): { forks: ConnectionForks; close: () => Promise<boolean> } {
  const backend = backendOf(connection);
  const own = ownForksOf({
    network: connection.networkName,
    backend,
    factory: { create: async (chain) => hardhatChains(network, await likenessOf(connection)).create(chain) },
    options,
  });
  // What is asked first brings the simulator.
  if (connection.networkConfig.type === "edr-simulated" && !chainOfTools.has(connection))
    backend.route!(
      async (args) => (await own.forks.chain()).request(args),
      connection.provider.request.bind(connection.provider),
    );
  return own;
}

/** The options of a factory whose chains are as a connection's own: its overrides are in its configuration alone. */
async function likenessOf({ networkName, networkConfig, chainType }: HardhatTools): Promise<HardhatFactoryOptions> {
  if (networkConfig.type !== "edr-simulated")
    throw simulatorError(`The network "${networkName}" is not one that Hardhat simulates`);
  const override = (await asWritten(networkConfig)) as NetworkConfigOverride;
  return { network: networkName, chainType: chainType as ChainType, override };
}

/** Of a resolved configuration, what a factory gives by itself, and what nobody can write. */
const LEFT_OUT = /^(?:type|chainType|initialDate|cacheDir)$/;

/** A resolved configuration as a user would write it: variables with their values, bytes in hexadecimal. */
async function asWritten(value: unknown): Promise<unknown> {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return Promise.all(value.map(asWritten));
  if (typeof value !== "object" || value === null) return value;
  if ("get" in value && typeof value.get === "function") return value.get() as unknown;
  const members = Object.entries(value).filter(isWritten);
  return Object.fromEntries(await Promise.all(members.map(async ([name, member]) => [name, await asWritten(member)])));
}

function isWritten([name, value]: [string, unknown]): boolean {
  // From London on a least gas price is refused, even the default.
  return value !== undefined && !LEFT_OUT.test(name) && !(name === "minGasPrice" && value === 0n);
}
