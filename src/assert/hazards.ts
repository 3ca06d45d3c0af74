import type { Hex } from "../core/bytes.js";
import type { ReorgOptions, SentTransaction, SimulatedChain } from "../forks/index.js";
import { checkOptions, checkWhole, invalidOption } from "../rpc/options.js";
import { requireSimulated, type Act, type EffectReader } from "./branches.js";
import { listed } from "./finding.js";
import { changesOf, countSets, leaveOut, setsOf, type Bound, type HistoryChange } from "./histories.js";
import { isRevert, outcomeOfError } from "./outcome.js";
import { Trials, type EffectDifference, type Variant } from "./trials.js";

/** How far a search goes. */
export interface HazardBound {
  /** Changes of one history at the most: a drop, a delay, or one transaction behind another. Default: 2. */
  readonly changes?: number;
  /** Blocks at the most by which a change delays a transaction. None is delayed by 0. Default: 2. */
  readonly delay?: number;
  /** Histories at the most. Where there are more, the greater ones are drawn by the seed. Default: 250. */
  readonly histories?: number;
}

/** What is searched, and what counts. */
export type HazardSearch<Tools = unknown> = {
  /** The chain with the recorded history. It is as it was afterwards. */
  readonly chain: SimulatedChain<Tools>;
  readonly bound?: HazardBound;
  /** From which the histories follow that are drawn. Default: "1". */
  readonly seed?: string;
  /**
   * What is compared. It is read when the whole history has run, so it names the transaction's block. Default: logs and
   * changes of the state, which the node must trace.
   */
  readonly effect?: EffectReader<SimulatedChain<Tools>>;
  /** Whether a difference is as it should be, as a fill price within its limit. Default: none is. */
  readonly ignore?: (difference: EffectDifference) => boolean;
  /** Whether height and time of its block alone may make an effect another one. Default: no. */
  readonly doesTimeCount?: boolean;
} & (
  | {
      /** The number of the last block before the recorded history. */
      readonly from: bigint;
      readonly transactions?: undefined;
    }
  | {
      /** What sends the history, one after the other, or signed transactions. They stay on the chain. */
      readonly transactions: readonly (Act<SimulatedChain<Tools>> | Hex)[];
      readonly from?: undefined;
    }
);

/** The smallest history found in which a signed transaction takes another effect. */
export interface Hazard {
  readonly transaction: SentTransaction;
  /** The transactions without which it does not happen, in their recorded order. */
  readonly history: readonly SentTransaction[];
  /** What became of them on the other branch. Empty where it is enough that the blocks are others. */
  readonly changes: readonly HistoryChange[];
  /** Shows the hazard again: `chain.reorg(hazard.reorg)`. */
  readonly reorg: ReorgOptions;
  /** What it did as it was recorded, each fact by its name. */
  readonly was: Readonly<Record<string, string>>;
  /** What it does on the other branch. */
  readonly is: Readonly<Record<string, string>>;
  /** One sentence. */
  readonly says: string;
}

/** What a search found, and how much it searched. */
export interface HazardReport {
  /** One for each transaction at the most, in their recorded order. */
  readonly hazards: readonly Hazard[];
  /** How many histories were run, those included by which hazards were made smaller. */
  readonly histories: number;
  /**
   * Whether every set of changes within the bound was tried. It is not, where each transaction had a hazard before. Nor is it
   * where a history did not come out in its order, or a transaction ran out of gas. It may not pay the base fee there.
   */
  readonly isExhaustive: boolean;
  /** Transactions that used all their gas in a history, and reverted. They show nothing there: give them more where they are sent. */
  readonly outOfGas: readonly Hex[];
  readonly seed: string;
  /** All of it in a few sentences, for a test's message. */
  readonly says: string;
}

const DEFAULTS: Bound = { changes: 2, delay: 2, histories: 250 };

