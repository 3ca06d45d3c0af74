import { toHex, type Hex } from "../core/bytes.js";
import { invalidResponse } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import { decodeSlot } from "../proof/account.js";
import type { ProofNodes } from "../proof/nodeProofs.js";
import { Nodes, sortSlots, walk } from "../proof/pack.js";
import { EMPTY_ROOT } from "../proof/trie.js";
import { proofInvalid, slotBytes, type SlotInput } from "../proof/witness.js";
import type { Connection, RequestOptions } from "../rpc/request.js";
import { atBlock, checkField, checkStorageHash, chunks, getProof } from "./getProof.js";

/** One endpoint, the block whose state it is asked for, and how. */
export interface Endpoint {
  readonly connection: Connection;
  readonly header: HashedHeader;
  /** Slots in one request. */
  readonly perRequest: number;
  /** Requests at once. */
  readonly concurrency: number;
  readonly asking: RequestOptions;
}

/** An account whose storage root was proven. */
export interface ProvenHolder {
  readonly address: Hex;
  /** keccak256(0x80) where nothing is there. */
  readonly storageRoot: Hex;
}

/** A slot as an answer lists it; of its nodes nothing is checked. */
interface Listed {
  readonly slot: Uint8Array;
  /** keccak256 of the slot. */
  readonly key: Uint8Array;
  readonly value: unknown;
  readonly proof: ProofNodes;
}

const EMPTY = toHex(EMPTY_ROOT);

/**
 * Reads slots under a storage root. Every node is checked up to it, and hashed once, however many slots it leads to. No nodes are
 * kept afterwards.
 *
 * @returns each slot's value, zero where it is absent; of an empty storage nothing is asked
 * @throws as {@link getProof}; PROOF_INVALID, PROOF_FIELD_MISMATCH
 */
export async function readSlots(
  endpoint: Endpoint,
  { storageRoot, address }: ProvenHolder,
  slots: readonly SlotInput[],
): Promise<ReadonlyMap<Hex, bigint>> {
  const sorted = sortSlots(slots.map(slotBytes));
  if (storageRoot === EMPTY) return new Map(sorted.map(({ slot }) => [toHex(slot), 0n]));
  const values = new Map<Hex, bigint>();
  const root = slotBytes(storageRoot);
  const nodes = new Nodes();
  await ask(endpoint, { storageRoot, address }, sorted, (listed) => {
    for (const { slot, key, value: claimed, proof } of listed) {
      const what = `slot ${toHex(slot)}`;
      const verdict = walk(root, key, nodes.decode(proof, what), nodes);
      if (verdict.status === "invalid") throw atBlock(endpoint.header, proofInvalid(what, verdict.reason));
      const value = verdict.status === "absent" ? 0n : decodeSlot(verdict.value);
      if (value === undefined) throw atBlock(endpoint.header, proofInvalid(what, "ValueMalformed"));
      checkField(`value of ${what}`, claimed, value);
      values.set(toHex(slot), value);
    }
  });
  return values;
}

/**
 * The nodes that an endpoint lists for slots, in the order of the slots. The caller checks them.
 *
 * @throws as {@link getProof}; PROOF_FIELD_MISMATCH where an answer names another storage root
 */
export async function listNodes(
  endpoint: Endpoint,
  holder: ProvenHolder,
  slots: readonly Hex[],
): Promise<ProofNodes[]> {
  const proofs = new Map<Hex, ProofNodes>();
  await ask(endpoint, holder, sortSlots(slots.map(slotBytes)), (listed) => {
    for (const { slot, proof } of listed) proofs.set(toHex(slot), proof);
  });
  return slots.map((slot) => proofs.get(slot) ?? []);
}

/** Asks for slots in requests of `perRequest`, some at once, and hands on what each answer lists. */
async function ask(
  { connection, header, perRequest, concurrency, asking }: Endpoint,
  { address, storageRoot }: ProvenHolder,
  slots: readonly Pick<Listed, "slot" | "key">[],
  take: (listed: readonly Listed[]) => void,
): Promise<void> {
  await eachOf(chunks(slots, perRequest), concurrency, async (piece) => {
    const request = { block: header, address, slots: piece.map(({ slot }) => slot), perRequest, asking };
    for (const { storage, fields } of await getProof(connection, request)) {
      checkStorageHash(fields, storageRoot);
      take(
        piece.map(({ slot, key }) => {
          const answered = storage.get(toHex(slot));
          if (answered === undefined) throw invalidResponse("eth_getProof", `no storage proof for slot ${toHex(slot)}`);
          return { slot, key, value: answered.value, proof: answered.proof };
        }),
      );
    }
  });
}

/** Runs something for each item, some at once. After the first failure no further item is begun. */
async function eachOf<T>(items: readonly T[], concurrency: number, run: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      if (hasFailed) return;
      await run(item);
    }
  };
  const workers = Array.from({ length: concurrency }, worker);
  await Promise.all(
    workers.map((running) =>
      running.catch((error: unknown) => {
        hasFailed = true;
        throw error;
      }),
    ),
  );
}
