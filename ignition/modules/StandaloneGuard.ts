import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The guard for protocols that cannot inherit it. Its constructor refuses a chain that it does not know. */
export default buildModule("StandaloneGuard", (module) => ({ guard: module.contract("StandaloneGuard") }));
