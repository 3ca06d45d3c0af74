import { expect } from "chai";
import { network } from "hardhat";

import { type Hex } from "../../src/core/bytes.js";
import { readHeader } from "../../src/header/header.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected } from "../../tools/errors.js";

type Block = Record<string, unknown>;

describe("fetchHeader", function () {
  let request: Request;
  let blocks: Block[];

  before(async function () {
    const { provider } = await network.create();
    request = (args) => provider.request(args);
    for (let i = 0; i < 4; i++) await request({ method: "evm_mine" });
    const block = (i: number): Promise<unknown> =>
      request({ method: "eth_getBlockByNumber", params: [`0x${i.toString(16)}`, false] });
    blocks = (await Promise.all([0, 1, 2, 3, 4].map(block))) as Block[];
  });

  /** An endpoint that answers whatever it is asked with one thing. */
  const answering =
    (answer: unknown): Request =>
    () =>
      Promise.resolve(answer);

  it("fetches by number, by hash and by tag, and returns a header whose hash is that of its bytes", async function () {
    const hash = blocks[2]!["hash"] as Hex;
    const upper: string = `0x${hash.slice(2).toUpperCase()}`;
    for (const block of [2n, 2, { number: 2n }, { number: 2 }, { hash }, { hash: upper }, { number: 2n, hash }]) {
      const header = await fetchHeader(request, { block });
      expect(header.number).to.equal(2n);
      expect(header.hash).to.equal(hash);
      expect(header.stateRoot).to.equal(blocks[2]!["stateRoot"]);
      expect(readHeader(header.rlp, hash)).to.deep.equal(header);
    }
    expect((await fetchHeader(request, { block: "latest" })).number).to.equal(4n);
    expect((await fetchHeader(request, { block: "earliest" })).number).to.equal(0n);
  });

  it("asks for the header only, with strict parameters", async function () {
    const asked: unknown[] = [];
    const spy: Request = (args) => {
      asked.push(args);
      return request(args);
    };
    const hash = blocks[1]!["hash"] as Hex;
    await fetchHeader(spy, { block: { number: 0n } });
    await fetchHeader(spy, { block: { hash } });
    await fetchHeader(spy, { block: "safe" });
    expect(asked).to.deep.equal([
      { method: "eth_getBlockByNumber", params: ["0x0", false] },
      { method: "eth_getBlockByHash", params: [hash, false] },
      { method: "eth_getBlockByNumber", params: ["safe", false] },
    ]);
  });

  it("O8: null is a typed error of its own, evidence of nothing", async function () {
    const { details } = await rejected("BLOCK_NOT_FOUND", fetchHeader(answering(null), { block: { number: 9n } }));
    expect(details).to.deep.equal({ block: "0x9" });
    await rejected("RPC_FAILED", fetchHeader(answering(undefined), { block: { number: 9n } }));
    await rejected("BLOCK_NOT_FOUND", fetchHeader(request, { block: { hash: `0x${"12".repeat(32)}` } }));
  });

  it("SG-15, O1: a header whose fields do not hash to its hash is refused, with both hashes", async function () {
    for (const field of ["stateRoot", "parentHash", "timestamp", "extraData"]) {
      const lie = { ...blocks[2], [field]: field === "timestamp" ? "0x7" : `0x${"ee".repeat(32)}` };
      const { details } = await rejected(
        "HEADER_HASH_MISMATCH",
        fetchHeader(answering(lie), { block: { number: 2n } }),
      );
      expect(details.claimed).to.equal(blocks[2]!["hash"]);
      expect(details.actual).not.to.equal(details.claimed);
    }
  });

  it("O3: another block's header is refused, however genuine, by number and by hash", async function () {
    const byNumber = await rejected(
      "HEADER_NUMBER_MISMATCH",
      fetchHeader(answering(blocks[1]), { block: { number: 2n } }),
    );
    expect(byNumber.details).to.deep.equal({ claimed: 2n, actual: 1n });
    const hash = blocks[2]!["hash"] as Hex;
    const byHash = await rejected("HEADER_HASH_MISMATCH", fetchHeader(answering(blocks[1]), { block: { hash } }));
    expect(byHash.details).to.deep.equal({ number: 1n, claimed: hash, actual: blocks[1]!["hash"] });
  });

  it("O13: answers that are no block are refused", async function () {
    for (const answer of [0, "0x", [], true, {}, { number: "0x9", message: "no block, but one of its fields" }]) {
      await rejected("INVALID_HEADER", fetchHeader(answering(answer), { block: "latest" }));
    }
  });

  it("F22: what names no block, or has another option, is refused before anything is asked", async function () {
    let asked = 0;
    const spy: Request = () => {
      asked++;
      return Promise.resolve(blocks[2]);
    };
    const hash = blocks[2]!["hash"] as Hex;
    await rejected("INVALID_HEX", fetchHeader(spy, { block: { hash: "0x12" } }));
    await rejected("INVALID_HEX", fetchHeader(spy, { block: { hash: 12 } as never }));
    for (const block of [
      ...[undefined, null, true, "", "pending", "0x2", hash, NaN, 1.5, -1, 2 ** 53, -1n, 2n ** 64n, [], {}],
      ...[
        { number: undefined },
        { number: "2" },
        { number: 1.5 },
        { number: 2n, stateRoot: hash },
        { hash, height: 2n },
      ],
      { hash: `0x${"00".repeat(32)}` },
    ]) {
      const { message } = await rejected("INVALID_ANCHOR", fetchHeader(spy, { block: block as never }));
      expect(message).to.match(/: a block is a number, \{ number \}, /);
    }
    for (const options of [{ timeOut: 5 }, { timeout: 0 }, { timeout: NaN }, { timeout: "5" }, { timeout: 2 ** 31 }])
      await rejected("INVALID_OPTION", fetchHeader(spy, { block: 2n, ...options } as never));
    for (const options of [undefined, null, 5, "latest", 2n])
      await rejected("INVALID_OPTION", fetchHeader(spy, options as never));
    expect(asked).to.equal(0);
  });

  it("waits no longer than it is told", async function () {
    const silent: Request = () => new Promise(() => undefined);
    const { details } = await rejected("RPC_FAILED", fetchHeader(silent, { block: "latest", timeout: 20 }));
    expect(details.reason).to.equal("no answer within 20 ms");
  });

  it("leaves no timer behind, which would keep the process from ending", async function () {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const running = new Set<unknown>();
    let started = 0;
    globalThis.setTimeout = ((...args: Parameters<typeof set>) => {
      const timer = set(...args);
      if (args[1] === 12_345) {
        running.add(timer);
        started++;
      }
      return timer;
    }) as typeof set;
    globalThis.clearTimeout = (timer) => {
      running.delete(timer);
      clear(timer);
    };
    try {
      await fetchHeader(request, { block: "latest", timeout: 12_345 });
      await rejected("BLOCK_NOT_FOUND", fetchHeader(answering(null), { block: "latest", timeout: 12_345 }));
      expect([started, running.size]).to.deep.equal([2, 0]);
    } finally {
      Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    }
  });

  it("a failing endpoint is a typed error that names the method", async function () {
    const failing: Request = () => Promise.reject(new TypeError("fetch failed"));
    const { details } = await rejected("RPC_FAILED", fetchHeader(failing, { block: "latest" }));
    expect(details).to.deep.equal({ method: "eth_getBlockByNumber", reason: "fetch failed" });
  });
});
