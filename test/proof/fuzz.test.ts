import { createMPT, verifyMerkleProof } from "@ethereumjs/mpt";
import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { sortSlots } from "../../src/proof/witness.js";
import { buildTrie, type BuiltTrie, concat, rlpInteger, rlpList, rlpString } from "../trie-helpers/buildTrie.js";
import { createRandom, type Random } from "../trie-helpers/random.js";
import { record } from "../trie-helpers/recorder.js";
import {
  allVerifiers,
  type Caller,
  type Line,
  type Verifier,
  type WitnessVerifier,
} from "../trie-helpers/verifiers.js";

const HEAVY = process.env["HEAVY"] !== undefined;
const CASES = HEAVY ? 20_000 : 1_000;
const MUTATIONS = HEAVY ? 20_000 : 1_000;

/** Slots whose hashed keys share eight nibbles: below 128, their leaves are embedded. */
const COLLIDING = [0x9dacn, 0x19c5en] as const;

const slotOf = (value: bigint): Uint8Array => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));

/** A canonical positive integer of exactly `length` bytes. */
function integer(random: Random, length: number): bigint {
  const bytes = random.bytes(length);
  bytes[0] = 1 + random.next(255);
  return BigInt(toHex(bytes));
}

/** Keys that share long prefixes, so that leaves, branches and extensions are embedded: no hashes, but keys of the same shape. */
function closeKeys(random: Random, count: number): Uint8Array[] {
  const keys = new Map<string, Uint8Array>();
  const base = random.bytes(32);
  while (keys.size < count) {
    const key = base.slice();
    for (let i = 0, shared = random.next(32); i < 32; i++)
      if (i >= shared && random.next(3) > 0) key[i] = random.next(256);
    if (random.next(4) === 0) key[random.next(32)] = random.next(256);
    keys.set(toHex(key), key);
  }
  return [...keys.values()];
}

/** What is asked for: a slot or an address, whose hash is the key, or a key that is no hash. */
interface Subject {
  readonly key: Uint8Array;
  readonly slot?: Uint8Array;
  readonly address?: Uint8Array;
}

interface Stored extends Subject {
  /** The leaf's value. */
  readonly value: Uint8Array;
  /** What the implementations are to answer. */
  readonly line: Line;
}

function randomAccount(random: Random): { value: Uint8Array; line: Line } {
  const [storageRoot, codeHash] = [random.bytes(32), random.bytes(32)];
  const nonce = random.next(3) === 0 ? 0n : integer(random, 1 + random.next(8));
  const balance = random.next(3) === 0 ? 0n : integer(random, 1 + random.next(32));
  const value = rlpList([rlpInteger(nonce), rlpInteger(balance), rlpString(storageRoot), rlpString(codeHash)]);
  return { value, line: `present ${nonce} ${balance} ${toHex(storageRoot)} ${toHex(codeHash)}` };
}

/** Asks as the subject is meant to be asked for: slots go the short way, accounts and keys do not. */
function ask(verifier: Verifier, root: Uint8Array, subject: Subject, nodes: readonly Uint8Array[]): Promise<Line> {
  if (subject.slot !== undefined) return verifier.slot(root, subject.slot, nodes);
  if (subject.address !== undefined) return verifier.account(root, subject.address, nodes);
  return verifier.key(root, subject.key, nodes);
}

