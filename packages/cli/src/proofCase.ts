import { hashHeader, SettlementGuardError, toBytes, toHex, toWord, type Hex } from "settlement-guard";

import { CliError, malformed, unusable } from "./errors.js";
import { brief } from "./text.js";

interface CommonCase {
  readonly id: string;
  /** The members that describe the case, and of which no verdict says anything. */
  readonly notJudged: readonly string[];
}

/** One proof in one trie. */
export interface KeyCase extends CommonCase {
  readonly kind: "key";
  readonly root: Hex;
  readonly trieKey: Hex;
  readonly proof: readonly Hex[];
  /** The leaf that the file claims; undefined where it claims that there is none. */
  readonly value?: { readonly claimed: Hex | undefined };
  /** What a test vector says of itself. */
  readonly expect?: Expectation;
}

/** A recorded answer of `eth_getProof`. */
export interface AnswerCase extends CommonCase {
  readonly kind: "answer";
  /** With the hash that the file claims for it, or its own. */
  readonly header?: { readonly rlp: Hex; readonly hash: Hex };
  /** What the file claims; the header decides where there is one. */
  readonly stateRoot?: Hex;
  readonly blockHash?: Hex;
  readonly blockNumber?: bigint;
  readonly address: Hex;
  readonly accountProof: readonly Hex[];
  /** In place of all nodes: what `prove` packs out of them. The slots are in the order in which it wants them. */
  readonly witness?: Hex;
  /** What the file says about the account, wherever it says it. What it leaves out, it does not claim. */
  readonly claims: readonly AccountClaim[];
  readonly slots: readonly SlotCase[];
}

export type AccountField = "nonce" | "balance" | "storageHash" | "codeHash";
export type AccountClaim =
  | { readonly field: AccountField; readonly claimed: bigint }
  | { readonly field: "accountExists"; readonly claimed: boolean };

