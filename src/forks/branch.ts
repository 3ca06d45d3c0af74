import { sameHex } from "../core/bytes.js";
import { simulatorError } from "./backend.js";
import { blockRef, type BlockRecord, type BlockRef, type PortableBlock } from "./blocks.js";
import type { SimulatedNode } from "./node.js";
import type { Rejection } from "./pool.js";
import { hasBlobs, isSystemTransaction, type SentTransaction } from "./transactions.js";

/** How a chain's canonical branch changed. Lists are in ascending order of height. */
export interface BranchChange {
  /** The last block that both branches share. */
  readonly commonAncestor: BlockRef;
  /** Blocks that are no longer canonical. */
  readonly orphaned: BlockRef[];
  /** Blocks that replaced them. */
  readonly adopted: BlockRef[];
  /** Transactions of the orphaned blocks, in order, whether or not the new branch has them too. */
  readonly orphanedTransactions: SentTransaction[];
  /** Transactions that should have gone into the new branch and that the node refused there. */
  readonly rejected: Rejection[];
}

/**
 * Rolls back to `ancestor`, lets `build` make the new branch with automining off, and reports what changed.
 *
 * Waiting transactions are put aside first, and put back unless the new branch has taken them. Where `build` fails, the old branch comes
 * back as it was, with what had happened on its head.
 */
export async function switchBranch(
  node: SimulatedNode,
  ancestor: number,
  build: (orphaned: PortableBlock[], rejected: Rejection[]) => Promise<void>,
): Promise<BranchChange> {
  const { blocks, miner, pool } = node;
  checkRollback(node, ancestor);
  const rejected: Rejection[] = [];
  const { state } = miner;
  node.finality.hold();
  await node.filters.leave(ancestor);
  const waiting = await pool.waiting();
  await miner.suspendAutomine();
  let orphaned: PortableBlock[];
  try {
    orphaned = await rollBack(node, ancestor);
    try {
      await build(orphaned, rejected);
    } catch (cause) {
      await rollBack(node, ancestor);
      for (const block of orphaned) await importBlock(node, block);
      await miner.restore(state);
      throw cause;
    }
  } finally {
    for (const transaction of waiting) await pool.resend(transaction, []);
    await miner.resumeAutomine();
    miner.redraw();
    await miner.arm();
  }
  return {
    commonAncestor: blockRef(blocks.at(ancestor)!),
    orphaned: orphaned.map(({ record }) => blockRef(record)),
    adopted: blocks.above(ancestor).map(blockRef),
    orphanedTransactions: orphaned.flatMap(({ transactions }) => transactions.filter((it) => !isSystemTransaction(it))),
    rejected,
  };
}

/**
 * Makes a branch canonical. It goes back to the last block of it that is here, and imports the rest by executing it.
 * Each block must come out with the hash that it has there. If one does not, this node gets its old branch back.
 *
 * @param contents of blocks that are missing here
 * @param source whose branch it is, for the error
 */
export async function followBranch(
  node: SimulatedNode,
  branch: readonly BlockRecord[],
  contents: (missing: readonly BlockRecord[]) => Promise<PortableBlock[]>,
  source: string,
): Promise<BranchChange> {
  const { name, blocks } = node;
  const shared = blocks.sharedWith(branch);
  if (shared === 0) throw simulatorError(`${name} and ${source} have no block in common on which to import`);
  const missing = await contents(branch.slice(shared));
  const ancestor = branch[shared - 1]!.number;
  return switchBranch(node, ancestor, async () => {
    try {
      for (const block of missing) await importBlock(node, block);
    } catch (cause) {
      throw simulatorError(`${name} could not adopt the branch of ${source}`, cause);
    }
  });
}

/**
 * Goes back to the state right after block `number`, with an empty pool; automining must be off.
 *
 * @returns the blocks above it, now orphans
 */
export async function rollBack(node: SimulatedNode, number: number): Promise<PortableBlock[]> {
  const { blocks, checkpoints, systemCalls, miner, pool } = node;
  const orphaned = await blocks.orphan(number);
  // Nothing to undo: the state is already the one right after the block.
  if (orphaned.length === 0 && miner.state.cheats.length === 0 && systemCalls.mark.filledTo === blocks.head.historyTo) {
    await pool.clear();
    return [];
  }
  const checkpoint = checkpoints.before(number);
  // Read while the backend still has them. Should it not make one again, that is on record as an orphan.
  const replayed = await blocks.orphan(checkpoint.number);
  await checkpoints.restore(checkpoint);
  await miner.rewind();
  await pool.clear();
  for (const block of replayed) await importBlock(node, block);
  return orphaned;
}

/** Executes a block that another chain, or this one, has mined on the same parent. The pool must be empty and automining off. */
export async function importBlock(node: SimulatedNode, { record, block, transactions }: PortableBlock): Promise<void> {
  const { ask, blocks, systemCalls, miner, pool } = node;
  for (const cheat of record.cheats) await miner.cheat(cheat);
  // In transaction mode the block carries the system transactions itself.
  if (systemCalls.mode === "storage") await systemCalls.fill(record.historyTo, record.timestamp);
  else systemCalls.carriedTo(record.historyTo);

  const { coinbase } = miner.state;
  if (!sameHex(coinbase, block.miner)) await ask("hardhat_setCoinbase", block.miner);
  try {
    await ask("hardhat_setPrevRandao", block.mixHash);
    for (const transaction of transactions)
      if (isSystemTransaction(transaction)) systemCalls.sent.add(transaction.hash);
    if (systemCalls.mode !== "native" && transactions.some(hasBlobs))
      await miner.mineAlone(record.timestamp, () => pool.send(transactions[0]!));
    else {
      for (const transaction of transactions) await pool.send(transaction);
      await ask("evm_mine", record.timestamp);
    }
    await miner.record();
  } finally {
    if (!sameHex(coinbase, block.miner)) await ask("hardhat_setCoinbase", coinbase);
  }

  const { hash } = blocks.head;
  if (hash !== record.hash)
    throw simulatorError(
      `Block ${record.number} came out of its import into ${node.name} as ${hash} instead of ${record.hash}`,
    );
}

function checkRollback({ name, blocks, finality, pins }: SimulatedNode, number: number): void {
  const first = blocks.first.number;
  const advice = first === 0 ? "" : ": take `forks` before the transactions that a reorg is to replace";
  if (number < first)
    throw simulatorError(
      `The simulator has ${name} from block ${first} on and cannot roll it back to ${number}${advice}`,
    );
  const { floor } = finality;
  if (floor !== undefined && number < floor)
    throw simulatorError(`Block ${floor} of ${name} is finalized: it cannot be rolled back to ${number}`);
  for (const pin of pins)
    if (number < pin.number)
      throw simulatorError(
        `A hard fork rests on block ${pin.number} of ${name}: it cannot be rolled back to ${number}`,
      );
}
