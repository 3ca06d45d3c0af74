import { expect } from "chai";

import { BUILDS } from "../helpers/compile.js";
import {
  ACTION,
  ACTION_NAMES,
  bring,
  CONFIG,
  CONFIGURATOR,
  DAY,
  PAUSER,
  scopeNamed,
  STATUS,
  VERDICT,
  World,
  type Config,
  type Target,
} from "./helpers/world.js";

const [SCOPE, ZERO, A, B] = ["market", "", "a", "b"].map(scopeNamed) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const DELAY = 2 * DAY;
const { exitsFor, staleFor, graceFor, longestBlockTime } = CONFIG;

/** Ways past the guard, or ways to lock people in, that a review found. Each was open once. */
for (const build of BUILDS) {
  describe(`what a review of the policy found (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    const decrease = async (): Promise<number> => Number((await target.do("preview", [SCOPE, ACTION.Decrease]))[0]);

    it("SG-2: scope zero without a configuration lets nothing through, and with one it is guarded like any other", async () => {
      for (const action of ACTION_NAMES) await target.refuses("ScopeUnknown", [ZERO], "act", [ZERO, ACTION[action]]);
      expect(await target.statusOf(ZERO)).to.deep.equal({ status: "Halted", exits: "Halted" });
      await target.do("configure", [ZERO, CONFIG]);
      await target.do("raise", [ZERO, A, STATUS.Halted, 1]);
      const denied = [ZERO, ACTION.Increase, STATUS.Halted];
      await target.refuses("ActionDenied", denied, "act", [ZERO, ACTION.Increase]);
    });

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

    for (const status of ["Lagging", "Stale"] as const) {
      it(`SG-7: a pause of one second to ${status} does not use up the time in which exits may be restricted`, async () => {
        await target.do("pauseScope", [SCOPE, STATUS[status], 1], PAUSER);
        for (const seconds of [0, 12, exitsFor, 4 * exitsFor]) {
          await world.aside(async () => {
            world.pass(seconds);
            await bring(target, SCOPE, "Halted");
            expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Halted", exits: "Halted" });
            expect(await decrease()).to.equal(VERDICT.Deny);
          });
        }
      });
    }

    it("SG-6, SG-7: in Halted exits stay open when their restriction has run out and a disturbance is recorded by nobody", async () => {
      await bring(target, SCOPE, "Halted");
      world.pass(5 * exitsFor + CONFIG.gap, (5 * exitsFor) / longestBlockTime);
      expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Halted", exits: "Stale" });
      expect(await decrease()).to.equal(VERDICT.AllowConservative);
      expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([1n]);
    });

    it("SG-6, SG-7: in Halted, with an L1 that stays unknown and nobody but those who exit, one fifth of the time is restricted", async () => {
      target = await world.deploy("L1PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
      await world.setL1Block(undefined);
      await bring(target, SCOPE, "Halted");
      let passed = "";
      for (let i = 0; i < 30; i++) {
        world.pass(exitsFor / 2);
        passed += (await target.send("ask", [SCOPE, ACTION.Decrease])).revertData === undefined ? "+" : "-";
      }
      // Two samples to an exitsFor: the first of each ten falls into the restriction.
      expect(passed).to.equal("-+++++++++".repeat(3));
    });

    it("SG-7: a configuration can be applied on a chain that is slower than the one before was made for", async () => {
      const slow = scopeNamed("slow");
      await target.do("configure", [slow, { ...CONFIG, longestBlockTime: 2 }]);
      await target.do("scheduleScope", [slow, CONFIG], CONFIGURATOR);
      const [time, number, blocks] = [world.time, world.number, DELAY / 2];
      const window = [time + BigInt(DELAY), number + BigInt(blocks)];
      const end = [time + BigInt(2 * DELAY), number + BigInt(2 * blocks)];
      // Blocks of 12 s: the delay's blocks come after six delays, when the end's time is long past.
      for (const made of [blocks - 1, 2 * blocks]) {
        await world.aside(async () => {
          world.pass(12 * made, made);
          const args = [slow, ...window, ...end];
          await target.refuses("ConfigurationNotReady", args, "applyScope", [slow, CONFIG]);
        });
      }
      for (const made of [blocks, 2 * blocks - 1]) {
        await world.aside(async () => {
          world.pass(12 * made, made);
          await target.do("applyScope", [slow, CONFIG]);
          expect(((await target.do("configOf", [slow]))[0] as bigint[])[5]).to.equal(24n);
        });
      }
    });

    /** Schedules, and lets the delay pass: the configuration can be applied at any time from then on. */
    const announce = async (config: Config): Promise<void> => {
      await target.do("scheduleScope", [SCOPE, config], CONFIGURATOR);
      world.pass(DELAY);
      await target.do("poke", [SCOPE]);
    };

    for (const [what, changed] of Object.entries({
      longer: { exitsFor: 7 * DAY, graceFor: 4 * 3_600, staleFor: DAY },
      shorter: { exitsFor: 24, graceFor: 24, staleFor: 24 },
    })) {
      it(`SG-7: ${what} times that are applied later move neither the Stale time nor the grace that has begun`, async () => {
        const next: Config = { ...CONFIG, ...changed };
        await announce(next);
        await target.do("raise", [SCOPE, A, STATUS.Diverged, 1]);
        await target.do("heal", [SCOPE, A, 2]);
        await target.do("applyScope", [SCOPE, next]);
        for (const [seconds, status] of [
          [staleFor - 1, "Stale"],
          [staleFor, "Lagging"],
          [staleFor + graceFor - 1, "Lagging"],
          [staleFor + graceFor, "Synced"],
        ] as const) {
          await world.aside(async () => {
            world.pass(seconds);
            expect((await target.statusOf(SCOPE)).status, `${seconds} s`).to.equal(status);
          });
        }
      });

      it(`SG-7: ${what} times that are applied later move neither the end of a restriction of exits nor when the next may begin`, async () => {
        const next: Config = { ...CONFIG, ...changed };
        await announce(next);
        await target.do("raise", [SCOPE, A, STATUS.Halted, 1]);
        await target.do("applyScope", [SCOPE, next]);
        for (const [seconds, exits] of [
          [exitsFor - 1, "Halted"],
          [exitsFor, "Synced"],
          [5 * exitsFor - 1, "Synced"],
        ] as const) {
          await world.aside(async () => {
            world.pass(seconds);
            await target.do("poke", [SCOPE]);
            await target.do("raise", [SCOPE, B, STATUS.Halted, 1]);
            expect((await target.statusOf(SCOPE)).exits, `${seconds} s`).to.equal(exits);
          });
        }
        world.pass(5 * exitsFor);
        await target.do("raise", [SCOPE, B, STATUS.Halted, 1]);
        expect((await target.statusOf(SCOPE)).exits).to.equal("Halted");
      });
    }
  });
}
