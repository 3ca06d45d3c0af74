import { toQuantity, type Hex } from "../core/bytes.js";
import type { BranchChange, ReorgOptions, SentTransaction, SimulatedChain } from "../forks/index.js";
import { elsewhere, type EffectReader } from "./branches.js";
import { ranOutOfGas, readMined, readTouched, type Facts, type SlotState } from "./effect.js";
import { layoutOf, ownBefore, type HistoryChange, type Recorded } from "./histories.js";
import type { Send } from "./outcome.js";

/** A fact about what a transaction did, on two branches. Undefined where there it did nothing of the kind. */
export interface EffectDifference {
  readonly transaction: SentTransaction;
  /** As in the messages of `assertSurvivesReorg`: `log 0`, `slot 0x1 of 0x…`, `balance of 0x…`. */
  readonly fact: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
}

/** What a transaction did that took effect, and in which block. */
interface Effect {
  readonly number: bigint;
  readonly facts: Facts;
  readonly slots: ReadonlyMap<string, SlotState>;
}

/** Another history: the changes of the recorded one, what is not in it, and the seed of its blocks. */
export interface Variant {
  readonly changes: readonly HistoryChange[];
  readonly without?: readonly Hex[];
  /** Default: that of the search. */
  readonly seed?: string;
}

/** How a transaction's effect in another history compares with the one that was recorded. */
interface Comparison {
  readonly differences: readonly EffectDifference[];
  readonly was: Readonly<Record<string, string>>;
  readonly is: Readonly<Record<string, string>>;
  readonly reorg: ReorgOptions;
}

/** A reorg that says what each new block holds. */
type Layout = Omit<ReorgOptions, "blocks"> & { readonly blocks: readonly (readonly Hex[])[] };

/** A history that was run. */
interface Played {
  readonly reorg: Layout;
  readonly effects: ReadonlyMap<Hex, Effect>;
  /** Whether its transactions came in the order that was planned. */
  readonly isAsPlanned: boolean;
}

interface Setup<Tools> {
  readonly chain: SimulatedChain<Tools>;
  readonly effect?: EffectReader<SimulatedChain<Tools>> | undefined;
  readonly ignore?: ((difference: EffectDifference) => boolean) | undefined;
  readonly doesTimeCount?: boolean | undefined;
  readonly seed: string;
  /** How many blocks hold the recorded history, up to the head. */
  readonly depth: number;
}

/** Other blocks in which the recorded order is run, before a change is blamed. A coin toss is alike in all of them once in 65,536 times. */
const OTHER_BLOCKS = 16;

/** A recorded history, and the others that are run in its place. After each the chain is as it was. */
export class Trials<Tools> {
  /** How many histories were run. */
  run = 0;
  /** How many of the tried histories did not come out in their order. They show nothing. */
  unplanned = 0;
  /** In how many runs a transaction used all its gas, and reverted. It shows nothing there. */
  readonly outOfGas = new Map<Hex, number>();
  readonly recorded: readonly Recorded[];
  /** Those that took effect as they were recorded: only they can take another. */
  readonly watched: readonly SentTransaction[];
  readonly #setup: Setup<Tools>;
  readonly #before: ReadonlyMap<Hex, Effect>;
  /** The transaction of the same sender before each. */
  readonly #own: ReadonlyMap<Hex, Hex>;
  readonly #seen = new Set<string>();
  /** What the recorded order does in some other blocks. */
  #inOrder: readonly { readonly seed: string; readonly effects: ReadonlyMap<Hex, Effect> }[] | undefined;
  /** What the recorded history does when all of it comes so many blocks later. */
  readonly #later = new Map<number, ReadonlyMap<Hex, Effect>>();

  private constructor(setup: Setup<Tools>, recorded: readonly Recorded[], before: ReadonlyMap<Hex, Effect>) {
    this.#setup = setup;
    this.recorded = recorded;
    this.#before = before;
    this.#own = ownBefore(recorded);
    this.watched = recorded.map(({ transaction }) => transaction).filter(({ hash }) => before.has(hash));
  }

