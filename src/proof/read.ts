import { compareBytes, concat, equalBytes } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { decodeSlot, type Account } from "./account.js";
import { HASH_SIZE, isReference, nibble, packNibbles, type Failure } from "./node.js";
import { encodeRlp } from "../core/rlp.js";

/**
 * The reader of witnesses: the twin of `contracts/proof/TrieReader.sol`, which has the format and the argument for its soundness. Both
 * accept the same bytes, and refuse at the same offset; this one says why.
 */

/** Kinds of ends. */
export const END = { SHARED: 3, NOTHING: 4, LEAF: 5, OTHER_LEAF: 6, OTHER_EXTENSION: 7 } as const;

/** Kinds of steps. An extension adds the number of its nibbles. */
export const STEP = { FULL_BRANCH: 0, BRANCH: 1, MIXED_BRANCH: 2, EXTENSION: 64 } as const;

const NOTHING = Uint8Array.of(0x80);

/** Thrown where a witness is refused. */
export class Refusal extends Error {
  constructor(
    readonly reason: Failure,
    /** Byte at which the end or the step starts. */
    readonly offset: number,
  ) {
    super(reason);
  }
}

/** A child that waits for others of its branch; without a reference it was left to a later key. */
interface Entry {
  readonly reference: Uint8Array | undefined;
  /** Of the branch. */
  readonly depth: number;
  readonly index: number;
}

