import { RLP } from "@ethereumjs/rlp";
import { expect } from "chai";

import { toBytes, toHex } from "../../src/core/bytes.js";
import { decodeRlp, encodeRlp, MAX_RLP_DEPTH, type RlpInput, type RlpItem } from "../../src/core/rlp.js";
import { thrown } from "../../tools/errors.js";
import { random, type Random } from "../../tools/random.js";
import { needVectors, readVector } from "../../tools/vectors.js";

const folder = "conformance/rlp/ethereum-tests";
const bytes = (hex: string): Uint8Array => toBytes(hex.startsWith("0x") ? hex : `0x${hex}`, "vector");

describe("RLP", function () {
  describe("the official tests", function () {
    before(function () {
      needVectors(this);
    });

    it("encodes and decodes every valid case, both ways", function () {
      const cases = readVector<Record<string, { in: unknown; out: string }>>(`${folder}/rlptest.json`);
      for (const [name, vector] of Object.entries(cases)) {
        const item = official(vector.in);
        expect(toHex(encodeRlp(item)), name).to.equal(vector.out.toLowerCase());
        expect(decodeRlp(bytes(vector.out)), name).to.deep.equal(item);
      }
      console.log(`      rlptest.json: ${Object.keys(cases).length} valid`);
    });

    it("R1, R2, R3, R5, R7, R8: refuses every invalid case", function () {
      const cases = readVector<Record<string, { out: string }>>(`${folder}/invalidRLPTest.json`);
      for (const { out } of Object.values(cases)) thrown("INVALID_RLP", () => decodeRlp(bytes(out)));
      console.log(`      invalidRLPTest.json: ${Object.keys(cases).length} refused`);
    });

    it("decodes the random example", function () {
      const cases = readVector<Record<string, { in: string; out: string }>>(`${folder}/RandomRLPTests-example.json`);
      for (const vector of Object.values(cases)) {
        expect(vector.in).to.equal("VALID");
        expect(toHex(encodeRlp(decodeRlp(bytes(vector.out))))).to.equal(vector.out);
      }
    });

    it("R13: takes the account and value vectors apart as far as RLP goes", function () {
      const { accounts } = readVector<{ accounts: { id: string; rlp: string; expect: string }[] }>(
        "conformance/rlp/account-and-value-rlp.json",
      );
      const sound = accounts.filter((account) => account.expect === "ok");
      for (const { id, rlp } of sound) expect(decodeRlp(bytes(rlp)), id).to.have.length(4);
      expect(sound.length).to.be.greaterThan(0);
    });
  });

  const refused: [title: string, input: string, offset: number][] = [
    ["R1: a long form where the short one fits", "0xb801ff", 0],
    ["R1: a long list where the short one fits", "0xf80101", 0],
    ["R2: a length with a leading zero", `0xb90038${"aa".repeat(56)}`, 0],
    ["R3: a byte below 0x80 with a prefix", "0x8101", 0],
    ["R3: the same inside a list, where it is", "0xc3018101", 2],
    ["R4: bytes after the item", "0x82000100", 3],
    ["R5: an item that runs past its list", "0xc4c2820102", 2],
    ["R6: a length of 2^64 - 1", "0xbfffffffffffffffff00", 0],
    ["R6: a length of 2^48", "0xfe01000000000000", 0],
    ["R7: a prefix alone", "0xf9", 0],
    ["R8: nothing", "0x", 0],
  ];
  for (const [title, input, offset] of refused) {
    it(`${title} is refused`, function () {
      expect(thrown("INVALID_RLP", () => decodeRlp(bytes(input))).details.offset).to.equal(offset);
    });
  }

  it("R17: follows lists to the bounded depth and refuses deeper ones with a typed error, without a deep stack", function () {
    const nested = (depth: number): Uint8Array => {
      let result = Uint8Array.of(0xc0);
      for (let i = 1; i < depth; i++) {
        const prefix = encodeRlp(result.length > 1 ? result : new Uint8Array(2)); // a string's prefix is a list's, less 0x40
        const size = result.length > 1 ? prefix.length - result.length : 1;
        const head = result.length > 1 ? prefix.slice(0, size) : Uint8Array.of(0x81);
        head[0]! += 0x40;
        result = Uint8Array.from([...head, ...result]);
      }
      return result;
    };
    const deepest = nested(MAX_RLP_DEPTH);
    expect(encodeRlp(decodeRlp(deepest))).to.deep.equal(deepest);
    thrown("INVALID_RLP", () => decodeRlp(nested(MAX_RLP_DEPTH + 1)));
    thrown("INVALID_RLP", () => decodeRlp(new Uint8Array(200_000).fill(0xc1)));

    let item: RlpInput = [];
    for (let i = 0; i < MAX_RLP_DEPTH; i++) item = [item];
    thrown("INVALID_RLP", () => encodeRlp(item));
  });

  it("agrees with @ethereumjs/rlp on random items, and on what it refuses of them once mutated", function () {
    const source = random();
    console.log(`      seed ${source.seed}`);
    let accepted = 0;
    for (let i = 0; i < 3_000; i++) {
      const item = randomItem(source, 4);
      const encoded = encodeRlp(item);
      expect(toHex(encoded)).to.equal(toHex(RLP.encode(item as never)));
      expect(decodeRlp(encoded)).to.deep.equal(item);

      const mutated = Uint8Array.from(encoded);
      mutated[source.below(mutated.length)] = source.pick([
        0,
        1,
        0x7f,
        0x80,
        0x81,
        0xb7,
        0xb8,
        0xc0,
        0xf7,
        0xf8,
        source.below(256),
      ]);
      const ours = attempt(() => decodeRlp(mutated));
      const theirs = attempt(() => RLP.decode(mutated) as RlpItem);
      expect(ours, `${toHex(mutated)} (seed ${source.seed})`).to.deep.equal(theirs);
      if (ours !== undefined) {
        accepted++;
        expect(encodeRlp(ours)).to.deep.equal(mutated); // one value, one encoding
      }
    }
    expect(accepted).to.be.greaterThan(300);
  });
});

/** The official notation: text, a number, `#` and a decimal, or a list of these. */
function official(value: unknown): RlpItem {
  if (Array.isArray(value)) return value.map(official);
  if (typeof value === "number" || (typeof value === "string" && value.startsWith("#"))) {
    const digits = BigInt(typeof value === "number" ? value : value.slice(1)).toString(16);
    return digits === "0" ? new Uint8Array() : bytes(digits.padStart(digits.length + (digits.length % 2), "0"));
  }
  return Uint8Array.from(String(value), (character) => character.charCodeAt(0));
}

function randomItem(source: Random, depth: number): RlpItem {
  if (depth > 0 && source.below(3) === 0) {
    return Array.from({ length: source.below(6) }, () => randomItem(source, depth - 1));
  }
  return source.bytes(source.pick([0, 1, 1, 2, 20, 32, 54, 55, 56, 57, 255, 256, 300]));
}

function attempt(run: () => RlpItem): RlpItem | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
