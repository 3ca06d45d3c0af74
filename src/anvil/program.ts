import { spawn } from "node:child_process";
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

/**
 * Starts anvil on a free port of this machine's loopback.
 *
 * @throws FORK_SIMULATOR where it does not start, with what it printed
 */
export async function startAnvil(program: string, options: readonly string[]): Promise<RunningAnvil> {
  const node = spawn(program, ["--host", "127.0.0.1", "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test suite's own hook does not run where the process is told to exit.
  const stop = () => void node.kill("SIGKILL");
  process.once("exit", stop);
  node.once("exit", () => process.off("exit", stop));

  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    const fail = (reason: string) => {
      stop();
      reject(simulatorError(`anvil ${reason}: ${output.trim()}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT} ms`), START_TIMEOUT);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const address = /Listening on (127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(`http://${address}`);
    };
    node.stdout.on("data", read);
    node.stderr.on("data", read);
    node.once("error", (error) => fail(`could not be run (${error.message})`));
    node.once("exit", (code) => fail(`ended with code ${code}`));
  });
  // It logs every request: left unread, the pipe would fill up and stop it.
  for (const stream of [node.stdout, node.stderr]) stream.removeAllListeners("data").resume();
  // An open chain does not keep the process alive.
  node.unref();
  for (const stream of [node.stdout, node.stderr]) (stream as Socket).unref();
  return { url, stop };
}
