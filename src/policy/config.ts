import { toHex, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { CHAIN_PROFILES, type ChainProfile } from "./chains.js";
import { packPolicy, policyFaults, STANDARD_POLICY, type PolicyTable } from "./policy.js";

/** How a chain is used. What is left out is taken from {@link CHAIN_PROFILES}; a chain that is not there needs all of it. */
export interface ChainInput extends Partial<ChainProfile> {
  /**
   * Seconds from a trader's signature to the block that executes it, at their usual worst: what a keeper needs to see an order, simulate it
   * and be included.
   */
  keeperLatency: number;
}

/** How a scope is guarded. Times are in seconds. */
export interface ScopeInput<Chain extends PropertyKey, Scope extends string, Policy extends string> {
  /** The id of its chain. */
  chain: Chain;
  /** The scope above it; the worst status on the way up decides. In the contract: `_parentOf`. */
  parent?: Scope;
  /** One of the policies by name; `STANDARD_POLICY` where it is left out. */
  policy?: Policy;
  /** How deep an anchor must lie, in blocks. */
  minDepth: number;
  /** How old an anchor may be, in blocks. */
  maxAge: number;
  /** So much time that no block accounts for makes it Stale. */
  gap: number;
  /** How long it stays Stale. */
  staleFor: number;
  /** How long it is Lagging after that. */
  graceFor: number;
  /** How long exits are restricted at the most. */
  exitsFor: number;
}

/** The contract's `ScopeConfig`. */
export interface ScopeConfig {
  policy: bigint;
  gap: number;
  staleFor: number;
  graceFor: number;
  exitsFor: number;
  longestBlockTime: number;
}

/** A scope that can work. */
export interface GuardedScope {
  /** What the contract calls it: its name in ASCII, padded with zeros. */
  id: Hex;
  chain: number;
  parent: Hex | undefined;
  minDepth: number;
  maxAge: number;
  policy: PolicyTable;
  /** What `_configureScope` or `scheduleScope` takes. */
  config: ScopeConfig;
}

/** One line of a configuration that cannot work. */
export interface ConfigFault {
  /** Where it stands, as one would write it: `scopes["ETH-PERP"].maxAge`. */
  line: string;
  reason: string;
}

/** What {@link defineGuardConfig} takes. */
export interface GuardConfigInput<Chain extends number, Scope extends string, Policy extends string> {
  chains: Readonly<Record<Chain, ChainInput>>;
  scopes: Readonly<Record<Scope, ScopeInput<NoInfer<Chain>, NoInfer<Scope>, NoInfer<Policy>>>>;
  policy?: Readonly<Record<Policy, PolicyTable>>;
}

/** The sequencer of the OP stack may lag behind L1 by so many seconds (Fjord, max_sequencer_drift). */
const MAX_SEQUENCER_DRIFT = 1_800;
const DAY = 86_400;
const MAX_PARENTS = 3;

/**
 * Checks a configuration of scopes before it is deployed, and returns what the contract takes. It refuses what cannot work:
 * - an anchor that may be older than the chain's source of block hashes answers, or must be deeper than it may be old;
 * - a window that ends before a keeper can act: `maxAge` blocks in seconds against `keeperLatency`;
 * - a policy that is not monotone or breaks a promise, cell by cell;
 * - times out of the contract's bounds, a gap that the chain's own signal cannot show, parents that are missing, on another chain, too many
 *   or circular.
 *
 * @example
 * const { scopes } = defineGuardConfig({
 *   chains: { 1: { keeperLatency: 60 } },
 *   scopes: {
 *     exchange: { chain: 1, minDepth: 1, maxAge: 64, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 },
 *     "ETH-PERP": { chain: 1, parent: "exchange", minDepth: 2, maxAge: 64, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 },
 *   },
 * });
 * await perps.scheduleScope(scopes["ETH-PERP"].id, scopes["ETH-PERP"].config);
 *
 * @throws INVALID_CONFIG with every fault, its line and its reason
 */
export function defineGuardConfig<
  const Chain extends number,
  const Scope extends string,
  const Policy extends string = never,
>(
  input: GuardConfigInput<Chain, Scope, Policy>,
): { chains: Record<Chain, ChainProfile & ChainInput>; scopes: Record<Scope, GuardedScope> } {
  const faults: ConfigFault[] = [];
  const fault = (line: string, reason: string): void => void faults.push({ line, reason });

  const chains = new Map<string, ChainProfile & ChainInput>();
  for (const [id, chain] of Object.entries<ChainInput>(input.chains)) {
    const resolved = { ...CHAIN_PROFILES[Number(id)], ...chain };
    if (isCompleteChain(id, resolved, fault)) chains.set(id, resolved);
  }
  for (const [name, table] of Object.entries<PolicyTable>(input.policy ?? {})) {
    for (const { action, status, reason } of policyFaults(table))
      fault(`policy[${JSON.stringify(name)}].${action}, ${status}`, reason);
  }

  const all: Readonly<Record<string, AnyScope>> = input.scopes;
  const policies: Readonly<Record<string, PolicyTable>> = input.policy ?? {};
  for (const [name, scope] of Object.entries(all)) {
    const line = (member: string): string => `scopes[${JSON.stringify(name)}]${member}`;
    if (!/^[\x20-\x7e]{1,31}$/.test(name)) fault(line(""), "a scope's name is 1 to 31 characters of ASCII");
    if (scope.policy !== undefined && !Object.hasOwn(policies, scope.policy))
      fault(line(".policy"), `there is no policy ${JSON.stringify(scope.policy)}`);
    checkParents(name, all, line(".parent"), fault);
    const chain = chains.get(String(scope.chain));
    if (chain !== undefined) checkScope(scope, chain, line, fault);
    else if (!Object.hasOwn(input.chains, String(scope.chain)))
      fault(line(".chain"), `there is no chain ${scope.chain}`);
  }
  if (faults.length > 0) {
    const list = faults.map(({ line, reason }) => `${line}: ${reason}`).join("\n");
    throw new SettlementGuardError("INVALID_CONFIG", { faults }, `this configuration cannot work:\n${list}`);
  }

  const scopes = Object.entries(all).map(([name, scope]): [string, GuardedScope] => {
    const policy = scope.policy === undefined ? STANDARD_POLICY : policies[scope.policy]!;
    const { gap, staleFor, graceFor, exitsFor, minDepth, maxAge } = scope;
    const { longestBlockTime } = chains.get(String(scope.chain))!;
    const config = { policy: packPolicy(policy), gap, staleFor, graceFor, exitsFor, longestBlockTime };
    const parent = scope.parent === undefined ? undefined : scopeId(scope.parent);
    return [name, { id: scopeId(name), chain: Number(scope.chain), parent, minDepth, maxAge, policy, config }];
  });
  return {
    chains: Object.fromEntries(chains) as Record<Chain, ChainProfile & ChainInput>,
    scopes: Object.fromEntries(scopes) as Record<Scope, GuardedScope>,
  };
}

/** A scope's name as the contract's `bytes32`: ASCII, padded with zeros at the end. */
export function scopeId(name: string): Hex {
  const id = new Uint8Array(32);
  id.set(new TextEncoder().encode(name));
  return toHex(id);
}

type AnyScope = ScopeInput<number, string, string>;
type Report = (line: string, reason: string) => void;

function isCompleteChain(
  id: string,
  chain: Partial<ChainProfile> & ChainInput,
  fault: Report,
): chain is ChainProfile & ChainInput {
  const line = (member: string): string => `chains[${id}]${member}`;
  if (chain.name === undefined || chain.continuity === undefined) {
    fault(
      line(""),
      "the guard does not know this chain: it needs a source of block hashes of its own, and a whole profile",
    );
    return false;
  }
  const { blockTime, longestBlockTime, hashWindow, keeperLatency, originLag } = chain;
  const ofOrigin = chain.continuity === "l1-origin" ? { originLag } : {};
  const wrong = Object.entries({ blockTime, hashWindow, keeperLatency, longestBlockTime, ...ofOrigin }).filter(
    ([, value]) => !(value !== undefined && value > 0),
  );
  for (const [member] of wrong) fault(line(`.${member}`), "it must be a positive number");
  if (wrong.length > 0) return false;
  if (!Number.isInteger(longestBlockTime) || longestBlockTime! > 255)
    fault(line(".longestBlockTime"), "it must be an integer of at most 255 seconds");
  if (longestBlockTime! < blockTime!)
    fault(
      line(".longestBlockTime"),
      `${longestBlockTime} s is less than the usual ${blockTime} s: a chain that lives would show gaps`,
    );
  return true;
}

function checkScope(
  scope: AnyScope,
  chain: ChainProfile & ChainInput,
  line: (member: string) => string,
  fault: Report,
): void {
  const { minDepth, maxAge, gap, staleFor, graceFor, exitsFor } = scope;
  const { blockTime, longestBlockTime, hashWindow, keeperLatency, originLag } = chain;
  if (!Number.isInteger(minDepth) || minDepth < 1)
    fault(line(".minDepth"), "an anchor lies at least one block behind the executing one");
  if (!Number.isInteger(maxAge) || maxAge < minDepth)
    fault(line(".maxAge"), `no anchor is at least ${minDepth} and at most ${maxAge} blocks old`);
  if (maxAge > hashWindow)
    fault(
      line(".maxAge"),
      `${maxAge} blocks is beyond the ${hashWindow} for which ${chain.name}'s source of block hashes answers`,
    );
  // An anchor is `minDepth` deep when it is signed; the blocks that are left must be enough for a keeper.
  const seconds = (maxAge - minDepth) * blockTime;
  if (seconds < keeperLatency)
    fault(
      line(".maxAge"),
      `${maxAge} blocks, ${minDepth} of them gone when it is signed, are ${seconds} s on ${chain.name}, and a keeper needs ${keeperLatency} s`,
    );
  const within = (member: string, value: number, least: number, greatest: number): void => {
    if (!Number.isInteger(value) || value < least || value > greatest)
      fault(line(`.${member}`), `${value} s is not an integer from ${least} to ${greatest}`);
  };
  within("gap", gap, 4 * longestBlockTime, DAY);
  within("staleFor", staleFor, longestBlockTime, DAY);
  within("graceFor", graceFor, longestBlockTime, 4 * 3_600);
  within("exitsFor", exitsFor, longestBlockTime, 7 * DAY);
  if (chain.continuity !== "l1-origin") return;
  if (gap >= MAX_SEQUENCER_DRIFT)
    fault(
      line(".gap"),
      `${gap} s: the L1 origin never lags by more than ${MAX_SEQUENCER_DRIFT} s, so that no outage would be seen`,
    );
  // What prolongs a disturbance is a quarter of the gap.
  if (gap <= 4 * originLag!)
    fault(
      line(".gap"),
      `${gap} s: a healthy L1 origin lags by up to ${originLag} s, which is a quarter of it and more, so that Stale would not end`,
    );
}

function checkParents(name: string, scopes: Readonly<Record<string, AnyScope>>, line: string, fault: Report): void {
  const chain = scopes[name]!.chain;
  const seen = [name];
  for (let parent = scopes[name]!.parent; parent !== undefined; parent = scopes[parent]!.parent) {
    const above = Object.hasOwn(scopes, parent) ? scopes[parent] : undefined;
    if (above === undefined) return fault(line, `there is no scope ${JSON.stringify(parent)}`);
    if (above.chain !== chain)
      return fault(line, `${JSON.stringify(parent)} is on chain ${above.chain}, and this scope on ${chain}`);
    if (seen.includes(parent)) return fault(line, `${[...seen, parent].join(" is below ")}: a circle`);
    if (seen.length > MAX_PARENTS) return fault(line, `it has more than ${MAX_PARENTS} scopes above it`);
    seen.push(parent);
  }
}
