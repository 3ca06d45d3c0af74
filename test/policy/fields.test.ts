import { expect } from "chai";

import { BUILDS } from "../../tools/compile.js";
import {
  ACTION,
  bring,
  CONFIG,
  hashOf,
  PAUSER,
  scopeNamed,
  STATUS,
  World,
  type Config,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
/** STANDARD, but Withdraw is closed in Lagging: of its six bits both thresholds are 1. */
const CAUTIOUS = (CONFIG.policy & ~(63n << 6n)) | (0o11n << 6n);

/** The errors of a call, by name; "done" where it has none. */
async function outcomeOf(target: Target, method: string, args: readonly unknown[]): Promise<string> {
  const { revertData } = await target.try(method, args);
  if (revertData === undefined) return "done";
  const error = target.errorOf(revertData);
  return typeof error === "string" ? error : error.name;
}

/** Acts on an anchor that lies so deep. */
const actAtDepth =
  (depth: bigint) =>
  (target: Target): Promise<string> => {
    const number = target.world.number - depth;
    return outcomeOf(target, "actAt", [SCOPE, ACTION.Increase, { number, hash: hashOf(number) }]);
  };

/** After an outage on record and so many seconds of healthy blocks. */
const statusAfterOutage =
  (seconds: number) =>
  async (target: Target): Promise<string> => {
    target.world.pass(CONFIG.gap + 60, 0);
    await target.do("poke", [SCOPE]);
    target.world.pass(seconds);
    return (await target.statusOf(SCOPE)).status;
  };

const configured = (): Promise<string> => Promise.resolve("configured");

interface Change {
  to: Config[keyof Config];
  /** What is asked, and what it answers under `CONFIG` and under the change. */
  ask: (target: Target) => Promise<string>;
  answers: readonly [string, string];
}

/** For each member of a configuration, a change that a contract answers to; or that it refuses, naming the member. */
const CHANGES: Record<keyof Config, Change> = {
  policy: {
    to: CAUTIOUS,
    ask: async (target) => {
      await target.do("pauseScope", [SCOPE, STATUS.Lagging, 60], PAUSER);
      return outcomeOf(target, "act", [SCOPE, ACTION.Withdraw]);
    },
    answers: ["done", "ActionDenied"],
  },
  parent: { to: scopeNamed("exchange"), ask: configured, answers: ["configured", "ParentMismatch"] },
  minDepth: { to: 3, ask: actAtDepth(2n), answers: ["done", "AnchorTooShallow"] },
  maxAge: { to: 8, ask: actAtDepth(9n), answers: ["done", "AnchorTooDeep"] },
  // 255 blocks of 12 s are 3,060 s.
  keeperLatency: { to: 3_061, ask: configured, answers: ["configured", "ConfigOutOfBounds"] },
  gap: {
    to: 1_000,
    ask: async (target) => {
      target.world.pass(950, 0);
      return (await target.statusOf(SCOPE)).status;
    },
    answers: ["Stale", "Synced"],
  },
  staleFor: { to: 700, ask: statusAfterOutage(650), answers: ["Lagging", "Stale"] },
  graceFor: { to: 700, ask: statusAfterOutage(1_250), answers: ["Synced", "Lagging"] },
  exitsFor: {
    to: 7_200,
    ask: async (target) => {
      await bring(target, SCOPE, "Halted");
      target.world.pass(5_000);
      return outcomeOf(target, "ask", [SCOPE, ACTION.Decrease]);
    },
    answers: ["done", "ActionDenied"],
  },
  // The longest, 13,500 ms, is more than 125 % of it.
  blockTime: { to: 10_000, ask: configured, answers: ["configured", "ConfigOutOfBounds"] },
  longestBlockTime: {
    to: 15_000,
    // 700 blocks that took 15 s each: 1.5 s of each are unaccounted for at 13.5.
    ask: async (target) => {
      target.world.pass(700 * 15, 700);
      return (await target.statusOf(SCOPE)).status;
    },
    answers: ["Stale", "Synced"],
  },
};

for (const build of BUILDS) {
  describe(`the members of a configuration (${build.name})`, () => {
    for (const [member, { to, ask, answers }] of Object.entries(CHANGES))
      it(`SG-18, F6: ${member} is enforced: a contract answers to a change of it`, async () => {
        const [usual, changed] = await Promise.all(
          [CONFIG, { ...CONFIG, [member]: to }].map(async (config) => {
            const target = await (await World.create(build)).deploy("PolicyTarget");
            const refusal = await outcomeOf(target, "configure", [SCOPE, config]);
            if (refusal !== "done") return refusal;
            await target.do("configure", [SCOPE, config]);
            return ask(target);
          }),
        );
        expect([usual, changed]).to.deep.equal(answers);
      });

    it("SG-18, F6: the depths of a scope bound what a message signs beside its anchor, in views as well", async () => {
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, { ...CONFIG, minDepth: 2, maxAge: 64 }]);
      const anchorAt = (depth: bigint) => ({ number: world.number - depth, hash: hashOf(world.number - depth) });
      for (const [depth, signed, error] of [
        [1n, 10n, "AnchorTooShallow"],
        [2n, 10n, "done"],
        [10n, 10n, "done"],
        [11n, 10n, "AnchorTooDeep"],
        [64n, 64n, "done"],
        [64n, 100n, "done"],
        [65n, 100n, "AnchorTooDeep"],
        [65n, 2n ** 64n - 1n, "AnchorTooDeep"],
      ] as const)
        expect(
          await outcomeOf(target, "requireAnchorOf", [SCOPE, anchorAt(depth), signed]),
          `${depth} of ${signed}`,
        ).to.equal(error);
      const unknown = scopeNamed("unknown");
      await target.refuses("ScopeUnknown", [unknown], "requireAnchorOf", [unknown, anchorAt(2n), 10n]);
      // The same age holds for what the policy believes of a pin.
      expect(await target.words("maxAgeOf", [BigInt(SCOPE)])).to.deep.equal([64n]);
      await target.refuses("ScopeUnknown", [unknown], "maxAgeOf", [unknown]);
    });
  });
}
