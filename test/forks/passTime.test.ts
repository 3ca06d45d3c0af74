import { expect } from "chai";
import { network } from "hardhat";

import { MARKET, UNIT, connect, deployExchanges, depositOnBoth, exchange, signOrder } from "../../scenarios/world.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { toQuantity } from "../../src/core/bytes.js";
import { liveTime, passTime, type ChainOptions, type DevelopmentChain } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import type { Request } from "../../src/rpc/request.js";
import { STATUSES, type Status } from "../../src/policy/policy.js";
import { expectSimulatorError, expectSoundChain, blockAt, type RawBlock } from "../../tools/forks.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const forks = hardhatForks(network);

/** The exchange under test, with a trader who has margin. On a bare Hardhat connection as on a simulated chain. */
async function exchangeOn(chain: HardhatChain) {
  const world = await connect(
    chain,
    await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: 100_000n * UNIT }),
  );
  await depositOnBoth(world, "alice", 5_000n * UNIT);
  const perps = exchange(world, "guarded", "keeper");
  let nonce = 0n;
  return {
    status: async (): Promise<Status | undefined> => STATUSES[Number((await perps.statusOf(MARKET)).status)],
    /** Opens a bit more: what a market refuses in every status but Synced and Lagging. */
    trade: async (): Promise<void> => {
      const anchor = await latestAnchor(chain.request);
      const terms = { size: UNIT / 100n, limitPrice: 10_000n * UNIT, anchor, maxAge: 64n, nonce: nonce++ };
      const { order, signature } = await signOrder(world, "guarded", "alice", terms);
      const before = (await perps.accounts(world.signers.alice, MARKET)).size;
      await (await perps.execute(order, signature)).wait();
      expect((await perps.accounts(world.signers.alice, MARKET)).size).to.equal(before + UNIT / 100n);
    },
  };
}

const timeOf = async (request: Request, tag = "latest"): Promise<number> =>
  Number(((await request({ method: "eth_getBlockByNumber", params: [tag, false] })) as RawBlock).timestamp);

describe("time that passes on a plain Hardhat chain", () => {
  /** What the exchange's helpers need of a chain. */
  const plain = async () => {
    const tools = await network.create();
    const request = tools.provider.request.bind(tools.provider) as Request;
    return { tools, request, chain: { tools, request } as unknown as HardhatChain };
  };

  for (const [name, seconds] of [
    ["an hour", HOUR],
    ["a day and a second", DAY + 1],
    ["a week", 7 * DAY],
    ["a year", 365 * DAY],
  ] as const)
    it(`A12: after ${name} by passTime the market is in order and trades`, async () => {
      const { chain, request, tools } = await plain();
      const { status, trade } = await exchangeOn(chain);
      await trade();
      const before = await timeOf(request);
      expect(await passTime(tools, seconds)).to.equal(before + seconds);
      expect(await timeOf(request)).to.equal(before + seconds);
      expect(await status()).to.equal("Synced");
      await trade();
      await tools.close();
    });

  it("A12: without it the same time is an outage", async () => {
    const { chain, tools } = await plain();
    const { status } = await exchangeOn(chain);
    await tools.networkHelpers.time.increase(HOUR);
    expect(await status()).to.equal("Stale");
    await tools.close();
  });

  it("mines a block each block time, the odd seconds first, and every header links that a contract can look up", async () => {
    const { request, tools } = await plain();
    const start = await timeOf(request);
    await passTime(request, { seconds: 100n, blockTime: 30 });
    const times = await Promise.all([1, 2, 3, 4].map((number) => timeOf(request, toQuantity(number))));
    expect(times.map((time) => time - start)).to.deep.equal([10, 40, 70, 100]);
    await passTime({ provider: tools.provider }, 2 * DAY);
    const head = Number(await request({ method: "eth_blockNumber" }));
    expect(head).to.equal(4 + (2 * DAY) / 12);
    let child: RawBlock | undefined;
    for (let number = head; number > head - 8_191; number--) {
      const params = [toQuantity(number), false];
      const block = (await request({ method: "eth_getBlockByNumber", params })) as RawBlock;
      if (child !== undefined && child.parentHash !== block.hash) expect.fail(`block ${number + 1} does not link`);
      if (child !== undefined && Number(child.timestamp) - Number(block.timestamp) !== 12)
        expect.fail(`block ${number + 1} comes at another time`);
      child = block;
    }
    await tools.close();
  });

  it("A12: liveTime has Hardhat's own functions, and the market is in order after each", async () => {
    const { chain, request, tools } = await plain();
    const { status, trade } = await exchangeOn(chain);
    const time = liveTime(tools, { blockTime: 6 });
    const start = await time.latest();
    expect(await time.increase(HOUR)).to.equal(start + HOUR);
    await time.increaseTo(BigInt(start + 2 * HOUR));
    await time.increaseTo(new Date((start + 3 * HOUR) * 1_000 + 999));
    expect(await time.latest()).to.equal(start + 3 * HOUR);
    await time.setNextBlockTimestamp(start + 4 * HOUR);
    expect(await status()).to.equal("Synced");
    const number = await time.latestBlock();
    await trade();
    expect(await timeOf(request, toQuantity(number + 1))).to.equal(start + 4 * HOUR);
    expect(await timeOf(request, toQuantity(number))).to.equal(start + 4 * HOUR - 6);
    expect(await status()).to.equal("Synced");
    await expectSimulatorError(time.increaseTo(start), /is not later/);
    await tools.close();
  });

  it("A12: a chain that is none for development is refused, with the method that it lacks", async () => {
    const { request, tools } = await plain();
    const answers: [string, () => unknown][] = [
      ["a node", () => ({ code: -32601, message: "the method evm_mine does not exist/is not available" })],
      ["ethers", () => Object.assign(new Error("could not coalesce error"), { error: { code: -32601 } })],
      ["words alone", () => new Error("Method not found")],
      ["a proxy", () => ({ message: "Unsupported method: evm_mine on this network" })],
      ["EIP-1193", () => Object.assign(new Error("Unsupported"), { code: 4200 })],
    ];
    for (const [name, error] of answers)
      for (const missing of ["evm_mine", "hardhat_mine"]) {
        const lacking: Request = (args) => (args.method === missing ? Promise.reject(error() as Error) : request(args));
        const chains: DevelopmentChain[] = [lacking, { request: lacking }, { provider: { request: lacking } }];
        chains.push({ send: (method, params) => lacking({ method, params }) });
        for (const chain of chains)
          await expectSimulatorError(passTime(chain, 2 * DAY), new RegExp(`lacks ${missing}`), name);
      }
    await tools.close();
  });

  it("refuses a time that is none, and loses nothing", async () => {
    const { request, tools } = await plain();
    for (const seconds of [-1, 1.5, NaN, Infinity, 2 ** 60, "a day", null, undefined] as number[]) {
      await expectSimulatorError(passTime(request, seconds as never), /whole number of seconds/);
      await expectSimulatorError(passTime(request, { seconds }), /whole number of seconds/);
    }
    for (const blockTime of [0, -12, 0.5, NaN])
      await expectSimulatorError(passTime(request, { seconds: 60, blockTime }), /block time/);
    expect(await request({ method: "eth_blockNumber" })).to.equal("0x0");
    await tools.close();
  });
});

