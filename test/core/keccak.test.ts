import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { announced } from "../../tools/random.js";

/** Where the engine of a process is kept. Another file of the same process may have taken one. */
const ENGINE = Symbol.for("settlement-guard.keccak256");

describe("keccak256", function () {
  const shared = globalThis as { [ENGINE]?: unknown };
  const taken = shared[ENGINE];
  before(() => void (shared[ENGINE] = undefined));
  after(() => void (shared[ENGINE] = taken));

  it("gives @noble/hashes' digests for every length about the hash's blocks, though one hasher serves all calls", function () {
    const random = announced();
    const digests: [digest: Uint8Array, expected: string][] = [];
    for (const length of [...Array.from({ length: 700 }, (_, i) => i), 65_537]) {
      // At every alignment: the hasher reads whole words where it can.
      const bytes = random.bytes(length + 4).subarray(length % 4, (length % 4) + length);
      digests.push([keccak256(bytes), toHex(keccak_256(bytes))]);
    }
    // After the last call: a digest that was handed out must not change with the next.
    for (const [digest, expected] of digests) expect(toHex(digest), `seed ${random.seed}`).to.equal(expected);
  });

  it("is right after a call that failed", function () {
    const bytes = Uint8Array.of(1, 2, 3);
    const expected = toHex(keccak_256(bytes));
    for (const wrong of ["0x00", null, [1, 2, 3], new Uint16Array(2)]) {
      expect(() => keccak256(wrong as unknown as Uint8Array)).to.throw(TypeError);
      expect(toHex(keccak256(bytes))).to.equal(expected);
    }
  });
});
