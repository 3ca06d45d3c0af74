import { open, rename, rm, type FileHandle } from "node:fs/promises";

import { withoutUrls } from "settlement-guard";

import { unusable } from "./errors.js";
import { systemReason } from "./terminal.js";
import { brief } from "./text.js";

/** As many characters are written together: a report may have a line for each of a million differences. */
const AT_ONCE = 2 ** 16;

/** A file that is written beside the one whose place it takes once it is whole. */
export class OutputFile {
  private waiting = "";

  private constructor(
    private readonly what: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * @param what the option that names it
   * @throws UNUSABLE_INPUT
   */
  static async create(what: string, path: string): Promise<OutputFile> {
    return new OutputFile(what, path, await orUnusable(what, path, () => open(partOf(path), "w")));
  }

  /** @throws UNUSABLE_INPUT */
  async print(...lines: string[]): Promise<void> {
    this.waiting += lines.map((line) => `${line}\n`).join("");
    if (this.waiting.length >= AT_ONCE) await this.write();
  }

  /** @throws UNUSABLE_INPUT */
  async finish(): Promise<void> {
    await this.write();
    await this.file.close();
    await orUnusable(this.what, this.path, () => rename(partOf(this.path), this.path));
  }

  /** What was there before stays. */
  async abandon(): Promise<void> {
    await this.file.close();
    await rm(partOf(this.path), { force: true });
  }

  private async write(): Promise<void> {
    const text = this.waiting;
    this.waiting = "";
    await orUnusable(this.what, this.path, () => this.file.appendFile(text));
  }
}

function partOf(path: string): string {
  return `${path}.part`;
}

async function orUnusable<Value>(what: string, path: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (cause) {
    throw unusable(what, systemReason(cause), "expected a file that can be written", brief(withoutUrls(path)));
  }
}
