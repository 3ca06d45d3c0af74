import { expect, use } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";
import { ssz } from "@lodestar/types";

import { fetchHeader } from "../../../src/actions/fetchHeader.js";
import {
  beaconIndicesAt,
  beaconRoot,
  isBranch,
  type BeaconForks,
  type BranchClaim,
  type FinalityProof,
} from "../../../src/anchor/beacon.js";
import { settlementGuardMatchers } from "../../../src/chai/index.js";
import { toHex, type Hex } from "../../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../../src/hardhat/index.js";
import { BEACON_ROOTS_ADDRESS } from "../../../src/forks/index.js";
import { announced, type Random } from "../../../tools/random.js";
import { BEACON_BUFFER, growBranch, growFinality, keepBeaconRoot } from "../../../tools/sources/beacon.js";
import { setCode, signerOf } from "../../../tools/sources/install.js";
import { needVectors, readVector } from "../../../tools/vectors.js";
import {
  BeaconProofsHarness__factory,
  FinalizedHashes__factory,
  ISourceErrors__factory,
  type BeaconProofsHarness,
  type FinalizedHashes,
} from "../../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const FORKS: BeaconForks = { electra: 1_000n, gloas: 2_000n, until: 3_000n };
const errors = { interface: ISourceErrors__factory.createInterface() };
const ZERO: Hex = `0x${"00".repeat(32)}`;

/** A case of `conformance/beacon`. */
interface BeaconCase {
  readonly id: string;
  readonly executionBlockHash: Hex;
  readonly beaconBlockRoot: Hex;
  readonly gindex: number;
  readonly branch: readonly Hex[];
}

