import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { revertDataOf } from "../../explain/revertData.js";
import type { RpcCall } from "../backend.js";
import { DEPTH, type Reply, type Way } from "./reply.js";
import type { Page } from "./wordings.js";

/** A JSON-RPC endpoint that only this machine can reach. */
export interface Loopback {
  readonly url: string;
  /** Ends what is under way, too. */
  readonly close: () => Promise<void>;
}

interface Envelope extends RpcCall {
  readonly id?: unknown;
}

const PARSE_ERROR = JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } });
const BOMB = 2 ** 26; // bytes of spaces, of which gzip leaves a thousandth

/** Serves over HTTP on 127.0.0.1, at a free port. Batches are answered as one. An open test does not keep the process alive. */
export async function serveOnLoopback(answer: (call: RpcCall) => Promise<Reply>): Promise<Loopback> {
  const server = createServer((incoming, response) => {
    // The client is gone.
    respond(answer, incoming, response).catch(() => response.destroy());
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  answer: (call: RpcCall) => Promise<Reply>,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const calls = await callsIn(incoming);
  if (calls === undefined) return send(response, jsonPage(PARSE_ERROR), {});
  const replies = await Promise.all([calls].flat().map(async (call) => ({ call, reply: await answer(call) })));
  // What happens to one answer of a batch happens to the batch.
  const way = Object.assign({}, ...replies.map(({ reply }) => reply.way)) as Way;
  const page = replies.map(({ reply }) => reply.body).find((body) => "status" in body);
  const texts = replies.map(({ call, reply }) => textOf(call, reply));
  const text = Array.isArray(calls) ? `[${texts.join(",")}]` : texts[0]!;
  await send(response, page ?? jsonPage(text), way);
}

/** Undefined for what is no JSON-RPC. */
async function callsIn(incoming: IncomingMessage): Promise<Envelope | Envelope[] | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  try {
    const calls: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const isCall = (call: unknown): boolean => typeof (call as Partial<Envelope> | null)?.method === "string";
    return [calls].flat().every(isCall) ? (calls as Envelope | Envelope[]) : undefined;
  } catch {
    return undefined;
  }
}

/** An envelope. A nested result is written by hand: `JSON.stringify` would run out of stack. */
function textOf({ id }: Envelope, { body, way }: Reply): string {
  const head = { jsonrpc: "2.0", id };
  if ("status" in body) return "";
  if ("error" in body) return JSON.stringify({ ...head, error: errorOf(body.error) });
  if (way?.huge !== "nested") return JSON.stringify({ ...head, ...body });
  const result = `${"[".repeat(DEPTH)}${JSON.stringify(body.result)}${"]".repeat(DEPTH)}`;
  return `${JSON.stringify(head).slice(0, -1)},"result":${result}}`;
}

function errorOf(error: unknown): { code: number; message: string; data: unknown } {
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Readonly<
    Record<string, unknown>
  >;
  return {
    code: Number.isSafeInteger(code) ? (code as number) : -32000,
    message: typeof message === "string" ? message : String(error),
    // As nodes give it.
    data: revertDataOf(error),
  };
}

function jsonPage(text: string): Page {
  return { status: 200, type: "application/json", text };
}

async function send(response: ServerResponse, { status, type, text }: Page, { cut, huge, slow }: Way): Promise<void> {
  const half = text.slice(0, text.length / 2);
  if (cut === "before") return void response.destroy();
  if (huge === "gzip") {
    response.writeHead(status, { "content-type": type, "content-encoding": "gzip" });
    return void response.end(gzipSync(Buffer.concat([Buffer.from(text), Buffer.alloc(BOMB, " ")]), { level: 1 }));
  }
  response.writeHead(status, { "content-type": type });
  if (cut === "text") return void response.end(half);
  if (cut === "amid") return void response.write(half, () => response.destroy());
  if (huge === "endless") return flood(response);
  if (slow === undefined) return void response.end(text);
  response.write(half);
  await sleep(slow);
  response.end(text.slice(half.length));
}

/** Spaces until the client goes. */
function flood(response: ServerResponse): void {
  const spaces = " ".repeat(2 ** 16);
  const go = (): void => {
    while (!response.destroyed && response.write(spaces));
  };
  response.on("drain", go);
  go();
}
