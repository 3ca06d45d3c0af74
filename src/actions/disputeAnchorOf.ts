import { sameHex, toBytes, toHex, type Hex } from "../core/bytes.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { asEvidence, type DisputedCommitment, type SaidCommitment } from "./disputedCommitment.js";
import { fetchHeader } from "./fetchHeader.js";

/** The commitment whose anchor is looked at, and where it is disputed. */
export interface AnchorDisputeOptions extends RequestOptions, SaidCommitment {
  /** Address of the `LedgerDesk`. */
  readonly desk: Hex;
}

/** What the commitment says of its block, and what the chain does. */
export interface AnchorDifference {
  readonly of: "block hash" | "state root";
  readonly here: Hex;
  readonly there: Hex;
}

/** A transaction that stops a scope, as `ReadyDispute` is one. */
export type ReadyAnchorDispute = { readonly to: Hex; readonly difference: AnchorDifference } & (
  | { readonly function: "disputeAnchor"; readonly args: readonly [signed: DisputedCommitment] }
  | { readonly function: "disputeStateRoot"; readonly args: readonly [signed: DisputedCommitment, header: Hex] }
);

/**
 * Compares a commitment's anchor with the chain, and makes the dispute that a difference gives rise to. It is dispute 1 where
 * the chain has another block at that height. It is dispute 2 where the block has another state root.
 *
 * Which block is canonical is the endpoint's word: ask a `quorum`, or see what the desk says to the dispute.
 *
 * @returns undefined where the anchor is the chain's
 * @throws BLOCK_NOT_FOUND where the chain has not come to it, and as `fetchHeader`
 * @example
 * const dispute = await disputeAnchorOf(provider, { desk, commitment });
 * if (dispute) await new Contract(dispute.to, abi, signer)[dispute.function](...dispute.args);
 */
export async function disputeAnchorOf(
  connection: Connection,
  options: AnchorDisputeOptions,
): Promise<ReadyAnchorDispute | undefined> {
  checkRequestOptions(options, "desk", "commitment", "descendants", "signed");
  const { commitment, timeout } = options;
  const { number, hash, stateRoot } = commitment.anchor;
  const to = toHex(toBytes(options.desk, "desk", 20));
  const header = await fetchHeader(connection, { block: number, ...(timeout === undefined ? {} : { timeout }) });
  const signed = asEvidence(options);
  if (!sameHex(header.hash, hash))
    return {
      ...{ to, difference: { of: "block hash", here: hash, there: header.hash } },
      ...{ function: "disputeAnchor", args: [signed] },
    };
  if (!sameHex(header.stateRoot, stateRoot))
    return {
      ...{ to, difference: { of: "state root", here: stateRoot, there: header.stateRoot } },
      ...{ function: "disputeStateRoot", args: [signed, header.rlp] },
    };
  return undefined;
}