describe("beacon proofs", () => {
  let chain: HardhatChain;
  let signer: Signer;
  let harness: BeaconProofsHarness;

  before(async () => {
    chain = await forks.create({ blocks: 20 });
    signer = await signerOf(chain);
    harness = await new BeaconProofsHarness__factory(signer).deploy();
  });

  after(() => chain.close());

  const requireBranch = ({ root, generalizedIndex, leaf, branch }: BranchClaim): Promise<void> =>
    harness.requireBranch(root, generalizedIndex, leaf, [...branch]);

  async function expectInvalid(claim: BranchClaim, what: string): Promise<void> {
    expect(isBranch(claim), what).to.equal(false);
    await expect(requireBranch(claim), what)
      .to.be.revertedWithCustomError(errors, "BeaconProofInvalid")
      .withArgs(claim.generalizedIndex, claim.root);
  }

  /** What is wrong with a branch: each of its siblings, its length, its ends and its index. */
  function spoilt(random: Random, claim: BranchClaim): [string, BranchClaim][] {
    const { branch, generalizedIndex } = claim;
    const other = (): Hex => toHex(random.bytes(32));
    return [
      ...branch.map((_, i): [string, BranchClaim] => [`sibling ${i}`, { ...claim, branch: branch.with(i, other()) }]),
      ["root", { ...claim, root: other() }],
      ["leaf", { ...claim, leaf: other() }],
      ["a sibling less", { ...claim, branch: branch.slice(0, -1) }],
      ["a sibling more", { ...claim, branch: [...branch, other()] }],
      ["no branch", { ...claim, branch: [] }],
      ["the index beside it", { ...claim, generalizedIndex: generalizedIndex ^ 1n }],
      ["the index above it", { ...claim, generalizedIndex: generalizedIndex >> 1n }],
      ["the index below it", { ...claim, generalizedIndex: generalizedIndex << 1n }],
      ["index 0", { ...claim, generalizedIndex: 0n }],
    ];
  }

  describe("branches", () => {
    it("C21: real blocks of Bellatrix to Deneb hold their execution block's hash", async function () {
      needVectors(this);
      const random = announced();
      const { cases } = readVector<{ cases: BeaconCase[] }>("conformance/beacon/execution-blockhash-proofs.json");
      expect(cases).to.have.length(11);
      for (const { id, executionBlockHash, beaconBlockRoot, gindex, branch } of cases) {
        const claim = { root: beaconBlockRoot, generalizedIndex: BigInt(gindex), leaf: executionBlockHash, branch };
        expect(isBranch(claim), id).to.equal(true);
        await requireBranch(claim);
        for (const [what, wrong] of spoilt(random, claim)) await expectInvalid(wrong, `${id}: ${what}`);
        // Deneb has one level more than Capella: the other fork's index is refused.
        await expectInvalid({ ...claim, generalizedIndex: gindex === 3_228 ? 6_444n : 3_228n }, `${id}: another fork`);
      }
    });

    it("C22: an inner node is no leaf, and neither language accepts what is spoilt", async () => {
      const random = announced();
      for (const index of [1n, 2n, 3n, 169n, 735n, 812n, 2_856n, 2n ** 40n + 5n]) {
        const leaf = toHex(random.bytes(32));
        const claim = { leaf, generalizedIndex: index, ...growBranch(random, leaf, index) };
        expect(isBranch(claim)).to.equal(true);
        await requireBranch(claim);
        // The root is a leaf of itself alone: what is shorter or beside it is not.
        if (index > 1n)
          for (const [what, wrong] of spoilt(random, claim)) await expectInvalid(wrong, `${index}: ${what}`);
        const [sibling, ...rest] = claim.branch;
        if (sibling === undefined) continue;
        const parent = growBranch({ ...random, bytes: () => Buffer.from(sibling.slice(2), "hex") }, leaf, 2n + (index & 1n)).root; // prettier-ignore
        expect(isBranch({ ...claim, leaf: parent, generalizedIndex: index >> 1n, branch: rest })).to.equal(true);
        await expectInvalid({ ...claim, leaf: parent, branch: rest }, `${index}: an inner node`);
      }
    });

    it("C21: each fork has its indices, and slots of no known fork none", async () => {
      for (const [slot, finalizedRoot, blockHash] of [
        [1_000n, 169n, 812n],
        [1_999n, 169n, 812n],
        [2_000n, 735n, 2_856n],
        [2_999n, 735n, 2_856n],
      ] as const) {
        expect(beaconIndicesAt(FORKS, slot)).to.deep.equal({ finalizedRoot, blockHash });
        expect([...(await harness.indicesAt(FORKS, slot))]).to.deep.equal([finalizedRoot, blockHash]);
      }
      for (const slot of [0n, 999n, 3_000n, 2n ** 64n - 1n]) {
        expect(beaconIndicesAt(FORKS, slot)).to.equal(undefined);
        await expect(harness.indicesAt(FORKS, slot))
          .to.be.revertedWithCustomError(errors, "BeaconForkUnknown")
          .withArgs(slot);
      }
    });

    it("C21: the indices are those of the specification's containers", () => {
      for (const [slot, fork] of [
        [1_000n, ssz.electra],
        [1_000n, ssz.fulu],
      ] as const)
        expect(beaconIndicesAt(FORKS, slot)).to.deep.equal({
          finalizedRoot: fork.BeaconState.getPathInfo(["finalizedCheckpoint", "root"]).gindex,
          blockHash: fork.BeaconBlockBody.getPathInfo(["executionPayload", "blockHash"]).gindex,
        });
      const bid = ["signedExecutionPayloadBid", "message", "parentBlockHash"];
      expect(beaconIndicesAt(FORKS, 2_000n)).to.deep.equal({
        finalizedRoot: ssz.gloas.BeaconState.getPathInfo(["finalizedCheckpoint", "root"]).gindex,
        blockHash: ssz.gloas.BeaconBlockBody.getPathInfo(bid).gindex,
      });
    });

    it("both languages give a header the same root", async () => {
      const random = announced();
      for (let i = 0; i < 20; i++) {
        const { proof } = growFinality(random, {
          forks: FORKS,
          timestamp: 1n,
          attestedSlot: random.pick([0n, 255n, 256n, 2n ** 64n - 1n, BigInt(random.below(2 ** 31))]),
          finalizedSlot: 1n,
          header: "0x",
          hash: ZERO,
        });
        expect(await harness.rootOf(proof.attested)).to.equal(beaconRoot(proof.attested));
      }
    });
  });

  describe("FinalizedHashes", () => {
    let random: Random;
    let source: FinalizedHashes;
    let time = 1_900_000_000n;

    before(() => {
      random = announced();
    });

    beforeEach(async () => {
      source = await new FinalizedHashes__factory(signer).deploy(FORKS, 100);
      time += 12n;
    });

    /** A proof about block `number`, whose beacon root the chain keeps. */
    async function proofOf(number: bigint, attestedSlot = 1_500n, finalizedSlot = 1_436n): Promise<FinalityProof> {
      const { rlp, hash } = await fetchHeader(chain.request, { block: { number } });
      const grown = growFinality(random, { forks: FORKS, timestamp: time, attestedSlot, finalizedSlot, header: rlp, hash }); // prettier-ignore
      await keepBeaconRoot(chain, time, grown.root);
      return grown.proof;
    }

    const given = (proof: FinalityProof) => ({
      ...proof,
      checkpointBranch: [...proof.checkpointBranch],
      blockHashBranch: [...proof.blockHashBranch],
    });
    const record = (proof: FinalityProof) => source.record(given(proof));

    it("C18, C20, C21: records what the chain's own beacon root shows to be final, before and after Gloas, and across it", async () => {
      let number = 5n;
      for (const [attested, finalized] of [
        [1_500n, 1_436n],
        [2_100n, 2_036n],
        [2_010n, 1_990n],
      ] as const) {
        time += 12n;
        const proof = await proofOf(++number, attested, finalized);
        await expect(source.record.staticCall(given(proof))).not.to.revert(chain.tools.ethers);
        await record(proof);
        expect([...(await source.hashOf(number))]).to.deep.equal([1n, chain.at(number)?.hash]);
      }
      expect([await source.newest(), await source.tier(), await source.chainId()]).to.deep.equal([8n, 2n, 31_337n]);
    });

    it("H18: records ancestors of what is final, by headers", async () => {
      await record(await proofOf(9n));
      const headers: Hex[] = [];
      for (let number = 9n; number >= 4n; number--)
        headers.push((await fetchHeader(chain.request, { block: { number } })).rlp);
      await source.recordAncestor(9n, headers);
      expect([...(await source.hashOf(4n))]).to.deep.equal([1n, chain.at(4n)?.hash]);
      await expect(source.recordAncestor(8n, headers.slice(1))).to.be.revertedWithCustomError(
        source,
        "NothingToRecord",
      );
    });

    it("C18, C19, C20: a time without a block, zero, and one that the ring has dropped are unknown", async () => {
      const proof = await proofOf(6n);
      for (const timestamp of [time + 12n, time - 1n, 0n, time - BEACON_BUFFER])
        await expect(record({ ...proof, timestamp })).to.be.revertedWithCustomError(source, "BeaconRootUnknown").withArgs(timestamp); // prettier-ignore
      await keepBeaconRoot(chain, time + BEACON_BUFFER, ZERO);
      await expect(record(proof)).to.be.revertedWithCustomError(source, "BeaconRootUnknown").withArgs(time);
      // A root of zero is none, whatever hashes to it.
      await expect(record({ ...proof, timestamp: time + BEACON_BUFFER })).to.be.revertedWithCustomError(source, "BeaconRootUnknown"); // prettier-ignore
    });

    it("SG-4, C4, C19: a beacon roots contract that answers badly has no root, and one of other code is none", async () => {
      const proof = await proofOf(6n);
      const code = String(await chain.request({ method: "eth_getCode", params: [BEACON_ROOTS_ADDRESS, "latest"] }));
      const word = `7f${"be".repeat(32)}5f52`;
      const programs = ["0x", "0x00", "0x5f5ffd", `0x${word}60205ffd`, "0xfe", `0x${word}601f5ff3`, `0x${word}60405ff3`, "0x60205ff3"]; // prettier-ignore
      for (const program of programs) {
        await setCode(chain, BEACON_ROOTS_ADDRESS, program);
        await expect(source.record.staticCall(given(proof), { gasLimit: 5_000_000 }), program)
          .to.be.revertedWithCustomError(source, "BeaconRootUnknown")
          .withArgs(time);
        await expect(new FinalizedHashes__factory(signer).deploy(FORKS, 9), program).to.be.revertedWithCustomError(source, "CodeDiffers"); // prettier-ignore
      }
      await setCode(chain, BEACON_ROOTS_ADDRESS, code);
      await record(proof);
    });

    it("C11, SG-10: on an OP-stack chain the blocks are its L1's, and elsewhere the chain's own", async () => {
      for (const [id, expected] of [
        [10, 1n],
        [84_532, 11_155_111n],
        [1, 1n],
      ] as const) {
        const other = await forks.create({ chainId: id });
        try {
          const there = await new FinalizedHashes__factory(await signerOf(other)).deploy(FORKS, 9);
          expect(await there.chainId()).to.equal(expected);
        } finally {
          await other.close();
        }
      }
    });

    it("C11, SG-16: is refused where nobody knows whether the roots are the chain's own or its L1's", async () => {
      for (const id of [60_808, 42_161]) {
        const other = await forks.create({ chainId: id });
        try {
          const deployment = new FinalizedHashes__factory(await signerOf(other)).deploy(FORKS, 9);
          await expect(deployment).to.be.rejectedByGuard("UnsupportedChain");
        } finally {
          await other.close();
        }
      }
    });

    it("C21, C22, SG-3: refuses a proof with any part replaced", async () => {
      const proof = await proofOf(7n);
      const other = await proofOf(8n); // its root replaces the one of the same time
      const wrong: [string, string, FinalityProof][] = [
        ["the attested block", "BeaconHeaderMismatch", { ...other, attested: proof.attested }],
        ["its slot", "BeaconHeaderMismatch", { ...other, attested: { ...other.attested, slot: 1_501n } }],
        ["the branch to the checkpoint", "BeaconProofInvalid", { ...other, checkpointBranch: proof.checkpointBranch }],
        ["the finalized block", "BeaconProofInvalid", { ...other, finalized: proof.finalized }],
        ["its slot", "BeaconProofInvalid", { ...other, finalized: { ...other.finalized, slot: 1_437n } }],
        ["the branch to the hash", "BeaconProofInvalid", { ...other, blockHashBranch: proof.blockHashBranch }],
        ["the execution block", "BeaconProofInvalid", { ...other, header: proof.header }],
        ["a byte of it", "BeaconProofInvalid", { ...other, header: `${other.header}00` }],
        ["no header", "BeaconProofInvalid", { ...other, header: "0x" }],
        ["a branch cut", "BeaconProofInvalid", { ...other, checkpointBranch: other.checkpointBranch.slice(1) }],
      ];
      for (const [what, name, spoiltProof] of wrong)
        await expect(record(spoiltProof), what).to.be.revertedWithCustomError(source, name);
      expect(await source.newest()).to.equal(0n);
      await record(other);
    });

    it("C21: refuses slots of no known fork, on either side", async () => {
      for (const [attested, finalized, refused] of [
        [999n, 990n, 999n],
        [1_010n, 999n, 999n],
        [3_000n, 2_990n, 3_000n],
        [3_100n, 3_050n, 3_100n],
      ] as const)
        await expect(record(await proofOf(6n, attested, finalized)))
          .to.be.revertedWithCustomError(source, "BeaconForkUnknown")
          .withArgs(refused);
    });

    it("C21: refuses an index of the other fork", async () => {
      for (const [slot, claimed] of [
        [1_500n, { ...FORKS, gloas: 1_000n }],
        [2_500n, { ...FORKS, gloas: 3_000n }],
      ] as const) {
        const { rlp, hash } = await fetchHeader(chain.request, { block: { number: 6n } });
        const grown = growFinality(random, { forks: claimed, timestamp: time, attestedSlot: slot, finalizedSlot: slot - 64n, header: rlp, hash }); // prettier-ignore
        await keepBeaconRoot(chain, time, grown.root);
        await expect(record(grown.proof)).to.be.revertedWithCustomError(source, "BeaconProofInvalid");
      }
    });

    it("refuses forks that are not in order", async () => {
      const factory = new FinalizedHashes__factory(signer);
      for (const wrong of [
        { ...FORKS, gloas: 999n },
        { ...FORKS, until: 1_999n },
      ])
        await expect(factory.deploy(wrong, 10)).to.be.revertedWithCustomError(source, "BeaconForksOutOfOrder");
      const now = await factory.deploy({ electra: 5n, gloas: 9n, until: 9n }, 10);
      expect([...(await now.forks())]).to.deep.equal([5n, 9n, 9n]);
    });
  });
});
