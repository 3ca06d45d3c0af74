/** A bug put into a source: every occurrence of `from` in `file` becomes `to`. */
export interface Mutant {
  readonly name: string;
  /** The attack that it would let through, as in the attack catalogue; "own" where it was a bug of ours. */
  readonly attack: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Finds a mutant's text however it is broken into lines. */
export function pattern({ from }: Mutant): RegExp {
  const tokens = from.split(/\s+|(?=[(){},;])|(?<=[(){},;])/).filter((token) => token !== "");
  return new RegExp(tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s*"), "g");
}
