import { decodeInto, invalidHex, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { readRlpItem } from "../core/rlp.js";
import {
  AURA_FIELDS,
  FIELDS,
  FORK_FIELD_COUNTS,
  FRONTIER_FIELDS,
  invalidHeader,
  LIST,
  malformed,
  MAX_HEADER_FIELDS,
  MAX_HEADER_SIZE,
  MIN_HEADER_SIZE,
  missing,
  MIX_HASH,
  NUMBER,
  PRAGUE_FIELDS,
  STATE_ROOT,
  type Field,
  type Header,
  type HeaderStart,
  type Malformed,
  type ReadableFields,
  type ReadableHeader,
  type Shape,
} from "./fields.js";

/**
 * Reads a header, its hash first. No field is looked at of bytes that are not the preimage of `hash`. Accepts what the contract's
 * `HeaderReader.authenticate` accepts.
 *
 * @param header its RLP
 * @param hash 32 bytes; where it came from decides what the header is worth
 * @throws HEADER_HASH_MISMATCH; HEADER_MALFORMED where the list or a field up to the number is malformed
 * @throws INVALID_HEADER where `hash` is no hash, or `header` is not bytes
 * @example
 * const { stateRoot, timestamp } = readHeader(header, anchor.hash);
 */
export function readHeader(header: string, hash: string): ReadableHeader {
  const claimed = toHex(readHash(hash, "hash"));
  const bytes = headerBytes(header);
  const actual = toHex(keccak256(bytes));
  if (claimed !== actual) {
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: undefined, claimed, actual },
      `the header's bytes hash to ${actual}, not to ${claimed}`,
    );
  }
  return { ...readFields(bytes), hash: actual, rlp: toHex(bytes) };
}

/**
 * The hash of the block that has this header.
 *
 * @param header its RLP
 * @throws INVALID_HEADER where it is not bytes
 * @example
 * const anchor = { number, hash: hashHeader(header) };
 */
export function hashHeader(header: string): Hex {
  return toHex(keccak256(headerBytes(header)));
}

/**
 * Decodes a header whose hash is not known. It is strict in all fields up to Prague's last: shapes, widths, canonical RLP, a fork's
 * field count. Up to eleven byte strings that a later fork may append are accepted, and kept in `fields`.
 *
 * @param header its RLP
 * @throws HEADER_MALFORMED, with the field that the contract's `HeaderMalformed` names; INVALID_HEADER where `header` is not bytes
 * @example
 * const { number, baseFeePerGas } = decodeHeader(header);
 */
export function decodeHeader(header: string): Header {
  const { values, table, named, wrong } = parse(headerBytes(header));
  if (wrong !== undefined) throw wrong;
  return headerOf(values, table, named) as Header;
}

/**
 * Reads a header up to its number, as the contract does under a hash that it knows. It is strict in every byte that decides where
 * the state root and the number lie. It is blind to the rest.
 *
 * @throws HEADER_MALFORMED
 * @internal
 */
export function startOf(header: Uint8Array): Pick<HeaderStart, "stateRoot" | "number"> {
  const { values, broken } = split(header, NUMBER + 1);
  const wrong =
    wrongShape(values, FIELDS, 0, NUMBER + 1) ??
    broken ??
    (values.length <= NUMBER ? missing(values.length) : undefined);
  if (wrong !== undefined) throw wrong;
  return { stateRoot: toHex(values[STATE_ROOT]!), number: toInteger(values[NUMBER]!) };
}

/** The bytes of a header. @throws INVALID_HEADER */
export function headerBytes(header: unknown): Uint8Array {
  if (typeof header !== "string") throw invalidHeader("rlp", describe(header));
  return decode(header, "rlp");
}

/** Decodes strict DATA of 32 bytes. */
export function readHash(value: unknown, field: string): Uint8Array {
  checkSize(value, field, 32);
  return decode(value, field);
}

function decode(value: string, field: string): Uint8Array {
  const bytes = new Uint8Array(Math.max(value.length - 2, 0) >> 1);
  if (!decodeInto(bytes, 0, value)) throw notData(value, field);
  return bytes;
}

export function checkSize(value: unknown, field: string, size?: number): asserts value is string {
  if (typeof value !== "string") throw invalidHeader(field, describe(value));
  const bytes = (value.length - 2) / 2;
  if (size === undefined ? bytes <= MAX_HEADER_SIZE : bytes === size) return;
  const expected = size ?? `at most ${MAX_HEADER_SIZE}`;
  throw invalidHeader(field, `${value.length} characters, expected ${expected} bytes after 0x`);
}

export function notData(value: string, field: string): SettlementGuardError<"INVALID_HEADER"> {
  return invalidHeader(field, "not 0x-prefixed bytes", invalidHex(field, value, "0x-prefixed bytes"));
}

export function describe(value: unknown): string {
  return value === undefined || value === null ? "missing" : `a ${typeof value}, expected a string`;
}

