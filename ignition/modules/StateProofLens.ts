import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The verifiers behind external functions. */
export default buildModule("StateProofLens", (module) => ({ lens: module.contract("StateProofLens") }));
