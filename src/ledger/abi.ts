import type { Hex } from "../core/bytes.js";
import { TIERS } from "../anchor/tiers.js";
import type { Commitment, SignerSet } from "./commitment.js";
import { COMPARATORS, DERIVATIONS, type CodeRule, type Rule, type RuleBook } from "./rules.js";

/** A {@link Commitment} as a desk's ABI has it: its tier is a number. */
export type AbiCommitment = Omit<Commitment, "tier"> & { readonly tier: number };

/** A {@link RuleBook} as a desk's ABI has it: derivations and comparators are numbers. Its lists are the caller's. */
export interface AbiBook {
  readonly version: Hex;
  readonly rules: (Omit<Rule, "derivation" | "comparator"> & {
    readonly derivation: number;
    readonly comparator: number;
  })[];
  readonly codes: CodeRule[];
}

/** A {@link SignerSet} as a desk's ABI has it. Its list is the caller's. */
export type AbiSigners = Omit<SignerSet, "signers"> & { readonly signers: Hex[] };

/**
 * A commitment as an argument of `LedgerDesk`.
 *
 * @example
 * await desk.relay(abiCommitment(commitment), set, signatures);
 */
export function abiCommitment(commitment: Commitment): AbiCommitment {
  return { ...commitment, tier: TIERS.indexOf(commitment.tier) };
}

/**
 * A rule book as an argument of `LedgerDesk`.
 *
 * @example
 * const terms = { set, book: abiBook(book) };
 */
export function abiBook({ version, rules, codes }: RuleBook): AbiBook {
  return {
    version,
    rules: rules.map((rule) => ({
      ...rule,
      derivation: DERIVATIONS.indexOf(rule.derivation),
      comparator: COMPARATORS.indexOf(rule.comparator),
    })),
    codes: codes.map((code) => ({ ...code })),
  };
}
