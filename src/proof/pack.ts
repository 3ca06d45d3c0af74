import { compareBytes, concat, equalBytes, toBytesEach, toHex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { accountPieces, decodeAccount, decodeSlot, type Account } from "./account.js";
import { childOf, decodeNode, HASH_SIZE, nibble, packNibbles, type Failure, type TrieNode } from "./node.js";
import { END, STEP } from "./read.js";
import type { ProofVerdict } from "./reasons.js";
import { EMPTY_ROOT, verifyHashedKey } from "./trie.js";

/** Thrown where nodes do not show an answer, or hold what no witness can say. */
export class Unpackable extends Error {
  constructor(
    /** Number of the key that shows it; undefined for the account. */
    readonly index: number | undefined,
    readonly reason: Failure,
  ) {
    super(reason);
  }
}

/** The nodes of all proofs of an answer, each decoded and hashed once, however many of them list it. */
export class Nodes {
  readonly #byText = new Map<string, Uint8Array>();
  readonly #byHash = new Map<string, Uint8Array>();
  readonly #hashes = new Map<Uint8Array, Uint8Array>();

  /** @throws INVALID_HEX */
  decode(texts: readonly string[], what: string): Uint8Array[] {
    const unseen = [...new Set(texts)].filter((text) => !this.#byText.has(text));
    toBytesEach(unseen, (i) => `node ${texts.indexOf(unseen[i] ?? "")} of the proof of ${what}`).forEach((node, i) =>
      this.#byText.set(unseen[i] as string, node),
    );
    return texts.map((text) => this.#byText.get(text) as Uint8Array);
  }

  readonly hash = (node: Uint8Array): Uint8Array => {
    const known = this.#hashes.get(node);
    if (known !== undefined) return known;
    const hash = keccak256(node);
    this.#hashes.set(node, hash);
    this.#byHash.set(toHex(hash), node);
    return hash;
  };

  of(hash: Uint8Array): Uint8Array | undefined {
    return this.#byHash.get(toHex(hash));
  }
}

/**
 * What listed nodes show about a key.
 *
 * Copes with what clients do differently. Some list `["0x80"]` for an empty trie. Some list an embedded node again: it must be the
 * one that its parent embeds.
 */
export function walk(
  root: Uint8Array,
  key: Uint8Array,
  listed: readonly Uint8Array[],
  nodes: Nodes,
): ProofVerdict<Uint8Array> {
  const isEmpty = equalBytes(root, EMPTY_ROOT) && listed.length === 1 && listed[0]?.[0] === 0x80;
  const repeated = listed.filter((node, i) => i > 0 && node.length < 32);
  const embedded: Uint8Array[] = [];
  const hashed = isEmpty ? [] : listed.filter((node, i) => i === 0 || node.length >= 32);
  const verdict = verifyHashedKey(root, key, hashed, { hash: nodes.hash, embedded });
  if (verdict.status === "invalid" || repeated.every((node, i) => equalBytes(node, embedded[i] ?? new Uint8Array())))
    return verdict;
  return { status: "invalid", reason: "TrailingBytes" };
}

/**
 * The part of an account, and what its nodes show.
 *
 * @param withSlots whether the storage root is left out, since a part of slots comes before
 * @throws Unpackable
 */
export function packAccount(
  stateRoot: Uint8Array,
  key: Uint8Array,
  listed: readonly Uint8Array[],
  withSlots: boolean,
  nodes: Nodes,
): { readonly part: Uint8Array; readonly account: Account | undefined } {
  const verdict = walk(stateRoot, key, listed, nodes);
  if (verdict.status === "invalid") throw new Unpackable(undefined, verdict.reason);
  const account = verdict.status === "present" ? decodeAccount(verdict.value) : undefined;
  if (verdict.status === "present" && account === undefined) throw new Unpackable(undefined, "AccountMalformed");
  const fields: Fields = (value, isOwn) => {
    const { integers, storageRoot, codeHash } = accountPieces(value) ?? fail(undefined, "AccountMalformed");
    return isOwn && withSlots ? [integers, codeHash] : [integers, storageRoot, codeHash];
  };
  return { part: partOf([key], stateRoot, nodes, fields, undefined), account };
}

/**
 * The part of slots, and their values, zero for an absent one.
 *
 * @param keys hashes of the slots, in strictly ascending order
 * @param listed the nodes of each
 * @throws Unpackable
 */
export function packSlots(
  storageRoot: Uint8Array,
  keys: readonly Uint8Array[],
  listed: readonly (readonly Uint8Array[])[],
  nodes: Nodes,
): { readonly part: Uint8Array; readonly values: readonly bigint[] } {
  const values = keys.map((key, i) => {
    const verdict = walk(storageRoot, key, listed[i] ?? [], nodes);
    if (verdict.status === "invalid") throw new Unpackable(i, verdict.reason);
    if (verdict.status === "absent") return 0n;
    return decodeSlot(verdict.value) ?? fail(i, "ValueMalformed");
  });
  const fields: Fields = (value) => (decodeSlot(value) === undefined ? fail(0, "ValueMalformed") : [value]);
  return { part: partOf(keys, storageRoot, nodes, fields, 0), values };
}

function fail(index: number | undefined, reason: Failure): never {
  throw new Unpackable(index, reason);
}

/** What a witness says of a leaf's value. */
type Fields = (value: Uint8Array, isOwn: boolean) => Uint8Array[];

function partOf(
  keys: readonly Uint8Array[],
  root: Uint8Array,
  nodes: Nodes,
  fields: Fields,
  index: number | undefined,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  if (equalBytes(root, EMPTY_ROOT)) return Uint8Array.of(END.NOTHING, 0);
  pack({ pieces, nodes, fields, index }, root, keys, 0);
  return concat(pieces);
}

interface Packing {
  readonly pieces: Uint8Array[];
  readonly nodes: Nodes;
  readonly fields: Fields;
  readonly index: number | undefined;
}

/**
 * The ends of all `keys`, which lead to one node, and the steps from there up to it.
 *
 * @param reference the node's hash, or the node itself, or 0x80
 */
function pack(to: Packing, reference: Uint8Array, keys: readonly Uint8Array[], depth: number): void {
  if (reference.length === 1) {
    to.pieces.push(Uint8Array.of(END.NOTHING, depth));
    return;
  }
  const bytes = reference.length === 32 ? to.nodes.of(reference) : reference;
  // Every key was walked, through these nodes.
  const node = decodeNode(bytes ?? fail(to.index, "Truncated"));
  if (typeof node === "string") fail(to.index, node);
  if (node.kind === "leaf") packLeaf(to, node, keys, depth);
  else if (node.kind === "extension") packExtension(to, node, keys, depth);
  else packBranch(to, node, keys, depth);
}

function packLeaf(
  to: Packing,
  { path, value }: TrieNode & { kind: "leaf" },
  keys: readonly Uint8Array[],
  depth: number,
) {
  const own = keys.findIndex((key) => follows(key, path, depth));
  if (own < 0) to.pieces.push(Uint8Array.of(END.OTHER_LEAF, depth), pathBytes(path));
  else to.pieces.push(new Uint8Array(own).fill(END.SHARED), Uint8Array.of(END.LEAF, depth));
  to.pieces.push(...to.fields(value, own >= 0));
}

function packExtension(
  to: Packing,
  { path, child }: TrieNode & { kind: "extension" },
  keys: readonly Uint8Array[],
  depth: number,
) {
  const own = keys.findIndex((key) => follows(key, path, depth));
  if (own < 0) {
    to.pieces.push(Uint8Array.of(END.OTHER_EXTENSION, depth, path.length), pathBytes(path), child);
    return;
  }
  to.pieces.push(new Uint8Array(own).fill(END.SHARED));
  const through = keys.filter((key) => follows(key, path, depth));
  pack(to, inner(child), through, depth + path.length);
  to.pieces.push(Uint8Array.of(STEP.EXTENSION + path.length));
}

function packBranch(to: Packing, node: TrieNode & { kind: "branch" }, keys: readonly Uint8Array[], depth: number) {
  const others: Uint8Array[] = [];
  let hashes = 0;
  for (let i = 0; i < 16; i++) {
    const child = childOf(node, i);
    if (child.length === HASH_SIZE) hashes |= 1 << i;
    const way = keys.filter((key) => nibble(key, depth) === i);
    if (way.length > 0) pack(to, inner(child), way, depth + 1);
    else others.push(child);
  }
  const sent = others.filter((child) => child.length === HASH_SIZE).map((child) => child.subarray(1));
  if (others.some((child) => child.length !== HASH_SIZE && child.length !== 1)) {
    to.pieces.push(Uint8Array.of(STEP.MIXED_BRANCH), ...others);
  } else if (hashes === 0xffff && others.length === 15) {
    // In the place of the way stands the last child, unless that is the way.
    const way = nibble(keys[0] as Uint8Array, depth);
    const last = way < 15 ? sent.splice(14, 1) : [];
    sent.splice(way, 0, ...last);
    to.pieces.push(Uint8Array.of(STEP.FULL_BRANCH), ...sent);
  } else {
    const onWay = keys.reduce((bits, key) => bits | (1 << nibble(key, depth)), 0);
    const mask = hashes & ~onWay;
    to.pieces.push(Uint8Array.of(STEP.BRANCH, mask >> 8, mask & 0xff), ...sent);
  }
}

/** A hash without its marker, or the reference as it is. */
function inner(reference: Uint8Array): Uint8Array {
  return reference.length === HASH_SIZE ? reference.subarray(1) : reference;
}

function follows(key: Uint8Array, path: readonly number[], depth: number): boolean {
  return path.every((each, i) => nibble(key, depth + i) === each);
}

/** A path as a witness has it: an odd number of nibbles behind a zero. */
function pathBytes(path: readonly number[]): Uint8Array {
  return packNibbles(path.length % 2 === 0 ? path : [0, ...path]);
}

/** In ascending order of their hashes, each once. */
export function sortSlots(slots: readonly Uint8Array[]): { readonly slot: Uint8Array; readonly key: Uint8Array }[] {
  const hashed = slots.map((slot) => ({ slot, key: keccak256(slot) })).sort((a, b) => compareBytes(a.key, b.key));
  return hashed.filter(({ key }, i) => i === 0 || !equalBytes(key, hashed[i - 1]?.key ?? key));
}
