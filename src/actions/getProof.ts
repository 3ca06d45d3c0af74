import { toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { situationOf } from "../rpc/dialects.js";
import { accept, send, type Connection, type RequestOptions } from "../rpc/request.js";
import type { HashedHeader } from "../header/fields.js";
import { EMPTY_ROOT } from "../proof/trie.js";
import type { WitnessAccount } from "../proof/witness.js";

const METHOD = "eth_getProof";

/** A block that a proof is wanted of. */
export type ProvenBlock = Pick<HashedHeader, "number" | "hash">;

/** What is asked for: an account, and slots of it. */
export interface ProofRequest {
  readonly block: ProvenBlock;
  readonly address: Hex;
  readonly slots: readonly Uint8Array[];
  /** Slots in one request. */
  readonly perRequest: number;
  readonly asking: RequestOptions;
}

/**
 * Asks one endpoint for a proof, in as many requests as it takes. What the answers hold is not believed; the caller checks it.
 *
 * @returns one answer at least
 */
export async function getProof(connection: Connection, request: ProofRequest): Promise<readonly Answer[]> {
  const { block, address, slots, perRequest, asking } = request;
  const answers: Answer[] = [];
  for (const asked of chunks(slots, perRequest)) {
    const words = asked.map((slot) => toHex(slot));
    answers.push(readAnswer(await ask(connection, block, [address, words], asking), words));
  }
  return answers;
}

/**
 * Asks for a block's hash (EIP-1898), and for its number where the endpoint takes no hash.
 *
 * @param what the account and its slots
 */
async function ask(
  connection: Connection,
  header: ProvenBlock,
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
async function answerOf({ number, hash }: ProvenBlock, sent: Promise<unknown>): Promise<unknown> {
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

/** The parts of an answer that have the right shape. None of them is believed. */
export interface Answer {
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
  if (!Array.isArray(listed)) throw invalidResponse(METHOD, `storageProof is ${describe(listed)}, expected a list`);
  for (const [i, item] of listed.entries()) {
    const entry = asObject(item, `storageProof[${i}]`);
    const key = ourKey(entry["key"], `storageProof[${i}].key`);
    // Of a slot that nobody asked for nothing is returned.
    if (!wanted.has(key)) continue;
    if (storage.has(key)) throw invalidResponse(METHOD, `storageProof[${i}] answers slot ${key} again`);
    // And null for the proof in an account that has no storage.
    const proof = entry["proof"] === null ? [] : asNodes(entry["proof"], `storageProof[${i}].proof`);
    storage.set(key, { key, value: entry["value"], proof });
  }
  return { accountProof: asNodes(fields["accountProof"], "accountProof"), storage, fields };
}

/** A slot as 32 bytes, out of DATA, QUANTITY or `0x`, which is what one client makes of slot zero. */
function ourKey(key: unknown, what: string): Hex {
  if (typeof key !== "string" || !/^0x[0-9a-fA-F]{0,64}$/.test(key))
    throw invalidResponse(METHOD, `${what} is ${describe(key)}, expected a slot`);
  return toWord(BigInt(key.length === 2 ? 0 : key));
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidResponse(METHOD, `${what} is ${describe(value)}, expected an object`);
}

function asNodes(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.every((node) => typeof node === "string")) return value as string[];
  throw invalidResponse(METHOD, `${what} is ${describe(value)}, expected a list of nodes`);
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

/** A proof that is refused, with the block whose state was asked for. */
export function atBlock(
  { number, hash }: ProvenBlock,
  cause: SettlementGuardError<"PROOF_INVALID">,
): SettlementGuardError<"PROOF_INVALID"> {
  const message = `${cause.message}, at block ${number} (${hash})`;
  return new SettlementGuardError("PROOF_INVALID", { ...cause.details, number, hash }, message, { cause });
}

/** A field that an answer leaves out claims nothing. A zero hash claims the same as the hash of nothing: clients differ there. */
export function checkFields(
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

/** @throws PROOF_FIELD_MISMATCH where an answer says another storage root than the one under which its slots are proven */
export function checkStorageHash(fields: Readonly<Record<string, unknown>>, storageRoot: Hex): void {
  checkHash("storageHash", fields["storageHash"], storageRoot, EMPTY_ROOT);
}

function checkHash(field: string, claimed: unknown, proven: Hex | undefined, ofNothing: Uint8Array): void {
  const nothing = BigInt(toHex(ofNothing));
  const truth = BigInt(proven ?? nothing);
  if (truth === nothing && typeof claimed === "string" && /^0x0*$/.test(claimed)) return;
  checkField(field, claimed, truth);
}

/** Compares as numbers: leading zeros are a matter of taste, here. */
export function checkField(field: string, claimed: unknown, proven: bigint): void {
  if (claimed === undefined || claimed === null) return;
  if (typeof claimed !== "string" || !/^0x[0-9a-fA-F]{0,64}$/.test(claimed)) {
    throw invalidResponse(METHOD, `${field} is ${describe(claimed)}, expected a number of up to 256 bits`);
  }
  if (BigInt(claimed.length === 2 ? 0 : claimed) === proven) return;
  const details = { field, claimed, proven: toQuantity(proven) };
  const message = `${METHOD} answered ${field} ${claimed}, its own proof shows ${details.proven}`;
  throw new SettlementGuardError("PROOF_FIELD_MISMATCH", details, message);
}

// --- small things ---

/** Pieces of at most `size`; one empty piece of nothing. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at === 0 || at < items.length; at += size) pieces.push(items.slice(at, at + size));
  return pieces;
}
