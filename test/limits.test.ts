import { expect, use } from "chai";

import {
  MARKET,
  UNIT,
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  forks,
  signOrder,
  signersOf,
  type Addresses,
  type World,
} from "../scenarios/world.js";
import { latestAnchor } from "../src/anchor/anchor.js";
import { settlementGuardMatchers } from "../src/chai/index.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { AnchoredTarget__factory, AnchoringRouter__factory } from "../typechain-types/index.js";

use(settlementGuardMatchers);

const PRICE = 2_000n * UNIT;
const MARGIN = 5_000n * UNIT;
const LIQUIDITY = 100_000n * UNIT;

/** What SECURITY.md says that the guard does not protect against, as it happens. */
describe("limits", () => {
  const open: HardhatChain[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map((chain) => chain.close()));
  });

  /** Two nodes that share a past, and then no block. */
  async function split(prepare: (chain: HardhatChain) => Promise<unknown>): Promise<[HardhatChain, HardhatChain]> {
    const [majority, minority] = await forks.partition({ commonBlocks: 20, prepare });
    if (majority === undefined || minority === undefined) throw new RangeError("a partition of less than two nodes");
    open.push(majority, minority);
    return [majority, minority];
  }

  it("limit 1: a contract that anchors for its caller passes on both sides of a split", async () => {
    const addresses = { target: "", router: "" };
    const nodes = await split(async (chain) => {
      const { deployer } = await signersOf(chain);
      addresses.target = await (await new AnchoredTarget__factory(deployer).deploy(1, 256)).getAddress();
      addresses.router = await (await new AnchoringRouter__factory(deployer).deploy()).getAddress();
    });
    for (const node of nodes) await node.mine(3);
    const seen = await latestAnchor(nodes[1].request);
    for (const node of nodes) {
      const { alice } = await signersOf(node);
      const target = AnchoredTarget__factory.connect(addresses.target, alice);
      // The control: what the caller saw on the one side is refused on the other.
      if (node === nodes[0]) await expect(target.act(seen)).to.be.rejectedByGuard("AnchorMismatch");
      await AnchoringRouter__factory.connect(addresses.router, alice).act(target);
      expect(await target.actions()).to.equal(1n);
    }
  });

  it("limit 2: an order that was anchored before a split fills on both sides, while its age lasts and the chain id is the old one", async () => {
    let addresses: Addresses | undefined;
    const nodes = await split(async (chain) => {
      addresses = await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY });
      await depositOnBoth(await connect(chain, addresses), "alice", MARGIN);
    });
    const worlds: World[] = [];
    for (const node of nodes) worlds.push(await connect(node, addresses!));
    const [here] = worlds;
    const anchor = await latestAnchor(nodes[0].request, { depth: 2 });
    const terms = { size: UNIT, limitPrice: 2n * PRICE, anchor, maxAge: 255n };
    const { order, signature } = await signOrder(here!, "guarded", "alice", terms);
    for (const world of worlds) {
      await world.chain.mine(200);
      await exchange(world, "guarded", "keeper").execute(order, signature);
      expect((await exchange(world, "guarded", "keeper").accounts(order.trader, MARKET)).size).to.equal(UNIT);
    }
  });

  it("limit 3: Withdraw is no exit: in Stale a trader closes and brings in more, and nothing leaves", async () => {
    const chain = await forks.create();
    open.push(chain);
    const world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
    await depositOnBoth(world, "alice", 2n * MARGIN);
    const perps = exchange(world, "guarded", "alice");
    await chain.mine(3);
    const anchor = await latestAnchor(chain.request);
    const terms = { size: UNIT, limitPrice: 2n * PRICE, anchor, maxAge: 64n };
    const { order, signature } = await signOrder(world, "guarded", "alice", terms);
    await perps.execute(order, signature);

    await chain.stall({ seconds: 3_600 });
    await perps.poke(MARKET);
    await perps.close(MARKET);
    expect((await perps.accounts(order.trader, MARKET)).size).to.equal(0n);
    await expect(perps.withdraw(MARKET, 1n)).to.be.rejectedByGuard("ActionDenied");
    await expect(perps.claimProfit(MARKET)).to.be.rejectedByGuard("ActionDenied");
    const { margin } = await perps.accounts(order.trader, MARKET);
    await chain.mine(60); // Lagging
    await perps.withdraw(MARKET, margin);
  });
});
