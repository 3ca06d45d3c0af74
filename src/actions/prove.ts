import { checkAnchor, verifyStateAnchor, type AnchorLike, type StateAnchor } from "../anchor/anchor.js";
import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256, useInstalledKeccak } from "../core/keccak.js";
import type { HashedHeader } from "../header/fields.js";
import { sortSlots } from "../proof/pack.js";
import {
  packWitness,
  slotBytes,
  type PackedWitness,
  type ProofAnswer,
  type SlotInput,
  type WitnessAccount,
  type WitnessQuestion,
  type WitnessSlot,
} from "../proof/witness.js";
import { checkWhole, invalidOption } from "../rpc/options.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { fetchHeader, type BlockId } from "./fetchHeader.js";
import {
  atBlock,
  checkField,
  checkFields,
  checkStorageHash,
  getProof,
  type Answer,
  type ProofRequest,
  type ProvenBlock,
} from "./getProof.js";

/** Slots that are asked for in one request; geth answers no more. */
export const MAX_SLOTS_PER_REQUEST = 1024;

/** What is to be proven, and at which block. */
export interface ProveOptions extends RequestOptions {
  /**
   * The block: an anchor, or a block by hash, by number or by tag. It is resolved once, to a header that is hashed here. The proof
   * is asked for by that header's hash.
   */
  readonly anchor: Readonly<AnchorLike> | BlockId;
  /** The account's address: 20 bytes of hexadecimal, of any case. */
  readonly account: string;
  /**
   * The account's slots: bigints, safe whole numbers, or 32 bytes of hexadecimal. In any order; a slot that is named twice is proven
   * once.
   */
  readonly slots?: readonly SlotInput[];
  /** Slots in one request, at most and by default {@link MAX_SLOTS_PER_REQUEST}: some endpoints allow fewer. */
  readonly slotsPerRequest?: number;
}

/** An account as its proof shows it. An account without nonce, balance and code that is in the trie (EIP-161) is present. */
export type ProvenAccount = { readonly status: "absent" } | ({ readonly status: "present" } & WitnessAccount);

/** What the state after a block holds. Every part was decoded from nodes that hash up to the header's state root. */
export interface ProvenState {
  /** The block as a contract wants it named. That the chain has such a block is for the contract to say. */
  readonly anchor: StateAnchor;
  /** The header that proves the anchor's state root, RLP. */
  readonly header: Hex;
  readonly address: Hex;
  readonly account: ProvenAccount;
  /** Each slot once, in ascending order of the hashes: the order in which contracts want them. A slot that is absent holds zero. */
  readonly slots: readonly WitnessSlot[];
  /** What shows the account and all slots: for `SlotCheck` and `StateProof`, with `slots` as they are here. */
  readonly witness: Hex;
  /** What shows the slots alone, under `account.storageRoot`; the witness starts with it. `0x` without slots. */
  readonly storageWitness: Hex;
}

/** What is to be proven under a storage root that is pinned already. */
export interface ProveUnderPinOptions extends Omit<ProveOptions, "anchor"> {
  /** The pin's block, from the event `Pinned`. Its header is not asked for: the pin stands for it. */
  readonly anchor: Readonly<AnchorLike>;
  /** The account's storage root, as it is pinned. */
  readonly pinned: { readonly storageRoot: string };
}

/** Slots, proven under a pinned storage root. Whether it is pinned, and how old that is, is for the contract to say. */
export interface ProvenSlots {
  readonly anchor: { readonly number: bigint; readonly hash: Hex };
  readonly address: Hex;
  readonly storageRoot: Hex;
  /** Each slot once, in the order in which contracts want them. A slot that is absent holds zero. */
  readonly slots: readonly WitnessSlot[];
  /** The storage's nodes alone: for `SlotCheck.valueUnder` and `valuesUnder`. */
  readonly witness: Hex;
}

/**
 * Asks one endpoint what the state after a block holds, and believes nothing of the answer. The block's header is hashed again.
 * Every node is checked up to its state root. A field beside the proof that says something else is an error.
 *
 * The proof is asked for by block hash (EIP-1898, `requireCanonical`), so that no two requests are about two blocks. An endpoint that
 * does not take a hash is asked by number: its answer is checked against the same root.
 *
 * With `pinned`, the header and the account are left out. The slots are proven under that storage root.
 *
 * @throws as {@link fetchHeader} for the block
 * @throws INVALID_ANCHOR, HEADER_NUMBER_MISMATCH, STATE_ROOT_MISMATCH if the header is not the anchor's
 * @throws before anything is sent, INVALID_OPTION, and INVALID_HEX for an account or a slot of another form
 * @throws STATE_UNAVAILABLE, BLOCK_NOT_CANONICAL, BLOCK_NOT_FOUND, RPC_FAILED if there is no answer
 * @throws INVALID_RESPONSE, PROOF_OF_OTHER_STATE, PROOF_INVALID, PROOF_FIELD_MISMATCH if the answer is not to be believed
 * @example
 * const { anchor, header, witness, slots } = await prove(provider, { anchor: "finalized", account: vault, slots: [7n] });
 */
export function prove(connection: Connection, options: ProveUnderPinOptions): Promise<ProvenSlots>;
export function prove(connection: Connection, options: ProveOptions): Promise<ProvenState>;
export async function prove(
  connection: Connection,
  options: ProveOptions | ProveUnderPinOptions,
): Promise<ProvenState | ProvenSlots> {
  const request = readOptions(options);
  await useInstalledKeccak();
  if ("pinned" in options) return proveUnderPin(connection, options, request);
  return proveAt(connection, await anchoredHeader(connection, options.anchor, request.asking), request);
}

