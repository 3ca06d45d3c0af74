import { toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { describeValue, textWord } from "../core/text.js";
import type { Continuity } from "../anchor/continuity.js";
import type { ChainProfile } from "./chains.js";
import {
  WHOLE,
  checkDepths,
  checkParents,
  checkScope,
  keeperLatencyOf,
  membersOf,
  readChain,
  readScope,
  readTable,
  scopeLine,
  scopeNameFault,
  type AnyChain,
  type AnyScope,
  type ChainInput,
  type Report,
  type ScopeInput,
} from "./configChecks.js";
import { packPolicy, STANDARD_POLICY, type PolicyTable } from "./policy.js";

export type { ChainInput, ScopeInput } from "./configChecks.js";

/**
 * The contract's `ScopeConfig`, member by member. A type and not an interface: Ignition takes no interface as an argument.
 *
 * `minDepth` and `maxAge` are in blocks, `blockTime` and `longestBlockTime` in milliseconds, all other numbers in seconds.
 */
export type ScopeConfig = {
  readonly policy: bigint;
  /** The id of the scope above; zero bytes if there is none. */
  readonly parent: Hex;
  readonly minDepth: number;
  readonly maxAge: number;
  readonly keeperLatency: number;
  readonly gap: number;
  readonly staleFor: number;
  readonly graceFor: number;
  readonly exitsFor: number;
  readonly blockTime: number;
  readonly longestBlockTime: number;
};

/** A scope that can work. */
export type GuardedScope = {
  /** What the contract calls it: its name in ASCII, padded with zeros. */
  readonly id: Hex;
  readonly chain: number;
  /** What `config.policy` says. */
  readonly policy: PolicyTable;
  /** What `_configureScope` and `scheduleScope` take. */
  readonly config: ScopeConfig;
  /** What it does not see: {@link hiddenOutages}. */
  readonly hidden: HiddenOutages;
};

/** The longest outage, in whole seconds, that stays hidden. */
export type HiddenOutages = {
  /** On a busy market: the heartbeat is a quarter of the gap old. */
  readonly busy: number;
  /** After an hour in which nobody called. */
  readonly hour: number;
  /** After a day in which nobody called. */
  readonly day: number;
  /** After a week in which nobody called. */
  readonly week: number;
};

/** One line of a configuration that cannot work. */
export type ConfigFault = {
  /** Where it stands, as one would write it: `scopes["ETH-PERP"].maxAge`. */
  readonly line: string;
  readonly reason: string;
};

/** What {@link defineGuardConfig} takes. */
export interface GuardConfigInput<Chain extends number, Scope extends string, Policy extends string> {
  readonly chains: Readonly<Record<Chain, ChainInput>>;
  readonly scopes: Readonly<Record<Scope, ScopeInput<NoInfer<Chain>, NoInfer<Scope>, NoInfer<Policy>>>>;
  readonly policy?: Readonly<Record<Policy, PolicyTable>>;
}

/**
 * Checks a configuration of scopes before it is deployed, and returns what the contract takes. It refuses what cannot work:
 * - an anchor that may be older than the chain's source of block hashes answers. Also one that must be deeper than it
 *   may be old;
 * - a window that ends before a keeper can act: the blocks from `minDepth` to `maxAge` in seconds against `keeperLatency`;
 * - a policy that is not monotone or breaks a promise, cell by cell;
 * - times out of the contract's bounds, or a gap that the chain's own signal cannot show;
 * - a chain that is said to be slower than it is, or to show outages by other means;
 * - parents that are missing, on another chain, too many or circular;
 * - members that are missing, of another type, or that it does not know: a misspelt one is never passed over.
 *
 * @example
 * ```ts
 * const { scopes } = defineGuardConfig({
 *   chains: { 1: { keeperLatency: 60 } },
 *   scopes: {
 *     exchange: { chain: 1, minDepth: 1, maxAge: 64, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 },
 *     "ETH-PERP": { chain: 1, parent: "exchange", minDepth: 2, maxAge: 64, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 },
 *   },
 * });
 * await perps.scheduleScope(scopes["ETH-PERP"].id, scopes["ETH-PERP"].config);
 * ```
 *
 * @throws INVALID_CONFIG with the first fault of every line, and its reason; for input of any shape, parsed JSON too
 */
export function defineGuardConfig<
  const Chain extends number,
  const Scope extends string,
  const Policy extends string = never,
>(
  input: GuardConfigInput<Chain, Scope, Policy>,
): { chains: Record<Chain, ChainProfile & ChainInput>; scopes: Record<Scope, GuardedScope> } {
  const faults = new Map<string, string>();
  const report: Report = (line, reason) => void (faults.has(line) || faults.set(line, reason));
  const whole = membersOf(input, WHOLE, report, ["chains", "scopes", "policy"]) ?? { chains: {}, scopes: {} };
  const { chains, scopes, tables } = readAll(whole, report);
  if (faults.size > 0) throw invalidConfig(faults);

  const guarded = Array.from(scopes, ([name, scope]): [string, GuardedScope] => {
    const policy = scope.policy === undefined ? STANDARD_POLICY : tables.get(scope.policy)!;
    const chain = chains.get(String(scope.chain))!;
    const config = configOf(scope, chain, policy);
    const hidden = hiddenOutages(config, chain.continuity);
    return [name, { id: scopeId(name), chain: scope.chain, policy, config, hidden }];
  });
  return {
    chains: Object.fromEntries(chains) as Record<Chain, ChainProfile & ChainInput>,
    scopes: Object.fromEntries(guarded) as Record<Scope, GuardedScope>,
  };
}

/**
 * The longest outage that a scope does not see by itself, after a time without calls. Blocks that come at their usual
 * pace account for more time than passes, as each counts for `longestBlockTime`. A quiet time of Q seconds leaves a
 * slack of Q × (`longestBlockTime` / `blockTime` - 1). An outage shorter than `gap` and slack together stays hidden.
 * `poke` takes the slack away. Where the L1 origin shows outages there is none.
 *
 * A single standstill longer than `gap` need not stay hidden, whatever the slack: two headers prove it (`proveStandstill`, `findStandstill`).
 *
 * @param config its `gap` in seconds, the block times in milliseconds
 * @example
 * hiddenOutages({ gap: 900, blockTime: 12_000, longestBlockTime: 13_500 }, "block-times").day; // in seconds
 */
export function hiddenOutages(
  { gap, blockTime, longestBlockTime }: Pick<ScopeConfig, "gap" | "blockTime" | "longestBlockTime">,
  continuity: Continuity,
): HiddenOutages {
  const after = (quiet: number): number =>
    continuity === "l1-origin" ? gap : gap + Math.ceil((quiet * (longestBlockTime - blockTime)) / blockTime);
  return { busy: after(gap / 4), hour: after(3_600), day: after(86_400), week: after(604_800) };
}

/**
 * A scope's name as the contract's `bytes32`: ASCII, padded with zeros at the end.
 *
 * @throws INVALID_CONFIG for a name that is not 1 to 31 characters of printable ASCII
 * @example
 * await perps.statusOf(scopeId("ETH-PERP"));
 */
export function scopeId(name: string): Hex {
  const fault = scopeNameFault(name);
  if (fault !== undefined) throw invalidConfig(new Map([[scopeLine(String(name)), fault]]));
  return toHex(textWord(name));
}

function configOf(scope: AnyScope, chain: AnyChain, policy: PolicyTable): ScopeConfig {
  const { minDepth, maxAge, gap, staleFor, graceFor, exitsFor } = scope;
  const { blockTime, longestBlockTime } = chain;
  return {
    policy: packPolicy(policy),
    parent: scope.parent === undefined ? toWord(0n) : scopeId(scope.parent),
    minDepth,
    maxAge,
    keeperLatency: keeperLatencyOf(scope, chain),
    gap,
    staleFor,
    graceFor,
    exitsFor,
    blockTime,
    longestBlockTime,
  };
}

/** Reads and judges all that stands in a configuration. What is not well formed is left out, with a fault. */
function readAll(whole: Readonly<Record<string, unknown>>, report: Report) {
  const given = {
    chains: membersOf(whole["chains"], "chains", report),
    scopes: membersOf(whole["scopes"], "scopes", report),
    tables: membersOf(whole["policy"] ?? {}, "policy", report),
  };
  const chains = readEach(given.chains, (id, chain) => readChain(id, chain, report));
  const tables = readEach(given.tables, (name, table) => readTable(name, table, report));
  const scopes = readEach(given.scopes, (name, scope) => readScope(name, scope, report));
  for (const [name, scope] of scopes) {
    const line = scopeLine(name);
    const { policy, chain } = scope;
    if (policy !== undefined && !Object.hasOwn(given.tables ?? {}, policy))
      report(`${line}.policy`, `there is no policy ${describeValue(policy)}`);
    if (!Object.hasOwn(given.chains ?? {}, chain)) report(`${line}.chain`, `there is no chain ${chain}`);
    checkParents(name, scopes, given.scopes ?? {}, report);
    checkDepths(line, scope, report);
    const profile = chains.get(String(chain));
    if (profile !== undefined) checkScope(line, scope, profile, report);
  }
  return { chains, tables, scopes };
}

function readEach<T>(
  members: object | undefined,
  read: (name: string, value: unknown) => T | undefined,
): Map<string, T> {
  return new Map(
    Object.entries(members ?? {}).flatMap(([name, value]): [string, T][] => {
      const item = read(name, value);
      return item === undefined ? [] : [[name, item]];
    }),
  );
}

/** The error of a configuration with faults, each under its line. */
export function invalidConfig(
  faults: ReadonlyMap<string, string>,
  summary = "this configuration cannot work",
): SettlementGuardError<"INVALID_CONFIG"> {
  const list = Array.from(faults, ([line, reason]) => ({ line, reason }));
  const text = list.map(({ line, reason }) => `${line}: ${reason}`).join("\n");
  return new SettlementGuardError("INVALID_CONFIG", { faults: list }, `${summary}:\n${text}`);
}
