import { SettlementGuardError } from "../errors.js";
import type { Request } from "../rpc/request.js";

const TIMEOUT = 30_000; // milliseconds
/** A proof of 1024 slots takes about 10 MB of text. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/** An endpoint over HTTP: each request alone, nothing kept. Errors name the method, never the URL, which may hold a key. */
export function jsonRpc(url: string): Request {
  let id = 0;
  return async ({ method, params = [] }) => {
    id += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const answer = await post(url, method, body);
    if (typeof answer !== "object" || answer === null)
      throw failed(method, "the endpoint did not answer with JSON-RPC");
    const { error, result } = answer as { error?: { code?: unknown; message?: unknown } | null; result?: unknown };
    if (error === undefined || error === null) return result;
    throw failed(method, String(error.message), typeof error.code === "number" ? error.code : undefined);
  };
}

async function post(url: string, method: string, body: string): Promise<unknown> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT) });
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > MAX_ANSWER_BYTES) throw failed(method, `an answer of more than ${MAX_ANSWER_BYTES} bytes`);
      pieces.push(piece);
    }
    const text = Buffer.concat(pieces).toString("utf8");
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw failed(method, response.ok ? "the endpoint did not answer with JSON" : `HTTP status ${response.status}`);
    }
  } catch (error) {
    if (SettlementGuardError.is(error)) throw error;
    const { message, cause } = error as Error & { cause?: { code?: unknown } };
    throw failed(method, typeof cause?.code === "string" ? `${message} (${cause.code})` : message);
  }
}

function failed(method: string, reason: string, rpcCode?: number): SettlementGuardError<"RPC_FAILED"> {
  const details = { method, reason, ...(rpcCode === undefined ? {} : { rpcCode }) };
  return new SettlementGuardError("RPC_FAILED", details, reason);
}
