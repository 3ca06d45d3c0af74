/** How sure it is that the chain keeps the blocks of a source: the contract's `Tier`, in its order. */
export const TIERS = ["head", "safe", "finalized"] as const;
export type Tier = (typeof TIERS)[number];
