import { expect, use } from "chai";
import { id, keccak256 } from "ethers";
import { network } from "hardhat";

import { latestStateAnchor } from "../../src/actions/latestAnchor.js";
import { prove, type ProvenAccount } from "../../src/actions/prove.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { comparedPlace, hashRules, type RuleBook } from "../../src/ledger/rules.js";
import type { LedgerTree } from "../../src/ledger/tree.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { evidenceOf } from "../../tools/ledger/acts.js";
import {
  bookForContract,
  forContract,
  MARKET,
  NOBODY,
  ON_RECORD,
  OTHER,
  RULES,
  USDC,
  ZERO,
  type SignedInput,
} from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { ACTION, scopeNamed, STATUS } from "../../tools/policy/world.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);

/** The contract's `LedgerGuard.LEDGER_CAUSE`. */
const LEDGER_CAUSE = id("settlement-guard.ledger");

/** The contract's `Dispute`. */
const DISPUTE = {
  Mismatch: 0n,
  StateRoot: 1n,
  Equivocation: 2n,
  BrokenChain: 3n,
  Leaf: 4n,
  Insolvent: 5n,
  Understated: 6n,
  Code: 7n,
} as const;

describe("disputes about a ledger", () => {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const book = () => bookForContract(world.book);
  const owner = (i = 0): Hex => world.owners[i]!;
  const onRecord = (commitment: Commitment): SignedInput => ({ commitment: forContract(commitment), ...ON_RECORD });
  const stranger = async () => world.desk.connect((await world.chain.tools.ethers.getSigners())[7]!);
  const refuses = async (act: Promise<unknown>, name: string, ...args: readonly unknown[]): Promise<void> => {
    const rejected = expect(act, name).to.be.revertedWithCustomError(world.desk, name);
    await (args.length === 0 ? rejected : rejected.withArgs(...args));
    expect(await world.statusOf()).to.not.equal(STATUS.Diverged);
  };

  /** A dispute holds: its event says all, and its scope alone is Diverged. */
  async function holds(
    act: Promise<{ hash: string; data: string }>,
    kind: keyof typeof DISPUTE,
    { commitment, claimed, actual }: { commitment: Commitment; claimed: bigint | string; actual: bigint | string },
  ): Promise<void> {
    const word = (value: bigint | string): string => (typeof value === "bigint" ? toWord(value) : value);
    const sent = await accepted(act);
    const hash = hashCommitment(commitment);
    const number = commitment.anchor.number;
    await expect(sent)
      .to.emit(world.desk, "LedgerContradicted")
      .withArgs(
        ...[world.at.guard, MARKET, DISPUTE[kind], hash, number, word(claimed), word(actual), evidenceOf(sent, number)],
      );
    expect(await world.statusOf()).to.equal(STATUS.Diverged);
    // Stale where the chain stood still for the administrator's delay.
    expect(await world.statusOf(OTHER)).to.be.oneOf([STATUS.Synced, STATUS.Stale]);
    const { isContradicted, contradicted, evidence } = await world.desk.ledgerOf(world.guard, MARKET);
    expect([isContradicted, contradicted, evidence]).to.deep.equal([true, number, evidenceOf(sent, number)]);
    expect(await world.guard.causeOf(MARKET, LEDGER_CAUSE)).to.deep.equal([BigInt(STATUS.Diverged), number]);
    await expect(world.guard.act(MARKET, ACTION.Increase)).to.be.rejectedByGuard("ActionDenied");
    await expect(world.guard.act(MARKET, ACTION.Withdraw)).to.be.rejectedByGuard("ActionDenied");
    await world.guard.act(MARKET, ACTION.Deposit);
    await world.guard.decrease(MARKET);
  }

  describe("1, mismatch", () => {
    it("SG-23: another block at the anchor's height stops the scope, signed and not relayed", async () => {
      const { anchor } = await world.anchor();
      const wrong = await world.next({ anchor: { ...anchor, hash: toWord(1n) } });
      const signed = await world.sign(wrong);
      await holds((await stranger()).disputeAnchor(signed), "Mismatch", {
        commitment: wrong,
        claimed: wrong.anchor.hash,
        actual: anchor.hash,
      });
    });

    it("SG-5, SG-23: an ancestor, a block to come, and what is unsigned are no evidence", async () => {
      const honest = await world.next();
      await refuses(world.desk.disputeAnchor(await world.sign(honest)), "ClaimHolds", 0, honest.anchor.hash, honest.anchor.hash); // prettier-ignore
      const at = async (number: bigint, hash: Hex = toWord(1n)) =>
        world.desk.disputeAnchor(await world.sign(await world.next({ anchor: { ...honest.anchor, number, hash } })));
      const old = await latestStateAnchor(world.chain.request, { depth: 5 });
      await refuses(at(old.anchor.number, old.anchor.hash), "ClaimHolds");
      await refuses(at(honest.anchor.number + 1_000n), "AnchorInFuture");
      const unsigned = await world.sign(await world.next({ anchor: { ...honest.anchor, hash: toWord(1n) } }), [
        world.wallets[0]!,
      ]);
      await refuses(world.desk.disputeAnchor(unsigned), "QuorumMissing", 2, 1);
      await refuses(world.desk.disputeAnchor(onRecord(honest)), "NotOnRecord", ZERO, hashCommitment(honest));
    });

    it("SG-23: signers of an epoch that is over are no evidence against the next one's", async () => {
      const wrong = await world.sign(
        await world.next({ anchor: { ...(await world.anchor()).anchor, hash: toWord(1n) } }),
      );
      await world.enterEpoch();
      await refuses(world.desk.disputeAnchor(wrong), "EpochMismatch", 2, 1);
    });

    it("SG-23: a commitment to a branch that was dropped stops the scope on the one that was kept", async () => {
      const { anchor } = await world.anchor();
      const dropped = await world.next({ anchor });
      const signed = await world.sign(dropped);
      await world.chain.reorg({ depth: 2, extra: 2 });
      const kept = world.chain.at(anchor.number)!.hash;
      expect(kept).to.not.equal(anchor.hash);
      await expect(world.relay(signed)).to.be.revertedWithCustomError(world.desk, "AnchorMismatch");
      await holds(world.desk.disputeAnchor(signed), "Mismatch", {
        commitment: dropped,
        claimed: anchor.hash,
        actual: kept,
      });
    });
  });

  describe("2, state root", () => {
    it("SG-23: another state root than the block's stops the scope, on record or not", async () => {
      const { anchor, header } = await world.anchor();
      const wrong = await world.commit({ anchor: { ...anchor, stateRoot: toWord(1n) } });
      await holds((await stranger()).disputeStateRoot(onRecord(wrong), header), "StateRoot", {
        commitment: wrong,
        claimed: toWord(1n),
        actual: anchor.stateRoot,
      });
    });

    it("SG-23: the right one is no evidence, nor is a header of another block, or a spoilt one", async () => {
      const { anchor, header } = await world.anchor();
      const honest = await world.commit({ anchor });
      const dispute = (by: string) => world.desk.disputeStateRoot(onRecord(honest), by);
      await refuses(dispute(header), "ClaimHolds", 1, anchor.stateRoot, anchor.stateRoot);
      const { header: another } = await latestStateAnchor(world.chain.request, { depth: 4 });
      for (const bad of [another, `${header.slice(0, -2)}00`, "0x"])
        await expect(dispute(bad)).to.be.rejectedByGuard("HeaderHashMismatch");
      const elsewhere = await world.sign(
        await world.next({ anchor: { ...anchor, hash: toWord(9n), stateRoot: toWord(1n) } }),
      );
      await expect(world.desk.disputeStateRoot(elsewhere, header)).to.be.rejectedByGuard("AnchorMismatch");
      expect(await world.statusOf()).to.equal(STATUS.Synced);
    });
  });

  describe("3, equivocation", () => {
    it("SG-23: two commitments of one sequence stop the scope, one of them on record or none", async () => {
      const first = await world.next();
      const second = { ...first, ledgerRoot: toWord(5n) };
      const [a, b] = [await world.sign(first), await world.sign(second)];
      await world.chain.mine();
      await holds((await stranger()).disputeEquivocation(a, b), "Equivocation", {
        commitment: first,
        claimed: hashCommitment(first),
        actual: hashCommitment(second),
      });
    });

    it("SG-23: evidence is of the newer of the two anchors that the chain has come to", async () => {
      const first = await world.commit();
      const { anchor } = await world.anchor();
      const second = { ...first, anchor };
      const third = { ...first, anchor: { ...anchor, number: 2n ** 39n } };
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      await accepted(world.desk.disputeEquivocation(await world.sign(second), onRecord(first)));
      expect((await world.desk.ledgerOf(world.guard, MARKET)).contradicted).to.equal(anchor.number);
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
      await accepted(world.desk.disputeEquivocation(onRecord(first), await world.sign(second)));
      expect((await world.desk.ledgerOf(world.guard, MARKET)).contradicted).to.equal(anchor.number);
      await expect(
        world.desk.disputeEquivocation(onRecord(first), await world.sign(third)),
      ).to.be.revertedWithCustomError(world.desk, "LedgerEvidenceNotNewer");
    });

    it("SG-23: one commitment, two of different sequences, scopes or epochs, and two to come, are no evidence", async () => {
      const first = await world.next();
      const [signed, hash] = [await world.sign(first), hashCommitment(first)];
      await refuses(world.desk.disputeEquivocation(signed, signed), "ClaimHolds", 2, hash, hash);
      // The same commitment with other signatures is the same.
      const others = await world.sign(first, world.wallets.slice(1));
      await refuses(world.desk.disputeEquivocation(signed, others), "ClaimHolds", 2, hash, hash);
      for (const change of [{ sequence: 2n }, { scope: OTHER }] as const)
        await refuses(world.desk.disputeEquivocation(signed, await world.sign({ ...first, ...change })), "CommitmentsUnrelated"); // prettier-ignore
      const future = { ...first.anchor, number: 2n ** 39n };
      const [a, b] = [
        await world.sign({ ...first, anchor: future }),
        await world.sign({ ...first, anchor: future, ledgerRoot: toWord(1n) }),
      ];
      await refuses(world.desk.disputeEquivocation(a, b), "EvidenceInFuture", 2n ** 39n);
      await refuses(world.desk.disputeEquivocation(signed, await world.sign({ ...first, epoch: 2n })), "EpochMismatch");
    });
  });

  describe("4, broken chain", () => {
    it("SG-23: a commitment that does not follow the one on record, or a signed one, stops the scope", async () => {
      const parent = await world.commit();
      const child = await world.next({ previous: toWord(3n) });
      await world.chain.mine();
      await holds((await stranger()).disputeChain(onRecord(parent), await world.sign(child)), "BrokenChain", {
        commitment: child,
        claimed: toWord(3n),
        actual: hashCommitment(parent),
      });
    });

    it("SG-23: one that follows, one of another sequence or scope, and its own parent, are no evidence", async () => {
      const parent = await world.commit();
      const child = await world.next();
      const expected = hashCommitment(parent);
      await refuses(world.desk.disputeChain(onRecord(parent), await world.sign(child)), "ClaimHolds", 3, expected, expected); // prettier-ignore
      const far = await world.sign({ ...child, sequence: 3n, previous: ZERO });
      await refuses(world.desk.disputeChain(onRecord(parent), far), "CommitmentsUnrelated");
      await refuses(world.desk.disputeChain(onRecord(parent), onRecord(parent)), "CommitmentsUnrelated");
      const other = await world.sign({ ...child, scope: OTHER, previous: ZERO });
      await refuses(world.desk.disputeChain(onRecord(parent), other), "CommitmentsUnrelated");
      const last = await world.sign({ ...child, sequence: 2n ** 64n - 1n });
      await refuses(
        world.desk.disputeChain(last, await world.sign({ ...child, sequence: 0n })),
        "CommitmentsUnrelated",
      );
    });
  });

  it("SG-23: one calldata that holds twice, of a block that has come meanwhile, is two pieces of evidence", async () => {
    const { anchor } = await world.anchor();
    const coming = { ...anchor, number: anchor.number + 20n };
    const past = await world.next({ anchor });
    const twin = await world.sign({ ...past, anchor: coming });
    const orphan = await world.sign({ ...past, sequence: 2n, anchor: coming, previous: toWord(3n) });
    const signed = await world.sign(past);
    for (const dispute of [
      () => world.desk.disputeEquivocation(signed, twin),
      () => world.desk.disputeChain(signed, orphan),
    ]) {
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      const seen: string[] = [];
      for (const number of [anchor.number, coming.number]) {
        const sent = await accepted(dispute());
        const { contradicted, evidence } = await world.desk.ledgerOf(world.guard, MARKET);
        expect([contradicted, evidence]).to.deep.equal([number, evidenceOf(sent, number)]);
        seen.push(sent.data, evidence);
        await world.chain.mine(20);
      }
      const [first, before, second, after] = seen;
      expect(second).to.equal(first);
      expect(after).to.not.equal(before);
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
    }
  });

  describe("5, leaf against state", () => {
    const dispute = async (commitment: Commitment, rule: number, who?: Hex, tree?: LedgerTree) => {
      const question = { rule, anchor: commitment.anchor, ...(who && { owner: who }), ...(tree && { tree }) };
      return world.desk.disputeLeaf(onRecord(commitment), book(), await world.leafProof(question));
    };

    it("SG-23: too much, too little, a leaf that the chain lacks, and one that the ledger lacks, stop the scope under ==", async () => {
      const phantom: Hex = `0x${"ab".repeat(20)}`;
      const cases: [Hex, bigint, bigint][] = [
        [owner(), 101n, 100n],
        [owner(), 99n, 100n],
        [owner(), 0n, 100n],
        [phantom, 7n, 0n],
      ];
      for (const [who, claimed, actual] of cases) {
        const snapshot = await world.chain.request({ method: "evm_snapshot" });
        world.reset();
        world.tree.update([[world.keyOf(who), claimed]]);
        const lie = await world.commit();
        await holds(dispute(lie, RULES.balance, who), "Leaf", { commitment: lie, claimed, actual });
        await world.chain.request({ method: "evm_revert", params: [snapshot] });
      }
    });

    it("SG-23: <= and >= compare members and parts of words, of mappings of mappings, too", async () => {
      const asset = scopeNamed("asset");
      await world.holder.setAsset(owner(), USDC, 50n);
      await world.holder.setMargin(owner(1), 2n ** 127n, 5n, 40n);
      const margin = scopeNamed("margin");
      world.tree.update([
        [world.keyOf(owner(), asset), 51n],
        [world.keyOf(owner(1), margin), 39n],
      ]);
      const lie = await world.commit();
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      await holds(dispute(lie, RULES.asset, owner()), "Leaf", { commitment: lie, claimed: 51n, actual: 50n });
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
      await holds(dispute(lie, RULES.margin, owner(1)), "Leaf", { commitment: lie, claimed: 39n, actual: 40n });
    });

    it("SG-23: an honest leaf is no evidence under any rule, absence on both sides included", async () => {
      await world.holder.setAsset(owner(), USDC, 50n);
      await world.holder.setMargin(owner(), 1n, 2n, 40n);
      world.tree.update([
        [world.keyOf(owner(), scopeNamed("asset")), 50n],
        [world.keyOf(owner(), scopeNamed("margin")), 41n],
      ]);
      const honest = await world.commit();
      for (const rule of [RULES.balance, RULES.asset, RULES.margin])
        for (const who of [owner(), `0x${"cd".repeat(20)}` as Hex])
          await refuses(dispute(honest, rule, who), "ClaimHolds");
      await refuses(dispute(honest, RULES.total), "ClaimHolds", 5, toWord(800n), toWord(800n));
    });

    it("SG-23: the proof of another block's state, of another key, book or rule is no evidence", async () => {
      const honest = await world.commit();
      await world.holder.setBalance(owner(), 5n);
      const now = await world.anchor();
      const later = await world.leafProof({ rule: RULES.balance, owner: owner(), anchor: now.anchor });
      const dispute_ = (proof: typeof later, by = book()) => world.desk.disputeLeaf(onRecord(honest), by, proof);
      await expect(dispute_(later)).to.be.rejectedByGuard("HeaderHashMismatch");
      const own = await world.leafProof({ rule: RULES.balance, owner: owner(), anchor: honest.anchor });
      await expect(dispute_({ ...later, state: { ...own.state, witness: later.state.witness } })).to.be.rejectedByGuard("StateProofInvalid"); // prettier-ignore
      await expect(dispute_({ ...own, witness: world.tree.prove([world.keyOf(owner(1))]).witness })).to.be.rejectedByGuard("StateProofInvalid"); // prettier-ignore
      await expect(dispute_({ ...own, owner: toWord(BigInt(owner(1))) })).to.be.rejectedByGuard("StateProofInvalid");
      await refuses(dispute_({ ...own, rule: 4 }), "RuleInvalid", 4);
      const softer: RuleBook = {
        ...world.book,
        rules: world.book.rules.map((rule) => ({ ...rule, holder: world.at.guard })),
      };
      await refuses(dispute_(own, bookForContract(softer)), "TermsMismatch", world.rules, hashRules(softer));
      // A ledger's proof is none of a state, and the other way round.
      await expect(dispute_({ ...own, witness: own.state.witness })).to.be.rejectedByGuard("StateProofInvalid");
    });

    it("SG-22, SG-23: a pinned storage root of the anchor's block does instead of header and account, another block's does not", async () => {
      world.tree.update([[world.keyOf(owner()), 77n]]);
      const lie = await world.commit();
      const { slot } = comparedPlace(world.book.rules[0]!, owner());
      const account = world.at.holder;
      const under = async (anchor = lie.anchor) => {
        const { header, witness, storageRoot } = await provenAccount(anchor, account);
        await world.board.pinStorageRoot(anchor, header, account, witness);
        return storageRoot;
      };
      const pinnedRoot = await under();
      const { storageWitness } = await prove(world.chain.request, { anchor: lie.anchor, account, slots: [slot] });
      const proof = {
        rule: 0,
        owner: toWord(BigInt(owner())),
        witness: world.tree.prove([world.keyOf(owner())]).witness,
        state: { header: "0x", pinnedRoot, witness: storageWitness },
      };
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      await holds(world.desk.disputeLeaf(onRecord(lie), book(), proof), "Leaf", {
        commitment: lie,
        claimed: 77n,
        actual: 100n,
      });
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
      const unpinned = { ...proof, state: { ...proof.state, pinnedRoot: toWord(1n) } };
      await expect(world.desk.disputeLeaf(onRecord(lie), book(), unpinned)).to.be.rejectedByGuard("PinDiffers");
      const newer = (await world.anchor()).anchor;
      expect(await under(newer)).to.equal(pinnedRoot);
      await refuses(
        world.desk.disputeLeaf(onRecord(lie), book(), proof),
        "PinOfOtherBlock",
        lie.anchor.number,
        newer.number,
      );
    });

    async function provenAccount(anchor: Commitment["anchor"], account: Hex) {
      const proven = await prove(world.chain.request, { anchor, account, slots: [] });
      return { header: proven.header, witness: proven.witness, storageRoot: storageRootOf(proven.account) };
    }
  });

  describe("a lie that was relayed", () => {
    const lieAbout = async (balance: bigint) => {
      world.tree.update([[world.keyOf(owner()), balance]]);
      const lie = await world.commit();
      const proof = await world.leafProof({ rule: RULES.balance, owner: owner(), anchor: lie.anchor });
      world.tree.update([[world.keyOf(owner()), 100n]]);
      return { lie, proof };
    };

    it("SG-23: stays on record under its descendants, also under those of the next epoch", async () => {
      const { lie, proof } = await lieAbout(101n);
      const child = await world.commit();
      await world.enterEpoch();
      const grandchild = await world.commit();
      const descendants = [child, grandchild].map(forContract);
      await refuses(
        world.desk.disputeLeaf(onRecord(lie), book(), proof),
        "NotOnRecord",
        hashCommitment(grandchild),
        hashCommitment(lie),
      );
      const skipping = { ...onRecord(lie), descendants: descendants.slice(1) };
      await refuses(
        world.desk.disputeLeaf(skipping, book(), proof),
        "PreviousMismatch",
        hashCommitment(lie),
        hashCommitment(child),
      );
      await holds((await stranger()).disputeLeaf({ ...onRecord(lie), descendants }, book(), proof), "Leaf", {
        commitment: lie,
        claimed: 101n,
        actual: 100n,
      });
    });

    it("SG-23: is evidence whatever a contract among its signers says later", async () => {
      const { lie, proof } = await lieAbout(99n);
      const child = await world.commit();
      const signed = { ...onRecord(lie), descendants: [forContract(child)] };
      await holds(world.desk.disputeLeaf(signed, book(), proof), "Leaf", {
        commitment: lie,
        claimed: 99n,
        actual: 100n,
      });
    });

    it("SG-23: what was signed in an epoch that is over, and not relayed, is no descendant of anything", async () => {
      const parent = await world.commit();
      const unsent = await world.next({ previous: toWord(9n) });
      await world.enterEpoch();
      const child = await world.commit();
      for (const descendants of [[], [child], [parent, child]])
        await refuses(
          world.desk.disputeChain(
            { ...onRecord(parent), descendants: [forContract(child)] },
            { ...onRecord(unsent), descendants: descendants.map(forContract) },
          ),
          descendants.length === 0 ? "NotOnRecord" : "PreviousMismatch",
        );
    });
  });

  describe("6 and 7, totals", () => {
    it("SG-23: a total above custody stops the scope", async () => {
      await world.holder.setCustody(799n);
      const lie = await world.commit();
      const proof = await world.leafProof({ rule: RULES.total, anchor: lie.anchor });
      await holds((await stranger()).disputeLeaf(onRecord(lie), book(), proof), "Insolvent", {
        commitment: lie,
        claimed: 800n,
        actual: 799n,
      });
    });

    /** Owners, nobody for the total, in the order of their hashed keys. */
    const inOrder = (owners: readonly Hex[]): Hex[] =>
      owners
        .map((who) => ({ who, at: keccak256(world.keyOf(who)) }))
        .sort((a, b) => (a.at < b.at ? -1 : 1))
        .map(({ who }) => who);
    const totalProof = (owners: readonly Hex[], tree = world.tree, rule: number = RULES.total) => {
      const ordered = inOrder(owners);
      return { rule, owners: ordered, witness: tree.prove(ordered.map((who) => world.keyOf(who))).witness };
    };

    it("SG-23: leaves that add up to more than their total stop the scope, however few of them show it", async () => {
      world.tree.update([[world.keyOf(NOBODY), 299n]]);
      const lie = await world.commit();
      const some = [owner(0), owner(1), owner(2), NOBODY];
      const dispute = async () => (await stranger()).disputeTotal(onRecord(lie), book(), totalProof(some));
      await refuses(
        world.desk.disputeTotal(onRecord(lie), book(), totalProof([owner(0), owner(1), NOBODY])),
        "ClaimHolds",
        6,
        toWord(299n),
        toWord(200n),
      );
      await holds(dispute(), "Understated", { commitment: lie, claimed: 299n, actual: 300n });
    });

    it("SG-23: a sum that has no word counts as the greatest", async () => {
      const most = 2n ** 256n - 1n;
      world.tree.update([
        [world.keyOf(owner(0)), most],
        [world.keyOf(owner(1)), 2n],
        [world.keyOf(NOBODY), most - 1n],
      ]);
      const lie = await world.commit();
      const proof = totalProof([owner(0), owner(1), NOBODY]);
      await holds(world.desk.disputeTotal(onRecord(lie), book(), proof), "Understated", {
        commitment: lie,
        claimed: most - 1n,
        actual: most,
      });
    });

    it("SG-23: an honest total, an owner twice, one left out, and a rule without a total, are no evidence", async () => {
      const honest = await world.commit();
      const dispute = (proof: ReturnType<typeof totalProof>) =>
        world.desk.disputeTotal(onRecord(honest), book(), proof);
      const all = totalProof([...world.owners, NOBODY]);
      await refuses(dispute(all), "ClaimHolds", 6, toWord(800n), toWord(800n));
      await refuses(dispute(totalProof(world.owners)), "OwnerInvalid", ZERO);
      const first = all.owners.findIndex((who) => who !== NOBODY);
      const twice = all.owners.toSpliced(first, 0, all.owners[first]!);
      await expect(dispute({ ...all, owners: twice })).to.be.rejectedByGuard("StateProofInvalid");
      await expect(dispute({ ...all, owners: all.owners.toReversed() })).to.be.rejectedByGuard("StateProofInvalid");
      await refuses(dispute({ ...all, rule: RULES.balance }), "RuleInvalid", RULES.balance);
      await refuses(dispute({ ...all, rule: 9 }), "RuleInvalid", 9);
    });
  });

  describe("8, code and configuration", () => {
    it("SG-23: other code, and another word in a slot, stop the scope", async () => {
      // Where nothing is deployed there is no code.
      const account: Hex = `0x${"ef".repeat(20)}`;
      const expected = world.book.codes[0]!.expected;
      const empty: RuleBook = { ...world.book, codes: [{ account, isSlot: false, slot: ZERO, expected }] };
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      await world.enterRules(empty);
      const lie = await world.commit({ rules: hashRules(empty) });
      const { header, witness } = await prove(world.chain.request, { anchor: lie.anchor, account, slots: [] });
      const proof = { code: 0, state: { header, pinnedRoot: ZERO, witness } };
      await holds((await stranger()).disputeCode(onRecord(lie), bookForContract(empty), proof), "Code", {
        commitment: lie,
        claimed: expected,
        actual: ZERO,
      });
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
      world.reset();
      await world.holder.setCustody(900n);
      const other = await world.commit();
      const slots = [toWord(0n)];
      const slot = await prove(world.chain.request, { anchor: other.anchor, account: world.at.holder, slots });
      const changed = { code: 1, state: { header: slot.header, pinnedRoot: ZERO, witness: slot.witness } };
      await holds(world.desk.disputeCode(onRecord(other), book(), changed), "Code", {
        commitment: other,
        claimed: 800n,
        actual: 900n,
      });
    });

    it("SG-23: an account without code has zero, whether it is there or not", async () => {
      const account: Hex = `0x${"ee".repeat(20)}`;
      const bare: RuleBook = { ...world.book, codes: [{ account, isSlot: false, slot: ZERO, expected: ZERO }] };
      await world.enterRules(bare);
      for (const value of [0n, 1n]) {
        await world.signer.sendTransaction({ to: account, value });
        const honest = await world.commit({ rules: hashRules(bare) });
        const { header, witness } = await prove(world.chain.request, { anchor: honest.anchor, account, slots: [] });
        const proof = { code: 0, state: { header, pinnedRoot: ZERO, witness } };
        await refuses(world.desk.disputeCode(onRecord(honest), bookForContract(bare), proof), "ClaimHolds", 7, ZERO, ZERO); // prettier-ignore
      }
    });

    it("SG-23: the code that the book names is no evidence, nor is another account's", async () => {
      const honest = await world.commit();
      const proofOf = async (account: Hex) => {
        const { header, witness } = await prove(world.chain.request, { anchor: honest.anchor, account, slots: [] });
        return { header, pinnedRoot: ZERO, witness };
      };
      const dispute = (code: number, state: Awaited<ReturnType<typeof proofOf>>) =>
        world.desk.disputeCode(onRecord(honest), book(), { code, state });
      const own = await proofOf(world.at.holder);
      await refuses(dispute(0, own), "ClaimHolds", 7, world.book.codes[0]!.expected, world.book.codes[0]!.expected);
      await expect(dispute(0, await proofOf(world.at.guard))).to.be.rejectedByGuard("StateProofInvalid");
      await refuses(dispute(2, own), "RuleInvalid", 2);
    });
  });

  it("a mirror's root is its holder's storage root, and one slot that differs stops the scope", async () => {
    const { book: mirror, slots } = await world.enterMirror();
    const honest = await world.commit({ rules: hashRules(mirror) });
    const account = world.at.holder;
    const proven = await prove(world.chain.request, { anchor: honest.anchor, account, slots: [] });
    expect(world.tree.root).to.equal(storageRootOf(proven.account));
    const complete = await prove(world.chain.request, { anchor: honest.anchor, account, slots: [] });
    const stateThen = { header: complete.header, pinnedRoot: ZERO, witness: complete.witness };
    const byBook = bookForContract(mirror);
    await refuses(world.desk.disputeMirror(onRecord(honest), byBook, stateThen), "ClaimHolds", 4, world.tree.root, world.tree.root); // prettier-ignore
    world.tree.update([[slots[1]!, 1n]]);
    const lie = await world.commit({ rules: hashRules(mirror) });
    const snapshot = await world.chain.request({ method: "evm_snapshot" });
    const later = await prove(world.chain.request, { anchor: lie.anchor, account, slots: [] });
    const atLie = { header: later.header, pinnedRoot: ZERO, witness: later.witness };
    const byRoot = { commitment: lie, claimed: world.tree.root, actual: storageRootOf(later.account) };
    // Nothing of the ledger is needed.
    await holds(world.desk.disputeMirror(onRecord(lie), byBook, atLie), "Leaf", byRoot);
    await world.chain.request({ method: "evm_revert", params: [snapshot] });
    const again = await world.chain.request({ method: "evm_snapshot" });
    await world.board.pinStorageRoot(lie.anchor, later.header, account, later.witness);
    const pinned = { header: "0x", pinnedRoot: storageRootOf(later.account), witness: "0x" };
    await holds(world.desk.disputeMirror(onRecord(lie), byBook, pinned), "Leaf", byRoot);
    await world.chain.request({ method: "evm_revert", params: [again] });
    const { header, witness } = await prove(world.chain.request, { anchor: lie.anchor, account, slots: [slots[1]!] });
    const proof = {
      rule: 0,
      owner: slots[1]!,
      witness: world.tree.prove([slots[1]!]).witness,
      state: { header, pinnedRoot: ZERO, witness },
    };
    await holds(world.desk.disputeLeaf(onRecord(lie), bookForContract(mirror), proof), "Leaf", {
      commitment: lie,
      claimed: 1n,
      actual: 100n,
    });
  });
});

function storageRootOf(account: ProvenAccount): Hex {
  if (account.status === "absent") throw new Error("the account is absent");
  return account.storageRoot;
}
