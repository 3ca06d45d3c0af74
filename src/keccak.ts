import { keccak_256 } from "@noble/hashes/sha3.js";

/** Maps bytes to their 32-byte Keccak-256 digest. */
export type Keccak256 = (bytes: Uint8Array) => Uint8Array;

let engine: Keccak256 = keccak_256;

/** The Keccak-256 of Ethereum: not NIST's SHA3-256, which pads differently. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return engine(bytes);
}

/**
 * Replaces the hash function for the whole process, for speed: hashing is nearly all the work of checking a header or a proof.
 * The engine must be synchronous and must return the true digest; everything this library verifies rests on it.
 *
 * @returns the engine that was in use
 */
export function setKeccak256(replacement: Keccak256): Keccak256 {
  const previous = engine;
  engine = replacement;
  return previous;
}
