import { findSameEffect, findSurvival, type Act, type EffectReader, type ReorgTrial } from "../assert/branches.js";
import {
  findAcceptance,
  findRejection,
  nameFault,
  valuesFault,
  type ExpectedValue,
  type ExpectedValues,
  type RejectionFinding,
} from "../assert/byGuard.js";
import type { Finding } from "../assert/finding.js";
import { findReconciliation, type LedgerExpectation } from "../assert/ledger.js";
import { actionsIn, findStatus, statusIn, viewScope, type GuardLike, type ScopeView } from "../assert/scope.js";
import type { GuardErrorName } from "../explain/guardErrors.js";
import type { SimulatedChain } from "../forks/index.js";
import type { Action, Status } from "../policy/policy.js";
import type { Connection } from "../rpc/request.js";
import { Kit } from "./kit.js";

export type { ExpectedValue } from "../assert/byGuard.js";

declare global {
  // The way chai is extended: https://www.chaijs.com/guide/plugins/
  namespace Chai {
    // All of them must be awaited.
    interface Assertion {
      /**
       * Asserts that a transaction or a call reverts with a guard error; with a name, with that one. Takes a promise, or a
       * function that returns one: see `assertRejectedByGuard` of `settlement-guard/assert`. It sees what another contract
       * caught and reverted with again.
       *
       * @example
       * await expect(perps.open(market, size, anchor)).to.be.rejectedByGuard("AnchorMismatch").withValues({ number: anchor.number });
       */
      rejectedByGuard(name?: GuardErrorName): GuardAssertion;
      /**
       * Asserts that a transaction or a call succeeds. A revert by something else than the guard fails, negated or not.
       *
       * @example
       * await expect(perps.open(market, size, anchor)).to.be.acceptedByGuard();
       */
      acceptedByGuard(): Promise<void>;
      /**
       * Asserts a scope's status. The subject is a contract of ethers, or `{ address, connection }`. A scope without a
       * configuration fails, negated or not.
       *
       * @example
       * await expect(perps).to.haveStatus("ETH-PERP", "Synced");
       */
      haveStatus(scope: string, status: Status): Promise<void>;
      /** {@link haveStatus}, as jest's and vitest's matchers are named: `expect(perps).toHaveStatus("ETH-PERP", "Synced")`. */
      toHaveStatus(scope: string, status: Status): Promise<void>;
      /**
       * Asserts which actions a scope lets through, conservatively or not; all others must be denied. The subject is as for
       * {@link haveStatus}. There is no negation.
       *
       * @example
       * await expect(perps).to.allowOnly("ETH-PERP", ["Deposit", "Liquidate", "Cancel"]).during("Halted");
       */
      allowOnly(scope: string, actions: readonly Action[]): ActionsAssertion;
      /**
       * Asserts that a transaction has the same effect after a reorg, or none: see `assertSurvivesReorg` of
       * `settlement-guard/assert`. The subject is a function that sends it on the chain that it is given, or a signed
       * transaction. It may be `{ chain, act, effect }`, too, in place of `on` and `effect`. The reorg is undone.
       *
       * @example
       * await expect(() => perps.open(market, size, anchor)).to.surviveReorg({ on: chain, depth: 3 });
       */
      surviveReorg<Tools>(trial: Omit<ReorgTrial<Tools>, "on"> & Partial<Pick<ReorgTrial<Tools>, "on">>): Promise<void>;
      /**
       * Asserts that a transaction has the same effect on two chains. The subject is a function that sends it on the chain that
       * it is given, or a signed transaction.
       *
       * @param effect reads what is compared, instead of logs and state
       * @example
       * await expect(signedOrder).not.to.haveSameEffectOn(majority, minority);
       */
      haveSameEffectOn<Chain extends Connection>(a: Chain, b: Chain, effect?: EffectReader<Chain>): Promise<void>;
      /**
       * Asserts that contracts hold what a ledger says, under the rules of its book. The subject is a connection.
       *
       * @example
       * await expect(chain).to.reconcileWith({ tree, book, owners });
       */
      reconcileWith(ledger: LedgerExpectation): Promise<void>;
    }
    interface GuardAssertion extends Promise<void> {
      /**
       * Asserts the error's values: all of them in order, or some of them by name. Of a batch's errors, one is enough.
       * (`withArgs` is the name that Hardhat's own matchers have for theirs.)
       */
      withValues(...expected: [{ [name: string]: ExpectedValue }] | ExpectedValue[]): Promise<void>;
    }
    interface ActionsAssertion extends Promise<void> {
      /** Asserts first that the scope has this status. */
      during(status: Status): Promise<void>;
    }
  }
}

