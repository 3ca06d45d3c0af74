import { setTimeout as sleep } from "node:timers/promises";

import { clientError } from "../backend.js";
import type { Page } from "./wordings.js";

/** How an answer travels. */
export interface Way {
  /** Milliseconds between its halves. */
  readonly slow?: number;
  /** Where the connection is closed, or the text breaks off. */
  readonly cut?: "before" | "amid" | "text";
  readonly huge?: "endless" | "gzip" | "nested";
}

/** An answer, of which a provider makes what an HTTP client would make of it. */
export interface Reply {
  /** JSON-RPC's answer, or what stands in its place. Without `result` there is none in it. */
  readonly body: { readonly result?: unknown } | { readonly error: unknown } | Page;
  readonly way?: Way;
}

/** How many lists a nested result lies in. Whoever goes down into them one call each runs out of stack. */
export const DEPTH = 100_000;

/** What a provider makes of a reply: the answer, or the error that an HTTP client throws. */
export async function settled({ body, way = {} }: Reply): Promise<unknown> {
  const { slow, cut, huge } = way;
  if (slow !== undefined) await sleep(slow);
  if (huge === "endless") return new Promise(() => undefined);
  if (cut === "text") throw clientError("Unexpected end of JSON input", {});
  if (cut !== undefined) throw clientError("socket hang up", { code: "ECONNRESET" });
  if ("status" in body) return unpacked(body);
  if ("error" in body) throw body.error;
  return huge === "nested" ? nested(body.result) : body.result;
}

/** What a client hands on that does not look into an envelope. */
function unpacked({ status, text }: Page): unknown {
  if (status >= 400) throw clientError(`server response ${status}`, { status, body: text });
  return JSON.parse(text) as unknown;
}

function nested(result: unknown): unknown {
  let value = result;
  for (let depth = 0; depth < DEPTH; depth++) value = [value];
  return value;
}
