import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import { oneLine, withoutUrls } from "../core/text.js";
import { situationOf, type Situation } from "./dialects.js";
import { refusalOf } from "./refusal.js";
import { call, type Request } from "./request.js";

/** A JSON-RPC request. */
export interface Question {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What one endpoint said: a value, `null` for what it does not know, or nothing of use and why. */
export interface Vote<T> {
  readonly endpoint: number;
  readonly value?: T | null;
  /** Why there is no value: printable, without what a URL may hold. */
  readonly silence?: string;
  /** What the endpoint meant by its silence, where its words are known. */
  readonly situation?: Situation | undefined;
}

/** Endpoints that nobody trusts, and how many of them must say the same. */
export interface Panel {
  readonly requests: readonly Request[];
  readonly agree: number;
  /** Milliseconds for one answer of one endpoint. */
  readonly timeout: number;
}

/** Answers that are one side of a disagreement, as the error's details have them. */
export type Side = SettlementGuardError<"ENDPOINTS_DISAGREE">["details"]["sides"][number];

/** So many lists and objects an answer lies in, at the most. Whatever goes down into it has stack enough. */
const MAX_DEPTH = 64;
/** Characters, at the most, of an answer that is evidence. */
const SHOWN = 2000;

/** Asks every endpoint at once, and waits for each: a disagreement may come last. */
export function askAll<T>(panel: Panel, question: Question, read: (answer: unknown) => T): Promise<Vote<T>[]> {
  return Promise.all(panel.requests.map((_, endpoint) => askOne(panel, endpoint, question, read)));
}

/**
 * Asks one endpoint. What fails, comes late or cannot be read is silence.
 *
 * @throws ENDPOINTS_DISAGREE of an endpoint that is a quorum itself
 */
export async function askOne<T>(
  { requests, timeout }: Panel,
  endpoint: number,
  { method, params }: Question,
  read: (answer: unknown) => T,
): Promise<Vote<T>> {
  try {
    const answer = await call(requests[endpoint]!, method, params, { timeout });
    if (isTooDeep(answer)) throw invalidResponse(method, `the answer is nested more than ${MAX_DEPTH} deep`);
    return { endpoint, value: answer === null ? null : read(answer) };
  } catch (thrown) {
    if (SettlementGuardError.is(thrown, "ENDPOINTS_DISAGREE")) throw thrown;
    const refusal = SettlementGuardError.is(thrown, "RPC_FAILED") ? thrown.details : refusalOf(thrown);
    return { endpoint, silence: refusal.reason, situation: situationOf(refusal) };
  }
}

function isTooDeep(answer: unknown): boolean {
  let level = [answer];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++)
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  return level.length > 0;
}

/**
 * The value that enough endpoints gave, or `null` where enough of them know none. Who answers `null` lags.
 *
 * @throws ENDPOINTS_DISAGREE where two values differ, however many gave either
 * @throws QUORUM_MISSED where too few gave one
 */
export function agreedJson<T>({ agree }: Panel, method: string, votes: readonly Vote<T>[]): T | null {
  const values = votes.filter(isValue);
  const byText = groupBy(values, ({ value }) => canonical(value));
  if (byText.size > 1) {
    const sides = [...byText].map(([text, said]) => ({ endpoints: said.map(endpointOf), answer: shortened(text) }));
    throw disagreement(method, sides);
  }
  if (values.length >= agree) return values[0]!.value;
  if (votes.filter(({ value }) => value === null).length >= agree) return null;
  throw missed(method, agree, votes);
}

export function isValue<T>(vote: Vote<T>): vote is Vote<T> & { readonly value: T } {
  return vote.value !== undefined && vote.value !== null;
}

export function endpointOf({ endpoint }: { readonly endpoint: number }): number {
  return endpoint;
}

export function groupBy<T, Key>(items: readonly T[], keyOf: (item: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** JSON whose members are in one order and whose hexadecimal has one case: equal texts are equal answers. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "string") return /^0x[\da-f]*$/i.test(inner) ? inner.toLowerCase() : inner;
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

// --- errors ---

export function disagreement(method: string, sides: Side[]): SettlementGuardError<"ENDPOINTS_DISAGREE"> {
  const texts = sides.map(({ endpoints, header, answer }) => {
    const said = header === undefined ? oneLine(answer ?? "") : `block ${header.number} is ${header.hash}`;
    return `${nameOf(endpoints)}: ${said}`;
  });
  return new SettlementGuardError(
    "ENDPOINTS_DISAGREE",
    { method, sides },
    `the endpoints disagree about ${method}: ${texts.join("; ")}`,
  );
}

export function missed(
  method: string,
  agree: number,
  votes: readonly Vote<unknown>[],
): SettlementGuardError<"QUORUM_MISSED"> {
  const said = votes.map(({ endpoint, value, silence }) => ({
    endpoint,
    reason: silence ?? (value === null ? "it does not know this" : "it answered"),
  }));
  const texts = said.map(({ endpoint, reason }) => `${nameOf([endpoint])}: ${reason}`);
  return new SettlementGuardError(
    "QUORUM_MISSED",
    { method, agree, said },
    `fewer than ${agree} endpoints answered ${method}: ${texts.join("; ")}`,
  );
}

function nameOf(endpoints: readonly number[]): string {
  return `endpoint${endpoints.length === 1 ? "" : "s"} ${endpoints.join(", ")}`;
}

function shortened(text: string): string {
  return oneLine(withoutUrls(text.slice(0, SHOWN)), SHOWN);
}
