import { expect } from "chai";

import { keccak256 } from "../../src/core/keccak.js";
import { verifySlot } from "../../src/proof/account.js";
import { asking } from "../trie-helpers/asking.js";
import { concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "../trie-helpers/buildTrie.js";
import { accountRlp, addressOf, ELSEWHERE, EMPTY, full, leaf, slotOf } from "../trie-helpers/nodes.js";
import { type Deployed, line, type Line } from "../trie-helpers/verifiers.js";

function word(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
}

/** What a function of the contract that looks for one key says to calldata as it stands. */
async function verdict(contract: Deployed, method: string, ...data: Uint8Array[]): Promise<Line> {
  const selector = Buffer.from(contract.abi.getFunction(method)!.selector.slice(2), "hex");
  const answer = await contract.call(concat([selector, ...data]));
  const [status, reason, value] = contract.abi.decodeFunctionResult(method, answer);
  return line(status, reason, String(value));
}

/** Tries that no client builds, under roots of an attacker's choice, and calldata that no encoder writes. */
describe("hostile tries", () => {
  const { each, eachWitness, inCalldata } = asking();

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
    const below = rlpList([
      rlpString(keccak256(forged)),
      rlpString(ELSEWHERE),
      ...Array.from({ length: 15 }, () => EMPTY),
    ]);
    const branches: Uint8Array[] = [];
    let child = keccak256(below);
    for (let depth = 255; depth >= 0; depth--) {
      const children: Record<number, Uint8Array> = { [first.nibbles[depth] ?? 0]: child };
      if (depth === parting) children[second.nibbles[parting]!] = keccak256(genuine);
      branches.unshift(full(children));
      child = keccak256(branches[0]!);
    }
    const address = addressOf(1);
    const account = leaf(nibblesOf(keccak256(address)), accountRlp({ storageRoot: child }));
    const witness = concat([account, ...branches, below, forged]);
    const slots = group.map(({ slot }) => slot);
    await eachWitness((v) => v.slots(keccak256(account), address, slots, witness), "invalid PathLength");

    // What the trie does say of that slot.
    await each((v) => v.slot(child, second.slot, [...branches.slice(0, parting + 1), genuine]), "present 111");
  });

  it("M28, M40: a branch below the key's end is too deep, whatever lies below it", async () => {
    const slot = slotOf(7);
    const nibbles = nibblesOf(keccak256(slot));
    for (const last of [leaf([], rlpInteger(42n)), full({}), new Uint8Array(40).fill(0xff)]) {
      const nodes = [last];
      for (let depth = 64; depth >= 0; depth--)
        nodes.unshift(full({ [nibbles[depth] ?? 0]: keccak256(nodes[0] as Uint8Array) }));
      const root = keccak256(nodes[0] as Uint8Array);
      const account = leaf(nibblesOf(keccak256(addressOf(1))), accountRlp({ storageRoot: root }));
      await each((v) => v.slot(root, slot, nodes.slice(0, 65)), "invalid PathLength");
      await eachWitness(
        (v) => v.slots(keccak256(account), addressOf(1), [slot], concat([account, ...nodes])),
        "invalid PathLength",
      );
    }
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
    for (const behind of [new Uint8Array(), branches[64]!])
      await inCalldata(
        (contract) => verdict(contract, "slot", child, slot, word(96n), word(BigInt(proof.length)), proof, behind),
        "invalid Truncated",
      );
  });

  it("M24, M40: what lies behind the end of a proof is not the value of a leaf that has none", async () => {
    const slot = slotOf(7);
    const bare = rlpList([rlpString(hexPrefix(nibblesOf(keccak256(slot)), true))]);
    expect(verifySlot(keccak256(bare), slot, bare)).to.deep.equal({ status: "invalid", reason: "NodeMalformed" });
    for (const behind of [0, 5, 0x7f])
      await inCalldata(
        (contract) =>
          verdict(
            contract,
            "slot",
            keccak256(bare),
            slot,
            word(96n),
            word(BigInt(bare.length)),
            bare,
            Uint8Array.of(behind),
          ),
        "invalid NodeMalformed",
      );
  });

  for (const method of ["slotList", "keyList"] as const) {
    const slot = slotOf(7);
    const nibbles = nibblesOf(keccak256(slot));
    const present = method === "slotList" ? "present 42" : "present 0x2a";
    const ask =
      (root: Uint8Array, offsets: number[], ...elements: Uint8Array[]) =>
      (contract: Deployed): Promise<Line> =>
        verdict(
          contract,
          method,
          root,
          method === "slotList" ? slot : keccak256(slot),
          word(96n),
          word(BigInt(offsets.length)),
          ...offsets.map((offset) => word(BigInt(offset))),
          ...elements,
        ).catch(() => "reverted"); // by the decoder's own check
    const padded = (node: Uint8Array): Uint8Array => concat([node, new Uint8Array((32 - (node.length % 32)) % 32)]);

    it(`M33, M42: an element that ends outside calldata is no node (${method})`, async () => {
      expect(nibbles[0]).to.not.equal(15);
      const value = leaf(nibbles.slice(1), rlpInteger(42n));
      // Its last 33 bytes are zeros, as is all that lies behind calldata.
      const branch = full({ [nibbles[0]!]: keccak256(value), 15: new Uint8Array(32) }, 0);
      const first = 64 + 32 + padded(value).length;
      const elements = [word(BigInt(value.length)), padded(value), word(532n)];
      await inCalldata(ask(keccak256(branch), [first, 64], ...elements, branch), present);
      await inCalldata(
        ask(keccak256(branch), [first, 64], ...elements, branch.slice(0, 532 - 33)),
        /^(reverted|invalid)/,
      );
      // The same of a leaf.
      const round = leaf(nibbles, rlpInteger(1n << 248n));
      const length = word(BigInt(round.length));
      await inCalldata(ask(keccak256(round), [32], length, round), /^present/);
      await inCalldata(ask(keccak256(round), [32], length, round.slice(0, -31)), /^(reverted|invalid)/);
    });

    it(`M33: an element is read as far as it reaches, whatever follows it (${method})`, async () => {
      const value = leaf(nibbles.slice(2), rlpInteger(42n));
      const second = full({ [nibbles[1]!]: keccak256(value) });
      // The last 32 bytes of the first element are the length of the second, which follows at once.
      const hash = new Uint8Array(32);
      hash[31] = 0x02;
      const first = full({ [nibbles[0]!]: keccak256(second), 15: hash }, 0x14);
      const at = 96 + 32 + padded(value).length;
      const elements = [word(BigInt(value.length)), padded(value), word(532n), first, second, new Uint8Array(64)];
      await inCalldata(ask(keccak256(first), [at, at + 532, 96], ...elements), present);
      expect(verifySlot(keccak256(first), slot, [first, second, value])).to.deep.equal({
        status: "present",
        value: 42n,
      });
    });
  }
});
