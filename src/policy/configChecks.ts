import { describeValue, isShortText, oneLine, quoted } from "../core/text.js";
import { BOUNDS } from "./bounds.js";
import { CONTINUITIES } from "../anchor/continuity.js";
import { CHAIN_PROFILES, demandsOf, type ChainProfile } from "./chains.js";
import { ACTIONS, policyFaults, type PolicyTable } from "./policy.js";

/** How a chain is used. What is left out is taken from {@link CHAIN_PROFILES}; a chain that is not there needs all of it. */
export interface ChainInput extends Partial<ChainProfile> {
  /**
   * Whole seconds from a trader's signature to the block that executes it, at their usual worst. A keeper needs them to
   * see an order, simulate it and be included.
   */
  readonly keeperLatency: number;
}

/** How a scope is guarded. Times are in seconds. */
export interface ScopeInput<Chain extends PropertyKey, Scope extends string, Policy extends string> {
  /** The id of its chain. */
  readonly chain: Chain;
  /** The scope above it; the worst status on the way up decides. In the contract: `_parentOf`. */
  readonly parent?: Scope;
  /** One of the policies by name; `STANDARD_POLICY` where it is left out. */
  readonly policy?: Policy;
  /** How deep an anchor must lie, in blocks. */
  readonly minDepth: number;
  /** How old an anchor may be, in blocks. */
  readonly maxAge: number;
  /** Its chain's where it is left out. */
  readonly keeperLatency?: number;
  /** So much time that no block accounts for makes it Stale. */
  readonly gap: number;
  /** How long it stays Stale. */
  readonly staleFor: number;
  /** How long it is Lagging after that. */
  readonly graceFor: number;
  /** For how long Halted closes exits at the most; at least `staleFor`. */
  readonly exitsFor: number;
}

/** Notes a fault. Only the first of a line counts: what follows from a fault is no fault of its own. */
export type Report = (line: string, reason: string) => void;
export type AnyChain = ChainProfile & ChainInput;
export type AnyScope = ScopeInput<number, string, string>;
type Members = Readonly<Record<string, unknown>>;

/** The sequencer of the OP stack may lag behind L1 by so many seconds (Fjord, max_sequencer_drift). */
const MAX_SEQUENCER_DRIFT = 1_800;
/** A `uint16`, in seconds. */
const LATENCY_GREATEST = 2 ** 16 - 1;

const CHAIN_NUMBERS = ["blockTime", "hashWindow", "keeperLatency", "longestBlockTime"] as const;
const CHAIN_MEMBERS = [...CHAIN_NUMBERS, "name", "continuity", "originLag"];
const SCOPE_NUMBERS = ["chain", "minDepth", "maxAge", "gap", "staleFor", "graceFor", "exitsFor"] as const;
const SCOPE_NAMES = ["parent", "policy"] as const;
const SCOPE_MEMBERS = [...SCOPE_NUMBERS, ...SCOPE_NAMES, "keeperLatency"];

/** Where a scope stands in a configuration. */
export function scopeLine(name: string): string {
  return `scopes[${quoted(name)}]`;
}

/** Why a scope cannot be called so; undefined where it can. */
export function scopeNameFault(name: unknown): string | undefined {
  return isShortText(name) ? undefined : "a scope's name is 1 to 31 characters of ASCII";
}

/** The members of an object; undefined, and a fault, where it is none. A member that is not among `known` is a fault of its own. */
export function membersOf(
  value: unknown,
  line: string,
  report: Report,
  known?: readonly string[],
): Members | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report(line, misfit(value, "an object"));
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (known === undefined || known.includes(key)) continue;
    const stray = oneLine(key, 60);
    report(line === WHOLE ? stray : `${line}.${stray}`, `there is no such member; there are ${known.join(", ")}`);
  }
  return value as Members;
}

/** The line of a configuration that is none at all. */
export const WHOLE = "the configuration";

