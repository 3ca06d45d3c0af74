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

const DEPTH = 7;
const MARGIN = 4_500n * UNIT;

/** A close that a reorg undid: the order that was to open a position anew doubles it. */
export const beacon7: Scenario = {
  id: "beacon-7",
  title: "Seven blocks, 84 seconds",
  incident:
    "On 25 May 2022 a partial rollout of proposer boost reorganised seven blocks of Ethereum's beacon chain, the deepest in years.",

  async run(progress) {
    const chain = await forks.create({ name: "ethereum" });
    const world = await connect(
      chain,
      await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: 100_000n * UNIT }),
    );
    await depositOnBoth(world, "alice", MARGIN);
    await depositOnBoth(world, "bob", MARGIN);
    const opening = { size: 10n * UNIT, limitPrice: 2_050n * UNIT, maxAge: 64n };
    await presentOnBoth(
      world,
      await signOnBoth(world, "alice", { ...opening, anchor: await latestAnchor(chain.request) }),
    );
    await chain.mine(10);

    progress("alice closes her position and signs a new one");
    const lastCommon = chain.head.number;
    for (const twin of TWINS) await exchange(world, twin, "alice").close(MARKET);
    await chain.mine(DEPTH - 2);
    const signedAt = chain.head;
    const anchor = await latestAnchor(chain.request, { depth: 2 });
    const seen = await factsAt(world, "alice", anchor.number);
    const orders = await signOnBoth(world, "alice", { ...opening, anchor, nonce: 1n });
    const deepAnchor = await latestAnchor(chain.request, { depth: DEPTH + 1 });
    const bobSaw = await factsAt(world, "bob", deepAnchor.number);
    const bobOrders = await signOnBoth(world, "bob", {
      size: UNIT,
      limitPrice: 2_050n * UNIT,
      anchor: deepAnchor,
      maxAge: 64n,
    });

    progress(`${DEPTH} blocks are replaced, her close among them`);
    const abandoned = blocksOf(chain, lastCommon - 4n);
    await chain.reorg({ depth: DEPTH, extra: 1, seed: "beacon-7", keep: false });
    const presentedAt = chain.head;
    const found = await factsAt(world, "alice", anchor.number);
    const bobFound = await factsAt(world, "bob", deepAnchor.number);
    const outcomes = await presentOnBoth(world, orders);
    const bobOutcomes = await presentOnBoth(world, bobOrders);

    progress("the price falls, and the accounts are settled");
    const doubled = await exchange(world, "unguarded", "alice").accounts(world.signers.alice, MARKET);
    await setPrice(world, 1_700n * UNIT);
    const badDebt = await shortfallOnBoth(world, ["alice", "bob"]);
    await exchange(world, "unguarded", "keeper").liquidate(world.signers.alice, MARKET);
    const recorded = await Promise.all(TWINS.map((twin) => exchange(world, twin, "keeper").badDebt()));

    const branches = [
      { name: "after the reorg", fate: "canonical" as const, blocks: blocksOf(chain, lastCommon - 4n) },
      { name: "before the reorg", fate: "abandoned" as const, blocks: abandoned },
    ];
    await chain.close();
    return {
      branches,
      actions: [
        {
          name: "Alice buys 10, having closed the 10 that she held",
          signedAt,
          signedOn: "before the reorg",
          anchor,
          presentedAt,
          presentedOn: "after the reorg",
          ...judge(seen, found),
          ...outcomes,
        },
        {
          name: `Bob buys 1, anchored ${DEPTH + 1} blocks deep: accepted, for the reorg is shallower than his anchor`,
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
        `Without the guard Alice held ${ether(doubled.size)} after the order, twice what she meant to.`,
        `The unguarded exchange booked ${ether(recorded[0] ?? 0n)} of bad debt when it liquidated her, the guarded one ${ether(recorded[1] ?? 0n)}.`,
      ],
    };
  },
};
