import { createRequire } from "node:module";

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

/**
 * Adds the matchers of `settlement-guard/chai`. They are loaded when the first is read, for that costs as much as all the
 * rest of a small suite. `use(settlementGuardMatchers)`, before or after, changes nothing.
 */
export async function addMatchersLazily(): Promise<void> {
  const { Assertion, use } = await import("chai");
  const target = Assertion.prototype as unknown as Record<string, unknown>;
  const load = (): void => {
    for (const name of MATCHERS) delete target[name];
    const module = createRequire(import.meta.url)("../chai/index.js") as typeof import("../chai/index.js");
    use(module.settlementGuardMatchers as Chai.ChaiPlugin);
  };
  for (const name of MATCHERS.filter((matcher) => !(matcher in target)))
    Object.defineProperty(target, name, {
      configurable: true,
      get() {
        load();
        return target[name];
      },
      set: (value: unknown) => Object.defineProperty(target, name, { configurable: true, writable: true, value }),
    });
}
