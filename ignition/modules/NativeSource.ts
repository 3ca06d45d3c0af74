import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** BLOCKHASH and EIP-2935, as a source. */
export default buildModule("NativeSource", (module) => ({ source: module.contract("NativeSource") }));
