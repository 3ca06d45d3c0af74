import { latestAnchor } from "../src/actions/latestAnchor.js";
import { toQuantity } from "../src/core/bytes.js";
import { ACTIONS, VERDICTS } from "../src/policy/policy.js";
import { callBoth, timeOf, type Call } from "./continuity.js";
import type { Outcome, Scenario } from "./types.js";
import {
  MARKET,
  UNIT,
  blocksOf,
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  forks,
  fund,
  presentOnBoth,
  setPrice,
  shortfallOnBoth,
  signOnBoth,
  type Role,
  type SignedOrder,
  type Twin,
  type World,
} from "./world.js";

const PRICE = 2_000n * UNIT;
const INVESTORS = ["alice", "bob", "carol", "dave", "erin"] as const satisfies readonly Role[];
/** Trades with all that his margin carries, and is liquidated now and then. */
const GAMBLER = "frank" satisfies Role;
const TRADERS = [...INVESTORS, GAMBLER] as const;
const ANCHOR_DEPTH = 2;
/** How often the market turns on the gambler, in blocks: by chance alone, one run in many would liquidate nobody. */
const LOSING_STREAK_EVERY = 2_000;
/** The age up to which every order is signed, in blocks. */
const MAX_AGE = 400n;
/** What is open to a user of the exchange. It neither settles nor has funding: those two are asked of the guard alone, with the others. */
const KINDS = ["deposit", "withdraw", "increase", "decrease", "close", "cancel", "liquidate"] as const;
export type Kind = (typeof KINDS)[number];

export interface SoakOptions {
  /** How many blocks the chain grows by, at least. */
  blocks: number;
  /** Everything random follows from it. */
  seed: number;
}

export interface SoakCounts {
  blocks: bigint;
  /** Chain time, in seconds. */
  seconds: number;
  /** What took effect on both twins, by kind. */
  executed: Record<Kind, number>;
  /** Ids of the orders that the guarded twin filled. */
  filled: string[];
  /** Of the exchange's own rules, that the twin without a guard applies as well. */
  refusedByBoth: number;
  /** Legal actions that the guard stood in the way of, and actions of any kind that it would have. The promise is zero. */
  blocked: string[];
  /**
   * What the guarded twin let through and the unguarded did not. The two differ in the guard alone,
   * so this is zero.
   */
  onlyGuarded: number;
  /** How often the guard was asked about all eight actions. */
  asked: number;
  reorgs: number;
  /** Transactions that a reorg dropped and the new branch refused. */
  lostInReorgs: number;
  /** The longest stretch of blocks in which nobody did anything. */
  longestQuiet: number;
  quietSeconds: number;
}

/**
 * Random legal trading on a healthy chain. No reorg is deeper than the anchors, and slots are
 * missed as they are on Ethereum. Quiet stretches last for hours. The oracle is the twin without a
 * guard,
 * and the age that each order was signed for.
 */
export async function soak(
  options: SoakOptions,
  progress: (text: string) => void,
): Promise<{ counts: SoakCounts; world: World }> {
  const random = generator(options.seed);
  const chain = await forks.create({ name: "healthy", history: "storage" });
  const world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: 1_000_000n * UNIT }));
  for (const trader of TRADERS) {
    await fund(world, trader, 100_000n * UNIT);
    await depositOnBoth(world, trader, trader === GAMBLER ? 1_000n * UNIT : 10_000n * UNIT);
  }
  const run = new Soak(world, random);
  const start = { number: chain.head.number, time: await timeOf(chain) };
  let told = 0;
  let streaks = 0;
  const grown = (): number => Number(chain.head.number - start.number);
  // A little longer where a kind of use has not come up yet.
  const isPartial = (): boolean => KINDS.some((kind) => run.counts.executed[kind] === 0);
  while (grown() < options.blocks || (isPartial() && grown() < 2 * options.blocks)) {
    const thousands = Math.floor(grown() / 1_000);
    if (thousands !== told) progress(`${thousands},000 blocks, ${run.counts.blocked.length} actions blocked`);
    told = thousands;
    await run.next();
    if (grown() > streaks * LOSING_STREAK_EVERY) {
      streaks += 1;
      await run.losingStreak();
    }
  }
  run.counts.blocks = chain.head.number - start.number;
  run.counts.seconds = (await timeOf(chain)) - start.time;
  return { counts: run.counts, world };
}

