import { expect, use } from "chai";
import { keccak256 } from "ethers";
import { network } from "hardhat";

import { prove } from "../../src/actions/prove.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { comparedPlace, hashRules, type RuleBook } from "../../src/ledger/rules.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { leap, refused } from "../../tools/ledger/acts.js";
import {
  bookForContract,
  forContract,
  MARKET,
  NOBODY,
  ON_RECORD,
  WATCH,
  ZERO,
  type SignedInput,
} from "../../tools/ledger/inputs.js";
import { deployGuard, deployWith, LedgerWorld } from "../../tools/ledger/world.js";
import { STATUS } from "../../tools/policy/world.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);

const onRecord = (commitment: Commitment): SignedInput => ({ commitment: forContract(commitment), ...ON_RECORD });

/** What shows the holder's account at a commitment's block, without slots. */
async function holderAt(world: LedgerWorld, { anchor }: Commitment) {
  const { header, witness } = await prove(world.chain.request, { anchor, account: world.at.holder, slots: [] });
  return { header, pinnedRoot: ZERO, witness };
}

/** A leaf under the holder's storage root, which may be pinned. */
async function leafUnderRoot(world: LedgerWorld, { anchor }: Commitment) {
  const owner = world.owners[0]!;
  const account = world.at.holder;
  const { slot } = comparedPlace(world.book.rules[0]!, owner);
  const { account: proven, storageWitness } = await prove(world.chain.request, { anchor, account, slots: [slot] });
  if (proven.status === "absent") throw new Error("the holder is absent");
  return {
    rule: 0,
    owner: toWord(BigInt(owner)),
    witness: world.tree.prove([world.keyOf(owner)]).witness,
    state: { header: "0x", pinnedRoot: proven.storageRoot, witness: storageWitness },
  };
}

