import { expect, use } from "chai";
import { AbiCoder, id, keccak256, toBeHex, zeroPadValue, type Signer } from "ethers";
import { network } from "hardhat";

import { fetchHeader } from "../../../src/actions/fetchHeader.js";
import { prove } from "../../../src/actions/prove.js";
import { settlementGuardMatchers } from "../../../src/chai/index.js";
import type { Hex } from "../../../src/core/bytes.js";
import { L1_BLOCK_ADDRESS, installL1Block, showL1Origin } from "../../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../../src/hardhat/index.js";
import { announced } from "../../../tools/random.js";
import { setCode, signerOf } from "../../../tools/sources/install.js";
import {
  IStateProver__factory,
  L1BlockStandIn__factory,
  L1OriginSource__factory,
  NativeSource__factory,
  ProverHashes__factory,
  RecordedHashes__factory,
  RingStateProver__factory,
  ToldSource__factory,
  type RecordedHashes,
  type ToldSource,
} from "../../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const [UNKNOWN, KNOWN, DISAGREE] = [0n, 1n, 2n];
const [HEAD, SAFE] = [0, 1];
const ZERO = `0x${"00".repeat(32)}`;
const hash = (of: number | bigint): string => zeroPadValue(toBeHex(BigInt(of) + 0xa0000n), 32);

