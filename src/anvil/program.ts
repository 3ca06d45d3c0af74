import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { simulatorError } from "../forks/backend.js";

const START_TIMEOUT = 10_000; // milliseconds; it takes about a hundred

/** npm has a package for each platform. The one that all share names them as optional dependencies. */
const SYSTEMS: { readonly [platform: string]: string } = { linux: "linux", darwin: "darwin", win32: "win32" };
const PROCESSORS: { readonly [arch: string]: string } = { x64: "amd64", arm64: "arm64" };

/** The package that has anvil for this machine, if npm has any. */
export const ANVIL_PACKAGE = `@foundry-rs/anvil-${SYSTEMS[process.platform] ?? process.platform}-${PROCESSORS[process.arch] ?? process.arch}`;

/** An anvil that runs, and that nobody else uses. */
export interface RunningAnvil {
  readonly url: string;
  readonly stop: () => void;
}

/** The path of anvil's program, where npm has installed it for the project in the working directory. */
export function findAnvil(): string | undefined {
  const { resolve } = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
  try {
    const name = process.platform === "win32" ? "anvil.exe" : "anvil";
    return join(dirname(resolve(`${ANVIL_PACKAGE}/package.json`)), "bin", name);
  } catch {
    return undefined;
  }
}

/** Every anvil that this process has started, and that has not ended. */
const running = new Set<ChildProcess>();
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A test suite's own hook does not run where the process is told to exit. So what watches the process is there while an anvil is. */
function watch(node: ChildProcess): void {
  if (running.size === 0) {
    process.on("exit", stopAll);
    // First of all: who counts the others before it ends the process must not count this one.
    for (const signal of SIGNALS) process.prependListener(signal, stopBySignal);
  }
  running.add(node);
}

function forget(node: ChildProcess): void {
  if (!running.delete(node) || running.size > 0) return;
  process.off("exit", stopAll);
  for (const signal of SIGNALS) process.off(signal, stopBySignal);
}

function stop(node: ChildProcess): void {
  node.kill("SIGKILL");
  forget(node);
}

function stopAll(): void {
  for (const node of running) stop(node);
}

/** A signal that somebody listens to ends no process. Where nobody else does, it is sent again, and ends this one. */
function stopBySignal(signal: NodeJS.Signals): void {
  stopAll();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

/**
 * Starts anvil on a free port of this machine's loopback.
 *
 * @throws FORK_SIMULATOR where it does not start, with what it printed
 */
export async function startAnvil(program: string, options: readonly string[]): Promise<RunningAnvil> {
  const node = spawn(program, ["--host", "127.0.0.1", "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  watch(node);
  node.once("exit", () => forget(node));

  let timer: NodeJS.Timeout | undefined;
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    const fail = (reason: string) => {
      stop(node);
      const printed = output.trim().replace(/\.$/, "");
      reject(simulatorError(`anvil ${reason}${printed === "" ? "" : `: ${printed}`}`));
    };
    timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT} ms`), START_TIMEOUT);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      // What comes in pieces may end within the port.
      const address = /Listening on (127\.0\.0\.1:\d+)\s/.exec(output)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    };
    node.stdout.on("data", read);
    node.stderr.on("data", read);
    node.once("error", (error) => fail(`could not be run (${error.message})`));
    // What it printed may come after its exit.
    node.once("close", (code) => fail(`ended with code ${code}`));
  }).finally(() => clearTimeout(timer));
  // It logs every request: left unread, the pipe would fill up and stop it.
  for (const stream of [node.stdout, node.stderr]) stream.removeAllListeners("data").resume();
  // An open chain does not keep the process alive.
  node.unref();
  for (const stream of [node.stdout, node.stderr]) (stream as Socket).unref();
  return { url, stop: () => stop(node) };
}
