import { expect } from "chai";
import { concat, keccak256 } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { announced } from "../../tools/random.js";
import {
  ACTION,
  ACTION_NAMES,
  blocksIn,
  CONFIG,
  DAY,
  scopeNamed,
  STATUS,
  World,
  type StatusName,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
const { staleFor } = CONFIG;
const [A, B, C] = ["a", "b", "c"].map(scopeNamed) as [`0x${string}`, `0x${string}`, `0x${string}`];
const ZERO = scopeNamed("");
const STEPS = process.env["HEAVY"] === undefined ? 120 : 5_000;

for (const build of BUILDS) {
  describe(`causes (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    const status = async (): Promise<StatusName> => (await target.statusOf(SCOPE)).status;
    const raise = async (cause: string, to: StatusName, evidence: number): Promise<unknown> =>
      (await target.do("raise", [SCOPE, cause, STATUS[to], evidence]))[0];
    const heal = async (cause: string, evidence: number): Promise<unknown> =>
      target.do("heal", [SCOPE, cause, evidence]);

    for (const to of ["Diverged", "Halted"] as const) {
      it(`B13, B15: evidence makes a scope ${to}, with an event and without a call of another contract, and it stays so`, async () => {
        const { values, logs } = await target.send("raise", [SCOPE, A, STATUS[to], 7]);
        expect(values).to.deep.equal([true]);
        expect(logs).to.deep.equal([{ name: "ScopeRaised", args: [SCOPE, A, BigInt(STATUS[to]), 7n] }]);
        for (const time of [0, DAY, 365 * DAY]) {
          world.pass(time);
          expect(await status()).to.equal(to);
        }
      });
    }

    it("SG-11: evidence older than the newest contradiction does not heal, and no withdrawal follows a healing in its block", async () => {
      await target.do("raise", [SCOPE, A, STATUS.Diverged, 10]);
      expect(await target.do("raise", [SCOPE, A, STATUS.Diverged, 17])).to.deep.equal([false]);
      for (const between of [11, 14, 17])
        await target.refuses("EvidenceNotNewer", [SCOPE, A, between, 17], "heal", [SCOPE, A, between]);
      await target.do("heal", [SCOPE, A, 18]);
      const withdraw = [SCOPE, ACTION.Withdraw];
      await target.refuses("ActionDenied", [...withdraw, STATUS.Stale], "act", withdraw);
      // Until it may leave there is time to contradict the healing.
      world.pass(staleFor - 1, staleFor);
      await target.refuses("ActionDenied", [...withdraw, STATUS.Stale], "act", withdraw);
      await world.aside(async () => {
        expect(await target.do("raise", [SCOPE, A, STATUS.Diverged, 19])).to.deep.equal([true]);
        world.pass(10 * staleFor);
        await target.refuses("ActionDenied", [...withdraw, STATUS.Diverged], "act", withdraw);
      });
      world.pass(1, 0);
      await target.do("act", withdraw);
    });

    it("SG-5: nothing but Diverged and Halted has a cause, a cause has an identity, and a scope a configuration", async () => {
      for (const to of [STATUS.Synced, STATUS.Lagging, STATUS.Stale])
        await target.refuses("CauseInvalid", [SCOPE, A, to], "raise", [SCOPE, A, to, 1]);
      await target.refuses("CauseInvalid", [SCOPE, ZERO, STATUS.Diverged], "raise", [SCOPE, ZERO, STATUS.Diverged, 1]);
      await target.refuses("ScopeUnknown", [B], "raise", [B, A, STATUS.Diverged, 1]);
      await target.refuses("ScopeUnknown", [B], "heal", [B, A, 1]);
      expect(await status()).to.equal("Synced");
      expect(await target.statusOf(B)).to.deep.equal({ status: "Halted", exits: "Halted" });
    });

    it("SG-5: lag, however long, never makes a scope Diverged", async () => {
      for (const [time, made] of [
        [DAY, 0],
        [365 * DAY, 1],
        [2 ** 31, 0],
      ] as const) {
        world.pass(time, made);
        expect(await status()).to.equal("Stale");
        await target.do("poke", [SCOPE]);
      }
    });

    it("B12, B4: a known cause again is no failure, says false and emits nothing; newer evidence counts, and nothing else is written", async () => {
      await raise(A, "Diverged", 7);
      world.pass(600);
      for (const [evidence, written, newest] of [
        [7, 0, 7],
        [6, 0, 7],
        [8, 1, 8],
        [7, 0, 8],
      ] as const) {
        const { values, logs, writes } = await target.send("raise", [SCOPE, A, STATUS.Diverged, evidence]);
        expect(values).to.deep.equal([false]);
        expect(logs).to.deep.equal([]);
        expect(writes).to.have.length(written);
        // What heals it, or makes it worse, must be newer than the newest.
        await target.refuses("EvidenceNotNewer", [SCOPE, A, newest, newest], "heal", [SCOPE, A, newest]);
        await target.refuses("EvidenceNotNewer", [SCOPE, A, newest, newest], "raise", [
          SCOPE,
          A,
          STATUS.Halted,
          newest,
        ]);
      }
      await raise(A, "Halted", 9);
      expect(await raise(A, "Diverged", 10)).to.equal(false);
      expect(await status()).to.equal("Halted");
      await target.refuses("EvidenceNotNewer", [SCOPE, A, 10, 10], "heal", [SCOPE, A, 10]);
      await heal(A, 11);
      expect(await status()).to.equal("Stale");
    });

    it("B1: evidence no newer than the last is refused: to open again, to make worse, and to heal", async () => {
      await raise(A, "Diverged", 7);
      for (const old of [0, 6, 7]) {
        await target.refuses("EvidenceNotNewer", [SCOPE, A, old, 7], "raise", [SCOPE, A, STATUS.Halted, old]);
        await target.refuses("EvidenceNotNewer", [SCOPE, A, old, 7], "heal", [SCOPE, A, old]);
      }
      await heal(A, 9);
      for (const old of [0, 7, 8, 9])
        await target.refuses("EvidenceNotNewer", [SCOPE, A, old, 9], "raise", [SCOPE, A, STATUS.Diverged, old]);
      expect(await raise(A, "Diverged", 10)).to.equal(true);
      await target.refuses("EvidenceNotNewer", [SCOPE, B, 0, 0], "raise", [SCOPE, B, STATUS.Diverged, 0]);
    });

    it("A15: evidence of the greatest block is kept whole, and none is newer", async () => {
      const last = 2n ** 64n - 1n;
      await target.do("raise", [SCOPE, A, STATUS.Diverged, last]);
      await target.refuses("EvidenceNotNewer", [SCOPE, A, last, last], "heal", [SCOPE, A, last]);
    });

    it("B10: with two causes the worst counts, and one healed leaves the other open", async () => {
      await raise(A, "Diverged", 1);
      await raise(B, "Halted", 1);
      await raise(C, "Diverged", 1);
      expect(await status()).to.equal("Halted");
      await heal(B, 2);
      expect(await status()).to.equal("Diverged");
      await heal(A, 2);
      expect(await status()).to.equal("Diverged");
      await target.refuses("CauseNotOpen", [SCOPE, A], "heal", [SCOPE, A, 3]);
      await heal(C, 2);
      expect(await status()).to.equal("Stale");
    });

    it("a cause that gets worse is counted once, and healed at once", async () => {
      await raise(A, "Diverged", 1);
      expect(await raise(A, "Halted", 2)).to.equal(true);
      expect(await status()).to.equal("Halted");
      await heal(A, 3);
      expect(await status()).to.equal("Stale");
    });

    it("SG-7: healing begins a Stale time and a grace, each of its whole length, in time AND blocks, and then it is Synced", async () => {
      await raise(A, "Halted", 1);
      world.pass(DAY);
      const { logs } = await target.send("heal", [SCOPE, A, 2]);
      expect(logs).to.deep.equal([{ name: "ScopeHealed", args: [SCOPE, A, 2n] }]);
      const { staleFor, graceFor } = CONFIG;
      const whole = staleFor + graceFor;
      const [staleBlocks, wholeBlocks] = [blocksIn(staleFor), blocksIn(whole)];
      for (const [time, number, expected] of [
        [0, 0, "Stale"],
        [staleFor - 1, 100 * wholeBlocks, "Stale"],
        [staleFor, staleBlocks - 1, "Stale"],
        [staleFor, staleBlocks, "Lagging"],
        [whole - 1, 100 * wholeBlocks, "Lagging"],
        [whole, wholeBlocks - 1, "Lagging"],
        [whole, wholeBlocks, "Synced"],
      ] as const) {
        await world.aside(async () => {
          world.pass(time, number);
          expect(await status()).to.equal(expected);
        });
      }
    });

    for (const [to, shift] of [
      ["Diverged", 184n],
      ["Halted", 216n],
    ] as const)
      it(`B16, A22: a count of ${to} causes that is full stays, so that nothing that was lost count of reopens the market`, async () => {
        const full = 2n ** 32n - 1n;
        const namespace = "0x008b3f86ed5cdc911b88aafef227491ce09c48def5b40ca4e09501b248a8e700";
        const slot = keccak256(concat([SCOPE, namespace])) as Hex;
        const countOf = async (): Promise<bigint> => ((await world.storage(target.address, slot)) >> shift) & full;
        await raise(A, to, 1);
        expect(await countOf()).to.equal(1n);
        // As after as many others as fit but one.
        await world.setStorage(
          target.address,
          slot,
          (await world.storage(target.address, slot)) + ((full - 2n) << shift),
        );
        await raise(B, to, 1);
        expect(await countOf()).to.equal(full);
        expect(await raise(C, to, 1), "one more than can be counted is known by itself").to.equal(true);
        expect(await countOf()).to.equal(full);
        for (const cause of [A, B, C]) await heal(cause, 2);
        expect(await countOf()).to.equal(full);
        expect(await status()).to.equal(to);
      });

    it("B10, SG-12: the status is that of the worst open cause, over a random history", async () => {
      const source = announced();
      const open = new Map<string, StatusName>();
      const last = new Map<string, number>();
      const names = ["a", "b", "c", "d", "e"].map(scopeNamed);
      let healings = 0;
      for (let i = 0; i < STEPS; i++) {
        const [name, evidence] = [source.pick(names), source.below(2 * (i + 1))];
        const isNewer = evidence > (last.get(name) ?? 0);
        const current = open.get(name);
        if (source.below(2) === 0) {
          const to = source.pick(["Diverged", "Halted"] as const);
          const { values, revertData } = await target.send("raise", [SCOPE, name, STATUS[to], evidence]);
          if (current !== undefined && STATUS[current] >= STATUS[to]) {
            expect(values).to.deep.equal([false]);
            if (isNewer) last.set(name, evidence);
          } else if (!isNewer) expect(revertData).not.to.equal(undefined);
          else {
            expect(values).to.deep.equal([true]);
            open.set(name, to);
            last.set(name, evidence);
          }
        } else {
          const { revertData } = await target.send("heal", [SCOPE, name, evidence]);
          expect(revertData === undefined).to.equal(current !== undefined && isNewer);
          if (revertData === undefined) {
            healings++;
            open.delete(name);
            last.set(name, evidence);
          }
        }
        const worst = Math.max(0, ...[...open.values()].map((it) => STATUS[it]));
        const now = STATUS[await status()];
        // Nothing passes here: once healed, it is Stale to the end.
        const expected = worst !== 0 ? worst : healings > 0 ? STATUS.Stale : STATUS.Synced;
        expect(now, `SEED=${source.seed}, step ${i}`).to.equal(expected);
      }
    });

    it("B6: below Halted a diverged scope lets every exit through, and liquidates only what is insolvent in every view", async () => {
      await raise(A, "Diverged", 1);
      const passing = [];
      for (const action of ACTION_NAMES)
        if ((await target.try("ask", [SCOPE, ACTION[action]])).revertData === undefined) passing.push(action);
      expect(passing).to.deep.equal(["Deposit", "Decrease", "Cancel"]);
      await target.refuses("LiquidationNeedsHealth", [SCOPE], "ask", [SCOPE, ACTION.Liquidate]);
      for (const [worst, best, allowed] of [
        [0n, 0n, true],
        [0n, 10n ** 18n - 1n, true],
        [0n, 10n ** 18n, false],
        [95n * 10n ** 16n, 95n * 10n ** 16n, false],
      ] as const)
        expect((await target.try("liquidate", [SCOPE, worst, best])).revertData === undefined).to.equal(allowed);
    });
  });
}
