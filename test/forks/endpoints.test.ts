import { createBlockHeaderFromRPC } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { expect } from "chai";
import { ethers, keccak256 } from "ethers";
import { network } from "hardhat";

import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { prove } from "../../src/actions/prove.js";
import { toHex, toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import type { ErrorCode } from "../../src/core/errors.js";
import { CLIENTS, Endpoint, GATEWAYS, LIES, type ClientName, type Lies, type Loopback } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { quorum } from "../../src/rpc/quorum.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected } from "../../tools/errors.js";
import { expectSimulatorError } from "../../tools/forks.js";
import { cli } from "../cli/run.js";

const VAULT: Hex = "0x00000000000000000000000000000000000a1107";
const LATE = 200; // milliseconds

interface Block {
  [field: string]: unknown;
  number: Hex;
  hash: Hex;
  stateRoot: Hex;
}
interface Proof {
  [field: string]: unknown;
  storageHash: Hex;
  accountProof: Hex[];
  storageProof: { key: Hex; value: Hex; proof: Hex[] }[];
}

describe("endpoints that lie", function () {
  let chain: HardhatChain;
  let other: HardhatChain;
  const open: Loopback[] = [];

  before(async function () {
    const set = (on: HardhatChain, method: string, ...params: unknown[]) => on.request({ method, params });
    const prepare = async (first: HardhatChain): Promise<void> => {
      await set(first, "hardhat_setCode", VAULT, "0x00");
      for (const slot of [1n, 2n, 3n])
        await set(first, "hardhat_setStorageAt", VAULT, toQuantity(slot), toWord(slot * 100n));
      await first.mine(6);
    };
    [chain, other] = (await hardhatForks(network).partition({ prepare })) as [HardhatChain, HardhatChain];
    await set(chain, "hardhat_setStorageAt", VAULT, "0x1", toWord(700n));
    await chain.mine(5);
    await other.mine(5);
  });
  afterEach(async () => {
    for (const loopback of open.splice(0)) await loopback.close();
  });
  after(async () => {
    await chain.close();
    await other.close();
  });

  const ask = <T>(endpoint: Pick<Endpoint, "request">, method: string, ...params: unknown[]): Promise<T> =>
    endpoint.request({ method, params }) as Promise<T>;
  const blockOf = (lies: Lies, which: unknown = "latest") =>
    ask<Block>(chain.rpc("liar", lies), "eth_getBlockByNumber", which, false);
  const proofOf = (lies: Lies, slots: bigint[] = [1n, 2n], which: unknown = "latest") =>
    ask<Proof>(chain.rpc("liar", lies), "eth_getProof", VAULT, slots.map(toWord), which);
  const differing = (a: object, b: object): string[] =>
    Object.keys(a).filter((name) => JSON.stringify(a[name as never]) !== JSON.stringify(b[name as never]));
  async function served(lies: Lies): Promise<string> {
    const loopback = await chain.rpc("liar", lies).serve();
    open.push(loopback);
    return loopback.url;
  }
  const post = (url: string, body: unknown): Promise<Response> =>
    fetch(url, { method: "POST", body: JSON.stringify(body) });
  const HEAD_CALL = { jsonrpc: "2.0", id: 7, method: "eth_blockNumber", params: [] };

  // --- the lies ---

  it("tells the truth without a lie, under its own name, and once it is healed", async () => {
    const endpoint = chain.rpc("ours", { missingResult: "null" });
    expect([endpoint.name, chain.rpc().name]).to.deep.equal(["ours", chain.name]);
    expect(await ask(endpoint, "eth_blockNumber")).to.equal(null);
    endpoint.lies = {};
    for (const [method, ...params] of [
      ["eth_blockNumber"],
      ["eth_getBlockByNumber", "latest", true],
      ["eth_getCode", VAULT, "latest"],
    ] as const)
      // prettier-ignore
      expect(await ask(endpoint, method, ...params)).to.deep.equal(await ask(chain, method, ...params));
    const error = await ask(endpoint, "eth_call", { to: VAULT, data: "0x" }, "0xffff").catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.deep.equal(await ask(chain, "eth_call", { to: VAULT, data: "0x" }, "0xffff").catch((thrown: unknown) => thrown)); // prettier-ignore
  });

  it("refuses what is no lie", async () => {
    const tell = async (lies: unknown): Promise<unknown> => chain.rpc("liar", lies as Lies);
    await expectSimulatorError(tell({ wrongRoots: "stateRoot" }), /^An endpoint has no lie wrongRoots, but/);
    await expectSimulatorError(tell({ wrongRoot: true }), /^wrongRoot is true, and can be stateRoot, storageHash\.$/);
    await expectSimulatorError(tell({ lag: 1.5 }), /^lag is 1.5, and must be a whole number/);
    await expectSimulatorError(tell({ field: "size" }), /^A block has no field size that its hash covers/);
    await expectSimulatorError(tell({ client: "gath" }), /^Nobody knows the words of gath/);
  });

  it("O19: lags: blocks, tags, receipts and logs end at its head, and nothing above it is known", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    const { hash } = await signer!.sendTransaction({ to: VAULT });
    await chain.mine(1);
    const liar = chain.rpc("liar", { lag: 3, client: "besu" });
    const head = chain.head.number - 3n;
    expect(await ask(liar, "eth_blockNumber")).to.equal(toQuantity(head));
    for (const tag of ["latest", "pending", "safe", "finalized"])
      expect((await ask<Block>(liar, "eth_getBlockByNumber", tag, false)).number, tag).to.equal(toQuantity(head));
    expect((await ask<Block>(liar, "eth_getBlockByNumber", "earliest", false)).number).to.equal("0x0");
    expect(await ask(liar, "eth_getBlockByNumber", toQuantity(head + 1n), false)).to.equal(null);
    expect(await ask(liar, "eth_getBlockByHash", chain.head.hash, false)).to.equal(null);
    expect(await ask(liar, "eth_getTransactionReceipt", hash)).to.equal(null);
    expect(await ask(chain, "eth_getTransactionReceipt", hash)).to.include({ status: "0x1" });
    const at = chain.at(head)!;
    expect((await prove(liar, { anchor: at, account: VAULT, slots: [1n] })).anchor).to.include(at);
    for (const which of [toQuantity(head + 1n), { blockHash: chain.head.hash }]) {
      const error = await ask(liar, "eth_getProof", VAULT, [], which).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: -39001, message: "Unknown block" });
    }
    // The value was written after block 9.
    liar.lies = { lag: Number(chain.head.number - 9n) };
    expect(BigInt(await ask<Hex>(liar, "eth_getStorageAt", VAULT, "0x1", "latest"))).to.equal(100n);
    expect(BigInt(await ask<Hex>(chain, "eth_getStorageAt", VAULT, "0x1", "latest"))).to.equal(700n);
    expect(await ask(liar, "eth_getLogs", { fromBlock: toQuantity(chain.head.number) })).to.deep.equal([]);
    const filters: unknown[] = [];
    const listening: Request = async (args) => {
      if (args.method === "eth_getLogs") filters.push(args.params![0]);
      return chain.request(args);
    };
    for (const toBlock of ["latest", undefined, toQuantity(chain.head.number)])
      await ask(new Endpoint({ request: listening }, "liar", { lag: 3 }), "eth_getLogs", { fromBlock: "0x1", toBlock });
    expect(filters).to.deep.equal(Array(3).fill({ fromBlock: "0x1", toBlock: toQuantity(head) }));
    liar.lies = { lag: 1_000 };
    expect(await ask(liar, "eth_blockNumber")).to.equal("0x0");
  });

  describe("lags", () => {
    let own: HardhatChain;
    /** Transactions' hashes. The block of the first is the lagging head, that of the second two above it. */
    let early: string;
    let late: string;
    let known: { number: Hex; hash: Hex };
    let later: { number: Hex; hash: Hex };
    before(async () => {
      own = await hardhatForks(network).create();
      const [signer] = await own.tools.ethers.getSigners();
      const headAfter = async () => {
        const { hash } = await signer!.sendTransaction({ to: VAULT });
        return { sent: hash, block: { number: toQuantity(own.head.number), hash: own.head.hash } };
      };
      ({ sent: early, block: known } = await headAfter());
      await own.mine(1);
      ({ sent: late, block: later } = await headAfter());
    });
    after(() => own.close());
    const lagging = <T>(method: string, ...params: unknown[]): Promise<T> =>
      ask<T>(own.rpc("liar", { lag: 2 }), method, ...params);
    const refused = (method: string, ...params: unknown[]): Promise<string> =>
      lagging(method, ...params).then(String, ({ message }: Error) => message);

    it("O19: of a block above its head it has nothing, by either name of the block", async () => {
      for (const [method, ...rest] of [
        ["eth_getBlockByNumber", false],
        ["eth_getBlockByHash", false],
        ["eth_getBlockReceipts"],
        ["eth_getBlockTransactionCountByNumber"],
        ["eth_getBlockTransactionCountByHash"],
        ["eth_getTransactionByBlockNumberAndIndex", "0x0"],
        ["eth_getTransactionByBlockHashAndIndex", "0x0"],
      ] as const) {
        const by = method.includes("Hash") ? "hash" : "number";
        expect(await lagging(method, later[by], ...rest), method).to.equal(null);
        const answer = await lagging(method, known[by], ...rest);
        expect(answer, method).to.deep.equal(await ask(own, method, known[by], ...rest));
        expect(answer, method).not.to.equal(null);
      }
      expect(await lagging("eth_getBlockReceipts", { blockHash: later.hash })).to.equal(null);
      for (const which of ["latest", known.hash, { blockHash: known.hash }]) {
        const [receipt] = await lagging<{ blockNumber: Hex }[]>("eth_getBlockReceipts", which);
        expect(receipt!.blockNumber).to.equal(known.number);
      }
    });

    it("O19: a transaction above its head is none, whatever is asked of it", async () => {
      for (const method of ["eth_getTransactionByHash", "eth_getTransactionReceipt"]) {
        expect(await lagging(method, late), method).to.equal(null);
        expect(await lagging(method, early), method).to.include({ blockNumber: known.number });
      }
      expect(await refused("debug_traceTransaction", late)).to.equal("transaction not found");
      expect(await lagging("debug_traceTransaction", early)).to.include({ failed: false });
    });

    it("O19: what looks back from a block, or builds on one, does so from its head", async () => {
      expect(await lagging("eth_feeHistory", "0x1", "latest", [])).to.include({ oldestBlock: known.number });
      expect(await refused("eth_feeHistory", "0x1", later.number, [])).to.equal("header not found");
      expect(await refused("debug_traceCall", { to: VAULT }, later.number)).to.equal("header not found");
      const asked: unknown[] = [];
      const listening: Request = async (args) => {
        if (args.method === "eth_estimateGas") asked.push(args.params![1]);
        return own.request(args);
      };
      await ask(new Endpoint({ request: listening }, "liar", { lag: 2 }), "eth_estimateGas", { to: VAULT });
      expect(asked).to.deep.equal([known.number]);
    });

    it("O19: it has no filters, and no method that nobody here knows", async () => {
      const told = ["eth_newFilter", "eth_newBlockFilter", "eth_getFilterChanges", "eth_subscribe", "eth_toldYou"];
      for (const method of told)
        expect(await refused(method, "newHeads")).to.equal(`the method ${method} does not exist/is not available`);
      expect(await lagging("eth_chainId")).to.equal(await ask(own, "eth_chainId"));
    });
  });

  it("answers from another branch, by turns where it flaps, about the methods alone that it is told", async () => {
    const liar = chain.rpc("liar", { onBranch: other });
    const at = toQuantity(chain.at(12n)!.number);
    const ours = (await blockOf({}, at)).hash;
    const theirs = other.at(12n)!.hash;
    expect(ours).to.not.equal(theirs);
    const asked = async (times: number): Promise<string[]> => {
      const hashes: string[] = [];
      for (let i = 0; i < times; i++) hashes.push((await ask<Block>(liar, "eth_getBlockByNumber", at, false)).hash);
      return hashes.map((hash) => (hash === theirs ? "theirs" : hash === ours ? "ours" : "?"));
    };
    expect(await asked(2)).to.deep.equal(["theirs", "theirs"]);
    liar.lies = { onBranch: other, flap: true };
    expect(await asked(4)).to.deep.equal(["ours", "theirs", "ours", "theirs"]);
    liar.lies = { onBranch: other, flap: 2 };
    expect(await asked(5)).to.deep.equal(["ours", "ours", "theirs", "theirs", "ours"]);
    liar.lies = { onBranch: other, only: ["eth_getBlockByHash"] };
    expect(await asked(1)).to.deep.equal(["ours"]);
    expect(await ask(liar, "eth_getBlockByHash", ours, false)).to.equal(null);
  });

  it("O1: changes a block's root, another field, or its hash; a forged block hashes to its hash, and is none", async () => {
    const honest = await blockOf({});
    expect(differing(honest, await blockOf({ wrongRoot: "stateRoot" }))).to.deep.equal(["stateRoot"]);
    expect(differing(honest, await blockOf({ wrongHeader: "hash" }))).to.deep.equal(["hash"]);
    const fields = new Set<string>();
    const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague });
    for (let seed = 0; seed < 40; seed++) {
      const [field, ...more] = differing(honest, await blockOf({ wrongHeader: "field", seed }));
      expect(more).to.deep.equal([]);
      fields.add(field!);
      expect(await blockOf({ wrongHeader: "field", seed })).to.deep.equal(
        await blockOf({ wrongHeader: "field", seed }),
      );
      const forged = await blockOf({ wrongHeader: "forged", seed });
      expect(differing(honest, forged).sort()).to.deep.equal(["hash", field].sort());
      if (field === "difficulty" || field === "nonce" || field === "extraData" || field === "sha3Uncles") continue;
      expect(toHex(createBlockHeaderFromRPC(forged as never, { common }).hash()), field).to.equal(forged.hash);
    }
    expect(fields.size).to.be.greaterThan(8);
    expect(differing(honest, await blockOf({ wrongHeader: "field", field: "gasUsed" }))).to.deep.equal(["gasUsed"]);
  });

  it("O3, O4, O5: changes a proof: a node, the block, the account, a field, the slots, the end", async () => {
    const honest = await proofOf({});
    const nodesOf = ({ accountProof, storageProof }: Proof): Hex[] => [accountProof, ...storageProof.map(({ proof }) => proof)].flat(); // prettier-ignore
    for (let seed = 0; seed < 8; seed++) {
      const nodes = nodesOf(await proofOf({ wrongProof: "node", seed }));
      expect(nodes.filter((node, i) => node !== nodesOf(honest)[i])).to.have.length(1);
    }
    const parent = await blockOf({}, toQuantity(chain.head.number - 1n));
    for (const which of ["latest", { blockHash: chain.head.hash }, toQuantity(chain.head.number)]) {
      const { accountProof } = await proofOf({ wrongProof: "block" }, [1n], which);
      expect(keccak256(accountProof[0]!)).to.equal(parent.stateRoot);
    }
    const account = await proofOf({ wrongProof: "account" });
    expect([account["address"], account["balance"]]).to.deep.equal([VAULT, "0x0"]);
    expect(account.storageHash).to.not.equal(honest.storageHash);
    const fields = await proofOf({ wrongProof: "fields" });
    expect(nodesOf(fields)).to.deep.equal(nodesOf(honest));
    expect(JSON.stringify(fields)).to.not.equal(JSON.stringify(honest));
    expect(differing(honest, await proofOf({ wrongRoot: "storageHash" }))).to.deep.equal(["storageHash"]);

    const values = ({ storageProof }: Proof): bigint[] => storageProof.map(({ value }) => BigInt(value));
    expect(values(honest)).to.deep.equal([700n, 200n]);
    expect(values(await proofOf({ swapSlot: true }))).to.deep.equal([200n, 700n]);
    expect(values(await proofOf({ swapSlot: true }, [2n]))).to.deep.equal([300n]); // the neighbour of 2 is 3
    const short = await proofOf({ truncate: "proof" });
    expect(short.accountProof).to.deep.equal(honest.accountProof.slice(0, -1));
    expect(short.storageProof[1]!.proof).to.deep.equal(honest.storageProof[1]!.proof.slice(0, -1));
  });

  it("O6, O11, O13, O15: leaves out what should be there, or gives it in a form that is none", async () => {
    const head = (lies: Lies): Promise<unknown> => ask(chain.rpc("liar", lies), "eth_blockNumber");
    expect(await head({ missingResult: "result" })).to.equal(undefined);
    expect(await head({ missingResult: "null" })).to.equal(null);
    expect(await head({ missingResult: "object" })).to.deep.equal({});
    expect(await proofOf({ missingResult: "lists" })).to.include({ accountProof: null, storageProof: null });
    expect((await blockOf({ missingResult: "members" }))["transactionsRoot"]).to.equal(undefined);
    const number = chain.head.number;
    expect(await head({ wrongForm: "numbers" })).to.equal(Number(number));
    expect(await head({ wrongForm: "unprefixed" })).to.equal(number.toString(16));
    expect(await head({ wrongForm: "padded" })).to.equal(`0x0${number.toString(16)}`);
    expect(await head({ wrongForm: "uppercase" })).to.equal(`0X${number.toString(16).toUpperCase()}`);
    expect((await blockOf({ wrongForm: "odd" })).hash).to.equal(chain.head.hash.slice(0, -1));
    const hidden = await blockOf({ wrongForm: "prototype" });
    expect([Object.keys(hidden), Object.hasOwn(hidden, "hash")]).to.deep.equal([["__proto__"], false]);
    expect(await head({ huge: 1_000 })).to.equal(`0x${"0".repeat(1_000)}${number.toString(16)}`);
  });

  it("changes what no proof comes with: what calls and code are, and how many logs there are", async () => {
    const liar = chain.rpc("liar", { wrongRead: "value" });
    expect(await ask(liar, "eth_getCode", VAULT, "latest")).to.equal("0x01");
    expect(await ask(liar, "eth_chainId")).to.equal(toQuantity(31_336n));
    expect(await blockOf({ wrongRead: "value" })).to.deep.equal(await blockOf({}));
    const logs = { request: () => Promise.resolve([1, 2, 3]) };
    expect(await ask(new Endpoint(logs, "liar", { wrongRead: "logs" }), "eth_getLogs", {})).to.deep.equal([1, 2]);
  });

  it("goes as documented", async () => {
    const vault = VAULT;

    // #region liar
    const liar = chain.rpc("liar", { wrongProof: "block" });
    const asked = { anchor: chain.head, account: vault, slots: [1n] };
    const refused = await prove(liar, asked).catch((error: unknown) => error);
    expect(refused).to.include({ code: "PROOF_OF_OTHER_STATE" });

    // One of three endpoints is on another branch: the quorum says so, with both headers.
    liar.lies = { onBranch: other };
    const connection = quorum([liar, chain.rpc("ours"), chain.rpc("theirs")]);
    const split = await latestAnchor(connection).catch((error: unknown) => error);
    expect(split).to.include({ code: "ENDPOINTS_DISAGREE" });

    liar.lies = {}; // it is healed
    expect((await prove(liar, asked)).slots[0]?.value).to.equal(700n);

    // Over HTTP, for a keeper or a command line. Every other answer is a gateway's page.
    const { url, close } = await chain.rpc("gateway", { gatewayError: "bad gateway", flap: true }).serve();
    // #endregion liar
    const statuses = [await post(url, HEAD_CALL), await post(url, HEAD_CALL)].map(({ status }) => status);
    expect(statuses).to.deep.equal([200, 502]);
    await close();
  });

  // --- words ---

  const CODES: Readonly<Record<keyof (typeof CLIENTS)[ClientName], ErrorCode>> = {
    block: "BLOCK_NOT_FOUND",
    tag: "BLOCK_NOT_FOUND",
    state: "STATE_UNAVAILABLE",
    canonical: "BLOCK_NOT_CANONICAL",
  };
  /** These two have one sentence for a block that is not canonical and for one that they do not know. */
  const SAYS_UNKNOWN: readonly string[] = ["reth", "openethereum"];

  it("O8, O9, O20: refuses in the words of each client, and the SDK knows what each means", async () => {
    for (const client of Object.keys(CLIENTS) as ClientName[])
      for (const refuses of ["block", "tag", "state", "canonical"] as const) {
        const liar = chain.rpc("liar", { refuses, client });
        const asking = refuses === "block" || refuses === "tag" ? fetchHeader(liar, { block: "finalized" }) : prove(liar, { anchor: chain.head, account: VAULT }); // prettier-ignore
        const code = refuses === "canonical" && SAYS_UNKNOWN.includes(client) ? "BLOCK_NOT_FOUND" : CODES[refuses];
        const { message } = await rejected(code, asking);
        expect(message, `${client}, ${refuses}`).to.not.match(/[{}]/);
      }
    const { slots } = await prove(chain.rpc("liar", { refuses: "hash" }), { anchor: chain.head, account: VAULT, slots: [1n] }); // prettier-ignore
    expect(slots[0]!.value).to.equal(700n);
    await rejected("RPC_FAILED", latestAnchor(chain.rpc("liar", { refuses: "method" })));
  });

  it("O30: a gateway's page is an error about the endpoint, by a provider and over HTTP; a quorum goes on without it", async () => {
    for (const gatewayError of LIES.gatewayError) {
      const liar = chain.rpc("liar", { gatewayError });
      await rejected("RPC_FAILED", fetchHeader(liar, { block: chain.head.number }));
      const response = await post(await served({ gatewayError }), HEAD_CALL);
      const { status, text } = GATEWAYS[gatewayError];
      expect([response.status, await response.text()], gatewayError).to.deep.equal([status, text]);
      const healthy = [chain.rpc("ours"), chain.rpc("theirs")] as const;
      expect((await latestAnchor(quorum([liar, ...healthy]))).number).to.equal(chain.head.number - 2n);
    }
  });

  // --- HTTP ---

  it("serves ethers' provider and batches, and takes a signed transaction and nothing that mines or signs here", async () => {
    const url = await served({});
    const provider = new ethers.JsonRpcProvider(url, 31_337, { staticNetwork: true });
    try {
      expect(await latestAnchor(provider)).to.deep.equal(await latestAnchor(chain));
      const [{ number }, head] = await Promise.all([provider.getBlock("latest") as Promise<{ number: number }>, provider.getBlockNumber()]); // prettier-ignore
      expect([BigInt(number), BigInt(head)]).to.deep.equal([chain.head.number, chain.head.number]);
      const wallet = new ethers.Wallet(`0x${"07".repeat(32)}`);
      await chain.request({ method: "hardhat_setBalance", params: [wallet.address, toQuantity(10n ** 18n)] });
      const fees = { gasLimit: 50_000, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n };
      const raw = await wallet.signTransaction({ to: VAULT, type: 2, chainId: 31_337, nonce: 0, ...fees });
      expect(await provider.send("eth_sendRawTransaction", [raw])).to.equal(keccak256(raw));
    } finally {
      provider.destroy();
    }
    const before = chain.head;
    for (const method of ["evm_mine", "hardhat_reset", "eth_sendTransaction", "eth_sign"]) {
      const { error } = (await (await post(url, { ...HEAD_CALL, method })).json()) as { error: { code: number } };
      expect(error.code, method).to.equal(-32601);
    }
    expect(chain.head).to.deep.equal(before);
    const batch = await post(url, [HEAD_CALL, { ...HEAD_CALL, id: 8 }]);
    expect(((await batch.json()) as { id: number }[]).map(({ id }) => id)).to.deep.equal([7, 8]);
    const { error } = (await (await post(url, "?")).json()) as { error: { code: number } };
    expect(error.code).to.equal(-32700);
  });

  it("O16: closes, breaks off, comes late, or brings too much", async () => {
    const text = async (lies: Lies): Promise<string> => (await post(await served(lies), HEAD_CALL)).text();
    const honest = await text({});
    for (const closes of LIES.closes) {
      const error = await text({ closes }).catch((thrown: unknown) => thrown);
      expect(error, closes).to.be.instanceOf(TypeError);
    }
    // The head of the answer comes where it is closed amid it alone.
    await post(await served({ closes: "amid" }), HEAD_CALL);
    expect(await post(await served({ closes: "before" }), HEAD_CALL).catch(() => "closed")).to.equal("closed");
    expect(honest.startsWith(await text({ truncate: "body" }))).to.equal(true);
    expect((await text({ truncate: "body" })).length).to.be.lessThan(honest.length);
    const started = performance.now();
    expect(await text({ slow: LATE })).to.equal(honest);
    expect(performance.now() - started).to.be.greaterThan(LATE - 10);
    expect((await text({ huge: 100_000 })).length).to.be.greaterThan(100_000);
    const packed = await text({ huge: "gzip" });
    expect([packed.length > 2 ** 26, packed.trimEnd() === honest]).to.deep.equal([true, true]);
    const { result } = JSON.parse(await text({ huge: "nested" })) as { result: unknown };
    let depth = 0;
    for (let value = result; Array.isArray(value); value = value[0]) depth++;
    expect(depth).to.equal(100_000);
    const endless = await post(await served({ huge: "endless" }), HEAD_CALL);
    let size = 0;
    for await (const piece of endless.body!) if ((size += (piece as Uint8Array).length) > 2 ** 22) break;
    expect(size).to.be.greaterThan(2 ** 22);
  });

  it("gives the command line lies over HTTP, of which it believes none", async () => {
    const { number } = chain.head;
    const prove = async (lies: Lies) =>
      cli(["prove", "--rpc", await served(lies), "--account", VAULT, "--slot", "1", "--block", String(number), "--timeout", "5"]); // prettier-ignore
    const honest = await prove({});
    expect(honest.code, honest.stderr).to.equal(0);
    const cases: [Lies, RegExp][] = [
      [{ wrongHeader: "field" }, /hash to 0x[\da-f]{64}, not to/],
      [{ wrongProof: "block" }, /stands under state root/],
      [{ truncate: "proof" }, /Truncated/],
      [{ gatewayError: "bad gateway" }, /HTTP status 502/],
      [{ huge: "endless" }, /./],
    ];
    for (const [lies, words] of cases) {
      const { code, stdout, stderr } = await prove(lies);
      expect([code !== 0, stdout], stderr).to.deep.equal([true, ""]);
      expect(stderr, JSON.stringify(lies)).to.match(words);
    }
  });
});
