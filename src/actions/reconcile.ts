import type { AnchorLike, StateAnchor } from "../anchor/anchor.js";
import { concat, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256, useInstalledKeccak } from "../core/keccak.js";
import { describeValue } from "../core/text.js";
import { hashRules, type RuleBook } from "../ledger/rules.js";
import { LedgerTree } from "../ledger/tree.js";
import { checkWhole, invalidOption } from "../rpc/options.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import type { BlockId } from "./fetchHeader.js";
import { latestAnchor } from "./latestAnchor.js";
import { anchoredHeader, MAX_SLOTS_PER_REQUEST } from "./prove.js";
import type { ProvenHolder } from "./readSlots.js";
import { Comparison, type RuleDifference, type Tally } from "./ruleDifferences.js";

/** What is compared with the chain, at which block, and how the endpoint is asked. */
export interface ReconcileOptions extends RequestOptions {
  /** The block, as for `prove`; or `{ depth }`, so many blocks behind the head, as for `latestAnchor`. */
  readonly anchor: Readonly<AnchorLike> | BlockId | { readonly depth: number };
  /** Must not change until the end. */
  readonly tree: LedgerTree;
  readonly book: RuleBook;
  /**
   * Whom the rules by owner are applied to: addresses, each once. Needed where there is such a rule. A ledger knows its owners by
   * hashes alone. And a contract may hold something for somebody of whom it has nothing.
   */
  readonly owners?: Iterable<string> | AsyncIterable<string>;
  /** Slots that a mirror's contract may hold and the ledger does not: they name strangers. See `findDifferences`. */
  readonly candidates?: Iterable<Hex>;
  /** Owners that are compared at once, by default 4,096. Their proofs are in memory together, about 10 kB a slot. */
  readonly chunkSize?: number;
  /** Slots in one request, at most and by default 1,024. */
  readonly slotsPerRequest?: number;
  /** Requests at once, 1 to 64, by default 4. */
  readonly concurrency?: number;
  /** Where finished chunks are kept, so that a run which was killed goes on from there. */
  readonly checkpoint?: Checkpoint;
  /** Called after each chunk. */
  readonly onProgress?: (progress: ReconcileCounts) => void;
}

/** How many comparisons came out how. */
export interface ReconcileCounts {
  /** Rules that hold, of an owner or of the total; entries of a mirror. */
  readonly matched: number;
  /** Zero in the ledger, and not on the chain. Strangers that share a prefix count as one. */
  readonly "missing-here": number;
  /** Zero on the chain, and not in the ledger. */
  readonly "missing-there": number;
  readonly differs: number;
  /** Entries of the ledger that no rule and owner led to. Where they are not zero, an owner was left out, or a rule. */
  readonly unread: number;
  /** Slots that were read or descended to. */
  readonly slots: number;
}

/** What was compared, and how it came out. */
export interface ReconcileSummary {
  readonly anchor: StateAnchor;
  /** {@link hashRules} of the book. */
  readonly rules: Hex;
  readonly ledgerRoot: Hex;
  /** The contracts of the rules, with the storage roots that were proven. A mirror's equals the ledger's root where nothing differs. */
  readonly holders: readonly ProvenHolder[];
  readonly counts: ReconcileCounts;
}

/** A summary with every difference. Plain data: `JSON.stringify` needs nothing but decimals for bigints. */
export interface ReconcileReport extends ReconcileSummary {
  readonly differences: readonly RuleDifference[];
}

/** A chunk that was compared. Plain data; its bigints may come back as decimals. */
export interface FinishedChunk {
  /** Hash of the anchor's block. To resume, give it as the anchor: `{ hash }`. */
  readonly anchor: Hex;
  readonly ledgerRoot: Hex;
  readonly rules: Hex;
  /** Counted from 0. */
  readonly chunk: number;
  /** keccak256 of the owners' addresses. */
  readonly owners: Hex;
  /** Comparisons that hold. */
  readonly matched: number;
  /** Entries of the ledger that a rule was applied to. */
  readonly read: number;
  /** Slots that were asked for. */
  readonly slots: number;
  readonly differences: readonly RuleDifference[];
}

/**
 * A store of finished chunks, of one run. It appends: a file with one JSON text a line will do.
 *
 * @example
 * const chunks: FinishedChunk[] = [];
 * const checkpoint: Checkpoint = { load: () => chunks, save: async (chunk) => void chunks.push(chunk) };
 */
