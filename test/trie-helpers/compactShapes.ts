import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { concat, hexPrefix, nibblesOf, rlpList, rlpString } from "./buildTrie.js";
import { slotOf } from "./compact.js";

/** One part of a compact witness, written by hand, and what is to be said of it. */
export interface Shape {
  /** Of the attack catalogue. */
  readonly attack: string;
  readonly name: string;
  readonly key: Uint8Array;
  readonly part: Uint8Array;
  /** `invalid Reason`, or the root and the value. */
  readonly expected: string;
}

const KEY = keccak256(slotOf(7));
const NIBBLES = nibblesOf(KEY);
const EMPTY = Uint8Array.of(0x80);
const FIVE = Uint8Array.of(5);

const filled = (byte: number, size = 32): Uint8Array => new Uint8Array(size).fill(byte);
const hashed = (rlp: Uint8Array): Uint8Array => rlpString(keccak256(rlp));
const refer = (rlp: Uint8Array): Uint8Array => (rlp.length < 32 ? rlp : hashed(rlp));
const two = (mask: number): Uint8Array => Uint8Array.of(mask >> 8, mask & 0xff);
const nibble = (depth: number): number => NIBBLES[depth] as number;
/** The bit of a child that the key does not name at this depth, `by` places further. */
const beside = (depth: number, by = 1): number => (nibble(depth) + by) % 16;

function leaf(path: readonly number[], value: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(path, true)), rlpString(value)]);
}

function extension(path: readonly number[], child: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(path, false)), child]);
}

function branch(children: Readonly<Record<number, Uint8Array>>): Uint8Array {
  return rlpList([...Array.from({ length: 16 }, (_, i) => children[i] ?? EMPTY), EMPTY]);
}

const shown = (root: Uint8Array, value: bigint | "-"): string => `${toHex(keccak256(root))}: ${value}`;

