import { sameHex, type Hex } from "../core/bytes.js";
import { invalidOption } from "../rpc/options.js";
import type { LedgerTree } from "./tree.js";

/** A ledger that is replayed, and the roots that it was committed to with. */
export interface ReplayedLedger {
  /** The ledger of the initial state. Each step is written into it. */
  readonly tree: LedgerTree;
  /** In ascending order of anchors. A ledger's root holds after the last event of its anchor's block. */
  readonly commitments: Iterable<CommittedRoot> | AsyncIterable<CommittedRoot>;
}

/** What is compared of a commitment. */
export interface CommittedRoot {
  readonly anchor: { readonly number: bigint };
  readonly ledgerRoot: string;
}

/** A committed root that is not the ledger's. */
export interface RootDivergence {
  readonly kind: "root";
  /** Counts the commitments from 0. */
  readonly commitment: number;
  /** The height of its anchor. */
  readonly number: bigint;
  readonly committed: string;
  readonly computed: Hex;
}

/** The roots that were committed to, compared one by one. */
export class Roots {
  readonly #tree: LedgerTree | undefined;
  readonly #commitments: Iterator<CommittedRoot> | AsyncIterator<CommittedRoot> | undefined;
  #next: CommittedRoot | undefined;
  #index = -1;

  constructor(ledger: ReplayedLedger | undefined) {
    if (ledger === undefined) return;
    const { commitments } = ledger;
    this.#tree = ledger.tree;
    this.#commitments =
      Symbol.asyncIterator in commitments ? commitments[Symbol.asyncIterator]() : commitments[Symbol.iterator]();
  }

  /** Compares the roots of all blocks below a height, or of all that are left. */
  async compareBefore(number: bigint | undefined): Promise<RootDivergence | undefined> {
    if (this.#commitments === undefined || this.#tree === undefined) return undefined;
    if (this.#index < 0) await this.#advance();
    while (this.#next !== undefined && (number === undefined || this.#next.anchor.number < number)) {
      const { anchor, ledgerRoot: committed } = this.#next;
      const computed = this.#tree.root;
      if (!sameHex(computed, committed))
        return { kind: "root", commitment: this.#index, number: anchor.number, committed, computed };
      await this.#advance();
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#commitments?.return?.();
  }

  async #advance(): Promise<void> {
    const last = this.#next?.anchor.number;
    const { done, value } = await this.#commitments!.next();
    this.#next = done === true ? undefined : (value as CommittedRoot);
    this.#index += 1;
    const given = this.#next?.anchor.number;
    if (last !== undefined && given !== undefined && given < last)
      throw invalidOption("commitments", `the anchor of ${this.#index} is block ${given}, after one of ${last}`);
  }
}
