import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Hashes kept for longer. Parameters: the address of a `source`, its `chainId`, and the `size` in hashes. */
export default buildModule("RecordedHashes", (module) => ({
  source: module.contract("RecordedHashes", [
    module.getParameter("source"),
    module.getParameter("chainId"),
    module.getParameter("size"),
  ]),
}));
