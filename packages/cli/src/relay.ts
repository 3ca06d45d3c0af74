import { relayCall } from "settlement-guard";

import { readSigners } from "./bookFile.js";
import { readSignatures } from "./commitmentFile.js";
import { deskCalls } from "./peers.js";
import type { Terminal } from "./terminal.js";

/**
 * Prints the transaction that relays what several signers signed. Nothing is sent.
 *
 * @param paths of files that `ledger commit` printed, one of each signer
 * @throws UNUSABLE_INPUT where they are of several commitments, or too few signed
 */
export async function ledgerRelay(
  paths: readonly string[],
  options: { signers: string },
  terminal: Terminal,
): Promise<0> {
  const callOf = await deskCalls("relay");
  const set = await readSigners(options.signers);
  const { address, functionName, args } = relayCall({ ...(await readSignatures(paths, set)), set });
  await terminal.printJson(callOf(address, functionName, args), 2);
  return 0;
}
