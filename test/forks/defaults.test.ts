import { expect } from "chai";
import { network } from "hardhat";

import { latestAnchor, latestStateAnchor } from "../../src/actions/latestAnchor.js";
import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { prove } from "../../src/actions/prove.js";
import { BranchProbe__factory, StateProofHarness__factory } from "../../typechain-types/index.js";
import { blockAt, deployProbe } from "../../tools/forks.js";

const forks = hardhatForks(network);

/** What a test does that knows the README and no option. */
describe("a simulated chain with no option", () => {
  let chain: HardhatChain;
  beforeEach(async () => {
    chain = await forks.create();
  });
  afterEach(() => chain.close());

  /** The value of BranchProbe's first slot at the anchor, by the SDK and by the contract. */
  async function proveValue(account: string): Promise<bigint> {
    const [signer] = await chain.tools.ethers.getSigners();
    const harness = await new StateProofHarness__factory(signer!).deploy();
    const { anchor } = await latestStateAnchor(chain);
    const { account: proven, slots, witness } = await prove(chain, { anchor, account: account as Hex, slots: [0n] });
    const [exists, value] = await harness.readAccountSlot(anchor.stateRoot, account, slots[0]!.slot, witness);
    expect([exists, value]).to.deep.equal([proven.status === "present", slots[0]!.value]);
    return slots[0]!.value;
  }

  it("F5: latestStateAnchor and prove work right after what a test did, at each depth, at each height", async () => {
    const probe = await deployProbe(chain);
    const account = await probe.getAddress();
    await proveValue(account);
    for (let value = 1; value <= 5; value++) {
      await probe.getFunction("set").send(value);
      await chain.tools.networkHelpers.mine(value);
      await proveValue(account);
    }
    for (let depth = 1; BigInt(depth) < chain.head.number; depth++) {
      const { anchor } = await latestStateAnchor(chain, { depth });
      await prove(chain, { anchor, account: account as Hex, slots: [0n] });
    }
    await chain.reorg({ depth: 4 });
    await chain.passTime(600);
    await proveValue(account);
  });

  it("F5, F29: an anchor is there from the start, and is not the genesis, which no proof can be made of", async () => {
    expect((await latestAnchor(chain)).number).to.equal(1n);
    const { anchor } = await latestStateAnchor(chain);
    const [proven] = (await prove(chain, { anchor, account: `0x${"12".repeat(20)}`, slots: [0n] })).slots;
    expect(proven).to.include({ value: 0n });
    const bare = await forks.create({ blocks: 0 });
    expect(bare.head.number).to.equal(0n);
    await bare.close();
  });

  it("F5: a block holds what the test sent, and nothing of the simulator's, whoever asks and whatever became of it", async () => {
    const [signer, other] = await chain.tools.ethers.getSigners();
    const { request } = chain;
    await chain.request({ method: "evm_setAutomine", params: [false] });
    const sent: Hex[] = [];
    for (const from of [signer!, other!])
      sent.push((await from.sendTransaction({ to: from.address, gasLimit: 21_000 })).hash as Hex);
    const pending = async () => (await request({ method: "eth_pendingTransactions" })) as { hash: Hex }[];
    expect((await pending()).map(({ hash }) => hash)).to.have.members(sent);
    await chain.mine();

    const holds = async (number: bigint, hashes: readonly Hex[]) => {
      const { hash, transactions } = await blockAt(chain, number);
      expect(transactions).to.have.members(hashes);
      for (const [by, tag] of [
        ["Hash", hash],
        ["Number", toQuantity(number)],
      ] as const) {
        const ask = (method: string, ...params: unknown[]) => request({ method, params: [tag, ...params] });
        expect(await ask(`eth_getBlockTransactionCountBy${by}`)).to.equal(toQuantity(hashes.length));
        const full = (await ask(`eth_getBlockBy${by}`, true)) as { transactions: { hash: Hex }[] };
        expect(full.transactions.map((each) => each.hash)).to.deep.equal(transactions);
        for (const [index, each] of transactions.entries()) {
          const found = await ask(`eth_getTransactionByBlock${by}AndIndex`, toQuantity(index));
          expect(found).to.include({ hash: each, transactionIndex: toQuantity(index) });
          for (const method of ["eth_getTransactionReceipt", "eth_getTransactionByHash"])
            expect(await request({ method, params: [each] })).to.include({ transactionIndex: toQuantity(index) });
        }
        expect(await ask(`eth_getTransactionByBlock${by}AndIndex`, toQuantity(hashes.length))).to.equal(null);
      }
      expect(await request({ method: "eth_getTransactionByBlockNumberAndIndex", params: ["0xffff", "0x0"] })).to.equal(
        null,
      );
    };
    await holds(chain.head.number, sent);
    await chain.mine();
    await holds(chain.head.number, []);
    const orphan = (await blockAt(chain, chain.head.number - 1n)).hash;
    await chain.reorg({ depth: 2 });
    await holds(chain.head.number - 1n, sent);
    const kept = (await request({ method: "eth_getBlockByHash", params: [orphan, false] })) as { transactions: Hex[] };
    expect(kept.transactions).to.have.members(sent);

    const [a, b] = (await forks.partition({ commonBlocks: 3 })) as [HardhatChain, HardhatChain];
    await a.mine();
    await forks.heal({ from: a, to: b });
    expect((await blockAt(b, b.head.number)).transactions).to.deep.equal([]);
    await a.close();
    await b.close();
  });

  it("F5: Hardhat's matchers of balances, which want one transaction in a block, work; so do events and their places", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    const { ethers } = chain.tools;
    const to = `0x${"7e".repeat(20)}`;
    await expect(signer!.sendTransaction({ to, value: 5n })).to.changeEtherBalance(ethers, to, 5n);
    expect(await chain.request({ method: "hardhat_getAutomine" })).to.equal(true);
    const token = await ethers.deployContract("TestToken");
    await expect(token.getFunction("mint").send(to, 3n)).to.changeTokenBalance(ethers, token, to, 3n);
    const [log] = await ethers.provider.getLogs({ address: await token.getAddress(), fromBlock: 0 });
    expect(log).to.include({ transactionIndex: 0, index: 0 });
    expect((await log!.getTransactionReceipt()).index).to.equal(0);
    expect((await ethers.provider.getTransactionReceipt(log!.transactionHash))!.logs[0]!.transactionIndex).to.equal(0);
  });

  it("F5: a transaction may have all the gas of Hardhat's block", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    const { provider } = await network.create();
    const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
      gasLimit: Hex;
    };
    const sent = await signer!.sendTransaction({ to: signer!.address, gasLimit: BigInt(block.gasLimit) });
    expect((await sent.wait())!.blockNumber).to.equal(4);
    await chain.mine();
  });

  it("F5: nobody is told the simulator's tip, and what waits in the pool runs after the history contract is filled", async () => {
    const signers = (await chain.tools.ethers.getSigners()).slice(0, 4);
    const to = signers[0]!.address;
    const sent = await signers[0]!.sendTransaction({ to });
    // Hardhat's own default, on a chain that is not the simulator's too.
    expect(sent.maxPriorityFeePerGas).to.equal(10n ** 9n);
    const fees = (await chain.request({ method: "eth_feeHistory", params: ["0x3", "latest", [0, 50, 100]] })) as {
      reward: Hex[][];
    };
    for (const reward of fees.reward.flat()) expect(Number(reward)).to.be.lessThan(10 ** 10);

    await chain.request({ method: "evm_setAutomine", params: [false] });
    const gwei = 10n ** 9n;
    for (const [i, offer] of [1n, 1_000n, 20_000n].entries())
      await signers[i]!.sendTransaction({
        maxFeePerGas: 2n * offer * gwei,
        maxPriorityFeePerGas: offer * gwei,
        gasLimit: 21_000,
        to,
      });
    await signers[3]!.sendTransaction({ gasPrice: 30_000n * gwei, gasLimit: 21_000, to });
    await chain.mine();
    const { transactions } = await blockAt(chain, chain.head.number);
    const receipts = transactions.map((hash) => chain.tools.ethers.provider.getTransactionReceipt(hash));
    // Behind the simulator's own, which is not shown: one before it would have the place of the next.
    expect((await Promise.all(receipts)).map((receipt) => receipt?.index)).to.deep.equal([0, 1, 2, 3]);
  });

  it("F5: the history contract knows each parent also where the base fee is that of a rush", async () => {
    await chain.tools.networkHelpers.setNextBlockBaseFeePerGas(10n ** 14n);
    await chain.mine(3);
    const probe = await deployProbe(chain);
    const [signer] = await chain.tools.ethers.getSigners();
    const seen = BranchProbe__factory.connect(await probe.getAddress(), signer!);
    for (let age = 1n; age <= 4n; age++) {
      const number = chain.head.number - age;
      const { hash } = await blockAt(chain, number);
      expect(await seen.blockHash(number)).to.equal(hash);
      const call = {
        to: "0x0000f90827f1c53a10cb7a02335b175320002935",
        data: `0x${number.toString(16).padStart(64, "0")}`,
      };
      expect(await chain.request({ method: "eth_call", params: [call, "latest"] })).to.equal(hash);
    }
  });
});
