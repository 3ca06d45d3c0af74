import { createRequire } from "node:module";

import type * as Matchers from "../chai/index.js";

/** The matchers with which an assertion begins: `withValues` and `during` follow one of them. */
export const MATCHERS = [
  "acceptedByGuard",
  "allowOnly",
  "haveSameEffectOn",
  "haveStatus",
  "reconcileWith",
  "rejectedByGuard",
  "surviveReorg",
  "toHaveStatus",
] as const;

type Matcher = (this: object, ...args: unknown[]) => unknown;

/**
 * Adds the matchers of `settlement-guard/chai`. The first call of one loads them. That takes as long as the rest of a
 * small suite. `use(settlementGuardMatchers)`, before or after, changes nothing.
 */
export async function addMatchersLazily(): Promise<void> {
  const { Assertion, use } = await import("chai");
  const target = Assertion.prototype as unknown as Record<string, Matcher>;
  const load = createRequire(import.meta.url);
  for (const name of MATCHERS.filter((matcher) => !(matcher in target)))
    target[name] = function (...args) {
      const { settlementGuardMatchers } = load("../chai/index.js") as typeof Matchers;
      // As a plugin of its own: chai runs none twice, and somebody may have taken the matchers off again.
      use((chai, utils) => (settlementGuardMatchers as Chai.ChaiPlugin)(chai, utils));
      return target[name]!.apply(this, args);
    };
}
