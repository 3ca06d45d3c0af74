import { scopeId, toBytes, withoutUrls } from "settlement-guard";

import { unusable } from "./errors.js";
import { brief } from "./text.js";

/** Which ledger, as the command line has it. */
export interface LedgerArguments {
  desk: string;
  guard: string;
  scope: string;
}

/** @throws UNUSABLE_INPUT */
export function checkAddress(what: string, given: string): void {
  readable(what, given, "20 bytes in hexadecimal", () => toBytes(given, what, 20));
}

/** @throws UNUSABLE_INPUT */
export function checkScope(given: string): void {
  readable("--scope", given, "1 to 31 characters of ASCII, or 32 bytes in hexadecimal", () =>
    given.length === 66 ? toBytes(given, "--scope", 32) : scopeId(given),
  );
}

/** @throws UNUSABLE_INPUT */
export function checkLedger({ desk, guard, scope }: LedgerArguments): void {
  checkAddress("--desk", desk);
  checkAddress("--guard", guard);
  checkScope(scope);
}

/** A height, in decimal digits or in hexadecimal. @throws UNUSABLE_INPUT */
export function readHeight(what: string, given: string): bigint {
  const height = /^(?:\d{1,20}|0x[\da-f]{1,16})$/i.test(given) ? BigInt(given) : undefined;
  if (height !== undefined && height >> 64n === 0n) return height;
  throw unusable(what, "cannot be used", "expected the number of a block", brief(withoutUrls(given)));
}

function readable(what: string, given: string, expected: string, read: () => unknown): void {
  try {
    read();
  } catch {
    throw unusable(what, "cannot be used", `expected ${expected}`, brief(withoutUrls(given)));
  }
}
