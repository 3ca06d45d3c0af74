import { createEVM } from "@ethereumjs/evm";
import { createMPT, verifyMerkleProof } from "@ethereumjs/mpt";
import { expect } from "chai";

import { toBytes, toHex, type Hex } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { keccak_256 as keccakOfNoble } from "@noble/hashes/sha3.js";

import { keccak256, setKeccak256 } from "../../src/core/keccak.js";
import {
  CompactProofHarness__factory,
  IProofErrors__factory,
  type CompactProofHarness,
} from "../../typechain-types/index.js";
import { climbSlot, packCompact, packSlotPart, verifyCompact } from "../../src/proof/compact.js";
import { EMPTY_ROOT, verifyHashedKey } from "../../src/proof/trie.js";
import { needVectors, readVector, realVectors } from "../../tools/vectors.js";
import {
  buildTrie,
  type BuiltTrie,
  concat,
  hexPrefix,
  nibblesOf,
  rlpInteger,
  rlpList,
  rlpString,
} from "../trie-helpers/buildTrie.js";
import {
  accountRlp,
  integer,
  plainLine,
  type CompactVerifier,
  type Question,
  randomWorld,
  slotOf,
  solidityCompact,
  typescriptCompact,
} from "../trie-helpers/compact.js";
import { compile, type Compiled } from "../trie-helpers/compile.js";
import { compactShapes } from "../trie-helpers/compactShapes.js";
import { createRandom, type Random } from "../trie-helpers/random.js";
import { allVerifiers, type Caller, type Line, type WitnessVerifier } from "../trie-helpers/verifiers.js";

const HEAVY = process.env["HEAVY"] !== undefined;
const WORLDS = HEAVY ? 600 : 40;
const PARTS = HEAVY ? 20_000 : 1_000;

const bytes = (hex: string): Uint8Array => toBytes(hex, "vector");
const word = (hex: string): Uint8Array => bytes(`0x${hex.replace(/^0x/, "").padStart(64, "0")}`);

interface Answered {
  stateRoot: string;
  proof: {
    address: string;
    accountProof: string[];
    storageProof: { key: string; proof: string[] | null }[];
  };
}

