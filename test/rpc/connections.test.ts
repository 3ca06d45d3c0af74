import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";

import { expect } from "chai";
import { ethers } from "ethers";
import { network } from "hardhat";
import { createPublicClient, createTestClient, createWalletClient, custom, http } from "viem";
import { mainnet } from "viem/chains";

import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { Endpoint, type Loopback } from "../../src/forks/index.js";
import { prove } from "../../src/actions/prove.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { toRequest, type Connection, type Request } from "../../src/rpc/request.js";
import { rejected, thrown } from "../../tools/errors.js";

const ACCOUNT = `0x${"11".repeat(20)}`;

describe("Connections", function () {
  let hardhat: Awaited<ReturnType<typeof network.create>>;
  let request: Request;
  let endpoint: Loopback;
  let good: [name: string, connection: Connection][];
  let opened: { destroy(): unknown }[];

  before(async function () {
    hardhat = await network.create();
    request = (args) => hardhat.provider.request(args);
    endpoint = await new Endpoint({ request }).serve();
    for (let i = 0; i < 4; i++) await request({ method: "evm_mine" });

    const { url } = endpoint;
    const over = new ethers.JsonRpcProvider(url);
    const browser = new ethers.BrowserProvider({
      request: ({ method, params }) => request({ method, params: (params ?? []) as unknown[] }),
    });
    opened = [over, browser];
    good = [
      ["a request function", request],
      ["an EIP-1193 object", { request }],
      ["Hardhat 3's provider", hardhat.provider],
      ["hardhat-ethers' provider", hardhat.ethers.provider],
      ["ethers' JsonRpcProvider", over],
      ["ethers' BrowserProvider", browser],
      ["the provider of ethers' signer", (await browser.getSigner()).provider],
      ["ethers v5's provider", { send: (method: string, params: unknown[]) => request({ method, params }) }],
      ["viem's public client", createPublicClient({ transport: http(url) })],
      ["viem's wallet client", createWalletClient({ transport: custom(hardhat.provider) })],
      ["viem's test client", createTestClient({ mode: "hardhat", transport: http(url) })],
      ["viem's transport", createPublicClient({ transport: http(url) }).transport],
      ["what makes viem's transport", http(url) as never],
    ];
  });

  after(async function () {
    for (const each of opened) each.destroy();
    await endpoint.close();
  });

  it("F9: every client that is one endpoint gives an anchor and a proof", async function () {
    const anchor = await latestAnchor(request);
    for (const [name, connection] of good) {
      expect(await latestAnchor(connection), name).to.deep.equal(anchor);
      expect((await prove(connection, { anchor, account: ACCOUNT, slots: [1] })).anchor, name).to.include(anchor);
    }
  });

  it("F9: no client answers out of a cache: the anchor moves with each block", async function () {
    for (const [name, connection] of good) {
      const { number } = await latestAnchor(connection);
      await request({ method: "evm_mine" });
      expect((await latestAnchor(connection)).number, name).to.equal(number + 1n);
    }
  });

  it("F21: what is no connection is refused, before anything is sent, with what to give instead", async function () {
    const provider = opened[0] as ethers.JsonRpcProvider;
    const wallet = ethers.Wallet.createRandom();
    const bad: [value: unknown, sentence: RegExp][] = [
      ["https://rpc.example/k3y", /^it is a URL: give a provider made from it/],
      [new URL("https://rpc.example/k3y"), /^it is a URL: /],
      ["", /^it is a URL: /],
      [undefined, /^it is missing: give a provider/],
      [null, /^it is null: give a provider/],
      [5, /^it is a number: give a provider/],
      [5n, /^it is a bigint: /],
      [true, /^it is a boolean: /],
      [Symbol("x"), /^it is a symbol: /],
      [{}, /^it has neither request nor send: give a provider/],
      [[provider], /^it has neither request nor send: /],
      [{ request: "https://rpc.example" }, /^it has neither request nor send: /],
      [Promise.resolve(provider), /^it is a promise: await it first/],
      [ethers.JsonRpcProvider, /^it is a class: give an instance of it/],
      [wallet.connect(provider), /^it is a signer: give signer\.provider/],
      [(await hardhat.ethers.getSigners())[0], /^it is a signer: give signer\.provider/],
      [wallet, /^it is a signer or an account: give a provider/],
      [new ethers.FallbackProvider([provider]), /^it is a FallbackProvider, .*: give one of its providers/],
      [new ethers.Network("here", 1n), /^it describes a chain, .*: give a provider/],
      [mainnet, /^it describes a chain, .*: give a provider/],
    ];
    for (const [value, sentence] of bad) {
      const connection = value as Connection;
      for (const ask of [
        () => latestAnchor(connection),
        () => fetchHeader(connection, { block: "latest" }),
        () => prove(connection, { anchor: "latest", account: ACCOUNT }),
      ]) {
        const error = await rejected("INVALID_CONNECTION", ask());
        expect(error.details.reason).to.match(sentence);
        expect(inspect(error)).to.not.include("k3y");
      }
      thrown("INVALID_CONNECTION", () => toRequest(connection));
    }
  });
});

