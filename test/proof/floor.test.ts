import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { concat } from "../trie-helpers/buildTrie.js";
import { compile, type Compiled } from "../trie-helpers/compile.js";
import { needVectors, realVectors } from "../../tools/vectors.js";
import { connect } from "../trie-helpers/verifiers.js";

describe("proofs compiled with the oldest supported compiler", function () {
  it("0.8.13 for the London EVM reads the real answers as the configured compiler does", async function () {
    needVectors(this);
    this.timeout(120_000);
    const { ethers } = await connect();
    const [signer] = await ethers.getSigners();
    const path = "contracts/mocks/StateProofHarness.sol";
    const { abi, bytecode } = compile(path, ["StateProofHarness"], { version: "0.8.13", evmVersion: "london" })[
      "StateProofHarness"
    ] as Compiled;
    const harness = await new ethers.ContractFactory(abi, bytecode, signer ?? null).deploy();
    for (const { id, stateRoot, address, accountExists, accountProof, storage } of realVectors()) {
      for (const { slot, value, proof } of storage) {
        const nodes = [...accountProof, ...proof].map((node) => Uint8Array.from(Buffer.from(node.slice(2), "hex")));
        const answer = (await harness.getFunction("accountSlot")(
          stateRoot,
          address,
          slot,
          toHex(concat(nodes)),
        )) as bigint[];
        expect(answer, id).to.deep.equal([accountExists ? 2n : 1n, BigInt(value) === 0n ? 1n : 2n, BigInt(value), 0n]);
      }
    }
  });
});
