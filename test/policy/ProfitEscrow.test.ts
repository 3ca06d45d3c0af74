import { expect } from "chai";

import {
  CONFIG,
  FORMS,
  PAUSER,
  ACTION,
  scopeNamed,
  STATUS,
  STRANGER,
  VERDICT,
  World,
  type Target,
} from "./helpers/world.js";

const [MARKET, OTHER, CAUSE] = ["market", "other", "cause"].map(scopeNamed) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const MAX = 2n ** 256n - 1n;

for (const { name, build, wrap } of FORMS) {
  describe(`ProfitEscrow, ${name}`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget", undefined, wrap);
      for (const scope of [MARKET, OTHER]) await target.do("configure", [scope, CONFIG]);
    });

    const settle = (profit: bigint | number, verdict: number, scope = MARKET, owner = STRANGER) =>
      target.send("settleProfit", [scope, owner, profit, verdict]);
    const held = async (scope = MARKET, owner = STRANGER): Promise<unknown> =>
      (await target.do("escrowedProfit", [scope, owner]))[0];

    it("pays all at once where the verdict is Allow, and holds all where it is conservative", async () => {
      const paid = await settle(100, VERDICT.Allow);
      expect([paid.values, paid.writes, paid.logs]).to.deep.equal([[100n], [], []]);
      expect(await held()).to.equal(0n);

      const kept = await settle(100, VERDICT.AllowConservative);
      expect(kept.values).to.deep.equal([0n]);
      expect(kept.logs).to.deep.equal([{ name: "ProfitEscrowed", args: [MARKET, STRANGER, 100n] }]);
      expect(await held()).to.equal(100n);
      await settle(11, VERDICT.AllowConservative);
      expect(await held()).to.equal(111n);
    });

    it("a Deny that a protocol passes on pays nothing", async () => {
      expect((await settle(100, VERDICT.Deny)).values).to.deep.equal([0n]);
      expect(await held()).to.equal(100n);
    });

    it("no profit leaves no trace", async () => {
      const { values, writes, logs } = await settle(0, VERDICT.AllowConservative);
      expect([values, writes, logs]).to.deep.equal([[0n], [], []]);
    });

    it("counts by scope and by owner, and never wraps", async () => {
      await settle(5, VERDICT.AllowConservative);
      await settle(7, VERDICT.AllowConservative, OTHER);
      await settle(9, VERDICT.AllowConservative, MARKET, PAUSER);
      expect([await held(), await held(OTHER), await held(MARKET, PAUSER), await held(OTHER, PAUSER)]).to.deep.equal([
        5n,
        7n,
        9n,
        0n,
      ]);
      const { revertData } = await settle(MAX, VERDICT.AllowConservative);
      expect(revertData).to.equal(`0x4e487b71${"11".padStart(64, "0")}`);
      expect(await held()).to.equal(5n);
    });

    it("SG-7: is released once, to the last unit, when what follows the healing allows a decrease without reserve, and not before", async () => {
      await target.do("raise", [MARKET, CAUSE, STATUS.Diverged, 1]);
      await settle(100, Number((await target.do("ask", [MARKET, ACTION.Decrease]))[0]));
      expect(await held()).to.equal(100n);
      const denied = [MARKET, ACTION.Decrease, STATUS.Diverged];
      await target.refuses("ActionDenied", denied, "releaseProfit", [MARKET, STRANGER]);
      await target.do("heal", [MARKET, CAUSE, 2]);
      // The healing can still be contradicted: Stale, in time AND blocks.
      const { staleFor, longestBlockTime } = CONFIG;
      for (const [seconds, made] of [
        [0, 0],
        [staleFor - 1, staleFor],
        [staleFor, staleFor / longestBlockTime - 1],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          await target.refuses("ActionDenied", [MARKET, ACTION.Decrease, STATUS.Stale], "releaseProfit", [
            MARKET,
            STRANGER,
          ]);
        });
      }
      // Lagging allows a decrease without reserve, and so the release.
      world.pass(staleFor, staleFor / longestBlockTime);
      expect((await target.statusOf(MARKET)).status).to.equal("Lagging");
      const { values, logs } = await target.send("releaseProfit", [MARKET, STRANGER]);
      expect(values).to.deep.equal([100n]);
      expect(logs).to.deep.equal([{ name: "ProfitReleased", args: [MARKET, STRANGER, 100n] }]);
      expect(await held()).to.equal(0n);
      expect(await target.do("releaseProfit", [MARKET, STRANGER])).to.deep.equal([0n]);
    });

    it("SG-7, B6: is released when restrictions on exits have run out, although the scope is not healed", async () => {
      await target.do("raise", [MARKET, CAUSE, STATUS.Halted, 1]);
      await settle(100, VERDICT.AllowConservative);
      world.pass(CONFIG.exitsFor - 1);
      await target.refuses("ActionDenied", [MARKET, ACTION.Decrease, STATUS.Halted], "releaseProfit", [
        MARKET,
        STRANGER,
      ]);
      world.pass(1, 1);
      expect(await target.do("releaseProfit", [MARKET, STRANGER])).to.deep.equal([100n]);
      expect((await target.statusOf(MARKET)).status).to.equal("Halted");
    });

    it("SG-2: a scope without a configuration releases nothing", async () => {
      const unknown = scopeNamed("unknown");
      await target.refuses("ScopeUnknown", [unknown], "releaseProfit", [unknown, STRANGER]);
    });
  });
}
