/** What an assertion found. The plain functions throw it as an error, and so do the matchers for chai. */
export interface Finding {
  /** What was looked at: "the transaction". */
  readonly subject: string;
  /** What is claimed of it, after "to": "be accepted by the guard". */
  readonly claim: string;
  /** Undefined where neither the claim nor its opposite was shown: then an assertion fails, and so does its negation. */
  readonly holds: boolean | undefined;
  /** What is the case, after "but", to the end of the message. */
  readonly found: string;
}

/** The sentence of the failure; undefined where there is none. */
export function failureOf({ subject, claim, holds, found }: Finding, isNegated = false): string | undefined {
  if (holds === !isNegated) return undefined;
  return `Expected ${subject} ${isNegated ? "not " : ""}to ${claim}, but ${found}`;
}

/** "a", "a and b", "a, b and c"; "nothing" of an empty list. */
export function listed(items: readonly string[]): string {
  if (items.length === 0) return "nothing";
  return [items.slice(0, -1).join(", "), items.at(-1)].filter((part) => part !== "").join(" and ");
}

/** Facts, at the most, that a message lists. */
const MOST_LISTED = 5;

/** The first facts of a list, as the end of a sentence. */
export function firstOf(facts: readonly string[]): string {
  const more = facts.length - MOST_LISTED;
  return `${facts.slice(0, MOST_LISTED).join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
}
