import {
  SettlementGuardError,
  verifyAccountProof,
  verifyStorageProof,
  verifyTrieProof,
  verifyWitness,
  type Hex,
  type WitnessAccount,
  readHeader,
} from "settlement-guard";

/** What an engine finds: a proof's verdict, with any reason. `gas` is what it took, where the engine has gas. */
export type Finding<Value> = { readonly gas?: number } & (
  | { readonly status: "present"; readonly value: Value }
  | { readonly status: "absent" }
  | { readonly status: "invalid"; readonly reason: string }
);

/** What a header commits to, of that which is of use here. */
export interface HeaderFields {
  readonly number: bigint;
  readonly stateRoot: Hex;
}

/** What a witness shows of an account and of slots, in their order. */
export interface WitnessFields {
  readonly account: WitnessAccount | undefined;
  readonly values: readonly bigint[];
}

/** An implementation of the verifier. Two of them, asked the same, give the same answer and the same reason. */
export interface Engine {
  /** The hash first, then the number and the state root, as a contract reads them under a hash. Never absent. */
  header(hash: Hex, rlp: Hex): Promise<Finding<HeaderFields>>;
  key(root: Hex, hashedKey: Hex, proof: readonly Hex[]): Promise<Finding<Hex>>;
  account(stateRoot: Hex, account: Hex, proof: readonly Hex[]): Promise<Finding<WitnessAccount>>;
  slot(storageRoot: Hex, slot: Hex, proof: readonly Hex[]): Promise<Finding<bigint>>;
  /** Never absent: an absent account is a finding. */
  witness(stateRoot: Hex, account: Hex, slots: readonly Hex[], witness: Hex): Promise<Finding<WitnessFields>>;
}

/** The verifier of the library. */
export const typescriptEngine: Engine = {
  header: (hash, rlp) => Promise.resolve(header(hash, rlp)),
  key: (root, hashedKey, proof) => Promise.resolve(verifyTrieProof({ root, hashedKey, proof })),
  account: (stateRoot, account, proof) => Promise.resolve(verifyAccountProof({ stateRoot, account, proof })),
  slot: (storageRoot, slot, proof) => Promise.resolve(verifyStorageProof({ storageRoot, slot, proof })),
  witness: (...question) => Promise.resolve(witness(...question)),
};

function witness(...[stateRoot, address, slots, bytes]: Parameters<Engine["witness"]>): Finding<WitnessFields> {
  const verdict = verifyWitness({ stateRoot, account: address, slots }, bytes);
  if (verdict.status === "invalid") return witnessInvalid(verdict.offset, verdict.reason);
  const { account, slots: found } = verdict;
  return { status: "present", value: { account, values: found.map(({ value }) => value) } };
}

/** The contract's `StateProofInvalid`, and the reason where it is known: a contract does not say it. */
export function witnessInvalid(offset: number, why?: string): Finding<never> {
  return { status: "invalid", reason: `StateProofInvalid: byte ${offset}${why === undefined ? "" : ` (${why})`}` };
}

function header(hash: Hex, rlp: Hex): Finding<HeaderFields> {
  try {
    return { status: "present", value: readHeader(rlp, hash) };
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
