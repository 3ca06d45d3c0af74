import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Finalized blocks of EIP-4788. Parameters: the first slots of the `forks`, and the `size` in hashes. */
export default buildModule("FinalizedHashes", (module) => ({
  source: module.contract("FinalizedHashes", [module.getParameter("forks"), module.getParameter("size")]),
}));
