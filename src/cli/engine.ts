import { SettlementGuardError } from "../errors.js";
import type { Hex } from "../bytes.js";
import { verifyAccount, verifySlot, type Account } from "../proof/account.js";
import { readHeader } from "../proof/header.js";
import { verifyHashedKey } from "../proof/trie.js";

/** What an engine finds: as a proof's verdict, with any reason, and the gas that it took where the engine has gas. */
export type Finding<Value> = { readonly gas?: number } & (
  | { readonly status: "present"; readonly value: Value }
  | { readonly status: "absent" }
  | { readonly status: "invalid"; readonly reason: string }
);

/** What a header commits to, of that which is of use here. */
export interface HeaderFields {
  readonly number: bigint;
  readonly stateRoot: Uint8Array;
}

/** An implementation of the verifier. Two of them, asked the same, give the same answer and the same reason. */
export interface Engine {
  /** The hash first, then the number and the state root, as a contract reads them under a hash. Never absent. */
  header(hash: Hex, rlp: Uint8Array): Promise<Finding<HeaderFields>>;
  key(root: Uint8Array, hashedKey: Uint8Array, proof: readonly Uint8Array[]): Promise<Finding<Uint8Array>>;
  account(stateRoot: Uint8Array, address: Uint8Array, proof: readonly Uint8Array[]): Promise<Finding<Account>>;
  slot(storageRoot: Uint8Array, slot: Uint8Array, proof: readonly Uint8Array[]): Promise<Finding<bigint>>;
}

/** The verifier of this library. */
export const typescriptEngine: Engine = {
  header: (hash, rlp) => Promise.resolve(header(hash, rlp)),
  key: (root, hashedKey, proof) => Promise.resolve(verifyHashedKey(root, hashedKey, proof)),
  account: (stateRoot, address, proof) => Promise.resolve(verifyAccount(stateRoot, address, proof)),
  slot: (storageRoot, slot, proof) => Promise.resolve(verifySlot(storageRoot, slot, proof)),
};

function header(hash: Hex, rlp: Uint8Array): Finding<HeaderFields> {
  try {
    const { number, stateRoot } = readHeader(rlp, hash);
    return { status: "present", value: { number, stateRoot } };
  } catch (error) {
    if (SettlementGuardError.is(error, "HEADER_HASH_MISMATCH")) return headerHashMismatch(error.details.actual);
    if (SettlementGuardError.is(error, "HEADER_MALFORMED")) return headerMalformed(error.details.field);
    throw error;
  }
}

export function headerHashMismatch(actual: string): Finding<never> {
  return { status: "invalid", reason: `HeaderHashMismatch: the header hashes to ${actual}` };
}

export function headerMalformed(field: number): Finding<never> {
  return { status: "invalid", reason: `HeaderMalformed: field ${field}` };
}
