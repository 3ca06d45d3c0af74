import { compareBytes, toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { Nodes, packSlots } from "../../src/proof/pack.js";
import { END, STEP } from "../../src/proof/read.js";
import { packWitness } from "../../src/proof/witness.js";
import { buildTrie, concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "../buildTrie.js";

/** Something asked of a reader, and the answer, which comes from how the trie was built. */
export interface Question {
  readonly name: string;
  readonly root: Uint8Array;
  /** In ascending order. */
  readonly keys: readonly Uint8Array[];
  readonly witness: Uint8Array;
  /** The values; undefined where the witness has to be refused. */
  readonly values: readonly bigint[] | undefined;
}

const NOTHING = Uint8Array.of(0x80);

/** A key that begins with `start`; the rest is `fill`. */
export function key(start: string, fill = "0"): Uint8Array {
  return toBytes(`0x${start.padEnd(64, fill)}`, "key", 32);
}

/** A trie of keys and values, and a witness for some keys. */
export function question(
  name: string,
  entries: readonly (readonly [Uint8Array, bigint])[],
  asked: readonly Uint8Array[],
): Question {
  const trie = buildTrie(entries.map(([each, value]) => ({ key: each, value: rlpInteger(value) })));
  const keys = [...asked].sort(compareBytes);
  const held = new Map(entries.map(([each, value]) => [toHex(each), value]));
  const { part } = packSlots(
    trie.root,
    keys,
    keys.map((each) => trie.proof(each)),
    new Nodes(),
  );
  return { name, root: trie.root, keys, witness: part, values: keys.map((each) => held.get(toHex(each)) ?? 0n) };
}

const HEX = "0123456789abcdef";
const LARGE = 2n ** 255n + 1n;

/** One trie for each thing that the format has words for, and questions about it: one key, several, all, none. */
export function validQuestions(): Question[] {
  const deep = "7".repeat(60);
  const full = [...HEX].map((digit, i): [Uint8Array, bigint] => [key(`${digit}1`), LARGE + BigInt(i)]);
  const apart: [Uint8Array, bigint][] = [
    [key("1234a"), LARGE],
    [key("1234b"), 2n],
  ];
  const mixed: [Uint8Array, bigint][] = [
    [key(`${deep}00`), 1n],
    [key(`${deep}10`), 127n],
    [key(`${deep}20`), 128n],
    [key(`${deep}3f`), LARGE],
  ];
  const nested: [Uint8Array, bigint][] = [
    [key("0011aa0"), 3n],
    [key("0011aa1"), LARGE],
    [key("0011bb"), 255n],
    [key("0022"), 256n],
    [key("5"), LARGE - 2n],
  ];
  return [
    question("an empty trie", [], [key("1")]),
    question("an empty trie, many keys", [], [key("1"), key("2"), key("2f")]),
    question("a leaf alone", [[key("1"), 5n]], [key("1")]),
    question("another leaf alone", [[key("1"), 5n]], [key("2")]),
    question("a leaf alone, and keys before and behind it", [[key("5"), 128n]], [key("4"), key("5"), key("50f"), key("6")]),
    question("another leaf alone, for several keys", [[key("5"), LARGE]], [key("4"), key("51"), key("6")]),
    question("two under an extension", apart, [key("1234a")]),
    question("both under an extension", apart, [key("1234a"), key("1234b")]),
    question("an empty child under an extension", apart, [key("1234c")]),
    question("an extension that leads away", apart, [key("1235")]),
    question("an extension that leads away from several", apart, [key("0"), key("1233"), key("13")]),
    question("keys before, in and behind an extension", apart, [key("0"), key("1230"), key("1234b"), key("1235"), key("2")]),
    question("keys that part from each other later than from the way", apart, [key("12300"), key("12301"), key("1234a")]),
    question("another leaf under a branch", apart, [key("1234a", "f")]),
    question("a full branch", full, [key("41")]),
    question("the last child of a full branch", full, [key("f1")]),
    question("two of a full branch", full, [key("01"), key("f1")]),
    question("all of a full branch", full, full.map(([each]) => each)),
    question("ten of sixteen", full.slice(3, 13), [key("41")]),
    question("three of ten of sixteen", full.slice(3, 13), [key("31"), key("7"), key("c1")]),
    question("absent below a full branch", full, [key("42"), key("82")]),
    question("embedded leaves, one", mixed, [key(`${deep}00`)]),
    question("embedded leaves, all", mixed, mixed.map(([each]) => each)),
    question("a hash beside embedded leaves", mixed, [key(`${deep}3f`)]),
    question("an empty child beside embedded leaves", mixed, [key(`${deep}40`)]),
    question("another embedded leaf", mixed, [key(`${deep}01`), key(`${deep}0f`)]),
    question("a way parts from embedded leaves early", mixed, [key("7".repeat(30))]),
    question("two at the last nibble", [[key("8".repeat(63) + "1"), 7n], [key("8".repeat(63) + "e"), 9n]], [key("8".repeat(63) + "1"), key("8".repeat(63) + "e"), key("8".repeat(63) + "f")]),
    question("branches below branches, all", nested, nested.map(([each]) => each)),
    question("branches below branches, one", nested, [key("0011aa1")]),
    question("ends on every height", nested, [key("0011aa0"), key("0011aaf"), key("0011c"), key("003"), key("01"), key("4"), key("5"), key("6")]),
    question("an extension crossed by keys on both sides", [[key("0a11"), 1n], [key("0a12"), LARGE], [key("9"), 4n]], [key("00"), key("0a10"), key("0a12"), key("0b"), key("9")]),
    question("a deep way with siblings at each depth", deepEntries(), [deepEntries()[0]![0]]),
    question("a deep way, asked at each depth", deepEntries(), deepEntries().map(([each]) => each)),
    question("full branches one above the other", twoFull(), [key("4a1")]),
    question("an embedded leaf among fifteen hashes", crowded(deep), [key(`${deep}40`)]),
  ]; // prettier-ignore
}

/** Sixteen full branches under a full one. */
function twoFull(): [Uint8Array, bigint][] {
  return [...HEX].flatMap((a) => [...HEX].map((b): [Uint8Array, bigint] => [key(`${a}${b}1`), LARGE]));
}

/** Sixteen leaves under `deep`, of which the fourth alone is below 32 bytes. */
function crowded(deep: string): [Uint8Array, bigint][] {
  return [...HEX].map((digit): [Uint8Array, bigint] => [key(`${deep}${digit}0`), digit === "4" ? 1n : LARGE]);
}

/** Sixty-three branches one above the other. */
function deepEntries(): [Uint8Array, bigint][] {
  return Array.from({ length: 64 }, (_, i): [Uint8Array, bigint] => [key(`${"3".repeat(i)}9`, "3"), BigInt(i + 1)]);
}

// --- nodes that the tests encode by themselves ---

const hash = (node: Uint8Array): Uint8Array => rlpString(keccak256(node));
const leaf = (path: readonly number[], value: Uint8Array): Uint8Array =>
  rlpList([rlpString(hexPrefix(path, true)), rlpString(value)]);
const branch = (children: Readonly<Record<number, Uint8Array>>): Uint8Array =>
  rlpList([...Array.from({ length: 16 }, (_, i) => children[i] ?? NOTHING), NOTHING]);
const extension = (path: readonly number[], child: Uint8Array): Uint8Array =>
  rlpList([rlpString(hexPrefix(path, false)), child]);
const refused = (name: string, node: Uint8Array, keys: readonly Uint8Array[], ...witness: Uint8Array[]): Question => ({
  name,
  root: keccak256(node),
  keys,
  witness: concat(witness),
  values: undefined,
});
const own = key("4567");
const nibbles = nibblesOf(own);
const big = rlpInteger(LARGE);
const other = rlpString(keccak256(Uint8Array.of(1)));
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
const at = (depth: number, value = big): Uint8Array => concat([bytes(END.LEAF, depth), value]);
const leafAt = (depth: number, value = big): Uint8Array => leaf(nibbles.slice(depth), value);
const plain = (index: number, child: Uint8Array): Record<number, Uint8Array> => ({ [index]: child });
const hashOnly = other.subarray(1);
const pair = branch({ 5: hash(leafAt(2)), 9: other });
const fifteen = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [i, i === 4 ? hash(leafAt(1)) : other]));
const fifteenHashes = concat(Array.from({ length: 15 }, () => hashOnly));
const path = (from: number, to: number, change = 0): Uint8Array => {
  const part = nibbles.slice(from, to).map((each, i) => (i === 0 ? each ^ change : each));
  const even = part.length % 2 === 0 ? part : [0, ...part];
  return Uint8Array.from({ length: even.length / 2 }, (_, i) => (even[2 * i]! << 4) | even[2 * i + 1]!);
};
const branchStep = (mask: number, ...hashes: Uint8Array[]): Uint8Array =>
  concat([bytes(STEP.BRANCH, mask >> 8, mask & 0xff), ...hashes]);

