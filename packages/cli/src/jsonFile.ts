import { createReadStream } from "node:fs";

import type { ParsedElementInfo } from "@streamparser/json";

import { unusable, type CliError } from "./errors.js";
import { JsonReader } from "./json.js";
import { CLAIMS } from "./proofCase.js";
import { systemReason } from "./terminal.js";
import { brief } from "./text.js";

const SHAPES = "expected a JSON object, an array of them, or one under `cases`";

/** What a list of cases may say about itself. It is not judged, but for `count`. */
const DESCRIPTIONS = ["_provenance", "about", "legend"];

/**
 * The cases of a file, one at a time: its array's elements, or the one object that it is. The array may stand under `cases`.
 * What was read is not kept, so that memory is bounded by one case, however many there are.
 *
 * @param path "-" for the standard input
 * @throws UNUSABLE_INPUT, possibly after some cases
 */
export async function* readCases(path: string): AsyncGenerator<unknown> {
  const found: unknown[] = [];
  // An object without `cases` is a case itself; its members come one by one, like everything else.
  const members: [string, unknown][] = [];
  let isList = false;
  let count = 0;
  const refuse = (reason: string): Error => unusableFile(path, reason, SHAPES);

  const reader = new JsonReader(
    ["$.*", "$.cases.*"],
    ({ value, key, parent, stack }: ParsedElementInfo) => {
      const isElement = Array.isArray(parent);
      if (stack.length === 2) {
        if (!isElement) throw refuse("`cases` is not a list");
        parent.length -= 1; // or the parser would hand out all of `cases` in the end
      }
      if (isElement) {
        isList = true;
        found.push(value);
        reader.release();
      } else if (key === "cases" && Array.isArray(value)) isList = true;
      else members.push([String(key), value]);
    },
    refuse,
  );
  for await (const chunk of chunks(path)) {
    reader.write(chunk);
    count += found.length;
    yield* found.splice(0);
  }
  reader.end();
  if (isList) checkList(members, count, refuse);
  else if (members.length > 0) yield Object.fromEntries(members);
}

/**
 * The one JSON object that a file is.
 *
 * @param path "-" for the standard input
 * @throws UNUSABLE_INPUT
 */
export async function readObject(path: string): Promise<object> {
  let document: unknown;
  const refuse = (reason: string): Error => unusableFile(path, reason, "expected one JSON object");
  const reader = new JsonReader(["$"], ({ value }) => (document = value), refuse);
  for await (const chunk of chunks(path)) reader.write(chunk);
  reader.end();
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw refuse("it holds something else");
  return document;
}

/** What stands beside a list of cases would pass for judged, were it not refused. */
function checkList(members: readonly [string, unknown][], count: number, refuse: (reason: string) => Error): void {
  for (const [name, value] of members) {
    if (name === "count" && value !== count) throw refuse(`\`count\` does not say how many cases there are: ${count}`);
    const claim = Object.keys(Object(value) as object).find((member) => CLAIMS.has(member));
    if (claim !== undefined) throw refuse(`${name}.${claim} stands beside \`cases\`, where nothing judges it`);
    if (name !== "count" && !DESCRIPTIONS.includes(name))
      throw refuse(`the member ${JSON.stringify(brief(name))} stands beside \`cases\`, where nothing judges it`);
  }
}

export async function* chunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    const source = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 2 ** 18 });
    for await (const chunk of source) yield chunk as Uint8Array;
  } catch (error) {
    // The reader's refusals do not come by here: they are thrown where the chunk is used.
    throw unusableFile(path, systemReason(error), "give a file that can be read");
  }
}

export function unusableFile(path: string, reason: string, hint: string): CliError<"UNUSABLE_INPUT"> {
  return unusable(path === "-" ? "the standard input" : path, reason, hint);
}
