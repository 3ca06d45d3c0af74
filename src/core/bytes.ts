import { SettlementGuardError } from "./errors.js";
import { oneLine, withoutUrls } from "./text.js";

/** A byte string in hexadecimal, as JSON-RPC's DATA: `0x`, then two digits a byte. */
export type Hex = `0x${string}`;

const QUANTITY_PATTERN = /^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/;
const DIGITS = "0123456789abcdef";
/** Marks a pair of characters that is not two digits. It is larger than any byte. */
const NO_BYTE = 0x100;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/**
 * Text as bytes, which are read and written several times as fast as characters. Decoding would else take longer than
 * checking a proof. Two characters are one word, whatever order of bytes the machine has. Nothing is left in here from
 * one call for another.
 */
const TEXT = new Uint8Array(4096);
const TEXT_WORDS = new Uint16Array(TEXT.buffer);
const PREFIX = wordOf("0x");
/** The two lower-case digits of every byte. */
const PAIRS = Uint16Array.from({ length: 256 }, (_, byte) =>
  wordOf(DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15)),
);
/** The values of digits by their character codes, whatever their case; 255 for the rest of ASCII. */
const DIGIT_VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = DIGITS.indexOf(String.fromCharCode(code).toLowerCase());
  return value < 0 ? 255 : value;
});
/** The byte that two digits are, whatever their case. */
const BYTES = bytesOfPairs();

/**
 * Decodes JSON-RPC DATA.
 *
 * @param what names the value in the error
 * @param length the exact length in bytes; any length where it is left out
 * @throws INVALID_HEX
 * @example
 * toBytes("0x0102", "payload", 2); // Uint8Array [1, 2]
 */
export function toBytes(value: unknown, what: string, length?: number): Uint8Array {
  if (!isData(value)) throw invalidHex(what, value, "0x-prefixed bytes");
  const size = (value.length - 2) / 2;
  if (length !== undefined && size !== length) throw invalidHex(what, value, `${length} bytes, not ${size}`);
  const bytes = new Uint8Array(size);
  if (!decodeInto(bytes, 0, value)) throw invalidHex(what, value, "0x-prefixed bytes");
  return bytes;
}

/**
 * Decodes a list of JSON-RPC DATA into one piece of memory, of which the results are views. Memory of its own for each
 * would take as long as reading it.
 *
 * @param what names a value in the error, by its place in the list
 * @throws INVALID_HEX
 */
export function toBytesEach(values: readonly unknown[], what: (index: number) => string): Uint8Array[] {
  let total = 0;
  for (const value of values) total += typeof value === "string" ? value.length >> 1 : 0;
  const bytes = new Uint8Array(total);
  let end = 0;
  return values.map((value, i) => {
    const start = end;
    if (typeof value !== "string" || !decodeInto(bytes, start, value))
      throw invalidHex(what(i), value, "0x-prefixed bytes");
    end += (value.length - 2) / 2;
    return bytes.subarray(start, end);
  });
}

/**
 * Decodes strict DATA to where there is room for it in `bytes`.
 *
 * @returns whether it is DATA; what was written is of no use where it is not
 */
export function decodeInto(bytes: Uint8Array, offset: number, value: string): boolean {
  if (!isData(value)) return false;
  const length = value.length;
  const text = length <= TEXT.length ? TEXT : new Uint8Array(length);
  const words = text === TEXT ? TEXT_WORDS : new Uint16Array(text.buffer);
  // A character that is not ASCII becomes bytes of 0x80 or more, or does not fit. (Node's own decoder of hexadecimal
  // takes some for digits. A digest would be one of other bytes than a contract sees.)
  if (encoder.encodeInto(value, text).written !== length) return false;
  let all = 0;
  const count = length >> 1;
  const shift = offset - 1;
  for (let word = 1; word < count; word++) {
    const byte = BYTES[words[word]!]!;
    all |= byte;
    bytes[shift + word] = byte;
  }
  return all < NO_BYTE;
}

/** The value of a hexadecimal digit by its character code; 255 for every other character. */
export function digitOf(code: number): number {
  return code < DIGIT_VALUES.length ? DIGIT_VALUES[code]! : 255;
}

/**
 * Encodes bytes as lower-case JSON-RPC DATA.
 *
 * @example
 * toHex(Uint8Array.of(1, 2)); // "0x0102"
 */
export function toHex(bytes: Uint8Array): Hex {
  const length = 2 + 2 * bytes.length;
  const text = length <= TEXT.length ? TEXT : new Uint8Array(length);
  const words = text === TEXT ? TEXT_WORDS : new Uint16Array(text.buffer);
  words[0] = PREFIX;
  for (let i = 0; i < bytes.length; i++) words[i + 1] = PAIRS[bytes[i]!]!;
  return decoder.decode(text.subarray(0, length)) as Hex;
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

/**
 * Encodes a number as a JSON-RPC QUANTITY.
 *
 * @example
 * toQuantity(255n); // "0xff"
 */
export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/**
 * The number as 32 big-endian bytes, as the ABI's `uint256`.
 *
 * @example
 * toWord(7n); // the slot of the eighth variable of a contract
 */
export function toWord(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** The pieces end to end. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Negative, zero or positive, as the first byte that differs, or the length, says. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, b) === 0;
}

/** Whether two hexadecimal strings are the same bytes, whatever their case. */
export function sameHex(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** `0x` and an even number of characters, whatever they are. */
function isData(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("0x") && value.length % 2 === 0;
}

/** Two characters of ASCII as they lie in memory. */
function wordOf(characters: string): number {
  encoder.encodeInto(characters, TEXT);
  return TEXT_WORDS[0]!;
}

function bytesOfPairs(): Uint16Array {
  const bytes = new Uint16Array(0x10000).fill(NO_BYTE);
  const digits = DIGITS + DIGITS.slice(10).toUpperCase();
  for (const high of digits) for (const low of digits) bytes[wordOf(high + low)] = parseInt(high + low, 16);
  return bytes;
}

export function invalidHex(what: string, value: unknown, expected: string): SettlementGuardError<"INVALID_HEX"> {
  const kind = value === undefined ? "missing" : value === null ? "null" : `of type ${typeof value}`;
  const shown = typeof value === "string" ? abbreviate(value) : kind;
  return new SettlementGuardError(
    "INVALID_HEX",
    { what, value: shown, expected },
    `${what} is ${shown}: expected ${expected}`,
  );
}

function abbreviate(text: string): string {
  const shown = oneLine(withoutUrls(text.slice(0, 80)), 80);
  return text.length <= 80 ? shown : `${shown.slice(0, 66)}… (${text.length} characters)`;
}
