import { sameHex, toBigInt, toBytes, toHex, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { decodeHeaderStart, hashHeader, type HashedHeader } from "../proof/header.js";
import { fetchHeader } from "../rpc/block.js";
import { call, type Connection } from "../rpc/request.js";

/** The block on which an action is prepared. The contract's `Anchor`. */
export interface Anchor {
  number: bigint;
  hash: Hex;
}

/** An anchor that also commits to the state after its block. The contract's `StateAnchor`. */
export interface StateAnchor extends Anchor {
  stateRoot: Hex;
}

/** How an anchor is chosen. */
export interface AnchorOptions {
  /**
   * How many blocks behind the head the anchor lies, at least 1. The head itself has no hash that a contract could look up while
   * it executes, and the closer the anchor, the shorter the reorg that makes the action revert.
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
 * @throws INVALID_ANCHOR where the depth is no positive integer or reaches before genesis, INVALID_RESPONSE, and what
 * {@link fetchHeader} throws
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
export function verifyStateAnchor(anchor: StateAnchor, header: Hex | Uint8Array): void {
  const { number: claimedNumber, hash: claimedHash } = anchor;
  checkAnchor(anchor);
  const rlp = typeof header === "string" ? toBytes(header, "header") : header;

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
  if (!sameHex(stateRoot, anchor.stateRoot)) {
    throw new SettlementGuardError(
      "STATE_ROOT_MISMATCH",
      { number, claimed: anchor.stateRoot, actual: stateRoot },
      `the anchor claims state root ${anchor.stateRoot} for block ${number}, its header has ${stateRoot}`,
    );
  }
}

/**
 * Checks that an anchor can be one at all: a 64-bit number, hashes of 32 bytes, and none of them zero, which means "unknown"
 * everywhere.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 */
export function checkAnchor(anchor: Anchor | StateAnchor): void {
  const { number, hash } = anchor;
  if (typeof number !== "bigint" || number < 0n || number > MAX_UINT64) {
    throw new SettlementGuardError(
      "INVALID_ANCHOR",
      { reason: "the number is not a bigint of 64 bits" },
      `an anchor's number must be a bigint from 0 to 2^64 - 1, not ${String(number)}`,
    );
  }
  const hashes: [string, Hex][] = [["hash", hash]];
  if ("stateRoot" in anchor) hashes.push(["stateRoot", anchor.stateRoot]);
  for (const [name, value] of hashes) {
    toBytes(value, `anchor ${name}`, 32);
    if (value === ZERO_HASH) throw invalidAnchor(`the ${name} is zero`, { number });
  }
}

async function latestHeader(connection: Connection, { depth = DEFAULT_DEPTH }: AnchorOptions): Promise<HashedHeader> {
  if (!Number.isSafeInteger(depth) || depth < 1)
    throw invalidAnchor("the depth must be a whole number from 1", { depth });
  const head = await headNumber(connection);
  const number = head - BigInt(depth);
  if (number < 0n) throw invalidAnchor(`the head is block ${head}, the depth reaches before genesis`, { depth });
  return fetchHeader(connection, { number });
}

async function headNumber(connection: Connection): Promise<bigint> {
  const method = "eth_blockNumber";
  const answer = await call(connection, method);
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
