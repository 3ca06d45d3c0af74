import { expect } from "chai";

import { PROOF_REASONS, verifyAccountProof, verifyStorageProof, verifyTrieProof } from "../../src/index.js";
import { ownProofs } from "../../tools/vectors.js";
import { thrown } from "../../tools/errors.js";

const WORD = `0x${"11".repeat(32)}`;
const ADDRESS = `0x${"22".repeat(20)}`;

// That valid proofs are accepted, and shortened ones refused, is in ownVectors.test.ts.
describe("proofs as clients list them", () => {
  const { stateRoot, address, account, accountProof, storage } = ownProofs().find(
    (vector) =>
      vector.account !== null && vector.storage.some(({ slot, value }) => BigInt(slot) < 9n && value !== "0x0"),
  )!;
  const { slot, value, proof } = storage.find((each) => BigInt(each.slot) < 9n && each.value !== "0x0")!;
  const storageRoot = account!.storageHash;

  it("takes a slot as a number, a bigint, and as 32 bytes", () => {
    for (const form of [slot, BigInt(slot), Number(slot)])
      expect(verifyStorageProof({ storageRoot, slot: form, proof }), typeof form).to.deep.equal({
        status: "present",
        value: BigInt(value),
      });
  });

  it("takes hexadecimal in either case, and gives it in lower case", () => {
    const upper = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;
    const plain = verifyAccountProof({ stateRoot, account: address, proof: accountProof });
    const question = { stateRoot: upper(stateRoot), account: upper(address), proof: accountProof.map(upper) };
    expect(verifyAccountProof(question)).to.deep.equal(plain);
    expect(plain).to.have.nested.property("value.codeHash", account!.codeHash.toLowerCase());
  });

  it("names the reason why nodes show nothing, by the contract's name for it", () => {
    const cut = verifyAccountProof({ stateRoot, account: address, proof: accountProof.slice(0, -1) });
    expect(cut).to.deep.equal({ status: "invalid", reason: "Truncated" });
    const swapped = verifyStorageProof({ storageRoot, slot, proof: accountProof });
    expect(swapped).to.deep.equal({ status: "invalid", reason: "NodeHashMismatch" });
    const nowhere = verifyTrieProof({ root: `0x${"00".repeat(32)}`, hashedKey: WORD, proof });
    expect(nowhere).to.deep.equal({ status: "invalid", reason: "ZeroRoot" });
    expect(PROOF_REASONS).to.include.members(["Truncated", "NodeHashMismatch", "ZeroRoot"]);
  });

  for (const [what, ask] of [
    ["state root", () => verifyAccountProof({ stateRoot: "0x12", account: ADDRESS, proof: [] })],
    ["account", () => verifyAccountProof({ stateRoot: WORD, account: WORD, proof: [] })],
    ["storage root", () => verifyStorageProof({ storageRoot: ADDRESS, slot: 0n, proof: [] })],
    ["slot", () => verifyStorageProof({ storageRoot: WORD, slot: "0x1", proof: [] })],
    ["root", () => verifyTrieProof({ root: `${WORD}00`, hashedKey: WORD, proof: [] })],
    ["hashed key", () => verifyTrieProof({ root: WORD, hashedKey: ADDRESS, proof: [] })],
    [
      "node 1 of the proof",
      () => verifyTrieProof({ root: WORD, hashedKey: WORD, proof: [...proof.slice(0, 1), "0xzz"] }),
    ],
    ["proof", () => verifyAccountProof({ stateRoot: WORD, account: ADDRESS, proof: null as never })],
  ] as const)
    it(`refuses a ${what} of another form, and names it`, () => {
      expect(thrown("INVALID_HEX", ask).details.what).to.equal(what);
    });
});
