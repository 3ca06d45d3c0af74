export { revertDataOf } from "../explain/revertData.js";
export { settlementGuardMatchers, type ExpectedValue } from "./matchers.js";
