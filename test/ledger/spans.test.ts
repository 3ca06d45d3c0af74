import { expect, use } from "chai";
import { concat, id, keccak256 } from "ethers";
import { network } from "hardhat";

import { toWord, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashTerms } from "../../src/ledger/commitment.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { comeTo, commitAt, contradict, leap, refused, timeOf } from "../../tools/ledger/acts.js";
import { bookForContract, forContract, MARKET, ON_RECORD, WATCH, ZERO } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { ACTION, scopeNamed, STATUS } from "../../tools/policy/world.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const DAY = 86_400;
const RETIRE_AFTER = 28 * DAY;
const EXCHANGE = scopeNamed("exchange");
const { delay, silence, healAfter, healFor } = WATCH;

describe("the spans of a ledger, to the second", () => {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create({ time: "raw" })) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const on = (scope: Hex = MARKET) => world.desk.ledgerOf(world.guard, scope);
  const now = () => timeOf(world);
  const to = (time: number) => comeTo(world, time);
  const refuses = (act: Promise<unknown>, name: string, ...args: readonly unknown[]) =>
    refused(world, act, name, ...args);
  /** From when it can be retired, in seconds since 1970. */
  const retirable = async (scope: Hex = MARKET): Promise<number> =>
    Number(BigInt.asUintN(40, (await on(scope)).retirableFrom));
  const heal = () => world.desk.heal(world.guard, MARKET);
  const retire = (scope: Hex = MARKET) => world.desk.retire(world.guard, scope);

  describe("validity", () => {
    it("a commitment is relayed until its last second", async () => {
      const until = (await now()) + 60;
      await commitAt(world, until, { validUntil: BigInt(until) });
      const late = await world.sign(await world.next({ validUntil: BigInt(until + 60) }));
      await to(until + 61);
      await refuses(world.relay(late), "CommitmentExpired", until + 60, late.commitment.validUntilBlock);
    });

    it("a commitment is relayed until its last block", async () => {
      const { anchor } = await world.anchor();
      // The head lies above the anchor, and the commitment's block above the head.
      const [last, over] = [anchor.number + 2n, anchor.number + 1n];
      await refuses(world.relay(await world.sign(await world.next({ anchor, validUntilBlock: over }))), "CommitmentExpired"); // prettier-ignore
      await world.commit({ anchor, validUntilBlock: last });
    });

    it("an epoch is opened until the last second of its signatures", async () => {
      const until = (await now()) + 60;
      const next = world.epochOf(world.set, { validUntil: BigInt(until) });
      const signatures = await world.signEpoch(next);
      const open = () =>
        world.desk.openEpoch(world.guard, MARKET, world.set, world.set, world.rules, until, signatures);
      await to(until + 1);
      await refuses(open(), "EpochExpired", until);
      await to(until);
      await accepted(open());
    });

    it("SG-18: an announced epoch is opened from the end of its delay on, for as long again", async () => {
      const { set } = world;
      const book = { ...world.book, version: toWord(2n) };
      const announce = async () => {
        const sent = world.desk.connect(world.administrator).announceEpoch(world.guard, MARKET, hashTerms(set, book));
        await accepted(sent);
        const at = await now();
        await expect(sent)
          .to.emit(world.desk, "EpochAnnounced")
          .withArgs(world.at.guard, MARKET, hashTerms(set, book), at + delay);
        return at;
      };
      const open = () => world.desk.openAnnouncedEpoch(world.guard, MARKET, set, bookForContract(book));
      // By the clock alone after four times each span, for the test's chain makes no blocks.
      const first = await announce();
      await to(first + 4 * delay - 1);
      await refuses(open(), "EpochNotReady");
      await to(first + 4 * delay);
      await accepted(open());
      const second = await announce();
      await to(second + 8 * delay);
      await refuses(open(), "EpochNotReady");
      await to(second + 8 * delay - 1);
      await accepted(open());
    });
  });

  describe("silence", () => {
    const act = () => world.guard.act(MARKET, ACTION.Increase);

    it("SG-25: begins at the second when a commitment is due", async () => {
      await world.commit();
      const due = (await now()) + silence;
      await world.chain.passTime({ seconds: silence - 24 });
      await to(due - 1);
      await accepted(act());
      await to(due);
      await expect(act()).to.be.rejectedByGuard("ActionDenied");
    });

    it("SG-25: waits for the blocks of its span", async () => {
      await world.open(EXCHANGE, { silence: 60 });
      const opened = await now();
      // Four blocks of 13.5 s are in 60 s.
      for (const block of [1, 2, 3]) {
        await to(opened + 60 + block);
        await accepted(act());
      }
      await to(opened + 64);
      await expect(act()).to.be.rejectedByGuard("ActionDenied");
    });

    it("SG-25: waits for no blocks after four times its span", async () => {
      await world.open(EXCHANGE, { silence: 60 });
      const opened = await now();
      await to(opened + 239);
      await accepted(act());
      await to(opened + 240);
      await expect(act()).to.be.rejectedByGuard("ActionDenied");
    });
  });

  describe("healing", () => {
    /** A contradicted ledger, all of whose commitments that heal came at once. Twenty-two blocks of 13.5 s are in 300 s. */
    async function counted(): Promise<{ time: number; number: number }> {
      await contradict(world);
      await world.commit();
      const [time, number] = [(await now()) + healFor, Number(world.chain.head.number) + 22];
      for (let i = 1; i < healAfter; i++) await world.commit();
      return { time, number };
    }
    /** The head is this many blocks higher, a second each. */
    const rise = async (blocks: number): Promise<void> => {
      for (let i = 0; i < blocks; i++) {
        await to((await now()) + 1);
        await world.chain.mine();
      }
    };

    it("SG-25: counts from the first commitment that counts, to the second", async () => {
      const { time, number } = await counted();
      expect((await on()).healableFrom).to.equal((BigInt(number) << 40n) | BigInt(time));
      await rise(22);
      await to(time - 1);
      await refuses(heal(), "HealingTooEarly", healAfter, healAfter, time, number);
      await to(time);
      await accepted(heal());
    });

    it("SG-25: takes not one commitment less", async () => {
      await contradict(world);
      for (let i = 1; i < healAfter; i++) await world.commit();
      await world.chain.passTime({ seconds: 2 * healFor });
      await refuses(heal(), "HealingTooEarly");
      await world.commit();
      await accepted(heal());
    });

    it("SG-25: waits for the blocks of its time, in which what heals can be contradicted", async () => {
      const { time, number } = await counted();
      await to(time);
      await world.chain.mine();
      // The next transaction's block is one above the head.
      await rise(number - 2 - Number(world.chain.head.number));
      await refuses(heal(), "HealingTooEarly", healAfter, healAfter, time, number);
      await rise(1);
      await accepted(heal());
      expect(Number(world.chain.head.number)).to.equal(number);
    });

    it("SG-25: waits for no blocks after four times its time", async () => {
      const { time, number } = await counted();
      await to(time + 3 * healFor - 1);
      await refuses(heal(), "HealingTooEarly", healAfter, healAfter, time, number);
      await to(time + 3 * healFor);
      await accepted(heal());
      expect(Number(world.chain.head.number)).to.be.lessThan(number);
    });

    it("SG-25: begins anew with each newer evidence, and leaves nothing when it is done", async () => {
      await contradict(world, 101n);
      for (let i = 0; i < healAfter; i++) await world.commit();
      expect((await on()).streak).to.equal(BigInt(healAfter));
      await contradict(world, 102n);
      await world.chain.passTime({ seconds: healFor });
      await refuses(heal(), "HealingTooEarly", 0, healAfter, 0, 0);
      for (let i = 0; i < healAfter; i++) await world.commit();
      await world.chain.passTime({ seconds: healFor });
      await accepted(heal());
      const { isContradicted, contradicted, streak, healableFrom } = await on();
      expect([isContradicted, contradicted, streak, healableFrom]).to.deep.equal([false, 0n, 0n, 0n]);
    });

    it("SG-25: begins anew where the first that counts is contradicted", async () => {
      await contradict(world, 101n);
      const owner = world.owners[0]!;
      world.tree.update([[world.keyOf(owner), 102n]]);
      const lie = await world.commit();
      const proof = await world.leafProof({ rule: 0, owner, anchor: lie.anchor });
      world.tree.update([[world.keyOf(owner), 100n]]);
      const child = await world.commit();
      expect((await on()).streak).to.equal(2n);
      const signed = { commitment: forContract(lie), ...ON_RECORD, descendants: [forContract(child)] };
      await accepted(world.desk.disputeLeaf(signed, bookForContract(world.book), proof));
      expect((await on()).streak).to.equal(0n);
    });

    it("SG-25: commitments beyond 255 count no more, and are relayed all the same", async () => {
      await contradict(world);
      await world.commit();
      await countTo(world, 254);
      await world.commit();
      expect((await on()).streak).to.equal(255n);
      await world.commit();
      expect((await on()).streak).to.equal(255n);
    });
  });

  describe("retirement", () => {
    it("SG-19: is open at the second, 28 days after a commitment was due", async () => {
      await world.open(EXCHANGE);
      const end = (await now()) + silence + RETIRE_AFTER;
      expect(await retirable(EXCHANGE)).to.equal(end);
      // Without blocks it takes four times 28 days.
      await to(end + 3 * RETIRE_AFTER - 1);
      await refuses(retire(EXCHANGE), "RetirementTooEarly");
      await to(end + 3 * RETIRE_AFTER);
      await accepted(retire(EXCHANGE));
    });

    it("SG-19: is postponed by timely commitments, and by none before a week without trouble is over", async () => {
      const scope = EXCHANGE;
      const week = 7 * DAY;
      await world.open(scope, { silence: week });
      const first = (await now()) + 60;
      await commitAt(world, first, { scope });
      expect(await retirable(scope)).to.equal(first + week + RETIRE_AFTER);
      // Without blocks a commitment is due after four times its span.
      const timely = first + 4 * week - 1;
      await commitAt(world, timely, { scope });
      expect(await retirable(scope)).to.equal(timely + week + RETIRE_AFTER);
      const late = timely + 4 * week;
      await commitAt(world, late, { scope });
      await commitAt(world, late + 6 * DAY, { scope });
      const { anchor } = await commitAt(world, late + week - 1, { scope });
      expect(await retirable(scope)).to.equal(timely + week + RETIRE_AFTER);
      await commitAt(world, late + week, { scope, anchor });
      expect(await retirable(scope)).to.equal(late + week + week + RETIRE_AFTER);
    });

    it("SG-19: is postponed by commitments that come late by the clock, and before the blocks of their span", async () => {
      const scope = EXCHANGE;
      await world.open(scope, { silence: 60 });
      // Each commitment comes in the second block. Four blocks of 13.5 s are in 60 s.
      for (let i = 0; i < 2; i++) {
        const time = (await now()) + 90;
        await commitAt(world, time, { scope });
        expect(await retirable(scope)).to.equal(time + 60 + RETIRE_AFTER);
      }
    });

    it("SG-19: is postponed by no commitment that the guard sees as late, whatever the ledger's block time", async () => {
      const scope = EXCHANGE;
      await world.open(scope, { silence: 60, longestBlockTime: 1 });
      await world.commit({ scope });
      const first = await retirable(scope);
      for (let i = 0; i < 3; i++) {
        await world.chain.passTime({ seconds: 72 });
        expect(await world.statusOf(scope)).to.equal(STATUS.Stale);
        await world.commit({ scope });
        expect(await retirable(scope)).to.equal(first);
      }
    });

    it("SG-19: is postponed by every commitment where the guard waits for none", async () => {
      await world.commit();
      // Answers everything with zero.
      await world.chain.request({ method: "hardhat_setCode", params: [world.at.guard, "0x60206000f3"] });
      const time = (await now()) + 9 * DAY;
      await commitAt(world, time);
      expect(await retirable()).to.equal(time + silence + RETIRE_AFTER);
    });

    it("SG-19: counts from a contradiction, which no later one postpones", async () => {
      await contradict(world, 101n);
      const end = (await now()) + RETIRE_AFTER;
      expect(await retirable()).to.equal(end);
      await leap(world, 8 * DAY);
      await contradict(world, 102n);
      expect(await retirable()).to.equal(end);
    });

    it("SG-19: is postponed by no commitment of a contradicted ledger, after a week neither", async () => {
      const scope = EXCHANGE;
      await world.open(scope, { silence: 7 * DAY });
      const one = await world.next({ scope });
      const two = { ...one, ledgerRoot: toWord(5n) };
      await world.chain.mine();
      await accepted(world.desk.disputeEquivocation(await world.sign(one), await world.sign(two)));
      const contradicted = await now();
      const end = await retirable(scope);
      for (const days of [4, 8]) await commitAt(world, contradicted + days * DAY, { scope });
      expect(await retirable(scope)).to.equal(end);
    });

    it("SG-19: counts on where a contradiction of over a week was healed just now", async () => {
      await contradict(world);
      const end = await retirable();
      await leap(world, 8 * DAY);
      for (let i = 0; i < healAfter; i++) await world.commit();
      await world.chain.passTime({ seconds: healFor });
      await accepted(heal());
      await world.commit();
      expect(await retirable()).to.equal(end);
    });

    it("SG-19: is held up by no evidence of the block before, shown in the very block", async () => {
      const { desk, guard, signer, chain } = world;
      await contradict(world);
      await leap(world, 4 * RETIRE_AFTER);
      const newest = { method: "eth_getBlockByNumber", params: ["latest", false] };
      const { number, hash, stateRoot } = (await chain.request(newest)) as Record<"number" | "hash" | "stateRoot", Hex>;
      const one = await world.next({ anchor: { number: BigInt(number), hash, stateRoot } });
      const two = { ...one, ledgerRoot: toWord(5n) };
      const signed = [await world.sign(one), await world.sign(two)] as const;
      const [nonce, gasLimit] = [await signer.getNonce(), 1_000_000];
      await chain.request({ method: "evm_setAutomine", params: [false] });
      await desk.disputeEquivocation(...signed, { nonce, gasLimit });
      const retirement = await desk.retire(guard, MARKET, { nonce: nonce + 1, gasLimit });
      await chain.mine();
      await chain.request({ method: "evm_setAutomine", params: [true] });
      const { blockNumber, status } = (await chain.tools.ethers.provider.getTransactionReceipt(retirement.hash))!;
      expect(status).to.equal(1);
      const contradictions = await desk.queryFilter(desk.filters.LedgerContradicted(), blockNumber);
      expect(contradictions.map(({ args }) => args.number)).to.deep.equal([BigInt(blockNumber - 1)]);
      expect([(await on()).isRetired, await world.statusOf()]).to.deep.equal([true, STATUS.Stale]);
    });

    it("SG-19: leaves no evidence, no trouble and no announced epoch to the ledger that is opened next", async () => {
      const { desk, guard, set } = world;
      await contradict(world, 101n);
      const end = await retirable();
      await leap(world, end + 3 * RETIRE_AFTER - 4 * delay - (await now()));
      await desk.connect(world.administrator).announceEpoch(guard, MARKET, hashTerms(set, world.book));
      await leap(world, 4 * delay - DAY);
      const before = await contradict(world, 102n);
      await leap(world, DAY);
      await accepted(retire());
      const last = world.chain.head.number;
      expect(await guard.causeOf(MARKET, id("settlement-guard.ledger"))).to.deep.equal([0n, last]);

      await refuses(desk.open(guard, MARKET, await world.config()), "LedgerNotNamed", ZERO, world.hashConfig(await world.config())); // prettier-ignore
      await world.open(MARKET);
      [world.sequence, world.previous, world.epoch] = [(await on()).sequence, (await on()).head as Hex, 2n];
      const { isContradicted, contradicted, streak } = await on();
      expect([isContradicted, contradicted, streak]).to.deep.equal([false, 0n, 0n]);
      await refuses(desk.openAnnouncedEpoch(guard, MARKET, set, bookForContract(world.book)), "EpochNotReady");
      const { anchor } = before;
      const proof = await world.leafProof({ rule: 0, owner: world.owners[0]!, anchor, tree: world.treeWith(102n) });
      const old = { commitment: forContract(before), ...ON_RECORD };
      await refuses(desk.disputeLeaf(old, bookForContract(world.book), proof), "LedgerEvidenceNotNewer", anchor.number, last); // prettier-ignore

      await contradict(world, 103n);
      expect(await retirable()).to.equal((await now()) + RETIRE_AFTER);
    });
  });
});

/** Sets the commitments that count for healing of the market's ledger, in the desk's storage. */
async function countTo(world: LedgerWorld, streak: number): Promise<void> {
  const [{ head }, desk] = [await world.desk.ledgerOf(world.guard, MARKET), world.at.desk];
  const storage = async (slot: bigint) =>
    (await world.chain.request({ method: "eth_getStorageAt", params: [desk, toWord(slot), "latest"] })) as Hex;
  const entry = (key: Hex, slot: Hex): Hex => keccak256(concat([key, slot])) as Hex;
  for (let root = 0n; root < 8n; root++) {
    const slot = BigInt(entry(MARKET, entry(toWord(BigInt(world.at.guard)), toWord(root))));
    if ((await storage(slot)) !== head) continue;
    const word = BigInt(await storage(slot + 1n));
    const shift = 240n; // six numbers of 40 bits lie below it
    const value = toWord((word & ~(0xffn << shift)) | (BigInt(streak) << shift));
    await world.chain.request({ method: "hardhat_setStorageAt", params: [desk, toWord(slot + 1n), value] });
  }
  expect((await world.desk.ledgerOf(world.guard, MARKET)).streak).to.equal(BigInt(streak));
}