/**
 * As {@link prove}, at a block whose header was hashed already.
 *
 * @param request its slots in ascending order of their hashes, each once
 */
export async function proveAt(
  connection: Connection,
  header: HashedHeader,
  request: Omit<ProofRequest, "block">,
): Promise<ProvenState> {
  const answers = await getProof(connection, { ...request, block: header });

  const first = answers[0] as Answer;
  // Packing reads the first answer's account; of the others, only that they stand under the same root is of use.
  const others = answers.filter(({ accountProof }) => accountProof[0] !== first.accountProof[0]);
  for (const { accountProof } of others) checkRoot(header, accountProof);
  const { address } = request;
  const storage = storageOf(answers);
  const question = { stateRoot: header.stateRoot, account: address, slots: request.slots.map((slot) => toHex(slot)) };
  const answer = { accountProof: first.accountProof, storageProof: [...storage.values()] };
  const packed = packAt(header, question, answer, () => checkRoot(header, first.accountProof));

  for (const { fields } of answers) checkFields(fields, address, packed.account);
  checkValues(packed.slots, storage);

  const { account, witness, storageWitness } = packed;
  return {
    anchor: { number: header.number, hash: header.hash, stateRoot: header.stateRoot },
    header: header.rlp,
    address,
    account: account === undefined ? { status: "absent" } : { status: "present", ...account },
    slots: packed.slots,
    witness,
    storageWitness,
  };
}

async function proveUnderPin(
  connection: Connection,
  { anchor, pinned }: ProveUnderPinOptions,
  request: Omit<ProofRequest, "block">,
): Promise<ProvenSlots> {
  checkAnchor(anchor);
  const block = { number: anchor.number, hash: toHex(toBytes(anchor.hash, "hash", 32)) };
  const storageRoot = toHex(toBytes(pinned.storageRoot, "storage root", 32));
  if (request.slots.length === 0)
    throw invalidOption("slots", "under a pinned storage root there must be one at least");
  const answers = await getProof(connection, { ...request, block });
  const storage = storageOf(answers);
  const question = { storageRoot, slots: request.slots.map((slot) => toHex(slot)) };
  const { slots, witness } = packAt(block, question, { storageProof: [...storage.values()] });
  for (const { fields } of answers) checkStorageHash(fields, storageRoot);
  checkValues(slots, storage);
  return { anchor: block, address: request.address, storageRoot, slots, witness };
}

// --- the question ---

function readOptions(options: ProveOptions | ProveUnderPinOptions): Omit<ProofRequest, "block"> {
  checkRequestOptions(options, "anchor", "account", "slots", "slotsPerRequest", "pinned");
  const { account, slots = [], slotsPerRequest = MAX_SLOTS_PER_REQUEST, timeout } = options;
  if (!Array.isArray(slots)) throw invalidOption("slots", "expected a list");
  checkWhole("slotsPerRequest", slotsPerRequest, Number.MAX_SAFE_INTEGER);
  return {
    address: toHex(toBytes(account, "account", 20)),
    slots: sortSlots(slots.map(slotBytes)).map(({ slot }) => slot),
    perRequest: Math.min(slotsPerRequest, MAX_SLOTS_PER_REQUEST),
    asking: timeout === undefined ? {} : { timeout },
  };
}

/** The header of an anchor's block, or of a block by its name, hashed here. */
export async function anchoredHeader(
  connection: Connection,
  anchor: ProveOptions["anchor"],
  asking: RequestOptions,
): Promise<HashedHeader> {
  if (typeof anchor !== "object" || anchor === null || !("stateRoot" in anchor))
    return fetchHeader(connection, { block: anchor, ...asking });
  const { stateRoot, ...block } = anchor;
  const claim = { ...block, stateRoot: stateRoot as string };
  checkAnchor(claim);
  const header = await fetchHeader(connection, { block, ...asking });
  verifyStateAnchor(claim, header.rlp);
  return header;
}

/** The first node decides under which root a proof stands; saying so tells another block's proof from a broken one. */
function checkRoot({ number, hash, stateRoot: expected }: HashedHeader, [node]: readonly string[]): void {
  if (node === undefined) return; // the proof is judged as a whole: empty, it is only good in the empty trie
  const actual = toHex(keccak256(toBytes(node, "node 0 of the proof of account")));
  if (actual === expected) return;
  const message = `the account proof stands under state root ${actual}, block ${number} (${hash}) has ${expected}`;
  throw new SettlementGuardError("PROOF_OF_OTHER_STATE", { number, hash, expected, actual }, message);
}

/** As {@link packWitness}; its error names the block, unless `otherwise` finds a better one. */
function packAt(
  block: ProvenBlock,
  question: WitnessQuestion,
  answer: ProofAnswer,
  otherwise?: () => void,
): PackedWitness {
  try {
    return packWitness(question, answer);
  } catch (error) {
    if (!SettlementGuardError.is(error, "PROOF_INVALID")) throw error;
    otherwise?.();
    throw atBlock(block, error);
  }
}

type Storage = Answer["storage"];

/** The slots of all answers. */
function storageOf(answers: readonly Answer[]): Storage {
  return new Map(answers.flatMap(({ storage }) => [...storage]));
}

/** @throws PROOF_FIELD_MISMATCH where an answer says another value than its proof shows */
function checkValues(slots: readonly WitnessSlot[], storage: Storage): void {
  for (const { slot, value } of slots) checkField(`value of slot ${slot}`, storage.get(slot)?.value, value);
}
