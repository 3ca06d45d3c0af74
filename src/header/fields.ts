import type { Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";

/**
 * How a header's bytes are read, here and in contracts/header/HeaderReader.sol:
 *
 * - Always: one list of {@link MIN_HEADER_SIZE} to {@link MAX_HEADER_SIZE} bytes, and the fields up to the number, in every byte.
 * - Under a hash that agrees ({@link readHeader}, {@link headerFromRpc}, `verifyStateAnchor`): nothing else. The chain made the bytes,
 *   and a fork may append what it likes.
 * - Without one ({@link decodeHeader}): all fields up to Prague's last, too. A header has 15, 16, 17, 20 or 21 fields: no fork ended
 *   elsewhere. Behind Prague's 21 there may be up to eleven byte strings.
 *
 * Later fields, those behind Prague's, have no names and are in `fields` alone. The first two are named as Amsterdam's where they
 * have its shapes: 32 bytes, and an integer of 64 bits.
 */

/** The beginning of a header, up to its number: what every reader gives of every header. */
export interface HeaderStart {
  readonly parentHash: Hex;
  readonly ommersHash: Hex;
  readonly beneficiary: Hex;
  readonly stateRoot: Hex;
  readonly transactionsRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly difficulty: bigint;
  readonly number: bigint;
}

/**
 * A block header of any fork from Frontier to Amsterdam. Fields of later forks are absent where the header has none.
 *
 * Decoded is not authenticated: the fields mean something only under a hash that came from the chain itself.
 */
export interface Header extends HeaderStart {
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** Seconds since 1970. */
  readonly timestamp: bigint;
  readonly extraData: Hex;
  /** The beacon chain's randomness since the merge (EIP-4399); something else on Arbitrum. Absent under an AuRa seal. */
  readonly mixHash?: Hex;
  /** Absent under an AuRa seal. */
  readonly nonce?: Hex;
  /** AuRa's seal (Gnosis before its merge), in the place of `mixHash` and `nonce`. */
  readonly auraStep?: bigint;
  readonly auraSeal?: Hex;
  /** EIP-1559, in wei. */
  readonly baseFeePerGas?: bigint;
  /** EIP-4895. */
  readonly withdrawalsRoot?: Hex;
  /** EIP-4844. */
  readonly blobGasUsed?: bigint;
  /** EIP-4844. */
  readonly excessBlobGas?: bigint;
  /** EIP-4788. */
  readonly parentBeaconBlockRoot?: Hex;
  /** EIP-7685. */
  readonly requestsHash?: Hex;
  /** EIP-7928. */
  readonly blockAccessListHash?: Hex;
  /** EIP-7843. */
  readonly slotNumber?: bigint;
  /** The payload of every field in its order, those that this library has no name for included. */
  readonly fields: readonly Hex[];
}

/** A header whose fields hash to `hash`. That says nothing about whether the chain has such a block. */
export interface HashedHeader extends Header {
  readonly hash: Hex;
  /** The preimage of `hash`: what a contract is given as the header. */
  readonly rlp: Hex;
}

/**
 * As much of a header as this library can read. The beginning is always there. Other fields have names as far as the forks known
 * here go. All are named if they are sound up to Prague's last or to the header's end. Else those up to the nonce are, if they are
 * sound. `fields` ends before the first that is no byte string.
 */
export type ReadableFields = HeaderStart & Partial<Header> & Pick<Header, "fields">;

/** The preimage of `hash`, as far as it can be read. */
export type ReadableHeader = ReadableFields & Pick<HashedHeader, "hash" | "rlp">;

/** A header with every field as short as it can be is this long, in bytes. */
export const MIN_HEADER_SIZE = 496;

/** The longest list that a two-byte length can announce, in bytes. Ethereum's headers are below 700; a longer one than this is refused. */
export const MAX_HEADER_SIZE = 3 + 0xffff;

/** The most fields of a header whose hash is not known: Prague's 21, and eleven of later forks. */
export const MAX_HEADER_FIELDS = 32;

/** The position that stands for the list itself in {@link SettlementGuardError} HEADER_MALFORMED. */
export const LIST = 255;

export type Shape =
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
export interface Field {
  readonly name: keyof Header;
  readonly rpcName: string;
  readonly shape: Shape;
}

const asField = (name: keyof Header, rpcName: string, shape: Shape): Field => ({ name, rpcName, shape });

/** The fields in the order of the yellow paper and of the EIPs since. */
export const FIELDS: readonly Field[] = [
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

export const STATE_ROOT = 3;
export const NUMBER = 8;
export const EXTRA_DATA = 12;
export const MIX_HASH = 13;
/** Fields of the oldest headers; those after them came with forks. */
export const FRONTIER_FIELDS = 15;
export const PRAGUE_FIELDS = 21;
/** The fields under an AuRa seal, which takes the places of the mix hash and the nonce. */
export const AURA_FIELDS: readonly Field[] = [
  ...FIELDS.slice(0, MIX_HASH),
  asField("auraStep", "auraStep", uint64),
  asField("auraSeal", "auraSeal", { kind: "data", size: 65 }),
  ...FIELDS.slice(FRONTIER_FIELDS),
];
/** The field counts of the forks: Frontier, London, Shanghai, Cancun, Prague, Amsterdam. No fork ended its header elsewhere. */
export const FORK_FIELD_COUNTS: readonly number[] = [15, 16, 17, 20, PRAGUE_FIELDS, FIELDS.length];

export function sizeOf(shape: Shape): number | undefined {
  return shape.kind === "bytes" ? undefined : shape.size;
}

export type Malformed = SettlementGuardError<"HEADER_MALFORMED">;

export function missing(field: number): Malformed {
  return malformed(field, "missing");
}

export function malformed(field: number, reason: string, cause?: unknown): Malformed {
  const where = field === LIST ? "the header" : `header field ${field} (${FIELDS[field]?.name ?? "unknown"})`;
  return new SettlementGuardError("HEADER_MALFORMED", { field, reason }, `${where}: ${reason}`, { cause });
}

export function invalidHeader(field: string, reason: string, cause?: unknown): SettlementGuardError<"INVALID_HEADER"> {
  return new SettlementGuardError("INVALID_HEADER", { field, reason }, `block field ${field}: ${reason}`, { cause });
}