export interface Checkpoint {
  /** What was saved, in that order; nothing in a new store. */
  load(): Iterable<FinishedChunk> | AsyncIterable<FinishedChunk>;
  save(chunk: FinishedChunk): Promise<void>;
}

const DEFAULT_CHUNK = 4_096;
const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 64;

/**
 * Compares a whole ledger with the chain at one block, and believes nothing that the endpoint says. The header is hashed again, and
 * every node is checked up to its state root. The differences are collected; {@link reconcileEach} yields them.
 *
 * A mirror is compared by its root, and by a descent where that differs. Else each rule of the book is applied to each owner. What
 * a rule allows is no difference.
 *
 * @throws before anything is sent: INVALID_OPTION, INVALID_RULE, INVALID_HEX
 * @throws CHECKPOINT_MISMATCH for chunks of another anchor, ledger, book or list of owners
 * @throws as `prove`: PROOF_INVALID and the like for an endpoint that lies, STATE_UNAVAILABLE where it has no such state
 * @example
 * const report = await reconcile(provider, { anchor: commitment.anchor, tree, book, owners });
 * if (report.differences.length > 0) console.log(formatReport(report));
 */
export async function reconcile(connection: Connection, options: ReconcileOptions): Promise<ReconcileReport> {
  const found: RuleDifference[] = [];
  const run = reconcileEach(connection, options);
  for (;;) {
    const { value, done } = await run.next();
    if (done === true) return { ...value, differences: found };
    found.push(value);
  }
}

/**
 * As {@link reconcile}, for any number of owners and differences: none is kept. The summary is what the generator returns.
 *
 * What an earlier run has saved is yielded again, first.
 *
 * @throws as {@link reconcile}
 * @example
 * for await (const { owner, here, there } of reconcileEach(provider, { anchor, tree, book, owners })) console.log(owner, here, there);
 */
export async function* reconcileEach(
  connection: Connection,
  options: ReconcileOptions,
): AsyncGenerator<RuleDifference, ReconcileSummary, void> {
  const { tree, book, checkpoint, ...how } = readOptions(options);
  await useInstalledKeccak();
  const header = await anchoredHeader(connection, await anchorOf(connection, options), how.asking);
  const compared = { tree, book, candidates: options.candidates };
  const comparison = new Comparison({ connection, header, ...how }, compared);
  const holders = await comparison.holders();
  const run = { anchor: header.hash, ledgerRoot: tree.root, rules: hashRules(book) };
  const total = new Total(tree.size);
  const finished = new Map<number, Hex>();
  for await (const chunk of checkpoint?.load() ?? []) {
    expectSame(run, chunk);
    if (finished.has(chunk.chunk)) continue;
    finished.set(chunk.chunk, chunk.owners);
    const differences = chunk.differences.map(revived);
    total.add(chunk, differences);
    yield* differences;
  }
  for await (const { chunk, owners, compare } of chunksOf(comparison, options)) {
    const before = finished.get(chunk);
    if (before !== undefined) expectSame({ owners }, { owners: before });
    if (before !== undefined) continue;
    const tally: Tally = { matched: 0, read: 0, slots: 0 };
    const differences: RuleDifference[] = [];
    for await (const difference of compare(tally)) {
      total.count(difference);
      // What is saved comes first: whoever is killed after it was yielded gets it again.
      if (checkpoint === undefined) yield difference;
      else differences.push(difference);
    }
    await checkpoint?.save({ ...run, chunk, owners, ...tally, differences });
    total.add(tally, []);
    yield* differences;
    options.onProgress?.(total.counts());
  }
  const { number, hash, stateRoot } = header;
  return { ...run, anchor: { number, hash, stateRoot }, holders, counts: total.counts() };
}

function readOptions(options: ReconcileOptions) {
  const names = ["anchor", "tree", "book", "owners", "candidates", "chunkSize", "slotsPerRequest", "concurrency"];
  checkRequestOptions(options, ...names, "checkpoint", "onProgress");
  const { tree, book, owners, checkpoint, timeout } = options;
  const { chunkSize, slotsPerRequest = MAX_SLOTS_PER_REQUEST, concurrency = DEFAULT_CONCURRENCY } = options;
  if (!(tree instanceof LedgerTree)) throw invalidOption("tree", "expected a LedgerTree");
  hashRules(book);
  const isByOwner = book.rules.some(({ derivation }) => derivation.startsWith("by-"));
  if (isByOwner !== (owners !== undefined))
    throw invalidOption("owners", isByOwner ? "a rule by owner needs them" : "no rule of the book is by owner");
  checkWhole("chunkSize", chunkSize, Number.MAX_SAFE_INTEGER);
  checkWhole("slotsPerRequest", slotsPerRequest, Number.MAX_SAFE_INTEGER);
  checkWhole("concurrency", concurrency, MAX_CONCURRENCY);
  const perRequest = Math.min(slotsPerRequest, MAX_SLOTS_PER_REQUEST);
  return { tree, book, checkpoint, perRequest, concurrency, asking: timeout === undefined ? {} : { timeout } };
}

