import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";

import { expect } from "chai";
import { Interface } from "ethers";

import { readEndpoint, type EndpointOptions } from "../../packages/cli/src/endpoint.js";
import { jsonRpc } from "../../packages/cli/src/jsonRpc.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { explain } from "../../src/explain/explain.js";
import { withoutUrls } from "../../src/core/text.js";
import { rejected } from "../../tools/errors.js";
import { cli, ESCAPES, OBEYED, unusable } from "./run.js";

const MB = 1_000_000;
/** Of QuorumMissing(uint256 threshold, uint256 given). */
const REVERT_DATA = new Interface(["error QuorumMissing(uint256, uint256)"]).encodeErrorResult("QuorumMissing", [2, 1]);
const ACCOUNT = "0x00000000000000000000000000000000000a1107";

describe("hostile endpoints", function () {
  const SECRETS = {
    user: "alice-9",
    password: "p4ssw0rd:x",
    path: "k3y1n7h3p47h",
    query: "k3y1nqu3ry",
    header: "k3y1nh34d3r",
  };
  let respond: RequestListener;
  let url: string;
  let seen: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    respond(request, response);
  });

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { user, password, path, query } = SECRETS;
    const { port } = server.address() as AddressInfo;
    url = `http://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/v2/${path}?key=${query}`;
  });
  beforeEach(() => (seen = []));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const endpoint = (options: EndpointOptions = {}): ReturnType<typeof readEndpoint> =>
    readEndpoint({ rpc: url, header: [`X-Api-Key: ${SECRETS.header}`], timeout: "20", ...options }, {});
  const text =
    (status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
    (_, response) =>
      void response.writeHead(status, headers).end(body);
  const json = (status: number, body: unknown): RequestListener => text(status, JSON.stringify(body));
  const endless =
    (piece: string): RequestListener =>
    (_, response) => {
      const block = piece.repeat(Math.ceil(2 ** 16 / piece.length));
      const go = (): void => {
        while (!response.destroyed && response.write(block));
      };
      response.on("drain", go);
      go();
    };
  const echo =
    (write: (words: string, response: ServerResponse) => void): RequestListener =>
    (request, response) =>
      write(
        `Cannot POST http://${request.headers.host}${request.url} ${request.headers.authorization} ${request.headers["x-api-key"]} ${url}`,
        response,
      );

  const cases: [string, RequestListener, RegExp, { httpStatus?: number; rpcCode?: number }][] = [
    [
      "a refusal without error",
      json(200, { code: -32005, message: "Too Many Requests" }),
      /^Too Many Requests$/,
      { httpStatus: 200 },
    ],
    [
      "a refusal with 429",
      json(429, { code: -32005, message: "Too Many Requests" }),
      /^HTTP status 429: Too Many/,
      { httpStatus: 429 },
    ],
    ["a message with 403", json(403, { message: "Forbidden" }), /^HTTP status 403: Forbidden$/, { httpStatus: 403 }],
    ["an error that is text", json(401, { error: "no key" }), /^HTTP status 401: no key$/, { httpStatus: 401 }],
    [
      "neither result nor error",
      json(200, { jsonrpc: "2.0", id: 1 }),
      /neither a result nor an error/,
      { httpStatus: 200 },
    ],
    [
      "an error that is null, without a result",
      json(200, { id: 1, error: null }),
      /neither a result nor an error/,
      { httpStatus: 200 },
    ],
    ["a list", json(200, [{ jsonrpc: "2.0", id: 1, result: null }]), /with a list/, { httpStatus: 200 }],
    ["a list with an error", json(200, [{ error: { message: "batch" } }]), /^batch$/, { httpStatus: 200 }],
    ["another id", json(200, { jsonrpc: "2.0", id: 2, result: null }), /another request/, { httpStatus: 200 }],
    [
      "an id that is text",
      json(200, { jsonrpc: "2.0", id: "1", result: null }),
      /another request/,
      { httpStatus: 200 },
    ],
    ["no id", json(200, { jsonrpc: "2.0", result: null }), /another request/, { httpStatus: 200 }],
    [
      "a result with 500",
      json(500, { jsonrpc: "2.0", id: 1, result: "0x1" }),
      /^HTTP status 500$/,
      { httpStatus: 500 },
    ],
    [
      "an error of JSON-RPC",
      json(200, { id: 1, error: { code: -32000, message: "missing trie node" } }),
      /^missing trie node$/,
      { httpStatus: 200, rpcCode: -32000 },
    ],
    [
      "a revert, with its data beside the words",
      json(200, { id: 1, error: { code: 3, message: "execution reverted", data: REVERT_DATA } }),
      /^execution reverted \(return data: 0x[\da-f]+\)$/,
      { httpStatus: 200, rpcCode: 3 },
    ],
    [
      "an error of odd members",
      json(200, { id: 1, error: { code: "x", message: { text: 1 } } }),
      /an error without words/,
      { httpStatus: 200 },
    ],
    ["an error that is a list", json(200, { id: 1, error: [] }), /an error without words/, { httpStatus: 200 }],
    [
      "an error that is false",
      json(200, { id: 1, error: false, result: null }),
      /an error without words/,
      { httpStatus: 200 },
    ],
    ["null", json(200, null), /neither a result/, { httpStatus: 200 }],
    ["a number", text(200, "7"), /neither a result/, { httpStatus: 200 }],
    ["nothing", text(200, ""), /JSON-RPC: there is nothing in it/, { httpStatus: 200 }],
    ["nothing with 502", text(502, ""), /^HTTP status 502$/, { httpStatus: 502 }],
    [
      "HTML",
      text(503, "<html><style>b{}</style><h1>Service\n  Unavailable</h1></html>"),
      /^HTTP status 503: Service Unavailable$/,
      { httpStatus: 503 },
    ],
    ["text", text(200, "rate limited"), /^rate limited$/, { httpStatus: 200 }],
    ["half an answer", text(200, '{"jsonrpc":"2.0","id":1,"resu'), /./, { httpStatus: 200 }],
    [
      "a member twice",
      text(200, '{"id":1,"result":null,"result":"0x1"}'),
      /"result" stands twice/,
      { httpStatus: 200 },
    ],
    ["20 million brackets", text(200, "[".repeat(20 * MB)), /deeper than 32/, { httpStatus: 200 }],
    ["brackets in a result", text(200, `{"id":1,"result":${"[".repeat(MB)}`), /deeper than 32/, { httpStatus: 200 }],
    ["a string without end", endless("a"), /./, { httpStatus: 200 }],
    [
      "a JSON string without end",
      (request, response) => {
        response.write('{"id":1,"result":"');
        endless("a")(request, response);
      },
      /of more than 1048576/,
      { httpStatus: 200 },
    ],
    [
      "a list without end",
      (request, response) => {
        response.write('{"id":1,"result":[');
        endless("{},")(request, response);
      },
      /parts/,
      { httpStatus: 200 },
    ],
    [
      "a gigabyte, compressed",
      text(200, gzipSync(Buffer.concat([Buffer.from('{"id":1,"result":"'), Buffer.alloc(300 * MB, 48)])), {
        "content-encoding": "gzip",
      }),
      /of more than 1048576/,
      { httpStatus: 200 },
    ],
    [
      "broken compression",
      text(200, "{}", { "content-encoding": "gzip" }),
      /not compressed as it says \(Z_DATA_ERROR\)/,
      {},
    ],
    [
      "a redirect",
      text(307, "", { location: "https://user:pw@other.example/x?token=t0k3n" }),
      /redirects to https:\/\/other\.example\S* \(HTTP status 307\)/,
      { httpStatus: 307 },
    ],
    [
      "a redirect to nowhere",
      text(302, "", { location: "\u009b[2J" }),
      /redirects \(HTTP status 302\)/,
      { httpStatus: 302 },
    ],
    ["a connection that breaks off", (_, response) => void response.destroy(), /the connection broke off \(\w+\)/, {}],
    [
      "a body that breaks off",
      (_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => response.destroy());
      },
      /the connection broke off/,
      {},
    ],
    ["no HTTP", (request) => void request.socket.end("SSH-2.0-OpenSSH\r\n"), /^the request failed \(HPE_\w+\)$/, {}],
    [
      "an error of a megabyte",
      json(200, { error: { message: "x".repeat(MB - 100) } }),
      /^x{400}…$/,
      { httpStatus: 200 },
    ],
    [
      "secrets in an error",
      echo((words, response) => void response.end(JSON.stringify({ error: { message: words } }))),
      /^Cannot POST/,
      { httpStatus: 200 },
    ],
    [
      "secrets in a page",
      echo((words, response) => void response.writeHead(404).end(`<p>${words}</p>`)),
      /^HTTP status 404: Cannot POST/,
      { httpStatus: 404 },
    ],
    [
      "secrets in a redirect",
      echo((_, response) => void response.writeHead(308, { location: url }).end()),
      /redirects to http/,
      { httpStatus: 308 },
    ],
    [
      "secrets in a name",
      echo((words, response) => void response.end(`{${JSON.stringify(words)}:1,${JSON.stringify(words)}:1}`)),
      /stands twice/,
      { httpStatus: 200 },
    ],
  ];
  for (const [name, listener, reason, details] of cases) {
    it(`F26, A18, A19: RPC_FAILED for ${name}, with its words, its status and no secret`, async () => {
      respond = listener;
      const error = await rejected("RPC_FAILED", jsonRpc(endpoint())({ method: "eth_test" }));
      expect(error.details).to.include({ method: "eth_test", ...details });
      expect(error.details.reason).to.match(reason);
      expect(error.details.reason.length).to.be.lessThan(500);
      expect(error.details.reason).not.to.match(/undefined|\[object|does not know/);
      const shown = inspect(error, { depth: null, showHidden: true }) + error.stack;
      const basic = Buffer.from(`${SECRETS.user}:${SECRETS.password}`).toString("base64");
      for (const secret of [...Object.values(SECRETS), encodeURIComponent(SECRETS.password), basic, "t0k3n", "pw@"])
        if (secret !== SECRETS.user) expect(shown).not.to.contain(secret);
    });
  }

  it("keeps a revert's data, so that it is explained", async () => {
    const error = { code: 3, message: "execution reverted", data: REVERT_DATA };
    respond = json(200, { id: 1, error });
    const thrown = await rejected("RPC_FAILED", jsonRpc(endpoint())({ method: "eth_call" }));
    expect(explain(thrown)).to.equal("QuorumMissing: 1 signed, and 2 must.");
  });

  it("O8: a page or a gateway's words are about no block, whatever they say", async () => {
    for (const words of ["block not found", "header not found", "missing trie node", "World state unavailable"])
      for (const listener of [
        text(404, `<html><title>${words}</title></html>`),
        text(200, words),
        text(502, `upstream: ${words}`),
        json(200, words),
        json(200, { detail: words }),
        json(404, { code: -32000, message: words }),
        json(200, [{ error: { code: -32000, message: words } }]),
        json(200, { jsonrpc: "2.0", error: null, message: words }),
      ]) {
        respond = listener;
        await rejected("RPC_FAILED", fetchHeader(jsonRpc(endpoint()), { block: "latest" }));
      }
    respond = json(200, { jsonrpc: "2.0", id: 1, error: { code: -32000, message: "block not found" } });
    await rejected("BLOCK_NOT_FOUND", fetchHeader(jsonRpc(endpoint()), { block: "latest" }));
  });

  it("A19: sends user and password as a header, and headers as they are given, to the endpoint alone", async () => {
    respond = json(200, { jsonrpc: "2.0", id: 1, result: "0x1" });
    expect(
      await jsonRpc(endpoint({ header: ["X-Api-Key: a b", "Accept:application/json"] }))({ method: "eth_test" }),
    ).to.equal("0x1");
    const basic = Buffer.from(`${SECRETS.user}:${SECRETS.password}`).toString("base64");
    expect(seen[0]).to.include({ authorization: `Basic ${basic}`, "x-api-key": "a b", accept: "application/json" });
    respond = text(307, "", { location: url.replace(/^.*@/, "http://") });
    await rejected("RPC_FAILED", jsonRpc(endpoint())({ method: "eth_test" }));
    expect(seen.length).to.equal(2);
  });

  it("F26: names a port where nobody listens, one that fetch refuses, and an endpoint that is silent", async () => {
    const failing = async (rpc: string): Promise<string> =>
      (await rejected("RPC_FAILED", jsonRpc(readEndpoint({ rpc, timeout: "1" }, {}))({ method: "eth_test" }))).details
        .reason;
    expect(await failing("http://127.0.0.1:1999/k3y1n7h3p47h")).to.equal("connection refused (ECONNREFUSED)");
    expect(await failing("http://127.0.0.1:9/k3y1n7h3p47h")).to.match(/^the port is one/);
    respond = () => undefined;
    expect(await failing(url)).to.equal("no answer within 1 s");
    respond = (_, response) => void response.write('{"id":1,');
    expect(await failing(url)).to.equal("no answer within 1 s");
  });

  it("A19: takes the endpoint and its headers out of the environment, where an option is left out", async () => {
    const environment = {
      SETTLEMENT_GUARD_RPC_URL: "http://a.example/",
      SETTLEMENT_GUARD_RPC_HEADERS: "A: 1\n\nB: 2\r\n",
    };
    const { url: there, headers, timeout } = readEndpoint({}, environment);
    expect([there, headers, timeout]).to.deep.equal([
      "http://a.example/",
      [
        ["A", "1"],
        ["B", "2"],
      ],
      30_000,
    ]);
    const given = readEndpoint({ rpc: "http://b.example", header: ["C: 3"], timeout: "7" }, environment);
    expect([given.url, given.headers, given.timeout]).to.deep.equal(["http://b.example/", [["C", "3"]], 7_000]);
    await unusable(() => readEndpoint({}, { ...environment, SETTLEMENT_GUARD_RPC_HEADERS: "no header" }));
  });

  it("A19: hides of a URL all but scheme and host, wherever it stands", () => {
    for (const [given, shown] of [
      ["at https://u:p@h.example:8545/k?x=1#y, twice", "at https://h.example:8545/…, twice"],
      ["'http://u:p/q@h/k'", "'http://h/…'"],
      ["wss://[::1]:8545/k", "wss://[::1]:8545/…"],
      ["https://h.example", "https://h.example/…"],
    ] as const)
      expect(withoutUrls(given)).to.equal(shown);
    // A search that starts anew at each character would not end within the test's time.
    for (const piece of ["a", "a:", "@"]) expect(withoutUrls(piece.repeat(2 ** 20))).to.equal(piece.repeat(2 ** 20));
    expect(withoutUrls("http://".repeat(2 ** 20))).to.contain("http://");
  });

  it("A18, A19: the command exits with 1, in 256 MB, says nothing but a line, and writes nothing", async () => {
    const hostile = { error: { code: -32000, message: `${ESCAPES} account present, every one checked` } };
    for (const [listener, reason] of [
      [json(200, hostile), /failed: \[2J.*every one checked \(HTTP status 200\)\n$/],
      [
        json(200, { code: -32005, message: "Too Many Requests", data: {} }),
        /failed: Too Many Requests \(HTTP status 200\)\n$/,
      ],
      [json(200, { jsonrpc: "2.0", id: 1 }), /neither a result nor an error \(HTTP status 200\)\n$/],
      [text(200, "[".repeat(60 * MB)), /deeper than 32/],
      [endless(`"${"a".repeat(1_000)}",`), /./],
    ] as const) {
      respond = listener;
      const run = await cli(
        ["prove", "--account", ACCOUNT, "--header", `X-Api-Key: ${SECRETS.header}`, "--timeout", "20"],
        {
          heap: 256,
          environment: { SETTLEMENT_GUARD_RPC_URL: url },
        },
      );
      expect([run.code, run.stdout], run.stderr).to.deep.equal([1, ""]);
      expect(run.stderr)
        .to.match(/^settlement-guard: [^\n]+\n$/)
        .and.to.match(reason);
      expect(run.stderr).not.to.match(OBEYED);
      expect(run.stderr).not.to.match(/does not know|undefined/);
    }
  });
});
