import { randomInt } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

import { toQuantity } from "../core/bytes.js";
import { revertDataOf } from "../explain/revertData.js";
import { simulatorError } from "../forks/backend.js";
import type { Request } from "../rpc/request.js";

interface JsonRpcCall {
  id: unknown;
  method: string;
  params?: unknown[];
}

/** A JSON-RPC endpoint that only this machine can reach. */
export interface Loopback {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves a `request` over HTTP on 127.0.0.1, at a free port. The network's fork mode takes a URL and nothing else.
 *
 * The fork mode keeps what it reads in files named after host, port and chain id. A port comes back some day with
 * another chain behind it. So each server says that its chain has an id that no other has. The fork's own id is a
 * matter of its configuration.
 *
 * Who signs for the served chain needs its own id, and gives it as `identity`.
 *
 * Reads only. What would change the served chain is refused: a process that finds the port must not mine on it.
 */
export async function serveLoopback(
  request: Request,
  identity = toQuantity(randomInt(2 ** 40, 2 ** 48 - 1)),
): Promise<Loopback> {
  const served: Request = (args) => (args.method === "eth_chainId" ? Promise.resolve(identity) : request(args));
  const server = createServer((incoming, response) => {
    answer(served, incoming)
      .then((body) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(body);
      })
      // The client is gone.
      .catch(() => response.destroy());
  });
  // An open test must not keep the process alive.
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: Request, incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as JsonRpcCall | JsonRpcCall[];
    const answers = Array.isArray(body)
      ? await Promise.all(body.map((call) => answerOne(request, call)))
      : await answerOne(request, body);
    return JSON.stringify(answers);
  } catch {
    return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } });
  }
}

async function answerOne(request: Request, { id, method, params = [] }: JsonRpcCall): Promise<unknown> {
  try {
    if (!/^(?:eth_(?!send|sign)|net_|web3_)/.test(method)) throw simulatorError(`${method} is not served to a fork`);
    return { jsonrpc: "2.0", id, result: (await request({ method, params })) ?? null };
  } catch (error) {
    return {
      jsonrpc: "2.0",
      id,
      error: {
        code: -32000,
        message: error instanceof Error ? error.message : String(error),
        // As nodes give it.
        data: revertDataOf(error),
      },
    };
  }
}
