import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { SettlementGuardError } from "settlement-guard";

import { scopes } from "../src/guard.js";

const MARKET = encodeBytes32String("ETH-PERP");
const { config } = scopes["ETH-PERP"];

// Nobody calls `use`: the plugin has added the matchers.
describe("the plugin", () => {
  it("reorg: undoes blocks of the connection's own chain, which stay readable", async () => {
    // #region reorg
    const { ethers, forks, guard } = await network.create();
    const perps = await ethers.deployContract("OrderPerps", [config, 2_000n], { value: 10_000n });
    await perps.deposit({ value: 1_000n });
    await forks.mine(2);
    const anchor = await guard.latestAnchor();
    await perps.trade(5n, anchor);

    const { orphaned } = await forks.reorg({ depth: 4 });
    // The trade came back, and its anchor's block did not.
    const [trader] = await ethers.getSigners();
    expect((await perps.positions(trader!)).size).to.equal(0n);
    await expect(perps.trade(5n, anchor)).to.be.rejectedByGuard("AnchorMismatch");
    const losing = { blockTag: orphaned.at(-1)!.hash };
    expect((await perps.positions(trader!, losing)).size).to.equal(5n);
    // #endregion reorg
    expect(await guard.explain(await perps.trade(5n, anchor).catch((error: unknown) => error))).to.match(
      /^AnchorMismatch: /,
    );
  });

  it("partition: refuses on one node what was prepared on the other", async () => {
    const { forks } = await network.create();
    let address = "";
    const [ours, theirs] = await forks.partition({
      commonBlocks: 5,
      prepare: async ({ tools: { ethers } }) =>
        (address = await (await ethers.deployContract("OrderPerps", [config, 2_000n])).getAddress()),
    });
    if (ours === undefined || theirs === undefined) throw new Error("two nodes");
    await ours.mine(3);
    await theirs.mine(3);
    const perps = await ours.tools.ethers.getContractAt("OrderPerps", address);
    const anchor = await theirs.tools.guard.latestAnchor();
    await expect(perps.trade(5n, anchor)).to.be.rejectedByGuard("AnchorMismatch");
    await forks.heal({ from: theirs, to: ours });
    expect(ours.head).to.deep.equal(theirs.head);
  });

  it("outage: a stall closes the market, and time that passes does not", async () => {
    const { ethers, forks, guard, networkHelpers } = await network.create();
    const perps = await ethers.deployContract("OrderPerps", [config, 2_000n], { value: 10_000n });
    await perps.deposit({ value: 1_000n });
    await networkHelpers.time.increase(3_600);
    await perps.trade(1n, await guard.latestAnchor());
    await forks.stall({ seconds: 3_600 });
    await expect(perps.trade(1n, await guard.latestAnchor())).to.be.rejectedByGuard("ActionDenied");
  });

  it("proof: shows what a vault held, before a reorg and after it", async () => {
    const { ethers, forks, guard } = await network.create();
    const vault = await ethers.deployContract("Vault");
    const reserves = await ethers.deployContract("Reserves", [vault]);
    await vault.deposit(MARKET, { value: 700n });
    await forks.mine(2);
    await forks.reorg({ depth: 3 });
    const anchor = await guard.latestAnchor();
    const slots = [await reserves.slotOf(MARKET)];
    const proof = await guard.prove({ anchor, account: await vault.getAddress(), slots });
    expect(await reserves.requireReserve(MARKET, 700n, proof)).to.equal(700n);
    await expect(reserves.requireReserve(MARKET, 701n, proof)).to.be.rejectedByGuard("SlotBelow");
  });

  it("op: reorganises a chain of that type, and proves what it holds", async () => {
    const { ethers, forks, guard } = await network.create({ network: "optimism", chainType: "op" });
    const vault = await ethers.deployContract("Vault");
    await vault.deposit(MARKET, { value: 700n });
    await forks.reorg({ depth: 1, keep: false });
    expect(await ethers.provider.getBalance(vault)).to.equal(0n);
    await vault.deposit(MARKET, { value: 800n });
    await forks.mine(2);
    const slots = [ethers.solidityPackedKeccak256(["bytes32", "uint256"], [MARKET, 0n])];
    const proof = await guard.prove({ anchor: await guard.latestAnchor(), account: await vault.getAddress(), slots });
    expect(proof.slots[0]?.value).to.equal(800n);
  });

  it("automine off: a transaction waits until a block takes it, also across a reorg", async () => {
    const { ethers, forks } = await network.create({ override: { mining: { auto: false } } });
    const [from, to] = await ethers.getSigners();
    await forks.mine(2);
    const { hash } = await from!.sendTransaction({ to: to!.address, value: 1n });
    await forks.reorg({ depth: 1 });
    expect(await ethers.provider.getTransactionReceipt(hash)).to.equal(null);
    await forks.mine();
    expect((await ethers.provider.getTransactionReceipt(hash))!.blockNumber).to.equal(3);
  });

  it("interval mining: blocks come by the clock, and are replaced", async () => {
    const mining = { auto: false, interval: 30 };
    const { ethers, forks } = await network.create({ override: { mining, allowBlocksWithSameTimestamp: true } });
    while ((await ethers.provider.getBlockNumber()) < 3) await sleep(10);
    const { orphaned } = await forks.reorg({ depth: 2 });
    expect(await ethers.provider.getBlock(orphaned[0]!.number)).not.to.have.property("hash", orphaned[0]!.hash);
    const { head } = await forks.chain();
    while ((await ethers.provider.getBlockNumber()) <= Number(head.number)) await sleep(10);
  });

  it("loadFixture: comes back after a reorg of its blocks", async () => {
    const { ethers, forks, networkHelpers } = await network.create();
    const fixture = () => ethers.deployContract("Vault");
    for (let round = 0; round < 2; round++) {
      const vault = await networkHelpers.loadFixture(fixture);
      expect(await ethers.provider.getBalance(vault)).to.equal(0n);
      await vault.deposit(MARKET, { value: 700n });
      await forks.reorg({ depth: 2 });
      expect(await ethers.provider.getBalance(vault)).to.equal(700n);
    }
  });

  it("refusal: changes nothing on a network that is no development one", async () => {
    const node = createServer((_, response) =>
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: "Geth/v1.16.2" })),
    );
    await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
    const { forks } = await network.create({ network: "mainnet", override: { url } });
    for (const change of [() => forks.reorg({ depth: 1 }), () => forks.mine(), () => forks.partition()]) {
      const error: unknown = await change().catch((thrown: unknown) => thrown);
      expect(SettlementGuardError.is(error, "FORK_SIMULATOR")).to.equal(true);
      expect(String(error)).to.match(/The network "mainnet" is not Hardhat's own/);
    }
    node.close();
  });
});
