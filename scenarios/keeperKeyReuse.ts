import { latestAnchor } from "../src/actions/latestAnchor.js";
import { GuardedOrderQueue__factory, UnguardedOrderQueue__factory } from "../typechain-types/index.js";
import type { Scenario } from "./types.js";
import { TWINS, UNIT, attempt, blocksOf, ether, forks, signersOf, type Twin } from "./world.js";

const MARGIN = UNIT;
const ALICE_SIZE = UNIT;
const BOB_SIZE = 1_000_000n * UNIT;
/** The price moves by this much of itself before the position is settled, in ten-thousandths. */
const MOVE = 10n;

/** An order under a sequence number: after a reorg the number is another trader's. */
export const keeperKeyReuse: Scenario = {
  id: "keeper-key-reuse",
  title: "The keeper's transaction executes another trader's order",
  incident:
    "Synthetic, in the shape of exchanges that number their orders: the keeper checks order 1 of Alice and signs; a reorg makes order 1 Bob's.",

  async run(progress) {
    const chain = await forks.create({ name: "ethereum" });
    const { deployer, keeper, alice, bob } = await signersOf(chain);
    const queues = {
      unguarded: await new UnguardedOrderQueue__factory(deployer).deploy(keeper),
      guarded: await new GuardedOrderQueue__factory(deployer).deploy(keeper),
    };
    await chain.mine(10);

    progress("alice queues an order of 1");
    const lastCommon = chain.head.number;
    for (const twin of TWINS) await queues[twin].connect(alice).queue(ALICE_SIZE, { value: MARGIN });
    await chain.mine(1);
    progress("the keeper checks it and signs");
    const signedAt = chain.head;
    const anchor = await latestAnchor(chain.request, { depth: 1 });
    const key = 1n;
    const checked = await queues.unguarded.orders(key);

    progress("a reorg; bob's order of 1,000,000 comes first");
    const abandoned = blocksOf(chain, lastCommon - 3n);
    await chain.reorg({ depth: 3, seed: "keeper-key-reuse", keep: false });
    for (const twin of TWINS) await queues[twin].connect(bob).queue(BOB_SIZE, { value: MARGIN });
    const presentedAt = chain.head;
    const found = await queues.unguarded.orders(key);
    const outcomes = {} as Record<Twin, Awaited<ReturnType<typeof attempt>>>;
    for (const twin of TWINS) {
      const queue = queues[twin].connect(keeper);
      outcomes[twin] = await attempt(
        queue.interface,
        () => queue.execute(key, anchor),
        () => `Executed order 1: Bob's, of ${ether(BOB_SIZE)}.`,
      );
    }

    const branches = [
      { name: "after the reorg", fate: "canonical" as const, blocks: blocksOf(chain, lastCommon - 3n) },
      { name: "before the reorg", fate: "abandoned" as const, blocks: abandoned },
    ];
    const badDebt = Object.fromEntries(
      await Promise.all(
        TWINS.map(async (twin) => {
          const { size, margin, executed } = await queues[twin].orders(key);
          const loss = executed ? (size * MOVE) / 10_000n : 0n;
          return [twin, loss > margin ? loss - margin : 0n] as const;
        }),
      ),
    ) as Record<Twin, bigint>;
    await chain.close();

    const same = checked.trader === found.trader && checked.size === found.size;
    return {
      branches,
      actions: [
        {
          name: "The keeper executes order 1",
          signedAt,
          signedOn: "before the reorg",
          anchor,
          presentedAt,
          presentedOn: "after the reorg",
          legal: same,
          because: same
            ? "order 1 is the one that the keeper checked."
            : `the keeper checked order 1 of ${ether(checked.size)}; on this branch order 1 is another trader's, of ${ether(found.size)}.`,
          ...outcomes,
        },
      ],
      badDebt: { ...badDebt, unit: "ETH", decimals: 18 },
      notes: [
        `Bob's margin was ${ether(MARGIN)}; the price moved by 0.1% against him.`,
        "The anchor must not be older than the order that it vouches for: the guarded queue refuses one that is.",
      ],
    };
  },
};
