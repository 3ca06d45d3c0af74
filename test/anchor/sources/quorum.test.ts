import { expect, use } from "chai";
import { toBeHex, zeroPadValue, type Signer } from "ethers";
import { network } from "hardhat";

import { fetchHeader } from "../../../src/actions/fetchHeader.js";
import { latestAnchor } from "../../../src/actions/latestAnchor.js";
import { revertDataOf, settlementGuardMatchers } from "../../../src/chai/index.js";
import { hardhatForks, type HardhatChain } from "../../../src/hardhat/index.js";
import { announced } from "../../../tools/random.js";
import { signerOf } from "../../../tools/sources/install.js";
import {
  ISourceErrors__factory,
  NativeSource__factory,
  QuorumSource__factory,
  RecordedHashes__factory,
  SourcedStandaloneGuard__factory,
  ToldSource__factory,
  type QuorumSource,
  type ToldSource,
} from "../../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const [UNKNOWN, KNOWN, DISAGREE] = [0n, 1n, 2n];
const [HONEST, REVERTING, EMPTY, ONE_WORD, THREE_WORDS, BURNING, HUGE, KNOWN_ZERO, UNKNOWN_HASH, DISAGREEING_HASH] = Array.from({ length: 11 }, (_, i) => i); // prettier-ignore
const MEMBER_GAS = 100_000n;
const DISAGREEING = 11;
const COSTLY = 12;
const REVERTING_WITH_HASH = 13;
const ZERO = `0x${"00".repeat(32)}`;
const hash = (of: number): string => zeroPadValue(toBeHex(of + 0xa0000), 32);
const errors = { interface: ISourceErrors__factory.createInterface() };

