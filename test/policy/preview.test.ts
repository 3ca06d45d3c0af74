import { expect } from "chai";
import fc from "fast-check";

import type { Hex } from "../../src/core/bytes.js";
import { announced } from "../../tools/random.js";
import { packed, STANDARD_TABLE, STRICT_TABLE } from "../../tools/policy/tables.js";
import {
  ACTION,
  configFor,
  CONFIG,
  CONFIGURATOR,
  DAY,
  FORMS,
  hashOf,
  PAUSER,
  scopeNamed,
  STATUS,
  VERDICT,
  World,
  type Config,
  type Target,
} from "../../tools/policy/world.js";

const SCOPES = ["exchange", "exchange/btc", "exchange/eth", "unknown", ""].map(scopeNamed);
const [EXCHANGE, BTC, ETH] = SCOPES as [Hex, Hex, Hex];
const CONFIGS: Config[] = [
  CONFIG,
  { ...CONFIG, policy: packed(STRICT_TABLE), gap: 108, staleFor: 54, graceFor: 54, exitsFor: 54 },
  { ...CONFIG, policy: packed(STANDARD_TABLE), gap: 7_200, staleFor: DAY, graceFor: 4 * 3_600, exitsFor: 7 * DAY },
];
const HEAVY = process.env["HEAVY"] !== undefined;
const RUNS = { numRuns: HEAVY ? 300 : 6 };

type Step = (target: Target) => Promise<unknown>;

const scope = fc.constantFrom(EXCHANGE, BTC, ETH);
const word = fc.constantFrom("a", "b").map(scopeNamed);
const evidence = fc.integer({ min: 0, max: 20 });
/** What happens: any of these may revert. */
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(0, 1, 12, 225, 899, 900, 3_600, DAY), fc.constantFrom(0, 12, 24)).map(
      ([seconds, blockTime]): Step =>
        (target) =>
          Promise.resolve(target.world.pass(seconds, blockTime === 0 ? 0 : Math.floor(seconds / blockTime))),
    ),
  },
  fc.tuple(scope, fc.integer({ min: 0, max: 7 })).map(
    ([s, action]): Step =>
      (target) =>
        target.send("ask", [s, action]),
  ),
  scope.map(
    (s): Step =>
      (target) =>
        target.send("poke", [s]),
  ),
  fc.tuple(scope, fc.integer({ min: 1, max: 2 }), fc.constantFrom(60, 3_600, DAY)).map(
    ([s, status, length]): Step =>
      (target) =>
        target.send("pauseScope", [s, status, length], PAUSER),
  ),
  fc.tuple(scope, word, fc.integer({ min: 3, max: 4 }), evidence).map(
    ([s, cause, status, at]): Step =>
      (target) =>
        target.send("raise", [s, cause, status, at]),
  ),
  fc.tuple(scope, word, evidence).map(
    ([s, cause, at]): Step =>
      (target) =>
        target.send("heal", [s, cause, at]),
  ),
  fc.tuple(scope, fc.constantFrom(...CONFIGS)).map(
    ([s, config]): Step =>
      (target) =>
        target.send("scheduleScope", [s, configFor(s, config)], CONFIGURATOR),
  ),
  fc.tuple(scope, fc.constantFrom(...CONFIGS)).map(
    ([s, config]): Step =>
      (target) =>
        target.send("applyScope", [s, configFor(s, config)]),
  ),
);

const poke: Step = (target) => target.send("poke", [EXCHANGE]);
const diverge: Step = (target) => target.send("raise", [BTC, scopeNamed("a"), STATUS.Diverged, 1]);

/** Anchors that hold and that do not, by how far they lie from the executing block. */
const anchor = fc
  .tuple(fc.constantFrom(-1n, 0n, 1n, 2n, 255n, 256n, 257n, 9_000n), fc.constantFrom("right", "wrong", "zero"))
  .map(([depth, kind]) => (target: Target): { number: bigint; hash: Hex } => {
    const number = target.world.number - depth;
    return {
      number,
      hash: kind === "right" ? hashOf(number) : kind === "wrong" ? scopeNamed("wrong") : scopeNamed(""),
    };
  });
interface Question {
  scope: Hex;
  action: number;
  anchor: (target: Target) => { number: bigint; hash: Hex };
  worst: bigint;
  best: bigint;
}
const question: fc.Arbitrary<Question> = fc.record({
  scope: fc.constantFrom(...SCOPES),
  action: fc.integer({ min: 0, max: 7 }),
  anchor,
  worst: fc.constantFrom(0n, 95n * 10n ** 16n, 10n ** 18n, 2n ** 256n - 1n),
  best: fc.constantFrom(0n, 95n * 10n ** 16n, 10n ** 18n, 2n ** 256n - 1n),
});

/** One history that always runs, and meets each verdict. */
const parent = (target: Target): { number: bigint; hash: Hex } => {
  const number = target.world.number - 1n;
  return { number, hash: hashOf(number) };
};
const EVERY_VERDICT: [Step, Question][] = (
  [
    [poke, BTC, ACTION.Increase],
    [diverge, BTC, ACTION.Decrease],
    [poke, BTC, ACTION.Increase],
  ] as const
).map(([run, it, action]) => [run, { scope: it, action, anchor: parent, worst: 0n, best: 0n }]);

