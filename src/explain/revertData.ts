import { toHex } from "../core/bytes.js";
import { quoted } from "../core/text.js";

// Where clients put the error that they wrap:
// - ethers v5 and v6 (error, info), viem, web3 v4 and plain errors (cause), web3 v4 (innerError);
// - MetaMask (originalError), nodes (data), AggregateError (errors), HTTP clients (response).
const WRAPPERS = ["data", "error", "info", "cause", "originalError", "innerError", "errors", "response"] as const;

// Where the bytes lie: nodes, ethers and web3 (data), viem (raw), tracers and bundlers (revertData, returnData). Inside
// of a node's `data` they lie in Ganache 7's `result` and Ganache 2's `return`.
const BYTES = ["data", "raw", "revertData", "returnData"] as const;
const BYTES_IN_DATA = ["result", "return"] as const;

// Where words stand. The bodies are those of an HTTP answer, which ethers v5 and v6 keep.
const TEXTS = [
  "data",
  "error",
  "cause",
  "message",
  "shortMessage",
  "details",
  "reason",
  "body",
  "responseBody",
] as const;

/**
 * Revert data as nodes and clients put it into words. A transaction's input stands there too, as `"data":"0x…"` (ethers) and
 * `data:  0x…` (viem), and must not be taken for it.
 */
