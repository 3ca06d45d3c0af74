import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, toUtf8Bytes } from "ethers";
import { network } from "hardhat";

const word = (value: bigint | number | string): string => toBeHex(value, 32);

describe("SlotDerivation", () => {
  async function deploy() {
    const { ethers } = await network.create();
    const [someone] = await ethers.getSigners();
    const harness = await ethers.deployContract("SlotDerivationHarness");
    const who = someone?.address as string;
    await harness.getFunction("fill")(who, 1000n);
    const load = async (slot: string): Promise<bigint> => (await harness.getFunction("load")(slot)) as bigint;
    const call = async (name: string, ...args: unknown[]): Promise<string> => (await harness.getFunction(name)(...args)) as string;
    return { harness, who, load, call };
  }

  it("finds entries of mappings, by address, number, word and text, where the compiler put them", async () => {
    const { who, load, call } = await deploy();
    expect(await load(await call("mappingAddress", word(0), who))).to.equal(1001n);
    expect(await load(await call("mappingWord", word(0), word(who)))).to.equal(1001n);
    expect(await load(await call("mappingBytes", word(2), toUtf8Bytes("collateral")))).to.equal(1005n);
    const inner = await call("mappingAddress", await call("mappingNumber", word(1), 1000n), who);
    expect(inner).to.equal(await call("nested", word(1), word(1000n), word(who)));
    expect(await load(await call("member", inner, 1))).to.equal(1004n);
  });

  it("finds elements of arrays of whole slots, of structs and of several to a slot", async () => {
    const { harness, load, call } = await deploy();
    for (let i = 0; i < 7; i++) {
      expect(await load(await call("element", word(3), i, 1))).to.equal(1010n + BigInt(i));
      expect(await load(await call("member", await call("element", word(4), i, 2), 1))).to.equal(1040n + BigInt(i));
      const [slot, offset] = (await harness.getFunction("packedElement")(word(5), i, 48)) as [string, bigint];
      expect(await harness.getFunction("field")(await load(slot), offset, 48)).to.equal(1050n + BigInt(i));
    }
  });

  it("takes packed fields out of a slot, and refuses fields that do not lie in one", async () => {
    const { harness, who, load } = await deploy();
    const field = harness.getFunction("field");
    const value = await load(word(6));
    expect(await field(value, 0, 64)).to.equal(1006n);
    expect(await field(value, 64, 8)).to.equal(1n);
    expect(await field(value, 72, 160)).to.equal(BigInt(who));
    expect(await field(value, 0, 256)).to.equal(value);
    for (const [offset, width] of [
      [0, 0],
      [1, 256],
      [0, 257],
      [256, 1],
      [2n ** 256n - 1n, 2],
    ] as const) {
      await expect(field(value, offset, width)).to.be.revertedWithCustomError(harness, "FieldOutOfSlot").withArgs(offset, width);
    }
    await expect(harness.getFunction("packedElement")(word(5), 0, 129)).to.be.revertedWithCustomError(harness, "FieldOutOfSlot");
  });

  it("derives ERC-7201 namespaces by the formula, and Vyper's mappings with the slot first", async () => {
    const { load, call } = await deploy();
    // The example of the EIP itself.
    const root = await call("namespaceRoot", "example.main");
    expect(root).to.equal("0x183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500");
    expect(await load(root)).to.equal(1007n);
    const coder = AbiCoder.defaultAbiCoder();
    expect(await call("vyper", word(4), word(9))).to.equal(keccak256(coder.encode(["uint256", "uint256"], [4, 9])));
    expect(await call("mappingWord", word(4), word(9))).to.equal(keccak256(coder.encode(["uint256", "uint256"], [9, 4])));
  });
});
