import { expect, use } from "chai";
import { HDNodeWallet, JsonRpcProvider, Wallet, type JsonRpcSigner } from "ethers";
import { setTimeout } from "node:timers/promises";

import { type Anchor } from "../../src/anchor/anchor.js";
import { checkDeployment } from "../../src/actions/checkDeployment.js";
import { latestStateAnchor } from "../../src/actions/latestAnchor.js";
import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { HISTORY_ADDRESS, HISTORY_CODE, SimulatedChain, liveTime, passTime } from "../../src/forks/index.js";
import { toRequest } from "../../src/rpc/request.js";
import { noted } from "../../tools/deployment.js";
import { skipWithoutAnvil } from "../../tools/forks.js";
import { findAnvil, startAnvil, type RunningAnvil } from "../../src/anvil/program.js";
import {
  AnchoredTarget__factory,
  BranchProbe__factory,
  DefaultTarget__factory,
  StandaloneGuard__factory,
  type AnchoredTarget,
  type BranchProbe,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const CHAIN_ID = 31_337;
const MNEMONIC = "test test test test test test test test test test test junk"; // anvil's default

/** Genesis is not block 0. So a short chain has heights inside and outside the window of which it knows nothing. */
const GENESIS = 10_000n;
/** Enough for depth 1,000. Anvil takes longer for every block that there is already: this many cost two seconds or so. */
const BLOCKS = 1_050;
/** Spares a transaction that should revert the gas estimate, so that it is mined. */
const MINED = { gasLimit: 200_000 };
const WRONG = `0x${"be".repeat(32)}` as const;
const ZERO = `0x${"00".repeat(32)}` as const;

/**
 * What stands between the rest of the tests and a real chain. In them EIP-2935 is the simulator's doing, here it is the
 * client's.
 */
describe("smoke: the guard on anvil, whose EIP-2935 is not emulated", () => {
  let anvil: RunningAnvil | undefined;
  let provider: JsonRpcProvider;
  let trader: Wallet;
  let stranger: JsonRpcSigner;
  let target: AnchoredTarget;
  let probe: BranchProbe;

  before(async function () {
    skipWithoutAnvil(this);
    const started = await startAnvil(findAnvil()!, ["--hardfork", "prague", "--number", String(GENESIS)]);
    anvil = started;
    // Without the cache: two equal requests within 250 ms may be about two branches. Without batches: each would be waited for.
    const options = { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 };
    provider = new JsonRpcProvider(started.url, CHAIN_ID, options);
    trader = new Wallet(HDNodeWallet.fromPhrase(MNEMONIC, "", "m/44'/60'/0'/0/0").privateKey, provider);
    stranger = await provider.getSigner(1);
    target = await new AnchoredTarget__factory(trader).deploy(1, 2n ** 64n - 1n);
    probe = await new BranchProbe__factory(trader).deploy();
    await mine(BLOCKS);
  });

  after(() => {
    provider?.destroy();
    anvil?.stop();
  });

  const mine = (count: number) => provider.send("anvil_mine", [toQuantity(count)]);

  /**
   * Waits for a receipt. Anvil mines a transaction at once, and then no more. Where its block comes between ethers' first look and
   * its subscription to blocks, `wait` never ends.
   */
  async function mined(sent: Promise<{ hash: string }>): Promise<void> {
    const { hash } = await sent;
    while ((await provider.send("eth_getTransactionReceipt", [hash])) === null) await setTimeout(10);
  }

  /** The height of the block in which the next transaction executes. */
  async function executing(): Promise<bigint> {
    return BigInt(await provider.getBlockNumber()) + 1n;
  }

  async function blockAt(number: bigint): Promise<Anchor> {
    const { hash } = (await provider.send("eth_getBlockByNumber", [toQuantity(number), false])) as { hash: Hex };
    return { number, hash };
  }

  const anchorAt = async (depth: bigint): Promise<Anchor> => blockAt((await executing()) - depth);

  /** What the history contract answers in the next block; undefined where it reverts. */
  async function history(number: bigint): Promise<string | undefined> {
    const call = { to: HISTORY_ADDRESS, data: toWord(number) };
    return provider.call({ ...call, blockTag: "pending" }).catch(() => undefined);
  }

  async function expectAccepted(anchor: Anchor): Promise<void> {
    const before = await target.actions();
    await mined(target.act(anchor, MINED));
    expect(await target.actions()).to.equal(before + 1n);
  }

  async function expectMismatch(anchor: Anchor, actual: Hex): Promise<void> {
    const before = await target.actions();
    await expect(target.act(anchor, MINED))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues(anchor.number, anchor.hash, actual);
    expect(await target.actions()).to.equal(before);
  }

  it("C4, C6: EIP-2935's own code answers every age that the chain has, and only ages 1 to 8,191", async () => {
    expect(await provider.getCode(HISTORY_ADDRESS)).to.equal(HISTORY_CODE);
    const next = await executing();
    for (const age of [1n, 2n, 255n, 256n, 257n, 1_000n]) {
      expect(await history(next - age), `age ${age}`).to.equal((await blockAt(next - age)).hash);
    }
    expect(await history(next), "its own block").to.equal(undefined);
    expect(await history(next - 8_191n), "in the window, before the genesis").to.equal(ZERO);
    expect(await history(next - 8_192n), "outside the window").to.equal(undefined);
  });

  for (const depth of [1n, 2n, 255n, 256n, 257n, 1_000n]) {
    it(`C6, SG-1: at depth ${depth} the chain's own block is accepted, and another hash refused with both`, async () => {
      await expectAccepted(await anchorAt(depth));
      const { number, hash } = await anchorAt(depth);
      await expectMismatch({ number, hash: WRONG }, hash);
    });
  }

  it("C6: one block beyond the protocol's depth is too deep", async () => {
    const shallow = await new DefaultTarget__factory(trader).deploy();
    await mined(shallow.act(await anchorAt(256n), MINED));
    expect(await shallow.actions()).to.equal(1n);
    const { number, hash } = await anchorAt(257n);
    const head = await executing();
    await expect(shallow.act({ number, hash }, MINED))
      .to.be.rejectedByGuard("AnchorTooDeep")
      .withValues(number, head, 256n);
  });

  it("C6, SG-3: what the history contract has no hash for is unknown up to age 8,191, and out of its window beyond", async () => {
    for (const hash of [WRONG, `0x${"00".repeat(31)}01`]) {
      let head = await executing();
      await expect(target.act({ number: head - 8_191n, hash }, MINED))
        .to.be.rejectedByGuard("AnchorHashUnknown")
        .withValues(head - 8_191n, head);
      head = await executing();
      await expect(target.act({ number: head - 8_192n, hash }, MINED))
        .to.be.rejectedByGuard("AnchorOutOfWindow")
        .withValues(head - 8_192n, head, 8_191n);
    }
  });

  it("C1, SG-2: a zero hash is refused, also where the history contract itself answers zero", async () => {
    for (const depth of [1n, 300n, 8_191n]) {
      const number = (await executing()) - depth;
      await expect(target.act({ number, hash: ZERO }, MINED))
        .to.be.rejectedByGuard("ZeroAnchorHash")
        .withValues(number);
    }
  });

  it("a state anchor is accepted with the header that hashes to it, and no other root or header is", async () => {
    const { anchor, header } = await latestStateAnchor(provider, { depth: 300 });
    const before = await target.actions();
    await mined(target.actOnState(anchor, header, MINED));
    expect(await target.actions()).to.equal(before + 1n);

    await expect(target.actOnState({ ...anchor, stateRoot: WRONG }, header, MINED))
      .to.be.rejectedByGuard("StateRootMismatch")
      .withValues(anchor.number, WRONG, anchor.stateRoot);
    const other = await latestStateAnchor(provider, { depth: 301 });
    await expect(target.actOnState(anchor, other.header, MINED))
      .to.be.rejectedByGuard("HeaderHashMismatch")
      .withValues(anchor.number, anchor.hash, other.anchor.hash);
    expect(await target.actions()).to.equal(before + 1n);
  });

  // What anvil 1.7.1 makes of a reorg:
  // - BLOCKHASH follows it (before, it did not: foundry#13165), which is asserted here.
  // - Empty blocks can come out with the hashes that they had: nothing in them is random. So each branch here begins with another
  //   transaction.
  // - The states of the last ten blocks are in memory. Older ones are on disk once the chain has some 500 blocks. From
  //   these it restores accounts without their code, EIP-2935's included: no reorg here is deeper than ten.
  const reorgs: Record<string, (depth: number) => Promise<void>> = {
    anvil_reorg: async (depth) => {
      const payment = { from: stranger.address, to: stranger.address, value: "0x1" };
      await provider.send("anvil_reorg", [depth, [[payment, 0]]]);
    },
    "anvil_rollback and mining": async (depth) => {
      await provider.send("anvil_rollback", [depth]);
      await mined(stranger.sendTransaction({ to: stranger.address, value: 1 }));
      if (depth > 1) await mine(depth - 1);
    },
  };

  for (const [name, reorg] of Object.entries(reorgs)) {
    it(`SG-9: a reorg undoes two actions; sent again, the one anchored below it counts, the other is refused (${name})`, async () => {
      const below = await anchorAt(2n);
      await mine(3);
      const inside = await anchorAt(2n);
      const signed = await Promise.all(
        [below, inside].map(async (anchor, i) => {
          const nonce = (await trader.getNonce()) + i;
          return trader.signTransaction(
            await trader.populateTransaction({ ...(await target.act.populateTransaction(anchor)), ...MINED, nonce }),
          );
        }),
      );
      const before = await target.actions();
      for (const raw of signed) await mined(provider.broadcastTransaction(raw));
      expect(await target.actions(), "both count on the old branch").to.equal(before + 2n);

      const height = await provider.getBlockNumber();
      await reorg(5);
      expect(await provider.getBlockNumber()).to.equal(height);
      expect(await target.actions(), "neither has happened").to.equal(before);
      expect(await blockAt(below.number)).to.deep.equal(below);
      for (let number = inside.number - 1n; number <= height; number++) {
        const { hash } = await blockAt(number);
        expect(await history(number), `EIP-2935 for ${number}`).to.equal(hash);
        expect(await probe.blockHash(number, { blockTag: "pending" }), `BLOCKHASH of ${number}`).to.equal(hash);
      }
      const actual = await blockAt(inside.number);
      expect(actual.hash).not.to.equal(inside.hash);

      const [first, second] = signed as [string, string];
      await mined(provider.broadcastTransaction(first));
      expect(await target.actions()).to.equal(before + 1n);
      await expect(provider.broadcastTransaction(second))
        .to.be.rejectedByGuard("AnchorMismatch")
        .withValues(inside.number, inside.hash, actual.hash);
      expect(await target.actions()).to.equal(before + 1n);
      await expectAccepted(actual);
    });
  }

  it("SG-9: 300 blocks after a reorg EIP-2935 alone tells the branches apart", async () => {
    await mine(3);
    const below = await anchorAt(4n);
    const inside = await anchorAt(2n);
    await reorgs["anvil_reorg"]!(3);
    await mine(300);

    const actual = await blockAt(inside.number);
    expect(actual.hash).not.to.equal(inside.hash);
    expect(await history(inside.number)).to.equal(actual.hash);
    expect(await probe.blockHash(inside.number, { blockTag: "pending" })).to.equal(ZERO);
    await expectMismatch(inside, actual.hash);
    await expectAccepted(actual);
    await expectAccepted(below);
  });

  it("a deployment checks out as it is written down, and not after a reorg that dropped it", async () => {
    const deployed = await new StandaloneGuard__factory(trader).deploy();
    await mined(Promise.resolve(deployed.deploymentTransaction()!));
    const request = toRequest(provider);
    const guard = { ...(await noted(request, deployed)), kind: "standalone-guard" } as const;
    const deployment = { chainId: CHAIN_ID, contracts: { guard } };
    await mine(1);
    const { checks } = await checkDeployment(request, { deployment });
    expect(checks.filter(({ outcome }) => outcome !== "ok").map(({ check }) => check)).to.deep.equal([
      "source at head - 8191", // there is no block of that age
    ]);
    await reorgs["anvil_reorg"]!(2);
    const after = await checkDeployment(request, { deployment });
    const failed = after.checks.filter(({ outcome }) => outcome === "failed").map(({ check }) => check);
    expect(failed).to.deep.equal(["code", "receipt"]);
  });
});

describe("smoke: time and the simulator on anvil", () => {
  let anvil: RunningAnvil | undefined;
  let provider: JsonRpcProvider;

  beforeEach(async function () {
    const binary = findAnvil();
    if (binary === undefined) this.skip();
    const started = await startAnvil(binary, ["--hardfork", "prague"]);
    anvil = started;
    provider = new JsonRpcProvider(started.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
  });

  afterEach(() => {
    provider?.destroy();
    anvil?.stop();
  });

  it("A12: passTime mines an hour's blocks, whose headers link, and liveTime sets the next block's time", async () => {
    const start = (await provider.getBlock("latest"))!;
    expect(await passTime(provider, 3_601)).to.equal(start.timestamp + 3_601);
    const head = await provider.getBlockNumber();
    expect(head).to.equal(start.number + 301);
    for (let number = head; number > start.number; number--) {
      const [block, parent] = await Promise.all([provider.getBlock(number), provider.getBlock(number - 1)]);
      expect(block!.parentHash).to.equal(parent!.hash);
      expect(block!.timestamp - parent!.timestamp).to.equal(number === start.number + 1 ? 1 : 12);
    }
    const time = (await liveTime(provider).latest()) + 600;
    await liveTime(provider).setNextBlockTimestamp(time);
    await provider.send("evm_mine", []);
    expect((await provider.getBlock("latest"))!.timestamp).to.equal(time);
    expect(await provider.getBlockNumber()).to.equal(head + 50);
    // More than are mined singly: a year in blocks of an hour.
    await passTime(provider, { seconds: 365 * 86_400, blockTime: 40_000 });
    expect((await provider.getBlock("latest"))!.timestamp).to.equal(time + 365 * 86_400);
  });

  it("F4: the simulator says which method anvil lacks, and what it runs on", async () => {
    const backend = { request: toRequest(provider), tools: undefined, close: () => Promise.resolve() };
    const error: unknown = await SimulatedChain.create({ create: () => Promise.resolve(backend) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(SettlementGuardError.is(error, "FORK_SIMULATOR"), String(error)).to.equal(true);
    expect(String(error)).to.match(/lacks (?:hardhat_setPrevRandao|eth_pendingTransactions): .*Hardhat 2 and 3/);
  });
});