/**
 * Searches what a reorg breaks. It replays a recorded history with transactions dropped, delayed and put behind others. It looks
 * for a signed transaction that takes another effect than the one it had. Then it makes the history that shows it as small as it can.
 *
 * Another effect is another log, balance, nonce or code. So is a slot that neither grows as much nor ends at the same value. Gas is left
 * out, as by {@link assertSurvivesReorg}. So is what comes of the time alone: in the recorded order, so many blocks later, it is the same. A
 * revert is no hazard, nor is the node's refusal. A transaction that reverted has no effect that could be another.
 *
 * What follows from a block's hash or randomness may differ by chance. So no change is blamed, before the recorded order was run in
 * some other blocks, too. A difference that does not come back is no hazard.
 *
 * Within a block the node's pool decides on the order. So after each history its order is looked at. Where it is another than
 * planned, each transaction gets a block of its own.
 *
 * Transactions keep the gas limits that were signed. Clients sign their estimate, without a margin. So what needs more on another branch
 * reverts there, and may hide a hazard: {@link HazardReport.outOfGas} names such transactions.
 *
 * State that cheat codes wrote within the recorded history is there on the other branches, at the same heights.
 *
 * @throws FORK_SIMULATOR where the chain cannot be reorganised back to `from`
 * @throws INVALID_OPTION for a bound that is none, and for a history without blocks or without a transaction that succeeded
 * @throws whatever an act of `transactions` throws, unless it is a revert
 * @throws INVALID_MATCHER where the node does not trace and there is no `effect`
 * @example
 * const { hazards, says } = await findReorgHazards({ chain, from: deployed.number });
 * expect(hazards, says).to.deep.equal([]);
 */
export async function findReorgHazards<Tools>(search: HazardSearch<Tools>): Promise<HazardReport> {
  const { seed = "1" } = search;
  const bound = boundOf(search.bound);
  const trials = await record(search, seed);
  const changes = changesOf(trials.recorded, bound.delay);
  const possible = countSets(changes.length, bound.changes);
  let isExhaustive = possible <= BigInt(bound.histories);
  const found = new Map<Hex, Hazard>();
  for (const set of setsOf(changes, bound, seed)) {
    if (found.size === trials.watched.length || trials.run >= bound.histories) {
      isExhaustive = false;
      break;
    }
    const open = trials.watched.filter(({ hash }) => !found.has(hash));
    for (const transaction of await trials.tryOnce(set, open)) {
      const hazard = await hazardOf(trials, transaction, set);
      if (hazard !== undefined) found.set(transaction.hash, hazard);
    }
  }
  const outOfGas = [...trials.outOfGas.keys()];
  if (trials.unplanned > 0 || outOfGas.length > 0) isExhaustive = false;
  const hazards = trials.watched.flatMap(({ hash }) => found.get(hash) ?? []);
  const extent = isExhaustive ? "which are all within the bound" : `of ${possible} at the most`;
  const ran = `${trials.run} histories of ${trials.recorded.length} transactions were run, ${extent}, by the seed "${seed}".`;
  const unplanned = `${trials.unplanned} did not come out in their order, and show nothing.`;
  const starved = [...trials.outOfGas].map(
    ([hash, runs]) =>
      `The transaction ${short(hash)} ran out of gas in ${runs}, and shows nothing there: send it with more.`,
  );
  const sayings = hazards.map((hazard) => hazard.says);
  const says = [ran, ...(trials.unplanned > 0 ? [unplanned] : []), ...starved, ...sayings].join(" ");
  return { hazards, histories: trials.run, isExhaustive, outOfGas, seed, says };
}

/** Sends what is to be sent, and reads what the history did. @throws INVALID_OPTION where there is nothing to compare */
async function record<Tools>(search: HazardSearch<Tools>, seed: string): Promise<Trials<Tools>> {
  checkOptions(search, ["chain", "bound", "seed", "effect", "ignore", "doesTimeCount", "from", "transactions"]);
  const { chain, effect, ignore, doesTimeCount } = search;
  requireSimulated(chain);
  const option = search.transactions === undefined ? "from" : "transactions";
  const from = search.from ?? chain.head.number;
  if (typeof from !== "bigint")
    throw invalidOption("from", `expected a bigint, the number of a block, and got ${String(from)}`);
  for (const act of search.transactions ?? []) await send(act, chain);
  const { number: head } = chain.head;
  if (search.transactions !== undefined && from >= head)
    throw invalidOption(option, `expected transactions that are mined, and no block came after ${from}`);
  if (from >= head || from < 0n)
    throw invalidOption(option, `expected a block below the head, which is ${head}, and got ${from}`);
  const trials = await Trials.of({ chain, seed, depth: Number(head - from), effect, ignore, doesTimeCount });
  if (trials.watched.length === 0)
    throw invalidOption(option, `no recorded transaction succeeded, of ${trials.recorded.length} after block ${from}`);
  return trials;
}