/**
 * Witnesses whose every hash is right, under a made-up root. Only the rule that they break refuses them. The nodes are
 * encoded here, by the tests' own encoder.
 */
export function forbiddenQuestions(): Question[] {
  return [...FORBIDDEN_BRANCHES, ...FORBIDDEN_ENDS];
}

/** Branches, extensions and values. */
const FORBIDDEN_BRANCHES: readonly Question[] = [
  refused("a branch with one child", branch(plain(4, hash(leafAt(1)))), [own], at(1), branchStep(0)),
  refused("a branch with no child", branch({}), [own], bytes(END.NOTHING, 1), branchStep(0)),
  refused(
    "a branch with one child, a sent one",
    branch(plain(9, other)),
    [own],
    bytes(END.NOTHING, 1),
    branchStep(1 << 9, hashOnly),
  ),
  refused(
    "a branch whose mask names the way",
    branch({ 4: hash(leafAt(1)), 9: other }),
    [own],
    at(1),
    branchStep((1 << 9) | (1 << 4), hashOnly),
  ),
  refused(
    "a branch whose mask names the way, and a hash for it",
    branch({ 4: hash(leafAt(1)), 9: other }),
    [own],
    at(1),
    branchStep((1 << 9) | (1 << 4), hashOnly, hashOnly),
  ),
  refused(
    "a full branch in the words of another",
    branch(fifteen),
    [own],
    at(1),
    branchStep(0xffff & ~(1 << 4), fifteenHashes),
  ),
  refused(
    "a full branch in references",
    branch(fifteen),
    [own],
    at(1),
    bytes(STEP.MIXED_BRANCH),
    concat(Array.from({ length: 15 }, () => other)),
  ),
  refused(
    "a branch of hashes in references",
    branch({ 4: hash(leafAt(1)), 9: other }),
    [own],
    at(1),
    bytes(STEP.MIXED_BRANCH),
    concat(Array.from({ length: 15 }, (_, i) => (i === 8 ? other : NOTHING))),
  ),
  refused(
    "a full branch above nothing",
    branch({ ...fifteen, 4: NOTHING }),
    [own],
    bytes(END.NOTHING, 1, STEP.FULL_BRANCH),
    fifteenHashes,
  ),
  refused(
    "an extension above a leaf",
    extension(nibbles.slice(0, 2), hash(leafAt(2))),
    [own],
    at(2),
    bytes(STEP.EXTENSION + 2),
  ),
  refused(
    "an extension above an extension",
    extension([4], hash(extension([5], hash(branch({ 6: hash(leafAt(3)), 1: other }))))),
    [own],
    at(3),
    branchStep(2, hashOnly),
    bytes(STEP.EXTENSION + 1, STEP.EXTENSION + 1),
  ),
  refused("an extension above nothing", extension([4, 5], NOTHING), [own], bytes(END.NOTHING, 2, STEP.EXTENSION + 2)),
  refused(
    "an extension of no nibble",
    extension([], hash(pair)),
    [own],
    at(2),
    branchStep(1 << 9, hashOnly),
    bytes(STEP.EXTENSION),
  ),
  refused(
    "an extension longer than the way",
    extension([4], hash(pair)),
    [own],
    at(2),
    branchStep(1 << 9, hashOnly),
    bytes(STEP.EXTENSION + 2),
  ),
  refused("a value with a leading zero", leafAt(0, bytes(0x82, 0, 0x81)), [own], at(0, bytes(0x82, 0, 0x81))),
  refused("a value of zero", rlpList([rlpString(hexPrefix(nibbles, true)), NOTHING]), [own], at(0, NOTHING)),
  refused("a value that is the byte zero", leafAt(0, bytes(0)), [own], at(0, bytes(0))),
  refused("a value with a needless length", leafAt(0, bytes(0x81, 0x7f)), [own], at(0, bytes(0x81, 0x7f))),
  refused(
    "a value of 33 bytes",
    leafAt(0, concat([bytes(0xa1, 1), new Uint8Array(32)])),
    [own],
    at(0, concat([bytes(0xa1, 1), new Uint8Array(32)])),
  ),
];

