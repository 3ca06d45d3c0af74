import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Pins of the executing chain. */
export default buildModule("PinBoard", (module) => ({ board: module.contract("PinBoard") }));
