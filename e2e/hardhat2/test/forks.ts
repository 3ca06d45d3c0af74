import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect, use } from "chai";
import { parseEther } from "ethers";
import hre from "hardhat";
import { latestAnchor, prove, type Anchor, type Connection } from "settlement-guard";
import { settlementGuardMatchers } from "settlement-guard/chai";
import { hardhatForks } from "settlement-guard/hardhat2";

import { scopes } from "../guard";

use(settlementGuardMatchers);

const DAY = 86_400;
const premium = parseEther("0.05");

/** Deploys on whatever chain the environment is. */
async function deploy({ ethers }: Pick<typeof hre, "ethers">) {
  const expiry = (await ethers.provider.getBlock("latest"))!.timestamp + DAY;
  return ethers.deployContract("CoveredCall", [scopes["ETH-CALL"].config, 2_000n, premium, expiry], {
    value: parseEther("10"),
  });
}

describe("forks on Hardhat 2", () => {
  const forks = hardhatForks(hre);

  it("reorg: undoes blocks of hre's own chain", async () => {
    // #region reorg
    const { ethers } = hre;
    const chain = await forks.chain(); // from here on
    const calls = await deploy(hre);
    await forks.mine(3);
    const anchor = await latestAnchor(ethers.provider);
    await calls.buy(anchor, { value: premium });
    await forks.reorg({ depth: 4 });
    expect(await calls.unsold()).to.equal(10n);
    await expect(calls.buy(anchor, { value: premium })).to.be.rejectedByGuard("AnchorMismatch");
    // #endregion reorg
    expect(chain.head.number).to.equal(BigInt(await ethers.provider.getBlockNumber()));
    expect(await hardhatForks(hre).chain()).to.equal(chain); // as another file has it
  });

  it("loadFixture: comes back after a reorg of its blocks", async () => {
    await forks.chain();
    const fixture = () => deploy(hre);
    for (let round = 0; round < 2; round++) {
      const calls = await loadFixture(fixture);
      expect(await calls.unsold()).to.equal(10n);
      await forks.mine(2);
      await calls.buy(await latestAnchor(hre.ethers.provider), { value: premium });
      await forks.reorg({ depth: 4 });
    }
  });

  it("partition: refuses on one node what was prepared on the other, in an environment of each", async () => {
    // #region partition
    let address = "";
    const [ours, theirs] = await forks.partition({
      commonBlocks: 5,
      prepare: async ({ tools }) => (address = await (await deploy(tools)).getAddress()),
    });
    await ours.mine(3);
    await theirs.mine(3);
    const calls = await ours.tools.ethers.getContractAt("CoveredCall", address);
    const [, buyer] = await ours.tools.ethers.getSigners();
    const anchor = await latestAnchor(theirs);
    await expect(calls.connect(buyer).buy(anchor, { value: premium })).to.be.rejectedByGuard("AnchorMismatch");
    // #endregion partition
    await forks.heal({ from: theirs, to: ours });
    await calls.connect(buyer).buy(anchor, { value: premium });
    expect(await calls.calls(buyer)).to.equal(1n);
    expect(await theirs.tools.ethers.provider.getBalance(calls)).to.equal(parseEther("10"));
  });

  it("outage: a stall closes the market, and time that passes does not", async () => {
    const chain = await forks.create();
    const calls = await deploy(chain.tools);
    await chain.passTime(3_600);
    await calls.buy(await latestAnchor(chain), { value: premium });
    await chain.stall({ seconds: 3_600 });
    await expect(calls.buy(await latestAnchor(chain), { value: premium })).to.be.rejectedByGuard("ActionDenied");
  });

  it("proof: is right before and after a reorg, also of the branch that was left", async () => {
    const chain = await forks.create();
    const calls = await deploy(chain.tools);
    await chain.mine(3);
    const account = await calls.getAddress();
    const accountAt = async (anchor: Anchor, node: Connection = chain) =>
      (await prove(node, { anchor, account, slots: [0n] })).account;
    const deployed = { status: "present", balance: parseEther("10") };
    expect(await accountAt(await latestAnchor(chain))).to.include(deployed);
    const { orphaned } = await chain.reorg({ depth: 4, keep: false });
    expect(await accountAt(await latestAnchor(chain))).to.deep.equal({ status: "absent" });
    expect(await accountAt(orphaned[0], chain.viewAt(orphaned[3].hash))).to.include(deployed);
  });

  it("hard fork: goes on from the same state under another chain id", async () => {
    const chain = await forks.create();
    const calls = await deploy(chain.tools);
    const fork = await forks.hardFork(chain, { chainId: 10_001 });
    const there = await fork.tools.ethers.getContractAt("CoveredCall", await calls.getAddress());
    expect(await there.unsold()).to.equal(10n);
    expect((await fork.tools.ethers.provider.getNetwork()).chainId).to.equal(10_001n);
    await fork.close();
  });

  it("automine off: a transaction waits until a block takes it, also across a reorg", async () => {
    const chain = await create({ auto: false, interval: 0 });
    const { tools } = chain;
    const [from, to] = await tools.ethers.getSigners();
    await chain.mine(2);
    const { hash } = await from.sendTransaction({ to, value: 1n });
    await chain.reorg({ depth: 1 });
    expect(await tools.ethers.provider.getTransactionReceipt(hash)).to.equal(null);
    await chain.mine();
    expect(await tools.ethers.provider.getTransactionReceipt(hash)).to.have.property("status", 1);
  });

  it("interval mining: blocks come by the clock, and are replaced", async () => {
    const chain = await create({ auto: false, interval: 30 });
    const start = chain.head.number;
    while (chain.head.number < start + 3n) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await chain.reorg({ depth: 2 })).orphaned).to.have.length(2);
    await chain.close();
  });

  /** A chain whose network is configured to mine so. */
  function create(mining: { auto: boolean; interval: number }) {
    const { networks } = hre.config;
    const hardhat = { ...networks.hardhat, mining: { ...networks.hardhat.mining, ...mining } };
    return hardhatForks(withChanges({ config: { ...hre.config, networks: { ...networks, hardhat } } })).create();
  }

  function withChanges(changes: object): typeof hre {
    return Object.create(hre, Object.getOwnPropertyDescriptors(changes));
  }

  it("refusal: changes nothing on a network that is no development one", async () => {
    const provider = { request: async () => "Geth/v1.16.2" };
    const mainnet = hardhatForks(withChanges({ network: { name: "mainnet", provider } }));
    for (const change of [() => mainnet.reorg({ depth: 1 }), () => mainnet.mine(), () => mainnet.partition()])
      await expect(change()).to.be.rejectedWith(/^The network "mainnet" is not Hardhat's own/);
  });

  it("versions: says which Hardhat it needs", async () => {
    expect(() => hardhatForks(withChanges({ version: "2.22.19" }))).to.throw(
      /^The simulator runs on Hardhat 2\.26 and later.*: this is Hardhat 2\.22\.19\.$/,
    );
    expect(() => hardhatForks({ network: {} } as never)).to.throw(/: this is neither\.$/);
  });
});
