import type { Hex } from "../core/bytes.js";
import { checkOptions, invalidOption } from "../rpc/options.js";
import { requestOf, simulatorError, type Ask, type Backend, type BackendOptions } from "./backend.js";
import { Blocks, readHeader, type BlockRecord } from "./blocks.js";
import { Checkpoints } from "./checkpoints.js";
import { Filters } from "./filters.js";
import { Finality } from "./finality.js";
import type { HistoryMode } from "./history.js";
import { SystemCalls } from "./systemCalls.js";
import { Miner, type MinerState } from "./miner.js";
import { DEFAULT_BLOCK_TIME } from "./passTime.js";
import { Pool } from "./pool.js";

export interface ChainOptions extends BackendOptions {
  /** Shown in errors. Default: "chain". */
  readonly name?: string;
  /** Seconds between a block and its parent, unless the test says otherwise. Default: 12. */
  readonly blockTime?: number;
  /** How the contracts of EIP-2935 and EIP-4788 learn the parent's hash and beacon root. Default: "transaction". */
  readonly history?: HistoryMode;
  /** Whether blocks come by the clock where the network is configured so. Default: true. */
  readonly clock?: boolean;
  /**
   * Number of blocks mined at creation, with nothing in them. Default: 3, so that an anchor two blocks behind the head
   * is there. It is not the genesis then: cheat codes made its state, to which its header does not commit. Meaningless
   * together with `forkFrom`.
   */
  readonly blocks?: number;
  /**
   * What a later time means that a test asks for. A test asks by `evm_increaseTime`, `evm_setNextBlockTimestamp` or
   * `evm_mine` with a timestamp. Hardhat's `networkHelpers.time` sends these. `"live"` (default): blocks come as on a
   * live chain, one each `blockTime`, until the next has that time. What waits in the pool is in that one. `"raw"`: the
   * next block has that time, as on the bare backend. To a guard that is an outage, as {@link SimulatedChain.stall} is
   * in both. `hardhat_mine` mines the blocks that it is told to, as far apart as it is told.
   */
  readonly time?: "live" | "raw";
}

/** The parts of a simulated chain. None of them knows of the queue: whoever uses them has the chain for itself. */
export interface SimulatedNode {
  readonly name: string;
  readonly ask: Ask;
  /** As `ask`, for what a test asked: the backend's errors are the answer. */
  readonly relay: Ask;
  /** What a test must not ask: see {@link Backend.reserved}. */
  readonly reserved: readonly string[];
  readonly time: NonNullable<ChainOptions["time"]>;
  readonly blocks: Blocks;
  readonly pool: Pool;
  readonly systemCalls: SystemCalls;
  readonly checkpoints: Checkpoints;
  readonly miner: Miner;
  readonly filters: Filters;
  readonly finality: Finality;
  /** The chain from which this one was forked. */
  readonly origin: BackendOptions["forkFrom"];
  /** The branch that it is on, and those that it has left. */
  branches: Branches;
  /** One for each hard fork that reads from this chain. */
  readonly pins: Set<Pin>;
}

/** A branch that was left: its last block, and what had happened since. */
export interface LeftBranch {
  readonly head: BlockRecord;
  readonly state: MinerState;
}

/** The branches of a chain, by the names that a test gave them. */
export interface Branches {
  readonly current: string;
  readonly left: ReadonlyMap<string, LeftBranch>;
}

/** A block that must not be rewritten, with the number of cheat codes applied on top. */
export interface Pin {
  number: number;
  cheats: number;
}

/**
 * Takes a backend over, and makes its history contract work. What was mined before stays as it is.
 *
 * @param mayMine whether the backend may be mining by the clock
 */
export async function createNode(
  backend: Backend,
  options: ChainOptions,
  mayMine = backend.mining !== undefined,
): Promise<SimulatedNode> {
  const {
    name = "chain",
    blockTime = DEFAULT_BLOCK_TIME,
    history: mode = "transaction",
    time = "live",
    forkFrom: origin,
  } = options;
  const request = requestOf(backend, name);
  const ask: Ask = (method, ...params) => request({ method, params });
  const relay: Ask = (method, ...params) => backend.request({ method, params });
  // From here on the simulator mines by the clock.
  if (mayMine) await ask("evm_setIntervalMining", 0);
  const head = await readHeader(ask);
  const pool = new Pool(request);
  const blocks = new Blocks(name, ask, pool, { ...head, cheats: [], historyTo: head.number - 1 });
  const systemCalls = new SystemCalls(backend.hasHistory === true ? "native" : mode, ask, blocks, pool);
  const checkpoints = new Checkpoints(name, ask, blocks, systemCalls);
  const coinbase = (await ask("eth_coinbase")) as Hex;
  const miner = new Miner({ name, blockTime, ask, blocks, systemCalls, checkpoints, coinbase });

  await systemCalls.install(head.number > 0);
  await miner.resumeAutomine();
  await checkpoints.take();
  // A backend that cannot go back is found here, and not amid a reorg.
  await checkpoints.restore(checkpoints.before(head.number));
  await miner.arm();
  return {
    name,
    ask,
    relay,
    reserved: backend.reserved ?? [],
    time,
    blocks,
    pool,
    systemCalls,
    checkpoints,
    miner,
    filters: new Filters(relay, blocks),
    finality: new Finality(blocks),
    origin,
    branches: { current: "main", left: new Map() },
    pins: new Set(),
  };
}

const OPTIONS = [
  "chainId",
  "genesisTime",
  "forkFrom",
  "name",
  "blockTime",
  "history",
  "clock",
  "blocks",
  "time",
] as const satisfies readonly (keyof ChainOptions)[];

/**
 * @throws INVALID_OPTION for a name or a word that nobody knows
 * @throws FORK_SIMULATOR for a block time or a number of blocks that cannot be
 */
export function checkChainOptions(options: ChainOptions): void {
  checkOptions(options, OPTIONS);
  const { blockTime = DEFAULT_BLOCK_TIME, blocks = 0, history = "storage", time = "raw" } = options;
  if (history !== "storage" && history !== "transaction")
    throw invalidOption("history", 'expected "transaction" or "storage"');
  if (time !== "raw" && time !== "live") throw invalidOption("time", 'expected "live" or "raw"');
  if (!Number.isSafeInteger(blocks) || blocks < 0) throw simulatorError(`${blocks} is not a number of blocks`);
  if (!Number.isSafeInteger(blockTime) || blockTime < 1)
    throw simulatorError(`The block time must be a whole number of seconds, at least 1, and is ${blockTime}`);
}
