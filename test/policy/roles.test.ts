import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { announced } from "../../tools/random.js";
import {
  accountOf,
  ACTION,
  blocksIn,
  CONFIG,
  CONFIGURATOR,
  DAY,
  PAUSER,
  scopeNamed,
  STATUS,
  STRANGER,
  World,
  type Config,
  Target,
  type StatusName,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
const NOBODY: Hex = `0x${"00".repeat(20)}`;
const ROLES = { pauser: PAUSER, configurator: CONFIGURATOR, stranger: STRANGER, nobody: NOBODY };
const DELAY = 2 * DAY;
const STEPS = process.env["HEAVY"] === undefined ? 120 : 5_000;
/** As the ABI's decoder returns it. */
const values = (config: Config): unknown[] =>
  Object.values(config).map((value: bigint | number | string) => (typeof value === "number" ? BigInt(value) : value));
const CONFIG_TYPE = "tuple(uint48,bytes32,uint16,uint16,uint16,uint16,uint24,uint24,uint24,uint16,uint16)";
const hashOfConfig = (config: Config): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode([CONFIG_TYPE], [Object.values(config)]));
const ZERO = `0x${"00".repeat(32)}`;

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
      it(`SG-7, B6: a pause to ${status} ends by itself, by the clock alone, without a grace`, async () => {
        const { logs } = await pause(STATUS[status], 6_000);
        expect(logs).to.deep.equal([
          { name: "ScopePaused", args: [SCOPE, BigInt(STATUS[status]), world.time + 6_000n] },
        ]);
        for (const [time, made, expected] of [
          [0, 0, status],
          [5_999, 500, status],
          [6_000, 480, "Synced"],
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
      world.pass(10_000, 1_800);
      await target.do("poke", [SCOPE]);
      world.pass(CONFIG.gap + 48, 1);
      await target.do("poke", [SCOPE]);
      await pause(STATUS.Lagging, 60);
      expect((await target.statusOf(SCOPE)).status).to.equal("Stale");
    });

    it("B5: a pause follows the one before it only after as long a time, by the clock alone", async () => {
      await pause(STATUS.Stale, 6_000);
      const time = world.time + 12_000n;
      for (const [seconds, made] of [
        [0, 0],
        [6_000, 250],
        [11_999, 999],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          await target.refuses("PauseCoolingDown", [SCOPE, time], "pauseScope", [SCOPE, STATUS.Stale, 1], PAUSER);
        });
      }
      world.pass(12_000, 0);
      expect((await pause(STATUS.Stale, 1)).revertData).to.equal(undefined);
    });

    it("A12: a pause of an hour ends after an hour, whatever the chain makes of its blocks", async () => {
      await pause(STATUS.Stale, 3_600);
      world.pass(3_600, 1);
      await target.do("poke", [SCOPE]);
      // What is left is the hour without blocks, and not the pause.
      world.pass(CONFIG.staleFor + CONFIG.graceFor);
      expect((await target.statusOf(SCOPE)).status).to.equal("Synced");
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
      const blocks = blocksIn(DELAY);
      const [time, number] = [world.time + BigInt(DELAY), world.number + BigInt(blocks)];
      const { logs } = await target.send("scheduleScope", [SCOPE, next], CONFIGURATOR);
      expect(logs).to.deep.equal([{ name: "ScopeConfigurationScheduled", args: [SCOPE, values(next), time] }]);
      const ends = [time, number, time + BigInt(DELAY), number + BigInt(blocks)];
      expect(await target.do("announcementOf", [SCOPE])).to.deep.equal([
        hashOfConfig(next),
        time | (number << 40n),
        (time + BigInt(DELAY)) | ((number + BigInt(blocks)) << 40n),
      ]);
      for (const [seconds, made, ready] of [
        [0, 0, false],
        [DELAY - 1, DELAY, false],
        [DELAY, blocks - 1, false],
        [DELAY, blocks, true],
        [2 * DELAY - 1, DELAY, true],
        [2 * DELAY, 2 * blocks - 1, true],
        [2 * DELAY, 2 * blocks, false],
        // By the clock alone after four times the span, on a chain that makes no blocks.
        [4 * DELAY - 1, 0, false],
        [4 * DELAY, 0, true],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          if (!ready) {
            const refusal = [SCOPE, hashOfConfig(next), ...ends];
            await target.refuses("ConfigurationNotReady", refusal, "applyScope", [SCOPE, next]);
            expect(await configOf()).to.deep.equal(values(CONFIG));
            return;
          }
          const applied = await target.send("applyScope", [SCOPE, next]);
          expect(applied.logs.filter((log) => log.name !== "ScopeDisturbed")).to.deep.equal([
            { name: "ScopeConfigurationApplied", args: [SCOPE, values(next)] },
          ]);
          expect(await configOf()).to.deep.equal(values(next));
          // Once: its announcement is gone.
          await target.refuses("ConfigurationNotReady", [SCOPE, ZERO, ...ends], "applyScope", [SCOPE, next]);
          expect(await target.do("announcementOf", [SCOPE])).to.deep.equal([ZERO, 0n, 0n]);
        });
      }
    });

    it("A8, A17: there is one announcement a scope, the next takes it back, and its delay begins anew", async () => {
      const lenient = { ...CONFIG, gap: 7_200 };
      await schedule(lenient);
      world.pass(DELAY - 600);
      const { logs } = await target.send("scheduleScope", [SCOPE, next], CONFIGURATOR);
      expect(logs.map(({ name, args }) => [name, args[1]])).to.deep.equal([
        ["ScopeConfigurationCancelled", hashOfConfig(lenient)],
        ["ScopeConfigurationScheduled", values(next)],
      ]);
      world.pass(600);
      for (const config of [lenient, next])
        expect((await target.try("applyScope", [SCOPE, config])).revertData, `gap ${config.gap}`).not.to.equal(
          undefined,
        );
      world.pass(DELAY);
      await target.do("applyScope", [SCOPE, next]);
      // Neither can be applied by a stranger any more.
      for (const config of [lenient, next])
        expect((await target.try("applyScope", [SCOPE, config])).revertData, `gap ${config.gap}`).not.to.equal(
          undefined,
        );
      expect(await configOf()).to.deep.equal(values(next));
    });

    it("A14: what was not announced, for this scope and with each of these values, or was taken back, cannot be applied", async () => {
      const other = scopeNamed("other");
      await schedule(next);
      world.pass(DELAY);
      const refused = async (config: Config, scope = SCOPE): Promise<void> => {
        const { revertData } = await target.try("applyScope", [scope, config]);
        expect(revertData && (target.errorOf(revertData) as { name: string }).name).to.equal("ConfigurationNotReady");
      };
      for (const config of [CONFIG, { ...next, gap: 1_201 }, { ...next, longestBlockTime: 13_499 }])
        await refused(config);
      await refused(next, other);
      const { logs } = await target.send("cancelScope", [SCOPE, next], CONFIGURATOR);
      expect(logs).to.deep.equal([{ name: "ScopeConfigurationCancelled", args: [SCOPE, hashOfConfig(next)] }]);
      await refused(next);
      expect((await target.try("cancelScope", [SCOPE, next], CONFIGURATOR)).revertData).not.to.equal(undefined);
    });

    it("a new scope is listed after the delay", async () => {
      const fresh = scopeNamed("fresh");
      await schedule(CONFIG, fresh);
      world.pass(DELAY);
      await target.do("applyScope", [fresh, CONFIG]);
      expect((await target.statusOf(fresh)).status).to.equal("Synced");
      await target.refuses("ScopeConfigured", [fresh], "configure", [fresh, CONFIG]);
    });

    it("SG-7: applying a configuration keeps causes, pauses, disturbances and what exits have been through", async () => {
      const soft: Config = { ...CONFIG, gap: 7_200, staleFor: 54, graceFor: 54, exitsFor: 54 };
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
      const least = { gap: 108, span: 54 }; // 8 and 4 of the longest block times
      const bounds: [Partial<Config>, keyof Config, number, number, number][] = [
        [{ blockTime: 0 }, "blockTime", 0, 1, 52_000],
        [{ blockTime: 52_001 }, "blockTime", 52_001, 1, 52_000],
        // A11: one that sees nothing, and one that a healthy chain exceeds.
        [{ longestBlockTime: 15_001 }, "longestBlockTime", 15_001, 12_600, 15_000],
        [{ longestBlockTime: 12_599 }, "longestBlockTime", 12_599, 12_600, 15_000],
        [{ gap: least.gap - 1 }, "gap", least.gap - 1, least.gap, 7_200],
        [{ longestBlockTime: 13_600, gap: 108 }, "gap", 108, 109, 7_200], // 108.8 s
        [{ gap: 7_201 }, "gap", 7_201, least.gap, 7_200],
        [{ blockTime: 400, longestBlockTime: 500, gap: 29 }, "gap", 29, 30, 7_200],
        [{ staleFor: least.span - 1 }, "staleFor", least.span - 1, least.span, DAY],
        [{ staleFor: DAY + 1, exitsFor: 2 * DAY }, "staleFor", DAY + 1, least.span, DAY],
        [{ graceFor: least.span - 1 }, "graceFor", least.span - 1, least.span, 4 * 3_600],
        [{ graceFor: 4 * 3_600 + 1 }, "graceFor", 4 * 3_600 + 1, least.span, 4 * 3_600],
        [{ exitsFor: CONFIG.staleFor - 1 }, "exitsFor", CONFIG.staleFor - 1, CONFIG.staleFor, 7 * DAY],
        [{ exitsFor: 7 * DAY + 1 }, "exitsFor", 7 * DAY + 1, CONFIG.staleFor, 7 * DAY],
        [{ maxAge: 0 }, "maxAge", 0, 1, 8_191],
        [{ maxAge: 8_192 }, "maxAge", 8_192, 1, 8_191],
        [{ minDepth: 0 }, "minDepth", 0, 1, 256],
        [{ minDepth: 257 }, "minDepth", 257, 1, 256],
        [{ minDepth: 251, keeperLatency: 61 }, "keeperLatency", 61, 0, 60],
      ];
      const fresh = scopeNamed("fresh");
      for (const [change, name, value, lowest, greatest] of bounds) {
        const args = [scopeNamed(name), value, lowest, greatest];
        const config = { ...CONFIG, ...change };
        await target.refuses("ConfigOutOfBounds", args, "scheduleScope", [SCOPE, config], CONFIGURATOR);
        await target.refuses("ConfigOutOfBounds", args, "configure", [fresh, config]);
      }
      for (const change of [
        { blockTime: 1, longestBlockTime: 1, keeperLatency: 0 },
        { gap: 108, staleFor: 54, graceFor: 54, exitsFor: 54 },
        { gap: 7_200, staleFor: DAY, graceFor: 4 * 3_600, exitsFor: 7 * DAY },
        { blockTime: 52_000, longestBlockTime: 65_000, gap: 520 },
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
        // Open to anybody: what it refuses is the proof, for everybody alike.
        proveStandstill: { allowed: [], error: "ZeroAnchorHash", args: [SIBLING, { number: 1, hash: ZERO }, "0x"] },
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
          const refused = { name: error, args: method === "proveStandstill" ? [1n] : [account] };
          const expected = allowed.includes(role as never) ? undefined : refused;
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

    it("A3: a role is who calls: a contract that its account was lured into calling has none", async () => {
      // Passes on what it is called with, and what it is answered.
      const lure = accountOf(4);
      const call = `365f5f375f5f365f5f73${target.address.slice(2)}5af13d5f5f3e`;
      await world.setCode(lure, `0x${call}602a573d5ffd5b3d5ff3`);
      const lured = new Target(world, lure, target.abi);
      await lured.do("poke", [SIBLING], PAUSER);
      await lured.refuses("NotPauser", [lure], "pauseScope", [SIBLING, STATUS.Stale, 600], PAUSER);
      for (const method of ["scheduleScope", "cancelScope"])
        await lured.refuses("NotConfigurator", [lure], method, [SIBLING, next], CONFIGURATOR);
    });

    it("SG-7, SG-12: whatever all roles together call, a Diverged scope stays Diverged and a pause lasts", async () => {
      const source = announced();
      const configs = [next, { ...CONFIG, exitsFor: 54, staleFor: 54 }, { ...CONFIG, gap: 7_200 }];
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
