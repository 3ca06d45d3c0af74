import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { invalidResponse } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { decodeSlot } from "../proof/account.js";
import { childOf, decodeNode, HASH_SIZE } from "../proof/node.js";
import type { ProofNodes } from "../proof/nodeProofs.js";
import { Nodes, walk } from "../proof/pack.js";
import { EMPTY_ROOT } from "../proof/trie.js";
import { proofInvalid } from "../proof/witness.js";
import { LedgerTree, type LedgerLeaf, type LedgerSubtree } from "./tree.js";

/** One thing in which a ledger and a storage trie differ. */
export type LedgerDifference =
  | {
      /** Of value zero there, of another value there, or of value zero here. */
      readonly kind: "missing-there" | "differs" | "missing-here";
      /** Undefined where it is known by its hash alone: a stranger, that no candidate explains. */
      readonly key: Hex | undefined;
      /** keccak256 of the key. */
      readonly hashedKey: Hex;
      readonly here: bigint;
      readonly there: bigint;
    }
  | {
      /** At least one entry there, and none here. No known key leads to it, so that no node of it can be asked for. */
      readonly kind: "strangers";
      /** The first nibbles of their hashed keys, as digits of hexadecimal. */
      readonly prefix: Hex;
    };

/** What {@link findDifferences} compares, and how it asks. */
export interface DescentOptions {
  /** Must not change until the last difference was found. */
  readonly tree: LedgerTree;
  /** The other side's storage root, 32 bytes, which the caller knows to be right. */
  readonly root: Hex;
  /**
   * The nodes that `eth_getProof` lists for each slot, in the order of the slots. Called once a round. Every node is checked
   * against its hash.
   */
  readonly proofsOf: (slots: readonly Hex[]) => Promise<readonly ProofNodes[]>;
  /** Keys that may be there and not here. They name strangers, and lead to them. */
  readonly candidates?: Iterable<Hex>;
}

/**
 * Finds each key in which a ledger and a storage trie differ. Equal hashes close a whole subtree, and with equal roots nothing is asked.
 * A difference takes at most one slot a level of the trie. A round goes one level down or more.
 *
 * Of each subtree that differs, one of our keys is asked for. Where we have none, one of the candidates is; else its entries are
 * reported as strangers. A caller can look for 32 bytes whose hash begins with their prefix, and give them as a candidate.
 * For `n` nibbles that takes about 16^n hashes.
 *
 * @throws PROOF_INVALID where nodes do not show what is under the root, with the reason
 * @throws INVALID_RESPONSE unless there is a proof for each slot
 * @throws INVALID_HEX for a root or a node of another form
 * @throws INVALID_ENTRY for a candidate that is not 32 bytes or comes twice
 * @example
 * for await (const difference of findDifferences({ tree, root: account.storageRoot, proofsOf })) {
 *   if (difference.kind === "differs") console.log(difference.key, difference.here, difference.there);
 * }
 */
export async function* findDifferences(options: DescentOptions): AsyncGenerator<LedgerDifference, void, void> {
  const root = toHex(toBytes(options.root, "root", 32));
  if (root === options.tree.root) return;
  const descent = new Descent(options);
  // The root is a hash also where its node has fewer than 32 bytes.
  const there: Hex = root === toHex(EMPTY_ROOT) ? NOTHING : `0xa0${root.slice(2)}`;
  for (let places: readonly Place[] = [{ prefix: "0x", there }]; places.length > 0;) {
    const unknown: Asked[] = [];
    for (const place of places) yield* descent.compare(place, unknown);
    if (unknown.length > 0) await descent.ask(unknown.map(({ slot }) => slot));
    places = unknown;
  }
}

/** A place in both tries. */
interface Place {
  /** The nibbles above it. */
  readonly prefix: Hex;
  /** How the node above refers to what is there, on the other side. */
  readonly there: Hex;
}

/** A place whose node is not known yet, and a key that leads there. */
interface Asked extends Place {
  readonly slot: Hex;
}

/** The reference to nothing. */
const NOTHING: Hex = "0x80";

class Descent {
  readonly #tree: LedgerTree;
  /** The candidates, each with a value. */
  readonly #candidates: LedgerTree;
  readonly #proofsOf: DescentOptions["proofsOf"];
  readonly #root: Uint8Array;
  readonly #nodes = new Nodes();

