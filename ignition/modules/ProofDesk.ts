import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The verifiers for contracts that do not carry them. */
export default buildModule("ProofDesk", (module) => ({ proofs: module.contract("ProofDesk") }));
