import { expect } from "chai";
import { BrowserProvider, parseEther, type Contract } from "ethers";
import { network } from "hardhat";

import { prove } from "../../src/actions/prove.js";
import type { Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { deployProbe, expectSimulatorError, expectSoundChain } from "../../tools/forks.js";

const forks = hardhatForks(network);
const UNKNOWN = `0x${"12".repeat(32)}`;

describe("a branch that lost", () => {
  let chain: HardhatChain;
  let probe: Contract;
  let sent: Hex;
  beforeEach(async () => {
    chain = await forks.create();
    probe = await deployProbe(chain);
    await chain.mine(2);
    sent = (await probe.getFunction("set").send(5)).hash as Hex;
    await chain.mine(2);
  });
  afterEach(() => chain.close());

  const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
  const reorgAway = async () => (await chain.reorg({ depth: 3, keep: false })).orphaned;
  /** What tells of a block, by its hash alone. */
  async function telling(hash: Hex) {
    const [address, at] = [await probe.getAddress(), { blockHash: hash }];
    const data = probe.interface.encodeFunctionData("value");
    return {
      receipts: await ask("eth_getBlockReceipts", hash),
      sameReceipts: await ask("eth_getBlockReceipts", at),
      logs: await ask("eth_getLogs", at),
      value: await ask("eth_call", { to: address, data }, at),
      slot: await ask("eth_getStorageAt", address, "0x0", at),
      balance: await ask("eth_getBalance", address, at),
      nonce: await ask("eth_getTransactionCount", (await chain.tools.ethers.getSigners())[0]!.address, at),
      code: await ask("eth_getCode", address, at),
      proof: await ask("eth_getProof", address, [UNKNOWN], at),
      count: await ask("eth_getBlockTransactionCountByHash", hash),
      first: await ask("eth_getTransactionByBlockHashAndIndex", hash, "0x0"),
    };
  }

  it("is read by hash as when it was canonical: state, receipts, logs, proofs", async () => {
    const before = new Map<Hex, unknown>();
    for (const back of [2n, 1n, 0n]) {
      const { hash } = chain.at(chain.head.number - back)!;
      before.set(hash, await telling(hash));
    }
    const orphaned = await reorgAway();
    await chain.mine(5);
    expect(orphaned.map(({ hash }) => hash)).to.deep.equal([...before.keys()]);
    for (const { hash } of orphaned.toReversed()) expect(await telling(hash)).to.deep.equal(before.get(hash));
    const receipts = (await ask("eth_getBlockReceipts", orphaned[0]!.hash)) as { transactionHash: Hex }[];
    expect(receipts.map(({ transactionHash }) => transactionHash)).to.deep.equal([sent]);
    expect(await ask("eth_getTransactionReceipt", sent)).to.equal(null);
    await expectSoundChain(chain);
  });

  it("stays readable through further reorgs, of which each has a branch of its own", async () => {
    const tips: { hash: Hex; value: bigint }[] = [];
    for (let value = 1; value <= 4; value++) {
      await probe.getFunction("set").send(value);
      tips.push({ hash: chain.head.hash, value: BigInt(value) });
      await chain.reorg({ depth: 1 + (value % 3), seed: `${value}`, keep: false });
    }
    const data = probe.interface.encodeFunctionData("value");
    for (const { hash, value } of [...tips, ...tips.toReversed()])
      expect(BigInt((await ask("eth_call", { to: await probe.getAddress(), data }, { blockHash: hash })) as Hex)).to.equal(value); // prettier-ignore
  });

  it("is dropped, read and come back to", async () => {
    // #region reorg
    const { orphaned } = await chain.reorg({ depth: 3, drop: [sent], seed: "a" });
    const losing = new BrowserProvider({ request: chain.viewAt(orphaned.at(-1)!.hash) });
    expect((await losing.getTransactionReceipt(sent))!.status).to.equal(1);
    expect(await chain.tools.ethers.provider.getTransactionReceipt(sent)).to.equal(null);
    // #endregion reorg

    // #region branch
    await chain.branch("theirs", { depth: 2 });
    await probe.getFunction("set").send(7);
    await chain.switchTo("main");
    expect(await probe.getFunction("value").staticCall()).to.equal(0n);
    // #endregion branch
  });

  it("is forgotten by who goes back to a snapshot, with what a reorg left since, and canonical once it is made again", async () => {
    const [before] = await reorgAway();
    const at = (blockHash: Hex) => ask("eth_getBalance", UNKNOWN.slice(0, 42), { blockHash, requireCanonical: true });
    const snapshot = await ask("evm_snapshot");
    const known = chain.orphans;
    const { hash } = await chain.mine();
    await chain.reorg({ depth: 2 });
    await expect(at(hash)).to.be.rejectedWith("is not currently canonical");
    await ask("evm_revert", snapshot);
    expect(chain.orphans).to.deep.equal(known);
    expect(await ask("eth_getBlockByHash", hash, false)).to.equal(null);
    expect(await ask("eth_getBlockByHash", before!.hash, false)).to.include({ hash: before!.hash });
    expect((await chain.mine()).hash).to.equal(hash);
    expect(await at(hash)).to.equal("0x0");
  });

  it("is not canonical for who asks for that (EIP-1898), and what never was is unknown", async () => {
    const [first] = await reorgAway();
    const at = (blockHash: string) =>
      ask("eth_getBalance", UNKNOWN.slice(0, 42), { blockHash, requireCanonical: true });
    await expect(at(first!.hash)).to.be.rejectedWith("is not currently canonical");
    expect(await at(chain.head.hash)).to.equal("0x0");
    await expect(at(UNKNOWN)).to.be.rejected;
    await expectSimulatorError(
      chain.viewAt(UNKNOWN as Hex)({ method: "eth_chainId" }),
      /No block 0x12.* was ever canonical/,
    );
  });

  it("is seen as its own node's sees it: with its head, and without what came elsewhere", async () => {
    const tip = chain.head;
    await reorgAway();
    await chain.mine(4);
    const losing = new BrowserProvider({ request: chain.viewAt(tip.hash) });
    expect(BigInt(await losing.getBlockNumber())).to.equal(tip.number);
    expect((await losing.getBlock("latest"))!.hash).to.equal(tip.hash);
    expect(await losing.getBlock(Number(tip.number) + 1)).to.equal(null);
    expect(await probe.connect(losing).getFunction("value").staticCall()).to.equal(5n);
    expect((await losing.getTransactionReceipt(sent))!.status).to.equal(1);
    expect(await probe.getFunction("value").staticCall()).to.equal(0n);
    const proof = await prove(
      { request: chain.viewAt(tip.hash) },
      {
        ...{ anchor: tip, account: (await probe.getAddress()) as Hex, slots: [0n] },
      },
    );
    expect(proof.slots[0]!.value).to.equal(5n);
    await expectSimulatorError(chain.viewAt(tip.hash)({ method: "evm_mine" }), /^evm_mine is nothing that a view/);
  });

  it("a view of a canonical block is that of a node that lags", async () => {
    const { number, hash } = chain.at(chain.head.number - 2n)!;
    expect(await chain.viewAt(hash)({ method: "eth_blockNumber" })).to.equal(`0x${number.toString(16)}`);
  });
});

for (const history of ["transaction", "storage"] as const)
  it(`an orphan tells its transactions' number, and each of them (${history})`, async () => {
    const chain = await forks.create({ history });
    const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
    const [from] = (await ask("eth_accounts")) as Hex[];
    const sent = await ask("eth_sendTransaction", { from, to: UNKNOWN.slice(0, 42) });
    const { hash } = (await chain.reorg({ depth: 1 })).orphaned[0]!;
    expect(await ask("eth_getBlockTransactionCountByHash", hash)).to.equal("0x1");
    expect(await ask("eth_getTransactionByBlockHashAndIndex", hash, "0x0")).to.include({ hash: sent, blockHash: hash });
    expect(await ask("eth_getTransactionByBlockHashAndIndex", hash, "0x1")).to.equal(null);
    expect(await ask("eth_getBlockTransactionCountByHash", UNKNOWN)).to.equal(null);
    await chain.close();
    await expectSimulatorError(chain.viewAt(hash)({ method: "eth_chainId" }), /is closed/);
  });

describe("branches of one chain", () => {
  let chain: HardhatChain;
  let probe: Contract;
  const value = () => probe.getFunction("value").staticCall();
  beforeEach(async () => {
    chain = await forks.create();
    probe = await deployProbe(chain);
    await chain.mine(3);
  });
  afterEach(() => chain.close());

  it("are left and come back to, as they were", async () => {
    await probe.getFunction("set").send(1);
    const main = chain.head;
    const change = await chain.branch("theirs", { depth: 2 });
    expect(change.orphaned.at(-1)).to.deep.equal(main);
    expect(change.adopted).to.deep.equal([]);
    expect(await value()).to.equal(0n);
    await probe.getFunction("set").send(2);
    await chain.mine(4);
    const theirs = chain.head;
    expect(chain.at(main.number)!.hash).not.to.equal(main.hash);
    expect(chain.branches).to.deep.equal({
      current: { name: "theirs", head: theirs },
      left: [{ name: "main", head: main }],
    });

    expect((await chain.switchTo("main")).orphaned.at(-1)).to.deep.equal(theirs);
    expect([chain.head, await value()]).to.deep.equal([main, 1n]);
    await probe.getFunction("set").send(3);
    await chain.switchTo("theirs");
    expect([chain.head, await value()]).to.deep.equal([theirs, 2n]);
    await chain.switchTo("main");
    expect(await value()).to.equal(3n);
    await expectSoundChain(chain);
  });

  it("keep what happened on their heads: cheat codes, an outage, a time that was set", async () => {
    const nobody = UNKNOWN.slice(0, 42);
    const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
    const balance = () => ask("eth_getBalance", nobody, "latest");
    const timeOfNext = async () => {
      const [next, head] = await Promise.all([ask("eth_getBlockByNumber", "pending", false), ask("eth_getBlockByNumber", "latest", false)]); // prettier-ignore
      return Number((next as { timestamp: Hex }).timestamp) - Number((head as { timestamp: Hex }).timestamp);
    };
    await ask("hardhat_setBalance", nobody, "0x64");
    await chain.stall({ seconds: 3_600 });
    // No block is left, so that it has happened on both.
    await chain.branch("theirs");
    expect([await balance(), await timeOfNext()]).to.deep.equal(["0x64", 3_600]);
    await chain.mine();
    await ask("hardhat_setBalance", nobody, "0x65");
    await ask("evm_setNextBlockTimestamp", Number((await chain.tools.ethers.provider.getBlock("latest"))!.timestamp) + 5); // prettier-ignore
    await chain.switchTo("main");
    expect([await balance(), await timeOfNext()]).to.deep.equal(["0x64", 3_600]);
    await chain.branch("third", { depth: 1 });
    expect([await balance(), await timeOfNext()]).to.deep.equal(["0x0", 12]);
    await chain.switchTo("theirs");
    expect([await balance(), await timeOfNext()]).to.deep.equal(["0x65", 5]);
  });

  it("begin at the head where no depth is given, and then part", async () => {
    const parent = chain.head;
    await chain.branch("b");
    await chain.mine();
    const b = chain.head;
    await chain.switchTo("main");
    expect(chain.head).to.deep.equal(parent);
    await chain.mine();
    expect(chain.head.number).to.equal(b.number);
    expect(chain.head.hash).not.to.equal(b.hash);
  });

  it("have names of their own, and a depth", async () => {
    await chain.branch("b");
    await expectSimulatorError(chain.branch("b"), /has a branch "b"/);
    await expectSimulatorError(chain.branch("main"), /has a branch "main"/);
    await expectSimulatorError(chain.switchTo("b"), /has left no branch "b"/);
    await expectSimulatorError(chain.branch("c", { depth: -1 }), /depth -1 is none/);
    await expectSimulatorError(chain.branch("c", { depth: 1_000 }), /cannot roll it back/);
    expect(chain.branches.current.name).to.equal("b");
  });
});

describe("what a reorg does with transactions", () => {
  let chain: HardhatChain;
  let probe: Contract;
  const value = () => probe.getFunction("value").staticCall();
  /** Sets the probe from the account of this index, in a block of its own. */
  async function set(account: number, to: number): Promise<Hex> {
    const signers = await chain.tools.ethers.getSigners();
    return (await probe.connect(signers[account]!).getFunction("set").send(to)).hash as Hex;
  }
  beforeEach(async () => {
    chain = await forks.create();
    probe = await deployProbe(chain);
  });
  afterEach(() => chain.close());

  const heightOf = async (hash: Hex) => {
    const receipt = (await chain.request({ method: "eth_getTransactionReceipt", params: [hash] })) as { blockNumber: Hex } | null; // prettier-ignore
    return receipt && Number(receipt.blockNumber) - Number(chain.head.number);
  };

  it("drops those that it is told to, or keeps those that it is asked about", async () => {
    const [a, b, c] = [await set(1, 1), await set(2, 2), await set(3, 3)];
    await chain.reorg({ depth: 3, drop: [c] });
    expect([await heightOf(a), await heightOf(b), await heightOf(c), await value()]).to.deep.equal([-2, -1, null, 2n]);
    await chain.reorg({ depth: 3, keep: ({ hash }) => hash === a });
    expect([await heightOf(a), await heightOf(b), await value()]).to.deep.equal([-2, null, 1n]);
  });

  it("replaces one by another of the same nonce", async () => {
    const hash = await set(0, 1);
    const { chainId } = await chain.tools.ethers.provider.getNetwork();
    const { nonce } = (await chain.tools.ethers.provider.getTransaction(hash))!;
    const wallet = chain.tools.ethers.HDNodeWallet.fromPhrase("test test test test test test test test test test test junk"); // prettier-ignore
    const other = (await wallet.signTransaction({
      ...{ to: await probe.getAddress(), data: probe.interface.encodeFunctionData("set", [7]), nonce, chainId },
      ...{ gasLimit: 100_000, maxFeePerGas: parseEther("1") / 10n ** 6n, maxPriorityFeePerGas: 1, type: 2 },
    })) as Hex;
    const { rejected } = await chain.reorg({ depth: 1, replace: { [hash]: other } });
    expect(rejected).to.deep.equal([]);
    expect([await value(), await heightOf(hash)]).to.deep.equal([7n, null]);
  });

  it("brings them back in another order: backwards, as listed, or by its seed", async () => {
    const hashes = [await set(1, 1), await set(2, 2), await set(3, 3)];
    const heights = async () => Promise.all(hashes.map(heightOf));
    await chain.reorg({ depth: 3, reorder: "reverse" });
    expect([await heights(), await value()]).to.deep.equal([[0, -1, -2], 1n]);
    await chain.reorg({ depth: 3, reorder: [hashes[1]!, hashes[2]!] });
    expect([await heights(), await value()]).to.deep.equal([[0, -2, -1], 1n]);
    const orders = new Set<string>();
    for (let seed = 0; seed < 24; seed++) {
      await chain.reorg({ depth: 3, reorder: "shuffle", seed: `${seed}` });
      orders.add((await heights()).join());
    }
    expect(orders.size).to.be.within(4, 6);
  });

  it("lays them out in blocks as it is told, empty ones and later ones included", async () => {
    const [a, b, c] = [await set(1, 1), await set(2, 2), await set(3, 3)];
    await chain.reorg({ depth: 3, blocks: [[], [b], [], [], [a]] });
    expect([await heightOf(a), await heightOf(b), await heightOf(c)]).to.deep.equal([0, -3, null]);
    await chain.reorg({ depth: 5, blocks: [[a]] });
    expect([await heightOf(a), await value()]).to.deep.equal([-4, 1n]);
    for (const other of [{ drop: [a] }, { keep: true }, { reorder: "reverse" } as const])
      await expectSimulatorError(
        chain.reorg({ depth: 5, blocks: [[a]], ...other }),
        /says already what comes back where/,
      );
    await expectSimulatorError(chain.reorg({ depth: 1, blocks: [[a]] }), /is in none of the replaced blocks/);
    await expectSoundChain(chain);
  });

  it("names a transaction that none of the replaced blocks has", async () => {
    const old = await set(1, 1);
    await chain.mine();
    for (const change of [{ drop: [old] }, { replace: { [old]: "0x00" as Hex } }, { reorder: [old] }])
      await expectSimulatorError(
        chain.reorg({ depth: 1, ...change }),
        /0x[0-9a-f]{64} is in none of the replaced blocks/,
      );
    expect(await value()).to.equal(1n);
    await expectSoundChain(chain);
  });
});
