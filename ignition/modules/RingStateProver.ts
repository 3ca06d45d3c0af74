import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** A ring as an ERC-7888 prover. Parameters: the address of the `ring`, its `homeChainId`, `size` and `codeHash`. */
export default buildModule("RingStateProver", (module) => ({
  prover: module.contract("RingStateProver", [
    module.getParameter("ring"),
    module.getParameter("homeChainId"),
    module.getParameter("size"),
    module.getParameter("codeHash"),
  ]),
}));
