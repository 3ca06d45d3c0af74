import { expect } from "chai";
import type { Interface } from "ethers";
import { network } from "hardhat";

import { toHex } from "../../src/bytes.js";
import { keccak256 } from "../../src/keccak.js";
import { verifySlot } from "../../src/proof/account.js";
import { PROOF_REASONS } from "../../src/proof/reasons.js";
import { verifySlots } from "../../src/proof/witness.js";
import type { StateProofHarness } from "../../typechain-types/index.js";
import { concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "../trie-helpers/buildTrie.js";

const ABSENT = 1n;
const PRESENT = 2n;
const reason = (name: (typeof PROOF_REASONS)[number]): bigint => BigInt(PROOF_REASONS.indexOf(name));

const slotOf = (position: number): Uint8Array => word(BigInt(position));
const leaf = (path: readonly number[], value: Uint8Array): Uint8Array =>
  rlpList([rlpString(hexPrefix([...path], true)), rlpString(value)]);
/** A hash of which nobody knows the bytes. */
const ELSEWHERE = new Uint8Array(32).fill(0x77);

/** A list of 532 bytes that reads as a branch of sixteen hashes: some children, and a last byte, of the maker's choice. */
function full(children: Record<number, Uint8Array>, value = 0x80): Uint8Array {
  const hashes = Array.from({ length: 16 }, (_, i) => [Uint8Array.of(0xa0), children[i] ?? ELSEWHERE]);
  return concat([Uint8Array.of(0xf9, 2, 0x11), ...hashes.flat(), Uint8Array.of(value)]);
}

function word(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
}

/** Tries that no client builds, under roots of an attacker's choice, and calldata that no encoder writes. */
describe("hostile tries", () => {
  let contract: StateProofHarness;
  let call: (data: Uint8Array) => Promise<string>;

  before(async () => {
    const { ethers } = await network.create();
    contract = (await ethers.deployContract("StateProofHarness")) as unknown as StateProofHarness;
    const to = await contract.getAddress();
    call = (data) => ethers.provider.call({ to, data: toHex(data) });
  });

  it("M27, M28, M40: a depth does not come round: 256 branches on the way to a slot show nothing about it", async () => {
    // Three slots whose keys share their first nibble; the first two part at nibble `parting`.
    const group = Array.from({ length: 400 }, (_, i) => slotOf(i))
      .map((slot) => ({ slot, key: keccak256(slot), nibbles: nibblesOf(keccak256(slot)) }))
      .filter(({ nibbles }) => nibbles[0] === 5)
      .sort((a, b) => Buffer.compare(a.key, b.key))
      .slice(0, 3);
    const [first, second] = group as [(typeof group)[0], (typeof group)[0]];
    const parting = first.nibbles.findIndex((nibble, i) => nibble !== second.nibbles[i]);

    const forged = leaf(second.nibbles.slice(1), rlpInteger(666n));
    const genuine = leaf(second.nibbles.slice(parting + 1), rlpInteger(111n));
    const empty = Uint8Array.of(0x80);
    const below = rlpList([
      rlpString(keccak256(forged)),
      rlpString(ELSEWHERE),
      ...Array.from({ length: 15 }, () => empty),
    ]);
    const branches: Uint8Array[] = [];
    let child = keccak256(below);
    for (let depth = 255; depth >= 0; depth--) {
      const children: Record<number, Uint8Array> = { [first.nibbles[depth] ?? 0]: child };
      if (depth === parting) children[second.nibbles[parting]!] = keccak256(genuine);
      branches.unshift(full(children));
      child = keccak256(branches[0]!);
    }
    const address = slotOf(1).slice(12);
    const fields = [rlpInteger(1n), rlpInteger(5n), rlpString(child), rlpString(keccak256(new Uint8Array()))];
    const account = leaf(nibblesOf(keccak256(address)), rlpList(fields));
    const stateRoot = keccak256(account);

    const witness = concat([account, ...branches, below, forged]);
    const slots = group.map(({ slot }) => slot);
    const many = await contract.slots(toHex(stateRoot), toHex(address), slots.map(toHex), toHex(witness), {
      gasLimit: 16_000_000,
    });
    expect(many.at(-1)).to.equal(reason("PathLength"));
    expect(many[0]).to.equal(0n);
    expect(verifySlots(stateRoot, address, slots, witness)).to.deep.equal({ status: "invalid", reason: "PathLength" });

    // What the trie does say of that slot.
    const proof = concat([...branches.slice(0, parting + 1), genuine]);
    const [status, , value] = await contract.slot(toHex(child), toHex(second.slot), toHex(proof));
    expect([status, value]).to.deep.equal([PRESENT, 111n]);
    expect(verifySlot(child, second.slot, proof)).to.deep.equal({ status: "present", value: 111n });
  });

  it("M40: what lies behind the end of a proof does not change the reason", async () => {
    const slot = slotOf(7);
    const nibbles = nibblesOf(keccak256(slot));
    const branches: Uint8Array[] = [];
    let child: Uint8Array = ELSEWHERE;
    for (let depth = 64; depth >= 0; depth--) {
      branches.unshift(full({ [nibbles[depth] ?? 0]: child }));
      child = keccak256(branches[0]!);
    }
    const proof = concat(branches.slice(0, 64));
    expect(verifySlot(child, slot, proof)).to.deep.equal({ status: "invalid", reason: "Truncated" });
    const selector = Buffer.from(contract.interface.getFunction("slot").selector.slice(2), "hex");
    const head = [selector, child, slot, word(96n), word(BigInt(proof.length)), proof];
    for (const behind of [new Uint8Array(), branches[64]!]) {
      const result = contract.interface.decodeFunctionResult("slot", await call(concat([...head, behind])));
      expect(result[1]).to.equal(reason("Truncated"));
    }
  });

  for (const method of ["slotList", "keyList"] as const) {
    const list = (root: Uint8Array, slot: Uint8Array, offsets: number[], elements: Uint8Array[]): Uint8Array =>
      concat([
        Buffer.from(contract.interface.getFunction(method).selector.slice(2), "hex"),
        root,
        method === "slotList" ? slot : keccak256(slot),
        word(96n),
        word(BigInt(offsets.length)),
        ...offsets.map((offset) => word(BigInt(offset))),
        ...elements,
      ]);
    const padded = (node: Uint8Array): Uint8Array => concat([node, new Uint8Array((32 - (node.length % 32)) % 32)]);

    it(`M33, M42: an element that ends outside calldata is no node (${method})`, async () => {
      const slot = slotOf(7);
      const nibbles = nibblesOf(keccak256(slot));
      expect(nibbles[0]).to.not.equal(15);
      const value = leaf(nibbles.slice(1), rlpInteger(42n));
      // Its last 33 bytes are zeros, as is all that lies behind calldata.
      const branch = full({ [nibbles[0]!]: keccak256(value), 15: new Uint8Array(32) }, 0);
      const first = 64 + 32 + padded(value).length;
      const elements = [word(BigInt(value.length)), padded(value), word(532n)];
      const data = list(keccak256(branch), slot, [first, 64], elements);
      const whole = (contract.interface as Interface).decodeFunctionResult(method, await call(concat([data, branch])));
      expect(whole[0]).to.equal(PRESENT);
      const cut = await call(concat([data, branch.slice(0, 532 - 33)])).then(
        (bytes) => (contract.interface as Interface).decodeFunctionResult(method, bytes)[0] as bigint,
        () => 0n, // the decoder's own check
      );
      expect(cut).to.equal(0n);
    });

    it(`M33: an element is read as far as it reaches, whatever follows it (${method})`, async () => {
      const slot = slotOf(7);
      const nibbles = nibblesOf(keccak256(slot));
      const value = leaf(nibbles.slice(2), rlpInteger(42n));
      const second = full({ [nibbles[1]!]: keccak256(value) });
      // The last 32 bytes of the first element are the length of the second, which follows at once.
      const hash = new Uint8Array(32);
      hash[31] = 0x02;
      const first = full({ [nibbles[0]!]: keccak256(second), 15: hash }, 0x14);
      const at = 96 + 32 + padded(value).length;
      const elements = [word(BigInt(value.length)), padded(value), word(532n), first, second, new Uint8Array(64)];
      const data = list(keccak256(first), slot, [at, at + 532, 96], elements);
      const result = (contract.interface as Interface).decodeFunctionResult(method, await call(data));
      expect([result[0], result[1]]).to.deep.equal([PRESENT, 0n]);
      expect(result[0]).to.not.equal(ABSENT);
      expect(verifySlot(keccak256(first), slot, [first, second, value])).to.deep.equal({
        status: "present",
        value: 42n,
      });
    });
  }
});
