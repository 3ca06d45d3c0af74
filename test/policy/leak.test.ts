import { expect } from "chai";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { announced } from "../../tools/random.js";
import { ACTION, CONFIG, CONFIGURATOR, DAY, scopeNamed, World, type Target } from "../../tools/policy/world.js";

const { gap: GAP, longestBlockTime } = CONFIG;
const CHAINS = process.env["HEAVY"] === undefined ? 6 : 400;
const STEPS = 40;

/** What nobody knows of the contract's arithmetic: where the chain was when somebody looked. */
interface Moment {
  time: bigint;
  number: bigint;
}

/**
 * The greatest time, in milliseconds, that passed since one of these moments and that its blocks do not account for.
 * Each block accounts for the slowest average. A bucket holds as much that leaks as blocks come and is never below
 * zero.
 */
function unaccounted(moments: readonly Moment[], now: Moment): number {
  const since = moments.map(
    ({ time, number }) => Number(now.time - time) * 1_000 - Number(now.number - number) * longestBlockTime,
  );
  return Math.max(0, ...since);
}

for (const build of BUILDS) {
  describe(`what heartbeats carry over (${build.name})`, () => {
    let world: World;
    let target: Target;

    /** Chains find slips of thought, which one build has as well as another. */
    const chains = build === BUILDS[1] ? CHAINS : 1;
    const scopes = ["each", "some", "few", "none"].map(scopeNamed) as [Hex, Hex, Hex, Hex];
    const status = async (scope: Hex): Promise<string> => (await target.statusOf(scope)).status;
    const carried = async (scope: Hex): Promise<number> =>
      Number(((await target.do("restrictionsOf", [scope]))[0] as unknown[])[6]);

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      for (const scope of scopes) await target.do("configure", [scope, CONFIG]);
    });

    const callers: Record<string, (scope: Hex) => Promise<unknown>> = {
      "pokes in each block": (scope) => target.do("poke", [scope]),
      "trades in each block": (scope) => target.send("act", [scope, ACTION.Deposit]),
      "asks in each block": (scope) => target.send("ask", [scope, ACTION.Decrease]),
      "calls never": () => Promise.resolve(),
    };
    for (const [who, call] of Object.entries(callers)) {
      // 923 s are the finding's; in 913 s each gap is half a second less than the threshold.
      for (const seconds of [923, 913]) {
        it(`A6: for a day the chain makes one block in ${seconds} s, and one who ${who} sees it by the second`, async () => {
          const seen: string[] = [];
          for (let i = 0; i < Math.floor(DAY / seconds); i++) {
            world.pass(seconds, 1);
            seen.push(await status(scopes[0]));
            await call(scopes[0]);
          }
          const first = seconds === 923 ? "Stale" : "Synced";
          expect(seen).to.deep.equal([first, ...seen.slice(1).map(() => "Stale")]);
        });
      }

      it(`A6, SG-8: a chain at its slowest average is alive, one of half a second more for each block is not, to one who ${who}`, async () => {
        // Half a second in each block fills the gap in 1,800 blocks.
        for (const [pair, isAlive] of [
          [27, true],
          [28, false],
        ] as const) {
          await world.aside(async () => {
            for (let i = 0; i < 18; i++) {
              expect(await status(scopes[0]), `${pair} s for two blocks, ${i * 100} blocks`).to.equal("Synced");
              await call(scopes[0]);
              world.pass(50 * pair, 100);
            }
            expect(await status(scopes[0])).to.equal(isAlive ? "Synced" : "Stale");
          });
        }
      });
    }

    it("A6: what is unaccounted for leaks away as blocks come, and never below zero", async () => {
      const scope = scopes[0];
      world.pass(500, 0);
      await target.do("poke", [scope]);
      expect(await carried(scope)).to.equal(500);
      // Blocks of 12 s give back 1.5 s each.
      world.pass(120, 10);
      await target.do("poke", [scope]);
      expect(await carried(scope)).to.equal(485);
      world.pass(120, 20);
      expect(await carried(scope)).to.equal(335);
      await target.do("poke", [scope]);
      world.pass(12_000, 1_000);
      await target.do("poke", [scope]);
      expect(await carried(scope)).to.equal(0);
      world.pass(100, 0);
      expect(await carried(scope)).to.equal(100);
    });

    it("A6: an outage that is recorded is not carried over into the next", async () => {
      const scope = scopes[0];
      world.pass(5 * GAP, 0);
      await target.do("poke", [scope]);
      expect(await carried(scope)).to.equal(0);
      world.pass(CONFIG.staleFor + CONFIG.graceFor);
      expect(await target.do("poke", [scope])).to.deep.equal([0n]);
      world.pass(GAP - 1, 0);
      expect(await status(scope)).to.equal("Synced");
    });

    it("A6: another configuration forgives nothing of what is unaccounted for", async () => {
      const scope = scopes[0];
      const next = { ...CONFIG, graceFor: 700 };
      await target.do("scheduleScope", [scope, next], CONFIGURATOR);
      world.pass(2 * DAY);
      await target.do("poke", [scope]);
      world.pass(500, 0);
      await target.do("applyScope", [scope, next]);
      expect(await carried(scope)).to.equal(500);
    });

    it("SG-20: of two scopes on one random chain the one that is looked at more often sees no less and no later", async () => {
      const source = announced();
      let outages = 0;
      for (let chain = 0; chain < chains; chain++) {
        await world.aside(async () => {
          const start = { time: world.time, number: world.number };
          /** When each was looked at: each, half, some, and at the start alone. What is looked at less was so in moments of the others. */
          const looks: Moment[][] = scopes.map(() => [start]);
          const open = new Set(scopes);
          for (let step = 0; step < STEPS; step++) {
            const what = `SEED=${source.seed}, chain ${chain}, step ${step}`;
            if (source.below(4) === 0) world.pass(source.below(400), source.below(3));
            else world.pass(source.below(200), source.below(20));
            const now = { time: world.time, number: world.number };
            const held: number[] = [];
            for (const [i, scope] of scopes.entries()) {
              // One with an outage on record begins anew: it has seen.
              if (!open.has(scope)) {
                held.push(Infinity);
                continue;
              }
              const expected = unaccounted(looks[i]!, now);
              held.push(await carried(scope));
              expect(held[i], `${what}, scope ${i}`).to.equal(Math.floor(expected / 1_000));
              expect(await status(scope), `${what}, scope ${i}`).to.equal(expected >= GAP * 1_000 ? "Stale" : "Synced");
            }
            for (let i = 1; i < scopes.length; i++) expect(held[i - 1], what).to.be.at.least(held[i]!);

            // The draws are nested: who is looked at less is looked at only where the others are.
            const draw = [true, source.below(2) === 0, source.below(4) === 0, false];
            for (const [i, scope] of scopes.entries()) {
              if (!draw.slice(0, i + 1).every(Boolean)) break;
              await target.do("poke", [scope]);
              if (held[i]! >= GAP && open.delete(scope)) outages++;
              looks[i]!.push(now);
            }
          }
        });
      }
      if (chains > 1) expect(outages, `SEED=${source.seed}`).to.be.at.least(1);
    });

    it("SG-20: who trades rather than pokes sees what the sum says, by heartbeats a quarter of the gap apart", async () => {
      const source = announced();
      for (let chain = 0; chain < chains; chain++) {
        await world.aside(async () => {
          const scope = scopes[0];
          const beats: Moment[] = [{ time: world.time, number: world.number }];
          /** The time up to which blocks account for everything, in milliseconds. */
          let until = Number(world.time) * 1_000;
          for (let step = 0; step < STEPS; step++) {
            world.pass(source.below(200), source.below(14));
            const now = { time: world.time, number: world.number };
            const expected = unaccounted(beats, now);
            const what = `SEED=${source.seed}, chain ${chain}, step ${step}`;
            expect(await carried(scope), what).to.equal(Math.floor(expected / 1_000));
            const { revertData } = await target.send("act", [scope, ACTION.Increase]);
            if (expected >= GAP * 1_000) {
              expect(target.errorOf(revertData!), what).to.have.property("name", "ActionDenied");
              return;
            }
            expect(revertData, what).to.equal(undefined);
            if (Number(now.time) * 1_000 - until < GAP * 250) continue;
            beats.push(now);
            until = Number(now.time) * 1_000 - expected;
          }
        });
      }
    });
  });
}