const FORMS = [
  // Nethermind and OpenEthereum: "Reverted 0x…"; others: "execution reverted: 0x…", "Execution reverted (0x…)", "revert data: 0x…".
  /\brevert(?:ed)?(?: with)?(?: raw| return)?(?: ?data"?)?[:,]? *["'(]?0x((?:[\da-f]{2})*)(?![\da-f])/i,
  // Hardhat: "(return data: 0x…)".
  /\breturn(?:ed)? data:? *"?0x((?:[\da-f]{2})*)(?![\da-f])/i,
  // ethers: data="0x…"; alloy, and with it cast and forge: data: "0x…".
  /(?<!["'\w])data(?:=|: (?:Some\()?)"0x((?:[\da-f]{2})*)"/i,
  // ZKsync: "data = 0x…".
  /\bdata = "?0x((?:[\da-f]{2})*)(?![\da-f])/i,
  // anvil: "custom error 0x79c4133c: 0007…".
  /\bcustom error "?(?:0x)?([\da-f]{8}(?:: *(?:0x)?(?:[\da-f]{2})+)?)(?![\w(])/i,
];

/** More objects than any client wraps an error in: an error may be its own cause, or list thousands. */
const MAX_LAYERS = 256;
/** Characters of a text that are searched. Code may have 24,576 bytes, and revert data is far shorter. */
const MAX_TEXT = 200_000;

/** What is found of a revert in something that was thrown. */
export interface RevertEvidence {
  /** The revert data, `0x` where the revert had none. */
  data?: string;
  /** What stands in the data's place and is not in a form that is read here, as a printable line. */
  unread?: string;
}

/**
 * Finds the revert data in whatever a client threw, however nested. That is an error of ethers, viem, web3, Hardhat or
 * Ganache, or a JSON-RPC error. It may be text in which a node or a client wrote the data down, or the bytes
 * themselves. Undefined where there is none. The outermost data wins, and data with content wins over `0x`. It never
 * throws.
 *
 * @example
 * try { await exchange.execute(order) } catch (error) { decodeGuardError(revertDataOf(error) ?? "0x") }
 */
export function revertDataOf(error: unknown): string | undefined {
  return revertEvidenceOf(error).data;
}

/** As {@link revertDataOf}, with what could not be read. */
export function revertEvidenceOf(error: unknown): RevertEvidence {
  const layers = layersOf(error);
  let empty: string | undefined;
  for (const { value, inData } of layers) {
    const places = inData ? [...BYTES, ...BYTES_IN_DATA] : BYTES;
    for (const bytes of [bytesIn(value), ...places.map((place) => bytesIn(memberOf(value, place)))]) {
      if (bytes !== undefined && bytes !== "0x") return { data: bytes };
      empty ??= bytes;
    }
  }
  const texts = layers.flatMap(({ value }) => textsOf(value));
  for (const bytes of texts.map(bytesInText)) {
    if (bytes !== undefined && bytes !== "0x") return { data: bytes };
    empty ??= bytes;
  }
  if (empty !== undefined) return { data: empty };
  const unread = layers
    .map(({ value }) => memberOf(value, "data"))
    .find((data) => typeof data === "string" && data !== "");
  return unread === undefined ? {} : { unread: quoted(unread as string) };
}

/** The error and all that it wraps, from the outside in, each once. */
export function layersOf(error: unknown): { value: unknown; inData: boolean }[] {
  const layers = [{ value: error, inData: false }];
  const seen = new Set<unknown>([error]);
  // The list grows while it is walked.
  for (const layer of layers) {
    for (const inner of innerOf(layer.value)) {
      if (layers.length === MAX_LAYERS) return layers;
      if (seen.has(inner.value)) continue;
      seen.add(inner.value);
      layers.push(inner);
    }
  }
  return layers;
}

/** A member of whatever was thrown; undefined where it has none, or where reading it throws. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as { [name: string]: unknown })[name];
  } catch {
    return undefined;
  }
}

function innerOf(value: unknown): { value: unknown; inData: boolean }[] {
  if (typeof value !== "object" || value === null) {
    const json = typeof value === "string" ? jsonErrorIn(value) : undefined;
    return json === undefined ? [] : [{ value: json, inData: false }];
  }
  const wrapped = WRAPPERS.map((name) => ({ value: memberOf(value, name), inData: name === "data" }));
  const texts = TEXTS.map((name) => ({ value: memberOf(value, name), inData: false }));
  const jsons = texts.filter((text) => typeof text.value === "string" && jsonErrorIn(text.value) !== undefined);
  return [...wrapped, ...itemsOf(value), ...jsons].filter(
    (inner) => inner.value !== null && (typeof inner.value === "object" || jsons.includes(inner)),
  );
}

/** The items of a list of errors, and what Ganache 2 keeps under the hash of each transaction. */
function itemsOf(value: object): { value: unknown; inData: boolean }[] {
  try {
    const keys = Object.keys(value).slice(0, MAX_LAYERS);
    const inData = !Array.isArray(value);
    const items = inData ? keys.filter((key) => /^0x[\da-f]{64}$/i.test(key)) : keys;
    return items.map((key) => ({ value: memberOf(value, key), inData }));
  } catch {
    return [];
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return TEXTS.map((name) => memberOf(value, name)).filter((text) => typeof text === "string");
}

/** Bytes in any of the forms in which clients hold them. */
function bytesIn(value: unknown): string | undefined {
  if (typeof value === "string") return /^0x(?:[\da-f]{2})*$/i.test(value) ? value : undefined;
  try {
    if (ArrayBuffer.isView(value)) return toHex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    // A Buffer that went through JSON.
    const bytes = memberOf(value, "type") === "Buffer" ? memberOf(value, "data") : undefined;
    return Array.isArray(bytes) ? toHex(Uint8Array.from(bytes as number[])) : undefined;
  } catch {
    return undefined;
  }
}

function bytesInText(text: string): string | undefined {
  const searched = text.slice(0, MAX_TEXT);
  for (const form of FORMS) {
    const found = form.exec(searched)?.[1];
    if (found !== undefined) return `0x${found.replace(/: *(?:0x)?/, "")}`;
  }
  return undefined;
}

/** The JSON-RPC error that a text is or ends with, as MetaMask's do; a transaction that stands there is none. */
function jsonErrorIn(text: string): unknown {
  const start = text.indexOf("{");
  if (start < 0 || text.length > MAX_TEXT) return undefined;
  try {
    const json: unknown = JSON.parse(text.slice(start, text.lastIndexOf("}") + 1));
    return ["error", "message", "jsonrpc"].some((name) => memberOf(json, name) !== undefined) ? json : undefined;
  } catch {
    return undefined;
  }
}
