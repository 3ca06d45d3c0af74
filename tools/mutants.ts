/** A bug put into a source: every occurrence of `from` in `file` becomes `to`. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export function mutate(text: string, mutant: Mutant): string {
  return text.replace(pattern(mutant), () => mutant.to);
}

/** Finds a mutant's text however it is broken into lines. */
export function pattern({ from }: Mutant): RegExp {
  const tokens = from.split(/\s+|(?=[(){},;])|(?<=[(){},;])/).filter((token) => token !== "");
  return new RegExp(tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s*"), "g");
}
