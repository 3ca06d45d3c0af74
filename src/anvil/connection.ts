import { clientError, simulatorError, type Ask } from "../forks/backend.js";

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code: number; readonly data?: unknown };
}

/** Asks a JSON-RPC endpoint of this machine over HTTP, one request at a time. */
export function connectTo(url: string): Ask {
  let id = 0;
  return async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    const { result, error } = await post(url, body).catch((cause: unknown) => {
      throw simulatorError(`No anvil answers at ${url}`, cause);
    });
    if (error !== undefined) throw clientError(error.message, error);
    return result;
  };
}

async function post(url: string, body: string): Promise<Answer> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return (await response.json()) as Answer;
}
