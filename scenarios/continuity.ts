import { toQuantity } from "../src/core/bytes.js";
import { STATUSES, type Status } from "../src/policy/policy.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import type { GuardedPerps } from "../typechain-types/index.js";
import type { Action, BlockRef, Event, Outcome, Step } from "./types.js";
import {
  MARKET,
  UNIT,
  attempt,
  blocksOf,
  ether,
  exchange,
  presentOnBoth,
  type Role,
  type SignedOrder,
  type Twin,
  type World,
} from "./world.js";

/**
 * What the owner of an account is owed before somebody else closes it: seconds of blocks in which
 * to act.
 */
export const TIME_TO_REACT = 1_800;

/** What one block counts for at the most, in seconds: a slot that was missed and its own. */
export const LONGEST_BLOCK_TIME = 24;

/** The call of a user on one of the exchanges. */
export type Call = (contract: GuardedPerps) => ReturnType<GuardedPerps["close"]>;

/** What took effect, in one sentence; in two where the twins differ. */
type Says = string | Record<Twin, string>;

/** What an oracle says of a step. */
export interface Judgement {
  legal: boolean;
  because: string;
}

/** Tells what happens on a chain, in order: the steps that are taken on both twins, and what happens besides. */
export class Story {
  readonly steps: (Action | Step)[] = [];
  readonly events: Event[] = [];

  constructor(readonly world: World) {}

  event(text: string): void {
    this.events.push({ at: this.world.chain.head, text });
  }

  /** Records a step, with the verdict of the scenario's own oracle. */
  async step(name: string, judgement: Judgement, act: () => Promise<Record<Twin, Outcome>>): Promise<Step> {
    const { chain } = this.world;
    const taken = { name, presentedAt: chain.head, presentedOn: chain.name, ...judgement, ...(await act()) };
    this.steps.push(taken);
    return taken;
  }

  /** The same call to both exchanges. */
  call(role: Role, name: string, judgement: Judgement, call: Call, says: Says): Promise<Step> {
    return this.step(name, judgement, () => callBoth(this.world, role, call, says));
  }

  /** The keeper presents an order that was signed for both exchanges when `signedAt` was the head. */
  async present(
    name: string,
    judgement: Judgement,
    orders: Record<Twin, SignedOrder>,
    signedAt: BlockRef,
  ): Promise<Action> {
    const { chain } = this.world;
    const { anchor } = orders.guarded.order;
    const place = { signedAt, signedOn: chain.name, anchor, presentedAt: chain.head, presentedOn: chain.name };
    const taken = { name, ...place, ...judgement, ...(await presentOnBoth(this.world, orders)) };
    this.steps.push(taken);
    return taken;
  }

  /** A keeper liquidates an account, judged by `judgeLiquidation`. */
  async liquidate(name: string, role: Role, facts: { price: bigint; since: bigint }): Promise<Step> {
    const liquidation: Call = (contract) => contract.liquidate(this.world.signers[role], MARKET);
    const judgement = await judgeLiquidation(this.world, role, facts);
    return this.call("keeper", name, judgement, liquidation, "Closed the position at the index price.");
  }
}

/** Sends the same call to both exchanges. */
export async function callBoth(world: World, role: Role, call: Call, says: Says): Promise<Record<Twin, Outcome>> {
  const on = async (twin: Twin): Promise<Outcome> => {
    const contract = exchange(world, twin, role);
    return attempt(
      contract.interface,
      () => call(contract),
      () => (typeof says === "string" ? says : says[twin]),
    );
  };
  return { unguarded: await on("unguarded"), guarded: await on("guarded") };
}

/* ORACLES: block times and raw accounts, with no regard to the guard */

export async function timeOf(chain: HardhatChain, number = chain.head.number): Promise<number> {
  const block = (await chain.request({
    method: "eth_getBlockByNumber",
    params: [toQuantity(number), false],
  })) as { timestamp: string };
  return Number(block.timestamp);
}

/** The blocks of a chain from `from` to its head, with their times. */
export async function timedBlocksOf(chain: HardhatChain, from: bigint): Promise<BlockRef[]> {
  return Promise.all(
    blocksOf(chain, from).map(async (block) => ({ ...block, time: await timeOf(chain, block.number) })),
  );
}

/** Seconds after block `number` during which there were blocks: a pause between two of them counts as one slow block. */
export async function timeWithBlocks(chain: HardhatChain, number: bigint): Promise<number> {
  const times = (await timedBlocksOf(chain, number)).map(({ time = 0 }) => time);
  let total = 0;
  for (const [i, time] of times.entries()) {
    if (i > 0) total += Math.min(time - (times[i - 1] ?? time), LONGEST_BLOCK_TIME);
  }
  return total;
}

/** Equity over maintenance margin in percent, from the raw account at a price of the scenario's choosing. */
export async function healthAt(world: World, twin: Twin, role: Role, price: bigint, market = MARKET): Promise<number> {
  const { size } = await exchange(world, twin, role).accounts(world.signers[role], market);
  const notional = ((size < 0n ? -size : size) * price) / UNIT;
  return Number((10_000n * 20n * (await equityAt(world, twin, role, price, market))) / notional) / 100;
}

/** Margin, and profit or loss at a price of the scenario's choosing, from the raw account. */
export async function equityAt(world: World, twin: Twin, role: Role, price: bigint, market = MARKET): Promise<bigint> {
  const { margin, size, entryPrice } = await exchange(world, twin, role).accounts(world.signers[role], market);
  return margin + (size * (price - entryPrice)) / UNIT;
}

/**
 * Whether an account may be closed by others. It must be below its maintenance margin at the world's
 * price. Below 95% that is enough. Above, its owner must have had `TIME_TO_REACT` seconds of blocks
 * since block `since`. From that block on there was something to react to.
 */
export async function judgeLiquidation(
  world: World,
  role: Role,
  { price, since }: { price: bigint; since: bigint },
): Promise<Judgement> {
  const health = await healthAt(world, "guarded", role, price);
  const margin = `the account has ${health}% of the maintenance margin at the world's price of ${ether(price)}`;
  if (health >= 100) return { legal: false, because: `${margin}.` };
  if (health < 95) return { legal: true, because: `${margin}: deeply insolvent, and waiting costs others.` };
  const reaction = await timeWithBlocks(world.chain, since);
  return {
    legal: reaction >= TIME_TO_REACT,
    because: `${margin}, and its owner has had ${Math.floor(reaction / 60)} minutes of blocks to top up since it fell; ${TIME_TO_REACT / 60} are fair.`,
  };
}

/* THE GUARD'S OWN WORD, for the notes */

export async function statusOf(world: World, market = MARKET): Promise<Status> {
  const [status] = await exchange(world, "guarded", "deployer").statusOf(market);
  return STATUSES[Number(status)] ?? "Halted";
}