describe("Clients over HTTP", function () {
  const KEY = "k3y-0123456789abcdef";
  const SECRETS = /k3y|pass-w0rd/;
  let server: Server;
  let url: string;
  let status: number;
  let body: (id: unknown) => string;

  before(async function () {
    server = createServer((incoming, response) => {
      let text = "";
      incoming.on("data", (piece: Buffer) => (text += String(piece)));
      incoming.on("end", () => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(body((JSON.parse(text) as { id: unknown }).id));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/${KEY}?apikey=${KEY}`;
  });

  after(function () {
    server.close();
    server.closeAllConnections();
  });

  const bare: Request = async ({ method, params }) => {
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return ((await response.json()) as { result?: unknown }).result;
  };
  const envelope = (rest: object) => (id: unknown) => JSON.stringify({ jsonrpc: "2.0", id, ...rest });

  it("F9: what a node says is read through ethers and viem, and a gateway's refusal never is about the chain", async function () {
    const rpc = new ethers.JsonRpcProvider(url, 1, { staticNetwork: true });
    const viem = createPublicClient({ transport: http(url, { retryCount: 0 }) });
    const error = (code: number, message: string) => envelope({ error: { code, message } });
    const cases: [number, (id: unknown) => string, "BLOCK_NOT_FOUND" | "RPC_FAILED", RegExp][] = [
      [200, error(-32000, "finalized block not found"), "BLOCK_NOT_FOUND", /^finalized block not found$/],
      [200, error(-39001, "Unknown block"), "BLOCK_NOT_FOUND", /^Unknown block$/],
      [200, error(-32001, "Resource not found"), "BLOCK_NOT_FOUND", /^Resource not found$/],
      [200, error(-32000, "oops"), "RPC_FAILED", /^oops$/],
      [200, error(-32005, "limit exceeded"), "RPC_FAILED", /^limit exceeded$/],
      [200, error(-32601, "the method does not exist"), "RPC_FAILED", /^the method does not exist$/],
      [200, envelope({}), "RPC_FAILED", /without a result/],
      [403, () => '{"message":"Forbidden"}', "RPC_FAILED", /Forbidden/],
      [502, () => "<html><h1>Bad Gateway</h1></html>", "RPC_FAILED", /./],
      [200, () => '{"code":-32005,"message":"Too Many Requests"}', "RPC_FAILED", /./],
      [200, () => "no JSON", "RPC_FAILED", /./],
      [200, () => "[]", "RPC_FAILED", /./],
      [404, () => `Cannot POST /v3/${KEY}`, "RPC_FAILED", /./],
    ];
    for (const [code, answer, expected, words] of cases) {
      [status, body] = [code, answer];
      for (const connection of [rpc, viem]) {
        const caught = await rejected(expected, fetchHeader(connection, { block: "finalized" }));
        expect((caught.details as { reason: string }).reason).to.match(words);
        expect(caught.message).to.not.match(/undefined|\[object/);
        expect(inspect(caught, { depth: null, showHidden: true }) + String(caught.stack)).to.not.match(SECRETS);
      }
    }
    [status, body] = [403, () => '{"message":"Forbidden"}'];
    for (const connection of [rpc, viem])
      expect((await rejected("RPC_FAILED", latestAnchor(connection))).details.httpStatus).to.equal(403);
    rpc.destroy();
  });

  it("A18: no client's error shows a URL's key or password", async function () {
    const gone = url.replace(/:\d+\//, ":1/").replace("http://", "http://me:pass-w0rd@");
    const dead = `http://127.0.0.1:9/${KEY}`;
    [status, body] = [200, () => `<p>${KEY}</p>`.slice(0, 0)];
    const rpc = new ethers.JsonRpcProvider(dead, 1, { staticNetwork: true });
    for (const connection of [
      rpc,
      createPublicClient({ transport: http(dead, { retryCount: 0 }) }),
      createPublicClient({ transport: http(gone, { retryCount: 0 }) }),
      bare,
      () => fetch(gone),
      () => fetch(`nonsense://${KEY}`),
      () => fetch(`//${KEY}`),
    ]) {
      const error = await rejected("RPC_FAILED", fetchHeader(connection, { block: "latest" }));
      expect(inspect(error, { depth: null, showHidden: true }) + String(error.stack)).to.not.match(SECRETS);
    }
    rpc.destroy();
  });
});
