import { expect, use } from "chai";

import {
  L2_CHAIN_ID,
  beneficiaryKey,
  collateralSlot,
  deployCrossChain,
  market,
  openOn,
  proveOnL1,
  setL2Price,
  vaultOf,
  type CrossChain,
  type L1Proof,
} from "../../scenarios/vault.js";
import { UNIT, signersOf, type Role } from "../../scenarios/world.js";
import { toBytes, toHex, toWord } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { showL1Origin } from "../../src/forks/index.js";
import type { HardhatChain } from "../../src/hardhat/index.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { prove as proveState } from "../../src/actions/prove.js";
import {
  CrossChainHarness__factory,
  GreedyOwner__factory,
  GuardedVaultBackedPerps__factory,
  ISourceErrors__factory,
  PinnedVaultBackedPerps__factory,
  SourcedPinBoard__factory,
  ToldSource__factory,
  type DelayedVault,
  type GuardedVaultBackedPerps,
  type PinnedVaultBackedPerps,
  type SourcedPinBoard,
  type ToldSource,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const COLLATERAL = 100n * UNIT;
/** The whole of it backs ten times as much. */
const SIZE = 1_000n * UNIT;
const HOUR = 3_600n;

describe("VaultBackedPerps", () => {
  let chains: CrossChain;
  let perps: GuardedVaultBackedPerps;
  let vault: DelayedVault;

  beforeEach(async () => {
    chains = await deployCrossChain(UNIT, "raw");
    perps = await market(chains, "guarded", "erin");
    vault = await vaultOf(chains, "erin");
    await chains.l1.mine(4);
    await lock("erin", chains.markets.guarded);
    await chains.l1.mine(20);
    await showHead();
  });

  afterEach(async () => {
    await chains.l1.close();
    await chains.l2.close();
  });

  const lock = async (role: Role, beneficiary: string, chainId = L2_CHAIN_ID) =>
    (await vaultOf(chains, role)).lock(beneficiary, chainId, { value: COLLATERAL });

  const showHead = async () => showL1Origin({ l2: chains.l2, l1: chains.l1, number: chains.l1.head.number });

  const prove = async (depth = 8n, role: Role = "erin") =>
    proveOnL1(chains, "guarded", role, chains.l1.head.number - depth, chains.l1.head.number);

  const open = async (proof: L1Proof, { size = SIZE, margin = COLLATERAL } = {}) =>
    openOn(chains, "guarded", "erin", { size, margin, proof });

  const positionOf = async (role: Role) => perps.positions((await signersOf(chains.l2))[role]);

  const resultOf = async (role: Role) => perps.results((await signersOf(chains.l2))[role]);

  async function expectOpened(proof: L1Proof, terms = {}): Promise<void> {
    const { executed, says } = await open(proof, terms);
    expect(executed, says).to.equal(true);
  }

  /** Puts the next block of a chain at a time. */
  const nextAt = async (chain: HardhatChain, time: bigint) =>
    chain.request({ method: "evm_setNextBlockTimestamp", params: [Number(time)] });

  const timeOf = async (number: bigint): Promise<bigint> =>
    BigInt((await fetchHeader(chains.l1.request, { block: { number } })).timestamp);

  /** Another market of the same code on the same L2. */
  async function secondMarket(): Promise<GuardedVaultBackedPerps> {
    const { deployer, feed, erin } = await signersOf(chains.l2);
    const other = await new GuardedVaultBackedPerps__factory(deployer).deploy(chains.vault, feed, L2_CHAIN_ID);
    await other.connect(feed).setPrice(UNIT);
    return other.connect(erin);
  }

  it("opens what the collateral backs, and closes without a proof", async () => {
    await expectOpened(await prove());
    await perps.close();
    expect((await positionOf("erin")).size).to.equal(0n);
  });

  it("SG-13: opens nothing while there is no price, at which a position would need no margin", async () => {
    const { deployer, feed, erin } = await signersOf(chains.l2);
    const unpriced = await new GuardedVaultBackedPerps__factory(deployer).deploy(chains.vault, feed, L2_CHAIN_ID);
    const { ...proof } = await prove();
    await expect(unpriced.connect(erin).open(SIZE, 0n, proof)).to.be.revertedWithCustomError(unpriced, "PriceUnknown");
    await expect(unpriced.connect(feed).setPrice(0n)).to.be.revertedWithCustomError(unpriced, "PriceUnknown");
  });

  it("SG-13: one proof does not back two positions", async () => {
    const proof = await prove();
    const half = { size: 100n * UNIT, margin: (COLLATERAL * 6n) / 10n };
    await expectOpened(proof, half);
    const second = await open(proof, half);
    expect(second.executed).to.equal(false);
    expect(second.error).to.equal("SlotBelow");
    expect(second.values).to.include({ believed: (COLLATERAL * 12n) / 10n, actual: COLLATERAL });
  });

  it("SG-13, A7: one collateral does not back a position in each of two markets, nor on two chains", async () => {
    const proof = await prove();
    await expectOpened(proof);
    const other = await secondMarket();
    const { erin } = await signersOf(chains.l1);
    const slot = collateralSlot(await erin.getAddress(), await other.getAddress(), L2_CHAIN_ID);
    // What the first market was shown, and the honest answer to what the second one asks.
    const asked = { ...chains, markets: { ...chains.markets, guarded: await other.getAddress() } };
    const honest = await proveOnL1(asked, "guarded", "erin", proof.anchor.number, chains.l1.head.number);
    await expect(other.open(SIZE, COLLATERAL, proof)).to.be.rejectedByGuard();
    await expect(other.open(SIZE, COLLATERAL, honest))
      .to.be.rejectedByGuard("SlotBelow")
      .withValues(chains.vault, slot, COLLATERAL, 0n);
    // The same market's address on another chain is another beneficiary.
    await lock("bob", chains.markets.guarded, L2_CHAIN_ID + 1);
    await chains.l1.mine(8);
    await showHead();
    const elsewhere = await openOn(chains, "guarded", "bob", {
      size: UNIT,
      margin: UNIT,
      proof: await prove(8n, "bob"),
    });
    expect([elsewhere.executed, elsewhere.error]).to.deep.equal([false, "SlotBelow"]);
  });

  it("SG-13: one trader's proof backs nobody else's position", async () => {
    const proof = await prove();
    const other = await openOn(chains, "guarded", "bob", { size: UNIT, margin: UNIT, proof });
    expect(other.executed).to.equal(false);
    // A witness answers its own question alone.
    expect(other.error).to.equal("StateProofInvalid");
  });

  it("SG-13, A7: before the collateral leaves, requested right after the proven block, anybody may close what rests on it", async () => {
    const proven = chains.l1.head.number;
    // Erin asks for all of it in the very next block, and opens with a proof of the block before.
    await vault.request(perps, L2_CHAIN_ID, COLLATERAL);
    await chains.l1.mine(7);
    await showHead();
    await expectOpened(await prove());
    const key = beneficiaryKey(chains.markets.guarded, L2_CHAIN_ID);
    const { releaseAt } = await vault.withdrawals(key, (await signersOf(chains.l1)).erin);
    const { end, provenAt } = await positionOf("erin");
    const provenTime = await timeOf(proven);
    expect([provenAt, end]).to.deep.equal([proven, provenTime + (await perps.BACKED_FOR())]);
    expect(end < provenTime + (await vault.DELAY())).to.equal(true);
    expect(releaseAt > provenTime + (await vault.DELAY())).to.equal(true);

    const { erin, bob } = await signersOf(chains.l2);
    await nextAt(chains.l2, end - 1n);
    await expect(perps.connect(bob).expire(erin))
      .to.be.revertedWithCustomError(perps, "PositionBacked")
      .withArgs(erin, end, end - 1n);
    await nextAt(chains.l2, end);
    await perps.connect(bob).expire(erin);
    expect(await positionOf("erin")).to.deep.equal([0n, 0n, 0n, 0n, 0n]);

    // At that moment of L1 the ether is there. It is there at every later one up to a day after the request, too.
    for (const time of [end, releaseAt - 1n]) {
      await nextAt(chains.l1, time);
      await expect(vault.release(perps, L2_CHAIN_ID))
        .to.be.revertedWithCustomError(vault, "TooEarly")
        .withArgs(releaseAt, time);
    }
    await nextAt(chains.l1, releaseAt);
    await vault.release(perps, L2_CHAIN_ID);
    expect(await chains.l1.tools.ethers.provider.getBalance(chains.vault)).to.equal(0n);
    await chains.l1.mine(8);
    await showHead();
    expect((await open(await prove(), { size: 1n, margin: 1n })).error).to.equal("SlotBelow");
  });

  it("SG-13, A7: every proof that is accepted ends before its collateral can leave, however the clocks of both chains stand", async () => {
    const [backedFor, delay, depth] = [await perps.BACKED_FOR(), await vault.DELAY(), await perps.MAX_DEPTH()];
    // What the L2's clock may be behind L1's: the sequencing window of the OP stack, 3,600 blocks of L1.
    expect(backedFor + 12n * HOUR < delay).to.equal(true);
    await chains.l1.mine(Number(depth));
    await showHead();
    const oldest = await prove(depth);
    const ended = (await timeOf(oldest.anchor.number)) + backedFor;
    // The L2 stands still, or its origin does, until the proof has ended.
    await nextAt(chains.l2, ended);
    await expect(perps.open(SIZE, COLLATERAL, oldest))
      .to.be.revertedWithCustomError(perps, "ProofEnded")
      .withArgs(oldest.anchor.number, ended, ended);
    // A newer one is good for as much longer as its block is newer.
    const newer = await prove(depth - 1n);
    await expectOpened(newer);
    expect((await positionOf("erin")).end).to.equal((await timeOf(newer.anchor.number)) + backedFor);
  });

  it("SG-13, A7: only a newer proof renews, only of what is still locked, only before the end, and only for its own trader", async () => {
    await expect(perps.renew(await prove())).to.be.revertedWithCustomError(perps, "NoPosition");
    await expectOpened(await prove(9n));
    const first = await positionOf("erin");
    for (const depth of [9n, 10n])
      await expect(perps.renew(await prove(depth)))
        .to.be.revertedWithCustomError(perps, "ProofNotNewer")
        .withArgs((await signersOf(chains.l2)).erin, chains.l1.head.number - depth, first.provenAt);
    expect((await open(await prove(10n), { size: 0n, margin: 0n })).says).to.match(/^ProofNotNewer/);
    const newer = await prove(8n);
    await expect((await market(chains, "guarded", "bob")).renew(newer)).to.be.revertedWithCustomError(
      perps,
      "NoPosition",
    );
    await perps.renew(newer);
    const second = await positionOf("erin");
    expect(second.end - first.end).to.equal((await timeOf(second.provenAt)) - (await timeOf(first.provenAt)));
    expect([...second].slice(0, 3)).to.deep.equal([...first].slice(0, 3));

    await vault.request(perps, L2_CHAIN_ID, 1n);
    await chains.l1.mine(8);
    await showHead();
    await expect(perps.renew(await prove())).to.be.rejectedByGuard("SlotBelow");
    await lock("erin", chains.markets.guarded);
    await chains.l1.mine(8);
    await showHead();
    const late = await prove();
    await nextAt(chains.l2, second.end);
    await expect(perps.renew(late)).to.be.revertedWithCustomError(perps, "PositionEnded");
    expect((await open(late, { size: 0n, margin: 0n })).says).to.match(/^PositionEnded/);
  });

  it("SG-13, A7: nobody expires what is not there, and a position that has ended earns nothing and loses what it lost", async () => {
    const { erin, bob } = await signersOf(chains.l2);
    await expect(perps.expire(bob)).to.be.revertedWithCustomError(perps, "NoPosition");
    for (const [price, profit] of [
      [(UNIT * 11n) / 10n, 0n],
      [(UNIT * 9n) / 10n, -10n * UNIT],
    ] as const) {
      await setL2Price(chains, UNIT);
      await expectOpened(await prove(), { size: 100n * UNIT, margin: 10n * UNIT });
      const before = await resultOf("erin");
      await setL2Price(chains, price);
      const { end } = await positionOf("erin");
      await nextAt(chains.l2, end);
      // Her own close does not earn more than anybody's.
      if (profit === 0n) await perps.close();
      else await perps.connect(bob).expire(erin);
      expect((await resultOf("erin")) - before).to.equal(profit);
      await letTheOriginFollow();
    }
  });

  /** L1 catches up with the L2's clock, and the L2 shows it. */
  async function letTheOriginFollow(): Promise<void> {
    await nextAt(chains.l1, BigInt((await chains.l2.tools.ethers.provider.getBlock("latest"))?.timestamp ?? 0));
    await chains.l1.mine(10);
    await showHead();
  }

  it("SG-13, A7: a realised loss needs its backing, too: no proof backs a second position after the first one's loss", async () => {
    const proof = await prove();
    await expectOpened(proof);
    await setL2Price(chains, (UNIT * 19n) / 20n);
    await perps.close();
    expect(await resultOf("erin")).to.equal(-50n * UNIT);
    const again = await open(proof);
    expect(again.values).to.include({ believed: 150n * UNIT, actual: COLLATERAL });
    await expectOpened(proof, { size: 500n * UNIT, margin: 50n * UNIT });
    // To trade a position down to nothing realises its loss as well.
    await setL2Price(chains, (UNIT * 9n) / 10n);
    expect((await open(proof, { size: -500n * UNIT, margin: 0n })).values).to.include({ believed: 125n * UNIT });
    await perps.close();
    expect(await resultOf("erin")).to.equal(-75n * UNIT);
  });

  it("A7: what is locked for one beneficiary is requested and released for that one alone", async () => {
    const { bob, erin } = await signersOf(chains.l1);
    const [first, second] = [chains.markets.guarded, await bob.getAddress()];
    await vault.lock(second, 1, { value: 1n });
    for (const [beneficiary, chainId] of [
      [second, 1],
      [second, L2_CHAIN_ID],
      [first, 1],
    ] as const)
      await expect(vault.request(beneficiary, chainId, 2n)).to.be.revertedWithPanic(0x11);
    await vault.request(first, L2_CHAIN_ID, COLLATERAL - 1n);
    await chains.l1.stall({ seconds: 86_000 });
    // A further request for another beneficiary does not start this one's delay anew.
    await vault.request(second, 1, 1n);
    await chains.l1.stall({ seconds: 400 });
    await vault.release(first, L2_CHAIN_ID);
    await expect(vault.release(second, 1)).to.be.revertedWithCustomError(vault, "TooEarly");
    expect(await vault.balances(beneficiaryKey(first, L2_CHAIN_ID), erin)).to.equal(1n);
    expect(await chains.l1.tools.ethers.provider.getBalance(chains.vault)).to.equal(2n);
  });

  it("A7: an owner that asks again while it is paid is paid once", async () => {
    const owner = await new GreedyOwner__factory((await signersOf(chains.l1)).bob).deploy(chains.vault);
    await owner.lock({ value: 5n });
    await owner.request(5n);
    await chains.l1.stall({ seconds: 86_400 });
    await owner.release();
    expect(await owner.payments()).to.equal(2n);
    expect(await chains.l1.tools.ethers.provider.getBalance(owner)).to.equal(5n);
    expect(await chains.l1.tools.ethers.provider.getBalance(chains.vault)).to.equal(COLLATERAL);
  });

  it("SG-2: the checks of a slot compare both ways, and an absent slot is a proven zero", async () => {
    const { deployer, erin, bob } = await signersOf(chains.l2);
    const harness = await new CrossChainHarness__factory(deployer).deploy(10);
    const present = await prove();
    const absent = await prove(8n, "bob");
    const { stateRoot } = present.anchor;
    const slot = collateralSlot(await erin.getAddress(), chains.markets.guarded, L2_CHAIN_ID);
    const empty = collateralSlot(await bob.getAddress(), chains.markets.guarded, L2_CHAIN_ID);

    for (const believed of [0n, 1n, COLLATERAL])
      expect(await harness.requireAtLeast(stateRoot, chains.vault, slot, believed, present.witness)).to.equal(
        COLLATERAL,
      );
    await expect(harness.requireAtLeast(stateRoot, chains.vault, slot, COLLATERAL + 1n, present.witness))
      .to.be.rejectedByGuard("SlotBelow")
      .withValues(chains.vault, slot, COLLATERAL + 1n, COLLATERAL);
    for (const believed of [COLLATERAL, COLLATERAL + 1n])
      expect(await harness.requireAtMost(stateRoot, chains.vault, slot, believed, present.witness)).to.equal(
        COLLATERAL,
      );
    await expect(
      harness.requireAtMost(stateRoot, chains.vault, slot, COLLATERAL - 1n, present.witness),
    ).to.be.rejectedByGuard("SlotAbove");
    await harness.requireEqual(stateRoot, chains.vault, slot, COLLATERAL, present.witness);
    await expect(
      harness.requireEqual(stateRoot, chains.vault, slot, COLLATERAL - 1n, present.witness),
    ).to.be.rejectedByGuard("SlotDiffers");

    await harness.requireEqual(stateRoot, chains.vault, empty, 0n, absent.witness);
    await expect(harness.requireAtLeast(stateRoot, chains.vault, empty, 1n, absent.witness)).to.be.rejectedByGuard(
      "SlotBelow",
    );
    // A proof that is cut short shows neither a value nor an absence.
    const cut = toHex(toBytes(absent.witness, "witness").subarray(0, 300));
    for (const check of ["requireAtMost", "requireEqual", "requireAtLeast"] as const)
      await expect(
        harness.getFunction(check).staticCall(stateRoot, chains.vault, empty, 0n, cut),
      ).to.be.rejectedByGuard("StateProofInvalid");
  });

  describe("on pinned collateral", () => {
    let told: ToldSource;
    let board: SourcedPinBoard;
    let pinned: PinnedVaultBackedPerps;
    const TIERS = { head: 0, finalized: 2 } as const;

    const deployOver = async (tier: number) => {
      const { deployer, feed, erin } = await signersOf(chains.l2);
      told = await new ToldSource__factory(deployer).deploy(1n, tier);
      await told.tell(chains.l1.head.number, chains.l1.head.hash);
      board = await new SourcedPinBoard__factory(deployer).deploy(told, 1n, 1n);
      const other = await new PinnedVaultBackedPerps__factory(deployer).deploy(chains.vault, feed, board, 1n);
      await other.connect(feed).setPrice(UNIT);
      return other.connect(erin);
    };

    /** Locks for the pinned market, and pins what is locked. */
    const pinBalance = async (market_: PinnedVaultBackedPerps) => {
      const { number, hash, stateRoot, timestamp } = await fetchHeader(chains.l1.request, {
        block: { number: chains.l1.head.number },
      });
      await told.tell(number, hash);
      const { erin } = await signersOf(chains.l2);
      const slot = collateralSlot(await erin.getAddress(), await market_.getAddress(), L2_CHAIN_ID);
      const anchor = { number, hash, stateRoot };
      const proven = await proveState(chains.l1.request, { anchor, account: chains.vault, slots: [slot] });
      await board.pinSlot(anchor, proven.header, chains.vault, slot, proven.witness);
      return { number, timestamp };
    };

    const proofAt = (number: bigint, balance = COLLATERAL): L1Proof => ({
      anchor: { number, hash: toWord(0n), stateRoot: toWord(0n) },
      headers: [],
      witness: toWord(balance),
    });

    beforeEach(async () => {
      pinned = await deployOver(TIERS.finalized);
      await lock("erin", await pinned.getAddress());
      await chains.l1.mine(2);
    });

    it("SG-13, SG-22: a position rests on the pin, ends before the collateral can leave, and backs no more than once", async () => {
      const { number, timestamp } = await pinBalance(pinned);
      await pinned.open(SIZE / 2n, (COLLATERAL * 6n) / 10n, proofAt(number));
      const { erin } = await signersOf(chains.l2);
      const { end } = await pinned.positions(erin);
      expect(end).to.equal(timestamp + (await pinned.BACKED_FOR()));
      expect(end).to.be.lessThan(timestamp + (await vault.DELAY()));
      // All that the one pin backs counts.
      await expect(pinned.open(SIZE / 2n, (COLLATERAL * 6n) / 10n, proofAt(number))).to.be.rejectedByGuard("SlotBelow");
      await pinned.open(SIZE / 2n, (COLLATERAL * 4n) / 10n, proofAt(number));
    });

    it("SG-13, SG-22: one pinned balance does not back two markets", async () => {
      const { number } = await pinBalance(pinned);
      const { deployer, feed, erin } = await signersOf(chains.l2);
      const second = await new PinnedVaultBackedPerps__factory(deployer).deploy(chains.vault, feed, board, 1n);
      await second.connect(feed).setPrice(UNIT);
      await expect(second.connect(erin).open(SIZE, COLLATERAL, proofAt(number))).to.be.rejectedByGuard("PinMissing");
    });

    it("SG-22: another balance, block or tier is refused, and so is a pin whose time is over", async () => {
      const { number } = await pinBalance(pinned);
      const asked = (proof: L1Proof) => pinned.open(SIZE, COLLATERAL, proof);
      await expect(asked(proofAt(number, 2n * COLLATERAL))).to.be.rejectedByGuard("PinDiffers");
      await expect(asked(proofAt(number + 1n))).to.be.revertedWithCustomError(pinned, "OlderBlock");
      // Who pins the same balance of a newer block stops nobody.
      await chains.l1.mine(2);
      const newer = await pinBalance(pinned);
      await pinned.open.staticCall(SIZE, COLLATERAL, proofAt(number));
      await nextAt(chains.l2, (await timeOf(newer.number)) + (await pinned.BACKED_FOR()) + 1n);
      await expect(asked(proofAt(number))).to.be.rejectedByGuard("PinTooOld");
    });

    it("SG-22, C27: a board of another chain backs nothing", async () => {
      const { number } = await pinBalance(pinned);
      const { deployer, feed, erin } = await signersOf(chains.l2);
      const other = await new PinnedVaultBackedPerps__factory(deployer).deploy(chains.vault, feed, board, 5n);
      await other.connect(feed).setPrice(UNIT);
      const errors = { interface: ISourceErrors__factory.createInterface() };
      await expect(other.connect(erin).open(SIZE, COLLATERAL, proofAt(number)))
        .to.be.revertedWithCustomError(errors, "SourceOfOtherChain")
        .withArgs(await told.getAddress(), 5n, 1n);
    });

    it("SG-22: what L1 may still drop backs nothing", async () => {
      const unsure = await deployOver(TIERS.head);
      await lock("erin", await unsure.getAddress());
      await chains.l1.mine(2);
      const { number } = await pinBalance(unsure);
      await expect(unsure.open(SIZE, COLLATERAL, proofAt(number))).to.be.rejectedByGuard("PinTierTooLow");
    });
  });
});
