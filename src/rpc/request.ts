import { SettlementGuardError } from "../errors.js";

/** EIP-1193's `request`, the only thing that this library asks of a client. */
export type Request = (args: { method: string; params?: readonly unknown[] }) => Promise<unknown>;

/** Whatever carries an EIP-1193 `request`: a browser wallet, a Hardhat connection's provider, a viem transport. */
export interface Eip1193Provider {
  request: Request;
}

/** An ethers v6 `JsonRpcApiProvider`, or anything that sends JSON-RPC the same way. */
export interface SendProvider {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/** Anything from which {@link toRequest} makes a `request`. */
export type Connection = Request | Eip1193Provider | SendProvider;

/**
 * Adapts a client to a bare EIP-1193 `request`.
 *
 * Ethers' `FallbackProvider` is not one of them: it has no `send`, and it answers block numbers that no node gave.
 */
export function toRequest(connection: Connection): Request {
  if (typeof connection === "function") return connection;
  if ("request" in connection) return (args) => connection.request(args);
  return ({ method, params }) => connection.send(method, [...(params ?? [])]);
}

/**
 * Sends one request and turns a failure of the endpoint into a typed error.
 *
 * @throws RPC_FAILED
 */
export async function call(connection: Connection, method: string, params: readonly unknown[] = []): Promise<unknown> {
  try {
    return await toRequest(connection)({ method, params });
  } catch (cause) {
    const reason = reasonOf(cause);
    const rpcCode = rpcCodeOf(cause);
    throw new SettlementGuardError(
      "RPC_FAILED",
      { method, reason, ...(rpcCode === undefined ? {} : { rpcCode }) },
      `${method} failed: ${reason}`,
      { cause },
    );
  }
}

/** The JSON-RPC code of a client's error: on the error itself (EIP-1193), or on what the client wrapped it in (ethers, viem). */
function rpcCodeOf(cause: unknown): number | undefined {
  for (let depth = 0; depth < 4 && typeof cause === "object" && cause !== null; depth++) {
    const { code, details, error, cause: inner } = cause as Record<string, unknown>;
    if (typeof code === "number") return code;
    const own = (details as { rpcCode?: unknown } | null | undefined)?.rpcCode;
    if (typeof own === "number") return own;
    cause = error ?? inner;
  }
  return undefined;
}

/** The words of whatever was thrown: an Error, or a bare JSON-RPC error object, which the endpoint may have shaped as it liked. */
function reasonOf(cause: unknown): string {
  const message: unknown =
    typeof cause === "object" && cause !== null ? (cause as { message?: unknown }).message : cause;
  const text = typeof message === "string" ? message : "an error without a message";
  return text.length <= 500 ? text : `${text.slice(0, 500)}…`;
}
