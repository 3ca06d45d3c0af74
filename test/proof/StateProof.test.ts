import { expect } from "chai";

import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { explain } from "../../src/explain/explain.js";
import { END } from "../../src/proof/read.js";
import { EMPTY_ROOT } from "../../src/proof/trie.js";
import { packWitness, verifyWitness, type WitnessQuestion } from "../../src/proof/witness.js";
import { BUILDS, compile, type Artifact } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { buildTrie, concat, rlpInteger, rlpList, rlpString } from "../../tools/buildTrie.js";
import { deploy, type Contract } from "../../tools/proof/readers.js";

const CODE_HASH = toHex(keccak256(new Uint8Array()));
const VAULT = addressOf(1);
const OTHER = addressOf(2);
const NOBODY = addressOf(9);

/** A state of three accounts, of which two have storage. */
const storage = trieOfSlots([
  [1n, 100n],
  [2n, 2n ** 255n],
  [3n, 7n],
]);
const otherStorage = trieOfSlots([[1n, 5n]]);
const state = buildTrie(
  (
    [
      [VAULT, [3n, 10n ** 18n, storage.root]],
      [OTHER, [0n, 0n, otherStorage.root]],
      [addressOf(3), [0n, 0n, EMPTY_ROOT]],
    ] as const
  ).map(([address, fields]) => ({
    key: keccak256(bytesOf(address)),
    value: accountRlp(fields[0], fields[1], fields[2]),
  })),
);
const stateRoot = toHex(state.root);
const storageRoot = toHex(storage.root);

