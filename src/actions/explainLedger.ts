import type { Hex } from "../core/bytes.js";
import { moment, word } from "../explain/explain.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { end } from "./explainScope.js";
import { fetchHeader } from "./fetchHeader.js";
import {
  LedgerReader,
  placeOf,
  type LedgerHealing,
  type LedgerQuestion,
  type LedgerRecord,
  type LedgerRetirement,
} from "./ledgerReads.js";
import type { Deadline } from "./scopeReads.js";

/** What is the case with a ledger, in rising severity. Silent: the next commitment is overdue by the clock. */
export const LEDGER_STATES = ["sound", "silent", "contradicted", "retired"] as const;
export type LedgerState = (typeof LEDGER_STATES)[number];

/** What is known of a ledger at one block. */
export interface LedgerExplanation {
  readonly state: LedgerState;
  /** The block at which all was asked. Time is in seconds since 1970. */
  readonly block: { readonly number: bigint; readonly hash: Hex; readonly time: bigint };
  readonly record: LedgerRecord;
  /** From when the scope is Stale unless it is committed to again. Undefined where its guard waits for none. */
  readonly committedUntil: Deadline | undefined;
  /** Undefined unless it is contradicted. */
  readonly healing: LedgerHealing | undefined;
  /** Undefined where it is retired. */
  readonly retirement: LedgerRetirement | undefined;
  /** The same in sentences, for people. */
  readonly lines: readonly string[];
}

/**
 * Says what is on record of a scope's ledger, what stands against it and what heals it. And when the next commitment is due, and when
 * anybody can retire it. The desk itself is asked about the last two, by calls of `heal` and `retire` that leave nothing.
 *
 * The connection is believed: nothing is proven. It answers for its latest block.
 *
 * @throws LEDGER_UNKNOWN; INVALID_RESPONSE where there is no desk; INVALID_CONFIG, INVALID_HEX, INVALID_OPTION
 * @throws what {@link fetchHeader} throws
 * @example
 * const { state, lines } = await explainLedger(connection, { desk, guard, scope: "ETH-PERP" });
 * if (state !== "sound") console.log(lines.join("\n"));
 */
export async function explainLedger(connection: Connection, question: LedgerQuestion): Promise<LedgerExplanation> {
  checkRequestOptions(question, "desk", "guard", "scope");
  const place = placeOf(question);
  const asking: RequestOptions = question.timeout === undefined ? {} : { timeout: question.timeout };
  const header = await fetchHeader(connection, { ...asking, block: "latest" });
  const reader = new LedgerReader(connection, place, header, asking);
  const record = await reader.record();
  const { number, hash, timestamp: time } = header;
  const known = {
    block: { number, hash, time },
    record,
    committedUntil: record.isRetired ? undefined : await reader.committedUntil(),
    healing: record.isContradicted ? await reader.healing() : undefined,
    retirement: record.isRetired ? undefined : await reader.retirement(),
  };
  const state = ledgerState(known);
  return { state, ...known, lines: sentences(place.scope, { state, ...known }) };
}

type Known = Omit<LedgerExplanation, "lines">;

/** What is the case, by what a desk and a guard answered at a block. */
export function ledgerState({
  record,
  committedUntil,
  block,
}: {
  readonly record: Pick<LedgerRecord, "isRetired" | "isContradicted">;
  readonly committedUntil: Deadline | undefined;
  readonly block: { readonly time: bigint };
}): LedgerState {
  if (record.isRetired) return "retired";
  if (record.isContradicted) return "contradicted";
  return committedUntil !== undefined && block.time >= committedUntil.time ? "silent" : "sound";
}

function sentences(scope: Hex, known: Known): string[] {
  const { state, block, record } = known;
  const { sequence, epoch, anchored, head } = record;
  return [
    `The ledger of scope ${word(scope)} is ${state} at block ${block.number}, ${moment(block.time)}.`,
    sequence === 0n
      ? `Nothing was committed to yet, in epoch ${epoch}.`
      : `Epoch ${epoch} is open. Sequence ${sequence} is on record, by the hash ${head}. The next is of block ${anchored} or a newer one.`,
    ...evidence(known),
    ...due(known),
    ...retirable(known),
  ];
}

function evidence({ record, healing }: Known): string[] {
  if (!record.isContradicted) return [];
  const { contradicted, streak, healableFrom } = record;
  const stands = `Evidence of block ${contradicted} stands against it.`;
  if (healing === undefined) return [`${stands} The desk does not say what heals it.`];
  if (healing.isDue) return [`${stands} Enough was committed to since: anybody can heal it now.`];
  const from = healableFrom === undefined ? "" : `, and not before ${end(healableFrom)}`;
  return [`${stands} Commitments of newer blocks heal it: ${streak} count, of ${healing.needed}${from}.`];
}

function due({ state, committedUntil }: Known): string[] {
  if (state === "retired") return ["It counts no more: its scope goes by the chain alone."];
  if (committedUntil === undefined) return ["Its guard waits for no commitment, or does not say."];
  const is = state === "silent" ? "was due until then" : "is due until then";
  return [`The scope is Stale from ${end(committedUntil)} on. The next commitment ${is}.`];
}

function retirable({ retirement }: Known): string[] {
  if (retirement === undefined) return [];
  if (retirement.from === undefined) return ["Anybody can retire it now."];
  return [`Anybody can retire it from ${end(retirement.from)} on, if nothing changes until then.`];
}
