import { strict as assert } from "node:assert";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import type * as Program from "../../packages/cli/src/program.js";
import { Terminal } from "../../packages/cli/src/terminal.js";
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

/** Commands that have run in a process of their own, with what they were given. */
const started = new Set<string>();
let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs the command line, from a bundle of its sources. Each command's first run has a process of its own, and its first with an environment
 * or an input. So has what is about processes. The others spare the half second in which one starts.
 */
export async function cli(args: string[], options: RunOptions = {}): Promise<Run> {
  const command = [...args.slice(0, args[0] === "ledger" ? 2 : 1), ...Object.keys(options).sort()].join(" ");
  const { heap, isDeaf, onStart, input } = options;
  const isApart = input instanceof Readable || heap !== undefined || isDeaf === true || onStart !== undefined;
  const isFirst = !started.has(command);
  started.add(command);
  if (isApart || isFirst) return runApart(args, options);
  // One at a time: they share the process's environment and input.
  const turn = queue.then(() => runHere(args, options));
  queue = turn.catch(() => undefined);
  return turn;
}

/** Runs the command line as its users do, in a process of its own. */
async function runApart(args: string[], options: RunOptions = {}): Promise<Run> {
  const heap = options.heap === undefined ? [] : [`--max-old-space-size=${options.heap}`];
  const command = [...heap, await bundled("packages/cli/src/main.ts"), ...args];
  const env = { ...process.env, ...options.environment };
  const child = spawn(process.execPath, command, { cwd: ROOT, env, stdio: ["pipe", "pipe", "pipe"] });
  options.onStart?.(child);
  const output = { stdout: "", stderr: "" };
  if (options.isDeaf === true) child.stdout.destroy();
  else child.stdout.on("data", (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output.stderr += text.toString()));
  // It may have seen enough before the end of its input.
  child.stdin.on("error", () => undefined);
  const input = options.input ?? "";
  if (input instanceof Readable) input.pipe(child.stdin);
  else child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

/** Runs the command line in this process. */
async function runHere(args: string[], { environment = {}, input = "" }: RunOptions): Promise<Run> {
  const { run } = (await import(pathToFileURL(await bundled("packages/cli/src/program.ts")).href)) as typeof Program;
  const output = { stdout: "", stderr: "" };
  const collector = (name: keyof typeof output) =>
    new Writable({
      write(chunk: Buffer, _, done) {
        output[name] += chunk.toString();
        done();
      },
    });
  const [stdin, env] = [Object.getOwnPropertyDescriptor(process, "stdin")!, process.env];
  const given = Readable.from(input === "" ? [] : [Buffer.from(input as string)]);
  Object.defineProperty(process, "stdin", { ...stdin, get: () => given });
  process.env = { ...env, ...environment };
  try {
    const terminal = new Terminal(collector("stdout"), collector("stderr"));
    return { code: await run(["node", "settlement-guard", ...args], terminal), ...output };
  } finally {
    process.env = env;
    Object.defineProperty(process, "stdin", stdin);
  }
}

/** What clears a screen, in 7 and in 8 bits, turns text around or hides it. Ends of lines, halves of characters, fillers. */
export const ESCAPES = "\u001b[2J\u009b2J\u0007\u202e\u2066\u200b\u2028\ufeff\u00ad\u3164\ud800\u{e0041}\r\n\b";
/* oxlint-disable no-control-regex */
export const OBEYED =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\ud800]|\u{e0041}/u;
/* oxlint-enable no-control-regex */

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
