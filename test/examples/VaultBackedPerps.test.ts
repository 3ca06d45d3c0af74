import { expect, use } from "chai";

import {
  balanceSlot,
  beneficiary,
  deployCrossChain,
  lockForBoth,
  lockedFor,
  market,
  openOn,
  proveOnL1,
  vaultOf,
  type CrossChain,
} from "../../scenarios/vault.js";
import { UNIT, signersOf } from "../../scenarios/world.js";
import { toBytes, toHex } from "../../src/bytes.js";
import { decodeGuardError } from "../../src/anchor/guardErrors.js";
import { revertDataOf, settlementGuardMatchers } from "../../src/chai/index.js";
import { showL1Origin } from "../../src/forks/index.js";
import { fetchHeader } from "../../src/rpc/block.js";
import {
  CrossChainHarness__factory,
  DelayedVault__factory,
  GuardedVaultBackedPerps__factory,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const COLLATERAL = 100n * UNIT;

describe("VaultBackedPerps", () => {
  let chains: CrossChain;

  beforeEach(async () => {
    chains = await deployCrossChain(UNIT);
    await chains.l1.mine(4);
    await lockForBoth(chains, "erin", COLLATERAL);
    await chains.l1.mine(20);
    await showL1Origin(chains.l2, chains.l1, chains.l1.head.number);
  });

  afterEach(async () => {
    await chains.l1.close();
    await chains.l2.close();
  });

  const prove = async (depth = 8n) => proveOnL1(chains, "erin", chains.l1.head.number - depth, chains.l1.head.number);

  it("opens what the collateral backs, and closes without a proof", async () => {
    const proof = await prove();
    const { executed } = await openOn(chains, "guarded", "erin", { size: 1_000n * UNIT, margin: COLLATERAL, proof });
    expect(executed).to.equal(true);
    const perps = await market(chains, "guarded", "erin");
    await perps.close();
    expect((await perps.positions((await signersOf(chains.l2)).erin)).size).to.equal(0n);
  });

  it("SG-13: one proof does not back two positions", async () => {
    const proof = await prove();
    const half = { size: 100n * UNIT, margin: (COLLATERAL * 6n) / 10n, proof };
    expect((await openOn(chains, "guarded", "erin", half)).executed).to.equal(true);
    const second = await openOn(chains, "guarded", "erin", half);
    expect(second.executed).to.equal(false);
    expect(second.error).to.equal("SlotBelow");
    expect(second.values).to.include({ believed: (COLLATERAL * 12n) / 10n, actual: COLLATERAL });
  });

  it("SG-13: one trader's proof backs nobody else's position", async () => {
    const proof = await prove();
    const other = await openOn(chains, "guarded", "bob", { size: UNIT, margin: UNIT, proof });
    expect(other.executed).to.equal(false);
    // The nodes of erin's balance are, for bob's slot, a proof of its absence, or none at all.
    expect(other.error).to.be.oneOf(["SlotBelow", "StateProofInvalid"]);
    const own = await proveOnL1(chains, "bob", chains.l1.head.number - 8n, chains.l1.head.number);
    const second = await openOn(chains, "guarded", "bob", { size: UNIT, margin: UNIT, proof: own });
    expect(second.error).to.equal("SlotBelow");
    expect(second.values).to.include({ actual: 0n });
  });

  it("SG-13, A7: collateral backs the market that its owner named, and no other", async () => {
    const { deployer, feed, erin } = await signersOf(chains.l2);
    const chainId = 10;
    const other = await new GuardedVaultBackedPerps__factory(deployer).deploy(chains.vault, feed, chainId);
    await other.connect(feed).setPrice(UNIT);
    const proof = await prove();
    const opening = { size: 1_000n * UNIT, margin: COLLATERAL, proof };
    expect((await openOn(chains, "guarded", "erin", opening)).executed).to.equal(true);
    // For the other market's slot the same nodes are a proof of its absence, or none at all.
    const attempt = await other
      .connect(erin)
      .open.staticCall(1_000n * UNIT, COLLATERAL, proof.guarded)
      .then(
        () => undefined,
        (error: unknown) => decodeGuardError(revertDataOf(error) ?? "0x")?.name,
      );
    expect(attempt).to.be.oneOf(["SlotBelow", "StateProofInvalid"]);
    // Nor does what is locked for this market's address on another chain.
    const vault = await vaultOf(chains, "erin");
    await vault.lock(chains.markets.guarded, chainId + 1, { value: COLLATERAL });
    expect(await lockedFor(chains, "guarded", "erin")).to.equal(COLLATERAL);
  });

  it("SG-13, A7: a position ends before what backs it can leave, whenever it was requested after the proven block", async () => {
    const { erin, bob } = await signersOf(chains.l2);
    const perps = await market(chains, "guarded", "bob");
    const proof = await prove();
    await openOn(chains, "guarded", "erin", { size: 1_000n * UNIT, margin: COLLATERAL, proof });
    const { timestamp } = await fetchHeader(chains.l1.request, { number: proof.guarded.anchor.number });
    const { backedUntil } = await perps.positions(erin);
    const vault = await vaultOf(chains, "erin");
    expect(backedUntil).to.equal(timestamp + (await perps.BACKED_FOR()));
    expect(backedUntil < timestamp + (await vault.DELAY())).to.equal(true);

    // The worst case: requested in the block after the proven one. Here it was even later.
    await vault.request(...beneficiary(chains, "guarded"), COLLATERAL);
    const l2Time = async (): Promise<bigint> => (await fetchHeader(chains.l2.request, "latest")).timestamp;
    await chains.l2.stall({ seconds: Number(backedUntil - (await l2Time())) - 60 });
    await chains.l2.mine(1);
    await expect(perps.expire(erin))
      .to.be.revertedWithCustomError(perps, "PositionBacked")
      .withArgs(await erin.getAddress(), backedUntil);
    await chains.l2.stall({ seconds: 60 });
    await perps.connect(bob).expire(erin);
    expect((await perps.positions(erin)).size).to.equal(0n);
    await chains.l1.stall({ seconds: Number(await perps.BACKED_FOR()) + 3_600 });
    await chains.l1.mine(1);
    await expect(vault.release(...beneficiary(chains, "guarded"))).to.be.revertedWithCustomError(vault, "TooEarly");
    // Nor can anybody open on the old proof, whose block the market might still take for recent.
    await expect(perps.connect(erin).open(UNIT, UNIT, proof.guarded)).to.be.revertedWithCustomError(
      perps,
      "ProofExpired",
    );
  });

  it("SG-13, A7: a newer proof renews a position, an older one does not, and one that shows less does not either", async () => {
    const { erin } = await signersOf(chains.l2);
    const perps = await market(chains, "guarded", "bob");
    const older = await prove(12n);
    const proof = await prove(8n);
    await openOn(chains, "guarded", "erin", { size: 1_000n * UNIT, margin: COLLATERAL, proof });
    const before = (await perps.positions(erin)).backedUntil;
    for (const each of [proof, older])
      await expect(perps.renew(erin, each.guarded)).to.be.revertedWithCustomError(perps, "ProofNotNewer");

    await chains.l1.mine(10);
    await showL1Origin(chains.l2, chains.l1, chains.l1.head.number);
    await perps.renew(erin, (await prove()).guarded);
    expect((await perps.positions(erin)).backedUntil > before).to.equal(true);

    await (await vaultOf(chains, "erin")).request(...beneficiary(chains, "guarded"), 1n);
    await chains.l1.mine(10);
    await showL1Origin(chains.l2, chains.l1, chains.l1.head.number);
    await expect(perps.renew(erin, (await prove()).guarded)).to.be.rejectedByGuard("SlotBelow");
    await expect(perps.renew(await perps.getAddress(), proof.guarded)).to.be.revertedWithCustomError(
      perps,
      "NoPosition",
    );
    await expect(perps.expire(await perps.getAddress())).to.be.revertedWithCustomError(perps, "NoPosition");
  });

  it("SG-13: the age of an accepted proof is far below the vault's delay, so what is believed is still there", async () => {
    const vault = await vaultOf(chains, "erin");
    const proof = await prove(8n);
    await vault.request(...beneficiary(chains, "guarded"), COLLATERAL);
    await chains.l1.mine(50);
    await showL1Origin(chains.l2, chains.l1, chains.l1.head.number);
    const { headers } = (await prove(chains.l1.head.number - proof.guarded.anchor.number)).guarded;
    const late = { ...proof, guarded: { ...proof.guarded, headers } };
    expect((await openOn(chains, "guarded", "erin", { size: UNIT, margin: UNIT, proof: late })).executed).to.equal(
      true,
    );
    // Accepted although it has been requested since: it cannot have left yet.
    const contract = DelayedVault__factory.connect(chains.vault, (await signersOf(chains.l1)).erin);
    await expect(contract.release(...beneficiary(chains, "guarded"))).to.be.revertedWithCustomError(
      contract,
      "TooEarly",
    );
    expect(await chains.l1.tools.ethers.provider.getBalance(chains.vault)).to.equal(2n * COLLATERAL);
  });

  it("SG-2: the checks of a slot compare both ways, and an absent slot is a proven zero", async () => {
    const { deployer, erin, bob } = await signersOf(chains.l2);
    const harness = await new CrossChainHarness__factory(deployer).deploy(10);
    const present = (await prove()).guarded;
    const absent = (await proveOnL1(chains, "bob", chains.l1.head.number - 8n, chains.l1.head.number)).guarded;
    const { stateRoot } = present.anchor;
    const slot = balanceSlot(chains, "guarded", await erin.getAddress());
    const empty = balanceSlot(chains, "guarded", await bob.getAddress());

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
});
