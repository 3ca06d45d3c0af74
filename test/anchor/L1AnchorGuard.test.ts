import { expect, use } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";

import type { StateAnchor } from "../../src/anchor/anchor.js";
import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { L1_BLOCK_ADDRESS, installL1Block, showL1Origin } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import {
  CrossChainHarness__factory,
  L1BlockStandIn__factory,
  type CrossChainHarness,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const WRONG = `0x${"be".repeat(32)}` as Hex;
const ZERO = `0x${"00".repeat(32)}` as Hex;

describe("L1AnchorGuard, L1Origin and HeaderChain", () => {
  let l1: HardhatChain;
  let l2: HardhatChain;
  let guard: CrossChainHarness;
  let signer: Signer;

  before(async () => {
    l1 = await forks.create({ name: "L1", blocks: 0 });
    l2 = await forks.create({ name: "L2", chainId: 10 });
    await l1.mine(40);
    signer = (await l2.tools.ethers.getSigners())[0] as Signer;
    const standIn = await new L1BlockStandIn__factory(signer).deploy();
    await installL1Block(l2, (await l2.tools.ethers.provider.getCode(standIn)) as Hex);
    await showL1Origin({ l2, l1, number: l1.head.number });
    guard = await new CrossChainHarness__factory(signer).deploy(10);
  });

  after(async () => {
    await l1.close();
    await l2.close();
  });

  /** An anchor `depth` blocks below the origin, and the headers down to it. */
  async function anchorAt(depth: number): Promise<{ anchor: StateAnchor; headers: Hex[] }> {
    const headers: Hex[] = [];
    for (let below = 0; below <= depth; below++) {
      headers.push((await fetchHeader(l1.request, { block: { number: l1.head.number - BigInt(below) } })).rlp);
    }
    const { number, hash, stateRoot } = await fetchHeader(l1.request, {
      block: { number: l1.head.number - BigInt(depth) },
    });
    return { anchor: { number, hash, stateRoot: stateRoot }, headers };
  }

  it("reads what the depositor wrote, and the stand-in obeys the depositor alone", async () => {
    const [number, hash] = await guard.origin();
    expect({ number, hash }).to.deep.equal(l1.head);
    const standIn = L1BlockStandIn__factory.connect(L1_BLOCK_ADDRESS, signer);
    expect(await standIn.timestamp()).to.equal(
      (await fetchHeader(l1.request, { block: { hash: l1.head.hash } })).timestamp,
    );
    await expect(standIn.setL1BlockValuesIsthmus()).to.be.revertedWithCustomError(standIn, "NotDepositor");
  });

  it("H18: accepts an ancestor at every depth inside the bounds", async () => {
    for (const depth of [1, 2, 8, 20]) {
      const { anchor, headers } = await anchorAt(depth);
      await guard.requireL1Anchor(anchor, headers, 1, 64);
    }
  });

  it("C11: refuses the origin itself, and what is nearer or farther than the bounds", async () => {
    const origin = await anchorAt(0);
    for (const minDepth of [0, 1])
      await expect(guard.requireL1Anchor(origin.anchor, origin.headers, minDepth, 64)).to.be.rejectedByGuard(
        "AnchorTooShallow",
      );
    const { anchor, headers } = await anchorAt(7);
    await expect(guard.requireL1Anchor(anchor, headers, 8, 64))
      .to.be.rejectedByGuard("AnchorTooShallow")
      .withValues(anchor.number, l1.head.number, 8n);
    await guard.requireL1Anchor(anchor, headers, 7, 7);
    await expect(guard.requireL1Anchor(anchor, headers, 1, 6))
      .to.be.rejectedByGuard("AnchorTooDeep")
      .withValues(anchor.number, l1.head.number, 6n);
    await expect(
      guard.requireL1Anchor({ ...anchor, number: l1.head.number + 1n }, headers, 1, 64),
    ).to.be.rejectedByGuard("AnchorInFuture");
  });

  it("SG-1, SG-2: refuses another hash, another root, and zero", async () => {
    const { anchor, headers } = await anchorAt(9);
    await expect(guard.requireL1Anchor({ ...anchor, hash: WRONG }, headers, 1, 64))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues(anchor.number, WRONG, anchor.hash);
    await expect(guard.requireL1Anchor({ ...anchor, stateRoot: WRONG }, headers, 1, 64))
      .to.be.rejectedByGuard("StateRootMismatch")
      .withValues(anchor.number, WRONG, anchor.stateRoot);
    await expect(guard.requireL1Anchor({ ...anchor, hash: ZERO }, headers, 1, 64)).to.be.rejectedByGuard(
      "ZeroAnchorHash",
    );
  });

  it("H18: refuses a walk with a gap, a repetition, another order, another branch, or another length", async () => {
    const { anchor, headers } = await anchorAt(6);
    const swapped = [...headers.slice(0, 2), headers[3]!, headers[2]!, ...headers.slice(4)];
    const gap = [...headers.slice(0, 2), ...headers.slice(3), headers[6]!];
    const repeated = [headers[0]!, headers[0]!, ...headers.slice(1, 6)];
    const sister = await forks.create({ name: "sister" });
    await sister.mine(40);
    await sister.reorg({ depth: 40, seed: "sister" });
    const foreign = (await fetchHeader(sister.request, { block: { number: anchor.number + 3n } })).rlp;
    const other = [...headers.slice(0, 3), foreign, ...headers.slice(4)];
    for (const walk of [swapped, gap, repeated, other])
      await expect(guard.requireL1Anchor(anchor, walk, 1, 64)).to.be.rejectedByGuard("HeaderHashMismatch");
    for (const walk of [headers.slice(0, -1), [...headers, headers[6]!], []])
      await expect(guard.requireL1Anchor(anchor, walk, 1, 64))
        .to.be.rejectedByGuard("HeaderChainLength")
        .withValues(6n, BigInt(walk.length));
    await sister.close();
  });

  it("H18: bounds the walk, whatever the protocol allows", async () => {
    await expect(
      guard.ancestor(
        1_000,
        WRONG,
        257,
        Array.from({ length: 258 }, () => "0x"),
      ),
    ).to.be.rejectedByGuard("HeaderChainLength");
  });

  it("C13, SG-10: believes the predeploy on one chain alone, whose id is read live", async () => {
    const elsewhere = await new CrossChainHarness__factory(signer).deploy(8_453);
    const { anchor, headers } = await anchorAt(9);
    await expect(elsewhere.requireL1Anchor(anchor, headers, 1, 64))
      .to.be.rejectedByGuard("UnsupportedChain")
      .withValues(10n);
  });

  it("SG-3, SG-4: a predeploy that fails or answers in another shape is unknown", async () => {
    const { anchor, headers } = await anchorAt(9);
    const code = (await l2.request({ method: "eth_getCode", params: [L1_BLOCK_ADDRESS, "latest"] })) as Hex;
    const programs = [
      "0x",
      "0x00",
      "0xfe",
      "0x5f5ffd",
      `0x7f${anchor.hash.slice(2)}5f5260405ff3`,
      `0x7f${anchor.hash.slice(2)}5f52601f5ff3`,
      "0x60205ff3",
    ];
    for (const program of programs) {
      await l2.request({ method: "hardhat_setCode", params: [L1_BLOCK_ADDRESS, program] });
      await expect(guard.requireL1Anchor(anchor, headers, 1, 64), program).to.be.rejectedByGuard("AnchorHashUnknown");
    }
    await l2.request({ method: "hardhat_setCode", params: [L1_BLOCK_ADDRESS, code] });
    await guard.requireL1Anchor(anchor, headers, 1, 64);
    expect(toQuantity(l1.head.number)).to.equal("0x28");
  });
});
