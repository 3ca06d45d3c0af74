import { expect } from "chai";

import { toBytes, toHex, type Hex } from "../../src/core/bytes.js";
import { keccak256, setKeccak256, type Keccak256 } from "../../src/core/keccak.js";
import { useWasmKeccak } from "../../src/keccak-wasm.js";
import { findDifferences, type DescentOptions, type LedgerDifference } from "../../src/ledger/descent.js";
import { LedgerTree, type LedgerEntry } from "../../src/ledger/tree.js";
import { rlpInteger } from "../../tools/buildTrie.js";
import { rejected } from "../../tools/errors.js";
import { leaf as leafNode, slotOf } from "../../tools/nodes.js";
import { announced, random, type Random } from "../../tools/random.js";

const SIZE = 100_000;
/** Fixed, so that the numbers of questions are the same in every run. */
const SEED = 20_261;
/** Slots whose hashed keys share eight nibbles: below 128, their leaves are embedded. */
const COLLIDING = [0x9dac, 0x19c5e].map((slot) => toHex(slotOf(slot)));

const keyOf = (number: number): Hex => toHex(slotOf(number));
const hashOf = (key: Hex): Hex => toHex(keccak256(toBytes(key, "key")));
const ledgerOf = (count: number): LedgerEntry[] =>
  Array.from({ length: count }, (_, i): LedgerEntry => [keyOf(i), BigInt(i + 1)]);

/** A remote storage trie that counts what it is asked. */
function remoteOf(tree: LedgerTree) {
  const counts = { slots: 0, rounds: 0 };
  const proofsOf: DescentOptions["proofsOf"] = (slots) => {
    counts.slots += slots.length;
    counts.rounds += 1;
    return Promise.resolve(slots.map((slot) => tree.proofNodes(slot)));
  };
  return { root: tree.root, proofsOf, counts };
}

async function all(options: DescentOptions): Promise<LedgerDifference[]> {
  const found: LedgerDifference[] = [];
  for await (const difference of findDifferences(options)) found.push(difference);
  return found;
}

/** In one order, to be compared. */
function sorted(differences: readonly LedgerDifference[]): string[] {
  const show = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  return differences.map((difference) => JSON.stringify(difference, show)).sort();
}

/** What differs between two sets of entries, whose keys are all known here. */
function expected(here: ReadonlyMap<Hex, bigint>, there: ReadonlyMap<Hex, bigint>): LedgerDifference[] {
  return [...here].flatMap(([key, value]): LedgerDifference[] => {
    const other = there.get(key) ?? 0n;
    if (other === value) return [];
    const kind = other === 0n ? "missing-there" : "differs";
    return [{ kind, key, hashedKey: hashOf(key), here: value, there: other }];
  });
}

/** Different keys among the first `below`. */
function someKeys(draw: Random, count: number, below: number): Hex[] {
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(draw.below(below));
  return [...numbers].map(keyOf);
}

