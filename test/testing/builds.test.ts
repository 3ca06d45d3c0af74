import { expect } from "chai";

import { BUILDS, compile } from "../../tools/compile.js";

// What they do is tested in Solidity, where the cheatcodes are: LiveTime.t.sol and GuardTest.t.sol.
for (const [helper, id] of [
  ["LiveTime", "A12: "],
  ["GuardTest", ""],
])
  describe(`${helper}`, () => {
    for (const build of BUILDS)
      it(`${id}compiles without a warning (${build.name})`, async function () {
        this.timeout(120_000);
        const caller = `${helper}Caller`;
        const { [caller]: compiled } = await compile([`test/testing/${caller}.sol`], build);
        expect(compiled?.bytecode).to.match(/^0x[0-9a-f]{100,}$/);
      });
  });
