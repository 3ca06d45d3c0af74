import { SettlementGuardError } from "../core/errors.js";
import { checkOptions, checkWhole } from "./options.js";
import { refusalIn, refusalOf, type Refusal } from "./refusal.js";

/** EIP-1193's `request`, the only thing that this library asks of a client. */
export type Request = (args: { method: string; params?: readonly unknown[] }) => Promise<unknown>;

/**
 * Whatever carries an EIP-1193 `request`. It is a browser wallet, the provider of a Hardhat 2 or 3 connection, a viem
 * client or its `transport`. A method, so that clients fit which type each method's parameters.
 */
export interface Eip1193Provider {
  request(args: { method: string; params?: unknown }): Promise<unknown>;
}

/** A provider of ethers v5 or v6 that is one endpoint, or anything that sends JSON-RPC the same way. */
export interface SendProvider {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/** Anything from which {@link toRequest} makes a `request`. */
export type Connection = Request | Eip1193Provider | SendProvider;

/** What every function takes that asks an endpoint. */
export interface RequestOptions {
  /** How long to wait for one answer, in milliseconds: a whole number from 1 to 2^31 - 1. By default 30,000. */
  readonly timeout?: number;
}

/** What a quorum alone throws. */
const QUORUM_CODES = ["ENDPOINTS_DISAGREE", "QUORUM_MISSED", "METHOD_REFUSED"] as const;
const DEFAULT_TIMEOUT = 30_000;
const MAX_TIMEOUT = 2 ** 31 - 1;

/** The functions that connections have, read without knowing which it is. */
interface Members {
  readonly request?: unknown;
  readonly send?: unknown;
  readonly provider?: unknown;
}

/**
 * Adapts a client to a bare EIP-1193 `request`.
 *
 * @throws INVALID_CONNECTION for what is no single endpoint: a URL, a signer, ethers' `FallbackProvider`. That one
 * answers block numbers that no node gave. Nothing was sent then
 * @example
 * const request = toRequest(viemClient);
 * await request({ method: "eth_chainId" });
 */
export function toRequest(connection: Connection): Request {
  const reason = whyNot(connection);
  if (reason !== undefined) {
    throw new SettlementGuardError("INVALID_CONNECTION", { reason }, `not usable as a connection: ${reason}`);
  }
  if (typeof connection === "function") {
    return async (args) => {
      const answer = await connection(args);
      return isTransport(answer) ? answer.request(args) : answer;
    };
  }
  if (isFunction((connection as Members).request)) return (args) => (connection as Eip1193Provider).request(args);
  return ({ method, params }) => (connection as SendProvider).send(method, [...(params ?? [])]);
}

/**
 * Sends one request and accepts its answer.
 *
 * @throws RPC_FAILED, INVALID_CONNECTION
 */
export async function call(
  connection: Connection,
  method: string,
  params: readonly unknown[] = [],
  options: RequestOptions = {},
): Promise<unknown> {
  return accept(method, await send(connection, method, params, options));
}

/**
 * Sends one request, and turns whatever the client throws into a typed error.
 *
 * What was thrown is not kept as the error's `cause`. It holds the URL with its key, the headers and the request.
 *
 * @returns the answer, which may be none: see {@link accept}
 * @throws RPC_FAILED, INVALID_CONNECTION
 */
export async function send(
  connection: Connection,
  method: string,
  params: readonly unknown[],
  { timeout = DEFAULT_TIMEOUT }: RequestOptions,
): Promise<unknown> {
  const request = toRequest(connection);
  try {
    return await within(timeout, () => request({ method, params }));
  } catch (thrown) {
    if (isOfQuorum(thrown)) throw thrown;
    throw rpcFailed(method, refusalOf(thrown));
  }
}

/**
 * Refuses what is no answer: nothing, text, a gateway's refusal, an envelope. Whatever words are in it, the method did not say them.
 *
 * @throws RPC_FAILED
 */
export function accept(method: string, answer: unknown): unknown {
  const refusal = refusalIn(answer);
  if (refusal !== undefined) throw rpcFailed(method, refusal);
  return answer;
}

/**
 * Checks the options of a function that asks an endpoint.
 *
 * @param names what it takes beside `timeout`
 * @throws INVALID_OPTION
 */
export function checkRequestOptions(options: unknown, ...names: string[]): void {
  checkOptions(options, [...names, "timeout"]);
  checkWhole("timeout", (options as RequestOptions).timeout, MAX_TIMEOUT);
}

async function within(timeout: number, ask: () => Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject({ message: `no answer within ${timeout} ms` }), timeout);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an error is typed and free of URLs already, so that its evidence can reach the caller. */
function isOfQuorum(thrown: unknown): boolean {
  try {
    return QUORUM_CODES.some((code) => SettlementGuardError.is(thrown, code));
  } catch {
    return false; // a proxy that refuses to be looked at
  }
}

function rpcFailed(method: string, refusal: Refusal): SettlementGuardError<"RPC_FAILED"> {
  const { reason, httpStatus } = refusal;
  const status = httpStatus === undefined || reason.includes(String(httpStatus)) ? "" : ` (HTTP status ${httpStatus})`;
  return new SettlementGuardError("RPC_FAILED", { method, ...refusal }, `${method} failed: ${reason}${status}`);
}

const GIVE = "give a provider, a viem client or a request function";

/** Why something is no connection, in a sentence that says what is one. The value itself is not repeated: a URL may hold a key. */
function whyNot(connection: unknown): string | undefined {
  if (typeof connection === "string" || connection instanceof URL)
    return "it is a URL: give a provider made from it, such as new ethers.JsonRpcProvider(url)";
  if (typeof connection === "function") {
    const isClass = Function.prototype.toString.call(connection).startsWith("class");
    return isClass ? "it is a class: give an instance of it" : undefined;
  }
  if (typeof connection !== "object" || connection === null)
    return `it is ${connection === undefined ? "missing" : connection === null ? "null" : `a ${typeof connection}`}: ${GIVE}`;
  if ("then" in connection) return "it is a promise: await it first";
  if ("providerConfigs" in connection)
    return "it is a FallbackProvider, which asks several endpoints: give one of its providers";
  const { request, send, provider } = connection as Members;
  if (isFunction(request) || isFunction(send)) return undefined;
  if ("signTransaction" in connection || "signMessage" in connection) {
    if (typeof provider === "object" && provider !== null) return "it is a signer: give signer.provider";
    return `it is a signer or an account: ${GIVE}`;
  }
  if ("rpcUrls" in connection || "chainId" in connection)
    return `it describes a chain, and does not reach one: ${GIVE}`;
  return `it has neither request nor send: ${GIVE}`;
}

/** Whether a function made a provider instead of answering: that is what viem's `http(url)` is. */
function isTransport(answer: unknown): answer is Eip1193Provider {
  return typeof answer === "object" && answer !== null && isFunction((answer as Members).request);
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
