import type { Writable } from "node:stream";

import { printable, withoutUrls } from "settlement-guard";

import { unusable } from "./errors.js";
import { brief, printableJson } from "./text.js";

/** A message of 1,000 characters says enough; a file's or an endpoint's words are shorter. */
const MAX_MESSAGE = 1_000;

/** The one way to the standard output and to the standard error. What comes from elsewhere arrives there printable. */
export class Terminal {
  /** The reader has seen enough (head, less). The work goes on, so that the exit code is about all of it. */
  private isClosed = false;

  constructor(
    private readonly out: Writable,
    private readonly err: Writable,
  ) {
    // What goes wrong is told to whoever wrote. Without a listener it would end the process.
    for (const stream of [out, err]) stream.on("error", () => undefined);
  }

  /**
   * Prints lines to the standard output and waits until it takes more.
   *
   * @throws UNUSABLE_INPUT if it takes nothing, other than for a reader that went away
   */
  print(...lines: string[]): Promise<void> {
    return this.write(lines.map(printable).join("\n"));
  }

  /** Prints a value as JSON. @throws as {@link print} */
  printJson(value: unknown, indent?: number): Promise<void> {
    return this.write(printableJson(value, indent));
  }

  /** Prints one line to the standard error, URLs without what may be secret in them. */
  note(message: string): void {
    this.err.write(`${printable(brief(withoutUrls(brief(message, 4 * MAX_MESSAGE)), MAX_MESSAGE))}\n`);
  }

  private write(text: string): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.out.write(`${text}\n`, (error: NodeJS.ErrnoException | null | undefined) => {
        this.isClosed ||= error?.code === "EPIPE";
        if (!error || this.isClosed) return resolve();
        reject(unusable("the standard output", systemReason(error), "print to where there is room"));
      });
    });
  }
}

/** What Node says of a file, without its name and its own words: "no such file or directory (ENOENT)". */
export function systemReason(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const words = /^E[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? "it failed";
  return typeof code === "string" ? `${words} (${code})` : words;
}
