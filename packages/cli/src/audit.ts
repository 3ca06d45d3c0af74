import { writeFile } from "node:fs/promises";

import { auditTrail, withoutUrls } from "settlement-guard";

import { checkLedger, readHeight, type LedgerArguments } from "./arguments.js";
import { auditPage, rowOf, summaryOf } from "./auditPage.js";
import { connect, type EndpointsOptions } from "./connect.js";
import { unusable } from "./errors.js";
import { systemReason, type Terminal } from "./terminal.js";
import { brief } from "./text.js";

export interface AuditArguments extends LedgerArguments, EndpointsOptions {
  /** A height. */
  from: string;
  /** Where an HTML page goes. */
  page?: string;
  json?: boolean;
}

/**
 * Lists what happened to a scope's ledger, and checks the anchor of each commitment.
 *
 * @returns the exit code: 0 if the trail is sound, 1 if not
 * @throws UNUSABLE_INPUT for arguments that cannot be used, and what {@link auditTrail} throws
 */
export async function audit(options: AuditArguments, terminal: Terminal): Promise<0 | 1> {
  const { desk, guard, scope, page } = options;
  checkLedger(options);
  const from = readHeight("--from", options.from);
  const { connection, timeout } = connect(options);
  const trail = await auditTrail(connection, { desk, guard, scope, from, timeout });
  if (page !== undefined)
    await writeFile(page, auditPage(trail)).catch((cause: unknown) => {
      const given = brief(withoutUrls(page));
      throw unusable("--page", systemReason(cause), "expected a file that can be written", given);
    });
  if (options.json === true) await terminal.printJson(trail, 2);
  else await terminal.print(...trail.events.map(rowOf).map(lineOf), summaryOf(trail));
  return trail.isSound ? 0 : 1;
}

function lineOf({ block, time, name, verdict, facts }: ReturnType<typeof rowOf>): string {
  const said = facts.map(([member, value]) => `${member} ${value}`).join(", ");
  return [`${block} ${time} ${name}`, verdict, said].filter((part) => part !== "").join(": ");
}
