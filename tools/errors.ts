import { strict as assert } from "node:assert";

import { SettlementGuardError, type ErrorCode } from "../src/core/errors.js";

/** Runs something that must throw an error of this library with this code, and returns that error. */
export function thrown<Code extends ErrorCode>(code: Code, run: () => unknown): SettlementGuardError<Code> {
  try {
    run();
  } catch (error) {
    return ofCode(code, error);
  }
  return assert.fail(`expected ${code}, nothing was thrown`);
}

/** As {@link thrown}, of a promise. */
export async function rejected<Code extends ErrorCode>(
  code: Code,
  promise: Promise<unknown>,
): Promise<SettlementGuardError<Code>> {
  try {
    await promise;
  } catch (error) {
    return ofCode(code, error);
  }
  return assert.fail(`expected ${code}, the promise was fulfilled`);
}

/** What a contract must take. Where it refuses that, an assertion fails. */
export async function accepted<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    return assert.fail(`refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function ofCode<Code extends ErrorCode>(code: Code, error: unknown): SettlementGuardError<Code> {
  if (SettlementGuardError.is(error, code)) return error;
  return assert.fail(
    `expected ${code}, caught ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}
