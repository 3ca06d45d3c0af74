import type { Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import type { SentTransaction } from "../forks/index.js";

/** A transaction of a recorded history, and which of the recorded blocks holds it, from 0. */
export interface Recorded {
  readonly transaction: SentTransaction;
  readonly block: number;
}

/**
 * One way in which another branch differs from the recorded one. A transaction is dropped, it comes so many blocks later,
 * or it comes right behind one that it was before.
 */
export type HistoryChange =
  | { readonly kind: "dropped"; readonly hash: Hex }
  | { readonly kind: "delayed"; readonly hash: Hex; readonly blocks: number }
  | { readonly kind: "behind"; readonly hash: Hex; readonly other: Hex };

/** What is tried: see `HazardBound`. */
export interface Bound {
  readonly changes: number;
  readonly delay: number;
  readonly histories: number;
}

const RANK = { dropped: 0, delayed: 1, behind: 2 } as const;

/** Every change by itself: those first that say the most by the least. */
export function changesOf(recorded: readonly Recorded[], delay: number): HistoryChange[] {
  const hashes = recorded.map(({ transaction }) => transaction.hash);
  const delays = Array.from({ length: delay }, (_, i) => i + 1);
  return [
    ...hashes.map((hash): HistoryChange => ({ kind: "dropped", hash })),
    ...recorded.flatMap((earlier, i) =>
      recorded
        .slice(i + 1)
        // A sender's own order is in the nonces.
        .filter((later) => earlier.transaction.from !== later.transaction.from)
        .map((later): HistoryChange => ({ kind: "behind", hash: hashes[i]!, other: later.transaction.hash })),
    ),
    ...hashes.flatMap((hash) => delays.map((blocks): HistoryChange => ({ kind: "delayed", hash, blocks }))),
  ];
}

/** How many sets of up to so many changes there are. Some of them are the same history. */
export function countSets(changes: number, most: number): bigint {
  let [sets, sum] = [1n, 1n];
  for (let size = 1; size <= Math.min(changes, most); size++) {
    sets = (sets * BigInt(changes - size + 1)) / BigInt(size);
    sum += sets;
  }
  return sum;
}

/**
 * The sets of changes to try, the smallest first. Whole sizes come in order as far as the limit reaches. Of the greater ones it
 * draws by the seed.
 */
export function* setsOf(changes: readonly HistoryChange[], bound: Bound, seed: string): Generator<HistoryChange[]> {
  const most = Math.min(bound.changes, changes.length);
  let size = 0;
  for (; size <= most && countSets(changes.length, size) <= BigInt(bound.histories); size++)
    yield* combinations(changes, size);
  if (size > most) return;
  const draw = drawing(seed);
  // Some sets are none that can be, and some come twice: the caller counts what it runs.
  for (let tries = 0; tries < 20 * bound.histories; tries++) {
    const set: HistoryChange[] = [];
    for (let left = size + draw(most - size + 1); left > 0; left--) set.push(changes[draw(changes.length)]!);
    if (isPossible(set)) yield set;
  }
}

function* combinations(changes: readonly HistoryChange[], size: number, from = 0): Generator<HistoryChange[]> {
  if (size === 0) return yield [];
  for (let i = from; i <= changes.length - size; i++)
    for (const rest of combinations(changes, size - 1, i + 1)) {
      const set = [changes[i]!, ...rest];
      if (isPossible(set)) yield set;
    }
}

/** Whether each transaction is changed once, and none is behind one that does not come. */
function isPossible(set: readonly HistoryChange[]): boolean {
  const dropped = set.filter(({ kind }) => kind === "dropped").map(({ hash }) => hash);
  return (
    new Set(set.map(({ hash }) => hash)).size === set.length &&
    set.every((change) => change.kind !== "behind" || !dropped.includes(change.other))
  );
}

/**
 * The transactions of each block of another branch, in the order in which they come.
 *
 * @param without those that are in none, whatever the changes
 */
export function layoutOf(
  recorded: readonly Recorded[],
  changes: readonly HistoryChange[],
  without: readonly Hex[] = [],
): Hex[][] {
  const blocks: SentTransaction[][] = [];
  for (const { transaction, block } of recorded)
    if (!without.includes(transaction.hash)) blockAt(blocks, block).push(transaction);
  for (const change of [...changes].sort((a, b) => RANK[a.kind] - RANK[b.kind])) apply(blocks, change);
  return inNonceOrder(
    blocks.map((block) => block.map(({ hash }) => hash)),
    ownBefore(recorded),
  );
}

/** The transaction of the same sender before each that has one. */
export function ownBefore(recorded: readonly Recorded[]): ReadonlyMap<Hex, Hex> {
  const before = new Map<Hex, Hex>();
  const last = new Map<Hex, Hex>();
  for (const { transaction } of recorded) {
    const own = last.get(transaction.from);
    if (own !== undefined) before.set(transaction.hash, own);
    last.set(transaction.from, transaction.hash);
  }
  return before;
}

/** One that comes too early for its nonce waits in the pool. It comes right behind the one that it needs, or never. */
function inNonceOrder(blocks: readonly (readonly Hex[])[], before: ReadonlyMap<Hex, Hex>): Hex[][] {
  const come = new Set<Hex>();
  const waiting: Hex[] = [];
  const enter = (hash: Hex): Hex[] => {
    const needed = before.get(hash);
    if (needed !== undefined && !come.has(needed)) {
      waiting.push(hash);
      return [];
    }
    come.add(hash);
    return [hash, ...waiting.filter((other) => before.get(other) === hash).flatMap(enter)];
  };
  return blocks.map((block) => block.flatMap(enter));
}

function apply(blocks: SentTransaction[][], change: HistoryChange): void {
  const from = placeOf(blocks, change.hash);
  if (from === undefined) return;
  const [transaction] = blocks[from.block]!.splice(from.index, 1) as [SentTransaction];
  if (change.kind === "delayed") blockAt(blocks, from.block + change.blocks).push(transaction);
  if (change.kind !== "behind") return;
  const { block, index } = placeOf(blocks, change.other) ?? from;
  blocks[block]!.splice(index + 1, 0, transaction);
}

function placeOf(blocks: SentTransaction[][], hash: Hex): { block: number; index: number } | undefined {
  const block = blocks.findIndex((transactions) => transactions.some((each) => each.hash === hash));
  return block === -1 ? undefined : { block, index: blocks[block]!.findIndex((each) => each.hash === hash) };
}

/** The block at an index, with empty ones up to it where there are none yet. */
function blockAt<T>(blocks: T[][], index: number): T[] {
  while (blocks.length <= index) blocks.push([]);
  return blocks[index]!;
}

/** Leaves out items for as long as a condition holds for the rest, until nothing more can go. */
export async function leaveOut<T>(
  items: readonly T[],
  holds: (fewer: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = items;
  for (let before = -1; before !== kept.length;) {
    before = kept.length;
    for (const item of kept) {
      const fewer = kept.filter((other) => other !== item);
      if (await holds(fewer)) kept = fewer;
    }
  }
  return kept;
}

/** Whole numbers below a limit that follow from a seed. */
function drawing(seed: string): (below: number) => number {
  let count = 0;
  return (below) => {
    const digest = keccak256(new TextEncoder().encode(`${seed} ${count++}`));
    return new DataView(digest.buffer, digest.byteOffset).getUint32(0) % below;
  };
}
