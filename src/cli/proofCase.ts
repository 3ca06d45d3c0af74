import { toBytes, toHex, toWord, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { hashHeader } from "../proof/header.js";

/** One proof in one trie. */
export interface KeyCase {
  readonly kind: "key";
  readonly id: string;
  readonly root: Uint8Array;
  readonly trieKey: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** A recorded answer of `eth_getProof`. */
export interface AnswerCase {
  readonly kind: "answer";
  readonly id: string;
  /** With the hash that the file claims for it, or its own. */
  readonly header?: { readonly rlp: Uint8Array; readonly hash: Hex };
  /** What the file claims; the header decides where there is one. */
  readonly stateRoot?: Uint8Array;
  readonly blockNumber?: bigint;
  readonly address: Uint8Array;
  readonly accountProof: readonly Uint8Array[];
  readonly account: AccountClaims;
  readonly slots: readonly SlotCase[];
}

/** What the file says about the account. What it leaves out, it does not claim. */
export interface AccountClaims {
  readonly exists?: boolean;
  readonly nonce?: bigint;
  readonly balance?: bigint;
  readonly storageHash?: bigint;
  readonly codeHash?: bigint;
}

export type SlotCase =
  | {
      readonly shown: string;
      readonly slot: Uint8Array;
      readonly proof: readonly Uint8Array[];
      readonly value?: bigint;
    }
  | { readonly shown: string; readonly malformed: string };

/** A case whose content cannot be read. */
export interface MalformedCase {
  readonly kind: "malformed";
  readonly id: string;
  readonly reason: string;
}

export type ProofCase = KeyCase | AnswerCase | MalformedCase;

/** Fields by which a case is told from any other JSON. */
const KEY_FIELDS = ["root", "trieKey"];
const ANSWER_FIELDS = ["accountProof", "address", "headerRlp", "stateRoot"];

/** A field of the case itself, never of what it inherits. */
type Fields = (name: string) => unknown;

/**
 * Reads one case of a file. What is wrong inside a case makes it malformed; what is no case at all makes the file unusable.
 *
 * @param index of the case in the file: its name where it has none
 * @throws UNUSABLE_INPUT
 */
export function readCase(value: unknown, index: number): ProofCase {
  const fields = fieldsOf(value);
  const has = (name: string): boolean => fields?.(name) !== undefined;
  if (fields === undefined || ![...KEY_FIELDS, ...ANSWER_FIELDS].some(has)) {
    const what = `case ${index}`;
    const hint = "a case is { root, trieKey, proof }, or { headerRlp or stateRoot, address, accountProof, storage }";
    throw new SettlementGuardError("UNUSABLE_INPUT", { what, reason: "not a proof", hint }, `${what} is not a proof`);
  }
  const named = fields("id");
  const id = typeof named === "string" || typeof named === "number" ? String(named) : `#${index}`;
  try {
    return KEY_FIELDS.some(has) ? readKey(id, fields) : readAnswer(id, fields);
  } catch (error) {
    return { kind: "malformed", id, reason: malformed(error) };
  }
}

function readKey(id: string, fields: Fields): KeyCase {
  const root = toBytes(fields("root"), "root", 32);
  const trieKey = toBytes(fields("trieKey"), "trieKey", 32);
  return { kind: "key", id, root, trieKey, proof: nodes(fields("proof"), "proof") };
}

function readAnswer(id: string, fields: Fields): AnswerCase {
  const rlp = optional(fields("headerRlp"), (hex) => toBytes(hex, "headerRlp"));
  const hash = optional(fields("blockHash"), (hex) => toHex(toBytes(hex, "blockHash", 32)));
  const stateRoot = optional(fields("stateRoot"), (hex) => toBytes(hex, "stateRoot", 32));
  if (rlp === undefined && stateRoot === undefined) throw inputMalformed("neither headerRlp nor stateRoot");
  const storage = fields("storage") ?? [];
  if (!Array.isArray(storage)) throw inputMalformed("storage is not a list");
  const claims = fieldsOf(fields("account"));
  const claim = (name: string): bigint | undefined =>
    optional(claims?.(name), (value) => integer(value, `account.${name}`));
  return {
    kind: "answer",
    id,
    address: toBytes(fields("address"), "address", 20),
    accountProof: nodes(fields("accountProof"), "accountProof"),
    slots: storage.map((entry, i) => readSlot(entry, i)),
    account: defined({
      exists: optional(fields("accountExists"), (value) => boolean(value, "accountExists")),
      nonce: claim("nonce"),
      balance: claim("balance"),
      storageHash: claim("storageHash"),
      codeHash: claim("codeHash"),
    }),
    ...defined({
      header: rlp === undefined ? undefined : { rlp, hash: hash ?? hashHeader(rlp) },
      stateRoot,
      blockNumber: optional(fields("blockNumber"), (value) => integer(value, "blockNumber")),
    }),
  };
}

/** A slot that cannot be read is malformed by itself: the others of its account are proven without it. */
function readSlot(entry: unknown, index: number): SlotCase {
  const fields = fieldsOf(entry);
  const named = fields?.("slot");
  const shown = typeof named === "string" ? named : `#${index}`;
  try {
    if (fields === undefined) throw inputMalformed(`storage[${index}] is not an object`);
    const slot = toBytes(toWord(integer(named, "slot")), "slot", 32);
    const proof = nodes(fields("proof"), "proof");
    const value = optional(fields("value"), (claimed) => integer(claimed, "value"));
    return { shown: toHex(slot), slot, proof, ...defined({ value }) };
  } catch (error) {
    return { shown, malformed: malformed(error) };
  }
}

function nodes(value: unknown, what: string): Uint8Array[] {
  if (!Array.isArray(value)) throw inputMalformed(`${what} is ${value === null ? "null" : "not a list"}`);
  return value.map((node, i) => toBytes(node, `${what}[${i}]`));
}

/** QUANTITY, DATA of up to 32 bytes, or a JSON number that is exact. */
function integer(value: unknown, what: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value);
  throw inputMalformed(`${what} is not a number of up to 256 bits`);
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw inputMalformed(`${what} is neither true nor false`);
}

function optional<Value>(value: unknown, read: (value: unknown) => Value): Value | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return (name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
}

/** The members that have a value; `exactOptionalPropertyTypes` tells absent from undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function inputMalformed(reason: string): SettlementGuardError<"INVALID_HEX"> {
  return new SettlementGuardError("INVALID_HEX", { what: reason, value: "", expected: "" }, reason);
}

function malformed(error: unknown): string {
  if (SettlementGuardError.is(error, "INVALID_HEX")) return `InputMalformed: ${error.message}`;
  throw error;
}
