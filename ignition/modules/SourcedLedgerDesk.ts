import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The desk of ledgers over a source of this chain. Parameters: the address of the `source`, and the `window` in blocks. */
export default buildModule("SourcedLedgerDesk", (module) => ({
  desk: module.contract("SourcedLedgerDesk", [module.getParameter("source"), module.getParameter("window")]),
}));