/** Ends, keys that are left to later ones, and what stands around a part. */
const FORBIDDEN_ENDS: readonly Question[] = [
  refused("another leaf with the key's own path", leafAt(0), [own], bytes(END.OTHER_LEAF, 0), path(0, 64), big),
  refused(
    "another leaf on the path of a key behind",
    leafAt(0),
    [key("4"), own],
    bytes(END.OTHER_LEAF, 0),
    path(0, 64),
    big,
  ),
  refused(
    "another leaf whose odd path has a high nibble",
    branch({ 4: hash(leaf([4, ...nibbles.slice(2)], big)), 9: other }),
    [own],
    bytes(END.OTHER_LEAF, 1, 0x44),
    path(2, 64),
    big,
    branchStep(1 << 9, hashOnly),
  ),
  refused(
    "another extension that the key follows",
    extension([4, 5], hash(pair)),
    [own],
    bytes(END.OTHER_EXTENSION, 0, 2),
    path(0, 2),
    hash(pair),
  ),
  refused(
    "another extension of no nibble",
    extension([], hash(pair)),
    [own],
    bytes(END.OTHER_EXTENSION, 0, 0),
    hash(pair),
  ),
  refused(
    "another extension that leads to nothing",
    extension([4, 6], NOTHING),
    [own],
    bytes(END.OTHER_EXTENSION, 0, 2, 0x46),
    NOTHING,
  ),
  refused(
    "another extension of 64 nibbles",
    extension([...nibbles.slice(0, 63), 1], other),
    [own],
    bytes(END.OTHER_EXTENSION, 0, 64),
    concat([path(0, 62), bytes(0x01)]),
    other,
  ),
  refused(
    "a reference of one byte too many",
    branch({ 4: hash(leafAt(1)), 9: concat([bytes(0xdf), new Uint8Array(31)]) }),
    [own],
    at(1),
    bytes(STEP.MIXED_BRANCH),
    concat(Array.from({ length: 15 }, (_, i) => (i === 8 ? concat([bytes(0xdf), new Uint8Array(31)]) : NOTHING))),
  ),
  refused(
    "a reference to a list of one item",
    branch({ 4: hash(leafAt(1)), 9: bytes(0xc1, 1) }),
    [own],
    at(1),
    bytes(STEP.MIXED_BRANCH),
    concat(Array.from({ length: 15 }, (_, i) => (i === 8 ? bytes(0xc1, 1) : NOTHING))),
  ),
  refused("an end below the 64th nibble", leaf([], big), [own], at(65)),
  refused("a key that is left to none", leafAt(0), [own], bytes(END.SHARED), at(0)),
  refused(
    "a key that is left to a later one, in a branch",
    branch({ 3: NOTHING, 4: hash(leafAt(1)), 9: other }),
    [key("3"), own],
    bytes(END.SHARED),
    at(1),
    branchStep(1 << 9, hashOnly),
  ),
  refused(
    "a branch without the child of a key that is left",
    rlpList([
      ...Array.from({ length: 15 }, (_, i) => (i === 3 ? hash(leafAt(1)) : i === 8 ? other : NOTHING)),
      NOTHING,
    ]),
    [key("3"), own],
    bytes(END.SHARED),
    at(1),
    branchStep(1 << 9, hashOnly),
  ),
  refused("a leaf that takes back what was found below", leafAt(0), [key("3"), own], at(1), at(0)),
  refused("a step for an end", leafAt(0), [own], bytes(STEP.FULL_BRANCH, 0), big),
  refused("another step for an end", leafAt(0), [own], bytes(STEP.MIXED_BRANCH, 0), big),
  refused(
    "an unknown end for another leaf",
    leaf([nibbles[0]! ^ 1, ...nibbles.slice(1)], big),
    [own],
    bytes(8, 0),
    path(0, 64, 1),
    big,
  ),
  refused(
    "an unknown end for another extension",
    extension([4, 6], hash(pair)),
    [own],
    bytes(8, 0, 2, 0x46),
    hash(pair),
  ),
  refused(
    "a mask that names one of two ways",
    branch({ 4: hash(leafAt(1)), 9: hash(leaf(nibblesOf(key("9")).slice(1), big)) }),
    [own, key("9")],
    at(1),
    at(1),
    branchStep(1 << 4),
  ),
  refused(
    "a mask that names one of two ways, and a hash for it",
    branch({ 4: hash(leafAt(1)), 9: hash(leaf(nibblesOf(key("9")).slice(1), big)) }),
    [own, key("9")],
    at(1),
    at(1),
    branchStep(1 << 4, hashOnly),
  ),
  refused(
    "a branch of one embedded child",
    branch({ 9: bytes(0xc2, 1, 2) }),
    [own],
    bytes(END.NOTHING, 1, STEP.MIXED_BRANCH),
    concat(Array.from({ length: 15 }, (_, i) => (i === 8 ? bytes(0xc2, 1, 2) : NOTHING))),
  ),
  refused("a key twice, left to itself", leafAt(0), [own, own], bytes(END.SHARED), at(0)),
  refused(
    "a branch that is climbed before the next key's way is known",
    branch({ 4: hash(branch({ 5: hash(leafAt(2)), 9: other })), 7: bytes(0xc2, 1, 2) }),
    [own, key("46")],
    at(2),
    branchStep(1 << 9, hashOnly),
    at(1),
    bytes(STEP.MIXED_BRANCH),
    concat(Array.from({ length: 15 }, (_, i) => (i === 6 ? bytes(0xc2, 1, 2) : NOTHING))),
  ),
  refused(
    "keys in another order, whose leaves change places",
    branch({ 3: hash(leafAt(1)), 4: hash(leaf(nibblesOf(key("3")).slice(1), big)), 9: bytes(0xc2, 1, 2) }),
    [own, key("3")],
    at(1),
    at(1),
    bytes(STEP.MIXED_BRANCH),
    concat(Array.from({ length: 14 }, (_, i) => (i === 7 ? bytes(0xc2, 1, 2) : NOTHING))),
  ),
  refused(
    "a key that is left to another leaf",
    leaf([1, ...nibbles.slice(1)], big),
    [key("3"), own],
    bytes(END.SHARED, END.OTHER_LEAF, 0),
    path(0, 64, 5),
    big,
  ),
  refused("an end for a key that another answered", leafAt(0), [key("3"), own], bytes(END.SHARED), at(0), at(0)),
  refused(
    "an end above its neighbour's branch",
    branch({ 3: other, 4: hash(leafAt(1)) }),
    [key("3"), own],
    bytes(END.OTHER_LEAF, 1),
    path(1, 64, 1),
    big,
    bytes(END.NOTHING, 0),
  ),
  refused("keys that do not ascend", leafAt(0), [own, own], at(0)),
  refused("no key", leafAt(0), [], at(0)),
  refused("an unknown end", leafAt(0), [own], bytes(9, 0), big),
  refused("an unknown step", pair, [own], at(1), bytes(9)),
  refused("a root of nothing that anybody hashed", leafAt(0), [own], at(0, rlpInteger(7n))),
  refused("bytes behind the root", leafAt(0), [own], at(0), bytes(0)),
  { ...refused("a zero root", leafAt(0), [own], at(0)), root: new Uint8Array(32) },
];

