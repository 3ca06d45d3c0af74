import { createRequire } from "node:module";

import { Command, CommanderError } from "commander";
import { SettlementGuardError } from "settlement-guard";

import { config } from "./config.js";
import { deployCheck, type DeployCheckArguments } from "./deployCheck.js";
import { CliError } from "./errors.js";
import { explainError } from "./explain.js";
import { HINTS } from "./hints.js";
import { addLedgerCommands } from "./ledgerCommands.js";
import { withEndpoint } from "./options.js";
import { prove, type ProveArguments } from "./prove.js";
import { status, type StatusArguments } from "./status.js";
import type { Terminal } from "./terminal.js";
import { withoutValues } from "./text.js";
import { verify, type VerifyOptions } from "./verify.js";

const EXIT_CODES = `
Exit code: 0 if all is valid, 1 if something is not or the endpoint failed, 2 if the input cannot be used or a package is missing.`;

/**
 * Runs one command.
 *
 * @param argv as Node gives it: the arguments begin at the third
 * @returns the exit code
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await runCommand(argv, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = newProgram(terminal);
  program
    .command("verify")
    .description("Verify the proofs in a file: recorded answers of eth_getProof, or raw trie proofs.")
    .argument("<file>", "JSON: one case, an array, or an array under `cases`; - for the standard input")
    .option("--evm", "also run the Solidity verifier in an embedded EVM, compare, and show its gas")
    .option("--json", "print { cases: [...] } instead of text")
    .addHelpText(
      "after",
      `
A recorded answer: { id, headerRlp or stateRoot, ...what eth_getProof answered }
                or { id, headerRlp or stateRoot, address, accountProof, account, storage: [{ slot, value, proof }] }
A raw trie proof:  { id, root, trieKey, proof, value }, with the final key of 32 bytes
What a case says beside its proof is compared with it. A member that nothing judges is refused.
${EXIT_CODES}`,
    )
    .action(async (file: string, options: VerifyOptions) => {
      exitCode = await verify(file, options, terminal);
    });
  withEndpoint(program.command("prove"), "nothing that it says is believed")
    .description("Fetch a proof with its header, check every node, and write a file for verify.")
    .requiredOption("--account <address>", "whose state")
    .option("--slot <slots...>", "which slots: numbers, or 32 bytes in hexadecimal", [])
    .option("--block <block>", "a number, a hash, latest, safe, finalized or earliest", "latest")
    .option("--out <file>", "where to; the standard output without it")
    .addHelpText("after", EXIT_CODES)
    .action(async (options: ProveArguments) => {
      exitCode = await prove(options, terminal);
    });
  addGuardCommands(program, terminal, (code) => (exitCode = code));
  addLedgerCommands(program, terminal, (code) => (exitCode = code));
  await program.parseAsync(argv);
  return exitCode;
}

/** The commands about guards: before, while and after they are deployed. */
function addGuardCommands(program: Command, terminal: Terminal, end: (exitCode: number) => void): void {
  program
    .command("config")
    .description("Check a guard's configuration, and print what its contracts take.")
    .argument("<file>", "JSON: { chains, scopes, policy }; - for the standard input")
    .option("--json", "print { scopes: { NAME: { id, config, ... } } } instead of text")
    .addHelpText("after", EXIT_CODES)
    .action(async (file: string, options: { json?: boolean }) => {
      end(await config(file, options, terminal));
    });
  program
    .command("explain")
    .description("Say what an error means that a contract reverted with, and what to do about it.")
    .argument("<error>", "revert data in hexadecimal, or what a node answered; - for the standard input")
    .option("--json", "print { sentence, remedy } instead of text")
    .addHelpText("after", "\nExit code: 0 if it is an error of the guard, 1 if not, 2 if the input cannot be used.")
    .action(async (error: string, options: { json?: boolean }) => {
      end(await explainError(error, options, terminal));
    });
  withEndpoint(program.command("status"), "what it says is believed")
    .description("Say what restricts a scope of a deployed guard, and until when.")
    .requiredOption("--guard <address>", "the contract that inherits the guard")
    .requiredOption("--scope <scope>", "its name, or 32 bytes in hexadecimal")
    .option("--json", "print { status, exits, block, scopes } instead of text")
    .addHelpText(
      "after",
      "\nExit code: 0 if the scope is Synced, 1 if anything restricts it or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: StatusArguments) => {
      end(await status(options, terminal));
    });
  withEndpoint(program.command("deploy-check"), "headers and code that it gives are hashed")
    .description("Check that what is deployed on a chain is what should be.")
    .requiredOption("--config <file>", "JSON: { chainId, contracts }; - for the standard input")
    .option("--allow-unknown", "exit with 0 although something is unknown")
    .option("--json", "print { outcome, block, checks } instead of text")
    .addHelpText(
      "after",
      "\nExit code: 0 if all is ok, 1 if anything failed or is unknown, or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: DeployCheckArguments) => {
      end(await deployCheck(options, terminal));
    });
}

function newProgram(terminal: Terminal): Command {
  const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
  return new Command("settlement-guard")
    .description(
      "Proves and verifies what a block's state says, checks configurations and deployments, says what restricts a market, and keeps its ledger: commits to it, compares it with the chain, disputes it.",
    )
    .version(version)
    .addHelpText("after", EXIT_CODES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) =>
        void terminal.print(...text.trimEnd().split("\n")).catch((error: unknown) => report(error, terminal)),
      writeErr: (text) =>
        text
          .trimEnd()
          .split("\n")
          .forEach((line) => terminal.note(line)),
      outputError: () => undefined, // it is thrown as well
    })
    .exitOverride();
}

/** Says on the standard error what went wrong, a line for each fault. @returns the exit code */
export function report(error: unknown, terminal: Terminal): 0 | 1 | 2 {
  const say = (message: string): void => terminal.note(`settlement-guard: ${message}`);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help")
      say(`${withoutValues(error.message.replace(/^error: /, ""))}; see settlement-guard --help`);
    return 2;
  }
  if (SettlementGuardError.is(error, "INVALID_CONFIG")) {
    for (const { line, reason } of error.details.faults) say(`${line}: ${reason}`);
    return 1;
  }
  if (CliError.is(error, "UNUSABLE_INPUT")) {
    say(`${error.message}; ${error.details.hint}`);
    return 2;
  }
  if (SettlementGuardError.is(error)) {
    const known = HINTS[error.code];
    say(known === undefined ? error.message : `${error.code}: ${error.message}; ${known.hint}`);
    return known?.exitCode ?? 1;
  }
  say(`a fault of its own: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}
