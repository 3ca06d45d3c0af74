import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { useWasmKeccak } from "../../src/keccak-wasm.js";
import { keccak256, setKeccak256 } from "../../src/core/keccak.js";
import { announced } from "../../tools/random.js";

describe("useWasmKeccak", () => {
  it("gives the digests of the default engine, for every length about the hash's blocks and for long input", async () => {
    const random = announced();
    const previous = await useWasmKeccak();
    try {
      const lengths = [...Array.from({ length: 700 }, (_, i) => i), 4_096, 16_383, 16_384, 16_385, 65_537, 1_000_000];
      let before: Uint8Array | undefined;
      let digestBefore = "";
      for (const length of lengths) {
        const bytes = random.bytes(length);
        const digest = keccak256(bytes);
        expect(toHex(digest), `${length} bytes, seed ${random.seed}`).to.equal(toHex(keccak_256(bytes)));
        // A digest that was handed out must not change with the next call of the one hasher.
        if (before !== undefined) expect(toHex(before)).to.equal(digestBefore);
        before = digest;
        digestBefore = toHex(digest);
      }
    } finally {
      expect(setKeccak256(previous)).to.not.equal(previous);
    }
    expect(setKeccak256(previous)).to.equal(previous);
  });
});
