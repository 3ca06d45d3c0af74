import { expect } from "chai";

import { BUILDS } from "../../tools/compile.js";
import { bring, CONFIG, scopeNamed, STATUS, World, type Target } from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");

for (const build of BUILDS) {
  describe(`a callback in the midst of a trade (${build.name})`, () => {
    let world: World;
    let market: Target;
    let trader: Target;

    beforeEach(async () => {
      world = await World.create(build);
      market = await world.deploy("CallbackTarget");
      trader = await world.deploy("NestingTrader", [market.address]);
      await market.do("configure", [SCOPE, CONFIG]);
      await market.do("give", [trader.address, 10]);
      await bring(market, SCOPE, "Stale");
    });

    const position = async (): Promise<unknown> => (await market.do("positionOf", [trader.address]))[0];

    it("A16: a trade that is written before anybody is called cannot be nested into an opening", async () => {
      await market.refuses("ActionDenied", [SCOPE, 0, STATUS.Stale], "tradeWritingFirst", [SCOPE, 1]);
      // The first closes; the next, from within, would open the other side.
      const { revertData } = await trader.send("trade", [SCOPE, -10, 4, true]);
      expect(market.errorOf(revertData ?? "0x")).to.deep.equal({
        name: "ActionDenied",
        args: [SCOPE, 0n, BigInt(STATUS.Stale)],
      });
      expect(await position()).to.equal(10n);
      await trader.do("trade", [SCOPE, -4, 2, true]);
      expect(await position(), "what only decreases goes through").to.equal(2n);
    });

    it("A16: why: where the callback comes first, four nested decreases of 10 turn 10 into -30", async () => {
      await trader.do("trade", [SCOPE, -10, 4, false]);
      expect(await position()).to.equal(-30n);
    });
  });
}
