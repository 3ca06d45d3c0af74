import { expect } from "chai";
import { concat, keccak256, toBeHex } from "ethers";

import { BUILDS } from "../../tools/compile.js";
import {
  ACTION,
  ACTION_NAMES,
  blocksIn,
  CONFIG,
  CONFIGURATOR,
  DAY,
  scopeNamed,
  STATUS,
  World,
  type Config,
  type Target,
} from "../../tools/policy/world.js";

const [SCOPE, ZERO, A, B] = ["market", "", "a", "b"].map(scopeNamed) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const DELAY = 2 * DAY;
const { exitsFor, staleFor, graceFor } = CONFIG;
/** The ABI encoding of a configuration, written out: eleven words. */
const configBytes = (config: Config): string => concat(Object.values(config).map((value) => toBeHex(value, 32)));

for (const build of BUILDS) {
  describe(`configurations that begin and change (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    it("SG-2: scope zero without a configuration lets nothing through, and with one it is guarded like any other", async () => {
      for (const action of ACTION_NAMES) await target.refuses("ScopeUnknown", [ZERO], "act", [ZERO, ACTION[action]]);
      expect(await target.statusOf(ZERO)).to.deep.equal({ status: "Halted", exits: "Halted" });
      await target.do("configure", [ZERO, CONFIG]);
      await target.do("raise", [ZERO, A, STATUS.Halted, 1]);
      const denied = [ZERO, ACTION.Increase, STATUS.Halted];
      await target.refuses("ActionDenied", denied, "act", [ZERO, ACTION.Increase]);
    });

    it("SG-7, A12: a configuration for a faster chain can be applied on a slow one, by the clock alone", async () => {
      const slow = scopeNamed("slow");
      await target.do("configure", [slow, CONFIG]);
      const fast: Config = { ...CONFIG, blockTime: 2_000, longestBlockTime: 2_500 };
      await target.do("scheduleScope", [slow, fast], CONFIGURATOR);
      const announced = keccak256(configBytes(fast));
      const count = (DELAY * 1_000) / 2_500;
      const from = [world.time + BigInt(DELAY), world.number + BigInt(count)];
      const until = [world.time + BigInt(2 * DELAY), world.number + BigInt(2 * count)];
      // Blocks of 12 s: those of the delay take 4.8 delays, those of its end 9.6.
      for (const made of [(4 * DELAY) / 12 - 1, (8 * DELAY) / 12]) {
        await world.aside(async () => {
          world.pass(12 * made, made);
          const args = [slow, announced, ...from, ...until];
          await target.refuses("ConfigurationNotReady", args, "applyScope", [slow, fast]);
        });
      }
      for (const made of [(4 * DELAY) / 12, (8 * DELAY) / 12 - 1]) {
        await world.aside(async () => {
          world.pass(12 * made, made);
          await target.do("applyScope", [slow, fast]);
          expect(((await target.do("configOf", [slow]))[0] as bigint[]).at(-1)).to.equal(2_500n);
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
      shorter: { exitsFor: 54, graceFor: 54, staleFor: 54 },
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

      it(`SG-7: ${what} times that are applied later move neither the end of the time in which exits are closed nor when the next may begin`, async () => {
        const next: Config = { ...CONFIG, ...changed };
        await announce(next);
        await target.do("raise", [SCOPE, A, STATUS.Halted, 1]);
        await target.do("applyScope", [SCOPE, next]);
        for (const [seconds, exits] of [
          [exitsFor - 1, "Halted"],
          [exitsFor, "Diverged"],
          [5 * exitsFor - 1, "Diverged"],
        ] as const) {
          await world.aside(async () => {
            world.pass(seconds);
            await target.do("poke", [SCOPE]);
            await target.do("raise", [SCOPE, B, STATUS.Halted, 1]);
            expect((await target.statusOf(SCOPE)).exits, `${seconds} s`).to.equal(exits);
          });
        }
        // Nor do they move where the clock alone ends them, on a chain that makes no blocks.
        for (const [seconds, exits] of [
          [4 * exitsFor - 1, "Halted"],
          [4 * exitsFor, "Diverged"],
        ] as const) {
          await world.aside(async () => {
            world.pass(seconds, 0);
            expect((await target.statusOf(SCOPE)).exits, `${seconds} s without a block`).to.equal(exits);
          });
        }
        world.pass(5 * exitsFor);
        await target.do("raise", [SCOPE, B, STATUS.Halted, 1]);
        expect((await target.statusOf(SCOPE)).exits).to.equal("Halted");
      });
    }

    describe("by the clock alone", () => {
      // Spans so short that three of them fit into the quarter of the gap. That quarter would be an outage of its own.
      const config: Config = { ...CONFIG, gap: 7_200, staleFor: 300, graceFor: 100 };
      /** Healed under `config`, and before it ends another configuration is applied. */
      const healThenApply = async (next: Config): Promise<void> => {
        target = await world.deploy("PolicyTarget");
        await target.do("configure", [SCOPE, config]);
        await announce(next);
        await target.do("raise", [SCOPE, A, STATUS.Diverged, 1]);
        await target.do("heal", [SCOPE, A, 2]);
        await target.do("applyScope", [SCOPE, next]);
      };
      const check = async (seconds: number, made: number, expected: string): Promise<void> =>
        world.aside(async () => {
          world.pass(seconds, made);
          expect((await target.statusOf(SCOPE)).status, `${seconds} s, ${made} blocks`).to.equal(expected);
        });
      const checkEnds = async (): Promise<void> => {
        await check(1_199, 0, "Stale");
        await check(1_200, 0, "Lagging");
        await check(1_599, 0, "Lagging");
        await check(1_600, 0, "Synced");
        await check(299, 100, "Stale");
        await check(300, blocksIn(300) - 1, "Stale");
        await check(300, blocksIn(300), "Lagging");
        await check(400, blocksIn(400) - 1, "Lagging");
        await check(400, blocksIn(400), "Synced");
      };

      for (const [what, changed] of Object.entries({
        longer: { exitsFor: 7 * DAY, graceFor: 4 * 3_600, staleFor: DAY },
        shorter: { exitsFor: 54, graceFor: 54, staleFor: 54 },
      })) {
        it(`SG-7, A12: ${what} times that are applied later do not move the ends of the Stale time and the grace`, async () => {
          await healThenApply({ ...config, ...changed });
          await checkEnds();
        });
      }

      it("SG-7, A12: a trouble under shorter times ends the one before it no sooner", async () => {
        await healThenApply({ ...config, graceFor: 54, staleFor: 54 });
        await target.do("raise", [SCOPE, B, STATUS.Diverged, 1]);
        await target.do("heal", [SCOPE, B, 2]);
        await checkEnds();
      });
    });
  });
}