/** A witness that is read from its start to its end, part by part. */
export class Reader {
  #cursor = 0;
  #mark = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The root to which the part of slots comes, and their values, zero for an absent one. */
  slots(keys: readonly Uint8Array[]): { root: Uint8Array; values: bigint[] } {
    const values = keys.map(() => 0n);
    const root = this.#part(keys, (own) => {
      const value = this.#integer(32, "ValueMalformed");
      const number = decodeSlot(value) ?? this.refuse("ValueMalformed");
      if (own !== undefined) values[own] = number;
      return value;
    });
    return { root, values };
  }

  /** The root to which the part of an account comes. @param storageRoot where slots were read before */
  account(key: Uint8Array, storageRoot: Uint8Array | undefined): { root: Uint8Array; account: Account | undefined } {
    let account: Account | undefined;
    const root = this.#part([key], (own) => {
      const nonce = this.#integer(8, "AccountMalformed");
      const balance = this.#integer(32, "AccountMalformed");
      const itsRoot = own === undefined || storageRoot === undefined ? this.#take(32) : storageRoot;
      const codeHash = this.#take(32);
      if (own !== undefined)
        account = {
          nonce: decodeSlot(nonce) ?? 0n,
          balance: decodeSlot(balance) ?? 0n,
          storageRoot: itsRoot,
          codeHash,
        };
      return list([nonce, balance, hashed(itsRoot), hashed(codeHash)]);
    });
    return { root, account };
  }

  /** @throws Refusal unless all was read, and came to `root` */
  end(root: Uint8Array, expected: Uint8Array): void {
    if (!equalBytes(root, expected)) this.refuse("NodeHashMismatch");
    if (this.#cursor !== this.#bytes.length) this.refuse("TrailingBytes");
  }

  refuse(reason: Failure): never {
    throw new Refusal(reason, this.#mark);
  }

  // --- ends ---

  #part(keys: readonly Uint8Array[], value: (own: number | undefined) => Uint8Array): Uint8Array {
    if (keys.length === 0 || keys.some((key, i) => i > 0 && compareBytes(keys[i - 1] as Uint8Array, key) >= 0))
      this.refuse("SlotOrder");
    const climb: Climb = { keys, next: 0, stack: [], path: [], reference: NOTHING, isBranch: false };
    do {
      this.#mark = this.#cursor;
      const own = climb.next;
      const kind = this.#byte();
      climb.path = nibblesOf(keys[own] as Uint8Array);
      if (kind === END.SHARED) this.#leaveToLater(climb);
      else {
        const depth = this.#byte();
        if (depth > 64) this.refuse("PathLength");
        climb.isBranch = false;
        this.#end(climb, kind, depth, value);
        this.#steps(climb);
      }
    } while (climb.path.length > 0);
    this.#mark = this.#cursor;
    return climb.reference.length === HASH_SIZE ? climb.reference.subarray(1) : keccak256(climb.reference);
  }

  #end(climb: Climb, kind: number, depth: number, value: (own: number | undefined) => Uint8Array): void {
    const above = climb.path.slice(0, depth);
    const own = climb.next;
    if (kind === END.NOTHING || kind === END.LEAF) {
      climb.next++;
      this.#answer(climb, depth, kind === END.LEAF);
      climb.reference = kind === END.NOTHING ? NOTHING : this.#leaf(climb.path.slice(depth), value(own));
    } else if (kind === END.OTHER_LEAF) {
      const path = this.#path(64 - depth);
      climb.path = [...above, ...path];
      this.#answer(climb, depth, false);
      climb.reference = this.#leaf(path, value(undefined));
    } else if (kind === END.OTHER_EXTENSION) {
      const nibbles = this.#byte();
      // A branch below the 64th nibble has no children.
      if (depth + nibbles > 63) this.refuse("PathLength");
      const path = this.#path(nibbles);
      climb.path = [...above, ...path];
      this.#answer(climb, depth, false);
      const child = this.#reference();
      if (child.length === 1) this.refuse("ChildMalformed");
      climb.reference = node([hexPrefix(0, path), child]);
    } else this.refuse("NodeMalformed");
    climb.path = climb.path.slice(0, depth);
  }

  #leaf(path: readonly number[], value: Uint8Array): Uint8Array {
    return node([hexPrefix(2, path), encodeRlp(value)]);
  }

  /** The key ends where a later one does: nobody knows yet in what. */
  #leaveToLater(climb: Climb): void {
    const later = climb.keys[climb.next + 1];
    if (later === undefined) this.refuse("Truncated");
    const depth = common(climb.path, later);
    climb.stack.push({ reference: undefined, depth, index: climb.path[depth] as number });
    climb.next++;
  }

  /**
   * Keys that reach the node at `depth` and part from `climb.path` inside it are absent. They are earlier ones, left to this one,
   * and the next ones.
   */
  #answer(climb: Climb, depth: number, takesBack: boolean): void {
    const { keys, path, stack } = climb;
    for (let top = stack.at(-1); top !== undefined && top.depth >= depth; top = stack.at(-1)) {
      if (!takesBack || top.reference !== undefined) this.refuse("PathMalformed");
      stack.pop();
    }
    for (let key = keys[climb.next]; key !== undefined; key = keys[++climb.next]) {
      const shared = common(path, key);
      if (shared < depth) break;
      if (shared === path.length) this.refuse("PathMalformed");
    }
  }

  /** A path that is sent. */
  #path(nibbles: number): number[] {
    const path = nibblesOf(this.#take((nibbles + 1) >> 1));
    if (nibbles % 2 === 1 && path.shift() !== 0) this.refuse("PathMalformed");
    return path;
  }

  // --- steps ---

  /** Up to the root, or to a branch in which the next key has another way. */
  #steps(climb: Climb): void {
    while (climb.path.length > 0) {
      this.#mark = this.#cursor;
      const kind = this.#bytes[this.#cursor] ?? this.refuse("Truncated");
      if (kind > STEP.EXTENSION) {
        this.#cursor++;
        this.#extension(climb, kind - STEP.EXTENSION);
        continue;
      }
      const depth = climb.path.length - 1;
      climb.stack.push({ reference: climb.reference, depth, index: climb.path[depth] as number });
      const next = climb.keys[climb.next];
      if (next !== undefined && common(climb.path, next) >= depth) return;
      this.#cursor++;
      this.#branch(climb, kind, depth);
    }
  }

  #extension(climb: Climb, nibbles: number): void {
    if (!climb.isBranch) this.refuse("ExtensionMalformed");
    const depth = climb.path.length - nibbles;
    if (depth < 0) this.refuse("PathLength");
    climb.reference = node([hexPrefix(0, climb.path.slice(depth)), climb.reference]);
    climb.isBranch = false;
    this.#answer(climb, depth, true);
    climb.path = climb.path.slice(0, depth);
  }

  #branch(climb: Climb, kind: number, depth: number): void {
    const ways = new Map<number, Uint8Array>();
    for (let top = climb.stack.at(-1); top?.depth === depth; top = climb.stack.at(-1)) {
      ways.set(top.index, top.reference ?? this.refuse("BranchMalformed"));
      climb.stack.pop();
    }
    const children = this.#children(kind, ways);
    if (children.filter((child) => child.length > 1).length < 2) this.refuse("BranchMalformed");
    const isFull = ways.size === 1 && children.every((child) => child.length === HASH_SIZE);
    if (isFull !== (kind === STEP.FULL_BRANCH)) this.refuse("BranchMalformed");
    climb.reference = node([...children, NOTHING]);
    climb.path = climb.path.slice(0, depth);
    climb.isBranch = true;
  }

  #children(kind: number, ways: ReadonlyMap<number, Uint8Array>): Uint8Array[] {
    const indices = Array.from({ length: 16 }, (_, i) => i);
    if (kind === STEP.FULL_BRANCH) {
      const children = indices.slice(1).map(() => hashed(this.#take(32)));
      const [[way, own] = [0, NOTHING]] = ways;
      if (way < 15) children.push(children[way] as Uint8Array);
      children[way] = own;
      return children;
    }
    if (kind === STEP.BRANCH) {
      const bits = (this.#byte() << 8) | this.#byte();
      if ([...ways.keys()].some((i) => ((bits >> i) & 1) === 1)) this.refuse("BranchMalformed");
      return indices.map((i) => ways.get(i) ?? (((bits >> i) & 1) === 1 ? hashed(this.#take(32)) : NOTHING));
    }
    if (kind !== STEP.MIXED_BRANCH) this.refuse("NodeMalformed");
    const sent = indices.map((i) => (ways.has(i) ? NOTHING : this.#reference()));
    if (sent.every((child) => child.length === 1 || child.length === HASH_SIZE)) this.refuse("BranchMalformed");
    return sent.map((child, i) => ways.get(i) ?? child);
  }

  // --- what is sent ---

  #byte(): number {
    return this.#take(1)[0] as number;
  }

  #take(size: number): Uint8Array {
    if (this.#bytes.length - this.#cursor < size) this.refuse("Truncated");
    this.#cursor += size;
    return this.#bytes.subarray(this.#cursor - size, this.#cursor);
  }

  #reference(): Uint8Array {
    const marker = this.#byte();
    if (!isReference(marker)) this.refuse("ChildMalformed");
    this.#cursor--;
    return this.#take(marker === 0xa0 ? HASH_SIZE : marker === 0x80 ? 1 : marker - 0xbf);
  }

  /** One RLP integer of at most `width` bytes: no leading zero, and no prefix before a byte below 0x80. */
  #integer(width: number, malformed: Failure): Uint8Array {
    const marker = this.#byte();
    if (marker === 0 || marker > 0x80 + width) this.refuse(malformed);
    this.#cursor--;
    const integer = this.#take(marker < 0x80 ? 1 : marker - 0x7f);
    const first = integer[1];
    if (first === 0 || (marker === 0x81 && (first as number) < 0x80)) this.refuse(malformed);
    return integer;
  }
}

/** Where a part stands. */
interface Climb {
  readonly keys: readonly Uint8Array[];
  /** The first key that has no answer. */
  next: number;
  readonly stack: Entry[];
  /** The nibbles that lead to the child. */
  path: readonly number[];
  reference: Uint8Array;
  isBranch: boolean;
}

function nibblesOf(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 0x0f]);
}

/** How many nibbles a path and a key have in common. */
function common(path: readonly number[], key: Uint8Array): number {
  const at = path.findIndex((each, i) => each !== nibble(key, i));
  return at < 0 ? path.length : at;
}

// --- what is built ---

/** How the node above refers to a node. */
function node(items: readonly Uint8Array[]): Uint8Array {
  const bytes = list(items);
  return bytes.length < 32 ? bytes : hashed(keccak256(bytes));
}

function hashed(hash: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(0xa0), hash]);
}

/** A list of items that are encoded already. */
function list(items: readonly Uint8Array[]): Uint8Array {
  const size = items.reduce((sum, item) => sum + item.length, 0);
  const header = size < 56 ? [0xc0 + size] : size < 256 ? [0xf8, size] : [0xf9, size >> 8, size & 0xff];
  return concat([Uint8Array.from(header), ...items]);
}

/** A hex-prefix path, as a string. @param flag 0 for an extension, 2 for a leaf */
function hexPrefix(flag: number, path: readonly number[]): Uint8Array {
  return encodeRlp(packNibbles(path.length % 2 === 1 ? [flag + 1, ...path] : [flag, 0, ...path]));
}
