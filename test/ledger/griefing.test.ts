import { expect, use } from "chai";
import { network } from "hardhat";

import { settlementGuardMatchers } from "../../src/chai/index.js";
import { disputeOf } from "../../src/actions/disputeOf.js";
import type { RuleDifference } from "../../src/actions/ruleDifferences.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import {
  bookForContract,
  forContract,
  MARKET,
  ON_RECORD,
  OTHER,
  RULES,
  WATCH,
  type SignedInput,
} from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { ACTION, STATUS } from "../../tools/policy/world.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);

/** A trace of operations and the stack alone. */
const QUIET = { disableMemory: true, disableStorage: true };

interface Trace {
  readonly structLogs: readonly { readonly op: string; readonly stack: readonly string[] }[];
}

describe("whoever wants to stop an honest ledger, or to keep a stopped one so", function () {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const owner = (): Hex => world.owners[0]!;
  const book = () => bookForContract(world.book);
  const onRecord = (commitment: Commitment, ...descendants: Commitment[]): SignedInput => ({
    ...{ commitment: forContract(commitment), ...ON_RECORD },
    descendants: descendants.map(forContract),
  });
  const strangers = async () => (await world.chain.tools.ethers.getSigners()).slice(5, 7);
  const proofOf = (anchor: Commitment["anchor"], tree = world.tree) =>
    world.leafProof({ rule: RULES.balance, owner: owner(), anchor, tree });
  const standing = async () => [...((await world.desk.ledgerOf(world.guard, MARKET)) as unknown as readonly unknown[])];

  /** Relays a ledger of a balance that the chain does not have. The arguments of `disputeLeaf` prove it. */
  async function lie(balance: bigint) {
    world.tree.update([[world.keyOf(owner()), balance]]);
    const commitment = await world.commit();
    const proof = await proofOf(commitment.anchor);
    world.tree.update([[world.keyOf(owner()), 100n]]);
    return { commitment, proof, args: [onRecord(commitment), book(), proof] as const };
  }

  /** The slots that the transactions of the blocks after `from` have written, of any contract. */
  async function slotsWrittenSince(from: number): Promise<Set<string>> {
    const { provider } = world.chain.tools.ethers;
    const slots = new Set<string>();
    for (let number = from + 1; number <= (await provider.getBlockNumber()); number++) {
      for (const hash of (await provider.getBlock(number))!.transactions) {
        const trace = (await provider.send("debug_traceTransaction", [hash, QUIET])) as Trace;
        for (const { op, stack } of trace.structLogs) if (op === "SSTORE") slots.add(BigInt(`0x${stack.at(-1)!.replace("0x", "")}`).toString(16)); // prettier-ignore
      }
    }
    return slots;
  }

  it("B1: what was true of an older block is no evidence against a ledger that followed the chain", async () => {
    const before = await world.commit();
    const old = await proofOf(before.anchor);
    await world.holder.setBalance(owner(), 40n);
    world.tree.update([[world.keyOf(owner()), 40n]]);
    const after = await world.commit();
    const stale = { ...(await proofOf(after.anchor)), state: old.state };
    await expect(world.desk.disputeLeaf(onRecord(after), book(), stale)).to.be.rejectedByGuard("HeaderHashMismatch");
    // Of its own block the older ledger is right.
    await expect(world.desk.disputeLeaf(onRecord(before, after), book(), old)).to.be.revertedWithCustomError(world.desk, "ClaimHolds"); // prettier-ignore
    expect(await world.statusOf()).to.equal(STATUS.Synced);
  });

  it("B2: a hash that the chain does not know, the current block and one that is too old are no evidence", async () => {
    const { anchor } = await world.anchor();
    const wrong = { ...anchor, hash: toWord(1n) };
    const dispute = async (number: bigint) =>
      world.desk.disputeAnchor(await world.sign(await world.next({ anchor: { ...wrong, number } })));
    const head = await world.chain.tools.ethers.provider.getBlockNumber();
    await expect(dispute(BigInt(head) + 1n)).to.be.rejectedByGuard("AnchorIsCurrentBlock");
    const signed = await world.sign(await world.next({ anchor: wrong }));
    await world.chain.mine(8_200);
    await expect(world.desk.disputeAnchor(signed)).to.be.rejectedByGuard("AnchorOutOfWindow");
    expect((await world.desk.ledgerOf(world.guard, MARKET)).isContradicted).to.equal(false);
  });

  it("B3: a malformed proof, of the ledger or the chain, is no evidence", async () => {
    const commitment = await world.commit();
    const proof = await proofOf(commitment.anchor);
    const spoilt = (witness: string) => [witness.slice(0, -2), `${witness}00`, "0x", `${witness.slice(0, -2)}ff`];
    for (const witness of spoilt(proof.witness))
      await expect(world.desk.disputeLeaf(onRecord(commitment), book(), { ...proof, witness })).to.be.rejectedByGuard("StateProofInvalid"); // prettier-ignore
    for (const witness of spoilt(proof.state.witness)) {
      const state = { ...proof.state, witness };
      await expect(world.desk.disputeLeaf(onRecord(commitment), book(), { ...proof, state })).to.be.rejectedByGuard("StateProofInvalid"); // prettier-ignore
    }
    expect(await world.statusOf()).to.equal(STATUS.Synced);
  });

  it("B12: whoever relays first, the same comes on record; whoever comes second loses nothing but gas", async () => {
    const commitment = await world.next();
    const { commitment: input, set, signatures } = await world.sign(commitment);
    const [first, second] = (await strangers()).map((by) => world.desk.connect(by));
    await first!.relay(input, set, signatures);
    const record = await standing();
    await expect(second!.relay(input, set, signatures)).to.be.revertedWithCustomError(world.desk, "SequenceMismatch").withArgs(2, 1); // prettier-ignore
    expect(await standing()).to.deep.equal(record);
  });

  it("B4, B12: a dispute that somebody else sent first changes nothing again, and names what stands", async () => {
    const { commitment, proof, args } = await lie(101n);
    const [first, second] = (await strangers()).map((by) => world.desk.connect(by));
    await first!.disputeLeaf(...args);
    const child = await world.commit();
    const record = await standing();
    const { number } = commitment.anchor;
    await expect(second!.disputeLeaf(onRecord(commitment, child), book(), proof))
      .to.be.revertedWithCustomError(world.desk, "LedgerEvidenceNotNewer")
      .withArgs(number, number);
    expect(await standing()).to.deep.equal(record);
  });

  it("B15: with whatever gas a dispute is sent, it takes effect whole or not at all", async () => {
    const { args } = await lie(101n);
    const whole = await world.desk.disputeLeaf.estimateGas(...args);
    let took = 0;
    for (let percent = 50n; percent <= 104n; percent += 3n) {
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      const hasTaken = await world.desk.disputeLeaf(...args, { gasLimit: (whole * percent) / 100n }).then(
        () => true,
        () => false,
      );
      if (hasTaken) took++;
      const { isContradicted } = await world.desk.ledgerOf(world.guard, MARKET);
      const expected = hasTaken ? [true, STATUS.Diverged] : [false, STATUS.Synced];
      expect([isContradicted, await world.statusOf()], `${percent} %`).to.deep.equal(expected);
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
    }
    // Both came about.
    expect(took).to.be.within(1, 18);
  });

  it("B16: commitments, disputes, healings and epochs write no slot the second time that they have not written the first", async () => {
    const rounds: Set<string>[] = [];
    for (let round = 0; round < 2; round++) {
      const from = await world.chain.tools.ethers.provider.getBlockNumber();
      const one = await world.commit();
      const two = await world.sign({ ...one, ledgerRoot: toWord(5n) });
      await world.desk.disputeEquivocation(onRecord(one), two);
      for (let i = 0; i < WATCH.healAfter; i++) await world.commit();
      await world.chain.passTime({ seconds: WATCH.healFor });
      await world.desk.heal(world.guard, MARKET);
      await world.enterEpoch();
      rounds.push(await slotsWrittenSince(from));
    }
    const [first, second] = rounds;
    expect(first!.size).to.be.greaterThan(5);
    expect([...second!].filter((slot) => !first!.has(slot))).to.deep.equal([]);
  });

  it("SG-23: no lie is buried under its descendants: a dispute brings 63 of them at most, however many there are", async () => {
    const { commitment: first, proof } = await lie(101n);
    const children: Commitment[] = [];
    for (let i = 0; i < 130; i++) children.push(await world.commit({ anchor: children[0]?.anchor ?? (await world.anchor()).anchor })); // prettier-ignore
    const dispute = (count: number) => world.desk.disputeLeaf(onRecord(first, ...children.slice(0, count)), book(), proof); // prettier-ignore
    await expect(dispute(62)).to.be.revertedWithCustomError(world.desk, "NotOnRecord");
    await expect(dispute(64)).to.be.revertedWithCustomError(world.desk, "NotOnRecord");
    // The 64th is on record by itself.
    await expect(world.desk.disputeAnchor(onRecord(children[62]!))).to.be.revertedWithCustomError(world.desk, "ClaimHolds"); // prettier-ignore
    for (const count of [63, 127, 130]) {
      const snapshot = await world.chain.request({ method: "evm_snapshot" });
      await accepted(dispute(count));
      expect(await world.statusOf()).to.equal(STATUS.Diverged);
      await world.chain.request({ method: "evm_revert", params: [snapshot] });
    }
    const difference: RuleDifference = { of: "rule", rule: RULES.balance, owner: owner(), kind: "differs", here: 101n, holder: world.at.holder }; // prettier-ignore
    const { args } = await disputeOf(world.chain.request, {
      ...{ difference, desk: world.at.desk, commitment: first },
      ...{ tree: world.treeWith(101n), book: world.book, descendants: children },
    });
    expect(args[0].descendants.length).to.equal(63);
  });

  it("SG-23: one commitment a block is relayed, so that the window of hashes has no more than are kept", async () => {
    const [one, two] = [await world.next(), await world.next()];
    const second = await world.sign({ ...two, sequence: 2n, previous: hashCommitment(one) });
    const first = await world.sign(one);
    const nonce = await world.signer.getNonce();
    await world.chain.request({ method: "evm_setAutomine", params: [false] });
    const send = ({ commitment, set, signatures }: SignedInput, by: number) =>
      world.desk.relay(commitment, set, signatures, { nonce: nonce + by, gasLimit: 500_000 });
    const sent = [await send(first, 0), await send(second, 1)];
    await world.chain.mine();
    await world.chain.request({ method: "evm_setAutomine", params: [true] });
    const receipts = await Promise.all(
      sent.map(({ hash }) => world.chain.tools.ethers.provider.getTransactionReceipt(hash)),
    );
    expect(receipts.map((receipt) => receipt!.status)).to.deep.equal([1, 0]);
    const { blockNumber } = receipts[0]!;
    const meanwhile = world.desk.relay.staticCall(second.commitment, second.set, second.signatures, { blockTag: blockNumber }); // prettier-ignore
    await expect(meanwhile)
      .to.be.revertedWithCustomError(world.desk, "RelayedTooSoon")
      .withArgs(blockNumber + 1);
    await accepted(world.relay(second));
    expect((await world.desk.ledgerOf(world.guard, MARKET)).sequence).to.equal(2n);
  });

  it("SG-25: while nothing is finalized the last block that was will do, until it is too old; then the scope is Stale, and no worse", async () => {
    const { anchor } = await world.commit({ tier: "finalized" });
    for (let i = 0; i < 3; i++) {
      await world.chain.passTime({ seconds: WATCH.silence / 2 });
      await world.commit({ tier: "finalized", anchor });
      expect(await world.statusOf()).to.equal(STATUS.Synced);
    }
    await world.chain.mine(WATCH.maxAge);
    const late = await world.next({ tier: "finalized", anchor, validUntilBlock: anchor.number + 10_000n });
    await expect(world.relay(await world.sign(late))).to.be.revertedWithCustomError(world.desk, "AnchorTooDeep");
    await world.chain.passTime({ seconds: WATCH.silence + 12 });
    expect([await world.statusOf(), await world.statusOf(OTHER)]).to.deep.equal([STATUS.Stale, STATUS.Stale]);
    await world.guard.decrease(MARKET);
    await world.guard.act(MARKET, ACTION.Deposit);
    // `late` was signed: another of its sequence would be equivocation.
    await world.enterEpoch();
    await world.commit({ tier: "finalized" });
    expect((await world.desk.ledgerOf(world.guard, MARKET)).isContradicted).to.equal(false);
  });

  it("SG-23: a signer whose endpoint lags anchors to an ancestor, which is relayed and no evidence", async () => {
    const { anchor } = await world.anchor();
    await world.chain.mine(20);
    const lagging = await world.commit({ anchor });
    for (const signed of [onRecord(lagging), await world.sign(lagging)])
      await expect(world.desk.disputeAnchor(signed)).to.be.revertedWithCustomError(world.desk, "ClaimHolds").withArgs(0, anchor.hash, anchor.hash); // prettier-ignore
    expect(await world.statusOf()).to.equal(STATUS.Synced);
  });

  it("SG-23: a minority of the signers trips nothing, by whatever it signs about other blocks and sequences", async () => {
    const honest = await world.commit();
    const [traitor] = world.wallets;
    const { anchor } = await world.anchor();
    const wrong: Partial<Commitment>[] = [
      { anchor: { ...anchor, hash: toWord(7n) } },
      { sequence: honest.sequence, previous: toWord(3n) },
      { previous: toWord(3n) },
      { ledgerRoot: toWord(9n) },
    ];
    for (const change of wrong) {
      const alone = await world.sign(await world.next({ anchor, ...change }), [traitor!]);
      for (const dispute of [
        world.desk.disputeAnchor(alone),
        world.desk.disputeEquivocation(onRecord(honest), alone),
        world.desk.disputeChain(onRecord(honest), alone),
      ])
        await expect(dispute).to.be.revertedWithCustomError(world.desk, "QuorumMissing").withArgs(2, 1);
    }
    expect(await world.statusOf()).to.equal(STATUS.Synced);
    expect((await world.desk.ledgerOf(world.guard, MARKET)).head).to.equal(hashCommitment(honest));
  });
});
