import { expect, use } from "chai";
import { AbiCoder, ethers } from "ethers";

import {
  MARKET,
  UNIT,
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  forks,
  fund,
  signOrder,
  signersOf,
  type SignedOrder,
  type World,
} from "../scenarios/world.js";
import { latestAnchor } from "../src/actions/latestAnchor.js";
import type { Hex } from "../src/core/bytes.js";
import { settlementGuardMatchers } from "../src/chai/index.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { prove } from "../src/actions/prove.js";
import {
  AnchoredTarget__factory,
  AnchoringRouter__factory,
  Custodian__factory,
  type GuardedPerps,
} from "../typechain-types/index.js";

use(settlementGuardMatchers);

const PRICE = 2_000n * UNIT;
const MARGIN = 5_000n * UNIT;
const SETUP = { price: PRICE, liquidity: 100_000n * UNIT };
const OLD_AGE = 220n;

/** What the guard does not do. These tests say what happens, not what should. */
describe("limits of the guard", () => {
  const open: HardhatChain[] = [];

  afterEach(async () => {
    for (const chain of open.splice(0).reverse()) await chain.close();
  });

  it("limit 1: a contract that anchors for its caller where it runs makes the check say nothing, on both sides of a split", async () => {
    const addresses = { target: "", router: "" };
    open.push(
      ...(await forks.partition({
        prepare: async (chain) => {
          const { deployer } = await signersOf(chain);
          addresses.target = await (await new AnchoredTarget__factory(deployer).deploy(1, 256)).getAddress();
          addresses.router = await (await new AnchoringRouter__factory(deployer).deploy()).getAddress();
        },
      })),
    );
    const [seen, other] = open;
    if (seen === undefined || other === undefined) throw new RangeError("no partition");
    for (const chain of open) await chain.mine(3);
    const anchor = await latestAnchor(seen.request);
    for (const chain of open) {
      const { alice } = await signersOf(chain);
      const guarded = AnchoredTarget__factory.connect(addresses.target, alice);
      // What Alice decided on one branch is held to that branch when she names the block herself ...
      if (chain === other) await expect(guarded.act(anchor)).to.be.rejectedByGuard("AnchorMismatch");
      else await guarded.act(anchor);
      const before = await guarded.actions();
      // ... and takes effect wherever the router runs.
      await AnchoringRouter__factory.connect(addresses.router, alice).act(addresses.target);
      expect(await guarded.actions(), chain.name).to.equal(before + 1n);
    }
  });

  it("limit 2: an order anchored before a split that keeps the chain id fills on both branches, up to its age", async () => {
    const chain = await forks.create();
    open.push(chain);
    const world = await connect(chain, await deployExchanges(chain, SETUP));
    await depositOnBoth(world, "alice", MARGIN);
    await chain.mine(5);
    const anchor = await latestAnchor(chain.request);
    const sign = async (nonce: bigint, terms = {}): Promise<SignedOrder> =>
      signOrder(world, "guarded", "alice", {
        size: UNIT,
        limitPrice: PRICE,
        anchor,
        maxAge: OLD_AGE,
        nonce,
        ...terms,
      });
    const [first, second] = [await sign(1n), await sign(2n)];
    const sister = await forks.hardFork(chain);
    open.push(sister);
    const renamed = await forks.hardFork(chain, { chainId: 10_001 });
    open.push(renamed);
    for (const branch of [chain, sister, renamed]) await branch.mine(200);
    const after = await sign(3n, { anchor: await latestAnchor(chain.request) });

    for (const branch of [chain, sister]) {
      const perps = exchange(await connect(branch, world.addresses), "guarded", "keeper");
      await perps.execute(first.order, first.signature);
      expect((await perps.accounts(world.signers.alice, MARKET)).size, branch.name).to.equal(UNIT);
    }
    // What ends it: the age, an anchor from after the split, another chain id.
    const onSister = exchange(await connect(sister, world.addresses), "guarded", "keeper");
    await expect(onSister.execute(after.order, after.signature)).to.be.rejectedByGuard("AnchorMismatch");
    await sister.mine(20);
    await expect(onSister.execute(second.order, second.signature)).to.be.rejectedByGuard("AnchorTooDeep");
    const onRenamed = exchange(await connect(renamed, world.addresses), "guarded", "keeper");
    await expect(onRenamed.execute(first.order, first.signature)).to.be.revertedWithCustomError(
      onRenamed,
      "InvalidSignature",
    );
  });

  describe("limit 3", () => {
    let world: World;
    let perps: GuardedPerps;

    beforeEach(async () => {
      const chain = await forks.create({ history: "transaction" });
      open.push(chain);
      world = await connect(chain, await deployExchanges(chain, SETUP));
      await depositOnBoth(world, "alice", MARGIN);
      perps = exchange(world, "guarded", "alice");
      await chain.mine(3);
      const terms = { size: UNIT, limitPrice: PRICE, anchor: await latestAnchor(chain.request), maxAge: 64n };
      const { order, signature } = await signOrder(world, "guarded", "alice", terms);
      await perps.execute(order, signature);
    });

    /** Alice brings in more and closes at a profit; no money leaves, neither hers nor the profit. */
    async function expectExitsWithoutMoney(): Promise<void> {
      await fund(world, "alice", UNIT);
      await perps.deposit(MARKET, UNIT);
      await exchange(world, "guarded", "feed").setPrice(MARKET, PRICE + 100n * UNIT);
      await perps.close(MARKET);
      const { margin, size } = await perps.accounts(world.signers.alice, MARKET);
      expect([margin, size]).to.deep.equal([MARGIN + UNIT, 0n]);
      expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(100n * UNIT);
      await expect(perps.withdraw(MARKET, 1n)).to.be.rejectedByGuard("ActionDenied");
      await expect(perps.claimProfit(MARKET)).to.be.rejectedByGuard("ActionDenied");
    }

    it("limit 3: in Stale a position is closed and nothing is withdrawn", async () => {
      await world.chain.stall({ seconds: 3_600 });
      await perps.poke(MARKET);
      expect((await perps.statusOf(MARKET)).status).to.equal(2n);
      await expectExitsWithoutMoney();
    });

    it("limit 3: in Diverged a position is closed and nothing is withdrawn, however much time passes", async () => {
      const custodian = Custodian__factory.connect(await perps.custodian(), world.signers.provider);
      await exchange(world, "guarded", "feed").believeBacking(MARKET, UNIT);
      const slot = ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [MARKET, 0])) as Hex;
      // An anchor lies below the head: with one more block it is the one that was the head.
      await world.chain.mine();
      const anchor = await latestAnchor(world.chain.request, { depth: 1 });
      const account = (await custodian.getAddress()) as Hex;
      const evidence = await prove(world.chain.request, { anchor, account, slots: [slot] });
      await perps.contradict(MARKET, evidence);
      expect((await perps.statusOf(MARKET)).status).to.equal(3n);
      await expectExitsWithoutMoney();
      await world.chain.request({ method: "hardhat_mine", params: ["0x80", "0x3840"] }); // 128 blocks, 4 hours apart
      expect((await perps.statusOf(MARKET)).status).to.equal(3n);
      await expect(perps.withdraw(MARKET, 1n)).to.be.rejectedByGuard("ActionDenied");
    });
  });
});
