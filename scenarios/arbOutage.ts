import { latestAnchor } from "../src/actions/latestAnchor.js";
import { ARB_SYS, installAt } from "../tools/sources/install.js";
import { OrbitPerps__factory } from "../typechain-types/index.js";
import { Story, equityAt, statusOf, timeOf, timedBlocksOf } from "./continuity.js";
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
  fund,
  presentOnBoth,
  setPrice,
  signOnBoth,
  type Role,
  type World,
} from "./world.js";

const OUTAGE = 78 * 60; // seconds
/** Arbitrum Sepolia, of which no block time is listed. */
const CHAIN_ID = 421_614;
/** Seconds, on the longest average by which the exchange is configured. */
const SLOWEST_BLOCK_TIME = 2.5;
const PRICE = 2_000n * UNIT;
const FALLEN = 1_840n * UNIT;
const TOP_UP = 500n * UNIT;
/** The age up to which Dave means his order, in blocks. */
const MAX_AGE = 240n;

/**
 * At 1,840 Alice, Erin and Frank are at 97.82% of their maintenance margin and Bob is at 43.47%.
 * Carol has gained 800.
 */
const POSITIONS: readonly { role: Role; margin: bigint; size: bigint }[] = [
  { role: "alice", margin: 2_500n * UNIT, size: 10n * UNIT },
  { role: "bob", margin: 2_000n * UNIT, size: 10n * UNIT },
  { role: "carol", margin: 5_000n * UNIT, size: -5n * UNIT },
  { role: "erin", margin: 2_500n * UNIT, size: 10n * UNIT },
  { role: "frank", margin: 2_500n * UNIT, size: 10n * UNIT },
];

