import { expect } from "chai";
import fc from "fast-check";

import { BUILDS } from "../../tools/compile.js";
import { announced } from "../../tools/random.js";
import { packed, STANDARD_TABLE, STRICT_TABLE, type Table } from "../../tools/policy/tables.js";
import {
  ACTION,
  bring,
  CONFIG,
  hashOf,
  scopeNamed,
  STATUS,
  STATUS_NAMES,
  World,
  type StatusName,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
const ONE = 10n ** 18n;
const DEEP = 95n * 10n ** 16n;
const MAX = 2n ** 256n - 1n;
const EDGES = [0n, 1n, DEEP - 1n, DEEP, ONE - 1n, ONE, 2n * ONE, MAX];
const RUNS = { numRuns: process.env["HEAVY"] === undefined ? 15 : 1_000 };

/** What is promised, said apart from the contract: each status asks for all that the better one asks for. */
function mayLiquidate(table: Table, status: StatusName, worst: bigint, best: bigint): boolean {
  if (worst > best) return false;
  switch (table.Liquidate[STATUS[status]]) {
    case "Allow":
      return worst < ONE;
    case "AllowConservative":
      return worst < DEEP && (STATUS[status] < STATUS.Diverged || best < ONE);
    default:
      return false;
  }
}

for (const build of BUILDS) {
  for (const [policy, table] of Object.entries({ standard: STANDARD_TABLE, strict: STRICT_TABLE })) {
    describe(`liquidation under the ${policy} policy (${build.name})`, () => {
      let world: World;
      let target: Target;

      before(async () => {
        world = await World.create(build);
        target = await world.deploy("PolicyTarget");
        await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(table) }]);
      });

      /** The guard and its preview say the same, and that is what is expected. */
      async function expectLiquidation(status: StatusName, worst: bigint, best: bigint): Promise<boolean> {
        const allowed = mayLiquidate(table, status, worst, best);
        const { revertData } = await target.try("liquidate", [SCOPE, worst, best]);
        const what = `${status}, health from ${worst} to ${best}`;
        const denied = { name: "LiquidationDenied", args: [SCOPE, BigInt(STATUS[status]), worst, best] };
        expect(revertData && target.errorOf(revertData), what).to.deep.equal(allowed ? undefined : denied);
        expect(await target.do("previewLiquidation", [SCOPE, worst, best]), what).to.deep.equal([
          allowed,
          revertData ?? "0x",
        ]);
        return allowed;
      }

      for (const status of STATUS_NAMES) {
        it(`SG-6, SG-14: in ${status}, at every edge of the worst and the best view`, async () => {
          await world.aside(async () => {
            await bring(target, SCOPE, status);
            for (const worst of EDGES) for (const best of EDGES) await expectLiquidation(status, worst, best);
          });
        });
      }

      it("SG-6, A14: asked without the account's health, a liquidation is refused in every status: the verdict is not for the scope alone", async () => {
        for (const status of STATUS_NAMES) {
          await world.aside(async () => {
            await bring(target, SCOPE, status);
            const anchor = { number: world.number - 1n, hash: hashOf(world.number - 1n) };
            await target.refuses("LiquidationNeedsHealth", [SCOPE], "ask", [SCOPE, ACTION.Liquidate]);
            await target.refuses("LiquidationNeedsHealth", [SCOPE], "askAt", [SCOPE, ACTION.Liquidate, anchor]);
          });
        }
      });

      it("SG-6: a feed that says zero liquidates nobody from Diverged up, as long as another view disagrees", async () => {
        for (const status of ["Diverged", "Halted"] as const) {
          await world.aside(async () => {
            await bring(target, SCOPE, status);
            for (const best of [ONE, 2n * ONE, MAX]) expect(await expectLiquidation(status, 0n, best)).to.equal(false);
          });
        }
      });

      it("SG-12: what a worse status liquidates a better one does, at random healths", async () => {
        const health = fc.oneof(fc.bigInt({ min: 0n, max: 2n * ONE }), fc.constantFrom(...EDGES));
        await fc.assert(
          fc.asyncProperty(health, health, async (worst, best) => {
            const allowed: boolean[] = [];
            for (const status of STATUS_NAMES)
              await world.aside(async () => {
                await bring(target, SCOPE, status);
                allowed.push(await expectLiquidation(status, worst, best));
              });
            expect(allowed).to.deep.equal([...allowed].sort((a, b) => Number(b) - Number(a)));
          }),
          { ...RUNS, seed: announced().seed },
        );
      });
    });
  }
}
