import { toQuantity } from "../core/bytes.js";
import { call, toRequest, type Connection } from "../rpc/request.js";
import { checkOptions } from "../rpc/options.js";
import { isMethodMissing, simulatorError } from "./backend.js";
import { HISTORY_WINDOW } from "./history.js";

/** A development chain (Hardhat 2, Hardhat 3, anvil), or what carries one: Hardhat 3's connection, Hardhat 2's `hre.network`. */
export type DevelopmentChain = Connection | { provider: Connection };

/** Seconds that pass, or the same with the block time. */
export type Passing = number | bigint | { seconds: number | bigint; blockTime?: number };

/** Hardhat's `networkHelpers.time`, on a chain whose blocks go on in the meantime. Times are in seconds since the epoch. */
export interface LiveTime {
  /** Lets so many seconds pass. Returns the head's new time. */
  increase(seconds: number | bigint): Promise<number>;
  /** Lets time pass until the head has the given time. */
  increaseTo(timestamp: number | bigint | Date): Promise<void>;
  /** Lets time pass so that the next block, which the test mines, has the given time. */
  setNextBlockTimestamp(timestamp: number | bigint | Date): Promise<void>;
  /** The head's time. */
  latest(): Promise<number>;
  /** The head's number. */
  latestBlock(): Promise<number>;
}

/** Seconds between two blocks, where nobody says otherwise. */
export const DEFAULT_BLOCK_TIME = 12;

/**
 * Lets time pass on a development chain as it does on a live one: mines the blocks in between. To a guard `evm_increaseTime` alone is an
 * outage, for no block accounts for the time.
 *
 * The head is afterwards exactly `seconds` later. A block comes each `blockTime` (default: 12), the odd seconds first.
 * The first takes what is in the pool. The last 8,191 blocks are mined singly, so that their headers link.
 * `hardhat_mine` mines the ones before, whose parent hashes are made up. A day costs Hardhat 3 a third of a second, and
 * so does a year. Anvil takes longer with every block that there is: minutes for a day.
 *
 * @returns the head's time, in seconds since the epoch
 * @throws FORK_SIMULATOR for a time that is not a whole number of seconds. Also for a chain that lacks `evm_mine` or
 * `hardhat_mine` (no development chain), or that ends at another time; RPC_FAILED
 * @example
 * await passTime(connection.provider, { seconds: 3_600, blockTime: 12 });
 */
export async function passTime(chain: DevelopmentChain, passing: Passing): Promise<number> {
  const connection = connectionOf(chain);
  const { seconds, blockTime } = toPassing(passing, DEFAULT_BLOCK_TIME);
  const until = (await latestBlock(connection)).timestamp + seconds;
  const blocks = Math.ceil(seconds / blockTime);
  const timeOf = (left: number): number => until - left * blockTime;

  const linked = Math.min(blocks, HISTORY_WINDOW);
  if (blocks > linked) {
    await ask(connection, "evm_setNextBlockTimestamp", toQuantity(timeOf(blocks - 1)));
    await ask(connection, "hardhat_mine", toQuantity(blocks - linked), toQuantity(blockTime));
  }
  for (let left = linked - 1; left >= 0; left--) await ask(connection, "evm_mine", timeOf(left));

  const { timestamp } = await latestBlock(connection);
  if (timestamp !== until) throw simulatorError(`The chain's head should be of ${until} s, and is of ${timestamp} s`);
  return timestamp;
}

/**
 * Hardhat's `time` for a chain without the simulator, by {@link passTime}.
 *
 * @example
 * const connection = await network.create();
 * const { increase, increaseTo } = liveTime(connection, { blockTime: 2 });
 */
export function liveTime(
  chain: DevelopmentChain,
  { blockTime = DEFAULT_BLOCK_TIME }: { blockTime?: number } = {},
): LiveTime {
  const connection = connectionOf(chain);
  const increase = (seconds: number | bigint): Promise<number> => passTime(connection, { seconds, blockTime });
  const latest = async (): Promise<number> => (await latestBlock(connection)).timestamp;
  /** Seconds from the head to a later time. */
  const until = async (time: number | bigint | Date): Promise<number> => {
    const timestamp = toSeconds(time instanceof Date ? Math.floor(time.valueOf() / 1000) : time, "timestamp");
    const now = await latest();
    if (timestamp <= now) throw simulatorError(`The head's time is ${now}, and ${timestamp} is not later`);
    return timestamp - now;
  };
  return {
    increase,
    increaseTo: async (timestamp) => void (await increase(await until(timestamp))),
    setNextBlockTimestamp: async (timestamp) => {
      const seconds = await until(timestamp);
      const before = Math.max(0, seconds - blockTime);
      const now = await increase(before);
      await ask(connection, "evm_setNextBlockTimestamp", toQuantity(now + seconds - before));
    },
    latest,
    latestBlock: async () => (await latestBlock(connection)).number,
  };
}

/** @throws FORK_SIMULATOR for what is not a whole number of seconds, or a block time below one */
export function toPassing(passing: Passing, defaultBlockTime: number): { seconds: number; blockTime: number } {
  if (Object(passing) === passing) checkOptions(passing, ["seconds", "blockTime"]);
  const { seconds, blockTime = defaultBlockTime } =
    Object(passing) === passing ? (passing as { seconds: unknown; blockTime?: number }) : { seconds: passing };
  if (!Number.isSafeInteger(blockTime) || blockTime < 1)
    throw simulatorError(`The block time must be a whole number of seconds, at least 1, and is ${blockTime}`);
  return { seconds: toSeconds(seconds, "time that passes"), blockTime };
}

/**
 * A number, a bigint, or a JSON-RPC quantity, as seconds.
 *
 * @throws FORK_SIMULATOR for what is not a whole number from 0
 */
export function toSeconds(value: unknown, what: string): number {
  const known = typeof value === "number" || typeof value === "bigint" || /^(?:0x[\da-f]+|\d+)$/i.test(String(value));
  const seconds = known ? Number(value) : NaN;
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    throw simulatorError(`The ${what} must be a whole number of seconds, and is ${String(value)}`);
  return seconds;
}

function connectionOf(chain: DevelopmentChain): Connection {
  // An ethers provider has a `provider` as well: itself.
  if ("request" in chain) return chain;
  return "provider" in chain ? chain.provider : chain;
}

async function latestBlock(connection: Connection): Promise<{ number: number; timestamp: number }> {
  const block = (await call(connection, "eth_getBlockByNumber", ["latest", false])) as Record<string, unknown> | null;
  return {
    number: toSeconds(block?.["number"], "head's number"),
    timestamp: toSeconds(block?.["timestamp"], "head's time"),
  };
}

/** Past the SDK's reader of answers: development chains answer `evm_mine` with `"0"`, which is no JSON-RPC quantity. */
async function ask(connection: Connection, method: string, ...params: unknown[]): Promise<void> {
  try {
    await toRequest(connection)({ method, params });
  } catch (error) {
    if (!isMethodMissing(error)) throw error;
    throw simulatorError(`The chain lacks ${method}: time passes at will on development chains alone`);
  }
}
