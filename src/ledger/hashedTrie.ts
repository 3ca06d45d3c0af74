import { keccak256 } from "../core/keccak.js";
import { nibble } from "../proof/node.js";
import { EMPTY_ROOT } from "../proof/trie.js";

/** A leaf as it lies in memory: views that are good until the trie changes. */
export interface HashedLeaf {
  /** 32 bytes: the trie's own key. */
  readonly key: Uint8Array;
  /** 32 bytes: what the key is the hash of. */
  readonly slot: Uint8Array;
  /** 32 bytes, big-endian. */
  readonly word: Uint8Array;
}

/** The part of a trie whose keys begin with the same nibbles. */
export interface HashedSubtree {
  /** As a branch refers to it: 0x80 for nothing, 0xa0 and a hash, or an embedded node. */
  readonly reference: Uint8Array;
  /** In ascending order of keys. */
  leaves(): Iterable<HashedLeaf>;
}

/** Nibbles of a key. */
const NIBBLES = 64;
const NOTHING = Uint8Array.of(0x80);
/** The number of no node. */
const NONE = 0;
/** Bytes of a node's record: sixteen children, or a key and a word. */
const RECORD = 64;
/** Where a node's payload is written. The list's header goes before it, once its length is known. */
const HEADER = 3;

/**
 * A Merkle-Patricia trie of 32-byte keys and words, where a word's leaf is its RLP without leading zeros.
 *
 * A node is a number, and its fields lie in arrays. A million objects would take several times the memory. A branch
 * knows its depth, and the keys under it agree up to there. So an extension is no node of its own: it is the gap between a
 * branch and its parent. Nothing but a child's encoding changes where a branch comes or goes.
 */
export class HashedTrie {
  /** Nibbles above the place at which keys part; 64 for a leaf. */
  #depths = new Uint8Array(0);
  /** Children of a branch; key and word of a leaf. */
  #records = new Uint8Array(0);
  /** The same memory. */
  #children = new Int32Array(0);
  #slots = new Uint8Array(0);
  /** How the parent refers to a node, its extension included. 32 bytes are a hash, fewer the node itself, 0 none yet. */
  #references = new Uint8Array(0);
  #sizes = new Uint8Array(0);
  #used = 1;
  readonly #free: number[] = [];
  #top = NONE;
  #size = 0;
  readonly #scratch = new Uint8Array(HEADER + 16 * 33 + 1);

  constructor() {
    this.#reserve(64);
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#size;
  }

