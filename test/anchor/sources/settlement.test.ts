import { expect, use } from "chai";
import { AbiCoder, encodeBytes32String, keccak256, type Signer } from "ethers";
import { network } from "hardhat";

import type { Anchor } from "../../../src/anchor/anchor.js";
import { revertDataOf, settlementGuardMatchers } from "../../../src/chai/index.js";
import { toWord, type Hex } from "../../../src/core/bytes.js";
import type { GuardErrorName } from "../../../src/explain/guardErrors.js";
import { HISTORY_ADDRESS } from "../../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../../src/hardhat/index.js";
import { ARB_SYS, installAt, opcodesOf, signerOf } from "../../../tools/sources/install.js";
import {
  ArbitrumSettlementTarget__factory,
  ISourceErrors__factory,
  SourcedArbitrumTarget__factory,
  SourcedSettlementTarget__factory,
  ToldSource__factory,
  type ArbitrumSettlementTarget,
  type SourcedArbitrumTarget,
  type SourcedSettlementTarget,
  type ToldSource,
} from "../../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const SCOPE = encodeBytes32String("scope");
const [INCREASE, DEPOSIT] = [0, 2];
const [SYNCED, STALE] = [0n, 2n];
const [DENY, ALLOW] = [0n, 2n];
const [HONEST, DISAGREEING] = [0, 11]; // manners of `ToldSource`
const [BLOCKHASH, NUMBER] = [0x40, 0x43];
const ARBITRUM_ONE = 42_161;
const HEIGHT = 400_000_000n;
const PENDING = { blockTag: "pending" } as const;
const OTHER: Hex = `0x${"be".repeat(32)}`;
const errors = { interface: ISourceErrors__factory.createInterface() };

/** Spans in seconds; block times in milliseconds, on average at most an eighth above the usual one. */
const CONFIG = {
  policy: 0xb62a5226d492n,
  parent: toWord(0n),
  minDepth: 1,
  maxAge: 1_000,
  keeperLatency: 60,
  gap: 900,
  staleFor: 600,
  graceFor: 600,
  exitsFor: 3_600,
  blockTime: 12_000,
  longestBlockTime: 13_500,
};
const ON_ARBITRUM = { ...CONFIG, blockTime: 250, longestBlockTime: 280 };

type Target = SourcedSettlementTarget | ArbitrumSettlementTarget | SourcedArbitrumTarget;

/** The action takes effect, and the preview says so. */
async function expectDone(target: Target, anchor: Anchor): Promise<void> {
  expect([...(await target.previewAt(SCOPE, INCREASE, anchor, PENDING))]).to.deep.equal([ALLOW, "0x"]);
  const before = await target.actions();
  await (await target.act(INCREASE, anchor)).wait();
  expect(await target.actions()).to.equal(before + 1n);
}

/** The action is refused with this error, has no effect, and the preview gives the same reason to the byte. */
async function expectRefused(target: Target, anchor: Anchor, error: GuardErrorName | "SourcesDisagree"): Promise<void> {
  const before = await target.actions();
  await expect(target.act(INCREASE, anchor)).to.be.rejectedByGuard(error as GuardErrorName);
  const reason = await target.act.staticCall(INCREASE, anchor, PENDING).then(() => undefined, revertDataOf);
  expect([...(await target.previewAt(SCOPE, INCREASE, anchor, PENDING))]).to.deep.equal([DENY, reason]);
  expect(await target.actions()).to.equal(before);
}

