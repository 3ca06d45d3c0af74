import { expect } from "chai";
import { AbiCoder, encodeBytes32String, id, keccak256, ZeroAddress } from "ethers";

import { toHex, type Hex } from "../../src/core/bytes.js";
import { ledgerKey, totalKey } from "../../src/ledger/key.js";
import { thrown } from "../../tools/errors.js";
import { announced } from "../../tools/random.js";

/** What Solidity's `keccak256(abi.encode(LEDGER_KEY, owner, asset, kind))` is, by ethers. */
function encoded(owner: string, asset: string, kind: string): string {
  const words = [id("settlement-guard.ledger.key"), owner, asset, kind];
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "address", "bytes32", "bytes32"], words));
}

describe("ledgerKey", () => {
  it("is the hash of the ABI's encoding of owner, asset and kind", () => {
    const random = announced();
    for (let round = 0; round < 50; round++) {
      const [owner, asset, kind] = [20, 32, 32].map((size) => toHex(random.bytes(size))) as [Hex, Hex, Hex];
      expect(ledgerKey({ owner, asset, kind })).to.equal(encoded(owner, asset, kind));
      expect(totalKey({ asset, kind })).to.equal(encoded(ZeroAddress, asset, kind));
    }
  });

  it("takes asset and kind as text of 1 to 31 characters, as bytes32 of Solidity", () => {
    const owner = "0x00000000000000000000000000000000000a1107";
    for (const text of ["U", "ETH-PERP", "a".repeat(31)]) {
      const word = encodeBytes32String(text);
      expect(ledgerKey({ owner, asset: text, kind: "balance" })).to.equal(
        encoded(owner, word, encodeBytes32String("balance")),
      );
      expect(totalKey({ asset: "USDC", kind: text })).to.equal(encoded(ZeroAddress, encodeBytes32String("USDC"), word));
    }
  });

  it("refuses other text, hexadecimal of another length, and what is no address", () => {
    for (const asset of ["", "a".repeat(32), "a".repeat(66), "ETH–PERP", "0x", "0x01", "0Xab", `0x${"0".repeat(63)}`]) {
      const { details } = thrown("INVALID_HEX", () => totalKey({ asset, kind: "balance" }));
      expect(details.what).to.equal("asset");
      thrown("INVALID_HEX", () => totalKey({ asset: "USDC", kind: asset }));
    }
    for (const owner of ["USDC", "0x01", undefined as unknown as string])
      thrown("INVALID_HEX", () => ledgerKey({ owner, asset: "USDC", kind: "balance" }));
  });
});
