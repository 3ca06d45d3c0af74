import { sameHex, toBytesEach, toHex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { keccak256 } from "../keccak.js";
import { type Account, decodeAccount, decodeSlot, expectLength } from "./account.js";
import type { ProofReason, Verdict } from "./reasons.js";
import {
  begin,
  descend,
  EMPTY_ROOT,
  equalAt,
  isVerdict,
  MAX_PROOF_BYTES,
  nibble,
  startWalk,
  type TrailEntry,
  type Walk,
  walkNodes,
} from "./trie.js";

/** As in `StateWitness.sol`: more slots are several witnesses. */
export const MAX_SLOTS = 1024;

type Failure = Exclude<ProofReason, "None">;

/** What a witness shows. It is good as a whole or not at all. */
export type WitnessVerdict =
  | {
      readonly status: "valid";
      readonly account: Exclude<Verdict<Account>, { status: "invalid" }>;
      /** One for each slot, in the order of the slots; all absent in an absent account. */
      readonly slots: readonly Exclude<Verdict<bigint>, { status: "invalid" }>[];
    }
  | { readonly status: "invalid"; readonly reason: Failure };

/** An answer of `eth_getProof`, of which nothing but the nodes is believed. */
export interface ProofAnswer {
  readonly accountProof?: readonly string[] | null;
  readonly storageProof?: readonly { readonly key: string; readonly proof?: readonly string[] | null }[] | null;
}

/** A witness as the contracts take it, with what it proves. */
export interface PackedWitness {
  /** Undefined if the account is proven to be absent. */
  readonly account: Account | undefined;
  /** In the order in which the contracts want them: ascending by their hashes. */
  readonly slots: readonly { readonly slot: Uint8Array; readonly value: bigint | undefined }[];
  /** The account's nodes, then the storage nodes, each once. */
  readonly witness: Uint8Array;
}

/**
 * What the account's nodes and behind them one slot's show.
 *
 * @throws INVALID_HEX if the root, the address or the slot has another length
 */
export function verifyAccountSlot(
  stateRoot: Uint8Array,
  address: Uint8Array,
  slot: Uint8Array,
  witness: Uint8Array,
): WitnessVerdict {
  if (witness.length > 2 * MAX_PROOF_BYTES) return invalid("WitnessTooLarge");
  return verifySlots(stateRoot, address, [slot], witness);
}

/**
 * What a witness of many slots shows: the twin of `StateWitness.trySlots`.
 *
 * @param slots in strictly ascending order of their hashes, as {@link packWitness} returns them
 * @throws INVALID_HEX if the root, the address or a slot has another length
 */
export function verifySlots(
  stateRoot: Uint8Array,
  address: Uint8Array,
  slots: readonly Uint8Array[],
  witness: Uint8Array,
): WitnessVerdict {
  expectLength(stateRoot, 32, "state root");
  expectLength(address, 20, "address");
  if (slots.length > MAX_SLOTS || witness.length > (slots.length + 1) * MAX_PROOF_BYTES)
    return invalid("WitnessTooLarge");

  let walk = startWalk(stateRoot, keccak256(address));
  const accountOutcome = begin(walk, witness);
  if (!isVerdict(accountOutcome)) return invalid(accountOutcome);
  let account: Account | undefined;
  if (accountOutcome === "present") {
    account = decodeAccount(witness.subarray(walk.valueAt, walk.valueEnd));
    if (account === undefined) return invalid("AccountMalformed");
  }
  const storageRoot = account?.storageRoot ?? EMPTY_ROOT;

  const verdicts: Exclude<Verdict<bigint>, { status: "invalid" }>[] = [];
  const cursor = walk.cursor;
  walk = { ...startWalk(storageRoot, EMPTY_ROOT), cursor, trail: [] };
  let previous: Uint8Array | undefined;
  for (const slot of slots) {
    expectLength(slot, 32, "slot");
    const key = keccak256(slot);
    if (previous !== undefined && compare(key, previous) <= 0) return invalid("SlotOrder");
    const outcome = nextSlot(walk, witness, storageRoot, key, previous);
    if (!isVerdict(outcome)) return invalid(outcome);
    if (outcome === "present") {
      const value = decodeSlot(witness.subarray(walk.valueAt, walk.valueEnd));
      if (value === undefined) return invalid("ValueMalformed");
      verdicts.push({ status: "present", value });
    } else {
      verdicts.push({ status: "absent" });
    }
    previous = key;
  }
  if (walk.cursor !== witness.length) return invalid("TrailingBytes");
  return {
    status: "valid",
    account: account === undefined ? { status: "absent" } : { status: "present", value: account },
    slots: verdicts,
  };
}

/** Slots in the order in which a witness wants them: ascending by their hashes, each once. */
export function sortSlots(slots: readonly Uint8Array[]): Uint8Array[] {
  const hashed = slots.map((slot) => ({ slot, key: keccak256(slot) })).sort((a, b) => compare(a.key, b.key));
  return hashed
    .filter((entry, i) => i === 0 || compare(entry.key, hashed[i - 1]?.key as Uint8Array) !== 0)
    .map((entry) => entry.slot);
}

/**
 * Checks every node of an `eth_getProof` answer and packs them into a witness.
 *
 * Copes with what clients do differently: slots are matched by our own keys (as numbers, whatever their format); an embedded node
 * that is listed again is dropped if it is the one that its parent embeds; `["0x80"]` for an empty trie, `null` for no proof.
 *
 * @param request.stateRoot 32 bytes, authenticated by the caller
 * @param request.slots in any order; each is proven once
 * @throws PROOF_INVALID with the reason, if anything is not proven
 * @throws INVALID_HEX, INVALID_RESPONSE if the answer is not one of `eth_getProof`, or leaves out a slot
 */
export function packWitness(
  request: { readonly stateRoot: Uint8Array; readonly address: Uint8Array; readonly slots: readonly Uint8Array[] },
  answer: ProofAnswer,
): PackedWitness {
  expectLength(request.stateRoot, 32, "state root");
  expectLength(request.address, 20, "address");
  const slots = sortSlots(request.slots);
  const pieces: Uint8Array[] = [];

  const accountPath = followed("account", request.stateRoot, keccak256(request.address), answer.accountProof);
  pieces.push(...accountPath.nodes);
  const account = accountPath.value === undefined ? undefined : decodeAccount(accountPath.value);
  if (accountPath.value !== undefined && account === undefined) throw proofInvalid("account", "AccountMalformed");

  const values: { slot: Uint8Array; value: bigint | undefined }[] = [];
  let previous: { key: Uint8Array; path: Path } | undefined;
  for (const slot of slots) {
    if (account === undefined) {
      // Every slot of an absent account is absent, whatever the answer lists for it.
      values.push({ slot, value: undefined });
      continue;
    }
    const what = `slot ${toHex(slot)}`;
    const key = keccak256(slot);
    const path = followed(what, account.storageRoot, key, storageProofOf(slot, answer));
    const value = path.value === undefined ? undefined : decodeSlot(path.value);
    if (path.value !== undefined && value === undefined) throw proofInvalid(what, "ValueMalformed");
    // The nodes that the slot before it entered on the way that both keys share have been sent.
    const shared = previous === undefined ? 0 : sharedNodes(previous.path.depths, previous.key, key);
    pieces.push(...path.nodes.slice(shared));
    values.push({ slot, value });
    previous = { key, path };
  }

  const witness = concat(pieces);
  const verdict = verifySlots(request.stateRoot, request.address, slots, witness);
  // Every path was checked above; that they also fit together is cheap to see and worth never having to believe.
  if (verdict.status === "invalid") throw proofInvalid("witness", verdict.reason);
  return { account, slots: values, witness };
}

/** The nodes of one proof, checked, without the embedded ones. */
interface Path {
  readonly nodes: readonly Uint8Array[];
  /** Nibbles consumed before each node. */
  readonly depths: readonly number[];
  /** The leaf's value, undefined if the key is absent. */
  readonly value: Uint8Array | undefined;
}

function followed(what: string, root: Uint8Array, key: Uint8Array, proof: readonly string[] | null | undefined): Path {
  const listed = toBytesEach(proof ?? [], (i) => `node ${i} of the proof of ${what}`);
  // Some clients list the empty trie's only node, which nobody hashes into anything else.
  const isEmptyTrie = equalAt(EMPTY_ROOT, 0, root, 0);
  if (isEmptyTrie && listed.length === 1 && listed[0]?.length === 1 && listed[0][0] === 0x80) listed.pop();

  const nodes = listed.filter((node, i) => i === 0 || node.length >= 32);
  const repeated = listed.filter((node, i) => i > 0 && node.length < 32);
  const walk: Walk = { ...startWalk(root, key), trail: [], embedded: [] };
  const outcome = walkNodes(walk, nodes);
  if (!isVerdict(outcome)) throw proofInvalid(what, outcome);
  const embedded = walk.embedded ?? [];
  if (repeated.some((node, i) => compare(node, embedded[i] ?? new Uint8Array()) !== 0))
    throw proofInvalid(what, "TrailingBytes");
  const last = nodes[nodes.length - 1];
  return {
    nodes,
    depths: (walk.trail as TrailEntry[]).map((entry) => entry.depth),
    value: outcome === "present" ? last?.subarray(walk.valueAt, walk.valueEnd) : undefined,
  };
}

function storageProofOf(slot: Uint8Array, answer: ProofAnswer): readonly string[] | null | undefined {
  const wanted = toHex(slot);
  const entry = (answer.storageProof ?? []).find(({ key }) => sameHex(padKey(key), wanted));
  if (entry === undefined) {
    const reason = `no storage proof for slot ${wanted}`;
    throw new SettlementGuardError("INVALID_RESPONSE", { method: "eth_getProof", reason }, `eth_getProof: ${reason}`);
  }
  return entry.proof;
}

/** A slot as 32 bytes, out of DATA, QUANTITY or `0x`. */
function padKey(key: string): string {
  return `0x${key.replace(/^0x/i, "").padStart(64, "0")}`;
}

/** One step of {@link verifySlots}: from the deepest node of the last walk that lies on this key's way, or from the root. */
function nextSlot(
  walk: Walk,
  witness: Uint8Array,
  root: Uint8Array,
  key: Uint8Array,
  previous: Uint8Array | undefined,
) {
  walk.key = key;
  walk.extended = false;
  const trail = walk.trail as TrailEntry[];
  if (previous === undefined || trail.length === 0) {
    walk.expected = root;
    walk.expectedAt = 0;
    walk.depth = 0;
    return begin(walk, witness);
  }
  trail.length = sharedNodes(
    trail.map((entry) => entry.depth),
    previous,
    key,
  );
  const entry = trail[trail.length - 1] as TrailEntry;
  walk.depth = entry.depth;
  return descend(walk, witness, entry.at);
}

/** How many nodes of one key's path, each entered at a depth, lie on another key's. */
function sharedNodes(depths: readonly number[], key: Uint8Array, other: Uint8Array): number {
  let common = 0;
  while (common < 64 && nibble(key, common) === nibble(other, common)) common++;
  let count = depths.length;
  while (count > 0 && (depths[count - 1] as number) > common) count--;
  return count;
}

/** The pieces end to end. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

function invalid(reason: Failure): WitnessVerdict {
  return { status: "invalid", reason };
}

function proofInvalid(what: string, reason: Failure): SettlementGuardError<"PROOF_INVALID"> {
  return new SettlementGuardError("PROOF_INVALID", { what, reason }, `the proof of ${what} proves nothing: ${reason}`);
}
