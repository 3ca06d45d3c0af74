import { sameHex, toBigInt, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { decodeHeaderStart, hashHeader, type HashedHeader } from "../header/header.js";
import { fetchHeader } from "../actions/fetchHeader.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";

/** The block on which an action is prepared. The contract's `Anchor`. (A type, since Ignition takes no interface as an argument.) */
export type Anchor = {
  number: bigint;
  hash: Hex;
};

/** An anchor that also commits to the state after its block. The contract's `StateAnchor`. */
export type StateAnchor = Anchor & {
  stateRoot: Hex;
};

/** An anchor as callers may have it, hashes being plain strings. Every function checks it before it uses it. */
export interface AnchorLike {
  number: bigint;
  /** 32 bytes of hexadecimal, of any case. */
  hash: string;
  /** 32 bytes of hexadecimal, of any case. */
  stateRoot?: string;
}

/** How an anchor is chosen. */
export interface AnchorOptions extends RequestOptions {
  /**
   * How many blocks behind the head the anchor lies, at least 1. The head itself has no hash that a contract could look up while
   * it executes, and the closer the anchor, the shorter the reorg that makes the action revert. By default 2. The head must be
   * at least block `depth`.
   */
  depth?: number;
}

const DEFAULT_DEPTH = 2;
const MAX_UINT64 = 2n ** 64n - 1n;
const ZERO_HASH = `0x${"00".repeat(32)}`;

/**
 * Takes an anchor a few blocks behind one endpoint's head. Its header is hashed here; that the endpoint follows the canonical
 * chain is what the contract's check decides when the action executes.
 *
 * @throws INVALID_ANCHOR where the depth is no positive integer or reaches before genesis, INVALID_RESPONSE for a head that is no
 * number, and what {@link fetchHeader} throws
 */
export async function latestAnchor(connection: Connection, options: AnchorOptions = {}): Promise<Anchor> {
  const { number, hash } = await latestHeader(connection, options);
  return { number, hash };
}

/**
 * Takes a state anchor a few blocks behind one endpoint's head, with the header that proves its state root to a contract.
 *
 * @throws as {@link latestAnchor}
 */
export async function latestStateAnchor(
  connection: Connection,
  options: AnchorOptions = {},
): Promise<{ anchor: StateAnchor; header: Hex }> {
  const { number, hash, stateRoot, rlp } = await latestHeader(connection, options);
  return { anchor: { number, hash, stateRoot: toHex(stateRoot) }, header: toHex(rlp) };
}

/**
 * Checks a state anchor against its header as the contract does, in the same order: hash, encoding, number, state root. That the
 * chain has a block of this hash is not checked; nothing off chain can.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX, HEADER_HASH_MISMATCH, HEADER_MALFORMED, HEADER_NUMBER_MISMATCH, STATE_ROOT_MISMATCH: the
 * contract's `HeaderHashMismatch`, `HeaderMalformed`, `HeaderNumberMismatch`, `StateRootMismatch`
 */
export function verifyStateAnchor(
  anchor: Readonly<AnchorLike> & { readonly stateRoot: string },
  header: string | Uint8Array,
): void {
  const { number: claimedNumber, hash: claimedHash, stateRoot: claimedRoot } = readAnchor(anchor);
  if (claimedRoot === undefined) throw invalidAnchor("there is no state root", { number: claimedNumber });
  const rlp = header instanceof Uint8Array ? header : toBytes(header, "header");

  const hash = hashHeader(rlp);
  if (!sameHex(hash, claimedHash)) {
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: claimedNumber, claimed: claimedHash, actual: hash },
      `the header given for anchor ${claimedNumber} hashes to ${hash}, not to ${claimedHash}`,
    );
  }

  const { number, stateRoot: root } = decodeHeaderStart(rlp);
  if (number !== claimedNumber) {
    throw new SettlementGuardError(
      "HEADER_NUMBER_MISMATCH",
      { claimed: claimedNumber, actual: number },
      `the anchor names block ${claimedNumber}, its header is that of block ${number}`,
    );
  }

  const stateRoot = toHex(root);
  if (!sameHex(stateRoot, claimedRoot)) {
    throw new SettlementGuardError(
      "STATE_ROOT_MISMATCH",
      { number, claimed: claimedRoot, actual: stateRoot },
      `the anchor claims state root ${claimedRoot} for block ${number}, its header has ${stateRoot}`,
    );
  }
}

/**
 * Checks that an anchor can be one at all: a 64-bit number, hashes of 32 bytes, and none of them zero, which means "unknown"
 * everywhere.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 */
export function checkAnchor(anchor: Readonly<AnchorLike>): void {
  readAnchor(anchor);
}

/** Reads each member once: a getter could answer the check with one value and the use with another. */
function readAnchor(anchor: unknown): AnchorLike {
  if (typeof anchor !== "object" || anchor === null)
    throw invalidAnchor("it is no object with a number and a hash", {});
  const { number, hash, stateRoot } = anchor as { number?: unknown; hash?: unknown; stateRoot?: unknown };
  if (typeof number !== "bigint" || number < 0n || number > MAX_UINT64)
    throw invalidAnchor("the number is not a bigint from 0 to 2^64 - 1", {});
  const read: AnchorLike = { number, hash: readHash("hash", hash, number) };
  if ("stateRoot" in anchor) read.stateRoot = readHash("stateRoot", stateRoot, number);
  return read;
}

function readHash(name: string, value: unknown, number: bigint): string {
  toBytes(value, `anchor ${name}`, 32);
  if (value === ZERO_HASH) throw invalidAnchor(`the ${name} is zero`, { number });
  return value as string;
}

async function latestHeader(connection: Connection, options: AnchorOptions): Promise<HashedHeader> {
  checkRequestOptions(options, "depth");
  const { depth = DEFAULT_DEPTH, ...asking } = options;
  if (!Number.isSafeInteger(depth) || depth < 1)
    throw invalidAnchor("the depth must be a whole number from 1", { depth });
  const head = await headNumber(connection, asking);
  const number = head - BigInt(depth);
  if (number < 0n) {
    const reason = `the head is block ${head}, and depth ${depth} needs a head of at least block ${depth}`;
    throw invalidAnchor(`${reason}: mine ${-number} blocks first, or ask for less depth`, { depth, number: head });
  }
  return fetchHeader(connection, { number }, asking);
}

async function headNumber(connection: Connection, asking: RequestOptions): Promise<bigint> {
  const method = "eth_blockNumber";
  const answer = await call(connection, method, [], asking);
  try {
    return toBigInt(answer, "block number");
  } catch (cause) {
    const reason = "not a JSON-RPC quantity";
    throw new SettlementGuardError("INVALID_RESPONSE", { method, reason }, `${method} answered with ${reason}`, {
      cause,
    });
  }
}

function invalidAnchor(
  reason: string,
  values: { number?: bigint; depth?: number },
): SettlementGuardError<"INVALID_ANCHOR"> {
  return new SettlementGuardError("INVALID_ANCHOR", { reason, ...values }, `not usable as an anchor: ${reason}`);
}
