import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The engine that a protocol's `_sharedEngine` names, so that its constructor deploys none. */
export default buildModule("PolicyEngine", (module) => ({ engine: module.contract("PolicyEngine") }));
