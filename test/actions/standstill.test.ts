import { expect } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";

import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { defineGuardConfig, findStandstill, findStandstills } from "../../src/index.js";
import type { Request } from "../../src/index.js";
import { rejected } from "../../tools/errors.js";
import { announced } from "../../tools/random.js";
import { PolicyTarget__factory, type PolicyTarget } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const GAP = 900;

describe("findStandstill", () => {
  let chain: HardhatChain;
  let asked: string[];
  const request: Request = (args) => {
    asked.push(args.method);
    return chain.request(args);
  };

  beforeEach(async () => {
    chain = await forks.create();
    asked = [];
  });
  afterEach(() => chain.close());

  const standstill = async (seconds: number): Promise<bigint> => {
    await chain.stall({ seconds });
    await chain.mine();
    return chain.head.number;
  };

  it("finds the newest, wherever it lies, and each one on demand", async () => {
    const random = announced();
    const expected: [number: bigint, apart: number][] = [];
    for (let i = 0; i < 12; i++) {
      await chain.mine(random.below(90));
      const apart = random.pick([GAP - 1, GAP, GAP + 1, 5_000]);
      const number = await standstill(apart);
      if (apart > GAP) expected.unshift([number, apart]);
    }
    expect(expected.length).to.be.greaterThan(0);
    await chain.mine(random.below(90));
    for (const leastBlockTime of [0, 12]) {
      const all = await findStandstills(request, { gap: GAP, leastBlockTime });
      expect(all.map(({ anchor, apart }) => [anchor.number, apart])).to.deep.equal(expected);
      expect(await findStandstill(request, { gap: GAP, leastBlockTime })).to.deep.equal(all[0]);
    }
    const [number] = expected[0]!;
    const before = await findStandstill(request, { gap: GAP, from: number - 1n });
    expect(before?.anchor.number).to.equal(expected[1]?.[0]);
    // The pair's second block alone, and both.
    expect(await findStandstill(request, { gap: GAP, from: number, blocks: 1 })).not.to.equal(undefined);
    await chain.mine();
    expect(await findStandstill(request, { gap: GAP, from: number + 1n, blocks: 1 })).to.equal(undefined);
  });

  it("asks little of a chain that lives", async () => {
    await chain.mine(1_500);
    expect(await findStandstill(request, { gap: GAP })).to.equal(undefined);
    // 18,000 s in ranges of 450 to 900 s: 32 of them, and what halves them.
    expect(asked.length).to.be.lessThan(40);
    asked = [];
    expect(await findStandstill(request, { gap: GAP, leastBlockTime: 12 })).to.equal(undefined);
    expect(asked).to.deep.equal(["eth_getBlockByNumber", "eth_getBlockByNumber"]);
  });

  it("returns what the contract takes for a standstill that slack hid", async () => {
    const { ethers } = chain.tools;
    const signer = (await ethers.getSigners())[0] as Signer;
    const { ZeroAddress } = ethers;
    const target: PolicyTarget = await new PolicyTarget__factory(signer).deploy(ZeroAddress, ZeroAddress);
    const { scopes } = defineGuardConfig({
      chains: { 31337: { keeperLatency: 60 } },
      scopes: { a: { chain: 31337, minDepth: 1, maxAge: 64, gap: GAP, staleFor: 600, graceFor: 600, exitsFor: 3_600 } },
    });
    const { id, config } = scopes.a;
    await target.configure(id, config);
    // 900 quiet blocks of 12 s account for 1,350 s more than passes.
    await chain.mine(900);
    const number = await standstill(2_000);
    expect((await target.statusOf(id))[0]).to.equal(0n);
    const found = (await findStandstill(request, { gap: GAP }))!;
    expect(found.anchor.number).to.equal(number);
    expect(found.apart).to.equal(2_000);
    await target.proveStandstill(id, found.anchor, found.headers);
    expect((await target.statusOf(id))[0]).to.equal(2n);
  });

  it("believes no pair that is none: a parent is asked for by its hash", async () => {
    await chain.mine(5);
    const number = await standstill(5_000);
    const other = await forks.create();
    await other.mine(Number(number));
    // An endpoint that answers for another branch below the pair's second block.
    const lying: Request = async (args) => {
      const [which] = args.params as [string];
      const isBelow = args.method === "eth_getBlockByNumber" && which !== "latest" && BigInt(which) < number;
      return (isBelow ? other : chain).request(args);
    };
    const honest = await findStandstill(chain.request, { gap: GAP });
    expect(await findStandstill(lying, { gap: GAP, blocks: 1 })).to.deep.equal(honest);
    await other.close();
    const forged: Request = async (args) => {
      const block = (await chain.request(args)) as object;
      return { ...block, timestamp: "0x7fffffff" };
    };
    await rejected("HEADER_HASH_MISMATCH", findStandstill(forged, { gap: GAP }));
  });

  it("refuses options that it cannot use, before anything is sent", async () => {
    for (const options of [
      {},
      { gap: 0 },
      { gap: 1.5 },
      { gap: "900" },
      { gap: 70_000 },
      { gap: GAP, blocks: 0 },
      { gap: GAP, blocks: 8_192 },
      { gap: GAP, leastBlockTime: -1 },
      { gap: GAP, depth: 5 },
      { gap: GAP, timeout: 0 },
    ])
      await rejected("INVALID_OPTION", findStandstill(request, options as never));
    await rejected("INVALID_ANCHOR", findStandstill(request, { gap: GAP, from: "newest" as never }));
    expect(asked).to.deep.equal([]);
  });
});
