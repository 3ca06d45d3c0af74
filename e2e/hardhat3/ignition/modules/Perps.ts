// #region ignition
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { parseEther } from "ethers";

import { scopes } from "../../src/guard.js";

export default buildModule("Perps", (module) => {
  const perps = module.contract("OrderPerps", [scopes["ETH-PERP"].config, 2_000n], { value: parseEther("1") });
  return { perps };
});
// #endregion ignition
