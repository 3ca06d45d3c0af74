import { toHex, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { checkOptions, checkWhole, invalidOption } from "../rpc/options.js";
import { simulatorError, type RpcCall } from "./backend.js";
import type { PortableBlock } from "./blocks.js";
import { switchBranch, type BranchChange } from "./branch.js";
import type { SimulatedNode } from "./node.js";
import type { Rejection } from "./pool.js";
import { isSystemTransaction, type SentTransaction } from "./transactions.js";

/**
 * What a reorg replaces, and what becomes of the transactions in it. By default each comes back in the new block of the
 * same height. There it may do something else, or be rejected.
 */
export interface ReorgOptions {
  /** Number of blocks replaced, from the head backwards. At least 1. */
  readonly depth: number;
  /** Number of blocks that the new branch is longer than the old one. Default: 0. */
  readonly extra?: number;
  /** Distinguishes the new branch; the same seed gives the same branch when the same script runs again. */
  readonly seed?: string;
  /**
   * Whether the transactions come back: all (default), none, or those for which it answers true. What cheat codes wrote on the
   * replaced blocks comes back as well, each at its height. With `false` it does not.
   */
  readonly keep?: boolean | ((transaction: SentTransaction) => boolean);
  /** Hashes of transactions that do not come back. */
  readonly drop?: readonly string[];
  /** Raw transactions that come back in place of others, by the others' hash: the same nonce with another effect. */
  readonly replace?: Readonly<Record<string, string>>;
  /**
   * The order in which they come back. A list of hashes names those that come first, in its order. Each new block has
   * as many as the one that it replaces. Within a block the node's pool decides: by tip, then by arrival.
   */
  readonly reorder?: "reverse" | "shuffle" | readonly string[];
  /** Raw transactions of the new branch alone, in its first block. */
  readonly add?: readonly string[];
  /**
   * The transactions of each new block, by their hashes. What is in none does not come back, and the branch is as long
   * as this at least. It takes the place of `keep`, `drop` and `reorder`.
   */
  readonly blocks?: readonly (readonly string[])[];
}

/** Puts a transaction into the pool of the new branch. */
type Entry = (rejected: Rejection[]) => Promise<void>;

/** Replaces the last blocks by others. The seed goes on from the one before, and back with a snapshot. */
export async function reorganize(node: SimulatedNode, options: ReorgOptions): Promise<BranchChange> {
  checkReorg(options);
  const { depth, extra = 0, seed = "", keep, blocks: layout = [] } = options;
  const { blocks, miner } = node;
  const ancestor = blocks.head.number - depth;
  const { now } = miner;
  const { cheats, nextTimestamp = 0 } = miner.state;
  await requireNamed(node, ancestor, options);
  return switchBranch(node, ancestor, async (orphaned, rejected) => {
    miner.reseed(`reorg ${seed}`);
    const plan = planOf(node, orphaned, options, miner.state.seed);
    for (let i = 0; i < Math.max(depth + extra, layout.length); i++) {
      const replaced = orphaned[i]?.record;
      // What was written on the common ancestor is no part of a block that is replaced.
      if (i === 0 || keep !== false) await repeat(node, replaced?.cheats ?? []);
      for (const enter of plan[i] ?? []) await enter(rejected);
      await miner.mine({ timestamp: replaced?.timestamp });
      if (blocks.head.hash === replaced?.hash)
        throw simulatorError(`The new block ${blocks.head.number} of ${node.name} is the one it should replace`);
    }
    if (keep !== false) await repeat(node, cheats);
    // It is no other time than before: an outage goes on.
    if (now > miner.now) miner.letPass(now - miner.now);
    if (nextTimestamp > miner.now) miner.setNextTimestamp(nextTimestamp);
  });
}

/** @throws INVALID_OPTION */
function checkReorg(options: ReorgOptions): void {
  checkOptions(options, ["depth", "extra", "seed", "keep", "drop", "replace", "reorder", "add", "blocks"]);
  const { depth, extra, keep = true, reorder = [] } = options;
  if (depth === undefined) throw invalidOption("depth", "say how many blocks are replaced");
  checkWhole("depth", depth, Number.MAX_SAFE_INTEGER);
  if (extra !== 0) checkWhole("extra", extra, Number.MAX_SAFE_INTEGER);
  if (typeof keep !== "boolean" && typeof keep !== "function")
    throw invalidOption("keep", "expected true, false, or a function of a transaction");
  if (!Array.isArray(reorder) && reorder !== "reverse" && reorder !== "shuffle")
    throw invalidOption("reorder", 'expected "reverse", "shuffle", or hashes');
}

/** Has cheat codes of a replaced block write on the new branch what they wrote on the old one. */
async function repeat({ miner, blocks }: SimulatedNode, cheats: readonly RpcCall[]): Promise<void> {
  for (const cheat of cheats)
    await miner.cheat(cheat).catch((cause: unknown) => {
      const reason = `${cheat.method}, which came after block ${blocks.head.number}, cannot come after the new one`;
      throw simulatorError(reason, cause);
    });
}

/** A reorg that names a transaction which it does not concern is a slip. Nothing has happened yet. */
async function requireNamed({ blocks }: SimulatedNode, ancestor: number, options: ReorgOptions): Promise<void> {
  const { keep, drop = [], replace = {}, reorder = [], blocks: layout } = options;
  if (layout !== undefined && (keep !== undefined || drop.length > 0 || reorder.length > 0))
    throw simulatorError(`"blocks" says already what comes back where: leave out keep, drop and reorder`);
  const named = [
    ...drop,
    ...Object.keys(replace),
    ...(typeof reorder === "string" ? [] : reorder),
    ...(layout ?? []).flat(),
  ];
  if (named.length === 0) return;
  const replaced = await blocks.portable(blocks.above(ancestor));
  const known = new Set<string>(replaced.flatMap(({ transactions }) => transactions.map(({ hash }) => hash)));
  for (const hash of named) {
    if (typeof hash !== "string") throw invalidOption("transactions", "expected their hashes");
    if (!known.has(hash)) throw simulatorError(`The transaction ${hash} is in none of the replaced blocks`);
  }
}

/** What goes into each new block. */
function planOf(
  { pool }: SimulatedNode,
  orphaned: readonly PortableBlock[],
  options: ReorgOptions,
  seed: string,
): Entry[][] {
  const { replace = {}, add = [] } = options;
  const plan = returning(orphaned, options, seed).map((transactions) =>
    transactions.map((transaction): Entry => {
      const other = replace[transaction.hash];
      return (rejected) => (other === undefined ? pool.resend(transaction, rejected) : pool.submit(other, rejected));
    }),
  );
  (plan[0] ??= []).unshift(
    ...add.map(
      (raw): Entry =>
        (rejected) =>
          pool.submit(raw, rejected),
    ),
  );
  return plan;
}

/** The transactions that come back, for each new block. */
function returning(
  orphaned: readonly PortableBlock[],
  { keep = true, drop = [], reorder = [], blocks: layout }: ReorgOptions,
  seed: string,
): SentTransaction[][] {
  const users = orphaned.map(({ transactions }) => transactions.filter((it) => !isSystemTransaction(it)));
  if (layout !== undefined) {
    const known = new Map<string, SentTransaction>(users.flat().map((transaction) => [transaction.hash, transaction]));
    return layout.map((hashes) => hashes.flatMap((hash) => known.get(hash) ?? []));
  }
  const comesBack = (transaction: SentTransaction): boolean =>
    !drop.includes(transaction.hash) && (typeof keep === "boolean" ? keep : keep(transaction));
  const staying = users.map((transactions) => transactions.filter(comesBack));
  const queue = inOrder(staying.flat(), reorder, seed);
  return staying.map((transactions) => queue.splice(0, transactions.length));
}

function inOrder(
  transactions: SentTransaction[],
  reorder: NonNullable<ReorgOptions["reorder"]>,
  seed: string,
): SentTransaction[] {
  if (reorder === "reverse") return transactions.reverse();
  if (reorder === "shuffle") {
    const draw = ({ hash }: SentTransaction): Hex => toHex(keccak256(new TextEncoder().encode(`${seed} ${hash}`)));
    return transactions.sort((a, b) => (draw(a) < draw(b) ? -1 : 1));
  }
  const place = ({ hash }: SentTransaction): number =>
    reorder.includes(hash) ? reorder.indexOf(hash) : reorder.length;
  return transactions.sort((a, b) => place(a) - place(b));
}
