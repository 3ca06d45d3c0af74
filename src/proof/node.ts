import type { ProofReason } from "./reasons.js";

/** Why something is refused. */
export type Failure = Exclude<ProofReason, "None">;

/** A branch of sixteen hashes: no node is larger. */
export const MAX_NODE_BYTES = 532;

/** A reference that is a hash: 0xa0 and 32 bytes. */
export const HASH_SIZE = 33;

/** A node of a trie whose keys have 64 nibbles. A reference is 0x80 for nothing, 0xa0 and a hash, or an embedded node. */
export type TrieNode =
  | {
      readonly kind: "branch";
      readonly bytes: Uint8Array;
      /** Where each child's reference starts, and the last one ends. */
      readonly places: readonly number[];
    }
  | { readonly kind: "extension"; readonly path: readonly number[]; readonly child: Uint8Array }
  | { readonly kind: "leaf"; readonly path: readonly number[]; readonly value: Uint8Array };

/** The reference to child `index` of a branch. */
export function childOf({ bytes, places }: TrieNode & { kind: "branch" }, index: number): Uint8Array {
  return bytes.subarray(places[index], places[index + 1]);
}

/** Nibble `index` of a key of 32 bytes. */
export function nibble(key: Uint8Array, index: number): number {
  const byte = key[index >> 1] ?? 0;
  return index & 1 ? byte & 0x0f : byte >> 4;
}

/** An even number of nibbles, two to a byte. */
export function packNibbles(nibbles: readonly number[]): Uint8Array {
  return Uint8Array.from(
    { length: nibbles.length / 2 },
    (_, i) => ((nibbles[2 * i] ?? 0) << 4) | (nibbles[2 * i + 1] ?? 0),
  );
}

/**
 * Reads one node. It has to be canonical RLP, framing of embedded children included; what is inside of those is not read.
 *
 * Yellow Paper, appendix D; a branch has no value, and two children or more, since all keys are equally long.
 */
export function decodeNode(bytes: Uint8Array): TrieNode | Failure {
  const places = itemsOf(bytes);
  if (places === undefined) return "NodeMalformed";
  if (places.length === 18) return decodeBranch(bytes, places);
  return places.length === 3 ? decodeShort(bytes, places as [number, number, number]) : "NodeMalformed";
}

/** Where each item of a list starts, and the last one ends. Undefined if the bytes are not one list of canonical items. */
function itemsOf(bytes: Uint8Array): number[] | undefined {
  const marker = bytes[0] ?? 0;
  const header = marker < 0xf8 ? 1 : marker - 0xf6;
  if (marker < 0xc0 || marker > 0xf9 || bytes.length < header) return undefined;
  let size = marker - 0xc0;
  if (header === 2) size = bytes[1] as number;
  if (header === 3) size = ((bytes[1] as number) << 8) | (bytes[2] as number);
  if (header > 1 && size < (header === 2 ? 56 : 256)) return undefined;
  if (header + size !== bytes.length) return undefined;
  const places = [header];
  let at = header;
  while (at < bytes.length) {
    at = itemEnd(bytes, at);
    places.push(at);
    if (places.length > 18) return undefined;
  }
  return at === bytes.length ? places : undefined;
}

/** Where a canonical item ends; infinity if it is none, or too long for a node. */
function itemEnd(bytes: Uint8Array, at: number): number {
  const marker = bytes[at] as number;
  if (marker < 0x80) return at + 1;
  if (marker === 0x81 && (bytes[at + 1] ?? 0) < 0x80) return Infinity;
  if (marker < 0xb8) return at + marker - 0x7f;
  if (marker === 0xb8) return (bytes[at + 1] ?? 0) < 56 ? Infinity : at + 2 + (bytes[at + 1] as number);
  return marker >= 0xc0 && marker < 0xf8 ? at + marker - 0xbf : Infinity;
}

function decodeBranch(bytes: Uint8Array, places: readonly number[]): TrieNode | Failure {
  let children = 0;
  for (let i = 0; i < 16; i++) {
    const marker = bytes[places[i] as number] as number;
    if (!isReference(marker)) return "ChildMalformed";
    if (marker !== 0x80) children++;
  }
  if (children < 2 || bytes[places[16] as number] !== 0x80) return "BranchMalformed";
  return { kind: "branch", bytes, places };
}

/** A leaf or an extension: a path, and what it leads to. */
function decodeShort(bytes: Uint8Array, [first, second, end]: readonly [number, number, number]): TrieNode | Failure {
  const marker = bytes[first] as number;
  if (marker > 0xa1 || marker === 0x80) return "PathMalformed";
  const path = bytes.subarray(marker < 0x80 ? first : first + 1, second);
  const flag = path[0] as number;
  const isOdd = (flag & 0x10) !== 0;
  if (flag > 0x3f || (!isOdd && (flag & 0x0f) !== 0)) return "PathMalformed";
  const nibbles = Array.from({ length: 2 * path.length - (isOdd ? 1 : 2) }, (_, i) =>
    nibble(path, i + (isOdd ? 1 : 2)),
  );
  const item = bytes.subarray(second, end);
  const kind = item[0] as number;
  if (flag >= 0x20) {
    if (kind === 0x80 || kind >= 0xc0) return "ValueMalformed";
    return { kind: "leaf", path: nibbles, value: item.subarray(kind < 0x80 ? 0 : kind === 0xb8 ? 2 : 1) };
  }
  if (nibbles.length === 0) return "PathMalformed";
  if (kind === 0x80 || !isReference(kind)) return "ChildMalformed";
  return { kind: "extension", path: nibbles, child: item };
}

/** By the first byte: nothing, a hash, or a list of 3 to 31 bytes. */
export function isReference(marker: number): boolean {
  return marker === 0x80 || marker === 0xa0 || (marker >= 0xc2 && marker <= 0xde);
}
