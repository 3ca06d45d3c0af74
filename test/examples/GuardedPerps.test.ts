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
  setPrice,
  signOrder,
  type OrderTerms,
  type Role,
  type SignedOrder,
  type World,
} from "../../scenarios/world.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { prove } from "../../src/actions/prove.js";
import {
  CautiousPerps__factory,
  Custodian__factory,
  TestToken__factory,
  type Custodian,
  type GuardedPerps,
} from "../../typechain-types/index.js";
import { preparedOnce } from "../../tools/forks.js";

use(settlementGuardMatchers);

const PRICE = 2_000n * UNIT;
const MARGIN = 5_000n * UNIT;
const LIQUIDITY = 100_000n * UNIT;
const BACKING = 100n * UNIT;
const SIZE = 20n * UNIT;
const STATUS = { Synced: 0n, Lagging: 1n, Stale: 2n, Diverged: 3n };
const OPEN = 0n;
const CANCELLED = 2n;
/** A quarter of an hour without blocks is an outage. Then it is Stale for 10 minutes and Lagging for 30. */
const OUTAGE = 1_500;
const STALE_BLOCKS = 51;
/** What is proven is accepted after an hour. */
const ACCEPTANCE_BLOCKS = 300;
const WHOLE_BLOCKS = 202;

