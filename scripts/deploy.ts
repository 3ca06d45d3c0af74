/**
 * Deploys the example exchange, with the guard, on a network of the Hardhat configuration, and the standalone guard beside it. On a chain of the OP
 * stack it is the exchange that looks at the L1 origin.
 *
 *   npm run deploy -- [--network NAME] [--token ADDRESS] [--feed ADDRESS] [--keeper ADDRESS]
 *
 * The example's times are for blocks of 12 s, and of 2 s on the OP stack. On another listed chain
 * it says so and sends nothing.
 *
 * Without --network it deploys on an in-process chain. A chain on which the guard does not know its source of block hashes is refused
 * before anything is sent. Without --token a test token is deployed, on development chains only. Exits with 2 where the input cannot be used,
 * with 1 where the deployment was refused.
 */
import { parseArgs } from "node:util";

import { ethers } from "ethers";
import { config, network } from "hardhat";

import { CHAIN_PROFILES, decodeGuardError, explain } from "../src/index.js";
import { revertDataOf } from "../src/chai/index.js";
import {
  GuardedPerps__factory,
  OriginGuardedPerps__factory,
  ProofDesk__factory,
  StandaloneGuard__factory,
  TestToken__factory,
} from "../typechain-types/index.js";

const USAGE = "usage: npm run deploy -- [--network NAME] [--token ADDRESS] [--feed ADDRESS] [--keeper ADDRESS]";
const DEVELOPMENT_CHAINS = [31_337n, 1_337n];
/** Of `GuardedPerps`, in milliseconds. */
const EXAMPLE_BLOCK_TIME = 12_000;

process.exit(await main().catch(failed));

/** An endpoint that does not answer, or refuses: in one line, without its URL, which may hold a key. */
function failed(error: unknown): number {
  const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
  console.error(line.replaceAll(/\b\w+:\/\/\S+/g, "the endpoint"));
  return 1;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const connection = await network.create(options.network === undefined ? {} : { network: options.network });
  const [deployer] = await connection.ethers.getSigners();
  if (deployer === undefined) {
    console.error(`the network ${connection.networkName} has no account to deploy from`);
    return 2;
  }
  const { chainId } = await connection.ethers.provider.getNetwork();

  // The constructor refuses an unknown chain. Asking first costs nothing and deploys nothing.
  const { data } = await new StandaloneGuard__factory(deployer).getDeployTransaction();
  const refusal = await connection.ethers.provider.call({ data }).then(() => undefined, revertDataOf);
  if (refusal !== undefined) {
    console.error(`${decodeGuardError(refusal)?.name ?? "refused"}: ${explain(refusal)}`);
    return 1;
  }
  const profile = CHAIN_PROFILES[Number(chainId)];
  if (profile?.continuity === "block-times" && profile.blockTime < EXAMPLE_BLOCK_TIME) {
    console.error(
      `the example is configured for blocks of ${EXAMPLE_BLOCK_TIME} ms, and ${profile.name} makes one each ${profile.blockTime} ms: the contract would refuse it`,
    );
    return 1;
  }
  if (options.token === undefined && !DEVELOPMENT_CHAINS.includes(chainId)) {
    console.error(`chain ${chainId} is no development chain: name the margin token with --token`);
    return 2;
  }

  const token = options.token ?? (await deploy(new TestToken__factory(deployer).deploy()));
  const feed = options.feed ?? deployer.address;
  const keeper = options.keeper ?? deployer.address;
  // What shows an outage is a fact of the chain: on the OP stack the lag of L1. The constructor
  // refuses the other kind.
  const isOrigin = profile?.continuity === "l1-origin";
  const Perps = isOrigin ? OriginGuardedPerps__factory : GuardedPerps__factory;
  const proofs = await deploy(new ProofDesk__factory(deployer).deploy());
  const perps = await deploy(new Perps(deployer).deploy(token, feed, keeper, proofs));
  const guard = await deploy(new StandaloneGuard__factory(deployer).deploy());
  console.log(
    JSON.stringify(
      { network: connection.networkName, chainId: chainId.toString(), token, feed, keeper, proofs, perps, guard },
      null,
      2,
    ),
  );
  return 0;
}

interface Options {
  network?: string;
  token?: string;
  feed?: string;
  keeper?: string;
}

/** The options of the command line; undefined, and the reason printed, where they cannot be used. */
function readOptions(): Options | undefined {
  const fault = (text: string): undefined => void console.error(`${text}\n${USAGE}`);
  const text = { type: "string" } as const;
  let options: Options;
  try {
    options = parseArgs({ options: { network: text, token: text, feed: text, keeper: text } }).values;
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error));
  }
  for (const name of ["token", "feed", "keeper"] as const) {
    const address = options[name];
    if (address !== undefined && !ethers.isAddress(address)) return fault(`--${name} ${address} is not an address`);
  }
  const known = Object.keys(config.networks);
  if (options.network !== undefined && !known.includes(options.network))
    return fault(`--network ${options.network} is not configured; there are ${known.join(", ")}`);
  return options;
}

async function deploy(deployment: Promise<ethers.BaseContract>): Promise<string> {
  const contract = await deployment;
  await contract.waitForDeployment();
  return contract.getAddress();
}
