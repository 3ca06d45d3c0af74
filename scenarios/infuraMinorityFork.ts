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
  presentOnBoth,
  setPrice,
  shortfallOnBoth,
  signOnBoth,
  MARKET,
  TWINS,
  type Addresses,
} from "./world.js";

const LIQUIDITY = 100_000n * UNIT;
const MARGIN = 3_000n * UNIT;

/** The order that was meant to close a position opens one, because the position exists on the other branch alone. */
export const infuraMinorityFork: Scenario = {
  id: "infura-minority-fork",
  title: "A trader whose provider follows the losing branch",
  incident:
    "On 11 November 2020 a consensus bug in old versions of Geth split a minority off Ethereum's mainnet at block 11,234,873; a large provider and several exchanges served that branch for hours.",

  async run(progress) {
    progress("the network splits");
    let addresses: Addresses | undefined;
    const [majorityChain, minorityChain] = await forks.partition({
      names: ["majority", "minority"],
      commonBlocks: 30,
      prepare: async (chain) => {
        addresses = await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: LIQUIDITY });
        const world = await connect(chain, addresses);
        await depositOnBoth(world, "alice", MARGIN);
        await depositOnBoth(world, "bob", MARGIN);
      },
    });
    if (addresses === undefined || majorityChain === undefined || minorityChain === undefined)
      throw new RangeError("no partition");
    const majority = await connect(majorityChain, addresses);
    const minority = await connect(minorityChain, addresses);
    const split = majorityChain.head.number;

    // Bob signs one block after the split. His anchor, two blocks deep, lies before it: both branches have it.
    await majorityChain.mine(1);
    await minorityChain.mine(1);
    progress("bob signs within the anchor's depth of the split");
    const bobAnchor = await latestAnchor(minorityChain.request, { depth: 2 });
    const bobSignedAt = minorityChain.head;
    const bobSaw = await factsAt(minority, "bob", bobAnchor.number);
    const bobOrders = await signOnBoth(minority, "bob", {
      size: UNIT / 2n,
      limitPrice: 2_150n * UNIT,
      anchor: bobAnchor,
      maxAge: 64n,
    });

    progress("alice opens on the minority branch");
    const opening = await latestAnchor(minorityChain.request);
    const openOrders = await signOnBoth(minority, "alice", {
      size: 10n * UNIT,
      limitPrice: 2_050n * UNIT,
      anchor: opening,
      maxAge: 64n,
    });
    await presentOnBoth(minority, openOrders);
    await majorityChain.mine(2);
    for (const world of [majority, minority]) {
      await setPrice(world, 2_100n * UNIT);
      await world.chain.mine(3);
    }

    progress("alice signs the order that closes her position");
    const anchor = await latestAnchor(minorityChain.request, { depth: 2 });
    const signedAt = minorityChain.head;
    const seen = await factsAt(minority, "alice", anchor.number);
    const orders = await signOnBoth(minority, "alice", {
      size: -10n * UNIT,
      limitPrice: 2_080n * UNIT,
      anchor,
      maxAge: 64n,
      nonce: 1n,
    });

    progress("a keeper on the majority branch presents both");
    await majorityChain.mine(2);
    const presentedAt = majorityChain.head;
    const bobFound = await factsAt(majority, "bob", bobAnchor.number);
    const found = await factsAt(majority, "alice", anchor.number);
    const bobOutcomes = await presentOnBoth(majority, bobOrders);
    const outcomes = await presentOnBoth(majority, orders);

    progress("the price rises, and the accounts are settled");
    await setPrice(majority, 2_600n * UNIT);
    const badDebt = await shortfallOnBoth(majority, ["alice", "bob"]);
    const naked = await exchange(majority, "unguarded", "alice").accounts(majority.signers.alice, MARKET);
    await exchange(majority, "unguarded", "keeper").liquidate(majority.signers.alice, MARKET);
    const recorded = await Promise.all(TWINS.map((twin) => exchange(majority, twin, "keeper").badDebt()));

    const branches = [
      { name: "majority", fate: "canonical" as const, blocks: blocksOf(majorityChain, split - 3n) },
      { name: "minority", fate: "abandoned" as const, blocks: blocksOf(minorityChain, split - 3n) },
    ];
    await Promise.all([majorityChain.close(), minorityChain.close()]);
    return {
      branches,
      actions: [
        {
          name: "Alice sells 10, to close the 10 that she holds on the minority branch",
          signedAt,
          signedOn: "minority",
          anchor,
          presentedAt,
          presentedOn: "majority",
          ...judge(seen, found),
          ...outcomes,
        },
        {
          name: "Bob buys 0.5, signed one block after the split: accepted, for his anchor lies before it",
          signedAt: bobSignedAt,
          signedOn: "minority",
          anchor: bobAnchor,
          presentedAt,
          presentedOn: "majority",
          ...judge(bobSaw, bobFound),
          ...bobOutcomes,
        },
      ],
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18 },
      notes: [
        `Without the guard the closing order left Alice with a naked position of ${ether(naked.size)} on the majority branch.`,
        `The unguarded exchange booked ${ether(recorded[0] ?? 0n)} of bad debt when it liquidated her, the guarded one ${ether(recorded[1] ?? 0n)}.`,
      ],
    };
  },
};
