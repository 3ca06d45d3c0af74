import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** k of n sources. Parameters: `members` in ascending order of their addresses, the `quorum`, and the `memberGas` of each. */
export default buildModule("QuorumSource", (module) => ({
  source: module.contract("QuorumSource", [
    module.getParameter("members"),
    module.getParameter("quorum"),
    module.getParameter("memberGas"),
  ]),
}));
