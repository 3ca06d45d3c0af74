import { createReadStream } from "node:fs";

import { JSONParser, type ParsedElementInfo } from "@streamparser/json";

import { SettlementGuardError } from "../errors.js";

/** One case with the text around it. A proof of the greatest length has 70 kB of text; 1024 slots of usual length have 9 MB. */
const MAX_CASE_BYTES = 64 * 2 ** 20;

/**
 * The cases of a file, one at a time: the elements of a bare array, those of the array under `cases`, or the one object that the
 * file is. What was read is not kept, so that memory is bounded by one case, however many there are.
 *
 * @param path "-" for the standard input
 * @throws UNUSABLE_INPUT, possibly after some cases
 */
export async function* readCases(path: string): AsyncGenerator<unknown> {
  const found: unknown[] = [];
  // An object without `cases` is a case itself; its members come one by one, like everything else.
  const single: [string, unknown][] = [];
  let isList = false;
  let unread = 0;

  const parser = new JSONParser({ paths: ["$.*", "$.cases.*"], keepStack: false, stringBufferSize: 2 ** 16 });
  parser.onValue = ({ value, key, parent, stack }: ParsedElementInfo) => {
    const isElement = Array.isArray(parent);
    if (stack.length === 2) {
      if (!isElement) throw unusable(path, "`cases` is not a list", SHAPES);
      parent.length -= 1; // or the parser would hand out all of `cases` in the end
    }
    if (isElement) {
      isList = true;
      unread = 0;
      found.push(value);
    } else if (key === "cases" && Array.isArray(value)) isList = true;
    else single.push([String(key), value]);
  };

  const source = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 2 ** 18 });
  try {
    for await (const chunk of source) {
      unread += (chunk as Buffer).length;
      parse(path, () => parser.write(chunk as Buffer));
      yield* found.splice(0);
      if (unread > MAX_CASE_BYTES)
        throw unusable(path, `a case of more than ${MAX_CASE_BYTES} bytes`, "split the file");
    }
  } catch (error) {
    if (SettlementGuardError.is(error)) throw error;
    throw unusable(path, error instanceof Error ? error.message : String(error), "give a file that can be read", error);
  }
  if (!parser.isEnded) throw unusable(path, "the JSON is cut short", SHAPES);
  if (!isList) yield Object.fromEntries(single);
}

const SHAPES = "expected a JSON object, an array of them, or one under `cases`";

function parse(path: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    if (SettlementGuardError.is(error)) throw error;
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw unusable(path, `not JSON: ${reason}`, SHAPES, error);
  }
}

function unusable(path: string, reason: string, hint: string, cause?: unknown): SettlementGuardError<"UNUSABLE_INPUT"> {
  const what = path === "-" ? "the standard input" : path;
  return new SettlementGuardError("UNUSABLE_INPUT", { what, reason, hint }, `${what}: ${reason}`, { cause });
}
