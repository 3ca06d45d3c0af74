import { expect } from "chai";
import { Transaction, sha256 } from "ethers";
import { network } from "hardhat";

import { toQuantity, type Hex } from "../../src/core/bytes.js";
import type { HistoryMode } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { blockAt, deployProbe, developmentWallet, expectSoundChain } from "../../tools/forks.js";

const forks = hardhatForks(network);
const NOBODY: Hex = `0x${"5e".repeat(20)}`;
const STRANGER: Hex = `0x${"cd".repeat(20)}`;
const GAS = toQuantity(200_000);
const WALLET = developmentWallet();

for (const history of ["transaction", "storage"] as HistoryMode[])
  describe(`what a reorg leaves as it was (${history})`, () => {
    let chain: HardhatChain;
    beforeEach(async () => {
      chain = await forks.create({ history });
    });
    afterEach(() => chain.close());

    const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
    const receiptOf = (hash: unknown) => ask("eth_getTransactionReceipt", hash) as Promise<{ status: Hex } | null>;
    const transfer = (from: unknown) => ask("eth_sendTransaction", { from, to: NOBODY, value: "0x1", gas: GAS });
    const impersonate = (account: unknown) => ask("hardhat_impersonateAccount", account);
    const minerOf = async (number: bigint) =>
      ((await ask("eth_getBlockByNumber", toQuantity(number), false)) as { miner: Hex }).miner;
    /** Above the transaction, as part of the reorg, and as an orphan. */
    async function expectSurvives(hash: unknown): Promise<void> {
      await chain.mine(2);
      await chain.reorg({ depth: 1 });
      expect(await receiptOf(hash)).to.include({ status: "0x1" });
      const { orphaned, rejected } = await chain.reorg({ depth: 3 });
      expect(rejected).to.deep.equal([]);
      expect(await receiptOf(hash)).to.include({ status: "0x1" });
      const count = await ask("eth_getTransactionCount", WALLET.address, { blockHash: orphaned[0]!.hash });
      expect(count).to.equal(await ask("eth_getTransactionCount", WALLET.address, "latest"));
      await expectSoundChain(chain);
    }

    it("a transaction of an account that was impersonated only later, and one of an account that no longer is", async () => {
      const { address } = WALLET;
      const signed = await transfer(address);
      await impersonate(address);
      await expectSurvives(signed);
      const forged = await transfer(address);
      await ask("hardhat_stopImpersonatingAccount", address);
      await expectSurvives(forged);
      expect(await receiptOf(signed)).to.include({ status: "0x1" });
    });

    it("who may be acted for: neither is one forgotten, nor one taken up again", async () => {
      await ask("hardhat_setBalance", STRANGER, toQuantity(10n ** 18n));
      await chain.mine();
      await impersonate(STRANGER);
      const sent = await transfer(STRANGER);
      await chain.reorg({ depth: 1 });
      await transfer(STRANGER);
      await ask("hardhat_stopImpersonatingAccount", STRANGER);
      await chain.mine();
      await chain.reorg({ depth: 2 });
      expect(await receiptOf(sent)).to.include({ status: "0x1" });
      await expect(transfer(STRANGER)).to.be.rejectedWith(/unknown account|is not found|cannot be used/i);
    });

    it("what cheat codes wrote: on the block before, each at its height, and on the head", async () => {
      const balances = async (number: bigint) =>
        Promise.all([NOBODY, STRANGER].map((account) => ask("eth_getBalance", account, toQuantity(number))));
      const { number } = chain.head;
      await ask("hardhat_setBalance", NOBODY, "0x64");
      await chain.mine();
      await ask("hardhat_setBalance", STRANGER, "0x65");
      await chain.mine();
      await ask("hardhat_setBalance", NOBODY, "0x66");
      await chain.reorg({ depth: 2 });
      expect(await balances(number)).to.deep.equal(["0x64", "0x0"]);
      expect(await balances(number + 1n)).to.deep.equal(["0x64", "0x65"]);
      expect(await balances(number + 2n)).to.deep.equal(["0x66", "0x65"]);
      await chain.mine();
      await chain.reorg({ depth: 3, keep: false });
      expect(await balances(chain.head.number)).to.deep.equal(["0x64", "0x0"]);
      await expectSoundChain(chain);
    });

    it("a transaction that delegates accounts (EIP-7702), sent by the node", async () => {
      const probe = await deployProbe(chain);
      const delegation = { address: await probe.getAddress(), nonce: 0n, chainId: 31_337n };
      const other = developmentWallet(1);
      const { address, nonce, chainId, signature } = other.authorizeSync(delegation);
      const [r, s] = [signature.r, signature.s].map((word) => toQuantity(BigInt(word)));
      const authorization = { chainId: toQuantity(chainId), address, nonce: toQuantity(nonce), yParity: toQuantity(signature.yParity), r, s }; // prettier-ignore
      const call = { from: WALLET.address, to: NOBODY, gas: GAS, authorizationList: [authorization] };
      const delegated = (at: unknown) => ask("eth_getCode", other.address, at);
      const hash = await ask("eth_sendTransaction", call);
      const code = await delegated("latest");
      expect(code).to.match(/^0xef0100/);
      const orphan = chain.head;
      await expectSurvives(hash);
      expect(await delegated("latest")).to.equal(code);
      expect(await delegated({ blockHash: orphan.hash })).to.equal(code);
    });

    it("everything, where the reorg itself fails: blocks, cheat codes on the head, time and the pool", async () => {
      await deployProbe(chain);
      await chain.mine(3);
      await ask("evm_setAutomine", false);
      await ask("hardhat_setBalance", NOBODY, "0x64");
      await chain.stall({ seconds: 500 });
      const sent = await transfer(WALLET.address);
      const before = chain.head;
      const throws = () => {
        throw new TypeError("of the test");
      };
      await expect(chain.reorg({ depth: 4, keep: throws })).to.be.rejectedWith("of the test");
      await expect(chain.reorg({ depth: 1, add: ["0xzz"] })).to.be.rejectedWith("0xzz");
      expect(chain.head).to.deep.equal(before);
      expect(await ask("eth_getBalance", NOBODY, "latest")).to.equal("0x64");
      await chain.mine();
      expect(await receiptOf(sent)).to.include({ status: "0x1" });
      const [{ timestamp: then }, { timestamp: now }] = [await blockAt(chain, before.number), await blockAt(chain, chain.head.number)]; // prettier-ignore
      expect(Number(now) - Number(then)).to.equal(500);
      await expectSoundChain(chain);
    });

    it("the time: an outage goes on, and a time that was set holds", async () => {
      await chain.mine(3);
      const { timestamp } = await blockAt(chain, chain.head.number);
      const head = Number(timestamp);
      const timeOfNext = async () =>
        Number(((await ask("eth_getBlockByNumber", "pending", false)) as { timestamp: Hex }).timestamp);
      await chain.stall({ seconds: 3_600 });
      await chain.reorg({ depth: 2 });
      expect(await timeOfNext()).to.equal(head + 3_600);
      await chain.reorg({ depth: 1, extra: 2 });
      expect(await timeOfNext()).to.equal(head + 3_600);
      await ask("evm_setNextBlockTimestamp", head + 3_700);
      await chain.reorg({ depth: 1 });
      await chain.mine();
      expect(Number((await blockAt(chain, chain.head.number)).timestamp)).to.equal(head + 3_700);
    });

    it("who mines", async () => {
      await ask("hardhat_setCoinbase", NOBODY);
      await chain.mine(2);
      const snapshot = await ask("evm_snapshot");
      await chain.reorg({ depth: 1 });
      expect(await minerOf(chain.head.number)).to.equal(NOBODY);
      await chain.reorg({ depth: 4 });
      await ask("hardhat_setCoinbase", STRANGER);
      expect(await ask("evm_revert", snapshot)).to.equal(true);
      await chain.mine();
      for (let number = 4n; number <= chain.head.number; number++) expect(await minerOf(number)).to.equal(NOBODY);
    });
  });