describe("what is no evidence against a ledger", () => {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const book = () => bookForContract(world.book);
  const refuses = async (act: Promise<unknown>, name: string, ...args: readonly unknown[]): Promise<void> => {
    await refused(world, act, name, ...args);
    expect(await world.statusOf()).to.not.equal(STATUS.Diverged);
  };

  describe("blocks", () => {
    it("SG-5, SG-23: the executing block is none, of one commitment or of two", async () => {
      const { anchor } = await world.anchor();
      const at = async (hash: Hex) => {
        const executing = { ...anchor, number: world.chain.head.number + 1n, hash };
        return world.sign(await world.next({ anchor: executing }));
      };
      const [a, b] = [await at(toWord(1n)), await at(toWord(2n))];
      const { number } = a.commitment.anchor;
      await refuses(world.desk.disputeAnchor(a), "AnchorIsCurrentBlock", number);
      await refuses(world.desk.disputeEquivocation(a, b), "EvidenceInFuture", number);
    });

    it("SG-5, SG-23: a leaf, a total or code of a block that the chain does not have is none", async () => {
      const { anchor } = await world.anchor();
      const owner = world.owners[0]!;
      const wrong = await world.next({ anchor: { ...anchor, hash: toWord(1n) } });
      const [signed, proof] = [await world.sign(wrong), await world.leafProof({ rule: 0, owner, anchor })];
      await refuses(world.desk.disputeLeaf(signed, book(), proof), "AnchorMismatch", anchor.number, toWord(1n), anchor.hash); // prettier-ignore
    });

    it("SG-23: what is too old to be relayed, and expired, is evidence all the same", async () => {
      const { anchor } = await world.anchor();
      const wrong = await world.next({ anchor: { ...anchor, hash: toWord(1n) }, validUntilBlock: anchor.number });
      const signed = await world.sign(wrong);
      await world.chain.mine(WATCH.maxAge + 50);
      await accepted(world.desk.disputeAnchor(signed));
      expect(await world.statusOf()).to.equal(STATUS.Diverged);
    });

    it("SG-23: what a broken chain shows is of the newest block that has come", async () => {
      const parent = await world.commit();
      const future = { ...parent.anchor, number: 2n ** 39n };
      const child = await world.sign(await world.next({ previous: ZERO, anchor: future }));
      await accepted(world.desk.disputeChain(onRecord(parent), child));
      expect((await world.desk.ledgerOf(world.guard, MARKET)).contradicted).to.equal(parent.anchor.number);
    });
  });

  describe("commitments", () => {
    it("SG-23: another guard's ledger of the same scope says nothing about this one", async () => {
      const other = await deployGuard(world.desk, world.signer);
      const config = await world.config();
      await other.nameLedger(MARKET, world.hashConfig(config));
      await world.desk.open(other, MARKET, config);
      const first = await world.next();
      const guard = (await other.getAddress()) as Hex;
      const [signed, theirs] = [await world.sign(first), await world.sign({ ...first, guard })];
      await refuses(world.desk.disputeEquivocation(signed, theirs), "CommitmentsUnrelated");
      const child = await world.sign({ ...first, guard, sequence: 2n, previous: ZERO });
      await refuses(world.desk.disputeChain(signed, child), "CommitmentsUnrelated");
    });

    it("SG-23: a sequence that is signed again in a new epoch is no equivocation", async () => {
      const first = await world.commit();
      await world.enterEpoch();
      const again = { ...first, epoch: 2n };
      await refuses(
        world.desk.disputeEquivocation(onRecord(first), await world.sign(again)),
        "CommitmentsUnrelated",
        hashCommitment(first),
        hashCommitment(again),
      );
    });

    it("SG-19: a ledger that is retired is disputed no more", async () => {
      const { anchor } = await world.anchor();
      const signed = await world.sign(await world.next({ anchor: { ...anchor, hash: toWord(1n) } }));
      await leap(world, 4 * (28 * 86_400 + WATCH.silence));
      await accepted(world.desk.retire(world.guard, MARKET));
      await refuses(world.desk.disputeAnchor(signed), "LedgerIsRetired", world.at.guard, MARKET);
    });
  });

  describe("roots", () => {
    it("SG-22, SG-23: a pin of an older block is none of the anchor's", async () => {
      const { anchor } = await world.anchor();
      const account = world.at.holder;
      const { header, witness } = await prove(world.chain.request, { anchor, account, slots: [] });
      await world.board.pinStorageRoot(anchor, header, account, witness);
      const honest = await world.commit();
      const proof = await leafUnderRoot(world, honest);
      await refuses(world.desk.disputeLeaf(onRecord(honest), book(), proof), "PinOfOtherBlock", honest.anchor.number, anchor.number); // prettier-ignore
    });

    it("SG-23: no root is pinned for a desk without a board", async () => {
      const bare = await LedgerWorld.create(await forks.create(), (signer) => deployWith(NOBODY, signer));
      const honest = await bare.commit();
      const proof = await leafUnderRoot(bare, honest);
      const dispute = bare.desk.disputeLeaf(onRecord(honest), bookForContract(bare.book), proof);
      await refused(bare, dispute, "PinMissing", proof.state.pinnedRoot);
      await bare.chain.close();
    });

    it("SG-23: the storage root is none of a ledger that is no mirror", async () => {
      const honest = await world.commit();
      const state = await holderAt(world, honest);
      await refuses(world.desk.disputeMirror(onRecord(honest), book(), state), "RuleInvalid", 0);
    });

    it("SG-23: of a mirror neither a root that nobody pinned, nor one of another block's header", async () => {
      const { book: mirror } = await world.enterMirror();
      const honest = await world.commit({ rules: hashRules(mirror) });
      await world.holder.setCustody(801n);
      const later = await holderAt(world, { ...honest, anchor: (await world.anchor()).anchor });
      const own = await holderAt(world, honest);
      const dispute = (state: typeof own, at = honest) =>
        world.desk.disputeMirror(onRecord(at), bookForContract(mirror), state);
      await refuses(dispute(own), "ClaimHolds", 4, world.tree.root, world.tree.root);
      await expect(dispute({ ...own, header: later.header })).to.be.rejectedByGuard("HeaderHashMismatch");
      await expect(dispute({ ...own, pinnedRoot: toWord(1n) })).to.be.rejectedByGuard("PinMissing");
      expect(await world.statusOf()).to.not.equal(STATUS.Diverged);
    });
  });

  describe("code", () => {
    it("SG-23: code under another block's header is none", async () => {
      const honest = await world.commit();
      const own = await holderAt(world, honest);
      const { header } = await world.anchor();
      const proof = { code: 0, state: { ...own, header } };
      await expect(world.desk.disputeCode(onRecord(honest), book(), proof)).to.be.rejectedByGuard("HeaderHashMismatch");
    });

    it("SG-23: a slot that holds what empty code has, as agreed, is none", async () => {
      const emptyCode = keccak256("0x") as Hex;
      await world.holder.setCustody(BigInt(emptyCode));
      const rule = { account: world.at.holder, isSlot: true, slot: ZERO, expected: emptyCode };
      const odd: RuleBook = { ...world.book, codes: [rule] };
      await world.enterRules(odd);
      const honest = await world.commit({ rules: hashRules(odd) });
      const { anchor } = honest;
      const { header, witness } = await prove(world.chain.request, { anchor, account: rule.account, slots: [ZERO] });
      const proof = { code: 0, state: { header, pinnedRoot: ZERO, witness } };
      await refuses(
        world.desk.disputeCode(onRecord(honest), bookForContract(odd), proof),
        "ClaimHolds",
        7,
        emptyCode,
        emptyCode,
      );
    });
  });
});
