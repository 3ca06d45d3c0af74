import { withoutUrls } from "../core/text.js";

/** What came instead of an answer. */
export interface Refusal {
  /**
   * The endpoint's or the client's words. They are printable, of at most 500 characters, every URL cut down to its
   * scheme and host.
   */
  reason: string;
  /** The JSON-RPC error's code, where there was one. */
  rpcCode?: number;
  /** The HTTP status, where the endpoint answered over HTTP. */
  httpStatus?: number;
}

/** One object or text out of an error, and what it says itself. */
interface Statement {
  text?: string;
  rpcCode?: number;
  httpStatus?: number;
}

const WORDLESS = "an error without a message";
/** Where clients and gateways write words: ethers and viem (`shortMessage`), Node, JSON-RPC, RFC 9457 (`detail`, `title`). */
const WORDS = ["shortMessage", "message", "reason", "msg", "detail", "title", "error_description"];
/**
 * Where clients put what they wrap:
 * - ethers (`error`, `info`, `responseBody`, `body`), viem (`details`, `cause`, `body`), web3 (`innerError`);
 * - MetaMask and Hardhat (`data`, `originalError`), axios (`response`), Node (`errors`).
 *
 * Requests, headers and URLs are not among them.
 */
const INNER = [
  "error",
  "innerError",
  "originalError",
  "data",
  "info",
  "details",
  "cause",
  "errors",
  "response",
  "responseBody",
  "body",
];
const STATUSES = ["httpStatus", "status", "statusCode", "responseStatus"];
/** Members of a refusal or of an envelope, and of no answer. */
const SIGNS = [...WORDS, ...STATUSES, "jsonrpc", "result", "error", "errors", "code"];
/** Members of an answer: an object with one of them is judged as such, whatever else it has. */
const ANSWERS = ["hash", "number", "stateRoot", "accountProof", "storageProof", "transactionHash"];

const MAX_DEPTH = 6;
const MAX_STATEMENTS = 40;
const MAX_READ = 4000;
const MAX_REASON = 500;

/**
 * Reads whatever a client threw. That is an error that wraps others, a bare JSON-RPC error, a body as text, or any
 * other value.
 *
 * The words are those of the innermost part that has a JSON-RPC code, and of what is inside it. What a client says
 * around them is about the client. Without a code they are those of all parts, the outermost first.
 */
export function refusalOf(thrown: unknown): Refusal {
  let statements: Statement[] = [];
  try {
    statements = statementsOf(thrown);
  } catch {
    // A proxy that refuses to be looked at has said nothing.
  }
  const coded = statements.findLastIndex(({ rpcCode }) => rpcCode !== undefined);
  const said = wordsOf(statements.slice(Math.max(coded, 0)));
  const reason = said === "" ? wordsOf(statements) || WORDLESS : said;
  const rpcCode = statements[coded]?.rpcCode;
  const httpStatus = statements.find((each) => each.httpStatus !== undefined)?.httpStatus ?? statusIn(reason);
  return {
    reason,
    ...(rpcCode === undefined ? {} : { rpcCode }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  };
}

/**
 * What an answer says, if it is none. It is nothing at all, text, a gateway's refusal, or an envelope that was not
 * opened.
 *
 * @returns undefined for what may be an answer, `null` included
 */
export function refusalIn(answer: unknown): Refusal | undefined {
  if (answer === undefined) return { reason: "an answer without a result" };
  if (typeof answer === "string") return answer.startsWith("0x") ? undefined : refusalOf(answer);
  const body: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (typeof body !== "object" || body === null || ANSWERS.some((name) => name in body)) return undefined;
  if (!SIGNS.some((name) => name in body)) return undefined;
  const refusal = refusalOf(body);
  if (refusal.reason !== WORDLESS) return refusal;
  return { ...refusal, reason: "a JSON-RPC envelope in place of its result" };
}

// --- reading ---

function statementsOf(thrown: unknown): Statement[] {
  const statements: Statement[] = [];
  const seen = new Set<unknown>();
  const visit = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH || statements.length >= MAX_STATEMENTS || seen.has(value)) return;
    if (typeof value === "object" && value !== null) {
      seen.add(value);
      if (!Array.isArray(value)) statements.push(statementOf(value));
      for (const inner of Array.isArray(value) ? value : INNER.map((name) => read(value, name)))
        visit(inner, depth + 1);
    } else if (typeof value === "string") {
      const json = parsed(value);
      if (json !== undefined) visit(json, depth + 1);
      else if (!value.startsWith("0x")) statements.push({ text: value });
    } else if (depth === 0 && (typeof value === "number" || typeof value === "bigint")) {
      statements.push({ text: String(value) });
    }
  };
  visit(thrown, 0);
  return statements;
}

