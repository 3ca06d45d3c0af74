import { createMPT, verifyMerkleProof } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { expect } from "chai";

import { compareBytes, toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { compile, type Artifact, type Build } from "../../tools/compile.js";
import { announced, type Random } from "../../tools/random.js";
import { buildTrie, concat, rlpInteger, rlpList, rlpString, type BuiltTrie } from "../../tools/buildTrie.js";
import { slotOf } from "../../tools/nodes.js";
import { rawReaders, type Line, type RawReaders, type Verifier } from "../../tools/proof/raw.js";
import { deploy, type Contract } from "../../tools/proof/readers.js";

const HEAVY = process.env["HEAVY"] !== undefined;

/** Questions in each campaign: 20,000 where HEAVY is set. */
const CASES = HEAVY ? 20_000 : 150;

/** Slots whose hashed keys share eight nibbles: below 128, their leaves are embedded. */
const COLLIDING = [0x9dac, 0x19c5e].map(slotOf);

/** For OpenZeppelin's sources, which the oldest compiler does not take. */
const FOREIGN: Build = {
  name: "0.8.37, prague, legacy, 200 runs",
  ...{ compiler: "solc", evmVersion: "prague", runs: 200, viaIR: false, foreign: true },
};

/** What is asked for: a slot or an address, whose hash is the key, or a bare key. */
interface Subject {
  readonly key: Uint8Array;
  readonly slot?: Uint8Array;
  readonly address?: Uint8Array;
}

interface Stored extends Subject {
  /** The leaf's value. */
  readonly value: Uint8Array;
  /** What the readers are to answer. */
  readonly line: Line;
}

interface RandomTrie {
  readonly trie: BuiltTrie;
  readonly entries: readonly Stored[];
  /** Something of the same kind that the trie most probably does not hold. */
  stranger(): Subject;
}

describe("nodes of random tries", function () {
  let readers: RawReaders;
  let openZeppelin: Contract;

  before(async () => {
    readers = await rawReaders();
    const artifacts = await compile(["contracts/mocks/TrieProofOracle.sol"], FOREIGN, ["TrieProofOracle"]);
    openZeppelin = await deploy(artifacts["TrieProofOracle"] as Artifact);
  });

  /** The one line of all readers. A slot is packed as well: into a witness that shows the same, or into none. */
  async function agreed(root: Uint8Array, subject: Subject, nodes: readonly Uint8Array[], where: string) {
    const lines = await Promise.all(readers.verifiers.map((verifier) => ask(verifier, root, subject, nodes)));
    const shown = `${where}: ${lines.join(" / ")}: ${toHex(subject.key)} in ${nodes.map(toHex).join()}`;
    expect(new Set(lines).size, shown).to.equal(1);
    if (subject.slot !== undefined) await readers.agree(root, subject.key, nodes);
    return { line: lines[0] as Line, shown };
  }

  it("builds the roots that @ethereumjs/mpt builds", async () => {
    const random = announced();
    for (let round = 0; round < 20; round++) {
      const { entries, trie } = randomTrie(random);
      const oracle = await createMPT();
      for (const { key, value } of entries) await oracle.put(key, value);
      expect(toHex(oracle.root()), `round ${round}`).to.equal(toHex(trie.root));
    }
  });

  it("SG-3: valid ones are accepted: TypeScript, Solidity, mpt and OpenZeppelin say what was put in", async () => {
    const random = announced();
    const counts = { present: 0, absent: 0 };
    for (let round = 0; round < CASES; round++) {
      const { entries, trie, stranger } = randomTrie(random);
      const stored = random.below(2) === 0 && entries.length > 0 ? random.pick(entries) : undefined;
      const subject = stored ?? stranger();
      const nodes = trie.proof(subject.key);
      const { line, shown } = await agreed(trie.root, subject, nodes, `round ${round}`);
      expect(line, shown).to.equal(stored?.line ?? "absent");
      counts[stored === undefined ? "absent" : "present"]++;

      if (nodes.length === 0) continue; // an empty trie, of which the others have other ideas
      const found = await verifyMerkleProof(subject.key, [...nodes], { root: trie.root });
      expect(found === null ? undefined : toHex(found), shown).to.equal(stored && toHex(stored.value));
      if (stored === undefined) continue;
      const { values } = await openZeppelin.call("traverse", [trie.root, stored.key, nodes]);
      expect(values, shown).to.deep.equal([toHex(stored.value)]);
    }
    console.log(`      ${counts.present} present, ${counts.absent} absent`);
    expect(Math.min(counts.present, counts.absent)).to.be.greaterThan(CASES / 5);
  });

  it("M1 M7 M8 M9 M12 M16: mutated ones are refused, by every reader with the same reason", async () => {
    const random = announced();
    const reasons = new Map<Line, number>();
    for (let round = 0; round < CASES; round++) {
      const { entries, trie, stranger } = randomTrie(random);
      const subject = random.below(3) === 0 || entries.length === 0 ? stranger() : random.pick(entries);
      const nodes = trie.proof(subject.key);
      const mutated = mutate(random, nodes);
      if (isSame(mutated, nodes)) continue;
      const { line, shown } = await agreed(trie.root, subject, mutated, `round ${round}`);
      expect(line, shown).to.match(/^invalid/);
      reasons.set(line, (reasons.get(line) ?? 0) + 1);
    }
    console.log(`      ${countsOf(reasons)}`);
    expect(reasons.size).to.be.greaterThan(2);
  });

  it("M18 M19 M20 M21 M24 R1 R3: of nodes under a root that fits them, what is accepted is canonical", async () => {
    const random = announced();
    const lines = new Map<Line, number>();
    for (let round = 0; round < 2 * CASES; round++) {
      const { entries, trie, stranger } = randomTrie(random);
      if (entries.length === 0) continue;
      const subject = random.below(4) === 0 ? stranger() : random.pick(entries);
      const nodes = rehash(random, trie.proof(subject.key));
      const { line, shown } = await agreed(keccak256(nodes[0]!), subject, nodes, `round ${round}`);
      if (!line.startsWith("invalid")) expect(nodes.every(isCanonical), shown).to.equal(true);
      const kind = line.replace(/^present.*/, "present");
      lines.set(kind, (lines.get(kind) ?? 0) + 1);
    }
    console.log(`      ${countsOf(lines)}`);
    expect(lines.size).to.be.greaterThan(5);
  });
});

/** Asks as the subject is meant to be asked for. */
function ask(verifier: Verifier, root: Uint8Array, subject: Subject, nodes: readonly Uint8Array[]): Promise<Line> {
  if (subject.slot !== undefined) return verifier.slot(root, subject.slot, nodes);
  if (subject.address !== undefined) return verifier.account(root, subject.address, nodes);
  return verifier.key(root, subject.key, nodes);
}

function countsOf(lines: ReadonlyMap<Line, number>): string {
  return [...lines].map(([line, count]) => `${line} ${count}`).join(", ");
}

// --- tries ---

function randomTrie(random: Random): RandomTrie {
  const count = random.pick([0, 1, 2, 3, 17, 60]);
  const kind = random.pick(["slots", "slots", "colliding", "accounts", "keys", "keys"] as const);
  if (kind === "accounts") return accounts(random, count);
  if (kind === "keys") return closeKeys(random, count);
  const isSmall = random.below(2) === 0;
  const entryOf = (slot: Uint8Array): Stored => {
    const value = isSmall ? BigInt(1 + random.below(200)) : integer(random, 1 + random.below(32));
    return { slot, key: keccak256(slot), value: rlpInteger(value), line: `present ${value}` };
  };
  const slots = Array.from({ length: count }, () => random.bytes(32));
  const entries = [...slots, ...(kind === "colliding" ? COLLIDING : [])].map(entryOf);
  const stranger = (): Subject => {
    const slot = random.bytes(32);
    return { slot, key: keccak256(slot) };
  };
  return { entries, trie: buildTrie(entries), stranger };
}

function accounts(random: Random, count: number): RandomTrie {
  const stranger = (): Subject => {
    const address = random.bytes(20);
    return { address, key: keccak256(address) };
  };
  const entries = Array.from({ length: count }, (): Stored => {
    const [storageRoot, codeHash] = [random.bytes(32), random.bytes(32)];
    const nonce = random.below(3) === 0 ? 0n : integer(random, 1 + random.below(8));
    const balance = random.below(3) === 0 ? 0n : integer(random, 1 + random.below(32));
    const value = rlpList([rlpInteger(nonce), rlpInteger(balance), rlpString(storageRoot), rlpString(codeHash)]);
    return { ...stranger(), value, line: `present ${nonce} ${balance} ${toHex(storageRoot)} ${toHex(codeHash)}` };
  });
  return { entries, trie: buildTrie(entries), stranger };
}

/** Keys that share long prefixes, so that leaves, branches and extensions are embedded. They are no hashes. */
function closeKeys(random: Random, count: number): RandomTrie {
  const base = random.bytes(32);
  const keys = new Map<string, Uint8Array>();
  while (keys.size < count) {
    const shared = random.below(32);
    const key = base.map((byte, i) => (i >= shared && random.below(3) > 0 ? random.below(256) : byte));
    keys.set(toHex(key), key);
  }
  const entries = [...keys.values()].map((key): Stored => {
    const value = rlpInteger(BigInt(1 + random.below(200)));
    return { key, value, line: `present ${toHex(value)}` };
  });
  const stranger = (): Subject => {
    const at = random.below(32);
    const near = (entries.length === 0 ? base : random.pick(entries).key).slice();
    do near[at] = random.below(256);
    while (keys.has(toHex(near)));
    return { key: near };
  };
  return { entries, trie: buildTrie(entries), stranger };
}

/** A positive integer of exactly `length` bytes. */
function integer(random: Random, length: number): bigint {
  return BigInt(toHex(concat([Uint8Array.of(1 + random.below(255)), random.bytes(length - 1)])));
}

// --- what is done to nodes ---

/** One change to a list of nodes. */
function mutate(random: Random, proof: readonly Uint8Array[]): Uint8Array[] {
  const nodes: Uint8Array[] = proof.map((node) => node.slice());
  const i = random.below(Math.max(1, nodes.length));
  const node = nodes[i];
  if (node === undefined) return [random.bytes(1 + random.below(40))];
  switch (random.below(9)) {
    case 0:
      return nodes.slice(0, i);
    case 1:
      return nodes.toSpliced(i, 1);
    case 2:
      return nodes.toSpliced(i, 0, node);
    case 3:
      return [...nodes, random.bytes(1 + random.below(60))];
    case 4:
      return nodes.reverse();
    case 5:
      return nodes.with(i, concat([node, random.bytes(1 + random.below(3))]));
    case 6:
      return nodes.with(i, node.slice(0, random.below(node.length)));
    case 7:
      return [concat(nodes.slice(0, i + 1)), ...nodes.slice(i + 1)];
    default:
      return nodes.with(i, node.with(random.below(node.length), random.below(256)));
  }
}

function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((node, i) => compareBytes(node, b[i]!) === 0);
}

