import { unusable } from "./errors.js";

/** What the user said about the endpoint, as the command line has it. */
export interface EndpointOptions {
  rpc?: string;
  /** Each "Name: value". */
  header?: readonly string[];
  /** Whole seconds. */
  timeout?: string;
}

/** Where requests go. All of it may be secret but for scheme and host. */
export interface Endpoint {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** For one request and its answer, in milliseconds. */
  readonly timeout: number;
  /** What must not be repeated, where the endpoint repeats it. */
  readonly secrets: readonly string[];
}

export const RPC_VARIABLE = "SETTLEMENT_GUARD_RPC_URL";
/** One header a line. */
export const HEADERS_VARIABLE = "SETTLEMENT_GUARD_RPC_HEADERS";
export const DEFAULT_TIMEOUT = 30; // seconds
const MAX_TIMEOUT = 3_600;

/** The transport sets these, or they are about the connection. */
const RESERVED = /^(?:connection|content-.*|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** Characters that a header's name and its value may have (RFC 9110). `fetch` takes Latin-1, and repeats anything else in its error. */
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\xa0-\xff]*)$/;

/**
 * Reads the endpoint out of options, and out of the environment where an option is left out. User and password of the URL become an
 * `Authorization` header: `fetch` takes no URL that has them.
 *
 * @throws UNUSABLE_INPUT, in which nothing of what was given is repeated
 */
export function readEndpoint(options: EndpointOptions, environment: NodeJS.ProcessEnv = process.env): Endpoint {
  const { url, authorization, passwords } = readUrl(options.rpc ?? environment[RPC_VARIABLE] ?? "");
  const lines = (environment[HEADERS_VARIABLE] ?? "").split(/\r?\n/).filter((line) => line.trim() !== "");
  const given = (options.header ?? lines).map(readHeaderLine);
  if (authorization !== undefined && given.some(([name]) => /^authorization$/i.test(name)))
    throw unusable("--header", "Authorization stands in the URL as well", "give user and password, or the header");
  const credentials = authorization === undefined ? [] : [["Authorization", authorization] as const];
  return {
    url: url.href,
    headers: [...given, ...credentials],
    timeout: 1_000 * readTimeout(options.timeout ?? String(DEFAULT_TIMEOUT)),
    secrets: secretsOf(url, [...given.map(([, value]) => value), ...passwords]),
  };
}

function readUrl(text: string): { url: URL; authorization?: string; passwords: string[] } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw unusable(
      "--rpc",
      "expected an http or https URL",
      `give one there, or in ${RPC_VARIABLE}; it is not repeated, as it may hold a key`,
    );
  const { username, password } = url;
  if (username === "" && password === "") return { url, passwords: [] };
  url.username = "";
  url.password = "";
  const basic = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return {
    url,
    authorization: `Basic ${basic}`,
    passwords: [basic, username, decoded(username), password, decoded(password)],
  };
}

function readHeaderLine(line: string): readonly [string, string] {
  const [, name, value] = HEADER.exec(line) ?? [];
  if (name === undefined || value === undefined)
    throw unusable(
      "--header",
      'expected "Name: value"',
      "of printable characters; it is not repeated, as it may hold a key",
    );
  if (RESERVED.test(name)) throw unusable("--header", `${name} is set by the transport`, "leave it out");
  return [name, value.trim()];
}

function readTimeout(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_TIMEOUT) return seconds;
  throw unusable("--timeout", `expected whole seconds from 1 to ${MAX_TIMEOUT}`, `${DEFAULT_TIMEOUT} without it`);
}

/**
 * The path, the query, headers and passwords, and their parts. Of the path's parts only those that look like keys. Without the others
 * the endpoint's words would no longer be understood: "missing trie node" under the path /node.
 */
function secretsOf({ pathname, search }: URL, given: readonly string[]): string[] {
  const parts = (text: string): string[] => text.split(/[/?&=;,\s]/).flatMap((part) => [part, decoded(part)]);
  const keys = parts(pathname).filter((part) => part.length >= 20 || (part.length >= 8 && /\d/.test(part)));
  const secrets = [
    pathname + search,
    pathname,
    search,
    ...keys,
    ...[search, ...given].flatMap((text) => [text, ...parts(text)]),
  ];
  return [...new Set(secrets.filter((secret) => secret.length > 3))].sort((a, b) => b.length - a.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
