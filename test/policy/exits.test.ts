import { expect } from "chai";

import type { Hex } from "../../src/bytes.js";
import { BUILDS } from "../helpers/compile.js";
import { announced } from "../helpers/random.js";
import { packed, STANDARD_TABLE, STRICT_TABLE } from "./helpers/tables.js";
import {
  ACTION,
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
  type StatusName,
  type Target,
} from "./helpers/world.js";

const SCOPE = scopeNamed("market");
const STEPS = process.env["HEAVY"] === undefined ? 300 : 20_000;
const { exitsFor, longestBlockTime } = CONFIG;
const L1_ANSWERS: readonly (Hex | "revert" | undefined)[] = [undefined, "revert", "0x", `0x${"ff".repeat(32)}`];

for (const { name, build, wrap } of FORMS) {
  describe(`exits, ${name}`, () => {
    for (const [policy, table] of Object.entries({ standard: STANDARD_TABLE, strict: STRICT_TABLE })) {
      it(`SG-6, B6: under the ${policy} policy no exit is denied below Halted, without an anchor and with every source failing`, async () => {
        const world = await World.create(build);
        const target = await world.deploy("L1PolicyTarget", undefined, wrap);
        await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(table) }]);
        let checked = 0;
        for (const answer of L1_ANSWERS) {
          await world.setL1Block(answer);
          for (const status of STATUS_NAMES.filter((it) => it !== "Halted")) {
            for (const since of [0, 2_000, 30 * DAY]) {
              await world.aside(async () => {
                world.pass(since, Math.floor(since / 12));
                await bring(target, SCOPE, status);
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
        expect(checked).to.equal(4 * 4 * 3 * 3);
      });
    }
  });
}

for (const build of BUILDS) {
  describe(`restrictions of exits (${build.name})`, () => {
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
      it(`SG-7: in ${status} exits are restricted for their time, in seconds AND blocks, and free after it, while Increase and Withdraw stay closed for ever`, async () => {
        await bring(target, SCOPE, status);
        const restricted = status === "Halted" ? VERDICT.Deny : VERDICT.AllowConservative;
        const check = async (seconds: number, made: number, expected: number): Promise<void> => {
          await world.aside(async () => {
            world.pass(seconds, made);
            expect(await verdictOf("Decrease"), `${seconds} s, ${made} blocks`).to.equal(expected);
            if (expected !== VERDICT.Deny)
              expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([BigInt(expected)]);
            for (const action of ["Increase", "Withdraw"] as const)
              await target.refuses("ActionDenied", [SCOPE, ACTION[action], STATUS[status]], "act", [
                SCOPE,
                ACTION[action],
              ]);
          });
        };
        const made = exitsFor / longestBlockTime;
        await check(0, 0, restricted);
        await check(exitsFor - 1, made, restricted);
        await check(exitsFor - 1, 100 * made, restricted);
        await check(exitsFor, made - 1, restricted);
        await check(exitsFor, made, VERDICT.Allow);
        await check(5 * exitsFor, 5 * made, VERDICT.Allow);
        await check(365 * DAY, (365 * DAY) / 12, VERDICT.Allow);
      });
    }

    it("SG-7: a new cause or an outage restricts exits again no sooner than four times as long after, in seconds AND blocks", async () => {
      await bring(target, SCOPE, "Diverged");
      const restrict: Record<string, () => Promise<unknown>> = {
        cause: () => target.do("raise", [SCOPE, scopeNamed("another"), STATUS.Diverged, 2]),
        outage: async () => {
          world.pass(CONFIG.gap + 600, 0);
          await target.do("poke", [SCOPE]);
        },
      };
      const [time, made] = [5 * exitsFor, (5 * exitsFor) / longestBlockTime];
      for (const [what, begin] of Object.entries(restrict)) {
        for (const [seconds, count, expected] of [
          [exitsFor, 300, VERDICT.Allow],
          [time - 3_000, 10 * made, VERDICT.Allow],
          [time, made - 1, VERDICT.Allow],
          [time, made, VERDICT.AllowConservative],
        ] as const) {
          await world.aside(async () => {
            world.pass(seconds, count);
            await target.do("poke", [SCOPE]);
            await begin();
            expect(await verdictOf("Decrease"), `${what} after ${seconds} s, ${count} blocks`).to.equal(expected);
          });
        }
      }
    });

    it("SG-7: a pause restricts exits while it lasts, no further than to its own status, and leaves their time as it is", async () => {
      // On a scope that was never restricted, and on one that is Halted and whose restriction has run out.
      for (const restricted of [false, true]) {
        await world.aside(async () => {
          if (restricted) {
            await bring(target, SCOPE, "Halted");
            world.pass(exitsFor);
          }
          await target.do("poke", [SCOPE]);
          expect((await target.statusOf(SCOPE)).exits).to.equal("Synced");
          await target.do("pauseScope", [SCOPE, STATUS.Stale, 600], PAUSER);
          expect(await verdictOf("Decrease")).to.equal(VERDICT.AllowConservative);
          for (const [seconds, made, exits] of [
            [0, 0, "Stale"],
            [599, 600, "Stale"],
            [600, 600 / longestBlockTime - 1, "Stale"],
            [600, 600 / longestBlockTime, "Synced"],
          ] as const) {
            await world.aside(async () => {
              world.pass(seconds, made);
              expect((await target.statusOf(SCOPE)).exits, `${seconds} s, ${made} blocks`).to.equal(exits);
            });
          }
        });
      }
    });

    it("SG-7: an exit that nobody restricted before records the outage that it sees, and its restriction ends from there", async () => {
      world.pass(CONFIG.gap + 24, 1);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Stale");
      await target.do("ask", [SCOPE, ACTION.Decrease]);
      world.pass(exitsFor, exitsFor / longestBlockTime);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Synced");
    });
  });

  describe(`the total of restrictions (${build.name})`, () => {
    it("SG-7, B5: over a long random history causes and outages restrict exits for at most exitsFor in any 5 exitsFor, in time AND blocks, and pauses while they last", async () => {
      const source = announced();
      const seed = `SEED=${source.seed}`;
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(STRICT_TABLE) }]);

      interface Moment {
        time: bigint;
        number: bigint;
      }
      const now = (): Moment => ({ time: world.time, number: world.number });
      const isLater = (since: Moment, seconds: number): boolean =>
        world.time >= since.time + BigInt(seconds) &&
        world.number >= since.number + BigInt(Math.floor(seconds / longestBlockTime));
      /** When the restriction began that lasts, or was the last one. */
      let began: Moment | undefined;
      let restrictions = 0;
      let pause: { begun: Moment; length: number; status: StatusName } | undefined;
      let paused = 0;
      const start = world.time;
      let cause = 0;
      const open: { id: Hex; evidence: number }[] = [];

      /** Calls, and begins a restriction where the events tell that something is wrong and the last one is long enough ago. */
      const send = async (method: string, args: unknown[], from?: Hex): Promise<Hex | undefined> => {
        const { logs, revertData } = await target.send(method, args, from);
        const isWrong = logs.some(({ name }) => ["ScopeRaised", "ScopeHealed", "ScopeDisturbed"].includes(name));
        if (isWrong && (began === undefined || isLater(began, 5 * exitsFor))) {
          began = now();
          restrictions++;
        }
        return revertData;
      };
      const step = async (): Promise<void> => {
        const kind = source.below(12);
        if (kind < 4) world.pass(12 * (1 + source.below(60)));
        else if (kind < 6) world.pass(60 * (1 + source.below(20)), source.below(3));
        else if (kind === 6) world.pass(120, 5 * (1 + source.below(4)));
        else if (kind === 7) {
          const status = source.pick(["Lagging", "Stale"] as const);
          const length = 600 + source.below(7_200);
          if ((await send("pauseScope", [SCOPE, STATUS[status], length], PAUSER)) === undefined) {
            pause = { begun: now(), length, status };
            paused += length;
          }
        } else if (kind === 8) {
          const id = scopeNamed(`cause ${++cause}`);
          if ((await send("raise", [SCOPE, id, 3 + source.below(2), cause])) === undefined)
            open.push({ id, evidence: cause });
        } else if (kind < 11) {
          const healed = open.shift();
          if (healed !== undefined)
            expect(await send("heal", [SCOPE, healed.id, healed.evidence + 1]), seed).to.equal(undefined);
        } else await send("act", [SCOPE, source.below(8)]);
      };

      let restricted = 0n;
      let isRestricted = false;
      for (let i = 0; i < STEPS; i++) {
        const before = world.time;
        await step();
        // Somebody calls: what nobody records restricts nobody.
        await send("poke", [SCOPE]);
        if (isRestricted) restricted += world.time - before;

        const what = `${seed}, step ${i}`;
        isRestricted = began !== undefined && !isLater(began, exitsFor);
        const byPause = pause !== undefined && !isLater(pause.begun, pause.length) ? pause.status : "Synced";
        const { status, exits } = await target.statusOf(SCOPE);
        expect(exits, what).to.equal(isRestricted ? status : byPause);
        if (!isRestricted) {
          const [verdict] = await target.do("ask", [SCOPE, ACTION.Decrease]);
          expect(Number(verdict), what).to.be.at.least(VERDICT.AllowConservative);
        }
        const [verdict] = await target.do("ask", [SCOPE, ACTION.Cancel]);
        expect(Number(verdict), what).to.be.at.least(VERDICT.AllowConservative);
      }
      expect(restrictions, seed).to.be.at.least(3);
      // A chain as slow as this history's, on average, makes its blocks in time: no more than one fifth, and one restriction more.
      const total = world.time - start;
      expect(Number(restricted), seed).to.be.at.most(Number(total) / 5 + 2 * exitsFor);
      // Each thirty days hold at most three days of pauses that began in them.
      expect(paused, seed).to.be.at.most(3 * DAY * (Math.floor(Number(total) / (30 * DAY)) + 1));
      expect(paused, seed).to.be.at.least(1);
      console.log(`      ${restrictions} restrictions, ${restricted} s of ${total} s, pauses of ${paused} s`);
    });
  });
}
