import { toHex } from "./bytes.js";
import { SettlementGuardError } from "./errors.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** Maps bytes to their 32-byte Keccak-256 digest. */
export type Keccak256 = (bytes: Uint8Array) => Uint8Array;

const EMPTY_DIGEST = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

const fresh = keccak_256.create();
const hasher = fresh.clone();

/**
 * Where the engine is kept for all copies of this library in the process. They may be loaded as ES modules or as
 * CommonJS.
 */
const ENGINE = Symbol.for("settlement-guard.keccak256");
const shared = globalThis as { [ENGINE]?: Keccak256 };

/**
 * The Keccak-256 of Ethereum: not NIST's SHA3-256, which pads differently.
 *
 * @example
 * toHex(keccak256(toBytes("0x", "code"))); // the code hash of an account without code
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return (shared[ENGINE] ?? hashWithNoble)(bytes);
}

/**
 * Replaces the hash function for the whole process, for speed. Hashing is nearly all the work of checking a header or a
 * proof. The engine must be synchronous and must return the true digest; everything this library verifies rests on it.
 *
 * @returns the engine that was in use
 * @throws INVALID_KECCAK where its digest of no bytes is not Keccak-256's
 * @example
 * import { keccak_256 } from "@noble/hashes/sha3.js";
 *
 * setKeccak256(keccak_256);
 */
export function setKeccak256(replacement: Keccak256): Keccak256 {
  if (toHex(replacement(new Uint8Array())) !== EMPTY_DIGEST) {
    const reason = "the engine does not compute Keccak-256";
    throw new SettlementGuardError("INVALID_KECCAK", { reason }, `${reason}: its digest of no bytes is another`);
  }
  const previous = shared[ENGINE] ?? hashWithNoble;
  shared[ENGINE] = replacement;
  return previous;
}

/** One hasher for all calls, as none yields. A new one for each takes a thirtieth of the time of a header's hash. */
function hashWithNoble(bytes: Uint8Array): Uint8Array {
  return fresh._cloneInto(hasher).update(bytes).digest();
}

/** Named by a variable, so that bundlers leave the package alone: it may not be installed. */
const PACKAGE: string = "hash-wasm";
let looked: Promise<void> | undefined;

/** What is used of `hash-wasm`, whose own types are missing where it is not installed. */
interface HashWasm {
  createKeccak(bits: 256): Promise<Hasher>;
}
interface Hasher {
  init(): Hasher;
  update(bytes: Uint8Array): Hasher;
  digest(type: "binary"): Uint8Array;
}

/** The engine of `hash-wasm`. One hasher is reused for every call, which is safe because a call never yields. */
export async function wasmEngine({ createKeccak }: HashWasm): Promise<Keccak256> {
  const hasher = await createKeccak(256);
  return (bytes) => hasher.init().update(bytes).digest("binary");
}

/**
 * Takes the WebAssembly engine of `hash-wasm`, which is about five times as fast. It does so where that package is
 * installed and no engine was set. It looks once.
 */
export function useInstalledKeccak(): Promise<void> {
  looked ??= (import(/* webpackIgnore: true */ /* @vite-ignore */ PACKAGE) as Promise<HashWasm>)
    .then(wasmEngine)
    .then((engine) => {
      shared[ENGINE] ??= engine;
    })
    .catch(() => undefined);
  return looked;
}