describe("findDifferences", function () {
  describe("among 100,000 entries", () => {
    const entries = ledgerOf(SIZE);
    let tree: LedgerTree;
    let engine: Keccak256;
    before(async () => {
      engine = await useWasmKeccak();
      tree = LedgerTree.from(entries);
    });
    after(() => {
      setKeccak256(engine);
    });

    for (const { differing, slots } of [
      { differing: 0, slots: 0 },
      { differing: 1, slots: 10 },
      { differing: 10, slots: 100 },
      { differing: 100, slots: 500 },
      { differing: 1_000, slots: 4_000 },
    ])
      it(`finds ${differing} planted ones exactly, by ${slots} slot proofs at the most, in at most 8 rounds`, async () => {
        const draw = random(SEED + differing);
        const there = new Map(entries);
        // Every fourth is missing there; the others have another value.
        someKeys(draw, differing, SIZE).forEach((key, i) => (i % 4 === 3 ? there.delete(key) : there.set(key, 7n << 90n)));
        const { root, proofsOf, counts } = remoteOf(LedgerTree.from(there));
        const found = await all({ tree, root, proofsOf });
        expect(found.length).to.equal(differing);
        expect(sorted(found)).to.deep.equal(sorted(expected(new Map(entries), there)));
        expect(counts.slots).to.be.at.most(slots);
        expect(counts.rounds).to.be.at.most(8);
      });

    it("finds one entry that is missing here, by its hash alone, or by its key where that is a candidate", async () => {
      const extra = keyOf(SIZE + 5);
      const { root, proofsOf, counts } = remoteOf(LedgerTree.from([...entries, [extra, 9n]]));
      const [stranger, ...none] = await all({ tree, root, proofsOf });
      expect(none).to.deep.equal([]);
      // Its leaf lies beside one of ours or on an empty place. So it is shown by its nibbles alone.
      expect(stranger?.kind).to.equal("strangers");
      expect(hashOf(extra).startsWith((stranger as { prefix: Hex }).prefix)).to.equal(true);
      const candidates = [keyOf(SIZE + 4), extra, keyOf(SIZE + 6)];
      expect(await all({ tree, root, proofsOf, candidates })).to.deep.equal([
        { kind: "missing-here", key: extra, hashedKey: hashOf(extra), here: 0n, there: 9n },
      ]);
      expect(counts.slots).to.be.at.most(20);
    });
  });

  it("finds all in which random ledgers differ, with keys, where all keys are candidates", async () => {
    const draw = announced();
    for (let round = 0; round < 150; round++) {
      const keys = [...COLLIDING, ...someKeys(draw, 1 + draw.below(60), 200)];
      const drawEntries = (): Map<Hex, bigint> =>
        new Map(keys.filter(() => draw.below(4) > 0).map((key) => [key, BigInt(1 + draw.below(3))]));
      const [here, there] = [drawEntries(), drawEntries()];
      const { root, proofsOf } = remoteOf(LedgerTree.from(there));
      const found = await all({ tree: LedgerTree.from(here), root, proofsOf, candidates: keys });
      const strange = [...there].filter(([key]) => !here.has(key));
      const missing = strange.map(([key, value]): LedgerDifference => {
        return { kind: "missing-here", key, hashedKey: hashOf(key), here: 0n, there: value };
      });
      const where = `seed ${draw.seed}, round ${round}`;
      expect(sorted(found), where).to.deep.equal(sorted([...expected(here, there), ...missing]));
    }
  });

  it("covers every stranger by a hash or a prefix, exactly once, where no key is a candidate", async () => {
    const draw = announced();
    for (let round = 0; round < 150; round++) {
      const keys = [...COLLIDING, ...someKeys(draw, 1 + draw.below(60), 200)];
      const here = new Map(keys.filter(() => draw.below(2) > 0).map((key) => [key, 1n]));
      const there = new Map(keys.filter(() => draw.below(2) > 0).map((key) => [key, 1n]));
      const { root, proofsOf } = remoteOf(LedgerTree.from(there));
      const found = await all({ tree: LedgerTree.from(here), root, proofsOf });
      const where = `seed ${draw.seed}, round ${round}`;
      const ours = found.filter(({ kind }) => kind === "missing-there");
      expect(sorted(ours), where).to.deep.equal(sorted(expected(here, there)));
      const theirs = found.filter(({ kind }) => kind !== "missing-there");
      const starts = theirs.map((each) => (each.kind === "strangers" ? each.prefix : each.hashedKey));
      for (const key of there.keys()) {
        const covering = starts.filter((start) => hashOf(key).startsWith(start)).length;
        expect(covering, `${where}, ${key}`).to.equal(here.has(key) ? 0 : 1);
      }
      for (const start of starts)
        expect([...there.keys()].some((key) => hashOf(key).startsWith(start)), where).to.equal(true);
    }
  });

  it("compares with an empty trie without a question, and reports one against an empty ledger as strangers", async () => {
    const full = LedgerTree.from(ledgerOf(3));
    const empty = remoteOf(new LedgerTree());
    expect((await all({ tree: full, ...empty })).map(({ kind }) => kind)).to.deep.equal(Array(3).fill("missing-there"));
    const remote = remoteOf(full);
    expect(await all({ tree: new LedgerTree(), ...remote })).to.deep.equal([{ kind: "strangers", prefix: "0x" }]);
    expect(await all({ tree: full, ...remote, root: remote.root.toUpperCase().replace("0X", "0x") as Hex })).to.deep.equal([]);
    expect([empty.counts.slots, remote.counts.slots]).to.deep.equal([0, 0]);
  });

  it("names the hash of a stranger where the proof of a key of ours shows its leaf", async () => {
    const { root, proofsOf } = remoteOf(LedgerTree.from([[keyOf(1), 5n]]));
    const found = await all({ tree: LedgerTree.from([[keyOf(2), 6n]]), root, proofsOf });
    expect(sorted(found)).to.deep.equal(
      sorted([
        { kind: "missing-there", key: keyOf(2), hashedKey: hashOf(keyOf(2)), here: 6n, there: 0n },
        { kind: "missing-here", key: undefined, hashedKey: hashOf(keyOf(1)), here: 0n, there: 5n },
      ]),
    );
  });

  it("names the hash and the value of a stranger to which a key leads that was looked for by its prefix", async () => {
    const entries = ledgerOf(300);
    const [extra, tree] = [keyOf(300), LedgerTree.from(entries)];
    const { root, proofsOf } = remoteOf(LedgerTree.from([...entries, [extra, 9n]]));
    const [stranger] = await all({ tree, root, proofsOf });
    const { prefix } = stranger as Extract<LedgerDifference, { kind: "strangers" }>;
    let number = 1_000;
    while (!hashOf(keyOf(number)).startsWith(prefix)) number++;
    expect(await all({ tree, root, proofsOf, candidates: [keyOf(number)] })).to.deep.equal([
      { kind: "missing-here", key: undefined, hashedKey: hashOf(extra), here: 0n, there: 9n },
    ]);
  });

  it("believes no node that is not under the root: changed, left out, of another key or of another trie", async () => {
    const tree = LedgerTree.from(ledgerOf(300));
    const there = LedgerTree.from([...ledgerOf(299), [keyOf(299), 1_000n]]);
    const { root } = there;
    const changed = (node: Hex): Hex => `0x${node.slice(2, -1)}${node.endsWith("0") ? "1" : "0"}`;
    const lies: [reason: string, of: (nodes: Hex[]) => readonly string[]][] = [
      ["NodeHashMismatch", (nodes) => nodes.with(-1, changed(nodes.at(-1)!))],
      ["NodeHashMismatch", (nodes) => nodes.with(0, changed(nodes[0]!))],
      ["Truncated", (nodes) => nodes.slice(0, -1)],
      ["Truncated", () => []],
      ["TrailingBytes", (nodes) => [...nodes, ...nodes.slice(-1)]],
      ["NodeHashMismatch", () => tree.proofNodes(keyOf(299))],
    ];
    for (const [reason, of] of lies) {
      const proofsOf: DescentOptions["proofsOf"] = (slots) =>
        Promise.resolve(slots.map((slot) => of(there.proofNodes(slot))));
      const { details } = await rejected("PROOF_INVALID", all({ tree, root, proofsOf }));
      expect(details.reason).to.equal(reason);
    }
    for (const answer of [undefined, null, {}, [], [null], ["0x80"], [[], []]]) {
      const proofsOf = () => Promise.resolve(answer as unknown as string[][]);
      await rejected("INVALID_RESPONSE", all({ tree, root, proofsOf }));
    }
    await rejected("INVALID_HEX", all({ tree, root, proofsOf: () => Promise.resolve([["0xzz"]]) }));
    await rejected("INVALID_HEX", all({ tree, root: "0x01", proofsOf: () => Promise.resolve([]) }));
  });

  it("refuses a leaf that is no storage's, although its hash is the root", async () => {
    const hashed = [...toBytes(hashOf(keyOf(1)), "hash")].flatMap((byte) => [byte >> 4, byte & 0x0f]);
    const zero = leafNode(hashed, Uint8Array.of(0));
    const short = leafNode(hashed.slice(1), rlpInteger(5n));
    for (const [node, reason] of [[zero, "ValueMalformed"], [short, "PathLength"]] as const) {
      const proofsOf: DescentOptions["proofsOf"] = () => Promise.resolve([[toHex(node)]]);
      const root = toHex(keccak256(node));
      const { details } = await rejected("PROOF_INVALID", all({ tree: LedgerTree.from([[keyOf(1), 6n]]), root, proofsOf }));
      expect(details.reason).to.equal(reason);
    }
  });
}); // prettier-ignore
