import { expect } from "chai";
import { inspect } from "node:util";

import { SettlementGuardError, type ErrorDetails } from "../../src/core/errors.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { refusalOf } from "../../src/rpc/refusal.js";
import { rejected } from "../../tools/errors.js";

type Failure = Partial<ErrorDetails["RPC_FAILED"]> & { reason: string };

const METHOD = "eth_getBlockByNumber";
const WORDLESS = "an error without a message";

const coded = (code: number, message: string): object => ({ code, message });
const throwing = (): object =>
  Object.defineProperties(
    { code: -32000 },
    {
      message: {
        get: () => {
          throw new Error("got you");
        },
      },
      cause: { get: () => "the only words" },
    },
  );
const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error("got you");
    },
    has: () => {
      throw new Error("got you");
    },
  },
);
const endless: { message: string; cause?: unknown } = { message: "round" };
endless.cause = { error: endless };

/** What is thrown at us, and what is to be read out of it. */
const THROWN: [what: string, thrown: unknown, failure: Failure][] = [
  ["an Error", new TypeError("fetch failed"), { reason: "fetch failed" }],
  ["text", "rate limited", { reason: "rate limited" }],
  ["nothing", undefined, { reason: WORDLESS }],
  ["null", null, { reason: WORDLESS }],
  ["a number", 429, { reason: "429" }],
  ["a boolean", false, { reason: WORDLESS }],
  ["a symbol", Symbol("x"), { reason: WORDLESS }],
  ["an empty object", {}, { reason: WORDLESS }],
  ["an empty list", [], { reason: WORDLESS }],
  ["an Error made of an object", new Error(String({})), { reason: WORDLESS }],
  ["an Error made of nothing", new Error(String(undefined)), { reason: WORDLESS }],
  ["an Error that quotes an object", new Error(`RPC error: ${String({})}`), { reason: "RPC error:" }],
  ["an Error that quotes nothing", new Error(`RPC error: ${String(undefined)}`), { reason: "RPC error:" }],
  ["a JSON-RPC error", coded(-32000, "oops"), { reason: "oops", rpcCode: -32000 }],
  ["a code as text", { code: "-32005", message: "slow down" }, { reason: "slow down", rpcCode: -32005 }],
  ["a code that is a name", { code: "SERVER_ERROR", message: "oops" }, { reason: "oops" }],
  ["a code alone", { code: -32000 }, { reason: WORDLESS, rpcCode: -32000 }],
  ["a null message", { code: -32000, message: null }, { reason: WORDLESS, rpcCode: -32000 }],
  ["a message that is an object", { message: { en: "oops" } }, { reason: WORDLESS }],
  [
    "nested data",
    { code: -32603, message: null, data: { message: "in here" } },
    { reason: "in here", rpcCode: -32603 },
  ],
  [
    "data as text",
    { ...coded(-32603, "Internal error"), data: "pruned" },
    { reason: "Internal error: pruned", rpcCode: -32603 },
  ],
  ["data in hexadecimal", { ...coded(3, "reverted"), data: "0x08c379a0" }, { reason: "reverted", rpcCode: 3 }],
  ["a list of errors", { errors: [{ message: "one" }, { message: "two" }] }, { reason: "one: two" }],
  ["a chain of causes", new Error("a.", { cause: new Error("b", { cause: "c" }) }), { reason: "a: b: c" }],
  [
    "causes around a JSON-RPC error",
    new Error("the client's words", { cause: { cause: coded(-32000, "the node's words") } }),
    { reason: "the node's words", rpcCode: -32000 },
  ],
  [
    "Node's error of two addresses",
    Object.assign(new AggregateError([new Error("connect ECONNREFUSED ::1:1")], ""), { code: "ECONNREFUSED" }),
    { reason: "(ECONNREFUSED): connect ECONNREFUSED ::1:1" },
  ],
  [
    "fetch's",
    new TypeError("fetch failed", {
      cause: Object.assign(new Error("Headers Timeout"), { code: "UND_ERR_HEADERS_TIMEOUT" }),
    }),
    { reason: "fetch failed: Headers Timeout (UND_ERR_HEADERS_TIMEOUT)" },
  ],
  ["getters that throw", throwing(), { reason: "the only words", rpcCode: -32000 }],
  ["a proxy that throws", hostile, { reason: WORDLESS }],
  ["a revoked proxy", (({ proxy, revoke }) => (revoke(), proxy))(Proxy.revocable({}, {})), { reason: WORDLESS }],
  ["causes in a circle", endless, { reason: "round" }],
  ["a body as text", { status: 403, body: '{"message":"Forbidden"}' }, { reason: "Forbidden", httpStatus: 403 }],
  ["RFC 9457", { title: "Too many", detail: "wait", status: 429 }, { reason: "wait", httpStatus: 429 }],
  [
    "axios",
    { message: "Request failed with status code 429", response: { status: 429, data: { error: "slow down" } } },
    { reason: "Request failed with status code 429: slow down", httpStatus: 429 },
  ],
  ["a status in words", new Error("HTTP error: status 503"), { reason: "HTTP error: status 503", httpStatus: 503 }],
  [
    "one of ours",
    new SettlementGuardError(
      "RPC_FAILED",
      { method: "x", reason: "ours", rpcCode: -32005, httpStatus: 429 },
      "x failed: ours",
    ),
    { reason: "ours", rpcCode: -32005, httpStatus: 429 },
  ],
  [
    "HTML",
    "<html><head><style>p{}</style><title>502 Bad Gateway</title></head><body>\n\tsorry</body></html>",
    { reason: "502 Bad Gateway sorry" },
  ],
  ["what a terminal acts on", "\u001b[2Ja\u009bb\u202ec\u2066d\ud800e\nf\u200b\u2028g", { reason: "[2Ja b c d e f g" }],
  ["too many words", "x".repeat(10_000), { reason: `${"x".repeat(500)}…` }],
];

