export { settlementGuardMatchers, type ExpectedValue } from "./rejectedByGuard.js";
export { revertDataOf } from "./revertData.js";