describe("compact witnesses", function () {
  this.timeout(3_600_000);
  let all: CompactVerifier[];
  let plain: WitnessVerifier[];
  let solidity: CompactVerifier;
  let key: (root: Uint8Array, key: Uint8Array, nodes: readonly Uint8Array[]) => Promise<Line>;
  let harness: CompactProofHarness;
  let caller: Caller;
  let deploy: (abi: Compiled["abi"], bytecode: string) => Promise<string>;
  /** The contract in an EVM of its own, with gas for ten megabytes of calldata. */
  let unmetered: { verifier: CompactVerifier; gas(): bigint };

  before(async () => {
    const { call, connection, witnesses, keys } = await allVerifiers();
    const [signer] = await connection.ethers.getSigners();
    caller = call;
    deploy = async (abi, bytecode) =>
      (await new connection.ethers.ContractFactory(abi, bytecode, signer ?? null).deploy()).getAddress();
    harness = (await connection.ethers.deployContract("CompactProofHarness")) as unknown as CompactProofHarness;
    solidity = solidityCompact("Solidity", call, await harness.getAddress(), harness.interface);
    all = [typescriptCompact, solidity];
    const { call: inner, gas } = await unmeteredCaller();
    unmetered = { verifier: solidityCompact("Solidity", inner, "", harness.interface), gas };
    plain = witnesses.filter(({ name }) => name === "Solidity, one" || name === "TypeScript");
    const nodes = keys.find(({ name }) => name === "Solidity, bytes");
    key = (root, hashed, proof) => (nodes as NonNullable<typeof nodes>).key(root, hashed, proof);
  });

  /** What all implementations say. */
  async function agreed(question: Question, what = ""): Promise<Line> {
    const lines = await Promise.all(all.map((v) => v.accountSlot(question)));
    expect(new Set(lines).size, `${what}: ${lines.join(" / ")}: ${toHex(question.witness)}`).to.equal(1);
    return lines[0] as Line;
  }

  async function agreedPart(hashed: Uint8Array, part: Uint8Array, what = ""): Promise<Line> {
    const lines = await Promise.all(all.map((v) => v.slotPart(hashed, part)));
    expect(new Set(lines).size, `${what}: ${lines.join(" / ")}: ${toHex(hashed)} ${toHex(part)}`).to.equal(1);
    return lines[0] as Line;
  }

  /** Packs one slot; it is accepted, and says what the nodes say. */
  async function packed(
    id: string,
    request: Omit<Question, "witness">,
    accountProof: readonly string[],
    storageProof: readonly string[] | null,
  ): Promise<{ line: Line; plainSize: number; witness: Uint8Array }> {
    const { root: stateRoot, address, slot } = request;
    const answer = { accountProof, storageProof: [{ key: toHex(slot), proof: storageProof }] };
    const { form, reason, witness } = packCompact({ stateRoot, address, slot }, answer);
    expect(`${form} ${reason ?? ""}`, id).to.equal("compact ");
    const embeddedLeftOut = [accountProof, storageProof ?? []].map((nodes) =>
      nodes.map(bytes).filter((node, i) => i === 0 || node.length >= 32),
    );
    const nodes = concat(embeddedLeftOut.flat());
    const line = await agreed({ ...request, witness }, id);
    const expected = await Promise.all(plain.map((v) => v.slots(stateRoot, address, [slot], nodes)));
    expect([line, line], id).to.deep.equal(expected);
    return { line, plainSize: nodes.length, witness };
  }

  describe("of published proofs", () => {
    before(function () {
      needVectors(this);
    });

    it("SG-3: every slot of the real mainnet and Sepolia answers is packed, accepted, and reads as recorded", async () => {
      const counts = new Map<string, number>();
      for (const { id, stateRoot, address, accountExists, account, accountProof, storage } of realVectors()) {
        const asked = storage.length > 0 ? storage : [{ slot: "0x0", value: "0x0", proof: [] as string[] }];
        for (const { slot, value, proof } of asked) {
          // Where no slot was recorded, only an account without storage can be asked about one.
          if (storage.length === 0 && accountExists && account?.storageHash !== toHex(EMPTY_ROOT)) continue;
          const request = { root: bytes(stateRoot), address: bytes(address), slot: word(slot) };
          const { line } = await packed(`${id} ${slot}`, request, accountProof, proof);
          const shown = BigInt(value) === 0n ? "-" : `${BigInt(value)}`;
          expect(line, `${id} ${slot}`).to.equal(`${accountExists ? "present" : "absent"}: ${shown}`);
          const kind = line.replace(/\d+/, "value");
          counts.set(kind, (counts.get(kind) ?? 0) + 1);
        }
      }
      expect(counts.get("present: value")).to.be.greaterThan(9);
      console.log(`      ${[...counts].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
    });

    for (const file of ["eth_getProof-real", "hive-witness-proofs", "consensus-poststate-proofs"]) {
      it(`M16 M36 M37 M38: every account and slot of ${file} is packed, accepted, and reads as from its nodes`, async () => {
        const { cases } = readVector<{ cases: (Answered & { id?: string; source?: string; cases?: Answered[] })[] }>(
          `conformance/proofs/${file}.json`,
        );
        const counts = new Map<string, number>();
        for (const test of cases) {
          for (const { proof } of test.cases ?? [test]) {
            const request = { root: bytes(test.stateRoot), address: bytes(proof.address) };
            for (const { key: slot, proof: slotProof } of proof.storageProof) {
              const id = `${test.id ?? test.source} ${proof.address} ${slot}`;
              const { line } = await packed(id, { ...request, slot: word(slot) }, proof.accountProof, slotProof);
              const kind = line.replace(/\d+/, "value");
              counts.set(kind, (counts.get(kind) ?? 0) + 1);
            }
          }
        }
        console.log(`      ${[...counts].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
      });
    }

    it("M16 M17 M23: slots whose leaf is embedded in its branch are packed and accepted", async () => {
      const { cases } = readVector<{
        cases: {
          id: string;
          storageRoot: string;
          cases: { slot: string; expect: string; value: string; proof: string[] }[];
        }[];
      }>("conformance/proofs/storage-inline-leaf.json");
      let count = 0;
      for (const test of cases) {
        for (const { slot, expect: expected, value, proof } of test.cases) {
          const hashed = keccak256(bytes(slot));
          const part = packSlotPart(hashed, bytes(test.storageRoot), proof.map(bytes)) as Uint8Array;
          const shown = expected === "exists" ? `${BigInt(value)}` : "-";
          expect(await agreedPart(hashed, part, test.id)).to.equal(`${test.storageRoot}: ${shown}`);
          count++;
        }
      }
      console.log(`      ${count} slots`);
    });

    it("M1 M10 M12 M15 M20 M28 M34: proofs under hostile roots are packed where a trie can have them, and never say anything else", async () => {
      interface Case {
        id: string;
        root: string;
        trieKey: string;
        proof: string[];
      }
      const files = ["proofs/adversarial-mpt", "proofs/mutated-proofs", "trie/small-trie-proofs"];
      const cases = files.flatMap((file) => readVector<{ cases: Case[] }>(`conformance/${file}.json`).cases);
      const counts = { packed: 0, inexpressible: 0, invalid: 0 };
      for (const { id, root, trieKey, proof } of cases.filter((test) => test.trieKey.length === 66)) {
        const verdict = verifyHashedKey(bytes(root), bytes(trieKey), proof.map(bytes));
        if (verdict.status === "invalid") {
          counts.invalid++;
          continue;
        }
        const part = packSlotPart(bytes(trieKey), bytes(root), proof.map(bytes));
        const line = typeof part === "string" ? "invalid" : await agreedPart(bytes(trieKey), part, id);
        if (!line.startsWith(root)) {
          // Values that are no slot's, and siblings that are no node's.
          expect(line, id).to.match(/^(invalid|0x)/);
          counts.inexpressible++;
          continue;
        }
        counts.packed++;
        const value = verdict.status === "present" ? `0x${toHex(verdict.value).slice(2)}` : undefined;
        const shown = line.slice(root.length + 2);
        if (value === undefined) expect(shown, id).to.equal("-");
        else expect(toHex(rlpInteger(BigInt(shown))), id).to.equal(value);
      }
      expect(counts.packed).to.be.greaterThan(0);
      console.log(
        `      ${Object.entries(counts)
          .map(([kind, count]) => `${count} ${kind}`)
          .join(", ")}`,
      );
    });
  });

  describe("of random tries", () => {
    it("SG-3 M16 M23 M36 M38: slots that are there, slots and accounts that are not, read as from their nodes", async () => {
      const random = createRandom();
      const counts = new Map<string, number>();
      for (let round = 0; round < WORLDS; round++) {
        const { state, storage, address, stored, slots } = randomWorld(random);
        for (const slot of slots) {
          const what = `seed ${random.seed}, round ${round}`;
          const nobody = random.next(5) === 0;
          const who = nobody ? random.bytes(20) : address;
          const storageNodes = nobody ? [] : storage.proof(keccak256(slot));
          const accountNodes = state.proof(keccak256(who));
          const request = { root: state.root, address: who, slot };
          const { line } = await packed(what, request, accountNodes.map(toHex), storageNodes.map(toHex));
          const value = nobody ? undefined : stored.get(toHex(slot));
          expect(line, what).to.equal(`${nobody ? "absent" : "present"}: ${value ?? "-"}`);
          if (!nobody && storageNodes.length > 0) {
            const raw = await verifyMerkleProof(keccak256(slot), storageNodes, { root: storage.root });
            expect(raw === null ? "-" : `${toHex(raw)}`, what).to.equal(
              value === undefined ? "-" : toHex(rlpInteger(value)),
            );
          }
          const kind = line.replace(/\d+/, "value");
          counts.set(kind, (counts.get(kind) ?? 0) + 1);
        }
      }
      console.log(`      seed ${random.seed}: ${[...counts].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
    });

    it(`M10 M16 M18 M21: ${PARTS} keys that share long prefixes, with embedded leaves, branches and extensions`, async () => {
      const random = createRandom();
      const ends = new Map<string, number>();
      for (let done = 0; done < PARTS;) {
        const trie = closeTrie(random);
        const oracle = await createMPT();
        for (const [hex, value] of trie.values) await oracle.put(bytes(hex), rlpInteger(value));
        expect(toHex(oracle.root())).to.equal(toHex(trie.root));
        for (let i = 0; i < 20; i++, done++) {
          const asked = trie.ask();
          const what = `seed ${random.seed}`;
          const part = packSlotPart(asked, trie.root, trie.proof(asked));
          expect(part, what).to.be.instanceOf(Uint8Array);
          const value = trie.values.get(toHex(asked));
          expect(await agreedPart(asked, part as Uint8Array, what)).to.equal(`${toHex(trie.root)}: ${value ?? "-"}`);
          expect(await key(trie.root, asked, trie.proof(asked)), what).to.equal(
            value === undefined ? "absent" : `present ${toHex(rlpInteger(value))}`,
          );
          const end = ["nothing", "leaf", "other leaf", "other extension", "other extension, embedded"][
            (part as Uint8Array)[0] as number
          ] as string;
          ends.set(end, (ends.get(end) ?? 0) + 1);
        }
      }
      expect([...ends.keys()].sort()).to.deep.equal([
        "leaf",
        "nothing",
        "other extension",
        "other extension, embedded",
        "other leaf",
      ]);
      console.log(`      seed ${random.seed}: ${[...ends].map(([end, count]) => `${end} ${count}`).join(", ")}`);
    });
  });

  describe("that are hostile", () => {
    it("M1 M8 M33: every shape of ends and steps, written by hand, gets its root or its reason", async () => {
      const shapes = compactShapes();
      const reasons = new Map<string, number>();
      for (const { attack, name, key: hashed, part, expected } of shapes) {
        expect(await agreedPart(hashed, part, name), `${attack} ${name}`).to.equal(expected);
        const reason = expected.replace(/^0x.*/, "accepted");
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
      console.log(`      ${[...reasons].map(([reason, count]) => `${reason} ${count}`).join(", ")}`);
    });

    for (const options of [
      { version: "0.8.13", evmVersion: "london" },
      { version: "0.8.37", viaIR: true, runs: 1_000_000, evmVersion: "prague" },
    ] as const) {
      it(`M1 M8 M33: the same by the contract that solc ${options.version} builds for ${options.evmVersion}`, async () => {
        const path = "contracts/mocks/CompactProofHarness.sol";
        const { abi, bytecode } = compile(path, ["CompactProofHarness"], options)["CompactProofHarness"] as Compiled;
        const verifier = solidityCompact(options.version, caller, await deploy(abi, bytecode), abi);
        for (const { attack, name, key: hashed, part, expected } of compactShapes())
          expect(await verifier.slotPart(hashed, part), `${attack} ${name}`).to.equal(expected);
        const random = createRandom();
        for (let round = 0; round < 10; round++) {
          const { state, storage, address, stored, slots } = randomWorld(random);
          for (const slot of slots) {
            const answer = answerOf(state, storage, address, slot);
            const { witness } = packCompact({ stateRoot: state.root, address, slot }, answer);
            expect(
              await verifier.accountSlot({ root: state.root, address, slot, witness }),
              `seed ${random.seed}`,
            ).to.equal(`present: ${stored.get(toHex(slot)) ?? "-"}`);
          }
        }
      });
    }

    it("M1 M7 M8 M9 M12: of all witnesses with one byte changed, cut, or with more bytes, none is accepted", async () => {
      const random = createRandom();
      const reasons = new Map<string, number>();
      const refuse = async (question: Question, what: string): Promise<void> => {
        const line = await agreed(question, what);
        expect(line, `${what}: ${toHex(question.witness)}`).to.match(/^invalid/);
        reasons.set(line.slice(8), (reasons.get(line.slice(8)) ?? 0) + 1);
      };
      let honest = 0;
      for (let size = 0; size < (HEAVY ? 400_000 : 3_000);) {
        const { state, storage, address, slots } = randomWorld(random);
        const slot = slots[random.next(slots.length)] as Uint8Array;
        const who = random.next(4) === 0 ? random.bytes(20) : address;
        const answer = answerOf(state, storage, who, slot);
        const { witness } = packCompact({ stateRoot: state.root, address: who, slot }, answer);
        const question = { root: state.root, address: who, slot };
        const what = `seed ${random.seed}`;
        honest++;
        size += witness.length;
        for (let place = 0; place < witness.length; place++) {
          const changed = witness.slice();
          changed[place] = (witness[place] as number) ^ (1 + random.next(255));
          await refuse({ ...question, witness: changed }, what);
          // The framing bytes in all their values, near both ends where most of them are.
          if (place < 3) {
            for (let value = 0; value < 256; value++) {
              changed[place] = value;
              if (value !== witness[place]) await refuse({ ...question, witness: changed }, what);
            }
          }
          if (random.next(4) === 0) await refuse({ ...question, witness: witness.slice(0, place) }, what);
          if (random.next(4) === 0) {
            const more = concat([witness.slice(0, place), random.bytes(1 + random.next(33)), witness.slice(place)]);
            await refuse({ ...question, witness: more }, what);
          }
          if (random.next(4) === 0) {
            const less = concat([witness.slice(0, place), witness.slice(place + 1 + random.next(33))]);
            await refuse({ ...question, witness: less }, what);
          }
        }
        for (const tail of [Uint8Array.of(0), Uint8Array.of(0, 0), random.bytes(32), witness])
          await refuse({ ...question, witness: concat([witness, tail]) }, what);
      }
      console.log(
        `      seed ${random.seed}: ${honest} witnesses; ${[...reasons].map(([reason, count]) => `${reason} ${count}`).join(", ")}`,
      );
    });

    it("M30 M32 M34 M35 M36: another's witness, another slot's, another root's, and parts put together are refused", async () => {
      const random = createRandom();
      let tried = 0;
      for (let round = 0; round < 30; round++) {
        const { state, storage, address, slots } = randomWorld(random);
        const [slot, other] = [slots[0] as Uint8Array, random.bytes(32)];
        const nobody = random.bytes(20);
        const { witness } = packCompact(
          { stateRoot: state.root, address, slot },
          answerOf(state, storage, address, slot),
        );
        const absent = packCompact(
          { stateRoot: state.root, address: nobody, slot },
          answerOf(state, storage, nobody, slot),
        );
        const part = packSlotPart(keccak256(slot), storage.root, storage.proof(keccak256(slot))) as Uint8Array;
        const question = { root: state.root, address, slot, witness };
        const isEmpty = toHex(storage.root) === toHex(EMPTY_ROOT);
        const hostile: Question[] = [
          { ...question, address: nobody },
          { ...question, root: storage.root },
          { ...question, root: keccak256(state.root) },
          { ...question, witness: part },
          { ...question, root: storage.root, witness: part },
          { ...question, witness: concat([part, witness]) },
          { ...question, address: nobody, witness: concat([absent.witness, part]) },
          { ...question, address: nobody, witness: concat([part, absent.witness]) },
          { ...question, witness: absent.witness },
          {
            ...question,
            witness: concat([witness.subarray(0, 2), Uint8Array.of(0, 0), witness.subarray(2 + part.length)]),
          },
          { ...question, witness: concat([witness.subarray(2 + part.length), witness.subarray(0, 2 + part.length)]) },
        ];
        // In a storage without slots, nothing about the slot is in the witness.
        if (!isEmpty) hostile.push({ ...question, slot: other });
        for (const [i, each] of hostile.entries()) {
          if (isEmpty && i === 9) continue;
          const line = await agreed(each, `seed ${random.seed}, ${i}`);
          // What the same bytes also show of another key, or of another trie, must be true: nothing, where nothing is.
          if (!line.startsWith("invalid")) {
            const trie = each.root === storage.root ? storage : state;
            const nodes = [
              ...trie.proof(keccak256(each.address)),
              ...(line.startsWith("present") ? storage.proof(keccak256(each.slot)) : []),
            ];
            expect(line, `seed ${random.seed}, ${i}`).to.match(/: -$/);
            expect(plainLine({ ...each, witness: concat(nodes) }), `seed ${random.seed}, ${i}`).to.equal(line);
            continue;
          }
          tried++;
        }
      }
      console.log(`      seed ${random.seed}: ${tried} refused`);
    });

    it(`SG-3 M10 M15 M18 M21: of ${PARTS} parts made up of anything, what is accepted is proven by the nodes that were built, with the same answer`, async () => {
      const random = createRandom();
      const counts = new Map<string, number>();
      for (let done = 0; done < PARTS; done++) {
        const hashed = random.bytes(32);
        const part = random.next(2) === 0 ? randomPart(random, hashed) : spoilt(random, closeTrie(random));
        const [asked, made] = part instanceof Uint8Array ? [hashed, part] : part;
        const line = await agreedPart(asked, made, `seed ${random.seed}`);
        const kind = line.replace(/^0x.*: \d+/, "present").replace(/^0x.*: -/, "absent");
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        if (line.startsWith("invalid")) continue;
        const { nodes, root, value } = built(asked, made);
        expect(await key(root, asked, nodes), `seed ${random.seed}: ${toHex(asked)} ${toHex(made)}`).to.equal(
          value === undefined ? "absent" : `present ${toHex(rlpInteger(value))}`,
        );
      }
      expect(counts.get("present") ?? 0).to.be.greaterThan(PARTS / 50);
      expect(counts.get("absent") ?? 0).to.be.greaterThan(PARTS / 50);
      console.log(`      seed ${random.seed}: ${[...counts].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
    });

    it("M6: a zero root is refused before anything is read", async () => {
      const question = {
        root: new Uint8Array(32),
        address: new Uint8Array(20),
        slot: slotOf(1),
        witness: Uint8Array.of(0, 0),
      };
      expect(await agreed(question)).to.equal("invalid ZeroRoot");
      expect(await agreed({ ...question, witness: new Uint8Array(100_000) })).to.equal("invalid ZeroRoot");
    });

    it("M38: in the empty state every account is absent, by two bytes", async () => {
      const question = { root: EMPTY_ROOT, address: new Uint8Array(20), slot: slotOf(1), witness: Uint8Array.of(0, 0) };
      expect(await agreed(question)).to.equal("absent: -");
      expect(await agreed({ ...question, witness: new Uint8Array(0) })).to.equal("invalid Truncated");
    });

    it("R9 R14 R15: an account's integers are canonical and of their width", async () => {
      const address = slotOf(5).subarray(12);
      const code = new Uint8Array(32).fill(0xcc);
      const of = (...pieces: number[]) => Uint8Array.from(pieces);
      const ask = (integers: Uint8Array, root: Uint8Array = new Uint8Array(32).fill(1)): Promise<Line> =>
        agreed({ root, address, slot: slotOf(1), witness: concat([of(1, 0, 0, 0), integers, code]) });
      const ones = (size: number): number[] => Array.from({ length: size }, () => 1);
      for (const malformed of [
        of(0x00, 0x80),
        of(0x80, 0x00),
        of(0x81, 0x05, 0x80),
        of(0x80, 0x82, 0x00, 0x05),
        of(0x89, ...ones(9), 0x80),
        of(0x80, 0xa1, ...ones(33)),
        of(0xb8, 0x01, 0x05, 0x80),
        of(0xc0, 0x80),
      ])
        expect(await ask(malformed), toHex(malformed)).to.equal("invalid AccountMalformed");
      const widest = of(0x88, ...ones(8).map(() => 0xff), 0xa0, ...ones(32).map(() => 0xff));
      expect(await ask(widest)).to.equal("invalid NodeHashMismatch");
      const leaf = rlpList([
        rlpString(hexPrefix(nibblesOf(keccak256(address)), true)),
        rlpString(rlpList([widest.subarray(0, 9), widest.subarray(9), rlpString(EMPTY_ROOT), rlpString(code)])),
      ]);
      expect(await ask(widest, keccak256(leaf))).to.equal("present: -");
      const verdict = verifyCompact(keccak256(leaf), address, slotOf(1), concat([of(1, 0, 0, 0), widest, code]));
      expect(verdict.status === "valid" && verdict.account).to.deep.equal({
        status: "present",
        value: { nonce: 2n ** 64n - 1n, balance: 2n ** 256n - 1n, storageRoot: EMPTY_ROOT, codeHash: code },
      });
      const cut = {
        root: keccak256(leaf),
        address,
        slot: slotOf(1),
        witness: concat([of(1, 0, 0, 0), widest, code.subarray(1)]),
      };
      expect(await agreed(cut)).to.equal("invalid Truncated");
    });

    it("M40 M42: the longest witness and ten megabytes of junk cost bounded gas and memory", async () => {
      const [address, slot] = [slotOf(7).subarray(12), slotOf(3)];
      const step = concat([Uint8Array.of(0), new Uint8Array(480).fill(0xee)]);
      const integers = Uint8Array.of(0x80, 0x80);
      const above = (count: number): Uint8Array[] => Array.from({ length: count }, () => step);
      const through = (first: Uint8Array, count: number): Uint8Array =>
        concat([Uint8Array.of(1, 64, 1, 64, 5), first, ...above(count), integers, new Uint8Array(32), ...above(64)]);
      // A leaf at depth 64 is embedded: below it there can be no branch of sixteen hashes, but one of a hash and a leaf.
      const onWay = nibblesOf(keccak256(slot))[63] as number;
      const sibling = onWay > 7 ? [0, 1] : [0x80, 0];
      const longest = through(concat([Uint8Array.of(1, ...sibling), new Uint8Array(32).fill(0xdd)]), 63);
      const question = { root: keccak256(slot), address, slot };
      const junk = new Uint8Array(10_000_000).fill(1);
      const limit = 2 * 65 * 532;
      const cases: [witness: Uint8Array, line: Line][] = [
        [longest, "invalid NodeHashMismatch"],
        [concat([longest, new Uint8Array(limit - longest.length)]), "invalid NodeHashMismatch"],
        [through(new Uint8Array(), 64), "invalid BranchMalformed"],
        [junk.subarray(0, limit), "invalid BranchMalformed"],
        [junk.subarray(0, limit + 1), "invalid WitnessTooLarge"],
        // More calldata than a transaction can pay for, as an inner call may carry it.
        [junk, "invalid WitnessTooLarge"],
      ];
      for (const [witness, line] of cases) {
        expect(await typescriptCompact.accountSlot({ ...question, witness })).to.equal(line);
        expect(await unmetered.verifier.accountSlot({ ...question, witness })).to.equal(line);
        expect(unmetered.gas(), line).to.be.lessThan(5_000n + 4n * BigInt(Math.min(witness.length, longest.length)));
        if (witness.length > limit) continue;
        const [status, used, intact] = await harness.inDirtyMemory(
          toHex(question.root),
          toHex(address),
          toHex(slot),
          witness,
        );
        expect([status, intact]).to.deep.equal([0n, true]);
        expect(used).to.be.lessThan(2_500n);
      }
      // The dearest steps: fifteen embedded siblings each, which are read one by one.
      const embedded = concat([Uint8Array.of(0xde), new Uint8Array(30).fill(7)]);
      const dear = (hashed: Uint8Array): Uint8Array[] =>
        nibblesOf(hashed)
          .reverse()
          .map((way) => 0xffff ^ (1 << way))
          .flatMap((mask) => [
            Uint8Array.of(2, mask >> 8, mask & 0xff, mask >> 8, mask & 0xff),
            ...Array.from({ length: 15 }, () => embedded),
          ]);
      const dearest = concat([
        Uint8Array.of(1, 64, 1, 64, 5),
        ...dear(keccak256(slot)),
        integers,
        new Uint8Array(32),
        ...dear(keccak256(address)),
      ]);
      expect(await agreed({ ...question, witness: dearest })).to.equal("invalid NodeHashMismatch");
      await unmetered.verifier.accountSlot({ ...question, witness: dearest });
      console.log(`      ${dearest.length} bytes, all siblings embedded: ${unmetered.gas()} gas`);
      expect(unmetered.gas()).to.be.lessThan(1_500_000n);
      await unmetered.verifier.accountSlot({ ...question, witness: longest });
      console.log(`      ${longest.length} bytes: ${unmetered.gas()} gas`);
    });
  });

  it("gives each answer three ways: total, reverting with both names, and as a boolean; in dirty memory as well", async () => {
    const random = createRandom();
    const address = random.bytes(20);
    const storage = buildTrie(
      [1, 2, 3, 4].map((each) => ({ key: keccak256(slotOf(each)), value: rlpInteger(BigInt(each)) })),
    );
    const state = buildTrie([
      { key: keccak256(address), value: accountRlp(random, storage.root) },
      ...Array.from({ length: 20 }, () => ({
        key: keccak256(random.bytes(20)),
        value: accountRlp(random, random.bytes(32)),
      })),
    ]);
    const ask = (name: string, ...args: unknown[]): Promise<unknown> =>
      harness.getFunction(name)(...args) as Promise<unknown>;
    const nobody = random.bytes(20);
    for (const [who, slot, read] of [
      [address, slotOf(2), [true, true, 2n]],
      [address, slotOf(9), [true, false, 0n]],
      [nobody, slotOf(2), [false, false, 0n]],
    ] as const) {
      const { witness } = packCompact(
        { stateRoot: state.root, address: who, slot },
        answerOf(state, storage, who, slot),
      );
      const args = [toHex(state.root), toHex(who), slot] as const;
      expect([...((await ask("readAccountSlot", ...args, witness)) as Iterable<unknown>)]).to.deep.equal([...read]);
      for (const claimed of [0n, 1n, 2n])
        expect(await ask("verifyAccountSlot", ...args, claimed, witness)).to.equal(read[1] && claimed === read[2]);
      const [status, , intact] = (await ask("inDirtyMemory", ...args, witness)) as [bigint, bigint, boolean];
      expect([status, intact]).to.deep.equal([read[1] ? 2n : 1n, true]);
      const cut = witness.subarray(0, witness.length - 1);
      expect(await ask("verifyAccountSlot", ...args, 2n, cut)).to.equal(false);
      const error = await (ask("readAccountSlot", ...args, cut) as Promise<unknown>).then(
        () => undefined,
        (thrown: { data?: string }) => thrown.data,
      );
      const invalid = IProofErrors__factory.createInterface();
      expect(invalid.parseError(error as string)?.args.toArray()).to.deep.equal([...args.slice(0, 1), toHex(slot), 3n]);
    }
  });

  it("packs into the plain form, and says why, where the compact one has no words for a node", () => {
    const address = slotOf(5).subarray(12);
    const own = nibblesOf(keccak256(address));
    // A sibling that is no node's: the plain form does not look at it, and no client has such a trie.
    const leaf = rlpList([
      rlpString(hexPrefix(own.slice(1), true)),
      rlpString(
        rlpList([rlpInteger(1n), rlpInteger(0n), rlpString(EMPTY_ROOT), rlpString(keccak256(new Uint8Array()))]),
      ),
    ]);
    const filler = rlpString(new Uint8Array(32).fill(7));
    const children = Array.from({ length: 16 }, (_, i) =>
      i === own[0] ? rlpString(keccak256(leaf)) : i === ((own[0] as number) + 1) % 16 ? Uint8Array.of(0xc0) : filler,
    );
    const root = rlpList([...children, Uint8Array.of(0x80)]);
    const answer = { accountProof: [root, leaf].map(toHex), storageProof: [{ key: "0x1", proof: [] }] };
    const packedPlain = packCompact({ stateRoot: keccak256(root), address, slot: slotOf(1) }, answer);
    expect([packedPlain.form, packedPlain.reason]).to.deep.equal(["plain", "ChildMalformed"]);
    expect(plainLine({ root: keccak256(root), address, slot: slotOf(1), witness: packedPlain.witness })).to.equal(
      "present: -",
    );
  });

  it("O5 M1: refuses to pack what its nodes do not prove", () => {
    const random = createRandom();
    const { state, storage, address, slots } = randomWorld(random);
    const slot = slots[0] as Uint8Array;
    const answer = answerOf(state, storage, address, slot);
    const short = { ...answer, accountProof: answer.accountProof.slice(0, -1) };
    expect(() => packCompact({ stateRoot: state.root, address, slot }, short)).to.throw(
      SettlementGuardError,
      "proves nothing",
    );
    expect(() => verifyCompact(state.root.subarray(1), address, slot, new Uint8Array())).to.throw(
      SettlementGuardError,
      "state root",
    );
    expect(() => verifyCompact(state.root, slot, slot, new Uint8Array())).to.throw(SettlementGuardError, "address");
    expect(() => verifyCompact(state.root, address, address, new Uint8Array())).to.throw(SettlementGuardError, "slot");
  });
});

/** A trie of keys that are no hashes, so that everything that can be embedded is. */
function closeTrie(random: Random): {
  root: Uint8Array;
  values: ReadonlyMap<Hex, bigint>;
  proof(key: Uint8Array): Uint8Array[];
  ask(): Uint8Array;
} {
  const base = random.bytes(32);
  const values = new Map<Hex, bigint>();
  const count = [1, 2, 3, 8, 30, 60][random.next(6)] as number;
  const deep = random.next(2) === 0;
  while (values.size < count) {
    const made = base.slice();
    const shared = deep ? 28 + random.next(4) : random.next(32);
    for (let i = shared; i < 32; i++) if (random.next(3) > 0) made[i] = random.next(256);
    values.set(
      toHex(made),
      deep || random.next(2) === 0 ? BigInt(1 + random.next(200)) : integer(random, 1 + random.next(32)),
    );
  }
  const trie = buildTrie([...values].map(([hex, value]) => ({ key: bytes(hex), value: rlpInteger(value) })));
  const known = [...values.keys()];
  return {
    ...trie,
    values,
    ask() {
      const made = bytes(known[random.next(known.length)] as string).slice();
      if (random.next(2) === 0) return made;
      const place = random.next(2) === 0 ? random.next(32) : 31 - random.next(6);
      made[place] = (made[place] as number) ^ (1 + random.next(255));
      return made;
    },
  };
}

async function unmeteredCaller(): Promise<{ call: Caller; gas(): bigint }> {
  const evm = await createEVM();
  const deployed = await evm.runCall({ data: bytes(CompactProofHarness__factory.bytecode), gasLimit: 10n ** 12n });
  const to = deployed.createdAddress;
  if (to === undefined) throw new TypeError("the harness cannot be deployed");
  let used = 0n;
  return {
    gas: () => used,
    async call(_, data) {
      const { execResult } = await evm.runCall({ to, data: bytes(data), gasLimit: 10n ** 12n });
      if (execResult.exceptionError !== undefined) throw new TypeError(execResult.exceptionError.error);
      used = execResult.executionGasUsed;
      return toHex(execResult.returnValue);
    },
  };
}

function answerOf(state: BuiltTrie, storage: BuiltTrie, who: Uint8Array, slot: Uint8Array) {
  const proof = storage.proof(keccak256(slot)).map(toHex);
  return { accountProof: state.proof(keccak256(who)).map(toHex), storageProof: [{ key: toHex(slot), proof }] };
}

/** The nodes that a part is hashed through, root first, and what it comes to. */
function built(
  asked: Uint8Array,
  part: Uint8Array,
): { nodes: Uint8Array[]; root: Uint8Array; value: bigint | undefined } {
  const nodes: Uint8Array[] = [];
  setKeccak256((data) => {
    nodes.unshift(Uint8Array.from(data));
    return keccakOfNoble(data);
  });
  try {
    const found = climbSlot(asked, part);
    if (typeof found === "string") throw new TypeError(found);
    // The empty trie's node is not listed.
    return { ...found, nodes: nodes.filter((node) => node.length > 1) };
  } finally {
    setKeccak256(keccakOfNoble);
  }
}

/** Ends and steps that fit together, of random bytes. */
function randomPart(random: Random, asked: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const put = (...each: number[]): void => void pieces.push(Uint8Array.from(each));
  const embedded = (): Uint8Array => {
    const size = 3 + random.next(29);
    return concat([Uint8Array.of(0xbf + size), random.bytes(size - 1)]);
  };
  let depth = random.next(4) === 0 ? 60 + random.next(5) : random.next(12);
  const kind = random.next(5);
  put(kind, depth);
  if (kind === 1 || kind === 2) {
    if (kind === 2) pieces.push(otherNibbles(random, 64 - depth));
    pieces.push(rlpInteger(integer(random, 1 + random.next(random.next(2) === 0 ? 2 : 32))));
  } else if (kind > 2) {
    const nibbles = 1 + random.next(6);
    put(nibbles);
    pieces.push(otherNibbles(random, nibbles), kind === 3 ? random.bytes(32) : embedded());
  }
  for (let isBranch = false; depth > 0;) {
    const onWay = 1 << (nibblesOf(asked)[depth - 1] as number);
    const step = random.next(isBranch ? 4 : 3);
    if (step === 0 && random.next(3) === 0) {
      put(0);
      pieces.push(random.bytes(480));
    } else if (step < 3) {
      const others =
        random.next(0x10000) & random.next(0x10000) & ~onWay || (random.next(20) === 0 ? onWay : 0xffff ^ onWay);
      const mask = step === 2 ? others & random.next(0x10000) : 0;
      put(mask === 0 ? 1 : 2, others >> 8, others & 0xff, ...(mask === 0 ? [] : [mask >> 8, mask & 0xff]));
      for (let i = 0; i < 16; i++) if ((others >> i) & 1) pieces.push((mask >> i) & 1 ? embedded() : random.bytes(32));
    } else {
      const nibbles = 1 + random.next(Math.min(depth, 8));
      put(2 + nibbles);
      depth -= nibbles - 1;
    }
    isBranch = step < 3;
    depth -= 1;
  }
  return concat(pieces);
}

function otherNibbles(random: Random, nibbles: number): Uint8Array {
  const path = random.bytes((nibbles + 1) >> 1);
  if (nibbles % 2 === 1) path[0] = (path[0] as number) & 0x0f;
  return path;
}

/** An honest part with a few bytes changed. */
function spoilt(random: Random, trie: ReturnType<typeof closeTrie>): [asked: Uint8Array, part: Uint8Array] {
  const asked = trie.ask();
  const part = (packSlotPart(asked, trie.root, trie.proof(asked)) as Uint8Array).slice();
  for (let i = 0; i < 1 + random.next(3); i++) {
    const place = random.next(3) === 0 ? random.next(Math.min(4, part.length)) : random.next(part.length);
    part[place] = random.next(3) === 0 ? random.next(66) : random.next(256);
  }
  return [asked, part];
}
