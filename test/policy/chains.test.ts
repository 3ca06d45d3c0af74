import { expect } from "chai";
import { getAddress, toBeHex } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import {
  ACTION,
  CONFIG,
  CONFIGURATOR,
  DAY,
  scopeNamed,
  SHARED_ENGINE,
  STATUS,
  Target,
  World,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
/** Continuity, as the contract numbers it. */
const [BLOCK_TIMES, L1_ORIGIN, ARBITRUM_CLOCK] = [1, 2, 3];
const [ETHEREUM, OP_MAINNET, GNOSIS, BASE, DEVELOPMENT] = [1, 10, 100, 8_453, 31_337];
const [ARBITRUM_ONE, ARBITRUM_NOVA, UNLISTED] = [42_161, 42_170, 999_999_937];
const ARBITRUM = { ...CONFIG, maxAge: 8_191, gap: 900, blockTime: 250, longestBlockTime: 312 };

for (const build of BUILDS) {
  describe(`the chain under a guard (${build.name})`, () => {
    it("SG-16, A10: the constructor refuses the continuity of another kind of chain, and a chain that nobody listed", async () => {
      for (const [name, chainId, error, values] of [
        ["PolicyTarget", OP_MAINNET, "ContinuityMismatch", [OP_MAINNET, L1_ORIGIN, BLOCK_TIMES]],
        ["PolicyTarget", BASE, "ContinuityMismatch", [BASE, L1_ORIGIN, BLOCK_TIMES]],
        ["PolicyTarget", ARBITRUM_ONE, "UnsupportedChain", [ARBITRUM_ONE]],
        ["PolicyTarget", UNLISTED, "UnsupportedChain", [UNLISTED]],
        ["L1PolicyTarget", ETHEREUM, "ContinuityMismatch", [ETHEREUM, BLOCK_TIMES, L1_ORIGIN]],
        ["ArbitrumPolicyTarget", ETHEREUM, "ContinuityMismatch", [ETHEREUM, BLOCK_TIMES, ARBITRUM_CLOCK]],
        ["ArbitrumPolicyTarget", OP_MAINNET, "ContinuityMismatch", [OP_MAINNET, L1_ORIGIN, ARBITRUM_CLOCK]],
      ] as const)
        await (await World.create(build, chainId)).refusesToDeploy(name, error, values);
      for (const [name, chainId] of [
        ["PolicyTarget", ETHEREUM],
        ["PolicyTarget", GNOSIS],
        ["PolicyTarget", DEVELOPMENT],
        ["L1PolicyTarget", OP_MAINNET],
        ["L1PolicyTarget", DEVELOPMENT],
        ["ArbitrumPolicyTarget", ARBITRUM_ONE],
        ["ArbitrumPolicyTarget", ARBITRUM_NOVA],
        ["ArbitrumPolicyTarget", DEVELOPMENT],
        // A contract that vouches for a chain which nobody listed says itself what shows continuity there.
        ["ArbitrumPolicyTarget", UNLISTED],
      ] as const)
        await (await World.create(build, chainId)).deploy(name);
    });

    it("SG-16, A21: code that got to a chain without its constructor gets no scope there, and allows nothing that needs one", async () => {
      const source = await World.create(build, DEVELOPMENT);
      const original = await source.deploy("PolicyTarget");
      for (const [chainId, error, values] of [
        [UNLISTED, "UnsupportedChain", [UNLISTED]],
        [OP_MAINNET, "ContinuityMismatch", [OP_MAINNET, L1_ORIGIN, BLOCK_TIMES]],
      ] as const) {
        const config = { ...CONFIG, blockTime: 2_000, longestBlockTime: 2_500 };
        const world = await source.onChain(chainId);
        const target = new Target(world, original.address, original.abi);
        await world.aside(async () => {
          await target.refuses(error, values, "configure", [SCOPE, config]);
          await target.do("scheduleScope", [SCOPE, config], CONFIGURATOR);
          world.pass(2 * DAY, DAY);
          await target.refuses(error, values, "applyScope", [SCOPE, config]);
          for (const action of [ACTION.Increase, ACTION.Deposit])
            await target.refuses("ScopeUnknown", [SCOPE], "act", [SCOPE, action]);
        });
      }
    });

    it("SG-16: a configuration that was announced on another kind of chain is not applied", async () => {
      const before = await World.create(build, ETHEREUM);
      const original = await before.deploy("PolicyTarget");
      await original.do("configure", [SCOPE, CONFIG]);
      await original.do("scheduleScope", [SCOPE, { ...CONFIG, gap: 800 }], CONFIGURATOR);
      const world = await before.onChain(OP_MAINNET);
      world.pass(2 * DAY);
      const target = new Target(world, original.address, original.abi);
      const mismatch = [OP_MAINNET, L1_ORIGIN, BLOCK_TIMES];
      await target.refuses("ContinuityMismatch", mismatch, "applyScope", [SCOPE, { ...CONFIG, gap: 800 }]);
    });

    it("SG-18, A11: on a listed chain a block time above the listed one, which would see less, is refused", async () => {
      const target = await (await World.create(build, ETHEREUM)).deploy("PolicyTarget");
      const slow = { ...CONFIG, blockTime: 12_001, longestBlockTime: 15_001 };
      const bounds = [scopeNamed("blockTime"), 12_001, 1, 12_000];
      await target.refuses("ConfigOutOfBounds", bounds, "configure", [SCOPE, slow]);
      // And a longest one that a healthy chain exceeds, whatever is said of the usual one.
      const tight = { ...CONFIG, blockTime: 11_000, longestBlockTime: 12_599 };
      const least = [scopeNamed("longestBlockTime"), 12_599, 12_600, 13_750];
      await target.refuses("ConfigOutOfBounds", least, "configure", [SCOPE, tight]);
      await target.do("configure", [SCOPE, { ...tight, longestBlockTime: 12_600 }]);
    });

    describe("on Arbitrum", () => {
      let world: World;
      let target: Target;

      /** The chain's own height; NUMBER stays the parent chain's. */
      const setHeight = async (height: bigint): Promise<void> => world.setArbSys(toBeHex(height, 32) as Hex);

      beforeEach(async () => {
        world = await World.create(build, ARBITRUM_ONE);
        target = await world.deploy("ArbitrumPolicyTarget");
        await setHeight(300_000_000n);
        await target.do("configure", [SCOPE, ARBITRUM]);
      });

      const status = async (): Promise<string> => (await target.statusOf(SCOPE)).status;

      it("A10: the chain's own blocks account for the time, and those of the parent chain do not", async () => {
        world.pass(1_000, 83);
        await setHeight(300_004_000n);
        expect(await status()).to.equal("Synced");
        await setHeight(300_000_320n); // of 0.312 s: 99.84 s of 1,000
        expect(await status()).to.equal("Stale");
        await setHeight(300_000_321n);
        expect(await status()).to.equal("Synced");
      });

      it("A10: no parent-chain height stands in where ArbSys does not answer: the time is unaccounted for, and nothing is forgiven after", async () => {
        for (const answer of ["revert", "0x", `0x${"00".repeat(31)}`, `0x${"00".repeat(64)}`, undefined] as const)
          await world.aside(async () => {
            const code = await world.code("0x0000000000000000000000000000000000000064");
            world.pass(899, 75);
            await world.setArbSys(answer);
            expect(await status(), String(answer)).to.equal("Synced");
            world.pass(1, 0);
            expect(await status(), String(answer)).to.equal("Stale");
            // The source that failed buys no credit: what is recorded meanwhile keeps the height.
            world.pass(-1, 0);
            await target.do("poke", [SCOPE]);
            await world.setCode("0x0000000000000000000000000000000000000064", code);
            await setHeight(300_000_001n);
            world.pass(1, 0);
            expect(await status(), `${String(answer)}, and back`).to.equal("Synced");
            world.pass(1, 0);
            expect(await status(), `${String(answer)}, and back`).to.equal("Stale");
          });
      });
    });
  });

  describe(`the engine behind a guard (${build.name})`, () => {
    it("SG-2: does nothing when it is called by itself, nor does a guard whose shared engine is not there", async () => {
      const world = await World.create(build);
      const engine = await world.deploy("PolicyEngine", []);
      for (const [method, args] of [
        ["poke", [SCOPE]],
        ["pauseScope", [SCOPE, STATUS.Stale, 60]],
        ["raise", [SCOPE, scopeNamed("cause"), STATUS.Halted, 1]],
        ["configure", [SCOPE, CONFIG]],
        ["recordCommitment", [SCOPE, 60]],
        ["enter", [SCOPE, ACTION.Increase, 1]],
      ] as const)
        await engine.refuses("EngineMissing", [getAddress(engine.address)], method, args);
      const deployed = await world.deploy("SharedEngineTarget").then(
        () => true,
        () => false,
      );
      expect(deployed, "without code at the engine's address").to.equal(false);
    });

    it("SG-2: a shared engine serves as one of its own does, in the storage of each guard", async () => {
      const world = await World.create(build);
      const engine = await world.deploy("PolicyEngine", []);
      await world.setCode(SHARED_ENGINE, await world.code(engine.address));
      const first = await world.deploy("SharedEngineTarget");
      const second = await world.deploy("SharedEngineTarget");
      for (const target of [first, second]) await target.do("configure", [SCOPE, CONFIG]);
      await first.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]);
      expect((await first.statusOf(SCOPE)).status).to.equal("Diverged");
      expect((await second.statusOf(SCOPE)).status).to.equal("Synced");
      // What is no engine is refused when the guard is deployed; what became none says so when it is asked.
      await world.setCode(SHARED_ENGINE, "0x5f5f5260205ff3"); // answers zero
      await world.refusesToDeploy("SharedEngineTarget", "EngineMissing", [SHARED_ENGINE]);
      await world.setCode(SHARED_ENGINE, "0x");
      await second.refuses("EngineMissing", [SHARED_ENGINE], "poke", [SCOPE]);
      await second.refuses("EngineMissing", [SHARED_ENGINE], "act", [scopeNamed("unknown"), ACTION.Deposit]);
    });

    it("SG-6: a function that is sent value asks the guard as any other, in trouble as well", async () => {
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
      const ask = async (action: number): Promise<unknown> => {
        const { values, revertData } = await world.call(target, CONFIGURATOR, "askPayable", [SCOPE, action], 5n);
        return revertData === undefined ? values : target.errorOf(revertData);
      };
      expect(await ask(ACTION.Increase)).to.deep.equal([2n, 2n]);
      await target.do("raise", [SCOPE, scopeNamed("cause"), STATUS.Diverged, 1]);
      expect(await ask(ACTION.Decrease)).to.deep.equal([1n, 1n]);
      expect(await ask(ACTION.Increase)).to.deep.equal({ name: "ActionDenied", args: [SCOPE, 0n, 3n] });
    });
  });
}
