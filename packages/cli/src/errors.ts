/** Every error of the command line itself, by its code. Those of the library are `SettlementGuardError`s. */
export interface CliErrorDetails {
  /** What was given cannot be used at all, or a package that it needs is missing. `hint` says what to do. */
  UNUSABLE_INPUT: { what: string; reason: string; hint: string };
  /** A part of the input cannot be read. What is beside it can. */
  INPUT_MALFORMED: { reason: string };
  /** The Solidity verifier, run in an embedded EVM, did not come to an end of its own. */
  EVM_FAILED: { reason: string };
}

/** The only class of error that the command line throws beside the library's. */
export class CliError<Code extends keyof CliErrorDetails = keyof CliErrorDetails> extends Error {
  override readonly name = "CliError";

  constructor(
    readonly code: Code,
    readonly details: CliErrorDetails[Code],
    message: string,
  ) {
    super(message);
  }

  static is<Code extends keyof CliErrorDetails>(value: unknown, code: Code): value is CliError<Code> {
    return value instanceof CliError && value.code === code;
  }
}

/**
 * Without a cause: that would repeat what was given, which may be a URL in the wrong place.
 *
 * @param given what to repeat of the input, where it may be repeated
 */
export function unusable(what: string, reason: string, hint: string, given?: string): CliError<"UNUSABLE_INPUT"> {
  const named = given === undefined ? what : `${what} ${given}`;
  return new CliError("UNUSABLE_INPUT", { what, reason, hint }, `${named}: ${reason}`);
}

export function malformed(reason: string): CliError<"INPUT_MALFORMED"> {
  return new CliError("INPUT_MALFORMED", { reason }, reason);
}