/** What a review found open in the exchange with the whole guard. */
describe("GuardedPerps", () => {
  let world: World;
  let perps: GuardedPerps;
  let custodian: Custodian;

  const prepare = async () => {
    const chain = await forks.create();
    world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
    for (const role of ["alice", "bob"] as const) await depositOnBoth(world, role, MARGIN);
    perps = exchange(world, "guarded", "keeper");
    custodian = Custodian__factory.connect(await perps.custodian(), world.signers.provider);
    await custodian.set(MARKET, BACKING);
    await feed().believeBacking(MARKET, BACKING);
    await chain.mine(3);
    return { world, perps, custodian };
  };
  preparedOnce(prepare, (prepared) => ({ world, perps, custodian } = prepared));

  const feed = (): GuardedPerps => exchange(world, "guarded", "feed");
  const as = (role: Role): GuardedPerps => exchange(world, "guarded", role);

  async function sign(role: Role, size: bigint, terms: Partial<OrderTerms> = {}): Promise<SignedOrder> {
    const anchor = await latestAnchor(world.chain.request);
    const limitPrice = size > 0n ? 10n * PRICE : 0n;
    return signOrder(world, "guarded", role, { size, limitPrice, anchor, maxAge: 64n, ...terms });
  }

  async function trade(role: Role, size: bigint, terms: Partial<OrderTerms> = {}): Promise<void> {
    const { order, signature } = await sign(role, size, terms);
    await perps.execute(order, signature);
  }

  const blockTime = async (): Promise<number> =>
    (await world.chain.tools.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const statusOf = async (): Promise<bigint> => (await perps.statusOf(MARKET)).status;
  const accountOf = async (role: Role) => perps.accounts(world.signers[role], MARKET);

  /** The chain stands still, and then somebody pokes the market. */
  async function standStill(): Promise<void> {
    await world.chain.stall({ seconds: OUTAGE });
    await perps.poke(MARKET);
    expect(await statusOf()).to.equal(STATUS.Stale);
  }

  /** A proof of what backs the market now. */
  async function proveBacking(scope: string = MARKET) {
    const slot = ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [scope, 0])) as Hex;
    // An anchor lies below the head: with one more block it is the one that was the head.
    await world.chain.mine();
    const block = await latestAnchor(world.chain.request, { depth: 1 });
    const account = (await perps.custodian()) as Hex;
    const { anchor, header, witness } = await prove(world.chain.request, { anchor: block, account, slots: [slot] });
    return { anchor, header, witness };
  }

  /** The backing goes, and somebody proves it. */
  async function contradict(left = BACKING - 1n): Promise<void> {
    await custodian.set(MARKET, left);
    await perps.contradict(MARKET, await proveBacking());
    expect(await statusOf()).to.equal(STATUS.Diverged);
  }

  /** What the beliefs about the market's backing are about. */
  async function subjectOf(scope: string = MARKET): Promise<Hex> {
    const coder = AbiCoder.defaultAbiCoder();
    const slot = ethers.keccak256(coder.encode(["bytes32", "uint256"], [scope, 0]));
    return ethers.keccak256(coder.encode(["address", "bytes32"], [await perps.custodian(), slot])) as Hex;
  }

  /** INV-15: the tokens in the till are margins, liquidity, kept profits, and what was written off. */
  async function expectBalanced(): Promise<void> {
    let owed = (await perps.liquidity()) + (await perps.writtenOff());
    for (const role of ["alice", "bob"] as const)
      owed += (await accountOf(role)).margin + (await perps.escrowedProfit(MARKET, world.signers[role]));
    const token = TestToken__factory.connect(world.addresses.token, world.signers.deployer);
    expect(await token.balanceOf(perps)).to.equal(owed);
  }

  it("SG-8: a conservative decrease settles only what it closes: a price of a moment, and a decrease of 1 wei, take nothing out", async () => {
    await trade("alice", SIZE);
    await trade("bob", -SIZE);
    await standStill();
    await setPrice(world, (PRICE * 3n) / 2n);
    await trade("alice", -1n, { nonce: 1n });
    expect(await accountOf("alice")).to.deep.equal([MARGIN, SIZE - 1n, PRICE]);
    // The profit on 1 wei, and no more, waits.
    expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(1_000n);
    await setPrice(world, PRICE);
    await setPrice(world, PRICE);
    for (const role of ["alice", "bob"] as const) await as(role).close(MARKET);
    await world.chain.mine(WHOLE_BLOCKS);
    expect(await statusOf()).to.equal(STATUS.Synced);
    await as("alice").claimProfit(MARKET);
    let taken = 0n;
    for (const role of ["alice", "bob"] as const) {
      const { margin } = await accountOf(role);
      await as(role).withdraw(MARKET, margin);
      taken += margin;
    }
    expect(taken).to.equal(2n * MARGIN + 1_000n);
    expect([await perps.liquidity(), await perps.badDebt()]).to.deep.equal([LIQUIDITY - 1_000n, 0n]);
  });

  it("SG-8: the parts of a conservative decrease add up to the whole profit, which waits", async () => {
    await trade("alice", SIZE);
    await standStill();
    await setPrice(world, PRICE + 100n * UNIT);
    await trade("alice", -SIZE / 4n, { nonce: 1n });
    expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(500n * UNIT);
    expect(await accountOf("alice")).to.deep.equal([MARGIN, (3n * SIZE) / 4n, PRICE]);
    await as("alice").close(MARKET);
    expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(2_000n * UNIT);
    const { margin, size } = await accountOf("alice");
    expect([margin, size]).to.deep.equal([MARGIN, 0n]);
  });

  it("SG-6: a position that was opened after a jump of the price is not liquidated in Synced at the price before it", async () => {
    await setPrice(world, 2_300n * UNIT);
    await trade("alice", SIZE);
    expect(await statusOf()).to.equal(STATUS.Synced);
    const { worst, best } = await perps.healthOf(world.signers.alice, MARKET);
    // 5,000 over a twentieth of 46,000; at 2,000 nothing would be left.
    expect([worst, best]).to.deep.equal([(5_000n * UNIT) / 2_300n, (5_000n * UNIT) / 2_300n]);
    await expect(perps.liquidate(world.signers.alice, MARKET))
      .to.be.revertedWithCustomError(perps, "PositionHealthy")
      .withArgs(world.signers.alice, MARKET, worst);
  });

  it("SG-6: under a contradiction a wrong price liquidates nobody, however often it is set", async () => {
    await trade("alice", SIZE);
    await contradict();
    for (const times of [1, 2, 3]) {
      await feed().setPrice(MARKET, 1n);
      expect(await perps.lastPrice(MARKET), String(times)).to.equal(PRICE);
      await expect(perps.liquidate(world.signers.alice, MARKET)).to.be.rejectedByGuard("LiquidationDenied");
    }
    expect(await accountOf("alice")).to.deep.equal([MARGIN, SIZE, PRICE]);
    // The control: without a contradiction the second view follows.
    await custodian.set(MARKET, BACKING);
    await perps.reconcile(MARKET, await proveBacking());
    await feed().setPrice(MARKET, 1n);
    expect(await perps.lastPrice(MARKET)).to.equal(1n);
  });

  it("SG-6: a contradiction of the exchange holds every market's second view still", async () => {
    await trade("alice", SIZE);
    const exchangeScope = await perps.EXCHANGE();
    await custodian.set(exchangeScope, BACKING);
    await feed().believeBacking(exchangeScope, BACKING);
    await custodian.set(exchangeScope, BACKING - 1n);
    await perps.contradict(exchangeScope, await proveBacking(exchangeScope));
    expect(await statusOf()).to.equal(STATUS.Diverged);
    for (let times = 0; times < 2; times++) await feed().setPrice(MARKET, 1n);
    expect(await perps.lastPrice(MARKET)).to.equal(PRICE);
    await expect(perps.liquidate(world.signers.alice, MARKET)).to.be.rejectedByGuard("LiquidationDenied");
    // What is believed of a market may still be lowered: that market itself is not contradicted.
    await feed().believeBacking(MARKET, BACKING - 1n);
  });

  it("SG-6, A4: a loss takes what is kept of a profit first, and the order fills", async () => {
    await trade("alice", SIZE);
    await standStill();
    await setPrice(world, 3_000n * UNIT);
    await trade("alice", -SIZE / 2n, { nonce: 1n });
    expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(10_000n * UNIT);
    await setPrice(world, 1_400n * UNIT);
    const { order, signature } = await sign("alice", -SIZE / 2n, { nonce: 2n });
    await perps.executeOrCancel(order, signature);
    // 10 bought at 2,000 lose 6,000: of the 10,000 that are kept 4,000 are left, and the margin is untouched.
    expect(await accountOf("alice")).to.deep.equal([MARGIN, 0n, 1_400n * UNIT]);
    expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(4_000n * UNIT);
    expect([await perps.liquidity(), await perps.badDebt()]).to.deep.equal([LIQUIDITY - 4_000n * UNIT, 0n]);
    await expectBalanced();
  });

  describe("profit that is kept", () => {
    /** Alice halves 20 at 3,000 in Stale: 10,000 are kept. */
    async function earnHalf(): Promise<void> {
      await trade("alice", SIZE);
      await standStill();
      await setPrice(world, 3_000n * UNIT);
      await trade("alice", -SIZE / 2n, { nonce: 1n });
      expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(10_000n * UNIT);
    }

    it("SG-6, A4: counts in health: who is solvent with it is not liquidated, in Stale or after", async () => {
      await earnHalf();
      for (let times = 0; times < 2; times++) await setPrice(world, 1_550n * UNIT);
      expect(await statusOf()).to.equal(STATUS.Stale);
      // 5,000 + 10,000 - 10 x 450 over a twentieth of 15,500.
      const health = (10_500n * UNIT) / 775n;
      expect(await perps.healthOf(world.signers.alice, MARKET)).to.deep.equal([health, health]);
      expect(await perps.equity(world.signers.alice, MARKET)).to.equal(10_500n * UNIT);
      for (const blocks of [0, STALE_BLOCKS, WHOLE_BLOCKS]) {
        await world.chain.mine(blocks);
        await expect(perps.liquidate(world.signers.alice, MARKET), `after ${blocks} blocks`)
          .to.be.revertedWithCustomError(perps, "PositionHealthy")
          .withArgs(world.signers.alice, MARKET, health);
      }
    });

    it("SG-6, A4: does not save who is insolvent with it, and is taken before the margin", async () => {
      await earnHalf();
      for (let times = 0; times < 2; times++) await setPrice(world, 540n * UNIT);
      // 5,000 + 10,000 - 14,600 over a twentieth of 5,400.
      const { worst } = await perps.healthOf(world.signers.alice, MARKET);
      expect(worst).to.equal((400n * UNIT * UNIT) / (270n * UNIT));
      for (let times = 0; times < 2; times++) await setPrice(world, 510n * UNIT);
      await perps.liquidate(world.signers.alice, MARKET);
      expect((await accountOf("alice")).margin).to.equal(100n * UNIT);
      expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(0n);
      await expectBalanced();
    });

    it("SG-8, A4: backs no new position, and does not leave", async () => {
      await earnHalf();
      await world.chain.mine(STALE_BLOCKS);
      expect(await statusOf()).to.equal(STATUS.Lagging);
      await setPrice(world, PRICE);
      // A margin of 5,000, of which 10 at 2,000 need 2,000, and 30 would need 6,000.
      await expect(as("alice").withdraw(MARKET, 3_000n * UNIT + 1n))
        .to.be.revertedWithCustomError(perps, "InsufficientMargin")
        .withArgs(world.signers.alice, MARKET, 2_000n * UNIT - 1n, 2_000n * UNIT);
      const { order, signature } = await sign("alice", SIZE, { nonce: 2n });
      await expect(perps.execute(order, signature))
        .to.be.revertedWithCustomError(perps, "InsufficientMargin")
        .withArgs(world.signers.alice, MARKET, MARGIN, 6_000n * UNIT);
      // Claimed, it is margin like any other.
      await as("alice").claimProfit(MARKET);
      await perps.execute(order, signature);
      await expectBalanced();
    });

    it("A3: a trifle and a day of waiting do not free the profit of a price under contradiction", async () => {
      // A day's blocks take long to undo.
      await prepare();
      await trade("alice", SIZE);
      await contradict();
      await world.chain.mine(7_201);
      expect(await statusOf()).to.equal(STATUS.Diverged);
      await setPrice(world, 3n * PRICE);
      await as("alice").close(MARKET);
      expect(await accountOf("alice")).to.deep.equal([MARGIN, 0n, 3n * PRICE]);
      expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(80_000n * UNIT);
      await expect(as("alice").claimProfit(MARKET)).to.be.rejectedByGuard("ActionDenied");
      await expectBalanced();
      await world.chain.close();
    });
  });

  it("SG-11: proofs older than the newest contradiction do not heal, and no withdrawal follows the healing", async () => {
    const chain = world.chain;
    await custodian.set(MARKET, 0n);
    const first = await proveBacking();
    await custodian.set(MARKET, BACKING);
    const between = await proveBacking();
    await custodian.set(MARKET, 0n);
    const newest = await proveBacking();
    await perps.contradict(MARKET, first);
    await perps.contradict(MARKET, newest);
    await expect(perps.reconcile(MARKET, between)).to.be.revertedWithCustomError(perps, "EvidenceNotNewer");
    expect(await statusOf()).to.equal(STATUS.Diverged);
    await custodian.set(MARKET, BACKING);
    await perps.reconcile(MARKET, await proveBacking());
    expect(await statusOf()).to.equal(STATUS.Stale);
    await expect(as("alice").withdraw(MARKET, UNIT)).to.be.rejectedByGuard("ActionDenied");
    await chain.mine(STALE_BLOCKS);
    await as("alice").withdraw(MARKET, UNIT);
  });

  it("SG-11: the feed cannot believe a contradiction away", async () => {
    await contradict();
    const { evidence } = await perps.causeOf(
      MARKET,
      ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32"], [await subjectOf()])),
    );
    for (const amount of [0n, BACKING - 1n, BACKING, BACKING + 1n])
      await expect(feed().believeBacking(MARKET, amount))
        .to.be.revertedWithCustomError(perps, "BeliefContradicted")
        .withArgs(MARKET, await subjectOf(), BACKING, evidence);
    await expect(perps.reconcile(MARKET, await proveBacking()))
      .to.be.revertedWithCustomError(perps, "BeliefUnmet")
      .withArgs(MARKET, await subjectOf(), BACKING, BACKING - 1n);
    expect(await statusOf()).to.equal(STATUS.Diverged);
  });

  it("SG-11, A1: another number counts from its block on, and the same one again moves nothing", async () => {
    await custodian.set(MARKET, BACKING - 3n);
    const proof = await proveBacking();
    const before = await perps.beliefs(MARKET);
    await feed().believeBacking(MARKET, BACKING);
    expect(await perps.beliefs(MARKET)).to.deep.equal(before);
    expect(await perps.contradict.staticCall(MARKET, proof)).to.equal(true);
    for (const amount of [BACKING - 1n, BACKING]) {
      await feed().believeBacking(MARKET, amount);
      const since = world.chain.head.number;
      await expect(perps.contradict(MARKET, proof))
        .to.be.revertedWithCustomError(perps, "ProofOlderThanBelief")
        .withArgs(MARKET, await subjectOf(), proof.anchor.number, since);
    }
    expect(await perps.contradict.staticCall(MARKET, await proveBacking())).to.equal(true);
  });

  it("SG-7: a scope that somebody had configured before its market was listed does not keep the feed from listing it", async () => {
    const market = ethers.encodeBytes32String("NEW-PERP");
    const known = await perps.configOf(MARKET);
    const members = perps.interface.getFunction("configOf").outputs[0]!.components!;
    const config = Object.fromEntries(members.map(({ name }, i) => [name, known[i]])) as unknown as typeof known;
    await as("keeper").scheduleScope(market, config);
    // Four times the delay, after which the clock alone decides.
    await world.chain.stall({ seconds: 4 * 172_800 });
    await perps.poke(MARKET);
    await world.chain.mine(WHOLE_BLOCKS);
    await as("alice").applyScope(market, config);
    await feed().setPrice(market, PRICE);
    expect(await perps.indexPrice(market)).to.equal(PRICE);
    expect((await perps.statusOf(market)).status).to.equal(STATUS.Synced);
  });

  it("SG-11: the feed alone believes", async () => {
    await expect(perps.believeBacking(MARKET, 0n)).to.be.revertedWithCustomError(perps, "NotFeed");
  });

  it("SG-1: a proof of a branch that was left, or of an old block, says nothing", async () => {
    await custodian.set(MARKET, 0n);
    const proof = await proveBacking();
    const forged = { ...proof, anchor: { ...proof.anchor, number: proof.anchor.number - 1n } };
    for (const send of [perps.contradict, perps.reconcile, perps.acceptProven]) {
      await expect(send(MARKET, forged)).to.be.rejectedByGuard("AnchorMismatch");
      const root = { ...proof.anchor, stateRoot: ethers.ZeroHash };
      await expect(send(MARKET, { ...proof, anchor: root })).to.be.rejectedByGuard("StateRootMismatch");
    }
    await world.chain.mine(64);
    await expect(perps.contradict(MARKET, proof)).to.be.rejectedByGuard("AnchorTooDeep");
  });

  describe("a contradiction that stays true", () => {
    const accept = async (): Promise<void> => {
      await perps.acceptProven(MARKET, await proveBacking());
    };

    it("SG-7, A1: a redemption that is announced in time is no contradiction", async () => {
      await feed().believeBacking(MARKET, BACKING - UNIT);
      await custodian.set(MARKET, BACKING - UNIT);
      await expect(perps.contradict(MARKET, await proveBacking()))
        .to.be.revertedWithCustomError(perps, "BeliefHolds")
        .withArgs(MARKET, await subjectOf(), BACKING - UNIT, BACKING - UNIT);
      expect(await statusOf()).to.equal(STATUS.Synced);
    });

    it("SG-7, A1: one that is not ends after an hour: believed, written, healed, and what is left can leave", async () => {
      await contradict(BACKING - UNIT);
      const opened = await blockTime();
      await world.chain.mine(60);
      const early = await proveBacking();
      await expect(perps.acceptProven(MARKET, early)).to.be.revertedWithCustomError(perps, "AcceptanceTooEarly");
      await world.chain.mine(ACCEPTANCE_BLOCKS);
      expect(await blockTime()).to.be.greaterThan(opened + 3_600);
      const proof = await proveBacking();
      await expect(perps.reconcile(MARKET, proof)).to.be.revertedWithCustomError(perps, "BeliefUnmet");
      await expect(perps.acceptProven(MARKET, proof))
        .to.emit(perps, "ProvenAccepted")
        .withArgs(MARKET, await subjectOf(), BACKING, BACKING - UNIT, proof.anchor.number);
      expect(await perps.beliefs(MARKET)).to.deep.equal([BACKING - UNIT, proof.anchor.number]);
      expect([await perps.liquidity(), await perps.writtenOff(), await perps.badDebt()]).to.deep.equal([
        LIQUIDITY - UNIT,
        UNIT,
        0n,
      ]);
      expect(await statusOf()).to.equal(STATUS.Stale);
      await expect(as("alice").withdraw(MARKET, MARGIN)).to.be.rejectedByGuard("ActionDenied");
      await world.chain.mine(STALE_BLOCKS);
      await as("alice").withdraw(MARKET, MARGIN);
      await expectBalanced();
      // And it can be contradicted again, by less.
      await contradict(BACKING - 2n * UNIT);
    });

    it("SG-7, A1: a slip of the feed ends the same way, and it can believe again", async () => {
      await feed().believeBacking(MARKET, 10n * BACKING);
      await contradict(BACKING);
      await expect(feed().believeBacking(MARKET, BACKING)).to.be.revertedWithCustomError(perps, "BeliefContradicted");
      await world.chain.mine(ACCEPTANCE_BLOCKS);
      await accept();
      expect((await perps.beliefs(MARKET)).amount).to.equal(BACKING);
      await world.chain.mine(STALE_BLOCKS);
      await as("bob").withdraw(MARKET, MARGIN);
      await feed().believeBacking(MARKET, BACKING + UNIT);
    });

    it("A1: what the pool cannot bear is bad debt, before anything leaves", async () => {
      const backing = 2n * LIQUIDITY;
      await feed().believeBacking(MARKET, backing);
      await contradict(0n);
      await world.chain.mine(ACCEPTANCE_BLOCKS);
      await accept();
      expect([await perps.liquidity(), await perps.writtenOff(), await perps.badDebt()]).to.deep.equal([
        0n,
        LIQUIDITY,
        LIQUIDITY,
      ]);
      await expectBalanced();
    });

    it("A1: in the hour the backing may come back; then nothing is lost", async () => {
      await contradict(0n);
      await world.chain.mine(ACCEPTANCE_BLOCKS);
      await custodian.set(MARKET, BACKING);
      const proof = await proveBacking();
      await expect(perps.acceptProven(MARKET, proof))
        .to.be.revertedWithCustomError(perps, "BeliefHolds")
        .withArgs(MARKET, await subjectOf(), BACKING, BACKING);
      await perps.reconcile(MARKET, proof);
      await expect(perps.acceptProven(MARKET, proof)).to.be.revertedWithCustomError(perps, "BeliefHolds");
      expect([await perps.liquidity(), await perps.writtenOff()]).to.deep.equal([LIQUIDITY, 0n]);
    });

    it("A1: who brings a newer contradiction in each block does not outrun the acceptance", async () => {
      await contradict(0n);
      await world.chain.mine(ACCEPTANCE_BLOCKS);
      const proof = await proveBacking();
      const newer = await proveBacking();
      await perps.contradict(MARKET, newer);
      await perps.acceptProven(MARKET, proof);
      expect(await statusOf()).to.equal(STATUS.Stale);
    });
  });

  describe("orders that fail", () => {
    const stateOf = async ({ order }: SignedOrder): Promise<bigint> => perps.orderStatus(await perps.orderId(order));

    async function expectCancelled(signed: SignedOrder): Promise<void> {
      await perps.executeOrCancel(signed.order, signed.signature);
      expect(await stateOf(signed)).to.equal(CANCELLED);
    }

    /** Alice closes with a profit of 4,000 in Stale, and a while later the market is Lagging. */
    async function earnUnderDoubt(): Promise<void> {
      await trade("alice", SIZE);
      await standStill();
      await setPrice(world, 2_200n * UNIT);
      await as("alice").close(MARKET);
      expect(await perps.escrowedProfit(MARKET, world.signers.alice)).to.equal(4_000n * UNIT);
      await world.chain.mine(STALE_BLOCKS);
      expect(await statusOf()).to.equal(STATUS.Lagging);
    }

    it("SG-11, A13: no order is cancelled for want of a margin that the guard keeps now", async () => {
      world = await connect(
        world.chain,
        await deployExchanges(world.chain, { price: PRICE, liquidity: LIQUIDITY, guarded: CautiousPerps__factory }),
      );
      perps = exchange(world, "guarded", "keeper");
      for (const role of ["alice", "bob"] as const) await depositOnBoth(world, role, MARGIN);
      await earnUnderDoubt();
      // A notional of 88,000 needs 8,800: with the 4,000 that are kept it is there.
      const { order, signature } = await sign("alice", 2n * SIZE, { nonce: 1n });
      await expect(perps.executeOrCancel(order, signature)).to.be.revertedWithCustomError(perps, "InsufficientMargin");
      expect(await stateOf({ order, signature })).to.equal(OPEN);
      // The control: who has nothing kept loses such an order.
      await expectCancelled(await sign("bob", 2n * SIZE));
      await world.chain.mine(WHOLE_BLOCKS);
      await as("alice").claimProfit(MARKET);
      const again = await sign("alice", 2n * SIZE, { nonce: 1n });
      await perps.executeOrCancel(again.order, again.signature);
      expect((await accountOf("alice")).size).to.equal(2n * SIZE);
    });

    it("A13: a profit that is due and was not claimed keeps no order open", async () => {
      await earnUnderDoubt();
      await as("alice").withdraw(MARKET, MARGIN);
      for (let nonce = 1n; nonce <= 5n; nonce++) await expectCancelled(await sign("alice", UNIT, { nonce }));
      await world.chain.mine(WHOLE_BLOCKS);
      await expectCancelled(await sign("alice", UNIT, { nonce: 6n }));
      // Claimed, it carries the next one.
      await as("alice").claimProfit(MARKET);
      const carried = await sign("alice", UNIT, { nonce: 7n });
      await perps.executeOrCancel(carried.order, carried.signature);
      expect((await accountOf("alice")).size).to.equal(UNIT);
    });

    it("A13: an order for a market that nobody listed is cancelled, and so is one for the scope above the markets", async () => {
      for (const market of ["SOON-PERP", "exchange", ""])
        await expectCancelled(await sign("alice", UNIT, { market: ethers.encodeBytes32String(market) }));
    });

    it("A13: whatever the guard denies, an order is cancelled from its expiry on", async () => {
      const { number, hash } = world.chain.head;
      const expiry = BigInt((await blockTime()) + 10_000);
      const orders = {
        AnchorTooDeep: await sign("alice", UNIT, { nonce: 1n, expiry, maxAge: 0n }),
        AnchorInFuture: await sign("alice", UNIT, { nonce: 2n, expiry, anchor: { number: 2n ** 64n - 1n, hash } }),
        AnchorMismatch: await sign("alice", UNIT, { nonce: 3n, expiry, anchor: { number: number - 1n, hash } }),
        ActionDenied: await sign("alice", UNIT, { nonce: 4n, expiry }),
      };
      await contradict();
      for (const error of ["AnchorTooDeep", "AnchorInFuture", "AnchorMismatch", "ActionDenied"] as const) {
        const { order, signature } = orders[error];
        await expect(perps.executeOrCancel(order, signature), error).to.be.rejectedByGuard(error);
        expect(await stateOf({ order, signature }), error).to.equal(OPEN);
      }
      await world.chain.request({ method: "evm_increaseTime", params: [10_000] });
      await world.chain.mine();
      expect(await statusOf()).to.equal(STATUS.Diverged);
      for (const signed of Object.values(orders)) await expectCancelled(signed);
    });

    it("A13: sizes and limits at the ends of their types are cancelled, as is what the margin or the pool cannot pay", async () => {
      const [least, greatest] = [-(2n ** 255n), 2n ** 255n - 1n];
      let nonce = 1n;
      for (const size of [0n, least, greatest])
        for (const limitPrice of [0n, 2n ** 256n - 1n])
          await expectCancelled(await sign("alice", size, { nonce: nonce++, limitPrice }));
      await trade("alice", SIZE);
      for (const size of [least, greatest]) await expectCancelled(await sign("alice", size, { nonce: nonce++ }));
      // 20 bought at 2,000 lose 20,000 at 1,000, and gain 140,000 at 9,000.
      for (const price of [1_000n, 9_000n]) {
        await setPrice(world, price * UNIT);
        await expectCancelled(await sign("alice", -UNIT, { nonce: nonce++ }));
      }
      expect((await accountOf("alice")).size).to.equal(SIZE);
    });
  });

  it("SG-6: an order for a market that is not listed can be cancelled", async () => {
    const { order } = await sign("alice", UNIT, { market: ethers.encodeBytes32String("SOON-PERP") });
    await as("alice").cancel(order);
    expect(await perps.orderStatus(await perps.orderId(order))).to.equal(CANCELLED);
  });

  it("SG-13: a price above 2^128 - 1 is refused, and at the greatest one positions are closed and valued still", async () => {
    await trade("alice", SIZE);
    const greatest = 2n ** 128n - 1n;
    for (const price of [greatest + 1n, 2n ** 255n, 2n ** 256n - 1n])
      await expect(feed().setPrice(MARKET, price))
        .to.be.revertedWithCustomError(perps, "PriceTooHigh")
        .withArgs(MARKET, price);
    expect(await perps.indexPrice(MARKET)).to.equal(PRICE);
    await feed().setPrice(MARKET, greatest);
    await perps.healthOf(world.signers.alice, MARKET);
    await as("alice").close(MARKET);
    expect((await accountOf("alice")).size).to.equal(0n);
  });
});
