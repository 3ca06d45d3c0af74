import { SettlementGuardError, withoutUrls, type Request } from "settlement-guard";

import type { Endpoint } from "./endpoint.js";
import { JsonReader } from "./json.js";
import { brief } from "./text.js";

/** Of an answer that is no JSON so much is read for its words. So many characters of them are repeated. */
const HEAD_BYTES = 4_096;
const MAX_REASON = 400;

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

type Refuse = (reason: string, known?: { rpcCode?: number; httpStatus?: number }) => SettlementGuardError<"RPC_FAILED">;

/**
 * An endpoint over HTTP: each request alone, no redirect followed, nothing kept.
 *
 * Its errors are RPC_FAILED with the endpoint's words and the HTTP status. They name neither the URL nor a header's value, and have no
 * `cause`, as what `fetch` throws may name both.
 */
export function jsonRpc(endpoint: Endpoint): Request {
  let id = 0;
  return async ({ method, params = [] }) => {
    id += 1;
    const refuse: Refuse = (text, known = {}) => {
      const reason = brief(withoutSecrets(brief(text, HEAD_BYTES), endpoint.secrets), MAX_REASON).trim();
      return new SettlementGuardError("RPC_FAILED", { method, reason, ...known }, reason);
    };
    const answer = await post(endpoint, JSON.stringify({ jsonrpc: "2.0", id, method, params }), refuse);
    return resultOf(answer, id, refuse);
  };
}

async function post({ url, headers, timeout }: Endpoint, body: string, refuse: Refuse): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: [
        ...headers.map(([name, value]) => [name, value] as [string, string]),
        ["content-type", "application/json"],
      ],
      body,
      // Elsewhere the headers and the request have no business.
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw refuse(redirection(response), { httpStatus: response.status });
    }
    return await read(response, refuse);
  } catch (error) {
    if (SettlementGuardError.is(error)) throw error;
    throw refuse(
      error instanceof Error && error.name === "TimeoutError"
        ? `no answer within ${timeout / 1_000} s`
        : failure(error),
    );
  }
}

async function read(response: Response, refuse: Refuse): Promise<Answer> {
  const { status } = response;
  let value: unknown;
  let head = "";
  const unreadable = (reason: string): Error => {
    const words = reason.startsWith("not JSON") ? wordsOfText(head) : "";
    return refusal(status, words, `the endpoint did not answer with JSON-RPC: ${reason}`, refuse);
  };
  const reader = new JsonReader(["$"], (element) => (value = element.value), unreadable);
  for await (const piece of response.body ?? []) {
    if (head.length < HEAD_BYTES) head += Buffer.from(piece).toString("utf8", 0, HEAD_BYTES);
    reader.write(piece);
  }
  reader.end();
  return { status, value };
}

/** What a JSON-RPC answer holds. A missing result is no result, and of a refusal the words are what there is. */
function resultOf({ status, value }: Answer, id: number, refuse: Refuse): unknown {
  const { error, ...answer } = membersOf(value);
  const isRefused = error !== undefined && error !== null;
  if (isSuccess(status) && !isRefused && "result" in answer) {
    if (answer["id"] === id) return answer["result"];
    throw refuse("the endpoint answered another request than this one: the id differs", { httpStatus: status });
  }
  // A code beside no error is a gateway's, and its words are about no block.
  const { code } = isRefused ? membersOf(error) : {};
  const otherwise = Array.isArray(value)
    ? "the endpoint answered with a list, not with one JSON-RPC answer"
    : isRefused
      ? "the endpoint answered with an error without words"
      : "the endpoint answered with neither a result nor an error";
  const words = `${wordsOf(isRefused ? error : value) ?? ""}${revertDataIn(error)}`;
  throw refusal(status, words, otherwise, refuse, Number.isSafeInteger(code) ? { rpcCode: code as number } : {});
}

/** The data with which a call reverted, in a form in which the library finds it among words. */
function revertDataIn(error: unknown): string {
  const { data, message } = membersOf(error);
  const isData = typeof data === "string" && /^0x(?:[\da-f]{2})+$/i.test(data);
  return isData && !String(message).includes(data) ? ` (return data: ${data})` : "";
}

function refusal(
  status: number,
  words: string,
  otherwise: string,
  refuse: Refuse,
  known: { rpcCode?: number } = {},
): Error {
  const said = words.trim();
  const reason = isSuccess(status) ? said || otherwise : `HTTP status ${status}${said && `: ${said}`}`;
  return refuse(reason, { ...known, httpStatus: status });
}

/** The text in which an endpoint or a gateway says what is wrong, wherever it puts it. */
function wordsOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const members = membersOf(Array.isArray(value) ? value[0] : value);
  return ["message", "error", "error_description", "detail", "title", "reason"]
    .filter((name) => name in members)
    .map((name) => wordsOf(members[name]))
    .find((words) => words !== undefined);
}

/** What a page says without its tags. Of JSON that breaks off no part says what is wrong. */
function wordsOfText(text: string): string {
  if (/^\s*[[{"]/.test(text)) return "";
  return text.replace(/<(script|style)[^]*?<\/\1>/gi, " ").replace(/<[^>]*>?/g, " ");
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function redirection(response: Response): string {
  const location = response.headers.get("location") ?? "";
  const to = URL.canParse(location) ? ` to ${new URL(location).origin}` : "";
  return `the endpoint redirects${to} (HTTP status ${response.status}), which is not followed: name the address itself`;
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection broke off",
  UND_ERR_SOCKET: "the connection broke off",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be resolved now",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  Z_DATA_ERROR: "the answer is not compressed as it says",
};

/** By the code alone: the messages of `fetch` may hold the URL or a header. "bad port" is one of those that no browser connects to. */
function failure(error: unknown): string {
  const { code, message } = membersOf((error as { cause?: unknown }).cause);
  if (typeof code === "string" && /^\w{1,40}$/.test(code)) return `${FAILURES[code] ?? "the request failed"} (${code})`;
  return message === "bad port" ? "the port is one to which fetch does not connect" : "the request failed";
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return withoutUrls(secrets.reduce((rest, secret) => rest.replaceAll(secret, "…"), text));
}
