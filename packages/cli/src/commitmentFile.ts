import {
  assembleSignatures,
  commitmentDigest,
  TIERS,
  type Commitment,
  type Hex,
  type SignerSet,
  type SignerSignature,
} from "settlement-guard";

import { malformed, unusable } from "./errors.js";
import { readObject, unusableFile } from "./jsonFile.js";
import { hex, inFile, membersOf, oneOf, whole } from "./members.js";

/** What `ledger commit` prints, and others read. */
export interface CommitmentFile {
  readonly desk: Hex;
  readonly commitment: Commitment;
  /** What is signed. */
  readonly digest: Hex;
  /** Left out where nothing was signed. */
  readonly signed?: SignerSignature;
}

/** A commitment with the signatures of several files, in the order of their set. */
export interface SignedCommitment extends CommitmentFile {
  readonly signatures: readonly Hex[];
}

const SHAPE = "expected what `ledger commit` printed";
const NUMBERS = { epoch: 64, sequence: 64, chainId: 256, validUntil: 64, validUntilBlock: 64 } as const;
const MEMBERS = ["guard", "scope", "anchor", "ledgerRoot", "format", "rules", "previous", "tier"] as const;

/**
 * The commitment that a file holds. What the file calls its digest is compared.
 *
 * @throws UNUSABLE_INPUT
 */
export async function readCommitment(path: string): Promise<CommitmentFile> {
  const document = await readObject(path);
  return inFile(path, SHAPE, () => {
    const names = ["desk", "commitment", "digest"] as const;
    const { desk, commitment, digest, signer, signature } = membersOf(document, "it", names, ["signer", "signature"]);
    const read = { desk: hex(desk, "desk", 20), commitment: commitmentOf(commitment) };
    const hashed = commitmentDigest(read.desk, read.commitment);
    if (hashed !== hex(digest, "digest", 32)) throw malformed(`its digest is another: the commitment has ${hashed}`);
    if (signer === undefined && signature === undefined) return { ...read, digest: hashed };
    const signed = { signer: hex(signer, "signer", 20), signature: hex(signature, "signature") };
    return { ...read, digest: hashed, signed };
  });
}

/**
 * One commitment with the signatures of its set, a file for each. Whose each one is, the file says; the desk checks it.
 *
 * @throws UNUSABLE_INPUT where they are of several commitments, or too few
 */
export async function readSignatures(paths: readonly string[], set: SignerSet): Promise<SignedCommitment> {
  let first: CommitmentFile | undefined;
  const signatures: SignerSignature[] = [];
  for (const path of paths) {
    const file = await readCommitment(path);
    first ??= file;
    if (file.digest !== first.digest || file.desk !== first.desk)
      throw unusableFile(path, `it is of the digest ${file.digest}, and the first of ${first.digest}`, SAME);
    if (file.signed === undefined) throw unusableFile(path, "it is not signed", "leave --dry-run out");
    signatures.push(file.signed);
  }
  if (first === undefined) throw unusable("the signatures", "there is none", SHAPE);
  const { desk, commitment, digest } = first;
  const all = paths.join(", ");
  return inFile(all, "give a file of each who signed", () => {
    return { desk, commitment, digest, signatures: assembleSignatures({ set, signatures }) };
  });
}

const SAME = "one signer proposes, and the others sign that: --proposed";

function commitmentOf(value: unknown): Commitment {
  const names = [...MEMBERS, ...(Object.keys(NUMBERS) as (keyof typeof NUMBERS)[])];
  const members = membersOf(value, "the commitment", names);
  const anchor = membersOf(members.anchor, "anchor", ["number", "hash", "stateRoot"]);
  const number = (name: keyof typeof NUMBERS): bigint => whole(members[name], name, NUMBERS[name]);
  return {
    guard: hex(members.guard, "guard", 20),
    scope: hex(members.scope, "scope", 32),
    epoch: number("epoch"),
    sequence: number("sequence"),
    chainId: number("chainId"),
    anchor: {
      number: whole(anchor.number, "anchor number", 64),
      hash: hex(anchor.hash, "anchor hash", 32),
      stateRoot: hex(anchor.stateRoot, "anchor stateRoot", 32),
    },
    ledgerRoot: hex(members.ledgerRoot, "ledgerRoot", 32),
    format: Number(whole(members.format, "format", 16)),
    rules: hex(members.rules, "rules", 32),
    previous: hex(members.previous, "previous", 32),
    validUntil: number("validUntil"),
    validUntilBlock: number("validUntilBlock"),
    tier: oneOf(members.tier, "tier", TIERS),
  };
}
