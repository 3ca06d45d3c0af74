import { scopeId, SettlementGuardError, toBytes, toHex, toWord, type Hex } from "settlement-guard";

import { CliError, malformed } from "./errors.js";
import { unusableFile } from "./jsonFile.js";
import { brief } from "./text.js";

/**
 * The members of an object: each that is named is there, and no other is.
 *
 * @param optional those that may be left out
 * @throws INPUT_MALFORMED
 */
export function membersOf<Name extends string, Optional extends string = never>(
  value: unknown,
  what: string,
  names: readonly Name[],
  optional: readonly Optional[] = [],
): Readonly<Record<Name, unknown> & Partial<Record<Optional, unknown>>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(`${what} is no object`);
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw malformed(`${what} has no member ${missing}`);
  const known: readonly string[] = [...names, ...optional];
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw malformed(`${what} has a member ${JSON.stringify(brief(other))}, which nothing reads`);
  return value as Record<Name, unknown> & Partial<Record<Optional, unknown>>;
}

/** @throws INPUT_MALFORMED */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(`${what} is no list`);
}

/**
 * Bytes in lower case. The value is not repeated where it is wrong: it may be a key.
 *
 * @param length in bytes; any where it is left out
 * @throws INPUT_MALFORMED
 */
export function hex(value: unknown, what: string, length?: number): Hex {
  try {
    return toHex(toBytes(value, what, length));
  } catch {
    throw malformed(`${what} is not ${length === undefined ? "bytes" : `${length} bytes`} in hexadecimal`);
  }
}

/** 32 bytes, or their text as Solidity's `bytes32("USDC")`. @throws INPUT_MALFORMED */
export function word(value: unknown, what: string): Hex {
  if (typeof value !== "string" || /^0x/i.test(value)) return hex(value, what, 32);
  if (/^[\x20-\x7e]{1,31}$/.test(value)) return scopeId(value);
  throw malformed(`${what} is neither 32 bytes in hexadecimal nor 1 to 31 characters of ASCII`);
}

/** Of a slot: a number, or 32 bytes. @throws INPUT_MALFORMED */
export function slot(value: unknown, what: string): Hex {
  return toWord(whole(value, what, 256));
}

/** A whole number, or its digits: decimal, or hexadecimal behind 0x. @throws INPUT_MALFORMED */
export function whole(value: unknown, what: string, bits: number): bigint {
  const isWhole =
    typeof value === "string" ? /^(?:\d{1,78}|0x[\da-f]{1,64})$/i.test(value) : Number.isSafeInteger(value);
  const number = isWhole ? BigInt(value as string | number) : -1n;
  if (number >= 0n && number >> BigInt(bits) === 0n) return number;
  throw malformed(`${what} is no whole number of ${bits} bits`);
}

/** One of some texts. @throws INPUT_MALFORMED */
export function oneOf<Text extends string>(value: unknown, what: string, texts: readonly Text[]): Text {
  const found = texts.find((text) => text === value);
  if (found !== undefined) return found;
  throw malformed(`${what} is none of ${texts.join(", ")}`);
}

/**
 * Reads something out of a file. What is wrong in it makes the file unusable.
 *
 * @throws UNUSABLE_INPUT
 */
export function inFile<Value>(path: string, hint: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (CliError.is(error, "INPUT_MALFORMED") || SettlementGuardError.is(error))
      throw unusableFile(path, brief(error.message, 300), hint);
    throw error;
  }
}
