import { expect } from "chai";

import { BUILDS } from "../../tools/compile.js";
import { packed, STANDARD_TABLE } from "../../tools/policy/tables.js";
import {
  ACTION,
  ACTION_NAMES,
  EXITS,
  STATUS,
  STATUS_NAMES,
  VERDICT,
  World,
  type ActionName,
  type Target,
} from "../../tools/policy/world.js";

/*
 * The pure part of the policy, exhaustively. What is shown, and in what bounds:
 *
 * - `Assessments.assess` is its decision table, for each combination of the facts below. They are 3 gaps, 7 times on
 *   both sides of each threshold, all flags and all statuses of a pause. Counters are 0, 1, 2 and the greatest. The
 *   code compares times with two thresholds and counters with zero. So no other value is told apart from these.
 * - It is monotone: no fact that becomes worse makes the status, or that of exits, better.
 * - Whatever `Policies.requireSound` accepts of an action allows no more in a worse status, and closes no exit below
 *   Halted. There are 64 pairs of thresholds and 8 actions. It looks at each action by itself. So this holds for each
 *   of the policies that are made of such pairs.
 * - A span has passed when it should, and never before its length in time. Whatever the height, it has passed by four
 *   times its length. Lengths and block times are the bounds that a configuration has, and some between. Starts reach
 *   the greatest clock that is accepted.
 */

interface Facts {
  unaccounted: bigint;
  gap: bigint;
  stale: boolean;
  lagging: boolean;
  silent: boolean;
  paused: number;
  openDiverged: bigint;
  openHalted: bigint;
  exitsClosed: boolean;
}

interface Assessment {
  status: number;
  exitStatus: number;
  outage: boolean;
}

const COUNTS = [0n, 1n, 2n, 2n ** 32n - 1n];
const BOTH = [false, true];
/** Milliseconds: the least gap, a usual one, the greatest. */
const GAPS = [30_000n, 900_000n, 7_200_000n];
const times = (gap: bigint): bigint[] => [0n, gap / 4n - 1n, gap / 4n, gap - 1n, gap, gap + 1n, 2n ** 256n - 1n];

/** Each member's values, from the best to the worst. */
const domainOf = (gap: bigint): { [Name in keyof Facts]: Facts[Name][] } => ({
  unaccounted: times(gap),
  gap: [gap],
  stale: BOTH,
  lagging: BOTH,
  silent: BOTH,
  paused: [STATUS.Synced, STATUS.Lagging, STATUS.Stale],
  openDiverged: COUNTS,
  openHalted: COUNTS,
  exitsClosed: BOTH,
});

/** All combinations of the values. */
function enumerate(gap: bigint): Facts[] {
  let all: Partial<Facts>[] = [{}];
  for (const [name, values] of Object.entries(domainOf(gap)))
    all = all.flatMap((facts) => values.map((value) => ({ ...facts, [name]: value })));
  return all as Facts[];
}

const keyOf = (facts: Facts): string => Object.values(facts).join();
const answerOf = ({ status, exitStatus, outage }: Assessment): string => [status, exitStatus, outage].join();

/** The decision table: the first line that holds. */
function expected({
  unaccounted,
  gap,
  stale,
  lagging,
  silent,
  paused,
  openDiverged,
  openHalted,
  exitsClosed,
}: Facts): Assessment {
  const { Synced, Lagging, Stale, Diverged, Halted } = STATUS;
  const outage = unaccounted >= gap;
  const isUnsettled = lagging && 4n * unaccounted >= gap;
  const lines: [boolean, number, number][] = [
    [openHalted > 0n && exitsClosed, Halted, Halted],
    [openHalted > 0n, Halted, Diverged],
    [openDiverged > 0n, Diverged, Diverged],
    [outage || isUnsettled || stale || silent || paused === Stale, Stale, Stale],
    [lagging || paused === Lagging, Lagging, Lagging],
    [true, Synced, Synced],
  ];
  const [, status, exitStatus] = lines.find(([holds]) => holds)!;
  return { status, exitStatus, outage };
}