for (const { name, build, wrap } of FORMS) {
  describe(`previews, ${name}`, () => {
    it("SG-14: never revert, and say what the call does, reason included, after anything that may have happened", async () => {
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget", undefined, wrap);
      for (const it of [EXCHANGE, BTC, ETH]) await target.do("configure", [it, configFor(it)]);
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(step, question), { minLength: 1, maxLength: 25 }), (steps) =>
          world.aside(async () => {
            for (const [run, asked] of steps) {
              await run(target);
              await expectAgreement(target, asked, seen);
              await expectRestrictionsTrue(target);
            }
          }),
        ),
        { ...RUNS, seed: announced().seed, examples: [[EVERY_VERDICT]] },
      );
      for (const [verdict, value] of Object.entries(VERDICT))
        expect(seen.get(String(value)) ?? 0, verdict).to.be.at.least(1);
    });

    it("SG-14: say what the call does where an anchor is too shallow, too deep, or of another chain", async () => {
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget", undefined, wrap);
      await target.do("configure", [EXCHANGE, { ...CONFIG, minDepth: 2, maxAge: 64 }]);
      const anchorAt = (depth: bigint, hash?: Hex) => {
        const number = world.number - depth;
        return { number, hash: hash ?? hashOf(number) };
      };
      for (const [at, error] of [
        [anchorAt(1n), "AnchorTooShallow"],
        [anchorAt(65n), "AnchorTooDeep"],
        [anchorAt(10n, scopeNamed("wrong")), "AnchorMismatch"],
        [anchorAt(10n, scopeNamed("")), "ZeroAnchorHash"],
      ] as const) {
        const [verdict, reason] = await target.do("previewAt", [EXCHANGE, ACTION.Deposit, at]);
        expect(verdict).to.equal(BigInt(VERDICT.Deny));
        expect(target.errorOf(reason as Hex)).to.have.property("name", error);
        expect((await target.try("actAt", [EXCHANGE, ACTION.Deposit, at])).revertData).to.equal(reason);
      }
      expect(await target.do("previewAt", [EXCHANGE, ACTION.Deposit, anchorAt(64n)])).to.deep.equal([2n, "0x"]);
    });
  });
}

/** What restricts the scope that has none above it: its status follows from it, and ends when it says. */
async function expectRestrictionsTrue(target: Target): Promise<void> {
  const { world } = target;
  for (const it of SCOPES) await target.do("restrictionsOf", [it]);
  const [now] = (await target.do("restrictionsOf", [EXCHANGE])) as [bigint[]];
  const [stale, lagging, paused, , , synced, , diverged, halted] = now as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]; // prettier-ignore
  const { status } = await target.statusOf(EXCHANGE);
  if (halted > 0n) expect(status).to.equal("Halted");
  else if (diverged > 0n) expect(status).to.equal("Diverged");
  else if (stale !== 0n) expect(status).to.equal("Stale");
  else if (lagging !== 0n || paused !== 0n) expect(status).to.be.oneOf(["Lagging", "Stale"]);
  else expect(status).to.equal("Synced");
  expect(synced !== 0n).to.equal(lagging !== 0n || paused !== 0n);
  if (synced === 0n || halted + diverged > 0n) return;

  const [time, number] = [synced % 2n ** 40n, synced >> 40n];
  const left = (moment: bigint, from: bigint): number => Math.max(0, Number(moment - from));
  for (const early of [true, false])
    await world.aside(async () => {
      await target.do("poke", [EXCHANGE]);
      const seconds = left(time, world.time);
      const blocks = left(number, world.number);
      // One second early; or, where only blocks are missing, one block. Else in time, with blocks for all of it.
      if (early && seconds === 0 && blocks === 0) return;
      if (early) world.pass(Math.max(0, seconds - 1), Math.max(seconds, seconds > 0 ? blocks : blocks - 1));
      else world.pass(seconds, Math.max(seconds, blocks));
      const then = (await target.statusOf(EXCHANGE)).status;
      if (early) expect(then, "a second or a block before").to.not.equal("Synced");
      else expect(then, "when it says").to.equal("Synced");
    });
}

async function expectAgreement(target: Target, asked: Question, seen: Map<string, number>): Promise<void> {
  const at = asked.anchor(target);
  for (const [suffix, args] of [
    ["", [asked.scope, asked.action]],
    ["At", [asked.scope, asked.action, at]],
  ] as const) {
    const [verdict, reason] = await target.do(`preview${suffix}`, args);
    const strict = await target.try(`act${suffix}`, args);
    const asking = await target.try(`ask${suffix}`, args);
    expect(reason).to.equal(strict.revertData ?? "0x");
    // `_guard` takes no liquidation: what it depends on is asked below.
    if (asked.action === ACTION.Liquidate) continue;
    if (asking.revertData === undefined) expect([verdict]).to.deep.equal(asking.values);
    else expect([verdict, reason]).to.deep.equal([0n, asking.revertData]);
    seen.set(String(verdict), (seen.get(String(verdict)) ?? 0) + 1);
  }
  const health = [asked.scope, asked.worst, asked.best];
  const { revertData } = await target.try("liquidate", health);
  expect(await target.do("previewLiquidation", health)).to.deep.equal([revertData === undefined, revertData ?? "0x"]);

  const poked = await target.try("poke", [asked.scope]);
  if (poked.revertData === undefined) expect((await target.do("statusOf", [asked.scope]))[0]).to.equal(poked.values[0]);
}
