import { expect } from "chai";

import { toBytes, toHex } from "../src/bytes.js";
import { thrown } from "./helpers/errors.js";

describe("Hexadecimal", function () {
  it("is read and written byte for byte, whatever its length and case", function () {
    for (const size of [0, 1, 31, 32, 532, 2_046, 2_047, 2_048, 70_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) & 0xff);
      const text = `0x${Buffer.from(bytes).toString("hex")}`;
      expect(toHex(bytes) === text, `${size} bytes`).to.equal(true);
      for (const form of [text, `0x${text.slice(2).toUpperCase()}`]) {
        expect(Buffer.compare(toBytes(form, "bytes", size), bytes), `${size} bytes`).to.equal(0);
      }
    }
  });

  it("O13: is refused where any one character is not a digit, however much it looks like one", function () {
    // U+0130 and U+FF11 end in the byte of a digit, or are one to a reader; the last is a pair of surrogates.
    const strangers = ["g", "G", " ", "/", ":", "@", "`", "x", "\0", "\u00b2", "\u0130", "\uff11", "\ud800"];
    for (const size of [1, 32, 2_047, 2_048]) {
      const sound = `0x${"5a".repeat(size)}`;
      for (const place of new Set([2, 3, size, 2 * size, 2 * size + 1])) {
        if (place < 2) continue;
        for (const stranger of strangers) {
          // What an earlier string left behind must not stand in for what is missing in this one.
          toBytes(sound, "bytes");
          const text = sound.slice(0, place) + stranger + sound.slice(place + 1);
          thrown("INVALID_HEX", () => toBytes(text, "bytes"));
        }
      }
      const pair = `${sound.slice(0, -2)}\u{1d7ce}`;
      thrown("INVALID_HEX", () => toBytes(pair, "bytes"));
    }
  });
});
