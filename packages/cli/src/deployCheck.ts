import { SettlementGuardError, checkDeployment, type DeploymentCheck, type DeploymentReport } from "settlement-guard";

import { readEndpoint, type EndpointOptions } from "./endpoint.js";
import { readObject, unusableFile } from "./jsonFile.js";
import { jsonRpc } from "./jsonRpc.js";
import type { Terminal } from "./terminal.js";
import { brief, counted } from "./text.js";

export interface DeployCheckArguments extends EndpointOptions {
  /** Of a JSON file, as {@link checkDeployment} takes a deployment; "-" for the standard input. */
  config: string;
  /** What is unknown does not count. */
  allowUnknown?: boolean;
  json?: boolean;
}

/**
 * Checks a deployment against what it should be.
 *
 * @returns the exit code: 0 if all is ok, 1 if anything failed, or is unknown and that is not allowed
 * @throws UNUSABLE_INPUT for arguments and a file that cannot be used, and what {@link checkDeployment} throws
 */
export async function deployCheck(options: DeployCheckArguments, terminal: Terminal): Promise<0 | 1> {
  const endpoint = readEndpoint(options);
  const report = await checked(options.config, await readObject(options.config), endpoint);
  if (options.json === true) await terminal.printJson(report, 2);
  else await terminal.print(...lines(report));
  const isAllowed = report.outcome === "ok" || (report.outcome === "unknown" && options.allowUnknown === true);
  return isAllowed ? 0 : 1;
}

/** A file with faults cannot be used. The first is named: what follows from it is none of its own. */
async function checked(
  path: string,
  deployment: object,
  endpoint: ReturnType<typeof readEndpoint>,
): Promise<DeploymentReport> {
  try {
    return await checkDeployment(jsonRpc(endpoint), { deployment: deployment as never, timeout: endpoint.timeout });
  } catch (error) {
    if (!SettlementGuardError.is(error, "INVALID_CONFIG")) throw error;
    const [{ line, reason } = { line: "", reason: "" }, ...others] = error.details.faults;
    const more = others.length === 0 ? "" : `, and ${counted(others.length, "fault")} more`;
    throw unusableFile(path, brief(`${line}: ${reason}${more}`, 400), "docs/cli.md shows the file's members");
  }
}

function lines({ outcome, block, checks }: DeploymentReport): string[] {
  const count = (which: string): number => checks.filter((check) => check.outcome === which).length;
  const counts = `${count("ok")} ok, ${count("failed")} failed, ${count("unknown")} unknown`;
  return [...checks.flatMap(linesOf), `${outcome} at block ${block.number}, ${block.hash}: ${counts}`];
}

function linesOf({ contract, check, outcome, detail, expected, actual }: DeploymentCheck): string[] {
  const subject = contract === undefined ? check : `${contract}: ${check}`;
  const line = brief(`${outcome.padEnd(7)} ${subject}: ${detail}`, 1_000);
  return expected === undefined ? [line] : [line, `        expected ${expected}`, `        actual   ${actual}`];
}
