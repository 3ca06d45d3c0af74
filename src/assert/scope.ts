import { explainScope, scopeIdOf, type ScopeExplanation } from "../actions/explainScope.js";
import { ScopeReader } from "../actions/scopeReads.js";
import { toBytes, toHex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { describeValue } from "../core/text.js";
import { explain } from "../explain/explain.js";
import { memberOf } from "../explain/revertData.js";
import { ACTIONS, STATUSES, type Action, type Status, type Verdict } from "../policy/policy.js";
import type { Connection } from "../rpc/request.js";
import { firstOf, listed, type Finding } from "./finding.js";

/** A contract of ethers that is connected to a provider or a signer. */
export interface ConnectedContract {
  readonly runner?: { readonly provider?: unknown } | null;
  getAddress(): Promise<string>;
}

/** A contract that inherits the guard, and where it is asked. Of viem or web3 the address is given with a client. */
export type GuardLike = ConnectedContract | { readonly address: string; readonly connection: Connection };

/** The status that a scope must have. */
export interface StatusExpectation {
  /** The scope's name, as `scopeId` takes it, or its id: 32 bytes in hexadecimal. */
  readonly scope: string;
  readonly status: Status;
}

/** The actions that a scope must let through, and no other. */
export interface ActionsExpectation {
  /** The scope's name, as `scopeId` takes it, or its id: 32 bytes in hexadecimal. */
  readonly scope: string;
  /** Those whose verdict is not Deny. For a liquidation that is what the policy allows at the most. */
  readonly actions: readonly Action[];
}

/** What a scope lets through at one block. */
export interface ScopeView {
  readonly scope: string;
  readonly state: ScopeExplanation;
  /** In the order of `ACTIONS`. */
  readonly previews: readonly { readonly action: Action; readonly verdict: Verdict; readonly reason: string }[];
}

export async function findStatus(guard: GuardLike, { scope, status }: StatusExpectation): Promise<Finding> {
  checkName("status", status, STATUSES);
  const { address, connection } = await placeOf(guard);
  return statusOf(scope, await explainScope(connection, { guard: address, scope }), status);
}

/** Asks for every action at the latest block. */
export async function viewScope(guard: GuardLike, scope: string): Promise<ScopeView> {
  const { address, connection } = await placeOf(guard);
  const state = await explainScope(connection, { guard: address, scope });
  const reader = new ScopeReader(connection, toHex(toBytes(address, "guard", 20)), state.block.number, {});
  const previews = ACTIONS.map(async (action) => ({ action, ...(await reader.preview(scopeIdOf(scope), action)) }));
  return { scope, state, previews: await Promise.all(previews) };
}

/** Whether a scope has the status, as far as it was viewed. */
export function statusIn({ scope, state }: ScopeView, status: Status): Finding {
  checkName("status", status, STATUSES);
  return statusOf(scope, state, status);
}

/** Whether a scope lets through what is listed, and nothing else. */
export function actionsIn({ scope, state, previews }: ScopeView, actions: readonly Action[]): Finding {
  for (const action of actions) checkName("action", action, ACTIONS);
  const wrong = previews
    .filter(({ action, verdict }) => actions.includes(action) !== (verdict !== "Deny"))
    .map(({ action, verdict, reason }) =>
      verdict === "Deny"
        ? `it denies ${action}: ${explain(reason).replace(/\.$/, "")}`
        : `it lets ${action} through (${verdict})`,
    );
  return {
    subject: `scope "${scope}"`,
    claim: `let through ${listed(actions)} alone`,
    holds: isConfigured(state) ? wrong.length === 0 : undefined,
    found: !isConfigured(state)
      ? unconfigured
      : wrong.length === 0
        ? "it does."
        : `while it is ${state.status}, ${firstOf(wrong)}`,
  };
}

const unconfigured = "it has no configuration: without one it is Halted, and lets nothing through, whatever its name.";

function statusOf(scope: string, state: ScopeExplanation, status: Status): Finding {
  return {
    subject: `scope "${scope}"`,
    claim: `be ${status}`,
    // A scope that nobody configured is Halted. A name that is misspelt must not pass for one that is.
    holds: isConfigured(state) ? state.status === status : undefined,
    found: isConfigured(state) ? `it is ${state.status}. ${state.lines.join(" ")}` : unconfigured,
  };
}

function isConfigured({ scopes }: ScopeExplanation): boolean {
  return scopes.every(({ config }) => config !== undefined);
}

/** @throws INVALID_CONNECTION by whatever asks, where a contract has no provider */
async function placeOf(guard: GuardLike): Promise<{ address: string; connection: Connection }> {
  if (isContract(guard)) return { address: await guard.getAddress(), connection: guard.runner?.provider as Connection };
  if (memberOf(guard, "connection") !== undefined) return guard;
  throw invalid(`A guard is a contract of ethers, or { address, connection }, and this is ${describeValue(guard)}`);
}

function isContract(guard: GuardLike): guard is ConnectedContract {
  return typeof memberOf(guard, "getAddress") === "function";
}

/** A name that is none would make an assertion fail for ever, and its negation pass. @throws INVALID_MATCHER */
function checkName(what: string, name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw invalid(`${describeValue(name)} is no ${what}: there are ${listed(names)}`);
}

function invalid(reason: string): SettlementGuardError<"INVALID_MATCHER"> {
  return new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
}
