import { equalBytes } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { childOf, decodeNode, HASH_SIZE, MAX_NODE_BYTES, nibble, type Failure, type TrieNode } from "./node.js";
import type { ProofVerdict } from "./reasons.js";

/**
 * A walk down a Merkle-Patricia trie whose keys have 64 nibbles, through the nodes that `eth_getProof` lists. The twin of
 * `contracts/proof/StateProofReference.sol`: rule for rule and reason for reason the two are the same function.
 */

/** keccak256(0x80), the root of a trie that holds nothing. Its proof is empty. */
export const EMPTY_ROOT = keccak256(Uint8Array.of(0x80));

/**
 * What nodes show about a key that is a hash already.
 *
 * Whoever may choose the key may choose what is proven: for accounts and slots use `verifyAccount` and `verifySlot`, which hash.
 *
 * @param root 32 bytes, authenticated by the caller
 * @param hashedKey 32 bytes
 * @param nodes root first, embedded ones not listed
 * @param options.hash Keccak-256; one that remembers where several proofs share nodes
 * @param options.embedded is filled with the embedded nodes on the way
 */
export function verifyHashedKey(
  root: Uint8Array,
  hashedKey: Uint8Array,
  nodes: readonly Uint8Array[],
  options: { readonly hash?: (node: Uint8Array) => Uint8Array; readonly embedded?: Uint8Array[] } = {},
): ProofVerdict<Uint8Array> {
  if (root.every((byte) => byte === 0)) return invalid("ZeroRoot");
  if (equalBytes(root, EMPTY_ROOT)) return nodes.length === 0 ? { status: "absent" } : invalid("TrailingBytes");
  const { hash = keccak256, embedded = [] } = options;
  const place: Place = { depth: 0, isExtended: false, embedded };
  let expected = root;
  for (const [i, node] of nodes.entries()) {
    if (node.length > MAX_NODE_BYTES) return invalid("NodeTooLarge");
    if (node.length < 32 && i > 0) return invalid("NodeTooSmall");
    if (!equalBytes(hash(node), expected)) return invalid("NodeHashMismatch");
    const found = follow(node, hashedKey, place);
    if (found instanceof Uint8Array) expected = found;
    else if (found.status === "invalid" || i === nodes.length - 1) return found;
    else return invalid("TrailingBytes");
  }
  return invalid("Truncated");
}

/** Where a walk stands: nibbles of the key behind it, and whether an extension led there. */
interface Place {
  depth: number;
  isExtended: boolean;
  readonly embedded: Uint8Array[];
}

/** A verdict, or the hash of the next node. Goes through embedded nodes. */
function follow(bytes: Uint8Array, key: Uint8Array, place: Place): ProofVerdict<Uint8Array> | Uint8Array {
  for (;;) {
    const node = decodeNode(bytes);
    if (typeof node === "string") return invalid(node);
    const found = step(node, key, place);
    if (!(found instanceof Uint8Array)) return found;
    if (found[0] === 0x80) return { status: "absent" };
    if (found.length === HASH_SIZE) return found.subarray(1);
    place.embedded.push(found);
    bytes = found;
  }
}

/** A verdict, or the reference to the next node. */
function step(node: TrieNode, key: Uint8Array, place: Place): ProofVerdict<Uint8Array> | Uint8Array {
  if (node.kind === "branch") {
    if (place.depth > 63) return invalid("PathLength");
    place.isExtended = false;
    return childOf(node, nibble(key, place.depth++));
  }
  if (place.isExtended) return invalid("ExtensionMalformed");
  const { path } = node;
  const reach = place.depth + path.length;
  if (node.kind === "leaf" ? reach !== 64 : reach > 63) return invalid("PathLength");
  if (!path.every((each, i) => each === nibble(key, place.depth + i))) return { status: "absent" };
  if (node.kind === "leaf") return { status: "present", value: node.value };
  place.depth = reach;
  place.isExtended = true;
  return node.child;
}

function invalid(reason: Failure): { readonly status: "invalid"; readonly reason: Failure } {
  return { status: "invalid", reason };
}
