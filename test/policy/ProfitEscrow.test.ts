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
} from "../../tools/policy/world.js";

const [MARKET, OTHER, CAUSE] = ["market", "other", "cause"].map(scopeNamed) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const MAX = 2n ** 256n - 1n;
const STALE_BLOCKS = Math.floor((CONFIG.staleFor * 1_000) / CONFIG.longestBlockTime);
/** However bad the status is, a profit is held for at most 28 days, in seconds and in blocks. */
const HELD_FOR = 28 * 86_400;
const HELD_BLOCKS = Math.floor((HELD_FOR * 1_000) / CONFIG.longestBlockTime);

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
      const { staleFor } = CONFIG;
      for (const [seconds, made] of [
        [0, 0],
        [staleFor - 1, staleFor],
        [staleFor, STALE_BLOCKS - 1],
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
      world.pass(staleFor, STALE_BLOCKS);
      expect((await target.statusOf(MARKET)).status).to.equal("Lagging");
      const { values, logs } = await target.send("releaseProfit", [MARKET, STRANGER]);
      expect(values).to.deep.equal([100n]);
      expect(logs).to.deep.equal([{ name: "ProfitReleased", args: [MARKET, STRANGER, 100n] }]);
      expect(await held()).to.equal(0n);
      expect(await target.do("releaseProfit", [MARKET, STRANGER])).to.deep.equal([0n]);
    });

    it("A3: waits as long as its cause, also where Halted closes exits no longer", async () => {
      await target.do("raise", [MARKET, CAUSE, STATUS.Halted, 1]);
      await settle(100, VERDICT.AllowConservative);
      world.pass(CONFIG.exitsFor - 12);
      const denied = (status: number) => [MARKET, ACTION.Decrease, status];
      await target.refuses("ActionDenied", denied(STATUS.Halted), "releaseProfit", [MARKET, STRANGER]);
      // Closed no longer, and conservative: it waits all the same.
      world.pass(12);
      await target.refuses("ActionDenied", denied(STATUS.Diverged), "releaseProfit", [MARKET, STRANGER]);
      expect(await target.do("ask", [MARKET, ACTION.Decrease])).to.deep.equal([BigInt(VERDICT.AllowConservative)]);
      expect(await target.do("isProfitWaiting", [MARKET, STRANGER])).to.deep.equal([true]);
    });

    it("SG-7: is due after 28 days in time and blocks, or four times that by the clock, whatever the status", async () => {
      await target.do("raise", [MARKET, CAUSE, STATUS.Halted, 1]);
      await settle(100, VERDICT.AllowConservative);
      const until = (world.time + BigInt(HELD_FOR)) | ((world.number + BigInt(HELD_BLOCKS)) << 40n);
      expect(await target.do("escrowedUntil", [MARKET, STRANGER])).to.deep.equal([until]);
      for (const [seconds, blocks, isDue] of [
        [HELD_FOR - 1, HELD_FOR, false],
        [HELD_FOR, HELD_BLOCKS - 1, false],
        [HELD_FOR, HELD_BLOCKS, true],
        [4 * HELD_FOR - 1, 0, false],
        [4 * HELD_FOR, 0, true],
      ] as const)
        await world.aside(async () => {
          world.pass(seconds, blocks);
          expect(await target.do("isProfitWaiting", [MARKET, STRANGER])).to.deep.equal([!isDue]);
          const { values, revertData } = await target.send("releaseProfit", [MARKET, STRANGER]);
          if (isDue) expect(values).to.deep.equal([100n]);
          else expect(target.errorOf(revertData!)).to.have.property("name", "ActionDenied");
          if (!isDue) return;
          expect((await target.statusOf(MARKET)).status).to.equal("Halted");
          expect(await held()).to.equal(0n);
          // Once: nothing is held that could be due.
          expect((await target.send("releaseProfit", [MARKET, STRANGER])).values).to.deep.equal([]);
        });
    });

    it("SG-7: what is added moves the end of all, its owner's alone", async () => {
      await target.do("raise", [MARKET, CAUSE, STATUS.Diverged, 1]);
      for (const owner of [STRANGER, PAUSER]) await settle(100, VERDICT.AllowConservative, MARKET, owner);
      world.pass(HELD_FOR - 12);
      await settle(1, VERDICT.AllowConservative);
      world.pass(12);
      expect(await target.do("releaseProfit", [MARKET, PAUSER])).to.deep.equal([100n]);
      const denied = [MARKET, ACTION.Decrease, STATUS.Diverged];
      await target.refuses("ActionDenied", denied, "releaseProfit", [MARKET, STRANGER]);
      world.pass(HELD_FOR - 12);
      expect(await target.do("releaseProfit", [MARKET, STRANGER])).to.deep.equal([101n]);
    });

    it("A4: a loss takes what is held first, of its owner and scope alone, and never more", async () => {
      await settle(100, VERDICT.AllowConservative);
      await settle(7, VERDICT.AllowConservative, OTHER);
      const part = await target.send("consumeProfit", [MARKET, STRANGER, 30]);
      expect(part.values).to.deep.equal([0n]);
      expect(part.logs).to.deep.equal([{ name: "ProfitConsumed", args: [MARKET, STRANGER, 30n] }]);
      expect(await held()).to.equal(70n);
      expect(await target.do("consumeProfit", [MARKET, STRANGER, 100])).to.deep.equal([30n]);
      expect([await held(), await held(OTHER)]).to.deep.equal([0n, 7n]);
      const none = await target.send("consumeProfit", [MARKET, STRANGER, MAX]);
      expect([none.values, none.writes, none.logs]).to.deep.equal([[MAX], [], []]);
      expect(await target.do("consumeProfit", [OTHER, STRANGER, 0])).to.deep.equal([0n]);
    });

    it("SG-2: a scope without a configuration holds and releases nothing", async () => {
      const unknown = scopeNamed("unknown");
      await target.refuses("ScopeUnknown", [unknown], "releaseProfit", [unknown, STRANGER]);
      const args = [unknown, STRANGER, 1, VERDICT.AllowConservative];
      await target.refuses("ScopeUnknown", [unknown], "settleProfit", args);
    });
  });
}
