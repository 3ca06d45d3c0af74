import { expect, use } from "chai";
import { Transaction, parseEther } from "ethers";
import { network } from "hardhat";

import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import type { HistoryMode } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { blockAt, deployProbe, developmentWallet, expectSoundChain, history, probeOn } from "../../tools/forks.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);

describe("hard fork", () => {
  const open: HardhatChain[] = [];
  afterEach(async () => {
    for (const chain of open.splice(0).reverse()) await chain.close();
  });

  async function prepared(history: HistoryMode = "storage", blocks = 300) {
    const chain = await forks.create({ name: "original", history });
    open.push(chain);
    const probe = await deployProbe(chain);
    await probe.getFunction("set").send(42);
    const [first, second] = await chain.tools.ethers.getSigners();
    await first!.sendTransaction({ to: second!.address, value: parseEther("7") });
    await chain.mine(blocks, history === "storage" ? { history: "at-end" } : {});
    return { chain, probe };
  }
  const split = async (chain: HardhatChain, options: Parameters<typeof forks.hardFork>[1]) => {
    const fork = await forks.hardFork(chain, options);
    open.push(fork);
    return fork;
  };

  for (const [title, chainId, mode] of [
    ["a new chain id", 10_001, "storage"],
    ["a new chain id", 10_001, "transaction"],
    ["the same chain id", undefined, "storage"],
  ] as const)
    it(`with ${title}: state and past are the same, what follows is not (${mode})`, async () => {
      const { chain, probe } = await prepared(mode);
      const at = chain.head;
      const fork = await split(chain, chainId === undefined ? {} : { chainId });
      const onFork = await probeOn(fork, probe);
      expect(fork.at(at.number)).to.deep.equal(at);
      expect(fork.head.number).to.equal(at.number + 1n);

      expect(await fork.request({ method: "eth_chainId" })).to.equal(toQuantity(chainId ?? 31337));
      const context = await onFork.getFunction("context").staticCall();
      expect(context.chainId).to.equal(BigInt(chainId ?? 31337));
      expect(await onFork.getFunction("value").staticCall()).to.equal(42n);
      for (const signer of await chain.tools.ethers.getSigners())
        expect(await fork.tools.ethers.provider.getBalance(signer.address)).to.equal(
          await chain.tools.ethers.provider.getBalance(signer.address),
        );

      await chain.mine(2);
      await onFork.getFunction("set").send(43);
      expect(fork.head.number).to.equal(chain.head.number);
      expect(fork.head.hash).not.to.equal(chain.head.hash);
      expect((await blockAt(fork, at.number + 1n)).parentHash).to.equal(at.hash);
      expect(fork.at(at.number + 1n)!.hash).not.to.equal(chain.at(at.number + 1n)!.hash);
      expect(await onFork.getFunction("value").staticCall()).to.equal(43n);
      expect(await probe.getFunction("value").staticCall()).to.equal(42n);
      expect(await onFork.getFunction("value").staticCall({ blockTag: Number(at.number) })).to.equal(42n);

      for (const age of [1n, 2n, 3n, 100n, 255n, 256n, 257n, 300n]) {
        const number = fork.head.number - age;
        const { hash } = await blockAt(fork, number);
        if (number <= at.number) expect(hash).to.equal(chain.at(number)!.hash);
        expect(await history(fork, number), `EIP-2935 at age ${age}`).to.equal(hash);
        if (age <= 256n)
          expect(await onFork.getFunction("blockHash").staticCall(number), `BLOCKHASH ${age}`).to.equal(hash);
      }
      await expectSoundChain(fork, at.number);
    });

  it("ethpow-replay: with the same chain id a signed transaction runs on both chains; with another it is refused", async () => {
    const { chain, probe } = await prepared("storage", 3);
    const same = await split(chain, {});
    const renamed = await split(chain, { chainId: 10_001 });
    const wallet = developmentWallet();
    const raw = (await wallet.signTransaction({
      ...{ type: 2, chainId: 31337, nonce: await chain.tools.ethers.provider.getTransactionCount(wallet.address) },
      ...{ gasLimit: 100_000, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n },
      ...{ to: await probe.getAddress(), data: probe.interface.encodeFunctionData("set", [99]) },
    })) as Hex;
    for (const node of [chain, same]) {
      expect(await node.request({ method: "eth_sendRawTransaction", params: [raw] })).to.equal(
        Transaction.from(raw).hash,
      );
      expect(await (await probeOn(node, probe)).getFunction("value").staticCall()).to.equal(99n);
    }
    const refused: unknown = await renamed
      .request({ method: "eth_sendRawTransaction", params: [raw] })
      .catch((error: unknown) => error);
    expect(String(refused)).to.match(/chain ?id/i);
    expect(await (await probeOn(renamed, probe)).getFunction("value").staticCall()).to.equal(42n);
  });

  it("SG-1: an anchor from after the split is rejected on the other chain even with the same chain id; one from before is good on both", async () => {
    const { chain, probe } = await prepared("storage", 5);
    const fork = await split(chain, {});
    const onFork = await probeOn(fork, probe);
    const shared = chain.head;
    await chain.mine(3);
    await fork.mine(2);
    const after = fork.at(fork.head.number - 1n)!;
    await expect(probe.getFunction("setAt").send(after.number, after.hash, 5)).to.be.rejectedByGuard("AnchorMismatch");
    for (const each of [probe, onFork])
      await expect(each.getFunction("setAt").send(shared.number, shared.hash, 6)).not.to.be.rejectedByGuard();
  });

  it("the original cannot lose the block on which a fork rests, nor change its state, until the fork is closed", async () => {
    const { chain } = await prepared("storage", 5);
    const fork = await forks.hardFork(chain);
    const failed = async (promise: Promise<unknown>) => {
      const error: unknown = await promise.catch((thrown: unknown) => thrown);
      expect(SettlementGuardError.is(error, "FORK_SIMULATOR"), String(error)).to.equal(true);
    };
    await failed(chain.request({ method: "hardhat_setBalance", params: [`0x${"ab".repeat(20)}`, "0x1"] }));
    await failed(chain.reorg({ depth: 1 }));
    await chain.mine(2);
    await chain.request({ method: "hardhat_setBalance", params: [`0x${"ab".repeat(20)}`, "0x1"] });
    await chain.reorg({ depth: 2 });
    await failed(chain.reorg({ depth: 3 }));
    await fork.mine(3);
    await fork.reorg({ depth: 4 });
    await failed(fork.reorg({ depth: 5 }));
    expect(await fork.tools.ethers.provider.getBalance(`0x${"ab".repeat(20)}`)).to.equal(0n);
    await fork.close();
    await chain.reorg({ depth: 4 });
    await expectSoundChain(chain);
  });

  it("a fork can be forked again", async () => {
    const { chain, probe } = await prepared("storage", 4);
    const second = await split(chain, { chainId: 10_001 });
    await second.mine(3);
    const third = await split(second, { chainId: 10_002 });
    await third.mine(2);
    expect(await (await probeOn(third, probe)).getFunction("value").staticCall()).to.equal(42n);
    for (let number = 1n; number < third.head.number; number++)
      expect(await history(third, number)).to.equal((await blockAt(third, number)).hash);
    await expectSoundChain(third, second.head.number);
  });
});
