// #region upgrade
import { upgrades } from "@openzeppelin/hardhat-upgrades";
import { expect, use } from "chai";
import hre from "hardhat";
import { defineGuardConfig, latestAnchor } from "settlement-guard";
import { settlementGuardMatchers } from "settlement-guard/chai";

use(settlementGuardMatchers);

const { scopes } = defineGuardConfig({
  chains: { 31337: { keeperLatency: 60 } },
  scopes: {
    "ETH-PERP": { chain: 31337, minDepth: 1, maxAge: 256, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 },
  },
});
const { id, config } = scopes["ETH-PERP"];

describe("an exchange behind a proxy", () => {
  for (const kind of ["transparent", "uups"] as const) {
    it(`is deployed and upgraded without a switched-off check, and forgets nothing (${kind})`, async () => {
      const connection = await hre.network.create();
      const { ethers, networkHelpers } = connection;
      const { deployProxy, upgradeProxy } = await upgrades(hre, connection);
      const [owner] = await ethers.getSigners();
      if (owner === undefined) throw new Error("the network has no account");

      const proxy = await deployProxy(await ethers.getContractFactory("UpgradeablePerps"), [owner.address, config], {
        kind,
      });
      const perps = await ethers.getContractAt("UpgradeablePerps", await proxy.getAddress());
      await networkHelpers.mine(3);
      await perps.trade(5n, await latestAnchor(ethers.provider));
      await networkHelpers.time.increase(3_600); // an outage
      await perps.poke(id);

      const upgraded = await upgradeProxy(perps, await ethers.getContractFactory("PerpsV2"), { kind });
      const perpsV2 = await ethers.getContractAt("PerpsV2", await upgraded.getAddress());
      expect(await perpsV2.configOf(id)).to.deep.equal(
        Object.values(config).map((member) => (typeof member === "number" ? BigInt(member) : member)),
      );
      expect(await perpsV2.positions(owner)).to.equal(5n);
      await expect(perpsV2.trade(1n, await latestAnchor(ethers.provider))).to.be.rejectedByGuard("ActionDenied");

      await networkHelpers.mine(200, { interval: 12 });
      await perpsV2.trade(1n, await latestAnchor(ethers.provider));
      expect(await perpsV2.positions(owner)).to.equal(6n);
    });
  }

  it("is not upgraded to what would forget the guard's memory", async () => {
    const connection = await hre.network.create();
    const { ethers } = connection;
    const { validateUpgrade } = await upgrades(hre, connection);
    const [from, to] = [
      await ethers.getContractFactory("UpgradeablePerps"),
      await ethers.getContractFactory("ForgetfulPerps"),
    ];
    const reason = await validateUpgrade(from, to, { kind: "uups" }).then(() => "accepted", String);
    expect(reason).to.include("Deleted namespace `erc7201:settlement-guard.storage.policy`");
  });
});
// #endregion upgrade