  constructor({ tree, root, proofsOf, candidates = [] }: DescentOptions) {
    this.#tree = tree;
    this.#candidates = LedgerTree.from(Array.from(candidates, (key) => [key, 1n] as const));
    this.#proofsOf = proofsOf;
    this.#root = toBytes(root, "root", 32);
  }

  /** Asks for the nodes on the ways to some slots. @throws PROOF_INVALID, INVALID_RESPONSE, INVALID_HEX */
  async ask(slots: readonly Hex[]): Promise<void> {
    const proofs: unknown = await this.#proofsOf(slots);
    if (!Array.isArray(proofs) || proofs.length !== slots.length || !proofs.every(Array.isArray))
      throw invalidResponse("proofsOf", `expected a list of ${slots.length} proofs, one for each slot`);
    slots.forEach((slot, i) => {
      const listed = this.#nodes.decode(proofs[i] as ProofNodes, `slot ${slot}`);
      const verdict = walk(this.#root, keccak256(toBytes(slot, "slot", 32)), listed, this.#nodes);
      if (verdict.status === "invalid") throw proofInvalid(`slot ${slot}`, verdict.reason);
    });
  }

  /** Yields what is known to differ at a place, and adds to `unknown` what has to be asked for. */
  *compare({ prefix, there }: Place, unknown: Asked[]): Generator<LedgerDifference> {
    const here = this.#tree.subtree(prefix);
    if (here.reference === there) return;
    if (there === NOTHING) return yield* missingThere(here.leaves());
    const reference = toBytes(there, "reference");
    const bytes = reference.length === HASH_SIZE ? this.#nodes.of(reference.subarray(1)) : reference;
    if (bytes !== undefined) return yield* this.#compareNode(here, { prefix, bytes }, unknown);
    const slot = firstKey(here) ?? firstKey(this.#candidates.subtree(prefix));
    if (slot === undefined) yield { kind: "strangers", prefix };
    else unknown.push({ prefix, there, slot });
  }

  *#compareNode(
    here: LedgerSubtree,
    { prefix, bytes }: { readonly prefix: Hex; readonly bytes: Uint8Array },
    unknown: Asked[],
  ): Generator<LedgerDifference> {
    const node = decodeNode(bytes);
    if (typeof node === "string") throw proofInvalid(`the node at ${prefix}`, node);
    if (node.kind === "branch") {
      expectDepth(prefix, prefix.length <= ROOT_TO_LEAF - 1);
      for (let i = 0; i < 16; i++)
        yield* this.compare({ prefix: `${prefix}${i.toString(16)}`, there: toHex(childOf(node, i)) }, unknown);
      return;
    }
    const target: Hex = `${prefix}${node.path.map((each) => each.toString(16)).join("")}`;
    const others = [...here.leaves()].filter(({ hashedKey }) => !hashedKey.startsWith(target));
    yield* missingThere(others);
    if (node.kind === "leaf") yield* this.#compareLeaf(target, node.value);
    else {
      expectDepth(prefix, target.length <= ROOT_TO_LEAF - 1);
      yield* this.compare({ prefix: target, there: toHex(node.child) }, unknown);
    }
  }

  *#compareLeaf(hashedKey: Hex, value: Uint8Array): Generator<LedgerDifference> {
    expectDepth(hashedKey, hashedKey.length === ROOT_TO_LEAF);
    const there = decodeSlot(value);
    if (there === undefined) throw proofInvalid(`the leaf at ${hashedKey}`, "ValueMalformed");
    const [own] = this.#tree.subtree(hashedKey).leaves();
    const key = own?.key ?? firstKey(this.#candidates.subtree(hashedKey));
    const here = own?.value ?? 0n;
    if (here !== there) yield { kind: own === undefined ? "missing-here" : "differs", key, hashedKey, here, there };
  }
}

/** Characters of a hashed key: `0x` and 64 nibbles. */
const ROOT_TO_LEAF = 66;

function expectDepth(prefix: Hex, fits: boolean): void {
  if (!fits) throw proofInvalid(`the node at ${prefix}`, "PathLength");
}

function* missingThere(leaves: Iterable<LedgerLeaf>): Generator<LedgerDifference> {
  for (const { key, hashedKey, value } of leaves)
    yield { kind: "missing-there", key, hashedKey, here: value, there: 0n };
}

function firstKey(subtree: LedgerSubtree): Hex | undefined {
  const [first] = subtree.leaves();
  return first?.key;
}