/** One run of the soak. */
class Soak {
  readonly counts: SoakCounts = {
    blocks: 0n,
    seconds: 0,
    executed: Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>,
    filled: [],
    refusedByBoth: 0,
    blocked: [],
    onlyGuarded: 0,
    asked: 0,
    reorgs: 0,
    lostInReorgs: 0,
    longestQuiet: 0,
    quietSeconds: 0,
  };
  #price = PRICE;
  /** Up or down. */
  #trend = 1;
  #nonce = 0n;

  constructor(
    readonly world: World,
    readonly random: () => number,
  ) {}

  /** One thing happens. */
  async next(): Promise<void> {
    const { random } = this;
    const trader = pick(random, INVESTORS);
    const dice = random();
    if (dice < 0.05) await this.#quiet();
    else if (dice < 0.1) await this.#missSlots();
    else if (dice < 0.27) await this.#movePrice();
    else if (dice < 0.34) await this.#moveMargin("deposit", trader);
    else if (dice < 0.41) await this.#moveMargin("withdraw", trader);
    else if (dice < 0.46) await this.#both("close", trader, (perps) => perps.close(MARKET));
    else if (dice < 0.51) await this.#cancel(trader);
    else if (dice < 0.55) await this.#liquidate(trader);
    else if (dice < 0.57) await exchange(this.world, "guarded", "keeper").poke(MARKET);
    else if (dice < 0.67) await this.#gamble();
    else await this.#trade(trader);
  }

