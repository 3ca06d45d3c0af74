import { toBytes, toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { checkAnchor, verifyStateAnchor, type AnchorLike, type StateAnchor } from "../anchor/anchor.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256, useInstalledKeccak } from "../core/keccak.js";
import { fetchHeader, type BlockId } from "./fetchHeader.js";
import { situationOf } from "../rpc/dialects.js";
import { checkWhole, invalidOption } from "../rpc/options.js";
import { accept, checkRequestOptions, send, type Connection, type RequestOptions } from "../rpc/request.js";
import type { HashedHeader } from "../header/fields.js";
import { sortSlots } from "../proof/pack.js";
import { EMPTY_ROOT } from "../proof/trie.js";
import {
  packWitness,
  slotBytes,
  type PackedWitness,
  type SlotInput,
  type WitnessAccount,
  type WitnessSlot,
} from "../proof/witness.js";

const METHOD = "eth_getProof";

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

/**
 * Asks one endpoint what the state after a block holds, and believes nothing of the answer. The block's header is hashed again.
 * Every node is checked up to its state root. A field beside the proof that says something else is an error.
 *
 * The proof is asked for by block hash (EIP-1898, `requireCanonical`), so that no two requests are about two blocks. An endpoint that
 * does not take a hash is asked by number: its answer is checked against the same root.
 *
 * @throws as {@link fetchHeader} for the block
 * @throws INVALID_ANCHOR, HEADER_NUMBER_MISMATCH, STATE_ROOT_MISMATCH if the header is not the anchor's
 * @throws before anything is sent, INVALID_OPTION, and INVALID_HEX for an account or a slot of another form
 * @throws STATE_UNAVAILABLE, BLOCK_NOT_CANONICAL, BLOCK_NOT_FOUND, RPC_FAILED if there is no answer
 * @throws INVALID_RESPONSE, PROOF_OF_OTHER_STATE, PROOF_INVALID, PROOF_FIELD_MISMATCH if the answer is not to be believed
 * @example
 * const { anchor, header, witness, slots } = await prove(provider, { anchor: "finalized", account: vault, slots: [7n] });
 */
export async function prove(connection: Connection, options: ProveOptions): Promise<ProvenState> {
  const { anchor, address, slots, perRequest, asking } = readOptions(options);
  await useInstalledKeccak();
  const header = await anchoredHeader(connection, anchor, asking);

  const answers: Answer[] = [];
  for (const asked of chunks(slots, perRequest)) {
    const words = asked.map((slot) => toHex(slot));
    answers.push(readAnswer(await ask(connection, header, [toHex(address), words], asking), words));
  }

  const first = answers[0] as Answer;
  // Packing reads the first answer's account; of the others, only that they stand under the same root is of use.
  const others = answers.filter(({ accountProof }) => accountProof[0] !== first.accountProof[0]);
  for (const { accountProof } of others) checkRoot(header, accountProof);
  const storage = new Map(answers.flatMap((answer) => [...answer.storage]));
  const question = {
    stateRoot: header.stateRoot,
    account: toHex(address),
    slots: slots.map((slot) => toHex(slot)),
  };
  const packed = packAt(header, question, { accountProof: first.accountProof, storageProof: [...storage.values()] });

  for (const answer of answers) checkFields(answer.fields, toHex(address), packed.account);
  for (const { slot, value } of packed.slots) checkField(`value of slot ${slot}`, storage.get(slot)?.value, value);

  const { account, witness, storageWitness } = packed;
  return {
    anchor: { number: header.number, hash: header.hash, stateRoot: header.stateRoot },
    header: header.rlp,
    address: toHex(address),
    account: account === undefined ? { status: "absent" } : { status: "present", ...account },
    slots: packed.slots,
    witness,
    storageWitness,
  };
}

// --- the question ---

function readOptions(options: ProveOptions) {
  checkRequestOptions(options, "anchor", "account", "slots", "slotsPerRequest");
  const { anchor, account, slots = [], slotsPerRequest = MAX_SLOTS_PER_REQUEST, ...asking } = options;
  if (!Array.isArray(slots)) throw invalidOption("slots", "expected a list");
  checkWhole("slotsPerRequest", slotsPerRequest, Number.MAX_SAFE_INTEGER);
  return {
    anchor,
    address: toBytes(account, "account", 20),
    slots: sortSlots(slots.map(slotBytes)).map(({ slot }) => slot),
    perRequest: Math.min(slotsPerRequest, MAX_SLOTS_PER_REQUEST),
    asking,
  };
}

async function anchoredHeader(
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

/**
 * Asks for a block's hash (EIP-1898), and for its number where the endpoint takes no hash.
 *
 * @param what the account and its slots
 */
async function ask(
  connection: Connection,
  header: HashedHeader,
  what: readonly [Hex, readonly Hex[]],
  asking: RequestOptions,
): Promise<unknown> {
  const block = { blockHash: header.hash, requireCanonical: true };
  try {
    return await answerOf(header, send(connection, METHOD, [...what, block], asking));
  } catch (error) {
    if (!SettlementGuardError.is(error, "RPC_FAILED") || situationOf(error.details) !== "number wanted") throw error;
    return answerOf(header, send(connection, METHOD, [...what, toQuantity(header.number)], asking));
  }
}

/** An answer, or what the endpoint's words mean for a block whose header it gave. */
async function answerOf({ number, hash }: HashedHeader, sent: Promise<unknown>): Promise<unknown> {
  const which = `block ${number} (${hash})`;
  let answer: unknown;
  try {
    answer = await sent;
  } catch (cause) {
    if (!SettlementGuardError.is(cause, "RPC_FAILED")) throw cause;
    const { reason } = cause.details;
    switch (situationOf(cause.details)) {
      case "state unavailable":
      case "history pruned": {
        const message = `the endpoint does not have the state of ${which}: ${reason}`;
        throw new SettlementGuardError("STATE_UNAVAILABLE", { number, hash, reason }, message, { cause });
      }
      case "not canonical": {
        const message = `the endpoint says that ${which} is not on the chain that it follows: ${reason}`;
        throw new SettlementGuardError("BLOCK_NOT_CANONICAL", { number, hash, reason }, message, { cause });
      }
      case "block unknown": {
        const message = `the endpoint gave the header of ${which}, and does not know it for a proof: ${reason}`;
        throw new SettlementGuardError("BLOCK_NOT_FOUND", { block: hash, reason }, message, { cause });
      }
      default:
        throw cause;
    }
  }
  if (answer !== null) return accept(METHOD, answer);
  const reason = "null in place of a proof"; // as Besu says it
  const message = `the endpoint does not have the state of ${which}: ${reason}`;
  throw new SettlementGuardError("STATE_UNAVAILABLE", { number, hash, reason }, message);
}

// --- the answer ---

/** The parts of an answer that have the right shape. None of them is believed. */
interface Answer {
  readonly accountProof: readonly string[];
  /** By slots of ours, whatever form the answer's keys have. */
  readonly storage: ReadonlyMap<Hex, { readonly key: Hex; readonly value: unknown; readonly proof: readonly string[] }>;
  readonly fields: Readonly<Record<string, unknown>>;
}

function readAnswer(answer: unknown, asked: readonly Hex[]): Answer {
  const fields = asObject(answer, "the answer");
  const wanted = new Set(asked);
  const storage = new Map<Hex, { key: Hex; value: unknown; proof: readonly string[] }>();
  // Some clients answer null where no slot was asked for.
  const listed = fields["storageProof"] ?? (wanted.size === 0 ? [] : null);
  if (!Array.isArray(listed)) throw invalidResponse(`storageProof is ${describe(listed)}, expected a list`);
  for (const [i, item] of listed.entries()) {
    const entry = asObject(item, `storageProof[${i}]`);
    const key = ourKey(entry["key"], `storageProof[${i}].key`);
    // Of a slot that nobody asked for nothing is returned.
    if (!wanted.has(key)) continue;
    if (storage.has(key)) throw invalidResponse(`storageProof[${i}] answers slot ${key} again`);
    // And null for the proof in an account that has no storage.
    const proof = entry["proof"] === null ? [] : asNodes(entry["proof"], `storageProof[${i}].proof`);
    storage.set(key, { key, value: entry["value"], proof });
  }
  return { accountProof: asNodes(fields["accountProof"], "accountProof"), storage, fields };
}

/** A slot as 32 bytes, out of DATA, QUANTITY or `0x`, which is what one client makes of slot zero. */
function ourKey(key: unknown, what: string): Hex {
  if (typeof key !== "string" || !/^0x[0-9a-fA-F]{0,64}$/.test(key))
    throw invalidResponse(`${what} is ${describe(key)}, expected a slot`);
  return toWord(BigInt(key.length === 2 ? 0 : key));
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidResponse(`${what} is ${describe(value)}, expected an object`);
}

function asNodes(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.every((node) => typeof node === "string")) return value as string[];
  throw invalidResponse(`${what} is ${describe(value)}, expected a list of nodes`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return value === null ? "null" : "missing";
  return Array.isArray(value)
    ? "a list"
    : typeof value === "string"
      ? `a text of ${value.length} characters`
      : `a ${typeof value}`;
}

// --- what the answer says beside the proof ---

/** The first node decides under which root a proof stands; saying so tells another block's proof from a broken one. */
function checkRoot({ number, hash, stateRoot: expected }: HashedHeader, [node]: readonly string[]): void {
  if (node === undefined) return; // the proof is judged as a whole: empty, it is only good in the empty trie
  const actual = toHex(keccak256(toBytes(node, "node 0 of the proof of account")));
  if (actual === expected) return;
  const message = `the account proof stands under state root ${actual}, block ${number} (${hash}) has ${expected}`;
  throw new SettlementGuardError("PROOF_OF_OTHER_STATE", { number, hash, expected, actual }, message);
}

/** As {@link packWitness}; its error names the block, and tells another block's proof from a broken one. */
function packAt(header: HashedHeader, ...[question, answer]: Parameters<typeof packWitness>): PackedWitness {
  try {
    return packWitness(question, answer);
  } catch (error) {
    if (!SettlementGuardError.is(error, "PROOF_INVALID")) throw error;
    checkRoot(header, answer.accountProof ?? []);
    const { number, hash } = header;
    const message = `${error.message}, at block ${number} (${hash})`;
    throw new SettlementGuardError("PROOF_INVALID", { ...error.details, number, hash }, message, { cause: error });
  }
}

/** A field that an answer leaves out claims nothing. A zero hash claims the same as the hash of nothing: clients differ there. */
function checkFields(
  fields: Readonly<Record<string, unknown>>,
  address: Hex,
  account: WitnessAccount | undefined,
): void {
  checkField("address", fields["address"], BigInt(address));
  checkField("nonce", fields["nonce"], account?.nonce ?? 0n);
  checkField("balance", fields["balance"], account?.balance ?? 0n);
  checkHash("storageHash", fields["storageHash"], account?.storageRoot, EMPTY_ROOT);
  checkHash("codeHash", fields["codeHash"], account?.codeHash, keccak256(new Uint8Array()));
}

function checkHash(field: string, claimed: unknown, proven: Hex | undefined, ofNothing: Uint8Array): void {
  const nothing = BigInt(toHex(ofNothing));
  const truth = BigInt(proven ?? nothing);
  if (truth === nothing && typeof claimed === "string" && /^0x0*$/.test(claimed)) return;
  checkField(field, claimed, truth);
}

/** Compares as numbers: leading zeros are a matter of taste, here. */
function checkField(field: string, claimed: unknown, proven: bigint): void {
  if (claimed === undefined || claimed === null) return;
  if (typeof claimed !== "string" || !/^0x[0-9a-fA-F]{0,64}$/.test(claimed)) {
    throw invalidResponse(`${field} is ${describe(claimed)}, expected a number of up to 256 bits`);
  }
  if (BigInt(claimed.length === 2 ? 0 : claimed) === proven) return;
  const details = { field, claimed, proven: toQuantity(proven) };
  const message = `${METHOD} answered ${field} ${claimed}, its own proof shows ${details.proven}`;
  throw new SettlementGuardError("PROOF_FIELD_MISMATCH", details, message);
}

// --- small things ---

/** Pieces of at most `size`; one empty piece of nothing. */
function chunks<T>(items: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at === 0 || at < items.length; at += size) pieces.push(items.slice(at, at + size));
  return pieces;
}

function invalidResponse(reason: string): SettlementGuardError<"INVALID_RESPONSE"> {
  return new SettlementGuardError("INVALID_RESPONSE", { method: METHOD, reason }, `${METHOD}: ${reason}`);
}
