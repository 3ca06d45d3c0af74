import { expect } from "chai";

import { BUILDS, compile } from "../../tools/compile.js";

// What it does is tested in Solidity, where the cheatcodes are: LiveTime.t.sol.
describe("LiveTime", () => {
  for (const build of BUILDS)
    it(`A12: compiles without a warning (${build.name})`, async function () {
      this.timeout(120_000);
      const { LiveTimeCaller } = await compile(["test/testing/LiveTimeCaller.sol"], build);
      expect(LiveTimeCaller?.bytecode).to.match(/^0x[0-9a-f]{100,}$/);
    });
});
