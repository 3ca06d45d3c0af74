import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { SettlementGuardError } from "../src/core/errors.js";

export const ANVIL_PACKAGE = "@foundry-rs/anvil-linux-amd64";
const START_TIMEOUT = 10_000; // milliseconds; it takes about a hundred

/** The path of anvil's program, where npm has installed it. */
export function findAnvil(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${ANVIL_PACKAGE}/package.json`)), "bin", "anvil");
  } catch {
    return undefined;
  }
}

/** Starts anvil on a free port of this machine's loopback. */
export async function startAnvil(
  binary: string,
  options: readonly string[],
): Promise<{ node: ChildProcess; url: string }> {
  const node = spawn(binary, ["--host", "127.0.0.1", "--port", "0", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  // The suite's own hook does not run where the process is told to exit.
  const kill = () => node.kill("SIGKILL");
  process.once("exit", kill);
  node.once("exit", () => process.off("exit", kill));

  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    const fail = (reason: string) => {
      kill();
      reject(new SettlementGuardError("RPC_FAILED", { method: "anvil", reason }, `anvil ${reason}:\n${output}`));
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
  return { node, url };
}
