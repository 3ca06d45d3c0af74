import { concat, equalBytes, invalidHex, toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import type { Account } from "./account.js";
import type { Failure } from "./node.js";
import { Nodes, packAccount, packSlots, sortSlots, Unpackable } from "./pack.js";
import { Reader, Refusal } from "./read.js";
import { EMPTY_ROOT } from "./trie.js";

/** A slot's position: a bigint, a safe whole number, or 32 bytes of hexadecimal. */
export type SlotInput = string | bigint | number;

/** What a witness is asked: an account with any number of slots, or slots alone, under a known root. */
export type WitnessQuestion =
  | { readonly stateRoot: string; readonly account: string; readonly slots?: readonly SlotInput[] }
  | { readonly storageRoot: string; readonly slots: readonly SlotInput[] };

/** An account as its proof shows it. */
export interface WitnessAccount {
  readonly nonce: bigint;
  /** In wei. */
  readonly balance: bigint;
  /** keccak256(0x80) where the account has no storage. */
  readonly storageRoot: Hex;
  /** keccak256("") where it has no code. */
  readonly codeHash: Hex;
}

/** A slot, and what the EVM reads there: zero where it is absent. */
export interface WitnessSlot {
  readonly slot: Hex;
  readonly value: bigint;
}

/** What a witness shows. It is good as a whole or not at all. */
export type WitnessVerdict =
  | {
      readonly status: "valid";
      /** Undefined if it is proven to be absent, or was not asked for. */
      readonly account: WitnessAccount | undefined;
      readonly slots: readonly WitnessSlot[];
    }
  | {
      readonly status: "invalid";
      readonly reason: Failure;
      /** As in `StateProofInvalid`: where the end or the step starts that is refused. */
      readonly offset: number;
    };

/** A witness as the contracts take it, with what it shows. Slots are in the order in which contracts want them. */
export type PackedWitness = Extract<WitnessVerdict, { status: "valid" }> & {
  readonly witness: Hex;
  /** The part of the slots, which shows them under the storage root: for `StateProof.readSlot` and `readSlots`. The witness starts with it. */
  readonly storageWitness: Hex;
};

/** An answer of `eth_getProof`, of which nothing but the nodes is believed. */
export interface ProofAnswer {
  readonly accountProof?: readonly string[] | null;
  readonly storageProof?: readonly { readonly key: string; readonly proof?: readonly string[] | null }[] | null;
}

/**
 * What a witness shows, as `StateProof.sol` reads it.
 *
 * @param question its slots in strictly ascending order of their hashes, as {@link packWitness} returns them
 * @throws INVALID_HEX if a root, an address, a slot or the witness has another form
 * @example
 * const verdict = verifyWitness({ stateRoot, account: vault, slots: [7n] }, witness);
 * if (verdict.status === "valid") console.log(verdict.slots[0].value);
 */
export function verifyWitness(question: WitnessQuestion, witness: string): WitnessVerdict {
  const { root, address, slots } = readQuestion(question);
  const reader = new Reader(toBytes(witness, "witness"));
  const keys = slots.map((slot) => keccak256(slot));
  try {
    if (address === undefined) {
      const read = reader.slots(keys);
      reader.end(read.root, root);
      return { status: "valid", account: undefined, slots: slotsOf(slots, read.values) };
    }
    const read = slots.length === 0 ? undefined : reader.slots(keys);
    const { root: actual, account } = reader.account(keccak256(address), read?.root);
    // Without an account, nothing can have been in its storage.
    if (account === undefined && read !== undefined && !equalBytes(read.root, EMPTY_ROOT))
      reader.refuse("TrailingBytes");
    reader.end(actual, root);
    return { status: "valid", account: account && accountOf(account), slots: slotsOf(slots, read?.values ?? []) };
  } catch (error) {
    if (error instanceof Refusal) return { status: "invalid", reason: error.reason, offset: error.offset };
    throw error;
  }
}

/**
 * Checks every node of an `eth_getProof` answer, each hashed once, and packs them into a witness.
 *
 * Copes with what clients do differently. Slots are matched as numbers, whatever the format of their keys. An embedded node that is listed
 * again is dropped, if it is the one that its parent embeds. `["0x80"]` stands for an empty trie, `null` for no proof.
 *
 * @param question its slots in any order; each is proven once
 * @throws PROOF_INVALID with the reason, if anything is not proven
 * @throws INVALID_HEX, INVALID_RESPONSE if the answer is not one of `eth_getProof`, or leaves out a slot
 * @example
 * const { witness, slots } = packWitness({ stateRoot, account: vault, slots: [7n] }, answer);
 */
export function packWitness(question: WitnessQuestion, answer: ProofAnswer): PackedWitness {
  const { root, address, slots: asked } = readQuestion(question);
  const sorted = sortSlots(asked);
  const slots = sorted.map(({ slot }) => slot);
  const nodes = new Nodes();
  const proofOf = storageProofs(answer);
  const packStorage = (storageRoot: Uint8Array, isThere: boolean) =>
    packSlots(
      storageRoot,
      sorted.map(({ key }) => key),
      // Every slot of an absent account is absent, whatever the answer lists for it.
      slots.map((slot) => (isThere ? nodes.decode(proofOf(slot), whatOf(slot)) : [])),
      nodes,
    );
  try {
    if (address === undefined) {
      const { part, values } = packStorage(root, true);
      const witness = toHex(part);
      return { status: "valid", witness, storageWitness: witness, account: undefined, slots: slotsOf(slots, values) };
    }
    const accountNodes = nodes.decode(answer.accountProof ?? [], "account");
    const { part, account } = packAccount(root, keccak256(address), accountNodes, slots.length > 0, nodes);
    const isThere = account !== undefined;
    const storage = slots.length === 0 ? undefined : packStorage(account?.storageRoot ?? EMPTY_ROOT, isThere);
    const storagePart = storage?.part ?? new Uint8Array();
    return {
      status: "valid",
      witness: toHex(concat([storagePart, part])),
      storageWitness: toHex(storagePart),
      account: account && accountOf(account),
      slots: slotsOf(slots, storage?.values ?? []),
    };
  } catch (error) {
    if (!(error instanceof Unpackable)) throw error;
    const slot = error.index === undefined ? undefined : slots[error.index];
    throw proofInvalid(slot === undefined ? "account" : whatOf(slot), error.reason);
  }
}

/** A slot as 32 bytes. @throws INVALID_HEX */
export function slotBytes(slot: SlotInput): Uint8Array {
  const number = Number.isSafeInteger(slot) ? BigInt(slot) : slot;
  if (typeof number === "bigint" && number >= 0n && number < 2n ** 256n) return toBytes(toWord(number), "slot");
  // A shorter string could be meant as a number or as the first bytes of a slot.
  if (typeof number === "string" && /^0x[0-9a-fA-F]{64}$/.test(number)) return toBytes(number, "slot");
  const shown = typeof number === "bigint" ? String(number) : number;
  throw invalidHex("slot", shown, "a bigint of 256 bits, a safe whole number, or 32 bytes of hexadecimal");
}

function readQuestion(question: WitnessQuestion) {
  const slots = (question.slots ?? []).map(slotBytes);
  if ("storageRoot" in question)
    return { root: toBytes(question.storageRoot, "storage root", 32), address: undefined, slots };
  const address = toBytes(question.account, "account", 20);
  return { root: toBytes(question.stateRoot, "state root", 32), address, slots };
}

function slotsOf(slots: readonly Uint8Array[], values: readonly bigint[]): WitnessSlot[] {
  return slots.map((slot, i) => ({ slot: toHex(slot), value: values[i] ?? 0n }));
}

export function accountOf(account: Account): WitnessAccount {
  const { nonce, balance, storageRoot, codeHash } = account;
  return { nonce, balance, storageRoot: toHex(storageRoot), codeHash: toHex(codeHash) };
}

/** The nodes that an answer lists for a slot, by our own form of its keys. */
function storageProofs(answer: ProofAnswer): (slot: Uint8Array) => readonly string[] {
  const byKey = new Map((answer.storageProof ?? []).map(({ key, proof }) => [padKey(key), proof ?? []]));
  return (slot) => {
    const proof = byKey.get(toHex(slot));
    if (proof !== undefined) return proof;
    throw invalidResponse("eth_getProof", `no storage proof for slot ${toHex(slot)}`);
  };
}

/** A slot as 32 bytes, out of DATA, QUANTITY or `0x`. */
function padKey(key: string): string {
  return `0x${key.replace(/^0x/i, "").toLowerCase().padStart(64, "0")}`;
}

function whatOf(slot: Uint8Array): string {
  return `slot ${toHex(slot)}`;
}

export function proofInvalid(what: string, reason: Failure): SettlementGuardError<"PROOF_INVALID"> {
  return new SettlementGuardError("PROOF_INVALID", { what, reason }, `the proof of ${what} proves nothing: ${reason}`);
}
