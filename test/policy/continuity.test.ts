import { expect } from "chai";
import { toBeHex } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import {
  ACTION,
  ACTION_NAMES,
  blocksIn,
  CONFIG,
  DAY,
  EXITS,
  PAUSER,
  scopeNamed,
  STATUS,
  STATUS_NAMES,
  World,
  type Outcome,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
const { gap: GAP, staleFor, graceFor, longestBlockTime } = CONFIG;
/** A quarter of the gap: how often the heartbeat is due. */
const BEAT = GAP / 4;
/** The first whole second at which so many blocks leave so many seconds unaccounted for. */
const after = (made: number, seconds: number): number => Math.ceil((made * longestBlockTime) / 1_000) + seconds;
const wroteNothing = ({ writes, logs }: Outcome): boolean => writes.length === 0 && logs.length === 0;

for (const build of BUILDS) {
  describe(`continuity (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    const status = async (): Promise<string> => (await target.statusOf(SCOPE)).status;
    const poke = async (): Promise<string> => STATUS_NAMES[Number((await target.do("poke", [SCOPE]))[0])]!;
    /** Stale, recorded in this moment. */
    const disturb = async (): Promise<void> => {
      world.pass(after(1, GAP), 1);
      expect(await poke()).to.equal("Stale");
    };

    for (const made of [0, 1, 2, 37]) {
      it(`a gap of one second less than the threshold is none, after ${made} blocks; the threshold is one, and so is more`, async () => {
        const time = after(made, GAP);
        for (const [more, expected] of [
          [-1, "Synced"],
          [0, "Stale"],
          [1, "Stale"],
        ] as const) {
          await world.aside(async () => {
            world.pass(time + more, made);
            expect(await status()).to.equal(expected);
            const outcome = await target.send("poke", [SCOPE]);
            expect(outcome.values).to.deep.equal([BigInt(STATUS[expected])]);
            const disturbed = {
              name: "ScopeDisturbed",
              args: [SCOPE, BigInt(GAP + more), world.time + BigInt(staleFor)],
            };
            expect(outcome.logs).to.deep.equal(expected === "Stale" ? [disturbed] : []);
          });
        }
      });
    }

    it("SG-8: days without a call, on a chain that lives, show no gap, at its usual pace and at its slowest", async () => {
      for (const blockTime of [1_000, 12_000, longestBlockTime]) {
        await world.aside(async () => {
          world.pass(30 * DAY, (30 * DAY * 1_000) / blockTime);
          expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Synced", exits: "Synced" });
          for (const action of ACTION_NAMES) await target.try("act", [SCOPE, ACTION[action]]);
          for (const action of ACTION_NAMES) await target.do("act", [SCOPE, ACTION[action]]);
        });
      }
    });

    it("SG-7: a call that reverts records nothing, one that succeeds does, and so does poke", async () => {
      world.pass(GAP, 0);
      await target.refuses("ActionDenied", [SCOPE, ACTION.Increase, STATUS.Stale], "act", [SCOPE, ACTION.Increase]);
      await target.refuses("Undone", [], "undo", [SCOPE, ACTION.Decrease]);
      // Unrecorded, it is over as soon as blocks account for the time.
      await world.aside(async () => {
        world.pass(12, blocksIn(GAP) + 1);
        expect(await status()).to.equal("Synced");
      });
      for (const [method, args] of [
        ["ask", [SCOPE, ACTION.Decrease]],
        ["act", [SCOPE, ACTION.Deposit]],
        ["liquidate", [SCOPE, 0, 0]],
        ["poke", [SCOPE]],
      ] as const) {
        await world.aside(async () => {
          await target.do(method, args);
          world.pass(12, blocksIn(GAP) + 1);
          expect(await status(), method).to.equal("Stale");
        });
      }
    });

    it("guarded calls write the heartbeat at most once in a quarter of the gap, and then by one write", async () => {
      const written: bigint[] = [];
      for (let i = 0; i < 150; i++) {
        world.pass(12, 1);
        const action = ACTION_NAMES[i % 8]!;
        const outcome =
          action === "Liquidate"
            ? await target.send("liquidate", [SCOPE, 0, 0])
            : await target.send("act", [SCOPE, ACTION[action]]);
        expect(outcome.revertData).to.equal(undefined);
        expect(outcome.logs).to.deep.equal([]);
        if (outcome.writes.length === 0) continue;
        expect(outcome.writes).to.have.length(1);
        written.push(world.time);
      }
      expect(written).to.have.length(Math.floor((150 * 12) / (Math.ceil(BEAT / 12) * 12)));
      for (const [i, time] of written.entries()) if (i > 0) expect(Number(time - written[i - 1]!)).to.be.at.least(BEAT);
    });

    it("the heartbeat is due after just a quarter of the gap; poke always writes it", async () => {
      const act = async (): Promise<Outcome> => target.send("act", [SCOPE, ACTION.Deposit]);
      world.pass(BEAT - 1);
      expect(wroteNothing(await act())).to.equal(true);
      expect((await target.try("poke", [SCOPE])).writes).to.have.length(1);
      world.pass(1, 0);
      expect((await act()).writes).to.have.length(1);
      expect(wroteNothing(await act())).to.equal(true);
      world.pass(1, 1);
      expect((await target.send("poke", [SCOPE])).writes).to.have.length(1);
      world.pass(BEAT - 1);
      expect(wroteNothing(await act())).to.equal(true);
    });

    it("a troubled scope's heartbeat is due as seldom, and an event tells each outage once", async () => {
      await disturb();
      let written = 0;
      for (let i = 0; i < staleFor / 12; i++) {
        world.pass(12, 1);
        const { writes, logs, revertData } = await target.send("ask", [SCOPE, ACTION.Decrease]);
        expect(revertData).to.equal(undefined);
        expect(logs).to.deep.equal([]);
        if (writes.length > 0) written++;
      }
      expect(written).to.equal(Math.floor(staleFor / (Math.ceil(BEAT / 12) * 12)));
    });

    it("SG-7: Stale ends in Lagging and that in Synced by the clock, in time AND blocks: neither alone is enough", async () => {
      await disturb();
      const check = async (seconds: number, made: number, expected: string): Promise<void> => {
        await world.aside(async () => {
          world.pass(seconds, made);
          // Time that these blocks do not account for would be a disturbance of its own.
          if (seconds - (made * longestBlockTime) / 1_000 < GAP / 4)
            expect(await status(), `${seconds} s, ${made}`).to.equal(expected);
        });
      };
      const [stale, all] = [blocksIn(staleFor), blocksIn(staleFor + graceFor)];
      await check(staleFor - 1, stale, "Stale");
      await check(staleFor, stale - 1, "Stale");
      await check(staleFor, stale, "Lagging");
      await check(staleFor - 1, 10 * all, "Stale");
      await check(staleFor + graceFor - 1, all, "Lagging");
      await check(staleFor + graceFor, all - 1, "Lagging");
      await check(staleFor + graceFor, all, "Synced");
      await check(staleFor + graceFor - 1, 10 * all, "Lagging");
      await check(staleFor + 180, stale - 1, "Stale");
    });

    it("A12: Stale and Lagging end by the clock alone four times their span after they began, on a chain that slowed down", async () => {
      // Spans so short that three of them fit into the quarter of the gap. That quarter would be an outage of its own.
      const scope = scopeNamed("short");
      const span = 54;
      await target.do("configure", [scope, { ...CONFIG, staleFor: span, graceFor: span, gap: 7_200 }]);
      await target.do("raise", [scope, scopeNamed("cause"), STATUS.Diverged, 1]);
      await target.do("heal", [scope, scopeNamed("cause"), 2]);
      for (const [seconds, made, expected] of [
        [span, 3, "Stale"],
        [span, 4, "Lagging"],
        [4 * span - 1, 0, "Stale"],
        [4 * span - 1, 3, "Stale"],
        [4 * span, 0, "Lagging"],
        [8 * span - 1, 7, "Lagging"],
        [8 * span - 1, 8, "Synced"],
        [8 * span, 0, "Synced"],
      ] as const) {
        await world.aside(async () => {
          world.pass(seconds, made);
          expect((await target.statusOf(scope)).status, `${seconds} s, ${made}`).to.equal(expected);
        });
      }
    });

    it("Lagging is a grace: margins can be topped up and positions opened, and only deep insolvency is liquidated", async () => {
      await disturb();
      world.pass(staleFor);
      for (const action of ["Deposit", "Decrease", "Cancel", "Increase", "Withdraw"] as const)
        await target.do("act", [SCOPE, ACTION[action]]);
      const almost = 10n ** 18n - 1n;
      await target.refuses("LiquidationDenied", [SCOPE, STATUS.Lagging, almost, almost], "liquidate", [
        SCOPE,
        almost,
        almost,
      ]);
      world.pass(graceFor);
      await target.do("liquidate", [SCOPE, almost, almost]);
    });

    it("hysteresis: the grace is Stale while a quarter of the gap is unaccounted for, and ends no later for it", async () => {
      await disturb();
      const [unsettling, end] = [after(1, GAP / 4), world.time + BigInt(staleFor + graceFor)];
      world.pass(staleFor + 12);
      expect(await status()).to.equal("Lagging");
      await target.do("poke", [SCOPE]);
      world.pass(unsettling - 1, 1);
      expect(await status()).to.equal("Lagging");
      world.pass(1, 0);
      expect(await status()).to.equal("Stale");
      // Recording it makes it neither better nor longer, and a healthy block takes it below the quarter.
      expect(await poke()).to.equal("Stale");
      expect(await status()).to.equal("Stale");
      world.pass(12, 1);
      expect(await status()).to.equal("Lagging");
      world.pass(unsettling, 1);
      expect(await status()).to.equal("Stale");
      world.pass(Number(end - world.time), 100);
      expect(await status()).to.equal("Synced");
      world.pass(unsettling, 1);
      expect(await status()).to.equal("Synced");
    });

    it("SG-8, SG-19: what an outage began ends on a chain that is healthy, whatever silences it has below a gap", async () => {
      // Silences that unsettle a grace, each followed by so many blocks of 12 s that the average is below 13.5.
      for (const [silence, made] of [
        [240, 155],
        [600, 395],
        [880, 580],
      ] as const) {
        await world.aside(async () => {
          await disturb();
          const end = { time: world.time + BigInt(staleFor + graceFor), number: world.number + 88n };
          const isOver = (): boolean => world.time >= end.time && world.number >= end.number;
          for (let i = 0; i < 6; i++) {
            world.pass(silence, 1);
            expect(await poke(), `silence ${i} of ${silence} s`).to.equal(isOver() ? "Synced" : "Stale");
            for (let left = made; left > 0; left -= 5) {
              world.pass(60, 5);
              const now = await poke();
              if (isOver()) expect(now, `${silence} s`).to.equal("Synced");
            }
          }
          expect(isOver()).to.equal(true);
        });
      }
    });

    it("SG-7: a longer disturbance prolongs, and the moments never move back", async () => {
      await disturb();
      world.pass(staleFor - 60);
      await target.do("poke", [SCOPE]);
      world.pass(GAP + 24, 1);
      expect(await poke()).to.equal("Stale");
      world.pass(staleFor - 1);
      expect(await status()).to.equal("Stale");
      world.pass(1, 1);
      expect(await status()).to.equal("Lagging");
    });

    it("SG-8: flapping: a chain that stops again and again is Stale once, not on and off", async () => {
      await disturb();
      const seen = new Set<string>();
      for (let i = 0; i < 60; i++) {
        world.pass(300, 2);
        seen.add(await poke());
      }
      expect([...seen]).to.deep.equal(["Stale"]);
    });

    it("C2: works in the first blocks of a chain", async () => {
      world = await World.create(build);
      [world.number, world.time] = [0n, 1n];
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
      for (const action of ACTION_NAMES) await target.do("act", [SCOPE, ACTION[action]]);
      world.pass(12, 1);
      expect(await poke()).to.equal("Synced");
      world.pass(GAP + 60, 1);
      expect(await poke()).to.equal("Stale");
      world.pass(staleFor + graceFor);
      expect(await poke()).to.equal("Synced");
    });

    it("A15: works with the greatest times and heights that it says it holds, and refuses a configuration beyond", async () => {
      const [greatestTime, greatestNumber] = [(2n ** 48n - 1n) / 1_000n, 2n ** 40n - 1n];
      for (const [time, number] of [
        [2n ** 37n, 2n ** 39n],
        [2n ** 32n - 100n, 2n ** 32n - 3n],
        [greatestTime - 30n * 86_400n, greatestNumber - 1_000_000n],
      ] as const) {
        world = await World.create(build);
        [world.time, world.number] = [time, number];
        target = await world.deploy("PolicyTarget");
        await target.do("configure", [SCOPE, CONFIG]);
        world.pass(BEAT);
        expect(await poke()).to.equal("Synced");
        world.pass(GAP, 0);
        expect(await poke()).to.equal("Stale");
        world.pass(staleFor);
        expect(await status()).to.equal("Lagging");
        world.pass(graceFor);
        expect(await status()).to.equal("Synced");
      }
      for (const [time, number] of [
        [greatestTime + 1n, 1n],
        [1n, greatestNumber + 1n],
      ] as const) {
        [world.time, world.number] = [time, number];
        await target.refuses("ClockOutOfRange", [time, number], "configure", [scopeNamed("late"), CONFIG]);
      }
      [world.time, world.number] = [greatestTime, greatestNumber];
      await target.do("configure", [scopeNamed("last"), CONFIG]);
    });

    it("A10: in a simulation that pretends an earlier block nothing reverts and nothing is Stale", async () => {
      world.time -= 5_000n;
      world.number -= 5_000n;
      expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Synced", exits: "Synced" });
      expect((await target.try("preview", [SCOPE, ACTION.Increase])).values).to.deep.equal([2n, "0x"]);
      // Nor does what records where something is wrong.
      await target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]);
      expect(await target.do("ask", [SCOPE, ACTION.Decrease])).to.deep.equal([1n]);
    });

    it("counts the blocks that the chain's own clock counts, not the opcode's", async () => {
      target = await world.deploy("CountedPolicyTarget");
      await target.do("setHead", [1_000]);
      await target.do("configure", [SCOPE, CONFIG]);
      await target.do("setHead", [1_000 + 37]);
      world.pass(after(37, GAP) - 1, 100_000);
      expect(await status()).to.equal("Synced");
      world.pass(1, 100_000);
      expect(await status()).to.equal("Stale");
      // Spans count them as well.
      const short = scopeNamed("short");
      await target.do("configure", [short, { ...CONFIG, staleFor: 54, graceFor: 54 }]);
      await target.do("raise", [short, scopeNamed("cause"), STATUS.Diverged, 1]);
      await target.do("heal", [short, scopeNamed("cause"), 2]);
      world.pass(54, 100_000);
      expect((await target.statusOf(short)).status).to.equal("Stale");
      await target.do("setHead", [1_000 + 37 + 4]);
      expect((await target.statusOf(short)).status).to.equal("Lagging");
    });

    it("A12: where the height falls no block accounts for the time, and it is counted on from there after the outage", async () => {
      target = await world.deploy("CountedPolicyTarget");
      await target.do("setHead", [1_000]);
      await target.do("configure", [SCOPE, CONFIG]);
      await target.do("setHead", [10]);
      world.pass(GAP - 1);
      expect(await poke()).to.equal("Synced");
      world.pass(1, 0);
      expect(await poke()).to.equal("Stale");
      await target.do("setHead", [10 + blocksIn(staleFor)]);
      world.pass(staleFor);
      expect(await poke()).to.equal("Lagging");
    });

    for (const [who, call] of Object.entries({
      pokes: () => target.do("poke", [SCOPE]),
      trades: () => target.do("act", [SCOPE, ACTION.Increase]),
    })) {
      it(`A12: a source of heights that failed for a moment, in which somebody ${who}, buys no credit against an outage`, async () => {
        target = await world.deploy("CountedPolicyTarget");
        await target.do("setHead", [100_000]);
        await target.do("configure", [SCOPE, CONFIG]);
        world.pass(BEAT);
        await target.do("setHead", [0]);
        await call();
        await target.do("setHead", [100_000 + blocksIn(BEAT)]);
        world.pass(GAP);
        expect(await status()).to.equal("Stale");
        await target.refuses("ActionDenied", [SCOPE, ACTION.Increase, STATUS.Stale], "act", [SCOPE, ACTION.Increase]);
      });
    }
  });

  describe(`continuity on the OP stack (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("L1PolicyTarget");
      await world.setL1Lag(60);
      await target.do("configure", [SCOPE, CONFIG]);
    });

    for (const [lag, expected] of [
      [0, "Synced"],
      [60, "Synced"],
      [GAP - 1, "Synced"],
      [GAP, "Stale"],
      [1_800, "Stale"],
    ] as const) {
      it(`an L1 origin that lies ${lag} s behind makes it ${expected}, before and after the heartbeat is due`, async () => {
        for (const since of [2, BEAT, 10 * GAP]) {
          await world.aside(async () => {
            world.pass(since, Math.floor(since / 2));
            await world.setL1Lag(lag);
            expect((await target.statusOf(SCOPE)).status).to.equal(expected);
            expect(await target.do("poke", [SCOPE])).to.deep.equal([BigInt(STATUS[expected])]);
          });
        }
      });
    }

    it("blocks that were given the times they would have had do not hide an outage, and a recorded one ends by the clock", async () => {
      world.pass(1_200, 600);
      await world.setL1Lag(1_200);
      expect(await target.do("poke", [SCOPE])).to.deep.equal([BigInt(STATUS.Stale)]);
      await world.setL1Lag(60);
      expect((await target.statusOf(SCOPE)).status).to.equal("Stale");
      world.pass(staleFor, staleFor / 2);
      await world.setL1Lag(60);
      expect((await target.statusOf(SCOPE)).status).to.equal("Lagging");
      world.pass(graceFor, graceFor / 2);
      await world.setL1Lag(60);
      expect((await target.statusOf(SCOPE)).status).to.equal("Synced");
    });

    it("SG-8: a lag that was seen is not carried on: what the origin shows now is all there is", async () => {
      for (let i = 0; i < 10; i++) {
        world.pass(GAP - 1, 2);
        await world.setL1Lag(GAP - 1);
        expect(await target.do("poke", [SCOPE])).to.deep.equal([BigInt(STATUS.Synced)]);
      }
    });

    it("a troubled scope's heartbeat is due a quarter of the gap after the last, whatever the lag", async () => {
      await target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]);
      await world.setL1Lag(GAP / 2);
      await target.do("poke", [SCOPE]);
      world.pass(BEAT - 1, 100);
      expect(wroteNothing(await target.send("ask", [SCOPE, ACTION.Decrease]))).to.equal(true);
      world.pass(1, 1);
      expect((await target.send("ask", [SCOPE, ACTION.Decrease])).writes).to.have.length(1);
    });

    it("SG-7: a healthy origin passes by neither a cause nor a pause nor the time after one, and just a gap is no health", async () => {
      const act = [SCOPE, ACTION.Increase];
      const refused = (status: number) => target.refuses("ActionDenied", [...act, status], "act", act);
      await target.do("act", act);
      await world.aside(async () => {
        await world.setL1Lag(GAP);
        await refused(STATUS.Stale);
      });
      await world.aside(async () => {
        await target.do("pauseScope", [SCOPE, STATUS.Stale, 600], PAUSER);
        await refused(STATUS.Stale);
      });
      await target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]);
      await refused(STATUS.Diverged);
      await target.do("heal", [SCOPE, scopeNamed("cause"), 2]);
      await refused(STATUS.Stale);
    });

    it("an origin that lies ahead is no lag", async () => {
      await world.setL1Lag(-100_000);
      expect((await target.statusOf(SCOPE)).status).to.equal("Synced");
    });

    const answers: Record<string, Hex | "revert" | undefined> = {
      "no code": undefined,
      "a revert": "revert",
      nothing: "0x",
      "31 bytes": `0x${"00".repeat(31)}`,
      "33 bytes": `0x${"00".repeat(33)}`,
      "two words": `0x${"00".repeat(64)}`,
      "a time of more than 64 bits": toBeHex(2n ** 64n, 32) as Hex,
      "the greatest word": `0x${"ff".repeat(32)}`,
    };
    for (const [what, answer] of Object.entries(answers)) {
      it(`SG-3, SG-4, C4: where the predeploy answers ${what} the lag is unknown, which is Stale and never Synced`, async () => {
        await world.setL1Block(answer);
        for (const since of [0, BEAT, 10 * GAP]) {
          await world.aside(async () => {
            world.pass(since, Math.floor(since / 2));
            expect((await target.statusOf(SCOPE)).status).to.equal("Stale");
            for (const action of ["Increase", "Withdraw", "Settle", "Fund"] as const)
              await target.refuses("ActionDenied", [SCOPE, ACTION[action], STATUS.Stale], "act", [
                SCOPE,
                ACTION[action],
              ]);
            for (const action of EXITS) await target.do("ask", [SCOPE, ACTION[action]]);
          });
        }
      });
    }
  });
}
