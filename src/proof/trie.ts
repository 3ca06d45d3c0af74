import { keccak256 } from "../keccak.js";
import type { ProofReason, Verdict } from "./reasons.js";

/**
 * One walk down a Merkle-Patricia trie whose keys have 64 nibbles: the twin of `contracts/proof/TrieWalk.sol`, where the rules and
 * the argument for their soundness are written down. Rule for rule and reason for reason the two are the same function.
 */

/** keccak256(0x80), the root of a trie that holds nothing. Its proof is empty. */
export const EMPTY_ROOT = keccakOfEmptyString();

/** A branch of sixteen hashes, which no node exceeds. */
const MAX_NODE_BYTES = 532;

/** Sixty-four branches and a leaf: no proof of one key is longer. */
export const MAX_PROOF_BYTES = 65 * MAX_NODE_BYTES;

type Failure = Exclude<ProofReason, "None">;
type Outcome = "present" | "absent" | Failure;

/** Where a walk stands. Kept between the nodes of a list, and between the slots of a witness. */
export interface Walk {
  /** The bytes in which, and the offset at which, the hash of the next node stands. */
  expected: Uint8Array;
  expectedAt: number;
  /** The hashed key. */
  key: Uint8Array;
  /** Nibbles consumed. */
  depth: number;
  /** Whether the walk stands right below an extension. */
  extended: boolean;
  /** Where the next node starts, and after a verdict where the last one ended. */
  cursor: number;
  valueAt: number;
  valueEnd: number;
  /** Filled where it is given: the nodes that were hashed, in order, with the depth at which each was entered. */
  trail?: TrailEntry[];
  /** Filled where it is given: the embedded nodes that were followed. */
  embedded?: Uint8Array[];
}

/** A node that was authenticated on the way to a key. */
export interface TrailEntry {
  readonly depth: number;
  readonly at: number;
}

export function startWalk(root: Uint8Array, key: Uint8Array): Walk {
  return { expected: root, expectedAt: 0, key, depth: 0, extended: false, cursor: 0, valueAt: 0, valueEnd: 0 };
}

/**
 * What a proof shows about a key that is a hash already.
 *
 * Whoever may choose the key may choose what is proven: for accounts and slots use `verifyAccount` and `verifySlot`, which hash.
 *
 * @param root 32 bytes, authenticated by the caller
 * @param hashedKey 32 bytes
 * @param proof the nodes end to end, root first, or as a list of nodes
 */
export function verifyHashedKey(root: Uint8Array, hashedKey: Uint8Array, proof: Uint8Array | readonly Uint8Array[]): Verdict<Uint8Array> {
  const walk = startWalk(root, hashedKey);
  const outcome = proof instanceof Uint8Array ? walkBytes(walk, proof) : walkNodes(walk, proof);
  if (outcome !== "present") return outcome === "absent" ? { status: outcome } : { status: "invalid", reason: outcome };
  const bytes = proof instanceof Uint8Array ? proof : proof[proof.length - 1];
  return { status: "present", value: (bytes as Uint8Array).subarray(walk.valueAt, walk.valueEnd) };
}

/** A walk through all of `bytes`. */
export function walkBytes(walk: Walk, bytes: Uint8Array): Outcome {
  if (bytes.length > MAX_PROOF_BYTES) return "WitnessTooLarge";
  const outcome = begin(walk, bytes);
  return isVerdict(outcome) && walk.cursor !== bytes.length ? "TrailingBytes" : outcome;
}

/** A walk through a list, every element of which is exactly one node. */
export function walkNodes(walk: Walk, nodes: readonly Uint8Array[]): Outcome {
  if (isZero(walk.expected)) return "ZeroRoot";
  if (equalAt(EMPTY_ROOT, 0, walk.expected, 0)) return nodes.length === 0 ? "absent" : "TrailingBytes";
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Uint8Array;
    const size = nodeSize(node);
    if (size > node.length) return "Truncated";
    if (size < node.length) return "TrailingBytes";
    walk.cursor = 0;
    const outcome = descend(walk, node);
    if (outcome === "Truncated" && walk.cursor === node.length) continue;
    return isVerdict(outcome) && i !== nodes.length - 1 ? "TrailingBytes" : outcome;
  }
  return "Truncated";
}

/** Starts at a root: a zero root is unknown, never a trie, and the empty trie's needs no node. */
export function begin(walk: Walk, bytes: Uint8Array): Outcome {
  if (isZero(walk.expected)) return "ZeroRoot";
  if (equalAt(EMPTY_ROOT, 0, walk.expected, walk.expectedAt)) return "absent";
  return descend(walk, bytes);
}

