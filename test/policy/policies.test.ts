import { expect } from "chai";
import fc from "fast-check";

import { BUILDS } from "../../tools/compile.js";
import { announced } from "../../tools/random.js";
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
import { packed, STANDARD_TABLE, STRICT_TABLE, type Table } from "../../tools/policy/tables.js";

const RUNS = { numRuns: process.env["HEAVY"] === undefined ? 60 : 1_000 };
const MIN = -(2n ** 255n);
const MAX = 2n ** 255n - 1n;

/** Six bits of an action, written out: bits(allowBelow, openBelow). */
const bits = (action: ActionName, allowBelow: number, openBelow: number): bigint =>
  BigInt(allowBelow | (openBelow << 3)) << BigInt(6 * ACTION[action]);
const STANDARD = packed(STANDARD_TABLE);
/** The standard policy with other bits for one action. */
const withBits = (action: ActionName, allowBelow: number, openBelow: number): bigint =>
  (STANDARD & ~bits(action, 7, 7)) | bits(action, allowBelow, openBelow);

const numbers = (table: Table): number[][] => ACTION_NAMES.map((action) => table[action].map((cell) => VERDICT[cell]));

for (const build of BUILDS) {
  describe(`Policies (${build.name})`, () => {
    let library: Target;

    before(async () => {
      library = await (await World.create(build)).deploy("PoliciesHarness", []);
    });

    for (const [name, table] of Object.entries({ standard: STANDARD_TABLE, strict: STRICT_TABLE })) {
      it(`packs the ${name} table, finds each cell again, and accepts it`, async () => {
        const [policy] = await library.do("pack", [numbers(table)]);
        expect(policy).to.equal(packed(table));
        expect((await library.do("tableOf", [policy]))[0]).to.deep.equal(numbers(table).map((row) => row.map(BigInt)));
        await library.do("requireSound", [policy]);
      });
    }

    it("the standard policy is the table in its documentation", async () => {
      expect(await library.do("standard", [])).to.deep.equal([STANDARD]);
    });

    it("SG-12: refuses every table in which one cell allows more than the one before it, with the cell", async () => {
      let refused = 0;
      for (const [action, name] of ACTION_NAMES.entries()) {
        for (let status = 1; status < STATUS_NAMES.length; status++) {
          for (const [before, cell] of [
            [VERDICT.Deny, VERDICT.AllowConservative],
            [VERDICT.Deny, VERDICT.Allow],
            [VERDICT.AllowConservative, VERDICT.Allow],
          ]) {
            const table = numbers(STANDARD_TABLE);
            table[action] = table[action]!.map((_, i) =>
              i < status - 1 ? VERDICT.Allow : i === status ? cell! : before!,
            );
            await library.refuses("PolicyNotMonotone", [ACTION[name], status], "pack", [table]);
            refused++;
          }
        }
      }
      expect(refused).to.equal(8 * 4 * 3);
    });

    it("SG-12: of random tables packs just the monotone ones, each cell comes back, and a worse status never allows more", async () => {
      const cell = fc.integer({ min: 0, max: 2 });
      const row = fc.oneof(
        fc.array(cell, { minLength: 5, maxLength: 5 }),
        fc.array(cell, { minLength: 5, maxLength: 5 }).map((cells) => cells.sort((a, b) => b - a)),
      );
      const descending = fc.array(cell, { minLength: 5, maxLength: 5 }).map((cells) => cells.sort((a, b) => b - a));
      const table = fc.oneof(
        fc.array(row, { minLength: 8, maxLength: 8 }),
        fc.array(descending, { minLength: 8, maxLength: 8 }),
      );
      await fc.assert(
        fc.asyncProperty(table, async (cells) => {
          const violation = cells
            .flatMap((verdicts, action) => verdicts.map((verdict, status) => ({ verdicts, action, verdict, status })))
            .find(({ verdicts, verdict, status }) => status > 0 && verdict > verdicts[status - 1]!);
          const { values, revertData } = await library.send("pack", [cells]);
          if (violation !== undefined) {
            const { action, status } = violation;
            expect(library.errorOf(revertData!)).to.deep.equal({
              name: "PolicyNotMonotone",
              args: [BigInt(action), BigInt(status)],
            });
            return;
          }
          expect((await library.do("tableOf", values))[0]).to.deep.equal(cells.map((verdicts) => verdicts.map(BigInt)));
        }),
        { ...RUNS, seed: announced().seed },
      );
    });

    it("SG-12: no 48 bits at all are a policy in which a worse status allows more", async () => {
      await fc.assert(
        fc.asyncProperty(fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }), async (policy) => {
          const table = (await library.do("tableOf", [policy]))[0] as bigint[][];
          for (const verdicts of table)
            expect(verdicts).to.deep.equal([...verdicts].sort((a, b) => Number(b) - Number(a)));
        }),
        { ...RUNS, seed: announced().seed },
      );
    });

    it("SG-2: refuses bits that no table has, each with the action", async () => {
      for (const action of ACTION_NAMES) {
        for (const [allowBelow, openBelow] of [
          [1, 6],
          [1, 7],
          [6, 6],
          [7, 7],
          [2, 1],
          [5, 0],
          [7, 5],
        ]) {
          const policy = withBits(action, allowBelow!, openBelow!);
          await library.refuses("PolicyMalformed", [ACTION[action]], "requireSound", [policy]);
        }
      }
    });

    it("SG-8: refuses a policy that does not allow an action where nothing is wrong", async () => {
      for (const action of ACTION_NAMES) {
        for (let openBelow = 0; openBelow <= 5; openBelow++)
          await library.refuses("PolicyBlocksSynced", [ACTION[action]], "requireSound", [
            withBits(action, 0, openBelow),
          ]);
      }
      await library.refuses("PolicyBlocksSynced", [ACTION.Increase], "requireSound", [0]);
    });

    it("SG-6: refuses a policy that closes an exit below Halted, or deep liquidations below Diverged", async () => {
      for (const action of EXITS) {
        for (let openBelow = 1; openBelow <= 3; openBelow++)
          await library.refuses("PolicyClosesExit", [ACTION[action]], "requireSound", [withBits(action, 1, openBelow)]);
        for (const openBelow of [4, 5]) await library.do("requireSound", [withBits(action, 1, openBelow)]);
      }
      for (const openBelow of [1, 2])
        await library.refuses("PolicyClosesExit", [ACTION.Liquidate], "requireSound", [
          withBits("Liquidate", 1, openBelow),
        ]);
      for (const openBelow of [3, 4, 5]) await library.do("requireSound", [withBits("Liquidate", 1, openBelow)]);
    });

    it("SG-7: refuses a policy that opens Increase or Withdraw in Diverged, or allows a liquidation there without a second look", async () => {
      for (const action of ["Increase", "Withdraw"] as const) {
        for (const openBelow of [4, 5])
          for (const allowBelow of [1, openBelow])
            await library.refuses("PolicyIgnoresDivergence", [ACTION[action]], "requireSound", [
              withBits(action, allowBelow, openBelow),
            ]);
        await library.do("requireSound", [withBits(action, 3, 3)]);
      }
      for (const allowBelow of [4, 5])
        await library.refuses("PolicyIgnoresDivergence", [ACTION.Liquidate], "requireSound", [
          withBits("Liquidate", allowBelow, 5),
        ]);
      await library.do("requireSound", [withBits("Liquidate", 3, 5)]);
    });

    it("SG-2: refuses random bits just where one of the five rules is broken", async () => {
      const threshold = fc.integer({ min: 0, max: 7 });
      const action = fc.constantFrom(...ACTION_NAMES);
      await fc.assert(
        fc.asyncProperty(action, threshold, threshold, async (name, allowBelow, openBelow) => {
          const { revertData } = await library.send("requireSound", [withBits(name, allowBelow, openBelow)]);
          expect(revertData === undefined, `${name} ${allowBelow} ${openBelow}`).to.equal(
            isSound(name, allowBelow, openBelow),
          );
        }),
        { ...RUNS, seed: announced().seed },
      );
    });

    it("knows the exits: Deposit, Decrease and Cancel", async () => {
      for (const action of ACTION_NAMES)
        expect(await library.do("isExit", [ACTION[action]]), action).to.deep.equal([EXITS.includes(action as never)]);
    });

    it("classifies a trade as a formula over the new position does, extremes included", async () => {
      const edges = [MIN, MIN + 1n, -(2n ** 254n), -2n, -1n, 0n, 1n, 2n, 2n ** 254n, MAX - 1n, MAX];
      for (const position of edges) {
        for (const size of edges) {
          const what = `${position} ${size}`;
          expect(await library.do("classify", [position, size]), what).to.deep.equal([
            BigInt(expected(position, size)),
          ]);
        }
      }
      const any = fc.oneof(fc.bigInt({ min: MIN, max: MAX }), fc.bigInt({ min: -8n, max: 8n }));
      const trade = fc.oneof(
        fc.tuple(any, any),
        // Around the flip through zero.
        fc.tuple(any, fc.bigInt({ min: -2n, max: 2n })).map(([p, d]): [bigint, bigint] => [p, clamp(d - p)]),
      );
      await fc.assert(
        fc.asyncProperty(trade, async ([position, size]) => {
          expect(await library.do("classify", [position, size])).to.deep.equal([BigInt(expected(position, size))]);
        }),
        { ...RUNS, seed: announced().seed },
      );
    });

    it("a flip through zero is an Increase, whatever is left", async () => {
      for (const position of [1n, 1_000n, 2n ** 253n]) {
        for (const over of [1n, position, 2n * position]) {
          const size = -(position + over);
          expect(await library.do("classify", [position, size])).to.deep.equal([BigInt(ACTION.Increase)]);
          expect(await library.do("classify", [-position, -size])).to.deep.equal([BigInt(ACTION.Increase)]);
        }
        expect(await library.do("classify", [position, -position])).to.deep.equal([BigInt(ACTION.Decrease)]);
      }
    });
  });
}

