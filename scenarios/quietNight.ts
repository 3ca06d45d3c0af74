import { latestAnchor } from "../src/actions/latestAnchor.js";
import { findStandstill } from "../src/actions/standstill.js";
import { STATUSES, type Status } from "../src/policy/policy.js";
import { Story, equityAt, statusOf, timeOf, timedBlocksOf, type Judgement } from "./continuity.js";
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
  type Role,
  type World,
} from "./world.js";

/** Nobody calls the exchange for eight hours of blocks of 12 s. */
const NIGHT = 2_400; // blocks
/** Below what such a night hides, and above it, in seconds. */
const OUTAGE = 3_600;
const LONGER = 7_200;

const BEFORE = 1_900n * UNIT;
const STALE = 2_000n * UNIT;
const FRESH = 1_700n * UNIT;
const SALE = -40n * UNIT;
const ERINS_MARGIN = 10_000n * UNIT;

/** Bob is at 97% of his maintenance margin at 2,000; Dave is at 96.47% at 1,700. */
const POSITIONS: readonly { role: Role; margin: bigint; size: bigint }[] = [
  { role: "bob", margin: 1_970n * UNIT, size: -10n * UNIT },
  { role: "dave", margin: 2_820n * UNIT, size: 10n * UNIT },
];

/** A market that nobody called for a night does not notice an hour without blocks: whoever saw it proves it. */
export const quietNight: Scenario = {
  id: "quiet-night",
  title: "Nobody looked",
  incident:
    "Synthetic: a market that nobody trades for a night, and a chain that stands still for an hour at its end. What is known of the chain is eight hours old, and its blocks since then leave slack for more than that hour.",

  async run(progress) {
    const { chain, world } = await market();
    const story = new Story(world);
    progress(`${NIGHT} blocks without a call, then an hour without blocks; the world's price falls to 1,700`);
    const quiet = await timeOf(chain);
    await chain.mine(NIGHT);
    const hidden = await hiddenAfter(world, (await timeOf(chain)) - quiet);
    const last = chain.head;
    await chain.stall({ seconds: OUTAGE });
    await chain.mine();
    const before = await statusOf(world);
    story.event(`${before}: nobody looked`);

    progress("two headers prove the hour");
    await chain.mine();
    const standstill = await findStandstill(chain.request, { gap: 900 });
    if (standstill === undefined) throw new RangeError("an hour without blocks was not found");
    await exchange(world, "guarded", "keeper").proveStandstill(MARKET, standstill.anchor, standstill.headers);
    const after = await statusOf(world);
    story.event(`${after}: proven`);

    const sell = async (name: string, nonce: bigint): Promise<void> => {
      const terms = { size: SALE, limitPrice: FRESH, maxAge: 64n, nonce };
      const orders = await signOnBoth(world, "erin", { ...terms, anchor: await latestAnchor(chain.request) });
      await story.present(name, await judgePrice(world, FRESH), orders, chain.head);
    };
    await sell("Erin sells 40 at the price of the night", 0n);
    const old = { price: FRESH, since: last.number };
    await story.liquidate("A keeper liquidates Bob, whom the old price makes insolvent", "bob", old);

    progress("the feed is fresh again");
    await chain.mine(20);
    const refreshed = chain.head;
    await setPrice(world, FRESH);
    story.event("price 1,700");
    await exchange(world, "unguarded", "erin").close(MARKET);
    const taken = async (twin: "unguarded" | "guarded"): Promise<bigint> => {
      const gain = (await equityAt(world, twin, "erin", FRESH)) - ERINS_MARGIN;
      return gain > 0n ? gain : 0n;
    };
    const badDebt = { unguarded: await taken("unguarded"), guarded: await taken("guarded") };

    progress("after Stale and the grace: as before");
    await chain.mine(35);
    await sell("Erin sells 40 at the fresh price", 1n);
    await chain.mine(150);
    story.event(await statusOf(world));
    const fresh = { price: FRESH, since: refreshed.number };
    await story.liquidate("A keeper liquidates Dave, who has not topped up", "dave", fresh);
    const blocks = await timedBlocksOf(chain, last.number - 3n);
    await chain.close();

    progress("two hours are more than the night hides");
    const longer = await statusAfter(LONGER);
    return {
      branches: [{ name: "chain", fate: "canonical" as const, blocks }],
      actions: story.steps,
      events: story.events,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "What Erin took at the old price" },
      measured: {
        hidden: BigInt(hidden),
        outage: BigInt(OUTAGE),
        before: BigInt(STATUSES.indexOf(before)),
        after: BigInt(STATUSES.indexOf(after)),
        longer: BigInt(STATUSES.indexOf(longer)),
      },
      notes: [
        `After eight quiet hours an outage of up to ${hidden} seconds is not seen by who looks first: the gap of 900, and an eighth of the quiet. A poke before it, or trades, make it 928.`,
        `The proof is two headers of consecutive blocks whose times are ${standstill.apart} seconds apart. Anybody may bring it, for 8,191 blocks, once.`,
        `After two hours without blocks the same market was ${longer} without a proof.`,
      ],
    };
  },
};

async function market() {
  const chain = await forks.create({ name: "chain", history: "storage" });
  const world = await connect(chain, await deployExchanges(chain, { price: BEFORE, liquidity: 100_000n * UNIT }));
  for (const { role, margin, size } of POSITIONS) {
    await depositOnBoth(world, role, margin);
    const terms = { size, limitPrice: BEFORE, maxAge: 64n, anchor: await latestAnchor(chain.request) };
    await presentOnBoth(world, await signOnBoth(world, role, terms));
  }
  await depositOnBoth(world, "erin", ERINS_MARGIN);
  await setPrice(world, STALE);
  return { chain, world };
}

/** The status in the first block after a quiet night and an outage. */
async function statusAfter(outage: number): Promise<Status> {
  const { chain, world } = await market();
  await chain.mine(NIGHT);
  await chain.stall({ seconds: outage });
  await chain.mine();
  const status = await statusOf(world);
  await chain.close();
  return status;
}

/** Seconds of the longest outage that quiet hides, by the market's configuration. */
async function hiddenAfter(world: World, quiet: number): Promise<number> {
  const { gap, blockTime, longestBlockTime } = await exchange(world, "guarded", "keeper").configOf(MARKET);
  return Number(gap) + Math.floor(quiet * (Number(longestBlockTime) / Number(blockTime) - 1));
}

/** An oracle that knows the world's price. */
async function judgePrice(world: World, price: bigint): Promise<Judgement> {
  const index = await exchange(world, "guarded", "deployer").indexPrice(MARKET);
  return {
    legal: index === price,
    because: `the exchange trades at ${ether(index)}, and the world at ${ether(price)}.`,
  };
}
