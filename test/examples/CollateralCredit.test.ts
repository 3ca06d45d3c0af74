import { expect, use } from "chai";

import { collateralSlot } from "../../scenarios/vault.js";
import { UNIT, forks, signersOf } from "../../scenarios/world.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { prove } from "../../src/actions/prove.js";
import type { Hex } from "../../src/core/bytes.js";
import {
  CollateralVault__factory,
  GuardedCollateralCredit__factory,
  type GuardedCollateralCredit,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const CHAIN_ID = 31_337;
const LOCKED = 5n * UNIT;

describe("CollateralCredit", () => {
  it("SG-13, A7: one proof backs one credit: neither a second loan nor another contract's", async () => {
    const chain = await forks.create({ history: "transaction" });
    const { deployer, bob } = await signersOf(chain);
    const vault = await new CollateralVault__factory(deployer).deploy();
    const deploy = async () => new GuardedCollateralCredit__factory(deployer).deploy(vault, { value: 100n * UNIT });
    const [first, second] = [await deploy(), await deploy()];
    await vault.connect(bob).lock(first, CHAIN_ID, { value: LOCKED });
    await vault.connect(bob).lock(second, CHAIN_ID + 1, { value: LOCKED });
    await chain.mine(3);
    const account = (await vault.getAddress()) as Hex;
    const { number, hash } = chain.head;
    const slotFor = async (credit: GuardedCollateralCredit): Promise<Hex> =>
      collateralSlot(await bob.getAddress(), await credit.getAddress(), CHAIN_ID);
    await chain.mine();
    const shown = await prove(chain.request, { anchor: { number, hash }, account, slots: [await slotFor(first)] });
    const absent = await prove(chain.request, { anchor: { number, hash }, account, slots: [await slotFor(second)] });

    await first.connect(bob).borrow(shown.anchor, shown.header, shown.witness, LOCKED - 1n);
    await expect(first.connect(bob).borrow(shown.anchor, shown.header, shown.witness, 2n))
      .to.be.rejectedByGuard("SlotBelow")
      .withValues(account, await slotFor(first), LOCKED + 1n, LOCKED);
    // What the first was shown says nothing of the second. The honest answer is that nothing is locked for it.
    await expect(second.connect(bob).borrow(shown.anchor, shown.header, shown.witness, 1n)).to.be.rejectedByGuard();
    await expect(second.connect(bob).borrow(absent.anchor, absent.header, absent.witness, 1n))
      .to.be.rejectedByGuard("SlotBelow")
      .withValues(account, await slotFor(second), 1n, 0n);
    expect(await second.debts(bob)).to.equal(0n);
    await first.connect(bob).borrow(shown.anchor, shown.header, shown.witness, 1n);
    expect(await first.debts(bob)).to.equal(LOCKED);
    await chain.close();
  });
});