async function anchorOf(
  connection: Connection,
  { anchor, timeout }: ReconcileOptions,
): Promise<Readonly<AnchorLike> | BlockId> {
  if (typeof anchor !== "object" || anchor === null || !("depth" in anchor)) return anchor;
  return latestAnchor(connection, { ...anchor, ...(timeout === undefined ? {} : { timeout }) });
}

// --- chunks ---

interface Chunk {
  readonly chunk: number;
  readonly owners: Hex;
  readonly compare: (tally: Tally) => AsyncGenerator<RuleDifference, void, void>;
}

/** What belongs to no owner, or the mirror, as chunk 0; then the owners. */
async function* chunksOf(
  comparison: Comparison,
  { book, owners = [], chunkSize = DEFAULT_CHUNK }: ReconcileOptions,
): AsyncGenerator<Chunk> {
  const isMirror = book.rules[0]?.derivation === "mirror";
  yield { chunk: 0, owners: digestOf([]), compare: (tally) => comparison.ofNobody(tally) };
  if (isMirror) yield { chunk: 1, owners: digestOf([]), compare: (tally) => comparison.ofMirror(tally) };
  let chunk = 1;
  let batch: Hex[] = [];
  const ofBatch = (some: readonly Hex[]): Chunk => {
    return { chunk: chunk++, owners: digestOf(some), compare: (tally) => comparison.ofOwners(some, tally) };
  };
  for await (const owner of owners) {
    batch.push(toHex(toBytes(owner, "owner", 20)));
    if (batch.length < chunkSize) continue;
    yield ofBatch(batch);
    batch = [];
  }
  if (batch.length > 0) yield ofBatch(batch);
}

function digestOf(owners: readonly Hex[]): Hex {
  return toHex(keccak256(concat(owners.map((owner) => toBytes(owner, "owner", 20)))));
}

/** What makes two runs, or two chunks, the same. */
type Named = Partial<Pick<FinishedChunk, "anchor" | "ledgerRoot" | "rules" | "owners">>;

/** @throws CHECKPOINT_MISMATCH where a member of a chunk is another one than the run's */
function expectSame(run: Named, chunk: Named): void {
  for (const [member, expected] of Object.entries(run) as [keyof Named, Hex][])
    if (chunk[member] !== expected) throw otherRun(member, expected, describeValue(chunk[member]));
}

/** A difference as it was, out of JSON whose bigints are decimals. */
function revived(difference: RuleDifference): RuleDifference {
  const { here, there, by } = difference;
  try {
    return {
      ...difference,
      here: BigInt(here),
      ...(there === undefined ? {} : { there: BigInt(there) }),
      ...(by === undefined ? {} : { by: BigInt(by) }),
    };
  } catch {
    throw otherRun("differences", "integers", describeValue(here));
  }
}

function otherRun(
  ...[member, expected, actual]: [member: keyof Named | "differences", expected: string, actual: string]
): SettlementGuardError<"CHECKPOINT_MISMATCH"> {
  const message = `the checkpoint is of another run: its ${member} is ${actual}, expected ${expected}`;
  return new SettlementGuardError("CHECKPOINT_MISMATCH", { member, expected, actual }, message);
}

/** The counts of all chunks. */
class Total {
  readonly #tally: Tally = { matched: 0, read: 0, slots: 0 };
  readonly #kinds = { "missing-here": 0, "missing-there": 0, differs: 0 };

  constructor(private readonly size: number) {}

  count({ kind }: RuleDifference): void {
    this.#kinds[kind]++;
  }

  add(tally: Readonly<Tally>, differences: readonly RuleDifference[]): void {
    this.#tally.matched += tally.matched;
    this.#tally.read += tally.read;
    this.#tally.slots += tally.slots;
    for (const difference of differences) this.count(difference);
  }

  counts(): ReconcileCounts {
    const { matched, read, slots } = this.#tally;
    return { matched, ...this.#kinds, unread: this.size - read, slots };
  }
}
