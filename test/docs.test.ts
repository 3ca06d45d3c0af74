import { readFileSync } from "node:fs";

import { expect } from "chai";

import { CHAIN_PROFILES } from "../src/index.js";

describe("the documents", () => {
  it("F16: list the supported chains, each with its id and block times", () => {
    const text = readFileSync("docs/configure.md", "utf8");
    const rows = [...text.matchAll(/^\| [^|]+ \| ([\d, ]+) \| +(\d+) +\| +(\d+) +\| [a-z]/gm)];
    const listed = rows.flatMap(([, ids, blockTime, longest]) =>
      ids!.split(",").map((id) => [Number(id), Number(blockTime), Number(longest)]),
    );
    const known = Object.entries(CHAIN_PROFILES).map(([id, profile]) => [
      Number(id),
      profile.blockTime,
      profile.longestBlockTime,
    ]);
    const byId = (a: number[], b: number[]) => a[0]! - b[0]!;
    expect(listed.sort(byId)).to.deep.equal(known.sort(byId));
  });
});
