import {
  formatReport,
  reconcileEach,
  reportPage,
  SettlementGuardError,
  type BlockId,
  type ReconcileOptions,
  type ReconcileSummary,
  type RuleDifference,
} from "settlement-guard";

import { readAnchor, readCount } from "./arguments.js";
import { CheckpointFile } from "./checkpointFile.js";
import { connect, type EndpointsOptions } from "./connect.js";
import { eachDifference, unreadIn } from "./differences.js";
import { unusable } from "./errors.js";
import { compared, readLedgerInputs, type LedgerFiles } from "./ledgerInputs.js";
import { OutputFile } from "./outputFile.js";
import { progressBar } from "./progress.js";
import type { Terminal } from "./terminal.js";
import { printableJson } from "./text.js";

export interface ReconcileArguments extends LedgerFiles, EndpointsOptions {
  /** As {@link readAnchor} takes it. */
  anchor: string;
  checkpoint?: string;
  /** A file, or "-" for the standard output. */
  json?: string;
  /** Where an HTML page goes. */
  page?: string;
  chunkSize?: string;
  allowUnread?: boolean;
}

/** Differences that are kept for people. All of them are in the JSON. */
const MOST_ROWS = 10_000;

/**
 * Compares a whole ledger with the chain at one block. With a checkpoint it goes on where an earlier run was ended.
 *
 * @returns the exit code: 0 if nothing differs and each entry was compared, 1 if not
 * @throws UNUSABLE_INPUT, CHECKPOINT_MISMATCH, and what {@link reconcileEach} throws
 */
export async function ledgerReconcile(options: ReconcileArguments, terminal: Terminal): Promise<0 | 1> {
  const asked = readAnchor("--anchor", options.anchor);
  const chunkSize = options.chunkSize === undefined ? {} : { chunkSize: readCount("--chunk-size", options.chunkSize) };
  const { connection, timeout } = connect(options);
  const inputs = await readLedgerInputs(options);
  const checkpoint = options.checkpoint === undefined ? undefined : await CheckpointFile.open(options.checkpoint);
  const output = await Output.create(options, terminal).catch(async (error: unknown) => {
    await checkpoint?.close();
    throw error;
  });
  const bar = progressBar(inputs.size);
  let read = 0;
  try {
    const { anchor } = checkpoint ?? {};
    if (anchor !== undefined) terminal.note(`settlement-guard: resuming at block ${anchor}`);
    const run = reconcileEach(connection, {
      ...compared(inputs, (bytes) => (read = bytes)),
      ...{ anchor: resumedAt(asked, anchor), timeout, ...chunkSize },
      ...(checkpoint === undefined ? {} : { checkpoint }),
      onProgress: ({ slots }) => bar.update(read, slots),
    });
    const summary = await output.take(run);
    bar.end();
    await output.finish(summary);
    await checkpoint?.remove();
    return verdictOf(summary, options, terminal);
  } catch (error) {
    bar.end();
    await output.abandon();
    await checkpoint?.close();
    throw SettlementGuardError.is(error, "HEADER_NUMBER_MISMATCH") ? otherBlock(error.message) : error;
  }
}

/** A tag has moved on since the run began. The block that it named then is in the checkpoint. */
function resumedAt(asked: ReconcileOptions["anchor"], anchor: string | undefined): ReconcileOptions["anchor"] {
  if (anchor === undefined || (typeof asked === "object" && "hash" in asked)) return asked;
  const number = typeof asked === "object" && "number" in asked ? { number: asked.number } : {};
  return { ...number, hash: anchor } as BlockId;
}

function otherBlock(reason: string): Error {
  return unusable(
    "--checkpoint",
    `it is of another block: ${reason}`,
    "repeat the command that it is of, or remove it",
  );
}

function verdictOf({ counts }: ReconcileSummary, { allowUnread }: ReconcileArguments, terminal: Terminal): 0 | 1 {
  const unread = unreadIn({ counts });
  if (unread !== undefined) terminal.note(`settlement-guard: ${unread}: look at --owners and --book`);
  const differing = counts["missing-here"] + counts["missing-there"] + counts.differs;
  return differing === 0 && (unread === undefined || allowUnread === true) ? 0 : 1;
}

/** For the failure of another file. */
function undone(file: OutputFile | undefined): (error: unknown) => Promise<never> {
  return async (error) => {
    await file?.abandon();
    throw error;
  };
}

/** Where a report goes. Differences go to the JSON as they come; the first of them are kept for the table and the page. */
class Output {
  private readonly first: RuleDifference[] = [];
  private before = '{"differences":[';

  private constructor(
    private readonly terminal: Terminal,
    private readonly json: Pick<OutputFile, "print"> | undefined,
    private readonly files: { readonly json?: OutputFile | undefined; readonly page?: OutputFile | undefined },
  ) {}

  /** @throws UNUSABLE_INPUT where a file cannot be written */
  static async create({ json, page }: ReconcileArguments, terminal: Terminal): Promise<Output> {
    const ofJson = json === undefined || json === "-" ? undefined : await OutputFile.create("--json", json);
    const ofPage = page === undefined ? undefined : await OutputFile.create("--page", page).catch(undone(ofJson));
    return new Output(terminal, json === "-" ? terminal : ofJson, { json: ofJson, page: ofPage });
  }

  async take(run: AsyncGenerator<RuleDifference, ReconcileSummary, void>): Promise<ReconcileSummary> {
    const summary = await eachDifference(run, async (difference) => {
      if (this.first.length < MOST_ROWS) this.first.push(difference);
      await this.json?.print(`${this.before}${printableJson(difference)}`);
      this.before = ",";
      return true;
    });
    return summary!; // it never has enough
  }

  async finish(summary: ReconcileSummary): Promise<void> {
    const report = { ...summary, differences: this.first };
    const start = this.before === "," ? "" : this.before;
    await this.json?.print(`${start}],${printableJson(summary).slice(1)}`);
    await this.files.json?.finish();
    await this.files.page?.print(reportPage(report).trimEnd());
    await this.files.page?.finish();
    if (this.json !== this.terminal) await this.terminal.print(...formatReport(report).trimEnd().split("\n"));
  }

  async abandon(): Promise<void> {
    await this.files.json?.abandon();
    await this.files.page?.abandon();
  }
}