/** What {@link decodeHeader} finds in a header, `wrong` included. */
interface Parsed {
  readonly values: Uint8Array[];
  readonly table: readonly Field[];
  /** How many of the values have names. */
  readonly named: number;
  readonly wrong: Malformed | undefined;
}

/** The fields of bytes whose hash is known: nothing behind the number is refused. */
export function readFields(rlp: Uint8Array): ReadableFields {
  const { values, table, named, wrong } = parse(rlp);
  const sound = wrong?.details.field ?? values.length;
  if (sound <= NUMBER) throw wrong;
  if (wrong === undefined || sound >= PRAGUE_FIELDS) return headerOf(values, table, named);
  // Behind the nonce names would be guesses: each chain has another field there.
  return headerOf(values, table, sound < FRONTIER_FIELDS ? NUMBER + 1 : FRONTIER_FIELDS);
}

function parse(rlp: Uint8Array): Parsed {
  const { values, broken } = split(rlp, Infinity);
  const count = values.length;
  // AuRa puts its step, a short integer, where others have the 32 bytes of the mix hash.
  const table = count > MIX_HASH && values[MIX_HASH]!.length !== 32 ? AURA_FIELDS : FIELDS;
  const wrong = wrongShape(values, table, 0, PRAGUE_FIELDS) ?? wrongCount(count, broken);
  const isAmsterdam = count >= FIELDS.length && wrongShape(values, FIELDS, PRAGUE_FIELDS, FIELDS.length) === undefined;
  return { values, table, named: isAmsterdam ? FIELDS.length : Math.min(count, PRAGUE_FIELDS), wrong };
}

/** The payloads of up to `limit` fields. They end before the first that is no canonical byte string, whose error is given. */
function split(rlp: Uint8Array, limit: number): { values: Uint8Array[]; broken: Malformed | undefined } {
  checkList(rlp);
  const values: Uint8Array[] = [];
  for (let offset = 3; offset < rlp.length && values.length < limit;) {
    try {
      const { list, start, end } = readRlpItem(rlp, offset, rlp.length);
      if (list) return { values, broken: malformed(values.length, "a list") };
      values.push(rlp.subarray(start, end));
      offset = end;
    } catch (error) {
      if (!SettlementGuardError.is(error, "INVALID_RLP")) throw error;
      return { values, broken: malformed(values.length, error.details.reason, error) };
    }
  }
  return { values, broken: undefined };
}

function checkList(rlp: Uint8Array): void {
  if (rlp.length < MIN_HEADER_SIZE || rlp.length > MAX_HEADER_SIZE) {
    throw malformed(LIST, `${rlp.length} bytes, expected ${MIN_HEADER_SIZE} to ${MAX_HEADER_SIZE}`);
  }
  if (rlp[0] !== 0xf9 || rlp[1]! * 256 + rlp[2]! !== rlp.length - 3)
    throw malformed(LIST, "not one list of these bytes");
}

function wrongCount(count: number, broken: Malformed | undefined): Malformed | undefined {
  if (count > MAX_HEADER_FIELDS) return malformed(MAX_HEADER_FIELDS, `more than ${MAX_HEADER_FIELDS} fields`);
  if (broken !== undefined) return broken;
  return count > PRAGUE_FIELDS || FORK_FIELD_COUNTS.includes(count) ? undefined : missing(count);
}

/** The first value from `start` to `end` that has not its field's shape. */
function wrongShape(
  values: readonly Uint8Array[],
  table: readonly Field[],
  start: number,
  end: number,
): Malformed | undefined {
  for (let i = start; i < values.length && i < end; i++) {
    const reason = shapeFault(values[i]!, table[i]!.shape);
    if (reason !== undefined) return malformed(i, reason);
  }
  return undefined;
}

function shapeFault(value: Uint8Array, shape: Shape): string | undefined {
  if (shape.kind === "bytes") return undefined;
  if (shape.kind === "data")
    return value.length === shape.size ? undefined : `${value.length} bytes, expected ${shape.size}`;
  if (value.length > shape.size) return `${value.length} bytes, expected at most ${shape.size}`;
  return value[0] === 0 ? "an integer with a leading zero" : undefined;
}

/** Names the first fields, whose shapes have been checked. */
function headerOf(values: readonly Uint8Array[], table: readonly Field[], named: number): ReadableFields {
  const fields = values.map(toHex);
  const header: Record<string, Hex | bigint> = {};
  for (let i = 0; i < named; i++) {
    const { name, shape } = table[i]!;
    header[name] = shape.kind === "quantity" ? toInteger(values[i]!) : fields[i]!;
  }
  return { ...(header as unknown as HeaderStart), fields };
}

function toInteger(bytes: Uint8Array): bigint {
  if (bytes.length > 6) return BigInt(toHex(bytes));
  // Up to 48 bits, which nearly all of a header's integers have, a number is exact, and faster than text.
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return BigInt(value);
}
