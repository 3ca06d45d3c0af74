import { toHex } from "./bytes.js";
import { SettlementGuardError } from "./errors.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** Maps bytes to their 32-byte Keccak-256 digest. */
export type Keccak256 = (bytes: Uint8Array) => Uint8Array;

const EMPTY_DIGEST = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

const fresh = keccak_256.create();
const hasher = fresh.clone();

let engine: Keccak256 = hashWithNoble;

/** The Keccak-256 of Ethereum: not NIST's SHA3-256, which pads differently. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return engine(bytes);
}

/**
 * Replaces the hash function for speed: hashing is nearly all the work of checking a header or a proof. It holds for all of this process
 * that imports the library, and not for what requires it: the CommonJS build has an engine of its own, and the other way round.
 * The engine must be synchronous and must return the true digest; everything this library verifies rests on it.
 *
 * @returns the engine that was in use
 * @throws INVALID_KECCAK where its digest of no bytes is not Keccak-256's
 */
export function setKeccak256(replacement: Keccak256): Keccak256 {
  if (toHex(replacement(new Uint8Array())) !== EMPTY_DIGEST) {
    const reason = "the engine does not compute Keccak-256";
    throw new SettlementGuardError("INVALID_KECCAK", { reason }, `${reason}: its digest of no bytes is another`);
  }
  const previous = engine;
  engine = replacement;
  return previous;
}

/** One hasher for all calls, none of which yields: a new one for each is a thirtieth of the time that a header's hash takes. */
function hashWithNoble(bytes: Uint8Array): Uint8Array {
  return fresh._cloneInto(hasher).update(bytes).digest();
}
