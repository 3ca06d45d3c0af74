import { latestAnchor } from "../src/actions/latestAnchor.js";
import type { Hex } from "../src/core/bytes.js";
import { L1_BLOCK_ADDRESS, installL1Block, showL1Origin } from "../src/forks/index.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { STATUSES } from "../src/policy/policy.js";
import { L1BlockStandIn__factory, OriginGuardedPerps__factory } from "../typechain-types/index.js";
import {
  Story,
  TIME_TO_REACT,
  equityAt,
  healthAt,
  statusOf,
  timeOf,
  timedBlocksOf,
  type Judgement,
} from "./continuity.js";
import type { Scenario } from "./types.js";
import {
  MARKET,
  UNIT,
  connect,
  deployExchanges,
  depositOnBoth,
  forks,
  fund,
  presentOnBoth,
  setPrice,
  signOnBoth,
  signersOf,
  type Role,
  type Twin,
  type World,
} from "./world.js";

/** OP Mainnet's id: `NativeChains` knows it, and it is part of what traders sign. */
const L2_CHAIN_ID = 10;
const L1_BLOCK_TIME = 12;
const L2_BLOCK_TIME = 2;
/** How many blocks below L1's head the sequencer takes its origin from, here. */
const CONFIRMATIONS = 4;

/**
 * Seconds of the stall that the guard sees. It is less than the half hour by which the protocol
 * lets an origin lag.
 */
const SEEN = 1_500;
/** Seconds of the stall that it does not see. */
const UNSEEN = 3_600;

const PRICE = 2_000n * UNIT;
const FALLEN = 1_840n * UNIT;
/** With 10 bought at 2,000: at 1,840 it is 97.82% of what is to be maintained. */
const MARGIN = 2_500n * UNIT;
const TOP_UP = 500n * UNIT;

/** Both chains and the exchanges on the second. */
interface Rollup {
  l1: HardhatChain;
  world: World;
}

/**
 * An L2 makes up for an outage with blocks that have the times of those it missed. Its clock shows
 * nothing. Its view of L1 may.
 */
export const opUnsafeStall: Scenario = {
  id: "op-unsafe-stall",
  title: "The clock that shows nothing",
  incident:
    "On 15 February 2024 the unsafe head of OP Mainnet stood still for about two hours. A chain of the OP stack makes up for that: every two seconds that it missed get their block, with the time that it would have had. Here the sequencer comes back before its view of L1 does.",

  async run(progress) {
    const rollup = await createRollup();
    const { l1, world } = rollup;
    const { chain } = world;
    for (const role of ["alice", "bob"] as const satisfies readonly Role[]) {
      await depositOnBoth(world, role, MARGIN);
      const terms = { size: 10n * UNIT, limitPrice: PRICE, maxAge: 64n, anchor: await latestAnchor(chain.request) };
      await presentOnBoth(world, await signOnBoth(world, role, terms));
    }
    await fund(world, "alice", TOP_UP);
    await depositOnBoth(world, "carol", 5_000n * UNIT);
    await live(rollup, 240);
    const last = chain.head;

    progress("the L2 stands still for 25 minutes, and makes up for them with the L1 origin from before");
    await l1.mine(SEEN / L1_BLOCK_TIME);
    await chain.mine(SEEN / L2_BLOCK_TIME, { history: "at-end" });
    const resumedAt = await timeOf(l1);
    const story = new Story(world);
    await setPrice(world, FALLEN);
    const lag = Math.floor((await lagOf(rollup)) / 60);
    story.event(`price 1,840, L1 origin ${lag} min behind`);
    const seen = await statusOf(world);
    const liquidate = async (name: string, role: Role): Promise<void> => {
      const judgement = await judgeByL1(rollup, role, resumedAt);
      const says = "Closed the position at the index price.";
      await story.call("keeper", name, judgement, (perps) => perps.liquidate(world.signers[role], MARKET), says);
    };
    const buy = async (name: string, judgement: Judgement, nonce: bigint): Promise<void> => {
      const terms = { size: UNIT, limitPrice: PRICE, maxAge: 64n, nonce };
      const orders = await signOnBoth(world, "carol", { ...terms, anchor: await latestAnchor(chain.request) });
      await story.present(name, judgement, orders, chain.head);
    };

    progress("blocks, price and liquidators are there at once");
    await liquidate("A keeper liquidates Alice when the chain is back", "alice");
    await buy(
      `Carol buys 1 while the chain knows the L1 of ${lag} minutes ago`,
      {
        legal: false,
        because: `by L1's clock ${SEEN / L2_BLOCK_TIME} blocks came at once: nobody could trade in them.`,
      },
      0n,
    );
    await story.call(
      "alice",
      "Alice tops up",
      { legal: true, because: "a deposit makes every position safer." },
      (perps) => perps.deposit(MARKET, TOP_UP),
      "Added 500 to her margin.",
    );

    progress("the sequencer follows L1 again: the grace");
    await live(rollup, 720);
    story.event(`L1 origin in step, ${await statusOf(world)}`);
    await buy("Carol buys 1 in the grace", { legal: true, because: "she has seen the price at which she buys." }, 1n);
    await live(rollup, TIME_TO_REACT);
    story.event(await statusOf(world));
    await liquidate("A keeper liquidates Bob, who has not topped up", "bob");

    progress("the price comes back");
    await setPrice(world, PRICE);
    story.event("price 2,000");
    const lostBy = async (twin: Twin): Promise<bigint> =>
      MARGIN + TOP_UP - (await equityAt(world, twin, "alice", PRICE));
    const badDebt = { unguarded: await lostBy("unguarded"), guarded: await lostBy("guarded") };
    const blocks = await timedBlocksOf(chain, last.number - 2n);

    progress("another stall, of an hour, of which the L1 origin tells nothing");
    await l1.mine(UNSEEN / L1_BLOCK_TIME);
    await live(rollup, UNSEEN);
    const unseen = await statusOf(world);

    const pauses = blocks.slice(1).map(({ time = 0 }, i) => time - (blocks[i]?.time ?? 0));
    await Promise.all([l1.close(), chain.close()]);
    return {
      branches: [{ name: "L2", fate: "canonical" as const, blocks }],
      actions: story.steps,
      events: story.events,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "What Alice lost when the price had come back" },
      measured: {
        longestPause: BigInt(Math.max(...pauses)),
        seen: BigInt(STATUSES.indexOf(seen)),
        unseen: BigInt(STATUSES.indexOf(unseen)),
      },
      notes: [
        `The longest time between two of these blocks is ${Math.max(...pauses)} seconds: a guard that reads the chain's clock sees nothing.`,
        `What the guard cannot see: a sequencer that takes L1 along while it makes up for the missed blocks. After another stall, of an hour, with the origin in step, the market was ${unseen}.`,
        "Nor does it see the first 15 minutes of a stall such as this one: an account that is liquidated in those blocks is lost. An L1 that itself stands still looks the same as a sequencer that does not follow it.",
      ],
    };
  },
};

