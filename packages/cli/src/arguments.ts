import { scopeId, toBytes, withoutUrls, type BlockId, type Hex } from "settlement-guard";

import { unusable, type CliError } from "./errors.js";
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

/** The scope's 32 bytes. @param given what {@link checkScope} takes */
export function scopeIdOf(given: string): Hex {
  return given.length === 66 ? (given.toLowerCase() as Hex) : scopeId(given);
}

/** @throws UNUSABLE_INPUT */
export function checkLedger({ desk, guard, scope }: LedgerArguments): void {
  checkAddress("--desk", desk);
  checkAddress("--guard", guard);
  checkScope(scope);
}

/** A height, in decimal digits or in hexadecimal. @throws UNUSABLE_INPUT */
export function readHeight(what: string, given: string): bigint {
  const height = heightIn(given);
  if (height !== undefined) return height;
  throw unusableArgument(what, given, "the number of a block");
}

/** A block by its name, or so many blocks behind the head. @throws UNUSABLE_INPUT */
export function readAnchor(what: string, given: string): BlockId | { readonly depth: number } {
  if (given === "latest" || given === "safe" || given === "finalized" || given === "earliest") return given;
  if (/^0x[\da-f]{64}$/i.test(given)) return { hash: given.toLowerCase() as Hex };
  const [, depth] = /^depth[: ](\d{1,9})$/.exec(given) ?? [];
  if (Number(depth) > 0) return { depth: Number(depth) };
  const number = heightIn(given);
  if (number !== undefined) return { number };
  throw unusableArgument(
    what,
    given,
    "latest, safe, finalized, earliest, depth:NUMBER from 1, a block's number or its hash",
  );
}

/** A whole number from 1. @throws UNUSABLE_INPUT */
export function readCount(what: string, given: string): number {
  const count = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  if (count > 0) return count;
  throw unusableArgument(what, given, "a whole number from 1");
}

/** One of some words. @throws UNUSABLE_INPUT */
export function readWord<Word extends string>(what: string, given: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  throw unusableArgument(what, given, `one of ${words.join(", ")}`);
}

function heightIn(given: string): bigint | undefined {
  const height = /^(?:\d{1,20}|0x[\da-f]{1,16})$/i.test(given) ? BigInt(given) : undefined;
  return height === undefined || height >> 64n !== 0n ? undefined : height;
}

function readable(what: string, given: string, expected: string, read: () => unknown): void {
  try {
    read();
  } catch {
    throw unusableArgument(what, given, expected);
  }
}

function unusableArgument(what: string, given: string, expected: string): CliError<"UNUSABLE_INPUT"> {
  return unusable(what, "cannot be used", `expected ${expected}`, brief(withoutUrls(given)));
}
