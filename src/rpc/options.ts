import { SettlementGuardError } from "../core/errors.js";

/**
 * Refuses options that are no object, or that have a name which nobody reads. A misspelt one would be ignored, and the
 * default used.
 *
 * @throws INVALID_OPTION
 */
export function checkOptions(options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalidOption("options", `expected an object with ${names.join(", ")}`);
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw invalidOption(name, `there is no such option, only ${names.join(", ")}`);
  }
}

/**
 * Refuses an option that is there and is no whole number from 1.
 *
 * @throws INVALID_OPTION
 */
export function checkWhole(option: string, value: unknown, max: number): void {
  if (value === undefined) return;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max)
    throw invalidOption(option, `expected a whole number from 1 to ${max}`);
}

export function invalidOption(option: string, reason: string): SettlementGuardError<"INVALID_OPTION"> {
  return new SettlementGuardError("INVALID_OPTION", { option, reason }, `${option}: ${reason}`);
}
