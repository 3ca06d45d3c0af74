import { expect } from "chai";
import { network } from "hardhat";

import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { deployProbe, expectSimulatorError } from "../../tools/forks.js";

const forks = hardhatForks(network);
const NOBODY = `0x${"12".repeat(20)}`;

describe("what a simulated chain's tags mean", () => {
  let chain: HardhatChain;
  beforeEach(async () => {
    chain = await forks.create();
  });
  afterEach(() => chain.close());

  const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
  const numberOf = async (tag: string) => {
    const block = (await ask("eth_getBlockByNumber", tag, false)) as { number: Hex; hash: Hex } | null;
    if (block !== null) expect(block.hash).to.equal(chain.at(BigInt(block.number))!.hash);
    return block && BigInt(block.number);
  };
  const tags = async () => [await numberOf("safe"), await numberOf("finalized")];

  it("safe and finalized are the head, until a test says how far they lie behind it", async () => {
    await chain.mine(7);
    expect(await tags()).to.deep.equal([10n, 10n]);
    chain.finality({ safe: 2, finalized: 5 });
    expect(await tags()).to.deep.equal([8n, 5n]);
    await chain.mine(3);
    expect(await tags()).to.deep.equal([11n, 8n]);
    chain.finality({ safe: 4 });
    expect(await tags()).to.deep.equal([9n, 9n]);
    expect(await numberOf("latest")).to.equal(13n);
  });

  it("they mean the same wherever a block is asked for", async () => {
    await chain.mine(4);
    await ask("hardhat_setBalance", NOBODY, "0x1");
    await chain.mine(4);
    const probe = await deployProbe(chain);
    await probe.getFunction("log").send([1]);
    chain.finality({ safe: 0, finalized: 7 });
    expect(await ask("eth_getBalance", NOBODY, "finalized")).to.equal("0x0");
    expect(await ask("eth_getBalance", NOBODY, "safe")).to.equal("0x1");
    expect(await ask("eth_getCode", await probe.getAddress(), "finalized")).to.equal("0x");
    const proof = (await ask("eth_getProof", NOBODY, [], "finalized")) as { balance: Hex };
    expect(proof.balance).to.equal("0x0");
    expect(await ask("eth_getLogs", { fromBlock: "finalized", toBlock: "safe" })).to.have.length(1);
    expect(await ask("eth_getLogs", { fromBlock: "0x0", toBlock: "finalized" })).to.have.length(0);
    expect(await ask("eth_getBlockTransactionCountByNumber", "finalized")).to.equal("0x0");
  });

  it("a chain too short to have them says so as geth does", async () => {
    chain.finality({ safe: 2, finalized: 64 });
    expect(await tags()).to.deep.equal([1n, null]);
    await expect(ask("eth_getBalance", NOBODY, "finalized")).to.be.rejectedWith("finalized block not found");
  });

  it("they stay while nothing is finalized, and catch up", async () => {
    await chain.mine(7);
    // #region finality
    chain.finality({ safe: 1, finalized: 3 });
    chain.stallFinality();
    await chain.mine(20);
    expect(await tags()).to.deep.equal([9n, 7n]);
    chain.resumeFinality();
    expect(await tags()).to.deep.equal([29n, 27n]);
    // #endregion finality
  });

  it("no reorg undoes what is finalized", async () => {
    await chain.mine(7);
    chain.finality({ finalized: 4 });
    await expectSimulatorError(
      chain.reorg({ depth: 5 }),
      /Block 6 of chain is finalized: it cannot be rolled back to 5/,
    );
    await chain.reorg({ depth: 4 });
    chain.stallFinality();
    await chain.mine(5);
    await expectSimulatorError(chain.reorg({ depth: 10 }), /Block 6 .* is finalized/);
    await chain.reorg({ depth: 9 });
  });

  it("what is finalized stays so on a shorter branch, whatever changes the branch", async () => {
    await chain.mine(12);
    chain.finality({ safe: 1, finalized: 3 });
    const finalized = await numberOf("finalized");
    await chain.branch("x", { depth: 3 });
    expect(await tags()).to.deep.equal([finalized, finalized]);
    await expectSimulatorError(chain.branch("y", { depth: 1 }), /Block 12 of chain is finalized/);
    await chain.mine(4);
    expect(await tags()).to.deep.equal([15n, 13n]);
    await expectSimulatorError(chain.switchTo("main"), /Block 13 of chain is finalized/);
  });

  it("a view of a branch that lost has its own head, and what was finalized there", async () => {
    await chain.mine(9);
    chain.finality({ safe: 2, finalized: 4 });
    const { orphaned } = await chain.reorg({ depth: 3 });
    const losing = chain.viewAt(orphaned.at(-1)!.hash);
    const numberThere = async (tag: string) => {
      const block = await losing({ method: "eth_getBlockByNumber", params: [tag, false] });
      return BigInt((block as { number: Hex }).number);
    };
    expect([await numberThere("safe"), await numberThere("finalized")]).to.deep.equal([10n, 8n]);
    // The next branch is followed as well, from below what is finalized on this one.
    await chain.reorg({ depth: 4, keep: false, extra: 9 });
    expect(await numberThere("latest")).to.equal(12n);
  });

  it("lags are numbers of blocks, and nothing is finalized above what is safe", async () => {
    for (const lags of [{ safe: -1 }, { finalized: 1.5 }, { safe: 3, finalized: 2 }])
      await expectSimulatorError((async () => chain.finality(lags))(), /cannot lie -?[\d.]+ blocks behind the head/);
    expect(await tags()).to.deep.equal([3n, 3n]);
  });

  it("gas is estimated at the latest block, as geth does where none is named", async () => {
    const probe = await deployProbe(chain);
    await chain.mine(3);
    const { number, hash } = chain.head;
    const data = probe.interface.encodeFunctionData("setAt", [number, hash, 5]);
    const call = { to: await probe.getAddress(), data };
    // The head is no ancestor of itself: its hash is known from the next block on.
    await expect(ask("eth_estimateGas", call)).to.be.rejectedWith("AnchorMismatch");
    expect(BigInt((await ask("eth_estimateGas", call, "pending")) as Hex) > 21_000n).to.equal(true);
  });

  it("blocks come by the clock where a test asks for that, each by the chain's own time", async () => {
    const time = async () =>
      Number(((await ask("eth_getBlockByNumber", "latest", false)) as { timestamp: Hex }).timestamp);
    const [before, start] = [await time(), chain.head.number];
    expect(await ask("evm_setIntervalMining", [5, 10])).to.equal(true);
    while (chain.head.number < start + 3n) await new Promise((resolve) => setTimeout(resolve, 5));
    await ask("evm_setIntervalMining", 0);
    const mined = Number(chain.head.number - start);
    expect(await time()).to.equal(before + 12 * mined);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(Number(chain.head.number - start)).to.equal(mined);
    for (const interval of [-1, "1", [2, 1], undefined])
      await expectSimulatorError(ask("evm_setIntervalMining", interval), /is not an interval in milliseconds/);
    await ask("evm_setIntervalMining", 1);
    expect(toQuantity(chain.head.number)).to.match(/^0x/);
  });
});