/**
 * L1 and an L2 that shows its blocks, with one clock, and the exchanges on the L2. The guarded one
 * measures the L1 origin.
 */
async function createRollup(): Promise<Rollup> {
  const l1 = await forks.create({ name: "L1", blockTime: L1_BLOCK_TIME });
  const l2 = await forks.create({
    name: "L2",
    chainId: L2_CHAIN_ID,
    blockTime: L2_BLOCK_TIME,
    history: "storage",
  });
  const { deployer } = await signersOf(l2);
  const standIn = await new L1BlockStandIn__factory(deployer).deploy();
  await installL1Block(l2, (await l2.tools.ethers.provider.getCode(standIn)) as Hex);
  await l1.mine(CONFIRMATIONS + 1);
  await showL1Origin({ l2, l1, number: 1n });
  const setup = { price: PRICE, liquidity: 100_000n * UNIT, guarded: OriginGuardedPerps__factory };
  return { l1, world: await connect(l2, await deployExchanges(l2, setup)) };
}

/**
 * Lets the L2 live for `seconds`, with an origin of the right age every two minutes. L1 keeps up
 * with it where it is behind.
 */
async function live({ l1, world: { chain } }: Rollup, seconds: number): Promise<void> {
  const end = (await timeOf(chain)) + seconds;
  while ((await timeOf(chain)) < end) {
    await chain.mine(59);
    const ahead = (await timeOf(chain)) + L2_BLOCK_TIME - (await timeOf(l1));
    if (ahead > 0) await l1.mine(Math.ceil(ahead / L1_BLOCK_TIME));
    const age = Math.max(0, Math.floor(-ahead / L1_BLOCK_TIME)) + CONFIRMATIONS;
    await showL1Origin({ l2: chain, l1, number: l1.head.number - BigInt(age) });
  }
}

/**
 * By how many seconds the L1 block that the L2 shows is older than the L2's head. This is the
 * scenario's own account.
 */
async function lagOf({ world: { chain } }: Rollup): Promise<number> {
  const predeploy = L1BlockStandIn__factory.connect(L1_BLOCK_ADDRESS, chain.tools.ethers.provider);
  return (await timeOf(chain)) - Number(await predeploy.timestamp());
}

/** As `judgeLiquidation`, by L1's clock: the L2's own is made up. */
async function judgeByL1({ l1, world }: Rollup, role: Role, since: number): Promise<Judgement> {
  const health = await healthAt(world, "guarded", role, FALLEN);
  const reaction = (await timeOf(l1)) - since;
  return {
    legal: health < 95 || (health < 100 && reaction >= TIME_TO_REACT),
    because: `the account has ${health}% of the maintenance margin at the world's price of 1840, and by L1's clock its owner has had ${Math.floor(reaction / 60)} minutes to top up since blocks came back; ${TIME_TO_REACT / 60} are fair.`,
  };
}
