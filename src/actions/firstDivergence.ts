import type { LedgerTree } from "../ledger/tree.js";
import { invalidOption } from "../rpc/options.js";
import type { Connection } from "../rpc/request.js";
import { reconcileEach, type ReconcileOptions } from "./reconcile.js";
import type { RuleDifference } from "./ruleDifferences.js";

/** A ledger as it was at a block. */
export interface AnchoredLedger extends Pick<ReconcileOptions, "anchor"> {
  readonly tree: LedgerTree;
}

/** States in the order of time: a list, or what makes each when it is asked for. */
export interface LedgerStates {
  readonly length: number;
  /** @param index from 0 to `length - 1` */
  at(index: number): AnchoredLedger | undefined | Promise<AnchoredLedger>;
}

/** What {@link firstDivergence} looks through. The rest is as for `reconcile`. */
export interface FirstDivergenceOptions extends Omit<
  ReconcileOptions,
  "anchor" | "tree" | "checkpoint" | "onProgress"
> {
  readonly states: LedgerStates;
}

/** The first state that diverges. */
export interface FirstDivergence {
  readonly index: number;
  readonly state: AnchoredLedger;
  /** One of its differences, of maybe many. */
  readonly difference: RuleDifference;
}

/**
 * Finds the first of a ledger's states that diverges from the chain, by binary search. Of n states at most 1 + log2(n) are compared,
 * rounded up, each as far as its first difference.
 *
 * It takes for granted that a ledger which diverged stays so. Where one came back to the chain, the divergence that is found may not
 * be the first. None is found where the last state agrees.
 *
 * The owners are gone through once a state: they are a list, and no generator.
 * @returns undefined where the last state agrees with the chain
 * @throws INVALID_OPTION, and as `reconcile`: STATE_UNAVAILABLE asks for an archive
 * @example
 * const states = { length: commitments.length, at: (i) => ({ tree: treeAt(i), anchor: commitments[i].anchor }) };
 * const first = await firstDivergence(archive, { states, book, owners });
 */
export async function firstDivergence(
  connection: Connection,
  { states, ...options }: FirstDivergenceOptions,
): Promise<FirstDivergence | undefined> {
  if (isOnce(options.owners)) throw invalidOption("owners", "expected a list, which can be gone through again");
  let found: FirstDivergence | undefined;
  // All before `from` agree; `found` is the last that was seen to diverge.
  for (let from = 0, to = states.length; from < to;) {
    const index = found === undefined ? to - 1 : (from + to) >> 1;
    const state = await states.at(index);
    if (state === undefined) throw invalidOption("states", `there is no state ${index}, of ${states.length}`);
    const difference = await firstOf(reconcileEach(connection, { ...options, ...state }));
    if (difference !== undefined) {
      found = { index, state, difference };
      to = index;
    } else if (found === undefined) return undefined;
    else from = index + 1;
  }
  return found;
}

/** The generator ends with it. */
async function firstOf(differences: AsyncIterable<RuleDifference>): Promise<RuleDifference | undefined> {
  for await (const difference of differences) return difference;
  return undefined;
}

/** Whether an iterable is its own iterator: a second time it would be empty. */
function isOnce(owners: FirstDivergenceOptions["owners"]): boolean {
  if (owners === undefined) return false;
  return "next" in owners;
}
