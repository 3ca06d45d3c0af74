import { expect, use } from "chai";
import { AbiCoder, getAddress, keccak256, type Signer } from "ethers";
import { network } from "hardhat";

import type { Hex } from "../../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../../src/chai/index.js";
import { HISTORY_ADDRESS } from "../../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../../src/hardhat/index.js";
import { ARB_SYS, installAt, opcodesOf, setCode, signerOf } from "../../../tools/sources/install.js";
import {
  AnchoredTarget__factory,
  ArbitrumSource__factory,
  ArbitrumTarget__factory,
  ISourceErrors__factory,
  NativeSource__factory,
  type IBlockHashSource,
} from "../../../typechain-types/index.js";
import { MAX_DEPTH, MIN_DEPTH, shouldBehaveLikeGuard } from "../../guard.behavior.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const UNKNOWN = 0n;
const KNOWN = 1n;
const ZERO = `0x${"00".repeat(32)}`;
const errors = { interface: ISourceErrors__factory.createInterface() };

async function answerOf(source: IBlockHashSource, number: bigint): Promise<readonly [bigint, string]> {
  const [answer, hash] = await source.hashOf(number, { blockTag: "pending" });
  return [answer, hash];
}

describe("sources of the executing chain", () => {
  const chains: HardhatChain[] = [];
  const create = async (...options: Parameters<typeof forks.create>): Promise<HardhatChain> => {
    const chain = await forks.create(...options);
    chains.push(chain);
    return chain;
  };

  after(async () => {
    for (const chain of chains) await chain.close();
  });

  describe("NativeSource", () => {
    let chain: HardhatChain;
    let snapshot: unknown;

    before(async () => {
      chain = await create({ history: "storage" });
      await chain.mine(8_200, { history: "at-end" });
    });
    beforeEach(async () => (snapshot = await chain.request({ method: "evm_snapshot" })));
    afterEach(() => chain.request({ method: "evm_revert", params: [snapshot] }));

    it("C1, C6, C2: knows 1 to 8,191 blocks before the executing one, and nothing else", async () => {
      const source = await new NativeSource__factory(await signerOf(chain)).deploy();
      const executing = chain.head.number + 1n;
      expect(await source.newest({ blockTag: "pending" })).to.equal(chain.head.number);
      for (const depth of [1n, 2n, 255n, 256n, 257n, 8_190n, 8_191n])
        expect(await answerOf(source, executing - depth), `depth ${depth}`).to.deep.equal([KNOWN, chain.at(executing - depth)?.hash]); // prettier-ignore
      for (const number of [executing - 8_192n, 1n, 0n, executing, executing + 1n, 2n ** 64n - 1n])
        expect(await answerOf(source, number), `block ${number}`).to.deep.equal([UNKNOWN, ZERO]);
      expect(await source.chainId()).to.equal(31_337n);
    });

    it("C4, SG-4: what the history contract does not answer is unknown", async () => {
      const source = await new NativeSource__factory(await signerOf(chain)).deploy();
      const old = chain.head.number - 290n;
      for (const code of ["0x", "0x5f5ffd", "0xfe", "0x60405ff3", "0x601f5ff3"]) {
        await setCode(chain, HISTORY_ADDRESS, code);
        expect(await answerOf(source, old), code).to.deep.equal([UNKNOWN, ZERO]);
        expect((await answerOf(source, chain.head.number))[0], code).to.equal(KNOWN);
      }
    });

    it("C5: behind the window it does not ask, whatever the ring would answer", async () => {
      await installAt(chain, HISTORY_ADDRESS, "RingOfAnyHash");
      const source = await new NativeSource__factory(await signerOf(chain)).deploy();
      const executing = chain.head.number + 1n;
      expect((await answerOf(source, executing - 8_191n))[0]).to.equal(KNOWN);
      expect(await answerOf(source, executing - 8_192n)).to.deep.equal([UNKNOWN, ZERO]);
    });

    it("SG-16, C7: is refused on Arbitrum", async () => {
      const arbitrum = await create({ chainId: 42_161 });
      await expect(
        new NativeSource__factory(await signerOf(arbitrum)).deploy(),
      ).to.be.rejectedByGuard("UnsupportedChain"); // prettier-ignore
    });
  });

  describe("ArbitrumSource", () => {
    let chain: HardhatChain;
    let signer: Signer;
    const hashOf = (height: bigint): string => keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [height]));
    const setHeight = (height: bigint): Promise<unknown> =>
      chain.request({
        method: "hardhat_setStorageAt",
        params: [ARB_SYS, "0x0", `0x${height.toString(16).padStart(64, "0")}`],
      });

    before(async () => {
      chain = await create({ chainId: 42_161 });
      signer = await signerOf(chain);
    });

    beforeEach(async () => {
      await installAt(chain, ARB_SYS, "ArbSysOfHeight");
      await installAt(chain, HISTORY_ADDRESS, "ArbitrumRingOfHeight");
      await setHeight(400_000_000n);
    });

    it("C9, C8, C6: knows 1 to 393,168 blocks before the executing one, and nothing else", async () => {
      const source = await new ArbitrumSource__factory(signer).deploy();
      for (const height of [400_000_000n, 393_169n, 100n]) {
        await setHeight(height);
        expect(await source.newest()).to.equal(height - 1n);
        for (const depth of [1n, 255n, 256n, 257n, 8_192n, 393_167n, 393_168n])
          if (depth <= height)
            expect(await answerOf(source, height - depth), `${height}, depth ${depth}`).to.deep.equal([KNOWN, hashOf(height - depth)]); // prettier-ignore
        for (const number of [height - 393_169n, height, height + 1n, 2n ** 64n - 1n])
          if (number >= 0n)
            expect(await answerOf(source, number), `${height}, block ${number}`).to.deep.equal([UNKNOWN, ZERO]);
      }
    });

    it("C9, C5: behind the window it does not ask, whatever the ring would answer", async () => {
      const source = await new ArbitrumSource__factory(signer).deploy();
      await installAt(chain, HISTORY_ADDRESS, "RingOfAnyHash");
      expect((await answerOf(source, 400_000_000n - 393_168n))[0]).to.equal(KNOWN);
      expect(await answerOf(source, 400_000_000n - 393_169n)).to.deep.equal([UNKNOWN, ZERO]);
    });

    it("C9: before ArbOS 40 there is no ring, and 256 blocks are known", async () => {
      for (const code of ["0x", "0x5f5ffd", "0x60205ff3"]) {
        await setCode(chain, HISTORY_ADDRESS, code);
        const source = await new ArbitrumSource__factory(signer).deploy();
        expect((await answerOf(source, 400_000_000n - 256n))[0], code).to.equal(KNOWN);
        expect(await answerOf(source, 400_000_000n - 257n), code).to.deep.equal([UNKNOWN, ZERO]);
      }
    });

    it("SG-4: nothing is known where ArbSys stops to answer", async () => {
      const source = await new ArbitrumSource__factory(signer).deploy();
      for (const code of ["0x", "0x5f5ffd", "0xfe", "0x60405ff3", "0x601f5ff3", "0x60205ff3"]) {
        await setCode(chain, ARB_SYS, code);
        expect(await source.newest(), code).to.equal(0n);
        for (const number of [0n, 1n, 399_999_999n])
          expect(await answerOf(source, number), code).to.deep.equal([UNKNOWN, ZERO]);
      }
    });

    const deploy = (): Promise<unknown> => new ArbitrumSource__factory(signer).deploy();

    it("SG-16, C13: is refused where what answers is no ArbSys of this chain", async () => {
      for (const code of ["0x", "0x5f5ffd", "0xfe", "0x60405ff3", "0x60205ff3"]) {
        await setCode(chain, ARB_SYS, code);
        await expect(deploy(), code).to.be.revertedWithCustomError(errors, "SourceOfOtherChain").withArgs(ARB_SYS, 42_161n, 0n); // prettier-ignore
      }
    });

    it("SG-16, C24: is refused where ArbSys is another chain's", async () => {
      await installAt(chain, ARB_SYS, "ArbSysOfOtherChain");
      await expect(deploy()).to.be.revertedWithCustomError(errors, "SourceOfOtherChain").withArgs(ARB_SYS, 42_161n, 42_170n); // prettier-ignore
    });

    it("SG-16, C7: is refused where ArbSys knows no block, or the executing one", async () => {
      await setHeight(0n);
      await expect(deploy()).to.be.revertedWithCustomError(errors, "SourceFaulty").withArgs(ARB_SYS, 0n, 0n);
      for (const wrong of ["ArbSysOfAnyHash", "ArbSysWithoutHashes"]) {
        await installAt(chain, ARB_SYS, wrong);
        await expect(deploy(), wrong).to.be.revertedWithCustomError(errors, "SourceFaulty").withArgs(ARB_SYS, 9n, 10n);
      }
    });

    it("SG-16: is refused where the ring knows another hash", async () => {
      await setCode(chain, HISTORY_ADDRESS, `0x7f${"be".repeat(32)}5f5260205ff3`);
      await expect(deploy())
        .to.be.revertedWithCustomError(errors, "SourceFaulty")
        .withArgs(getAddress(HISTORY_ADDRESS), 399_999_999n, 400_000_000n);
    });

    it("SG-16: is refused on chains that are not Arbitrum's, whatever answers", async () => {
      const other = await create({ chainId: 8_453 });
      await installAt(other, ARB_SYS, "ArbSysStandIn");
      await expect(
        new ArbitrumSource__factory(await signerOf(other)).deploy(),
      ).to.be.rejectedByGuard("UnsupportedChain"); // prettier-ignore
    });
  });

  describe("on Arbitrum", () => {
    let arbitrum: Promise<HardhatChain> | undefined;
    /** A chain whose ArbSys tells its own blocks. */
    const long = (): Promise<HardhatChain> =>
      (arbitrum ??= create({ chainId: 42_161, history: "storage" }).then(async (chain) => {
        await chain.mine(8_200, { history: "at-end" });
        await installAt(chain, ARB_SYS, "ArbSysStandIn");
        return chain;
      }));

    shouldBehaveLikeGuard("on Arbitrum, whose ArbSys answers", async () => {
      const chain = await long();
      const signer = await signerOf(chain);
      const target = await new ArbitrumTarget__factory(signer).deploy(MIN_DEPTH, MAX_DEPTH);
      return { chain, signer, target: AnchoredTarget__factory.connect(await target.getAddress(), signer) };
    });

    it("C7, C10: asks neither NUMBER nor BLOCKHASH, which speak of another chain", async () => {
      const chain = await long();
      const target = await new ArbitrumTarget__factory(await signerOf(chain)).deploy(MIN_DEPTH, MAX_DEPTH);
      const codeOf = async (at: { getAddress(): Promise<string> }): Promise<Hex> =>
        (await chain.tools.ethers.provider.getCode(await at.getAddress())) as Hex;
      const [BLOCKHASH, NUMBER] = [0x40, 0x43];
      const opcodes = opcodesOf(await codeOf(target));
      expect(opcodes.has(BLOCKHASH)).to.equal(false);
      expect(opcodes.has(NUMBER)).to.equal(false);
      // The stand-in itself has both: the search finds what there is.
      const standIn = opcodesOf(await codeOf({ getAddress: () => Promise.resolve(ARB_SYS) }));
      expect(standIn.has(BLOCKHASH) && standIn.has(NUMBER)).to.equal(true);
    });
  });
});