/** A question to `StateProofHarness` about a state, and the answer in one line: values, or the name of the error. */
export interface StateQuestion {
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly expected: string;
}

/** Accounts and slots, whose answers come from how the state was built. */
export function stateQuestions(): StateQuestion[] {
  const [vault, nobody] = [toWord(1n), toWord(9n)].map((word): Hex => `0x${word.slice(26)}`) as [Hex, Hex];
  const bytes = (hex: Hex): Uint8Array => toBytes(hex, "bytes");
  const hashed = (hex: Hex): Uint8Array => keccak256(bytes(hex));
  const slots = [1n, 2n, 3n].map((slot) => toWord(slot));
  const storage = buildTrie(slots.map((slot, i) => ({ key: hashed(slot), value: rlpInteger(LARGE + BigInt(i)) })));
  const codeHash = keccak256(new Uint8Array());
  const fields = (root: Uint8Array): Uint8Array =>
    rlpList([rlpInteger(3n), rlpInteger(5n), rlpString(root), rlpString(codeHash)]);
  const state = buildTrie([
    { key: hashed(vault), value: fields(storage.root) },
    { key: hashed(`0x${"22".repeat(20)}`), value: fields(codeHash) },
  ]);
  const stateRoot = toHex(state.root);
  const witnessOf = (account: Hex, asked: readonly Hex[]) =>
    packWitness(
      { stateRoot, account, slots: asked },
      {
        accountProof: state.proof(hashed(account)).map((node) => toHex(node)),
        storageProof: asked.map((key) => ({
          key,
          proof: account === vault ? storage.proof(hashed(key)).map((node) => toHex(node)) : [],
        })),
      },
    );
  const all = witnessOf(vault, slots);
  const sorted = all.slots.map(({ slot }) => slot);
  const own = witnessOf(vault, [slots[0] as Hex]);
  const none = witnessOf(nobody, [slots[0] as Hex]);
  const forged = `${own.storageWitness}${none.witness.slice(none.storageWitness.length)}`;
  const storageRoot = toHex(storage.root);
  const present = `3,5,${storageRoot},${toHex(codeHash)}`;
  const values = all.slots.map(({ value }) => value).join();
  return [
    { name: "an account", method: "readAccount", args: [stateRoot, vault, witnessOf(vault, []).witness], expected: `[true,[${present}]]` },
    { name: "many slots", method: "readAccountSlots", args: [stateRoot, vault, sorted, all.witness], expected: `[true,[${present}],[${values}]]` },
    { name: "slots in another order", method: "readAccountSlots", args: [stateRoot, vault, [...sorted].reverse(), all.witness], expected: "StateProofInvalid" },
    { name: "a slot twice", method: "readAccountSlots", args: [stateRoot, vault, [sorted[0], sorted[0]], own.witness], expected: "StateProofInvalid" },
    { name: "a slot", method: "readAccountSlot", args: [stateRoot, vault, slots[0], own.witness], expected: `[true,${LARGE}]` },
    { name: "a slot of nobody", method: "readAccountSlot", args: [stateRoot, nobody, slots[0], none.witness], expected: "[false,0]" },
    { name: "another's storage of nobody", method: "readAccountSlot", args: [stateRoot, nobody, slots[0], forged], expected: "StateProofInvalid" },
    { name: "a known root", method: "readSlot", args: [storageRoot, slots[0], own.storageWitness], expected: `[${LARGE}]` },
    { name: "a nonce of nine bytes", ...withNonce(vault, rlpString(new Uint8Array(9).fill(1))) },
    { name: "a nonce of 33 bytes", ...withNonce(vault, rlpString(new Uint8Array(33).fill(1))) },
    { name: "a nonce that is the byte zero", ...withNonce(vault, Uint8Array.of(0)) },
    { name: "slots in another order, whose leaves change places", ...exchanged(slots) },
  ]; // prettier-ignore
}

