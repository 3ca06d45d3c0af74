import { expect } from "chai";
import { network } from "hardhat";

import Perps from "../ignition/modules/Perps.js";
import { scopes } from "../src/guard.js";

describe("deployment through Ignition", () => {
  it("gives the market the configuration that was checked", async () => {
    const { ethers, ignition } = await network.create();
    const deployed = await ignition.deploy(Perps);
    const perps = await ethers.getContractAt("OrderPerps", await deployed.perps.getAddress());
    const { config, id } = scopes["ETH-PERP"];
    expect(await perps.configOf(id)).to.deep.equal(
      Object.values(config).map((member) => (typeof member === "number" ? BigInt(member) : member)),
    );
  });
});