for (const build of BUILDS) {
  describe(`the pure part of the policy (${build.name})`, () => {
    let harness: Target;

    before(async () => {
      harness = await (await World.create(build)).deploy("AssessmentHarness", []);
    });

    async function assess(facts: readonly Facts[]): Promise<Assessment[]> {
      const results: Assessment[] = [];
      for (let i = 0; i < facts.length; i += 1_000) {
        const page = facts.slice(i, i + 1_000);
        // [offset of the array, its length, its structs of static members]
        const words = [32n, BigInt(page.length), ...page.flatMap((it) => Object.values(it).map(BigInt))];
        const [, , ...answers] = await harness.words("assess", words);
        for (let at = 0; at < answers.length; at += 3)
          results.push({
            status: Number(answers[at]),
            exitStatus: Number(answers[at + 1]),
            outage: answers[at + 2] === 1n,
          });
      }
      expect(results).to.have.lengthOf(facts.length);
      return results;
    }

    for (const gap of GAPS) {
      it(`SG-12: what is known decides as the table says, and nothing worse makes it better (gap of ${gap / 1_000n} s)`, async () => {
        const all = enumerate(gap);
        expect(all).to.have.length(7 * 2 * 2 * 2 * 3 * 4 * 4 * 2);
        const results = await assess(all);
        const resultOf = new Map(all.map((facts, i) => [keyOf(facts), results[i]!]));
        const others = all.filter((facts) => answerOf(resultOf.get(keyOf(facts))!) !== answerOf(expected(facts)));
        expect(others.map(keyOf), "decided otherwise than the table says").to.deep.equal([]);

        let steps = 0;
        const better: string[] = [];
        for (const facts of all) {
          const before = resultOf.get(keyOf(facts))!;
          for (const [name, values] of Object.entries(domainOf(gap))) {
            const next = (values as unknown[])[(values as unknown[]).indexOf(facts[name as keyof Facts]) + 1];
            if (next === undefined) continue;
            steps++;
            const after = resultOf.get(keyOf({ ...facts, [name]: next }))!;
            const isBetter =
              after.status < before.status ||
              after.exitStatus < before.exitStatus ||
              Number(after.outage) < Number(before.outage);
            if (isBetter) better.push(`${name} of ${keyOf(facts)} becomes ${String(next)}`);
          }
        }
        expect(better, "what is worse makes better").to.deep.equal([]);
        // Of n values a member has n - 1 steps, in each combination of the others.
        const share = 6 / 7 + 1 / 2 + 1 / 2 + 1 / 2 + 2 / 3 + 3 / 4 + 3 / 4 + 1 / 2;
        expect(steps).to.equal(Math.round(all.length * share));
      });
    }

    it("SG-12: a smaller gap makes nothing better", async () => {
      const facts = enumerate(GAPS[1]!).filter(({ openDiverged, openHalted }) => openDiverged < 2n && openHalted < 2n);
      const before = await assess(facts);
      const after = await assess(facts.map((it) => ({ ...it, gap: GAPS[0]! })));
      for (const [i, { status, exitStatus }] of after.entries())
        expect(status >= before[i]!.status && exitStatus >= before[i]!.exitStatus, keyOf(facts[i]!)).to.equal(true);
    });

    it("SG-7: exits are judged by the status, but as in Diverged where Halted closes them no longer, and never better", async () => {
      const seen = new Set<string>();
      for (const { status, exitStatus } of await assess(enumerate(GAPS[1]!)))
        seen.add(`${STATUS_NAMES[status]} ${STATUS_NAMES[exitStatus]}`);
      const pairs = [...STATUS_NAMES.map((name) => `${name} ${name}`), "Halted Diverged"];
      expect([...seen].sort()).to.deep.equal(pairs.sort());
    });

    /** All pairs of thresholds that an action may have. */
    async function soundPairs(action: ActionName): Promise<bigint[]> {
      const shift = BigInt(6 * ACTION[action]);
      const others = packed(STANDARD_TABLE) & ~(63n << shift);
      const sound: bigint[] = [];
      for (let bits = 0n; bits < 64n; bits++) {
        const policy = others | (bits << shift);
        if ((await harness.send("requireSound", [policy])).revertData === undefined) sound.push(policy);
      }
      return sound;
    }

    it("SG-6, SG-12: under whatever is accepted of an action a worse status allows no more, and no exit is closed below Halted", async () => {
      const assessments = STATUS_NAMES.map((name) => ({ status: STATUS[name], exitStatus: STATUS[name] as number }));
      assessments.push({ status: STATUS.Halted, exitStatus: STATUS.Diverged });
      // There are 15 with 1 <= allowBelow <= openBelow <= 5. Exits have openBelow of 4 or 5. Increase and Withdraw have
      // one of at most 3. Liquidate has one of at least 3, and allowBelow of at most 3.
      const counts = {
        Increase: 6,
        Withdraw: 6,
        Deposit: 9,
        Settle: 15,
        Fund: 15,
        Liquidate: 9,
        Decrease: 9,
        Cancel: 9,
      };
      for (const action of ACTION_NAMES) {
        const policies = await soundPairs(action);
        expect(policies, action).to.have.length(counts[action]);
        const isExit = EXITS.includes(action as never);
        expect(await harness.do("isExit", [ACTION[action]])).to.deep.equal([isExit]);
        for (const policy of policies) {
          const [verdicts] = (await harness.do("verdictsOf", [policy, ACTION[action]])) as [bigint[]];
          const what = `${action}, ${policy.toString(8)}`;
          const answers = assessments.map(({ status, exitStatus }) => ({
            status,
            exitStatus,
            verdict: Number(verdicts[isExit ? exitStatus : status]),
          }));
          for (const { status, exitStatus, verdict } of answers) {
            if (status === STATUS.Synced) expect(verdict, what).to.equal(VERDICT.Allow);
            if (isExit && exitStatus < STATUS.Halted) expect(verdict, what).to.not.equal(VERDICT.Deny);
            if (isExit) continue;
            if (status >= STATUS.Diverged && ["Increase", "Withdraw"].includes(action))
              expect(verdict, what).to.equal(VERDICT.Deny);
            if (status >= STATUS.Diverged && action === "Liquidate") expect(verdict, what).to.not.equal(VERDICT.Allow);
          }
          for (const worse of answers)
            for (const better of answers.filter(({ status }) => status < worse.status))
              expect(worse.verdict, what).to.be.at.most(better.verdict);
        }
      }
    });

    describe("deadlines", () => {
      const [GREATEST_TIME, GREATEST] = [(2n ** 48n - 1n) / 1_000n, 2n ** 40n - 1n];
      /** Seconds: none, one, spans of a configuration at their bounds, five times the longest, twice the delay of two days. */
      const LENGTHS = [0, 1, 54, 600, 14_400, 86_400, 345_600, 604_800, 5 * 604_800];
      /** Milliseconds: the bounds, and a few chains. */
      const BLOCK_TIMES = [1, 250, 2_500, 13_500, 65_000];
      const STARTS = [
        { time: 0n, number: 0n },
        { time: 1_800_000_000n, number: 20_000_000n },
        { time: GREATEST_TIME, number: GREATEST },
      ];
      type Clock = (typeof STARTS)[number];

      const passed = async (deadline: unknown, moments: Clock[], length: number): Promise<boolean[]> =>
        ((await harness.do("hasPassed", [deadline, moments, length])) as [boolean[]])[0];

      it("SG-7, A12: each span passes in time AND blocks, or by the clock alone at four times its length, and at no other moment", async () => {
        let checked = 0;
        for (const start of STARTS) {
          for (const length of LENGTHS) {
            for (const longest of BLOCK_TIMES) {
              const count = (BigInt(length) * 1_000n) / BigInt(longest);
              const end = start.number + count > GREATEST ? GREATEST : start.number + count;
              const [deadline, time, number] = await harness.do("from", [start, length, longest]);
              expect([time, number]).to.deep.equal([start.time + BigInt(length), end]);
              const span = BigInt(length);
              const at = [0n, span - 1n, span, span + 1n, 4n * span - 1n, 4n * span, 4n * span + 1n, 40n * span];
              const heights = [0n, start.number, end - 1n, end, end + 1n, 2n ** 64n - 1n];
              const moments = at
                .flatMap((seconds) => heights.map((height) => ({ time: start.time + seconds, number: height })))
                .filter((moment) => moment.time >= 0n && moment.number >= 0n);
              const results = await passed(deadline, moments, length);
              for (const [i, moment] of moments.entries()) {
                const elapsed = moment.time - start.time;
                const wanted = elapsed >= 4n * span || (elapsed >= span && moment.number >= end);
                expect(results[i], `${length} s, ${longest} ms, ${elapsed} s, ${moment.number}`).to.equal(wanted);
                checked++;
              }
            }
          }
        }
        expect(checked).to.be.at.least(3 * 9 * 5 * 40);
      });

      it("zero has passed, whatever its span", async () => {
        for (const length of LENGTHS) expect(await passed(0, [STARTS[1]!], length), `${length}`).to.deep.equal([true]);
      });

      it("the later of two has passed when both have, and by four times the longer span after the later beginning", async () => {
        const start = STARTS[1]!;
        for (const a of LENGTHS) {
          for (const b of LENGTHS) {
            for (const shift of [0n, BigInt(a) / 2n, 2n * BigInt(a)]) {
              const second = { time: start.time + shift, number: start.number + shift / 12n };
              const [first] = await harness.do("from", [start, a, 13_500]);
              const [next] = await harness.do("from", [second, b, 13_500]);
              const [both] = await harness.do("later", [first, next]);
              const parts = [first, next].map((it) => [(it as bigint) % 2n ** 40n, (it as bigint) >> 40n] as const);
              const [time, number] = [0, 1].map((i) => (parts[0]![i]! > parts[1]![i]! ? parts[0]![i]! : parts[1]![i]!));
              expect(both, `${a}, ${b}, ${shift}`).to.equal(time! | (number! << 40n));
              const longer = Math.max(a, b);
              const end = { time: second.time + 4n * BigInt(longer), number: 0n };
              const moments = [0, a, b, a + b, 4 * a, 4 * b].map((seconds) => ({
                time: second.time + BigInt(seconds),
                number: second.number + BigInt(Math.floor(seconds / 12)),
              }));
              const results = await passed(both, [...moments, end], longer);
              const [one, other] = [await passed(first, moments, longer), await passed(next, moments, longer)];
              for (const i of moments.keys())
                if (results[i]) expect(one[i]! && other[i]!, `${a}, ${b}, ${shift}`).to.equal(true);
              expect(results.at(-1), `${a}, ${b}, ${shift}`).to.equal(true);
            }
          }
        }
      });

      it("SG-7: two spans together end by the clock alone when the later of them does, up to 2 s after", async () => {
        const start = STARTS[1]!;
        for (const [a, b] of [86_400, 600, 54, 604_800].flatMap((one) =>
          LENGTHS.map((other) => [one, other] as const),
        )) {
          for (const shift of [0, 1, a / 2, a, 4 * a - 1]) {
            const second = { time: start.time + BigInt(shift), number: start.number };
            const [first] = await harness.do("from", [start, a, 13_500]);
            const [next] = await harness.do("from", [second, b, 13_500]);
            const [both, span] = (await harness.do("joined", [next, b, first, a])) as [bigint, bigint];
            const alone = start.time + BigInt(Math.max(4 * a, shift + 4 * b));
            const moments = [-1n, 2n].map((more) => ({ time: alone + more, number: 0n }));
            const what = `${a} s, and ${b} s after ${shift} s`;
            expect(await passed(both, moments, Number(span)), what).to.deep.equal([false, true]);
            const ends = [start.time + BigInt(a), second.time + BigInt(b)].sort((x, y) => (x < y ? -1 : 1));
            const end = { time: ends[1]!, number: 2n ** 64n };
            expect(await passed(both, [{ ...end, time: end.time - 1n }, end], Number(span)), what).to.deep.equal([
              false,
              true,
            ]);
          }
        }
      });

      it("A15: a part of a deadline beyond 40 bits is the greatest, and leaves the other alone", async () => {
        const most = 2n ** 40n - 1n;
        for (const [time, number] of [
          [most, 7n],
          [7n, most],
          [most, most],
        ] as const) {
          const wanted = [time === most ? most : time + 2n, number === most ? most : number + 2n];
          const [deadline, ...parts] = await harness.do("from", [{ time, number }, 2, 1_000]);
          expect(parts).to.deep.equal(wanted);
          expect(deadline).to.equal(wanted[0]! | (wanted[1]! << 40n));
        }
      });

      it("A12: the end of another span is that span after it, in seconds and in blocks", async () => {
        for (const length of LENGTHS) {
          for (const longest of BLOCK_TIMES) {
            const [deadline, time, number] = (await harness.do("from", [STARTS[1], 600, longest])) as bigint[];
            const count = (BigInt(length) * 1_000n) / BigInt(longest);
            const wanted = (time! + BigInt(length)) | ((number! + count) << 40n);
            expect(await harness.do("plus", [deadline, length, longest])).to.deep.equal([wanted]);
          }
        }
      });
    });
  });
}
