import { readFileSync } from "node:fs";

import { expect } from "chai";

import { CHAINS } from "../src/index.js";

describe("the documents", () => {
  it("F16: list every chain that was looked at, with what a configuration takes, or why it is refused", () => {
    const text = readFileSync("docs/chains.md", "utf8");
    const cells = text
      .split("\n")
      .flatMap((line) => (line.startsWith("| ") ? [line.split("|").map((cell) => cell.trim())] : []));
    for (const chain of CHAINS) {
      const rows = cells.filter(([, name]) => name === chain.name).map((row) => row.slice(2, -1));
      if (chain.source === "refused") {
        expect(rows).to.deep.equal([[String(chain.id), chain.evidence.because]]);
        continue;
      }
      const { id, source, hashWindow, blockTime = "–", longestBlockTime = "–" } = chain;
      expect(rows).to.have.length(2);
      expect(rows[0]!.slice(0, 5)).to.deep.equal([id, source, hashWindow, blockTime, longestBlockTime].map(String));
      const { evidence } = chain;
      expect(rows[1]![0]).to.contain(evidence.kind === "specification" ? evidence.source : evidence.file);
    }
  });
});
