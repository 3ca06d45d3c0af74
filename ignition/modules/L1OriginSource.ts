import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The L1 origin of an OP-stack chain that is listed. */
export default buildModule("L1OriginSource", (module) => ({ source: module.contract("L1OriginSource") }));