  /** The gambler opens with a margin of 1,000, and then holds on. */
  async #gamble(): Promise<void> {
    const { margin, size } = await exchange(this.world, "unguarded", GAMBLER).accounts(
      this.world.signers[GAMBLER],
      MARKET,
    );
    const missing = 1_000n * UNIT - margin;
    if (size === 0n && missing > 0n) await this.#both("deposit", GAMBLER, (perps) => perps.deposit(MARKET, missing));
    if (size === 0n) await this.#trade(GAMBLER);
  }

  /** The gambler starts anew, and the price goes against him, by three percent at a time, until he is liquidated. */
  async losingStreak(): Promise<void> {
    await this.#both("close", GAMBLER, (perps) => perps.close(MARKET));
    for (let tries = 0; tries < 5 && (await this.#sizeOf(GAMBLER)) === 0n; tries++) await this.#gamble();
    for (let size = await this.#sizeOf(GAMBLER); size !== 0n; size = await this.#sizeOf(GAMBLER)) {
      const worse = size > 0n ? -300n : 300n; // in parts of 10,000
      await this.#setPrice((this.#price * (10_000n + worse)) / 10_000n);
    }
  }

  async #sizeOf(trader: Role): Promise<bigint> {
    const { signers } = this.world;
    return (await exchange(this.world, "unguarded", "keeper").accounts(signers[trader], MARKET)).size;
  }

  /** Nobody does anything, for hours now and then. After that nothing may be denied: not even before anybody has used the market again. */
  async #quiet(): Promise<void> {
    const { counts, random } = this;
    const { chain } = this.world;
    const blocks = 50 + Math.floor(random() ** 3 * 1_000);
    const before = await timeOf(chain);
    // Every other stretch takes 13 s a block, as where every twelfth slot is empty.
    if (random() < 0.5) await chain.mine(blocks, { history: "at-end" });
    else await chain.request({ method: "hardhat_mine", params: [toQuantity(BigInt(blocks)), toQuantity(13n)] });
    counts.longestQuiet = Math.max(counts.longestQuiet, blocks);
    counts.quietSeconds += (await timeOf(chain)) - before;
    await this.#ask();
  }

  /** One to four slots in a row have no block. */
  async #missSlots(): Promise<void> {
    await this.world.chain.stall({ seconds: 24 + 12 * Math.floor(this.random() * 4) });
    await this.world.chain.mine();
    await this.#ask();
  }

  /**
   * By half a percent at the most, or by four. That is so much less than the initial margin that
   * keepers who look are in time.
   */
  async #movePrice(): Promise<void> {
    if (this.random() < 0.2) this.#trend = -this.#trend;
    const reach = this.random() < 0.5 ? 50 : 400; // in parts of 10,000
    await this.#setPrice((this.#price * BigInt(10_000 + this.#trend * Math.floor(this.random() * reach))) / 10_000n);
  }

  /** Keepers look at once. */
  async #setPrice(price: bigint): Promise<void> {
    this.#price = price;
    await setPrice(this.world, price);
    for (const trader of TRADERS) if (await this.#isInsolvent(trader)) await this.#liquidate(trader);
  }

  /** From the raw account: less is left than a twentieth of the position's worth. */
  async #isInsolvent(trader: Role): Promise<boolean> {
    const perps = exchange(this.world, "unguarded", "keeper");
    const { margin, size, entryPrice } = await perps.accounts(this.world.signers[trader], MARKET);
    const worth = (size * this.#price) / UNIT;
    return 20n * (margin + (size * (this.#price - entryPrice)) / UNIT) < (worth < 0n ? -worth : worth);
  }

  async #moveMargin(kind: "deposit" | "withdraw", trader: Role): Promise<void> {
    const amount = BigInt(1 + Math.floor(this.random() * 300)) * UNIT;
    await this.#both(kind, trader, (perps) => perps[kind](MARKET, amount));
  }

  async #liquidate(trader: Role): Promise<void> {
    if ((await this.#sizeOf(trader)) === 0n) return;
    await this.#both("liquidate", "keeper", (perps) => perps.liquidate(this.world.signers[trader], MARKET));
  }

  /** An order is signed and cancelled, and can no longer be filled. */
  async #cancel(trader: Role): Promise<void> {
    const orders = await this.#sign(trader);
    const on = async (twin: Twin): Promise<Outcome> => {
      const perps = exchange(this.world, twin, trader);
      await perps.cancel(orders[twin].order);
      return { executed: true, says: "" };
    };
    this.#count("cancel", { unguarded: await on("unguarded"), guarded: await on("guarded") });
  }

  /** One order: signed, left waiting for a while in which the head may be reorganised, and presented to both twins. */
  async #trade(trader: Role): Promise<void> {
    const { counts, random, world } = this;
    const orders = await this.#sign(trader);
    if (random() < 0.15) {
      const depth = 1 + Math.floor(random() * ANCHOR_DEPTH);
      const { rejected } = await world.chain.reorg({ depth, seed: `soak ${this.#nonce}` });
      counts.reorgs += 1;
      counts.lostInReorgs += rejected.length;
    }
    await world.chain.mine(waitingTime(random()), { history: "at-end" });

    const size = await this.#sizeOf(trader);
    const outcomes = await presentOnBoth(world, orders);
    const { guarded } = orders;
    const kind = isDecrease(size, guarded.order.size) ? "decrease" : "increase";
    if (outcomes.guarded.executed) counts.filled.push(await exchange(world, "guarded", trader).orderId(guarded.order));
    this.#count(kind, outcomes);
  }

  async #sign(trader: Role): Promise<Record<Twin, SignedOrder>> {
    const { random, world } = this;
    const hundredths = BigInt(trader === GAMBLER ? 750 + Math.floor(random() * 200) : Math.floor(random() * 1_000));
    // The gambler borrows up to nine and a half times his margin, the others a few times.
    const worth = (hundredths * (trader === GAMBLER ? 1_000n : 2_000n) * UNIT) / 100n;
    const size = ((random() < 0.5 ? -1n : 1n) * worth * UNIT) / this.#price;
    const limitPrice = size > 0n ? (this.#price * 102n) / 100n : (this.#price * 98n) / 100n;
    const anchor = await latestAnchor(world.chain.request, { depth: ANCHOR_DEPTH });
    return signOnBoth(world, trader, { size, limitPrice, anchor, maxAge: MAX_AGE, nonce: this.#nonce++ });
  }

  async #both(kind: Kind, role: Role, call: Call): Promise<void> {
    this.#count(kind, await callBoth(this.world, role, call, ""));
  }

  #count(kind: Kind, { unguarded, guarded }: Record<Twin, Outcome>): void {
    const { counts } = this;
    if (unguarded.executed && guarded.executed) counts.executed[kind] += 1;
    else if (!unguarded.executed && !guarded.executed && guarded.error === undefined) counts.refusedByBoth += 1;
    else if (guarded.executed) counts.onlyGuarded += 1;
    else counts.blocked.push(`${kind} at block ${this.world.chain.head.number}: ${guarded.says}`);
  }

  /** What the guard would say of every action, whether or not the exchange has it. */
  async #ask(): Promise<void> {
    const guarded = exchange(this.world, "guarded", "keeper");
    for (const [index, action] of ACTIONS.entries()) {
      const [verdict] = await guarded.preview(MARKET, index);
      if (VERDICTS[Number(verdict)] !== "Allow")
        this.counts.blocked.push(`${action} asked at block ${this.world.chain.head.number}`);
    }
    this.counts.asked += 1;
  }
}

