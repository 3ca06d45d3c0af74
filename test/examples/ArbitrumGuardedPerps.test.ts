import { expect, use } from "chai";

import { forks, signersOf } from "../../scenarios/world.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import type { Hex } from "../../src/core/bytes.js";
import type { HardhatChain } from "../../src/hardhat/index.js";
import { ARB_SYS, installAt, opcodesOf } from "../../tools/sources/install.js";
import {
  ArbitrumGuardedPerps__factory,
  ProofDesk__factory,
  ISourceErrors__factory,
  TestToken__factory,
  type ArbitrumGuardedPerps,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const ARBITRUM_ONE = 42_161;
const [BLOCKHASH, NUMBER] = [0x40, 0x43];

describe("ArbitrumGuardedPerps", () => {
  const chains: HardhatChain[] = [];

  after(async () => {
    for (const chain of chains) await chain.close();
  });

  async function create(chainId: number): Promise<HardhatChain> {
    const chain = await forks.create({ chainId });
    chains.push(chain);
    return chain;
  }

  async function deploy(chain: HardhatChain): Promise<ArbitrumGuardedPerps> {
    const { deployer, feed, keeper } = await signersOf(chain);
    const token = await new TestToken__factory(deployer).deploy();
    return new ArbitrumGuardedPerps__factory(deployer).deploy(
      token,
      feed,
      keeper,
      await new ProofDesk__factory(deployer).deploy(),
    );
  }

  it("SG-16, C7: takes no height and no hash from the opcodes, which are not the chain's own there", async () => {
    const chain = await create(ARBITRUM_ONE);
    await installAt(chain, ARB_SYS, "ArbSysStandIn");
    const perps = await deploy(chain);
    const codeOf = async (at: string): Promise<Set<number>> =>
      opcodesOf((await chain.tools.ethers.provider.getCode(at)) as Hex);
    const opcodes = await codeOf(await perps.getAddress());
    expect([opcodes.has(BLOCKHASH), opcodes.has(NUMBER)]).to.deep.equal([false, false]);
    // The stand-in itself has both: the search finds what there is.
    const standIn = await codeOf(ARB_SYS);
    expect([standIn.has(BLOCKHASH), standIn.has(NUMBER)]).to.deep.equal([true, true]);
  });

  it("SG-16: is refused where no ArbSys answers, and on a chain of another kind", async () => {
    const errors = { interface: ISourceErrors__factory.createInterface() };
    await expect(deploy(await create(ARBITRUM_ONE))).to.be.revertedWithCustomError(errors, "SourceOfOtherChain");
    const ethereum = await create(1);
    await installAt(ethereum, ARB_SYS, "ArbSysStandIn");
    await expect(deploy(ethereum)).to.be.rejectedByGuard("UnsupportedChain");
  });
});
