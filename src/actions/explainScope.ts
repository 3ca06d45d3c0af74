import { moment, word } from "../explain/explain.js";
import { toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { fetchHeader } from "./fetchHeader.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { BOUNDS } from "../policy/bounds.js";
import { scopeId, type ScopeConfig } from "../policy/config.js";
import type { Status } from "../policy/policy.js";
import { ScopeReader, type Announcement, type Deadline, type Restrictions } from "./scopeReads.js";

export type { Announcement, Deadline, Restrictions } from "./scopeReads.js";

/** Something that canonical state contradicts, until newer evidence heals it. */
export interface OpenCause {
  readonly id: Hex;
  /** Diverged or Halted. */
  readonly status: Status;
  /** The block that the newest evidence spoke of. */
  readonly evidence: bigint;
}

/** One scope on the way up. */
export interface ScopeFacts {
  readonly id: Hex;
  /** Undefined where it has none: then nothing is allowed in it, nor below it. */
  readonly config: ScopeConfig | undefined;
  readonly restrictions: Restrictions;
  /** Its open causes, as far as the endpoint's logs name them. */
  readonly causes: OpenCause[];
  /** Open causes that no log named, or beyond the newest 256 that were raised. */
  readonly unnamedCauses: number;
  readonly announcement: Announcement | undefined;
}

/** What is known of a scope at one block. */
export interface ScopeExplanation {
  /** The worst of the scope and of what is above it: decides about actions. */
  readonly status: Status;
  /** Decides about exits: Deposit, Decrease, Cancel. */
  readonly exits: Status;
  /** The block at which all was asked. Time is in seconds since 1970. */
  readonly block: { number: bigint; hash: Hex; time: bigint };
  /** The scope, and those above it. */
  readonly scopes: ScopeFacts[];
  /** The same in sentences, for people. */
  readonly lines: string[];
}

/** How far back logs are asked for. One after the other is tried until the endpoint answers: no bound, then blocks. */
const LOG_RANGES = [undefined, 50_000n, 10_000n, 1_000n] as const;
/** So many causes of a scope are asked about. */
const MOST_CAUSES = 256;
/** In seconds: longer is no outage, but an L1 origin that does not answer. */
const YEAR = 31_536_000n;

/** Which scope, of which guard. */
export interface ScopeQuestion extends RequestOptions {
  /** The address of a contract that inherits `SettlementGuard`. */
  readonly guard: string;
  /** The scope's name, as {@link scopeId} takes it, or its id: 32 bytes in hexadecimal. */
  readonly scope: string;
}

/**
 * Says what restricts a scope and until when. The guard is read at the endpoint's latest block, for the scope and each one above.
 *
 * The endpoint is believed: nothing is proven. It answers for its latest block. While the chain stands still there is no newer one,
 * and the outage shows with the block that ends it.
 *
 * @throws INVALID_CONFIG for a scope's name that is none, INVALID_HEX, INVALID_RESPONSE where there is no guard
 * @throws what {@link fetchHeader} throws
 * @example
 * const { status, lines } = await explainScope(provider, { guard: perps, scope: "ETH-PERP" });
 * if (status !== "Synced") console.log(lines.join("\n"));
 */
export async function explainScope(
  connection: Connection,
  { guard, scope, ...asking }: ScopeQuestion,
): Promise<ScopeExplanation> {
  checkRequestOptions(asking);
  const address = toHex(toBytes(guard, "guard", 20));
  const first = scopeIdOf(scope);
  const { number, hash, timestamp: time } = await fetchHeader(connection, { ...asking, block: "latest" });
  const reader = new ScopeReader(connection, address, number, asking);
  const { status, exits } = await reader.statusOf(first);
  const scopes: ScopeFacts[] = [];
  for (let id = first; scopes.length <= BOUNDS.PARENTS;) {
    const facts = await factsOf(reader, id, number);
    scopes.push(facts);
    if (facts.config === undefined || facts.config.parent === toWord(0n)) break;
    id = facts.config.parent;
  }
  const known = { status, exits, block: { number, hash, time }, scopes };
  return { ...known, lines: sentences(known) };
}

/** The id of a scope that is given by its name or by its id. @throws INVALID_CONFIG for a name that is none */
export function scopeIdOf(scope: string): Hex {
  return /^0x[\da-f]{64}$/i.test(scope) ? toHex(toBytes(scope, "scope", 32)) : scopeId(scope);
}

async function factsOf(reader: ScopeReader, id: Hex, head: bigint): Promise<ScopeFacts> {
  const config = await reader.configOf(id);
  const restrictions = await reader.restrictionsOf(id);
  const announcement = await reader.announcementOf(id);
  const open = Number(restrictions.openDiverged + restrictions.openHalted);
  const causes = open === 0 ? [] : await causesOf(reader, id, head);
  return { id, config, restrictions, causes, unnamedCauses: Math.max(0, open - causes.length), announcement };
}

/** The open causes that the endpoint's logs name; none where it gives no logs. */
async function causesOf(reader: ScopeReader, id: Hex, head: bigint): Promise<OpenCause[]> {
  const ids = await raised(reader, id, head);
  const causes: OpenCause[] = [];
  for (const cause of ids.slice(0, MOST_CAUSES)) {
    const { status, evidence } = await reader.causeOf(id, cause);
    if (status !== "Synced") causes.push({ id: cause, status, evidence });
  }
  return causes;
}

async function raised(reader: ScopeReader, id: Hex, head: bigint): Promise<Hex[]> {
  for (const range of LOG_RANGES) {
    try {
      return await reader.causesRaised(id, range === undefined || range > head ? 0n : head - range);
    } catch (error) {
      if (!SettlementGuardError.is(error, "RPC_FAILED")) throw error;
    }
  }
  return [];
}

// --- sentences ---

type Known = Omit<ScopeExplanation, "lines">;

function sentences({ status, exits, block, scopes }: Known): string[] {
  const [{ id }] = scopes as [ScopeFacts];
  const at = `at block ${block.number}, ${moment(block.time)}`;
  const first = `Scope ${word(id)} is ${status} ${at}; exits follow the policy's column of ${exits}.`;
  return [first, ...scopes.flatMap((facts) => sentencesOf(facts, block.number))];
}

function sentencesOf(facts: ScopeFacts, head: bigint): string[] {
  const { id, config, restrictions, announcement } = facts;
  const name = word(id);
  if (config === undefined) return [`${name} has no configuration, and without one nothing is allowed.`];
  return [
    ...spanSentences(name, config, restrictions),
    ...causeSentences(name, facts),
    ...exitSentences(name, restrictions),
    ...reopening(name, config, restrictions, head),
    ...(announcement === undefined ? [] : [announced(name, announcement)]),
  ];
}

function spanSentences(
  name: string,
  config: ScopeConfig,
  { stale, lagging, paused, unaccounted }: Restrictions,
): string[] {
  const gone = unaccounted > YEAR ? "more than a year" : `${unaccounted} s`;
  return [
    ...(unaccounted > 0n ? [`${name}: ${gone} of the gap of ${config.gap} s are not accounted for.`] : []),
    ...(stale === undefined ? [] : [`${name} is Stale until ${end(stale)}.`]),
    ...(lagging === undefined
      ? []
      : [`${name} is Lagging ${stale === undefined ? "" : "after that, "}until ${end(lagging)}.`]),
    ...(paused === undefined
      ? []
      : [`${name} is paused until ${moment(paused.time)}. Nobody can end a pause earlier.`]),
  ];
}

function causeSentences(name: string, { causes, unnamedCauses, restrictions }: ScopeFacts): string[] {
  const lines = causes.map(
    ({ id, status, evidence }) =>
      `${name} is ${status} by cause ${word(id)}, by evidence of block ${evidence}. Newer evidence heals it.`,
  );
  if (unnamedCauses === 0) return lines;
  const { openDiverged, openHalted } = restrictions;
  const counts = `${openDiverged} for Diverged, ${openHalted} for Halted`;
  return [...lines, `${name} has ${unnamedCauses} open causes that are not named here (open in all: ${counts}).`];
}

function exitSentences(name: string, { exitsClosed, exitsClosable }: Restrictions): string[] {
  return [
    ...(exitsClosed === undefined
      ? []
      : [`${name}: what the policy closes in Halted, exits included, is closed until ${end(exitsClosed)}.`]),
    ...(exitsClosable === undefined
      ? []
      : [`${name}: no later cause closes exits again before ${end(exitsClosable)}.`]),
  ];
}

/** When it opens again, as far as anybody can say. */
function reopening(
  name: string,
  { blockTime }: ScopeConfig,
  { synced, openDiverged, openHalted, stale, lagging, paused }: Restrictions,
  head: bigint,
): string[] {
  if (openDiverged + openHalted > 0n)
    return [`${name} is Synced again only after every cause is healed, and the time that follows a healing.`];
  if (synced === undefined || (stale ?? lagging ?? paused) === undefined) return [];
  const blocks = synced.number > head ? synced.number - head : 0n;
  const needed = `${blocks} blocks from now, ${(blocks * BigInt(blockTime)) / 1_000n} s at their usual pace`;
  return [
    `${name} is Synced again from ${end(synced)} (${needed}), if the chain lives and nothing else happens.`,
    ...(stale === undefined && lagging === undefined
      ? []
      : [`Where blocks come more slowly, each of these spans ends by the clock alone at four times its length.`]),
  ];
}

function announced(name: string, { announced, readyFrom, readyUntil }: Announcement): string {
  return `${name}: the configuration with the hash ${announced} waits. Anybody may apply it from ${end(readyFrom)} until ${end(readyUntil)}.`;
}

/** The end of a span for people: the moment, and the height where there is one. */
export function end({ time, number }: Deadline): string {
  return `${moment(time)}${number === 0n ? "" : ` and block ${number}`}`;
}
