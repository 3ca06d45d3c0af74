import { expect } from "chai";

import { CHAINS, isKnown } from "../../src/anchor/chains.js";
import type { Hex } from "../../src/core/bytes.js";
import { readHeader } from "../../src/header/header.js";
import { encodeHeader } from "../../src/header/fromRpc.js";
import { BOUNDS } from "../../src/policy/bounds.js";
import { needVectors, readVector } from "../../tools/vectors.js";

interface RecordedHeaders {
  readonly cases: readonly { chain: string; hash: Hex; fields: number; rlp?: Hex; rpc?: Record<string, unknown> }[];
}

describe("the chains' table", () => {
  const known = CHAINS.filter(isKnown);

  it("SG-16: names each chain once, and each by evidence", () => {
    expect(new Set(CHAINS.map(({ id }) => id)).size).to.equal(CHAINS.length);
    expect(new Set(CHAINS.map(({ name }) => name)).size).to.equal(CHAINS.length);
    for (const { name, evidence } of CHAINS) {
      const words =
        evidence.kind === "refused"
          ? evidence.because
          : evidence.kind === "specification"
            ? evidence.source
            : evidence.file;
      expect(words, name).to.match(/\w{3}/);
    }
  });

  it("SG-18, A11: holds block times that a configuration can have, or none", () => {
    for (const { name, blockTime, longestBlockTime, source, continuity, originLag } of known) {
      expect(blockTime === undefined, name).to.equal(longestBlockTime === undefined);
      if (blockTime === undefined || longestBlockTime === undefined) expect(source, name).to.equal("arbitrum");
      else {
        const percent = (longestBlockTime * 100) / blockTime;
        expect(percent, name).to.be.within(BOUNDS.LONGEST_BLOCK_TIME_LEAST_PERCENT, BOUNDS.LONGEST_BLOCK_TIME_PERCENT);
      }
      expect(originLag !== undefined, name).to.equal(continuity === "l1-origin");
      expect(continuity === "arbitrum-clock", name).to.equal(source === "arbitrum");
    }
  });

  it("H3, H15: claims a recorded header where there is one of this very chain, of a shape that it names", function () {
    needVectors(this);
    let read = 0;
    for (const { name, evidence, headers } of known) {
      if (evidence.kind !== "recorded-header") continue;
      const { cases } = readVector<RecordedHeaders>(`conformance/${evidence.file}`);
      const shapes = headers.map(({ shape }) => shape).join(" ");
      for (const { chain, hash, fields, rlp, rpc } of cases) {
        expect(evidence.file, name).to.equal(`headers/real/${chain}.json`);
        const header = readHeader(rlp ?? encodeHeader(rpc!), hash);
        expect(header.hash).to.equal(hash);
        // AuRa's are named by their seal.
        expect(shapes, `${name} ${header.number}`).to.match(new RegExp(`\\b${fields}\\b|AuRa`));
        read++;
      }
    }
    expect(read).to.be.greaterThan(0);
    console.log(`      ${read} read`);
  });
});
