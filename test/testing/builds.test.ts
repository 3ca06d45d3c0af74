import { expect } from "chai";

import { BUILDS, compile } from "../../tools/compile.js";

const CALLERS = ["GuardTestCaller", "LiveTimeCaller"];

// What they do is tested in Solidity, where the cheatcodes are: LiveTime.t.sol and GuardTest.t.sol.
describe("GuardTest and LiveTime", () => {
  for (const build of BUILDS)
    it(`A12: compile without a warning (${build.name})`, async () => {
      const sources = CALLERS.map((caller) => `test/testing/${caller}.sol`);
      const compiled = await compile(sources, build);
      for (const caller of CALLERS) expect(compiled[caller]?.bytecode, caller).to.match(/^0x[0-9a-f]{100,}$/);
    });
});
