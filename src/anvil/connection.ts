import { clientError, type Ask } from "../forks/backend.js";

/** Asks a JSON-RPC endpoint of this machine over HTTP, one request at a time. */
export function connectTo(url: string): Ask {
  let id = 0;
  return async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = (await response.json()) as {
      result?: unknown;
      error?: { message: string; code: number; data?: unknown };
    };
    if (error !== undefined) throw clientError(error.message, error);
    return result;
  };
}