describe("proofs of random tries", function () {
  let keys: Verifier[];
  let witnesses: WitnessVerifier[];
  let call: Caller;
  /** Inclusion only: it reverts where a key is absent. */
  let openZeppelin: (root: Uint8Array, key: Uint8Array, proof: readonly Uint8Array[]) => Promise<Line>;

  before(async () => {
    const all = await allVerifiers();
    ({ keys, witnesses, call } = all);
    const oracle = await all.connection.ethers.deployContract("TrieProofOracle");
    const address = await oracle.getAddress();
    openZeppelin = async (root, key, proof) => {
      const answer = await call(address, oracle.interface.encodeFunctionData("traverse", [root, key, [...proof]]));
      return `present ${oracle.interface.decodeFunctionResult("traverse", answer)[0]}`;
    };
  });

  async function allAgree(trie: BuiltTrie, subject: Subject, stored: Stored | undefined, seed: number): Promise<void> {
    const { key } = subject;
    const proof = trie.proof(key);
    const expected = stored?.line ?? "absent";
    record({ title: "random keys", expected, packed: undefined, verifier: (v) => ask(v, trie.root, subject, proof) });
    const lines = await Promise.all(
      keys.map(async (verifier) => `${verifier.name}: ${await ask(verifier, trie.root, subject, proof)}`),
    );
    expect(lines, `seed ${seed}`).to.deep.equal(keys.map(({ name }) => `${name}: ${expected}`));
    const raw = stored === undefined ? null : toHex(stored.value);
    const value = await verifyMerkleProof(key, proof, { root: trie.root });
    expect(value === null ? null : toHex(value), `seed ${seed}: @ethereumjs/mpt`).to.equal(raw);
    if (raw !== null)
      expect(await openZeppelin(trie.root, key, proof), `seed ${seed}: OpenZeppelin`).to.equal(`present ${raw}`);
  }

  function randomTrie(random: Random): { entries: Stored[]; trie: BuiltTrie; stranger(): Subject } {
    const kind = random.next(6);
    const count = [1, 2, 3, 17, 100, 400][random.next(6)] as number;
    const small = random.next(2) === 0;
    const number = (): bigint => (small ? BigInt(1 + random.next(200)) : integer(random, 1 + random.next(32)));
    const slotEntry = (slot: Uint8Array): Stored => {
      const value = number();
      return { slot, key: keccak256(slot), value: rlpInteger(value), line: `present ${value}` };
    };
    let entries: Stored[];
    let stranger: () => Subject;
    if (kind < 3) {
      entries = Array.from({ length: count }, () => slotEntry(random.bytes(32)));
      if (kind === 0) entries.push(...COLLIDING.map((slot) => slotEntry(slotOf(slot))));
      stranger = () => {
        const slot = random.bytes(32);
        return { slot, key: keccak256(slot) };
      };
    } else if (kind === 3) {
      const accountOf = (address: Uint8Array): Subject & { address: Uint8Array } => ({
        address,
        key: keccak256(address),
      });
      entries = Array.from({ length: count }, () => ({ ...accountOf(random.bytes(20)), ...randomAccount(random) }));
      stranger = () => accountOf(random.bytes(20));
    } else {
      const raw = closeKeys(random, Math.min(count, 60));
      entries = raw.map((key) => {
        const value = rlpInteger(number());
        return { key, value, line: `present ${toHex(value)}` };
      });
      stranger = () => {
        const key = (raw[random.next(raw.length)] as Uint8Array).slice();
        const at = random.next(32);
        key[at] = (key[at] as number) ^ (1 + random.next(255));
        return { key };
      };
    }
    return { entries, trie: buildTrie(entries), stranger };
  }

  it("our test builder computes the roots that @ethereumjs/mpt computes", async () => {
    const random = createRandom();
    console.log(`      seed ${random.seed}`);
    for (let round = 0; round < 20; round++) {
      const { entries, trie } = randomTrie(random);
      const oracle = await createMPT();
      for (const { key, value } of entries) await oracle.put(key, value);
      expect(toHex(oracle.root())).to.equal(toHex(trie.root));
    }
  });

  it(`SG-3: ${CASES} random keys get one verdict from Solidity, the reference, TypeScript, @ethereumjs/mpt and OpenZeppelin`, async function () {
    this.timeout(3_600_000);
    const random = createRandom();
    let present = 0;
    for (let done = 0; done < CASES;) {
      const { entries, trie, stranger } = randomTrie(random);
      const stored = new Map(entries.map((entry) => [toHex(entry.key), entry]));
      for (let i = 0; i < 20 && done < CASES; i++, done++) {
        const subject = random.next(2) === 0 ? stranger() : (entries[random.next(entries.length)] as Stored);
        const found = stored.get(toHex(subject.key));
        if (found !== undefined) present++;
        await allAgree(trie, subject, found, random.seed);
      }
    }
    console.log(`      seed ${random.seed}: ${present} present, ${CASES - present} absent`);
  });

  it(`M1 M7 M8 M9 M12 M16: of ${MUTATIONS} mutated proofs none is accepted, and all implementations give one reason`, async function () {
    this.timeout(3_600_000);
    const random = createRandom();
    const reasons = new Map<string, number>();
    for (let done = 0; done < MUTATIONS;) {
      const { entries, trie, stranger } = randomTrie(random);
      for (let i = 0; i < 30 && done < MUTATIONS; i++) {
        const subject = random.next(3) === 0 ? stranger() : (entries[random.next(entries.length)] as Stored);
        const proof = trie.proof(subject.key);
        const mutated = mutate(random, proof);
        if (same(mutated, proof)) continue;
        done++;
        for (const packed of [true, false]) {
          // Cutting the same bytes up differently changes only what the list forms see.
          if (packed && toHex(concat(mutated)) === toHex(concat(proof))) continue;
          const lines = await Promise.all(
            keys.filter((v) => v.packed === packed).map((v) => ask(v, trie.root, subject, mutated)),
          );
          expect(new Set(lines).size, `seed ${random.seed}: ${lines.join(" / ")}`).to.equal(1);
          expect(lines[0], `seed ${random.seed}: ${mutated.map(toHex).join(" ")}`).to.match(/^invalid/);
          const expected = lines[0] as Line;
          record({ title: "mutated proofs", expected, packed, verifier: (v) => ask(v, trie.root, subject, mutated) });
          reasons.set(lines[0] as string, (reasons.get(lines[0] as string) ?? 0) + 1);
        }
      }
    }
    console.log(
      `      seed ${random.seed}: ${[...reasons].map(([reason, count]) => `${reason.slice(8)} ${count}`).join(", ")}`,
    );
  });

  it(`M18 M19 M20 M21 R1: ${MUTATIONS} malformed nodes under their own hash as the root get one verdict and reason everywhere`, async function () {
    this.timeout(3_600_000);
    const random = createRandom();
    const lines = new Map<string, number>();
    for (let done = 0; done < MUTATIONS; done++) {
      const { entries, trie, stranger } = randomTrie(random);
      const subject = random.next(4) === 0 ? stranger() : (entries[random.next(entries.length)] as Stored);
      const nodes = rehash(random, trie.proof(subject.key));
      const root = keccak256(nodes[0] as Uint8Array);
      for (const packed of [true, false]) {
        const found = await Promise.all(
          keys.filter((v) => v.packed === packed).map((v) => ask(v, root, subject, nodes)),
        );
        expect(
          new Set(found).size,
          `seed ${random.seed}: ${found.join(" / ")}: ${nodes.map(toHex).join(" ")} ${toHex(subject.key)}`,
        ).to.equal(1);
        const expected = found[0] as Line;
        record({ title: "malformed nodes", expected, packed, verifier: (v) => ask(v, root, subject, nodes) });
        const line = expected.replace(/^present.*/, "present");
        lines.set(line, (lines.get(line) ?? 0) + 1);
      }
    }
    console.log(`      seed ${random.seed}: ${[...lines].map(([reason, count]) => `${reason} ${count}`).join(", ")}`);
  });

  it("SG-3: random witnesses of many slots, honest and mutated, get one verdict everywhere", async function () {
    this.timeout(3_600_000);
    const random = createRandom();
    const address = random.bytes(20);
    let honest = 0;
    let refused = 0;
    for (let round = 0; round < (HEAVY ? 600 : 60); round++) {
      const stored = new Map<string, bigint>();
      for (let i = 0, size = [0, 1, 2, 40, 300][random.next(5)] as number; i < size; i++)
        stored.set(toHex(random.bytes(32)), integer(random, 1 + random.next(32)));
      if (random.next(2) === 0)
        for (const slot of COLLIDING) stored.set(toHex(slotOf(slot)), BigInt(1 + random.next(127)));
      const storage = buildTrie(
        [...stored].map(([slot, value]) => ({
          key: keccak256(Buffer.from(slot.slice(2), "hex")),
          value: rlpInteger(value),
        })),
      );
      const accountLeaf = concat([
        Uint8Array.of(0xf8, 68),
        Uint8Array.of(0x80, 0x80),
        Uint8Array.of(0xa0),
        storage.root,
        Uint8Array.of(0xa0),
        random.bytes(32),
      ]);
      const state = buildTrie([
        { key: keccak256(address), value: accountLeaf },
        ...Array.from({ length: random.next(30) }, () => ({ key: keccak256(random.bytes(20)), value: accountLeaf })),
      ]);
      const known = [...stored.keys()].map((slot) => Uint8Array.from(Buffer.from(slot.slice(2), "hex")));
      const wanted = Array.from({ length: random.next(12) }, () =>
        known.length > 0 && random.next(3) > 0
          ? (known[random.next(known.length)] as Uint8Array)
          : random.next(3) === 0
            ? slotOf(COLLIDING[random.next(2)] as bigint)
            : random.bytes(32),
      );
      const slots = sortSlots(wanted);
      const witness = concat([
        ...state.proof(keccak256(address)),
        ...sharedOnce(
          slots.map((slot) => keccak256(slot)),
          storage,
        ),
      ]);
      const expected = `present: ${slots.map((slot) => stored.get(toHex(slot)) ?? "-").join(" ")}`;
      const lines = await Promise.all(witnesses.map((v) => v.slots(state.root, address, slots, witness)));
      expect(lines, `seed ${random.seed}`).to.deep.equal(witnesses.map(() => expected));
      record({ title: "random witnesses", expected, witness: (v) => v.slots(state.root, address, slots, witness) });
      honest++;
      for (let i = 0; i < 12; i++) {
        const mutated = mutateBytes(random, witness);
        if (toHex(mutated) === toHex(witness)) continue;
        const found = await Promise.all(witnesses.map((v) => v.slots(state.root, address, slots, mutated)));
        expect(new Set(found).size, `seed ${random.seed}: ${found.join(" / ")}`).to.equal(1);
        expect(found[0], `seed ${random.seed}`).to.match(/^invalid/);
        const reason = found[0] as Line;
        record({
          title: "mutated witnesses",
          expected: reason,
          witness: (v) => v.slots(state.root, address, slots, mutated),
        });
        refused++;
      }
      if (slots.length > 1) {
        const reversed = [...slots].reverse();
        const found = await Promise.all(witnesses.map((v) => v.slots(state.root, address, reversed, witness)));
        expect(new Set(found).size, found.join(" / ")).to.equal(1);
        expect(found[0]).to.match(/^invalid/);
      }
    }
    console.log(`      seed ${random.seed}: ${honest} honest, ${refused} mutated`);
  });
});

