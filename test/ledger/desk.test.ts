import { expect, use } from "chai";
import { network } from "hardhat";

import { latestStateAnchor } from "../../src/actions/latestAnchor.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { commitmentTypedData, hashCommitment, hashTerms, type Commitment } from "../../src/ledger/commitment.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { contradict as contradictIn, leap as leapIn, refused } from "../../tools/ledger/acts.js";
import {
  bookForContract,
  forContract,
  MARKET,
  ON_RECORD,
  OTHER,
  setOf,
  walletsFrom,
  WATCH,
  ZERO,
} from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { ACTION, CONFIG, scopeNamed, STATUS } from "../../tools/policy/world.js";
import { FickleWallet__factory } from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const DAY = 86_400;
const RETIRE_AFTER = 28 * DAY;
const { silence, healAfter, healFor } = WATCH;

describe("the desk at which ledgers are committed to", () => {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const on = (scope: Hex = MARKET) => world.desk.ledgerOf(world.guard, scope);
  const pass = (seconds: number) => world.chain.passTime({ seconds });
  const leap = (seconds: number) => leapIn(world, seconds);
  const contradict = (balance?: bigint) => contradictIn(world, balance);
  const refuses = (act: Promise<unknown>, name: string, ...args: readonly unknown[]) =>
    refused(world, act, name, ...args);
  const relay = async (commitment: Commitment) => world.relay(await world.sign(commitment));

  describe("relaying", () => {
    it("SG-24: anybody relays what a quorum signed, the head is rewritten, and its scope lives", async () => {
      const first = await world.next();
      const stranger = (await world.chain.tools.ethers.getSigners())[5]!;
      const { commitment, set, signatures } = await world.sign(first);
      const sent = await accepted(world.desk.connect(stranger).relay(commitment, set, signatures));
      await expect(sent)
        .to.emit(world.desk, "LedgerCommitted")
        .withArgs(world.at.guard, MARKET, hashCommitment(first), () => true);
      const { head, sequence, anchored, epoch } = await on();
      expect([head, sequence, anchored, epoch]).to.deep.equal([hashCommitment(first), 1n, first.anchor.number, 1n]);
      [world.sequence, world.previous] = [1n, hashCommitment(first)];
      const second = await world.commit();
      expect((await on()).head).to.equal(hashCommitment(second));
      expect((await on(OTHER)).head).to.equal(ZERO);
    });

    it("SG-24: dropped, repeated, reordered and rolled-back batches are refused, naming both", async () => {
      const first = await world.commit();
      const again = { ...(await world.next()), sequence: 1n, previous: ZERO };
      await refuses(relay(first), "SequenceMismatch", 2, 1);
      await refuses(relay(again), "SequenceMismatch", 2, 1);
      await refuses(relay(await world.next({ sequence: 3n })), "SequenceMismatch", 2, 3);
      await refuses(relay(await world.next({ previous: ZERO })), "PreviousMismatch", hashCommitment(first), ZERO);
      const older = { anchor: { ...first.anchor, number: first.anchor.number - 1n } };
      await refuses(relay(await world.next(older)), "AnchorRolledBack", first.anchor.number, older.anchor.number);
      // The same block again is no step back.
      await world.commit({ anchor: first.anchor });
      expect((await on()).sequence).to.equal(2n);
    });

    it("SG-1: a commitment to a block that the chain does not have is not relayed", async () => {
      const { anchor } = await world.anchor();
      const wrong = { ...anchor, hash: toWord(1n) };
      await refuses(
        relay(await world.next({ anchor: wrong })),
        "AnchorMismatch",
        anchor.number,
        wrong.hash,
        anchor.hash,
      );
      const future = { ...anchor, number: anchor.number + 1_000n };
      await refuses(relay(await world.next({ anchor: future })), "AnchorInFuture");
      const signed = await world.sign(await world.next({ anchor }));
      const zero = { ...signed.commitment, anchor: { ...anchor, hash: ZERO } };
      await refuses(world.desk.relay(zero, signed.set, signed.signatures), "ZeroAnchorHash", anchor.number);
    });

    it("an anchor is relayed inside of the ledger's depths alone, and one that grew too old in a new epoch", async () => {
      const stuck = await world.next({ validUntilBlock: 10_000n, validUntil: 2n ** 40n });
      await world.chain.mine(WATCH.maxAge);
      await refuses(relay(stuck), "AnchorTooDeep");
      // Its sequence is signed: another of the same sequence would be equivocation. A new epoch voids it.
      await world.enterEpoch();
      await refuses(relay(stuck), "EpochMismatch", 2, 1);
      await world.commit();
      expect((await on()).sequence).to.equal(1n);
    });

    it("SG-2: each member must be what the ledger was opened for", async () => {
      const { anchor } = await world.anchor();
      const at = async (change: Partial<Commitment>) => relay(await world.next({ anchor, ...change }));
      await refuses(at({ epoch: 2n }), "EpochMismatch", 1, 2);
      await refuses(at({ format: 2 }), "FormatUnknown", 2);
      await refuses(at({ ledgerRoot: ZERO }), "LedgerRootMissing");
      await refuses(at({ tier: "head" }), "CommitmentTierTooLow", 1, 0);
      await refuses(at({ rules: ZERO }), "TermsMismatch");
      await refuses(at({ scope: scopeNamed("doge") }), "LedgerUnknown", world.at.guard, scopeNamed("doge"));
      await refuses(at({ guard: world.at.desk }), "LedgerUnknown", world.at.desk, MARKET);
      await refuses(at({ validUntil: 1n }), "CommitmentExpired");
      await refuses(at({ validUntilBlock: 1n }), "CommitmentExpired");
      const signed = await world.sign(await world.next({ anchor }));
      const other = { ...signed.commitment, chainId: 1n };
      await refuses(world.desk.relay(other, signed.set, signed.signatures), "ChainMismatch", 31_337, 1);
      await world.relay(signed);
    });

    it("C29, SG-24: a quorum of the epoch's own set, each signer counted once", async () => {
      const commitment = await world.next();
      const [a, b, c] = world.wallets as [
        (typeof world.wallets)[0],
        (typeof world.wallets)[0],
        (typeof world.wallets)[0],
      ];
      const one = await world.sign(commitment, [b]);
      await refuses(world.relay(one), "QuorumMissing", 2, 1);
      // The one signature again, in another's place: it is not that signer's.
      const doubled = [one.signatures[1]!, one.signatures[1]!, "0x"];
      await refuses(world.relay({ ...one, signatures: doubled }), "SignatureInvalid", a.address);
      await refuses(world.relay({ ...one, signatures: one.signatures.slice(0, 2) }), "SignatureCount", 3, 2);
      const twice = { threshold: 2, signers: [b, b, c].map(({ address }) => address as Hex) };
      await refuses(world.relay({ ...one, set: twice }), "TermsMismatch");
      const fewer = setOf([a, b], 2);
      await refuses(world.relay({ ...(await world.sign(commitment)), set: fewer }), "TermsMismatch");
      const two = await world.sign(commitment, [a, c]);
      const garbage = `0x${"00".repeat(65)}`;
      await refuses(world.relay({ ...two, signatures: [...two.signatures.slice(0, 2), garbage] }), "SignatureInvalid", c.address); // prettier-ignore
      await world.relay(two);
    });

    it("contracts sign by ERC-1271, and an account that delegates its code by its key", async () => {
      const fickle = await new FickleWallet__factory(world.signer).deploy();
      const [key] = walletsFrom(50, 1);
      await world.chain.request({
        method: "hardhat_setCode",
        params: [key!.address, `0xef0100${(await fickle.getAddress()).slice(2)}`],
      });
      const members = [{ address: await fickle.getAddress() }, key!].sort((x, y) => (BigInt(x.address) < BigInt(y.address) ? -1 : 1)); // prettier-ignore
      const set = setOf(members, 2);
      const { rules } = world;
      const signed = await world.signEpoch(world.epochOf(set));
      await accepted(world.desk.openEpoch(world.guard, MARKET, set, world.set, rules, 2n ** 40n, signed));
      const commitment = await world.next({ epoch: 2n });
      const { commitment: input } = await world.sign(commitment);
      const { domain, types, message } = commitmentTypedData(world.at.desk, commitment);
      const byKey = await key!.signTypedData(domain, types, message);
      const signatures = members.map((member) => (member === key ? byKey : "0x01"));
      await refuses(world.desk.relay(input, set, signatures), "SignatureInvalid", await fickle.getAddress());
      await fickle.setAnswer("0x1626ba7e");
      // Whatever the code says that an account delegates to, its key alone signs.
      const yes = toWord(0x1626ba7en);
      await world.chain.request({ method: "hardhat_setStorageAt", params: [key!.address, ZERO, yes] });
      const byCode = members.map(() => "0x01");
      await refuses(world.desk.relay(input, set, byCode), "SignatureInvalid", key!.address);
      await accepted(world.desk.relay(input, set, signatures));
      expect((await on()).sequence).to.equal(1n);
    });
  });

  describe("opening", () => {
    it("SG-18: a ledger is opened as its guard named it, and once", async () => {
      const config = await world.config();
      await refuses(world.desk.open(world.guard, MARKET, config), "LedgerNotNamed");
      await refuses(world.guard.nameLedger(MARKET, ZERO), "LedgerIsOpen", world.at.guard, MARKET);
      const scope = scopeNamed("exchange");
      await world.guard.nameLedger(scope, world.hashConfig(config));
      await refuses(world.desk.open(world.guard, scope, await world.config({ healAfter: 1 })), "LedgerNotNamed");
      await expect(accepted(world.desk.open(world.guard, scope, config))).to.emit(world.desk, "LedgerOpened");
    });

    it("SG-24: two quorums of a set share a signer, and no signer stands in it twice", async () => {
      const [a, b, c] = world.set.signers as [Hex, Hex, Hex];
      const faulty: [string, { threshold: number; signers: Hex[] }][] = [
        ["SignerSetInvalid", { threshold: 1, signers: [a, b] }],
        ["SignerSetInvalid", { threshold: 0, signers: [] }],
        ["SignerSetInvalid", { threshold: 3, signers: [a, b] }],
        ["SignersUnordered", { threshold: 2, signers: [a, a] }],
        ["SignersUnordered", { threshold: 2, signers: [b, a, c] }],
        ["SignersUnordered", { threshold: 2, signers: [a, c, b] }],
        ["SignersUnordered", { threshold: 1, signers: [`0x${"00".repeat(20)}`] }],
      ];
      const scope = scopeNamed("exchange");
      for (const [name, set] of faulty) {
        const given = { ...(await world.config()), set };
        await world.guard.nameLedger(scope, world.hashConfig(given));
        await refuses(world.desk.open(world.guard, scope, given), name);
      }
    });

    it("what is not open is neither committed to, nor disputed, healed or retired", async () => {
      const unknown = [world.at.guard, scopeNamed("exchange")] as const;
      await refuses(world.desk.ledgerOf(...unknown), "LedgerUnknown", ...unknown);
      await refuses(world.desk.heal(...unknown), "LedgerUnknown", ...unknown);
      await refuses(world.desk.retire(...unknown), "LedgerUnknown", ...unknown);
      await refuses(world.desk.announceEpoch(...unknown, ZERO), "LedgerUnknown", ...unknown);
    });

    it("SG-23: nobody but the desk brings news of a ledger to the guard", async () => {
      const caller = await world.signer.getAddress();
      for (const news of [0, 1, 2, 3]) await refuses(world.guard.onLedger(MARKET, news, 1, 0), "NotLedgerDesk", caller);
      expect(await world.guard.ledgerDesk()).to.equal(await world.desk.getAddress());
    });
  });

  describe("epochs", () => {
    const [outgoing, incoming] = [walletsFrom(1, 3), walletsFrom(20, 4)];
    const set = setOf(incoming, 3);

    it("SG-24: the outgoing quorum hands over to the next signers under the same rules, and what was not relayed is void", async () => {
      const unsent = await world.next();
      const next = world.epochOf(set);
      const signatures = await world.signEpoch(next);
      const open = (given = signatures, by = world.set, rules = world.rules) =>
        world.desk.openEpoch(world.guard, MARKET, set, by, rules, next.validUntil, given);
      await refuses(open(await world.signEpoch(next, [world.wallets[0]!])), "QuorumMissing", 2, 1);
      await refuses(open(signatures, set), "TermsMismatch");
      await refuses(open(signatures, world.set, ZERO), "TermsMismatch");
      const [first] = outgoing;
      await refuses(open(await world.signEpoch({ ...next, epoch: 3n })), "SignatureInvalid", first!.address);
      await refuses(open(await world.signEpoch({ ...next, rules: ZERO })), "SignatureInvalid", first!.address);
      await expect(accepted(open())).to.emit(world.desk, "EpochOpened").withArgs(world.at.guard, MARKET, 2, [3n, set.signers], world.rules); // prettier-ignore
      await refuses(open(), "TermsMismatch");
      await refuses(relay(unsent), "EpochMismatch", 2, 1);
      expect([(await on()).epoch, (await on()).terms]).to.deep.equal([2n, hashTerms(set, world.book)]);
      expect(hashTerms(set, world.book)).to.not.equal(hashTerms(world.set, world.book));
    });

    it("SG-24: an epoch's anchors are newer than its opening, so that no short reorg of it makes honest signers contradict themselves", async () => {
      await world.commit();
      const { anchor } = await world.anchor();
      await world.enterEpoch();
      const opened = BigInt(await world.chain.tools.ethers.provider.getBlockNumber());
      expect((await on()).anchored).to.equal(opened + 1n);
      await refuses(relay(await world.next({ anchor })), "AnchorRolledBack", opened + 1n, anchor.number);
      await world.chain.mine();
      const { anchor: opening } = await latestStateAnchor(world.chain.request, { depth: 1 });
      expect(opening.number).to.equal(opened);
      await refuses(relay(await world.next({ anchor: opening })), "AnchorRolledBack", opened + 1n, opened);
      await world.commit();
    });

    it("SG-24: signatures open one epoch, also where the same signers go on", async () => {
      const { validUntil } = world.epochOf();
      const [second, third] = [await world.signEpoch(world.epochOf()), await world.signEpoch(world.epochOf(world.set, { epoch: 3n }))]; // prettier-ignore
      const open = (signatures: readonly string[]) =>
        world.desk.openEpoch(world.guard, MARKET, world.set, world.set, world.rules, validUntil, signatures.slice());
      await accepted(open(second));
      await refuses(open(second), "SignatureInvalid", outgoing[0]!.address);
      await accepted(open(third));
      expect((await on()).epoch).to.equal(3n);
    });

    it("SG-24: signatures for an epoch end", async () => {
      const next = world.epochOf(set, { validUntil: BigInt(await pass(0)) + 60n });
      const signatures = await world.signEpoch(next);
      const open = (until: bigint) =>
        world.desk.openEpoch(world.guard, MARKET, set, world.set, world.rules, until, signatures);
      await refuses(open(next.validUntil + 1n), "SignatureInvalid", outgoing[0]!.address);
      await pass(72);
      await refuses(open(next.validUntil), "EpochExpired", next.validUntil);
    });

    it("SG-18: the administrator changes signers and rules after its delay alone, and within as much time again", async () => {
      const book = { ...world.book, version: toWord(2n) };
      const hash = hashTerms(set, book);
      const desk = world.desk.connect(world.administrator);
      await refuses(world.desk.announceEpoch(world.guard, MARKET, hash), "NotAdministrator", await world.signer.getAddress()); // prettier-ignore
      const open = () => world.desk.openAnnouncedEpoch(world.guard, MARKET, set, bookForContract(book));
      await refuses(open(), "EpochNotReady");
      await expect(accepted(desk.announceEpoch(world.guard, MARKET, hash))).to.emit(world.desk, "EpochAnnounced");
      await refuses(open(), "EpochNotReady");
      // By the clock alone after four times the delay, for the test's chain stands still.
      await leap(4 * WATCH.delay + 12);
      await accepted(open());
      expect((await on()).epoch).to.equal(2n);
      await refuses(open(), "EpochNotReady");
      await desk.announceEpoch(world.guard, MARKET, hash);
      await leap(9 * WATCH.delay);
      await refuses(open(), "EpochNotReady");
      await desk.announceEpoch(world.guard, MARKET, ZERO);
      await leap(4 * WATCH.delay + 12);
      await refuses(open(), "EpochNotReady");
    });
  });

  describe("silence", () => {
    it("SG-25, B8: a scope whose ledger owes a commitment is Stale in time and blocks, its exits are open, the other's are not touched", async () => {
      await world.commit();
      const until = await world.guard.committedUntil(MARKET);
      expect(BigInt.asUintN(40, until)).to.equal(BigInt(await pass(0)) + BigInt(silence));
      await pass(silence - 24);
      await accepted(world.guard.act(MARKET, ACTION.Increase));
      expect(await world.statusOf()).to.equal(STATUS.Synced);
      await pass(36);
      expect(await world.statusOf()).to.equal(STATUS.Stale);
      await expect(world.guard.act(MARKET, ACTION.Increase)).to.be.rejectedByGuard("ActionDenied");
      await expect(world.guard.act(MARKET, ACTION.Withdraw)).to.be.rejectedByGuard("ActionDenied");
      for (const exit of [ACTION.Deposit, ACTION.Cancel]) await accepted(world.guard.act(MARKET, exit));
      await accepted(world.guard.decrease(MARKET));
      await accepted(world.guard.liquidate(MARKET, 10n ** 17n, 2n * 10n ** 18n));
      await expect(world.guard.liquidate(MARKET, 97n * 10n ** 16n, 10n ** 18n)).to.be.rejectedByGuard(
        "LiquidationDenied",
      );
      const { verdict } = await world.guard.preview(MARKET, ACTION.Increase);
      expect(verdict).to.equal(0n);
    });

    it("SG-25: the time alone, on a chain without blocks, makes nothing Stale before four times the span", async () => {
      await world.commit();
      // Blocks that come too slowly are an outage, which the guard sees by itself. The other scope is Stale as well.
      await world.chain.stall({ seconds: 2 * silence });
      await world.chain.mine();
      expect([await world.statusOf(), await world.statusOf(OTHER)]).to.deep.equal([STATUS.Stale, STATUS.Stale]);
    });

    it("SG-25: a commitment ends the silence, into the time after an outage", async () => {
      await world.commit();
      await pass(silence + 120);
      expect(await world.statusOf()).to.equal(STATUS.Stale);
      await world.commit();
      expect(await world.statusOf()).to.equal(STATUS.Stale);
      for (let i = 0; i < 3; i++) {
        await pass(CONFIG.staleFor / 2);
        await world.commit();
      }
      expect(await world.statusOf()).to.equal(STATUS.Lagging);
      for (let i = 0; i < 3; i++) {
        await pass(CONFIG.graceFor / 2);
        await world.commit();
      }
      expect(await world.statusOf()).to.equal(STATUS.Synced);
    });

    it("SG-19, SG-25: a ledger counts from its opening on, above a market for the market as well", async () => {
      const scope = scopeNamed("exchange");
      const config = await world.config({ silence: 120 });
      await world.guard.nameLedger(scope, toWord(1n));
      await pass(180);
      expect(await world.statusOf()).to.equal(STATUS.Synced);
      await world.guard.nameLedger(scope, world.hashConfig(config));
      await accepted(world.desk.open(world.guard, scope, config));
      await pass(180);
      expect(await world.statusOf()).to.equal(STATUS.Stale);
    });
  });

  describe("healing", () => {
    it("SG-25: matching commitments, newer than the evidence, of one epoch and over some time, heal; then comes the grace", async () => {
      const lie = await contradict();
      expect(await world.statusOf()).to.equal(STATUS.Diverged);
      expect(await world.statusOf(OTHER)).to.equal(STATUS.Synced);
      await refuses(world.desk.heal(world.guard, MARKET), "HealingTooEarly", 0, healAfter, 0, 0);
      // As old as the evidence, and twice of one block: neither counts.
      await world.commit({ anchor: lie.anchor });
      expect((await on()).streak).to.equal(0n);
      const first = await world.commit();
      await world.commit({ anchor: first.anchor });
      expect((await on()).streak).to.equal(1n);
      for (let i = 1; i < healAfter; i++) await world.commit();
      const { streak, healableFrom } = await on();
      expect(streak).to.equal(BigInt(healAfter));
      const [time, number] = [BigInt.asUintN(40, healableFrom), healableFrom >> 40n];
      await refuses(world.desk.heal(world.guard, MARKET), "HealingTooEarly", healAfter, healAfter, time, number);
      await pass(healFor);
      const stranger = (await world.chain.tools.ethers.getSigners())[5]!;
      await expect(accepted(world.desk.connect(stranger).heal(world.guard, MARKET)))
        .to.emit(world.desk, "LedgerHealed")
        .withArgs(world.at.guard, MARKET, first.anchor.number);
      expect(await world.statusOf()).to.equal(STATUS.Stale);
      expect(await world.guard.committedUntil(MARKET)).to.not.equal(0n);
      await refuses(world.desk.heal(world.guard, MARKET), "NotContradicted", world.at.guard, MARKET);
    });

    it("SG-25: an epoch begins the count anew", async () => {
      await contradict();
      for (let i = 0; i < healAfter; i++) await world.commit();
      await pass(healFor);
      await world.enterEpoch();
      await refuses(world.desk.heal(world.guard, MARKET), "HealingTooEarly", 0, healAfter, 0, 0);
      for (let i = 0; i < healAfter; i++) await world.commit();
      await pass(healFor);
      await accepted(world.desk.heal(world.guard, MARKET));
      expect(await world.statusOf()).to.equal(STATUS.Stale);
    });

    it("SG-25: evidence that stands already does not begin the count anew", async () => {
      const lie = await contradict();
      const proof = await world.leafProof({
        rule: 0,
        owner: world.owners[0]!,
        anchor: lie.anchor,
        tree: world.treeWith(101n),
      });
      await world.commit();
      const signed = await world.sign(lie);
      await refuses(
        world.desk.disputeLeaf(signed, bookForContract(world.book), proof),
        "LedgerEvidenceNotNewer",
        lie.anchor.number,
        lie.anchor.number,
      );
      expect((await on()).streak).to.equal(1n);
    });

    it("SG-25: what was healed is not contradicted by the same evidence", async () => {
      const lie = await contradict();
      const proof = await world.leafProof({
        rule: 0,
        owner: world.owners[0]!,
        anchor: lie.anchor,
        tree: world.treeWith(101n),
      });
      for (let i = 0; i < healAfter; i++) await world.commit();
      await pass(healFor);
      await accepted(world.desk.heal(world.guard, MARKET));
      await expect(
        world.desk.disputeLeaf(await world.sign(lie), bookForContract(world.book), proof),
      ).to.be.revertedWithCustomError(world.desk, "LedgerEvidenceNotNewer");
    });

    /** Two ledgers that the chain contradicts are on record. The first is disputed, and honest ones follow. */
    async function withheld() {
      const owner = world.owners[0]!;
      const lies: Commitment[] = [];
      const proofs: Awaited<ReturnType<LedgerWorld["leafProof"]>>[] = [];
      for (const balance of [101n, 102n]) {
        world.tree.update([[world.keyOf(owner), balance]]);
        const lie = await world.commit();
        proofs.push(await world.leafProof({ rule: 0, owner, anchor: lie.anchor }));
        lies.push(lie);
      }
      world.tree.update([[world.keyOf(owner), 100n]]);
      const dispute = async (i: number, descendants: readonly Commitment[]) =>
        world.desk.disputeLeaf(
          { commitment: forContract(lies[i]!), ...ON_RECORD, descendants: descendants.map(forContract) },
          bookForContract(world.book),
          proofs[i]!,
        );
      await accepted(dispute(0, lies.slice(1)));
      const honest: Commitment[] = [];
      for (let i = 0; i < healAfter; i++) honest.push(await world.commit());
      await pass(healFor);
      return { other: lies[1]!.anchor.number, first: honest[0]!.anchor.number, dispute: () => dispute(1, honest) };
    }

    it("SG-25: evidence that was withheld, and is older than all that counts, does not begin the count anew", async () => {
      const { other, dispute } = await withheld();
      await accepted(dispute());
      expect([(await on()).contradicted, (await on()).streak]).to.deep.equal([other, BigInt(healAfter)]);
      await accepted(world.desk.heal(world.guard, MARKET));
    });

    it("SG-25: evidence that was withheld until the healing, and is older than what healed, is none", async () => {
      const { other, first, dispute } = await withheld();
      await accepted(world.desk.heal(world.guard, MARKET));
      await refuses(dispute(), "LedgerEvidenceNotNewer", other, first);
    });
  });

  describe("retiring", () => {
    it("SG-19: anybody retires a ledger that is silent, or contradicted, for 28 days; its scope goes by the chain alone", async () => {
      await world.commit();
      await refuses(world.desk.retire(world.guard, MARKET), "RetirementTooEarly");
      await leap(4 * (RETIRE_AFTER + silence));
      await world.guard.poke(MARKET);
      await expect(accepted(world.desk.retire(world.guard, MARKET))).to.emit(world.desk, "LedgerRetired").withArgs(world.at.guard, MARKET); // prettier-ignore
      expect(await world.guard.committedUntil(MARKET)).to.equal(0n);
      await refuses(world.desk.retire(world.guard, MARKET), "LedgerIsRetired", world.at.guard, MARKET);
      await refuses(relay(await world.next()), "LedgerIsRetired", world.at.guard, MARKET);
      await pass(CONFIG.staleFor + 12);
      expect(await world.statusOf()).to.equal(STATUS.Lagging);
      await pass(CONFIG.graceFor + 12);
      await accepted(world.guard.act(MARKET, ACTION.Withdraw));
      expect(await world.statusOf()).to.equal(STATUS.Synced);
    });

    it("SG-19: a contradicted ledger is retired whatever its signers go on to sign", async () => {
      await contradict();
      const { retirableFrom } = await on();
      await world.commit();
      expect((await on()).retirableFrom).to.equal(retirableFrom);
      await leap(4 * RETIRE_AFTER);
      await accepted(world.desk.retire(world.guard, MARKET));
      const [status] = await world.guard.statusOf(MARKET);
      expect(status).to.equal(BigInt(STATUS.Stale));
    });

    it("SG-19: a ledger that is contradicted and healed in turn is retired all the same", async () => {
      const lies = [101n, 102n, 103n];
      let first: bigint | undefined;
      for (const [i, amount] of lies.entries()) {
        await contradict(amount);
        first ??= (await on()).retirableFrom;
        expect((await on()).retirableFrom).to.equal(first);
        if (i === lies.length - 1) break;
        for (let n = 0; n < healAfter; n++) await world.commit();
        await pass(healFor);
        await accepted(world.desk.heal(world.guard, MARKET));
        // Less than a week without trouble is no recovery.
        await world.commit();
        expect((await on()).retirableFrom).to.equal(first);
      }
      await leap(4 * RETIRE_AFTER);
      await accepted(world.desk.retire(world.guard, MARKET));
      expect(await world.guard.committedUntil(MARKET)).to.equal(0n);
    });

    it("SG-19: commitments that come late postpone nothing, and timely ones after a week without trouble do", async () => {
      const scope = scopeNamed("exchange");
      await world.open(scope, { silence: 7 * DAY });
      const until = async () => (await on(scope)).retirableFrom;
      const commit = () => world.commit({ scope });
      await commit();
      const first = await until();
      await leap(4 * 7 * DAY); // on a chain that stands still so long
      await commit(); // late
      expect(await until()).to.equal(first);
      await leap(6 * DAY);
      await commit(); // timely, six days after the trouble
      expect(await until()).to.equal(first);
      await leap(2 * DAY);
      await commit();
      expect(BigInt.asUintN(40, await until())).to.equal(BigInt(await pass(0)) + BigInt(7 * DAY + RETIRE_AFTER));
      await leap(4 * 7 * DAY);
      const last = await until();
      await commit();
      expect(await until()).to.equal(last);
    });

    it("SG-19: who commits in the second from which on the guard sees silence is late, and postpones nothing", async () => {
      await world.commit();
      const first = (await on()).retirableFrom;
      for (let round = 0; round < 3; round++) {
        const last = await pass(0);
        await pass(silence - 24);
        await world.commit();
        expect((await pass(0)) - last).to.equal(silence);
        expect([await world.statusOf(), (await on()).retirableFrom]).to.deep.equal([STATUS.Stale, first]);
      }
    });

    it("SG-19: nobody who is silent postpones the end by contradicting himself", async () => {
      await world.commit();
      const { retirableFrom } = await on();
      await leap(4 * silence);
      const one = await world.next();
      const two = { ...one, ledgerRoot: toWord(5n) };
      await world.chain.mine();
      await accepted(world.desk.disputeEquivocation(await world.sign(one), await world.sign(two)));
      expect((await on()).retirableFrom).to.equal(retirableFrom);
    });

    it("SG-23: what was on record before a retirement is no evidence against those who come after it", async () => {
      const [owner] = world.owners;
      world.tree.update([[world.keyOf(owner!), 101n]]);
      const lie = await world.commit();
      const proof = await world.leafProof({ rule: 0, owner: owner!, anchor: lie.anchor });
      await leap(4 * (RETIRE_AFTER + silence));
      await accepted(world.desk.retire(world.guard, MARKET));
      await world.open(MARKET);
      const onRecord = { commitment: forContract(lie), ...ON_RECORD };
      await refuses(world.desk.disputeLeaf(onRecord, bookForContract(world.book), proof), "LedgerEvidenceNotNewer");
    });

    it("SG-19: the guard alone names a retired ledger again, and old anchors are none of it", async () => {
      const before = await world.commit();
      const desk = world.desk.connect(world.administrator);
      await desk.announceEpoch(world.guard, MARKET, hashTerms(world.set, world.book));
      await leap(4 * (RETIRE_AFTER + silence));
      await accepted(world.desk.retire(world.guard, MARKET));
      const { rules, validUntil } = world.epochOf();
      const signatures = await world.signEpoch(world.epochOf());
      const dead = [world.at.guard, MARKET] as const;
      await refuses(world.desk.openEpoch(...dead, world.set, world.set, rules, validUntil, signatures), "LedgerIsRetired", ...dead); // prettier-ignore
      await refuses(world.desk.openAnnouncedEpoch(...dead, world.set, bookForContract(world.book)), "LedgerIsRetired", ...dead); // prettier-ignore
      await refuses(desk.announceEpoch(...dead, ZERO), "LedgerIsRetired", ...dead);
      await world.open(MARKET);
      expect([(await on()).isRetired, (await on()).epoch]).to.deep.equal([false, 2n]);
      expect(await world.guard.committedUntil(MARKET)).to.not.equal(0n);
      world.epoch = 2n;
      const { anchored } = await on();
      await refuses(relay(await world.next({ anchor: before.anchor })), "AnchorRolledBack", anchored, before.anchor.number); // prettier-ignore
      await world.commit();
    });
  });
});