/** A chain with what its profile adds; undefined, and faults, where nothing can be judged by it. */
export function readChain(id: string, value: unknown, report: Report): AnyChain | undefined {
  const line = `chains[${oneLine(id, 40)}]`;
  const given = membersOf(value, line, report, CHAIN_MEMBERS);
  if (given === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(id)) {
    report(line, "a chain's id is a whole number, in decimal");
    return undefined;
  }
  const own = Object.fromEntries(Object.entries(given).filter(([, member]) => member !== undefined));
  const chain = { ...CHAIN_PROFILES[Number(id)], ...own } as AnyChain;
  if ((chain.name as unknown) === undefined || (chain.continuity as unknown) === undefined) {
    report(
      line,
      "the guard does not know this chain: it needs a source of block hashes of its own, and a whole profile",
    );
    return undefined;
  }
  const faults = chainFaults(Number(id), chain);
  for (const [member, reason] of faults) report(`${line}.${member}`, reason);
  return faults.length === 0 ? chain : undefined;
}

function chainFaults(id: number, chain: AnyChain): [member: string, reason: string][] {
  const { name, continuity, hashWindow, keeperLatency } = chain;
  const faults: [string, string][] = [];
  if (typeof name !== "string" || name === "") faults.push(["name", misfit(name, "a name")]);
  if (!CONTINUITIES.includes(continuity))
    faults.push(["continuity", misfit(continuity, `one of ${CONTINUITIES.join(", ")}`)]);
  const lag = continuity === "l1-origin" || chain.originLag !== undefined ? (["originLag"] as const) : [];
  for (const member of [...CHAIN_NUMBERS, ...lag]) {
    const value: unknown = chain[member];
    if (typeof value !== "number" || !(value > 0) || value === Infinity)
      faults.push([member, "it must be a positive number"]);
  }
  if (faults.length > 0) return faults;
  if (!Number.isInteger(hashWindow)) faults.push(["hashWindow", "it must be a whole number of blocks"]);
  if (!isLatency(keeperLatency)) faults.push(["keeperLatency", NO_LATENCY]);
  const demands = demandsOf(id);
  if (demands !== undefined && continuity !== demands.continuity)
    faults.push(["continuity", `${name} shows outages by ${demands.continuity}: the contract refuses ${continuity}`]);
  return [...faults, ...blockTimeFaults(chain, demands?.blockTime)];
}

/** @param listed the block time that the contract knows of the chain, in milliseconds */
function blockTimeFaults(
  { name, blockTime, longestBlockTime }: AnyChain,
  listed: number | undefined,
): [member: string, reason: string][] {
  if (!Number.isInteger(blockTime) || blockTime > BOUNDS.BLOCK_TIME_GREATEST)
    return [["blockTime", `it must be a whole number of milliseconds, at most ${BOUNDS.BLOCK_TIME_GREATEST}`]];
  if (listed !== undefined && blockTime > listed)
    return [["blockTime", `${blockTime} ms is more than the ${listed} ms of ${name}: outages would be seen later`]];
  if (!Number.isInteger(longestBlockTime)) return [["longestBlockTime", "it must be a whole number of milliseconds"]];
  const usual = listed ?? blockTime;
  const least = Math.floor((usual * BOUNDS.LONGEST_BLOCK_TIME_LEAST_PERCENT) / 100);
  if (longestBlockTime < least) {
    const share = `${BOUNDS.LONGEST_BLOCK_TIME_LEAST_PERCENT} % of the usual ${usual} ms`;
    return [
      [
        "longestBlockTime",
        `${longestBlockTime} ms is less than ${least} ms, ${share}: a chain that lives would show gaps`,
      ],
    ];
  }
  const percent = BOUNDS.LONGEST_BLOCK_TIME_PERCENT;
  const greatest = Math.floor((blockTime * percent) / 100);
  if (longestBlockTime <= greatest) return [];
  const reason = `${longestBlockTime} ms is more than ${greatest} ms, ${percent} % of the usual ${blockTime} ms: quiet time would hide outages`;
  return [["longestBlockTime", reason]];
}

