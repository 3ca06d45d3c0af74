import { decodeInto, digitOf, invalidHex, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { describeValue } from "../core/text.js";
import { prefixLength, readRlpItem, writePrefix } from "../core/rlp.js";

/**
 * How a header's bytes are read, here and in contracts/header/HeaderReader.sol:
 *
 * - Always: one list of {@link MIN_HEADER_SIZE} to {@link MAX_HEADER_SIZE} bytes, and the fields up to the number, in every byte.
 * - Under a hash that agrees ({@link readHeader}, {@link headerFromRpc}, `verifyStateAnchor`): nothing else. The chain made the bytes,
 *   and a fork may append what it likes.
 * - Without one ({@link decodeHeader}): all fields up to Prague's last, too. A header has 15, 16, 17, 20 or 21 fields, for no fork ended
 *   elsewhere, or Prague's 21 and up to eleven byte strings.
 *
 * Later fields, those behind Prague's, have no names and are in `fields` alone. Only where the first two have the shapes of
 * Amsterdam's (32 bytes, and an integer of 64 bits) are they named so.
 */

/** The beginning of a header, up to its number: what every reader gives of every header. */
export interface HeaderStart {
  parentHash: Uint8Array;
  ommersHash: Uint8Array;
  beneficiary: Uint8Array;
  stateRoot: Uint8Array;
  transactionsRoot: Uint8Array;
  receiptsRoot: Uint8Array;
  logsBloom: Uint8Array;
  difficulty: bigint;
  number: bigint;
}

/**
 * A block header of any fork from Frontier to Amsterdam. Fields of later forks are absent where the header has none.
 *
 * Decoded is not authenticated: the fields mean something only under a hash that came from the chain itself.
 */
export interface Header extends HeaderStart {
  gasLimit: bigint;
  gasUsed: bigint;
  /** Seconds since 1970. */
  timestamp: bigint;
  extraData: Uint8Array;
  /** The beacon chain's randomness since the merge (EIP-4399); something else on Arbitrum. Absent under an AuRa seal. */
  mixHash?: Uint8Array;
  /** Absent under an AuRa seal. */
  nonce?: Uint8Array;
  /** AuRa's seal (Gnosis before its merge), in the place of `mixHash` and `nonce`. */
  auraStep?: bigint;
  auraSeal?: Uint8Array;
  /** EIP-1559, in wei. */
  baseFeePerGas?: bigint;
  /** EIP-4895. */
  withdrawalsRoot?: Uint8Array;
  /** EIP-4844. */
  blobGasUsed?: bigint;
  /** EIP-4844. */
  excessBlobGas?: bigint;
  /** EIP-4788. */
  parentBeaconBlockRoot?: Uint8Array;
  /** EIP-7685. */
  requestsHash?: Uint8Array;
  /** EIP-7928. */
  blockAccessListHash?: Uint8Array;
  /** EIP-7843. */
  slotNumber?: bigint;
  /** The payload of every field in its order, those that this library has no name for included. */
  fields: Uint8Array[];
}

/** A header whose fields hash to `hash`. That says nothing about whether the chain has such a block. */
export interface HashedHeader extends Header {
  hash: Hex;
  /** The preimage of `hash`: what a contract is given as the header. */
  rlp: Uint8Array;
}

/**
 * As much of a header as this library can read. The beginning is always there. Other fields have names as far as the forks known here
 * go: all, if they are sound up to Prague's last or to the header's end; else those up to the nonce, if they are sound. `fields` ends
 * before the first that is no byte string.
 */
export type ReadableFields = HeaderStart & Partial<Header> & Pick<Header, "fields">;

/** The preimage of `hash`, as far as it can be read. */
export type ReadableHeader = ReadableFields & Pick<HashedHeader, "hash" | "rlp">;

/** A header with every field as short as it can be is this long, in bytes. */
export const MIN_HEADER_SIZE = 496;

/** The longest list that a two-byte length can announce, in bytes. Ethereum's headers are below 700; a longer one than this is refused. */
export const MAX_HEADER_SIZE = 3 + 0xffff;

/** Fields of a header whose hash is not known: Prague's 21 and up to eleven that a later fork may append. */
export const MAX_HEADER_FIELDS = 32;

/** The position that stands for the list itself in {@link SettlementGuardError} HEADER_MALFORMED. */
const LIST = 255;

type Shape =
  /** Exactly `size` bytes. */
  | { kind: "data"; size: number }
  /** An integer without leading zeros, of at most `size` bytes. */
  | { kind: "quantity"; size: number }
  /** Bytes of any length. */
  | { kind: "bytes" };

const hash32: Shape = { kind: "data", size: 32 };
const uint64: Shape = { kind: "quantity", size: 8 };
const uint256: Shape = { kind: "quantity", size: 32 };

/** One field: its name here, its name in JSON-RPC, and what it must look like. */
interface Field {
  readonly name: keyof Header;
  readonly rpcName: string;
  readonly shape: Shape;
}

const asField = (name: keyof Header, rpcName: string, shape: Shape): Field => ({ name, rpcName, shape });

/** The fields in the order of the yellow paper and of the EIPs since. */
const FIELDS: readonly Field[] = [
  asField("parentHash", "parentHash", hash32),
  asField("ommersHash", "sha3Uncles", hash32),
  asField("beneficiary", "miner", { kind: "data", size: 20 }),
  asField("stateRoot", "stateRoot", hash32),
  asField("transactionsRoot", "transactionsRoot", hash32),
  asField("receiptsRoot", "receiptsRoot", hash32),
  asField("logsBloom", "logsBloom", { kind: "data", size: 256 }),
  asField("difficulty", "difficulty", uint256),
  asField("number", "number", uint64),
  asField("gasLimit", "gasLimit", uint64),
  asField("gasUsed", "gasUsed", uint64),
  asField("timestamp", "timestamp", uint64),
  asField("extraData", "extraData", { kind: "bytes" }),
  asField("mixHash", "mixHash", hash32),
  asField("nonce", "nonce", { kind: "data", size: 8 }),
  asField("baseFeePerGas", "baseFeePerGas", uint256),
  asField("withdrawalsRoot", "withdrawalsRoot", hash32),
  asField("blobGasUsed", "blobGasUsed", uint64),
  asField("excessBlobGas", "excessBlobGas", uint64),
  asField("parentBeaconBlockRoot", "parentBeaconBlockRoot", hash32),
  asField("requestsHash", "requestsHash", hash32),
  asField("blockAccessListHash", "blockAccessListHash", hash32),
  asField("slotNumber", "slotNumber", uint64),
];

const STATE_ROOT = 3;
const NUMBER = 8;
const EXTRA_DATA = 12;
const MIX_HASH = 13;
/** Fields of the oldest headers; those after them came with forks. */
const FRONTIER_FIELDS = 15;
const PRAGUE_FIELDS = 21;
/** The fields under an AuRa seal, which takes the places of the mix hash and the nonce. */
const AURA_FIELDS: readonly Field[] = [
  ...FIELDS.slice(0, MIX_HASH),
  asField("auraStep", "auraStep", uint64),
  asField("auraSeal", "auraSeal", { kind: "data", size: 65 }),
  ...FIELDS.slice(FRONTIER_FIELDS),
];
/** The field counts of the forks: Frontier, London, Shanghai, Cancun, Prague, Amsterdam. No fork ended its header elsewhere. */
const FORK_FIELD_COUNTS: readonly number[] = [15, 16, 17, 20, PRAGUE_FIELDS, FIELDS.length];

/** Where a header is encoded: room for the longest prefix that its list can have, and for all fields but long extra data. */
const SCRATCH = new Uint8Array(2048);
const LIST_PREFIX = 4;
const ROOM = LIST_PREFIX + AURA_FIELDS.reduce((sum, { shape }) => sum + 4 + (sizeOf(shape) ?? 0), 0);

/** What JSON-RPC blocks carry beside the header, on the chains that we know; anything else may be a field of a fork that we do not. */
const NOT_HEADER_FIELDS: ReadonlySet<string> = new Set([
  ...FIELDS.map(({ rpcName }) => rpcName),
  ...["hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals", "author", "auraStep", "auraSeal"],
  ...["l1BlockNumber", "sendCount", "sendRoot"], // Arbitrum repeats here what its mixHash and extraData hold
]);

/**
 * Encodes the header of a raw JSON-RPC block (not of a library's block object, which leaves fields out) as RLP.
 *
 * Which fields the header has is taken from the block: a field that is `null` is absent. What the block claims as its hash plays
 * no part; {@link headerFromRpc} compares it.
 *
 * @throws INVALID_HEADER where a field is missing, is not strict JSON-RPC DATA or QUANTITY, or is out of its bounds
 */
export function encodeHeader(block: unknown): Uint8Array {
  const { rlp, gap } = encodeFields(block);
  if (gap !== undefined) throw gap;
  return rlp;
}

/** Encodes the fields that a block has. `gap` names the first that is missing between those or at their end, by the forks known here. */
function encodeFields(block: unknown): { rlp: Uint8Array; gap: SettlementGuardError<"INVALID_HEADER"> | undefined } {
  if (typeof block !== "object" || block === null || Array.isArray(block)) {
    throw invalidHeader("block", "not an object");
  }
  const source = block as RpcBlock;
  const fields = present(source["auraStep"]) || present(source["auraSeal"]) ? AURA_FIELDS : FIELDS;
  // All are read before the first is encoded: a block may be an object whose getters come here, too.
  const values = fields.map(({ rpcName }) => source[rpcName]);
  const extraData = values[EXTRA_DATA];
  const room = ROOM + (typeof extraData === "string" ? Math.min(extraData.length / 2, MAX_HEADER_SIZE) : 0);
  const rlp = room <= SCRATCH.length ? SCRATCH : new Uint8Array(room);
  let end = LIST_PREFIX;
  let count = 0;
  let gap: SettlementGuardError<"INVALID_HEADER"> | undefined;
  for (let i = 0; i < fields.length; i++) {
    const value = values[i];
    if (i >= FRONTIER_FIELDS && !present(value)) continue;
    // A fork appends fields and takes none away, so one that is present needs all before it.
    if (count < i) gap ??= absent(count, i);
    const { rpcName, shape } = fields[i]!;
    end =
      shape.kind === "quantity"
        ? writeQuantity(rlp, end, value, rpcName, shape.size)
        : writeData(rlp, end, value, rpcName, sizeOf(shape));
    count++;
  }
  if (!FORK_FIELD_COUNTS.includes(count)) gap ??= absent(count, count - 1);
  const start = LIST_PREFIX - prefixLength(end - LIST_PREFIX);
  writePrefix(rlp, start, 0xc0, end - LIST_PREFIX);
  return { rlp: rlp.slice(start, end), gap };
}

/**
 * Reads a raw JSON-RPC block and checks that its fields hash to the hash that it claims. Nothing is believed because the
 * endpoint says so: a block that cannot be encoded again (a seal that is not served, a format of its own) is refused.
 *
 * @throws HEADER_HASH_MISMATCH, with the members of the block that may be fields of a fork that is not known here
 * @throws INVALID_HEADER as {@link encodeHeader}; a block with a gap between its fields is refused where they do not hash to its hash
 * @example
 * const block = await provider.send("eth_getBlockByNumber", ["latest", false]);
 * const { number, stateRoot, hash, rlp } = headerFromRpc(block);
 */
export function headerFromRpc(block: unknown): HashedHeader {
  const { rlp, gap } = encodeFields(block);
  if (rlp.length > MAX_HEADER_SIZE) throw invalidHeader("extraData", `makes a header of ${rlp.length} bytes`);
  const claimed = toHex(readHash((block as RpcBlock)["hash"], "hash"));
  const hash = hashHeader(rlp);
  // Each of the fields up to the nonce was checked by its encoding.
  if (claimed === hash) return { ...(readFields(rlp) as Header), hash, rlp };

  const unknownFields = unknownHeaderFields(block as RpcBlock);
  if (gap !== undefined && unknownFields.length === 0) throw gap;
  const { number } = decodeHeaderStart(rlp);
  const why =
    unknownFields.length === 0
      ? ""
      : `; no fork known to this library has ${unknownFields.join(", ")}, whose place in the header JSON does not tell`;
  throw new SettlementGuardError(
    "HEADER_HASH_MISMATCH",
    { number, claimed, actual: hash, ...(unknownFields.length === 0 ? {} : { unknownFields }) },
    `the fields of block ${number} hash to ${hash}, not to ${claimed} as it claims${why}`,
    { cause: gap },
  );
}

/**
 * Reads header bytes, the hash first: no field of bytes that are not the preimage of `hash` is looked at. Accepts what the contract's
 * `HeaderReader.authenticate` accepts.
 *
 * @param hash where it came from decides what the header is worth
 * @throws HEADER_HASH_MISMATCH; HEADER_MALFORMED where the list or a field up to the number is malformed; INVALID_HEADER where `hash`
 * is no hash, or `rlp` is not bytes
 */
export function readHeader(rlp: Uint8Array, hash: Hex): ReadableHeader {
  const claimed = toHex(readHash(hash, "hash"));
  const actual = hashHeader(rlp);
  if (claimed !== actual) {
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: undefined, claimed, actual },
      `the header's bytes hash to ${actual}, not to ${claimed}`,
    );
  }
  return { ...readFields(rlp), hash: actual, rlp };
}

