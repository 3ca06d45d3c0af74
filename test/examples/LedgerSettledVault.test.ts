import { expect, use } from "chai";
import { network } from "hardhat";

import type { Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment } from "../../src/ledger/commitment.js";
import { preparedOnce } from "../../tools/forks.js";
import { forContract, MARKET, OTHER, WATCH } from "../../tools/ledger/inputs.js";
import { DISPUTE_TIME, eth, VaultWorld, type SignedCommitment } from "../../tools/ledger/vault.js";
import { CONFIG, STATUS } from "../../tools/policy/world.js";
import { LedgerSettledVault__factory } from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const DAY = 86_400;

/** Both deposited ten. Alice won three of Bob's. */
const WON = {
  alice: { deposited: eth(10), entitled: eth(13) },
  bob: { deposited: eth(10), entitled: eth(7) },
} as const;
/** The signers leave Bob's deposit out, and give it to Alice. */
const LIE = { alice: { deposited: eth(10), entitled: eth(20) }, bob: { deposited: 0n, entitled: 0n } } as const;

describe("LedgerSettledVault", () => {
  let world: VaultWorld;
  preparedOnce(
    async () => ({ world: await VaultWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(async () => {
    for (const owner of [world.alice, world.bob]) await as(owner).deposit(MARKET, { value: eth(10) });
  });

  type Owner = VaultWorld["alice"];
  const as = (owner: Owner) => world.vault.connect(owner);
  const pass = (seconds: number) => world.chain.passTime({ seconds });
  const status = async (market: Hex = MARKET): Promise<number> => Number((await world.vault.statusOf(market)).status);
  const balances = async (): Promise<bigint[]> => {
    const { provider } = world.chain.tools.ethers;
    const held = await provider.getBalance(world.vault);
    return [held, await world.vault.totalPaid(MARKET)];
  };
  async function refuses(act: Promise<unknown>, name: string, ...args: readonly unknown[]): Promise<void> {
    const rejected = expect(act, name).to.be.revertedWithCustomError(world.vault, name);
    await (args.length === 0 ? rejected : rejected.withArgs(...args));
  }
  async function pays(owner: Owner, amount: bigint, tree: ReturnType<VaultWorld["ledger"]>): Promise<void> {
    const witnesses = world.witnesses(tree, (await owner.getAddress()) as Hex);
    const sent = as(owner).withdraw(MARKET, ...witnesses);
    await expect(sent).to.changeEtherBalances(world.chain.tools.ethers, [world.vault, owner], [-amount, amount]);
  }
  /** Commitments that nobody contradicts heal the market. */
  async function heal(tree: ReturnType<VaultWorld["ledger"]>): Promise<void> {
    for (let i = 0; i < WATCH.healAfter; i++) await world.commit(tree);
    await pass(WATCH.healFor);
    await world.desk.heal(world.vault, MARKET);
    await pass(CONFIG.staleFor + CONFIG.graceFor + 24);
    expect(await status()).to.equal(STATUS.Synced);
  }
  /** Nobody signs any more. Time goes on for so long that the clock alone decides. */
  async function goSilent(): Promise<void> {
    await world.chain.stall({ seconds: 4 * 30 * DAY });
    await world.chain.mine();
    await world.desk.retire(world.vault, MARKET);
    await world.vault.poke(MARKET);
    await pass(CONFIG.staleFor + CONFIG.graceFor + 24);
    expect(await status()).to.equal(STATUS.Synced);
  }

  it("pays what the ledger says to whom requested it, once, after the time in which it can be disputed", async () => {
    const tree = world.ledger(WON);
    const { alice, bob } = world;
    for (const owner of [alice, bob]) await as(owner).request(MARKET);
    const commitment = await world.commit(tree);
    await expect(as(bob).show(forContract(commitment))).to.emit(world.vault, "RootShown");
    const [mine, theirs] = [world.owners.alice, world.owners.bob].map((owner) => world.witnesses(tree, owner)) as [
      readonly [Hex, Hex],
      readonly [Hex, Hex],
    ];
    const requested = await world.vault.requestedAt(alice, MARKET);
    await pass(DISPUTE_TIME - 24);
    await refuses(as(alice).withdraw(MARKET, ...mine), "RequestNotSettled", requested, 0);
    await pass(24);
    await expect(as(alice).withdraw(MARKET, ...mine)).to.changeEtherBalances(
      world.chain.tools.ethers,
      [world.vault, alice],
      [-eth(13), eth(13)],
    );
    await refuses(as(alice).withdraw(MARKET, ...mine), "RequestNotSettled", 0, commitment.anchor.number);
    await as(bob).withdraw(MARKET, ...theirs);
    expect(await balances()).to.deep.equal([0n, eth(20)]);

    // Requested again, under the same root and under a newer one: nobody is paid twice.
    await as(alice).request(MARKET);
    await world.settle(tree);
    await refuses(as(alice).withdraw(MARKET, ...mine), "NothingDue", MARKET, world.owners.alice);
    // What comes on top is paid.
    await as(bob).deposit(MARKET, { value: eth(5) });
    await as(bob).request(MARKET);
    const later = world.ledger({ ...WON, bob: { deposited: eth(15), entitled: eth(12) } });
    await world.settle(later);
    await pays(bob, eth(5), later);
  });

  it("refuses a proof of another owner, market, ledger or entry, and one that was changed", async () => {
    const tree = world.ledger(WON);
    await as(world.alice).request(MARKET);
    await world.settle(tree);
    const [deposited, entitled] = world.witnesses(tree, world.owners.alice);
    const [, another] = world.witnesses(tree, world.owners.bob);
    const richer = world.ledger({ ...WON, alice: { deposited: eth(10), entitled: eth(14) } });
    const changed: Hex = `${entitled.slice(0, -2) as Hex}${entitled.endsWith("00") ? "01" : "00"}`;
    for (const wrong of [another, deposited, world.witnesses(richer, world.owners.alice)[1], changed, "0x" as const])
      await expect(as(world.alice).withdraw(MARKET, deposited, wrong), wrong).to.be.rejectedByGuard(
        "StateProofInvalid",
      );
    await pays(world.alice, eth(13), tree);
  });

  it("pays under no root that does not follow the chain beyond the request", async () => {
    const tree = world.ledger(WON);
    await world.settle(tree);
    const { anchored } = await world.vault.waiting(MARKET);
    const witnesses = world.witnesses(tree, world.owners.alice);
    await refuses(as(world.alice).withdraw(MARKET, ...witnesses), "RequestNotSettled", 0, anchored);
    await as(world.alice).request(MARKET);
    const requested = await world.vault.requestedAt(world.alice, MARKET);
    await refuses(as(world.alice).withdraw(MARKET, ...witnesses), "RequestNotSettled", requested, anchored);
    await world.settle(tree);
    await pays(world.alice, eth(13), tree);
  });

  it("is shown the newest commitment alone, and no other before the last has stood", async () => {
    const first = await world.commit(world.ledger(WON));
    const second = await world.commit(world.ledger(WON));
    const head = hashCommitment(second);
    await refuses(world.vault.show.staticCall(forContract(first)), "NotOnRecord", head, hashCommitment(first));
    await world.vault.show(forContract(second));
    const { usableFrom } = await world.vault.waiting(MARKET);
    const [time, number] = [BigInt.asUintN(40, usableFrom), usableFrom >> 40n];
    await refuses(world.vault.show.staticCall(forContract(second)), "RootWaits", time, number);
    await pass(DISPUTE_TIME);
    await world.vault.show(forContract(second));
    expect((await world.vault.settled(MARKET)).anchored).to.equal(second.anchor.number);
  });

  it("SG-23: is shown no root that nobody could dispute for long enough, as its anchor is too old", async () => {
    const { chain, vault } = world;
    const lied = world.ledger(LIE);
    const old = await world.commit(lied, { isHonest: false });
    const { number } = old.anchor;
    // The next transaction's block is as far above the anchor as half of the window of 8,191 hashes.
    await chain.mine(Number(number) + 4_095 - 1 - (await chain.tools.ethers.provider.getBlockNumber()));
    const snapshot = await chain.request({ method: "evm_snapshot" });
    await vault.show(forContract(old));
    await pass(DISPUTE_TIME - 24);
    await world.dispute(old, lied);
    expect(await status()).to.equal(STATUS.Diverged);
    await chain.request({ method: "evm_revert", params: [snapshot] });
    await chain.mine();
    await refuses(vault.show(forContract(old)), "AnchorTooDeep", number, number + 4_096n, 4_095);
  });

  describe("a lie", () => {
    /** The ledger is sound, then its signers lie, and show it. */
    async function lie(): Promise<void> {
      await world.settle(world.ledger(WON));
      const tree = world.ledger(LIE);
      const commitment = await world.commit(tree, { isHonest: false });
      await world.vault.show(forContract(commitment));
      await world.dispute(commitment, tree);
    }

    it("SG-23: is disputed before it pays, and stops its market alone", async () => {
      await as(world.bob).deposit(OTHER, { value: eth(1) });
      await as(world.bob).request(OTHER);
      const sibling = world.ledger({ alice: { deposited: 0n, entitled: 0n }, bob: { deposited: eth(1), entitled: eth(1) } }, OTHER); // prettier-ignore
      await world.settle(sibling, OTHER);
      await as(world.alice).request(MARKET);
      await lie();
      expect([await status(), await status(OTHER)]).to.deep.equal([STATUS.Diverged, STATUS.Synced]);
      const stolen = world.witnesses(world.ledger(LIE), world.owners.alice);
      await expect(as(world.alice).withdraw(MARKET, ...stolen)).to.be.rejectedByGuard("ActionDenied");
      await as(world.bob).deposit(MARKET, { value: 1n });
      await as(world.bob).request(MARKET);
      await as(world.bob).withdraw(OTHER, ...world.witnesses(sibling, world.owners.bob, OTHER));
      expect(await world.vault.totalPaid(OTHER)).to.equal(eth(1));
    });

    it("SG-25: is healed by commitments that nobody contradicts, and the root that it left waiting pays nobody", async () => {
      for (const owner of [world.alice, world.bob]) await as(owner).request(MARKET);
      await lie();
      const [lied, tree] = [world.ledger(LIE), world.ledger(WON)];
      await heal(tree);
      await pass(DISPUTE_TIME);
      const stolen = world.witnesses(lied, world.owners.alice);
      await expect(as(world.alice).withdraw(MARKET, ...stolen)).to.be.rejectedByGuard("StateProofInvalid");
      await pays(world.alice, eth(13), tree);
      await world.settle(tree);
      await pays(world.bob, eth(7), tree);
    });

    it("SG-23: is voided by the calldata of an earlier dispute, which holds again of a newer block", async () => {
      const { alice, bob, chain, desk, vault } = world;
      for (const owner of [alice, bob]) await as(owner).request(MARKET);
      const tree = world.ledger(WON);
      const honest = await world.commit(tree);
      const head = (): Promise<number> => chain.tools.ethers.provider.getBlockNumber();
      const coming = BigInt((await head()) + 400);
      const twins = [BigInt(await head()) - 1n, coming].map((number) =>
        world.sign({ ...honest, sequence: 2n ** 40n, anchor: { ...honest.anchor, number } }),
      );
      const [first, second] = (await Promise.all(twins)) as [SignedCommitment, SignedCommitment];
      const dispute = () => desk.disputeEquivocation(first.evidence, second.evidence, { gasLimit: 1_500_000 });
      await dispute();
      await heal(tree);
      await chain.mine(Number(coming) - 1 - (await head()));

      const lied = world.ledger(LIE);
      const { commitment, relayed } = await world.signed(lied, { isHonest: false });
      await chain.request({ method: "evm_setAutomine", params: [false] });
      const sent = [
        await desk.relay(...relayed, { gasLimit: 1_000_000 }),
        await vault.show(forContract(commitment), { gasLimit: 1_000_000 }),
        await dispute(),
      ];
      await chain.mine();
      await chain.request({ method: "evm_setAutomine", params: [true] });
      for (const { hash } of sent)
        expect(await chain.tools.ethers.provider.getTransactionReceipt(hash)).to.include({ status: 1, blockNumber: await head() }); // prettier-ignore
      // The lie itself is no newer than what was shown.
      const late = world.dispute(commitment, lied);
      await expect(late).to.be.revertedWithCustomError(desk, "LedgerEvidenceNotNewer");
      await heal(tree);
      await pass(DISPUTE_TIME);
      const stolen = world.witnesses(lied, world.owners.alice);
      await refuses(as(alice).withdraw(MARKET, ...stolen), "RequestNotSettled");
      await world.settle(tree);
      await pays(alice, eth(13), tree);
    });

    it("that stands until the ledger is retired pays nobody: the root before it does", async () => {
      await lie();
      const head = await world.commit(world.ledger(LIE), { isHonest: false });
      await goSilent();
      await refuses(world.vault.show(forContract(head)), "LedgerIsRetired", world.vault, MARKET);
      await pass(DISPUTE_TIME);
      const stolen = world.witnesses(world.ledger(LIE), world.owners.alice);
      await expect(as(world.alice).withdraw(MARKET, ...stolen)).to.be.rejectedByGuard("StateProofInvalid");
      await pays(world.alice, eth(13), world.ledger(WON));
      await pays(world.bob, eth(7), world.ledger(WON));
    });

    it("that nobody disputed takes no more than its own market holds", async () => {
      await as(world.bob).deposit(OTHER, { value: eth(9) });
      await as(world.alice).request(MARKET);
      const tree = world.ledger({ alice: { deposited: eth(10), entitled: eth(29) } });
      const commitment = await world.commit(tree, { isHonest: false });
      await world.vault.show(forContract(commitment));
      await pass(DISPUTE_TIME);
      const witnesses = world.witnesses(tree, world.owners.alice);
      await refuses(as(world.alice).withdraw(MARKET, ...witnesses), "MarketInsolvent", MARKET, eth(20), eth(29));
    });
  });

  describe("the way out, where the signers go silent", () => {
    it("SG-25: the last root pays without a request, and a deposit that came after it goes back", async () => {
      const tree = world.ledger(WON);
      await world.settle(tree);
      await as(world.bob).deposit(MARKET, { value: eth(2) });
      await goSilent();
      await pays(world.alice, eth(13), tree);
      await pays(world.bob, eth(9), tree);
      const again = as(world.bob).withdraw(MARKET, ...world.witnesses(tree, world.owners.bob));
      await refuses(again, "NothingDue", MARKET, world.owners.bob);
    });

    it("all deposits go back where nothing was ever settled", async () => {
      await goSilent();
      for (const owner of [world.alice, world.bob]) await as(owner).withdraw(MARKET, "0x", "0x");
      expect(await balances()).to.deep.equal([0n, eth(20)]);
      await refuses(as(world.bob).withdraw(MARKET, "0x", "0x"), "NothingDue");
    });
  });

  it("is not deployed where nobody had time to dispute", async () => {
    const { vault, desk, alice } = world;
    const short = new LedgerSettledVault__factory(alice).deploy(desk, await desk.proofs(), alice, 599);
    await expect(short).to.be.revertedWithCustomError(vault, "DisputeTimeTooShort").withArgs(599, 600);
  });

  it("lists a market by its operator alone, and takes nothing for one that is not listed", async () => {
    await refuses(as(world.alice).list(OTHER, CONFIG, MARKET), "NotOperator", world.owners.alice);
    const unlisted = `0x${"77".repeat(32)}`;
    await expect(as(world.alice).deposit(unlisted, { value: 1n })).to.be.rejectedByGuard("ScopeUnknown");
  });
});
