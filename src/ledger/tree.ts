import { decodeInto, toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { describeValue } from "../core/text.js";
import { Nodes, packSlots, sortSlots } from "../proof/pack.js";
import type { WitnessSlot } from "../proof/witness.js";
import { HashedTrie, type HashedLeaf } from "./hashedTrie.js";

/** A key of a ledger, 32 bytes, and its value, a `uint256`. Zero is the value of what is not there. */
export type LedgerEntry = readonly [key: Hex, value: bigint];

/** An entry with the place at which it lies. */
export interface LedgerLeaf {
  readonly key: Hex;
  /** keccak256 of the key. */
  readonly hashedKey: Hex;
  readonly value: bigint;
}

/** The part of a ledger whose hashed keys begin with the same nibbles. Good until the tree changes. */
export interface LedgerSubtree {
  /** As the node above refers to it: `0x80` for nothing, `0xa0…` for a hash, or an embedded node. */
  readonly reference: Hex;
  /** In ascending order of hashed keys. */
  leaves(): Iterable<LedgerLeaf>;
}

/** A witness under a ledger's root, with what it shows. */
export interface LedgerProof {
  /** For `StateProof.readSlots(root, keys, witness)`. */
  readonly witness: Hex;
  /** Each key once, in the order in which contracts want them, with its value. */
  readonly slots: readonly WitnessSlot[];
}

/**
 * A ledger in the shape of a contract's storage: 32-byte keys to `uint256`. Its root is proven on chain as a storage root is.
 * With a contract's own slots as keys, its root is that account's storage root.
 *
 * The root is computed where it is read, and only what changed is hashed again. `useWasmKeccak` makes that about five times as
 * fast. A million entries take about 300 MB.
 *
 * @example
 * const key = ledgerKey({ owner: trader, asset: "USDC", kind: "balance" });
 * const tree = LedgerTree.from([[key, 5n]]);
 * tree.update([[key, 7n]]);
 * // For StateProof.readSlots(tree.root, [key], witness).
 * const { witness } = tree.prove([key]);
 */
export class LedgerTree {
  readonly #trie = new HashedTrie();

  /**
   * The ledger of the entries. Those of value zero are left out.
   *
   * @throws INVALID_ENTRY for a key that is not 32 bytes or comes twice, and for a value that is no `uint256`
   */
  static from(entries: Iterable<LedgerEntry>): LedgerTree {
    const tree = new LedgerTree();
    const zeros: Uint8Array[] = [];
    // A key that comes twice is found with zeros among the leaves.
    for (const leaf of leavesOf(entries)) {
      if (!tree.#trie.set(leaf)) throw invalidEntry(toHex(leaf.slot), "the key comes twice");
      if (isZero(leaf.word)) zeros.push(leaf.key);
    }
    for (const key of zeros) tree.#trie.remove(key);
    return tree;
  }

  /** keccak256(0x80) where the ledger is empty. */
  get root(): Hex {
    return toHex(this.#trie.root());
  }

  /** How many entries there are. */
  get size(): number {
    return this.#trie.size;
  }

  /** Zero where nothing is there. @throws INVALID_ENTRY for a key that is not 32 bytes */
  get(key: Hex): bigint {
    const leaf = this.#trie.find(keccak256(keyBytes(key)));
    return leaf === undefined ? 0n : valueOf(leaf);
  }

  /** @throws INVALID_ENTRY for a key that is not 32 bytes */
  has(key: Hex): boolean {
    return this.#trie.find(keccak256(keyBytes(key))) !== undefined;
  }

  /** In ascending order of hashed keys, which is what iterators of storage have. The tree must not change meanwhile. */
  *entries(): Generator<LedgerEntry> {
    for (const leaf of this.#trie.subtree(new Uint8Array(32), 0).leaves()) yield [toHex(leaf.slot), valueOf(leaf)];
  }

  /**
   * Sets values, in the order given. Zero deletes. Nothing has changed where an error is thrown.
   *
   * @throws INVALID_ENTRY for a key that is not 32 bytes, and for a value that is no `uint256`
   */
  update(changes: Iterable<LedgerEntry>): void {
    for (const leaf of leavesOf(changes)) {
      if (isZero(leaf.word)) this.#trie.remove(leaf.key);
      else this.#trie.set(leaf);
    }
  }

  /**
   * The values of some keys, zero included, and the witness that shows them under the root.
   *
   * @param keys one at least, in any order; each is proven once
   * @throws INVALID_ENTRY for a key that is not 32 bytes
   * @throws INVALID_OPTION where there is no key
   */
  prove(keys: readonly Hex[]): LedgerProof {
    const sorted = sortSlots(keys.map(keyBytes));
    if (sorted.length === 0) {
      const reason = "a witness shows one key at least";
      throw new SettlementGuardError("INVALID_OPTION", { option: "keys", reason }, `keys is empty: ${reason}`);
    }
    const known = new Map<number, readonly Uint8Array[]>();
    const { part, values } = packSlots(
      this.#trie.root(),
      sorted.map(({ key }) => key),
      sorted.map(({ key }) => this.#trie.nodesOn(key, known)),
      new Nodes(),
    );
    return {
      witness: toHex(part),
      slots: sorted.map(({ slot }, i) => ({ slot: toHex(slot), value: values[i] ?? 0n })),
    };
  }

  /**
   * The nodes on the way to a key, as `eth_getProof` lists them: the root first, embedded ones left out.
   *
   * @throws INVALID_ENTRY for a key that is not 32 bytes
   */
  proofNodes(key: Hex): Hex[] {
    return this.#trie.nodesOn(keccak256(keyBytes(key))).map(toHex);
  }

  /**
   * The part of the ledger under a place. Two ledgers with equal references there have equal entries there.
   *
   * @param prefix the first 0 to 64 nibbles of hashed keys, `0x` for the whole
   * @throws INVALID_HEX
   */
  subtree(prefix: Hex): LedgerSubtree {
    const depth = prefix.length - 2;
    const key = toBytes(prefix.padEnd(66, "0"), "prefix", 32);
    const { reference, leaves } = this.#trie.subtree(key, depth);
    return { reference: toHex(reference), leaves: () => shown(leaves()) };
  }
}

function* shown(leaves: Iterable<HashedLeaf>): Generator<LedgerLeaf> {
  for (const leaf of leaves) yield { key: toHex(leaf.slot), hashedKey: toHex(leaf.key), value: valueOf(leaf) };
}

/** All entries are read before the first is used, so that a bad one leaves a tree as it was. */
function* leavesOf(entries: Iterable<LedgerEntry>): Generator<HashedLeaf> {
  const list = Array.isArray(entries) ? (entries as readonly LedgerEntry[]) : [...entries];
  const slots = new Uint8Array(32 * list.length);
  const words = new Uint8Array(32 * list.length);
  list.forEach(([key, value], i) => {
    readKey(slots, 32 * i, key);
    const isWord = typeof value === "bigint" && value >= 0n && value < 1n << 256n;
    if (!isWord) throw invalidEntry(key, `its value is ${describeValue(value)}: expected a uint256`);
    decodeInto(words, 32 * i, toWord(value));
  });
  for (let at = 0; at < slots.length; at += 32) {
    const slot = slots.subarray(at, at + 32);
    yield { slot, key: keccak256(slot), word: words.subarray(at, at + 32) };
  }
}

function keyBytes(key: Hex): Uint8Array {
  const bytes = new Uint8Array(32);
  readKey(bytes, 0, key);
  return bytes;
}

function readKey(bytes: Uint8Array, at: number, key: unknown): void {
  if (typeof key === "string" && key.length === 66 && decodeInto(bytes, at, key)) return;
  throw invalidEntry(key, "its key is not 32 bytes of hexadecimal");
}

function invalidEntry(key: unknown, reason: string): SettlementGuardError<"INVALID_ENTRY"> {
  const shownKey = typeof key === "string" ? key.slice(0, 80) : describeValue(key);
  return new SettlementGuardError(
    "INVALID_ENTRY",
    { key: shownKey, reason },
    `entry ${describeValue(key)} of the ledger: ${reason}`,
  );
}

function isZero(word: Uint8Array): boolean {
  return word.every((byte) => byte === 0);
}

function valueOf({ word }: HashedLeaf): bigint {
  return BigInt(toHex(word));
}
