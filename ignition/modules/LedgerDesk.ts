import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The desk of a chain's ledgers, with its `ProofDesk`. Parameter: the `pins`, a `PinBoard`; the zero address for none. */
export default buildModule("LedgerDesk", (module) => ({
  desk: module.contract("LedgerDesk", [module.getParameter("pins")]),
}));
