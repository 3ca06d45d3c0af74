import { findReorgHazards } from "../assert/hazards.js";
import { toQuantity } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { hardFork, type SimulatedChain } from "../forks/index.js";
import type { ScenarioStep } from "./protocol.js";
import { anchorOf, Missing, type Stage } from "./stage.js";

const ONE_SENDER =
  "All actions are one sender's, whose nonces forbid most other orders: let `open` take accounts in turn.";

/** What happens to a chain in a scenario, and what it asks of a protocol then. */
export type Situation = <Tools>(stage: Stage<Tools>) => Promise<void>;

/** The block that an action was prepared on is replaced, with `depth` blocks. */
export const reorgOf =
  (depth: number): Situation =>
  async (stage) => {
    const chain = await stage.chain({ history: "storage" });
    await chain.mine(depth + 2, { history: "at-end" });
    const [lost, kept] = [chain.head, await anchorOf(chain, depth + 1)];
    await chain.reorg({ depth, seed: "scenario" });
    const what = depth === 1 ? "the last block" : `the last ${depth} blocks`;
    await stage.rejects(`an action prepared on what was lost, after a reorg of ${what}`, () =>
      stage.protocol.open(chain, lost),
    );
    if (depth < 100) await stage.accepts("an action prepared below the reorg", () => stage.protocol.open(chain, kept));
    await stage.opensAnew("an action prepared on the new branch", chain);
  };

/** Nodes follow different branches, and an action comes from another node's than the one on which it executes. */
export const splitOf =
  (...names: string[]): Situation =>
  async (stage) => {
    const [first, ...others] = await stage.nodes(...names);
    const here = first!;
    for (const other of others) {
      const anchor = await anchorOf(other);
      await stage.rejects(`an action prepared at the node "${other.name}", on the branch of "${here.name}"`, () =>
        stage.protocol.open(here, anchor),
      );
    }
    await stage.opensAnew(`an action prepared at the node "${here.name}", on its branch`, here);
  };

/** A sister chain with another id, and the same state up to the fork. */
export const sisterChain: Situation = async (stage) => {
  const chain = await stage.chain();
  const sister = stage.closing(await forkOf(chain));
  await chain.mine(3);
  await sister.mine(3);
  const anchor = await anchorOf(chain);
  await stage.rejects("an action prepared on the chain after the fork, on its sister", () =>
    stage.protocol.open(sister, anchor),
  );
  await stage.opensAnew("an action prepared on the chain after the fork, there", chain);
};

async function forkOf<Tools>(chain: SimulatedChain<Tools>): Promise<SimulatedChain<Tools>> {
  try {
    return await hardFork(chain, { chainId: 10_001, name: "sister" });
  } catch (error) {
    if (!SettlementGuardError.is(error, "FORK_SIMULATOR")) throw error;
    throw new Missing("hardFork", `the backend makes no hard fork. ${error.message}`);
  }
}

/** A guard may take a day to trust a chain again. It is asked after an hour, after three more, and at the end. */
const DAY = [1, 3, 20];

/** No block comes for so many seconds. What is opened must wait, what is closed must not. Within a day of blocks all is as before. */
export const outageOf =
  (seconds: number): Situation =>
  async (stage) => {
    const chain = await stage.chain({ history: "storage" });
    await stage.opensAnew("an action before the outage", chain);
    await chain.stall({ seconds });
    const anchor = await anchorOf(chain);
    await stage.rejects(`an action after ${seconds} s without a block`, () => stage.protocol.open(chain, anchor));
    await stage.accepts("an exit at that time", () => stage.protocol.close!(chain));
    await stage.opensWithin(DAY, chain);
  };

/** Nothing is finalized any more, while blocks come. `missed` slots in a row have none now and then. */
export const finalityLost =
  (missed: number): Situation =>
  async (stage) => {
    const chain = await stage.chain();
    chain.finality({ safe: 2, finalized: 4 });
    chain.stallFinality();
    for (let round = 0; round < 6; round++) {
      await chain.mine(10);
      if (missed > 0) await chain.stall({ seconds: 12 * (missed + 1) });
      if (round % 2 === 1) await stage.opensAnew(`an action ${10 * (round + 1)} blocks after finality was lost`, chain);
    }
  };

/** Hours in which nobody does anything, reorgs above the anchors, missed slots: nothing of it may be in the way. */
export const healthy: Situation = async (stage) => {
  const chain = await stage.chain({ history: "storage" });
  const opens = async (name: string): Promise<void> => {
    const anchor = await anchorOf(chain, 3);
    await chain.reorg({ depth: 2, seed: name });
    await stage.accepts(name, () => stage.protocol.open(chain, anchor));
  };
  await opens("an action prepared below a reorg of 2 blocks");
  await chain.passTime(6 * 3_600);
  await opens("an action after 6 hours in which nobody acted");
  await chain.stall({ seconds: 60 });
  await chain.mine();
  await opens("an action after 4 missed slots");
};

/** A payout was prepared on a block that a reorg replaces. */
export const payoutReorganised: Situation = async (stage) => {
  const chain = await stage.chain();
  await stage.opensAnew("an action that is to be paid out", chain);
  await chain.mine(5);
  const lost = chain.head;
  await chain.reorg({ depth: 3, seed: "scenario" });
  await stage.rejects("a payout prepared on what was lost", () => stage.protocol.payout!(chain, lost));
  const anew = await anchorOf(chain);
  await stage.accepts("a payout prepared on the new branch", () => stage.protocol.payout!(chain, anew));
};

/** Signed actions are dropped, delayed and put in another order by a reorg below them. */
export const otherOrder: Situation = async (stage) => {
  const chain = await stage.chain();
  const open = async (on: typeof chain): Promise<unknown> => stage.protocol.open(on, await anchorOf(on));
  const name = "signed actions in every other order";
  stage.steps.push({ name, expected: "the same effect", ...(await findOtherEffect(chain, [open, open, open])) });
};

async function findOtherEffect<Tools>(
  chain: SimulatedChain<Tools>,
  transactions: readonly ((on: SimulatedChain<Tools>) => Promise<unknown>)[],
): Promise<Pick<ScenarioStep, "holds" | "found">> {
  try {
    const bound = { changes: 2, delay: 1, histories: 100 };
    const from = chain.head.number;
    const { hazards, says } = await findReorgHazards({ chain, transactions, bound });
    const note = (await sendersAfter(chain, from)).size > 1 ? "" : ` ${ONE_SENDER}`;
    return { holds: hazards.length === 0, found: `${says}${note}` };
  } catch (error) {
    // None of them took effect: there is nothing that could be another.
    if (!SettlementGuardError.is(error, "INVALID_OPTION") || error.details.option !== "transactions") throw error;
    return { holds: false, found: `${error.details.reason}.` };
  }
}

async function sendersAfter<Tools>(chain: SimulatedChain<Tools>, height: bigint): Promise<Set<string>> {
  const senders = new Set<string>();
  for (let number = height + 1n; number <= chain.head.number; number++) {
    const block = await chain.request({ method: "eth_getBlockByNumber", params: [toQuantity(number), true] });
    for (const { from } of (block as { transactions: { from: string }[] }).transactions) senders.add(from);
  }
  return senders;
}
