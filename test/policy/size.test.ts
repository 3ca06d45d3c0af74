import { readFileSync } from "node:fs";

import { expect } from "chai";
import { ethers } from "ethers";
import { network } from "hardhat";

import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { BUILDS, compile } from "../../tools/compile.js";
import { PIPELINES, SOURCES } from "../../tools/targets.js";

const [CODE_LIMIT, CREATION_LIMIT] = [24_576, 49_152]; // EIP-170, EIP-3860
const CONFIG = {
  policy: 0xb62a5226d492n,
  parent: ethers.ZeroHash,
  minDepth: 1,
  maxAge: 64,
  keeperLatency: 60,
  gap: 900,
  staleFor: 600,
  graceFor: 1_800,
  exitsFor: 86_400,
  blockTime: 12_000,
  longestBlockTime: 13_500,
};

describe("the size of what inherits the guard", function () {
  for (const build of PIPELINES)
    it(`F11: an exchange that inherits everything fits into a contract, and trades (${build.name}, 200 runs)`, async () => {
      const { abi, bytecode } = (await compile(SOURCES.exchange, build))["WholeExchange"]!;
      expect(ethers.dataLength(bytecode)).to.be.at.most(CREATION_LIMIT);
      // The simulated chain holds to EIP-170 as well.
      const chain = await hardhatForks(network).create();
      const [trader] = await chain.tools.ethers.getSigners();
      const token = await chain.tools.ethers.deployContract("TestToken");
      const args = [CONFIG, await token.getAddress(), ethers.ZeroAddress, 100n];
      const exchange = await new ethers.ContractFactory(abi, bytecode, trader!).deploy(...args);
      await exchange.waitForDeployment();
      expect(ethers.dataLength((await exchange.getDeployedCode()) ?? "0x")).to.be.at.most(CODE_LIMIT);

      await token.mint(trader!, 1_000n);
      await token.approve(exchange, 1_000n);
      await exchange.getFunction("deposit")(1_000n);
      await exchange.getFunction("trade")(5n, await latestAnchor(chain.request));
      const [size] = (await exchange.getFunction("positions")(trader)) as [bigint];
      expect(size).to.equal(5n);
      await chain.close();
    });

  it("F11: the whole guard adds at most 5,000 bytes, a ledger 2,000 more, and anchors alone at most 1,600 (legacy, 200 runs)", () => {
    const sizes = JSON.parse(readFileSync("snapshots/code-size.json", "utf8")) as Record<
      string,
      Record<string, number>
    >;
    const { StatelessGuard, SettlementGuard, "LedgerGuard beside SettlementGuard": ledger } = sizes[BUILDS[1]!.name]!;
    expect(SettlementGuard).to.be.at.most(5_000);
    expect(StatelessGuard).to.be.at.most(1_600);
    expect(ledger).to.be.at.most(2_000);
  });
});
