import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { checkOptions, invalidOption } from "../rpc/options.js";

/** A place in a scope's sequence of commitments: what may be signed once. */
export interface JournalKey {
  /** The contract whose scope it is: 20 bytes of hexadecimal. */
  readonly guard: string;
  /** 32 bytes of hexadecimal. */
  readonly scope: string;
  /** Below 2^64. */
  readonly epoch: bigint;
  /** Below 2^64; 1, 2, 3, … across epochs. */
  readonly sequence: bigint;
}

/** What is to be signed, and where it stands. */
export interface SigningRequest {
  readonly key: JournalKey;
  /** 32 bytes of hexadecimal. */
  readonly digest: string;
  /**
   * The head of the scope as the chain shows it: the last commitment that was relayed. Nothing at or below it is signed,
   * whatever the journal has forgotten. Before the first commitment it is `{ epoch: 0n, sequence: 0n }`.
   */
  readonly floor: JournalFloor;
}

/** The epoch and the sequence of a commitment that was relayed. */
export interface JournalFloor {
  readonly epoch: bigint;
  readonly sequence: bigint;
}

/** Remembers what was signed, so that no key ever signs two digests for one place in a sequence. */
export interface SigningJournal {
  /**
   * Records that this digest is going to be signed, durably, and only then calls `sign`. A digest that was signed is not
   * signed again: the signature on record is returned.
   *
   * @param sign makes the signature: hexadecimal, not empty
   * @throws ALREADY_SIGNED where another digest is on record for this place
   * @throws SEQUENCE_PASSED where the floor, or the journal, is beyond it
   * @throws JOURNAL_UNUSABLE, and whatever `sign` throws
   */
  sign(request: SigningRequest, sign: () => Promise<string>): Promise<Hex>;
  /** Lets go of what the journal holds. */
  close(): Promise<void>;
}

/** A key and a digest in the one form in which they are recorded. */
export interface Entry {
  readonly guard: Hex;
  readonly scope: Hex;
  readonly epoch: bigint;
  readonly sequence: bigint;
  readonly digest: Hex;
}

/** What is on record. */
export interface Recorded {
  /** Of the entry's own place. */
  readonly same: { readonly digest: string; readonly signature?: Hex | undefined } | undefined;
  /** The greatest place of the entry's scope. */
  readonly greatest: JournalFloor | undefined;
  /** The journal's name, for an error. */
  readonly where: string;
}

/**
 * Reads what was asked for.
 *
 * @throws INVALID_OPTION, INVALID_HEX
 */
export function readRequest(request: SigningRequest): { entry: Entry; floor: JournalFloor } {
  checkOptions(request, ["key", "digest", "floor"]);
  const { key, digest, floor } = request;
  checkOptions(key, ["guard", "scope", "epoch", "sequence"]);
  checkOptions(floor, ["epoch", "sequence"]);
  const entry = {
    guard: toHex(toBytes(key.guard, "guard", 20)),
    scope: toHex(toBytes(key.scope, "scope", 32)),
    epoch: uint64("key.epoch", key.epoch),
    sequence: uint64("key.sequence", key.sequence),
    digest: toHex(toBytes(digest, "digest", 32)),
  };
  const { epoch, sequence } = floor;
  return { entry, floor: { epoch: uint64("floor.epoch", epoch), sequence: uint64("floor.sequence", sequence) } };
}

/** @throws INVALID_HEX for what is no signature */
export function readSignature(signature: string): Hex {
  const bytes = toBytes(signature, "signature");
  if (bytes.length > 0) return toHex(bytes);
  throw new SettlementGuardError(
    "INVALID_HEX",
    { what: "signature", value: "0x", expected: "bytes" },
    "the signature is empty",
  );
}

/**
 * Decides what may be done about an entry: the one rule of every journal.
 *
 * @returns the signature on record, "recorded" where this digest may be signed, or "free" where it must be recorded first
 * @throws ALREADY_SIGNED, SEQUENCE_PASSED
 */
export function judge(
  entry: Entry,
  floor: JournalFloor,
  { same, greatest, where }: Recorded,
): { signature: Hex } | "recorded" | "free" {
  const { digest, ...place } = entry;
  if (same !== undefined && same.digest !== digest) {
    const message = `${nameOf(entry)} is signed or about to be: digest ${same.digest} is on record in ${where}, not ${digest}`;
    throw new SettlementGuardError(
      "ALREADY_SIGNED",
      { ...place, recorded: same.digest, asked: digest, where },
      message,
    );
  }
  if (same?.signature !== undefined) return { signature: same.signature };
  if (place.epoch < floor.epoch || place.sequence <= floor.sequence) throw passed(entry, floor, "chain");
  if (same !== undefined) return "recorded";
  if (greatest !== undefined && isBehind(entry, greatest)) throw passed(entry, greatest, "journal");
  return "free";
}

/** Whether an entry comes before a place of its scope: by its epoch, or in that by its sequence. */
export function isBehind({ epoch, sequence }: JournalFloor, greatest: JournalFloor): boolean {
  return epoch < greatest.epoch || (epoch === greatest.epoch && sequence < greatest.sequence);
}

export function unusable(where: string, reason: string, cause?: unknown): SettlementGuardError<"JOURNAL_UNUSABLE"> {
  const message = `the journal ${where} cannot be used: ${reason}`;
  return new SettlementGuardError("JOURNAL_UNUSABLE", { where, reason }, message, { cause });
}

function passed(
  { guard, scope, epoch, sequence }: Entry,
  { epoch: passedEpoch, sequence: passedSequence }: JournalFloor,
  by: "chain" | "journal",
): SettlementGuardError<"SEQUENCE_PASSED"> {
  const details = { guard, scope, epoch, sequence, passed: { epoch: passedEpoch, sequence: passedSequence }, by };
  const message = `epoch ${epoch}, sequence ${sequence}: the ${by} is at epoch ${passedEpoch}, sequence ${passedSequence}`;
  return new SettlementGuardError("SEQUENCE_PASSED", details, message);
}

function nameOf({ guard, scope, epoch, sequence }: Entry): string {
  return `sequence ${sequence} in epoch ${epoch} of scope ${scope} at ${guard}`;
}

function uint64(name: string, value: unknown): bigint {
  if (typeof value === "bigint" && value >= 0n && value >> 64n === 0n) return value;
  throw invalidOption(name, "expected a bigint from 0, below 2^64");
}
