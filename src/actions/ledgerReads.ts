import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import { decodeLibraryError } from "../explain/guardErrors.js";
import type { HashedHeader } from "../header/fields.js";
import type { Connection, RequestOptions } from "../rpc/request.js";
import { callOf, ChainReader, type Outcome } from "./chainReads.js";
import { scopeIdOf } from "./explainScope.js";
import { deadline, type Deadline } from "./scopeReads.js";

/** Which ledger, at which desk. */
export interface LedgerQuestion extends RequestOptions {
  /** The address of the `LedgerDesk`. */
  readonly desk: string;
  /** The protocol whose scope it is. */
  readonly guard: string;
  /** The scope's name, as `scopeId` takes it, or its id: 32 bytes in hexadecimal. */
  readonly scope: string;
}

/** A ledger's place in the form in which it is asked for. */
export interface LedgerPlace {
  readonly desk: Hex;
  readonly guard: Hex;
  readonly scope: Hex;
}

/** What is on record of a ledger: of the contract's `LedgerStatus`, the members on which commitments rest. */
export interface LedgerRecord {
  /** Struct hash of the newest commitment that was relayed, zero before the first. */
  readonly head: Hex;
  readonly sequence: bigint;
  /** The least height of the next anchor: that of the newest one's anchor, or of the opening of the epoch. */
  readonly anchored: bigint;
  /** The epoch that is open. */
  readonly epoch: bigint;
  /** Hash of its signers and rules. */
  readonly terms: Hex;
  readonly isContradicted: boolean;
  /** Height that the newest evidence speaks of, while it stands. */
  readonly contradicted: bigint;
  /** Commitments that count for healing. */
  readonly streak: bigint;
  /** From when enough of them heal it. Undefined while nothing counts. */
  readonly healableFrom: Deadline | undefined;
  readonly isRetired: boolean;
}

/** What a desk says to `heal`. */
export interface LedgerHealing {
  /** Whether anybody can heal it now. */
  readonly isDue: boolean;
  /** Commitments that must count; undefined where it is due. */
  readonly needed: bigint | undefined;
}

/** What a desk says to `retire`. */
export interface LedgerRetirement {
  /** Whether anybody can retire it now. */
  readonly isDue: boolean;
  /** When it can be retired, if nothing happens until then; undefined where it is due. */
  readonly from: Deadline | undefined;
}

const RECORD_WORDS = 10;

/** @throws INVALID_HEX, INVALID_CONFIG for a scope's name that is none */
export function placeOf({ desk, guard, scope }: Omit<LedgerQuestion, "timeout">): LedgerPlace {
  return {
    desk: toHex(toBytes(desk, "desk", 20)),
    guard: toHex(toBytes(guard, "guard", 20)),
    scope: scopeIdOf(scope),
  };
}

/** What a desk and a guard answer about a ledger at one block. Nothing of it is proven: the connection is believed. */
export class LedgerReader {
  readonly #chain: ChainReader;

  constructor(
    connection: Connection,
    private readonly place: LedgerPlace,
    /** The block whose state is asked. */
    block: HashedHeader,
    asking: RequestOptions,
  ) {
    this.#chain = new ChainReader(connection, block, asking);
  }

  /**
   * What is on record. Only the first words of the answer are read: a desk may say more.
   *
   * @throws LEDGER_UNKNOWN, INVALID_RESPONSE
   */
  async record(): Promise<LedgerRecord> {
    const { succeeded, data } = await this.#ask("ledgerOf");
    if (!succeeded && decodeLibraryError(data)?.name === "LedgerUnknown") throw unknown(this.place);
    const words = succeeded ? wordsOf(data) : [];
    if (words.length < RECORD_WORDS) throw noDesk(this.place.desk);
    const [head, sequence, anchored, epoch, terms, isContradicted, contradicted, streak, healableFrom, isRetired] =
      words as [Hex, Hex, Hex, Hex, Hex, Hex, Hex, Hex, Hex, Hex];
    return {
      head,
      sequence: uint64(sequence),
      anchored: uint64(anchored),
      epoch: uint64(epoch),
      terms,
      isContradicted: flag(isContradicted),
      contradicted: uint64(contradicted),
      streak: BigInt(streak),
      healableFrom: BigInt(healableFrom) === 0n ? undefined : deadline(BigInt(healableFrom)),
      isRetired: flag(isRetired),
    };
  }

  /** From when the scope is Stale unless it is committed to again. Undefined where the guard does not say, or waits for none. */
  async committedUntil(): Promise<Deadline | undefined> {
    const { guard, scope } = this.place;
    const { succeeded, data } = await this.#chain.attempt(guard, [callOf("committedUntil", ["bytes32"], scope)]);
    const packed = succeeded && data.length === 66 ? BigInt(data) : 0n;
    return packed === 0n ? undefined : deadline(packed);
  }

  /** Tries to heal it, in a call that leaves nothing. Undefined where it is not to be healed. */
  async healing(): Promise<LedgerHealing | undefined> {
    const { succeeded, data } = await this.#ask("heal");
    if (succeeded) return { isDue: true, needed: undefined };
    const refusal = decodeLibraryError(data);
    return refusal?.name === "HealingTooEarly"
      ? { isDue: false, needed: refusal.values["needed"] as bigint }
      : undefined;
  }

  /** Tries to retire it, in a call that leaves nothing. Undefined where it is retired, or the desk does not say. */
  async retirement(): Promise<LedgerRetirement | undefined> {
    const { succeeded, data } = await this.#ask("retire");
    if (succeeded) return { isDue: true, from: undefined };
    const refusal = decodeLibraryError(data);
    if (refusal?.name !== "RetirementTooEarly") return undefined;
    const { time, number } = refusal.values as { time: bigint; number: bigint };
    return { isDue: false, from: { time, number } };
  }

  #ask(name: string): Promise<Outcome> {
    const { desk, guard, scope } = this.place;
    return this.#chain.attempt(desk, [callOf(name, ["address", "bytes32"], BigInt(guard), scope)]);
  }
}

function wordsOf(data: Hex): Hex[] {
  if ((data.length - 2) % 64 !== 0) return [];
  return (data.slice(2).match(/.{64}/g) ?? []).map((word): Hex => `0x${word}`);
}

function uint64(word: Hex): bigint {
  const value = BigInt(word);
  if (value >> 64n === 0n) return value;
  throw invalidResponse("eth_call", `ledgerOf returned ${word} where 64 bits stand: there is no such desk`);
}

function flag(word: Hex): boolean {
  const value = BigInt(word);
  if (value < 2n) return value === 1n;
  throw invalidResponse("eth_call", `ledgerOf returned ${word} where a bool stands: there is no such desk`);
}

function noDesk(desk: Hex): SettlementGuardError<"INVALID_RESPONSE"> {
  return invalidResponse("eth_call", `ledgerOf did not return what is on record: there is no desk at ${desk}`);
}

function unknown(place: LedgerPlace): SettlementGuardError<"LEDGER_UNKNOWN"> {
  const { desk, guard, scope } = place;
  const message = `no ledger of scope ${scope} of ${guard} was opened at desk ${desk}`;
  return new SettlementGuardError("LEDGER_UNKNOWN", { ...place }, message);
}