export type SlotCase =
  | {
      readonly shown: string;
      readonly slot: Hex;
      readonly proof: readonly Hex[];
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

/** `absent` may be followed by how; `not-canonical` is what a strict verifier refuses. */
export type Expectation = "exists" | "absent" | "reject" | "absent-or-reject" | "not-canonical";
const EXPECTATIONS: readonly string[] = ["exists", "absent", "reject", "absent-or-reject", "not-canonical"];

/** The members of a case: those that are judged, and those by which the known recordings describe themselves. */
interface Shape {
  readonly judged: readonly string[];
  readonly described: readonly string[];
}

const ACCOUNT_FIELDS: readonly AccountField[] = ["nonce", "balance", "storageHash", "codeHash"];
const KEY: Shape = {
  judged: ["id", "root", "trieKey", "proof", "value", "expect"],
  described: [
    ...["class", "generic", "key", "mutation", "policy", "proofWithEmbeddedNodesListed", "reason", "refReason"],
    ...["secure", "selfRooted", "source", "suite", "tags", "was"],
  ],
};
const ANSWER: Shape = {
  judged: [
    ...["id", "headerRlp", "stateRoot", "blockHash", "blockNumber", "address", "accountProof", "witness"],
    ...["account", "accountExists", ...ACCOUNT_FIELDS, "storage", "storageProof"],
  ],
  described: ["blockHashGiven", "chain", "headerBytes", "headerFields", "sizes", "source"],
};
const ACCOUNT: Shape = { judged: ACCOUNT_FIELDS, described: [] };
const slotShape = (key: string): Shape => ({ judged: [key, "value", "proof"], described: [] });

/** What a case says of a state; a name, or what a verifier is expected to say, is no claim. */
export const CLAIMS: ReadonlySet<string> = new Set(
  [...KEY.judged, ...ANSWER.judged].filter((name) => name !== "id" && name !== "expect"),
);

/** Members by which a case is told from any other JSON. */
const KEY_MEMBERS = ["root", "trieKey"];
const ANSWER_MEMBERS = ["accountProof", "witness", "address", "headerRlp", "stateRoot"];

/** A member of the case itself, never of what it inherits; undefined where it is not there. */
type Members = Readonly<Record<string, unknown>>;

/**
 * Reads one case of a file. What is wrong inside a case makes it malformed. What is no case at all, or has a member that nothing
 * judges, makes the file unusable.
 *
 * @param index of the case in the file: its name where it has none
 * @throws UNUSABLE_INPUT
 */
export function readCase(value: unknown, index: number): ProofCase {
  const members = membersOf(value);
  const has = (name: string): boolean => members?.[name] !== undefined;
  if (members !== undefined && ["jsonrpc", "result", "error"].some(has))
    throw unusableCase(
      index,
      "a JSON-RPC envelope is not a proof",
      "give its `result`, with headerRlp or stateRoot added",
    );
  if (members === undefined || ![...KEY_MEMBERS, ...ANSWER_MEMBERS].some(has)) {
    const answer = "{ headerRlp or stateRoot, address, accountProof, storage or storageProof }";
    throw unusableCase(index, "not a proof", `a case is { root, trieKey, proof }, or ${answer}`);
  }
  const isKey = KEY_MEMBERS.some(has);
  checkMembers(members, isKey ? KEY : ANSWER, index, "");
  const { id, problem } = readId(members["id"], index);
  try {
    if (problem !== undefined) throw malformed(problem);
    return isKey ? readKey(id, members) : readAnswer(id, members, index);
  } catch (error) {
    return { kind: "malformed", id, reason: reasonOf(error) };
  }
}

function readId(value: unknown, index: number): { id: string; problem?: string } {
  if (value === undefined) return { id: `#${index}` };
  if (Number.isSafeInteger(value) || (typeof value === "string" && value.length <= 256)) return { id: String(value) };
  return { id: `#${index}`, problem: "id is neither a text of up to 256 characters nor an integer" };
}

function readKey(id: string, members: Members): KeyCase {
  const { value, expect } = members;
  return {
    kind: "key",
    id,
    notJudged: described(members, KEY),
    root: hex(members["root"], "root", 32),
    trieKey: hex(members["trieKey"], "trieKey", 32),
    proof: nodes(members["proof"], "proof"),
    ...(value === undefined ? {} : { value: { claimed: value === null ? undefined : hex(value, "value") } }),
    ...(expect === undefined ? {} : { expect: expectation(expect) }),
  };
}

function readAnswer(id: string, members: Members, index: number): AnswerCase {
  const rlp = optional(members["headerRlp"], (value) => hex(value, "headerRlp"));
  const hash = optional(members["blockHash"], (value) => hex(value, "blockHash", 32));
  const stateRoot = optional(members["stateRoot"], (value) => hex(value, "stateRoot", 32));
  const witness = optional(members["witness"], (value) => hex(value, "witness"));
  if (witness !== undefined && members["accountProof"] !== undefined)
    throw malformed("accountProof stands beside a witness, which is in its place");
  if (rlp === undefined && stateRoot === undefined) throw malformed("neither headerRlp nor stateRoot");
  return {
    kind: "answer",
    id,
    notJudged: described(members, ANSWER),
    address: hex(members["address"], "address", 20),
    accountProof: witness === undefined ? nodes(members["accountProof"], "accountProof") : [],
    claims: readClaims(members, index),
    slots: [...readStorage(members, index, "storage", "slot"), ...readStorage(members, index, "storageProof", "key")],
    ...defined({
      header: rlp === undefined ? undefined : { rlp, hash: hash ?? hashHeader(rlp) },
      stateRoot,
      witness,
      blockHash: hash,
      blockNumber: optional(members["blockNumber"], (value) => integer(value, "blockNumber")),
    }),
  };
}

/** Of the account, as this package writes it, under `account`; and as clients answer, beside the proof. */
function readClaims(members: Members, index: number): AccountClaim[] {
  const { accountExists, account } = members;
  const claims: AccountClaim[] = [];
  if (accountExists !== undefined)
    claims.push({ field: "accountExists", claimed: boolean(accountExists, "accountExists") });
  if (account === null) claims.push({ field: "accountExists", claimed: false });
  const nested = account === null || account === undefined ? {} : membersOf(account);
  if (nested === undefined) throw malformed("account is neither an object nor null");
  checkMembers(nested, ACCOUNT, index, "account: ");
  for (const field of ACCOUNT_FIELDS) {
    for (const [where, value] of [[`account.${field}`, nested[field]] as const, [field, members[field]] as const])
      if (value !== undefined) claims.push({ field, claimed: integer(value, where) });
  }
  return claims;
}

/** The slots, as this package writes them and as clients do. Of the latter some write null for a list without elements. */
function readStorage(
  members: Members,
  index: number,
  name: "storage" | "storageProof",
  key: "slot" | "key",
): SlotCase[] {
  const isClients = name === "storageProof";
  const list = members[name] ?? (isClients || members[name] === undefined ? [] : null);
  if (!Array.isArray(list)) throw malformed(`${name} is not a list`);
  return list.map((entry, i) => {
    const slot = membersOf(entry);
    if (slot !== undefined) checkMembers(slot, slotShape(key), index, `${name}[${i}]: `);
    const proof = slot?.["proof"];
    // A witness is in the place of all proofs.
    const none = (isClients && proof === null) || (proof === undefined && members["witness"] !== undefined);
    return readSlot(slot?.[key], slot?.["value"], none ? [] : proof, `${name}[${i}]`);
  });
}

/** A slot that cannot be read is malformed by itself: the others of its account are proven without it. */
function readSlot(named: unknown, claimed: unknown, proof: unknown, where: string): SlotCase {
  const shown = typeof named === "string" ? brief(named) : where;
  try {
    const slot = toWord(integer(named, `${where}: the slot`));
    const value = optional(claimed, (given) => integer(given, "value"));
    return { shown: slot, slot, proof: nodes(proof, "proof"), ...defined({ value }) };
  } catch (error) {
    return { shown, malformed: reasonOf(error) };
  }
}

/** @throws UNUSABLE_INPUT where there is a member that the shape does not have: what is valid would seem to include it */
function checkMembers(members: Members, { judged, described }: Shape, index: number, where: string): void {
  const unknown = Object.keys(members).find((name) => !judged.includes(name) && !described.includes(name));
  if (unknown === undefined) return;
  const reason = `${where}nothing judges the member ${JSON.stringify(brief(unknown))}`;
  throw unusableCase(index, reason, `take it out; the members are ${judged.join(", ")}`);
}

function described(members: Members, shape: Shape): string[] {
  return shape.described.filter((name) => members[name] !== undefined);
}

function nodes(value: unknown, what: string): Hex[] {
  if (!Array.isArray(value)) throw malformed(`${what} is ${value === null ? "null" : "not a list"}`);
  return value.map((node, i) => hex(node, `${what}[${i}]`));
}

/** QUANTITY, DATA of up to 32 bytes, or a JSON number that is exact. */
function integer(value: unknown, what: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^0x[0-9a-fA-F]{0,64}$/.test(value)) return BigInt(value === "0x" ? 0 : value);
  throw malformed(`${what} is not a number of up to 256 bits`);
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw malformed(`${what} is neither true nor false`);
}

function expectation(value: unknown): Expectation {
  const word = typeof value === "string" ? value.replace(/^absent:.*/s, "absent") : "";
  if (EXPECTATIONS.includes(word)) return word as Expectation;
  throw malformed(`expect is none of ${EXPECTATIONS.join(", ")}`);
}

function optional<Value>(value: unknown, read: (value: unknown) => Value): Value | undefined {
  return value === undefined ? undefined : read(value);
}

function membersOf(value: unknown): Members | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.assign(Object.create(null) as Members, value);
}

/** The members that have a value; `exactOptionalPropertyTypes` tells absent from undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function unusableCase(index: number, reason: string, hint: string): CliError<"UNUSABLE_INPUT"> {
  return unusable(`case ${index}`, reason, hint);
}

/** Why a part of a case cannot be read. @throws whatever else it is */
function reasonOf(error: unknown): string {
  if (SettlementGuardError.is(error, "INVALID_HEX") || CliError.is(error, "INPUT_MALFORMED"))
    return `InputMalformed: ${error.message}`;
  throw error;
}

/** Bytes in hexadecimal, in lower case. @throws INVALID_HEX */
function hex(value: unknown, what: string, length?: number): Hex {
  return toHex(toBytes(value, what, length));
}
