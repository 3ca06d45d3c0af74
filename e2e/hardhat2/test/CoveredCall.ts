// #region test
import { mine, setPrevRandao, takeSnapshot, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect, use } from "chai";
import { parseEther } from "ethers";
import { ethers, ignition, network } from "hardhat";
import { explain, latestAnchor, prove } from "settlement-guard";
import { settlementGuardMatchers } from "settlement-guard/chai";
import { passTime } from "settlement-guard/forks";

import { scopes } from "../guard";
import CoveredCallModule from "../ignition/modules/CoveredCall";

use(settlementGuardMatchers);

const DAY = 86_400;
const premium = parseEther("0.05");

describe("covered calls on Hardhat 2", () => {
  async function deploy() {
    const [writer, buyer] = await ethers.getSigners();
    const expiry = (await time.latest()) + DAY;
    const calls = await ethers.deployContract("CoveredCall", [scopes["ETH-CALL"].config, 2_000n, premium, expiry], {
      value: parseEther("10"),
    });
    await mine(3);
    return { calls, writer, buyer };
  }

  it("sells, settles and pays on a chain that lives", async () => {
    const { calls, buyer } = await deploy();
    await calls.connect(buyer).buy(await latestAnchor(ethers.provider), { value: premium });
    // #region time
    await passTime(network.provider, DAY);
    await calls.settle(2_500n);
    // #endregion time
    await expect(calls.connect(buyer).redeem()).to.changeEtherBalance(buyer, parseEther("0.2"));
  });

  it("sells nothing on another branch than the one that the buyer saw", async () => {
    const { calls, buyer } = await deploy();
    const past = await takeSnapshot();
    await mine(2);
    const anchor = await latestAnchor(ethers.provider, { depth: 1 });
    await past.restore();
    await setPrevRandao(7);
    await mine(2);
    await expect(calls.connect(buyer).buy(anchor, { value: premium })).to.be.rejectedByGuard("AnchorMismatch");
    const reason = await calls.connect(buyer).buy(anchor, { value: premium }).catch(explain);
    expect(reason).to.match(/^AnchorMismatch: the action was prepared on another branch/);
  });

  it("settles at no price from before an outage", async () => {
    const { calls, buyer } = await deploy();
    await calls.connect(buyer).buy(await latestAnchor(ethers.provider), { value: premium });
    await time.increase(DAY); // no block accounts for it
    await expect(calls.settle(2_500n)).to.be.rejectedByGuard("ActionDenied");
  });

  it("proves what the contract holds", async () => {
    const { calls } = await deploy();
    const account = await calls.getAddress();
    const { slots } = await prove(network.provider, {
      anchor: await latestAnchor(network.provider),
      account,
      slots: [0n],
    });
    expect(slots).to.have.length(1);
  });

  it("deploys through Ignition", async () => {
    const parameters = { CoveredCall: { expiry: (await time.latest()) + DAY } };
    const { calls } = await ignition.deploy(CoveredCallModule, { parameters });
    expect(await calls.unsold()).to.equal(10n);
  });
});
// #endregion test
