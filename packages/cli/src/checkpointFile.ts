import { open, rm, type FileHandle } from "node:fs/promises";

import { keccak256, toHex, withoutUrls, type Checkpoint, type FinishedChunk, type Hex } from "settlement-guard";

import { unusable } from "./errors.js";
import { linesOf, unusableLine } from "./lines.js";
import { systemReason } from "./terminal.js";
import { brief } from "./text.js";

/** How a line begins; then the sum, and what it is the sum of. */
const START = '{"sum":"0x';
const LINE = /^\{"sum":"(0x[\da-f]{64})","chunk":(\{.*\})\}$/s;
/** A chunk of a mirror may hold every entry of it. */
const MOST = 2 ** 28;
const HINT = "remove the file to start anew, or give another";

/**
 * Finished chunks in a file, one JSON text a line with its checksum. A line is on the disk before the next chunk begins.
 *
 * Whoever is killed while a line is written leaves a part of it. The last line is dropped where it has no end.
 */
export class CheckpointFile implements Checkpoint {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    /** Hash of the block that the finished chunks are of; undefined where there is none. */
    readonly anchor: Hex | undefined,
  ) {}

  /**
   * Opens a file, or creates it. What is damaged is refused, and nothing of it is changed.
   *
   * @throws UNUSABLE_INPUT
   */
  static async open(path: string): Promise<CheckpointFile> {
    const file = await open(path, "a+").catch((cause: unknown) => {
      const given = brief(withoutUrls(path));
      throw unusable("--checkpoint", systemReason(cause), "expected a file that can be written", given);
    });
    try {
      let anchor: Hex | undefined;
      let size = 0;
      for await (const { text, number, end, isWhole } of linesOf(path, MOST)) {
        if (isWhole) {
          const chunk = chunkOf(path, text, number);
          anchor ??= chunk.anchor;
          size = end;
        } else if (!text.startsWith(START.slice(0, text.length))) throw noLine(path, number);
      }
      await file.truncate(size);
      return new CheckpointFile(path, file, anchor);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async *load(): AsyncGenerator<FinishedChunk, void, void> {
    for await (const { text, number } of linesOf(this.path, MOST)) yield chunkOf(this.path, text, number);
  }

  /** @throws UNUSABLE_INPUT where the disk does not take it */
  async save(chunk: FinishedChunk): Promise<void> {
    const text = JSON.stringify(chunk, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    try {
      await this.file.appendFile(`{"sum":"${sumOf(text)}","chunk":${text}}\n`);
      await this.file.datasync();
    } catch (cause) {
      throw unusable("--checkpoint", systemReason(cause), "free its disk, and repeat the command", brief(this.path));
    }
  }

  /** The run is over: the next one begins anew. */
  async remove(): Promise<void> {
    await this.file.close();
    await rm(this.path, { force: true });
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function chunkOf(path: string, text: string, number: number): FinishedChunk {
  const [, sum, chunk] = LINE.exec(text) ?? [];
  if (chunk === undefined || sumOf(chunk) !== sum) throw noLine(path, number);
  return JSON.parse(chunk) as FinishedChunk;
}

function sumOf(text: string): Hex {
  return toHex(keccak256(new TextEncoder().encode(text)));
}

function noLine(path: string, number: number): Error {
  return unusableLine(path, number, "it is no chunk that `ledger reconcile` wrote, or damaged", HINT);
}