/** What is answered to us and is no answer, and what is to be read out of it. */
const ANSWERED: [what: string, answer: unknown, failure: Failure][] = [
  ["nothing", undefined, { reason: "an answer without a result" }],
  [
    "an envelope",
    { jsonrpc: "2.0", id: 1, result: { hash: "0x" } },
    { reason: "a JSON-RPC envelope in place of its result" },
  ],
  [
    "an envelope of null",
    { jsonrpc: "2.0", id: 1, result: null },
    { reason: "a JSON-RPC envelope in place of its result" },
  ],
  ["an envelope without a result", { jsonrpc: "2.0", id: 1 }, { reason: "a JSON-RPC envelope in place of its result" }],
  ["envelopes", [{ jsonrpc: "2.0", id: 1, result: null }], { reason: "a JSON-RPC envelope in place of its result" }],
  ["an envelope with an error", { id: 1, error: coded(-32005, "limit") }, { reason: "limit", rpcCode: -32005 }],
  ["envelopes with an error", [{ id: 1, error: coded(-32005, "limit") }], { reason: "limit", rpcCode: -32005 }],
  ["an error that is text", { error: "no such key" }, { reason: "no such key" }],
  [
    "a gateway's refusal",
    { code: -32005, message: "Too Many Requests", data: {} },
    { reason: "Too Many Requests", rpcCode: -32005 },
  ],
  ["an error in a result's place", coded(-39001, "Unknown block"), { reason: "Unknown block", rpcCode: -39001 }],
  ["a refusal of words", { message: "Forbidden" }, { reason: "Forbidden" }],
  ["a refusal with its status", { statusCode: 403, message: "Forbidden" }, { reason: "Forbidden", httpStatus: 403 }],
  ["a refusal of null", { error: null, message: null }, { reason: "a JSON-RPC envelope in place of its result" }],
  ["text", "Forbidden", { reason: "Forbidden" }],
  ["JSON in text", '{"message":"Forbidden"}', { reason: "Forbidden" }],
  ["HTML", "<!DOCTYPE html><h1>Just a moment</h1>", { reason: "Just a moment" }],
  ["no text", "", { reason: WORDLESS }],
];