/**
 * The block hash of an encoded header.
 *
 * @throws INVALID_HEADER where `rlp` is not bytes
 */
export function hashHeader(rlp: Uint8Array): Hex {
  checkBytes(rlp);
  return toHex(keccak256(rlp));
}

/**
 * Decodes a header whose hash is not known, strict in all fields up to Prague's last: shapes, widths, canonical RLP, a field count that
 * some fork has. Up to eleven byte strings that a later fork may append are accepted, and kept in `fields`.
 *
 * @throws HEADER_MALFORMED, with the field that the contract's `HeaderMalformed` names; INVALID_HEADER where `rlp` is not bytes
 */
export function decodeHeader(rlp: Uint8Array): Header {
  const { values, table, named, wrong } = parse(rlp);
  if (wrong !== undefined) throw wrong;
  return headerOf(values, table, named) as Header;
}

/**
 * Reads a header up to its number, as the contract does under a hash that it knows: strict in every byte that decides where the
 * state root and the number lie, and blind to what comes after them.
 *
 * @throws HEADER_MALFORMED
 */
export function decodeHeaderStart(rlp: Uint8Array): Pick<HeaderStart, "stateRoot" | "number"> {
  const { values, broken } = split(rlp, NUMBER + 1);
  const wrong =
    wrongShape(values, FIELDS, 0, NUMBER + 1) ??
    broken ??
    (values.length <= NUMBER ? missing(values.length) : undefined);
  if (wrong !== undefined) throw wrong;
  return { stateRoot: values[STATE_ROOT]!, number: toInteger(values[NUMBER]!) };
}

