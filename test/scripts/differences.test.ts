import { expect } from "chai";

import { differences, tableOf } from "../../scripts/checks/differences/tables.js";

describe("the differences between two snapshots", () => {
  const before = { legacy: { call: 1_000, gone: 5, same: 7 }, layout: ["a"], unit: "gas" };
  const after = { legacy: { call: 1_250, same: 7, added: 0 }, layout: ["b"], unit: "wei" };

  it("are the numbers that changed, came or went, and nothing else", () => {
    expect(differences(before, after)).to.deep.equal([
      { name: "legacy: call", before: 1_000, after: 1_250 },
      { name: "legacy: added", before: undefined, after: 0 },
      { name: "legacy: gone", before: 5, after: undefined },
    ]);
    expect(differences(before, before)).to.deep.equal([]);
  });

  it("are a table with the change and its share", () => {
    expect(tableOf(differences(before, after)).split("\n").slice(2)).to.deep.equal([
      "| legacy: call | 1,000 | 1,250 | +250 | +25 % |",
      "| legacy: added | new | 0 |  |  |",
      "| legacy: gone | 5 | gone |  |  |",
      "",
    ]);
    expect(tableOf([{ name: "a|b", before: 0, after: 3 }])).to.contain("| a\\|b | 0 | 3 | +3 |  |");
  });
});
