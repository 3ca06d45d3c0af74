import { expect } from "chai";

import type { Hex } from "../../src/bytes.js";
import { BUILDS } from "../helpers/compile.js";
import { random } from "../helpers/random.js";
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
  type Target,
} from "./helpers/world.js";

const SCOPE = scopeNamed("market");
const STEPS = process.env["HEAVY"] === undefined ? 800 : 20_000;
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

    it("SG-7: a new cause, a pause or an outage restricts exits again no sooner than four times as long after, in seconds AND blocks", async () => {
      await bring(target, SCOPE, "Diverged");
      const restrict: Record<string, () => Promise<unknown>> = {
        cause: () => target.do("raise", [SCOPE, scopeNamed("another"), STATUS.Diverged, 2]),
        pause: () => target.do("pauseScope", [SCOPE, STATUS.Stale, 600], PAUSER),
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

    it("SG-7: an exit that nobody restricted before records the outage that it sees, and its restriction ends from there", async () => {
      world.pass(CONFIG.gap + 24, 1);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Stale");
      await target.do("ask", [SCOPE, ACTION.Decrease]);
      world.pass(exitsFor, exitsFor / longestBlockTime);
      expect((await target.statusOf(SCOPE)).exits).to.equal("Synced");
    });
  });

  describe(`the total of restrictions (${build.name})`, () => {
    it("SG-7, B5: over a long random history of outages, pauses and causes exits are restricted for at most exitsFor in any 5 exitsFor, in time AND blocks", async () => {
      const source = random();
      const seed = `SEED=${source.seed}`;
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(STRICT_TABLE) }]);

      interface Moment {
        time: bigint;
        number: bigint;
      }
      const isLater = (since: Moment, seconds: number): boolean =>
        world.time >= since.time + BigInt(seconds) &&
        world.number >= since.number + BigInt(Math.floor(seconds / longestBlockTime));
      /** When the restriction began that lasts, or was the last one. */
      let began: Moment | undefined;
      let restrictions = 0;
      let restricted = 0n;
      const start = world.time;
      let cause = 0;
      const open: { id: Hex; evidence: number }[] = [];

      const step = async (): Promise<void> => {
        const kind = source.below(12);
        if (kind < 4) world.pass(12 * (1 + source.below(60)));
        else if (kind < 6) world.pass(60 * (1 + source.below(20)), source.below(3));
        else if (kind === 6) world.pass(120, 5 * (1 + source.below(4)));
        else if (kind === 7)
          await target.send("pauseScope", [SCOPE, 1 + source.below(2), 600 + source.below(7_200)], PAUSER);
        else if (kind === 8) {
          const id = scopeNamed(`cause ${++cause}`);
          const { revertData } = await target.send("raise", [SCOPE, id, 3 + source.below(2), cause]);
          if (revertData === undefined) open.push({ id, evidence: cause });
        } else if (kind < 11) {
          const healed = open.shift();
          if (healed !== undefined) await target.do("heal", [SCOPE, healed.id, healed.evidence + 1]);
        } else await target.send("act", [SCOPE, source.below(8)]);
      };

      for (let i = 0; i < STEPS; i++) {
        const before = world.time;
        const was = (await target.statusOf(SCOPE)).exits !== "Synced";
        await step();
        // Somebody calls: what nobody records restricts nobody.
        await target.do("poke", [SCOPE]);
        if (was) restricted += world.time - before;

        if ((await target.statusOf(SCOPE)).exits === "Synced") continue;
        const what = `${seed}, step ${i}`;
        if (began === undefined || isLater(began, 5 * exitsFor)) {
          began = { time: world.time, number: world.number };
          restrictions++;
        }
        // It lasts, and for no longer than its time.
        expect(isLater(began, exitsFor), what).to.equal(false);
        const [verdict] = await target.do("ask", [SCOPE, ACTION.Cancel]);
        expect(Number(verdict), what).to.be.at.least(VERDICT.AllowConservative);
      }
      expect(restrictions, seed).to.be.at.least(3);
      // A chain as slow as this history's, on average, makes its blocks in time: no more than one fifth, and one restriction more.
      const total = world.time - start;
      expect(Number(restricted), seed).to.be.at.most(Number(total) / 5 + 2 * exitsFor);
      console.log(`      ${seed}: ${restrictions} restrictions, ${restricted} s of ${total} s`);
    });
  });
}
