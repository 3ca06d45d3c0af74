import { abiCommitment, type AbiCommitment, type AbiSigners } from "../ledger/abi.js";
import type { Commitment, SignerSet } from "../ledger/commitment.js";

/** A commitment, and what makes the desk believe that it was said. */
export interface SaidCommitment {
  readonly commitment: Commitment;
  /**
   * What was relayed after the commitment, up to the newest. None where it is the newest, or was not relayed. What the desk
   * does not need is left out of the dispute.
   */
  readonly descendants?: readonly Commitment[];
  /** Who signed the commitment; left out where it is on record. */
  readonly signed?: { readonly set: SignerSet; readonly signatures: readonly string[] };
}

/** A commitment as evidence: the contract's `Signed`. */
export interface DisputedCommitment {
  readonly commitment: AbiCommitment;
  readonly descendants: AbiCommitment[];
  readonly set: AbiSigners;
  readonly signatures: string[];
}

/** Each so many commitments the desk keeps a hash, and so many of them. */
const MILESTONE = 64n;
const MILESTONES = 128n;

/** A commitment as the desk takes it in a dispute. */
export function asEvidence({ commitment, descendants = [], signed }: SaidCommitment): DisputedCommitment {
  const { set = { threshold: 0, signers: [] }, signatures = [] } = signed ?? {};
  return {
    commitment: abiCommitment(commitment),
    descendants: upToMilestone(commitment, descendants).map(abiCommitment),
    set: { ...set, signers: [...set.signers] },
    signatures: [...signatures],
  };
}

/** The descendants up to the first of which the desk keeps the hash. */
function upToMilestone(commitment: Commitment, descendants: readonly Commitment[]): readonly Commitment[] {
  const newest = (descendants.at(-1) ?? commitment).sequence;
  const isKept = ({ sequence }: Commitment): boolean =>
    sequence % MILESTONE === 0n && newest / MILESTONE - sequence / MILESTONE < MILESTONES;
  const at = [commitment, ...descendants].findIndex(isKept);
  return at < 0 ? descendants : descendants.slice(0, at);
}
