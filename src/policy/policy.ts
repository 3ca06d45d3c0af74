/** What is known to be wrong with a scope, in rising severity; the order of `Status` in `contracts/policy/Policy.sol`. */
export const STATUSES = ["Synced", "Lagging", "Stale", "Diverged", "Halted"] as const;
export type Status = (typeof STATUSES)[number];

/** What a protocol's users do; the order of `Action` in `contracts/policy/Policy.sol`. */
export const ACTIONS = [
  "Increase",
  "Withdraw",
  "Deposit",
  "Settle",
  "Fund",
  "Liquidate",
  "Decrease",
  "Cancel",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Whether an action may take effect; the order of `Verdict` in `contracts/policy/Policy.sol`. */
export const VERDICTS = ["Deny", "AllowConservative", "Allow"] as const;
export type Verdict = (typeof VERDICTS)[number];
