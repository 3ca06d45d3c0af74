import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { toQuantity } from "../../src/core/bytes.js";
import { HISTORY_ADDRESS } from "../../src/forks/index.js";
import settlementGuard from "../../src/hardhat/index.js";
import { BranchProbe__factory, type BranchProbe } from "../../typechain-types/index.js";
import { expectSimulatorError } from "../../tools/forks.js";

const plugins = [hardhatEthers, hardhatMatchers, hardhatNetworkHelpers, settlementGuard];
/** Of accounts that are none of Hardhat's own. */
const KEYS = [`0x${"11".repeat(32)}`, `0x${"22".repeat(32)}`];

const networks: HardhatUserConfig["networks"] = {
  default: { type: "edr-simulated", chainType: "l1", hardfork: "prague" },
  generic: { type: "edr-simulated", hardfork: "prague" },
  op: { type: "edr-simulated", chainType: "op" },
  manual: { type: "edr-simulated", chainType: "l1", hardfork: "prague", mining: { auto: false } },
  ticking: {
    type: "edr-simulated",
    chainType: "l1",
    hardfork: "prague",
    mining: { auto: false, interval: 20 },
    allowBlocksWithSameTimestamp: true,
  },
};

/** A project without contracts: each runtime environment reads all that its project has compiled. */
async function newProject(configured = networks): Promise<HardhatRuntimeEnvironment> {
  return createHardhatRuntimeEnvironment({ plugins, networks: configured! }, {}, root);
}

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), "connection-"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
});
after(() => rmSync(root, { recursive: true }));

async function deployProbe({ ethers }: NetworkConnection): Promise<BranchProbe> {
  const [signer] = await ethers.getSigners();
  return new BranchProbe__factory(signer!).deploy();
}

