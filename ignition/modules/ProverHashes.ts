import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Blocks of an ERC-7888 prover. Parameters: the `prover`, the `chainId` of its target, a `tier`, and the `size` in hashes. */
export default buildModule("ProverHashes", (module) => ({
  source: module.contract("ProverHashes", [
    module.getParameter("prover"),
    module.getParameter("chainId"),
    module.getParameter("tier"),
    module.getParameter("size"),
  ]),
}));
