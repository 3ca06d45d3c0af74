import type { Deployed, Line, Verifier, WitnessVerifier } from "./verifiers.js";

/** A question that a test has asked every implementation, with the answer that it wanted: put to the mutants again. */
export type Recorded = { readonly title: string; readonly expected: string | RegExp } & (
  | { readonly verifier: (verifier: Verifier) => Promise<Line>; readonly packed: boolean | undefined }
  | { readonly witness: (verifier: WitnessVerifier) => Promise<Line> }
  | { readonly calldata: (contract: Deployed) => Promise<Line> }
);

export const recorded: Recorded[] = [];

/** Recording holds on to every trie that was asked about: only where mutants are to be tried. */
export function record(entry: Recorded): void {
  if (process.env["MUTANTS"] !== undefined) recorded.push(entry);
}

export function fits(line: Line, expected: string | RegExp): boolean {
  return typeof expected === "string" ? line === expected : expected.test(line);
}
