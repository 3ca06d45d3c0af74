import { latestAnchor } from "../src/actions/latestAnchor.js";
import { toQuantity } from "../src/core/bytes.js";
import { ACTIONS } from "../src/policy/policy.js";
import { Story, equityAt, timedBlocksOf, type Judgement } from "./continuity.js";
import type { Scenario } from "./types.js";
import {
  MARKET,
  UNIT,
  connect,
  deployExchanges,
  depositOnBoth,
  ether,
  exchange,
  forks,
  presentOnBoth,
  setPrice,
  signOnBoth,
  type World,
} from "./world.js";

/** The market's gap, in seconds: the outages are around it, the first above. */
const GAP = 900;
const OUTAGES = [1_000, 860] as const; // seconds
/** Blocks of 12 s between two outages. They last less than the ten minutes of Stale, and less than the grace after it. */
const SHORT = 40;
const LONG = 100;
/** While there are blocks the market is used every four minutes, in blocks. Between two uses, blocks that come faster than the slowest are credit. */
const HEARTBEAT = 20;

/** Outages in which Erin trades; and as many after them as make more than a day. */
const TRADED = 8;
const UNTRADED = 100;
/** Outages with `LONG` between them. */
const SPACED = 4;

const PRICES = [2_000n * UNIT, 2_060n * UNIT] as const;
const SIZE = 10n * UNIT;
const MARGIN = 20_000n * UNIT;

