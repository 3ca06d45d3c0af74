import { keccak256 } from "../src/core/keccak.js";

/** A trie built from the leaves up, with proofs in geth's layout: root first, embedded nodes not listed. */
export interface BuiltTrie {
  readonly root: Uint8Array;
  proof(key: Uint8Array): Uint8Array[];
}

export interface Entry {
  /** 32 bytes: the final key, hashed already where that is wanted. */
  readonly key: Uint8Array;
  /** The leaf's value as it stands: for a slot, the RLP of an integer. */
  readonly value: Uint8Array;
}

interface Node {
  readonly rlp: Uint8Array;
  /** How the parent refers to it: the node itself below 32 bytes, its hash otherwise. */
  readonly reference: Uint8Array;
  readonly path?: readonly number[];
  readonly next?: Node;
  readonly children?: readonly (Node | undefined)[];
}

export function rlpString(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && (bytes[0] as number) < 0x80) return bytes;
  return concat([header(0x80, bytes.length), bytes]);
}

export function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const payload = concat(items);
  return concat([header(0xc0, payload.length), payload]);
}

/** RLP of a non-negative integer. */
export function rlpInteger(value: bigint): Uint8Array {
  if (value === 0n) return Uint8Array.of(0x80);
  const hex = value.toString(16);
  return rlpString(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
}

/** Hex-prefix encoding of a path. */
export function hexPrefix(nibbles: readonly number[], leaf: boolean): Uint8Array {
  const flag = (leaf ? 2 : 0) + (nibbles.length % 2);
  const all = nibbles.length % 2 === 1 ? [flag, ...nibbles] : [flag, 0, ...nibbles];
  const bytes = new Uint8Array(all.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((all[2 * i] as number) << 4) | (all[2 * i + 1] as number);
  return bytes;
}

export function nibblesOf(key: Uint8Array): number[] {
  return [...key].flatMap((byte) => [byte >> 4, byte & 0x0f]);
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Builds the trie of the entries, whose keys are distinct. */
export function buildTrie(entries: readonly Entry[]): BuiltTrie {
  if (entries.length === 0) return { root: keccak256(Uint8Array.of(0x80)), proof: () => [] };
  const sorted = entries
    .map((entry) => ({ nibbles: nibblesOf(entry.key), value: entry.value }))
    .sort((a, b) => compareNibbles(a.nibbles, b.nibbles));
  const top = build(sorted, 0, sorted.length, 0);
  return { root: keccak256(top.rlp), proof: (key) => prove(top, nibblesOf(key)) };
}

function build(
  entries: readonly { nibbles: number[]; value: Uint8Array }[],
  from: number,
  to: number,
  depth: number,
): Node {
  const first = entries[from] as { nibbles: number[]; value: Uint8Array };
  if (to - from === 1) {
    const path = first.nibbles.slice(depth);
    return node(rlpList([rlpString(hexPrefix(path, true)), rlpString(first.value)]), { path });
  }
  const last = entries[to - 1] as { nibbles: number[] };
  let common = depth;
  while (first.nibbles[common] === last.nibbles[common]) common++;
  if (common > depth) {
    const path = first.nibbles.slice(depth, common);
    const next = build(entries, from, to, common);
    return node(rlpList([rlpString(hexPrefix(path, false)), next.reference]), { path, next });
  }
  const children: (Node | undefined)[] = [];
  let at = from;
  for (let nibble = 0; nibble < 16; nibble++) {
    let end = at;
    while (end < to && (entries[end] as { nibbles: number[] }).nibbles[depth] === nibble) end++;
    children.push(end > at ? build(entries, at, end, depth + 1) : undefined);
    at = end;
  }
  const empty = Uint8Array.of(0x80);
  return node(rlpList([...children.map((child) => child?.reference ?? empty), empty]), { children });
}

function node(rlp: Uint8Array, rest: Omit<Node, "rlp" | "reference">): Node {
  return { rlp, reference: rlp.length < 32 ? rlp : rlpString(keccak256(rlp)), ...rest };
}

function prove(top: Node, key: readonly number[]): Uint8Array[] {
  const nodes: Uint8Array[] = [];
  let at: Node | undefined = top;
  let depth = 0;
  while (at !== undefined) {
    if (at === top || at.rlp.length >= 32) nodes.push(at.rlp);
    if (at.children !== undefined) {
      at = at.children[key[depth] as number];
      depth += 1;
    } else {
      const { path = [], next }: Node = at;
      if (path.some((nibble, i) => key[depth + i] !== nibble)) break;
      depth += path.length;
      at = next;
    }
  }
  return nodes;
}

function header(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  if (length < 256) return Uint8Array.of(base + 56, length);
  return Uint8Array.of(base + 57, length >> 8, length & 0xff);
}

function compareNibbles(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return 0;
}
