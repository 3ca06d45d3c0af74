import { explainScope } from "settlement-guard";

import { checkAddress, checkScope } from "./arguments.js";
import { readEndpoint, type EndpointOptions } from "./endpoint.js";
import { jsonRpc } from "./jsonRpc.js";
import type { Terminal } from "./terminal.js";

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
  checkAddress("--guard", guard);
  checkScope(scope);
  const { lines, ...facts } = await explainScope(jsonRpc(endpoint), { guard, scope, timeout: endpoint.timeout });
  if (options.json === true) await terminal.printJson(facts, 2);
  else await terminal.print(...lines);
  return facts.status === "Synced" ? 0 : 1;
}
