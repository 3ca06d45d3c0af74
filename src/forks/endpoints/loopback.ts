import { randomInt } from "node:crypto";

import { toQuantity } from "../../core/bytes.js";
import { simulatorError } from "../backend.js";
import { serveOnLoopback, type Loopback } from "./server.js";
import type { Request } from "../../rpc/request.js";

/**
 * Serves a `request` to the network's fork mode, which takes a URL and nothing else.
 *
 * The fork mode keeps what it reads in files named after host, port and chain id. A port comes back some day with
 * another chain behind it. So each server says that its chain has an id that no other has. The fork's own id is a
 * matter of its configuration.
 */
export function serveLoopback(request: Request): Promise<Loopback> {
  const identity = toQuantity(randomInt(2 ** 40, 2 ** 48 - 1));
  return serveReads(async (args) => (args.method === "eth_chainId" ? identity : request(args)));
}

/**
 * Serves a `request` over HTTP on 127.0.0.1, at a free port.
 *
 * Reads only. What would change the served chain is refused: a process that finds the port must not mine on it.
 */
export function serveReads(request: Request): Promise<Loopback> {
  return serveOnLoopback(async ({ method, params = [] }) => {
    try {
      if (!/^(?:eth_(?!send|sign)|net_|web3_)/.test(method)) throw simulatorError(`${method} is not served`);
      return { body: { result: (await request({ method, params })) ?? null } };
    } catch (error) {
      return { body: { error } };
    }
  });
}
