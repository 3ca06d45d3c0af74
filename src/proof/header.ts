import { sameHex, toBytes, toHex, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { keccak256 } from "../keccak.js";
import { encodeRlp, readRlpItem } from "./rlp.js";

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

/** The fields in the order of the yellow paper and of the EIPs since: name here, name in JSON-RPC, shape. */
const FIELDS = [
  ["parentHash", "parentHash", hash32],
  ["ommersHash", "sha3Uncles", hash32],
  ["beneficiary", "miner", { kind: "data", size: 20 }],
  ["stateRoot", "stateRoot", hash32],
  ["transactionsRoot", "transactionsRoot", hash32],
  ["receiptsRoot", "receiptsRoot", hash32],
  ["logsBloom", "logsBloom", { kind: "data", size: 256 }],
  ["difficulty", "difficulty", uint256],
  ["number", "number", uint64],
  ["gasLimit", "gasLimit", uint64],
  ["gasUsed", "gasUsed", uint64],
  ["timestamp", "timestamp", uint64],
  ["extraData", "extraData", { kind: "bytes" }],
  ["mixHash", "mixHash", hash32],
  ["nonce", "nonce", { kind: "data", size: 8 }],
  ["baseFeePerGas", "baseFeePerGas", uint256],
  ["withdrawalsRoot", "withdrawalsRoot", hash32],
  ["blobGasUsed", "blobGasUsed", uint64],
  ["excessBlobGas", "excessBlobGas", uint64],
  ["parentBeaconBlockRoot", "parentBeaconBlockRoot", hash32],
  ["requestsHash", "requestsHash", hash32],
  ["blockAccessListHash", "blockAccessListHash", hash32],
  ["slotNumber", "slotNumber", uint64],
] as const satisfies readonly (readonly [keyof Header, string, Shape])[];

const STATE_ROOT = 3;
const NUMBER = 8;
const MIX_HASH = 13;
const NONCE = 14;
const AURA_SEAL: Shape = { kind: "data", size: 65 };
/** Fields of the oldest headers; those after them came with forks. */
const FRONTIER_FIELDS = 15;
/** The field counts of the forks: Frontier, London, Shanghai, Cancun, Prague, Amsterdam. No fork ended its header elsewhere. */
const FORK_FIELD_COUNTS: readonly number[] = [15, 16, 17, 20, 21, 23];

/** What JSON-RPC blocks carry beside the header, on the chains that we know; anything else may be a field of a fork that we do not. */
const NOT_HEADER_FIELDS: ReadonlySet<string> = new Set([
  ...FIELDS.map(([, rpcName]) => rpcName),
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
  return encodeRlp(fieldsFromRpc(block));
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
  const fields = fieldsFromRpc(block);
  const rlp = encodeRlp(fields);
  if (rlp.length > MAX_HEADER_SIZE) throw invalidHeader("extraData", `makes a header of ${rlp.length} bytes`);
  const header = headerOf(fields);
  const claimed = toHex(data((block as RpcBlock)["hash"], "hash", 32));
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
  let aura = false; // AuRa puts its step, a short integer, where others have the 32 bytes of the mix hash
  let offset = 3;
  while (offset < rlp.length) {
    const field = fields.length;
    if (field === MAX_HEADER_FIELDS) throw malformed(field, `more than ${MAX_HEADER_FIELDS} fields`);
    const [value, end] = fieldAt(rlp, offset, field);
    if (field === MIX_HASH && value.length !== 32) aura = true;
    checkShape(
      field,
      value,
      aura && field === MIX_HASH ? uint64 : aura && field === NONCE ? AURA_SEAL : FIELDS[field]?.[2],
    );
    fields.push(value);
    offset = end;
  }
  const count = fields.length;
  if (count < FIELDS.length && !FORK_FIELD_COUNTS.includes(count)) throw malformed(count, "missing");
  return headerOf(fields);
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
    checkShape(field, value, FIELDS[field]![2]);
    fields.push(value);
    offset = end;
  }
  return { stateRoot: fields[STATE_ROOT]!, number: toInteger(fields[NUMBER]!) };
}

type RpcBlock = Readonly<Record<string, unknown>>;

function fieldsFromRpc(block: unknown): Uint8Array[] {
  if (typeof block !== "object" || block === null || Array.isArray(block)) {
    throw invalidHeader("block", "not an object");
  }
  const source = block as RpcBlock;
  const aura = present(source["auraStep"]) || present(source["auraSeal"]);
  const fields: Uint8Array[] = [];
  for (const [field, [, name, shape]] of FIELDS.entries()) {
    const value = source[name];
    if (aura && field === MIX_HASH) fields.push(quantity(source["auraStep"], "auraStep", 8));
    else if (aura && field === NONCE) fields.push(data(source["auraSeal"], "auraSeal", 65));
    else if (field < FRONTIER_FIELDS || present(value)) {
      // A fork appends fields and takes none away, so one that is present needs all before it.
      if (fields.length < field) throw invalidHeader(FIELDS[fields.length]![1], `absent, although ${name} is there`);
      fields.push(shape.kind === "quantity" ? quantity(value, name, shape.size) : data(value, name, sizeOf(shape)));
    }
  }
  if (!FORK_FIELD_COUNTS.includes(fields.length)) {
    throw invalidHeader(FIELDS[fields.length]![1], `absent, although ${FIELDS[fields.length - 1]![1]} is there`);
  }
  return fields;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function sizeOf(shape: Shape): number | undefined {
  return shape.kind === "bytes" ? undefined : shape.size;
}

/** Strict DATA of `size` bytes, or of any size that fits in a header. */
function data(value: unknown, field: string, size?: number): Uint8Array {
  if (typeof value !== "string") throw invalidHeader(field, describe(value));
  const bytes = (value.length - 2) / 2;
  if (size === undefined ? bytes > MAX_HEADER_SIZE : bytes !== size) {
    throw invalidHeader(
      field,
      `${value.length} characters, expected ${size ?? `at most ${MAX_HEADER_SIZE}`} bytes after 0x`,
    );
  }
  try {
    return toBytes(value, field);
  } catch (cause) {
    throw invalidHeader(field, "not 0x-prefixed bytes", cause);
  }
}

/** Strict QUANTITY below 256^size, as the big-endian bytes that RLP wants: no leading zero, nothing for zero. */
function quantity(value: unknown, field: string, size: number): Uint8Array {
  if (typeof value !== "string") throw invalidHeader(field, describe(value));
  if (value === "0x0") return new Uint8Array();
  if (value.length > 2 + 2 * size)
    throw invalidHeader(field, `${value.length} characters, expected at most ${size} bytes`);
  if (!/^0x[1-9a-fA-F][0-9a-fA-F]*$/.test(value)) throw invalidHeader(field, `${value} is not a JSON-RPC quantity`);
  return toBytes(value.length % 2 === 0 ? value : `0x0${value.slice(2)}`, field);
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
function headerOf(fields: Uint8Array[]): Header {
  const header: Record<string, Uint8Array | bigint> = {};
  const aura = fields[MIX_HASH]!.length !== 32;
  for (let field = 0; field < fields.length && field < FIELDS.length; field++) {
    const value = fields[field]!;
    const [name, , shape] = FIELDS[field]!;
    if (aura && field === MIX_HASH) header["auraStep"] = toInteger(value);
    else if (aura && field === NONCE) header["auraSeal"] = value;
    else header[name] = shape.kind === "quantity" ? toInteger(value) : value;
  }
  return { ...(header as unknown as Omit<Header, "fields">), fields };
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

function malformed(field: number, reason: string, cause?: unknown): SettlementGuardError<"HEADER_MALFORMED"> {
  const where = field === LIST ? "the header" : `header field ${field} (${FIELDS[field]?.[0] ?? "unknown"})`;
  return new SettlementGuardError("HEADER_MALFORMED", { field, reason }, `${where}: ${reason}`, { cause });
}

function invalidHeader(field: string, reason: string, cause?: unknown): SettlementGuardError<"INVALID_HEADER"> {
  return new SettlementGuardError("INVALID_HEADER", { field, reason }, `block field ${field}: ${reason}`, { cause });
}