/** The chain stands still, the price moves, and the first blocks after it belong to the liquidators. */
export const arbOutage: Scenario = {
  id: "arb-outage",
  title: "The first block after 78 minutes",
  incident:
    "On 15 December 2023 Arbitrum One stood still for 78 minutes. Without blocks nobody can top up, and with the first ones everybody is late at once. Here the exchange lives through such an outage on an Arbitrum chain with a block every two seconds: ArbSys tells it heights and hashes.",

  async run(progress) {
    const world = await createArbitrum();
    const { chain } = world;
    for (const { role, margin, size } of POSITIONS) {
      await depositOnBoth(world, role, margin);
      const terms = { size, limitPrice: PRICE, maxAge: 384n, anchor: await latestAnchor(chain.request) };
      await presentOnBoth(world, await signOnBoth(world, role, terms));
    }
    await fund(world, "alice", TOP_UP);
    await depositOnBoth(world, "dave", 5_000n * UNIT);
    await chain.mine(60);
    const signedAt = chain.head;
    const sale = { size: -UNIT, limitPrice: 1_800n * UNIT, maxAge: MAX_AGE };
    const early = await signOnBoth(world, "dave", { ...sale, anchor: await latestAnchor(chain.request) });

    progress("no block for 78 minutes; the price falls meanwhile");
    const last = chain.head;
    const fallen = { price: FALLEN, since: last.number };
    const story = new Story(world);
    await chain.stall({ seconds: OUTAGE });
    await setPrice(world, FALLEN);
    story.event("price 1,840");

    progress("blocks again");
    await story.liquidate("A keeper liquidates Alice at once", "alice", fallen);
    await story.liquidate("A keeper liquidates Bob, whom nothing can save", "bob", fallen);
    await story.call(
      "alice",
      "Alice tops up",
      { legal: true, because: "a deposit makes every position safer." },
      (contract) => contract.deposit(MARKET, TOP_UP),
      `Added ${ether(TOP_UP)} to her margin.`,
    );
    const age = (await timeOf(chain)) - (await timeOf(chain, early.guarded.order.anchor.number));
    const meant = Number(MAX_AGE) * SLOWEST_BLOCK_TIME;
    await story.present(
      "A keeper executes the sale that Dave signed before the outage",
      {
        legal: age <= meant,
        because: `Dave meant it for ${MAX_AGE} blocks, ${meant / 60} minutes at the slowest; it is ${Math.floor(age / 60)} minutes old, and only its blocks are few.`,
      },
      early,
      signedAt,
    );
    await story.call(
      "carol",
      "Carol closes her short, with a profit of 800",
      { legal: true, because: "a close makes every position safer." },
      (contract) => contract.close(MARKET),
      {
        unguarded: "Closed at the index price, and the profit added to her margin.",
        guarded: "Closed at the index price, and the profit kept for her.",
      },
    );
    const escrowed = await exchange(world, "guarded", "carol").escrowedProfit(MARKET, world.signers.carol);
    await story.call(
      "carol",
      "Carol takes the profit out at once",
      {
        legal: false,
        because: "the price that made it is the first after 78 minutes, and nobody could trade against it yet.",
      },
      (contract) => contract.withdraw(MARKET, 5_800n * UNIT),
      "Paid out 5,800.",
    );

    progress("ten minutes later: the grace");
    await chain.mine(330, { history: "at-end" });
    story.event(await statusOf(world));
    await story.liquidate("A keeper liquidates Frank in the grace", "frank", fallen);
    await story.call(
      "carol",
      "Carol claims what was kept of her profit",
      { legal: true, because: "blocks have come for more than ten minutes, and the price has stood." },
      (contract) => contract.claimProfit(MARKET),
      { unguarded: "There was nothing to claim.", guarded: "Added what was kept to her margin." },
    );
    const claimed = (await exchange(world, "guarded", "carol").accounts(world.signers.carol, MARKET)).margin;
    const signedAfter = chain.head;
    await story.present(
      "Dave signs his sale anew",
      { legal: true, because: "he has seen the price at which he sells." },
      await signOnBoth(world, "dave", { ...sale, nonce: 1n, anchor: await latestAnchor(chain.request) }),
      signedAfter,
    );

    progress("half an hour later: as before");
    await chain.mine(900, { history: "at-end" });
    story.event(await statusOf(world));
    await story.liquidate("A keeper liquidates Erin, who has not topped up", "erin", fallen);

    progress("the price comes back");
    await setPrice(world, PRICE);
    story.event("price 2,000");
    const lostBy = async (twin: "unguarded" | "guarded"): Promise<bigint> =>
      2_500n * UNIT + TOP_UP - (await equityAt(world, twin, "alice", PRICE));
    const badDebt = { unguarded: await lostBy("unguarded"), guarded: await lostBy("guarded") };
    const branches = [
      { name: chain.name, fate: "canonical" as const, blocks: await timedBlocksOf(chain, last.number - 3n) },
    ];
    await chain.close();
    return {
      branches,
      actions: story.steps,
      events: story.events,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "What Alice lost when the price had come back" },
      measured: { escrowed, claimed },
      notes: [
        "Alice's order of events is the same on both exchanges. With the guard her top-up of 500 came in time; without it she had no position left to save.",
        `Of Carol's close ${ether(escrowed)} were kept, and paid ten minutes later.`,
        "What the guard cannot see: blocks that come faster than the slowest are credit until the market is used again. With blocks of 2 s and a slowest of 2.5 s, an outage of 25 minutes after a quiet hour shows no gap. Any call that succeeds renews the heartbeat, and anybody may poke.",
      ],
    };
  },
};

/** A chain on which ArbSys tells heights and hashes, and the exchanges there. */
async function createArbitrum(): Promise<World> {
  const chain = await forks.create({ name: "arbitrum", chainId: CHAIN_ID, blockTime: 2, history: "storage" });
  await installAt(chain, ARB_SYS, "ArbSysStandIn");
  const setup = { price: PRICE, liquidity: 100_000n * UNIT, guarded: OrbitPerps__factory };
  return connect(chain, await deployExchanges(chain, setup));
}
