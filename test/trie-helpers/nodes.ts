import { keccak256 } from "../../src/core/keccak.js";
import { concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "./buildTrie.js";

// Nodes by hand, for tries that no client builds.

export const EMPTY_TRIE = keccak256(Uint8Array.of(0x80));
export const EMPTY_CODE = keccak256(new Uint8Array());
export const EMPTY = Uint8Array.of(0x80);

/**
 * Nine bytes: with eight, an account's leaf at depth 1 or 2 has the size and the first bytes of a branch of three hashes, about which
 * the short way says nothing.
 */
export const BALANCE = 10n ** 21n;

export function slotOf(value: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
}

export function addressOf(value: number): Uint8Array {
  return slotOf(value).slice(12);
}

/** The first of 1, 2, … whose hash begins with these nibbles. */
export function firstWith<T extends Uint8Array>(of: (value: number) => T, prefix: readonly number[]): T {
  for (let i = 1; ; i++) {
    const nibbles = nibblesOf(keccak256(of(i)));
    if (prefix.every((nibble, at) => nibbles[at] === nibble)) return of(i);
  }
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

/** A branch of sixteen hashes, some of them given. */
export function fullBranch(children: Record<number, Uint8Array>): Uint8Array {
  return branch({ ...Array.from({ length: 16 }, () => sibling), ...children });
}

/** A hash of which nobody knows the bytes. */
export const ELSEWHERE = new Uint8Array(32).fill(0x77);

/** A list of 532 bytes that reads as a branch of sixteen hashes: some children, and a last byte, of the maker's choice. */
export function full(children: Record<number, Uint8Array>, value = 0x80): Uint8Array {
  const hashes = Array.from({ length: 16 }, (_, i) => [Uint8Array.of(0xa0), children[i] ?? ELSEWHERE]);
  return concat([Uint8Array.of(0xf9, 2, 0x11), ...hashes.flat(), Uint8Array.of(value)]);
}

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
