import { createEVM } from "@ethereumjs/evm";
import { createMerkleProof, createMPT, verifyMerkleProof, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { expect } from "chai";

import { compareBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { Nodes, packSlots } from "../../src/proof/pack.js";
import { packWitness, verifyWitness } from "../../src/proof/witness.js";
import { BUILDS, compile, type Artifact, type Build } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { announced, type Random } from "../../tools/random.js";
import { buildTrie, concat, rlpInteger } from "../../tools/buildTrie.js";
import { deploy, readByTwin, solidityReader, type Contract } from "../../tools/proof/readers.js";

const HEAVY = process.env["HEAVY"] !== undefined;

/** A campaign of the length that a run can afford: 20,000 rounds where HEAVY is set. */
const ROUNDS = HEAVY ? 20_000 : 60;

describe("witnesses of random states", () => {
  it("SG-13: valid ones are accepted: the reader, the reference, TypeScript and mpt say what was put in", async function () {
    const random = announced();
    const evm = await createEVM();
    const contracts = await Promise.all(BUILDS.map((build) => contractsOf(build, evm)));
    for (let round = 0; round < ROUNDS; round++) {
      const state = await randomState(random);
      const { reader, reference } = contracts[round % contracts.length] as Contracts;
      const question = { stateRoot: state.root, account: state.account, slots: state.slots };
      const packed = packWitness(question, state.answer);
      const slots = packed.slots.map(({ slot }) => slot);
      const expected = slots.map((slot) => state.values.get(slot) ?? 0n);
      const which = `round ${round}`;

      expect(
        packed.slots.map(({ value }) => value),
        which,
      ).to.deep.equal(expected);
      const verdict = verifyWitness({ ...question, slots }, packed.witness);
      expect(verdict.status === "valid" && verdict.slots.map(({ value }) => value), which).to.deep.equal(expected);
      const args = [state.root, state.account, slots, packed.witness];
      const [exists, fields, values] = (await reader.call("readAccountSlots", args)).values as [
        boolean,
        unknown[],
        bigint[],
      ];
      expect([exists, [...values]], which).to.deep.equal([state.exists, expected]);
      expect(fields[0], which).to.equal(state.exists ? 1n : 0n);
      const storageRoot = fields[2] as Hex;
      if (slots.length > 0 && state.exists) {
        const known = await reader.call("readSlots", [storageRoot, slots, packed.storageWitness]);
        expect([...(known.values![0] as bigint[])], which).to.deep.equal(expected);
      }

      for (const { key, proof } of state.answer.storageProof) {
        const value = state.values.get(key) ?? 0n;
        const nodes = state.exists ? proof : [];
        const [status, , integer] = (await reference.call("slot", [state.storageRoot, key, nodes])).values as bigint[];
        if (state.exists) expect([status, integer], which).to.deep.equal([value === 0n ? 1n : 2n, value]);
        if (state.exists && proof.length > 0) expect(await byMpt(state.storageRoot, key, proof), which).to.equal(value);
      }
    }
  });

  it("SG-13: mutated ones are refused, by every reader at the same byte", async function () {
    const random = announced();
    const readers = await Promise.all(BUILDS.map(solidityReader));
    for (let round = 0; round < 4 * ROUNDS; round++) {
      const { root, keys, part } = randomQuestion(random);
      const mutated = mutation(random, part);
      if (compareBytes(mutated, part) === 0) continue;
      const reader = random.pick(readers);
      const line = await reader.read(root, keys, mutated);
      const which = `${reader.name}, round ${round}: ${toHex(root)}, ${keys.map(toHex).join()}, ${toHex(mutated)}`;
      expect(line, which).to.match(/^refused at \d+$/);
      expect(readByTwin(root, keys, mutated).line, which).to.equal(line);
    }
  });

  it("SG-13: keys that were made to share their way, and to end in each other's, are answered", async function () {
    const random = announced();
    const readers = await Promise.all(BUILDS.map(solidityReader));
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const { root, keys, part, values } = randomQuestion(random);
      const reader = random.pick(readers);
      const which = `${reader.name}, round ${round}: ${toHex(root)}, ${keys.map(toHex).join()}`;
      expect(await reader.read(root, keys, part), which).to.equal(values.join(" "));
      expect(readByTwin(root, keys, part).line, which).to.equal(values.join(" "));
    }
  });
});

interface Contracts {
  readonly reader: Contract;
  readonly reference: Contract;
}

async function contractsOf(build: Build, evm: Awaited<ReturnType<typeof createEVM>>): Promise<Contracts> {
  const names = ["StateProofHarness", "StateProofReferenceHarness"] as const;
  const artifacts = await compile(SOURCES.proofs, build, names);
  const [reader, reference] = await Promise.all(names.map((name) => deploy(artifacts[name] as Artifact, evm)));
  return { reader: reader as Contract, reference: reference as Contract };
}

// --- states, built by another library ---

async function randomState(random: Random) {
  const storage = await createMPT();
  const values = new Map<Hex, bigint>();
  const count = random.pick([0, 1, 2, 5, 40]);
  for (let i = 0; i < count; i++) {
    const slot = toWord(BigInt(random.below(50)));
    const value = BigInt(toHex(random.bytes(1 + random.below(32)))) | 1n;
    values.set(slot, value);
    await storage.put(keccak256(bytesOf(slot)), RLP.encode(value));
  }
  const state = await createMPT();
  const account = toHex(random.bytes(20));
  const exists = random.below(5) > 0;
  for (let i = 0; i < random.pick([1, 3, 30]); i++)
    await state.put(keccak256(random.bytes(20)), fields(random.bytes(32)));
  if (exists) await state.put(keccak256(bytesOf(account)), fields(storage.root()));
  else values.clear();
  const slots = Array.from({ length: random.pick([0, 1, 1, 2, 7]) }, () => toWord(BigInt(random.below(60))));
  const asked = [...new Set(slots)];
  return {
    account,
    exists,
    values,
    slots: asked,
    root: toHex(state.root()),
    storageRoot: toHex(storage.root()),
    answer: {
      accountProof: await nodesOf(state, bytesOf(account)),
      storageProof: await Promise.all(asked.map(async (key) => ({ key, proof: await nodesOf(storage, bytesOf(key)) }))),
    },
  };
}

function fields(storageRoot: Uint8Array): Uint8Array {
  return RLP.encode([1n, 10n ** 18n, storageRoot, keccak256(new Uint8Array())]);
}

async function nodesOf(trie: MerklePatriciaTrie, preimage: Uint8Array): Promise<Hex[]> {
  const nodes = await createMerkleProof(trie, keccak256(preimage));
  // This library lists embedded nodes, and the empty trie's.
  return nodes.filter((node, i) => (i === 0 ? node.length > 1 : node.length >= 32)).map((node) => toHex(node));
}

async function byMpt(storageRoot: Hex, slot: Hex, proof: readonly Hex[]): Promise<bigint> {
  const nodes = proof.map(bytesOf);
  const value = await verifyMerkleProof(keccak256(bytesOf(slot)), nodes, { root: bytesOf(storageRoot) });
  return value === null ? 0n : BigInt(toHex(RLP.decode(value) as Uint8Array));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}

// --- tries of keys that nobody hashed ---

function randomQuestion(random: Random) {
  const alphabet = random.pick([2, 3, 16, 16]);
  const held = new Map<Hex, { key: Uint8Array; value: bigint }>();
  const known: Uint8Array[] = [];
  const near = (): Uint8Array => randomKey(random, alphabet, known.length === 0 ? undefined : random.pick(known));
  for (let i = random.pick([0, 1, 2, 8, 40]); i > 0; i--) {
    const key = near();
    known.push(key);
    held.set(toHex(key), { key, value: BigInt(toHex(random.bytes(random.pick([1, 1, 4, 32])))) || 1n });
  }
  const trie = buildTrie([...held.values()].map(({ key, value }) => ({ key, value: rlpInteger(value) })));
  const asked = new Map<Hex, Uint8Array>();
  for (let i = random.pick([1, 2, 5, 16]); i > 0; i--) {
    const key = known.length > 0 && random.below(2) === 0 ? random.pick(known) : near();
    asked.set(toHex(key), key);
  }
  const keys = [...asked.values()].sort(compareBytes);
  const { part } = packSlots(trie.root, keys, keys.map((key) => trie.proof(key)), new Nodes()); // prettier-ignore
  return { root: trie.root, keys, part, values: keys.map((key) => held.get(toHex(key))?.value ?? 0n) };
}

/** Nibbles of a small alphabet, the first ones those of another key: ways that are long, and part late. */
function randomKey(random: Random, alphabet: number, base: Uint8Array | undefined): Uint8Array {
  const shared = base === undefined ? 0 : random.below(64);
  const digits = Array.from({ length: 64 }, (_, i) =>
    i < shared ? (toHex(base as Uint8Array)[2 + i] as string) : random.below(alphabet).toString(16),
  );
  return bytesOf(`0x${digits.join("")}`);
}

function mutation(random: Random, part: Uint8Array): Uint8Array {
  const at = random.below(part.length);
  const [before, after] = [part.subarray(0, at), part.subarray(at)];
  switch (random.below(6)) {
    case 0:
      return concat([before, Uint8Array.of(random.below(9)), after.subarray(1)]);
    case 1:
      return concat([before, after.subarray(1 + random.below(33))]);
    case 2:
      return concat([before, random.bytes(1 + random.below(3)), after]);
    case 3:
      return before;
    default:
      return part.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte));
  }
}