/** Whether a trade leaves a position on its side and no larger. */
function isDecrease(position: bigint, size: bigint): boolean {
  const after = position + size;
  return position > 0n ? size < 0n && after >= 0n : position < 0n && size > 0n && after <= 0n;
}

/**
 * How many blocks an order waits: mostly none, sometimes a few. Now and then it waits longer than
 * BLOCKHASH reaches, so that EIP-2935 answers. The
 * two presentations take a block each, and no order waits beyond its age.
 */
function waitingTime(dice: number): number {
  if (dice < 0.8) return 0;
  if (dice < 0.97) return Math.floor(((dice - 0.8) / 0.17) * 40);
  return 257 + Math.floor(((dice - 0.97) / 0.03) * (Number(MAX_AGE) - 257 - ANCHOR_DEPTH - 4));
}

/**
 * The soak as a chapter of the demo. The test runs it with a seed of its own and more to assert.
 */
export function healthySoak(options: SoakOptions = { blocks: 10_000, seed: 20_260_101 }): Scenario {
  return {
    id: "healthy-soak",
    title: "A healthy chain: nothing legal is blocked",
    incident:
      "Synthetic: ten thousand blocks and days of random legal use of every kind, with missed slots, hours of quiet, and reorgs no deeper than the anchors.",

    async run(progress) {
      const { counts, world } = await soak(options, progress);
      const { chain } = world;
      const badDebt = await shortfallOnBoth(world, TRADERS);
      const branches = [
        { name: "healthy", fate: "canonical" as const, blocks: blocksOf(chain, chain.head.number - 6n) },
      ];
      await chain.close();
      const days = (seconds: number): string => (seconds / 86_400).toFixed(1);
      const executed = KINDS.map((kind) => `${counts.executed[kind]} ${kind}`).join(", ");
      return {
        branches,
        actions: [],
        badDebt: { ...badDebt, unit: "TUSD", decimals: 18 },
        notes: [
          `Seed ${options.seed}: ${counts.blocks} blocks in ${days(counts.seconds)} days, ${days(counts.quietSeconds)} of them quiet, the longest stretch ${counts.longestQuiet} blocks; ${counts.reorgs} reorgs of one or two blocks.`,
          `Executed by both twins: ${executed}. Refused by both, by rules that both have: ${counts.refusedByBoth}.`,
          `The guard was asked about all eight actions ${counts.asked} times, Settle and Fund among them, which this exchange does not have.`,
          `${counts.blocked.length} legal actions blocked by the guard.`,
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