for (const build of BUILDS)
  describe(`StateProof, ${build.name}`, () => {
    let reader: Contract;
    before(async () => {
      const artifacts = await compile(SOURCES.proofs, build, ["StateProofHarness"]);
      reader = await deploy(artifacts["StateProofHarness"] as Artifact);
    });

    const read = async (method: string, ...args: unknown[]): Promise<unknown> => {
      const { values, error } = await reader.call(method, args);
      return values === undefined ? error : plain(values);
    };
    const refused = (root: Hex, key: Hex, offset: number) => ({
      name: "StateProofInvalid",
      args: [root, key, BigInt(offset)],
    });

    /** Name of the error, undefined where an answer came. */
    const errorOf = async (method: string, ...args: unknown[]): Promise<string | undefined> =>
      (await reader.call(method, args)).error?.name;

    it("SG-13: reads an account with all its fields, and an empty one as present", async () => {
      const vault = await read("readAccount", stateRoot, VAULT, witnessOf(VAULT).witness);
      expect(vault).to.deep.equal([true, [3n, 10n ** 18n, storageRoot, CODE_HASH]]);
      const empty = await read("readAccount", stateRoot, addressOf(3), witnessOf(addressOf(3)).witness);
      expect(empty).to.deep.equal([true, [0n, 0n, toHex(EMPTY_ROOT), CODE_HASH]]);
    });

    it("SG-13: reads an absent account as absent, and every slot of it as zero", async () => {
      const none = [0n, 0n, toWord(0n), toWord(0n)];
      expect(await read("readAccount", stateRoot, NOBODY, witnessOf(NOBODY).witness)).to.deep.equal([false, none]);
      const { witness, slots } = witnessOf(NOBODY, 1n, 2n);
      const all = await read("readAccountSlots", stateRoot, NOBODY, slots, witness);
      expect(all).to.deep.equal([false, none, [0n, 0n]]);
    });

    it("SG-13: reads a slot, an absent one, and one of an account without storage", async () => {
      const slot = (account: Hex, position: bigint): Promise<unknown> =>
        read("readAccountSlot", stateRoot, account, toWord(position), witnessOf(account, position).witness);
      expect(await slot(VAULT, 1n)).to.deep.equal([true, 100n]);
      expect(await slot(VAULT, 2n)).to.deep.equal([true, 2n ** 255n]);
      expect(await slot(VAULT, 4n)).to.deep.equal([true, 0n]);
      expect(await slot(addressOf(3), 1n)).to.deep.equal([true, 0n]);
      expect(await slot(NOBODY, 1n)).to.deep.equal([false, 0n]);
    });

    it("SG-13: reads many slots by one witness, and the account with them; none is none", async () => {
      const { witness, slots, values } = witnessOf(VAULT, 1n, 2n, 3n, 4n);
      const fields = [3n, 10n ** 18n, storageRoot, CODE_HASH];
      expect(values.reduce((sum, value) => sum + value, 0n)).to.equal(107n + 2n ** 255n);
      expect(await read("readAccountSlots", stateRoot, VAULT, slots, witness)).to.deep.equal([true, fields, values]);
      const none = witnessOf(VAULT).witness;
      expect(await read("readAccountSlots", stateRoot, VAULT, [], none)).to.deep.equal([true, fields, []]);
    });

    it("SG-13: reads slots under a storage root that is known, with the part that a witness begins with", async () => {
      const { storageWitness, witness, slots, values } = witnessOf(VAULT, 1n, 3n);
      expect(witness.startsWith(storageWitness)).to.equal(true);
      expect(await read("readSlots", storageRoot, slots, storageWitness)).to.deep.equal([values]);
      const one = witnessOf(VAULT, 2n).storageWitness;
      expect(await read("readSlot", storageRoot, toWord(2n), one)).to.deep.equal([2n ** 255n]);
      expect(await read("readSlots", storageRoot, [], "0x")).to.deep.equal(refused(storageRoot, toWord(0n), 0));
    });

    it("M32: takes no witness of another account, or another slot", async () => {
      const { witness } = witnessOf(VAULT, 1n);
      const slot = (account: Hex, position: bigint) =>
        read("readAccountSlot", stateRoot, account, toWord(position), witness);
      expect(await slot(OTHER, 1n)).to.have.property("name", "StateProofInvalid");
      expect(await slot(VAULT, 2n)).to.have.property("name", "StateProofInvalid");
      expect(await slot(NOBODY, 1n)).to.have.property("name", "StateProofInvalid");
    });

    it("M35: takes no storage part of another account, and none under the state root", async () => {
      const own = witnessOf(VAULT, 1n);
      const other = witnessOf(OTHER, 1n);
      const mixed = `${other.storageWitness}${own.witness.slice(own.storageWitness.length)}`;
      const slot = await read("readAccountSlot", stateRoot, VAULT, toWord(1n), mixed);
      expect(slot).to.deep.equal(refused(stateRoot, padded(VAULT), sizeOf(mixed)));
      const known = await read("readSlot", stateRoot, toWord(1n), own.storageWitness);
      expect(known).to.deep.equal(refused(stateRoot, toWord(1n), sizeOf(own.storageWitness)));
    });

    it("M1 M8: takes no witness that is cut off at any byte, or has more behind it", async () => {
      const { witness, slots } = witnessOf(VAULT, 1n, 4n);
      const cuts = Array.from({ length: sizeOf(witness) }, (_, size) => witness.slice(0, 2 + 2 * size));
      for (const wrong of [...cuts, `${witness}00`, `${witness}${witness.slice(2)}`]) {
        const verdict = verifyWitness({ stateRoot, account: VAULT, slots }, wrong);
        expect(verdict.status, wrong).to.equal("invalid");
        const error = await errorOf("readAccountSlots", stateRoot, VAULT, slots, wrong);
        expect(error, wrong).to.equal("StateProofInvalid");
      }
    });

    it("M34: takes no storage under the code hash", async () => {
      const code = rlpString(storage.root);
      const integers = concat([rlpInteger(1n), rlpInteger(1n)]);
      const value = rlpList([integers, rlpString(otherStorage.root), code]);
      const { root } = buildTrie([{ key: keccak256(bytesOf(VAULT)), value }]);
      const account = concat([Uint8Array.of(END.LEAF, 0), integers, storage.root]);
      const [own, below] = [OTHER, VAULT].map((each) => [
        ...[toHex(root), VAULT, toWord(1n)],
        `${witnessOf(each, 1n).storageWitness}${toHex(account).slice(2)}`,
      ]) as [string[], string[]];
      expect(await read("readAccountSlot", ...own)).to.deep.equal([true, 5n]);
      expect(await errorOf("readAccountSlot", ...below)).to.equal("StateProofInvalid");
    });

    it("M35: takes no part alone, no parts in another order, and no empty storage for one that is not", async () => {
      const { witness, storageWitness } = witnessOf(VAULT, 1n);
      const account = witness.slice(storageWitness.length);
      const nothing = toHex(Uint8Array.of(END.NOTHING, 0));
      for (const wrong of [
        storageWitness,
        `0x${account}`,
        `0x${account}${storageWitness.slice(2)}`,
        `${nothing}${account}`,
      ]) {
        const error = await errorOf("readAccountSlot", stateRoot, VAULT, toWord(1n), wrong);
        expect(error, wrong).to.equal("StateProofInvalid");
      }
    });

    it("M36: takes no storage of an absent account", async () => {
      const absent = witnessOf(NOBODY, 1n);
      const mixed = `${witnessOf(VAULT, 1n).storageWitness}${absent.witness.slice(absent.storageWitness.length)}`;
      const answer = await read("readAccountSlot", stateRoot, NOBODY, toWord(1n), mixed);
      expect(answer).to.deep.equal(refused(stateRoot, padded(NOBODY), sizeOf(mixed)));
    });

    it("SG-14: names the root, the account or the slot whose part was read, and the byte", async () => {
      const { witness, slots } = witnessOf(VAULT, 1n, 2n);
      const cut = `${witness.slice(0, -2)}` as Hex;
      const last = verifyWitness({ stateRoot, account: VAULT, slots }, cut);
      const offset = last.status === "invalid" ? last.offset : -1;
      expect(await read("readAccountSlots", stateRoot, VAULT, slots, cut)).to.deep.equal(
        refused(stateRoot, padded(VAULT), offset),
      );
      const first = await read("readAccountSlots", stateRoot, VAULT, slots, "0x");
      expect(first).to.deep.equal(refused(stateRoot, slots[0] as Hex, 0));
      const wrongWay = [...slots].reverse();
      expect(await read("readAccountSlots", stateRoot, VAULT, wrongWay, witness)).to.deep.equal(
        refused(stateRoot, wrongWay[1] as Hex, 0),
      );
      const zero = await read("readAccount", toWord(0n), VAULT, witnessOf(VAULT).witness);
      expect(zero).to.deep.equal(refused(toWord(0n), padded(VAULT), sizeOf(witnessOf(VAULT).witness)));
    });

    it("refuses fields of an account that no client writes", async () => {
      const bad: [string, Uint8Array][] = [
        ["a nonce of nine bytes", rlpString(new Uint8Array(9).fill(1))],
        ["a nonce with a leading zero", Uint8Array.of(0x82, 0, 1)],
        ["a nonce that is the byte zero", Uint8Array.of(0)],
      ];
      for (const [name, nonce] of bad) {
        const value = rlpList([nonce, rlpInteger(1n), rlpString(EMPTY_ROOT), rlpString(bytesOf(CODE_HASH))]);
        const trie = buildTrie([{ key: keccak256(bytesOf(VAULT)), value }]);
        const witness = concat([Uint8Array.of(END.LEAF, 0), nonce, rlpInteger(1n), EMPTY_ROOT, bytesOf(CODE_HASH)]);
        const answer = await read("readAccount", toHex(trie.root), VAULT, toHex(witness));
        expect(answer, name).to.deep.equal(refused(toHex(trie.root), padded(VAULT), 0));
      }
    });
  });

