import { expect } from "chai";

import { toHex, type Hex } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { keccak256 } from "../../src/core/keccak.js";
import { packWitness, verifyWitness } from "../../src/proof/witness.js";
import { buildTrie, nibblesOf, rlpInteger, type BuiltTrie } from "../../tools/buildTrie.js";
import { accountRlp, addressOf, leaf, slotOf, world } from "../../tools/nodes.js";

function answerOf(state: BuiltTrie, storage: BuiltTrie, address: Uint8Array, slots: readonly Uint8Array[]) {
  return {
    accountProof: hexes(state.proof(keccak256(address))),
    storageProof: slots.map((slot) => ({ key: toHex(slot) as string, proof: hexes(storage.proof(keccak256(slot))) })),
  };
}

const hexes = (nodes: readonly Uint8Array[]): string[] => nodes.map((node) => toHex(node));
const question = (state: BuiltTrie, address: Uint8Array, slots: readonly Uint8Array[]) => ({
  stateRoot: toHex(state.root),
  account: toHex(address),
  slots: slots.map((slot) => toHex(slot)),
});

describe("packWitness", () => {
  it("sends each shared node once, below the bytes of the distinct nodes", () => {
    const { state, storage, holder } = world(2000);
    const slots = Array.from({ length: 64 }, (_, i) => slotOf(47 * i));
    const packed = packWitness(question(state, holder, slots), answerOf(state, storage, holder, slots));
    const distinct = new Set([...hexes(state.proof(keccak256(holder))), ...slots.flatMap((slot) => hexes(storage.proof(keccak256(slot))))]);
    const raw = [...distinct].reduce((size, node) => size + (node.length - 2) / 2, 0);
    expect((packed.witness.length - 2) / 2).to.be.lessThan(raw * 0.9);
    for (const { slot, value } of packed.slots)
      expect(value).to.equal(BigInt(slot) < 2000n ? 1000n + BigInt(slot) : 0n);
  });

  it("hashes each node once, however many proofs list it", async () => {
    const { state, storage, holder } = world(300);
    const slots = [1, 2, 3, 4].map(slotOf);
    const answer = answerOf(state, storage, holder, slots);
    const nodes = new Set([answer.accountProof, ...answer.storageProof.map(({ proof }) => proof)].flat());
    const { setKeccak256 } = await import("../../src/core/keccak.js");
    const hashed: string[] = [];
    const before = setKeccak256(keccak256);
    setKeccak256((bytes) => {
      hashed.push(toHex(bytes));
      return before(bytes);
    });
    try {
      packWitness(question(state, holder, slots), answer);
    } finally {
      setKeccak256(before);
    }
    const ofNodes = hashed.filter((text) => nodes.has(text));
    expect(ofNodes.sort()).to.deep.equal([...nodes].sort());
    // Beside them the keys alone, four slots and the account; and nothing, by which an engine is tried.
    expect(hashed.filter((text) => text !== "0x" && !nodes.has(text)).length).to.equal(5);
  });

  it("M16 M17: drops embedded nodes that a client lists again, and refuses a different one in their place", () => {
    const pair = [slotOf(0x9dac), slotOf(0x19c5e)];
    const storage = buildTrie(pair.map((slot, i) => ({ key: keccak256(slot), value: rlpInteger(BigInt(i + 1)) })));
    const holder = addressOf(1);
    const state = buildTrie([{ key: keccak256(holder), value: accountRlp({ storageRoot: storage.root }) }]);
    const asked = question(state, holder, pair);
    const plain = packWitness(asked, answerOf(state, storage, holder, pair));
    expect(plain.slots.map(({ value }) => value).sort()).to.deep.equal([1n, 2n]);

    const listed = answerOf(state, storage, holder, pair);
    const embedded = pair.map((slot, i) => toHex(leaf(nibblesOf(keccak256(slot)).slice(9), rlpInteger(BigInt(i + 1)))));
    listed.storageProof.forEach(({ proof }, i) => proof.push(embedded[i] as Hex));
    expect(packWitness(asked, listed).witness).to.equal(plain.witness);
    listed.storageProof.forEach(({ proof }, i) => proof.splice(-1, 1, embedded[1 - i] as Hex));
    expect(() => packWitness(asked, listed)).to.throw(SettlementGuardError).with.property("code", "PROOF_INVALID");
  });

  it("M36 M37 M38: copes with keys as quantities, null proofs, the empty trie's node, and slots of an absent account", () => {
    const { state, storage, holder } = world(20);
    const pair = [slotOf(0), slotOf(3)];
    const zero = answerOf(state, storage, holder, pair);
    (zero.storageProof[0] as { key: string }).key = "0x";
    (zero.storageProof[1] as { key: string }).key = "0x3";
    const values = packWitness(question(state, holder, pair), zero).slots.map(({ value }) => value);
    expect(values.sort()).to.deep.equal([1000n, 1003n]);

    const bare = { accountProof: hexes(state.proof(keccak256(addressOf(2)))) };
    for (const proof of [[], null, ["0x80"]]) {
      const storageProof = [{ key: toHex(slotOf(1)), proof }];
      const packed = packWitness(question(state, addressOf(2), [slotOf(1)]), { ...bare, storageProof });
      expect(packed.slots).to.deep.equal([{ slot: toHex(slotOf(1)), value: 0n }]);
    }
    const nobody = addressOf(9999);
    const absent = packWitness(question(state, nobody, [slotOf(1)]), {
      accountProof: hexes(state.proof(keccak256(nobody))),
      storageProof: [],
    });
    expect([absent.account, absent.slots[0]?.value]).to.deep.equal([undefined, 0n]);
    expect(verifyWitness(question(state, nobody, [slotOf(1)]), absent.witness).status).to.equal("valid");
  });

  it("M1 M32: refuses an answer that proves another slot, leaves one out, or stops short", () => {
    const { state, storage, holder } = world(300);
    const asked = question(state, holder, [slotOf(1)]);
    const wrong = answerOf(state, storage, holder, [slotOf(2)]);
    expect(() => packWitness(asked, wrong)).to.throw(SettlementGuardError).with.property("code", "INVALID_RESPONSE");
    (wrong.storageProof[0] as { key: string }).key = toHex(slotOf(1));
    expect(() => packWitness(asked, wrong)).to.throw(SettlementGuardError).with.property("code", "PROOF_INVALID");
    const short = answerOf(state, storage, holder, [slotOf(1)]);
    short.storageProof[0]?.proof.pop();
    expect(() => packWitness(asked, short)).to.throw(SettlementGuardError).with.nested.property("details.reason", "Truncated");
  });

  it("refuses a leaf on the way of no key that is no account's or no value, which no witness can say", () => {
    const own = addressOf(1);
    const state = buildTrie([{ key: keccak256(addressOf(2)), value: rlpInteger(1n << 250n) }]);
    const answer = { accountProof: hexes(state.proof(keccak256(own))) };
    expect(() => packWitness(question(state, own, []), answer))
      .to.throw(SettlementGuardError)
      .with.nested.property("details.reason", "AccountMalformed");
  });
}); // prettier-ignore
