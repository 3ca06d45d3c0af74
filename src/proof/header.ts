import { decodeInto, digitOf, invalidHex, sameHex, toHex, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { keccak256 } from "../keccak.js";
import { prefixLength, readRlpItem, writePrefix } from "./rlp.js";

/**
 * A block header of any fork from Frontier to Amsterdam. Fields of later forks are absent where the header has none.
 *
 * Decoded is not authenticated: the fields mean something only under a hash that came from the chain itself.
 */
export interface Header {
  parentHash: Uint8Array;
  ommersHash: Uint8Array;
  beneficiary: Uint8Array;
  stateRoot: Uint8Array;
  transactionsRoot: Uint8Array;
  receiptsRoot: Uint8Array;
  logsBloom: Uint8Array;
  difficulty: bigint;
  number: bigint;
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

/** The beginning of a header, up to its number: all that an anchor needs. */
export interface HeaderStart {
  stateRoot: Uint8Array;
  number: bigint;
}

/** A header with every field as short as it can be is this long, in bytes. */
export const MIN_HEADER_SIZE = 496;

/** The longest list that a two-byte length can announce, in bytes. Ethereum's headers are below 700; a longer one than this is refused. */
export const MAX_HEADER_SIZE = 3 + 0xffff;

/** Fields that a header may have: the 23 known ones and up to nine that a later fork may append. */
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
/** The fields under an AuRa seal, which takes the places of the mix hash and the nonce. */
const AURA_FIELDS: readonly Field[] = [
  ...FIELDS.slice(0, MIX_HASH),
  asField("auraStep", "auraStep", uint64),
  asField("auraSeal", "auraSeal", { kind: "data", size: 65 }),
  ...FIELDS.slice(FRONTIER_FIELDS),
];
/** The field counts of the forks: Frontier, London, Shanghai, Cancun, Prague, Amsterdam. No fork ended its header elsewhere. */
const FORK_FIELD_COUNTS: readonly number[] = [15, 16, 17, 20, 21, 23];

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
  for (let i = 0; i < fields.length; i++) {
    const value = values[i];
    if (i >= FRONTIER_FIELDS && !present(value)) continue;
    // A fork appends fields and takes none away, so one that is present needs all before it.
    if (count < i) throw absent(count, i);
    const { rpcName, shape } = fields[i]!;
    end =
      shape.kind === "quantity"
        ? writeQuantity(rlp, end, value, rpcName, shape.size)
        : writeData(rlp, end, value, rpcName, sizeOf(shape));
    count++;
  }
  if (!FORK_FIELD_COUNTS.includes(count)) throw absent(count, count - 1);
  const start = LIST_PREFIX - prefixLength(end - LIST_PREFIX);
  writePrefix(rlp, start, 0xc0, end - LIST_PREFIX);
  return rlp.slice(start, end);
}

/**
 * Reads a raw JSON-RPC block and checks that its fields hash to the hash that it claims. Nothing is believed because the
 * endpoint says so: a block that cannot be encoded again (a seal that is not served, a format of its own) is refused.
 *
 * @throws INVALID_HEADER, HEADER_HASH_MISMATCH
 * @example
 * const block = await provider.send("eth_getBlockByNumber", ["latest", false]);
 * const { number, stateRoot, hash, rlp } = headerFromRpc(block);
 */
export function headerFromRpc(block: unknown): HashedHeader {
  const rlp = encodeHeader(block);
  if (rlp.length > MAX_HEADER_SIZE) throw invalidHeader("extraData", `makes a header of ${rlp.length} bytes`);
  const header = decodeHeader(rlp);
  const claimed = toHex(readHash((block as RpcBlock)["hash"], "hash"));
  const actual = hashHeader(rlp);
  if (claimed !== actual) {
    const unknownFields = unknownHeaderFields(block as RpcBlock);
    const why =
      unknownFields.length === 0
        ? ""
        : `; no fork known to this library has ${unknownFields.join(", ")}, whose place in the header JSON does not tell`;
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: header.number, claimed, actual, ...(unknownFields.length === 0 ? {} : { unknownFields }) },
      `the fields of block ${header.number} hash to ${actual}, not to ${claimed} as it claims${why}`,
    );
  }
  return { ...header, hash: actual, rlp };
}

/**
 * Reads header bytes, the hash first: no field of bytes that are not the preimage of `hash` is looked at.
 *
 * @param hash where it came from decides what the header is worth
 * @throws HEADER_HASH_MISMATCH, HEADER_MALFORMED
 */
export function readHeader(rlp: Uint8Array, hash: Hex): HashedHeader {
  const actual = hashHeader(rlp);
  if (!sameHex(actual, hash)) {
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: undefined, claimed: hash, actual },
      `the header's bytes hash to ${actual}, not to ${hash}`,
    );
  }
  return { ...decodeHeader(rlp), hash: actual, rlp };
}

/** The block hash of an encoded header. */
export function hashHeader(rlp: Uint8Array): Hex {
  return toHex(keccak256(rlp));
}

