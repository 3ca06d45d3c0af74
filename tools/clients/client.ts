import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SettlementGuardError } from "../../src/core/errors.js";
import type { Request } from "../../src/rpc/request.js";
import { executionGenesis } from "./genesis.js";

const START_TIMEOUT = 60_000; // milliseconds; it takes two seconds or so, and several times that beside other work
const LOOPBACK = "127.0.0.1";
/** As much of what it printed as an error repeats, in characters. */
const TAIL = 4_000;

/** A running execution client. */
export interface Client {
  readonly url: string;
  /** EIP-1193, for the Ethereum JSON-RPC and for the Engine API. */
  readonly request: Request;
  /** Ends the process, and removes what it stored. */
  close(): Promise<void>;
}

/**
 * Starts `@ethereumjs/client` on a free port of this machine's loopback, without peers. What it stores is in a folder of its own.
 *
 * @throws RPC_FAILED where it is not installed or does not start
 * @example
 * const client = await startClient();
 * after(() => client.close());
 */
export async function startClient(): Promise<Client> {
  const program = findClient();
  const folder = mkdtempSync(join(tmpdir(), "settlement-guard-client-"));
  const genesis = join(folder, "bench.json");
  writeFileSync(genesis, JSON.stringify(executionGenesis()));
  const node = fork(program, options({ gethGenesis: genesis, dataDir: folder }), {
    execArgv: ["--import", new URL("preload.mjs", import.meta.url).href],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const exited = new Promise((resolve) => node.once("exit", resolve).once("error", resolve));
  const end = () => {
    node.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  // A suite's own hook does not run where the process is told to exit.
  process.once("exit", end);
  const close = async () => {
    process.off("exit", end);
    node.kill("SIGKILL");
    await exited;
    end();
  };
  try {
    const url = `http://${LOOPBACK}:${await portOf(node)}`;
    return { url, request: requestOver(url), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The client's program. It has a `node_modules` of its own: it needs other versions of its libraries than the tests do. */
function findClient(): string {
  try {
    return createRequire(import.meta.url).resolve("@ethereumjs/client");
  } catch (cause) {
    const reason = "it is not installed: run npm ci --prefix tools/clients";
    throw new SettlementGuardError("RPC_FAILED", { method: "ethereumjs", reason }, `ethereumjs: ${reason}`, { cause });
  }
}

function options(paths: { gethGenesis: string; dataDir: string }): string[] {
  const all = {
    ...paths,
    isSingleNode: true,
    // One server on one port for both APIs.
    ...{ rpc: true, rpcAddr: LOOPBACK, rpcPort: 0 },
    ...{ rpcEngine: true, rpcEngineAddr: LOOPBACK, rpcEnginePort: 0, rpcEngineAuth: false },
    // Neither peers nor a port for them: the Engine API alone brings blocks.
    sync: "none",
    ...{ saveReceipts: true, logLevel: "error" },
  };
  return ["--no-logFile", ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)];
}

async function portOf(node: ChildProcess): Promise<number> {
  let output = "";
  return new Promise<number>((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      const details = { method: "ethereumjs", reason };
      reject(new SettlementGuardError("RPC_FAILED", details, `the client ${reason}:\n${output}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT} ms`), START_TIMEOUT);
    // Read to the end: a pipe that fills up would stop it.
    for (const stream of [node.stdout, node.stderr])
      stream?.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-TAIL)));
    node.once("error", (error) => fail(`could not be run (${error.message})`));
    node.once("exit", (code) => fail(`ended with code ${code}`));
    node.once("message", ({ port }: { port: number }) => {
      clearTimeout(timer);
      resolve(port);
    });
  });
}

/** As wallets do, it throws the endpoint's own error object. */
function requestOver(url: string): Request {
  let id = 0;
  return async ({ method, params = [] }) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = (await answer.json()) as { result?: unknown; error?: unknown };
    if (error !== undefined) throw error;
    return result;
  };
}
