/**
 * Why a proof is invalid, by the names and in the order of `ProofReason` in `contracts/proof/ProofTypes.sol`, where each is
 * explained. A test compares the two lists.
 */
export const PROOF_REASONS = [
  "None",
  "ZeroRoot",
  "Truncated",
  "TrailingBytes",
  "NodeHashMismatch",
  "NodeTooLarge",
  "NodeTooSmall",
  "NodeMalformed",
  "BranchMalformed",
  "ChildMalformed",
  "ExtensionMalformed",
  "PathMalformed",
  "PathLength",
  "ValueMalformed",
  "AccountMalformed",
  "SlotOrder",
] as const;

/** The name of a reason; `None` is never the reason of anything invalid. */
export type ProofReason = (typeof PROOF_REASONS)[number];

/** What a proof shows. "Not proven" is not "absent": there are always three outcomes. */
export type ProofVerdict<Value> =
  | { readonly status: "present"; readonly value: Value }
  | { readonly status: "absent" }
  | { readonly status: "invalid"; readonly reason: Exclude<ProofReason, "None"> };