/**
 * Decodes a header, strict in all fields of all forks: shapes, widths, canonical RLP, a field count that some fork has. Up to
 * nine byte strings that a later fork may append are accepted, and kept in `fields`.
 *
 * @throws HEADER_MALFORMED, with the field that the contract's `HeaderMalformed` names
 */
export function decodeHeader(rlp: Uint8Array): Header {
  checkList(rlp);
  const fields: Uint8Array[] = [];
  let table = FIELDS;
  let offset = 3;
  while (offset < rlp.length) {
    const field = fields.length;
    if (field === MAX_HEADER_FIELDS) throw malformed(field, `more than ${MAX_HEADER_FIELDS} fields`);
    const [value, end] = fieldAt(rlp, offset, field);
    // AuRa puts its step, a short integer, where others have the 32 bytes of the mix hash.
    if (field === MIX_HASH && value.length !== 32) table = AURA_FIELDS;
    checkShape(field, value, table[field]?.shape);
    fields.push(value);
    offset = end;
  }
  const count = fields.length;
  if (count < FIELDS.length && !FORK_FIELD_COUNTS.includes(count)) throw malformed(count, "missing");
  return headerOf(fields, table);
}

/**
 * Reads a header up to its number, as the contract does under a hash that it knows: strict in every byte that decides where the
 * state root and the number lie, and blind to what comes after them.
 *
 * @throws HEADER_MALFORMED
 */
export function decodeHeaderStart(rlp: Uint8Array): HeaderStart {
  checkList(rlp);
  const fields: Uint8Array[] = [];
  let offset = 3;
  for (let field = 0; field <= NUMBER; field++) {
    const [value, end] = fieldAt(rlp, offset, field);
    checkShape(field, value, FIELDS[field]!.shape);
    fields.push(value);
    offset = end;
  }
  return { stateRoot: fields[STATE_ROOT]!, number: toInteger(fields[NUMBER]!) };
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
    throw invalidHeader(field, `${value} is not a JSON-RPC quantity`);
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

/** Strings of the block that could be header fields: short hexadecimal under a name that we do not know. */
function unknownHeaderFields(block: RpcBlock): string[] {
  return Object.keys(block)
    .filter((name) => {
      const value = block[name];
      return !NOT_HEADER_FIELDS.has(name) && typeof value === "string" && value.length <= 66 && value.startsWith("0x");
    })
    .map((name) => name.slice(0, 40))
    .slice(0, 16);
}

function checkList(rlp: Uint8Array): void {
  if (rlp.length < MIN_HEADER_SIZE || rlp.length > MAX_HEADER_SIZE) {
    throw malformed(LIST, `${rlp.length} bytes, expected ${MIN_HEADER_SIZE} to ${MAX_HEADER_SIZE}`);
  }
  if (rlp[0] !== 0xf9 || rlp[1]! * 256 + rlp[2]! !== rlp.length - 3)
    throw malformed(LIST, "not one list of these bytes");
}

function fieldAt(rlp: Uint8Array, offset: number, field: number): [value: Uint8Array, end: number] {
  try {
    const { list, start, end } = readRlpItem(rlp, offset, rlp.length);
    if (list) throw malformed(field, "a list");
    return [rlp.subarray(start, end), end];
  } catch (error) {
    if (SettlementGuardError.is(error, "INVALID_RLP")) throw malformed(field, error.details.reason, error);
    throw error;
  }
}

function checkShape(field: number, value: Uint8Array, shape: Shape | undefined): void {
  if (shape === undefined || shape.kind === "bytes") return;
  if (shape.kind === "data") {
    if (value.length !== shape.size) throw malformed(field, `${value.length} bytes, expected ${shape.size}`);
    return;
  }
  if (value.length > shape.size) throw malformed(field, `${value.length} bytes, expected at most ${shape.size}`);
  if (value[0] === 0) throw malformed(field, "an integer with a leading zero");
}

/** Names the fields, whose shapes have been checked. */
function headerOf(values: Uint8Array[], table: readonly Field[]): Header {
  const header: Record<string, Uint8Array | bigint> = {};
  for (let i = 0; i < values.length && i < table.length; i++) {
    const { name, shape } = table[i]!;
    header[name] = shape.kind === "quantity" ? toInteger(values[i]!) : values[i]!;
  }
  return { ...(header as unknown as Omit<Header, "fields">), fields: values };
}

function toInteger(bytes: Uint8Array): bigint {
  if (bytes.length > 6) return BigInt(toHex(bytes));
  // Up to 48 bits, which nearly all of a header's integers have, a number is exact, and faster than text.
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return BigInt(value);
}

function malformed(field: number, reason: string, cause?: unknown): SettlementGuardError<"HEADER_MALFORMED"> {
  const where = field === LIST ? "the header" : `header field ${field} (${FIELDS[field]?.name ?? "unknown"})`;
  return new SettlementGuardError("HEADER_MALFORMED", { field, reason }, `${where}: ${reason}`, { cause });
}

function invalidHeader(field: string, reason: string, cause?: unknown): SettlementGuardError<"INVALID_HEADER"> {
  return new SettlementGuardError("INVALID_HEADER", { field, reason }, `block field ${field}: ${reason}`, { cause });
}