/** Every form of end and step once, each limit from both sides, and what a prover might hope for. */
export function compactShapes(): Shape[] {
  const shapes: Shape[] = [];
  const add = (attack: string, name: string, pieces: readonly (Uint8Array | number)[], expected: string, key = KEY) => {
    const part = concat(pieces.map((piece) => (typeof piece === "number" ? Uint8Array.of(piece) : piece)));
    shapes.push({ attack, name, key, part, expected });
  };
  const ownLeaf = leaf(NIBBLES.slice(1), FIVE);
  const sibling = two(1 << beside(0));
  const below = branch({ [nibble(0)]: refer(ownLeaf), [beside(0)]: hashed(filled(9)) });

  // --- well-formed ---
  add("M23", "a leaf that is the root", [1, 0, 5], shown(leaf(NIBBLES, FIVE), 5n));
  add("M38", "the empty trie", [0, 0], shown(EMPTY, "-"));
  add("M16", "a branch of two", [1, 1, 5, 1, sibling, keccak256(filled(9))], shown(below, 5n));
  const widest = concat([Uint8Array.of(0xa0), filled(0xff)]);
  add("R10", "the greatest value", [1, 0, widest], shown(leaf(NIBBLES, widest), 2n ** 256n - 1n));
  add(
    "R11",
    "a value of one byte with a prefix",
    [1, 0, 0x81, 0x80],
    shown(leaf(NIBBLES, Uint8Array.of(0x81, 0x80)), 128n),
  );
  const emptied = branch({ [beside(0)]: hashed(filled(1)), [beside(0, 2)]: hashed(filled(2)) });
  const pair = (1 << beside(0)) | (1 << beside(0, 2));
  const inOrder = beside(0) < beside(0, 2) ? [1, 2] : [2, 1];
  const ordered = inOrder.map((each) => keccak256(filled(each)));
  add("M1", "an empty child", [0, 1, 1, two(pair), ...ordered], shown(emptied, "-"));

  const hashes = Array.from({ length: 16 }, (_, i) => filled(0x20 + i));
  for (const onWay of [0, 7, 14, 15]) {
    const key = Uint8Array.from([(onWay << 4) | (nibble(1) & 15), ...KEY.subarray(1)]);
    const own = leaf(nibblesOf(key).slice(1), FIVE);
    const children = { ...hashes.map(rlpString), [onWay]: refer(own) };
    const sent = hashes.slice(0, 15);
    if (onWay < 15) sent[onWay] = hashes[15] as Uint8Array;
    const none = { ...hashes.map(rlpString), [onWay]: EMPTY };
    const others = hashes.filter((_, i) => i !== onWay);
    add("M7", `sixteen hashes, the way at ${onWay}`, [1, 1, 5, 0, ...sent], shown(branch(children), 5n), key);
    add(
      "M1",
      `fifteen hashes, nothing at ${onWay}`,
      [0, 1, 1, two(0xffff ^ (1 << onWay)), ...others],
      shown(branch(none), "-"),
      key,
    );
  }
  const path = NIBBLES.slice(0, 4);
  const deeper = branch({ [nibble(4)]: refer(leaf(NIBBLES.slice(5), FIVE)), [beside(4)]: hashed(filled(9)) });
  const deepPart = [1, 5, 5, 1, two(1 << beside(4)), keccak256(filled(9))];
  add("M10", "an extension", [...deepPart, 2 + 4], shown(extension(path, refer(deeper)), 5n));
  const odd = extension(NIBBLES.slice(1, 4), refer(deeper));
  const aboveOdd = branch({ [nibble(0)]: refer(odd), [beside(0)]: hashed(filled(3)) });
  add(
    "M10",
    "an extension of three nibbles below a branch",
    [...deepPart, 2 + 3, 1, sibling, keccak256(filled(3))],
    shown(aboveOdd, 5n),
  );

  const tail = NIBBLES.slice(62);
  const stump = leaf(tail, FIVE);
  const short = leaf(tail, Uint8Array.of(6));
  const embedding = branch({ [nibble(61)]: stump, [beside(61)]: short });
  add(
    "M16",
    "embedded leaves below an extension of 61 nibbles",
    [1, 62, 5, 2, two(1 << beside(61)), two(1 << beside(61)), short, 2 + 61],
    shown(extension(NIBBLES.slice(0, 61), refer(embedding)), 5n),
  );
  const mixed = branch({ [nibble(61)]: stump, [beside(61)]: short, [beside(61, 2)]: hashed(filled(4)) });
  const mask = (1 << beside(61)) | (1 << beside(61, 2));
  const sentMixed = beside(61) < beside(61, 2) ? [short, keccak256(filled(4))] : [keccak256(filled(4)), short];
  add(
    "M16",
    "an embedded leaf beside a hash",
    [1, 62, 5, 2, two(mask), two(1 << beside(61)), ...sentMixed, 2 + 61],
    shown(extension(NIBBLES.slice(0, 61), refer(mixed)), 5n),
  );
  const stranger = [beside(0), ...NIBBLES.slice(1)];
  const packed = (nibbles: readonly number[]): Uint8Array =>
    Uint8Array.from(
      Buffer.from(
        nibbles
          .map((each) => each.toString(16))
          .join("")
          .padStart(2 * ((nibbles.length + 1) >> 1), "0"),
        "hex",
      ),
    );
  add("M29", "another leaf", [2, 0, packed(stranger), 5], shown(leaf(stranger, FIVE), "-"));
  const oddStranger = [...NIBBLES.slice(1, 63), beside(63)];
  const besideOdd = branch({ [nibble(0)]: refer(leaf(oddStranger, FIVE)), [beside(0)]: hashed(filled(9)) });
  add(
    "M29",
    "another leaf that parts at the last nibble",
    [2, 1, packed(oddStranger), 5, 1, sibling, keccak256(filled(9))],
    shown(besideOdd, "-"),
  );
  const away = [nibble(0), beside(1)];
  add(
    "M10",
    "another extension",
    [3, 0, 2, packed(away), filled(8)],
    shown(extension(away, rlpString(filled(8))), "-"),
  );
  add(
    "M10",
    "another extension to an embedded branch",
    [4, 0, 2, packed(away), embedding],
    shown(extension(away, embedding), "-"),
  );
  const longest = [...NIBBLES.slice(0, 62), beside(62)];
  add(
    "M28",
    "another extension that ends before the last nibble",
    [3, 0, 63, packed(longest), filled(8)],
    shown(extension(longest, rlpString(filled(8))), "-"),
  );
  let deep = { rlp: leaf([], FIVE), pieces: [1, 64, 5] as (Uint8Array | number)[] };
  for (let depth = 63; depth >= 0; depth--) {
    const other = filled(depth + 1);
    const rlp = branch({ [nibble(depth)]: refer(deep.rlp), [beside(depth)]: rlpString(other) });
    deep = { rlp, pieces: [...deep.pieces, 1, two(1 << beside(depth)), other] };
  }
  add("M40", "a leaf below sixty-four branches", deep.pieces, shown(deep.rlp, 5n));

  // A leaf of 31 bytes is embedded, one of 32 is hashed.
  for (const size of [10, 11]) {
    const value = concat([Uint8Array.of(0x80 + size), filled(0x33, size)]);
    const edge = leaf(NIBBLES.slice(32), value);
    const fork = branch({ [nibble(31)]: refer(edge), [beside(31)]: hashed(filled(9)) });
    const steps = [1, two(1 << beside(31)), keccak256(filled(9)), 2 + 31];
    const root = extension(NIBBLES.slice(0, 31), refer(fork));
    add(
      "M22",
      `a leaf of ${edge.length} bytes`,
      [1, 32, value, ...steps],
      shown(root, BigInt(toHex(filled(0x33, size)))),
    );
  }

  // --- ends ---
  add("M2", "no bytes", [], "invalid Truncated");
  add("M1", "a kind without a depth", [0], "invalid Truncated");
  for (const kind of [5, 0x80, 0xff]) add("M33", `an end of kind ${kind}`, [kind, 0], "invalid NodeMalformed");
  for (const depth of [65, 255]) {
    for (const kind of [0, 1, 2, 3, 4])
      add("M28", `kind ${kind} at depth ${depth}`, [kind, depth, 5, 5], "invalid PathLength");
  }
  add("M1", "a leaf without a value", [1, 0], "invalid Truncated");
  add("M1", "a leaf that stops below its root", [1, 1, 5], "invalid Truncated");
  add("M1", "nothing that stops below its root", [0, 1], "invalid Truncated");
  add("M29", "the key's own leaf as another", [2, 0, KEY, 5], "invalid PathMalformed");
  add(
    "M29",
    "the key's own leaf as another, with a pad",
    [2, 1, Uint8Array.of(0x10 | nibble(1)), packed(NIBBLES.slice(2)), 5],
    "invalid PathMalformed",
  );
  add(
    "M12",
    "another leaf with a dirty pad",
    [2, 1, Uint8Array.of(0x10 | beside(1)), packed(NIBBLES.slice(2)), 5],
    "invalid PathMalformed",
  );
  add("M29", "another leaf without a path", [2, 64, 5], "invalid PathMalformed");
  add("M1", "another leaf whose path is cut", [2, 0, packed(stranger).subarray(1)], "invalid Truncated");
  add(
    "M10",
    "an extension of the key's as another",
    [3, 0, 2, packed(NIBBLES.slice(0, 2)), filled(8)],
    "invalid PathMalformed",
  );
  add("M14", "another extension without a nibble", [3, 0, 0, filled(8)], "invalid PathMalformed");
  add(
    "M28",
    "another extension through the last nibble",
    [3, 0, 64, packed(stranger), filled(8)],
    "invalid PathLength",
  );
  add("M28", "another extension below depth 63", [3, 63, 1, beside(63), filled(8)], "invalid PathLength");
  add("M1", "another extension without a length", [3, 0], "invalid Truncated");
  add("M1", "another extension without a path", [3, 0, 3], "invalid Truncated");
  add("M1", "another extension whose child is cut", [3, 0, 2, packed(away), filled(8, 31)], "invalid Truncated");
  add("M1", "another extension without a child", [4, 0, 2, packed(away)], "invalid Truncated");
  add("M1", "another extension whose embedded child is cut", [4, 0, 2, packed(away), 0xd0, 5], "invalid Truncated");
  for (const marker of [0x00, 0x80, 0xa0, 0xc0, 0xc1, 0xdf, 0xf8])
    add(
      "M20",
      `another extension to a child that starts with ${marker}`,
      [4, 0, 2, packed(away), marker, filled(8)],
      "invalid ChildMalformed",
    );

  // --- values ---
  const malformed: [attack: string, name: string, bytes: readonly number[]][] = [
    ["R12", "zero as a byte", [0x00]],
    ["M26", "no value", [0x80]],
    ["R3", "a small byte with a prefix", [0x81, 0x05]],
    ["R9", "a leading zero", [0x82, 0x00, 0x05]],
    ["R9", "a leading zero before a great byte", [0x82, 0x00, 0x85]],
    ["R10", "33 bytes", [0xa1, ...filled(1, 33)]],
    ["R1", "a length of its own", [0xb8, 0x01, 0x05]],
    ["M25", "a list", [0xc1, 0x05]],
  ];
  for (const [attack, name, value] of malformed)
    add(attack, name, [1, 0, Uint8Array.from(value)], "invalid ValueMalformed");
  add("R5", "a value that is cut", [1, 0, 0xa0, filled(1, 31)], "invalid Truncated");

  // --- steps ---
  const own = [1, 1, 5];
  add(
    "M33",
    "a mask that names the way",
    [...own, 1, two((1 << nibble(0)) | (1 << beside(0))), filled(9)],
    "invalid BranchMalformed",
  );
  add("M15", "a branch of one child", [...own, 1, two(0)], "invalid BranchMalformed");
  add("M15", "a branch of no child", [0, 1, 1, two(0)], "invalid BranchMalformed");
  add("M15", "a branch of one child beside the way", [0, 1, 1, sibling, filled(9)], "invalid BranchMalformed");
  add("M15", "a branch of one embedded child", [0, 1, 2, sibling, sibling, short], "invalid BranchMalformed");
  add("M15", "a branch of sixteen above nothing", [0, 1, 0, filled(9, 480)], "invalid BranchMalformed");
  add(
    "M8",
    "a mask for sixteen hashes",
    [...own, 1, two(0xffff ^ (1 << nibble(0))), filled(9, 480)],
    "invalid BranchMalformed",
  );
  add(
    "M8",
    "a mask of embedded children that is empty",
    [...own, 2, sibling, two(0), filled(9)],
    "invalid BranchMalformed",
  );
  add(
    "M33",
    "an embedded child that is not there",
    [...own, 2, sibling, two(1 << beside(0, 2)), filled(9)],
    "invalid BranchMalformed",
  );
  add(
    "M33",
    "an embedded child on the way",
    [...own, 2, sibling, two((1 << nibble(0)) | (1 << beside(0))), short],
    "invalid BranchMalformed",
  );
  for (const marker of [0x00, 0x80, 0xa0, 0xc0, 0xc1, 0xdf, 0xf8])
    add(
      "M21",
      `an embedded child that starts with ${marker}`,
      [...own, 2, sibling, sibling, marker, filled(9)],
      "invalid ChildMalformed",
    );
  add("M1", "masks that are cut", [...own, 1, 0], "invalid Truncated");
  add("M1", "masks of embedded children that are cut", [...own, 2, sibling, 0], "invalid Truncated");
  add("M1", "a hash that is cut", [...own, 1, sibling, filled(9, 31)], "invalid Truncated");
  add("M1", "fifteen hashes, the last one cut", [...own, 0, filled(9, 479)], "invalid Truncated");
  add("M1", "an embedded child that is cut", [...own, 2, sibling, sibling, short.subarray(0, -1)], "invalid Truncated");
  add("M1", "an embedded child that is missing", [...own, 2, sibling, sibling], "invalid Truncated");
  add("M8", "a step above the root", [1, 0, 5, 1, sibling, filled(9)], "invalid TrailingBytes");
  add("M8", "a byte behind the root", [1, 0, 5, 0], "invalid TrailingBytes");
  add("M15", "an extension above a leaf", [1, 4, 5, 2 + 4], "invalid ExtensionMalformed");
  add("M15", "an extension above nothing", [0, 4, 2 + 4], "invalid ExtensionMalformed");
  add("M15", "an extension above an extension", [...deepPart, 2 + 2, 2 + 2], "invalid ExtensionMalformed");
  add(
    "M15",
    "an extension above another extension",
    [3, 2, 2, packed([beside(2), 0]), filled(8), 2 + 2],
    "invalid ExtensionMalformed",
  );
  add("M28", "an extension longer than what is left", [...deepPart, 2 + 5], "invalid PathLength");
  for (const kind of [2 + 64, 0x80, 0xff])
    add("M33", `a step of kind ${kind}`, [...deepPart, kind], "invalid NodeMalformed");
  return shapes;
}
