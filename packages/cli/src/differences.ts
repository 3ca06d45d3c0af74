import type { ReconcileSummary, RuleDifference } from "settlement-guard";

/**
 * Takes each difference of a run, one after the other.
 *
 * @param take answers whether to go on
 * @returns the summary; undefined where `take` had enough
 */
export async function eachDifference(
  run: AsyncGenerator<RuleDifference, ReconcileSummary, void>,
  take: (difference: RuleDifference) => Promise<boolean>,
): Promise<ReconcileSummary | undefined> {
  for (;;) {
    const { value, done } = await run.next();
    if (done === true) return value;
    if (!(await take(value))) return run.return(value as never).then(() => undefined);
  }
}

/** What is to be said of entries that were compared with nothing, or twice; undefined where there is none. */
export function unreadIn({ counts }: Pick<ReconcileSummary, "counts">): string | undefined {
  const { unread } = counts;
  if (unread === 0) return undefined;
  if (unread < 0) return "an owner is listed twice";
  return `${unread} of the ledger's entries ${unread === 1 ? "was" : "were"} compared with nothing`;
}
