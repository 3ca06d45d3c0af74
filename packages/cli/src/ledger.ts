import { explainLedger, keccak256, toHex, toWord, type Hex, type LedgerExplanation } from "settlement-guard";

import { checkLedger, scopeIdOf, type LedgerArguments } from "./arguments.js";
import { connect, type EndpointsOptions } from "./connect.js";
import type { Terminal } from "./terminal.js";

export interface LedgerCommandArguments extends LedgerArguments, EndpointsOptions {
  json?: boolean;
}

/**
 * Says what is on record of a ledger, and what it waits for.
 *
 * @returns the exit code: 0 if it is sound, 1 if it is silent, contradicted or retired
 * @throws UNUSABLE_INPUT for arguments that cannot be used, and what {@link explainLedger} throws
 */
export async function ledgerStatus(options: LedgerCommandArguments, terminal: Terminal): Promise<0 | 1> {
  const { lines, ...facts } = await explained(options);
  if (options.json === true) await terminal.printJson(facts, 2);
  else await terminal.print(...lines);
  return facts.state === "sound" ? 0 : 1;
}

/**
 * Says whether a ledger can be healed, and the transaction that does it. Nothing is sent.
 *
 * @returns the exit code: 0 if anybody can heal it now, 1 if not
 * @throws as {@link ledgerStatus}
 */
export async function ledgerHeal(options: LedgerCommandArguments, terminal: Terminal): Promise<0 | 1> {
  const { state, block, healing, lines } = await explained(options);
  const isDue = healing?.isDue === true;
  const transaction = isDue ? healCall(options) : undefined;
  if (options.json === true) await terminal.printJson({ state, block, healing, transaction }, 2);
  else {
    const told = healing === undefined ? [lines[0]!, "There is nothing to heal."] : [lines[0]!, lines[2]!];
    const call = transaction === undefined ? [] : [`to   ${transaction.to}`, `data ${transaction.data}`];
    await terminal.print(...told, ...call);
  }
  return isDue ? 0 : 1;
}

async function explained(options: LedgerCommandArguments): Promise<LedgerExplanation> {
  checkLedger(options);
  const { connection, timeout } = connect(options);
  const { desk, guard, scope } = options;
  return explainLedger(connection, { desk, guard, scope, timeout });
}

/** The desk's heal(address,bytes32). */
function healCall({ desk, guard, scope }: LedgerArguments): { to: string; data: Hex } {
  const selector = toHex(keccak256(new TextEncoder().encode("heal(address,bytes32)")).subarray(0, 4));
  return { to: desk, data: `${selector}${toWord(BigInt(guard)).slice(2)}${scopeIdOf(scope).slice(2)}` };
}