/** A policy whose every cell was judged; undefined where it is none. */
export function readTable(name: string, value: unknown, report: Report): PolicyTable | undefined {
  const line = `policy[${quoted(name)}]`;
  const table = membersOf(value, line, report, ACTIONS) as PolicyTable | undefined;
  for (const { action, status, reason } of table === undefined ? [] : policyFaults(table))
    report(`${line}.${action}, ${status}`, reason);
  return table;
}

/** A scope whose members are of the right types. One that is not has a fault, and is NaN or undefined here. */
export function readScope(name: string, value: unknown, report: Report): AnyScope | undefined {
  const line = scopeLine(name);
  const nameFault = scopeNameFault(name);
  if (nameFault !== undefined) report(line, nameFault);
  const given = membersOf(value, line, report, SCOPE_MEMBERS);
  if (given === undefined) return undefined;
  const numbers = SCOPE_NUMBERS.map((member): [string, number] => {
    const number = given[member];
    if (typeof number === "number" && Number.isFinite(number)) return [member, number];
    report(`${line}.${member}`, misfit(number, "a number"));
    return [member, NaN];
  });
  const names = SCOPE_NAMES.flatMap((member): [string, string][] => {
    const name = given[member];
    if (typeof name === "string") return [[member, name]];
    if (name !== undefined) report(`${line}.${member}`, misfit(name, "a name"));
    return [];
  });
  const latency = given["keeperLatency"];
  if (latency !== undefined && !isLatency(latency)) report(`${line}.keeperLatency`, NO_LATENCY);
  const own = latency === undefined ? {} : { keeperLatency: isLatency(latency) ? latency : NaN };
  return { ...Object.fromEntries([...numbers, ...names]), ...own } as unknown as AnyScope;
}

/** What of a scope cannot work, on whatever chain. */
export function checkDepths(line: string, { minDepth, maxAge }: AnyScope, report: Report): void {
  if (!isCount(minDepth)) report(`${line}.minDepth`, "an anchor lies at least one block behind the executing one");
  if (!isCount(maxAge)) report(`${line}.maxAge`, "it must be a whole number of blocks, at least 1");
  else if (isCount(minDepth) && maxAge < minDepth)
    report(`${line}.maxAge`, `no anchor is at least ${minDepth} and at most ${maxAge} blocks old`);
}

/** Seconds that a keeper of the scope needs: its own, or its chain's. */
export function keeperLatencyOf(scope: AnyScope, chain: AnyChain): number {
  return scope.keeperLatency ?? chain.keeperLatency;
}

/** What of a scope cannot work on its chain: the twin of `contracts/policy/Configurations.sol`. */
export function checkScope(line: string, scope: AnyScope, chain: AnyChain, report: Report): void {
  checkAnchorsLast(line, scope, chain, report);
  const within: Within = (member, least, greatest) => {
    const value = scope[member];
    if (!Number.isInteger(value) || value < least || value > greatest)
      report(`${line}.${member}`, `${value} s is not an integer from ${least} to ${greatest}`);
  };
  if (chain.continuity === "l1-origin") checkOriginGap(line, scope, chain, report, within);
  else within("gap", Math.max(BOUNDS.GAP_LEAST, secondsOf(BOUNDS.GAP_LEAST_BLOCKS, chain)), BOUNDS.GAP_GREATEST);
  const least = secondsOf(BOUNDS.SPAN_LEAST_BLOCKS, chain);
  within("staleFor", least, BOUNDS.STALE_FOR_GREATEST);
  within("graceFor", least, BOUNDS.GRACE_FOR_GREATEST);
  within("exitsFor", least, BOUNDS.EXITS_FOR_GREATEST);
  if (scope.exitsFor < scope.staleFor)
    report(`${line}.exitsFor`, `${scope.exitsFor} s is less than the ${scope.staleFor} s of staleFor`);
}

