import { explain, REMEDIES, remedyOf } from "settlement-guard";

import { unusable } from "./errors.js";
import { chunks } from "./jsonFile.js";
import type { Terminal } from "./terminal.js";

/** Bytes. The longest answer of a node about one error is shorter. */
const MOST = 2 ** 20;

/**
 * Says what an error means, and what to do about it.
 *
 * @param error revert data in hexadecimal, or what a client printed or a node answered; "-" for the standard input
 * @returns the exit code: 0 if it is an error of the library's contracts, 1 if not
 * @throws UNUSABLE_INPUT for nothing, and for more than a mebibyte
 */
export async function explainError(error: string, options: { json?: boolean }, terminal: Terminal): Promise<0 | 1> {
  const given = (error === "-" ? await standardInput() : error).trim();
  if (given === "")
    throw unusable("the error", "it is empty", "give revert data in hexadecimal, or what a node answered");
  const thrown = asJson(given);
  const remedy = remedyOf(thrown);
  const sentence = explain(thrown);
  if (options.json === true) await terminal.printJson({ sentence, remedy: remedy ?? null }, 2);
  else await terminal.print(sentence, ...(remedy === undefined ? [] : [REMEDIES[remedy]]));
  return remedy === undefined ? 1 : 0;
}

async function standardInput(): Promise<string> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks("-")) {
    size += chunk.length;
    if (size > MOST) throw unusable("the standard input", "it has more than a mebibyte", "give one error");
    read.push(chunk);
  }
  return Buffer.concat(read).toString("utf8");
}

/** What a node answered, or text as it is. */
function asJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}
