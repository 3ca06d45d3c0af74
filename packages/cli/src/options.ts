import type { Command } from "commander";

import { DEFAULT_TIMEOUT, HEADERS_VARIABLE, RPC_VARIABLE } from "./endpoint.js";

/** Of one endpoint. */
export function withEndpoint(command: Command, belief: string): Command {
  return command
    .option("--rpc <url>", `JSON-RPC endpoint; ${belief} (environment: ${RPC_VARIABLE})`)
    .option("--header <header>", `"Name: value", repeatable (environment: ${HEADERS_VARIABLE}, one a line)`, collect)
    .option("--timeout <seconds>", `for each request; ${DEFAULT_TIMEOUT} without it`);
}

/** Of endpoints: they are a quorum where there are several. */
export function withEndpoints(command: Command, belief: string): Command {
  return command
    .option(
      "--rpc <url>",
      `JSON-RPC endpoint, ${belief}; repeated, a quorum that nobody trusts singly (environment: ${RPC_VARIABLE}, apart by spaces)`,
      collect,
    )
    .option(
      "--header <header>",
      `"Name: value", repeatable, for one endpoint (environment: ${HEADERS_VARIABLE})`,
      collect,
    )
    .option("--timeout <seconds>", `for each request; ${DEFAULT_TIMEOUT} without it`);
}

/** Of a ledger, and of endpoints that are asked about it. */
export function withLedger(command: Command): Command {
  const located = command
    .requiredOption("--desk <address>", "the ledger desk")
    .requiredOption("--guard <address>", "the contract that inherits the guard")
    .requiredOption("--scope <scope>", "its name, or 32 bytes in hexadecimal");
  return withEndpoints(located, "believed");
}

/** Of the files that say what is compared. */
export function withFiles(command: Command): Command {
  return command
    .requiredOption("--ledger <file>", "CSV: owner,asset,kind,value or key,value; - for the standard input")
    .requiredOption("--book <file>", "JSON: { version, rules, codes }")
    .option("--owners <file>", "an address a line, those included whom the ledger does not have")
    .option("--candidates <file>", "of a mirror: slots that its contract may hold and the ledger does not, one a line");
}

export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
