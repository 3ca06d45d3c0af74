import { latestAnchor } from "../src/actions/latestAnchor.js";
import { Story, equityAt, statusOf, timedBlocksOf, type Judgement } from "./continuity.js";
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
  type Twin,
  type World,
} from "./world.js";

const OUTAGE = 8 * 3_600; // seconds
const BEFORE = 1_900n * UNIT;
/** What the feed said last, and says again when it comes back. */
const STALE = 2_000n * UNIT;
/** What the world says meanwhile. */
const FRESH = 1_700n * UNIT;
const SALE = -40n * UNIT;

/** Bob is at 97% of his maintenance margin at 2,000; Carol and Dave are at 96.47% at 1,700. */
const POSITIONS: readonly { role: Role; margin: bigint; size: bigint }[] = [
  { role: "bob", margin: 1_970n * UNIT, size: -10n * UNIT },
  { role: "carol", margin: 2_820n * UNIT, size: 10n * UNIT },
  { role: "dave", margin: 2_820n * UNIT, size: 10n * UNIT },
];
const ERINS_MARGIN = 10_000n * UNIT;

/** A chain comes back with the prices of the day before: whoever knows today's takes the difference. */
export const staleResume: Scenario = {
  id: "stale-resume",
  title: "Back, with yesterday's prices",
  incident:
    "On 10 October 2025 dYdX Chain halted for about eight hours, and its validators restarted with stale oracle sidecars. The claims that followed: 27, for 462,097.79 dollars.",

  async run(progress) {
    const chain = await forks.create({ name: "chain" });
    const world = await connect(chain, await deployExchanges(chain, { price: BEFORE, liquidity: 100_000n * UNIT }));
    for (const { role, margin, size } of POSITIONS) {
      await depositOnBoth(world, role, margin);
      const terms = { size, limitPrice: BEFORE, maxAge: 64n, anchor: await latestAnchor(chain.request) };
      await presentOnBoth(world, await signOnBoth(world, role, terms));
    }
    await depositOnBoth(world, "erin", ERINS_MARGIN);
    await chain.mine(10);
    await setPrice(world, STALE);
    const story = new Story(world);
    story.event("price 2,000");

    progress("no block for eight hours; the world's price falls to 1,700");
    const last = chain.head;
    await chain.stall({ seconds: OUTAGE });
    await setPrice(world, STALE);
    story.event("price 2,000 again");

    progress("blocks again, at the old price");
    const sell = async (name: string, nonce: bigint): Promise<void> => {
      const terms = { size: SALE, limitPrice: FRESH, maxAge: 64n, nonce };
      const orders = await signOnBoth(world, "erin", { ...terms, anchor: await latestAnchor(chain.request) });
      await story.present(name, await judgePrice(world, FRESH), orders, chain.head);
    };
    await sell("Erin, who knows the world's price, sells 40 at the old one", 0n);
    await story.liquidate("A keeper liquidates Bob, whom the old price makes insolvent", "bob", {
      price: FRESH,
      since: last.number,
    });
    // Anybody may write down what the chain shows.
    await exchange(world, "guarded", "keeper").poke(MARKET);

    progress("the feed is fresh again");
    await chain.mine(20);
    const refreshed = chain.head;
    await setPrice(world, FRESH);
    story.event("price 1,700");
    await exchange(world, "unguarded", "erin").close(MARKET);
    const taken = async (twin: Twin): Promise<bigint> => {
      // Had nothing happened at the old price, Erin would have what she posted, and Bob what his short is worth.
      const bobs = 1_970n * UNIT + 10n * (BEFORE - FRESH);
      return (
        positive((await equityAt(world, twin, "erin", FRESH)) - ERINS_MARGIN) +
        positive(bobs - (await equityAt(world, twin, "bob", FRESH)))
      );
    };
    const badDebt = { unguarded: await taken("unguarded"), guarded: await taken("guarded") };
    const fresh = { price: FRESH, since: refreshed.number };
    await story.liquidate("A keeper liquidates Carol, whom the fresh price makes insolvent", "carol", fresh);

    progress("ten minutes after the first block: the grace");
    await chain.mine(35);
    story.event(await statusOf(world));
    await sell("Erin sells 40 at the fresh price", 1n);

    progress("half an hour later: as before");
    await chain.mine(150);
    story.event(await statusOf(world));
    await story.liquidate("A keeper liquidates Dave, who has not topped up", "dave", fresh);

    const branches = [
      { name: "chain", fate: "canonical" as const, blocks: await timedBlocksOf(chain, last.number - 3n) },
    ];
    await chain.close();
    return {
      branches,
      actions: story.steps,
      events: story.events,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Taken from the pool and from Bob at the old price" },
      notes: [
        "The anchor of Erin's first sale is a block of the right chain, and recent if one counts blocks: only the standstill tells that something is wrong.",
        `Bob's short was worth ${ether(3_970n * UNIT)} at the world's price when the old one closed it.`,
        "The guard gives a feed ten minutes to come back before anything opens; it does not read how old a price is. An account that the old price shows below 95% would have been liquidated: whose feed can be wrong by that much adds a view of its own.",
      ],
    };
  },
};

/** An oracle that knows the world's price. */
async function judgePrice(world: World, price: bigint): Promise<Judgement> {
  const index = await exchange(world, "guarded", "deployer").indexPrice(MARKET);
  return {
    legal: index === price,
    because: `the exchange trades at ${ether(index)}, and the world at ${ether(price)}.`,
  };
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
