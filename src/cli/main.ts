#!/usr/bin/env node
import { createRequire } from "node:module";

import { Command, CommanderError } from "commander";

import { SettlementGuardError } from "../errors.js";
import { prove, type ProveArguments } from "./prove.js";
import { verify, type VerifyOptions } from "./verify.js";

const EXIT_CODES = `
Exit code: 0 if all is valid, 1 if something is not, 2 if the input cannot be used.`;

// A reader that has seen enough (head, less) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? process.exitCode : 1),
);
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  // By its own name, because the distance to the manifest differs between the sources and the build.
  const { version } = createRequire(import.meta.url)("settlement-guard/package.json") as { version: string };
  let exitCode = 0;

  const program = new Command("settlement-guard")
    .description("Checks what a block's state says about an account and its slots, node by node.")
    .version(version)
    .addHelpText("after", EXIT_CODES)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();

  program
    .command("verify")
    .description("Verify the proofs in a file: recorded answers of eth_getProof, or raw trie proofs.")
    .argument("<file>", "JSON: one case, an array, or an array under `cases`; - for the standard input")
    .option("--evm", "also run the Solidity verifier in an embedded EVM, compare, and show its gas")
    .option("--json", "print { cases: [...] } instead of text")
    .addHelpText(
      "after",
      `
A recorded answer: { id, headerRlp or stateRoot, address, accountProof, storage: [{ slot, value, proof }] }
A raw trie proof:  { id, root, trieKey, proof }, with the final key of 32 bytes
${EXIT_CODES}`,
    )
    .action(async (file: string, options: VerifyOptions) => {
      exitCode = await verify(file, options, process.stdout);
    });

  program
    .command("prove")
    .description("Fetch a proof with its header, check every node, and write a file for verify.")
    .requiredOption("--rpc <url>", "JSON-RPC endpoint; nothing that it says is believed")
    .requiredOption("--account <address>", "whose state")
    .option("--slot <slots...>", "which slots: numbers, or 32 bytes in hexadecimal", [])
    .option("--block <block>", "a number, a hash, latest, safe, finalized or earliest", "latest")
    .option("--out <file>", "where to; the standard output without it")
    .addHelpText("after", EXIT_CODES)
    .action(async (options: ProveArguments) => {
      exitCode = await prove(
        options,
        (text) => process.stdout.write(text),
        (text) => process.stderr.write(text),
      );
    });

  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!SettlementGuardError.is(error)) throw error;
    const unusable = SettlementGuardError.is(error, "UNUSABLE_INPUT");
    const hint = unusable ? `; ${error.details.hint}` : "";
    process.stderr.write(`settlement-guard: ${error.message.replaceAll(/\s+/g, " ")}${hint}\n`);
    return unusable || SettlementGuardError.is(error, "MISSING_PEER") ? 2 : 1;
  }
}