type Within = (member: "gap" | "staleFor" | "graceFor" | "exitsFor", least: number, greatest: number) => void;

function checkAnchorsLast(line: string, scope: AnyScope, chain: AnyChain, report: Report): void {
  const { minDepth, maxAge } = scope;
  const { blockTime } = chain;
  const hashWindow = Math.min(chain.hashWindow, BOUNDS.MAX_AGE_GREATEST);
  const name = oneLine(chain.name, 60);
  if (maxAge > hashWindow)
    report(
      `${line}.maxAge`,
      `${maxAge} blocks is beyond the ${hashWindow} for which ${name}'s source of block hashes answers`,
    );
  // An anchor is `minDepth` deep when it is signed; the blocks that are left must be enough for a keeper.
  const seconds = Math.floor(((maxAge - minDepth) * blockTime) / 1_000);
  const keeperLatency = keeperLatencyOf(scope, chain);
  if (isCount(minDepth) && seconds < keeperLatency)
    report(
      `${line}.maxAge`,
      `${maxAge} blocks, ${minDepth} of them gone when it is signed, are ${seconds} s on ${name}, and a keeper needs ${keeperLatency} s`,
    );
}

function checkOriginGap(line: string, { gap }: AnyScope, chain: AnyChain, report: Report, within: Within): void {
  const { originLag } = chain;
  if (gap > BOUNDS.L1_GAP_GREATEST)
    report(
      `${line}.gap`,
      `${gap} s: the L1 origin never lags by more than ${MAX_SEQUENCER_DRIFT} s, so that no outage would be seen`,
    );
  // A quarter of the gap makes the grace Stale.
  if (gap <= 4 * originLag!)
    report(
      `${line}.gap`,
      `${gap} s: a healthy L1 origin lags by up to ${originLag} s, which is a quarter of it and more, so that the grace would be Stale`,
    );
  within("gap", BOUNDS.L1_GAP_LEAST, BOUNDS.L1_GAP_GREATEST);
}

/** So many of the longest block times, in seconds, rounded up. */
function secondsOf(blocks: number, { longestBlockTime }: AnyChain): number {
  return Math.ceil((blocks * longestBlockTime) / 1_000);
}

/** What is wrong with the scopes above one, as far as they are well formed. `names` has those that are not, too. */
export function checkParents(name: string, scopes: ReadonlyMap<string, AnyScope>, names: object, report: Report): void {
  const line = `${scopeLine(name)}.parent`;
  const { chain } = scopes.get(name)!;
  const seen = [name];
  for (let parent = scopes.get(name)!.parent; parent !== undefined;) {
    const above = scopes.get(parent);
    if (above === undefined && !Object.hasOwn(names, parent)) report(line, `there is no scope ${quoted(parent)}`);
    if (above === undefined) return;
    if (above.chain !== chain && !Number.isNaN(above.chain + chain))
      return report(line, `${quoted(parent)} is on chain ${above.chain}, and this scope on ${chain}`);
    if (seen.includes(parent)) return report(line, `${[...seen, parent].join(" is below ")}: a circle`);
    if (seen.length > BOUNDS.PARENTS) return report(line, `it has more than ${BOUNDS.PARENTS} scopes above it`);
    seen.push(parent);
    parent = above.parent;
  }
}

const NO_LATENCY = `it must be a whole number of seconds, from 1 to ${LATENCY_GREATEST}`;

function isLatency(value: unknown): value is number {
  return isCount(value) && (value as number) <= LATENCY_GREATEST;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1;
}

function misfit(value: unknown, expected: string): string {
  return value === undefined
    ? `it is missing: expected ${expected}`
    : `it is ${describeValue(value)}: expected ${expected}`;
}
