import { expect } from "chai";
import { id } from "ethers";

import { BUILDS } from "../helpers/compile.js";
import { CONFIG, scopeNamed, World } from "./helpers/world.js";

const selector = (signature: string): string => id(signature).slice(0, 10);
const MISMATCH = selector("ContinuityMismatch(uint256,uint8,uint8)");
const UNSUPPORTED = selector("UnsupportedChain(uint256)");

for (const build of BUILDS) {
  describe(`the chain under a guard (${build.name})`, () => {
    /** The selector that the constructor reverts with; undefined where it deploys. */
    async function refusal(name: string, chainId: number): Promise<string | undefined> {
      const world = await World.create(build, chainId);
      return world.deploy(name).then(
        () => undefined,
        (error: unknown) => /0x[0-9a-f]{8}/.exec(String(error))?.[0] ?? String(error),
      );
    }

    it("SG-16, A10: the constructor refuses the continuity of another kind of chain, and a chain that nobody listed", async () => {
      for (const [name, chainId, refused] of [
        ["PolicyTarget", 1, undefined],
        ["PolicyTarget", 100, undefined],
        ["PolicyTarget", 31_337, undefined],
        ["PolicyTarget", 10, MISMATCH],
        ["PolicyTarget", 8_453, MISMATCH],
        ["PolicyTarget", 42_161, UNSUPPORTED],
        ["PolicyTarget", 999_999_937, UNSUPPORTED],
        ["L1PolicyTarget", 10, undefined],
        ["L1PolicyTarget", 31_337, undefined],
        ["L1PolicyTarget", 1, MISMATCH],
      ] as const)
        expect(await refusal(name, chainId), `${name} on ${chainId}`).to.equal(refused);
    });

    it("SG-18, A11: on a listed chain a block time above the listed one, which would see less, is refused", async () => {
      const world = await World.create(build, 1);
      const target = await world.deploy("PolicyTarget");
      const scope = scopeNamed("market");
      const slow = { ...CONFIG, blockTime: 12_001, longestBlockTime: 15_001 };
      await target.refuses("ConfigOutOfBounds", [scopeNamed("blockTime"), 12_001, 1, 12_000], "configure", [
        scope,
        slow,
      ]);
      await target.do("configure", [scope, CONFIG]);
    });
  });
}
