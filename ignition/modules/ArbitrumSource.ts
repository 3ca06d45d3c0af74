import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** ArbSys and Arbitrum's own ring, as a source. */
export default buildModule("ArbitrumSource", (module) => ({ source: module.contract("ArbitrumSource") }));