describe("forks of a connection", () => {
  let hre: HardhatRuntimeEnvironment;
  before(async () => {
    hre = await newProject();
  });

  it("replaces blocks that were mined before anything was asked of the simulator by name, and reads the old ones", async () => {
    const { ethers, forks, close } = await hre.network.create();
    const probe = await deployProbe({ ethers } as NetworkConnection);
    await probe.set(7n);
    const [first, second] = await Promise.all([1, 2].map((number) => ethers.provider.getBlock(number)));
    await probe.set(8n);
    const { orphaned, adopted } = await forks.reorg({ depth: 2 });
    expect(orphaned.map(({ number }) => number)).to.deep.equal([2n, 3n]);
    expect(orphaned[0]!.hash).to.equal(second!.hash);
    expect((await ethers.provider.getBlock(1))!.hash).to.equal(first!.hash);
    expect((await ethers.provider.getBlock(2))!.hash)
      .to.equal(adopted[0]!.hash)
      .and.not.equal(second!.hash);
    expect(await probe.value()).to.equal(8n);
    // A second chain executes it, which begins with the same genesis.
    expect(await probe.value({ blockTag: second!.hash! })).to.equal(7n);
    await close();
  });

  it("makes the chain that reads the old blocks as the connection was overridden", async () => {
    const { ethers, forks, close } = await hre.network.create({
      override: { chainId: 77, accounts: KEYS.map((privateKey) => ({ privateKey, balance: 10n ** 20n })) },
    });
    const [signer] = await ethers.getSigners();
    const probe = await new BranchProbe__factory(signer!).deploy();
    await probe.set(7n);
    const { orphaned } = await forks.reorg({ depth: 1, keep: false });
    expect(await probe.value({ blockTag: orphaned[0]!.hash })).to.equal(7n);
    expect(await probe.value()).to.equal(0n);
    const [here] = await forks.partition({ commonBlocks: 1 });
    expect(await here!.request({ method: "eth_chainId" })).to.equal("0x4d");
    await close();
  });

  it("goes below no block of before it was taken, and knows their hashes", async () => {
    const connection = await hre.network.create();
    const probe = await deployProbe(connection);
    const before: unknown[] = [];
    for (let i = 0; i < 4; i++) before.push(await connection.ethers.provider.send("evm_snapshot", []));
    await probe.set(7n);
    const { forks, ethers } = connection;
    for (let i = 0; i < 6; i++) expect(before).not.to.include(await ethers.provider.send("evm_snapshot", []));
    for (const id of before)
      await expectSimulatorError(ethers.provider.send("evm_revert", [id]), /older than the simulator has/);
    await expectSimulatorError(
      forks.reorg({ depth: 1 }),
      /^The simulator has network "default" from block 2 on and cannot roll it back to 1: take /,
    );
    await probe.set(8n);
    const { orphaned } = await forks.reorg({ depth: 1, keep: false });
    expect(await probe.value()).to.equal(7n);
    const call = [{ to: await probe.getAddress() }, { blockHash: orphaned[0]!.hash }];
    await expectSimulatorError(
      (await forks.chain()).request({ method: "eth_call", params: call }),
      /cannot be read, for the simulator has it from block 2 on/,
    );
    const data = ethers.toBeHex(1, 32);
    const known = await ethers.provider.call({ to: HISTORY_ADDRESS, data });
    expect(known).to.equal((await ethers.provider.getBlock(1))!.hash);
    await connection.close();
  });

  it("leaves a connection alone of which it was not taken", async () => {
    const connection = await hre.network.create();
    await deployProbe(connection);
    expect(Object.hasOwn(connection.provider, "request")).to.equal(false);
    const { guard } = connection;
    await connection.networkHelpers.mine(3);
    await guard.latestAnchor();
    expect(Object.hasOwn(connection.provider, "request")).to.equal(false);
    // Taken, and not used either.
    expect(connection.forks).to.equal(connection.forks);
    expect(Object.hasOwn(connection.provider, "request")).to.equal(true);
    await connection.close();
  });

  it("is not taken by who copies the connection, and a fixture of before stays", async () => {
    const connection = await hre.network.create();
    const fixture = async () => deployProbe(connection);
    for (const value of [7n, 8n]) {
      const { probe } = Object.assign({}, connection, { probe: await connection.networkHelpers.loadFixture(fixture) });
      expect(await probe.value()).to.equal(0n);
      await probe.set(value);
    }
    expect(Object.hasOwn(connection.provider, "request")).to.equal(false);
    await connection.close();
  });

  it("says what became of a fixture of before", async () => {
    const connection = await hre.network.create();
    const fixture = async () => deployProbe(connection);
    await connection.networkHelpers.loadFixture(fixture);
    await connection.forks.mine();
    await expectSimulatorError(connection.networkHelpers.loadFixture(fixture), /older than the simulator has/);
    const { orphaned } = await connection.forks.reorg({ depth: 1 });
    const losing = (await connection.forks.chain()).viewAt(orphaned[0]!.hash);
    await expectSimulatorError(losing({ method: "eth_blockNumber" }), /from block 1 on.* before the first block/);
    await expectSimulatorError(connection.forks.reorg({ depth: 2 }), /from block 1 on.* before the transactions/);
    await connection.close();
  });

  it("goes on after a fixture that was taken before a reorg", async () => {
    const { ethers, forks, networkHelpers, close } = await hre.network.create();
    const fixture = async () => deployProbe({ ethers } as NetworkConnection);
    const probe = await networkHelpers.loadFixture(fixture);
    await probe.set(7n);
    await forks.mine(2);
    await forks.reorg({ depth: 4 });
    expect(await (await networkHelpers.loadFixture(fixture)).value()).to.equal(0n);
    expect(await ethers.provider.getBlockNumber()).to.equal(1);
    await close();
  });

  it("lets time pass as on a live chain, or raw where that is asked for in time", async () => {
    const { ethers, forks, networkHelpers, close } = await hre.network.create();
    await networkHelpers.time.increase(120);
    expect(await ethers.provider.getBlockNumber()).to.equal(10);
    await forks.stall({ seconds: 600 });
    await forks.passTime(24);
    const [before, after] = await Promise.all([11, 12].map((number) => ethers.provider.getBlock(number)));
    expect(after!.timestamp - before!.timestamp).to.be.greaterThan(0);
    await expectSimulatorError(
      forks.chain({ time: "raw" }),
      /^The simulator has network "default" already: give options/,
    );
    await close();

    const raw = await hre.network.create();
    await raw.forks.chain({ time: "raw" });
    await raw.networkHelpers.time.increase(120);
    expect(await raw.ethers.provider.getBlockNumber()).to.equal(1);
    await raw.close();
  });

  for (const network of ["generic", "op"])
    it(`reorganises a chain of type ${network}`, async () => {
      const connection = await hre.network.create({ network, chainType: network as "op" });
      const { forks } = connection;
      const probe = await deployProbe(connection as unknown as NetworkConnection);
      await probe.set(7n);
      const { orphaned } = await forks.reorg({ depth: 1, keep: false });
      expect(await probe.value()).to.equal(0n);
      expect(await probe.value({ blockTag: orphaned[0]!.hash })).to.equal(7n);
      await connection.close();
    });

  it("mines when the network is configured to, and at no other time", async () => {
    const manual = await hre.network.create("manual");
    const { ethers, forks } = manual;
    const [signer] = await ethers.getSigners();
    await forks.chain();
    const { hash } = await signer!.sendTransaction({ to: signer! });
    expect(await ethers.provider.getBlockNumber()).to.equal(0);
    await forks.mine();
    expect((await ethers.provider.getTransactionReceipt(hash))!.blockNumber).to.equal(1);
    await manual.close();

    const ticking = await hre.network.create("ticking");
    const chain = await ticking.forks.chain();
    const start = chain.head.number;
    while (chain.head.number < start + 3n) await new Promise((resolve) => setTimeout(resolve, 10));
    const { orphaned } = await ticking.forks.reorg({ depth: 2 });
    expect(orphaned).to.have.length(2);
    await ticking.close();
  });

  it("opens the same for chains of its own: hard forks and partitions", async () => {
    const connection = await hre.network.create();
    const { forks } = connection;
    const probe = await deployProbe(connection);
    await probe.set(7n);
    const fork = await forks.hardFork(await forks.chain(), { chainId: 10_001 });
    const there = BranchProbe__factory.connect(await probe.getAddress(), fork.tools.ethers.provider);
    expect(await there.value()).to.equal(7n);
    await fork.close();
    const [ours, theirs] = await forks.partition({ commonBlocks: 2 });
    // What belongs to a simulated chain acts on that.
    await theirs!.tools.forks.mine();
    expect(await theirs!.tools.forks.chain()).to.equal(theirs);
    await forks.heal({ from: theirs!, to: ours! });
    expect(ours!.head).to.deep.equal(theirs!.head);
    await ours!.close();
    await theirs!.close();
    await connection.close();
  });

  it("is closed with its connection, whoever closes it, and so is what it has opened", async () => {
    const project = await newProject();
    const { create } = project.network;
    for (const byChain of [false, true]) {
      const opened: NetworkConnection[] = [];
      project.network.create = async (...options: Parameters<typeof create>) => {
        const connection = await create.apply(project.network, options);
        opened.push(connection as unknown as NetworkConnection);
        return connection as never;
      };
      const connection = await project.network.create();
      const { forks } = connection;
      await forks.mine(2);
      const { orphaned } = await forks.reorg({ depth: 1 });
      const chain = await forks.chain();
      await chain.viewAt(orphaned[0]!.hash)({ method: "eth_blockNumber" });
      expect(opened).to.have.length(2);
      await (byChain ? chain : connection).close();
      for (const { provider } of opened) {
        const error: unknown = await provider.request({ method: "eth_blockNumber" }).catch((thrown) => thrown);
        expect(String(error)).to.match(/closed/);
      }
    }
  });

  it("is not there for who lists a connection", async () => {
    const connection = await hre.network.create();
    const before = connection.provider.request;
    const copy = { ...connection };
    expect(copy).not.to.have.any.keys("forks", "guard");
    expect(connection.provider.request).to.equal(before);
    await connection.close();
  });
});