/** Changes one node and puts the hashes above it right again, as an attacker can who also chooses the root. */
function rehash(random: Random, proof: readonly Uint8Array[]): Uint8Array[] {
  const nodes = [...proof];
  const i = random.below(nodes.length);
  let before = nodes[i]!;
  let after = disfigured(random, before);
  nodes[i] = after;
  for (let j = i - 1; j >= 0; j--) {
    const parent = nodes[j]!;
    const at = Buffer.from(parent).indexOf(keccak256(before));
    const changed = parent.slice();
    if (at >= 0) changed.set(keccak256(after), at);
    [before, after] = [parent, changed];
    nodes[j] = changed;
  }
  return nodes;
}

/** One change to a node: to its framing, a marker, a reference, its path or its value. */
function disfigured(random: Random, node: Uint8Array): Uint8Array {
  const payload = node.slice(payloadStart(node));
  const empty = payload.indexOf(0x80);
  const hash = node.lastIndexOf(0xa0);
  switch (random.below(10)) {
    case 0:
      return node.with(random.below(Math.min(6, node.length)), random.below(256));
    case 1:
      return node.with(node.length - 1, random.below(256));
    case 2: // a marker of a branch of sixteen hashes, or whatever stands there
      return node.with((3 + 33 * random.below(16)) % node.length, random.pick(MARKERS));
    case 3: // an item more or less
      return rlpList([random.below(2) === 0 ? concat([payload, Uint8Array.of(0x80)]) : payload.slice(0, -1)]);
    case 4: // another item in the place of nothing, the list's length as long as it has to be
      if (empty < 0) return node.with(0, 0xc0);
      return rlpList([payload.slice(0, empty), random.pick(IN_PLACE_OF_NOTHING), payload.slice(empty + 1)]);
    case 5: // a reference to nothing that is known
      if (hash < 0) return node.with(0, 0xf7);
      return node.map((byte, at) => (at > hash && at <= hash + 32 ? 0 : byte));
    case 6: // in the path or the value's header
      return node.with(node.length - 1 - random.below(Math.min(75, node.length)), random.pick(MARKERS));
    case 7: // a child alone
      return alone(random, itemsOf(node));
    case 8: // an item in another encoding
      return reencoded(random, itemsOf(node));
    default:
      return node.with(random.below(node.length), random.below(256));
  }
}

