import { explain } from "../explain/explain.js";
import {
  LIBRARY_ERRORS,
  GUARD_ERROR_NAMES,
  decodeGuardError,
  type DecodedGuardError,
  type GuardErrorName,
} from "../explain/guardErrors.js";
import { SettlementGuardError } from "../core/errors.js";
import { outcomeOf, type Outcome } from "./outcome.js";

/** What one value of an error should be: the value itself, or a predicate for it. Hashes are compared without regard to case. */
export type ExpectedValue = bigint | number | string | ((value: bigint | string) => boolean);

declare global {
  // The way chai is extended: https://www.chaijs.com/guide/plugins/
  namespace Chai {
    interface Assertion {
      /**
       * Asserts that a transaction or a call reverts with a guard error; with a name, with that one. Takes a promise, or a
       * function that returns one. Must be awaited.
       *
       * @example
       * await expect(perps.open(market, size, anchor)).to.be.rejectedByGuard("AnchorMismatch").withValues({ number: anchor.number });
       */
      rejectedByGuard(name?: GuardErrorName): GuardAssertion;
    }
    interface GuardAssertion extends Promise<void> {
      /**
       * Asserts the error's values: all of them in order, or some of them by name. (`withArgs` is the name that Hardhat's own
       * matchers have for theirs.)
       */
      withValues(...expected: [{ [name: string]: ExpectedValue }] | ExpectedValue[]): Promise<void>;
    }
  }
}

/**
 * A chai plugin: `use(settlementGuardMatchers)`.
 *
 * @example
 * use(settlementGuardMatchers);
 * await expect(perps.executeOrder(order)).to.be.rejectedByGuard("AnchorMismatch");
 */
export function settlementGuardMatchers(chai: Chai.ChaiStatic, utils: Chai.ChaiUtils): void {
  const failure = (message: string) => new chai.AssertionError(message, { showDiff: false }, settlementGuardMatchers);

  function rejectedByGuard(this: Chai.AssertionStatic, name?: GuardErrorName): Chai.AssertionStatic {
    const subject: unknown = utils.flag(this, "object");
    if (name !== undefined && !GUARD_ERROR_NAMES.includes(name)) {
      // The subject may be a promise that is about to be rejected, and nobody else waits for it.
      Promise.resolve(subject).catch(() => undefined);
      throw failure(`"${String(name)}" is not a guard error. There are: ${GUARD_ERROR_NAMES.join(", ")}.`);
    }
    // Read now: the flags may change while the subject is awaited.
    const negated = utils.flag(this, "negate") === true;
    const wanted = name === undefined ? "a guard error" : `the guard error ${name}`;

    const checked = outcomeOf(subject).then((outcome) => {
      const decoded = guardErrorOf(outcome);
      const matches = decoded !== undefined && (name === undefined || decoded.name === name);
      // A transaction that never ran shows nothing about the guard. Nor does a revert whose data the node keeps to
      // itself.
      const silent = outcome.kind === "failed" || (outcome.kind === "reverted" && outcome.data === undefined);
      if (negated && (matches || silent))
        throw failure(`Expected the transaction not to be rejected with ${wanted}, but ${describe(outcome)}`);
      if (!negated && !matches)
        throw failure(`Expected the transaction to be rejected with ${wanted}, but ${describe(outcome)}`);
      return decoded;
    });
    utils.flag(this, GUARD_ERROR, checked);
    return settleWith(this, checked);
  }

  function withValues(this: Chai.AssertionStatic, ...expected: unknown[]): Chai.AssertionStatic {
    const checked = utils.flag(this, GUARD_ERROR) as Promise<DecodedGuardError | undefined> | undefined;
    if (checked === undefined) throw failure("Use .withValues() after .rejectedByGuard().");
    if (utils.flag(this, "negate") === true) {
      checked.catch(() => undefined);
      throw failure("Do not combine .not with .withValues(): it is not clear what should differ.");
    }
    const compared = checked.then((decoded) => {
      // Passed, and not negated: there is an error.
      const error = decoded as DecodedGuardError;
      const problems = disagreements(error, expected);
      if (problems.length > 0)
        throw failure(`Expected the guard error ${error.name} to carry other values: ${problems.join("; ")}.`);
    });
    return settleWith(this, compared);
  }

  utils.addMethod(chai.Assertion.prototype, "rejectedByGuard", rejectedByGuard);
  utils.addMethod(chai.Assertion.prototype, "withValues", withValues);
}

/** Under this flag an assertion keeps the promise of the error that was found. */
const GUARD_ERROR = "settlementGuardError";

/**
 * Makes awaiting the assertion await the promise. A matcher must return the assertion itself. Hardhat's matchers bring
 * chai-as-promised along, which wraps every matcher and drops what else it returns.
 */
function settleWith(assertion: Chai.AssertionStatic, promise: Promise<unknown>): Chai.AssertionStatic {
  // Only when it is awaited. `.withValues` awaits its own promise, and this one's rejection would be unhandled.
  const done = () => promise.then(() => undefined);
  const then: Promise<void>["then"] = (...handlers) => done().then(...handlers);
  const fail: Promise<void>["catch"] = (handler) => done().catch(handler);
  return Object.assign(assertion, { then, catch: fail });
}

function guardErrorOf(outcome: Outcome): DecodedGuardError | undefined {
  return outcome.kind === "reverted" && outcome.data !== undefined ? decodeGuardError(outcome.data) : undefined;
}

function describe(outcome: Outcome): string {
  if (outcome.kind === "succeeded") return "it succeeded.";
  if (outcome.kind === "failed") return `it never ran: ${outcome.reason}`;
  if (outcome.unread !== undefined)
    return `it reverted, and the revert data has a form that is not known here: ${outcome.unread}.`;
  if (outcome.data === undefined) return "it reverted, and the node does not say with what.";
  return `it reverted. ${explain(outcome.data)}`;
}

function disagreements(error: DecodedGuardError, expected: unknown[]): string[] {
  const names: string[] = LIBRARY_ERRORS[error.name].map((input) => input.name);
  const [first] = expected;
  if (expected.length === 1 && typeof first === "object" && first !== null) {
    if (Object.keys(first).length === 0) return ["nothing was expected of it: name at least one value"];
    return Object.entries(first).flatMap(([name, value]) =>
      names.includes(name)
        ? disagreement(name, error.values[name]!, value)
        : [`it has no value "${name}", only ${names.join(", ")}`],
    );
  }
  if (expected.length !== names.length)
    return [`it has ${names.length} (${names.join(", ")}), and ${expected.length} were expected`];
  return names.flatMap((name, i) => disagreement(name, error.values[name]!, expected[i]));
}

function disagreement(name: string, actual: bigint | string, expected: unknown): string[] {
  if (typeof expected === "function") {
    const accepted = (expected as (value: bigint | string) => unknown)(actual) === true;
    return accepted ? [] : [`${name} is ${actual}, which the predicate refuses`];
  }
  if (typeof expected !== "bigint" && typeof expected !== "number" && typeof expected !== "string") {
    const reason = `A value to compare with must be a bigint, a number, a string or a predicate, and the one for ${name} is ${typeof expected}`;
    throw new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
  }
  const written = String(expected).toLowerCase();
  const equal =
    typeof actual === "bigint"
      ? /^(?:0x[0-9a-f]+|\d+)$/.test(written) && BigInt(written) === actual
      : written === actual;
  return equal ? [] : [`${name} is ${actual} instead of ${expected}`];
}
