import { HISTORY_ADDRESS, HISTORY_CODE, type SimulatedChain } from "../forks/index.js";
import {
  GENESIS_TIME,
  simulatorError,
  type Backend,
  type BackendOptions,
  type ChainFactory,
} from "../forks/backend.js";
import { forksOf, type Forks } from "../forks/kit.js";
import { sameHex } from "../core/bytes.js";
import { connectTo } from "./connection.js";
import { AnvilNode, checkAnvil } from "./node.js";
import { ANVIL_PACKAGE, findAnvil, startAnvil, type RunningAnvil } from "./program.js";

/** What the chain has besides RPC. */
export interface AnvilTools {
  /** Anvil's own endpoint. It is for reading: what is sent there mines behind the simulator's back. {@link SimulatedChain.rpc} serves the chain itself. */
  readonly url: string;
}

/** A simulated chain over anvil. */
export type AnvilChain = SimulatedChain<AnvilTools>;

export interface AnvilOptions {
  /** The path of anvil's program. Default: that of the npm package for this platform, in the project of the working directory. */
  readonly program?: string;
  /** Further arguments of every anvil that is started, for example `["--hardfork", "osaka"]`. Prague is the default. */
  readonly args?: readonly string[];
  /** Endpoints of anvils that run already, instead of starting any. Each chain takes one, and each node of a partition is a chain. So is what keeps orphans readable. */
  readonly urls?: readonly string[];
}

/**
 * Creates the simulator's chains over anvil, one process each. EIP-2935 is anvil's own there, and every proof verifies but those at genesis.
 *
 * @throws FORK_SIMULATOR where a chain is created, and anvil is not there, or cannot be taken over
 * @example
 * const chain = await SimulatedChain.create(anvilChains());
 */
export function anvilChains(options: AnvilOptions = {}): ChainFactory<AnvilTools> {
  const free = [...(options.urls ?? [])];
  const mixed = new Set<unknown>();
  return {
    async create(chain) {
      if (chain.forkFrom !== undefined)
        throw simulatorError("A hard fork needs Hardhat: the simulator forks no chain with anvil");
      const anvil = options.urls === undefined ? await start(options, chain) : take(free);
      try {
        return await takeOver(anvil, chain, mixed);
      } catch (error) {
        anvil.stop();
        throw error;
      }
    },
  };
}

/**
 * The fork simulator over anvil. `hardFork` is there, and is refused: the simulator forks no chain with anvil.
 *
 * @example
 * const forks = anvilForks();
 * const [majority, minority] = await forks.partition({ commonBlocks: 10 });
 * await majority.reorg({ depth: 3 });
 */
export function anvilForks(options: AnvilOptions = {}): Forks<AnvilTools> {
  return forksOf(anvilChains(options));
}

/**
 * Whether npm has installed an anvil that {@link anvilChains} would start. A suite skips its tests where there is none.
 *
 * @example
 * describe("on anvil", { skip: !hasAnvil() }, () => undefined);
 */
export function hasAnvil(): boolean {
  return findAnvil() !== undefined;
}

async function start({ program = findAnvil(), args = [] }: AnvilOptions, chain: BackendOptions): Promise<RunningAnvil> {
  if (program === undefined)
    throw simulatorError(`Anvil was not found: install ${ANVIL_PACKAGE}, or give its program or urls`);
  const { chainId, genesisTime = GENESIS_TIME } = chain;
  return startAnvil(program, [
    ...["--no-mining", "--order", "fifo", "--timestamp", String(genesisTime)],
    ...(chainId === undefined ? [] : ["--chain-id", String(chainId)]),
    ...(args.some((arg) => /^--hardfork(?:=|$)/.test(arg)) ? [] : ["--hardfork", "prague"]),
    ...args,
  ]);
}

function take(free: string[]): RunningAnvil {
  const url = free.shift();
  if (url === undefined) throw simulatorError("Every anvil in urls is in use: each chain needs one of its own");
  return { url, stop: () => undefined };
}

async function takeOver(
  { url, stop }: RunningAnvil,
  chain: BackendOptions,
  mixed: Set<unknown>,
): Promise<Backend<AnvilTools>> {
  const ask = connectTo(url);
  await checkAnvil(ask, url, chain.genesisTime ?? GENESIS_TIME);
  if (!sameHex(String(await ask("eth_getCode", HISTORY_ADDRESS, "latest")), HISTORY_CODE))
    throw simulatorError(`The anvil at ${url} has no EIP-2935: start it with "--hardfork prague", or a later one`);
  const { request } = await AnvilNode.over(ask, mixed);
  // It makes a coinbase of the randomness.
  return { request, tools: { url }, hasHistory: true, reserved: ["hardhat_setPrevRandao"], close: async () => stop() };
}
