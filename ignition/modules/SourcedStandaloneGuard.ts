import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The standalone guard over a source of this chain. Parameters: the address of the `source`, and the `window` in blocks. */
export default buildModule("SourcedStandaloneGuard", (module) => ({
  guard: module.contract("SourcedStandaloneGuard", [module.getParameter("source"), module.getParameter("window")]),
}));
