import { strict as assert } from "node:assert";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";

import { expect } from "chai";

import { CliError } from "../../packages/cli/src/errors.js";
import { bundled } from "../../tools/bundle.js";

export const ROOT = join(import.meta.dirname, "..", "..");

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Megabytes. */
  heap?: number;
  input?: string | Buffer | Readable;
  environment?: Record<string, string>;
  /** The reader of the standard output goes away at once. */
  isDeaf?: boolean;
  /** Is given the process once it was begun. */
  onStart?: (child: ChildProcess) => void;
}

/** Runs the command line as its users do, from a bundle of its sources. */
export async function cli(args: string[], options: RunOptions = {}): Promise<Run> {
  const heap = options.heap === undefined ? [] : [`--max-old-space-size=${options.heap}`];
  const command = [...heap, await bundled("packages/cli/src/main.ts"), ...args];
  const env = { ...process.env, ...options.environment };
  const child = spawn(process.execPath, command, { cwd: ROOT, env, stdio: ["pipe", "pipe", "pipe"] });
  options.onStart?.(child);
  let stdout = "";
  let stderr = "";
  if (options.isDeaf === true) child.stdout.destroy();
  else child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  // It may have seen enough before the end of its input.
  child.stdin.on("error", () => undefined);
  const input = options.input ?? "";
  if (typeof input === "string" || Buffer.isBuffer(input)) child.stdin.end(input);
  else input.pipe(child.stdin);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** What clears a screen, in 7 and in 8 bits, turns text around or hides it. Ends of lines, halves of characters, fillers. */
export const ESCAPES = "\u001b[2J\u009b2J\u0007\u202e\u2066\u200b\u2028\ufeff\u00ad\u3164\ud800\u{e0041}\r\n\b";
/* eslint-disable no-control-regex */
export const OBEYED =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\ud800]|\u{e0041}/u;
/* eslint-enable no-control-regex */

/** What the command line says where its input cannot be used: one line with a hint. */
export function expectRefusal(name: string, { code, stdout, stderr }: Run, reason: RegExp): void {
  expect(code, `${name}: ${stderr}`).to.equal(2);
  expect(stdout, name).to.equal("");
  expect(stderr, name).to.match(/^settlement-guard: [^\n]{1,1000}; [^\n]+\n$/);
  expect(stderr, name).to.match(reason);
  expect(stderr, name).not.to.match(OBEYED);
  expect(stderr, name).not.to.match(/BOM_OR_START|TokenizerStates|in state|undefined|\[object/);
}

/** Runs something that must refuse its input as unusable, and returns that error. */
export async function unusable(run: () => unknown): Promise<CliError<"UNUSABLE_INPUT">> {
  try {
    await run();
  } catch (error) {
    if (CliError.is(error, "UNUSABLE_INPUT")) return error;
    throw error;
  }
  return assert.fail("expected UNUSABLE_INPUT, nothing was thrown");
}
