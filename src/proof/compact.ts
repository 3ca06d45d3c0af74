import { SettlementGuardError } from "../errors.js";
import { keccak256 } from "../keccak.js";
import { decodeSlot, expectLength, type Account } from "./account.js";
import type { ProofReason } from "./reasons.js";
import { decodeRlp, encodeRlp, readRlpItem, type RlpItem } from "./rlp.js";
import { EMPTY_ROOT, equalAt, nibble } from "./trie.js";
import { concat, packWitness, type ProofAnswer, type WitnessVerdict } from "./witness.js";

/**
 * A slot of an account in fewer bytes than its nodes: the twin of `contracts/proof/CompactProof.sol`, where the format and the
 * argument for its soundness are written down. Rule for rule and reason for reason the two are the same function.
 */

/** As in `CompactProof.sol`: two proofs of the greatest length, as nodes. */
const MAX_WITNESS_BYTES = 2 * 65 * 532;

/** Kinds of ends. */
const NOTHING = 0;
const LEAF = 1;
const OTHER_LEAF = 2;
const OTHER_EXTENSION = 3;
const OTHER_EXTENSION_EMBEDDED = 4;

const NO_CHILD = Uint8Array.of(0x80);
const HASH_SIZE = 33;

type Failure = Exclude<ProofReason, "None">;

/** A slot's proof as a contract takes it, with what it proves. */
export interface CompactWitness {
  /** Undefined if the account is proven to be absent. */
  readonly account: Account | undefined;
  /** Undefined if the slot is proven to be absent. */
  readonly value: bigint | undefined;
  /**
   * For `CompactProof.tryAccountSlot`, or for `StateProof.tryAccountSlot` where the compact form has no words for a node, which no
   * trie of an Ethereum client has.
   */
  readonly form: "compact" | "plain";
  /** Why the form is plain. */
  readonly reason?: Failure;
  readonly witness: Uint8Array;
}

// --- verifying ---

/** Where a part stands, from its end up to its root. */
interface Climb {
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
  cursor: number;
  kind: number;
  depth: number;
  /** How the node above refers to the child: 0x80 for nothing, 0xa0 and a hash, or an embedded node. */
  reference: Uint8Array;
  isBranch: boolean;
  slot: bigint;
  account: Account | undefined;
}

/** Thrown and caught in this file alone. */
class Refusal {
  constructor(readonly reason: Failure) {}
}

/**
 * What a compact witness shows about one slot of an account.
 *
 * @param stateRoot 32 bytes, authenticated by the caller
 * @throws INVALID_HEX if the root, the address or the slot has another length
 */
export function verifyCompact(
  stateRoot: Uint8Array,
  address: Uint8Array,
  slot: Uint8Array,
  witness: Uint8Array,
): WitnessVerdict {
  expectLength(stateRoot, 32, "state root");
  expectLength(address, 20, "address");
  expectLength(slot, 32, "slot");
  if (stateRoot.every((byte) => byte === 0)) return { status: "invalid", reason: "ZeroRoot" };
  if (witness.length > MAX_WITNESS_BYTES) return { status: "invalid", reason: "WitnessTooLarge" };
  try {
    const climb = startClimb(witness, 0, keccak256(address));
    const below = accountPart(climb, keccak256(slot));
    if (!equalAt(rootOf(climb), 0, stateRoot, 0)) return { status: "invalid", reason: "NodeHashMismatch" };
    if (climb.cursor !== witness.length) return { status: "invalid", reason: "TrailingBytes" };
    return {
      status: "valid",
      account: climb.account === undefined ? { status: "absent" } : { status: "present", value: climb.account },
      slots: [below?.kind === LEAF ? { status: "present", value: below.slot } : { status: "absent" }],
    };
  } catch (error) {
    if (error instanceof Refusal) return { status: "invalid", reason: error.reason };
    throw error;
  }
}

/**
 * The root of a storage trie, out of a slot's part alone, and the value under it.
 *
 * @internal what {@link verifyCompact} does below an account, for keys that are no hashes
 */