  /** 32 bytes; keccak256(0x80) where nothing is in the trie. */
  root(): Uint8Array {
    if (this.#top === NONE) return EMPTY_ROOT;
    this.#settle(this.#top, 0);
    const reference = this.#referenceOf(this.#top);
    return reference.length < 32 ? keccak256(reference) : reference.slice();
  }

  find(key: Uint8Array): HashedLeaf | undefined {
    const closest = this.#closest(key);
    return closest !== NONE && this.#shared(closest, key) === NIBBLES ? this.#leaf(closest) : undefined;
  }

  /** @returns whether the key is new */
  set({ key, slot, word }: HashedLeaf): boolean {
    const closest = this.#closest(key);
    const shared = closest === NONE ? 0 : this.#shared(closest, key);
    const way = this.#touch(key, shared);
    if (shared === NIBBLES) {
      this.#sizes[closest] = 0;
      this.#records.set(word, closest * RECORD + 32);
      return false;
    }
    const leaf = this.#allocate(NIBBLES);
    this.#records.set(key, leaf * RECORD);
    this.#records.set(word, leaf * RECORD + 32);
    this.#slots.set(slot, leaf * 32);
    this.#size++;
    const below = this.#below(way, key);
    if (below === NONE) this.#link(way, key, leaf);
    else if (this.#depths[below] === shared) this.#link([below], key, leaf);
    else {
      const branch = this.#allocate(shared);
      this.#children[branch * 16 + this.#nibble(closest, shared)] = below;
      this.#sizes[below] = 0;
      this.#link([branch], key, leaf);
      this.#link(way, key, branch);
    }
    return true;
  }

  /** Takes a leaf out, if it is there. */
  remove(key: Uint8Array): void {
    const leaf = this.#closest(key);
    if (leaf === NONE || this.#shared(leaf, key) !== NIBBLES) return;
    const way = this.#touch(key, NIBBLES);
    this.#link(way, key, NONE);
    this.#free.push(leaf);
    this.#size--;
    const parent = way.pop();
    const only = parent === undefined ? NONE : this.#onlyChild(parent);
    if (parent === undefined || only === NONE) return;
    this.#sizes[only] = 0;
    this.#link(way, key, only);
    this.#free.push(parent);
  }

  /**
   * The nodes on the way to a key, as `eth_getProof` lists them: the root first, embedded ones left out.
   *
   * @param known the encodings of nodes by their numbers, which several calls may share until the trie changes
   */
  nodesOn(key: Uint8Array, known = new Map<number, readonly Uint8Array[]>()): Uint8Array[] {
    if (this.#top === NONE) return [];
    this.#settle(this.#top, 0);
    const listed: Uint8Array[] = [];
    let start = 0;
    for (let node = this.#top; node !== NONE; node = this.#below([node], key)) {
      const encodings = known.get(node) ?? this.#encodings(node, start);
      known.set(node, encodings);
      const depth = this.#depths[node]!;
      const follows = this.#shared(this.#anyLeaf(node), key) >= depth;
      // Where an extension leads away, its branch is not on the way.
      listed.push(...(follows ? encodings : encodings.slice(0, 1)));
      if (!follows || depth === NIBBLES) break;
      start = depth + 1;
    }
    return listed.filter((node, i) => i === 0 || node.length >= 32);
  }

  /** What lies under the first `depth` nibbles of `key`. */
  subtree(key: Uint8Array, depth: number): HashedSubtree {
    const closest = this.#closest(key);
    if (closest === NONE || this.#shared(closest, key) < depth) return { reference: NOTHING, leaves: () => [] };
    this.#settle(this.#top, 0);
    let [node, start] = [this.#top, 0];
    while (this.#depths[node]! < depth) [node, start] = [this.#below([node], key), this.#depths[node]! + 1];
    // Inside of a path the node is another for a while: the path is shorter there.
    if (depth > start) this.#encodeAgain(node, depth);
    const reference = this.#referenceOf(node).slice();
    if (depth > start) this.#encodeAgain(node, start);
    const encoded = reference.length < 32 ? reference : Uint8Array.of(0xa0, ...reference);
    return { reference: encoded, leaves: () => this.#leavesUnder(node) };
  }

  *#leavesUnder(node: number): Generator<HashedLeaf> {
    if (this.#depths[node] === NIBBLES) yield this.#leaf(node);
    else
      for (let i = 0; i < 16; i++) {
        const child = this.#children[node * 16 + i]!;
        if (child !== NONE) yield* this.#leavesUnder(child);
      }
  }

  // --- the way to a key ---

  /** A leaf that shares as many nibbles with the key as any; NONE if there is no leaf. */
  #closest(key: Uint8Array): number {
    let node = this.#top;
    if (node === NONE) return NONE;
    for (let depth = this.#depths[node]!; depth < NIBBLES; depth = this.#depths[node]!) {
      const child = this.#children[node * 16 + nibble(key, depth)]!;
      // Without a child there, all that follows parts from the key at this nibble.
      node = child === NONE ? this.#firstChild(node) : child;
    }
    return node;
  }

  /** The branches on the way to `key` that lie above nibble `depth`. They are to be encoded again. */
  #touch(key: Uint8Array, depth: number): number[] {
    const way: number[] = [];
    for (let node = this.#top; node !== NONE && this.#depths[node]! < depth; node = this.#below([node], key)) {
      this.#sizes[node] = 0;
      way.push(node);
    }
    return way;
  }

  /** What follows on the way to `key` below the last of `way`; the top below none. */
  #below(way: readonly number[], key: Uint8Array): number {
    const last = way.at(-1);
    return last === undefined ? this.#top : this.#children[last * 16 + nibble(key, this.#depths[last]!)]!;
  }

  /** Puts `node` below the last of `way`, on the way to `key`. */
  #link(way: readonly number[], key: Uint8Array, node: number): void {
    const last = way.at(-1);
    if (last === undefined) this.#top = node;
    else {
      this.#sizes[last] = 0;
      this.#children[last * 16 + nibble(key, this.#depths[last]!)] = node;
    }
  }

  #firstChild(branch: number): number {
    let at = branch * 16;
    while (this.#children[at] === NONE) at++;
    return this.#children[at]!;
  }

  /** NONE if the branch has several. */
  #onlyChild(branch: number): number {
    let only = NONE;
    for (let at = branch * 16; at < branch * 16 + 16; at++) {
      if (this.#children[at] === NONE) continue;
      if (only !== NONE) return NONE;
      only = this.#children[at]!;
    }
    return only;
  }

  #anyLeaf(node: number): number {
    while (this.#depths[node]! < NIBBLES) node = this.#firstChild(node);
    return node;
  }

  #leaf(node: number): HashedLeaf {
    const at = node * RECORD;
    return {
      key: this.#records.subarray(at, at + 32),
      word: this.#records.subarray(at + 32, at + 64),
      slot: this.#slots.subarray(node * 32, node * 32 + 32),
    };
  }

  /** How many nibbles a leaf's key and another have in common. */
  #shared(leaf: number, key: Uint8Array): number {
    const at = leaf * RECORD;
    for (let i = 0; i < 32; i++) {
      const difference = this.#records[at + i]! ^ key[i]!;
      if (difference !== 0) return difference < 16 ? 2 * i + 1 : 2 * i;
    }
    return NIBBLES;
  }

  #nibble(leaf: number, index: number): number {
    const byte = this.#records[leaf * RECORD + (index >> 1)]!;
    return index & 1 ? byte & 0x0f : byte >> 4;
  }

  // --- encoding: Yellow Paper, appendix D ---

  #referenceOf(node: number): Uint8Array {
    return this.#references.subarray(node * 32, node * 32 + this.#sizes[node]!);
  }

