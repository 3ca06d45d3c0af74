import { expect } from "chai";
import { concat, keccak256 } from "ethers";

import { toWord } from "../../src/core/bytes.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { accepted } from "../errors.js";
import { bookForContract, ON_RECORD } from "./inputs.js";
import type { LedgerWorld } from "./world.js";

/** The desk refuses something with this error, and with these values where any are given. */
export async function refused(
  { desk }: LedgerWorld,
  act: Promise<unknown>,
  name: string,
  ...args: readonly unknown[]
): Promise<void> {
  const rejected = expect(act, name).to.be.revertedWithCustomError(desk, name);
  await (args.length === 0 ? rejected : rejected.withArgs(...args));
}

/** The market's ledger is contradicted by a leaf that the chain does not have. */
export async function contradict(world: LedgerWorld, balance = 101n): Promise<Commitment> {
  const owner = world.owners[0]!;
  world.tree.update([[world.keyOf(owner), balance]]);
  const lie = await world.commit();
  const proof = await world.leafProof({ rule: 0, owner, anchor: lie.anchor });
  const { commitment } = await world.sign(lie);
  await accepted(world.desk.disputeLeaf({ commitment, ...ON_RECORD }, bookForContract(world.book), proof));
  world.tree.update([[world.keyOf(owner), 100n]]);
  return lie;
}

/** The hash that a desk keeps of a dispute that held. */
export function evidenceOf({ data }: { readonly data: string }, number: bigint): string {
  return keccak256(concat([data, toWord(number)]));
}

/** Time passes without blocks: half a year would be a million of them. The clock alone decides after four times a span. */
export async function leap({ chain }: LedgerWorld, seconds: number): Promise<void> {
  await chain.stall({ seconds });
  await chain.mine();
}

/** The head's time, in seconds since 1970. */
export async function timeOf({ chain }: LedgerWorld): Promise<number> {
  return (await chain.tools.ethers.provider.getBlock("latest"))!.timestamp;
}

/** The next block has this time. */
export async function comeTo({ chain }: LedgerWorld, time: number): Promise<void> {
  await chain.request({ method: "evm_setNextBlockTimestamp", params: [time] });
}

/** The next commitment is relayed in a block of this time. */
export async function commitAt(
  world: LedgerWorld,
  time: number,
  changes: Partial<Commitment> = {},
): Promise<Commitment> {
  const commitment = await world.next({ validUntil: 2n ** 40n, ...changes });
  const signed = await world.sign(commitment);
  await comeTo(world, time);
  await accepted(world.relay(signed));
  [world.sequence, world.previous] = [commitment.sequence, hashCommitment(commitment)];
  return commitment;
}