describe("time that passes on a simulated chain", () => {
  const open: HardhatChain[] = [];
  afterEach(async () => {
    for (const chain of open.splice(0)) await chain.close();
  });
  async function prepared(options: ChainOptions = {}) {
    const chain = await forks.create(options);
    open.push(chain);
    return { chain, ...(await exchangeOn(chain)) };
  }

  /** Every way in which a test lets `seconds` pass, up to a block of that time. */
  const ways: Record<string, (chain: HardhatChain, seconds: number) => Promise<unknown>> = {
    "chain.passTime": (chain, seconds) => chain.passTime(seconds),
    passTime: (chain, seconds) => passTime(chain, seconds),
    "time.increase": (chain, seconds) => chain.tools.networkHelpers.time.increase(seconds),
    "time.increaseTo": async ({ request, tools }, seconds) =>
      tools.networkHelpers.time.increaseTo((await timeOf(request)) + seconds),
    "time.setNextBlockTimestamp and mine": async ({ request, tools }, seconds) => {
      await tools.networkHelpers.time.setNextBlockTimestamp((await timeOf(request)) + seconds);
      await tools.networkHelpers.mine();
    },
    "evm_increaseTime, twice, and evm_mine": async ({ request }, seconds) => {
      await request({ method: "evm_increaseTime", params: [seconds - 100] });
      await request({ method: "evm_increaseTime", params: ["0x64"] });
      await request({ method: "evm_mine" });
    },
    "evm_mine with a timestamp": async ({ request }, seconds) =>
      request({ method: "evm_mine", params: [(await timeOf(request)) + seconds] }),
    "evm_setNextBlockTimestamp and a transaction": async ({ request, tools }, seconds) => {
      await request({ method: "evm_setNextBlockTimestamp", params: [toQuantity((await timeOf(request)) + seconds)] });
      const [signer] = await tools.ethers.getSigners();
      await signer!.sendTransaction({ to: signer!.address });
    },
    "liveTime(chain).increase": (chain, seconds) => liveTime(chain).increase(seconds),
  };
  for (const [name, pass] of Object.entries(ways))
    it(`A12: an hour and two by ${name}: the head has that time to the second, and the market is in order`, async () => {
      const { chain, status, trade } = await prepared();
      for (const seconds of [HOUR + 7, 2 * HOUR]) {
        await trade();
        const before = await timeOf(chain.request);
        await pass(chain, seconds);
        expect(await timeOf(chain.request)).to.equal(before + seconds);
        expect(await status()).to.equal("Synced");
        await trade();
      }
    });

  const heavy = [
    ["a day", DAY, {}],
    ["7 d in blocks of 13 s", 7 * DAY, { blockTime: 13, history: "storage" }],
  ] as const;
  const long = [["a day in blocks of 13 s", DAY, { blockTime: 13, history: "storage" }]] as const;
  for (const [name, seconds, options] of process.env["HEAVY"] === undefined ? long : heavy)
    it(`A12: after ${name} by time.increase the market is in order and trades`, async () => {
      const { chain, status, trade } = await prepared(options);
      const started = performance.now();
      await chain.tools.networkHelpers.time.increase(seconds);
      console.log(`      ${chain.head.number} blocks: ${(performance.now() - started).toFixed(0)} ms`);
      expect(await status()).to.equal("Synced");
      await trade();
    });

  it("A12: a stall is an outage, also where time passes afterwards, and so is time on a chain whose time is raw", async () => {
    for (const afterwards of [
      (chain: HardhatChain) => chain.mine(),
      (chain: HardhatChain) => chain.passTime(60),
      (chain: HardhatChain) => chain.tools.networkHelpers.time.increase(HOUR + 60),
      (chain: HardhatChain) => chain.request({ method: "evm_increaseTime", params: [60] }),
    ]) {
      const { chain, status, trade } = await prepared();
      await trade();
      await chain.stall({ seconds: HOUR });
      await afterwards(chain);
      expect(await status()).to.equal("Stale");
    }
    const { chain, status } = await prepared({ time: "raw" });
    const before = chain.head.number;
    await chain.tools.networkHelpers.time.increase(HOUR);
    expect(chain.head.number).to.equal(before + 1n);
    expect(await status()).to.equal("Stale");
  });

  it("A12: after a stall time passes from its end", async () => {
    const { chain } = await prepared();
    const before = await timeOf(chain.request);
    await chain.stall({ seconds: 1_000 });
    expect(await chain.passTime(30)).to.equal(before + 1_030);
    const times = [3n, 2n, 1n, 0n].map(async (back) =>
      Number((await blockAt(chain, chain.head.number - back)).timestamp),
    );
    expect((await Promise.all(times)).map((time) => time - before)).to.deep.equal([1_000, 1_006, 1_018, 1_030]);
  });

  for (const automine of [true, false])
    it(`A12: what waits in the pool goes into the block that has the time, not into those before (automine ${automine})`, async () => {
      const { chain } = await prepared();
      const [first] = await chain.tools.ethers.getSigners();
      await chain.request({ method: "evm_setAutomine", params: [false] });
      const sent = [
        await first!.sendTransaction({ to: first!.address }),
        await first!.sendTransaction({ to: first!.address }),
      ];
      await chain.request({ method: "evm_setAutomine", params: [automine] });
      const time = (await timeOf(chain.request)) + HOUR;
      await chain.request({ method: "evm_setNextBlockTimestamp", params: [toQuantity(time)] });
      await chain.request({ method: "evm_mine" });
      expect(await timeOf(chain.request)).to.equal(time);
      expect((await blockAt(chain, chain.head.number)).transactions).to.deep.equal(sent.map(({ hash }) => hash));
    });

  it("blocks that came with time can be reorganised, adopted by another node, and undone by a snapshot", async () => {
    const [a, b] = (await forks.partition({ commonBlocks: 5 })) as [HardhatChain, HardhatChain];
    open.push(a, b);
    const id = await a.request({ method: "evm_snapshot" });
    const start = a.head;
    await a.tools.networkHelpers.time.increase(HOUR);
    await a.reorg({ depth: 100 });
    await forks.heal({ from: a, to: b });
    expect(b.head).to.deep.equal(a.head);
    await expectSoundChain(b);
    await a.request({ method: "evm_revert", params: [id] });
    expect(a.head).to.deep.equal(start);
    await a.passTime(HOUR);
    await expectSoundChain(a);
  });

  it("refuses a time that is none, and more blocks than it can mine, and loses nothing", async () => {
    const { chain } = await prepared();
    const head = chain.head;
    const now = await timeOf(chain.request);
    for (const seconds of [-1, 1.5, NaN, Infinity, "a day", undefined] as number[]) {
      await expectSimulatorError(chain.passTime(seconds), /whole number of seconds/);
      await expectSimulatorError(chain.stall({ seconds }), /whole number of seconds/);
      await expectSimulatorError(
        chain.request({ method: "evm_increaseTime", params: [seconds] }),
        /whole number of seconds/,
      );
    }
    await expectSimulatorError(chain.passTime({ seconds: 60, blockTime: 0 }), /block time/);
    await expectSimulatorError(chain.passTime(12_000_001), /more than 1000000 blocks of 12 s/);
    await expectSimulatorError(chain.tools.networkHelpers.time.increase(20_000_000), /more than 1000000 blocks/);
    await expect(chain.tools.networkHelpers.time.setNextBlockTimestamp(now)).to.be.rejectedWith(/timestamp/i);
    expect(chain.head).to.deep.equal(head);
    const [signer] = await chain.tools.ethers.getSigners();
    await signer!.sendTransaction({ to: signer!.address });
    expect(await timeOf(chain.request)).to.equal(now + 12);
  });
});