/** The rules of `requireSound`, as verdicts rather than as thresholds. */
function isSound(action: ActionName, allowBelow: number, openBelow: number): boolean {
  if (openBelow > 5 || allowBelow > openBelow) return false;
  const cell = (status: keyof typeof STATUS): number =>
    STATUS[status] < allowBelow ? VERDICT.Allow : STATUS[status] < openBelow ? VERDICT.AllowConservative : VERDICT.Deny;
  if (cell("Synced") !== VERDICT.Allow) return false;
  if (EXITS.includes(action as never)) return cell("Diverged") !== VERDICT.Deny;
  if (action === "Liquidate") return cell("Stale") !== VERDICT.Deny && cell("Diverged") !== VERDICT.Allow;
  return !(action === "Increase" || action === "Withdraw") || cell("Diverged") === VERDICT.Deny;
}

/**
 * Same side and no larger is a decrease. That is the rule of exchanges that compare the position after the trade with
 * the one before.
 */
function expected(position: bigint, size: bigint): number {
  const after = position + size;
  const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
  const sameSide = after === 0n || after > 0n === position > 0n;
  if (size === 0n) return ACTION.Decrease;
  return position !== 0n && sameSide && magnitude(after) <= magnitude(position) ? ACTION.Decrease : ACTION.Increase;
}

function clamp(value: bigint): bigint {
  return value < MIN ? MIN : value > MAX ? MAX : value;
}
