import { expect, use } from "chai";
import { BrowserProvider, type Contract, type JsonRpcSigner } from "ethers";

import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { prove } from "../../src/actions/prove.js";
import { anvilChains, anvilForks, type AnvilChain, type AnvilTools } from "../../src/anvil/index.js";
import { findAnvil, startAnvil } from "../../src/anvil/program.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { serveOnLoopback } from "../../src/forks/endpoints/server.js";
import { HISTORY_ADDRESS, type Forks, type RpcBlock } from "../../src/forks/index.js";
import { blockAt, expectSimulatorError, expectSoundChain, history, skipWithoutAnvil } from "../../tools/forks.js";
import { announced } from "../../tools/random.js";
import { reorganizeAtRandom } from "../../tools/randomReorgs.js";
import { AnchoredTarget__factory, BranchProbe__factory } from "../../typechain-types/index.js";

use(settlementGuardMatchers);

/** Changes of the branch, in all. */
const CHANGES = process.env["HEAVY"] === "1" ? 1_000 : 10;
const GENESIS_TIME = 1_767_225_600;

describe("the fork simulator on anvil", () => {
  // A helper for chains of any backend takes them.
  const forks: Forks<AnvilTools> = anvilForks();
  let chain: AnvilChain;
  before(function () {
    skipWithoutAnvil(this);
  });
  beforeEach(async () => void (chain = await forks.create()));
  afterEach(() => chain?.close());

  const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
  /** Whoever signs on a chain is its node. */
  const signerOn = (on: AnvilChain): Promise<JsonRpcSigner> =>
    new BrowserProvider(on, undefined, { cacheTimeout: -1 }).getSigner();
  async function deployProbe(): Promise<{ probe: Contract; address: Hex }> {
    const probe = await new BranchProbe__factory(await signerOn(chain)).deploy();
    return { probe: probe as unknown as Contract, address: (await probe.getAddress()) as Hex };
  }
  const pool = async (): Promise<Hex[]> =>
    ((await ask("eth_pendingTransactions")) as { hash: Hex }[]).map(({ hash }) => hash);
  const nextBaseFee = async (): Promise<unknown> =>
    ((await ask("eth_getBlockByNumber", "pending", false)) as RpcBlock)["baseFeePerGas"];

  it("mines each transaction before it answers, with blocks 12 s apart that link and hash to their hashes", async () => {
    const { probe } = await deployProbe();
    for (const value of [1, 2, 3]) {
      const { hash } = await probe.getFunction("set").send(value);
      expect(await ask("eth_getTransactionReceipt", hash)).to.include({ blockNumber: toQuantity(chain.head.number) });
    }
    await chain.mine(3);
    expect(chain.head.number).to.equal(10n);
    expect(Number((await blockAt(chain, 10n)).timestamp)).to.equal(GENESIS_TIME + 10 * 12);
    await expectSoundChain(chain);
  });

  it("leaves EIP-2935 to anvil: no transaction of the simulator's, and every proof verifies", async () => {
    const { address } = await deployProbe();
    await chain.mine(4);
    for (let number = 0n; number < chain.head.number; number++)
      expect(await history(chain, number)).to.equal(chain.at(number)!.hash);
    // A transaction that the simulator hid would have used gas.
    for (const number of ["0x5", "0x6"])
      expect(await ask("eth_getBlockByNumber", number, false)).to.deep.include({ gasUsed: "0x0", transactions: [] });
    for (const number of [1n, 4n, 6n]) {
      const anchor = chain.at(number)!;
      const { slots } = await prove(chain, { anchor, account: HISTORY_ADDRESS, slots: [number - 1n] });
      expect(slots[0]?.value).to.equal(BigInt(chain.at(number - 1n)!.hash));
      await prove(chain, { anchor, account: address, slots: [0n] });
    }
  });

  it("brings transactions back in a reorg, and keeps what lost readable by hash: state, receipts, logs, proofs", async () => {
    const { probe, address } = await deployProbe();
    const filter = await ask("eth_newFilter", { address });
    const { hash } = await probe.getFunction("log").send([7]);
    await probe.getFunction("set").send(5);
    await chain.mine(2);
    const height = chain.head.number;
    const lost = chain.at(height - 2n)!;
    const first = (await ask("eth_getFilterChanges", filter)) as { removed: boolean }[];
    expect(first.map(({ removed }) => removed)).to.deep.equal([false]);

    const { orphaned, adopted, rejected } = await chain.reorg({ depth: 4, keep: ({ hash: it }) => it === hash });
    expect(rejected).to.deep.equal([]);
    expect(orphaned.map(({ number }) => number)).to.deep.equal(adopted.map(({ number }) => number));
    for (const [i, { hash: other }] of orphaned.entries()) expect(adopted[i]!.hash).not.to.equal(other);
    expect(await probe.getFunction("value").staticCall()).to.equal(0n);
    const miners = adopted.map(async (it) => ((await ask("eth_getBlockByHash", it.hash, false)) as RpcBlock).miner);
    const [drawn, ...usual] = await Promise.all(miners);
    expect(drawn).not.to.equal(usual[0]);
    expect(new Set(usual)).to.deep.equal(new Set([await ask("eth_coinbase")]));
    const told = (await ask("eth_getFilterChanges", filter)) as { removed: boolean; blockHash: Hex }[];
    expect(told.map(({ removed, blockHash }) => [removed, blockHash])).to.deep.equal([
      [true, orphaned[0]!.hash],
      [false, adopted[0]!.hash],
    ]);

    const at = { blockHash: lost.hash };
    expect(await ask("eth_call", { to: address, data: probe.interface.encodeFunctionData("value") }, at)).to.equal(
      toWord(5n),
    );
    expect(await ask("eth_getBlockReceipts", at)).to.have.length(1);
    const logs = (await ask("eth_getLogs", { blockHash: orphaned[0]!.hash })) as { transactionHash: Hex }[];
    expect(logs.map(({ transactionHash }) => transactionHash)).to.deep.equal([hash]);
    const losing = chain.viewAt(orphaned.at(-1)!.hash);
    const { slots } = await prove(losing, { anchor: lost, account: address, slots: [0n] });
    expect(slots[0]?.value).to.equal(5n);
    await expectSoundChain(chain);
  });

  it("SG-1: refuses on one node of a partition what was anchored on another, until that node is healed", async () => {
    let address = "";
    const prepare = async (node: AnvilChain) => {
      const target = await new AnchoredTarget__factory(await signerOn(node)).deploy(1, 64);
      address = await target.getAddress();
    };
    const [majority, minority] = (await forks.partition({ commonBlocks: 6, prepare })) as [AnvilChain, AnvilChain];
    await majority.mine(3);
    await minority.mine(2);
    const anchor = await latestAnchor(minority, { depth: 1 });
    const [here, there] = await Promise.all(
      [majority, minority].map(async (node) => AnchoredTarget__factory.connect(address, await signerOn(node))),
    );
    const actual = majority.at(anchor.number)!.hash;
    await expect(here!.act(anchor))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues(anchor.number, anchor.hash, actual);
    await there!.act(anchor);
    expect(await there!.actions()).to.equal(1n);
    await forks.heal({ from: minority, to: majority });
    expect(majority.head).to.deep.equal(minority.head);
    expect(await here!.actions()).to.equal(1n);
    await Promise.all([majority.close(), minority.close()]);
  });

  it("compares what a transaction does on both branches of a reorg", async () => {
    const { probe } = await deployProbe();
    await chain.mine(4);
    await expect(async () => probe.getFunction("set").send(5)).to.surviveReorg({ on: chain, depth: 3 });
    const trade = async (): Promise<unknown> => {
      const { number, hash } = await latestAnchor(chain, { depth: 2 });
      return probe.getFunction("setAt").send(number, hash, 6, { gasLimit: 100_000 });
    };
    await expect(trade).to.surviveReorg({ on: chain, depth: 1 });
  });

  it("lets time pass with blocks, and without any in an outage", async () => {
    const { number } = chain.head;
    const time = await chain.passTime({ seconds: 120 });
    expect(chain.head.number).to.equal(number + 10n);
    await chain.stall({ seconds: 3_600 });
    await chain.mine();
    expect(chain.head.number).to.equal(number + 11n);
    expect(Number((await blockAt(chain, number + 11n)).timestamp)).to.equal(time + 3_600);
  });

  it("takes back with evm_revert what anvil does not: pool, coinbase and the next base fee", async () => {
    const [from, to] = (await ask("eth_accounts")) as [Hex, Hex];
    const payment = { from, to, value: "0x1", gas: "0x5208" };
    const own = `0x${"0c".repeat(20)}`;
    await ask("hardhat_setCoinbase", own);
    await ask("evm_setAutomine", false);
    const waiting = [await ask("eth_sendTransaction", payment), await ask("eth_sendTransaction", payment)];
    waiting.push(await ask("eth_sendTransaction", { ...payment, nonce: "0x7" }));
    const fee = await nextBaseFee();
    const snapshot = await ask("evm_snapshot");

    await ask("hardhat_setCoinbase", `0x${"0d".repeat(20)}`);
    await chain.mine(3);
    await ask("eth_sendTransaction", payment);
    expect(await ask("evm_revert", snapshot)).to.equal(true);

    expect(await pool()).to.deep.equal(waiting);
    expect(await nextBaseFee()).to.equal(fee);
    await chain.mine();
    expect(await ask("eth_getBlockByNumber", "latest", false)).to.include({ miner: own, baseFeePerGas: fee });
    await expectSoundChain(chain);
  });

  it("has waiting transactions in the order in which they came, and mines none that waits for an earlier nonce", async () => {
    const [first, second] = (await ask("eth_accounts")) as [Hex, Hex];
    const gap = await ask("eth_sendTransaction", { from: first, to: second, gas: "0x5208", nonce: "0x1" });
    expect(chain.head.number).to.equal(3n);
    await ask("evm_setAutomine", false);
    const others = [second, first].map((from) => ask("eth_sendTransaction", { from, to: from, gas: "0x5208" }));
    const expected = [gap, await others[0], await others[1]];
    expect(await pool()).to.deep.equal(expected);
    expect(await ask("hardhat_dropTransaction", expected[2])).to.equal(true);
    expect(await ask("hardhat_dropTransaction", gap)).to.equal(true);
    expect(await ask("hardhat_dropTransaction", gap)).to.equal(false);
    expect(await pool()).to.deep.equal([expected[1]]);
  });

  it("is after random reorgs the chain that was mined so from the start, and each branch stays as it was", async function () {
    await reorganizeAtRandom({ factory: anvilChains(), random: announced(), changes: CHANGES });
  });

  it("takes over anvils that run already, one for each chain, if they are as if it had started them", async () => {
    const fitting = ["--no-mining", "--order", "fifo", "--timestamp", String(GENESIS_TIME)];
    const start = (...options: string[]) => startAnvil(findAnvil()!, options);
    const [good, late, old] = await Promise.all([
      start(...fitting),
      start(),
      start(...fitting, "--hardfork", "cancun"),
    ]);
    const given = anvilForks({ urls: [good.url, late.url, old.url] });
    const taken = await given.create();
    expect(taken.head).to.deep.equal(chain.head);
    expect(taken.tools.url).to.equal(good.url);
    await expectSimulatorError(given.create(), /start one afresh with "--timestamp 1767225600/);
    await expectSimulatorError(given.create(), /has no EIP-2935: start it with "--hardfork prague"/);
    await expectSimulatorError(given.create(), /Every anvil in urls is in use/);
    await taken.close();
    for (const { stop } of [good, late, old]) stop();
  });

  it("takes a hard fork in either form of an argument", async () => {
    for (const args of [["--hardfork", "osaka"], ["--hardfork=osaka"]]) {
      const other = await anvilForks({ args }).create();
      expect(other.head.number).to.equal(3n);
      await other.close();
    }
  });

  it("mines by the clock where a test asks for that, each block by the chain's own time", async () => {
    const start = chain.head.number;
    expect(await ask("evm_setIntervalMining", 5)).to.equal(true);
    while (chain.head.number < start + 3n) await new Promise((resolve) => setTimeout(resolve, 5));
    await ask("evm_setIntervalMining", 0);
    const { number } = chain.head;
    const times = [await blockAt(chain, start), await blockAt(chain, number)].map(({ timestamp }) => BigInt(timestamp));
    expect(times[1]! - times[0]!).to.equal(12n * (number - start));
    await expectSoundChain(chain);
    await chain.reorg({ depth: 2 });
    expect(chain.head.number).to.equal(number);
    expect(chain.orphans).to.have.length(2);
  });

  it("has an OP chain's rules where anvil is started with them", async () => {
    await chain.close();
    chain = await anvilForks({ args: ["--optimism", "--hardfork", "isthmus"] }).create();
    const { probe, address } = await deployProbe();
    const { hash } = await probe.getFunction("set").send(7);
    expect(((await ask("anvil_nodeInfo")) as { hardFork: string }).hardFork).to.match(/isthmus/i);
    const { orphaned } = await chain.reorg({ depth: 2, keep: false });
    expect(await ask("eth_getTransactionReceipt", hash)).to.equal(null);
    const losing = chain.viewAt(orphaned.at(-1)!.hash);
    const stored = await losing({ method: "eth_getStorageAt", params: [address, "0x0", "latest"] });
    expect(BigInt(stored as Hex)).to.equal(7n);
    expect(await history(chain, chain.head.number - 1n)).to.equal(chain.at(chain.head.number - 1n)!.hash);
    await expectSoundChain(chain);
  });

  it("says what it cannot do", async () => {
    await expectSimulatorError(
      anvilForks({ program: "/no/such/anvil" }).create(),
      /^anvil could not be run \(.*ENOENT\)\.$/,
    );
    await expectSimulatorError(anvilForks({ args: ["--no-such"] }).create(), /anvil ended with code 2: .*--no-such/s);
    const forkFrom = { request: chain.request, blockNumber: 1n };
    await expectSimulatorError(forks.create({ forkFrom }), /A hard fork needs Hardhat/);
    await expectSimulatorError(forks.hardFork(chain), /A hard fork needs Hardhat/);
    const other = await serveOnLoopback(async () => ({ body: { result: "geth/1" } }));
    const gone = "http://127.0.0.1:9/";
    await expectSimulatorError(
      anvilForks({ urls: [gone] }).create(),
      /^No anvil answers at http:\/\/127\.0\.0\.1:9\/\.$/,
    );
    await expectSimulatorError(anvilForks({ urls: [other.url] }).create(), /is geth\/1, and not anvil/);
    await other.close();
  });
});