function withNonce(account: Hex, nonce: Uint8Array): Omit<StateQuestion, "name"> {
  const [root, codeHash] = [new Uint8Array(32), new Uint8Array(32)];
  const value = rlpList([nonce, rlpInteger(1n), rlpString(root), rlpString(codeHash)]);
  const trie = buildTrie([{ key: keccak256(toBytes(account, "account")), value }]);
  const witness = toHex(concat([Uint8Array.of(END.LEAF, 0), nonce, rlpInteger(1n), root, codeHash]));
  return { method: "readAccount", args: [toHex(trie.root), account, witness], expected: "StateProofInvalid" };
}

/** Two slots in descending order, under a root in which each has the other's leaf. Who forgets the order reads them. */
function exchanged(slots: readonly Hex[]): Omit<StateQuestion, "name"> {
  const sorted = slots
    .map((slot) => ({ slot, key: keccak256(toBytes(slot, "slot")) }))
    .sort((a, b) => compareBytes(b.key, a.key));
  const [high, low] = [
    sorted[0]!,
    sorted.find(({ key: each }) => nibblesOf(each)[0] !== nibblesOf(sorted[0]!.key)[0])!,
  ];
  const [value, embedded] = [rlpInteger(LARGE), Uint8Array.of(0xc2, 1, 2)];
  const leafOf = (each: Uint8Array): Uint8Array =>
    rlpString(keccak256(rlpList([rlpString(hexPrefix(nibblesOf(each).slice(1), true)), rlpString(value)])));
  const ways = [nibblesOf(low.key)[0]!, nibblesOf(high.key)[0]!] as const;
  const free = Array.from({ length: 16 }, (_, i) => i).find((i) => !ways.includes(i))!;
  const children = Array.from({ length: 16 }, (_, i): Uint8Array => (i === free ? embedded : NOTHING));
  const sent = children.filter((_, i) => !ways.includes(i));
  [children[ways[0]], children[ways[1]]] = [leafOf(high.key), leafOf(low.key)];
  const end = concat([Uint8Array.of(END.LEAF, 1), value]);
  const witness = toHex(concat([end, end, Uint8Array.of(STEP.MIXED_BRANCH), ...sent]));
  const root = toHex(keccak256(rlpList([...children, NOTHING])));
  return { method: "readSlots", args: [root, [high.slot, low.slot], witness], expected: "StateProofInvalid" };
}