describe("explain, of a witness that is refused", () => {
  const { witness, slots } = witnessOf(VAULT, 1n);
  const question: WitnessQuestion = { stateRoot, account: VAULT, slots };
  const reverted = (offset: number): string =>
    `0x${toHex(keccak256(Buffer.from("StateProofInvalid(bytes32,bytes32,uint256)"))).slice(2, 10)}${stateRoot.slice(2)}${padded(VAULT).slice(2)}${toWord(BigInt(offset)).slice(2)}`;

  it("SG-14: says the root, the key and the byte, and why where it is given the witness", () => {
    const cut = witness.slice(0, -2);
    expect(explain(reverted(3))).to.contain(
      `of ${padded(VAULT)} under the root ${stateRoot}: it is refused at byte 3.`,
    );
    expect(explain(reverted(3), { question, witness: cut })).to.match(/The reason is \w+, at byte \d+\.$/);
    expect(explain(reverted(3), { question, witness })).to.contain("This witness answers this question");
    expect(explain(reverted(3), { question, witness: "0x0" })).to.contain("malformed");
  });
});

// --- what is asked about ---

function witnessOf(account: Hex, ...positions: bigint[]) {
  const trie = account === VAULT ? storage : account === OTHER ? otherStorage : buildTrie([]);
  const hex = (nodes: readonly Uint8Array[]) => nodes.map((node) => toHex(node));
  const storageProof = positions.map((position) => ({
    key: toWord(position),
    proof: hex(trie.proof(keccak256(bytesOf(toWord(position))))),
  }));
  const answer = { accountProof: hex(state.proof(keccak256(bytesOf(account)))), storageProof };
  const packed = packWitness({ stateRoot, account, slots: positions }, answer);
  return {
    witness: packed.witness,
    storageWitness: packed.storageWitness,
    slots: packed.slots.map(({ slot }) => slot),
    values: packed.slots.map(({ value }) => value),
  };
}

function trieOfSlots(entries: readonly (readonly [bigint, bigint])[]) {
  return buildTrie(
    entries.map(([slot, value]) => ({ key: keccak256(bytesOf(toWord(slot))), value: rlpInteger(value) })),
  );
}

function accountRlp(nonce: bigint, balance: bigint, root: Uint8Array): Uint8Array {
  return rlpList([rlpInteger(nonce), rlpInteger(balance), rlpString(root), rlpString(bytesOf(CODE_HASH))]);
}

function addressOf(number: number): Hex {
  return `0x${number.toString(16).padStart(40, "0")}`;
}

function padded(address: Hex): Hex {
  return toWord(BigInt(address));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}

function sizeOf(hex: string): number {
  return (hex.length - 2) / 2;
}

/** Results of ethers as plain lists. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? [...value].map(plain) : value;
}
