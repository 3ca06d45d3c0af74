import { toBytes } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { explainScope, scopeIdOf } from "../actions/explainScope.js";
import { withoutUrls } from "../core/text.js";
import { readEndpoint, type EndpointOptions } from "./endpoint.js";
import { jsonRpc } from "./jsonRpc.js";
import type { Terminal } from "./terminal.js";
import { brief } from "./text.js";

export interface StatusArguments extends EndpointOptions {
  guard: string;
  scope: string;
  json?: boolean;
}

/**
 * Says what restricts a scope, and until when.
 *
 * @returns the exit code: 0 if it is Synced, 1 if anything restricts it
 * @throws UNUSABLE_INPUT for arguments that cannot be used, and what {@link explainScope} throws
 */
export async function status(options: StatusArguments, terminal: Terminal): Promise<0 | 1> {
  const endpoint = readEndpoint(options);
  const { guard, scope } = options;
  readable("--guard", guard, "20 bytes in hexadecimal", () => toBytes(guard, "--guard", 20));
  readable("--scope", scope, "1 to 31 characters of ASCII, or 32 bytes in hexadecimal", () => scopeIdOf(scope));
  const { lines, ...facts } = await explainScope(jsonRpc(endpoint), { guard, scope, timeout: endpoint.timeout });
  if (options.json === true) await terminal.printJson(facts, 2);
  else await terminal.print(...lines);
  return facts.status === "Synced" ? 0 : 1;
}

/** Without a cause: that would repeat what was given, which may be a URL in the wrong place. */
function readable(what: string, given: string, expected: string, read: () => unknown): void {
  try {
    read();
  } catch {
    const details = { what, reason: "cannot be used", hint: `expected ${expected}` };
    throw new SettlementGuardError(
      "UNUSABLE_INPUT",
      details,
      `${what} ${brief(withoutUrls(given))}: ${details.reason}`,
    );
  }
}
