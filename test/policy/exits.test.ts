import { expect } from "chai";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { announced, type Random } from "../../tools/random.js";
import { packed, STANDARD_TABLE, STRICT_TABLE } from "../../tools/policy/tables.js";
import {
  ACTION,
  blocksIn,
  bring,
  CONFIG,
  DAY,
  EXITS,
  FORMS,
  PAUSER,
  scopeNamed,
  STATUS,
  STATUS_NAMES,
  VERDICT,
  World,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
const STEPS = process.env["HEAVY"] === undefined ? 300 : 20_000;
const { exitsFor } = CONFIG;
const L1_ANSWERS: readonly (Hex | "revert" | undefined)[] = [undefined, "revert", "0x", `0x${"ff".repeat(32)}`];

for (const { name, build, wrap } of FORMS) {
  describe(`exits, ${name}`, () => {
    for (const [policy, table] of Object.entries({ standard: STANDARD_TABLE, strict: STRICT_TABLE })) {
      it(`SG-6, B6: under the ${policy} policy no exit is denied below Halted, nor in Halted after its time, without an anchor and with every source failing`, async () => {
        const world = await World.create(build);
        const target = await world.deploy("L1PolicyTarget", undefined, wrap);
        await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(table) }]);
        let checked = 0;
        for (const answer of L1_ANSWERS) {
          await world.setL1Block(answer);
          for (const status of STATUS_NAMES) {
            for (const since of [0, 2_000, 30 * DAY]) {
              await world.aside(async () => {
                world.pass(since, Math.floor(since / 12));
                await bring(target, SCOPE, status);
                // Halted closes exits for a time, and then no longer.
                if (status === "Halted") world.pass(exitsFor);
                // The source of block hashes fails, too: with an anchor nothing passes, not even an exit.
                const anchor = { number: world.number - 1n, hash: scopeNamed("hash") };
                const decrease = await target.try("askAt", [SCOPE, ACTION.Decrease, anchor]);
                expect(target.errorOf(decrease.revertData!)).to.deep.equal({ name: "SourceFailed", args: [] });
                for (const action of EXITS) {
                  const [verdict] = await target.do("ask", [SCOPE, ACTION[action]]);
                  expect(Number(verdict)).to.be.at.least(VERDICT.AllowConservative);
                  checked++;
                }
              });
            }
          }
        }
        expect(checked).to.equal(4 * 5 * 3 * 3);
      });
    }
  });
}

/** Exits are not closed again before so many times `exitsFor` after they were. */
const PERIODS = 5;

