import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { parseEther } from "ethers";

import { scopes } from "../../guard";

export default buildModule("CoveredCall", (module) => {
  const { config } = scopes["ETH-CALL"];
  const terms = [2_000n, parseEther("0.05"), module.getParameter("expiry")];
  return { calls: module.contract("CoveredCall", [config, ...terms], { value: parseEther("10") }) };
});