/** A branch of one child, in its place. Of a leaf or an extension, the first item alone. */
function alone(random: Random, items: readonly Uint8Array[]): Uint8Array {
  const children = [...items.keys()].filter((i) => items[i]![0] !== 0x80);
  const kept = random.pick(children);
  return rlpList(items.length === 2 ? items.slice(0, 1) : items.map((item, i) => (i === kept ? item : EMPTY)));
}

/** A string that no encoder writes so. It has a prefix before a byte below 0x80, or a length in a byte of its own. */
function reencoded(random: Random, items: readonly Uint8Array[]): Uint8Array {
  const strings = [...items.keys()].filter((i) => items[i]![0]! < 0xb8);
  const changed = random.pick(strings);
  const [marker = 0, ...rest] = items[changed]!;
  const other = marker < 0x80 ? [0x81, marker] : [0xb8, rest.length, ...rest];
  return rlpList(items.map((item, i) => (i === changed ? Uint8Array.from(other) : item)));
}

const EMPTY = Uint8Array.of(0x80);
const MARKERS = [0x00, 0x7f, 0x80, 0x81, 0x9f, 0xa0, 0xa1, 0xb8, 0xc0, 0xdf];

/** A byte, what is no reference, and what is not canonical. Also what may stand there: a hash, and embedded nodes read and unread. */
const IN_PLACE_OF_NOTHING = [
  [0x00],
  [0x7f],
  [0x81, 0x05],
  [0x81, 0x85],
  [0xc0],
  [0xc1, 0x80],
  [0xc2, 0x20, 0x05],
  [0xc2, 0x81, 0x05],
  [0xa0, ...new Uint8Array(32).fill(7)],
  [0xb8, 0x20, ...new Uint8Array(32).fill(7)],
  [0xdf, ...new Uint8Array(31).fill(7)],
].map((bytes) => Uint8Array.from(bytes));

// --- canonical RLP, by another library ---

/** Whether a node is one list of 2 or 17 items, each of which has its one encoding. What is inside of an embedded node is not read. */
function isCanonical(node: Uint8Array): boolean {
  const items = itemsOf(node);
  return [2, 17].includes(items.length) && compareBytes(rlpList(items), node) === 0;
}

/** The items of a list, as they are encoded. */
function itemsOf(node: Uint8Array): Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let rest = node.subarray(payloadStart(node)); rest.length > 0;) {
    const item = rest.subarray(0, rest[0]! < 0xc0 ? stringSize(rest) : rest[0]! - 0xbf);
    items.push(item);
    rest = rest.subarray(item.length);
  }
  return items;
}

/** @throws if no string stands there in its one encoding */
function stringSize(bytes: Uint8Array): number {
  const { data, remainder } = RLP.decode(bytes, true);
  const size = bytes.length - remainder.length;
  if (compareBytes(RLP.encode(data), bytes.subarray(0, size)) !== 0) throw new TypeError("a string is not canonical");
  return size;
}

function payloadStart(node: Uint8Array): number {
  return node[0]! < 0xf8 ? 1 : node[0]! - 0xf6;
}
