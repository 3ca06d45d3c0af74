import { expect } from "chai";

/**
 * Must be the same value. Chai's `equal` reads both as addresses and as numbers first: of thousands of long words that takes seconds.
 *
 * @param note names the case, and is made only where it fails
 */
export function expectSame<Value extends string | bigint>(
  actual: Value | undefined,
  expected: Value,
  note: () => string,
): void {
  if (actual !== expected) expect.fail(actual, expected, `${note()}: expected ${expected}, got ${actual}`);
}
