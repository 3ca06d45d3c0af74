/** What shows that a chain stood still: the contract's `Continuity`, but for `Unlisted`. */
export const CONTINUITIES = ["block-times", "l1-origin", "arbitrum-clock", "on-demand"] as const;
export type Continuity = (typeof CONTINUITIES)[number];