/** Nothing of these may be seen: a password, two keys, a query, a header's value. */
const SECRETS = /pass-w0rd|k3y|s3cret/;
const LEAKS: [what: string, said: string, left: string][] = [
  ["userinfo", "no route to https://me:pass-w0rd@rpc.example/", "no route to https://rpc.example"],
  ["a key in the path", "POST https://rpc.example:8545/v3/k3y failed", "POST https://rpc.example:8545 failed"],
  ["a query", "wss://rpc.example?apikey=k3y&x=s3cret.", "wss://rpc.example."],
  ["a quote in a path", "no https://rpc.example/v3/ab's3cretKEY0123456789abc there", "no https://rpc.example there"],
  ["mark-up in a path", "no https://rpc.example/<b>s3cretKEY0123456789abc there", "no https://rpc.example there"],
  ["a host without a scheme", "rpc.example/v3/s3cretKEY0123456789abc is down", "rpc.example/… is down"],
  ["a path behind a bracket", "POST [/v3/s3cretKEY0123456789abc]", "POST [/…]"],
  ["another scheme", "Authorization: Token s3cretKEY0123456789abc", "Authorization: …"],
  ["a cookie", "cookie: session=s3cret", "cookie: …"],
  ["a key in words", "invalid API key s3cretKEY0123456789abc", "invalid API key …"],
  ["a URL in JSON", 'at "https:\\/\\/rpc.example\\/k3y"', 'at "https://rpc.example"'],
  ["a URL that is none", "Invalid URL: https://me:pass-w0rd@:x/k3y", "Invalid URL: https:///…"],
  ["a path", "Cannot POST /v3/k3y?x=s3cret", "Cannot POST /…"],
  ["a header", "bad Authorization: Bearer s3cret", "bad Authorization: …"],
  ["a token", "Bearer s3crets3crets3cret refused", "Bearer … refused"],
  ["a parameter", "invalid api_key=k3y", "invalid api_key=…"],
];

describe("What came instead of an answer", function () {
  const failureOf = async (request: () => Promise<unknown>): Promise<SettlementGuardError<"RPC_FAILED">> => {
    const error = await rejected("RPC_FAILED", fetchHeader(request, { block: "latest" }));
    expect(error.message).to.not.match(/undefined|\[object/);
    return error;
  };

  it("is read out of whatever is thrown: the words, the code, the status", async function () {
    for (const [what, thrown, failure] of THROWN) {
      const { details } = await failureOf(() => Promise.reject(thrown));
      expect(details, what).to.deep.equal({ method: METHOD, ...failure });
    }
  });

  it("O8: is read out of answers that are none, and is never a word about the chain", async function () {
    for (const [what, answer, failure] of ANSWERED) {
      const { details } = await failureOf(() => Promise.resolve(answer));
      expect(details, what).to.deep.equal({ method: METHOD, ...failure });
    }
  });

  it("is thrown at once as well as later", async function () {
    const { details } = await failureOf(() => {
      throw new Error("at once");
    });
    expect(details.reason).to.equal("at once");
  });

  it("A18: shows no password, key, query or header's value, in no part of the error", async function () {
    for (const [what, said, left] of LEAKS) {
      const thrown = Object.assign(new Error(said, { cause: new Error(said) }), {
        url: said,
        requestBody: said,
        headers: { authorization: said },
        request: { url: said },
      });
      for (const error of [
        await failureOf(() => Promise.reject(thrown)),
        await failureOf(() => Promise.resolve({ message: said })),
      ]) {
        expect(error.details.reason, what).to.equal(left);
        expect(inspect(error, { depth: null, showHidden: true }) + String(error.stack), what).to.not.match(SECRETS);
      }
    }
  });

  it("takes of the longest words what it shows, and ends", function () {
    const long = 2 ** 20;
    for (const piece of ["a", "<script>", "a://", "/", "key=", "bearer ", " ", "{", "https:\\/\\/"]) {
      const { reason } = refusalOf({ message: piece.repeat(long / piece.length), body: `{${piece}`.repeat(long / 4) });
      expect([...reason].length, piece).to.be.within(1, 501);
    }
  });
});
