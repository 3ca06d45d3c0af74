import { expect } from "chai";
import { BrowserProvider, Transaction, parseEther, type Contract } from "ethers";
import { network } from "hardhat";

import {
  BEACON_ROOTS_ADDRESS,
  BEACON_ROOTS_LENGTH,
  HISTORY_WINDOW,
  SYSTEM_ADDRESS,
  type HistoryMode,
} from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { toQuantity, type Hex } from "../../src/core/bytes.js";
import {
  beaconRootAt,
  blockAt,
  deployProbe,
  developmentWallet,
  expectSimulatorError,
  expectSoundChain,
  history,
  type RawBlock,
} from "../../tools/forks.js";

const forks = hardhatForks(network);
const ZERO = `0x${"0".repeat(64)}`;
const RECIPIENT = `0x${"5".repeat(40)}`;

describe("simulated chain", () => {
  const open: HardhatChain[] = [];
  const create = async (...args: Parameters<typeof forks.create>) => {
    const chain = await forks.create(...args);
    open.push(chain);
    return chain;
  };
  afterEach(async () => {
    for (const chain of open.splice(0)) await chain.close();
  });

  async function expectHistoryAgrees(chain: HardhatChain, probe: Contract | undefined, ages: readonly bigint[]) {
    for (const age of ages) {
      const number = chain.head.number - age;
      const { hash, timestamp, parentBeaconBlockRoot } = await blockAt(chain, number);
      expect(await history(chain, number), `EIP-2935 at age ${age}`).to.equal(age <= HISTORY_WINDOW ? hash : undefined);
      const expected = age <= 256n ? hash : ZERO;
      if (probe)
        expect(await probe.getFunction("blockHash").staticCall(number), `BLOCKHASH at age ${age}`).to.equal(expected);
      // The genesis makes no system call. All blocks of these tests are 12 s apart, so that 8,191 of them fit.
      if (number > 0n && age < BEACON_ROOTS_LENGTH)
        expect(await beaconRootAt(chain, BigInt(timestamp)), `EIP-4788 at age ${age}`).to.equal(parentBeaconBlockRoot);
    }
  }

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`EIP-2935, EIP-4788 and BLOCKHASH agree with the RPC at every age, whatever mines the blocks, and after a reorg (${mode})`, async () => {
      const chain = await create({ history: mode });
      const probe = await deployProbe(chain);
      const [sender] = await chain.tools.ethers.getSigners();
      await chain.mine(3);
      await chain.request({ method: "evm_mine" });
      await chain.request({ method: "hardhat_mine", params: [toQuantity(10)] });
      await chain.tools.networkHelpers.mine(12);
      await sender!.sendTransaction({ to: sender!.address, value: 1 });
      const raw = await signed(chain);
      await chain.request({ method: "eth_sendRawTransaction", params: [raw] });
      const agree = async () => {
        const ages = Array.from({ length: Number(chain.head.number) }, (_, i) => BigInt(i + 1));
        await expectHistoryAgrees(chain, probe, ages);
        const { timestamp, parentBeaconBlockRoot } = await blockAt(chain, chain.head.number);
        expect(await beaconRootAt(chain, BigInt(timestamp))).to.equal(parentBeaconBlockRoot);
        expect(await beaconRootAt(chain, BigInt(timestamp) + 1n), "a time without a block").to.equal(undefined);
        expect(await beaconRootAt(chain, 0n)).to.equal(undefined);
        expect(await history(chain, chain.head.number), "its own block").to.equal(undefined);
        // A call on `pending` executes in the next block, in which the head has age 1.
        expect(await history(chain, chain.head.number, "pending")).to.equal(chain.head.hash);
      };
      await agree();
      await chain.reorg({ depth: 9, extra: 2 });
      await agree();
      await expectSoundChain(chain);
    });

  it("the history window ends at age 8191, also after a reorg and for calls at older blocks", async function () {
    const chain = await create({ history: "storage" });
    const probe = await deployProbe(chain);
    const ages = [1n, 2n, 255n, 256n, 257n, 8190n, 8191n, 8192n];
    await chain.mine(8250, { history: "at-end" });
    await expectHistoryAgrees(chain, probe, ages);
    // Writes the head's hash over the oldest one, ahead of the block that will have it.
    await chain.request({ method: "eth_estimateGas", params: [{ to: SYSTEM_ADDRESS }] });
    await expectHistoryAgrees(chain, undefined, ages);
    await chain.mine(20);
    await expectHistoryAgrees(chain, undefined, ages);
    const older = chain.head.number - 10n;
    for (const [age, known] of [
      [8191n, true],
      [8192n, false],
    ] as const) {
      // prettier-ignore
      const hash = (await blockAt(chain, older - age)).hash;
      expect(await history(chain, older - age, toQuantity(older))).to.equal(known ? hash : undefined);
    }
    const started = performance.now();
    await chain.reorg({ depth: 10 });
    console.log(`      reorg of 10 at height ${chain.head.number}: ${(performance.now() - started).toFixed(0)} ms`);
    await expectHistoryAgrees(chain, probe, ages);
  });

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`a block knows its own beacon root, at the time that it gets (${mode})`, async () => {
      const chain = await create({ history: mode });
      const next = (await chain.request({ method: "eth_getBlockByNumber", params: ["pending", false] })) as RawBlock;
      expect(await beaconRootAt(chain, BigInt(next.timestamp), "pending")).to.equal(next.parentBeaconBlockRoot);
      // The block comes later than the call on `pending` foresaw. Its transaction asks for its time, and logs the answer.
      await chain.stall({ seconds: 89 });
      const [sender] = await chain.tools.ethers.getSigners();
      const asks = `0x425f5260205f60205f73${BEACON_ROOTS_ADDRESS.slice(2)}5afa60205fa000`;
      const sent = await sender!.sendTransaction({ data: asks });
      const block = await blockAt(chain, chain.head.number);
      expect(BigInt(block.timestamp)).to.equal(BigInt(next.timestamp) + 77n);
      expect(block.parentBeaconBlockRoot).to.equal(next.parentBeaconBlockRoot);
      const receipt = (await sent.wait())!;
      expect(receipt.logs.map(({ data }) => data)).to.deep.equal([block.parentBeaconBlockRoot]);
      expect([receipt.index, block.transactions]).to.deep.equal([0, [sent.hash]]);
    });

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`what was asked of a pending block that came at another time leaves nothing in its state (${mode})`, async () => {
      const script = async (ask: (chain: HardhatChain) => Promise<unknown>): Promise<unknown> => {
        const chain = await create({ history: mode });
        for (const seconds of [12n, 13n, 40n]) {
          await ask(chain);
          await chain.request({ method: "hardhat_mine", params: [toQuantity(2n), toQuantity(seconds)] });
          await ask(chain);
          await chain.stall({ seconds: 30 });
          await chain.mine(2, mode === "storage" ? { history: "at-end" } : {});
        }
        const snapshot = await chain.request({ method: "evm_snapshot" });
        await ask(chain);
        await chain.request({ method: "evm_revert", params: [snapshot] });
        await chain.mine();
        await expectSoundChain(chain);
        await chain.reorg({ depth: 3 });
        return [chain.head, chain.orphans];
      };
      const [from] = (await (await create()).request({ method: "eth_accounts" })) as Hex[];
      const request = { from, to: RECIPIENT, value: "0x1" };
      const refused = { ...request, gas: "0x5208", nonce: "0x5" };
      const quiet = await script(() => Promise.resolve());
      expect(
        await script((chain) => chain.request({ method: "eth_call", params: [request, "pending"] })),
      ).to.deep.equal(quiet);
      const fails = (chain: HardhatChain) =>
        chain.request({ method: "eth_sendRawTransaction", params: ["0x02"] }).then(
          () => expect.fail("it was taken"),
          () => chain.request({ method: "eth_estimateGas", params: [refused, "pending"] }),
        );
      expect(await script(fails)).to.deep.equal(quiet);
    });

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`a time that a pending block had and no block got takes no older entry out of the beacon roots' ring (${mode})`, async () => {
      const chain = await create({ history: mode, time: "raw", blocks: 5 });
      const at = async (number: bigint) => Number((await blockAt(chain, number)).timestamp);
      const [genesis, third] = [await at(0n), await at(3n)];
      for (const older of [genesis, third]) {
        const until = older + BEACON_ROOTS_LENGTH * 2;
        await chain.request({ method: "evm_setNextBlockTimestamp", params: [until] });
        expect(await beaconRootAt(chain, BigInt(until), "pending")).to.be.a("string");
        await chain.request({ method: "evm_setNextBlockTimestamp", params: [until + 1] });
        await chain.mine();
        expect(await at(chain.head.number)).to.equal(until + 1);
        expect(await beaconRootAt(chain, BigInt(until))).to.equal(undefined);
      }
      expect(await beaconRootAt(chain, BigInt(genesis))).to.equal(undefined);
      expect(await beaconRootAt(chain, BigInt(third))).to.equal((await blockAt(chain, 3n)).parentBeaconBlockRoot);
    });

  it("before Cancun there is no beacon root, and one transaction of a block is the simulator's", async () => {
    const chain = await hardhatForks(network, { override: { hardfork: "shanghai" } }).create();
    open.push(chain);
    const [sender] = await chain.tools.ethers.getSigners();
    const receipt = (await (await sender!.sendTransaction({ to: RECIPIENT, value: 1 })).wait())!;
    const block = await blockAt(chain, chain.head.number);
    expect([receipt.index, block.transactions]).to.deep.equal([0, [receipt.hash]]);
    expect(block.parentBeaconBlockRoot).to.equal(undefined);
    expect(await history(chain, chain.head.number - 1n)).to.equal(block.parentHash);
  });

  it("in transaction mode old headers commit to the history contract, and in storage mode the newest does", async () => {
    const { createMPTFromProof } = await import("@ethereumjs/mpt");
    const proves = async (chain: HardhatChain, number: bigint) => {
      const account = "0x0000F90827F1C53a10cb7A02335B175320002935";
      const proof = (await chain.request({ method: "eth_getProof", params: [account, [], toQuantity(number)] })) as {
        accountProof: Hex[];
      };
      const nodes = proof.accountProof.map((node) => Uint8Array.from(Buffer.from(node.slice(2), "hex")));
      const trie = await createMPTFromProof(nodes, { useKeyHashing: true });
      return `0x${Buffer.from(trie.root()).toString("hex")}` === (await blockAt(chain, number)).stateRoot;
    };
    const inTransactions = await create({ history: "transaction" });
    await inTransactions.mine(5);
    for (const number of [1n, 2n, 4n, 5n])
      expect(await proves(inTransactions, number), `block ${number}`).to.equal(true);
    const inStorage = await create({ history: "storage", blocks: 0 });
    await inStorage.mine(5);
    expect(await proves(inStorage, 5n)).to.equal(true);
  });

  it("time is the parent's plus the block time, and what the test says about it", async () => {
    const chain = await create({ blockTime: 7, genesisTime: 1_800_000_000, blocks: 0 });
    const times: number[] = [];
    const note = async () => times.push(Number((await blockAt(chain, chain.head.number)).timestamp) - 1_800_000_000);
    await note(); // 0
    await chain.mine();
    await note(); // 7
    const probe = await deployProbe(chain);
    await note(); // 14
    expect((await probe.getFunction("context").staticCall({ blockTag: "pending" })).time).to.equal(1_800_000_021n);
    await chain.tools.networkHelpers.time.increase(3600);
    await note(); // 3614
    await chain.stall({ seconds: 100 });
    await chain.stall({ seconds: 50 });
    await chain.mine();
    await note(); // 3764
    await chain.tools.networkHelpers.time.setNextBlockTimestamp(1_800_005_000);
    await (await probe.getFunction("set").send(1)).wait();
    await note(); // 5000
    await chain.request({ method: "evm_mine", params: [1_800_006_000] });
    await note(); // 6000
    await chain.request({ method: "hardhat_mine", params: ["0x3", "0x64"] });
    await note(); // 6207
    await chain.stall({ seconds: 1 });
    await chain.mine();
    await note(); // 6214
    expect(times).to.deep.equal([0, 7, 14, 3614, 3764, 5000, 6000, 6207, 6214]);
  });

  for (const history of ["storage", "transaction"] as HistoryMode[])
    it(`a block has the gas that a test gives it, besides what the simulator needs (${history})`, async () => {
      const chain = await create({ history });
      const probe = await deployProbe(chain);
      const limit = 100_000;
      await chain.request({ method: "evm_setBlockGasLimit", params: [toQuantity(limit)] });
      await probe.getFunction("set").send(5, { gasLimit: limit });
      await chain.mine(3);
      await expectHistoryAgrees(chain, probe, [1n, 2n, 3n, 4n]);
      await chain.reorg({ depth: 3 });
      await expectHistoryAgrees(chain, probe, [1n, 2n, 3n, 4n]);
    });

  it("knows every block where the pool fills several at once, and says so", async () => {
    const chain = await create();
    const [from] = (await chain.request({ method: "eth_accounts" })) as Hex[];
    const send = () =>
      chain.request({ method: "eth_sendTransaction", params: [{ from, to: RECIPIENT, gas: toQuantity(10_000_000) }] });
    await chain.request({ method: "evm_setAutomine", params: [false] });
    for (let i = 0; i < 12; i++) await send();
    await chain.request({ method: "evm_setBlockGasLimit", params: [toQuantity(10_000_000)] });
    await chain.request({ method: "evm_setAutomine", params: [true] });
    await expectSimulatorError(send(), /mine the pool with evm_mine first/);
    const height = BigInt((await chain.request({ method: "eth_blockNumber" })) as Hex);
    expect(chain.head.number).to.equal(height);
    await chain.mine(2);
    await chain.reorg({ depth: 1 });
    expect(chain.head.number).to.equal(height + 2n);
  });

  it("no clock goes on after its end, whenever it was set", async () => {
    const chain = await create();
    const failures: unknown[] = [];
    const note = (error: unknown) => void failures.push(error);
    process.on("unhandledRejection", note);
    const set = chain.request({ method: "evm_setIntervalMining", params: [1] });
    await Promise.all([set, chain.close()]);
    open.pop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off("unhandledRejection", note);
    expect(failures).to.deep.equal([]);
  });

  it("the same script gives the same hashes twice", async () => {
    const run = async () => {
      const chain = await create();
      const probe = await deployProbe(chain);
      await chain.mine(5);
      await probe.getFunction("set").send(1);
      await chain.reorg({ depth: 3, seed: "once more" });
      await probe.getFunction("set").send(2);
      await chain.reorg({ depth: 1, keep: false });
      await chain.mine(40);
      return chain.head;
    };
    expect(await run()).to.deep.equal(await run());
  });

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`a reorg changes every hash, although the blocks are empty and their times the same (${mode})`, async () => {
      const chain = await create({ history: mode, blocks: 0 });
      await chain.mine(12);
      const hashes = new Set<string>();
      for (let i = 0; i < 4; i++) {
        const before = await Promise.all([7n, 8n, 9n, 10n, 11n, 12n].map((number) => blockAt(chain, number)));
        const change = await chain.reorg({ depth: 5, seed: "the same seed" });
        expect(change.commonAncestor).to.deep.equal({ number: 7n, hash: before[0]!.hash });
        expect(change.orphaned).to.deep.equal(
          before.slice(1).map(({ number, hash }) => ({ number: BigInt(number), hash })),
        );
        expect(change.adopted.map((block) => block.number)).to.deep.equal([8n, 9n, 10n, 11n, 12n]);
        for (const { number, hash } of change.adopted) {
          expect(hashes.has(hash)).to.equal(false);
          hashes.add(hash);
          const old = before.find((block) => BigInt(block.number) === number)!;
          const block = await blockAt(chain, number);
          expect(block.hash).to.equal(hash).and.not.to.equal(old.hash);
          expect(block.timestamp).to.equal(old.timestamp);
        }
      }
      await expectSoundChain(chain);
    });

  it("orphaned blocks can still be read by their hash, and not by their number", async () => {
    const chain = await create();
    const probe = await deployProbe(chain);
    const sent = await probe.getFunction("set").send(5);
    const old = await blockAt(chain, chain.head.number);
    const change = await chain.reorg({ depth: 1, keep: false });
    expect(chain.orphans).to.deep.equal(change.orphaned);
    expect(await chain.request({ method: "eth_getBlockByHash", params: [old.hash, false] })).to.deep.equal(old);
    const full = (await chain.request({ method: "eth_getBlockByHash", params: [old.hash, true] })) as {
      transactions: { hash: Hex }[];
    };
    expect(full.transactions.map(({ hash }) => hash)).to.deep.equal([sent.hash]);
    expect((await blockAt(chain, chain.head.number)).hash).not.to.equal(old.hash);
    expect(await chain.request({ method: "eth_getTransactionReceipt", params: [sent.hash] })).to.equal(null);
    expect(await chain.request({ method: "eth_getBlockByHash", params: [ZERO, false] })).to.equal(null);
  });

  for (const mode of ["storage", "transaction"] as HistoryMode[])
    it(`a reorg keeps, drops or replaces transactions (${mode})`, async () => {
      const chain = await create({ history: mode });
      const probe = await deployProbe(chain);
      const value = () => probe.getFunction("value").staticCall();
      await probe.getFunction("set").send(1);
      await chain.mine(2);
      const raw = await signed(chain);
      const rawHash = (await chain.request({ method: "eth_sendRawTransaction", params: [raw] })) as Hex;
      const imported = "0x00000000000000000000000000000000000000aa";
      await chain.tools.networkHelpers.setBalance(imported, parseEther("1"));
      await chain.tools.networkHelpers.impersonateAccount(imported);
      await chain.mine();
      const stranger = await chain.tools.ethers.getSigner(imported);
      await stranger.sendTransaction({ to: imported, value: 1 });
      const set = await probe.getFunction("set").send(2);

      const kept = await chain.reorg({ depth: 2, extra: 1 });
      expect(kept.rejected).to.deep.equal([]);
      expect(kept.orphanedTransactions.map(({ hash }) => hash))
        .to.include(set.hash)
        .and.have.length(2);
      expect(await value()).to.equal(2n);
      expect((await set.getBlock())!.number).to.equal(Number(chain.head.number) - 1);
      expect((await chain.tools.ethers.provider.getTransactionReceipt(set.hash))!.status).to.equal(1);

      // The stranger's money came from a cheat code between the raw transaction's block and the next: it goes with them.
      const depth =
        Number(chain.head.number) - (await chain.tools.ethers.provider.getTransactionReceipt(rawHash))!.blockNumber + 1;
      const dropped = await chain.reorg({ depth, keep: false });
      expect(await value()).to.equal(1n);
      expect(dropped.orphanedTransactions.map((transaction) => transaction.raw)).to.deep.equal([
        raw,
        undefined,
        undefined,
      ]);
      expect(await chain.tools.ethers.provider.getBalance(imported)).to.equal(0n);

      const other = await signed(chain, {
        data: probe.interface.encodeFunctionData("set", [9]),
        to: await probe.getAddress(),
      });
      await chain.reorg({ depth: 3, keep: false, add: [other as Hex] });
      expect(await value()).to.equal(9n);
      const block = await blockAt(chain, chain.head.number - 2n);
      expect(block.transactions).to.deep.equal([Transaction.from(other).hash]);

      // Signed by the first account for a nonce that the new branch has not reached.
      const rejected = await chain.reorg({ depth: 1, keep: false, add: [`${other.slice(0, -2)}00` as Hex] });
      expect(rejected.rejected).to.have.length(1);
      await expectSoundChain(chain);
    });

  it("what waits in the pool during a reorg waits there afterwards, unless the new branch has it", async () => {
    const chain = await create();
    const probe = await deployProbe(chain);
    await chain.mine(3);
    await chain.request({ method: "evm_setAutomine", params: [false] });
    const waiting = await probe.getFunction("set").send(3, { gasLimit: 100_000 });
    await chain.reorg({ depth: 2, keep: false });
    expect(await chain.request({ method: "eth_getTransactionReceipt", params: [waiting.hash] })).to.equal(null);
    const pool = (await chain.request({ method: "eth_pendingTransactions" })) as { hash: Hex }[];
    expect(pool.map(({ hash }) => hash)).to.deep.equal([waiting.hash]);
    await chain.mine();
    expect(await probe.getFunction("value").staticCall()).to.equal(3n);
  });

  it("157 blocks (Polygon, 2023-02-22) are replaced at once, and back", async () => {
    const chain = await create();
    const probe = await deployProbe(chain);
    await chain.mine(100);
    for (let i = 0; i < 10; i++) {
      await probe.getFunction("set").send(i);
      await chain.mine(15);
    }
    const started = performance.now();
    const change = await chain.reorg({ depth: 157 });
    const took = performance.now() - started;
    console.log(`      157 blocks: ${took.toFixed(0)} ms`);
    expect(change.orphaned).to.have.length(157);
    expect(change.rejected).to.deep.equal([]);
    expect(await probe.getFunction("value").staticCall()).to.equal(9n);
    await expectHistoryAgrees(chain, probe, [1n, 156n, 157n, 158n, 200n]);
    await expectSoundChain(chain);
  });

  it("evm_revert works for snapshots before, on and after a branch that was replaced", async () => {
    const chain = await create();
    const probe = await deployProbe(chain);
    const value = () => probe.getFunction("value").staticCall();
    await probe.getFunction("set").send(1);
    const first = await chain.request({ method: "evm_snapshot" });
    const firstHead = chain.head;
    await chain.mine(2);
    await probe.getFunction("set").send(2);
    await chain.tools.networkHelpers.setBalance(RECIPIENT, 5n);
    const second = await chain.request({ method: "evm_snapshot" });
    const secondHead = chain.head;
    await chain.mine(2);
    await chain.reorg({ depth: 5, keep: false });
    expect(await value()).to.equal(1n);

    // The second snapshot's block is an orphan: it comes back, and with it what was written on it.
    expect(await chain.request({ method: "evm_revert", params: [second] })).to.equal(true);
    expect(chain.head).to.deep.equal(secondHead);
    expect(await value()).to.equal(2n);
    expect(await chain.tools.ethers.provider.getBalance(RECIPIENT)).to.equal(5n);
    expect(await chain.request({ method: "evm_revert", params: [second] })).to.equal(false);
    await chain.mine(2);
    expect(await chain.request({ method: "evm_revert", params: [first] })).to.equal(true);
    expect(chain.head).to.deep.equal(firstHead);
    expect(await value()).to.equal(1n);
    await chain.mine(40);
    await expectHistoryAgrees(chain, probe, [1n, 39n, 40n, 41n]);
    await expectSoundChain(chain);
  });

  it("loadFixture goes back to the fixture after a test has reorganised it away", async () => {
    const chain = await create();
    const fixture = async () => {
      const probe = await deployProbe(chain);
      await chain.mine(3);
      return probe;
    };
    await chain.tools.networkHelpers.loadFixture(fixture);
    const head = chain.head;
    for (let i = 0; i < 3; i++) {
      const probe = await chain.tools.networkHelpers.loadFixture(fixture);
      expect(chain.head).to.deep.equal(head);
      await probe.getFunction("set").send(7);
      await chain.reorg({ depth: 4 });
    }
  });

  it("after evm_revert the same reorg makes the same branch, and two in a row do not", async () => {
    const chain = await create();
    await chain.mine(4);
    const snapshot = await chain.request({ method: "evm_snapshot" });
    const first = (await chain.reorg({ depth: 2, seed: "a" })).adopted;
    const second = (await chain.reorg({ depth: 2, seed: "a" })).adopted;
    expect(second[0]!.hash).not.to.equal(first[0]!.hash);
    await chain.request({ method: "evm_revert", params: [snapshot] });
    expect((await chain.reorg({ depth: 2, seed: "a" })).adopted).to.deep.equal(first);
  });

  it("an ethers BrowserProvider and its signers work on it", async () => {
    const chain = await create({ chainId: 4242 });
    const provider = new BrowserProvider(chain);
    const signer = await provider.getSigner(1);
    const receipt = await (await signer.sendTransaction({ to: signer.address, value: 1 })).wait();
    expect(receipt!.blockHash).to.equal(chain.head.hash);
    expect((await provider.getNetwork()).chainId).to.equal(4242n);
  });

  it("a transaction that reverts is mined and seen, and its error is the node's own", async () => {
    for (const mode of ["storage", "transaction"] as HistoryMode[]) {
      const chain = await create({ history: mode });
      const probe = await deployProbe(chain);
      const before = chain.head.number;
      const error: unknown = await probe
        .getFunction("setAt")
        .send(0, ZERO, 1, { gasLimit: 100_000 })
        .catch((thrown: unknown) => thrown);
      expect(String(error)).to.contain("AnchorMismatch");
      expect(chain.head.number).to.equal(before + 1n);
      await chain.mine();
      expect(await history(chain, before + 1n)).to.equal(chain.at(before + 1n)!.hash);
    }
  });

  it("requests sent at the same time are answered one after the other", async () => {
    const chain = await create({ blocks: 0 });
    const signers = await chain.tools.ethers.getSigners();
    await Promise.all([
      ...signers.slice(0, 8).map((signer) => signer.sendTransaction({ to: signer.address })),
      chain.mine(3),
      chain.tools.networkHelpers.mine(4),
    ]);
    expect(chain.head.number).to.equal(15n);
    const deep = await Promise.all([chain.reorg({ depth: 8 }), chain.reorg({ depth: 5 }), blockAt(chain, 15n)]);
    expect(deep[2].hash).to.equal(chain.at(15n)!.hash);
    await expectSoundChain(chain);
  });

  it("refuses what it cannot do, with its own error", async () => {
    const chain = await create({ blocks: 0 });
    await chain.mine(3);
    await expectSimulatorError(
      chain.reorg({ depth: 4 }),
      /^The simulator has chain from block 0 on and cannot roll it back to -/,
    );
    await expectSimulatorError(chain.mine(1.5), /not a number of blocks/);
    await expectSimulatorError(chain.request({ method: "hardhat_reset", params: [] }), /out of the simulator's hands/);
    await expectSimulatorError(create({ blockTime: 0 }), /block time/);
    expect(chain.head.number).to.equal(3n);
    await expectSimulatorError(chain.request({ method: "hardhat_mine", params: [toQuantity(2_000_000n)] }), /too many/);
    await chain.reorg({ depth: 3 });
    await expectSoundChain(chain);
  });

  it("takes no option that it does not know, and no word that means nothing", async () => {
    const chain = await create();
    const wrong: readonly [string, () => unknown, RegExp][] = [
      ["reorg", () => chain.reorg({ depth: 1, kept: false } as never), /^kept: .*only depth, extra/],
      ["reorg's depth", () => chain.reorg({ depth: 2n } as never), /^depth: expected a whole number/],
      ["no depth", () => chain.reorg({} as never), /^depth: say how many/],
      ["no options", () => chain.reorg(2 as never), /^options: expected an object/],
      ["keep", () => chain.reorg({ depth: 1, keep: "all" } as never), /^keep: expected/],
      ["reorder", () => chain.reorg({ depth: 1, reorder: "random" } as never), /^reorder: expected/],
      ["a transaction", () => chain.reorg({ depth: 1, drop: [{}] } as never), /^transactions: expected their hashes/],
      ["create", () => create({ blocktime: 2 } as never), /^blocktime: /],
      ["history", () => create({ history: "fast" } as never), /^history: expected/],
      ["time", () => create({ time: "real" } as never), /^time: expected/],
      ["partition", () => forks.partition({ common: 2 } as never), /^common: /],
      ["commonBlocks", () => forks.partition({ commonBlocks: 5n } as never), /^commonBlocks: /],
      ["heal", () => forks.heal(chain as never), /^\w+: there is no such option/],
      ["an end of heal", () => forks.heal({ from: chain, to: forks } as never), /^to: expected a chain/],
      ["hardFork", () => forks.hardFork(chain, { chainID: 5 } as never), /^chainID: /],
      ["finality", () => chain.finality({ safe: 5, finalised: 30 } as never), /^finalised: /],
      ["branch", () => chain.branch("b", { deep: 1 } as never), /^deep: /],
      ["mine", () => chain.mine(1, { history: "never" } as never), /^history: expected/],
      ["stall", () => chain.stall({ second: 1 } as never), /^second: /],
      ["passTime", () => chain.passTime({ seconds: 5, blocktime: 1 } as never), /^blocktime: /],
      ["rpc", () => chain.rpc({ lag: 3 } as never), /^name: expected a name/],
    ];
    for (const [what, act, message] of wrong) {
      const error = await (async () => act())().then(() => undefined, (thrown: unknown) => thrown); // prettier-ignore
      expect(error, what).to.include({ code: "INVALID_OPTION" });
      expect((error as Error).message, what).to.match(message);
    }
    expect(chain.head.number).to.equal(3n);
  });
});

/** A raw transaction from Hardhat's well-known first account with its next nonce. */
async function signed(chain: HardhatChain, fields: { to?: string; data?: string } = {}): Promise<Hex> {
  const wallet = developmentWallet();
  const nonce = await chain.tools.ethers.provider.getTransactionCount(wallet.address);
  const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
  const transaction = { type: 2, chainId: 31337, nonce, gasLimit: 100_000, to: wallet.address, ...fees, ...fields };
  return (await wallet.signTransaction(transaction)) as Hex;
}
