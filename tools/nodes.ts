import { keccak256 } from "../src/core/keccak.js";
import { buildTrie, type BuiltTrie, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "./buildTrie.js";

// Nodes by hand, for tries that no client builds.

export const EMPTY_TRIE = keccak256(Uint8Array.of(0x80));
export const EMPTY_CODE = keccak256(new Uint8Array());
export const EMPTY = Uint8Array.of(0x80);

/**
 * Nine bytes. With eight, an account's leaf at depth 1 or 2 looks like a branch of three hashes. It has that branch's
 * size and first bytes. About such a branch the short way says nothing.
 */
export const BALANCE = 10n ** 21n;

export function slotOf(value: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
}

export function addressOf(value: number): Uint8Array {
  return slotOf(value).slice(12);
}

export interface Fields {
  nonce?: bigint;
  balance?: bigint;
  storageRoot?: Uint8Array;
  codeHash?: Uint8Array;
}

export function accountRlp({
  nonce = 1n,
  balance = BALANCE,
  storageRoot = EMPTY_TRIE,
  codeHash = EMPTY_CODE,
}: Fields = {}): Uint8Array {
  return rlpList([rlpInteger(nonce), rlpInteger(balance), rlpString(storageRoot), rlpString(codeHash)]);
}

export function leaf(nibbles: readonly number[], value: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(nibbles, true)), rlpString(value)]);
}

export function extension(nibbles: readonly number[], child: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(nibbles, false)), child]);
}

export function branch(children: Record<number, Uint8Array>, value: Uint8Array = EMPTY): Uint8Array {
  return rlpList([...Array.from({ length: 16 }, (_, i) => children[i] ?? EMPTY), value]);
}

/** How a parent refers to a node of 32 bytes or more. */
export function hashOf(node: Uint8Array): Uint8Array {
  return rlpString(keccak256(node));
}

/** A child of which nothing is shown. */
export const sibling = hashOf(Uint8Array.of(1, 2, 3));

export function other(nibble: number): number {
  return (nibble + 1) % 16;
}

/** A node at some depth on a key's way, below branches of two hashes. */
export function above(key: Uint8Array, depth: number, node: Uint8Array): Uint8Array[] {
  const nodes = [node];
  for (const nibble of nibblesOf(key).slice(0, depth).reverse())
    nodes.unshift(branch({ [nibble]: hashOf(nodes[0] as Uint8Array), [other(nibble)]: sibling }));
  return nodes;
}

/** A state of some accounts, one of which holds slots 0..n-1 with values 1000 + slot. */
export function world(slots: number, accounts = 40): { state: BuiltTrie; storage: BuiltTrie; holder: Uint8Array } {
  const storage = buildTrie(
    Array.from({ length: slots }, (_, i) => ({ key: keccak256(slotOf(i)), value: rlpInteger(1000n + BigInt(i)) })),
  );
  const holder = addressOf(1);
  const state = buildTrie(
    Array.from({ length: accounts }, (_, i) => ({
      key: keccak256(addressOf(i + 1)),
      value: accountRlp(i === 0 ? { storageRoot: storage.root } : { nonce: BigInt(i) }),
    })),
  );
  return { state, storage, holder };
}
