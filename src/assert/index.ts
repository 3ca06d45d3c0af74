/**
 * Assertions for any test runner: `node:test`, vitest, mocha. `settlement-guard/chai` has them as matchers. A failure
 * is Node's own `AssertionError`: runners know it, and show its message as it is.
 */
import { AssertionError } from "node:assert";

import type { GuardErrorName } from "../explain/guardErrors.js";
import type { SimulatedChain } from "../forks/index.js";
import type { Status } from "../policy/policy.js";
import type { Connection } from "../rpc/request.js";
import { findSameEffect, findSurvival, type Act, type EffectComparison, type ReorgTrial } from "./branches.js";
import { findAcceptance, findRejection, nameFault, valuesFault, type ExpectedValues } from "./byGuard.js";
import { failureOf, type Finding } from "./finding.js";
import { findReconciliation, type LedgerExpectation } from "./ledger.js";
import {
  actionsIn,
  findStatus,
  statusIn,
  viewScope,
  type ActionsExpectation,
  type GuardLike,
  type StatusExpectation,
} from "./scope.js";

export type { Act, EffectComparison, EffectReader, ReorgTrial } from "./branches.js";
export type { ExpectedValue, ExpectedValues } from "./byGuard.js";
export { findReorgHazards, type Hazard, type HazardBound, type HazardReport, type HazardSearch } from "./hazards.js";
export type { HistoryChange } from "./histories.js";
export type { LedgerExpectation } from "./ledger.js";
export type { ActionsExpectation, ConnectedContract, GuardLike, StatusExpectation } from "./scope.js";
export type { EffectDifference } from "./trials.js";

/**
 * Asserts that a transaction or a call reverts with a guard error; with a name, with that one. The guard's error may be
 * wrapped by a contract that caught it, as by ERC-7751 or a multicall. Of a batch whose result lists what failed, one
 * call is enough.
 *
 * `.not` passes for success, and for any other revert. A transaction that never ran shows nothing, nor does a revert
 * whose data nobody tells: both fail.
 *
 * A receipt says by its status whether it reverted. Ethers' receipt leads to its node, which says why. Those of viem, web3 and
 * JSON-RPC do not: give the call itself. What is no transaction, no receipt and no call's result shows nothing. That is
 * `undefined`, `null`, a text, a hash, a contract, a transaction that was not sent, and an empty list. A view that returns
 * nothing is `undefined` in viem: give its `simulateContract`.
 *
 * @param subject a promise of a call's result, of ethers' response or of a receipt, or a list of such. A function is called
 * @param name any guard error, where it is left out
 * @param values those in order, or some of them by name. Of a batch's errors, one is enough
 * @throws AssertionError
 * @throws INVALID_MATCHER for a value that is none to compare with
 * @example
 * await assertRejectedByGuard(perps.open(market, size, anchor), "AnchorMismatch", { number: anchor.number });
 */
export async function assertRejectedByGuard(
  subject: unknown,
  name?: GuardErrorName,
  values?: ExpectedValues,
): Promise<void> {
  const fault = nameFault(name);
  if (fault !== undefined) throw refusal(subject, fault);
  const finding = await findRejection(subject, name);
  settle(finding);
  const difference = values === undefined ? undefined : valuesFault(finding.errors, values);
  if (difference !== undefined) throw failure(difference);
}
assertRejectedByGuard.not = async (subject: unknown, name?: GuardErrorName): Promise<void> => {
  const fault = nameFault(name);
  if (fault !== undefined) throw refusal(subject, fault);
  settle(await findRejection(subject, name), true);
};

/**
 * Asserts that a transaction or a call succeeds. A guard error fails with its explanation. Another revert, or a
 * transaction that never ran, fails for its own reason. As that shows nothing about the guard, it fails `.not`, too.
 *
 * @param subject as for {@link assertRejectedByGuard}
 * @throws AssertionError
 * @example
 * await assertAcceptedByGuard(() => perps.open(market, size, anchor));
 */
export async function assertAcceptedByGuard(subject: unknown): Promise<void> {
  settle(await findAcceptance(subject));
}
assertAcceptedByGuard.not = async (subject: unknown): Promise<void> => {
  settle(await findAcceptance(subject), true);
};

/**
 * Asserts what is wrong with a scope now, those above it included. A scope without a configuration fails, `.not`
 * included: it is Halted, and so is every name that is misspelt.
 *
 * @throws AssertionError
 * @throws what `explainScope` throws
 * @throws INVALID_MATCHER for a status that is none
 * @example
 * await assertStatus(perps, { scope: "ETH-PERP", status: "Diverged" });
 */
export async function assertStatus(guard: GuardLike, expected: StatusExpectation): Promise<void> {
  settle(await findStatus(guard, expected));
}
assertStatus.not = async (guard: GuardLike, expected: StatusExpectation): Promise<void> => {
  settle(await findStatus(guard, expected), true);
};