/** @throws INVALID_OPTION */
function boundOf(given: HazardBound = {}): Bound {
  checkOptions(given, Object.keys(DEFAULTS));
  checkWhole("changes", given.changes, 20);
  if (given.delay !== 0) checkWhole("delay", given.delay, 1_000);
  checkWhole("histories", given.histories, 1_000_000);
  return { ...DEFAULTS, ...given };
}

/** A transaction that reverts belongs to the history all the same. */
async function send<Tools>(act: Act<SimulatedChain<Tools>> | Hex, chain: SimulatedChain<Tools>): Promise<void> {
  try {
    if (typeof act === "string") await chain.request({ method: "eth_sendRawTransaction", params: [act] });
    else await act(chain);
  } catch (error) {
    if (!isRevert(outcomeOfError(error))) throw error;
  }
}

async function hazardOf<Tools>(
  trials: Trials<Tools>,
  transaction: SentTransaction,
  set: readonly HistoryChange[],
): Promise<Hazard | undefined> {
  const inOrder = set.length === 0 ? undefined : await trials.findInOrder(transaction);
  const smallest = await shrink(trials, transaction, inOrder ?? { changes: set });
  const { differences, was, is, reorg } = await trials.compare(transaction, smallest);
  const [first, ...more] = differences;
  if (first === undefined) return undefined;
  const { changes, without = [] } = smallest;
  const where = changes.length === 0 ? "in other blocks, in the same order" : `where ${listed(changes.map(told))}`;
  return {
    transaction,
    history: trials.recorded.map((each) => each.transaction).filter(({ hash }) => !without.includes(hash)),
    changes,
    reorg,
    was,
    is,
    says: `The transaction ${short(transaction.hash)} has another effect ${where}: ${toldFirst(first, more.length)}`,
  };
}

/** Leaves out changes, and then transactions without which it has its recorded effect, until nothing more can go. */
async function shrink<Tools>(trials: Trials<Tools>, transaction: SentTransaction, variant: Variant): Promise<Variant> {
  const factsIn = async (each: Variant): Promise<string> =>
    JSON.stringify((await trials.compare(transaction, each)).differences.map(({ fact }) => fact).sort());
  const changes = await leaveOut(
    variant.changes,
    async (fewer) => (await trials.compare(transaction, { ...variant, changes: fewer })).differences.length > 0,
  );
  const needed = changes.flatMap((change) => (change.kind === "behind" ? [change.hash, change.other] : [change.hash]));
  const others = trials.recorded
    .map((each) => each.transaction.hash)
    .filter((hash) => hash !== transaction.hash && !needed.includes(hash));
  const facts = await factsIn({ ...variant, changes });
  const withoutAll = (kept: readonly Hex[]): Hex[] => others.filter((hash) => !kept.includes(hash));
  const kept = await leaveOut(others.toReversed(), async (fewer) => {
    const without = withoutAll(fewer);
    // What any other block changes is as it was recorded in none.
    const isSound = changes.length === 0 || (await trials.isAsRecorded(transaction, without));
    return isSound && (await factsIn({ ...variant, changes, without })) === facts;
  });
  return { ...variant, changes, without: withoutAll(kept) };
}

/** One difference is enough to know what it is about: the hazard holds both effects. */
function toldFirst({ fact, was, is }: EffectDifference, more: number): string {
  const absent = fact.startsWith("log ") ? "missing" : "unchanged";
  const others = more === 0 ? "" : `, and ${more} more`;
  return `${fact} is ${was ?? absent} as recorded and ${is ?? absent} there${others}.`;
}

function told(change: HistoryChange): string {
  const name = short(change.hash);
  if (change.kind === "dropped") return `${name} is dropped`;
  if (change.kind === "behind") return `${name} comes behind ${short(change.other)}`;
  return `${name} comes ${change.blocks} block${change.blocks === 1 ? "" : "s"} later`;
}

function short(hash: Hex): string {
  return `${hash.slice(0, 10)}…`;
}
