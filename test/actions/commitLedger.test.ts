import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, use } from "chai";
import { getBytes, recoverAddress, type Wallet } from "ethers";
import { network } from "hardhat";

import { checkRules } from "../../src/actions/checkRules.js";
import { prepareCommitment, type PrepareCommitmentOptions } from "../../src/actions/prepareCommitment.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { remedyOf } from "../../src/explain/remedies.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { createJournal, openJournal, type SigningJournal } from "../../src/journal.js";
import { hashCommitment, hashTerms, type Commitment } from "../../src/ledger/commitment.js";
import { assembleSignatures, relayCall, signCommitment } from "../../src/ledger/signing.js";
import type { RuleBook } from "../../src/ledger/rules.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { quorum } from "../../src/rpc/quorum.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected, thrown } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { scopeNamed } from "../../tools/policy/world.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const MARKET = scopeNamed("eth");
const ZERO = toWord(0n);

describe("committing to a ledger", () => {
  let world: LedgerWorld;
  let directory: string;
  const open: SigningJournal[] = [];
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => {
    world.reset();
    directory = mkdtempSync(join(tmpdir(), "commit-"));
  });
  afterEach(async () => {
    for (const journal of open.splice(0)) await journal.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const endpoint = (): Request => (args) => world.chain.request(args);
  const pathOf = (name: string): string => join(directory, name);
  async function journalOf(name: string): Promise<SigningJournal> {
    await createJournal(pathOf(name));
    return reopened(name);
  }
  async function reopened(name: string): Promise<SigningJournal> {
    const journal = await openJournal(pathOf(name));
    open.push(journal);
    return journal;
  }
  const signing = (wallet: Wallet) => (digest: Hex) => Promise.resolve(wallet.signingKey.sign(digest).serialized);

  /** What a signer of the market gives, its ledger checked under every rule. */
  function optionsWith(changes: Partial<PrepareCommitmentOptions> = {}): PrepareCommitmentOptions {
    const { at, set, book, tree, owners } = world;
    return {
      ...{ desk: at.desk, guard: at.guard, scope: MARKET, set, book },
      tier: "safe",
      validFor: { seconds: 600, blocks: 50 },
      ledgerAt: () => tree,
      check: (anchor) => checkRules(endpoint(), { anchor, tree, book, owners }),
      ...changes,
    };
  }
  const prepare = (changes: Partial<PrepareCommitmentOptions> = {}) =>
    prepareCommitment(endpoint(), optionsWith(changes));

  async function relay(commitment: Commitment): Promise<void> {
    const { args } = relayCall({ ...world.at, commitment, set: world.set, signatures: await signaturesOf(commitment) });
    await (await world.desk.relay(...args)).wait();
  }
  const signaturesOf = async (commitment: Commitment): Promise<Hex[]> =>
    (await world.sign(commitment)).signatures as Hex[];
  const onRecord = () => world.desk.ledgerOf(world.at.guard, MARKET);

  it("SG-24: two signers prepare by a quorum, check, sign with a journal each, and the desk has what they signed", async () => {
    const { desk, guard } = world.at;
    const { set, book, tree, owners } = world;
    const [alice, bob] = world.wallets as [Wallet, Wallet];
    const [ours, theirs, scope] = [endpoint(), endpoint(), MARKET];
    const [journal, other] = [await journalOf("alice"), await journalOf("bob")];
    await world.chain.mine();

    // #region commit
    const connection = quorum([ours, theirs]);
    const { commitment, floor } = await prepareCommitment(connection, {
      ...{ desk, guard, scope, set, book },
      tier: "finalized",
      validFor: { seconds: 600, blocks: 50 },
      ledgerAt: () => tree,
      check: (anchor, ledger) => checkRules(connection, { anchor, tree: ledger, book, owners }),
    });
    const signature = await signCommitment({
      ...{ journal, desk, commitment, floor },
      sign: (_digest, { domain, types, message }) => alice.signTypedData(domain, types, message),
    });
    // #endregion commit
    const second = await prepareCommitment(connection, optionsWith({ tier: "finalized" }));
    expect(second.commitment).to.deep.equal(commitment);
    const bobs = await signCommitment({ journal: other, desk, commitment, floor, sign: signing(bob) });

    // #region relay
    const signatures = assembleSignatures({
      set,
      signatures: [
        { signer: bob.address, signature: bobs },
        { signer: alice.address, signature },
      ],
    });
    const { args } = relayCall({ desk, commitment, set, signatures });
    await world.desk.relay(...args);
    // #endregion relay
    const { head, sequence, anchored } = await onRecord();
    expect([head, sequence, anchored]).to.deep.equal([hashCommitment(commitment), 1n, commitment.anchor.number]);
    expect(commitment).to.deep.include({ ledgerRoot: tree.root, previous: ZERO, chainId: 31_337n, tier: "finalized" });
    const next = await prepare({ last: commitment });
    expect(next.commitment).to.deep.include({ sequence: 2n, previous: hashCommitment(commitment) });
    expect(next.floor).to.deep.equal({ epoch: 1n, sequence: 1n });
  });

  it("bounds the time in which it is relayed from the newest block on, in seconds and in blocks", async () => {
    await world.chain.mine(3);
    const { commitment } = await prepare({ tier: "head", depth: 3, validFor: { seconds: 7, blocks: 2 } });
    const { number, timestamp } = (await world.chain.tools.ethers.provider.getBlock("latest"))!;
    expect(commitment.anchor.number).to.equal(BigInt(number) - 3n);
    expect(commitment.anchor.hash).to.equal(world.chain.at(BigInt(number) - 3n)!.hash);
    expect(commitment.validUntil).to.equal(BigInt(timestamp) + 7n);
    expect(commitment.validUntilBlock).to.equal(BigInt(number) + 2n);
  });

  describe("where another signer proposed one", () => {
    const others = { validFor: undefined as never };
    const second = (proposed: Commitment, changes: Partial<PrepareCommitmentOptions> = {}) =>
      prepare({ ...others, proposed, ...changes });

    it("prepares the same at its anchor, with its bounds, also once the tier has moved on", async () => {
      const first = await prepare();
      expect((await second(first.commitment)).digest).to.equal(first.digest);
      await world.chain.mine(3);
      const own = await prepare();
      expect(own.commitment.anchor.number).to.equal(first.commitment.anchor.number + 3n);
      const later = await second(first.commitment);
      expect([later.digest, later.commitment]).to.deep.equal([first.digest, first.commitment]);
      await relay(first.commitment);
      expect((await onRecord()).head).to.equal(hashCommitment(first.commitment));
    });

    it("refuses every other member, an anchor beyond its own tier, and bounds that have passed", async () => {
      await world.chain.mine(4);
      const { commitment } = await prepare({ tier: "head", depth: 2 });
      const { number, hash, stateRoot } = commitment.anchor;
      const { number: height, timestamp } = (await world.chain.tools.ethers.provider.getBlock("latest"))!;
      const changes: [member: string, Partial<Commitment>][] = [
        ["guard", { guard: world.at.desk }],
        ["scope", { scope: scopeNamed("btc") }],
        ["epoch", { epoch: 2n }],
        ["sequence", { sequence: 2n }],
        ["chainId", { chainId: 1n }],
        ["ledgerRoot", { ledgerRoot: hash }],
        ["format", { format: 2 }],
        ["rules", { rules: ZERO }],
        ["previous", { previous: hash }],
        ["tier", { tier: "safe" }],
        ["anchor.hash", { anchor: { number, hash: stateRoot, stateRoot } }],
        ["anchor.stateRoot", { anchor: { number, hash, stateRoot: hash } }],
        ["anchor.number", { anchor: { number: number + 1n, hash, stateRoot } }],
        ["validUntil", { validUntil: BigInt(timestamp) - 1n }],
        ["validUntilBlock", { validUntilBlock: BigInt(height) - 1n }],
      ];
      expect([...new Set(changes.map(([member]) => member.split(".")[0]))].sort()).to.deep.equal(
        Object.keys(commitment).sort(),
      );
      for (const [member, change] of changes) {
        const refused = second({ ...commitment, ...change }, { tier: "head", depth: 2 });
        expect((await rejected("PROPOSAL_DIFFERS", refused)).details.member).to.equal(member);
      }
      // The last second and the last block are not past.
      const last = { ...commitment, validUntil: BigInt(timestamp), validUntilBlock: BigInt(height) };
      expect((await second(last, { tier: "head", depth: 2 })).commitment).to.deep.equal(last);
    });

    it("checks the ledger against proven state as for its own", async () => {
      const { commitment } = await prepare();
      world.tree.update([[world.keyOf(world.owners[0]!), 101n]]);
      await rejected("LEDGER_DIVERGED", second({ ...commitment, ledgerRoot: world.tree.root }));
    });
  });

  describe("is refused", () => {
    it("where no ledger was opened, there is no desk, or the ledger is retired", async () => {
      const other = scopeNamed("none");
      const { details } = await rejected("LEDGER_UNKNOWN", prepare({ scope: other }));
      expect(details).to.deep.equal({ desk: world.at.desk.toLowerCase(), guard: world.at.guard.toLowerCase(), scope: other }); // prettier-ignore
      for (const desk of [world.at.holder, `0x${"77".repeat(20)}`] as const)
        await rejected("INVALID_RESPONSE", prepare({ desk }));
      await world.chain.stall({ seconds: 150 * 86_400 });
      await world.chain.mine();
      await world.desk.retire(world.at.guard, MARKET);
      await rejected("LEDGER_RETIRED", prepare());
    });

    it("where other signers or rules judge the ledger, with both hashes", async () => {
      const { terms } = await onRecord();
      const set = { ...world.set, threshold: 3 };
      const { details } = await rejected("TERMS_DIFFER", prepare({ set }));
      expect(details).to.deep.equal({ kept: terms, given: hashTerms(set, world.book) });
      await rejected("TERMS_DIFFER", prepare({ book: { ...world.book, version: ZERO } }));
    });

    it("where the tier's block lies before the one on record", async () => {
      const last = await world.commit();
      const asked: string[] = [];
      const behind: Request = async (args) => {
        const [which] = (args.params ?? []) as [string];
        asked.push(which);
        const params = which === "safe" ? ["0x2", false] : args.params;
        return world.chain.request({ ...args, ...(params === undefined ? {} : { params }) });
      };
      const { details } = await rejected("ANCHOR_ROLLED_BACK", prepareCommitment(behind, optionsWith()));
      expect(details).to.deep.equal({ last: last.anchor.number, given: 2n, tier: "safe" });
      expect(asked).to.include("safe");
    });

    it("where the desk does not have the signer's last commitment: a rollback, or another in its place", async () => {
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      const own = await world.commit();
      expect((await prepare({ last: own })).commitment.sequence).to.equal(2n);
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
      const { details } = await rejected("HEAD_DIFFERS", prepare({ last: own }));
      expect(details.shown).to.deep.equal({ epoch: 1n, sequence: 0n, hash: ZERO });
      expect(details.own).to.deep.equal({ epoch: 1n, sequence: 1n, hash: hashCommitment(own) });

      world.reset();
      const another = await world.commit({ validUntilBlock: 10_000n });
      const found = await rejected("HEAD_DIFFERS", prepare({ last: own }));
      expect(found.details.shown.hash).to.equal(hashCommitment(another));
      // Others may have gone on while the signer was away.
      await world.commit();
      expect((await prepare({ last: own })).commitment.sequence).to.equal(3n);
    });

    it("where the tier is below the ledger's", async () => {
      const { details } = await rejected("TIER_TOO_LOW", prepare({ leastTier: "finalized" }));
      expect(details).to.deep.equal({ least: "finalized", given: "safe" });
    });

    it("where an option cannot be meant", async () => {
      const tree = LedgerTree.from([]);
      const wrong: Record<string, Partial<PrepareCommitmentOptions>> = {
        depth: { depth: 3 },
        tier: { tier: "sure" as never },
        "validFor.blocks": { validFor: { seconds: 1, blocks: 0 } },
        check: { check: undefined as never },
        last: { last: { ...({} as Commitment), guard: world.at.desk, scope: MARKET } },
        validFor: { validFor: undefined as never },
        ledgerAt: { ledgerAt: () => tree, check: () => Promise.resolve(tree.update([[ZERO, 1n]])) },
      };
      for (const [option, changes] of Object.entries(wrong))
        expect((await rejected("INVALID_OPTION", prepare(changes))).details.option).to.equal(option);
    });
  });

  describe("a ledger that does not satisfy a rule", () => {
    const diverged = () => rejected("LEDGER_DIVERGED", prepare());

    it("is not signed: a leaf, one that it lacks, a total, with rule, owner and both values", async () => {
      const [owner, other] = world.owners as [Hex, Hex];
      world.tree.update([[world.keyOf(owner), 101n]]);
      const { details, message } = await diverged();
      expect(details).to.deep.include({ index: 0, owner, here: 101n, there: 100n });
      expect(message).to.match(/^rule 0 does not hold of owner 0x[0-9a-f]{40} at block \d+/);
      world.tree.update([
        [world.keyOf(owner), 100n],
        [world.keyOf(other), 0n],
      ]);
      expect((await diverged()).details).to.deep.include({ index: 0, owner: other, here: 0n, there: 100n });
      world.reset();
      await world.holder.setCustody(799n);
      // The word in slot 0 is also the book's second code, the sixth thing that is compared.
      expect((await diverged()).details).to.deep.include({ index: 3, owner: undefined, here: 800n, there: 799n });
      await world.holder.setCustody(801n);
      expect((await diverged()).details).to.deep.include({ index: 5, here: 800n, there: 801n });
    });

    it("is not signed where the code of an account, or the root of a mirror, is another", async () => {
      const { holder } = world.at;
      const [code] = world.book.codes;
      const expected = toWord(7n);
      const book = { ...world.book, codes: [{ ...code!, expected }] };
      const there = BigInt(toHex(keccak256(getBytes(await world.chain.tools.ethers.provider.getCode(holder)))));
      await world.chain.mine();
      const at = async (given: RuleBook, tree: LedgerTree) => {
        const { anchor } = await world.anchor();
        return checkRules(endpoint(), { anchor, tree, book: given, owners: world.owners });
      };
      const wrongCode = await rejected("LEDGER_DIVERGED", at(book, world.tree));
      expect(wrongCode.details).to.deep.include({ index: 4, owner: undefined, here: 7n, there });

      const whole = { member: 0, offset: 0, bits: 256, derivation: "mirror", comparator: "==" } as const;
      const mirror = { version: ZERO, codes: [], rules: [{ ...whole, kind: ZERO, asset: ZERO, slot: ZERO, holder }] };
      const empty = await rejected("LEDGER_DIVERGED", at(mirror, LedgerTree.from([])));
      expect(empty.details.here).to.equal(BigInt(toHex(keccak256(Uint8Array.of(0x80)))));
      // The holder's storage, as Solidity lays it out: custody in slot 0, balances in the mapping at slot 1.
      const entries = world.owners.map((owner) => [mappingSlot(owner, 1n), 100n] as const);
      await at(mirror, LedgerTree.from([...entries, [ZERO, 800n]]));
    });
  });

  describe("signing", () => {
    it("killed between intent and signature, a signer signs the same again, and no second digest", async () => {
      const { desk } = world.at;
      const [wallet] = world.wallets as [Wallet];
      const digests: Hex[] = [];
      const journal = await journalOf("alice");
      const prepared = await prepare();
      const { commitment, floor } = prepared;
      const request = { desk, commitment, floor };
      const killed = signCommitment({
        ...request,
        journal,
        sign: (digest) => Promise.reject(new TypeError(`killed before ${(digests.push(digest), digest)}`)),
      });
      await expect(killed).to.be.rejectedWith(TypeError);

      const again = await reopened("alice");
      const sign = (digest: Hex) => (digests.push(digest), signing(wallet)(digest));
      const signature = await signCommitment({ ...request, journal: again, sign });
      expect(recoverAddress(prepared.digest, signature)).to.equal(wallet.address);
      expect(await signCommitment({ ...request, journal: await reopened("alice"), sign })).to.equal(signature);
      const other = { ...commitment, validUntil: commitment.validUntil + 1n };
      const refused = signCommitment({ desk, floor, commitment: other, journal: again, sign });
      expect((await rejected("ALREADY_SIGNED", refused)).details.recorded).to.equal(prepared.digest);
      expect([...new Set(digests)]).to.deep.equal([prepared.digest]);
    });

    it("signs nothing at or below what the desk has, whatever its journal has forgotten", async () => {
      const { commitment } = await prepare();
      await relay(commitment);
      const { floor } = await prepare();
      const journal = await journalOf("restored");
      const sign = () => Promise.reject(new TypeError("it signed"));
      const refused = signCommitment({ journal, desk: world.at.desk, commitment, floor, sign });
      expect((await rejected("SEQUENCE_PASSED", refused)).details.by).to.equal("chain");
    });

    it("after a reorg of its anchor relay reverts, and the sequence is not signed again in this epoch", async () => {
      const [wallet] = world.wallets as [Wallet];
      await world.chain.mine(2);
      const journal = await journalOf("alice");
      const { desk } = world.at;
      const first = await prepare();
      await signCommitment({ ...pick(first), journal, desk, sign: signing(wallet) });
      await world.chain.reorg({ depth: 2, extra: 1, seed: "another branch" });
      expect(world.chain.at(first.commitment.anchor.number)!.hash).not.to.equal(first.commitment.anchor.hash);
      await expect(relay(first.commitment)).to.be.rejectedByGuard("AnchorMismatch");

      const second = await prepare();
      expect(second.commitment.sequence).to.equal(1n);
      const refused = signCommitment({ ...pick(second), journal, desk, sign: signing(wallet) });
      const error = await rejected("ALREADY_SIGNED", refused);
      expect(error.details).to.deep.include({ recorded: first.digest, asked: second.digest });
      expect(error.message).to.match(
        /Relay that one while it is valid; else open an epoch of the same set, which voids it$/,
      );
      expect(remedyOf(error)).to.equal("abandon");
    });

    it("after it expired unrelayed an epoch of the same set voids it, and its sequence is signed and relayed anew", async () => {
      const [alice] = world.wallets as [Wallet];
      const { set } = world;
      const { desk } = world.at;
      const journal = await journalOf("alice");
      const expired = await prepare();
      const request = { journal, desk, sign: signing(alice) };
      await signCommitment({ ...pick(expired), ...request });
      const signed = await world.sign(expired.commitment);
      await world.chain.mine(51);
      await expect(world.relay(signed)).to.be.revertedWithCustomError(world.desk, "CommitmentExpired");
      await rejected("ALREADY_SIGNED", signCommitment({ ...pick(await prepare()), ...request }));

      await world.enterEpoch();
      await world.chain.mine(); // anchors are newer than the opening
      const anew = await prepare();
      expect(anew.commitment).to.deep.include({ epoch: 2n, sequence: expired.commitment.sequence });
      const signature = await signCommitment({ ...pick(anew), ...request });
      const bobs = { signer: set.signers[1]!, signature: (await signaturesOf(anew.commitment))[1]! };
      const signatures = assembleSignatures({ set, signatures: [{ signer: alice.address, signature }, bobs] });
      await world.desk.relay(...relayCall({ desk, commitment: anew.commitment, set, signatures }).args);
      const { head, sequence, epoch } = await onRecord();
      expect([head, sequence, epoch]).to.deep.equal([hashCommitment(anew.commitment), 1n, 2n]);
      // Two commitments of one sequence, each in its epoch, are no equivocation.
      const both = world.desk.disputeEquivocation(signed, await world.sign(anew.commitment));
      await expect(both).to.be.revertedWithCustomError(world.desk, "EpochMismatch").withArgs(2, 1);
    });
  });

  it("assembles signatures in the order of the set, and refuses what no desk would take", () => {
    const { set } = world;
    const [first, second, third] = set.signers as [Hex, Hex, Hex];
    const signed = (signer: string, signature = "0x01") => ({ signer, signature });
    const both = [signed(third, "0x03"), signed(first.toLowerCase())];
    expect(assembleSignatures({ set, signatures: both })).to.deep.equal(["0x01", "0x", "0x03"]);
    const refused: [string, ReturnType<typeof signed>[]][] = [
      ["1 signed, and 2 must", [signed(first)]],
      [`${second} signed twice`, [signed(second), signed(second, "0x02")]],
      [`${world.at.desk} is none of the 3 signers`, [signed(first), signed(world.at.desk)]],
      [`the signature of ${first} is empty`, [signed(first, "0x"), signed(second)]],
    ];
    for (const [reason, signatures] of refused)
      expect(thrown("INVALID_COMMITMENT", () => assembleSignatures({ set, signatures })).message).to.equal(reason);
  });
});

/** What the journal is asked with. */
function pick({ commitment, floor }: Awaited<ReturnType<typeof prepareCommitment>>) {
  return { commitment, floor };
}

/** The slot of a mapping's entry, as Solidity's documents say. */
function mappingSlot(owner: Hex, slot: bigint): Hex {
  return toHex(keccak256(getBytes(`0x${owner.slice(2).padStart(64, "0")}${toWord(slot).slice(2)}`)));
}
