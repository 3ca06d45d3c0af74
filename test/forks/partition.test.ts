import { expect, use } from "chai";
import type { Contract } from "ethers";
import { network } from "hardhat";

import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toQuantity } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import type { HistoryMode } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { blockAt, deployProbe, expectSoundChain, history, probeOn } from "../../tools/forks.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);

describe("partition", () => {
  const open: HardhatChain[] = [];
  afterEach(async () => {
    for (const chain of open.splice(0)) await chain.close();
  });
  const partition = async (options: Parameters<typeof forks.partition>[0]) => {
    const chains = await forks.partition(options);
    open.push(...chains);
    return chains as [HardhatChain, HardhatChain, ...HardhatChain[]];
  };
  /** Two nodes with the same contract. */
  const twoNodes = async (options: Parameters<typeof forks.partition>[0] = {}) => {
    let probe!: Contract;
    const [a, b] = await partition({
      ...options,
      prepare: async (chain) => {
        probe = await deployProbe(chain);
        await chain.tools.networkHelpers.setBalance(`0x${"ab".repeat(20)}`, 123n);
        await probe.getFunction("set").send(1);
      },
    });
    return { a, b, onA: await probeOn(a, probe), onB: await probeOn(b, probe) };
  };

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`nodes share every block up to the split, and none from equal height on (${mode})`, async () => {
      const chains = await partition({
        names: ["geth", "reth", "besu"],
        commonBlocks: 10,
        history: mode,
        prepare: deployProbe,
      });
      expect(chains.map(({ name }) => name)).to.deep.equal(["geth", "reth", "besu"]);
      for (const chain of chains) expect(chain.head.number).to.equal(10n);
      for (let number = 0n; number <= 10n; number++) {
        const blocks = await Promise.all(chains.map((chain) => blockAt(chain, number)));
        for (const block of blocks) expect(block).to.deep.equal(blocks[0]);
      }
      for (const chain of chains) await chain.mine(5);
      for (let number = 11n; number <= 15n; number++) {
        const blocks = await Promise.all(chains.map((chain) => blockAt(chain, number)));
        expect(new Set(blocks.map(({ hash }) => hash)).size).to.equal(3);
        // Nothing but the branch tells them apart.
        expect(new Set(blocks.map(({ timestamp }) => timestamp)).size).to.equal(1);
      }
      for (const chain of chains) await expectSoundChain(chain);
    });

  it("nodes share what the preparation did last, in no block yet, and what it set", async () => {
    const [nobody, stranger] = [`0x${"5e".repeat(20)}`, `0x${"cd".repeat(20)}`];
    let waiting = "";
    const [a, b] = await partition({
      commonBlocks: 4,
      prepare: async (chain) => {
        await chain.mine(6);
        await chain.request({ method: "evm_setAutomine", params: [false] });
        await chain.request({ method: "hardhat_impersonateAccount", params: [stranger] });
        await chain.request({ method: "hardhat_setCoinbase", params: [stranger] });
        await chain.request({ method: "hardhat_setBalance", params: [nobody, "0x64"] });
        await chain.stall({ seconds: 3_600 });
        waiting = (await (await chain.tools.ethers.getSigners())[0]!.sendTransaction({ to: nobody })).hash;
      },
    });
    expect(b.head).to.deep.equal(a.head);
    for (const chain of [a, b]) {
      const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
      expect(await ask("eth_getBalance", nobody, "latest")).to.equal("0x64");
      expect(await ask("eth_getTransactionReceipt", waiting)).to.include({ status: "0x1" });
      const transfer = { from: stranger, to: nobody, maxFeePerGas: toQuantity(10n ** 10n), gas: "0x5208" };
      await ask("hardhat_setBalance", stranger, toQuantity(10n ** 18n));
      const sent = await ask("eth_sendTransaction", transfer);
      expect(await ask("eth_getTransactionReceipt", sent)).to.equal(null);
      await chain.mine();
      expect(await ask("eth_getTransactionReceipt", sent)).to.include({ status: "0x1" });
      expect(await ask("eth_getBlockByNumber", "latest", false)).to.include({ miner: stranger });
    }
    const times = await Promise.all([a, b].map((chain) => blockAt(chain, chain.head.number)));
    expect(times[0]!.timestamp).to.equal(times[1]!.timestamp);
  });

  it("nodes advance independently: heights, times and state", async () => {
    const { a, b, onA, onB } = await twoNodes();
    await a.mine(4);
    await onB.getFunction("set").send(2);
    await b.stall({ seconds: 1980 });
    await b.mine();
    expect([a.head.number, b.head.number]).to.deep.equal([14n, 12n]);
    expect(await onA.getFunction("value").staticCall()).to.equal(1n);
    expect(await onB.getFunction("value").staticCall()).to.equal(2n);
    const [onlyB, before] = [await blockAt(b, 12n), await blockAt(b, 11n)];
    expect(BigInt(onlyB.timestamp) - BigInt(before.timestamp)).to.equal(1980n);
  });

  it("SG-1: an action anchored on the minority's branch is rejected by the majority, with both hashes", async () => {
    const { a: majority, b: minority, onA, onB } = await twoNodes();
    await majority.mine(3);
    await minority.mine(3);
    const anchor = minority.at(minority.head.number - 2n)!;
    const action = [anchor.number, anchor.hash, 7] as const;
    await expect(onA.getFunction("setAt").send(...action))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues({ number: anchor.number, claimed: anchor.hash, actual: majority.at(anchor.number)!.hash });
    expect(await onA.getFunction("value").staticCall()).to.equal(1n);
    await expect(onB.getFunction("setAt").send(...action)).not.to.be.rejectedByGuard();
    expect(await onB.getFunction("value").staticCall()).to.equal(7n);
  });

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`healing: the losing node drops its branch and adopts the winner's blocks with identical hashes (${mode})`, async () => {
      const { a, b, onA, onB } = await twoNodes({ history: mode });
      await a.mine(2);
      await onA.getFunction("set").send(11);
      // Cheat codes, a stranger's transaction and odd times must come along.
      await a.tools.networkHelpers.setBalance(`0x${"cd".repeat(20)}`, 10n ** 18n);
      await a.tools.networkHelpers.impersonateAccount(`0x${"cd".repeat(20)}`);
      const stranger = await a.tools.ethers.getSigner(`0x${"cd".repeat(20)}`);
      await stranger.sendTransaction({ to: stranger.address, value: 1, type: 0 });
      await a.stall({ seconds: 777 });
      await a.request({ method: "hardhat_setCoinbase", params: [`0x${"ee".repeat(20)}`] });
      await a.request({ method: "hardhat_setNextBlockBaseFeePerGas", params: ["0x77359400"] });
      await a.mine(2);
      // #region heal
      const lost = await onB.getFunction("set").send(22);
      await b.mine(9);
      const minority = b.head;

      const change = await forks.heal({ from: a, to: b });
      expect(b.head).to.deep.equal(a.head);
      expect(change.commonAncestor.number).to.equal(10n);
      expect(change.orphaned.at(-1)).to.deep.equal(minority);
      expect(change.orphanedTransactions.map(({ hash }) => hash)).to.deep.equal([lost.hash]);
      // #endregion heal
      expect(change.orphaned).to.have.length(10);
      expect(change.adopted.at(-1)).to.deep.equal(a.head);
      for (let number = 0n; number <= a.head.number; number++) {
        expect(await blockAt(b, number)).to.deep.equal(await blockAt(a, number));
        if (number < b.head.number) expect(await history(b, number)).to.equal(a.at(number)!.hash);
      }
      expect(await onB.getFunction("value").staticCall()).to.equal(11n);
      await expectSoundChain(b);

      // Again, the other way round, and once more when nothing is left to do.
      await b.mine(3);
      await onB.getFunction("set").send(33);
      await forks.heal({ from: b, to: a });
      expect(a.head).to.deep.equal(b.head);
      expect(await onA.getFunction("value").staticCall()).to.equal(33n);
      expect((await forks.heal({ from: b, to: a })).adopted).to.deep.equal([]);
      // Healed nodes still mine blocks of their own.
      await a.mine();
      await b.mine();
      expect(a.head.hash).not.to.equal(b.head.hash);
      expect(a.head.number).to.equal(b.head.number);
    });

  it("healing also adopts a shorter branch, one that was reorganised, and one whose history was filled at its end", async () => {
    const { a, b } = await twoNodes({ history: "storage" });
    await a.mine(300, { history: "at-end" });
    await a.reorg({ depth: 2 });
    await forks.heal({ from: a, to: b });
    expect(b.head).to.deep.equal(a.head);
    for (const age of [1n, 200n, 300n])
      expect(await history(b, b.head.number - age)).to.equal(a.at(a.head.number - age)!.hash);
    await b.mine(5);
    await a.mine(2);
    await forks.heal({ from: a, to: b });
    expect(b.head).to.deep.equal(a.head);
    await expectSoundChain(b);
  });

  it("a node that cannot import the other's blocks says so and keeps its branch", async () => {
    const [a, stranger] = [
      await forks.create({ name: "ours" }),
      await forks.create({ name: "theirs", genesisTime: 1_800_000_000 }),
    ];
    open.push(a, stranger);
    await a.mine(3);
    await stranger.mine(5);
    const head = a.head;
    const failed = async (from: HardhatChain) => {
      const error: unknown = await forks.heal({ from, to: a }).catch((thrown: unknown) => thrown);
      expect(SettlementGuardError.is(error, "FORK_SIMULATOR"), String(error)).to.equal(true);
      expect(a.head).to.deep.equal(head);
      return (error as Error).message;
    };
    expect(await failed(stranger)).to.contain("no block in common");

    // Another history mode: the same genesis, and blocks that this node does not reproduce.
    const other = await forks.create({ name: "other", history: "storage" });
    open.push(other);
    await other.mine(2);
    expect(await failed(other)).to.contain("could not adopt the branch of other");
    await a.mine(2);
    await expectSoundChain(a);
  });

  it("the same script gives the same two branches twice", async () => {
    const run = async () => {
      const { a, b, onB } = await twoNodes();
      await a.mine(2);
      await onB.getFunction("set").send(5);
      return [a.head, b.head];
    };
    expect(await run()).to.deep.equal(await run());
  });
});