describe("a quorum of sources", () => {
  let chain: HardhatChain;
  let signer: Signer;

  before(async () => {
    chain = await forks.create();
    signer = await signerOf(chain);
  });

  after(() => chain.close());

  /** Sources that know block 1, in the order of their addresses. */
  async function membersOf(count: number, tiers: readonly number[] = []): Promise<ToldSource[]> {
    const members: { told: ToldSource; address: string }[] = [];
    for (let i = 0; i < count; i++) {
      const told = await new ToldSource__factory(signer).deploy(5n, tiers[i] ?? 1);
      await told.tell(1, hash(1));
      members.push({ told, address: (await told.getAddress()).toLowerCase() });
    }
    return members.sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ told }) => told);
  }

  const sorted = async (sources: readonly { getAddress(): Promise<string> }[]): Promise<string[]> =>
    (await Promise.all(sources.map((one) => one.getAddress()))).sort((a, b) =>
      a.toLowerCase() < b.toLowerCase() ? -1 : 1,
    );

  const quorumOf = (members: readonly ToldSource[], quorum: number): Promise<QuorumSource> =>
    new QuorumSource__factory(signer).deploy([...members], quorum, MEMBER_GAS);

  it("C23, C24, C28: is refused where it is no majority, one member, one twice, or of several chains", async () => {
    const members = await membersOf(3);
    const [a, b, c] = members as [ToldSource, ToldSource, ToldSource];
    for (const [quorum, of] of [[1, [a]], [1, [a, b]], [1, members], [4, members], [0, []], [2, []]] as const)
      await expect(quorumOf(of, quorum)).to.be.revertedWithCustomError(errors, "QuorumTooSmall").withArgs(quorum, of.length); // prettier-ignore
    const four = await membersOf(4);
    await expect(quorumOf(four, 2)).to.be.revertedWithCustomError(errors, "QuorumTooSmall").withArgs(2n, 4n);
    await quorumOf(four, 3);
    for (const of of [
      [a, a, b],
      [b, a, c],
      [a, c, c],
    ])
      // prettier-ignore
      await expect(quorumOf(of, 2)).to.be.revertedWithCustomError(errors, "MembersOutOfOrder");
    const other = await new ToldSource__factory(signer).deploy(6n, 1);
    await other.tell(1, hash(1));
    const mixed = [...members, other];
    const sorted = (await Promise.all(mixed.map(async (m) => ({ m, at: (await m.getAddress()).toLowerCase() })))).sort((x, y) => (x.at < y.at ? -1 : 1)); // prettier-ignore
    await expect(quorumOf(sorted.map(({ m }) => m), 3)).to.be.revertedWithCustomError(errors, "SourceOfOtherChain"); // prettier-ignore
  });

  it("C23: two hashes are a disagreement, never a majority's word", async () => {
    const members = await membersOf(5);
    const quorum = await quorumOf(members, 3);
    for (const member of members) await member.tell(9, hash(9));
    expect([...(await quorum.hashOf(9))]).to.deep.equal([KNOWN, hash(9)]);
    for (const odd of members) {
      await odd.tell(9, hash(10));
      expect([...(await quorum.hashOf(9))]).to.deep.equal([DISAGREE, ZERO]);
      await odd.tell(9, hash(9));
    }
  });

  it("SG-4, C24, C26: a member that does not answer, or answers badly, counts for nothing", async () => {
    const members = await membersOf(3);
    const quorum = await quorumOf(members, 2);
    for (const member of members) await member.tell(9, hash(9));
    for (const manner of [
      REVERTING,
      EMPTY,
      ONE_WORD,
      THREE_WORDS,
      BURNING,
      HUGE,
      KNOWN_ZERO,
      UNKNOWN_HASH,
      DISAGREEING_HASH,
      10,
      REVERTING_WITH_HASH,
    ])
      for (const [i, member] of members.entries()) {
        await member.behave(manner!);
        expect([...(await quorum.hashOf(9))], `manner ${manner}`).to.deep.equal([KNOWN, hash(9)]);
        const next = members[(i + 1) % 3]!;
        await next.behave(manner!);
        expect([...(await quorum.hashOf(9))], `manner ${manner}, two`).to.deep.equal([UNKNOWN, ZERO]);
        await member.behave(HONEST!);
        await next.behave(HONEST!);
      }
  });

  it("C23, C24: agrees with a model, whatever members say", async () => {
    const random = announced();
    for (const [count, needed] of [
      [2, 2],
      [3, 2],
      [5, 3],
      [5, 5],
    ] as const) {
      const members = await membersOf(count);
      const quorum = await quorumOf(members, needed);
      for (let number = 2; number < 42; number++) {
        const said = members.map(() => random.pick([0, 0, 1, 1, 1, 1, 2]));
        for (const [i, member] of members.entries())
          if (said[i] !== 0) await member.tell(number, hash(1_000 * said[i]! + number));
        const kinds = new Set(said.filter((one) => one !== 0));
        const known = said.filter((one) => one !== 0).length;
        const expected = kinds.size > 1 ? [DISAGREE, ZERO] : known < needed ? [UNKNOWN, ZERO] : [KNOWN, hash(1_000 * [...kinds][0]! + number)]; // prettier-ignore
        expect([...(await quorum.hashOf(number))], `${count} members: ${said}`).to.deep.equal(expected);
      }
    }
  });

  it("C25: with too little gas it reverts, and never hides a member that disagrees", async () => {
    const members = await membersOf(3);
    const quorum = await quorumOf(members, 2);
    for (const member of members) await member.tell(9, hash(9));
    for (const odd of members) {
      await odd.tell(9, hash(10));
      // One in front of it spends all that it is given.
      const hungry = members.find((member) => member !== odd)!;
      await hungry.behave(BURNING!);
      await odd.behave(COSTLY);
      const answers = new Set<string>();
      for (let gasLimit = 25_000n; gasLimit < 400_000n; gasLimit += 1_000n)
        answers.add(
          await quorum.hashOf(9, { gasLimit }).then(
            ([answer]) => `answer ${answer}`,
            (error: unknown) => (revertDataOf(error) ?? "0x").slice(0, 10),
          ),
        );
      const tooLow = errors.interface.getError("GasTooLow")!.selector;
      expect([...answers].filter((one) => one !== "0x").sort()).to.deep.equal([tooLow, `answer ${DISAGREE}`].sort());
      await hungry.behave(HONEST!);
      await odd.behave(HONEST!);
      await odd.tell(9, hash(9));
    }
  });

  it("C16, C33: its newest block is one that it knows, and its tier the least of its members'", async () => {
    const members = await membersOf(3, [2, 1, 2]);
    const [a, b, c] = members as [ToldSource, ToldSource, ToldSource];
    const quorum = await quorumOf(members, 2);
    expect(await quorum.tier()).to.equal(1n);
    for (const member of [a, b]) await member.tell(20, hash(20));
    await c.tell(22, hash(22));
    await a.tell(2n ** 64n - 1n, hash(7));
    expect(await quorum.newest()).to.equal(20n);
    await a.tell(22, hash(22));
    expect(await quorum.newest()).to.equal(22n);
    await b.tell(22, hash(23));
    expect(await quorum.newest()).to.equal(0n);
    expect(await quorum.members()).to.deep.equal(await Promise.all(members.map((member) => member.getAddress())));
    expect(await quorum.chainId()).to.equal(5n);
    // A guard, a ring or a board takes it as it is.
    await b.tell(22, hash(22));
    await new RecordedHashes__factory(signer).deploy(quorum, 5n, 9);
  });

  it("C23, C26: a member that is itself in disagreement makes it one", async () => {
    const members = await membersOf(3);
    const quorum = await quorumOf(members, 2);
    for (const member of members) await member.tell(9, hash(9));
    for (const odd of members) {
      await odd.behave(DISAGREEING);
      expect([...(await quorum.hashOf(9))]).to.deep.equal([DISAGREE, ZERO]);
      await odd.behave(HONEST!);
    }
  });

  it("C25, SG-18: a member that the gas for each does not feed is refused at once", async () => {
    const members = await membersOf(3);
    const inner = await new QuorumSource__factory(signer).deploy(await sorted(members), 2, MEMBER_GAS);
    const outer = await membersOf(2);
    const of = await sorted([inner, ...outer]);
    const factory = new QuorumSource__factory(signer);
    // A quarter must do when the quorum is made: later what is read may be cold.
    for (const little of [MEMBER_GAS, 400_000n])
      await expect(factory.deploy(of, 2, little)).to.be.revertedWithCustomError(errors, "SourceFaulty");
    const fed = await factory.deploy(of, 2, 1_000_000n);
    for (const member of [...members, ...outer]) await member.tell(9, hash(9));
    expect([...(await fed.hashOf(9))]).to.deep.equal([KNOWN, hash(9)]);
    await members[0]!.tell(9, hash(10));
    expect([...(await fed.hashOf(9))]).to.deep.equal([DISAGREE, ZERO]);
  });

  describe("as the source of a guard", () => {
    it("SG-1, SG-3, C23: decides anchors, and disagreement is an error of its own", async () => {
      const native = await new NativeSource__factory(signer).deploy();
      await chain.mine(20);
      const ring = await new RecordedHashes__factory(signer).deploy(native, 31_337n, 1_000);
      const told = await new ToldSource__factory(signer).deploy(31_337n, 0);
      const at = chain.head;
      await told.tell(at.number, at.hash);
      await ring.record(at.number);
      const members = [native, ring, told];
      const addresses = await Promise.all(members.map((member) => member.getAddress()));
      addresses.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
      const quorum = await new QuorumSource__factory(signer).deploy(addresses, 2, MEMBER_GAS);
      const guard = await new SourcedStandaloneGuard__factory(signer).deploy(quorum, 8_191);
      await guard.requireAnchored(at, 1, 256);
      const anchor = await latestAnchor(chain.request, { depth: 3 });
      await expect(guard.requireAnchored(anchor, 1, 256)).to.be.rejectedByGuard("AnchorHashUnknown");
      await told.tell(anchor.number, anchor.hash);
      await guard.requireAnchored(anchor, 1, 256);
      await told.tell(anchor.number, hash(1));
      await expect(guard.requireAnchored(anchor, 1, 256)).to.be.rejectedByGuard("SourcesDisagree");
      await expect(guard.requireAnchored({ ...anchor, hash: hash(1) }, 1, 256)).to.be.rejectedByGuard("SourcesDisagree"); // prettier-ignore
      const [allowed, reason] = await guard.previewAnchored(anchor, 1, 256);
      expect([allowed, reason.slice(0, 10)]).to.deep.equal([false, guard.interface.getError("SourcesDisagree")!.selector]); // prettier-ignore
      await expect(guard.requireAnchored({ ...at, hash: hash(2) }, 1, 256)).to.be.rejectedByGuard("AnchorMismatch");
      const { stateRoot, rlp } = await fetchHeader(chain.request, { block: { number: at.number } });
      await guard.requireAnchoredState({ ...at, stateRoot }, rlp, 1, 256);
    });

    it("SG-3, C6: behind its window the source is not asked", async () => {
      const told = await new ToldSource__factory(signer).deploy(31_337n, 0);
      const at = chain.head;
      await told.tell(at.number, at.hash);
      const guard = await new SourcedStandaloneGuard__factory(signer).deploy(told, 8);
      const late = (): bigint => chain.head.number + 1n - at.number;
      while (late() < 8n) await chain.mine(1);
      const asked = () => guard.requireAnchored(at, 1, 2n ** 64n - 1n, { blockTag: "pending" });
      await asked();
      await chain.mine(1);
      await expect(asked()).to.be.rejectedByGuard("AnchorOutOfWindow");
    });

    it("SG-16, C24: a guard refuses a source of another chain, one that knows nothing, and one that is ahead", async () => {
      const factory = new SourcedStandaloneGuard__factory(signer);
      const other = await new ToldSource__factory(signer).deploy(1n, 0);
      await other.tell(1, hash(1));
      await expect(factory.deploy(other, 256)).to.be.revertedWithCustomError(errors, "SourceOfOtherChain");
      const own = await new ToldSource__factory(signer).deploy(31_337n, 0);
      await expect(factory.deploy(own, 256)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await own.tell(chain.head.number + 1_000n, hash(1));
      await expect(factory.deploy(own, 256)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await own.tell(chain.head.number - 300n > 0n ? chain.head.number - 300n : 1n, hash(2));
      await expect(factory.deploy(own, 8)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await expect(factory.deploy(own, 393_169)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await own.tell(chain.head.number + 3n, hash(3)); // the block in which the guard is deployed
      await own.tell(chain.head.number, hash(2));
      await expect(factory.deploy(own, 256)).to.be.revertedWithCustomError(errors, "SourceFaulty");
      await chain.mine(5);
      await factory.deploy(own, 256);
      await expect(factory.deploy(await signer.getAddress(), 256)).to.revert(chain.tools.ethers);
    });
  });
});
