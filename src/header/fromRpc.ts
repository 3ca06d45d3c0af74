import { decodeInto, digitOf, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { prefixLength, writePrefix } from "../core/rlp.js";
import { describeValue } from "../core/text.js";
import {
  AURA_FIELDS,
  EXTRA_DATA,
  FIELDS,
  FORK_FIELD_COUNTS,
  FRONTIER_FIELDS,
  invalidHeader,
  MAX_HEADER_SIZE,
  sizeOf,
  type HashedHeader,
  type Header,
} from "./fields.js";
import { checkSize, describe, notData, readFields, readHash, startOf } from "./header.js";

/** Where a header is encoded. There is room for the list's longest prefix, and for all fields but long extra data. */
const SCRATCH = new Uint8Array(2048);
const LIST_PREFIX = 4;
const ROOM = LIST_PREFIX + AURA_FIELDS.reduce((sum, { shape }) => sum + 4 + (sizeOf(shape) ?? 0), 0);

/** What JSON-RPC blocks carry beside the header on the known chains. Anything else may be a field of an unknown fork. */
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
 * @example
 * const header = encodeHeader(await provider.send("eth_getBlockByNumber", ["latest", false]));
 */
export function encodeHeader(block: unknown): Hex {
  const { rlp, gap } = encodeFields(block);
  if (gap !== undefined) throw gap;
  return toHex(rlp);
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
 * Reads a raw JSON-RPC block and checks that its fields hash to the hash that it claims. Nothing is believed because the endpoint
 * says so. A block that cannot be encoded again is refused: its seal is not served, or its format is its own.
 *
 * @throws HEADER_HASH_MISMATCH, with the members of the block that may be fields of a fork that is not known here
 * @throws INVALID_HEADER as {@link encodeHeader}. A gap between the fields counts where they do not hash to the block's hash
 * @example
 * const block = await provider.send("eth_getBlockByNumber", ["latest", false]);
 * const { number, stateRoot, hash, rlp } = headerFromRpc(block);
 */
export function headerFromRpc(block: unknown): HashedHeader {
  const { rlp, gap } = encodeFields(block);
  if (rlp.length > MAX_HEADER_SIZE) throw invalidHeader("extraData", `makes a header of ${rlp.length} bytes`);
  const claimed = toHex(readHash((block as RpcBlock)["hash"], "hash"));
  const hash = toHex(keccak256(rlp));
  // Each of the fields up to the nonce was checked by its encoding.
  if (claimed === hash) return { ...(readFields(rlp) as Header), hash, rlp: toHex(rlp) };

  const unknownFields = unknownHeaderFields(block as RpcBlock);
  if (gap !== undefined && unknownFields.length === 0) throw gap;
  const { number } = startOf(rlp);
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

type RpcBlock = Readonly<Record<string, unknown>>;

function absent(field: number, although: number): SettlementGuardError<"INVALID_HEADER"> {
  return invalidHeader(FIELDS[field]!.rpcName, `absent, although ${FIELDS[although]!.rpcName} is there`);
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Writes strict DATA of `size` bytes, or of any size that fits in a header; returns where it ends. */
function writeData(rlp: Uint8Array, offset: number, value: unknown, field: string, size?: number): number {
  checkSize(value, field, size);
  const length = (value.length - 2) / 2;
  const start = offset + prefixLength(length);
  if (!decodeInto(rlp, start, value)) throw notData(value, field);
  return closeString(rlp, offset, start, start + length);
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

/** Members of the block that may be fields of a fork that is not known here, at most 16. */
function unknownHeaderFields(block: RpcBlock): string[] {
  return Object.keys(block)
    .filter((name) => !NOT_HEADER_FIELDS.has(name) && mayBeField(block[name]))
    .map((name) => name.slice(0, 40))
    .slice(0, 16);
}

/** Whether JSON may write a header field so. It is bytes or a number, in any notation, or a list or an object of such. Prose is none. */
function mayBeField(value: unknown): boolean {
  if (typeof value === "string") return value.length <= 2 + 2 * MAX_HEADER_SIZE && /^(?:0x[0-9a-f]*|\d+)$/i.test(value);
  return typeof value === "number" || typeof value === "bigint" || (typeof value === "object" && value !== null);
}
