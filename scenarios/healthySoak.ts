import { latestAnchor } from "../src/anchor/anchor.js";
import type { Scenario } from "./types.js";
import {
  MARKET,
  TWINS,
  UNIT,
  blocksOf,
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  forks,
  present,
  setPrice,
  shortfallOnBoth,
  signOrder,
  type Role,
  type SignedOrder,
  type World,
} from "./world.js";

const TRADERS = ["alice", "bob", "carol", "dave", "erin"] as const satisfies readonly Role[];
const ANCHOR_DEPTH = 2;
/** The age up to which every order is signed, in blocks. */
const MAX_AGE = 400n;

export interface SoakOptions {
  /** How many blocks the chain grows by, at least. */
  blocks: number;
  /** Everything random follows from it. */
  seed: number;
}

export interface SoakCounts {
  blocks: bigint;
  executed: number;
  /** Ids of the orders that the guarded twin filled. */
  filled: string[];
  closed: number;
  /** Of the exchange's own rules, that the twin without a guard applies as well. */
  refusedByBoth: number;
  /** Legal trades that the guard stood in the way of. The promise is zero. */
  blocked: { order: SignedOrder; says: string }[];
  /** What the guarded twin let through and the unguarded did not; the two differ in the guard alone, so this is zero. */
  onlyGuarded: number;
  reorgs: number;
  /** Transactions that a reorg dropped and the new branch refused. */
  lostInReorgs: number;
  longestQuiet: number;
}

/**
 * Trades at random on a healthy chain: quiet for long stretches, and with reorgs no deeper than the anchors. Whether a trade is legal says
 * the unguarded twin, which has every rule of the exchange and no guard.
 */
export async function soak(
  options: SoakOptions,
  progress: (text: string) => void,
): Promise<{ counts: SoakCounts; world: World }> {
  const random = generator(options.seed);
  const chain = await forks.create({ name: "healthy" });
  const world = await connect(
    chain,
    await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: 1_000_000n * UNIT }),
  );
  for (const trader of TRADERS) await depositOnBoth(world, trader, 10_000n * UNIT);
  const start = chain.head.number;
  const counts: SoakCounts = {
    blocks: 0n,
    executed: 0,
    filled: [],
    closed: 0,
    refusedByBoth: 0,
    blocked: [],
    onlyGuarded: 0,
    reorgs: 0,
    lostInReorgs: 0,
    longestQuiet: 0,
  };
  let price = 2_000n * UNIT;
  let nonce = 0n;

  while (chain.head.number - start < BigInt(options.blocks)) {
    progress(
      `${chain.head.number - start} of ${options.blocks} blocks, ${counts.executed} orders executed, ${counts.blocked.length} blocked`,
    );
    const dice = random();
    if (dice < 0.03) {
      const quiet = 20 + Math.floor(random() * 280);
      await chain.mine(quiet);
      counts.longestQuiet = Math.max(counts.longestQuiet, quiet);
    } else if (dice < 0.15) {
      price = (price * BigInt(9_950 + Math.floor(random() * 101))) / 10_000n;
      await setPrice(world, price);
    } else if (dice < 0.22) {
      const trader = pick(random, TRADERS);
      for (const twin of TWINS) await exchange(world, twin, trader).close(MARKET);
      counts.closed += 1;
    } else {
      await trade(world, random, price, nonce++, counts);
    }
  }
  counts.blocks = chain.head.number - start;
  return { counts, world };
}

/** One order: signed, left waiting for a while in which the head may be reorganised, and presented to both twins. */
async function trade(
  world: World,
  random: () => number,
  price: bigint,
  nonce: bigint,
  counts: SoakCounts,
): Promise<void> {
  const { chain } = world;
  const trader = pick(random, TRADERS);
  const size = (BigInt(Math.floor(random() * 2_000)) - 1_000n) * (UNIT / 100n);
  const buys = size > 0n;
  const limitPrice = buys ? (price * 102n) / 100n : (price * 98n) / 100n;
  const anchor = await latestAnchor(chain.request, { depth: ANCHOR_DEPTH });
  const terms = { size, limitPrice, anchor, maxAge: MAX_AGE, nonce };
  const orders = {
    unguarded: await signOrder(world, "unguarded", trader, terms),
    guarded: await signOrder(world, "guarded", trader, terms),
  };

  const reorgDepth = random() < 0.15 ? 1 + Math.floor(random() * ANCHOR_DEPTH) : 0;
  if (reorgDepth > 0) {
    const { rejected } = await chain.reorg({ depth: reorgDepth, seed: `soak ${nonce}` });
    counts.reorgs += 1;
    counts.lostInReorgs += rejected.length;
  }
  await chain.mine(waitingTime(random()));

  const unguarded = await present(world, "unguarded", orders.unguarded);
  const guarded = await present(world, "guarded", orders.guarded);
  if (guarded.executed) counts.filled.push(await exchange(world, "guarded", trader).orderId(orders.guarded.order));
  if (unguarded.executed && guarded.executed) counts.executed += 1;
  else if (!unguarded.executed && !guarded.executed) counts.refusedByBoth += 1;
  else if (unguarded.executed) counts.blocked.push({ order: orders.guarded, says: guarded.says });
  else counts.onlyGuarded += 1;
}

/**
 * How many blocks an order waits: mostly none, sometimes a few, and now and then longer than BLOCKHASH reaches, so that EIP-2935 answers. The
 * two presentations take a block each, and no order waits beyond its age.
 */
function waitingTime(dice: number): number {
  if (dice < 0.8) return 0;
  if (dice < 0.97) return Math.floor(((dice - 0.8) / 0.17) * 40);
  return 257 + Math.floor(((dice - 0.97) / 0.03) * (Number(MAX_AGE) - 257 - ANCHOR_DEPTH - 4));
}

/** The soak as a chapter of the demo; the test runs it with a seed of its own and more to assert. */
export function healthySoak(options: SoakOptions = { blocks: 2_000, seed: 20_260_101 }): Scenario {
  return {
    id: "healthy-soak",
    title: "A healthy chain: nothing legal is blocked",
    incident:
      "Synthetic: thousands of blocks of random legal trading, with long quiet stretches and reorgs no deeper than the anchors.",

    async run(progress) {
      const { counts, world } = await soak(options, progress);
      const { chain } = world;
      const badDebt = await shortfallOnBoth(world, TRADERS);
      const branches = [
        { name: "healthy", fate: "canonical" as const, blocks: blocksOf(chain, chain.head.number - 6n) },
      ];
      await chain.close();
      return {
        branches,
        actions: [],
        badDebt: { ...badDebt, unit: "TUSD", decimals: 18 },
        notes: [
          `Seed ${options.seed}: ${counts.blocks} blocks, the longest quiet stretch ${counts.longestQuiet}, ${counts.reorgs} reorgs of one or two blocks.`,
          `${counts.executed} orders executed by both twins, ${counts.closed} positions closed, ${counts.refusedByBoth} orders refused by both (margin).`,
          `${counts.blocked.length} legal trades blocked by the guard.`,
        ],
      };
    },
  };
}

function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Mulberry32: a small generator with a 32-bit state, so that a seed replays a run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
