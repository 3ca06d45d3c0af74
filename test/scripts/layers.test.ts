import { expect } from "chai";

import { faultsOf, sourcesOf } from "../../scripts/checks/layers.js";

describe("the layers", () => {
  const header = { path: "src/header/header.ts", imports: ["src/core/bytes.ts"] };
  const bytes = { path: "src/core/bytes.ts", imports: [] };

  it("lets a file import from below, and from its own room", () => {
    const errors = { path: "src/core/errors.ts", imports: ["src/core/bytes.ts"] };
    expect(faultsOf([header, bytes, errors])).to.deep.equal([]);
  });

  it("refuses an import from above, in either language", () => {
    const upward = { path: "src/core/bytes.ts", imports: ["src/header/header.ts"] };
    expect(faultsOf([upward])).to.deep.equal(["src/core/bytes.ts imports src/header/header.ts, which lies above it"]);
    const reader = { path: "contracts/header/HeaderReader.sol", imports: ["contracts/anchor/Anchor.sol"] };
    expect(faultsOf([reader])).to.have.length(1);
  });

  it("refuses an import of another package's file: it is imported by its name", () => {
    const engine = { path: "packages/cli/src/engine.ts", imports: ["src/index.ts", "packages/cli/src/text.ts"] };
    expect(faultsOf([engine])).to.deep.equal([
      "packages/cli/src/engine.ts imports src/index.ts, a file of another package: its name has to do",
    ]);
  });

  it("refuses a circle inside of a room", () => {
    const one = { path: "src/core/bytes.ts", imports: ["src/core/errors.ts"] };
    const other = { path: "src/core/errors.ts", imports: ["src/core/bytes.ts"] };
    expect(faultsOf([one, other]).join()).to.contain("a circle");
  });

  it("knows a room for every file, and finds its imports", () => {
    const sources = ["src", "packages/cli/src", "contracts"].flatMap(sourcesOf);
    expect(faultsOf(sources)).to.deep.equal([]);
    const guard = sources.find(({ path }) => path === "contracts/StatelessGuard.sol");
    expect(guard?.imports).to.include("contracts/anchor/AnchorGuard.sol");
  });

  it("compiles nothing of the policy for StatelessGuard", () => {
    const byPath = new Map(sourcesOf("contracts").map((source) => [source.path, source.imports]));
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      byPath.get(path)?.forEach(visit);
    };
    visit("contracts/StatelessGuard.sol");
    expect(reached.has("contracts/anchor/AnchorGuard.sol")).to.equal(true);
    expect([...reached].filter((path) => path.includes("olicy"))).to.deep.equal([]);
  });
});
