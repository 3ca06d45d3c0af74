import { reconcile, type ReconcileOptions } from "../actions/reconcile.js";
import type { RuleDifference } from "../actions/ruleDifferences.js";
import type { Connection } from "../rpc/request.js";
import { firstOf, type Finding } from "./finding.js";

/** A ledger, the rules that it must satisfy, and at which block. */
export interface LedgerExpectation extends Omit<ReconcileOptions, "anchor" | "checkpoint" | "onProgress"> {
  /** As for `reconcile`. Default: the endpoint's latest block. */
  readonly anchor?: ReconcileOptions["anchor"];
}

export async function findReconciliation(connection: Connection, expected: LedgerExpectation): Promise<Finding> {
  const { anchor, counts, differences } = await reconcile(connection, { anchor: "latest", ...expected });
  const { matched, unread } = counts;
  const sentences = [
    ...differences.map(sentenceOf),
    ...(unread === 0 ? [] : [`of the ledger ${unread} more were compared with nothing: an owner or a rule is missing`]),
  ];
  const compared = matched + differences.length;
  return {
    subject: `the chain at block ${anchor.number}`,
    claim: "reconcile with the ledger",
    holds: sentences.length > 0 ? false : compared > 0 || undefined,
    found:
      compared === 0 && unread === 0
        ? "nothing was compared: ledger, owners and rules about code are all empty."
        : sentences.length === 0
          ? `all ${compared} comparisons hold.`
          : `of ${compared} comparisons ${differences.length} differ: ${firstOf(sentences)}`,
  };
}

function sentenceOf({ of, rule, holder, owner, key, slot, prefix, here, there, by }: RuleDifference): string {
  if (of === "code")
    return `by rule ${rule} about code ${slot === undefined ? "the code" : `slot ${slot}`} of ${holder} is ${hex(there)}, and should be ${hex(here)}`;
  const whose = owner ?? (prefix === undefined ? (key ?? slot) : `what hashes to ${prefix}…`);
  const chain = there === undefined ? "something else" : there;
  const more = by === undefined ? "" : ` (${by < 0n ? `${-by} more on the chain` : `${by} more in the ledger`})`;
  return `by rule ${rule} of ${whose} the ledger has ${here}, and ${holder} has ${chain}${more}`;
}

function hex(value: bigint | undefined): string {
  return value === undefined ? "unknown" : `0x${value.toString(16)}`;
}