for (const build of BUILDS) {
  describe(`closed exits (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(STRICT_TABLE) }]);
    });

    const verdictOf = async (action: keyof typeof ACTION): Promise<number> =>
      Number((await target.do("preview", [SCOPE, ACTION[action]]))[0]);

    for (const status of ["Diverged", "Halted"] as const) {
      it(`SG-7, A12: in ${status} ${status === "Halted" ? "exits are closed for their time, in seconds AND blocks or four times as long, then" : "exits are"} open conservatively for as long as the cause, while Increase and Withdraw stay closed`, async () => {
        await bring(target, SCOPE, status);
        const closed = status === "Halted" ? VERDICT.Deny : VERDICT.AllowConservative;
        const check = async (seconds: number, made: number, expected: number): Promise<void> => {
          await world.aside(async () => {
            world.pass(seconds, made);
            for (const action of EXITS.filter((it) => it !== "Cancel"))
              expect(await verdictOf(action), `${action}, ${seconds} s, ${made} blocks`).to.equal(expected);
            if (expected !== VERDICT.Deny)
              expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([BigInt(expected)]);
            for (const action of ["Increase", "Withdraw"] as const)
              await target.refuses("ActionDenied", [SCOPE, ACTION[action], STATUS[status]], "act", [
                SCOPE,
                ACTION[action],
              ]);
          });
        };
        const made = blocksIn(exitsFor);
        await check(0, 0, closed);
        await check(exitsFor - 1, made, closed);
        await check(exitsFor - 1, 100 * made, closed);
        await check(exitsFor, made - 1, closed);
        await check(4 * exitsFor - 1, made - 1, closed);
        await check(exitsFor, made, VERDICT.AllowConservative);
        await check(4 * exitsFor, 0, VERDICT.AllowConservative);
        await check(PERIODS * exitsFor, PERIODS * made, VERDICT.AllowConservative);
        await check(365 * DAY, (365 * DAY) / 12, VERDICT.AllowConservative);
      });
    }

    it("SG-7: a later Halted cause closes exits again no sooner than five times as long after, in seconds AND blocks, or twenty times", async () => {
      await bring(target, SCOPE, "Halted");
      const [time, made] = [PERIODS * exitsFor, blocksIn(PERIODS * exitsFor)];
      for (const [seconds, count, expected] of [
        [exitsFor, made / PERIODS, "Diverged"],
        [time - 1, 10 * made, "Diverged"],
        [time, made - 1, "Diverged"],
        [4 * time - 1, made - 1, "Diverged"],
        [time, made, "Halted"],
        [4 * time, 0, "Halted"],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, Math.ceil(count));
          await target.do("raise", [SCOPE, scopeNamed("another"), STATUS.Halted, 2]);
          const what = `${seconds} s, ${count} blocks`;
          expect(await target.statusOf(SCOPE), what).to.deep.equal({ status: "Halted", exits: expected });
          expect(await verdictOf("Decrease"), what).to.equal(expected === "Halted" ? VERDICT.Deny : 1);
        });
      }
    });

    it("SG-7: no outage, Diverged cause, healing or pause closes exits, or begins the time in which they are closed anew", async () => {
      const events: Record<string, () => Promise<unknown>> = {
        outage: async () => {
          world.pass(CONFIG.gap + 600, 0);
          await target.do("poke", [SCOPE]);
        },
        cause: () => target.do("raise", [SCOPE, scopeNamed("another"), STATUS.Diverged, 2]),
        healing: async () => {
          await target.do("raise", [SCOPE, scopeNamed("another"), STATUS.Diverged, 2]);
          await target.do("heal", [SCOPE, scopeNamed("another"), 3]);
        },
        pause: () => target.do("pauseScope", [SCOPE, STATUS.Stale, 600], PAUSER),
        "the same cause": () => target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Halted, 2]),
      };
      await bring(target, SCOPE, "Halted");
      for (const since of [exitsFor, PERIODS * exitsFor]) {
        for (const [what, happen] of Object.entries(events)) {
          await world.aside(async () => {
            world.pass(since);
            await happen();
            expect(await target.statusOf(SCOPE), what).to.deep.equal({ status: "Halted", exits: "Diverged" });
            expect(await verdictOf("Decrease"), what).to.equal(VERDICT.AllowConservative);
          });
        }
      }
    });

    it("SG-7: a Diverged cause that becomes Halted closes exits, one that is Halted and heals opens them", async () => {
      const cause = scopeNamed("cause");
      await target.do("raise", [SCOPE, cause, STATUS.Diverged, 1]);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Diverged");
      await target.do("raise", [SCOPE, cause, STATUS.Halted, 2]);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Halted");
      await target.do("heal", [SCOPE, cause, 3]);
      expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Stale", exits: "Stale" });
    });

    it("SG-7: a pause makes exits conservative while it lasts, by the clock, and no further than its own status", async () => {
      await target.do("pauseScope", [SCOPE, STATUS.Stale, 600], PAUSER);
      expect(await verdictOf("Decrease")).to.equal(VERDICT.AllowConservative);
      for (const [seconds, made, exits] of [
        [0, 0, "Stale"],
        [599, 600, "Stale"],
        [600, 50, "Synced"],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          expect((await target.statusOf(SCOPE)).exits, `${seconds} s, ${made} blocks`).to.equal(exits);
        });
      }
    });

    it("SG-7: an exit records the outage that it sees, and is without reserve again when that has ended", async () => {
      world.pass(CONFIG.gap + 24, 1);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Stale");
      expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([1n]);
      world.pass(CONFIG.staleFor + CONFIG.graceFor);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Synced");
      expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([2n]);
    });

    const trifles: Record<string, () => Promise<unknown>> = {
      "a Diverged cause": async () => {
        await target.do("raise", [SCOPE, scopeNamed("trifle"), STATUS.Diverged, 1]);
        world.pass(24);
        await target.do("heal", [SCOPE, scopeNamed("trifle"), 2]);
      },
      "an outage": async () => {
        world.pass(CONFIG.gap, 0);
        await target.do("poke", [SCOPE]);
      },
      "a pause": () => target.do("pauseScope", [SCOPE, STATUS.Stale, 1], PAUSER),
    };
    for (const [what, happen] of Object.entries(trifles)) {
      it(`A3: ${what} uses up nothing: an hour later the real cause closes exits for their whole time`, async () => {
        await happen();
        world.pass(exitsFor + DAY);
        await target.do("poke", [SCOPE]);
        expect((await target.statusOf(SCOPE)).status).to.equal("Synced");
        await target.do("raise", [SCOPE, scopeNamed("real"), STATUS.Halted, 10]);
        for (const seconds of [0, exitsFor - 1]) {
          await world.aside(async () => {
            world.pass(seconds);
            await target.refuses("ActionDenied", [SCOPE, ACTION.Decrease, STATUS.Halted], "ask", [
              SCOPE,
              ACTION.Decrease,
            ]);
          });
        }
        world.pass(exitsFor);
        expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([1n]);
      });
    }

    it("A3: a Halted trifle that was healed lets no profit out of the real cause: closes are conservative, not without reserve", async () => {
      await target.do("raise", [SCOPE, scopeNamed("trifle"), STATUS.Halted, 1]);
      world.pass(24);
      await target.do("heal", [SCOPE, scopeNamed("trifle"), 2]);
      world.pass(exitsFor);
      await target.do("raise", [SCOPE, scopeNamed("real"), STATUS.Halted, 10]);
      for (const seconds of [0, exitsFor, 30 * exitsFor]) {
        await world.aside(async () => {
          world.pass(seconds);
          expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([1n]);
        });
      }
    });

    describe("under the standard policy", () => {
      beforeEach(async () => {
        target = await world.deploy("PolicyTarget");
        await target.do("configure", [SCOPE, CONFIG]);
      });

      for (const status of ["Lagging", "Stale"] as const) {
        it(`SG-7: a pause of one second to ${status} does not use up the time in which exits may be closed`, async () => {
          await target.do("pauseScope", [SCOPE, STATUS[status], 1], PAUSER);
          for (const seconds of [0, 12, exitsFor, 4 * exitsFor]) {
            await world.aside(async () => {
              world.pass(seconds);
              await bring(target, SCOPE, "Halted");
              expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Halted", exits: "Halted" });
              expect(await verdictOf("Decrease")).to.equal(VERDICT.Deny);
            });
          }
        });
      }

      it("SG-6, SG-7: in Halted exits stay open, conservatively, when their time has run out and a disturbance is recorded by nobody", async () => {
        await bring(target, SCOPE, "Halted");
        world.pass(5 * exitsFor + CONFIG.gap, blocksIn(5 * exitsFor));
        expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Halted", exits: "Diverged" });
        expect(await verdictOf("Decrease")).to.equal(VERDICT.AllowConservative);
        expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([1n]);
      });

      for (const isAgain of [false, true]) {
        it(`SG-6, SG-7: in Halted, with an L1 that stays unknown${isAgain ? " and a new cause after each exit, one fifth of the time is closed" : " exits are closed once"}`, async () => {
          target = await world.deploy("L1PolicyTarget");
          await target.do("configure", [SCOPE, CONFIG]);
          await world.setL1Block(undefined);
          await bring(target, SCOPE, "Halted");
          let passed = "";
          for (let i = 0; i < 30; i++) {
            world.pass(exitsFor / 2);
            passed += (await target.send("ask", [SCOPE, ACTION.Decrease])).revertData === undefined ? "+" : "-";
            if (isAgain) await target.do("raise", [SCOPE, scopeNamed(`cause ${i}`), STATUS.Halted, 1]);
          }
          // Two samples to an exitsFor: the first of each ten falls into the closed time.
          expect(passed).to.equal(isAgain ? "-+++++++++".repeat(3) : `-${"+".repeat(29)}`);
        });
      }
    });
  });

  // Histories find slips of thought: what a compiler makes of it is asked above.
  if (build !== BUILDS[1]) continue;

  describe(`random histories (${build.name})`, () => {
    /** Random events of some scopes; each is told with whether it opened a Halted cause. */
    function historyOf(world: World, target: Target, source: Random) {
      let evidence = 0;
      const open: { scope: Hex; id: Hex }[] = [];
      const paused = { seconds: 0 };
      const step = async (scope: Hex, onHalted: () => void): Promise<void> => {
        const kind = source.below(12);
        if (kind < 4) world.pass(12 * (1 + source.below(60)));
        else if (kind < 6) world.pass(60 * (1 + source.below(20)), source.below(3));
        else if (kind === 6) world.pass(120, 5 * (1 + source.below(4)));
        else if (kind === 7) {
          const length = 600 + source.below(7_200);
          const args = [scope, STATUS[source.pick(["Lagging", "Stale"] as const)], length];
          if ((await target.send("pauseScope", args, PAUSER)).revertData === undefined) paused.seconds += length;
        } else if (kind === 8) {
          const id = scopeNamed(`cause ${++evidence}`);
          const status = source.pick(["Diverged", "Halted"] as const);
          await target.do("raise", [scope, id, STATUS[status], evidence]);
          if (status === "Halted") onHalted();
          open.push({ scope, id });
        } else if (kind < 11) {
          const healed = open.shift();
          if (healed !== undefined) await target.do("heal", [healed.scope, healed.id, ++evidence]);
        } else {
          await target.send("act", [scope, source.below(5)]);
        }
      };
      return { step, paused };
    }

    it("SG-7, B5: Halted causes close exits for at most exitsFor in any 5 exitsFor, in time AND blocks, and nothing else ever does", async () => {
      const source = announced();
      const seed = `SEED=${source.seed}`;
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(STRICT_TABLE) }]);
      const { step, paused } = historyOf(world, target, source);

      /** When exits were closed last. */
      let began: { time: bigint; number: bigint } | undefined;
      let closings = 0;
      const hasPassed = (seconds: number): boolean => {
        const time = Number(world.time - began!.time);
        return time >= 4 * seconds || (time >= seconds && Number(world.number - began!.number) >= blocksIn(seconds));
      };
      const start = world.time;
      let closed = 0n;
      let isClosed = false;
      for (let i = 0; i < STEPS; i++) {
        const before = world.time;
        await step(SCOPE, () => {
          if (began !== undefined && !hasPassed(PERIODS * exitsFor)) return;
          began = { time: world.time, number: world.number };
          closings++;
        });
        if (isClosed) closed += world.time - before;

        const what = `${seed}, step ${i}`;
        const { status, exits } = await target.statusOf(SCOPE);
        isClosed = status === "Halted" && !hasPassed(exitsFor);
        expect(exits, what).to.equal(status === "Halted" && !isClosed ? "Diverged" : status);
        if (!isClosed) {
          const [verdict] = await target.do("ask", [SCOPE, ACTION.Decrease]);
          expect(Number(verdict), what).to.equal(status === "Synced" ? VERDICT.Allow : VERDICT.AllowConservative);
        }
        const [verdict] = await target.do("ask", [SCOPE, ACTION.Cancel]);
        expect(Number(verdict), what).to.be.at.least(VERDICT.AllowConservative);
      }
      expect(closings, seed).to.be.at.least(1);
      // Each closing ends by the clock alone after 4 exitsFor, and usually after one.
      const total = Number(world.time - start);
      expect(Number(closed), seed).to.be.at.most(4 * exitsFor * closings);
      // Each thirty days hold at most three days of pauses that began in them.
      expect(paused.seconds, seed).to.be.at.most(3 * DAY * (Math.floor(total / (30 * DAY)) + 1));
      expect(paused.seconds, seed).to.be.at.least(1);
      console.log(`      ${closings} closings, ${closed} s of ${total} s, pauses of ${paused.seconds} s`);
    });

    it("SG-12, A3: at any moment of random histories, of two scopes under one policy the worse allows no action more", async () => {
      const source = announced();
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget");
      const scopes = ["a", "b", "c", "d"].map(scopeNamed);
      for (const policy of [STANDARD_TABLE, STRICT_TABLE]) {
        await world.aside(async () => {
          for (const [i, scope] of scopes.entries()) {
            await target.do("configure", [scope, { ...CONFIG, policy: packed(policy) }]);
            await bring(target, scope, (["Synced", "Lagging", "Diverged", "Halted"] as const)[i]!);
          }
          const { step } = historyOf(world, target, source);
          let differing = 0;
          for (let i = 0; i < STEPS / 10; i++) {
            const what = `SEED=${source.seed}, step ${i}`;
            await step(source.pick(scopes), () => undefined);
            const now: { rank: number; verdicts: number[] }[] = [];
            for (const scope of scopes) {
              const { status } = await target.statusOf(scope);
              const verdicts: number[] = [];
              for (const action of Object.values(ACTION))
                verdicts.push(Number((await target.try("preview", [scope, action])).values[0]));
              now.push({ rank: STATUS[status], verdicts });
            }
            for (const worse of now) {
              for (const better of now.filter(({ rank }) => rank < worse.rank)) {
                differing++;
                for (const [action, verdict] of worse.verdicts.entries())
                  expect(verdict, `${what}, action ${action}`).to.be.at.most(better.verdicts[action]!);
              }
            }
          }
          expect(differing).to.be.at.least(6);
        });
      }
    });
  });
}
