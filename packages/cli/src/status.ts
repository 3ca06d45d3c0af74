import { explainScope, scopeId, toBytes, withoutUrls } from "settlement-guard";

import { readEndpoint, type EndpointOptions } from "./endpoint.js";
import { unusable } from "./errors.js";
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
  readable("--scope", scope, "1 to 31 characters of ASCII, or 32 bytes in hexadecimal", () =>
    scope.length === 66 ? toBytes(scope, "--scope", 32) : scopeId(scope),
  );
  const { lines, ...facts } = await explainScope(jsonRpc(endpoint), { guard, scope, timeout: endpoint.timeout });
  if (options.json === true) await terminal.printJson(facts, 2);
  else await terminal.print(...lines);
  return facts.status === "Synced" ? 0 : 1;
}

function readable(what: string, given: string, expected: string, read: () => unknown): void {
  try {
    read();
  } catch {
    throw unusable(what, "cannot be used", `expected ${expected}`, brief(withoutUrls(given)));
  }
}