  /** Reads what the transactions of a chain's last blocks did. */
  static async of<Tools>(setup: Setup<Tools>): Promise<Trials<Tools>> {
    const { chain, depth } = setup;
    // Only the simulator has the signed bytes. It tells them when it leaves a block.
    const transactions = await elsewhere(chain, { depth, keep: false }, async (change) => change.orphanedTransactions);
    const first = chain.head.number - BigInt(depth) + 1n;
    const recorded = transactions.map((transaction) => ({
      transaction,
      block: Number(BigInt(transaction.json["blockNumber"] as string) - first),
    }));
    return new Trials(setup, recorded, (await readEffects(setup, transactions)).effects);
  }

  /** Runs a history unless an equal one was run before. @returns which of some transactions take another effect in it */
  async tryOnce(
    changes: readonly HistoryChange[],
    transactions: readonly SentTransaction[],
  ): Promise<SentTransaction[]> {
    const reorg = this.#reorgOf({ changes });
    const key = JSON.stringify(reorg.blocks);
    if (this.#seen.has(key)) return [];
    this.#seen.add(key);
    const { effects, isAsPlanned } = await this.#play(reorg, transactions);
    if (!isAsPlanned) this.unplanned += 1;
    const found: SentTransaction[] = [];
    for (const transaction of transactions)
      if ((await this.#differences(transaction, effects.get(transaction.hash))).length > 0) found.push(transaction);
    return found;
  }

  /** Runs a history, and compares what one transaction does in it. */
  async compare(transaction: SentTransaction, variant: Variant): Promise<Comparison> {
    const { reorg, effects } = await this.#play(this.#reorgOf(variant), [transaction]);
    const effect = effects.get(transaction.hash);
    return {
      differences: await this.#differences(transaction, effect),
      was: Object.fromEntries(this.#before.get(transaction.hash)?.facts ?? []),
      is: Object.fromEntries(effect?.facts ?? []),
      reorg,
    };
  }

  /** Whether a transaction has its recorded effect without some of those that were recorded with it. */
  async isAsRecorded(transaction: SentTransaction, without: readonly Hex[]): Promise<boolean> {
    const { effects } = await this.#play(this.#reorgOf({ changes: [], without }), [transaction]);
    const effect = effects.get(transaction.hash);
    return effect !== undefined && (await this.#differences(transaction, effect)).length === 0;
  }

  /** Finds other blocks in which a transaction takes another effect, although nothing is changed in the history. */
  async findInOrder(transaction: SentTransaction): Promise<Variant | undefined> {
    this.#inOrder ??= await this.#runInOrder();
    for (const { seed, effects } of this.#inOrder)
      if ((await this.#differences(transaction, effects.get(transaction.hash))).length > 0)
        return { changes: [], seed };
    return undefined;
  }

  async #runInOrder(): Promise<{ seed: string; effects: ReadonlyMap<Hex, Effect> }[]> {
    const runs: { seed: string; effects: ReadonlyMap<Hex, Effect> }[] = [];
    for (let i = 1; i <= OTHER_BLOCKS; i++) {
      const seed = `${this.#setup.seed} other blocks ${i}`;
      const { effects } = await this.#play(this.#reorgOf({ changes: [], seed }), this.watched);
      runs.push({ seed, effects });
    }
    return runs;
  }

  #reorgOf({ changes, without, seed = this.#setup.seed }: Variant): Layout {
    return { depth: this.#setup.depth, seed, blocks: layoutOf(this.recorded, changes, without) };
  }

  /**
   * Runs a history. Within a block the node's pool decides on the order, by what a transaction pays there. So where the order is
   * another than planned, it runs again with each transaction in a block of its own.
   */
  async #play(reorg: Layout, transactions: readonly SentTransaction[]): Promise<Played> {
    const played = await this.#runOnce(reorg, transactions);
    if (played.isAsPlanned || reorg.blocks.every((block) => block.length < 2)) return played;
    const apart = reorg.blocks.flatMap((block) => (block.length < 2 ? [block] : block.map((hash) => [hash])));
    return this.#runOnce({ ...reorg, blocks: apart }, transactions);
  }

  /** @returns no effects where the order came out as another: that would be another history's */
  async #runOnce(reorg: Layout, transactions: readonly SentTransaction[]): Promise<Played> {
    this.run += 1;
    return elsewhere(this.#setup.chain, reorg, async (change) => {
      const isAsPlanned = await this.#isAsPlanned(reorg, change);
      const { effects, outOfGas } = isAsPlanned ? await readEffects(this.#setup, transactions) : NOTHING;
      for (const hash of outOfGas) this.outOfGas.set(hash, (this.outOfGas.get(hash) ?? 0) + 1);
      return { reorg, effects, isAsPlanned };
    });
  }

  /** Whether a branch has what was planned for it, in that order. What the node refused is left out, and what needs that. */
  async #isAsPlanned({ blocks }: Layout, { adopted, rejected }: BranchChange): Promise<boolean> {
    const missing = new Set(rejected.map(({ hash }) => hash));
    const planned = blocks.flat().filter((hash) => {
      if (missing.has(this.#own.get(hash)!)) missing.add(hash);
      return !missing.has(hash);
    });
    const known = new Set(this.recorded.map(({ transaction }) => transaction.hash));
    const came: Hex[] = [];
    for (const { number } of adopted) {
      const params = [toQuantity(number), false];
      const block = await this.#setup.chain.request({ method: "eth_getBlockByNumber", params });
      came.push(...(block as { transactions: Hex[] }).transactions.filter((hash) => known.has(hash)));
    }
    return came.join() === planned.join();
  }

  async #differences(transaction: SentTransaction, effect: Effect | undefined): Promise<EffectDifference[]> {
    const before = this.#before.get(transaction.hash);
    if (before === undefined || effect === undefined) return [];
    const { ignore, doesTimeCount } = this.#setup;
    const names = [...new Set([...before.facts.keys(), ...effect.facts.keys()])];
    const differences = names
      .filter((fact) => !isSame(fact, before, effect))
      .map((fact) => ({ transaction, fact, was: before.facts.get(fact), is: effect.facts.get(fact) }))
      .filter((difference) => ignore?.(difference) !== true);
    if (differences.length === 0 || doesTimeCount === true) return differences;
    const later = (await this.#laterBy(Number(effect.number - before.number))).get(transaction.hash);
    return later === undefined ? differences : differences.filter(({ fact }) => !isSame(fact, later, effect));
  }

  async #laterBy(blocks: number): Promise<ReadonlyMap<Hex, Effect>> {
    if (blocks <= 0) return this.#before;
    const known = this.#later.get(blocks);
    if (known !== undefined) return known;
    const { depth, seed } = this.#setup;
    const empty = Array.from({ length: blocks }, (): Hex[] => []);
    const later = { depth, seed, blocks: [...empty, ...layoutOf(this.recorded, [])] };
    const { effects } = await this.#runOnce(later, this.watched);
    this.#later.set(blocks, effects);
    return effects;
  }
}

/** What transactions did on a branch. */
interface Effects {
  /** Of those that took effect there. */
  readonly effects: ReadonlyMap<Hex, Effect>;
  readonly outOfGas: readonly Hex[];
}

const NOTHING: Effects = { effects: new Map(), outOfGas: [] };

/** Reads it of the branch that is canonical now. */
async function readEffects<Tools>(
  { chain, effect }: Setup<Tools>,
  transactions: readonly SentTransaction[],
): Promise<Effects> {
  const send: Send = (method, params) => chain.request({ method, params });
  const effects = new Map<Hex, Effect>();
  const outOfGas: Hex[] = [];
  for (const transaction of transactions) {
    const { hash } = transaction;
    const mined = await readMined(send, hash, effect && (() => effect(chain, hash)));
    if (mined === undefined) continue;
    if (ranOutOfGas(mined, transaction)) outOfGas.push(hash);
    const { number, facts } = mined;
    if (facts === undefined) continue;
    const slots = effect === undefined ? await readTouched(send, hash, facts) : new Map<string, SlotState>();
    effects.set(hash, { number, facts, slots });
  }
  return { effects, outOfGas };
}

/** Whether a fact is the same in two effects. Of a slot: whether it grows by as much, or ends at the same. */
function isSame(fact: string, a: Effect, b: Effect): boolean {
  if (a.facts.get(fact) === b.facts.get(fact)) return true;
  const [one, other] = [a.slots.get(fact), b.slots.get(fact)];
  if (one === undefined || other === undefined) return false;
  return one.growth === other.growth || one.held === other.held;
}