export function isVerdict(outcome: Outcome): outcome is "present" | "absent" {
  return outcome === "present" || outcome === "absent";
}

/**
 * Walks on from `walk` through the nodes at `walk.cursor`. "Truncated" with the cursor at the end of the bytes means that the walk
 * can be taken up again with the next node.
 *
 * @param resumeAt an authenticated node in which to start, instead of with the hash
 */
export function descend(walk: Walk, bytes: Uint8Array, resumeAt?: number): Outcome {
  const end = bytes.length;
  for (;;) {
    let at: number;
    let nodeEnd: number;
    if (walk.depth > 64) return "PathLength";
    if (resumeAt === undefined) {
      at = walk.cursor;
      if (at >= end) return "Truncated";
      const marker = bytes[at] as number;
      if (marker < 0xc0) return "NodeMalformed";
      if (marker > 0xf9) return "NodeTooLarge";
      const header = headerSize(marker);
      if (at + header > end) return "Truncated";
      const size = payloadSize(bytes, at, marker);
      if (header > 1 && size < (header === 2 ? 56 : 256)) return "NodeMalformed";
      if (size > MAX_NODE_BYTES - 3) return "NodeTooLarge";
      nodeEnd = at + header + size;
      if (nodeEnd > end) return "Truncated";
      if (nodeEnd - at < 32 && (walk.depth > 0 || walk.extended)) return "NodeTooSmall";
      if (!equalAt(keccak256(bytes.subarray(at, nodeEnd)), 0, walk.expected, walk.expectedAt)) return "NodeHashMismatch";
      walk.trail?.push({ depth: walk.depth, at });
      walk.cursor = nodeEnd;
      at += header;
    } else {
      const marker = bytes[resumeAt] as number;
      at = resumeAt + headerSize(marker);
      nodeEnd = at + payloadSize(bytes, resumeAt, marker);
      resumeAt = undefined;
    }

    // A further turn of this loop reads an embedded child.
    for (;;) {
      if (nodeEnd - at < 2) return "NodeMalformed";
      let child: number;
      if (nodeEnd - at === MAX_NODE_BYTES - 3) {
        // Rule 1: sixteen hashes, each behind its marker.
        child = at + 33 * nibble(walk.key, walk.depth);
        if (bytes[child] !== 0xa0) return "ChildMalformed";
        walk.depth += 1;
        walk.extended = false;
      } else if (isShort(bytes, at, nodeEnd, walk.depth)) {
        const outcome = shortNode(walk, bytes, at, nodeEnd);
        if (typeof outcome !== "number") return outcome;
        child = outcome;
      } else {
        if (walk.depth > 63) return "PathLength";
        child = branchChild(bytes, at, nodeEnd, nibble(walk.key, walk.depth));
        if (child < 0) return "BranchMalformed";
        walk.depth += 1;
        walk.extended = false;
      }

      const kind = bytes[child] as number;
      if (kind === 0xa0) {
        walk.expected = bytes;
        walk.expectedAt = child + 1;
        break;
      }
      if (kind === 0x80) return "absent";
      if (kind < 0xc0 || kind > 0xde) return "ChildMalformed";
      at = child + 1;
      nodeEnd = child + kind - 0xbf;
      walk.embedded?.push(bytes.subarray(child, nodeEnd));
    }
  }
}

/** Rule 3: whether a node has two items, a path and what it leads to, rather than seventeen. */
function isShort(bytes: Uint8Array, at: number, nodeEnd: number, depth: number): boolean {
  const marker = bytes[at] as number;
  if (marker !== 0xa0) return marker < 0xc0 && marker !== 0x80;
  if (depth > 2) return false;
  const second = at + 33;
  const first = bytes[second] ?? 0;
  let size = 1;
  if (first === 0xb8 || first === 0xf8) size = 2 + (bytes[second + 1] ?? 0);
  else if (first > 0x7f) size = 1 + (first & 0x3f);
  return second + size === nodeEnd;
}

/** Rule 2: the offset of a branch's child, -1 if the branch is malformed. */
function branchChild(bytes: Uint8Array, at: number, nodeEnd: number, index: number): number {
  const valueAt = nodeEnd - 1;
  const size = nodeEnd - at;
  if (bytes[valueAt] !== 0x80) return -1;
  const isPlain = size >= 81 && (size - 17) % 32 === 0;
  if (!isPlain && !isSixteen(bytes, at, valueAt)) return -1;
  let child = at;
  for (let i = 0; i < index; i++) child += 1 + ((bytes[child] ?? 0) & 0x3f);
  return child + 1 + ((bytes[child] ?? 0) & 0x3f) > valueAt ? -1 : child;
}

