import { expect, use } from "chai";
import type { Signer } from "ethers";

import {
  COLLATERAL,
  PREMIUM,
  STRIKE,
  fixingProof,
  type FixingProof,
  type OptionMarkets,
  type Terms,
} from "../../scenarios/expiry.js";
import { timeOf } from "../../scenarios/continuity.js";
import { UNIT, forks, signersOf, type Role } from "../../scenarios/world.js";
import { prove } from "../../src/actions/prove.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import type { Hex } from "../../src/core/bytes.js";
import { toWord } from "../../src/core/bytes.js";
import { preparedOnce } from "../../tools/forks.js";
import {
  GuardedExpiryOptions__factory,
  ISourceErrors__factory,
  PriceFeed__factory,
  ToldSource__factory,
  UnguardedExpiryOptions__factory,
  type ExpiryOptions,
  type GuardedExpiryOptions,
  type PriceFeed,
  type ToldSource,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const CHAIN_ID = 31_337n;
const PRICE = 2_100n * UNIT;
const DAY = 86_400n;
const [UNKNOWN, DISAGREE] = [0n, 2n];
/** `Tier` and the manners of `ToldSource`. */
const [HEAD, SAFE, FINALIZED] = [0n, 1n, 2n];
const MANNERS = { Reverting: 1, Empty: 2, OneWord: 3, ThreeWords: 4, Burning: 5, HugeAnswer: 6, KnownZero: 7, UnknownHash: 8, DisagreeingHash: 9, NoAnswer: 10 }; // prettier-ignore
const DISAGREEING = 11;
/** `Stage`. */
const [NONE, OFFERED, SOLD, ENDED] = [0n, 1n, 2n, 3n];
const sourceErrors = { interface: ISourceErrors__factory.createInterface() };

interface Prepared {
  world: OptionMarkets;
  signers: Record<Role, Signer>;
  feed: PriceFeed;
  source: ToldSource;
  market: GuardedExpiryOptions;
  terms: Terms;
}

/** A market whose source says what the test tells it. Bob has sold Alice an option of it, for a day from now. */
async function prepare(): Promise<Prepared> {
  const chain = await forks.create({ time: "raw" });
  const signers = await signersOf(chain);
  const { deployer, alice, bob } = signers;
  const feed = await new PriceFeed__factory(signers.feed).deploy();
  await feed.publish(PRICE);
  const source = await new ToldSource__factory(deployer).deploy(CHAIN_ID, FINALIZED);
  const market = await new GuardedExpiryOptions__factory(deployer).deploy(feed, source);
  const terms: Terms = {
    writer: await bob.getAddress(),
    strike: STRIKE,
    collateral: COLLATERAL,
    premium: PREMIUM,
    expiry: BigInt(await timeOf(chain)) + DAY,
    salt: 0n,
  };
  await market.connect(bob).offer(terms, { value: COLLATERAL });
  await market.connect(alice).buy(terms, { value: PREMIUM });
  const addresses = { guarded: await market.getAddress(), unguarded: "" };
  const world = {
    chain,
    feed: (await feed.getAddress()) as Hex,
    source: await source.getAddress(),
    markets: addresses,
  };
  return { world, signers, feed, source, market, terms };
}

describe("ExpiryOptions", () => {
  let world: OptionMarkets;
  let signers: Record<Role, Signer>;
  let feed: PriceFeed;
  let source: ToldSource;
  let market: GuardedExpiryOptions;
  let terms: Terms;
  let expiry: bigint;

  preparedOnce(prepare, (prepared) => {
    ({ world, signers, feed, source, market, terms } = prepared);
    ({ expiry } = terms);
  });

  const hashOf = (number: bigint): string => world.chain.at(number)?.hash ?? "";

  /** Mines a block of that time. Returns its height. */
  async function mineAt(time: bigint): Promise<bigint> {
    await world.chain.request({ method: "evm_mine", params: [`0x${time.toString(16)}`] });
    return world.chain.head.number;
  }

  /** Gives the next block, or what is asked before it, that time. */
  async function at(time: bigint): Promise<void> {
    await world.chain.request({ method: "evm_setNextBlockTimestamp", params: [`0x${time.toString(16)}`] });
  }

  /** Two blocks of these times, the second final. Returns what shows the state of the first. */
  async function finalBlocks(time: bigint, nextTime: bigint): Promise<FixingProof> {
    const number = await mineAt(time);
    await source.tell((await mineAt(nextTime)), hashOf(number + 1n)); // prettier-ignore
    return fixingProof(world, number);
  }

  const fix = (proof: FixingProof) => market.connect(signers.frank).fix(expiry, proof);

  async function expectNothingFixed(): Promise<void> {
    expect([...(await market.fixings(expiry))]).to.deep.equal([0n, 0n]);
    await expect(market.settle(terms)).to.be.revertedWithCustomError(market, "NotFixed").withArgs(expiry);
  }

  /** What the market has kept for a role to collect. */
  const dueTo = (role: Role, of: ExpiryOptions = market): Promise<bigint> => of.due(signers[role]);

  describe("the block of the expiry", () => {
    for (const [what, before, after] of [
      ["at the expiry itself, and a second after it", 0n, 1n],
      ["a second before it, and a second after it", 1n, 1n],
      ["around missed slots", 600n, 900n],
    ] as const)
      it(`SG-3: fixes by two consecutive blocks ${what}`, async () => {
        const proof = await finalBlocks(expiry - before, expiry + after);
        await fix(proof);
        expect([...(await market.fixings(expiry))]).to.deep.equal([proof.next - 1n, PRICE]);
      });

    for (const [what, time, nextTime] of [
      ["the next block is at the expiry still", -12n, 0n],
      ["both are before it", -24n, -12n],
      ["the first is a second after it", 1n, 2n],
      ["both are long after it", 600n, 612n],
    ] as const)
      it(`SG-3: refuses final blocks where ${what}`, async () => {
        const proof = await finalBlocks(expiry + time, expiry + nextTime);
        await expect(fix(proof))
          .to.be.revertedWithCustomError(market, "NotTheBlock")
          .withArgs(proof.next - 1n, expiry + time, expiry + nextTime, expiry);
        await expectNothingFixed();
      });

    it("takes the price of that block's state, not of a later one", async () => {
      await mineAt(expiry - 1n);
      const number = world.chain.head.number;
      await at(expiry + 1n);
      await feed.publish(STRIKE - 1n);
      await source.tell(number + 1n, hashOf(number + 1n));
      await fix(await fixingProof(world, number));
      expect((await market.fixings(expiry)).price).to.equal(PRICE);
    });

    it("H18: refuses headers that are not the block and its child", async () => {
      const first = await mineAt(expiry - 24n);
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      const older = await fixingProof(world, first);
      for (const [what, wrong] of [
        ["a gap between the two", { ...proof, header: older.header }],
        ["the child twice", { ...proof, header: proof.nextHeader }],
        ["in another order", { ...proof, header: proof.nextHeader, nextHeader: proof.header }],
        ["of other blocks", { ...proof, nextHeader: older.nextHeader, header: older.header }],
        ["with a byte more", { ...proof, header: `${proof.header}00` as Hex }],
      ] as const)
        await expect(fix(wrong), what).to.be.rejectedByGuard("HeaderHashMismatch");
      for (const [what, wrong] of [
        ["no header", { ...proof, header: "0x" }],
        ["no child", { ...proof, nextHeader: "0x" }],
        ["a header cut", { ...proof, header: proof.header.slice(0, -2) as Hex }],
      ] as const)
        await expect(fix(wrong), what).to.be.rejectedByGuard("HeaderMalformed");
      await expectNothingFixed();
      await fix(proof);
    });

    it("H18: refuses a source's block of another height", async () => {
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      await source.tell(proof.next + 1n, hashOf(proof.next));
      await expect(fix({ ...proof, next: proof.next + 1n }))
        .to.be.rejectedByGuard("HeaderNumberMismatch")
        .withValues(proof.next + 1n, proof.next);
    });

    it("SG-1, SG-9: refuses the blocks of a branch that was replaced", async () => {
      const number = await mineAt(expiry - 12n);
      await mineAt(expiry + 12n);
      const proof = await fixingProof(world, number);
      await world.chain.reorg({ depth: 2, seed: "another" });
      await source.tell(number + 1n, hashOf(number + 1n));
      await expect(fix(proof)).to.be.rejectedByGuard("HeaderHashMismatch");
      await fix(await fixingProof(world, number));
    });
  });

  describe("the price", () => {
    it("SG-3: refuses a witness of another slot, account or block, and one with a byte changed", async () => {
      const { chain, feed: account } = world;
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      const block = { anchor: { number: proof.next - 1n } };
      const later = { anchor: { number: await mineAt(expiry + 24n) }, account, slots: [0n] };
      for (const [what, witness] of [
        ["slot", (await prove(chain.request, { ...block, account, slots: [1n] })).witness],
        ["account", (await prove(chain.request, { ...block, account: source.target as string, slots: [0n] })).witness],
        ["block", (await prove(chain.request, later)).witness],
        ["byte", `${proof.witness.slice(0, -2)}${proof.witness.endsWith("00") ? "01" : "00"}`],
        ["end", proof.witness.slice(0, -2)],
        ["witness", "0x"],
      ] as const)
        await expect(fix({ ...proof, witness: witness as Hex }), what).to.be.rejectedByGuard("StateProofInvalid");
      await expectNothingFixed();
    });

    it("SG-3: a feed that is absent, or has never published, fixes nothing", async () => {
      const silent = await new PriceFeed__factory(signers.feed).deploy();
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      for (const account of [`0x${"ab".repeat(20)}`, await silent.getAddress()]) {
        const other = await new GuardedExpiryOptions__factory(signers.deployer).deploy(account, source);
        const { witness } = await prove(world.chain.request, { anchor: { number: proof.next - 1n }, account, slots: [0n] }); // prettier-ignore
        await expect(other.fix(expiry, { ...proof, witness }))
          .to.be.revertedWithCustomError(other, "PriceAbsent")
          .withArgs(proof.next - 1n);
      }
    });
  });

  describe("finality", () => {
    it("SG-3: fixes nothing by a block that the source does not know yet, and does when it does", async () => {
      const number = await mineAt(expiry - 12n);
      await mineAt(expiry + 12n);
      const proof = await fixingProof(world, number);
      // That the block itself is final is not enough: it might still get an earlier child.
      await source.tell(number, hashOf(number));
      await expect(fix(proof))
        .to.be.revertedWithCustomError(market, "NotFinal")
        .withArgs(number + 1n, UNKNOWN);
      await expectNothingFixed();
      await source.tell(number + 1n, hashOf(number + 1n));
      await fix(proof);
    });

    it("SG-3, SG-4: whatever else the source answers is no hash", async () => {
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      for (const [name, manner] of Object.entries(MANNERS)) {
        await source.behave(manner);
        await expect(market.fix(expiry, proof, { gasLimit: 5_000_000n }), name)
          .to.be.revertedWithCustomError(market, "NotFinal")
          .withArgs(proof.next, UNKNOWN);
      }
      await expectNothingFixed();
    });

    it("SG-3: sources that disagree fix nothing, and are told apart from one that does not know", async () => {
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      await source.behave(DISAGREEING);
      await expect(fix(proof)).to.be.revertedWithCustomError(market, "NotFinal").withArgs(proof.next, DISAGREE);
      await expectNothingFixed();
    });

    it("refuses a source of another tier, or of another chain", async () => {
      const { deployer } = signers;
      const factory = new GuardedExpiryOptions__factory(deployer);
      for (const tier of [HEAD, SAFE]) {
        const unsure = await new ToldSource__factory(deployer).deploy(CHAIN_ID, tier);
        await expect(factory.deploy(feed, unsure))
          .to.be.revertedWithCustomError(market, "SourceNotFinal")
          .withArgs(unsure, tier);
      }
      const foreign = await new ToldSource__factory(deployer).deploy(1n, FINALIZED);
      await expect(factory.deploy(feed, foreign))
        .to.be.revertedWithCustomError(sourceErrors, "SourceOfOtherChain")
        .withArgs(foreign, CHAIN_ID, 1n);
    });

    it("SG-10: asks the source's chain at each fixing", async () => {
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      await world.chain.request({ method: "hardhat_setStorageAt", params: [world.source, "0x0", toWord(1n)] });
      await expect(fix(proof)).to.be.revertedWithCustomError(sourceErrors, "SourceOfOtherChain");
    });
  });

  describe("what is paid", () => {
    for (const [what, price, toHolder] of [
      ["at the strike", STRIKE, COLLATERAL],
      ["below it", STRIKE - 1n, 0n],
    ] as const)
      it(`a price ${what} gives the holder ${toHolder}, and the writer the rest`, async () => {
        await feed.publish(price);
        await fix(await finalBlocks(expiry - 12n, expiry + 12n));
        await market.connect(signers.frank).settle(terms);
        expect(await dueTo("alice")).to.equal(toHolder);
        expect(await dueTo("bob")).to.equal(COLLATERAL + PREMIUM - toHolder);
        await expect(market.settle(terms)).to.be.revertedWithCustomError(market, "WrongStage");
        for (const role of ["alice", "bob"] as const) {
          const amount = await dueTo(role);
          await expect(market.connect(signers[role]).collect()).to.changeEtherBalances(
            world.chain.tools.ethers,
            [market, signers[role]],
            [-amount, amount],
          );
          await expect(market.connect(signers[role]).collect()).to.changeEtherBalance(world.chain.tools.ethers, market, 0n); // prettier-ignore
        }
        expect(await world.chain.tools.ethers.provider.getBalance(market)).to.equal(0n);
      });

    it("an expiry is fixed once, for all its options", async () => {
      const proof = await finalBlocks(expiry - 12n, expiry + 12n);
      await fix(proof);
      await expect(fix(proof)).to.be.revertedWithCustomError(market, "FixedAlready").withArgs(expiry, PRICE);
      // Another expiry between the same blocks is another fixing.
      await market.fix(expiry + 1n, proof);
      await expect(market.void(terms)).to.be.revertedWithCustomError(market, "FixedAlready");
    });
  });

  describe("without a fixing", () => {
    it("SG-19: both sides end an option by naming the same amount, neither alone", async () => {
      const [alice, bob] = [market.connect(signers.alice), market.connect(signers.bob)];
      await alice.agree(terms, 5n);
      await alice.agree(terms, 5n);
      await bob.agree(terms, 4n);
      await bob.agree(terms, 4n);
      // What Alice proposed first is gone: Bob's word took its place.
      await alice.agree(terms, 5n);
      expect((await market.options(await market.idOf(terms))).stage).to.equal(SOLD);
      await expect(market.connect(signers.carol).agree(terms, 5n)).to.be.revertedWithCustomError(market, "NotParty");
      const held = COLLATERAL + PREMIUM;
      await expect(bob.agree(terms, held + 1n)).to.be.revertedWithCustomError(market, "TooMuch").withArgs(held + 1n, held); // prettier-ignore
      await bob.agree(terms, 5n);
      expect([await dueTo("alice"), await dueTo("bob")]).to.deep.equal([5n, held - 5n]);
      await expect(bob.agree(terms, 5n)).to.be.revertedWithCustomError(market, "WrongStage");
    });

    it("SG-19: after 30 days, and not a second earlier, anybody gives both sides back what they paid in", async () => {
      const from = expiry + 30n * DAY;
      await at(from - 1n);
      await expect(market.void.staticCall(terms, { blockTag: "pending" }))
        .to.be.revertedWithCustomError(market, "TooEarly")
        .withArgs(from, from - 1n);
      await at(from);
      await market.connect(signers.frank).void(terms);
      expect([await dueTo("alice"), await dueTo("bob")]).to.deep.equal([PREMIUM, COLLATERAL]);
      await expect(market.void(terms)).to.be.revertedWithCustomError(market, "WrongStage");
      // A late fixing changes nothing about it.
      const proof = await finalBlocks(from + 600n, from + 612n);
      await expect(fix(proof)).to.be.revertedWithCustomError(market, "NotTheBlock");
    });
  });

  describe("offers", () => {
    it("are the writer's, with their collateral, before the expiry", async () => {
      const { alice, bob, carol } = signers;
      const fresh = { ...terms, salt: 1n };
      await expect(market.connect(alice).offer(fresh, { value: COLLATERAL })).to.be.revertedWithCustomError(market, "NotWriter"); // prettier-ignore
      for (const value of [COLLATERAL - 1n, COLLATERAL + 1n])
        await expect(market.connect(bob).offer(fresh, { value })).to.be.revertedWithCustomError(market, "WrongValue").withArgs(COLLATERAL, value); // prettier-ignore
      await expect(market.connect(bob).offer(terms, { value: COLLATERAL }))
        .to.be.revertedWithCustomError(market, "WrongStage")
        .withArgs(await market.idOf(terms), NONE, SOLD);
      await market.connect(bob).offer(fresh, { value: COLLATERAL });
      await expect(market.connect(carol).buy(fresh, { value: PREMIUM - 1n })).to.be.revertedWithCustomError(market, "WrongValue"); // prettier-ignore
      await expect(market.connect(carol).withdraw(fresh)).to.be.revertedWithCustomError(market, "NotWriter");
      await at(expiry);
      await expect(market.connect(carol).buy(fresh, { value: PREMIUM })).to.be.revertedWithCustomError(market, "Expired"); // prettier-ignore
      await market.connect(bob).withdraw(fresh);
      expect(await dueTo("bob")).to.equal(COLLATERAL);
      await expect(market.connect(bob).withdraw(terms))
        .to.be.revertedWithCustomError(market, "WrongStage")
        .withArgs(await market.idOf(terms), OFFERED, SOLD);
      expect((await market.options(await market.idOf(fresh))).stage).to.equal(ENDED);
    });

    it("SG-9: after a reorg nobody buys other terms than those that were offered", async () => {
      const { bob, carol } = signers;
      const [first, second] = [{ ...terms, salt: 1n }, { ...terms, salt: 1n, strike: STRIKE * 2n }]; // prettier-ignore
      await market.connect(bob).offer(first, { value: COLLATERAL });
      await world.chain.reorg({ depth: 1, keep: false, seed: "another offer" });
      await market.connect(bob).offer(second, { value: COLLATERAL });
      await expect(market.connect(carol).buy(first, { value: PREMIUM }))
        .to.be.revertedWithCustomError(market, "WrongStage")
        .withArgs(await market.idOf(first), OFFERED, NONE);
    });
  });

  it("the unguarded twin fixes what the feed says in the first block after the expiry, and nothing before", async () => {
    const twin = await new UnguardedExpiryOptions__factory(signers.deployer).deploy(feed);
    const proof: FixingProof = { next: 0n, nextHeader: "0x", header: "0x", witness: "0x" };
    await feed.publish(1n);
    await at(expiry);
    await expect(twin.fix(expiry, proof)).to.be.revertedWithCustomError(twin, "TooEarly");
    await at(expiry + 1n);
    await twin.fix(expiry, proof);
    expect((await twin.fixings(expiry)).price).to.equal(1n);
  });

  it("publishes prices of the feed's deployer alone", async () => {
    await expect(feed.connect(signers.alice).publish(1n)).to.be.revertedWithCustomError(feed, "NotPublisher");
  });
});
