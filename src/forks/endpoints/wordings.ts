import { toHex } from "../../core/bytes.js";
import { keccak256 } from "../../core/keccak.js";
import { clientError } from "../backend.js";

/** How a client refuses: an error's code, and its words. */
export interface Wording {
  readonly code: number;
  /** `{block}` is what was asked for: a tag, a number, or a hash. `{root}` is some state root, without its prefix. */
  readonly words: string;
}

type Words = Readonly<Record<"block" | "tag" | "state" | "canonical", Wording>>;

const said = (code: number, words: string): Wording => ({ code, words });

/** How clients word one situation, as they were seen to. */
export const CLIENTS = {
  geth: {
    block: said(-32000, "header not found"),
    tag: said(-32000, "{block} block not found"),
    state: said(-32000, "missing trie node {root} (path ) state 0x{root} is not available, not found"),
    canonical: said(-32000, "hash {block} is not currently canonical"),
  },
  nethermind: {
    block: said(-32001, "{block} could not be found: Block {block} could not be found"),
    tag: said(-32001, "Could not find block"),
    state: said(-32002, "No state available for block {block}"),
    canonical: said(-32000, "{block} block is not canonical"),
  },
  reth: {
    block: said(-32001, "block not found: {block}"),
    tag: said(-32001, "block not found: {block}"),
    state: said(-32603, "no state found for block {block}"),
    canonical: said(-32001, "block not found: {block}"),
  },
  besu: {
    block: said(-39001, "Unknown block"),
    tag: said(-39001, 'block "{block}" not available (head block: 21459236)'),
    state: said(-32000, "World state unavailable"),
    canonical: said(-32000, "Invalid input"),
  },
  erigon: {
    block: said(-32000, "block {block} not found"),
    tag: said(-39001, "Unknown block"),
    state: said(-32000, "requested block is too old, block must be within 100000 blocks of the head block number"),
    canonical: said(-32000, "hash {block} is not currently canonical"),
  },
  nitro: {
    block: said(-32000, "header not found"),
    tag: said(-32000, "{block} block not found"),
    state: said(-32000, "missing trie node {root} (path ) <nil>"),
    canonical: said(-32000, "hash {block} is not currently canonical"),
  },
  openethereum: {
    block: said(-32000, "unknown block number"),
    tag: said(-32602, "Invalid block number: missing 0x prefix."),
    state: said(-32000, "This request is not supported because your node is running with state pruning."),
    canonical: said(-32000, "unknown block"),
  },
} as const satisfies Record<string, Words>;

/** A client whose words are known. */
export type ClientName = keyof typeof CLIENTS;

/** What a client says in this situation, of what it was asked for. */
export function wordsOf(client: ClientName, situation: keyof Words, block: string): Wording {
  const { code, words } = CLIENTS[client][situation];
  const root = toHex(keccak256(new TextEncoder().encode(block))).slice(2);
  return { code, words: words.replaceAll("{block}", block).replaceAll("{root}", root) };
}

/** What clients say of a method that they do not have. */
export function missingMethod(method: string): Error {
  return clientError(`the method ${method} does not exist/is not available`, { code: -32_601 });
}

/** What came over HTTP in the place of an answer. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const json = (status: number, body: unknown): Page => ({
  status,
  type: "application/json",
  text: JSON.stringify(body),
});
const html = (status: number, title: string): Page => ({
  status,
  type: "text/html",
  text: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
});

/** What gateways and proxies were seen to answer, and what none of them means about a chain. */
export const GATEWAYS = {
  "limit in JSON-RPC": json(200, { jsonrpc: "2.0", id: 1, error: { code: -32005, message: "limit exceeded" } }),
  "limit without error": json(200, { code: -32005, message: "Too Many Requests", data: {} }),
  "limit with 429": json(429, { code: -32005, message: "Too Many Requests" }),
  "limit of an API": json(429, { message: "API rate limit exceeded" }),
  "limit in a page": html(429, "error code: 1015"),
  forbidden: json(403, { message: "Forbidden" }),
  "bad gateway": html(502, "502 Bad Gateway"),
  unavailable: html(503, "503 Service Temporarily Unavailable"),
  "a page with 200": html(200, "Log in to continue"),
  "without result": json(200, { jsonrpc: "2.0", id: 1 }),
  "a list": json(200, [{ jsonrpc: "2.0", id: 1, result: null }]),
  "block not found with 404": { status: 404, type: "text/plain", text: "block not found" },
  nothing: { status: 200, type: "application/json", text: "" },
} as const satisfies Record<string, Page>;

/** A gateway's answer that is none. */
export type GatewayError = keyof typeof GATEWAYS;