/** Whether sixteen children, two of them or more not empty, end where the value stands. */
function isSixteen(bytes: Uint8Array, at: number, valueAt: number): boolean {
  let children = 0;
  for (let i = 0; i < 16; i++) {
    const more = (bytes[at] ?? 0) & 0x3f;
    if (more > 0) children++;
    at += 1 + more;
  }
  return at === valueAt && children > 1;
}

/** A leaf or an extension: an outcome, or the offset of the extension's child. */
function shortNode(walk: Walk, bytes: Uint8Array, at: number, nodeEnd: number): Outcome | number {
  const first = bytes[at] as number;
  let path = at;
  let second = at + 1;
  if (first > 0x7f) {
    if (first < 0x82 || first > 0xa1) return "PathMalformed";
    path = second;
    second += first - 0x80;
  }
  if (second >= nodeEnd) return "NodeMalformed";
  const flag = bytes[path] as number;
  const odd = (flag >> 4) & 1;
  if (flag > 0x3f || (odd === 0 && (flag & 0x0f) !== 0)) return "PathMalformed";
  const nibbles = 2 * (second - path - 1) + odd;
  if (walk.extended) return "ExtensionMalformed";
  const marker = bytes[second] as number;

  if ((flag & 0x20) !== 0) {
    if (walk.depth + nibbles !== 64) return "PathLength";
    let valueAt = second;
    let valueEnd = second + 1;
    if (marker > 0x7f) {
      if (marker > 0xb8) return "ValueMalformed";
      valueAt = second + 1;
      valueEnd = valueAt + marker - 0x80;
      if (marker === 0xb8) {
        valueAt = second + 2;
        valueEnd = valueAt + (bytes[second + 1] ?? 0);
      }
    }
    if (valueEnd !== nodeEnd) return "NodeMalformed";
    const size = valueEnd - valueAt;
    if (size === 0 || (marker === 0x81 && (bytes[valueAt] as number) < 0x80) || (marker === 0xb8 && size < 56)) return "ValueMalformed";
    if (!onPath(walk, bytes, path, odd, nibbles)) return "absent";
    walk.valueAt = valueAt;
    walk.valueEnd = valueEnd;
    return "present";
  }

  if (nibbles === 0) return "PathMalformed";
  if (walk.depth + nibbles > 63) return "PathLength";
  if (marker !== 0xa0 && (marker < 0xc0 || marker > 0xde)) return "ChildMalformed";
  if (second + 1 + (marker & 0x3f) !== nodeEnd) return "NodeMalformed";
  if (!onPath(walk, bytes, path, odd, nibbles)) return "absent";
  walk.depth += nibbles;
  walk.extended = true;
  return second;
}

/** Whether a path's nibbles are the key's next ones. */
function onPath(walk: Walk, bytes: Uint8Array, path: number, odd: number, nibbles: number): boolean {
  for (let i = 0; i < nibbles; i++) {
    // The path's nibbles start behind the flag, and behind the pad where their number is even.
    const place = 2 - odd + i;
    const byte = bytes[path + (place >> 1)] as number;
    if ((place & 1 ? byte & 0x0f : byte >> 4) !== nibble(walk.key, walk.depth + i)) return false;
  }
  return true;
}

/** Behind the 64th, a nibble is zero. */
export function nibble(key: Uint8Array, index: number): number {
  const byte = key[index >> 1] ?? 0;
  return index & 1 ? byte & 0x0f : byte >> 4;
}

function headerSize(marker: number): number {
  return marker < 0xf8 ? 1 : marker - 0xf6;
}

function payloadSize(bytes: Uint8Array, at: number, marker: number): number {
  if (marker < 0xf8) return marker - 0xc0;
  const high = bytes[at + 1] ?? 0;
  return marker === 0xf8 ? high : (high << 8) | (bytes[at + 2] ?? 0);
}

/** The size by a node's own header. Where it has none that a node can have, its length: the walk says what is wrong. */
function nodeSize(node: Uint8Array): number {
  const marker = node[0];
  if (marker === undefined) return 1;
  if (marker < 0xc0 || marker > 0xf9) return node.length;
  return headerSize(marker) + payloadSize(node, 0, marker);
}

export function equalAt(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  for (let i = 0; i < 32; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

function isZero(word: Uint8Array): boolean {
  for (const byte of word) if (byte !== 0) return false;
  return true;
}

function keccakOfEmptyString(): Uint8Array {
  return keccak256(Uint8Array.of(0x80));
}