describe("the whole guard, where a source decides its anchors", () => {
  const chains: HardhatChain[] = [];
  const create = async (chainId?: number): Promise<HardhatChain> => {
    const chain = await forks.create(chainId === undefined ? {} : { chainId });
    chains.push(chain);
    return chain;
  };

  after(async () => {
    for (const chain of chains) await chain.close();
  });

  describe("SourcedAnchors", () => {
    let chain: HardhatChain;
    let signer: Signer;
    let told: ToldSource;
    let target: SourcedSettlementTarget;

    beforeEach(async () => {
      chain = await create();
      signer = await signerOf(chain);
      told = await new ToldSource__factory(signer).deploy(31_337n, 0);
      await chain.mine(10);
      await told.tell(chain.head.number - 1n, chain.at(chain.head.number - 1n)!.hash);
      target = await new SourcedSettlementTarget__factory(signer).deploy(told, 256, CONFIG);
    });

    it("SG-1, SG-14: an anchor that the source knows is let through, and no other branch's", async () => {
      const number = await told.newest();
      const { hash } = chain.at(number)!;
      await expectDone(target, { number, hash });
      await expectRefused(target, { number, hash: OTHER }, "AnchorMismatch");
      await expectRefused(target, { number, hash: toWord(0n) }, "ZeroAnchorHash");
      await expectRefused(target, { number: chain.head.number + 1_000n, hash }, "AnchorInFuture");
    });

    it("SG-3, C26: what the source does not know is unknown, whatever the opcodes would answer", async () => {
      const { number, hash } = chain.head;
      await expectRefused(target, { number, hash }, "AnchorHashUnknown");
      await told.tell(number, hash);
      await expectDone(target, { number, hash });
      await told.tell(number, OTHER);
      await expectRefused(target, { number, hash }, "AnchorMismatch");
    });

    it("SG-3, C23: where the source says that sources disagree, so does the guard", async () => {
      const number = await told.newest();
      const { hash } = chain.at(number)!;
      await told.behave(DISAGREEING);
      for (const claimed of [hash, OTHER]) await expectRefused(target, { number, hash: claimed }, "SourcesDisagree");
      await told.behave(HONEST);
      await expectDone(target, { number, hash });
    });

    it("SG-6, C10: the policy goes by the chain's own clock: in an outage exits alone are let through", async () => {
      const number = await told.newest();
      const anchor = { number, hash: chain.at(number)!.hash };
      expect([...(await target.statusOf(SCOPE, PENDING))]).to.deep.equal([SYNCED, SYNCED]);
      await chain.stall({ seconds: 1_000 });
      expect((await target.statusOf(SCOPE, PENDING))[0]).to.equal(STALE);
      await expectRefused(target, anchor, "ActionDenied");
      // An exit stays open, and its anchor is still asked of the source.
      await target.act(DEPOSIT, anchor);
      await expect(target.act(DEPOSIT, { ...anchor, hash: OTHER })).to.be.rejectedByGuard("AnchorMismatch");
    });

    it("SG-16, C24: is refused over a source of another chain", async () => {
      const other = await new ToldSource__factory(signer).deploy(1n, 0);
      await other.tell(1n, OTHER);
      const deployment = new SourcedSettlementTarget__factory(signer).deploy(other, 256, CONFIG);
      await expect(deployment).to.be.revertedWithCustomError(errors, "SourceOfOtherChain");
    });
  });

  describe("Arbitrum", () => {
    let chain: HardhatChain;
    let signer: Signer;
    const hashOf = (height: bigint): Hex => keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [height])) as Hex;
    const at = (number: bigint): Anchor => ({ number, hash: hashOf(number) });
    const setHeight = (height: bigint): Promise<unknown> =>
      chain.request({ method: "hardhat_setStorageAt", params: [ARB_SYS, "0x0", toWord(height)] });

    beforeEach(async () => {
      chain = await create(ARBITRUM_ONE);
      signer = await signerOf(chain);
      await installAt(chain, ARB_SYS, "ArbSysOfHeight");
      await installAt(chain, HISTORY_ADDRESS, "ArbitrumRingOfHeight");
      await setHeight(HEIGHT);
    });

    const deploy = (): Promise<ArbitrumSettlementTarget> =>
      new ArbitrumSettlementTarget__factory(signer).deploy(ON_ARBITRUM);

    it("SG-1, SG-14, C8, C9: anchors are ArbSys's heights, asked of it and of the ring, down to the scope's greatest age", async () => {
      const target = await deploy();
      for (const depth of [1n, 256n, 257n, 1_000n]) await expectDone(target, at(HEIGHT - depth));
      await expectRefused(target, { number: HEIGHT - 1n, hash: OTHER }, "AnchorMismatch");
      await expectRefused(target, { number: HEIGHT - 257n, hash: OTHER }, "AnchorMismatch");
      await expectRefused(target, at(HEIGHT - 1_001n), "AnchorTooDeep");
      await expectRefused(target, at(HEIGHT), "AnchorIsCurrentBlock");
      await expectRefused(target, at(HEIGHT + 1n), "AnchorInFuture");
      // The height of the opcodes is another chain's.
      await expectRefused(target, chain.head, "AnchorTooDeep");
    });

    it("SG-3: where ring and ArbSys stop to answer, no anchor holds", async () => {
      const target = await deploy();
      await installAt(chain, HISTORY_ADDRESS, "ArbSysWithoutHashes");
      await expectRefused(target, at(HEIGHT - 257n), "AnchorHashUnknown");
      await expectDone(target, at(HEIGHT - 256n));
      await setHeight(0n);
      await expectRefused(target, at(HEIGHT - 256n), "AnchorInFuture");
    });

    it("SG-8, C10: ArbSys's blocks account for the time, and those of NUMBER do not", async () => {
      const target = await deploy();
      await setHeight(HEIGHT + 4_000n);
      await chain.stall({ seconds: 1_000 });
      expect([...(await target.statusOf(SCOPE, PENDING))]).to.deep.equal([SYNCED, SYNCED]);
      await expectDone(target, at(HEIGHT + 3_999n));
      const before = chain.head.number;
      await chain.request({ method: "evm_increaseTime", params: [1_000] });
      await chain.mine(1);
      expect(chain.head.number - before, "NUMBER goes on alone").to.be.greaterThan(50n);
      expect((await target.statusOf(SCOPE, PENDING))[0]).to.equal(STALE);
      await expectRefused(target, at(HEIGHT + 3_999n), "ActionDenied");
      await target.act(DEPOSIT, at(HEIGHT + 3_999n));
    });

    it("C7: neither form asks NUMBER or BLOCKHASH", async () => {
      const told = await new ToldSource__factory(signer).deploy(ARBITRUM_ONE, 0);
      await told.tell(HEIGHT - 1n, hashOf(HEIGHT - 1n));
      const sourced = await new SourcedArbitrumTarget__factory(signer).deploy(told, 256, ON_ARBITRUM);
      for (const target of [await deploy(), sourced]) {
        const code = (await chain.tools.ethers.provider.getCode(target)) as Hex;
        expect([opcodesOf(code).has(BLOCKHASH), opcodesOf(code).has(NUMBER)]).to.deep.equal([false, false]);
      }
    });

    it("SG-1, SG-3, C10: over a deployed source the heights stay ArbSys's, and the hashes are the source's", async () => {
      const told = await new ToldSource__factory(signer).deploy(ARBITRUM_ONE, 0);
      const factory = new SourcedArbitrumTarget__factory(signer);
      await told.tell(HEIGHT, hashOf(HEIGHT));
      await expect(factory.deploy(told, 256, ON_ARBITRUM)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await told.tell(HEIGHT, toWord(0n));
      await told.tell(HEIGHT - 2n, OTHER);
      const target = await factory.deploy(told, 256, ON_ARBITRUM);
      await expectDone(target, { number: HEIGHT - 2n, hash: OTHER });
      await expectRefused(target, at(HEIGHT - 2n), "AnchorMismatch");
      await expectRefused(target, at(HEIGHT - 1n), "AnchorHashUnknown");
      await expectRefused(target, at(HEIGHT), "AnchorIsCurrentBlock");
      await told.tell(HEIGHT - 256n, OTHER);
      await expectDone(target, { number: HEIGHT - 256n, hash: OTHER });
      await expectRefused(target, at(HEIGHT - 257n), "AnchorOutOfWindow");
      await told.behave(DISAGREEING);
      await expectRefused(target, at(HEIGHT - 2n), "SourcesDisagree");
      await told.behave(HONEST);
      await chain.stall({ seconds: 1_000 });
      await expectRefused(target, { number: HEIGHT - 2n, hash: OTHER }, "ActionDenied");
    });

    it("SG-16: is refused where ArbSys does not answer, and on a chain of another kind", async () => {
      const silent = await create(ARBITRUM_ONE);
      await expect(
        new ArbitrumSettlementTarget__factory(await signerOf(silent)).deploy(ON_ARBITRUM),
      ).to.be.revertedWithCustomError(errors, "SourceOfOtherChain");
      const base = await create(8_453);
      await installAt(base, ARB_SYS, "ArbSysStandIn");
      await expect(
        new ArbitrumSettlementTarget__factory(await signerOf(base)).deploy(ON_ARBITRUM),
      ).to.be.rejectedByGuard("UnsupportedChain");
    });
  });
});
