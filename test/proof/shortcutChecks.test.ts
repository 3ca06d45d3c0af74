import { expect } from "chai";
import { network } from "hardhat";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { verifySlot } from "../../src/proof/account.js";
import { PROOF_REASONS } from "../../src/proof/reasons.js";
import { verifySlots } from "../../src/proof/witness.js";
import type { StateProofHarness } from "../../typechain-types/index.js";
import { deployGasMeter, type GasMeter } from "../helpers/gas.js";
import { concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "../trie-helpers/buildTrie.js";
import { accountRlp, addressOf, ELSEWHERE, full, leaf, slotOf } from "../trie-helpers/nodes.js";

const ABSENT = 1n;
const PRESENT = 2n;
const reason = (name: (typeof PROOF_REASONS)[number]): bigint => BigInt(PROOF_REASONS.indexOf(name));

/** What a reader that is a little too quick would let through, each by a trie made for it: see the mutants of TrieShortcut. */
describe("checks of the short way", () => {
  let contract: StateProofHarness;
  let meter: GasMeter;

  before(async () => {
    const { ethers } = await network.create();
    contract = (await ethers.deployContract("StateProofHarness")) as unknown as StateProofHarness;
    meter = await deployGasMeter(ethers);
  });

  /** An account's leaf, which is the whole state trie. */
  const accountOf = (address: Uint8Array, storageRoot: Uint8Array): Uint8Array => {
    return leaf(nibblesOf(keccak256(address)), accountRlp({ balance: 5n, storageRoot }));
  };

  it("M40: branches behind a node whose hash is wrong are not read, however many there are", async () => {
    const [root, slot, who] = [toHex(ELSEWHERE), toHex(slotOf(7)), addressOf(1)];
    const account = accountOf(who, ELSEWHERE);
    const [stateRoot, address] = [toHex(keccak256(account)), toHex(who)];
    const branch = full({});
    const packed = (count: number): string => toHex(concat(Array.from({ length: count }, () => branch)));
    const behind = (count: number): string => toHex(concat([account, Buffer.from(packed(count).slice(2), "hex")]));
    const list = (count: number): string[] => Array.from({ length: count }, () => toHex(branch));
    const questions: Record<string, [string, (count: number) => unknown[]]> = {
      "a slot": ["slot", (count) => [root, slot, packed(count)]],
      "a slot, by a list": ["slotList", (count) => [root, slot, list(count)]],
      "an account": ["accountSlot", (count) => [root, address, slot, packed(count)]],
      "an account, by a list": ["accountSlotList", (count) => [root, address, slot, list(count), []]],
      "an account's slot": ["accountSlot", (count) => [stateRoot, address, slot, behind(count)]],
      "an account's slots": ["slots", (count) => [stateRoot, address, [slot], behind(count)]],
    };
    const more: Record<string, number> = {};
    for (const [name, [method, args]] of Object.entries(questions)) {
      const gas = async (count: number): Promise<number> => meter.measure(contract, method, args(count));
      more[name] = (await gas(60)) - (await gas(2));
    }
    // What the measuring calls differ in: nothing that is paid for each node.
    for (const [name, gas] of Object.entries(more)) expect(gas, name).to.be.lessThan(100);
  });

  const slotWith = (right: (nibbles: readonly number[]) => boolean): Uint8Array => {
    let slot = slotOf(1);
    for (let i = 2; !right(nibblesOf(keccak256(slot))); i++) slot = slotOf(i);
    return slot;
  };

  /** Each way of asking for a slot refuses these nodes, the short way and the slow one. */
  async function refused(slot: Uint8Array, nodes: readonly Uint8Array[], why: (typeof PROOF_REASONS)[number]) {
    const root = keccak256(nodes[0]!);
    const address = addressOf(1);
    const account = accountOf(address, root);
    const [stateRoot, who, position] = [toHex(keccak256(account)), toHex(address), toHex(slot)];
    const [packed, witness] = [toHex(concat(nodes)), toHex(concat([account, ...nodes]))];
    for (const form of [nodes, concat(nodes)])
      expect(verifySlot(root, slot, form)).to.deep.equal({ status: "invalid", reason: why });
    const slotAlone = await contract.slot(toHex(root), position, packed);
    const slotList = await contract.slotList(toHex(root), position, nodes.map(toHex));
    const accountSlot = await contract.accountSlot(stateRoot, who, position, witness);
    const slots = await contract.slots(stateRoot, who, [position], witness);
    expect([slotAlone[0], slotList[0], accountSlot[1], slots[0]]).to.deep.equal([0n, 0n, 0n, 0n]);
    const reasons = [slotAlone[1], slotList[1], accountSlot[3], slots[3]];
    expect(reasons).to.deep.equal(reasons.map(() => reason(why)));
  }

  it("R1: a branch of one child or none, whose short size is written in the long form, is no node", async () => {
    const slot = slotWith(([first]) => first !== 0);
    const empty = Uint8Array.of(0x80);
    const one = [rlpString(ELSEWHERE), ...Array.from({ length: 16 }, () => empty)];
    for (const items of [one, Array.from({ length: 17 }, () => empty)]) {
      const payload = concat(items);
      await refused(slot, [concat([Uint8Array.of(0xf8, payload.length), payload])], "NodeMalformed");
    }
  });

  /** The short way and the slow one refuse what is said of the second slot behind the first, below an account with this storage. */
  async function refusedBehind(
    slots: readonly Uint8Array[],
    nodes: readonly Uint8Array[],
    why: "BranchMalformed" | "ChildMalformed",
  ) {
    const address = addressOf(1);
    const account = accountOf(address, keccak256(nodes[0]!));
    const [stateRoot, witness] = [keccak256(account), concat([account, ...nodes])];
    const many = await contract.slots(toHex(stateRoot), toHex(address), slots.map(toHex), toHex(witness));
    expect([many[0], many[3]]).to.deep.equal([0n, reason(why)]);
    expect(verifySlots(stateRoot, address, slots, witness)).to.deep.equal({ status: "invalid", reason: why });
  }

  it("M20, M24: what takes the place of a branch's value, or its last byte, is no child", async () => {
    const [first, slot] = [slotWith((nibbles) => nibbles[0] === 7), slotWith((nibbles) => nibbles[0] === 15)];
    const nibbles = nibblesOf(keccak256(slot));
    let value = leaf(nibbles.slice(1), rlpInteger(1n));
    for (let i = 2n; keccak256(value)[31] !== 0x80; i++) value = leaf(nibbles.slice(1), rlpInteger(i));
    // 81 bytes, as two hashes, fourteen empty children and a value have: but one sibling of the last child has two bytes.
    const [hash, two] = [rlpString(ELSEWHERE), Uint8Array.of(0xc1, 0x05)];
    const empty = (count: number): Uint8Array => new Uint8Array(count).fill(0x80);
    const shapes: Uint8Array[][] = [
      [rlpList([hash, empty(13), two, rlpString(keccak256(value))]), value],
      [rlpList([hash, hash, empty(12), two, empty(1)])],
    ];
    for (const nodes of shapes) {
      expect(nodes[0]!.length).to.equal(2 + 81);
      await refused(slot, nodes, "BranchMalformed");
      // Nor where a walk from slot to slot comes back to that branch.
      await refusedBehind([first, slot], nodes, "BranchMalformed");
    }
  });

  it("M19: a walk that comes back to a branch of sixteen hashes minds the marker of the child that it asks for", async () => {
    const slots = [slotWith((nibbles) => nibbles[0] === 7), slotWith((nibbles) => nibbles[0] === 9)];
    const leaves = slots.map((slot) => leaf(nibblesOf(keccak256(slot)).slice(1), rlpInteger(42n)));
    for (const marker of [0x00, 0x80, 0x9f, 0xa1, 0xe0]) {
      const branch = full({ 7: keccak256(leaves[0]!), 9: keccak256(leaves[1]!) });
      branch[3 + 33 * 9] = marker;
      await refused(slots[1]!, [branch, leaves[1]!], "ChildMalformed");
      await refusedBehind(slots, [branch, ...leaves], "ChildMalformed");
    }
  });

  it("M12, R3: the path of a leaf at depth 63, which is one byte, has no marker", async () => {
    const slot = slotOf(7);
    const nibbles = nibblesOf(keccak256(slot));
    const path = Uint8Array.of(0x81, 0x30 + nibbles[63]!);
    const nodes = [rlpList([path, rlpString(rlpString(new Uint8Array(32).fill(0x11)))])];
    for (let depth = 62; depth >= 0; depth--) nodes.unshift(full({ [nibbles[depth]!]: keccak256(nodes[0]!) }));
    await refused(slot, nodes, "PathMalformed");
  });

  it("R9: an integer whose first byte is zero is no value, also where the second is not below 0x80", async () => {
    const slot = slotOf(7);
    for (const bytes of [
      [0x00, 0x85],
      [0x00, 0xff, 0xff],
      [0x00, ...new Uint8Array(31).fill(0xee)],
    ]) {
      const value = leaf(nibblesOf(keccak256(slot)), rlpString(Uint8Array.from(bytes)));
      await refused(slot, [value], "ValueMalformed");
    }
  });

  it("M19, M22: an account's leaf whose first byte is another is no node", async () => {
    const slot = slotOf(7);
    const value = leaf(nibblesOf(keccak256(slot)), rlpInteger(42n));
    const address = addressOf(1);
    for (const first of [0x00, 0x7f, 0x80, 0xb8, 0xf7, 0xf8, 0xf9, 0xfa, 0xff]) {
      const account = accountOf(address, keccak256(value));
      account[0] = first;
      const question = [toHex(keccak256(account)), toHex(address), toHex(slot)] as const;
      const packed = await contract.accountSlot(...question, toHex(concat([account, value])));
      const list = await contract.accountSlotList(...question, [toHex(account)], [toHex(value)]);
      const many = await contract.slots(question[0], question[1], [toHex(slot)], toHex(concat([account, value])));
      const expected = first === 0xf8 ? PRESENT : 0n;
      expect([packed[0], list[0], many[0]], `0x${first.toString(16)}`).to.deep.equal([expected, expected, expected]);
    }
  });

  it("M32: an absent slot's value is zero, whatever its absence is read from", async () => {
    const slot = slotOf(7);
    const nibbles = nibblesOf(keccak256(slot));
    const wrong = (path: readonly number[]): number[] => path.map((nibble, i) => (i === 0 ? nibble ^ 1 : nibble));
    const extension = rlpList([rlpString(hexPrefix(wrong(nibbles.slice(0, 5)), false)), rlpString(ELSEWHERE)]);
    const items = Array.from({ length: 17 }, (_, i) =>
      i < 16 && i % 2 !== nibbles[0]! % 2 ? rlpString(ELSEWHERE) : Uint8Array.of(0x80),
    );
    const shapes = {
      "another slot's leaf": [leaf(wrong(nibbles), rlpInteger(42n))],
      "another slot's leaf, of a large value": [leaf(wrong(nibbles), rlpInteger(2n ** 255n))],
      "another slot's leaf below a branch": [leaf(wrong(nibbles.slice(1)), rlpInteger(42n))],
      "another way's extension": [extension],
      "an empty child": [rlpList(items)],
    };
    const below = shapes["another slot's leaf below a branch"];
    below.unshift(full({ [nibbles[0]!]: keccak256(below[0]!) }));
    const address = addressOf(1);
    for (const [name, nodes] of Object.entries(shapes)) {
      const [root, list] = [keccak256(nodes[0]!), nodes.map(toHex)];
      const account = accountOf(address, root);
      const [stateRoot, who, position] = [toHex(keccak256(account)), toHex(address), toHex(slot)];
      const witness = toHex(concat([account, ...nodes]));
      const [both, one] = [
        [PRESENT, ABSENT, 0n, 0n],
        [ABSENT, 0n, 0n],
      ];
      expect(await contract.slot(toHex(root), position, toHex(concat(nodes))), name).to.deep.equal(one);
      expect(await contract.slotList(toHex(root), position, list), name).to.deep.equal(one);
      expect(await contract.accountSlot(stateRoot, who, position, witness), name).to.deep.equal(both);
      expect(await contract.accountSlotList(stateRoot, who, position, [toHex(account)], list), name).to.deep.equal(
        both,
      );
      const many = await contract.slots(stateRoot, who, [position], witness);
      expect(many, name).to.deep.equal([PRESENT, [ABSENT], [0n], 0n]);
    }
  });

  it("M24, M32: an account's leaf at depth 2, whose path has 32 bytes, is no branch with an empty child", async () => {
    let address = addressOf(1);
    for (let i = 2; nibblesOf(keccak256(address))[2] !== 2; i++) address = addressOf(i);
    const nibbles = nibblesOf(keccak256(address));
    // Read as items of a branch: 33 bytes, then 57, then the code hash's tenth byte.
    const codeHash = new Uint8Array(32).fill(7);
    codeHash[9] = codeHash[31] = 0x80;
    const emptyRoot = keccak256(Uint8Array.of(0x80));
    const fields = [rlpInteger(5n), rlpInteger(0x0102030405060708n), rlpString(emptyRoot), rlpString(codeHash)];
    const nodes = [leaf(nibbles.slice(2), rlpList(fields))];
    expect(nodes[0]!.length).to.equal(2 + 17 + 32 * 3);
    for (const depth of [1, 0]) nodes.unshift(full({ [nibbles[depth]!]: keccak256(nodes[0]!) }));
    const question = [toHex(keccak256(nodes[0]!)), toHex(address), toHex(slotOf(1))] as const;
    const packed = await contract.accountSlot(...question, toHex(concat(nodes)));
    expect(packed).to.deep.equal([PRESENT, ABSENT, 0n, 0n]);
    const list = await contract.accountSlotList(...question, nodes.map(toHex), []);
    expect(list).to.deep.equal([PRESENT, ABSENT, 0n, 0n]);
  });
});
