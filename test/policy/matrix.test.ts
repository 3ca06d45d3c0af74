import { expect } from "chai";

import { packed, STANDARD_TABLE, STRICT_TABLE } from "../../tools/policy/tables.js";
import {
  ACTION,
  ACTION_NAMES,
  bring,
  CONFIG,
  EXITS,
  FORMS,
  hashOf,
  scopeNamed,
  STATUS,
  STATUS_NAMES,
  VERDICT,
  World,
  type ActionName,
  type StatusName,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");

for (const { name, build, wrap } of FORMS) {
  for (const [policy, table] of Object.entries({ standard: STANDARD_TABLE, strict: STRICT_TABLE })) {
    describe(`the matrix of the ${policy} policy, ${name}`, () => {
      let world: World;
      let target: Target;

      before(async () => {
        world = await World.create(build);
        target = await world.deploy("PolicyTarget", undefined, wrap);
        await target.do("configure", [SCOPE, { ...CONFIG, policy: packed(table) }]);
      });

      for (const status of STATUS_NAMES) {
        for (const action of ACTION_NAMES) {
          const cell = table[action][STATUS[status]]!;
          it(`SG-12, SG-14: ${action} in ${status} is ${cell}`, async () => {
            await world.aside(async () => {
              await bring(target, SCOPE, status);
              expect((await target.statusOf(SCOPE)).status).to.equal(status);
              await expectCell(target, action, status, VERDICT[cell]);
            });
          });
        }
      }
    });
  }
}

/** The modifier, the verdict, with an anchor and without, and their previews all say what the cell says. */
async function expectCell(target: Target, action: ActionName, status: StatusName, verdict: number): Promise<void> {
  const denied = { name: "ActionDenied", args: [SCOPE, BigInt(ACTION[action]), BigInt(STATUS[status])] };
  const number = target.world.number - 1n;
  const anchor = { number, hash: hashOf(number) };

  for (const [method, args] of [
    ["act", []],
    ["actAt", [anchor]],
    ["ask", []],
    ["askAt", [anchor]],
  ] as const) {
    const { values, revertData } = await target.try(method, [SCOPE, ACTION[action], ...args]);
    if (action === "Liquidate" && method.startsWith("ask")) {
      // It depends on the account's health, which no verdict of `_guard` asks for.
      const refusal = { name: "LiquidationNeedsHealth", args: [SCOPE] };
      expect(revertData && target.errorOf(revertData), `A14: ${method}`).to.deep.equal(refusal);
      continue;
    }
    const passes = method.startsWith("ask") ? verdict !== VERDICT.Deny : verdict === VERDICT.Allow;
    if (passes) {
      expect(revertData, method).to.equal(undefined);
      expect(values, method).to.deep.equal(method.startsWith("ask") ? [BigInt(verdict)] : []);
    } else {
      expect(revertData && target.errorOf(revertData), method).to.deep.equal(denied);
    }
  }

  for (const [method, args] of [
    ["preview", []],
    ["previewAt", [anchor]],
  ] as const) {
    const [previewed, reason] = await target.do(method, [SCOPE, ACTION[action], ...args]);
    expect(previewed, method).to.equal(BigInt(verdict));
    const data = reason as `0x${string}`;
    expect(data === "0x" ? "allowed" : target.errorOf(data), method).to.deep.equal(
      verdict === VERDICT.Allow ? "allowed" : denied,
    );
  }
  expect(EXITS.includes(action as never) && status !== "Halted" && verdict === VERDICT.Deny).to.equal(false);
}
