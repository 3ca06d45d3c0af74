import { inspect } from "node:util";

import { expect } from "chai";
import { ethers } from "ethers";
import { network } from "hardhat";
import { createPublicClient, custom } from "viem";

import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { prove } from "../../src/actions/prove.js";
import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { revertDataOf } from "../../src/explain/revertData.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { quorum, type QuorumOptions } from "../../src/rpc/quorum.js";
import { toRequest, type Connection, type Request } from "../../src/rpc/request.js";
import { rejected, thrown } from "../../tools/errors.js";
import { blockAt } from "../../tools/forks.js";

type Args = Parameters<Request>[0];

const VAULT: Hex = "0x00000000000000000000000000000000000a1107";
/** Reverts with its calldata. */
const REVERTER: Hex = "0x00000000000000000000000000000000000f00d5";
const REVERTING_CODE = "0x365f5f37365ffd"; // calldatacopy(0, 0, size); revert(0, size)
const KEY = "k3y-0123456789abcdef";
const HEAD = 10n;
const SPLIT = 6n;

describe("quorum", function () {
  let chain: HardhatChain;
  let other: HardhatChain;

  before(async function () {
    const chains = await hardhatForks(network).partition({ commonBlocks: Number(SPLIT), prepare });
    [chain, other] = chains as [HardhatChain, HardhatChain];
    for (const each of chains) await each.mine(Number(HEAD - SPLIT));
  });
  after(async function () {
    await chain.close();
    await other.close();
  });

  async function prepare(first: HardhatChain): Promise<void> {
    const set = (method: string, ...params: unknown[]): Promise<unknown> => first.request({ method, params });
    await set("hardhat_setCode", VAULT, "0x00");
    await set("hardhat_setStorageAt", VAULT, "0x7", toWord(700n));
    await set("hardhat_setCode", REVERTER, REVERTING_CODE);
  }

  // --- endpoints ---

  /** The chain as a node knows it that has reached `height` alone. */
  const behind = (height: bigint, on: () => HardhatChain = () => chain): Request =>
    on().rpc("behind", { lag: Number(HEAD - height) }).request;
  const ours: Request = (args) => chain.request(args);
  const theirs: Request = (args) => other.request(args);
  const failing =
    (error: unknown): Request =>
    () =>
      Promise.reject(error);
  const answering =
    (answer: unknown): Request =>
    () =>
      Promise.resolve(answer);
  const hanging: Request = () => new Promise(() => undefined);
  const page = `<html><body>502 Bad Gateway https://user:pass@rpc.example/v3/${KEY}</body></html>`;

  /** An endpoint that answers some methods with something else. */
  const bent =
    (bend: (answer: unknown, args: Args) => unknown, base: Request = ours): Request =>
    async (args) =>
      bend(structuredClone(await base(args)), args);
  /** An endpoint whose blocks have other members. */
  const bentBlocks = (members: Record<string, unknown>, base?: Request): Request =>
    bent(
      (answer, { method }) => (method.startsWith("eth_getBlockBy") ? { ...(answer as object), ...members } : answer),
      base,
    );
  /** The endpoint, and what it is asked. */
  const counted = (base: Request): { request: Request; asked: Args[] } => {
    const asked: Args[] = [];
    return {
      asked,
      request: (args) => {
        asked.push(args);
        return base(args);
      },
    };
  };
  /** Endpoints that are objects of their own, however alike. */
  const joined = (requests: readonly Request[], options: QuorumOptions = {}): Connection =>
    quorum(
      requests.map((request) => ({ request })),
      { timeout: 60_000, ...options },
    );
  const ask = (connection: Connection, method: string, ...params: unknown[]): Promise<unknown> =>
    toRequest(connection)({ method, params });

  // --- blocks ---

  it("two headers at one height are an error with both headers and the endpoints, whatever the majority says", async function () {
    const connection = joined([ours, theirs, ours]);
    const { details, message } = await rejected("ENDPOINTS_DISAGREE", fetchHeader(connection, { block: HEAD }));
    const [a, b] = [await blockAt(chain, HEAD), await blockAt(other, HEAD)];
    expect(details.sides.map(({ endpoints, header }) => [endpoints, header!.number, header!.hash])).to.deep.equal([
      [[0, 2], HEAD, a.hash],
      [[1], HEAD, b.hash],
    ]);
    // By another implementation: the evidence stands by itself.
    for (const { header } of details.sides) expect(ethers.keccak256(header!.rlp)).to.equal(header!.hash);
    expect(message).to.include("endpoints 0, 2").and.include("endpoint 1");
    expect((await fetchHeader(connection, { block: SPLIT })).hash).to.equal((await blockAt(chain, SPLIT)).hash);
  });

  it("an endpoint on the branch that the others dropped is a disagreement by tag, and knows no block of ours by hash", async function () {
    const connection = joined([ours, theirs, ours]);
    await rejected("ENDPOINTS_DISAGREE", latestAnchor(connection, { depth: 1 }));
    await rejected("ENDPOINTS_DISAGREE", fetchHeader(connection, { block: "latest" }));
    const { hash } = await blockAt(chain, HEAD);
    expect((await fetchHeader(connection, { block: { hash } })).hash).to.equal(hash);
  });

  it("a disagreement is seen although enough endpoints answered, and the one that contradicts comes last", async function () {
    const slow: Request = async (args) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return theirs(args);
    };
    await rejected("ENDPOINTS_DISAGREE", fetchHeader(joined([ours, ours, slow]), { block: HEAD }));
  });

  it("hashes are computed here: whoever alters a field under the genuine hash contradicts, with what it made up", async function () {
    const liar = bentBlocks({ stateRoot: toWord(1n) });
    const { details } = await rejected("ENDPOINTS_DISAGREE", fetchHeader(joined([ours, liar, ours]), { block: HEAD }));
    const [genuine, made] = details.sides.map(({ header }) => header!);
    expect(genuine!.hash).to.equal((await blockAt(chain, HEAD)).hash);
    expect(made!.hash).to.equal(ethers.keccak256(made!.rlp)).and.not.equal(genuine!.hash);
    expect(details.sides[1]!.endpoints).to.deep.equal([1]);
  });

  it("hashes are computed here: a false `hash` beside genuine fields changes nothing, and is not handed on", async function () {
    const liar = bentBlocks({ hash: toWord(5n) });
    const { hash } = await blockAt(chain, HEAD);
    for (const endpoints of [
      [liar, ours, ours],
      [ours, liar],
    ])
      expect((await fetchHeader(joined(endpoints), { block: HEAD })).hash).to.equal(hash);
    // Where all lie alike, the caller's own check is left.
    await rejected("HEADER_HASH_MISMATCH", fetchHeader(joined([liar, liar]), { block: HEAD }));
  });

  it("hands on no member of a block beside its header in which the endpoints differ", async function () {
    const forged = bentBlocks({ transactions: [toWord(9n)], size: "0x1" });
    const block = (await ask(joined([forged, ours, ours]), "eth_getBlockByNumber", toQuantity(HEAD), false)) as object;
    expect(block).to.include(
      await blockAt(chain, HEAD).then(({ hash, stateRoot, number }) => ({ hash, stateRoot, number })),
    );
    expect(block).not.to.have.any.keys("transactions", "size");
    const agreed = await ask(joined([ours, ours]), "eth_getBlockByNumber", toQuantity(HEAD), false);
    expect(agreed).to.deep.equal(await ours({ method: "eth_getBlockByNumber", params: [toQuantity(HEAD), false] }));
  });

  it("O19: an endpoint that is one block behind lags, and is no disagreement", async function () {
    const connection = joined([ours, behind(HEAD - 1n), ours]);
    expect(await ask(connection, "eth_blockNumber")).to.equal(toQuantity(HEAD));
    for (const block of ["latest", HEAD] as const)
      expect((await fetchHeader(connection, { block })).number).to.equal(HEAD);
    const all = joined([ours, behind(HEAD - 1n), ours], { agree: 3 });
    expect((await fetchHeader(all, { block: "latest" })).number).to.equal(HEAD - 1n);
  });

  it("a block that enough endpoints do not know is null, by number, by hash and by tag, however they word it", async function () {
    const worded = failing({ code: -32000, message: "header not found" });
    const connection = joined([ours, behind(HEAD - 1n), worded]);
    expect(await ask(connection, "eth_getBlockByNumber", toQuantity(HEAD), false)).to.equal(null);
    await rejected("BLOCK_NOT_FOUND", fetchHeader(connection, { block: { hash: (await blockAt(chain, HEAD)).hash } }));
    await rejected("BLOCK_NOT_FOUND", fetchHeader(joined([worded, worded]), { block: "finalized" }));
  });

  it("the head is the greatest height that `agree` endpoints have reached", async function () {
    const endpoints = [behind(9n), behind(4n), behind(10n), behind(7n), answering("0xffffffff")];
    const heights: (bigint | number)[] = [0xffffffff, 10n, 9n, 7n, 4n];
    for (const [i, height] of heights.entries())
      expect(await ask(joined(endpoints, { agree: i + 1 }), "eth_blockNumber")).to.equal(toQuantity(height));
    expect(await ask(joined(endpoints), "eth_blockNumber")).to.equal("0x9");
  });

  it("a tag is the greatest height that `agree` endpoints have reached, and those above are asked for that number", async function () {
    const first = counted(ours);
    const endpoints = [behind(HEAD - 1n), first.request, behind(HEAD - 3n)];
    for (const [agree, height] of [
      [1, HEAD],
      [2, HEAD - 1n],
      [3, HEAD - 3n],
    ] as const) {
      first.asked.length = 0;
      expect((await fetchHeader(joined(endpoints, { agree }), { block: "latest" })).number).to.equal(height);
      const asked = first.asked.map(({ params }) => params![0]);
      expect(asked).to.deep.equal(agree === 1 ? ["latest"] : ["latest", toQuantity(height)]);
    }
  });

  it("where the endpoints above do not answer for that number, a tag is the next height that enough have", async function () {
    // A balancer: its tip is one node's, all other answers are another's.
    const above: Request = (args) => (args.params?.[0] === "latest" ? ours(args) : behind(HEAD - 2n)(args));
    const connection = joined([above, behind(HEAD - 1n), behind(HEAD - 2n)]);
    expect((await fetchHeader(connection, { block: "latest" })).number).to.equal(HEAD - 2n);
  });

  it("a block of another height or hash than was asked for is no answer", async function () {
    const stuck = bent((answer, { method }) => (method === "eth_blockNumber" ? answer : blockAt(chain, 3n)));
    const { details } = await rejected("QUORUM_MISSED", fetchHeader(joined([ours, stuck]), { block: HEAD }));
    expect(details.said[1]!.reason).to.match(/^it answered with block 3 \(0x/);
    const { hash } = await blockAt(chain, HEAD);
    await rejected("QUORUM_MISSED", fetchHeader(joined([ours, stuck]), { block: { hash } }));
  });

  // --- silence ---

  it("who fails, hangs or answers garbage is silent: the others suffice, and too few are an error that says what each said", async function () {
    const failure = new TypeError(`fetch failed: https://user:pass@rpc.example/v3/${KEY}`);
    const silent: [Request, RegExp][] = [
      [failing(failure), /^fetch failed: https:\/\/rpc\.example/],
      [failing({ code: -32005, message: "limit exceeded" }), /^limit exceeded$/],
      [hanging, /^no answer within 1000 ms$/],
      [answering(page), /502 Bad Gateway/],
      [answering(undefined), /^an answer without a result$/],
      [answering({}), /block field/],
      [answering({ number: "0xa" }), /block field/],
    ];
    for (const [request, reason] of silent) {
      // On a busy machine an honest one takes a while.
      const options = request === hanging ? { timeout: 1_000 } : {};
      expect((await fetchHeader(joined([ours, request, ours], options), { block: HEAD })).number).to.equal(HEAD);
      const error = await rejected("QUORUM_MISSED", fetchHeader(joined([ours, request], options), { block: HEAD }));
      expect(error.details).to.include({ method: "eth_getBlockByNumber", agree: 2 });
      expect(error.details.said[0]).to.deep.equal({ endpoint: 0, reason: "it answered" });
      expect(error.details.said[1]!.reason).to.match(reason);
      for (const secret of [KEY, "user", "pass"]) expect(inspect(error, { depth: 9 })).to.not.include(secret);
    }
  });

  it("by default a strict majority must agree, and all of two", async function () {
    const bad = failing(new TypeError("down"));
    for (const [good, all, isEnough] of [
      [1, 2, false],
      [2, 3, true],
      [2, 4, false],
      [3, 4, true],
      [3, 5, true],
    ] as const) {
      const endpoints = Array.from({ length: all }, (_, i) => (i < good ? ours : bad));
      const asked = ask(joined(endpoints), "eth_chainId");
      if (isEnough) expect(await asked, `${good} of ${all}`).to.equal("0x7a69");
      else await rejected("QUORUM_MISSED", asked);
    }
  });

  it("of chain ids two are an error", async function () {
    const elsewhere = bent((answer, { method }) => (method === "eth_chainId" ? "0x1" : answer));
    const { details } = await rejected("ENDPOINTS_DISAGREE", ask(joined([ours, ours, elsewhere]), "eth_chainId"));
    expect(details.sides).to.deep.equal([
      { endpoints: [0, 1], answer: '"0x7a69"' },
      { endpoints: [2], answer: '"0x1"' },
    ]);
  });

  // --- proofs ---

  it("a proof comes from one endpoint, from the next where that fails, and from the next where the caller refused it", async function () {
    const bad = failing({ code: -32000, message: "missing trie node" });
    const noProofs: Request = (args) => (args.method === "eth_getProof" ? bad(args) : ours(args));
    const lying = bent((answer, { method }) =>
      method === "eth_getProof" ? { ...(answer as object), balance: "0x5" } : answer,
    );
    const last = counted(ours);
    const connection = joined([noProofs, lying, last.request]);
    const options = { anchor: HEAD, account: VAULT, slots: [7n, 8n, 9n], slotsPerRequest: 1 };
    await rejected("PROOF_FIELD_MISMATCH", prove(connection, options));
    let proven: Awaited<ReturnType<typeof prove>> | undefined;
    for (let i = 0; i < 2 && proven === undefined; i++)
      proven = await prove(connection, options).catch(() => undefined);
    expect(proven!.slots.map(({ value }) => value).sort()).to.deep.equal([0n, 0n, 700n]);
    // All of the proof is of one endpoint: parts of a liar's would spoil each attempt.
    expect(last.asked.filter(({ method }) => method === "eth_getProof")).to.have.length(3);
  });

  it("endpoints that take no block hash for a proof are asked by number, as one alone is", async function () {
    const old: Request = (args) =>
      args.method === "eth_getProof" && typeof args.params![2] === "object"
        ? Promise.reject(new TypeError("json: cannot unmarshal object into Go value of type string"))
        : ours(args);
    const { slots } = await prove(joined([old, old]), { anchor: HEAD, account: VAULT, slots: [7n] });
    expect(slots[0]!.value).to.equal(700n);
    const none = failing({ code: -32000, message: "missing trie node" });
    const { details } = await rejected("QUORUM_MISSED", ask(joined([none, none]), "eth_getProof", VAULT, [], "0x5"));
    expect(details.said.map(({ endpoint, reason }) => [endpoint, reason])).to.deep.equal([
      [0, "missing trie node"],
      [1, "missing trie node"],
    ]);
  });

  // --- other reads ---

  it("other reads must be equal, whatever the order of members and the case of digits", async function () {
    const slot = ["eth_getStorageAt", VAULT, "0x7", toQuantity(HEAD)] as const;
    const loud = bent((answer) => (typeof answer === "string" ? `0x${answer.slice(2).toUpperCase()}` : answer));
    expect(BigInt((await ask(joined([ours, loud, ours]), ...slot)) as Hex)).to.equal(700n);
    const liar = bent((answer, { method }) => (method === "eth_getStorageAt" ? toWord(1n) : answer));
    const { details } = await rejected("ENDPOINTS_DISAGREE", ask(joined([ours, ours, liar]), ...slot));
    expect(details.sides[1]).to.deep.equal({ endpoints: [2], answer: JSON.stringify(toWord(1n)) });
    for (const method of ["eth_getCode", "eth_getBalance", "eth_getTransactionCount"])
      expect(await ask(joined([ours, ours]), method, VAULT, "latest")).to.equal(
        await ours({ method, params: [VAULT, "latest"] }),
      );
  });

  it("O16: an answer that is nested without end is silence, and no reason to fail", async function () {
    const deep = chain.rpc("deep", { huge: "nested" }).request;
    const questions: [method: string, ...params: unknown[]][] = [
      ["eth_getCode", VAULT, "latest"],
      ["eth_getBlockByNumber", "latest", false],
      ["eth_getLogs", {}],
    ];
    for (const question of questions)
      expect(await ask(joined([deep, ours, ours]), ...question)).to.deep.equal(await ask(ours, ...question));
    const { details } = await rejected("QUORUM_MISSED", ask(joined([deep, ours]), "eth_getCode", VAULT, "0x1"));
    expect(details.said[0]!.reason).to.match(/the answer is nested more than 64 deep$/);
  });

  it("a read of a tag is one of the number that it means, so that lag is no disagreement", async function () {
    const [one, two] = [counted(ours), counted(behind(HEAD - 1n))];
    const connection = joined([one.request, two.request]);
    for (const which of ["latest", undefined, "safe", "finalized"]) {
      one.asked.length = 0;
      two.asked.length = 0;
      await ask(connection, "eth_getCode", VAULT, ...(which === undefined ? [] : [which]));
      const asked = [one, two].map(({ asked: all }) => all.find(({ method }) => method === "eth_getCode")!.params![1]);
      expect(asked[0], which).to.match(/^0x/).and.equal(asked[1]);
      if (which === "latest" || which === undefined) expect(asked[0]).to.equal(toQuantity(HEAD - 1n));
    }
  });

  it("a revert is an answer, with its data; two reverts are a disagreement", async function () {
    const call = { to: REVERTER, data: "0xdeadbeef" };
    const error = await rejected("RPC_FAILED", ask(joined([ours, ours]), "eth_call", call, toQuantity(HEAD)));
    expect(revertDataOf(error)).to.equal("0xdeadbeef");
    expect(error.details.rpcCode).to.equal(3);
    const calm = bent(
      (answer) => answer,
      (args) => (args.method === "eth_call" ? Promise.resolve("0x") : ours(args)),
    );
    await rejected("ENDPOINTS_DISAGREE", ask(joined([ours, ours, calm]), "eth_call", call, toQuantity(HEAD)));
  });

  it("logs are not asked of who has not reached the range's end, and compared by what every client says", async function () {
    const log = { address: VAULT, topics: [], data: "0x", blockNumber: "0x5", logIndex: "0x0", removed: false };
    const withLogs = (logs: unknown[], base: Request): Request =>
      bent((answer, { method }) => (method === "eth_getLogs" ? logs : answer), base);
    const late = withLogs([], behind(HEAD - 1n));
    const extra = withLogs([{ ...log, blockTimestamp: "0x1" }], ours);
    const filter = { address: VAULT, fromBlock: "0x1", toBlock: toQuantity(HEAD) };
    expect(await ask(joined([extra, withLogs([log], ours), late]), "eth_getLogs", filter)).to.deep.equal([log]);
    const { details } = await rejected("QUORUM_MISSED", ask(joined([extra, late]), "eth_getLogs", filter));
    expect(details.said[1]!.reason).to.equal(`it is at block ${HEAD - 1n}, before ${HEAD}`);
    await rejected("ENDPOINTS_DISAGREE", ask(joined([extra, withLogs([], ours)]), "eth_getLogs", filter));
  });

  // --- transactions, and what is refused ---

  it("a raw transaction is sent to all, and the first hash that is the transaction's wins", async function () {
    const raw = "0x02c0";
    const hash = ethers.keccak256(raw);
    const takers = [failing(new TypeError("down")), answering(toWord(1n)), answering(hash), hanging].map(counted);
    const connection = joined(takers.map(({ request }) => request));
    expect(await ask(connection, "eth_sendRawTransaction", raw)).to.equal(hash);
    expect(takers.map(({ asked }) => asked.length)).to.deep.equal([1, 1, 1, 1]);
    const { details } = await rejected(
      "QUORUM_MISSED",
      ask(joined([answering(toWord(1n)), failing(new TypeError("down"))]), "eth_sendRawTransaction", raw),
    );
    expect(details.said.map(({ endpoint }) => endpoint)).to.deep.equal([0, 1]);
    expect(details.said[0]!.reason).to.include(hash);
  });

  it("a receipt must be equal, and is null while enough endpoints do not know it", async function () {
    const receipt = { transactionHash: toWord(3n), status: "0x1", logs: [] };
    const [known, unknown] = [answering({ ...receipt, l1Fee: "0x1" }), answering(null)];
    const method = "eth_getTransactionReceipt";
    expect(await ask(joined([known, answering(receipt), unknown]), method, toWord(3n))).to.deep.equal(receipt);
    expect(await ask(joined([known, unknown, unknown]), method, toWord(3n))).to.equal(null);
    const failed = answering({ ...receipt, status: "0x0" });
    await rejected("ENDPOINTS_DISAGREE", ask(joined([known, failed]), method, toWord(3n)));
  });

  it("refuses by name what it does not understand, and sends nothing", async function () {
    const { request, asked } = counted(ours);
    const connection = joined([request, ours]);
    for (const method of ["eth_sendTransaction", "eth_gasPrice", "evm_mine", "debug_traceCall", "constructor"]) {
      const { details, message } = await rejected("METHOD_REFUSED", ask(connection, method));
      expect(details.method).to.equal(method);
      expect(message).to.include(method);
    }
    await rejected("METHOD_REFUSED", ask(connection, "eth_getBlockByNumber", "pending", false));
    await rejected("METHOD_REFUSED", ask(connection, "eth_call", { to: VAULT }, "pending"));
    expect(asked).to.deep.equal([]);
  });

  it("refuses fewer than two endpoints, one that is there twice, what is none, and options that cannot be", function () {
    const one = { request: ours };
    const bad: [unknown, RegExp][] = [
      [[], /two connections at least, not 0/],
      [[one], /two connections at least, not 1/],
      [[one, one], /twice/],
      [one, /a list/],
      [[one, "https://rpc.example"], /it is a URL/],
    ];
    for (const [connections, reason] of bad)
      expect(thrown("INVALID_CONNECTION", () => quorum(connections as never)).details.reason).to.match(reason);
    const two = [one, { request: theirs }];
    for (const options of [{ agree: 0 }, { agree: 3 }, { agree: 1.5 }, { agrees: 2 }, { timeout: 0 }])
      thrown("INVALID_OPTION", () => quorum(two, options as never));
  });

  // --- end to end ---

  it("latestAnchor and prove work on a quorum, through viem and ethers as well, with one endpoint silent", async function () {
    const anchor = await latestAnchor(chain);
    const connection = joined([ours, failing(new TypeError("down")), behind(HEAD - 1n)]);
    expect(await latestAnchor(connection, { depth: 1 })).to.deep.equal(anchor);
    const { slots, header } = await prove(connection, { anchor, account: VAULT, slots: [7n] });
    expect(slots[0]!.value).to.equal(700n);
    expect(ethers.keccak256(header)).to.equal(anchor.hash);

    const provider = quorum([{ request: ours }, { request: behind(HEAD) }]);
    const viem = createPublicClient({ transport: custom(provider) });
    const browser = new ethers.BrowserProvider(provider as never);
    for (const client of [viem, browser] as Connection[]) expect(await latestAnchor(client)).to.deep.equal(anchor);
    browser.destroy();
  });

  it("a quorum of quorums passes a disagreement on, and never takes it for silence", async function () {
    const inner = joined([ours, theirs]);
    const connection = quorum([inner, { request: ours }, { request: ours }]);
    await rejected("ENDPOINTS_DISAGREE", fetchHeader(connection, { block: HEAD }));
  });

  it("a balancer that answers from a node behind, then from the tip, is lag and never an error (lb-mixed-rpc)", async function () {
    // Each endpoint is a balancer before two nodes, one of which is a block behind. It takes them in turn.
    const balanced = (start: number): Request => {
      const nodes = [behind(HEAD - 1n), behind(HEAD)];
      let turn = start;
      return (args) => nodes[turn++ % 2]!(args);
    };
    for (const starts of [
      [0, 0, 0],
      [1, 1, 1],
      [0, 1, 0],
      [1, 0, 1],
    ]) {
      const connection = joined(starts.map(balanced));
      for (let i = 0; i < 6; i++) {
        const { number, hash } = await latestAnchor(connection, { depth: 1 });
        expect(hash).to.equal((await blockAt(chain, number)).hash);
        const header = await fetchHeader(connection, { block: "latest" });
        expect(header.hash).to.equal((await blockAt(chain, header.number)).hash);
        expect([HEAD - 1n, HEAD]).to.include(header.number);
        await prove(connection, { anchor: { number, hash }, account: VAULT, slots: [7n] });
      }
    }
  });
});
