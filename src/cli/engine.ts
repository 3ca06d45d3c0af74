import { SettlementGuardError } from "../core/errors.js";
import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { verifyAccount, verifySlot, type Account } from "../proof/account.js";
import { readHeader } from "../header/header.js";
import { verifyHashedKey } from "../proof/trie.js";
import { verifyWitness } from "../proof/witness.js";

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

/** What a witness shows of an account and of slots, in their order. */
export interface WitnessFields {
  readonly account: Account | undefined;
  readonly values: readonly bigint[];
}

/** An implementation of the verifier. Two of them, asked the same, give the same answer and the same reason. */
export interface Engine {
  /** The hash first, then the number and the state root, as a contract reads them under a hash. Never absent. */
  header(hash: Hex, rlp: Uint8Array): Promise<Finding<HeaderFields>>;
  key(root: Uint8Array, hashedKey: Uint8Array, proof: readonly Uint8Array[]): Promise<Finding<Uint8Array>>;
  account(stateRoot: Uint8Array, address: Uint8Array, proof: readonly Uint8Array[]): Promise<Finding<Account>>;
  slot(storageRoot: Uint8Array, slot: Uint8Array, proof: readonly Uint8Array[]): Promise<Finding<bigint>>;
  /** Never absent: an absent account is a finding. */
  witness(
    stateRoot: Uint8Array,
    address: Uint8Array,
    slots: readonly Uint8Array[],
    witness: Uint8Array,
  ): Promise<Finding<WitnessFields>>;
}

/** The verifier of this library. */
export const typescriptEngine: Engine = {
  header: (hash, rlp) => Promise.resolve(header(hash, rlp)),
  key: (root, hashedKey, proof) => Promise.resolve(verifyHashedKey(root, hashedKey, proof)),
  account: (stateRoot, address, proof) => Promise.resolve(verifyAccount(stateRoot, address, proof)),
  slot: (storageRoot, slot, proof) => Promise.resolve(verifySlot(storageRoot, slot, proof)),
  witness: (...question) => Promise.resolve(witness(...question)),
};

function witness(...[root, address, slots, bytes]: Parameters<Engine["witness"]>): Finding<WitnessFields> {
  const question = { stateRoot: toHex(root), account: toHex(address), slots: slots.map((slot) => toHex(slot)) };
  const verdict = verifyWitness(question, toHex(bytes));
  if (verdict.status === "invalid") return witnessInvalid(verdict.offset, verdict.reason);
  const account = verdict.account && {
    ...verdict.account,
    storageRoot: toBytes(verdict.account.storageRoot, "storage root"),
    codeHash: toBytes(verdict.account.codeHash, "code hash"),
  };
  return { status: "present", value: { account, values: verdict.slots.map(({ value }) => value) } };
}

/** The contract's `StateProofInvalid`, and the reason where it is known: a contract does not say it. */
export function witnessInvalid(offset: number, why?: string): Finding<never> {
  return { status: "invalid", reason: `StateProofInvalid: byte ${offset}${why === undefined ? "" : ` (${why})`}` };
}

function header(hash: Hex, rlp: Uint8Array): Finding<HeaderFields> {
  try {
    const { number, stateRoot } = readHeader(toHex(rlp), hash);
    return { status: "present", value: { number, stateRoot: toBytes(stateRoot, "state root", 32) } };
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