  /** Sees to it that the reference is known. @param start nibbles above the node and its extension */
  #settle(node: number, start: number): void {
    if (this.#sizes[node] !== 0) return;
    const depth = this.#depths[node]!;
    if (depth < NIBBLES)
      for (let i = 0; i < 16; i++) {
        const child = this.#children[node * 16 + i]!;
        if (child !== NONE) this.#settle(child, depth + 1);
      }
    this.#encodeAgain(node, start);
  }

  /** Of a node whose children's references are known. */
  #encodeAgain(node: number, start: number): void {
    this.#refer(node, this.#encode(node, start));
    if (this.#isExtended(node, start)) this.#refer(node, this.#encodeExtension(node, start));
  }

  /** What is listed for a node: the extension to a branch, if there is one, and the node itself. */
  #encodings(node: number, start: number): Uint8Array[] {
    const own = this.#encode(node, start).slice();
    if (!this.#isExtended(node, start)) return [own];
    this.#refer(node, own);
    const extension = this.#encodeExtension(node, start).slice();
    this.#refer(node, extension);
    return [extension, own];
  }

  #isExtended(node: number, start: number): boolean {
    return this.#depths[node]! < NIBBLES && this.#depths[node]! > start;
  }

  #refer(node: number, encoded: Uint8Array): void {
    const reference = encoded.length < 32 ? encoded : keccak256(encoded);
    this.#references.set(reference, node * 32);
    this.#sizes[node] = reference.length;
  }

  /** A leaf, or a branch without its extension. The bytes are good until the next node is encoded. */
  #encode(node: number, start: number): Uint8Array {
    if (this.#depths[node]! < NIBBLES) return this.#encodeBranch(node);
    const path = this.#writePath({ leaf: node, start, end: NIBBLES, flag: 0x20 });
    return this.#close(this.#writeWord(path, node));
  }

  #encodeBranch(node: number): Uint8Array {
    let at = HEADER;
    for (let i = 0; i < 16; i++) {
      const child = this.#children[node * 16 + i]!;
      if (child === NONE) this.#scratch[at++] = 0x80;
      else at = this.#writeReference(at, child);
    }
    this.#scratch[at++] = 0x80;
    return this.#close(at);
  }

  /** Of a branch whose own reference was written last. */
  #encodeExtension(node: number, start: number): Uint8Array {
    const path = this.#writePath({ leaf: this.#anyLeaf(node), start, end: this.#depths[node]!, flag: 0 });
    return this.#close(this.#writeReference(path, node));
  }

  /** Hex-prefix: a flag, a nibble if their number is odd, then two to a byte. Returns where it ends. */
  #writePath({ leaf, start, end, flag }: { leaf: number; start: number; end: number; flag: number }): number {
    const isOdd = ((end - start) & 1) === 1;
    const first = isOdd ? flag | 0x10 | this.#nibble(leaf, start) : flag;
    const rest = (end - start) >> 1;
    let at = HEADER;
    if (rest > 0) this.#scratch[at++] = 0x81 + rest;
    this.#scratch[at++] = first;
    for (let i = isOdd ? start + 1 : start; i < end; i += 2)
      this.#scratch[at++] = (this.#nibble(leaf, i) << 4) | this.#nibble(leaf, i + 1);
    return at;
  }

  /** A leaf's value: a string that holds the RLP of an integer. Returns where it ends. */
  #writeWord(at: number, leaf: number): number {
    const end = leaf * RECORD + 64;
    let from = end - 32;
    while (from < end - 1 && this.#records[from] === 0) from++;
    const size = end - from;
    if (size > 1 || this.#records[from]! >= 0x80) {
      this.#scratch[at++] = 0x81 + size;
      this.#scratch[at++] = 0x80 + size;
    }
    while (from < end) this.#scratch[at++] = this.#records[from++]!;
    return at;
  }

  #writeReference(at: number, node: number): number {
    const scratch = this.#scratch;
    const references = this.#references;
    const size = this.#sizes[node]!;
    if (size === 32) scratch[at++] = 0xa0;
    for (let from = node * 32, end = from + size; from < end; from++) scratch[at++] = references[from]!;
    return at;
  }

  /** Writes the list's header before a payload that ends at `end`. */
  #close(end: number): Uint8Array {
    const size = end - HEADER;
    const width = size < 56 ? 1 : size < 256 ? 2 : 3;
    this.#scratch[HEADER - width] = width === 1 ? 0xc0 + size : 0xf6 + width;
    if (width === 3) this.#scratch[HEADER - 2] = size >> 8;
    if (width > 1) this.#scratch[HEADER - 1] = size & 0xff;
    return this.#scratch.subarray(HEADER - width, end);
  }

  // --- memory ---

  /** A node of its own, without children. */
  #allocate(depth: number): number {
    const node = this.#free.pop() ?? this.#used++;
    if (node >= this.#depths.length) this.#reserve(2 * this.#depths.length);
    this.#depths[node] = depth;
    this.#sizes[node] = 0;
    this.#records.fill(0, node * RECORD, node * RECORD + RECORD);
    return node;
  }

  #reserve(nodes: number): void {
    this.#depths = grown(this.#depths, nodes);
    this.#sizes = grown(this.#sizes, nodes);
    this.#slots = grown(this.#slots, nodes * 32);
    this.#references = grown(this.#references, nodes * 32);
    this.#records = grown(this.#records, nodes * RECORD);
    this.#children = new Int32Array(this.#records.buffer);
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
