import { expect, use } from "chai";

import { deployCrossChain, market, openOn, proveOnL1, vaultOf, type CrossChain } from "../../scenarios/vault.js";
import { UNIT, signersOf } from "../../scenarios/world.js";
import { toBytes, toHex } from "../../src/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { showL1Origin } from "../../src/forks/index.js";
import { CrossChainHarness__factory, DelayedVault__factory } from "../../typechain-types/index.js";
import { ethers } from "ethers";

use(settlementGuardMatchers);

const COLLATERAL = 100n * UNIT;

describe("VaultBackedPerps", () => {
  let chains: CrossChain;

  beforeEach(async () => {
    chains = await deployCrossChain(UNIT);
    await chains.l1.mine(4);
    await (await vaultOf(chains, "erin")).lock({ value: COLLATERAL });
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
    // The nodes of erin's balance are, for bob's slot, a proof of its absence.
    expect(other.error).to.equal("SlotBelow");
    expect(other.values).to.include({ actual: 0n });
  });

  it("SG-13: the vault's delay exceeds the age of every proof that the market accepts, so what is believed is still there", async () => {
    const guarded = await market(chains, "guarded", "erin");
    const vault = await vaultOf(chains, "erin");
    // At most so many L1 blocks below the origin, and the origin at most half an hour behind (the OP stack's largest sequencer drift).
    const acceptedAge = (await guarded.MAX_DEPTH()) * 12n + 1_800n;
    expect((await vault.DELAY()) > 4n * acceptedAge).to.equal(true);

    const proof = await prove(8n);
    await vault.request(COLLATERAL);
    await chains.l1.mine(50);
    await showL1Origin(chains.l2, chains.l1, chains.l1.head.number);
    const headers = (await prove(chains.l1.head.number - proof.anchor.number)).headers;
    expect(
      (await openOn(chains, "guarded", "erin", { size: UNIT, margin: UNIT, proof: { ...proof, headers } })).executed,
    ).to.equal(true);
    // Accepted although it has been requested since: it cannot have left yet.
    const contract = DelayedVault__factory.connect(chains.vault, (await signersOf(chains.l1)).erin);
    await expect(contract.release()).to.be.revertedWithCustomError(contract, "TooEarly");
    expect(await chains.l1.tools.ethers.provider.getBalance(chains.vault)).to.equal(COLLATERAL);
  });

  it("SG-2: the checks of a slot compare both ways, and an absent slot is a proven zero", async () => {
    const { deployer, erin, bob } = await signersOf(chains.l2);
    const harness = await new CrossChainHarness__factory(deployer).deploy(10);
    const slotOf = async (owner: string): Promise<string> =>
      ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [owner, 0]));
    const present = await prove();
    const absent = await proveOnL1(chains, "bob", chains.l1.head.number - 8n, chains.l1.head.number);
    const { stateRoot } = present.anchor;
    const slot = await slotOf(await erin.getAddress());
    const empty = await slotOf(await bob.getAddress());

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
