import { expect } from "chai";
import { network } from "hardhat";

import { toHex, type Hex } from "../../src/bytes.js";
import { readHeader } from "../../src/proof/header.js";
import { fetchHeader } from "../../src/rpc/block.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected } from "../helpers/errors.js";

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
    for (const block of [{ number: 2n }, { hash }, { hash: `0x${hash.slice(2).toUpperCase()}` as Hex }]) {
      const header = await fetchHeader(request, block);
      expect(header.number).to.equal(2n);
      expect(header.hash).to.equal(hash);
      expect(toHex(header.stateRoot)).to.equal(blocks[2]!["stateRoot"]);
      expect(readHeader(header.rlp, hash)).to.deep.equal(header);
    }
    expect((await fetchHeader(request, "latest")).number).to.equal(4n);
    expect((await fetchHeader(request, "earliest")).number).to.equal(0n);
  });

  it("asks for the header only, with strict parameters", async function () {
    const asked: unknown[] = [];
    const spy: Request = (args) => {
      asked.push(args);
      return request(args);
    };
    const hash = blocks[1]!["hash"] as Hex;
    await fetchHeader(spy, { number: 0n });
    await fetchHeader(spy, { hash });
    await fetchHeader(spy, "safe");
    expect(asked).to.deep.equal([
      { method: "eth_getBlockByNumber", params: ["0x0", false] },
      { method: "eth_getBlockByHash", params: [hash, false] },
      { method: "eth_getBlockByNumber", params: ["safe", false] },
    ]);
  });

  it("O8: null is a typed error of its own, evidence of nothing", async function () {
    for (const answer of [null, undefined]) {
      const { details } = await rejected("BLOCK_NOT_FOUND", fetchHeader(answering(answer), { number: 9n }));
      expect(details.block).to.equal("0x9");
    }
    await rejected("BLOCK_NOT_FOUND", fetchHeader(request, { hash: `0x${"12".repeat(32)}` }));
  });

  it("SG-15, O1: a header whose fields do not hash to its hash is refused, with both hashes", async function () {
    for (const field of ["stateRoot", "parentHash", "timestamp", "extraData"]) {
      const lie = { ...blocks[2], [field]: field === "timestamp" ? "0x7" : `0x${"ee".repeat(32)}` };
      const { details } = await rejected("HEADER_HASH_MISMATCH", fetchHeader(answering(lie), { number: 2n }));
      expect(details.claimed).to.equal(blocks[2]!["hash"]);
      expect(details.actual).not.to.equal(details.claimed);
    }
  });

  it("O3: another block's header is refused, however genuine, by number and by hash", async function () {
    const byNumber = await rejected("HEADER_NUMBER_MISMATCH", fetchHeader(answering(blocks[1]), { number: 2n }));
    expect(byNumber.details).to.deep.equal({ claimed: 2n, actual: 1n });
    const hash = blocks[2]!["hash"] as Hex;
    const byHash = await rejected("HEADER_HASH_MISMATCH", fetchHeader(answering(blocks[1]), { hash }));
    expect(byHash.details).to.deep.equal({ number: 1n, claimed: hash, actual: blocks[1]!["hash"] });
  });

  it("O13: answers that are no block are refused", async function () {
    for (const answer of [0, "0x", [], true, {}]) {
      await rejected("INVALID_HEADER", fetchHeader(answering(answer), "latest"));
    }
  });

  it("a hash that is none is refused before anything is asked", async function () {
    let asked = 0;
    const spy: Request = () => {
      asked++;
      return Promise.resolve(blocks[2]);
    };
    await rejected("INVALID_HEX", fetchHeader(spy, { hash: "0x12" }));
    expect(asked).to.equal(0);
  });

  it("a failing endpoint is a typed error that names the method", async function () {
    const failing: Request = () => Promise.reject(new TypeError("fetch failed"));
    const { details } = await rejected("RPC_FAILED", fetchHeader(failing, "latest"));
    expect(details).to.deep.equal({ method: "eth_getBlockByNumber", reason: "fetch failed" });
  });
});