/**
 * Asserts which actions a scope lets through, conservatively or not, by asking `preview` for each. All others must be
 * denied. There is no negation: it would not say which action is to differ.
 *
 * @param expected with a status: that the scope has it is asserted first
 * @throws AssertionError
 * @throws what `explainScope` throws
 * @throws INVALID_MATCHER for an action or a status that is none
 * @example
 * await assertAllowsOnly(perps, { scope: "ETH-PERP", actions: ["Deposit", "Liquidate", "Cancel"], status: "Halted" });
 */
export async function assertAllowsOnly(
  guard: GuardLike,
  { scope, actions, status }: ActionsExpectation & { readonly status?: Status },
): Promise<void> {
  const view = await viewScope(guard, scope);
  if (status !== undefined) settle(statusIn(view, status));
  settle(actionsIn(view, actions));
}

/**
 * Asserts that a transaction never does something else on another branch. It is sent on a chain of the simulator, and the chain
 * is reorganised below it. On the new branch it may have the same effect, revert, or be refused by the node.
 *
 * The effect is the same where its logs are, and the values in the slots that it changed. So must be
 * codes and nonces, and what each balance gains or loses. Gas is left out: what the sender and the block's author pay and get for
 * it, and the sender's nonce. Of another chain, or of a part alone, `effect` reads what is compared.
 *
 * Afterwards the chain is as after the act, for the reorg is undone. A transaction may have no effect at first, or the
 * reorg may not reach it. That shows nothing: it fails, and fails `.not`.
 *
 * @param act sends it, on the chain that it is given; or a signed transaction
 * @throws AssertionError
 * @throws INVALID_MATCHER where the act returns no transaction, or the node does not trace and there is no `effect`
 * @throws FORK_SIMULATOR for a reorg that the chain cannot make
 * @example
 * await assertSurvivesReorg(() => perps.open(market, size, anchor), { on: chain, depth: 3 });
 */
export async function assertSurvivesReorg<Tools>(
  act: Act<SimulatedChain<Tools>> | string,
  trial: ReorgTrial<Tools>,
): Promise<void> {
  settle(await findSurvival(act, trial));
}
assertSurvivesReorg.not = async <Tools>(
  act: Act<SimulatedChain<Tools>> | string,
  trial: ReorgTrial<Tools>,
): Promise<void> => {
  settle(await findSurvival(act, trial), true);
};

/**
 * Asserts that a transaction has the same effect on two chains, as on both sides of a partition. What an effect is, is said at
 * {@link assertSurvivesReorg}. `.not` passes where the effects differ, or where one chain alone refuses it.
 * It refuses it by a revert. Of a signed transaction the node may say that it does not take it, as for another chain's id.
 *
 * @param act sends it on the chain that it is given; or a signed transaction, which both are sent
 * @throws AssertionError
 * @throws INVALID_MATCHER where the act returns no transaction, or a node does not trace and there is no `effect`
 * @example
 * await assertSameEffect.not(signedOrder, { on: [majority, minority] });
 */
export async function assertSameEffect<Chain extends Connection>(
  act: Act<Chain> | string,
  comparison: EffectComparison<Chain>,
): Promise<void> {
  settle(await findSameEffect(act, comparison));
}
assertSameEffect.not = async <Chain extends Connection>(
  act: Act<Chain> | string,
  comparison: EffectComparison<Chain>,
): Promise<void> => {
  settle(await findSameEffect(act, comparison), true);
};

/**
 * Asserts that contracts hold what a ledger says, under the rules of its book. Every value is proven: see `reconcile`. An entry of
 * the ledger that nothing was compared with fails, and so does a comparison of nothing.
 *
 * @throws AssertionError
 * @throws what `reconcile` throws
 * @example
 * await assertReconciles(chain, { tree, book, owners });
 */
export async function assertReconciles(connection: Connection, expected: LedgerExpectation): Promise<void> {
  settle(await findReconciliation(connection, expected));
}
assertReconciles.not = async (connection: Connection, expected: LedgerExpectation): Promise<void> => {
  settle(await findReconciliation(connection, expected), true);
};

/** @throws AssertionError unless the finding, or its negation, holds */
function settle(finding: Finding, isNegated = false): void {
  const message = failureOf(finding, isNegated);
  if (message !== undefined) throw failure(message);
}

/** Of a test's mistake. The subject may be a promise that is about to be rejected, and nobody else waits for it. */
function refusal(subject: unknown, fault: string): AssertionError {
  Promise.resolve(subject).catch(() => undefined);
  return failure(fault);
}

function failure(message: string): AssertionError {
  return new AssertionError({ message });
}
