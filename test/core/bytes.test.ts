import { expect } from "chai";

import { toBytes, toBytesEach, toHex } from "../../src/core/bytes.js";
import { thrown } from "../../tools/errors.js";

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
    // U+0130 and U+FF11 end in the byte of a digit, or are one to a reader. The last is a pair of surrogates.
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

  it("is read as a list into views of one memory, each as by itself", function () {
    const sizes = [532, 0, 1, 31, 2_048, 32, 70_000];
    const texts = sizes.map((size, n) => toHex(Uint8Array.from({ length: size }, (_, i) => (i * 7 + n) & 0xff)));
    const list = toBytesEach(texts, String);
    expect(list.map(toHex)).to.deep.equal(texts);
    expect(new Set(list.map(({ buffer }) => buffer)).size).to.equal(1);
    expect(toBytesEach([], String)).to.deep.equal([]);
  });

  it("O13: is refused in a list by the place of the first that is not bytes", function () {
    const sound = `0x${"5a".repeat(40)}`;
    for (const wrong of ["", "0x1", "0X11", "1122", "0xzz", `${sound.slice(0, -1)}\uff11`, 5, null, undefined]) {
      const { details } = thrown("INVALID_HEX", () => toBytesEach([sound, wrong, "0xz1"], (i) => `node ${i}`));
      expect(details.what, String(wrong)).to.equal("node 1");
      expect(details.expected).to.equal("0x-prefixed bytes");
    }
  });

  it("is written anew each time: nothing of an earlier text shows in a later one", function () {
    const long = toHex(new Uint8Array(2_000).fill(0xab));
    expect(toHex(Uint8Array.of(1))).to.equal("0x01");
    expect(long).to.equal(`0x${"ab".repeat(2_000)}`);
    toBytes(long, "bytes");
    thrown("INVALID_HEX", () => toBytes("", "bytes"));
    expect(toHex(new Uint8Array())).to.equal("0x");
  });
});
