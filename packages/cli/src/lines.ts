import { chunks, unusableFile } from "./jsonFile.js";

/** A line of a file, without its end. */
export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  /** Bytes of the file up to the end of the line. */
  readonly end: number;
  /** Whether it has an end: the last line of a file may have none. */
  readonly isWhole: boolean;
}

const NEWLINE = 10;
/** A line of a ledger has at most 250 bytes. */
const MOST = 4_096;

/**
 * The lines of a file, one at a time. What was read is not kept.
 *
 * @param path "-" for the standard input
 * @param most bytes of a line
 * @throws UNUSABLE_INPUT, possibly after some lines
 */
export async function* linesOf(path: string, most = MOST): AsyncGenerator<Line, void, void> {
  let number = 0;
  let end = 0;
  let rest: Buffer = Buffer.alloc(0);
  const lineOf = (bytes: Buffer, isWhole: boolean): Line => {
    number += 1;
    end += bytes.length + (isWhole ? 1 : 0);
    return { text: bytes.toString("utf8").replace(/\r$/, ""), number, end, isWhole };
  };
  for await (const chunk of chunks(path)) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, start)) {
      yield lineOf(bytes.subarray(start, at), true);
      start = at + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > most)
      throw unusableLine(path, number + 1, `it has more than ${most} bytes`, "end each with a newline");
  }
  if (rest.length > 0) yield lineOf(rest, false);
}

export function unusableLine(path: string, number: number, reason: string, hint: string): Error {
  return unusableFile(path, `line ${number}: ${reason}`, hint);
}
