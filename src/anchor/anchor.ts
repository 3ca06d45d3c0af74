import { sameHex, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { headerBytes, startOf } from "../header/header.js";

/** The block on which an action is prepared. The contract's `Anchor`. (A type, since Ignition takes no interface as an argument.) */
export type Anchor = {
  readonly number: bigint;
  readonly hash: Hex;
};

/** An anchor that also commits to the state after its block. The contract's `StateAnchor`. */
export type StateAnchor = Anchor & {
  readonly stateRoot: Hex;
};

/** An anchor as callers may have it, hashes being plain strings. Every function checks it before it uses it. */
export interface AnchorLike {
  readonly number: bigint;
  /** 32 bytes of hexadecimal, of any case. */
  readonly hash: string;
  /** 32 bytes of hexadecimal, of any case. */
  readonly stateRoot?: string;
}

const MAX_UINT64 = 2n ** 64n - 1n;
const ZERO_HASH = `0x${"00".repeat(32)}`;

/**
 * Checks a state anchor against its header as the contract does, in the same order: hash, encoding, number, state root. That the
 * chain has a block of this hash is not checked; nothing off chain can.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX, HEADER_HASH_MISMATCH, HEADER_MALFORMED, HEADER_NUMBER_MISMATCH, STATE_ROOT_MISMATCH: the
 * contract's `HeaderHashMismatch`, `HeaderMalformed`, `HeaderNumberMismatch`, `StateRootMismatch`
 * @example
 * const { anchor, header } = await latestStateAnchor(provider);
 * verifyStateAnchor(anchor, header);
 */
export function verifyStateAnchor(anchor: Readonly<AnchorLike> & { readonly stateRoot: string }, header: string): void {
  const { number: claimedNumber, hash: claimedHash, stateRoot: claimedRoot } = readAnchor(anchor);
  if (claimedRoot === undefined) throw invalidAnchor("there is no state root", { number: claimedNumber });
  const rlp = headerBytes(header);

  const hash = toHex(keccak256(rlp));
  if (!sameHex(hash, claimedHash)) {
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: claimedNumber, claimed: claimedHash, actual: hash },
      `the header given for anchor ${claimedNumber} hashes to ${hash}, not to ${claimedHash}`,
    );
  }

  const { number, stateRoot } = startOf(rlp);
  if (number !== claimedNumber) {
    throw new SettlementGuardError(
      "HEADER_NUMBER_MISMATCH",
      { claimed: claimedNumber, actual: number },
      `the anchor names block ${claimedNumber}, its header is that of block ${number}`,
    );
  }

  if (!sameHex(stateRoot, claimedRoot)) {
    throw new SettlementGuardError(
      "STATE_ROOT_MISMATCH",
      { number, claimed: claimedRoot, actual: stateRoot },
      `the anchor claims state root ${claimedRoot} for block ${number}, its header has ${stateRoot}`,
    );
  }
}

/**
 * Checks that an anchor can be one at all: a number of 64 bits, and hashes of 32 bytes. None is zero, which means "unknown".
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 * @example
 * checkAnchor({ number: 21_000_000n, hash: `0x${"00".repeat(32)}` }); // throws INVALID_ANCHOR: the hash is zero
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
  const read = { number, hash: readHash("hash", hash, number) };
  return "stateRoot" in anchor ? { ...read, stateRoot: readHash("stateRoot", stateRoot, number) } : read;
}

function readHash(name: string, value: unknown, number: bigint): string {
  toBytes(value, `anchor ${name}`, 32);
  if (value === ZERO_HASH) throw invalidAnchor(`the ${name} is zero`, { number });
  return value as string;
}

/** @internal */
export function invalidAnchor(
  reason: string,
  values: { number?: bigint; depth?: number },
): SettlementGuardError<"INVALID_ANCHOR"> {
  return new SettlementGuardError("INVALID_ANCHOR", { reason, ...values }, `not usable as an anchor: ${reason}`);
}