/** Outages around the threshold, again and again: the guard makes up its mind once. */
export const flapping: Scenario = {
  id: "flapping",
  title: "On, off, on, off",
  incident:
    "Synthetic: a chain that comes back for some minutes and goes again, for more than a day. With every return the price is one outage old. A guard that opened with the first block would be worth nothing, and one that closed the exits for as long would be worse: they stay open, and profits wait.",

  async run(progress) {
    const chain = await forks.create({ name: "chain", history: "storage" });
    const world = await connect(chain, await deployExchanges(chain, { price: PRICES[0], liquidity: 100_000n * UNIT }));
    for (const role of ["erin", "carol"] as const) await depositOnBoth(world, role, MARGIN);
    const story = new Story(world);
    let nonce = 0n;
    const order = async (size: bigint) => {
      const limitPrice = size > 0n ? 3_000n * UNIT : 1_000n * UNIT;
      const anchor = await latestAnchor(chain.request);
      return signOnBoth(world, "erin", { size, limitPrice, maxAge: 64n, anchor, nonce: nonce++ });
    };
    const opening = { size: 5n * UNIT, limitPrice: PRICES[0], maxAge: 64n, anchor: await latestAnchor(chain.request) };
    await presentOnBoth(world, await signOnBoth(world, "carol", opening));
    /** Writes down what the chain shows: so does every call that succeeds, and anybody may. */
    const poke = async (): Promise<void> => {
      await exchange(world, "guarded", "keeper").poke(MARKET);
    };
    const live = async (blocks: number): Promise<void> => {
      for (let left = blocks; left > 0; left -= HEARTBEAT) {
        await chain.mine(Math.min(left, HEARTBEAT) - 1);
        await poke();
      }
    };
    await live(HEARTBEAT);
    const start = chain.head.number;

    progress(`${TRADED} outages, with eight minutes of blocks after each`);
    let outages = 0;
    let refused = 0;
    const standStill = async (): Promise<void> => {
      await chain.stall({ seconds: OUTAGES[outages++ % 2] ?? GAP });
    };
    for (let i = 0; i < TRADED; i++) {
      const [index, worlds] = [PRICES[i % 2] ?? 0n, PRICES[(i + 1) % 2] ?? 0n];
      await standStill();
      await chain.mine();
      const back = chain.head.number;
      const orders = await order(worlds > index ? SIZE : -SIZE);
      const isDrawn = i === 0 || i === TRADED - 1;
      const outcomes = isDrawn
        ? await story.present(
            `Erin trades on the old price after outage ${i + 1}`,
            judgePrice(index, worlds),
            orders,
            chain.head,
          )
        : await presentOnBoth(world, orders);
      if (!outcomes.guarded.executed) refused += 1;
      await poke();
      await setPrice(world, worlds);
      await exchange(world, "unguarded", "erin").close(MARKET);
      if (i === 0) {
        await story.call(
          "carol",
          "Carol closes her long, with a profit of 300",
          { legal: true, because: "a close makes every position safer." },
          (perps) => perps.close(MARKET),
          {
            unguarded: "Closed at the index price, and the profit added to her margin.",
            guarded: "Closed at the index price, and the profit kept for her.",
          },
        );
      }
      await live(SHORT - Number(chain.head.number - back));
    }
    const erins = async (twin: "unguarded" | "guarded"): Promise<bigint> =>
      (await equityAt(world, twin, "erin", PRICES[0])) - MARGIN;
    const badDebt = { unguarded: await erins("unguarded"), guarded: await erins("guarded") };
    const traded = chain.head.number;

    progress(`${UNTRADED} outages more, for more than a day`);
    const middle: Word[] = [];
    for (let i = 0; i < UNTRADED; i++) {
      await standStill();
      await chain.mine();
      middle.push(await assessAt(world, chain.head.number));
      await poke();
      await live(SHORT - 2);
      // Between two outages a status only gets better: its first and its last word say all.
      middle.push(await assessAt(world, chain.head.number));
    }
    story.event("still Stale, exits open");

    progress(`${SPACED} outages, with twenty minutes of blocks after each`);
    const spaced = chain.head.number;
    let recorded = 0n;
    for (let i = 0; i < SPACED; i++) {
      outages++;
      await chain.stall({ seconds: OUTAGES[0] });
      await chain.mine();
      await poke();
      recorded = chain.head.number;
      await live(LONG - 2);
    }
    await story.present(
      "Erin trades at the world's price, after twenty minutes of blocks",
      judgePrice(PRICES[0], PRICES[0]),
      await order(SIZE),
      chain.head,
    );
    await story.call(
      "carol",
      "Carol claims what was kept of her profit",
      { legal: true, because: "the market is no longer Stale, and its price is the world's." },
      (perps) => perps.claimProfit(MARKET),
      { unguarded: "There was nothing to claim.", guarded: "Added what was kept to her margin." },
    );
    progress("no outage any more");
    await live(150);
    const end = chain.head.number;

    progress("the guard's word at every block");
    const blocks = await timedBlocksOf(chain, start);
    const timeAt = (number: bigint): number => blocks[Number(number - start)]?.time ?? 0;
    const pauses = blocks.slice(1).map(({ time = 0 }, i) => time - (blocks[i]?.time ?? 0));
    const words = [
      ...(await wordsBetween(world, start, traded)),
      ...middle,
      ...(await wordsBetween(world, spaced, end)),
    ];
    let changes = 0;
    for (const [i, word] of words.entries()) if (i > 0 && word.status !== words[i - 1]?.status) changes += 1;
    const opened = words.findIndex(({ number, increase }) => number > recorded && increase === 2n);
    const openedAfter = timeAt(words[opened]?.number ?? 0n) - timeAt(recorded);
    const openBetween = words.filter(({ number, increase }) => number > start && number <= spaced && increase !== 0n);
    const naive = 2 * pauses.filter((pause) => pause >= GAP).length;
    const closed = words.filter(({ decrease }) => decrease === 0n);
    const seconds = timeAt(spaced) - timeAt(start);
    await chain.close();
    return {
      branches: [{ name: "chain", fate: "canonical" as const, blocks }],
      actions: story.steps,
      events: story.events,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: `What Erin took in ${TRADED} outages` },
      measured: {
        outages: BigInt(outages),
        refused: BigInt(refused),
        changes: BigInt(changes),
        naive: BigInt(naive),
        openBetween: BigInt(openBetween.length),
        openedAfter: BigInt(openedAfter),
        closed: BigInt(closed.length),
        seconds: BigInt(seconds),
      },
      notes: [
        `${outages} outages of ${OUTAGES.join(" or ")} seconds around a threshold of ${GAP}, in ${blocks.length} blocks: the market's status changed ${changes} times. A guard that looks at the last pause alone would have changed ${naive} times.`,
        `${refused} of ${TRADED} trades on an old price were refused with the guard. Openings opened ${openedAfter} seconds after the last outage was recorded, and never in the eight minutes between two outages.`,
        `Closing was open at every one of these blocks. The profit of ${ether(300n * UNIT)} waited as long as the outages went on, ${(seconds / 3_600).toFixed(0)} hours, and was collateral meanwhile.`,
      ],
    };
  },
};

function judgePrice(index: bigint, worlds: bigint): Judgement {
  return {
    legal: index === worlds,
    because: `the exchange trades at ${ether(index)}, and the world at ${ether(worlds)}.`,
  };
}

/** What the guard says at the end of a block, as numbers of the contract's enums. */
interface Word {
  number: bigint;
  status: bigint;
  increase: bigint;
  decrease: bigint;
}

async function assessAt(world: World, number: bigint): Promise<Word> {
  const guarded = exchange(world, "guarded", "deployer");
  const at = { blockTag: toQuantity(number) };
  const [status] = await guarded.statusOf(MARKET, at);
  const [increase] = await guarded.preview(MARKET, ACTIONS.indexOf("Increase"), at);
  const [decrease] = await guarded.preview(MARKET, ACTIONS.indexOf("Decrease"), at);
  return { number, status, increase, decrease };
}

/** What the guard says at each block after `from` up to `to`. */
async function wordsBetween(world: World, from: bigint, to: bigint): Promise<Word[]> {
  const words: Word[] = [];
  for (let number = from; number <= to; number++) words.push(await assessAt(world, number));
  return words;
}