type RpcBlock = Readonly<Record<string, unknown>>;

function absent(field: number, although: number): SettlementGuardError<"INVALID_HEADER"> {
  return invalidHeader(FIELDS[field]!.rpcName, `absent, although ${FIELDS[although]!.rpcName} is there`);
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function sizeOf(shape: Shape): number | undefined {
  return shape.kind === "bytes" ? undefined : shape.size;
}

/** Decodes strict DATA of 32 bytes. */
function readHash(value: unknown, field: string): Uint8Array {
  const bytes = new Uint8Array(32);
  checkSize(value, field, 32);
  if (!decodeInto(bytes, 0, value)) throw notData(value, field);
  return bytes;
}

/** Writes strict DATA of `size` bytes, or of any size that fits in a header; returns where it ends. */
function writeData(rlp: Uint8Array, offset: number, value: unknown, field: string, size?: number): number {
  checkSize(value, field, size);
  const length = (value.length - 2) / 2;
  const start = offset + prefixLength(length);
  if (!decodeInto(rlp, start, value)) throw notData(value, field);
  return closeString(rlp, offset, start, start + length);
}

function checkSize(value: unknown, field: string, size?: number): asserts value is string {
  if (typeof value !== "string") throw invalidHeader(field, describe(value));
  const bytes = (value.length - 2) / 2;
  if (size === undefined ? bytes <= MAX_HEADER_SIZE : bytes === size) return;
  const expected = size ?? `at most ${MAX_HEADER_SIZE}`;
  throw invalidHeader(field, `${value.length} characters, expected ${expected} bytes after 0x`);
}

function notData(value: string, field: string): SettlementGuardError<"INVALID_HEADER"> {
  return invalidHeader(field, "not 0x-prefixed bytes", invalidHex(field, value, "0x-prefixed bytes"));
}

/** Writes strict QUANTITY below 256^size as the big-endian bytes that RLP wants: no leading zero, nothing for zero. */
function writeQuantity(rlp: Uint8Array, offset: number, value: unknown, field: string, size: number): number {
  if (typeof value !== "string") throw invalidHeader(field, describe(value));
  if (value === "0x0") return writePrefix(rlp, offset, 0x80, 0);
  if (value.length > 2 + 2 * size)
    throw invalidHeader(field, `${value.length} characters, expected at most ${size} bytes`);
  let end = offset + 1;
  let bits = 0;
  let all = 0;
  for (let i = 2; i < value.length; i++) {
    const digit = digitOf(value.charCodeAt(i));
    all |= digit;
    bits = (bits << 4) | digit;
    // Where their number is odd, the first digit is a byte by itself.
    if ((value.length - i) % 2 === 1) rlp[end++] = bits;
  }
  if (all > 15 || value.length < 3 || value.charAt(2) === "0" || !value.startsWith("0x"))
    throw invalidHeader(field, `${describeValue(value)} is not a JSON-RPC quantity`);
  return closeString(rlp, offset, offset + 1, end);
}

/** Writes the prefix at `offset` of the bytes from `start` to `end`; returns where the item ends. */
function closeString(rlp: Uint8Array, offset: number, start: number, end: number): number {
  const size = end - start;
  if (size === 1 && rlp[start]! < 0x80) {
    rlp[offset] = rlp[start]!;
    return offset + 1;
  }
  writePrefix(rlp, offset, 0x80, size);
  return end;
}

function describe(value: unknown): string {
  return present(value) ? `a ${typeof value}, expected a string` : "missing";
}

/** Members of the block that may be fields of a fork that is not known here, at most 16. */
function unknownHeaderFields(block: RpcBlock): string[] {
  return Object.keys(block)
    .filter((name) => !NOT_HEADER_FIELDS.has(name) && mayBeField(block[name]))
    .map((name) => name.slice(0, 40))
    .slice(0, 16);
}

/** Whether JSON may write a header field so: bytes or a number, in any notation, or a list or an object of such. Prose is none. */
function mayBeField(value: unknown): boolean {
  if (typeof value === "string") return value.length <= 2 + 2 * MAX_HEADER_SIZE && /^(?:0x[0-9a-f]*|\d+)$/i.test(value);
  return typeof value === "number" || typeof value === "bigint" || (typeof value === "object" && value !== null);
}

type Malformed = SettlementGuardError<"HEADER_MALFORMED">;

/** What {@link decodeHeader} finds in a header, `wrong` included. */
interface Parsed {
  readonly values: Uint8Array[];
  readonly table: readonly Field[];
  /** How many of the values have names. */
  readonly named: number;
  readonly wrong: Malformed | undefined;
}

/** The fields of bytes whose hash is known: nothing behind the number is refused. */
function readFields(rlp: Uint8Array): ReadableFields {
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

/** The payloads of up to `limit` fields, and the error of the first that is no canonical byte string, where they end. */
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

function checkBytes(rlp: unknown): void {
  if (!ArrayBuffer.isView(rlp)) throw invalidHeader("rlp", `${rlp === null ? "null" : typeof rlp}, expected bytes`);
}

function checkList(rlp: Uint8Array): void {
  checkBytes(rlp);
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
function headerOf(values: Uint8Array[], table: readonly Field[], named: number): ReadableFields {
  const header: Record<string, Uint8Array | bigint> = {};
  for (let i = 0; i < named; i++) {
    const { name, shape } = table[i]!;
    header[name] = shape.kind === "quantity" ? toInteger(values[i]!) : values[i]!;
  }
  return { ...(header as unknown as HeaderStart), fields: values };
}

function toInteger(bytes: Uint8Array): bigint {
  if (bytes.length > 6) return BigInt(toHex(bytes));
  // Up to 48 bits, which nearly all of a header's integers have, a number is exact, and faster than text.
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return BigInt(value);
}

function missing(field: number): Malformed {
  return malformed(field, "missing");
}

function malformed(field: number, reason: string, cause?: unknown): Malformed {
  const where = field === LIST ? "the header" : `header field ${field} (${FIELDS[field]?.name ?? "unknown"})`;
  return new SettlementGuardError("HEADER_MALFORMED", { field, reason }, `${where}: ${reason}`, { cause });
}

function invalidHeader(field: string, reason: string, cause?: unknown): SettlementGuardError<"INVALID_HEADER"> {
  return new SettlementGuardError("INVALID_HEADER", { field, reason }, `block field ${field}: ${reason}`, { cause });
}
