import { ethers } from "ethers";

import { latestAnchor } from "../src/actions/latestAnchor.js";
import type { Hex } from "../src/core/bytes.js";
import { prove } from "../src/actions/prove.js";
import { STATUSES } from "../src/policy/policy.js";
import { Custodian__factory, TestToken__factory, type GuardedPerps } from "../typechain-types/index.js";
import { Story, statusOf, timeOf, timedBlocksOf, type Judgement } from "./continuity.js";
import type { Scenario } from "./types.js";
import {
  MARKET,
  UNIT,
  attempt,
  connect,
  deployExchanges,
  depositOnBoth,
  ether,
  exchange,
  forks,
  type Role,
  type Twin,
  type World,
} from "./world.js";

const PRICE = 2_000n * UNIT;
const LIQUIDITY = 100_000n * UNIT;
const BACKING = 50_000n * UNIT;
const REDEEMED = 1_000n * UNIT;
const MARGIN = 10_000n * UNIT;

/**
 * What backs a market shrinks because its owner redeems. Announced in time that is no
 * contradiction. Announced too late it ends all the same.
 */
export const honestRedemption: Scenario = {
  id: "honest-redemption",
  title: "Nobody lies, and something leaves",
  incident:
    "Synthetic: an ordinary redemption of what backs a market. A proof of it contradicts whatever was believed before, and whoever brings one need only be faster than the feed, once.",

  async run(progress) {
    // One system transaction a block, so that proofs of past blocks verify.
    const chain = await forks.create({ name: "chain" });
    const world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
    const feed = exchange(world, "guarded", "feed");
    const stranger = exchange(world, "guarded", "frank");
    const custodian = Custodian__factory.connect(await feed.custodian(), world.signers.provider);
    await custodian.set(MARKET, BACKING);
    await feed.believeBacking(MARKET, BACKING);
    for (const role of ["alice", "bob"] as const) await depositOnBoth(world, role, MARGIN);
    const story = new Story(world);
    await chain.mine(4);
    const first = chain.head;
    const withdraw = (name: string, role: Role, amount: bigint, judgement: Judgement) =>
      story.call(role, name, judgement, (perps) => perps.withdraw(MARKET, amount), `Paid out ${ether(amount)}.`);

    progress("1,000 are redeemed, and the feed says so before they leave");
    await feed.believeBacking(MARKET, BACKING - REDEEMED);
    story.event("the feed believes 1,000 less");
    await custodian.set(MARKET, BACKING - REDEEMED);
    story.event("1,000 leave");
    const announced = await bring(world, stranger, "contradict");
    story.event(`a stranger proves it: ${announced}; the market is ${await statusOf(world)}`);
    const inTime = await statusOf(world);
    await withdraw("Alice withdraws 1,000 after the announced redemption", "alice", 1_000n * UNIT, await judge(world));

    progress("1,000 more are redeemed, and a stranger is faster than the feed");
    await custodian.set(MARKET, BACKING - 2n * REDEEMED);
    story.event("1,000 more leave, unannounced");
    await bring(world, stranger, "contradict");
    const since = await timeOf(chain);
    story.event(`a stranger proves it: the market is ${await statusOf(world)}`);
    const contradicted = await statusOf(world);
    const late = await attempt(
      feed.interface,
      () => feed.believeBacking(MARKET, BACKING - 2n * REDEEMED),
      () => "believed",
    );
    const till = await tillOf(world);
    await withdraw("Bob withdraws while it is contradicted", "bob", 1_000n * UNIT, await judge(world));
    const left = await tillOf(world);

    progress("an hour passes, and what is proven is accepted");
    await chain.mine(100);
    const early = await bring(world, stranger, "acceptProven");
    await chain.mine(200);
    const accepted = await bring(world, stranger, "acceptProven");
    story.event(`an hour later what is proven is accepted: the market is ${await statusOf(world)}`);
    const writtenOff = await feed.writtenOff();
    // staleFor, in blocks of 12 s.
    await chain.mine(51);
    story.event(`ten minutes of blocks later it is ${await statusOf(world)}`);
    const stoppedFor = BigInt((await timeOf(chain)) - since);
    await withdraw("Bob withdraws when the loss is written", "bob", 9_000n * UNIT, await judge(world));
    await withdraw("Alice withdraws the rest", "alice", 9_000n * UNIT, await judge(world));

    const branches = [{ name: "chain", fate: "canonical" as const, blocks: await timedBlocksOf(chain, first.number) }];
    const liquidity = await feed.liquidity();
    await chain.close();
    return {
      branches,
      actions: story.steps,
      events: story.events,
      badDebt: {
        unguarded: till.unguarded - left.unguarded,
        guarded: till.guarded - left.guarded,
        unit: "TUSD",
        decimals: 18,
        caption: "Paid out while the backing contradicted the books",
      },
      measured: {
        inTime: BigInt(STATUSES.indexOf(inTime)),
        contradicted: BigInt(STATUSES.indexOf(contradicted)),
        writtenOff,
        liquidity,
        stoppedFor,
      },
      notes: [
        `The redemption that was announced contradicts nothing: ${announced}.`,
        `Once contradicted, the feed cannot believe it away: ${late.error ?? late.says}. Nor is anything accepted at once: ${early}.`,
        `After an hour ${accepted}. The pool bore ${ether(writtenOff)}, before anything left; a redemption costs that if it is announced too late.`,
        `Whoever was faster than the feed stopped withdrawals for ${Math.round(Number(stoppedFor) / 60)} minutes, for the price of one proof. Closing and depositing went on.`,
      ],
    };
  },
};

/** A proof of what backs the market is brought; what the exchange says to it. */
async function bring(world: World, perps: GuardedPerps, method: "contradict" | "acceptProven"): Promise<string> {
  const account = (await perps.custodian()) as Hex;
  const slot = ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [MARKET, 0])) as Hex;
  await world.chain.mine();
  const block = await latestAnchor(world.chain.request, { depth: 1 });
  const { anchor, header, witness } = await prove(world.chain.request, { anchor: block, account, slots: [slot] });
  const { error, says } = await attempt(
    perps.interface,
    () => perps[method](MARKET, { anchor, header, witness }),
    () => (method === "contradict" ? "contradicted" : "it was accepted"),
  );
  return error ?? says;
}

/** The tokens that each exchange holds. */
async function tillOf(world: World): Promise<Record<Twin, bigint>> {
  const token = TestToken__factory.connect(world.addresses.token, world.signers.deployer);
  const { guarded, unguarded } = world.addresses;
  return { guarded: await token.balanceOf(guarded), unguarded: await token.balanceOf(unguarded) };
}

/** An oracle that asks the custodian itself: may money leave, as far as the market's books are true? */
async function judge(world: World): Promise<Judgement> {
  const perps = exchange(world, "guarded", "deployer");
  const held = await Custodian__factory.connect(await perps.custodian(), world.signers.deployer).backing(MARKET);
  const { amount } = await perps.beliefs(MARKET);
  return {
    legal: held >= amount,
    because: `the custodian holds ${ether(held)} for this market, and its books say ${ether(amount)}.`,
  };
}