describe("rings of recorded hashes", () => {
  let chain: HardhatChain;
  let signer: Signer;

  before(async () => {
    chain = await forks.create({ history: "transaction" });
    signer = await signerOf(chain);
  });

  after(() => chain.close());

  async function ringOf(size: number): Promise<{ told: ToldSource; ring: RecordedHashes }> {
    const told = await new ToldSource__factory(signer).deploy(5n, SAFE);
    await told.tell(1, hash(1));
    return { told, ring: await new RecordedHashes__factory(signer).deploy(told, 5n, size) };
  }

  async function record(told: ToldSource, ring: RecordedHashes, number: number, of = hash(number)): Promise<void> {
    await told.tell(number, of);
    await ring.record(number);
  }

  describe("RecordedHashes", () => {
    it("C17: a newer block takes an older one's place, and never the other way round", async () => {
      const { told, ring } = await ringOf(8);
      for (const number of [3, 11]) await record(told, ring, number);
      expect([...(await ring.hashOf(3))]).to.deep.equal([UNKNOWN, ZERO]);
      expect([...(await ring.hashOf(11))]).to.deep.equal([KNOWN, hash(11)]);
      await expect(record(told, ring, 3))
        .to.be.revertedWithCustomError(ring, "PlaceTaken")
        .withArgs(3n, 11n);
      await record(told, ring, 10);
      expect(await ring.newest()).to.equal(11n);
      expect([...(await ring.hashOf(10))]).to.deep.equal([KNOWN, hash(10)]);
    });

    it("C17, SG-22: where two hashes of a height are shown, neither is served from then on", async () => {
      const { told, ring } = await ringOf(8);
      await record(told, ring, 5);
      // To record it again changes nothing, and says nothing.
      expect((await (await ring.record(5)).wait())?.logs).to.have.length(0);
      await told.tell(5, hash(99));
      await expect(ring.record(5)).to.emit(ring, "HashDisputed").withArgs(5n, hash(5), hash(99));
      for (const again of [hash(99), hash(5)]) {
        await told.tell(5, again);
        expect((await (await ring.record(5)).wait())?.logs).to.have.length(0);
        expect([...(await ring.hashOf(5))]).to.deep.equal([DISAGREE, ZERO]);
      }
      // A newer block takes the place.
      await record(told, ring, 13);
      expect([...(await ring.hashOf(13))]).to.deep.equal([KNOWN, hash(13)]);
    });

    it("C1, C16: neither block 0, nor a height of more than 40 bits, nor what the source does not know is recorded", async () => {
      const { told, ring } = await ringOf(8);
      for (const number of [0n, 2n ** 40n, 2n ** 64n - 1n]) {
        await told.tell(number, hash(7));
        await expect(ring.record(number)).to.be.revertedWithCustomError(ring, "NothingToRecord").withArgs(number);
        expect([...(await ring.hashOf(number))]).to.deep.equal([UNKNOWN, ZERO]);
      }
      await expect(ring.record(6)).to.be.revertedWithCustomError(ring, "NothingToRecord").withArgs(6n);
      await record(told, ring, 2 ** 40 - 1);
      expect((await ring.hashOf(2 ** 40 - 1))[0]).to.equal(KNOWN);
    });

    for (const manner of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13]) {
      it(`SG-4, C26: nothing is recorded of a source that answers badly (manner ${manner})`, async () => {
        const { told, ring } = await ringOf(8);
        await told.tell(4, hash(4));
        await told.behave(manner);
        // A call that fails is told from an answer: want of gas must not pass for one.
        const error = [1, 5, 13].includes(manner) ? "SourceFaulty" : "NothingToRecord";
        await expect(ring.record(4, { gasLimit: 1_000_000 })).to.be.revertedWithCustomError(ring, error);
        expect([...(await ring.hashOf(4))]).to.deep.equal([UNKNOWN, ZERO]);
      });
    }

    it("C24, C27: is refused over a source of another chain, of nothing known, and without a place", async () => {
      const { told } = await ringOf(8);
      const factory = new RecordedHashes__factory(signer);
      const ring = RecordedHashes__factory.connect(await told.getAddress(), signer);
      await expect(factory.deploy(told, 6n, 8))
        .to.be.revertedWithCustomError(ring, "SourceOfOtherChain")
        .withArgs(await told.getAddress(), 6n, 5n);
      for (const size of [0n, 2n ** 40n])
        await expect(factory.deploy(told, 5n, size))
          .to.be.revertedWithCustomError(ring, "RingSize")
          .withArgs(size);
      const empty = await new ToldSource__factory(signer).deploy(5n, SAFE);
      await expect(factory.deploy(empty, 5n, 8)).to.be.revertedWithCustomError(ring, "SourceFaulty");
      const deployed = await factory.deploy(told, 5n, 8);
      expect([await deployed.chainId(), await deployed.tier()]).to.deep.equal([5n, BigInt(SAFE)]);
    });

    it("SG-22: agrees with a model of what is kept, whatever is recorded in whatever order", async () => {
      const random = announced();
      for (const size of [1, 6, 7, 13]) {
        const { told, ring } = await ringOf(size);
        const kept = new Map<number, number>();
        for (let step = 0; step < 60; step++) {
          const number = 1 + random.below(4 * size);
          const place = number % size;
          const before = kept.get(place) ?? 0;
          await told.tell(number, hash(number));
          if (before > number) await expect(ring.record(number)).to.be.revertedWithCustomError(ring, "PlaceTaken");
          else {
            await ring.record(number);
            kept.set(place, number);
          }
        }
        for (let number = 0; number <= 4 * size; number++)
          expect([...(await ring.hashOf(number))], `size ${size}, block ${number}`).to.deep.equal(
            kept.get(number % size) === number && number > 0 ? [KNOWN, hash(number)] : [UNKNOWN, ZERO],
          );
        expect(await ring.newest()).to.equal(BigInt(Math.max(...kept.values())));
      }
    });

    it("C5, H18: keeps blocks beyond the window of its source, and ancestors that headers show", async () => {
      const native = await new NativeSource__factory(signer).deploy();
      const ring = await new RecordedHashes__factory(signer).deploy(native, 31_337n, 1_000_000);
      const number = chain.head.number;
      await ring.record(number);
      const headers: Hex[] = [];
      for (let below = 0n; below < 3n; below++)
        headers.push((await fetchHeader(chain.request, { block: { number: number - below } })).rlp);
      await ring.recordAncestor(number, headers);
      expect((await ring.hashOf(number - 2n))[1]).to.equal(chain.at(number - 2n)?.hash);
      // From a block that the source knows and nobody recorded.
      await ring.recordAncestor(number - 1n, headers.slice(1, 2));
      expect((await ring.hashOf(number - 1n))[1]).to.equal(chain.at(number - 1n)?.hash);
      await expect(ring.recordAncestor(number, [])).to.be.rejectedByGuard("HeaderChainLength");
      await expect(ring.recordAncestor(number, [headers[0]!, headers[2]!])).to.be.rejectedByGuard("HeaderHashMismatch"); // prettier-ignore
      await expect(ring.recordAncestor(2n ** 39n, headers)).to.be.revertedWithCustomError(ring, "NothingToRecord");
      await expect(ring.recordAncestor(1n, [headers[0]!, headers[1]!, headers[2]!])).to.be.rejectedByGuard("HeaderChainLength"); // prettier-ignore
    });
  });

  describe("of a chain that drops blocks", () => {
    it("SG-22, F8: what a source forgot stays known, and what it calls disputed is neither recorded, built upon nor served", async () => {
      const { told, ring } = await ringOf(8);
      await record(told, ring, 5);
      await told.tell(5, ZERO);
      await ring.record(5);
      expect([...(await ring.hashOf(5))]).to.deep.equal([KNOWN, hash(5)]);
      await told.behave(11); // answers Disagree
      await expect(ring.record(6)).to.be.revertedWithCustomError(ring, "NothingToRecord").withArgs(6n);
      await expect(ring.recordAncestor(5, [])).to.be.revertedWithCustomError(ring, "NothingToRecord").withArgs(5n);
      expect([...(await ring.hashOf(5))]).to.deep.equal([KNOWN, hash(5)]);
      // Anybody carries the dispute into the ring, where it stays.
      await expect(ring.record.staticCall(5)).not.to.revert(chain.tools.ethers);
      await expect(ring.record(5)).to.emit(ring, "HashDisputed").withArgs(5n, hash(5), ZERO);
      expect((await (await ring.record(5)).wait())?.logs).to.have.length(0);
      await told.behave(0);
      await record(told, ring, 5);
      expect([...(await ring.hashOf(5))]).to.deep.equal([DISAGREE, ZERO]);
    });
  });

  describe("L1OriginSource", () => {
    it("C11, C12, C13: knows the origin alone, at tier Head, and a ring over it keeps origins", async () => {
      const l1 = await forks.create({ name: "L1", blocks: 5 });
      const l2 = await forks.create({ name: "L2", chainId: 10 });
      try {
        const l2Signer = await signerOf(l2);
        await expect(new L1OriginSource__factory(signer).deploy()).to.be.rejectedByGuard("UnsupportedChain");
        const standIn = await new L1BlockStandIn__factory(l2Signer).deploy();
        const factory = new L1OriginSource__factory(l2Signer);
        const errors = RecordedHashes__factory.connect(L1_BLOCK_ADDRESS, l2Signer);
        await expect(factory.deploy()).to.be.revertedWithCustomError(errors, "SourceFaulty");
        await installL1Block(l2, (await l2.tools.ethers.provider.getCode(standIn)) as Hex);
        await showL1Origin({ l2, l1, number: 3n });
        const source = await factory.deploy();
        const ring = await new RecordedHashes__factory(l2Signer).deploy(source, 1n, 100);
        expect([await source.tier(), await source.newest(), await ring.tier()]).to.deep.equal([BigInt(HEAD), 3n, 0n]);
        await ring.record(3);
        await showL1Origin({ l2, l1, number: 4n });
        for (const number of [0, 3, 5])
          expect([...(await source.hashOf(number))], String(number)).to.deep.equal([UNKNOWN, ZERO]);
        expect([...(await source.hashOf(4))]).to.deep.equal([KNOWN, l1.at(4n)?.hash]);
        expect([...(await ring.hashOf(3))]).to.deep.equal([KNOWN, l1.at(3n)?.hash]);
        await setCode(l2, L1_BLOCK_ADDRESS, "0x5f5ffd");
        for (const number of [0, 4]) expect((await source.hashOf(number))[0]).to.equal(UNKNOWN);
      } finally {
        await l1.close();
        await l2.close();
      }
    });
  });

  describe("state provers (ERC-7888)", () => {
    it("has the interface's id", () => {
      const { fragments } = IStateProver__factory.createInterface();
      const ids = fragments.flatMap((fragment) =>
        fragment.type === "function" ? [BigInt(id(fragment.format("sighash")).slice(0, 10))] : [],
      );
      expect(ids).to.have.length(4);
      expect(
        toBeHex(
          ids.reduce((sum, one) => sum ^ one, 0n),
          4,
        ),
      ).to.equal("0x9086b097");
    });

    it("C32, C5: shows what a ring holds, on its own chain and from its storage, and refuses what it does not hold", async () => {
      const coder = AbiCoder.defaultAbiCoder();
      const { told, ring } = await ringOf(13);
      for (const number of [20, 21, 5]) await record(told, ring, number);
      const address = await ring.getAddress();
      const factory = new RingStateProver__factory(signer);
      const codeHash = keccak256(await chain.tools.ethers.provider.getCode(address));
      const home = await factory.deploy(address, 31_337n, 13, codeHash);
      const away = await factory.deploy(address, 10n, 13, codeHash);
      await expect(factory.deploy(address, 31_337n, 12, codeHash)).to.be.revertedWithCustomError(home, "RingSize");
      await expect(factory.deploy(address, 31_337n, 13, hash(1))).to.be.revertedWithCustomError(home, "CodeDiffers");
      const other = await factory.deploy(address, 10n, 13, hash(1));
      expect(await home.getTargetStateCommitment(coder.encode(["uint64"], [20]))).to.equal(hash(20));
      await expect(home.getTargetStateCommitment(coder.encode(["uint64"], [7]))).to.be.revertedWithCustomError(home, "NothingToRecord"); // prettier-ignore
      await expect(away.getTargetStateCommitment(coder.encode(["uint64"], [20]))).to.be.revertedWithCustomError(home, "SourceOfOtherChain"); // prettier-ignore

      await chain.mine(2);
      for (const [number, known] of [
        [20, true],
        [21, true],
        [5, true],
        [8, false],
        [33, false],
        [7, false],
      ] as const) {
        const [first, second] = await away.slotsOf(number);
        const proven = await prove(chain.request, { anchor: chain.head, account: address, slots: [first, second] });
        expect(
          proven.slots.map(({ slot }) => slot),
          "the order that contracts want",
        ).to.deep.equal([first, second]);
        const input = coder.encode(["uint64", "bytes", "bytes32[]", "bytes"], [number, proven.header, [first, second], proven.witness]); // prettier-ignore
        await expect(home.verifyTargetStateCommitment(chain.head.hash, input)).to.be.revertedWithCustomError(home, "OnHomeChain"); // prettier-ignore
        await expect(other.verifyTargetStateCommitment(chain.head.hash, input)).to.be.revertedWithCustomError(home, "CodeDiffers"); // prettier-ignore
        for (const slots of [[first], [first, second, second], []])
          await expect(away.hashIn(chain.head.hash, number, proven.header, slots, proven.witness)).to.be.revertedWithCustomError(away, "NothingToRecord"); // prettier-ignore
        const asked = away.verifyTargetStateCommitment(chain.head.hash, input);
        if (known) expect(await asked).to.equal(hash(number));
        else await expect(asked, String(number)).to.be.revertedWithCustomError(away, "NothingToRecord");
        await expect(away.verifyTargetStateCommitment(hash(1), input)).to.be.rejectedByGuard("HeaderHashMismatch");
        await expect(
          away.hashIn(chain.head.hash, number, proven.header, [second, first], proven.witness),
        ).to.be.revertedWithCustomError(away, "NothingToRecord");
      }

      const [first] = await away.slotsOf(20);
      const one = await prove(chain.request, { anchor: chain.head, account: address, slots: [first] });
      const answer = await away.verifyStorageSlot(
        chain.head.hash,
        coder.encode(["address", "uint256", "bytes", "bytes"], [address, first, one.header, one.witness]),
      );
      expect([...answer]).to.deep.equal([address, BigInt(first), toBeHex(one.slots[0]!.value, 32)]);
    });

    it("C30, H8: records what a prover of block hashes answers, and nothing of one of other commitments", async () => {
      const { told, ring } = await ringOf(13);
      const coder = AbiCoder.defaultAbiCoder();
      const header = await fetchHeader(chain.request, { block: { number: chain.head.number } });
      const number = Number(header.number);
      await record(told, ring, number, header.hash);
      const prover = await new RingStateProver__factory(signer).deploy(
        ring,
        31_337n,
        13,
        keccak256(await chain.tools.ethers.provider.getCode(ring)),
      );
      const theirs = await new ProverHashes__factory(signer).deploy(prover, 5n, SAFE, 100);
      const input = coder.encode(["uint64"], [number]);
      await theirs.record(input, header.rlp);
      expect([...(await theirs.hashOf(number))]).to.deep.equal([KNOWN, header.hash]);
      expect([await theirs.chainId(), await theirs.tier()]).to.deep.equal([5n, 1n]);
      const other = await fetchHeader(chain.request, { block: { number: header.number - 1n } });
      await expect(theirs.record(input, other.rlp)).to.be.rejectedByGuard("HeaderHashMismatch");
      await record(told, ring, number + 1, header.stateRoot);
      await expect(theirs.record(coder.encode(["uint64"], [number + 1]), header.rlp)).to.be.rejectedByGuard("HeaderHashMismatch"); // prettier-ignore
    });
  });
});
