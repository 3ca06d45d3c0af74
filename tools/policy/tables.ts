import { ACTION, VERDICT, type ActionName, type VerdictName } from "./world.js";

/** Verdicts by action, one for each status from Synced to Halted. */
export type Table = Record<ActionName, readonly [VerdictName, VerdictName, VerdictName, VerdictName, VerdictName]>;

/** What the documentation says of the standard policy, written out. */
export const STANDARD_TABLE: Table = {
  Increase: ["Allow", "Allow", "Deny", "Deny", "Deny"],
  Withdraw: ["Allow", "Allow", "Deny", "Deny", "Deny"],
  Deposit: ["Allow", "Allow", "Allow", "Allow", "Allow"],
  Settle: ["Allow", "Deny", "Deny", "Deny", "Deny"],
  Fund: ["Allow", "Allow", "Deny", "Deny", "Deny"],
  Liquidate: ["Allow", "AllowConservative", "AllowConservative", "AllowConservative", "AllowConservative"],
  Decrease: ["Allow", "Allow", "AllowConservative", "AllowConservative", "Deny"],
  Cancel: ["Allow", "Allow", "Allow", "Allow", "Allow"],
};

/** As strict as a policy may be in most cells, and as open as it may be in the rest. */
export const STRICT_TABLE: Table = {
  Increase: ["Allow", "Deny", "Deny", "Deny", "Deny"],
  Withdraw: ["Allow", "AllowConservative", "AllowConservative", "Deny", "Deny"],
  Deposit: ["Allow", "AllowConservative", "AllowConservative", "AllowConservative", "Deny"],
  Settle: ["Allow", "Allow", "Allow", "Allow", "AllowConservative"],
  Fund: ["Allow", "Allow", "Allow", "Allow", "Allow"],
  Liquidate: ["Allow", "Allow", "Allow", "Deny", "Deny"],
  Decrease: ["Allow", "AllowConservative", "AllowConservative", "AllowConservative", "Deny"],
  Cancel: ["Allow", "Allow", "AllowConservative", "AllowConservative", "AllowConservative"],
};

/**
 * A table as a policy. Of an action's six bits the low three count the statuses that allow, the high three those that
 * are open.
 */
export function packed(table: Table): bigint {
  let policy = 0n;
  for (const [name, action] of Object.entries(ACTION)) {
    const cells = table[name as ActionName].map((cell) => VERDICT[cell]);
    const allowed = cells.filter((cell) => cell === VERDICT.Allow).length;
    const open = cells.filter((cell) => cell !== VERDICT.Deny).length;
    policy |= BigInt(allowed + 8 * open) << BigInt(6 * action);
  }
  return policy;
}
