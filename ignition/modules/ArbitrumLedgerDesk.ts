import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The desk of ledgers on Arbitrum. */
export default buildModule("ArbitrumLedgerDesk", (module) => ({ desk: module.contract("ArbitrumLedgerDesk") }));