export function climbSlot(
  key: Uint8Array,
  bytes: Uint8Array,
): { readonly root: Uint8Array; readonly value: bigint | undefined } | Failure {
  try {
    const climb = startClimb(bytes, 0, key);
    slotPart(climb);
    if (climb.cursor !== bytes.length) return "TrailingBytes";
    return { root: rootOf(climb), value: climb.kind === LEAF ? climb.slot : undefined };
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

function startClimb(bytes: Uint8Array, cursor: number, key: Uint8Array): Climb {
  const empty = { kind: NOTHING, depth: 0, reference: NO_CHILD, isBranch: false, slot: 0n, account: undefined };
  return { bytes, key, cursor, ...empty };
}

/** The account's part; the slot's, inside it, is returned if the account is present. */
function accountPart(climb: Climb, slotKey: Uint8Array): Climb | undefined {
  const path = readEnd(climb);
  let below: Climb | undefined;
  if (climb.kind === LEAF) {
    below = startClimb(climb.bytes, climb.cursor, slotKey);
    slotPart(below);
    climb.cursor = below.cursor;
    accountLeaf(climb, path, rootOf(below));
  } else if (climb.kind === OTHER_LEAF) {
    accountLeaf(climb, path, undefined);
  }
  climbToRoot(climb);
  return below;
}

function slotPart(climb: Climb): void {
  const path = readEnd(climb);
  if (climb.kind === LEAF || climb.kind === OTHER_LEAF) slotLeaf(climb, path);
  climbToRoot(climb);
}

function rootOf({ reference }: Climb): Uint8Array {
  return reference.length === HASH_SIZE ? reference.subarray(1) : keccak256(reference);
}

/** Kind and depth; all of an end that is no leaf, or a leaf's path, which is returned. */
function readEnd(climb: Climb): number[] {
  const [kind, depth] = take(climb, 2) as unknown as [number, number];
  if (kind > OTHER_EXTENSION_EMBEDDED) throw new Refusal("NodeMalformed");
  if (depth > 64) throw new Refusal("PathLength");
  climb.kind = kind;
  climb.depth = depth;
  if (kind >= OTHER_EXTENSION) otherExtension(climb);
  if (kind === LEAF) return keyPath(climb.key, depth, 64);
  return kind === OTHER_LEAF ? otherPath(climb, keyPath(climb.key, depth, 64)) : [];
}

/** The path of a node that is not on the key's way. If it were the key's `own`, it would show nothing; a path of no nibble always is. */
function otherPath(climb: Climb, own: readonly number[]): number[] {
  const nibbles = [...take(climb, (own.length + 1) >> 1)].flatMap((byte) => [byte >> 4, byte & 0x0f]);
  const pad = own.length % 2 === 1 ? nibbles.shift() : 0;
  if (pad !== 0 || nibbles.every((each, i) => each === own[i])) throw new Refusal("PathMalformed");
  return nibbles;
}

/** An extension that leads away from the key, so that nothing lies on the key's way. */
function otherExtension(climb: Climb): void {
  const [nibbles] = take(climb, 1) as unknown as [number];
  if (climb.depth + nibbles > 63) throw new Refusal("PathLength");
  const path = otherPath(climb, keyPath(climb.key, climb.depth, climb.depth + nibbles));
  const reference = climb.kind === OTHER_EXTENSION ? hashReference(take(climb, 32)) : takeEmbedded(climb);
  close(climb, [hexPrefix(0, path), reference]);
}

function slotLeaf(climb: Climb, path: readonly number[]): void {
  const value = takeInteger(climb, 32, "ValueMalformed");
  if (value.length === 1 && value[0] === 0x80) throw new Refusal("ValueMalformed");
  climb.slot = decodeSlot(value) as bigint;
  close(climb, [hexPrefix(2, path), encodeRlp(value)]);
}

/** @param storageRoot what the part of the slot came to; undefined where the root is sent */
function accountLeaf(climb: Climb, path: readonly number[], storageRoot: Uint8Array | undefined): void {
  const nonce = takeInteger(climb, 8, "AccountMalformed");
  const balance = takeInteger(climb, 32, "AccountMalformed");
  const sent = take(climb, storageRoot === undefined ? 64 : 32);
  const root = storageRoot ?? sent.subarray(0, 32);
  const codeHash = sent.subarray(sent.length - 32);
  const value = list([nonce, balance, hashReference(root), hashReference(codeHash)]);
  if (storageRoot !== undefined)
    climb.account = {
      nonce: decodeSlot(nonce) ?? 0n,
      balance: decodeSlot(balance) ?? 0n,
      storageRoot: root,
      codeHash,
    };
  close(climb, [hexPrefix(2, path), encodeRlp(value)]);
}

/** The steps from an end up to its root. */
function climbToRoot(climb: Climb): void {
  while (climb.depth > 0) {
    const [kind] = take(climb, 1) as unknown as [number];
    if (kind === 0) fullBranch(climb);
    else if (kind > 2) extension(climb, kind - 2);
    else branch(climb, kind);
  }
}

/** A branch of sixteen hashes. In the place of the child on the way, child 15 is sent. */
function fullBranch(climb: Climb): void {
  if (climb.reference.length !== HASH_SIZE) throw new Refusal("BranchMalformed");
  const onWay = nibble(climb.key, climb.depth - 1);
  const sent = take(climb, 15 * 32);
  const items = Array.from({ length: 15 }, (_, i) => hashReference(sent.subarray(32 * i, 32 * i + 32)));
  if (onWay < 15) items.push(items[onWay] as Uint8Array);
  items[onWay] = climb.reference;
  rise(climb, items);
}

/** Any other branch. `kind` is 1, or 2 where some of the other children are embedded. */
function branch(climb: Climb, kind: number): void {
  const onWay = nibble(climb.key, climb.depth - 1);
  const masks = take(climb, 2 * kind);
  const mask = (at: number): number => ((masks[at] as number) << 8) | (masks[at + 1] as number);
  const others = mask(0);
  const embedded = kind === 2 ? mask(2) : 0;
  const children = climb.reference.length === 1 ? others : others | (1 << onWay);
  if (
    (others & (1 << onWay)) !== 0 ||
    (embedded & ~others) !== 0 ||
    (children & (children - 1)) === 0 ||
    (kind === 2 && embedded === 0) ||
    (kind === 1 && climb.reference.length === HASH_SIZE && children === 0xffff)
  )
    throw new Refusal("BranchMalformed");

  const items: Uint8Array[] = [];
  for (let i = 0; i < 16; i++) {
    if (i === onWay) items.push(climb.reference);
    else if ((embedded >> i) & 1) items.push(takeEmbedded(climb));
    else items.push((others >> i) & 1 ? hashReference(take(climb, 32)) : NO_CHILD);
  }
  rise(climb, items);
}

/** Above a branch. */
function rise(climb: Climb, children: readonly Uint8Array[]): void {
  close(climb, [...children, NO_CHILD]);
  climb.depth -= 1;
  climb.isBranch = true;
}

function extension(climb: Climb, nibbles: number): void {
  if (nibbles > 63) throw new Refusal("NodeMalformed");
  if (!climb.isBranch) throw new Refusal("ExtensionMalformed");
  if (nibbles > climb.depth) throw new Refusal("PathLength");
  const path = keyPath(climb.key, climb.depth - nibbles, climb.depth);
  close(climb, [hexPrefix(0, path), climb.reference]);
  climb.depth -= nibbles;
  climb.isBranch = false;
}

/** Makes a node of its items, and the child of what comes next. */
function close(climb: Climb, items: readonly Uint8Array[]): void {
  const node = list(items);
  climb.reference = node.length < 32 ? node : hashReference(keccak256(node));
}

// --- what is sent ---

function take(climb: Climb, size: number): Uint8Array {
  const start = climb.cursor;
  if (climb.bytes.length - start < size) throw new Refusal("Truncated");
  climb.cursor += size;
  return climb.bytes.subarray(start, climb.cursor);
}

/** An embedded node: a list of 3 to 31 bytes, by its first byte. */
function takeEmbedded(climb: Climb): Uint8Array {
  const marker = climb.bytes[climb.cursor];
  if (marker === undefined) throw new Refusal("Truncated");
  if (marker < 0xc2 || marker > 0xde) throw new Refusal("ChildMalformed");
  return take(climb, marker - 0xbf);
}

/** One RLP integer of at most `width` bytes: no leading zero, and no prefix before a byte below 0x80. */
function takeInteger(climb: Climb, width: number, malformed: Failure): Uint8Array {
  const marker = climb.bytes[climb.cursor];
  if (marker === undefined) throw new Refusal("Truncated");
  if (marker === 0 || marker > 0x80 + width) throw new Refusal(malformed);
  const integer = take(climb, marker < 0x80 ? 1 : marker - 0x7f);
  const first = integer[1];
  if (first === 0 || (marker === 0x81 && (first as number) < 0x80)) throw new Refusal(malformed);
  return integer;
}

// --- what is built ---

function hashReference(hash: Uint8Array): Uint8Array {
  const reference = new Uint8Array(HASH_SIZE);
  reference[0] = 0xa0;
  reference.set(hash, 1);
  return reference;
}

/** A list of items that are encoded already. */
function list(items: readonly Uint8Array[]): Uint8Array {
  const size = items.reduce((sum, item) => sum + item.length, 0);
  const header = size < 56 ? [0xc0 + size] : size < 256 ? [0xf8, size] : [0xf9, size >> 8, size & 0xff];
  return concat([Uint8Array.from(header), ...items]);
}

/** A hex-prefix path, as a string. `flag` is 0 for an extension, 2 for a leaf. */
function hexPrefix(flag: number, path: readonly number[]): Uint8Array {
  const odd = path.length % 2;
  return encodeRlp(packNibbles(odd === 1 ? [flag + 1, ...path] : [flag, 0, ...path]));
}

function keyPath(key: Uint8Array, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => nibble(key, from + i));
}

// --- packing ---

/**
 * Checks every node of an `eth_getProof` answer and packs one slot's into a compact witness.
 *
 * @param request.stateRoot 32 bytes, authenticated by the caller
 * @throws as `packWitness`, whose nodes this goes through
 */
export function packCompact(
  request: { readonly stateRoot: Uint8Array; readonly address: Uint8Array; readonly slot: Uint8Array },
  answer: ProofAnswer,
): CompactWitness {
  const { stateRoot, address, slot } = request;
  const { account, slots, witness: plain } = packWitness({ stateRoot, address, slots: [slot] }, answer);
  const proven = { account, value: slots[0]?.value };
  try {
    const witness = leaveOut(plain, stateRoot, keccak256(address), keccak256(slot));
    const verdict = verifyCompact(stateRoot, address, slot, witness);
    if (verdict.status === "invalid") throw new Refusal(verdict.reason);
    return { ...proven, form: "compact", witness };
  } catch (error) {
    if (error instanceof Refusal) return { ...proven, form: "plain", reason: error.reason, witness: plain };
    throw error;
  }
}

/**
 * The part of a slot, or why it cannot be written.
 *
 * @param nodes checked, root first, without embedded ones
 * @internal
 */
export function packSlotPart(key: Uint8Array, root: Uint8Array, nodes: readonly Uint8Array[]): Uint8Array | Failure {
  try {
    return concat(compactPart(key, root, nodes[Symbol.iterator](), (value) => [value]));
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

/** A witness of nodes, without what can be computed. */
function leaveOut(plain: Uint8Array, stateRoot: Uint8Array, accountKey: Uint8Array, slotKey: Uint8Array): Uint8Array {
  const nodes = eachNode(plain);
  const accountFields: Fields = (value, isOwn) => {
    const [nonce, balance, storageRoot, codeHash] = decoded(value, 4, "AccountMalformed") as Uint8Array[];
    const integers = [encodeRlp(nonce as Uint8Array), encodeRlp(balance as Uint8Array)];
    if (!isOwn) return [...integers, storageRoot as Uint8Array, codeHash as Uint8Array];
    const below = compactPart(slotKey, storageRoot as Uint8Array, nodes, (slotValue) => [slotValue]);
    return [...below, ...integers, codeHash as Uint8Array];
  };
  return concat(compactPart(accountKey, stateRoot, nodes, accountFields));
}

type Fields = (value: Uint8Array, isOwn: boolean) => readonly Uint8Array[];

/**
 * One part, of the nodes on a key's way.
 *
 * @param fields what is sent of a leaf's value
 */
function compactPart(key: Uint8Array, root: Uint8Array, nodes: Iterator<Uint8Array>, fields: Fields): Uint8Array[] {
  if (equalAt(EMPTY_ROOT, 0, root, 0)) return [Uint8Array.of(NOTHING, 0)];
  const steps: Uint8Array[] = [];
  let depth = 0;
  let node: RlpItem = HASHED;
  for (;;) {
    const items: RlpItem[] = Array.isArray(node) ? node : decoded(nodes.next().value as Uint8Array);
    if (items.length === 17) {
      const onWay = nibble(key, depth);
      steps.unshift(...branchStep(items, onWay));
      depth += 1;
      node = items[onWay] as RlpItem;
    } else {
      const [path, second] = items as [Uint8Array, RlpItem];
      const flag = (path[0] as number) >> 4;
      const nibbles = [...path].flatMap((byte) => [byte >> 4, byte & 0x0f]).slice(2 - (flag & 1));
      const isOwn = keyPath(key, depth, depth + nibbles.length).every((each, i) => each === nibbles[i]);
      const sentPath = isOwn ? [] : [packNibbles(nibbles)];
      if (flag >= 2) {
        const end = Uint8Array.of(isOwn ? LEAF : OTHER_LEAF, depth);
        return [end, ...sentPath, ...fields(second as Uint8Array, isOwn), ...steps];
      }
      if (!isOwn) {
        const kind = Array.isArray(second) ? OTHER_EXTENSION_EMBEDDED : OTHER_EXTENSION;
        return [Uint8Array.of(kind, depth, nibbles.length), ...sentPath, sentChild(second), ...steps];
      }
      steps.unshift(Uint8Array.of(2 + nibbles.length));
      depth += nibbles.length;
      node = second;
    }
    if (isNothing(node)) return [Uint8Array.of(NOTHING, depth), ...steps];
  }
}

/** Stands for the node that comes next in the list. */
const HASHED = Uint8Array.of(0xa0);

function branchStep(items: readonly RlpItem[], onWay: number): Uint8Array[] {
  let others = 0;
  let embedded = 0;
  const sent: Uint8Array[] = [];
  for (const [i, child] of items.slice(0, 16).entries()) {
    if (i === onWay || isNothing(child)) continue;
    others |= 1 << i;
    if (Array.isArray(child)) embedded |= 1 << i;
    sent.push(sentChild(child));
  }
  const masks = [others >> 8, others & 0xff, embedded >> 8, embedded & 0xff];
  const child = items[onWay] as RlpItem;
  if (sent.length === 15 && embedded === 0 && child.length === 32 && !Array.isArray(child)) {
    // All sixteen are hashes.
    const last = onWay < 15 ? sent.splice(14, 1) : [];
    return [Uint8Array.of(0), ...sent.slice(0, onWay), ...last, ...sent.slice(onWay)];
  }
  const kind = embedded === 0 ? 1 : 2;
  return [Uint8Array.of(kind, ...masks.slice(0, 2 * kind)), ...sent];
}

function isNothing(child: RlpItem): boolean {
  return !Array.isArray(child) && child.length === 0;
}

/** A hash, or an embedded node. The plain form may be silent about a sibling that is neither; this one cannot. */
function sentChild(child: RlpItem): Uint8Array {
  if (!Array.isArray(child) && child.length !== 32) throw new Refusal("ChildMalformed");
  return Array.isArray(child) ? encodeRlp(child) : child;
}

/** Nibbles in as few bytes as they need, an odd one behind a zero. */
function packNibbles(nibbles: readonly number[]): Uint8Array {
  const even = nibbles.length % 2 === 1 ? [0, ...nibbles] : nibbles;
  return Uint8Array.from(
    { length: even.length / 2 },
    (_, i) => ((even[2 * i] as number) << 4) | (even[2 * i + 1] as number),
  );
}

function* eachNode(bytes: Uint8Array): Generator<Uint8Array, never> {
  for (let at = 0; at < bytes.length;) {
    const { end } = readRlpItem(bytes, at, bytes.length);
    yield bytes.subarray(at, end);
    at = end;
  }
  throw new Refusal("Truncated");
}

/** A list; of so many items, where that is known. */
function decoded(bytes: Uint8Array, count?: number, reason: Failure = "NodeMalformed"): RlpItem[] {
  let item: RlpItem;
  try {
    item = decodeRlp(bytes);
  } catch (error) {
    if (SettlementGuardError.is(error, "INVALID_RLP")) throw new Refusal(reason);
    throw error;
  }
  if (!Array.isArray(item) || (count !== undefined && item.length !== count)) throw new Refusal(reason);
  return item;
}