/**
 * A chai plugin: `use(settlementGuardMatchers)`. Each matcher is a layer over a function of `settlement-guard/assert`.
 *
 * @example
 * use(settlementGuardMatchers);
 * await expect(perps.executeOrder(order)).to.be.rejectedByGuard("AnchorMismatch");
 */
export function settlementGuardMatchers(chai: Chai.ChaiStatic, utils: Chai.ChaiUtils): void {
  const kit = new Kit(chai, utils, settlementGuardMatchers);
  addRejection(kit);
  addActions(kit);
  kit.add("acceptedByGuard", findAcceptance);
  for (const name of ["haveStatus", "toHaveStatus"])
    kit.add(name, (guard: GuardLike, scope: string, status: Status) => findStatus(guard, { scope, status }));
  kit.add("surviveReorg", findSurvivalOf);
  kit.add("haveSameEffectOn", findSameEffectOn);
  kit.add("reconcileWith", findReconciliation);
}

/** Under these flags an assertion keeps what the one that may follow it needs. */
const REJECTION = "settlementGuardRejection";
const ACTIONS = "settlementGuardActions";

/** `.rejectedByGuard`, and `.withValues` after it. */
function addRejection(kit: Kit): void {
  kit.method("rejectedByGuard", (assertion, name?: GuardErrorName) => {
    const { subject, isNegated } = kit.read(assertion);
    const fault = nameFault(name);
    if (fault !== undefined) {
      // The subject may be a promise that is about to be rejected, and nobody else waits for it.
      Promise.resolve(subject).catch(() => undefined);
      throw kit.failure(fault);
    }
    const checked = findRejection(subject, name).then((finding) => {
      kit.settle(finding, isNegated);
      return finding;
    });
    kit.keep(assertion, REJECTION, checked);
    return checked;
  });
  kit.method("withValues", (assertion, ...expected: unknown[]) => {
    const checked = kit.kept<RejectionFinding>(assertion, REJECTION);
    if (checked === undefined) throw kit.failure("Use .withValues() after .rejectedByGuard().");
    if (kit.read(assertion).isNegated) {
      checked.catch(() => undefined);
      throw kit.failure("Do not combine .not with .withValues(): it is not clear what should differ.");
    }
    return checked.then(({ errors }) => {
      const fault = valuesFault(errors, byNameIn(expected) ?? (expected as ExpectedValue[]));
      if (fault !== undefined) throw kit.failure(fault);
    });
  });
}

/** `.allowOnly`, and `.during` after it. */
function addActions(kit: Kit): void {
  kit.method("allowOnly", (assertion, scope: string, actions: readonly Action[]) => {
    const { subject, isNegated } = kit.read(assertion);
    if (isNegated)
      throw kit.failure("Do not combine .not with .allowOnly(): list those actions that pass, and no others will.");
    const listed = viewScope(subject as GuardLike, scope).then((view): ListedActions => ({ view, actions }));
    kit.keep(assertion, ACTIONS, listed);
    return listed.then(({ view }) => kit.settle(actionsIn(view, actions)));
  });
  kit.method("during", (assertion, status: Status) => {
    const listed = kit.kept<ListedActions>(assertion, ACTIONS);
    if (listed === undefined) throw kit.failure("Use .during() after .allowOnly().");
    return listed.then(({ view, actions }) => {
      // In another status other actions pass, so that this comes first.
      kit.settle(statusIn(view, status));
      kit.settle(actionsIn(view, actions));
    });
  });
}

/** What `.during` needs of the `.allowOnly` before it. */
interface ListedActions {
  readonly view: ScopeView;
  readonly actions: readonly Action[];
}

/** What `.surviveReorg` takes in place of a function: the act with its chain. */
interface Trial<Tools> extends Pick<ReorgTrial<Tools>, "effect"> {
  readonly chain: SimulatedChain<Tools>;
  readonly act: Act<SimulatedChain<Tools>> | string;
}

function findSurvivalOf<Tools>(
  subject: Act<SimulatedChain<Tools>> | string | Trial<Tools>,
  trial: ReorgTrial<Tools>,
): Promise<Finding> {
  if (typeof subject !== "object" || subject === null || !("act" in subject)) return findSurvival(subject, trial);
  const { chain, act, ...effect } = subject;
  return findSurvival(act, { ...effect, ...trial, on: chain });
}

function findSameEffectOn<Chain extends Connection>(
  act: Act<Chain> | string,
  ...[a, b, effect]: [a: Chain, b: Chain, effect?: EffectReader<Chain>]
): Promise<Finding> {
  return findSameEffect(act, { on: [a, b], ...(effect === undefined ? {} : { effect }) });
}

/** The values by name, where that is how they are given. */
function byNameIn([first, ...others]: unknown[]): ExpectedValues | undefined {
  return others.length === 0 && typeof first === "object" && first !== null ? (first as ExpectedValues) : undefined;
}
