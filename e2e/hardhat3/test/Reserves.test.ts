// #region prove
import { expect, use } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { latestAnchor, prove } from "settlement-guard";
import { settlementGuardMatchers } from "settlement-guard/chai";
import { hardhatForks } from "settlement-guard/hardhat";

use(settlementGuardMatchers);

const MARKET = encodeBytes32String("ETH-PERP");

describe("a state proof", () => {
  it("shows what the vault held after the anchor's block, and contradicts who believes in more", async () => {
    const chain = await hardhatForks(network).create();
    const { ethers } = chain.tools;
    const vault = await ethers.deployContract("Vault");
    const reserves = await ethers.deployContract("Reserves", [vault]);
    await vault.deposit(MARKET, { value: 700n });
    await chain.mine(3);

    const proof = await prove(ethers.provider, {
      anchor: await latestAnchor(ethers.provider),
      account: await vault.getAddress(),
      slots: [await reserves.slotOf(MARKET)],
    });
    expect(proof.slots[0]?.value).to.equal(700n);
    expect(await reserves.requireReserve(MARKET, 700n, proof)).to.equal(700n);
    await expect(reserves.requireReserve(MARKET, 701n, proof)).to.be.rejectedByGuard("SlotBelow");
  });
});
// #endregion prove
