import { SettlementGuardError } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import type { Commitment } from "../ledger/commitment.js";
import type { Connection, RequestOptions } from "../rpc/request.js";
import { fetchHeader } from "./fetchHeader.js";

/** When a commitment may be relayed: its only members that signers do not compare. */
type Bounds = Pick<Commitment, "validUntil" | "validUntilBlock">;

/**
 * The header of a proposed anchor, out of the signer's own chain. It may lie below the signer's block of the tier, which moved on
 * since the proposal.
 *
 * @param own header of the signer's own block of the tier
 * @throws PROPOSAL_DIFFERS where the anchor is beyond that, or another block of its height
 */
export async function proposedHeader(
  connection: Connection,
  { anchor }: Commitment,
  { own, asking }: { readonly own: HashedHeader; readonly asking: RequestOptions },
): Promise<HashedHeader> {
  if (anchor.number > own.number) throw differs("anchor.number", own.number, anchor.number);
  const header =
    anchor.number === own.number ? own : await fetchHeader(connection, { block: anchor.number, ...asking });
  requireSame(anchorMembers(header), anchorMembers(anchor));
  return header;
}

/**
 * Compares what a signer prepared with what was proposed, but for the bounds.
 *
 * @param newest header of the newest block
 * @returns what was proposed
 * @throws PROPOSAL_DIFFERS with the first member that differs, or the bound that has passed
 */
export function agreed(
  prepared: Omit<Commitment, keyof Bounds>,
  proposed: Commitment,
  newest: HashedHeader,
): Commitment {
  requireSame(membersOf(prepared), membersOf(proposed));
  const { validUntil, validUntilBlock } = proposed;
  if (validUntil < newest.timestamp) throw differs("validUntil", newest.timestamp, validUntil);
  if (validUntilBlock < newest.number) throw differs("validUntilBlock", newest.number, validUntilBlock);
  return { ...prepared, validUntil, validUntilBlock };
}

type Members = Readonly<Record<string, bigint | number | string>>;

function membersOf({ anchor, ...members }: Omit<Commitment, keyof Bounds>): Members {
  return { ...members, ...anchorMembers(anchor) };
}

function anchorMembers({ number, hash, stateRoot }: Commitment["anchor"]): Members {
  return { "anchor.number": number, "anchor.hash": hash, "anchor.stateRoot": stateRoot };
}

/** Hexadecimal may be of any case. */
function requireSame(own: Members, proposed: Members): void {
  for (const [member, value] of Object.entries(own))
    if (String(value).toLowerCase() !== String(proposed[member]).toLowerCase())
      throw differs(member, value, proposed[member] ?? "missing");
}

function differs(
  member: string,
  own: bigint | number | string,
  proposed: bigint | number | string,
): SettlementGuardError<"PROPOSAL_DIFFERS"> {
  const message = `the proposed ${member} is ${proposed}, the signer's own is ${own}`;
  return new SettlementGuardError(
    "PROPOSAL_DIFFERS",
    { member, own: String(own), proposed: String(proposed) },
    message,
  );
}
