import { SettlementGuardError } from "./errors.js";

/** A byte string in hexadecimal, as JSON-RPC's DATA: `0x`, then two digits a byte. */
export type Hex = `0x${string}`;

const QUANTITY_PATTERN = /^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/;
/** The value of a hexadecimal digit by its character code; 255 for every other byte. */
const NIBBLES = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase());
  return digit < 0 ? 255 : digit;
});
/** Text as bytes, which are read several times as fast as characters: decoding takes longer than checking a proof otherwise. */
const TEXT = new Uint8Array(4096);
const encoder = new TextEncoder();
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Decodes JSON-RPC DATA.
 *
 * @param what names the value in the error
 * @param length the exact length in bytes; any length where it is left out
 * @throws INVALID_HEX
 */
export function toBytes(value: unknown, what: string, length?: number): Uint8Array {
  if (typeof value !== "string" || !value.startsWith("0x") || value.length % 2 !== 0) {
    throw invalidHex(what, value, "0x-prefixed bytes");
  }
  const size = (value.length - 2) / 2;
  if (length !== undefined && size !== length) throw invalidHex(what, value, `${length} bytes, not ${size}`);
  const bytes = new Uint8Array(size);
  const text = value.length <= TEXT.length ? TEXT : new Uint8Array(value.length);
  // A character that is not ASCII becomes a byte of 0x80 or more, or does not fit. (Node's own decoder of hexadecimal takes some
  // for digits, and a digest would be one of other bytes than a contract sees.)
  let digits = encoder.encodeInto(value, text).written === value.length ? 0 : 255;
  for (let i = 0, at = 2; i < size; i++) {
    const high = NIBBLES[text[at++]!]!;
    const low = NIBBLES[text[at++]!]!;
    digits |= high | low;
    bytes[i] = (high << 4) | low;
  }
  if (digits > 15) throw invalidHex(what, value, "0x-prefixed bytes");
  return bytes;
}

/** Encodes bytes as lower-case JSON-RPC DATA. */
export function toHex(bytes: Uint8Array): Hex {
  let text = "0x";
  for (const byte of bytes) text += DIGITS[byte];
  return text as Hex;
}

/**
 * Decodes a JSON-RPC QUANTITY: `0x`, no leading zeros, `0x0` for zero.
 *
 * @throws INVALID_HEX
 */
export function toBigInt(value: unknown, what: string): bigint {
  // 256 bits: nothing that JSON-RPC counts is longer, and a conversion of megabytes takes seconds.
  if (typeof value !== "string" || value.length > 66 || !QUANTITY_PATTERN.test(value))
    throw invalidHex(what, value, "a JSON-RPC quantity");
  return BigInt(value);
}

/** Encodes a number as a JSON-RPC QUANTITY. */
export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** The number as 32 big-endian bytes, as the ABI's `uint256`. */
export function toWord(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** Whether two hexadecimal strings are the same bytes, whatever their case. */
export function sameHex(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function invalidHex(what: string, value: unknown, expected: string): SettlementGuardError<"INVALID_HEX"> {
  const shown = abbreviate(typeof value === "string" ? value : `a ${typeof value}`);
  return new SettlementGuardError(
    "INVALID_HEX",
    { what, value: shown, expected },
    `${what} is ${shown}: expected ${expected}`,
  );
}

function abbreviate(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 66)}… (${text.length} characters)`;
}