/** Each node once, in the order of a walk from key to key; by node identity, an independent way to what packWitness does by depth. */
function sharedOnce(keys: readonly Uint8Array[], trie: BuiltTrie): Uint8Array[] {
  const nodes: Uint8Array[] = [];
  let previous: Uint8Array[] = [];
  for (const key of keys) {
    const proof = trie.proof(key);
    let shared = 0;
    while (shared < proof.length && proof[shared] === previous[shared]) shared++;
    nodes.push(...proof.slice(shared));
    previous = proof;
  }
  return nodes;
}

function same(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((node, i) => toHex(node) === toHex(b[i] as Uint8Array));
}

/** One change to a list of nodes. */
function mutate(random: Random, proof: readonly Uint8Array[]): Uint8Array[] {
  const nodes = proof.map((node) => node.slice());
  const i = random.next(Math.max(1, nodes.length));
  const node = nodes[i];
  if (node === undefined) return [random.bytes(1 + random.next(40))];
  switch (random.next(9)) {
    case 0:
      return nodes.slice(0, i);
    case 1:
      return nodes.filter((_, j) => j !== i);
    case 2:
      return [...nodes.slice(0, i), node, ...nodes.slice(i)];
    case 3:
      return [...nodes, random.bytes(1 + random.next(60))];
    case 4:
      return nodes.reverse();
    case 5:
      return nodes.map((each, j) => (j === i ? concat([each, random.bytes(1 + random.next(3))]) : each));
    case 6:
      return nodes.map((each, j) => (j === i ? each.slice(0, random.next(each.length)) : each));
    case 7:
      return [concat(nodes.slice(0, i + 1)), ...nodes.slice(i + 1)];
    default:
      node[random.next(node.length)] = random.next(256);
      return nodes;
  }
}

