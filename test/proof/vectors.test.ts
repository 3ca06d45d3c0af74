import { expect } from "chai";

import { toBytes, toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { buildTrie, hexPrefix, nibblesOf, rlpList, rlpString } from "../../tools/buildTrie.js";
import { needVectors, readVector, realVectors } from "../../tools/vectors.js";
import { packWitness, verifyWitness } from "../../src/proof/witness.js";
import { BUILDS, compile, type Artifact } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { rawReaders, type Line, type RawReaders, type Verifier } from "../../tools/proof/raw.js";
import { deploy, type Contract } from "../../tools/proof/readers.js";

interface KeyCase {
  id: string;
  root: string;
  trieKey: string;
  proof: string[];
  expect: string;
  value?: string;
  policy?: string;
}

interface ProofCase {
  stateRoot: string;
  expect: {
    account: string;
    decoded?: { nonce: string; balance: string; storageHash: string; codeHash: string };
    storage?: { key: string; status: string; value: string }[];
  };
  proof: {
    address: string;
    nonce?: string;
    balance?: string;
    storageHash?: string;
    codeHash?: string;
    accountProof: string[];
    storageProof: { key: string; proof: string[] | null }[];
  };
}

const NO_HASH = `0x${"00".repeat(32)}`;
const bytes = (hex: string): Uint8Array => toBytes(hex, "vector");
const word = (hex: string): Uint8Array => toBytes(`0x${hex.replace(/^0x/, "").padStart(64, "0")}`, "vector");

describe("published proofs", function () {
  let readers: RawReaders;
  let contract: Contract;

  before(async function () {
    needVectors(this);
    readers = await rawReaders();
    const build = BUILDS.at(-1)!;
    const artifacts = await compile(SOURCES.proofs, build);
    contract = await deploy(artifacts["StateProofHarness"] as Artifact);
  });

  /** The one line of all that read nodes. */
  async function agreed(id: string, ask: (verifier: Verifier) => Promise<Line>): Promise<Line> {
    const lines = await Promise.all(readers.verifiers.map(ask));
    expect(new Set(lines).size, `${id}: ${lines.join(" / ")}`).to.equal(1);
    return lines[0] as Line;
  }

  /** The line of a key of no known kind. Where it is a slot's, its witness shows the same; what is invalid packs into none. */
  async function agreedKey({ id, root, trieKey, proof }: KeyCase): Promise<Line> {
    const question = [bytes(root), bytes(trieKey), proof.map(bytes)] as const;
    await readers.agree(...question);
    return agreed(id, (v) => v.key(...question));
  }

  /** What the contract reads in a witness, numbers as text. */
  async function read(method: string, ...args: unknown[]): Promise<unknown> {
    const { values, error } = await contract.call(method, args);
    expect(error, method).to.equal(undefined);
    return JSON.parse(JSON.stringify(values, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each)));
  }

  /** What the witness of an answer shows, to TypeScript and to each function of the contract. */
  async function packed(stateRoot: string, account: string, answer: ProofCase["proof"]): Promise<Map<string, bigint>> {
    const asked = answer.storageProof.map(({ key }) => toHex(word(key)));
    const question = { stateRoot: toHex(bytes(stateRoot)), account, slots: asked };
    const { witness, storageWitness, slots: found, account: fields } = packWitness(question, answer);
    const slots = found.map(({ slot }) => slot);
    const verdict = verifyWitness({ ...question, slots }, witness);
    expect(verdict).to.deep.equal({ status: "valid", account: fields, slots: found });

    const root = question.stateRoot;
    const values = found.map(({ value }) => String(value));
    const exists = fields !== undefined;
    const none = ["0", "0", NO_HASH, NO_HASH];
    const shown = fields ? [`${fields.nonce}`, `${fields.balance}`, fields.storageRoot, fields.codeHash] : none;
    if (slots.length > 0)
      expect(await read("readAccountSlots", root, account, slots, witness)).to.deep.equal([exists, shown, values]);
    const alone = packWitness({ ...question, slots: [] }, answer);
    expect(await read("readAccount", root, account, alone.witness)).to.deep.equal([exists, shown]);
    if (slots.length === 1)
      expect(await read("readAccountSlot", root, account, slots[0], witness)).to.deep.equal([exists, values[0]]);
    if (slots.length > 0 && fields !== undefined)
      expect(await read("readSlots", fields.storageRoot, slots, storageWitness)).to.deep.equal([values]);
    return new Map(found.map(({ slot, value }) => [slot, value]));
  }

  function check(line: Line, { id, expect: expected, value, policy }: KeyCase): void {
    if (expected === "exists" && policy?.includes("may reject") === true)
      return void expect(line, id).to.match(/^(present|invalid)/);
    if (expected === "exists") return void expect(line, id).to.equal(`present ${value}`);
    if (expected.startsWith("absent:") || expected === "absent") return void expect(line, id).to.equal("absent");
    if (expected === "absent-or-reject") return void expect(line, id).to.not.match(/^present/);
    expect(["reject", "not-canonical"], id).to.include(expected);
    expect(line, id).to.match(/^invalid/);
  }

  it("M1 M2 M3 M4 M5 M8 M9 M10 M12 M13 M15 M19 M20 M21 M24 M27 M28 M34 M40 R1 R4 R7: adversarial proofs get the published verdict", async () => {
    const { cases } = readVector<{ cases: KeyCase[] }>("conformance/proofs/adversarial-mpt.json");
    const expressible = cases.filter(({ trieKey }) => trieKey.length === 66);
    for (const test of expressible) check(await agreedKey(test), test);
    console.log(
      `      ${expressible.length} checked, ${cases.length - expressible.length} have keys that the API cannot express`,
    );
  });

  it("M1 M2 M7 M8 M9 M30: no mutated real proof is accepted", async () => {
    const { cases } = readVector<{ cases: KeyCase[] }>("conformance/proofs/mutated-proofs.json");
    for (const test of cases) check(await agreedKey(test), test);
    console.log(`      ${cases.length} checked`);
  });

  async function checkProof(
    id: string,
    { stateRoot, expect: expected, proof }: ProofCase,
  ): Promise<{ accounts: number; slots: number }> {
    const nodes = proof.accountProof.map(bytes);
    const line = await agreed(id, (v) => v.account(bytes(stateRoot), bytes(proof.address), nodes));
    if (expected.account !== "exists") {
      expect(line, id).to.equal("absent");
      const values = await packed(stateRoot, proof.address, proof);
      expect(
        [...values.values()].every((value) => value === 0n),
        id,
      ).to.equal(true);
      return { accounts: 1, slots: proof.storageProof.length };
    }
    // Some recordings leave the fields out; then the published decoding stands for them.
    const { nonce = "0x0", balance = "0x0", storageHash = "0x", codeHash } = expected.decoded ?? proof;
    expect(line, id).to.equal(`present ${BigInt(nonce)} ${BigInt(balance)} ${storageHash} ${codeHash}`);
    const values = await packed(stateRoot, proof.address, proof);
    for (const [i, { key, proof: slotProof }] of proof.storageProof.entries()) {
      const want = expected.storage?.[i] as { status: string; value: string };
      const slotNodes = (slotProof ?? []).map(bytes);
      const slotLine = await agreed(`${id} ${key}`, (v) => v.slot(bytes(storageHash), word(key), slotNodes));
      expect(slotLine, `${id} ${key}`).to.equal(want.status === "exists" ? `present ${BigInt(want.value)}` : "absent");
      expect(values.get(toHex(word(key))), `${id} ${key}`).to.equal(want.status === "exists" ? BigInt(want.value) : 0n);
    }
    return { accounts: 1, slots: proof.storageProof.length };
  }

  for (const file of ["eth_getProof-real", "hive-witness-proofs", "consensus-poststate-proofs"]) {
    it(`M36 M37 M38: accounts and slots of ${file} are present or absent as published`, async () => {
      const { cases } = readVector<{ cases: (ProofCase & { id?: string; source?: string; cases?: ProofCase[] })[] }>(
        `conformance/proofs/${file}.json`,
      );
      const total = { accounts: 0, slots: 0 };
      for (const test of cases) {
        for (const each of test.cases ?? [test]) {
          const done = await checkProof(`${test.id ?? test.source}`, { ...each, stateRoot: test.stateRoot });
          total.accounts += done.accounts;
          total.slots += done.slots;
        }
      }
      console.log(`      ${total.accounts} accounts, ${total.slots} slots`);
    });
  }

  it("M36 M38: the real mainnet and Sepolia answers are present or absent as recorded", async () => {
    let slots = 0;
    const vectors = realVectors();
    for (const vector of vectors) {
      const { account, accountProof, address, stateRoot } = vector;
      const storage = vector.storage.map(({ slot, value }) => ({
        key: slot,
        status: BigInt(value) === 0n ? "absent" : "exists",
        value,
      }));
      await checkProof(vector.id, {
        stateRoot,
        expect: { account: vector.accountExists ? "exists" : "absent", storage },
        proof: {
          address,
          accountProof,
          ...(account ?? {}),
          storageProof: vector.storage.map(({ slot, proof }) => ({ key: slot, proof })),
        },
      });
      slots += storage.length;
    }
    console.log(`      ${vectors.length} accounts, ${slots} slots`);
  });

  it("M16 M17 M23: slots whose leaf is embedded in its branch are proven from geth's nodes", async () => {
    const { cases } = readVector<{
      cases: {
        id: string;
        storageRoot: string;
        cases: {
          slot: string;
          expect: string;
          value: string;
          proof: string[];
          proofWithEmbeddedNodesListed?: string[];
        }[];
      }[];
    }>("conformance/proofs/storage-inline-leaf.json");
    let count = 0;
    for (const test of cases) {
      for (const { slot, expect: expected, value, proof, proofWithEmbeddedNodesListed: listed = [] } of test.cases) {
        const line = await agreed(test.id, (v) => v.slot(bytes(test.storageRoot), bytes(slot), proof.map(bytes)));
        expect(line, test.id).to.equal(expected === "exists" ? `present ${BigInt(value)}` : "absent");
        const question = { storageRoot: test.storageRoot, slots: [slot] };
        const { witness, slots } = packWitness(question, { storageProof: [{ key: slot, proof }] });
        expect(slots, test.id).to.deep.equal([{ slot, value: expected === "exists" ? BigInt(value) : 0n }]);
        expect(await read("readSlot", test.storageRoot, slot, witness)).to.deep.equal([String(slots[0]!.value)]);
        if (listed.length > proof.length) {
          expect(
            await agreed(test.id, (v) => v.slot(bytes(test.storageRoot), bytes(slot), listed.map(bytes))),
          ).to.equal("invalid TrailingBytes");
          // Packing drops what is listed again.
          expect(packWitness(question, { storageProof: [{ key: slot, proof: listed }] }).witness).to.equal(witness);
        }
        count++;
      }
    }
    console.log(`      ${count} slots`);
  });

  it("M16 M27: the official tries with 32-byte keys are proven as published", async () => {
    const { cases } = readVector<{ cases: (KeyCase & { suite: string; tags: string[] })[] }>(
      "conformance/trie/small-trie-proofs.json",
    );
    const expressible = cases.filter(({ trieKey }) => trieKey.length === 66);
    let strict = 0;
    for (const test of expressible) {
      const line = await agreedKey({ ...test, id: test.suite });
      if (test.tags.includes("branchValue")) strict++;
      else check(line, { ...test, id: test.suite });
    }
    console.log(
      `      ${expressible.length} checked, ${cases.length - expressible.length} have keys of other lengths, ${strict} branch values`,
    );
  });

  it("M16: proofs from tries that we build under the official secure roots hold", async () => {
    const text = (value: string): Uint8Array =>
      value.startsWith("0x") ? bytes(value) : Uint8Array.from(Buffer.from(value));
    let count = 0;
    for (const file of ["hex_encoded_securetrie_test", "trieanyorder_secureTrie", "trietest_secureTrie"]) {
      const suite = readVector<
        Record<string, { in: Record<string, string> | [string, string | null][]; root: string }>
      >(`conformance/trie/ethereum-tests/${file}.json`);
      for (const [name, test] of Object.entries(suite)) {
        const state = new Map<string, string>();
        for (const [key, value] of Array.isArray(test.in) ? test.in : Object.entries(test.in)) {
          if (value === null) state.delete(key);
          else state.set(key, value);
        }
        const trie = buildTrie([...state].map(([key, value]) => ({ key: keccak256(text(key)), value: text(value) })));
        expect(Buffer.from(trie.root).toString("hex"), name).to.equal(test.root.replace(/^0x/, ""));
        for (const [key, value] of state) {
          const hashed = keccak256(text(key));
          expect(await agreed(name, (v) => v.key(trie.root, hashed, trie.proof(hashed)))).to.equal(
            `present 0x${Buffer.from(text(value)).toString("hex")}`,
          );
          const other = keccak256(hashed);
          expect(await agreed(name, (v) => v.key(trie.root, other, trie.proof(other)))).to.equal("absent");
          count += 2;
        }
      }
    }
    console.log(`      ${count} keys`);
  });

  it("R1 R2 R3 R4 R6 R7 R17: no official invalid RLP is a node, under its own hash as the root", async () => {
    const suite = readVector<Record<string, { out: string }>>("conformance/rlp/ethereum-tests/invalidRLPTest.json");
    const valid = readVector<Record<string, { out: string }>>("conformance/rlp/ethereum-tests/rlptest.json");
    const key = keccak256(Uint8Array.of(1));
    for (const [name, { out }] of [...Object.entries(suite), ...Object.entries(valid)]) {
      const node = bytes(out.startsWith("0x") ? out : `0x${out}`);
      const line = await agreed(name, (v) => v.key(keccak256(node), key, [node]));
      // The official "zero" and "emptystring" are 0x80, the empty trie's node, which a proof does not list.
      expect(line, name).to.match(/^invalid/);
    }
    console.log(
      `      ${Object.keys(suite).length} invalid, ${Object.keys(valid).length} valid that are no trie nodes`,
    );
  });

  it("R3 R4 R9 R10 R11 R12 R13 R14 R15 R16: leaf values are judged as published", async () => {
    const { storageValues, accounts } = readVector<
      Record<"storageValues" | "accounts", { id: string; rlp: string; expect: string; note?: unknown }[]>
    >("conformance/rlp/account-and-value-rlp.json");
    for (const { id, rlp, expect: expected, note } of storageValues) {
      const slot = word("0x07");
      const leaf = rlpList([rlpString(hexPrefix(nibblesOf(keccak256(slot)), true)), rlpString(bytes(rlp))]);
      const line = await agreed(id, (v) => v.slot(keccak256(leaf), slot, [leaf]));
      expect(line, id).to.equal(expected === "value" ? `present ${note}` : "invalid ValueMalformed");
    }
    for (const { id, rlp, expect: expected } of accounts) {
      const address = bytes(`0x${"11".repeat(20)}`);
      const leaf = rlpList([rlpString(hexPrefix(nibblesOf(keccak256(address)), true)), rlpString(bytes(rlp))]);
      const line = await agreed(id, (v) => v.account(keccak256(leaf), address, [leaf]));
      if (expected.startsWith("ok")) expect(line, id).to.match(/^present/);
      else expect(line, id).to.equal("invalid AccountMalformed");
    }
    console.log(`      ${storageValues.length} values, ${accounts.length} accounts`);
  });
});
