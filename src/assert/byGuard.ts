import { SettlementGuardError } from "../core/errors.js";
import { explain } from "../explain/explain.js";
import {
  GUARD_ERROR_NAMES,
  LIBRARY_ERRORS,
  type DecodedGuardError,
  type GuardErrorName,
} from "../explain/guardErrors.js";
import { libraryErrorsIn } from "../explain/wrapped.js";
import { outcomeOf } from "./evidence.js";
import { listed, type Finding } from "./finding.js";
import { isSilent, type Outcome } from "./outcome.js";

/** What one value of an error should be: the value itself, or a predicate for it. Hashes are compared without regard to case. */
export type ExpectedValue = bigint | number | string | ((value: bigint | string) => boolean);

/** What an error's values should be: all of them in order, or some of them by name. */
export type ExpectedValues = readonly ExpectedValue[] | { readonly [name: string]: ExpectedValue };

/** Whether a transaction or a call was rejected by the guard, and every error of that name that was found. */
export interface RejectionFinding extends Finding {
  readonly errors: readonly DecodedGuardError[];
}

/** @param name any guard error, where it is left out */
export async function findRejection(subject: unknown, name?: GuardErrorName): Promise<RejectionFinding> {
  const outcome = await outcomeOf(subject);
  const errors = guardErrorsOf(outcome).filter((found) => name === undefined || found.name === name);
  // A transaction that never ran shows nothing about the guard. Nor does a revert whose data nobody tells.
  const isUnknown = isSilent(outcome) || outcome.some(({ kind }) => kind === "no evidence");
  return {
    subject: "the transaction",
    claim: `be rejected with ${name === undefined ? "a guard error" : `the guard error ${name}`}`,
    holds: errors.length > 0 || (isUnknown ? undefined : false),
    found: describe(outcome),
    errors,
  };
}

/** Whether a transaction or a call succeeded. Only a guard error shows the opposite: nothing else is the guard's doing. */
export async function findAcceptance(subject: unknown): Promise<Finding> {
  const outcome = await outcomeOf(subject);
  const isRejected = guardErrorsOf(outcome).length > 0;
  return {
    subject: "the transaction",
    claim: "be accepted by the guard",
    holds: outcome.length === 0 || (isRejected ? false : undefined),
    found: describe(outcome),
  };
}

/** What is wrong with the name of a guard error that a test gives; undefined where it is one. */
export function nameFault(name: string | undefined): string | undefined {
  if (name === undefined || (GUARD_ERROR_NAMES as readonly string[]).includes(name)) return undefined;
  return `"${String(name)}" is not a guard error. There are: ${GUARD_ERROR_NAMES.join(", ")}.`;
}

/** What differs from the values that a test expects of one of the errors; undefined where one has them all. */
export function valuesFault(errors: readonly DecodedGuardError[], expected: ExpectedValues): string | undefined {
  const faults = errors.map((error) => ({ error, problems: disagreements(error, expected) }));
  if (faults.some(({ problems }) => problems.length === 0)) return undefined;
  return faults
    .map(
      ({ error, problems }) => `Expected the guard error ${error.name} to carry other values: ${problems.join("; ")}.`,
    )
    .join(" ");
}

/** How it ended, as the end of a sentence. */
export function describe(outcome: Outcome): string {
  return outcome.length === 0 ? "it succeeded." : outcome.map(describeFailure).join(" And ");
}

function describeFailure(failure: Outcome[number]): string {
  if (failure.kind === "no evidence") return `${failure.who} ${failure.says.replace(/\.?$/, ".")}`;
  const { who, data, unread, silent } = failure;
  if (data !== undefined) return `${who} reverted. ${explain(data)}`;
  if (unread === undefined) return `${who} reverted, and ${silent} does not say with what.`;
  return `${who} reverted, and the revert data has a form that is not known here: ${unread}.`;
}

function guardErrorsOf(outcome: Outcome): DecodedGuardError[] {
  const datas = outcome.flatMap((failure) => (failure.kind === "reverted" ? (failure.data ?? []) : []));
  const errors = datas.flatMap((data) => libraryErrorsIn(data));
  return errors.filter((error): error is DecodedGuardError => nameFault(error.name) === undefined);
}

function disagreements(error: DecodedGuardError, expected: ExpectedValues): string[] {
  const names: string[] = LIBRARY_ERRORS[error.name].map((input) => input.name);
  if (!isList(expected)) {
    if (Object.keys(expected).length === 0) return ["nothing was expected of it: name at least one value"];
    return Object.entries(expected).flatMap(([name, value]) =>
      names.includes(name)
        ? disagreement(name, error.values[name]!, value)
        : [`it has no value "${name}", only ${listed(names)}`],
    );
  }
  if (expected.length !== names.length)
    return [`it has ${names.length} (${names.join(", ")}), and ${expected.length} were expected`];
  return names.flatMap((name, i) => disagreement(name, error.values[name]!, expected[i]));
}

function isList(expected: ExpectedValues): expected is readonly ExpectedValue[] {
  return Array.isArray(expected);
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
