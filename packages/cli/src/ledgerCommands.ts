import type { Command } from "commander";

import { audit, type AuditArguments } from "./audit.js";
import { ledgerCommit, ledgerCreateJournal, type CommitArguments } from "./commit.js";
import { ledgerHeal, ledgerStatus, type LedgerCommandArguments } from "./ledger.js";
import { collect, withEndpoints, withFiles, withLedger } from "./options.js";
import { ledgerProveDesync, type ProveDesyncArguments } from "./proveDesync.js";
import { ledgerReconcile, type ReconcileArguments } from "./reconcile.js";
import { ledgerRelay } from "./relay.js";
import { KEY_VARIABLE, PASSWORD_VARIABLE } from "./signerKey.js";
import type { Terminal } from "./terminal.js";

type End = (exitCode: number) => void;

/** Adds the commands about ledgers that a guard watches. */
export function addLedgerCommands(program: Command, terminal: Terminal, end: End): void {
  const ledger = program
    .command("ledger")
    .description("Commit to a scope's ledger, compare it with the chain, and dispute it.");
  addStatus(ledger, terminal, end);
  addHeal(ledger, terminal, end);
  addReconcile(ledger, terminal, end);
  addCommit(ledger, terminal, end);
  addRelay(ledger, terminal, end);
  addProveDesync(ledger, terminal, end);
  addAudit(program, terminal, end);
}

function addStatus(ledger: Command, terminal: Terminal, end: End): void {
  withLedger(ledger.command("status"))
    .description("Say what is on record of a ledger, what heals it, and when the next commitment is due.")
    .option("--json", "print { state, block, record, committedUntil, healing, retirement } instead of text")
    .addHelpText(
      "after",
      "\nExit code: 0 if it is sound, 1 if it is silent, contradicted or retired, or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: LedgerCommandArguments) => {
      end(await ledgerStatus(options, terminal));
    });
}

function addHeal(ledger: Command, terminal: Terminal, end: End): void {
  withLedger(ledger.command("heal"))
    .description("Say whether a ledger can be healed, and the transaction to send. Nothing is sent.")
    .option("--json", "print { state, block, healing, transaction } instead of text")
    .addHelpText(
      "after",
      "\nExit code: 0 if anybody can heal it now, 1 if not or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: LedgerCommandArguments) => {
      end(await ledgerHeal(options, terminal));
    });
}

function addReconcile(ledger: Command, terminal: Terminal, end: End): void {
  withFiles(withEndpoints(ledger.command("reconcile"), "of which nothing but the chain it follows is believed"))
    .description("Compare a whole ledger with the chain at one block.")
    .option("--anchor <block>", "latest, safe, finalized, depth:NUMBER, a number or a hash", "latest")
    .option("--checkpoint <file>", "where finished chunks are kept: the same command goes on from there")
    .option("--chunk-size <owners>", "owners that are compared at once; 4096 without it")
    .option("--allow-unread", "exit with 0 although entries were compared with nothing")
    .option("--json <file>", "write the report as JSON with every difference; - prints it instead of text")
    .option("--page <file>", "write an HTML page that loads nothing as well")
    .addHelpText(
      "after",
      "\nExit code: 0 if nothing differs and every entry was compared, 1 if not or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: ReconcileArguments) => {
      end(await ledgerReconcile(options, terminal));
    });
}

function addCommit(ledger: Command, terminal: Terminal, end: End): void {
  ledger
    .command("create-journal")
    .description("Create a signing journal: once for each key, as a new one has forgotten everything.")
    .argument("<file>", "where no file is yet, on a disk of this machine")
    .action(async (path: string) => {
      end(await ledgerCreateJournal(path));
    });
  withFiles(withLedger(ledger.command("commit")))
    .description("Prepare the next commitment, compare the whole ledger with proven state, sign, and print it as JSON.")
    .requiredOption("--signers <file>", "JSON: { threshold, signers } of the open epoch")
    .option("--tier <tier>", "how sure the anchor's block is: head, safe or finalized", "finalized")
    .option("--depth <blocks>", "behind the head, with --tier head; 2 without it")
    .option("--least-tier <tier>", "what the ledger's configuration asks for: nothing below is signed")
    .option("--valid-for <seconds>", "how long it may be relayed; 600 without it")
    .option("--valid-blocks <blocks>", "in how many blocks it may be relayed; 50 without it")
    .option("--proposed <file>", "what another signer printed: it is compared, and signed")
    .option("--last <file>", "what this signer printed last: the desk must have it")
    .option("--journal <file>", "this key's signing journal; create-journal makes it")
    .option("--keystore <file>", `an encrypted key; its password is asked for, or in ${PASSWORD_VARIABLE}`)
    .option("--dry-run", "sign nothing, and print the commitment")
    .option("--allow-unread", "sign although entries were compared with nothing")
    .addHelpText(
      "after",
      `
The key is in ${KEY_VARIABLE}, or in --keystore. It is never an argument.

Exit code: 0 if it is printed, 1 if it is refused or the endpoint failed, 2 if the input cannot be used.`,
    )
    .action(async (options: CommitArguments) => {
      end(await ledgerCommit(options, terminal));
    });
}

function addRelay(ledger: Command, terminal: Terminal, end: End): void {
  ledger
    .command("relay")
    .description("Print the transaction that relays a commitment, as { to, data }. Nothing is sent.")
    .argument("<files...>", "what `ledger commit` printed, a file of each who signed")
    .requiredOption("--signers <file>", "JSON: { threshold, signers } of the open epoch")
    .addHelpText("after", "\nExit code: 0 if it is printed, 2 if the input cannot be used.")
    .action(async (files: string[], options: { signers: string }) => {
      end(await ledgerRelay(files, options, terminal));
    });
}

function addProveDesync(ledger: Command, terminal: Terminal, end: End): void {
  withFiles(withLedger(ledger.command("prove-desync")))
    .description("Compare a ledger with the chain at its commitment, and print disputes to send. Nothing is sent.")
    .option("--commitment <file>", "what `ledger commit` printed, repeatable; the newest on record without it", collect)
    .option("--signers <file>", "JSON: { threshold, signers }, where the commitment was not relayed")
    .option("--first <number>", "how many disputes", "1")
    .option("--from <block>", "the first block of the desk's events; its deployment saves requests", "0")
    .addHelpText(
      "after",
      "\nExit code: 0 if nothing differs, 1 if anything does or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: ProveDesyncArguments) => {
      end(await ledgerProveDesync(options, terminal));
    });
}

function addAudit(program: Command, terminal: Terminal, end: End): void {
  withLedger(program.command("audit"))
    .description("List what happened to a scope's ledger, and check the anchor of each commitment.")
    .option("--from <block>", "the first block; the desk's deployment saves requests", "0")
    .option("--page <file>", "write an HTML page that loads nothing as well")
    .option("--json", "print { desk, guard, scope, from, to, isSound, events } instead of text")
    .addHelpText(
      "after",
      "\nExit code: 0 if each commitment follows the one before it and has an anchor of the chain, 1 if not or the endpoint failed, 2 if the input cannot be used.",
    )
    .action(async (options: AuditArguments) => {
      end(await audit(options, terminal));
    });
}
