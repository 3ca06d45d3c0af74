import { latestAnchor } from "../src/actions/latestAnchor.js";
import type { Scenario } from "./types.js";
import {
  UNIT,
  blocksOf,
  connect,
  deployExchanges,
  depositOnBoth,
  ether,
  exchange,
  factsAt,
  forks,
  judge,
  MARKET,
  presentOnBoth,
  setPrice,
  shortfallOnBoth,
  signOnBoth,
  TWINS,
} from "./world.js";

const DEPTH = 157;
/** What many integrations waited for at the time. */
const CONFIRMATIONS = 32;
const LIQUIDITY = 5_000n * UNIT;
const MARGIN = 5_000n * UNIT;

/** A price update that a deep reorg drops: the order that followed it is filled at the price before it. */
export const polygon157: Scenario = {
  id: "polygon-157",
  title: "A reorg of 157 blocks, five times deeper than the confirmations waited for",
  incident:
    "On 22 February 2023 Polygon PoS reorganised 157 blocks, about five minutes of chain, a month after a fork that was to make reorgs shallower.",

  async run(progress) {
    const chain = await forks.create({ name: "polygon", blockTime: 2 });
    const world = await connect(chain, await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: LIQUIDITY }));
    await depositOnBoth(world, "alice", MARGIN);
    await depositOnBoth(world, "bob", MARGIN);
    const beforeCrash = chain.head.number;

    progress("the price falls, and the chain goes on");
    await setPrice(world, 1_000n * UNIT);
    await chain.mine(DEPTH - 2 - 1);
    const firstDropped = beforeCrash + 1n;

    progress(`alice signs, ${CONFIRMATIONS} confirmations deep; bob, deeper than the reorg to come`);
    await chain.mine(1);
    const signedAt = chain.head;
    const anchor = await latestAnchor(chain.request, { depth: CONFIRMATIONS });
    const seen = await factsAt(world, "alice", anchor.number);
    const orders = await signOnBoth(world, "alice", {
      size: -10n * UNIT,
      limitPrice: 990n * UNIT,
      anchor,
      maxAge: 256n,
    });
    const deepAnchor = await latestAnchor(chain.request, { depth: DEPTH });
    const bobSaw = await factsAt(world, "bob", deepAnchor.number);
    const bobOrders = await signOnBoth(world, "bob", {
      size: UNIT,
      limitPrice: 2_100n * UNIT,
      anchor: deepAnchor,
      maxAge: 256n,
    });

    progress(`${DEPTH} blocks are replaced`);
    const abandoned = blocksOf(chain, firstDropped - 4n);
    await chain.reorg({ depth: DEPTH, extra: 1, seed: "polygon-157", keep: false });
    const presentedAt = chain.head;
    const found = await factsAt(world, "alice", anchor.number);
    const bobFound = await factsAt(world, "bob", deepAnchor.number);
    const outcomes = await presentOnBoth(world, orders);
    const bobOutcomes = await presentOnBoth(world, bobOrders);

    progress("the feed catches up, and the accounts are settled");
    const filledAt = await exchange(world, "unguarded", "alice").accounts(world.signers.alice, MARKET);
    await setPrice(world, 1_000n * UNIT);
    const badDebt = await shortfallOnBoth(world, ["alice", "bob"]);
    for (const twin of TWINS) await exchange(world, twin, "bob").close(MARKET);
    await exchange(world, "unguarded", "alice").close(MARKET);
    const recorded = await Promise.all(TWINS.map((twin) => exchange(world, twin, "keeper").badDebt()));

    const branches = [
      { name: "after the reorg", fate: "canonical" as const, blocks: blocksOf(chain, firstDropped - 4n) },
      { name: "before the reorg", fate: "abandoned" as const, blocks: abandoned },
    ];
    await chain.close();
    return {
      branches,
      actions: [
        {
          name: `Alice sells 10 at 990 or better, anchored ${CONFIRMATIONS} blocks deep`,
          signedAt,
          signedOn: "before the reorg",
          anchor,
          presentedAt,
          presentedOn: "after the reorg",
          ...judge(seen, found),
          ...outcomes,
        },
        {
          name: `Bob buys 1, anchored ${DEPTH} blocks deep: accepted, for the reorg is shallower than his anchor`,
          signedAt,
          signedOn: "before the reorg",
          anchor: deepAnchor,
          presentedAt,
          presentedOn: "after the reorg",
          ...judge(bobSaw, bobFound),
          ...bobOutcomes,
        },
      ],
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18 },
      notes: [
        `Without the guard Alice's order was filled at ${ether(filledAt.entryPrice)}, when the price that she acted on was ${ether(seen.price)}: the pool owed her the difference and did not have it.`,
        `The unguarded exchange booked ${ether(recorded[0] ?? 0n)} of bad debt when she closed, the guarded one ${ether(recorded[1] ?? 0n)}.`,
      ],
    };
  },
};
