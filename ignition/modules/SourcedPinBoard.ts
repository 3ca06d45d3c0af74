import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Pins of a chain that a source knows. Parameters: the address of the `source`, its `chainId`, and a `minDepth` in blocks. */
export default buildModule("SourcedPinBoard", (module) => ({
  board: module.contract("SourcedPinBoard", [
    module.getParameter("source"),
    module.getParameter("chainId"),
    module.getParameter("minDepth"),
  ]),
}));
