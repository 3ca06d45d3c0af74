import { TIERS } from "../anchor/tiers.js";
import { sameHex, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { checkOptions } from "../rpc/options.js";
import {
  commitmentDigest,
  commitmentTypedData,
  hashSigners,
  type Commitment,
  type LedgerTypedData,
  type SignerSet,
} from "./commitment.js";
import type { JournalFloor, SigningJournal } from "./journal.js";

/** Who signs what, and where that is remembered. */
export interface SignCommitmentOptions {
  /** Of this key alone: `openJournal` or `postgresJournal` of `settlement-guard/journal`. */
  readonly journal: SigningJournal;
  /** Address of the `LedgerDesk`. */
  readonly desk: string;
  readonly commitment: Commitment;
  /** As `prepareCommitment` read it from the desk. */
  readonly floor: JournalFloor;
  /** Makes the signature, of the digest or of the same as typed data. */
  readonly sign: (digest: Hex, typedData: LedgerTypedData) => Promise<string>;
}

/** A signature, and whose it is. */
export interface SignerSignature {
  readonly signer: string;
  /** Hexadecimal, not empty. */
  readonly signature: string;
}

/** A call of the desk: what viem's `writeContract` takes beside the ABI, and ethers as `desk.relay(...args)`. */
export interface RelayCall {
  readonly address: Hex;
  readonly functionName: "relay";
  readonly args: [
    commitment: Omit<Commitment, "tier"> & { readonly tier: number },
    set: { readonly threshold: bigint; readonly signers: Hex[] },
    signatures: Hex[],
  ];
}

/**
 * Signs a commitment, once it is on record that this digest is going to be signed. The same commitment again gives the signature on
 * record. Another one for the same place is refused, whatever happened in between.
 *
 * @throws ALREADY_SIGNED, whose way out is another epoch; SEQUENCE_PASSED, JOURNAL_UNUSABLE
 * @throws INVALID_COMMITMENT, INVALID_ANCHOR, INVALID_HEX, INVALID_OPTION, and whatever `sign` throws
 * @example
 * const { commitment, floor } = prepared;
 * const sign = (digest) => account.sign({ hash: digest });
 * const signature = await signCommitment({ journal, desk, commitment, floor, sign });
 */
export async function signCommitment(options: SignCommitmentOptions): Promise<Hex> {
  checkOptions(options, ["journal", "desk", "commitment", "floor", "sign"]);
  const { journal, desk, commitment, floor, sign } = options;
  const { guard, scope, epoch, sequence } = commitment;
  const typedData = commitmentTypedData(desk, commitment);
  const digest = commitmentDigest(desk, commitment);
  try {
    return await journal.sign({ key: { guard, scope, epoch, sequence }, digest, floor }, () => sign(digest, typedData));
  } catch (error) {
    if (!SettlementGuardError.is(error, "ALREADY_SIGNED")) throw error;
    const message = `${error.message}. Relay that one while it is valid; else open an epoch of the same set, which voids it`;
    throw new SettlementGuardError("ALREADY_SIGNED", error.details, message, { cause: error });
  }
}

/**
 * Puts signatures into the order of their set, as the desk wants them: empty where one did not sign. Whose each one is, the caller knows.
 * The desk checks it.
 *
 * @throws INVALID_COMMITMENT for fewer than the threshold, a signer that is none of the set, or one that comes twice
 * @throws INVALID_HEX
 * @example
 * const signatures = assembleSignatures({ set, signatures: [{ signer: alice, signature }, { signer: bob, signature: other }] });
 */
export function assembleSignatures({
  set,
  signatures,
}: {
  readonly set: SignerSet;
  readonly signatures: readonly SignerSignature[];
}): Hex[] {
  hashSigners(set); // refuses a set that no desk would take
  const assembled = set.signers.map((): Hex => "0x");
  for (const { signer, signature } of signatures) {
    toBytes(signer, "signer", 20);
    const at = set.signers.findIndex((other) => sameHex(other, signer));
    if (at < 0) throw invalid("signatures", `${signer} is none of the ${set.signers.length} signers`);
    if (assembled[at] !== "0x") throw invalid("signatures", `${signer} signed twice`);
    const bytes = toBytes(signature, "signature");
    if (bytes.length === 0) throw invalid("signatures", `the signature of ${signer} is empty`);
    assembled[at] = toHex(bytes);
  }
  if (signatures.length < set.threshold)
    throw invalid("signatures", `${signatures.length} signed, and ${set.threshold} must`);
  return assembled;
}

/**
 * The call that relays a commitment. Anybody may send it.
 *
 * @throws INVALID_COMMITMENT, INVALID_ANCHOR, INVALID_HEX for what no desk would take
 * @example
 * const { args } = relayCall({ desk, commitment, set, signatures });
 * await LedgerDesk__factory.connect(desk, sender).relay(...args);
 */
export function relayCall({
  desk,
  commitment,
  set,
  signatures,
}: {
  readonly desk: string;
  readonly commitment: Commitment;
  readonly set: SignerSet;
  readonly signatures: readonly Hex[];
}): RelayCall {
  commitmentTypedData(desk, commitment); // refuses what cannot be signed
  hashSigners(set);
  if (signatures.length !== set.signers.length)
    throw invalid("signatures", `${signatures.length} signatures for ${set.signers.length} signers`);
  return {
    address: toHex(toBytes(desk, "desk", 20)),
    functionName: "relay",
    args: [
      { ...commitment, tier: TIERS.indexOf(commitment.tier) },
      { threshold: BigInt(set.threshold), signers: [...set.signers] },
      [...signatures],
    ],
  };
}

function invalid(member: string, reason: string): SettlementGuardError<"INVALID_COMMITMENT"> {
  return new SettlementGuardError("INVALID_COMMITMENT", { member, reason }, reason);
}