describe("what goes back to its snapshot across a reorg", () => {
  let chain: HardhatChain;
  beforeEach(async () => {
    chain = await forks.create();
    await chain.mine(4);
  });
  afterEach(() => chain.close());
  const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });

  it("is the randomness that the test set for the next block", async () => {
    const randomness = `0x${"07".repeat(32)}`;
    await ask("hardhat_setPrevRandao", randomness);
    const snapshot = await ask("evm_snapshot");
    await chain.reorg({ depth: 2 });
    await ask("evm_revert", snapshot);
    await chain.mine();
    expect((await blockAt(chain, chain.head.number)).mixHash).to.equal(randomness);
  });

  it("is the branch, with the names of those that were left", async () => {
    const main = chain.head;
    await chain.branch("theirs", { depth: 1 });
    await chain.mine(2);
    const { branches } = chain;
    const snapshot = await ask("evm_snapshot");
    await chain.switchTo("main");
    await chain.branch("third");
    await ask("evm_revert", snapshot);
    expect(chain.branches).to.deep.equal(branches);
    await chain.switchTo("main");
    expect(chain.head).to.deep.equal(main);
  });

  it("is what the tags mean", async () => {
    const snapshot = await ask("evm_snapshot");
    chain.finality({ safe: 1, finalized: 2 });
    await ask("evm_revert", snapshot);
    await chain.reorg({ depth: 4 });
    expect(await ask("eth_getBlockByNumber", "finalized", false)).to.include({ hash: chain.head.hash });
  });
});

it("a blob transaction that came with its blobs (EIP-4844) is executed again below a reorg, and named where it cannot come back", async () => {
  const chain = await forks.create({ history: "storage" });
  // The commitment to zeros is the point at infinity, and so is the proof.
  const infinity = `0xc0${"00".repeat(47)}`;
  const blob = { data: `0x${"00".repeat(131_072)}`, commitment: infinity, proof: infinity };
  const unsigned = Transaction.from({
    ...{ type: 3, chainId: 31_337, nonce: 0, to: NOBODY, gasLimit: 100_000 },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, maxFeePerBlobGas: 10n ** 9n },
    ...{ blobVersionedHashes: [`0x01${sha256(infinity).slice(4)}`], blobs: [blob] },
  });
  unsigned.signature = WALLET.signingKey.sign(unsigned.unsignedHash);
  const hash = await chain.request({ method: "eth_sendRawTransaction", params: [unsigned.serialized] });
  await chain.mine(3);
  await chain.reorg({ depth: 1 });
  const receipt = () => chain.request({ method: "eth_getTransactionReceipt", params: [hash] });
  expect(await receipt()).to.include({ status: "0x1" });
  // Hardhat takes none into its pool. So none is in a new block, and the reorg says so.
  const { rejected, orphaned } = await chain.reorg({ depth: 4 });
  expect(rejected.map((each) => each.hash)).to.deep.equal([hash]);
  expect(await receipt()).to.equal(null);
  expect(await chain.viewAt(orphaned[0]!.hash)({ method: "eth_getTransactionReceipt", params: [hash] })).to.include({ status: "0x1" }); // prettier-ignore
  await expectSoundChain(chain);
  await chain.close();
});
