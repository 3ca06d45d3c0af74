import { expect } from "chai";

import type { Hex } from "../../src/bytes.js";
import { BUILDS } from "../helpers/compile.js";
import { announced } from "../helpers/random.js";
import {
  ACTION,
  CONFIG,
  CONFIGURATOR,
  DAY,
  PAUSER,
  scopeNamed,
  STATUS,
  STRANGER,
  World,
  type Config,
  type StatusName,
  type Target,
} from "./helpers/world.js";

const SCOPE = scopeNamed("market");
const NOBODY: Hex = `0x${"00".repeat(20)}`;
const ROLES = { pauser: PAUSER, configurator: CONFIGURATOR, stranger: STRANGER, nobody: NOBODY };
const DELAY = 2 * DAY;
const { longestBlockTime: BLOCK } = CONFIG;
const STEPS = process.env["HEAVY"] === undefined ? 120 : 5_000;
const values = (config: Config): bigint[] =>
  [config.policy, config.gap, config.staleFor, config.graceFor, config.exitsFor, config.longestBlockTime].map(BigInt);

for (const build of BUILDS) {
  describe(`the pauser (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    const pause = (status: number, length: number, from: Hex = PAUSER) =>
      target.send("pauseScope", [SCOPE, status, length], from);

    it("SG-7: cannot set Synced, Diverged or Halted", async () => {
      for (const status of [STATUS.Synced, STATUS.Diverged, STATUS.Halted])
        await target.refuses("PauseNeedsEvidence", [status], "pauseScope", [SCOPE, status, 600], PAUSER);
    });

    it("SG-7: pauses for one second to one day, and a scope that is configured", async () => {
      for (const length of [0, DAY + 1, 2 ** 24 - 1])
        await target.refuses("PauseLength", [length, DAY], "pauseScope", [SCOPE, STATUS.Stale, length], PAUSER);
      for (const length of [1, DAY])
        expect((await target.try("pauseScope", [SCOPE, STATUS.Stale, length], PAUSER)).revertData).to.equal(undefined);
      const other = scopeNamed("other");
      await target.refuses("ScopeUnknown", [other], "pauseScope", [other, STATUS.Stale, 600], PAUSER);
    });

    for (const status of ["Lagging", "Stale"] as const) {
      it(`SG-7, B6: a pause to ${status} ends by itself, in time AND blocks, without a grace`, async () => {
        const { logs } = await pause(STATUS[status], 6_000);
        expect(logs).to.deep.equal([
          { name: "ScopePaused", args: [SCOPE, BigInt(STATUS[status]), world.time + 6_000n] },
        ]);
        for (const [time, made, expected] of [
          [0, 0, status],
          [5_999, 500, status],
          [6_000, 249, status],
          [6_000, 250, "Synced"],
        ] as const) {
          await world.aside(async () => {
            world.pass(time, made);
            expect((await target.statusOf(SCOPE)).status).to.equal(expected);
          });
        }
      });
    }

    it("SG-12: a pause never makes a scope better", async () => {
      await target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]);
      await pause(STATUS.Lagging, 600);
      expect((await target.statusOf(SCOPE)).status).to.equal("Diverged");
      await target.do("heal", [SCOPE, scopeNamed("cause"), 2]);
      world.pass(10_000, 3);
      world.pass(10_000, 833);
      await target.do("poke", [SCOPE]);
      world.pass(CONFIG.gap + 48, 1);
      await target.do("poke", [SCOPE]);
      await pause(STATUS.Lagging, 60);
      expect((await target.statusOf(SCOPE)).status).to.equal("Stale");
    });

    it("B5: a pause follows the one before it only after as long a time, in time AND blocks", async () => {
      await pause(STATUS.Stale, 6_000);
      const [time, number] = [world.time + 12_000n, world.number + 500n];
      for (const [seconds, made] of [
        [0, 0],
        [6_000, 250],
        [11_999, 999],
        [12_000, 499],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          await target.refuses(
            "PauseCoolingDown",
            [SCOPE, time, number],
            "pauseScope",
            [SCOPE, STATUS.Stale, 1],
            PAUSER,
          );
        });
      }
      world.pass(12_000, 500);
      expect((await pause(STATUS.Stale, 1)).revertData).to.equal(undefined);
    });

    it("B5: all pauses of thirty days are at most three days, and four", async () => {
      const start = world.time;
      for (let i = 0; i < 3; i++) {
        await target.do("pauseScope", [SCOPE, STATUS.Stale, DAY], PAUSER);
        world.pass(2 * DAY);
      }
      await target.refuses(
        "PauseBudgetSpent",
        [SCOPE, 3 * DAY, 3 * DAY],
        "pauseScope",
        [SCOPE, STATUS.Stale, 1],
        PAUSER,
      );
      // The first one leaves the window thirty days after it ended.
      world.pass(Number(start - world.time) + 31 * DAY - 1, 0);
      world.number += 1_000_000n;
      await target.refuses(
        "PauseBudgetSpent",
        [SCOPE, 3 * DAY, 3 * DAY],
        "pauseScope",
        [SCOPE, STATUS.Stale, 1],
        PAUSER,
      );
      world.pass(1, 1);
      await target.do("pauseScope", [SCOPE, STATUS.Stale, DAY], PAUSER);
      world.pass(2 * DAY);

      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
      for (let i = 0; i < 4; i++) {
        await target.do("pauseScope", [SCOPE, STATUS.Lagging, 60], PAUSER);
        world.pass(120);
      }
      await target.refuses("PauseBudgetSpent", [SCOPE, 240, 3 * DAY], "pauseScope", [SCOPE, STATUS.Lagging, 1], PAUSER);
    });

    it("B5: over random sequences just those pauses pass that a sliding window over all of them allows", async () => {
      const source = announced();
      const past: { start: bigint; end: bigint }[] = [];
      let passed = 0;
      for (let i = 0; i < STEPS; i++) {
        world.pass(source.pick([600, 7_200, DAY, 3 * DAY, 20 * DAY]) + source.below(7_200));
        const length = source.pick([1, 3_600, DAY / 2, DAY]);
        const now = world.time;
        const last = past.at(-1);
        const isCool = last === undefined || now >= 2n * last.end - last.start;
        const inWindow = past.filter(({ end }) => end > now - BigInt(30 * DAY));
        const used = inWindow.reduce((sum, { start, end }) => sum + Number(end - start), 0);
        const fits = inWindow.length < 4 && used + length <= 3 * DAY;
        const { revertData } = await pause(STATUS.Stale, length);
        expect(revertData === undefined, `SEED=${source.seed}, step ${i}`).to.equal(isCool && fits);
        if (revertData !== undefined) continue;
        past.push({ start: now, end: now + BigInt(length) });
        passed++;
        // Exactly: what any window of thirty days holds. The fullest ends where a pause does.
        for (const { end: close } of past.slice(-4)) {
          const open = close - BigInt(30 * DAY);
          let held = 0n;
          for (const { start, end } of past)
            if (end > open && start < close) held += (end < close ? end : close) - (start > open ? start : open);
          expect(Number(held)).to.be.at.most(3 * DAY);
        }
      }
      expect(passed).to.be.at.least(5);
    });
  });

  describe(`the configurator (${build.name})`, () => {
    let world: World;
    let target: Target;
    const next: Config = { ...CONFIG, gap: 1_200, exitsFor: 7_200 };

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    const schedule = (config: Config, scope = SCOPE) => target.do("scheduleScope", [scope, config], CONFIGURATOR);
    const configOf = async (): Promise<unknown> => (await target.do("configOf", [SCOPE]))[0];

    it("A14: a configuration takes effect after its delay, in time AND blocks, and before as much again, of both, has passed", async () => {
      const [time, number] = [world.time + BigInt(DELAY), world.number + BigInt(DELAY / BLOCK)];
      const { logs } = await target.send("scheduleScope", [SCOPE, next], CONFIGURATOR);
      expect(logs).to.deep.equal([{ name: "ScopeConfigurationScheduled", args: [SCOPE, values(next), time] }]);
      const refusal = [SCOPE, time, number, time + BigInt(DELAY), number + BigInt(DELAY / BLOCK)];
      for (const [seconds, made, ready] of [
        [0, 0, false],
        [DELAY - 1, DELAY, false],
        [DELAY, DELAY / BLOCK - 1, false],
        [DELAY, DELAY / BLOCK, true],
        [2 * DELAY - 1, DELAY, true],
        [2 * DELAY, (2 * DELAY) / BLOCK - 1, true],
        [2 * DELAY, (2 * DELAY) / BLOCK, false],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          if (!ready) {
            await target.refuses("ConfigurationNotReady", refusal, "applyScope", [SCOPE, next]);
            expect(await configOf()).to.deep.equal(values(CONFIG));
            return;
          }
          const applied = await target.send("applyScope", [SCOPE, next]);
          expect(applied.logs.filter((log) => log.name !== "ScopeDisturbed")).to.deep.equal([
            { name: "ScopeConfigurationApplied", args: [SCOPE, values(next)] },
          ]);
          expect(await configOf()).to.deep.equal(values(next));
          // Once: its readiness is gone.
          const spent = [SCOPE, 0, ...refusal.slice(2)];
          await target.refuses("ConfigurationNotReady", spent, "applyScope", [SCOPE, next]);
        });
      }
    });

    it("A14: what was not scheduled, for this scope and with each of these values, or was cancelled, cannot be applied", async () => {
      const other = scopeNamed("other");
      const { time, number } = world;
      const [delay, blocks] = [BigInt(DELAY), BigInt(DELAY / BLOCK)];
      const cancelled = [SCOPE, 0, number + blocks, time + 2n * delay, number + 2n * blocks];
      await schedule(next);
      world.pass(DELAY);
      for (const config of [CONFIG, { ...next, gap: 1_201 }, { ...next, longestBlockTime: 23 }])
        await target.refuses("ConfigurationNotReady", [SCOPE, 0, 0, 0, 0], "applyScope", [SCOPE, config]);
      await target.refuses("ConfigurationNotReady", [other, 0, 0, 0, 0], "applyScope", [other, next]);
      const { logs } = await target.send("cancelScope", [SCOPE, next], CONFIGURATOR);
      expect(logs).to.deep.equal([{ name: "ScopeConfigurationCancelled", args: [SCOPE, values(next)] }]);
      await target.refuses("ConfigurationNotReady", cancelled, "applyScope", [SCOPE, next]);
      await target.refuses("ConfigurationNotReady", [SCOPE, 0, 0, 0, 0], "cancelScope", [SCOPE, next], CONFIGURATOR);
    });

    it("a new scope is listed after the delay, in time alone, for it has no block time yet", async () => {
      const fresh = scopeNamed("fresh");
      await schedule(CONFIG, fresh);
      world.pass(DELAY, 0);
      await target.do("applyScope", [fresh, CONFIG]);
      expect((await target.statusOf(fresh)).status).to.equal("Synced");
      await target.refuses("ScopeConfigured", [fresh], "configure", [fresh, CONFIG]);
    });

    it("SG-7: applying a configuration keeps causes, pauses, disturbances and what exits have been through", async () => {
      const soft: Config = { ...CONFIG, gap: DAY, staleFor: BLOCK, graceFor: BLOCK, exitsFor: BLOCK };
      await schedule(soft);
      world.pass(DELAY);
      const states: Record<string, () => Promise<unknown>> = {
        Diverged: () => target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]),
        Halted: () => target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Halted, 1]),
        Lagging: () => target.do("pauseScope", [SCOPE, STATUS.Lagging, 600], PAUSER),
        // Nobody has recorded it: to apply the configuration does, before the gap that sees it is gone.
        Stale: () => Promise.resolve(world.pass(CONFIG.gap + 600, 0)),
      };
      for (const [status, begin] of Object.entries(states)) {
        await world.aside(async () => {
          await target.do("poke", [SCOPE]);
          await begin();
          expect((await target.statusOf(SCOPE)).status).to.equal(status);
          await target.do("applyScope", [SCOPE, soft]);
          expect(await target.statusOf(SCOPE)).to.deep.equal({ status, exits: status });
        });
      }
    });

    it("SG-2, SG-6: an unsound configuration is refused when it is scheduled, and at once", async () => {
      const bounds: [Partial<Config>, string, number, number, number][] = [
        [{ longestBlockTime: 0 }, "longestBlockTime", 0, 1, 255],
        [{ gap: 4 * BLOCK - 1 }, "gap", 4 * BLOCK - 1, 4 * BLOCK, DAY],
        [{ gap: DAY + 1 }, "gap", DAY + 1, 4 * BLOCK, DAY],
        [{ staleFor: BLOCK - 1 }, "staleFor", BLOCK - 1, BLOCK, DAY],
        [{ staleFor: DAY + 1 }, "staleFor", DAY + 1, BLOCK, DAY],
        [{ graceFor: BLOCK - 1 }, "graceFor", BLOCK - 1, BLOCK, 4 * 3_600],
        [{ graceFor: 4 * 3_600 + 1 }, "graceFor", 4 * 3_600 + 1, BLOCK, 4 * 3_600],
        [{ exitsFor: BLOCK - 1 }, "exitsFor", BLOCK - 1, BLOCK, 7 * DAY],
        [{ exitsFor: 7 * DAY + 1 }, "exitsFor", 7 * DAY + 1, BLOCK, 7 * DAY],
      ];
      const fresh = scopeNamed("fresh");
      for (const [change, name, value, least, greatest] of bounds) {
        const args = [scopeNamed(name), value, least, greatest];
        const config = { ...CONFIG, ...change };
        await target.refuses("TimeOutOfBounds", args, "scheduleScope", [SCOPE, config], CONFIGURATOR);
        await target.refuses("TimeOutOfBounds", args, "configure", [fresh, config]);
      }
      for (const change of [
        { longestBlockTime: 1 },
        { gap: 4 * BLOCK, staleFor: BLOCK, graceFor: BLOCK, exitsFor: BLOCK },
        { gap: DAY, staleFor: DAY, graceFor: 4 * 3_600, exitsFor: 7 * DAY },
        { longestBlockTime: 255, gap: 1_020 },
      ])
        expect((await target.try("configure", [fresh, { ...CONFIG, ...change }])).revertData).to.equal(undefined);
      const closed = { ...CONFIG, policy: CONFIG.policy & ~(0o70n << 36n) };
      await target.refuses("PolicyMalformed", [ACTION.Decrease], "scheduleScope", [SCOPE, closed], CONFIGURATOR);
      await target.refuses("PolicyBlocksSynced", [ACTION.Increase], "configure", [fresh, { ...CONFIG, policy: 0n }]);
    });
  });

  describe(`the roles (${build.name})`, () => {
    let world: World;
    let target: Target;
    const [DIVERGED, SIBLING] = [scopeNamed("scope"), scopeNamed("sibling")];
    const next: Config = { ...CONFIG, gap: 1_200 };

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("InheritedTarget", [PAUSER, CONFIGURATOR, CONFIG]);
    });

    it("A3, A1: of everything that changes state, each function is open to whom it is meant for alone, and there is no other", async () => {
      const refusals: Record<string, { allowed: readonly (keyof typeof ROLES)[]; error?: string; args: unknown[] }> = {
        applyScope: { allowed: ["pauser", "configurator", "stranger", "nobody"], args: [SIBLING, next] },
        cancelScope: { allowed: ["configurator"], error: "NotConfigurator", args: [SIBLING, next] },
        pauseScope: { allowed: ["pauser"], error: "NotPauser", args: [SIBLING, STATUS.Stale, 600] },
        poke: { allowed: ["pauser", "configurator", "stranger", "nobody"], args: [SIBLING] },
        scheduleScope: { allowed: ["configurator"], error: "NotConfigurator", args: [SIBLING, next] },
      };
      const mutating: string[] = [];
      target.abi.forEachFunction(({ name, stateMutability }) => {
        if (stateMutability !== "view" && stateMutability !== "pure") mutating.push(name);
      });
      expect(mutating.sort()).to.deep.equal(Object.keys(refusals));

      await target.do("scheduleScope", [SIBLING, next], CONFIGURATOR);
      world.pass(DELAY);
      for (const [method, { allowed, error, args }] of Object.entries(refusals)) {
        for (const [role, account] of Object.entries(ROLES)) {
          const { revertData } = await target.try(method, args, account);
          const expected = allowed.includes(role as never) ? undefined : { name: error, args: [account] };
          expect(revertData && target.errorOf(revertData), `${method} by the ${role}`).to.deep.equal(expected);
        }
      }
    });

    it("A3: a role is one account's, not that of any other role", async () => {
      target = await world.deploy("InheritedTarget", [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`, CONFIG]);
      for (const account of Object.values(ROLES)) {
        await target.refuses("NotPauser", [account], "pauseScope", [SIBLING, STATUS.Stale, 600], account);
        await target.refuses("NotConfigurator", [account], "scheduleScope", [SIBLING, next], account);
      }
    });

    it("SG-7, SG-12: whatever all roles together call, a Diverged scope stays Diverged and a pause lasts", async () => {
      const source = announced();
      const configs = [next, { ...CONFIG, exitsFor: BLOCK, staleFor: BLOCK }, { ...CONFIG, gap: DAY }];
      let pausedUntil = 0n;
      let pausedTo: StatusName = "Synced";
      let changes = 0;
      for (let i = 0; i < STEPS; i++) {
        world.pass(source.pick([12, 600, 7_200, DAY]));
        const scope = source.pick([DIVERGED, SIBLING]);
        const account = source.pick(Object.values(ROLES));
        const [method, args] = source.pick<[string, unknown[]]>([
          ["poke", [scope]],
          ["pauseScope", [scope, source.below(5), source.pick([60, 3_600, DAY])]],
          ["scheduleScope", [scope, source.pick(configs)]],
          ["applyScope", [scope, source.pick(configs)]],
          ["cancelScope", [scope, source.pick(configs)]],
        ]);
        const { revertData } = await target.send(method, args, account);
        if (revertData === undefined && method !== "poke") changes++;
        if (revertData === undefined && method === "pauseScope" && scope === SIBLING) {
          expect(account).to.equal(PAUSER);
          pausedUntil = world.time + BigInt(args[2] as number);
          pausedTo = args[1] === STATUS.Lagging ? "Lagging" : "Stale";
        }
        const what = `SEED=${source.seed}, step ${i}`;
        expect((await target.statusOf(DIVERGED)).status, what).to.equal("Diverged");
        if (world.time < pausedUntil)
          expect(STATUS[(await target.statusOf(SIBLING)).status], what).to.be.at.least(STATUS[pausedTo]);
      }
      expect(changes, `SEED=${source.seed}`).to.be.at.least(5);
    });
  });
}