describe("forks of a connection over HTTP", () => {
  /** A network that answers by `answer`, on which nothing may be written. */
  async function connectTo(version: () => unknown): Promise<{ connection: NetworkConnection; asked: string[] }> {
    const asked: string[] = [];
    const { serveOnLoopback } = await import("../../src/forks/endpoints/server.js");
    const { url } = await serveOnLoopback(async ({ method }) => {
      asked.push(method);
      const result = method === "web3_clientVersion" ? version() : "0x1";
      return { body: result === undefined ? { error: { code: -32601, message: "Method not found" } } : { result } };
    });
    const hre = await newProject({ mainnet: { type: "http", url } });
    return { connection: await hre.network.create("mainnet"), asked };
  }

  it("asks nothing else of a network that is no development one, and names it", async () => {
    const { connection, asked } = await connectTo(() => "Geth/v1.16.2-stable/linux-amd64/go1.24");
    const { forks } = connection;
    for (const verb of [
      () => forks.reorg({ depth: 1 }),
      () => forks.mine(),
      () => forks.passTime(12),
      () => forks.stall({ seconds: 12 }),
      () => forks.create(),
      () => forks.partition(),
    ])
      await expectSimulatorError(
        verb(),
        /^The network "mainnet" is not Hardhat's own and stays as it is: its client is Geth\/v1\.16\.2/,
        String(verb),
      );
    expect(new Set(asked)).to.deep.equal(new Set(["web3_clientVersion"]));
    expect(await connection.provider.request({ method: "eth_blockNumber" })).to.equal("0x1");
    await connection.close();
  });

  it("takes neither anvil, which has an entry of its own, nor a live network whose client is like a development one", async () => {
    for (const version of ["anvil/v1.7.1", "zkSync/v2.0", "HardhatNetworkOfOthers/1"]) {
      const { connection, asked } = await connectTo(() => version);
      await expectSimulatorError(
        connection.forks.mine(),
        /is not Hardhat's own .*: its client is .*settlement-guard\/anvil/,
      );
      expect(asked.filter((method) => method !== "web3_clientVersion")).to.deep.equal([]);
      await connection.close();
    }
  });

  it("takes no answer for no development network", async () => {
    const { connection } = await connectTo(() => undefined);
    await expectSimulatorError(connection.forks.mine(), /^The network "mainnet" does not say which client it is\.$/);
    await connection.close();
  });

  it("reorganises a node of Hardhat from the first verb on", async () => {
    const node = await newProject();
    const server = await node.network.createServer();
    const { address, port } = await server.listen();
    const local = { type: "http", url: `http://${address}:${port}` } as const;
    const hre = await newProject({ local });
    const connection = await hre.network.create("local");
    const probe = await deployProbe(connection);
    await connection.forks.chain();
    await probe.set(7n);
    await connection.forks.reorg({ depth: 1, keep: false });
    expect(await probe.value()).to.equal(0n);
    await expectSimulatorError(connection.forks.create(), /^The network "local" is not one that Hardhat simulates\.$/);
    await connection.close();
    await server.close();
  });

  it("leaves a node of Hardhat that mines for others as it did before, although a branch could not be read", async () => {
    const ticking = { mining: { auto: true, interval: 15 }, allowBlocksWithSameTimestamp: true };
    const node = await newProject({
      default: { type: "edr-simulated", chainType: "l1", hardfork: "prague", ...ticking },
    });
    const server = await node.network.createServer();
    const { address, port } = await server.listen();
    const hre = await newProject({ local: { type: "http", url: `http://${address}:${port}` } });
    const connection = await hre.network.create("local");
    await connection.forks.chain();
    // By the clock it mines no more, or one request would have mined several blocks.
    for (let i = 0; i < 4; i++)
      await new Promise((resolve) => setTimeout(resolve, 20)).then(() => connection.forks.mine());
    const { orphaned } = await connection.forks.reorg({ depth: 1 });
    const chain = await connection.forks.chain();
    for (let i = 0; i < 2; i++)
      await expectSimulatorError(
        chain.viewAt(orphaned[0]!.hash)({ method: "eth_blockNumber" }) as Promise<unknown>,
        /cannot be read|is not one that/,
      );
    await connection.close();

    const later = await hre.network.create("local");
    const ask = (method: string, ...params: unknown[]) => later.provider.request({ method, params });
    const [from] = (await ask("eth_accounts")) as string[];
    const hash = await ask("eth_sendTransaction", { from, to: from, value: "0x1" });
    expect(await ask("eth_getTransactionReceipt", hash)).to.have.property("status", "0x1");
    await later.close();
    await server.close();
  });
});