function statementOf(value: object): Statement {
  const statement: Statement = {};
  const text = WORDS.map((name) => read(value, name)).find(isText);
  const code = read(value, "code");
  // Node's own codes say more than its words, which can be empty.
  const errno = typeof code === "string" && /^(?:E[A-Z]{3,}|UND_ERR_\w+)$/.test(code) ? code : undefined;
  const words = errno === undefined || text?.includes(errno) === true ? text : `${text ?? ""} (${errno})`.trim();
  if (words !== undefined && parsed(words) === undefined) statement.text = words;

  const rpcCode = [code, read(value, "rpcCode")].map(toInteger).find((each) => each !== undefined);
  if (rpcCode !== undefined) statement.rpcCode = rpcCode;
  const httpStatus = STATUSES.map((name) => toStatus(read(value, name))).find((each) => each !== undefined);
  if (httpStatus !== undefined) statement.httpStatus = httpStatus;
  return statement;
}

/** A member, or undefined where a getter throws. */
function read(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}

/** JSON in text, as gateways' bodies are kept; undefined where it is none. */
function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text) || text.length > MAX_READ) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function toInteger(value: unknown): number | undefined {
  const number = typeof value === "string" && /^-?\d{1,6}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

/** A status, or the one that a line like "403 Forbidden" begins with. */
function toStatus(value: unknown): number | undefined {
  const number = typeof value === "string" && /^[1-5]\d\d\b/.test(value) ? Number(value.slice(0, 3)) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 100 && number < 600 ? number : undefined;
}

function statusIn(reason: string): number | undefined {
  return toStatus(/\b(?:HTTP|status|status code|server response):? ([1-5]\d\d)\b/i.exec(reason)?.[1]);
}

// --- writing ---

/** The texts one after the other, each once. */
function wordsOf(statements: readonly Statement[]): string {
  const texts: string[] = [];
  for (const { text } of statements) {
    const words = isText(text) ? redacted(text) : "";
    if (words !== "" && !texts.some((said) => said.toLowerCase().includes(words.toLowerCase()))) texts.push(words);
  }
  return shortened(texts.map((text, i) => (i < texts.length - 1 ? text.replace(/[.:]+$/, "") : text)).join(": "));
}

/**
 * Text without mark-up, without what a terminal acts on, and without what a URL or a header may hold. What JavaScript
 * writes for something that has no words is left out, too. A token of 20 characters and more that is no hexadecimal
 * looks like a key. So do 32 digits of it.
 */
function redacted(text: string): string {
  return withoutUrls(text.slice(0, MAX_READ).replaceAll("\\/", "/"))
    .replace(/(?<=:\/\/[^\s/]+)\/…/g, "")
    .replace(/<(script|style)\b.*?<\/\1>|<[/!]?[a-z][^>]*>/gis, " ")
    .replace(/\bhttps?%3a%2f%2f\S+/gi, "…")
    .replace(/(?<![\w…/])((?:[a-z\d-]+\.)+[a-z]{2,}(?::\d+)?|[\w.-]+:\d{2,5})\/[^\s…]\S*/gi, "$1/…")
    .replace(/(?<=^|[\s"'(=:[`])\/(?!\/)[^\s"')\]…]+/g, "/…")
    .replace(
      /\b([\w-]*(?:key|token|secret|password|authorization|cookie))(["']?\s*[=:]\s*["']?)(?:(?:bearer|basic|token|digest|apikey) )?[^\s"',;}]+/gi,
      "$1$2…",
    )
    .replace(/\b(bearer|basic) [\w+/=.~-]{12,}/gi, "$1 …")
    .replace(/(?<![\w-])(?!0x)(?![\da-f]+(?![\w-]))(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{20,}/gi, "…")
    .replace(/(?<![\w-])[\da-f]{32}(?![\w-])/gi, "…")
    .replace(/[\p{C}\p{Z}\p{DI}\s]+/gu, " ")
    .replace(/\[object \w+\]|(?<=^|[:=] ?)(?:undefined|null) ?$/g, "")
    .trim();
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= MAX_REASON ? text : `${characters.slice(0, MAX_REASON).join("")}…`;
}
