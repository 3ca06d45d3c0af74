export { revertDataOf } from "../anchor/revertData.js";
export { settlementGuardMatchers, type ExpectedValue } from "./rejectedByGuard.js";