describe("guard of a connection", () => {
  it("asks the connection what the library's functions ask", async () => {
    const hre = await newProject();
    const { ethers, guard, forks, close } = await hre.network.create();
    const probe = await deployProbe({ ethers } as NetworkConnection);
    await probe.set(7n);
    await forks.mine(2);
    const anchor = await guard.latestAnchor({ depth: 1 });
    const block = await ethers.provider.getBlock(3);
    expect(anchor).to.deep.equal({ number: 3n, hash: block!.hash });
    const { slots } = await guard.prove({ anchor, account: await probe.getAddress(), slots: [0n] });
    expect(slots[0]!.value).to.equal(7n);
    expect((await guard.latestStateAnchor({ depth: 1 })).anchor.stateRoot).to.equal(
      ((await ethers.provider.send("eth_getBlockByNumber", [toQuantity(3), false])) as { stateRoot: string }).stateRoot,
    );
    expect(await guard.explain("0x79c4133c")).to.be.a("string");
    const contracts = { probe: { address: await probe.getAddress(), kind: "other" } } as never;
    const failure: unknown = await guard
      .checkDeployment({ deployment: { chainId: 1, contracts } })
      .catch((error) => error);
    expect(failure).to.have.property("code", "INVALID_CONFIG");
    await close();
  });
});