/** One change to a byte string. */
function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.next(bytes.length);
  switch (random.next(4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return concat([bytes, random.bytes(1 + random.next(40))]);
    case 2:
      return concat([bytes.slice(0, at), random.bytes(1), bytes.slice(at)]);
    default: {
      const changed = bytes.slice();
      changed[at] = random.next(256);
      return changed;
    }
  }
}

/** Changes one node and puts the hashes above it right again, as an attacker can who also chooses the root. */
function rehash(random: Random, proof: readonly Uint8Array[]): Uint8Array[] {
  const nodes: Uint8Array[] = proof.map((node) => node.slice());
  const i = random.next(nodes.length);
  let changed: Uint8Array = nodes[i] as Uint8Array;
  const before = changed.slice();
  switch (random.next(8)) {
    case 6: {
      // A reference to nothing known, zero among others.
      const at = changed.lastIndexOf(0xa0);
      if (at >= 0) changed.fill(random.next(2) === 0 ? 0 : random.next(256), at + 1, Math.min(at + 33, changed.length));
      break;
    }
    case 7:
      // Somewhere in a leaf's or an extension's path and value headers.
      changed[changed.length - 1 - random.next(Math.min(75, changed.length))] = [
        0x00, 0x7f, 0x80, 0x81, 0xa0, 0xa1, 0xb8,
      ][random.next(7)] as number;
      break;
    case 0:
      // Near the front stand the header and the first item's marker, in a short node the path.
      changed[random.next(Math.min(6, changed.length))] = random.next(256);
      break;
    case 1:
      changed[changed.length - 1] = random.next(256);
      break;
    case 2: {
      // A marker of a branch of sixteen hashes, or whatever stands there.
      const at = 3 + 33 * random.next(16);
      changed[at % changed.length] = [0x80, 0xa0, 0x9f, 0xa1, 0xc0, 0xdf, 0xb8, 0x00][random.next(8)] as number;
      break;
    }
    case 3: {
      // One item more or less, with the header put right.
      const start = (changed[0] as number) < 0xf8 ? 1 : (changed[0] as number) - 0xf6;
      const payload =
        random.next(2) === 0 ? concat([changed.slice(start), Uint8Array.of(0x80)]) : changed.slice(start, -1);
      changed = withHeader(payload);
      break;
    }
    case 4: {
      // A child's marker replaced by another kind of item.
      const start = (changed[0] as number) < 0xf8 ? 1 : (changed[0] as number) - 0xf6;
      const payload = changed.slice(start);
      const at = payload.indexOf(0x80);
      if (at >= 0) payload[at] = [0x00, 0x01, 0x7f, 0xc0, 0x81][random.next(5)] as number;
      changed = withHeader(payload);
      break;
    }
    default:
      changed[random.next(changed.length)] = random.next(256);
  }
  nodes[i] = changed;
  let oldHash = keccak256(before);
  let newHash = keccak256(changed);
  for (let j = i - 1; j >= 0; j--) {
    const parent = nodes[j] as Uint8Array;
    const at = Buffer.from(parent).indexOf(Buffer.from(oldHash));
    oldHash = keccak256(parent);
    if (at >= 0) parent.set(newHash, at);
    newHash = keccak256(parent);
  }
  return nodes;
}

function withHeader(payload: Uint8Array): Uint8Array {
  const size = payload.length;
  if (size < 56) return concat([Uint8Array.of(0xc0 + size), payload]);
  if (size < 256) return concat([Uint8Array.of(0xf8, size), payload]);
  return concat([Uint8Array.of(0xf9, size >> 8, size & 0xff), payload]);
}
