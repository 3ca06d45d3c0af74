// #region test
import { expect, use } from "chai";
import { network } from "hardhat";
import { latestAnchor } from "settlement-guard";
import { settlementGuardMatchers } from "settlement-guard/chai";
import { hardhatForks, type HardhatChain } from "settlement-guard/hardhat";

import { scopes } from "../src/guard.js";
import { keep } from "../src/keeper.js";
import { signOrder } from "../src/orders.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const ORDER = { size: 5n, limitPrice: 2_000n, nonce: 0n, maxAge: 64n };

async function deploy({ tools: { ethers } }: HardhatChain) {
  const perps = await ethers.deployContract("OrderPerps", [scopes["ETH-PERP"].config, 2_000n], { value: 10_000n });
  await perps.deposit({ value: 1_000n });
  return perps;
}

async function traderOn({ tools: { ethers } }: HardhatChain) {
  const [trader] = await ethers.getSigners();
  if (trader === undefined) throw new Error("the network has no account");
  return trader;
}

describe("an exchange that inherits the guard", () => {
  it("refuses on the majority branch what was signed on the minority's", async () => {
    let address = "";
    const prepare = async (chain: HardhatChain) => (address = await (await deploy(chain)).getAddress());
    const [majority, minority] = await forks.partition({ commonBlocks: 10, prepare });
    if (majority === undefined || minority === undefined) throw new Error("two nodes");
    await majority.mine(3);
    await minority.mine(3);
    // #region split
    const perps = await majority.tools.ethers.getContractAt("OrderPerps", address);
    const perpsThere = await minority.tools.ethers.getContractAt("OrderPerps", address);

    const { order, signature } = await signOrder(minority.request, perpsThere, await traderOn(minority), ORDER);
    await expect(perps.execute(order, signature)).to.be.rejectedByGuard("AnchorMismatch");
    await perpsThere.execute(order, signature);
    // #endregion split
  });

  it("undoes a fill in a reorg, refuses its anchor from then on, and fills the order that was signed anew once", async () => {
    const chain = await forks.create();
    const perps = await deploy(chain);
    const trader = await traderOn(chain);
    await chain.mine(5);
    const first = await signOrder(chain.request, perps, trader, ORDER);
    await perps.execute(first.order, first.signature);
    expect((await perps.positions(trader)).size).to.equal(5n);

    await chain.reorg({ depth: 5 });
    expect((await perps.positions(trader)).size).to.equal(0n);
    const second = await signOrder(chain.request, perps, trader, ORDER);
    const lines: string[] = [];
    const queue = await keep(
      perps,
      [first],
      async () => second,
      (line) => lines.push(line),
    );
    expect(lines.join()).to.match(/^order 0: AnchorMismatch/);
    expect(await keep(perps, queue, async () => undefined)).to.deep.equal([]);
    expect((await perps.positions(trader)).size).to.equal(5n);
    await expect(perps.execute(second.order, second.signature)).to.be.revertedWithCustomError(perps, "OrderSpent");
    const spent = await keep(
      perps,
      [second],
      async () => undefined,
      () => undefined,
    );
    expect(spent).to.deep.equal([]);
  });

  it("opens nothing after an outage, closes all the same, and pays the profit when the market is in order again", async () => {
    const chain = await forks.create();
    const perps = await deploy(chain);
    const trader = await traderOn(chain);
    await chain.mine(5);
    await perps.trade(5n, await latestAnchor(chain.request));

    await chain.stall({ seconds: 3_600 });
    await perps.setPrice(2_100n);
    const late = await signOrder(chain.request, perps, trader, { ...ORDER, limitPrice: 2_100n });
    await expect(perps.execute(late.order, late.signature)).to.be.rejectedByGuard("ActionDenied");
    await perps.close();
    expect(await perps.margins(trader)).to.equal(1_000n);
    expect(await perps.escrowedProfit(scopes["ETH-PERP"].id, trader)).to.equal(500n);
    await expect(perps.claim()).to.be.rejectedByGuard("ActionDenied");
    const queue = await keep(
      perps,
      [late],
      async () => undefined,
      () => undefined,
    );
    expect(queue).to.deep.equal([late]);

    // The price before was 2,000, and nobody is left to liquidate.
    await expect(perps.liquidate(trader)).to.be.rejectedByGuard("LiquidationDenied");
    await chain.mine(200); // 40 minutes, in which it is Stale and then Lagging
    await perps.claim();
    expect(await perps.margins(trader)).to.equal(1_500n);
  });

  it("liquidates in order who is insolvent, and under doubt only who is deeply so", async () => {
    const chain = await forks.create();
    const perps = await deploy(chain);
    const trader = await traderOn(chain);
    await chain.mine(5);
    await perps.trade(5n, await latestAnchor(chain.request));
    await expect(perps.liquidate(trader)).to.be.rejectedByGuard("LiquidationDenied");
    // 1,000 and a loss of 5 * 105 are 475, of the 473.75 that 5 at 1,895 need. Five wei less are
    // 470 of 473.5.
    await perps.setPrice(1_895n);
    await expect(perps.liquidate(trader)).to.be.rejectedByGuard("LiquidationDenied");
    await perps.setPrice(1_894n);
    await chain.stall({ seconds: 3_600 });
    await expect(perps.liquidate(trader)).to.be.rejectedByGuard("LiquidationDenied");
    await perps.poke(scopes["ETH-PERP"].id); // a call that is refused records nothing
    await chain.mine(200);
    await perps.liquidate(trader);
    expect((await perps.positions(trader)).size).to.equal(0n);
    expect(await perps.margins(trader)).to.equal(470n);
  });
});
// #endregion test
