import { expect } from "chai";
import { toBeHex } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { ACTION, CONFIG, scopeNamed, SHARED_ENGINE, STATUS, World, type Config } from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
/** The usual time between two blocks of chains that are listed, in milliseconds, and a contract of their kind. */
const CHAINS: Record<number, readonly [blockTime: number, contract: string]> = {
  1: [12_000, "PolicyTarget"],
  11155111: [12_000, "PolicyTarget"],
  17000: [12_000, "PolicyTarget"],
  560048: [12_000, "PolicyTarget"],
  100: [5_000, "PolicyTarget"],
  137: [2_000, "PolicyTarget"],
  10: [2_000, "L1PolicyTarget"],
  11155420: [2_000, "L1PolicyTarget"],
  8453: [2_000, "L1PolicyTarget"],
  84532: [2_000, "L1PolicyTarget"],
  57073: [1_000, "L1PolicyTarget"],
  1301: [1_000, "L1PolicyTarget"],
  999999999: [2_000, "L1PolicyTarget"],
  42220: [1_000, "L1PolicyTarget"],
  10200: [5_000, "PolicyTarget"],
  80002: [2_000, "PolicyTarget"],
  56: [450, "PolicyTarget"],
  80094: [2_000, "PolicyTarget"],
  42161: [250, "ArbitrumPolicyTarget"],
};
/** Where nobody knows, or blocks come on demand, the bound is everybody's. */
const ANY = 52_000;
const DEVELOPMENT = [31_337, 1_337];

for (const build of BUILDS) {
  describe(`what is known of chains (${build.name})`, () => {
    const config = (blockTime: number): Config => ({
      ...CONFIG,
      blockTime,
      longestBlockTime: Math.floor(1.25 * blockTime),
    });

    it("SG-16: where blocks come on demand any kind of contract may be tried", async () => {
      for (const chainId of DEVELOPMENT) {
        const world = await World.create(build, chainId);
        for (const contract of ["PolicyTarget", "L1PolicyTarget", "ArbitrumPolicyTarget"]) {
          const refusal = await world.deploy(contract).then(() => "none", String);
          expect(refusal, `${contract} on ${chainId}`).to.equal("none");
        }
      }
    });

    it("SG-18, A11: on a listed chain the block time is at most the listed one", async () => {
      const asked = [
        ...Object.entries(CHAINS).map(([id, [blockTime, contract]]) => [Number(id), blockTime, contract] as const),
        ...[42_170, 421_614, 333_333].map((id) => [id, ANY, "ArbitrumPolicyTarget"] as const),
        ...DEVELOPMENT.map((id) => [id, ANY, "PolicyTarget"] as const),
      ];
      for (const [chainId, blockTime, contract] of asked) {
        const target = await (await World.create(build, chainId)).deploy(contract);
        const slow = { ...config(blockTime), blockTime: blockTime + 1 };
        const bounds = [scopeNamed("blockTime"), blockTime + 1, 1, blockTime];
        await target.refuses("ConfigOutOfBounds", bounds, "configure", [SCOPE, slow]);
        const usual = { ...config(blockTime), keeperLatency: 0 };
        await target.do("configure", [SCOPE, { ...usual, ...(blockTime === ANY ? { gap: 7_200 } : {}) }]);
      }
    });

    it("SG-18, A11: where the L1 origin shows continuity a gap is more than what is healthy, and less than what the chain allows itself", async () => {
      const target = await (await World.create(build, 8_453)).deploy("L1PolicyTarget");
      for (const gap of [723, 1_800])
        await target.refuses("ConfigOutOfBounds", [scopeNamed("gap"), gap, 724, 1_799], "configure", [
          SCOPE,
          { ...config(2_000), gap },
        ]);
      for (const gap of [724, 1_799])
        expect((await target.try("configure", [SCOPE, { ...config(2_000), gap }])).revertData).to.equal(undefined);
    });

    it("A10: nothing but a word of ArbSys is a height: neither the parent chain's nor two words", async () => {
      const world = await World.create(build, 42_161);
      const target = await world.deploy("ArbitrumPolicyTarget");
      const height = (value: number): Hex => toBeHex(value, 32) as Hex;
      // Below the parent chain's height, which would account for years.
      await world.setArbSys(height(1_000));
      await target.do("configure", [SCOPE, { ...config(240), maxAge: 8_191 }]);
      world.pass(CONFIG.gap);
      const two: Hex = `0x${height(1_000_000).slice(2)}${"00".repeat(32)}`;
      for (const [answer, status] of [
        [height(1_000_000), "Synced"],
        ["revert", "Stale"],
        [undefined, "Stale"],
        [two, "Stale"],
      ] as const) {
        await world.setArbSys(answer);
        expect((await target.statusOf(SCOPE)).status, answer ?? "no code").to.equal(status);
      }
    });

    it("SG-2: a guard whose engine is gone allows nothing in trouble", async () => {
      const world = await World.create(build);
      const engine = await world.deploy("PolicyEngine", []);
      await world.setCode(SHARED_ENGINE, await world.code(engine.address));
      const target = await world.deploy("SharedEngineTarget");
      await target.do("configure", [SCOPE, CONFIG]);
      await target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Halted, 1]);
      await world.setCode(SHARED_ENGINE, "0x");
      for (const [method, args] of [
        ["act", [SCOPE, ACTION.Increase]],
        ["liquidate", [SCOPE, 0, 0]],
        ["raise", [SCOPE, scopeNamed("other"), STATUS.Halted, 1]],
      ] as const)
        await target.refuses("EngineMissing", [SHARED_ENGINE], method, args);
    });
  });
}
