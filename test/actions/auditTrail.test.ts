import { expect } from "chai";
import { Interface, keccak256, toUtf8Bytes } from "ethers";
import { network } from "hardhat";

import { auditTrail, type AuditEvent } from "../../src/actions/auditTrail.js";
import { explainLedger } from "../../src/actions/explainLedger.js";
import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment } from "../../src/ledger/commitment.js";
import { readEvent } from "../../src/ledger/events.js";
import { quorum } from "../../src/rpc/quorum.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected, thrown } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { scopeNamed } from "../../tools/policy/world.js";
import { ILedgerDesk__factory, IPolicyGuard__factory } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const DAY = 86_400;
const MARKET = scopeNamed("eth");
const ZERO = toWord(0n);

describe("what happened to a ledger", () => {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const endpoint = (): Request => (args) => world.chain.request(args);
  const where = () => ({ desk: world.at.desk, guard: world.at.guard, scope: "eth" });
  const explained = () => explainLedger(endpoint(), where());
  const date = (seconds: bigint): string => `${seconds} (${new Date(Number(seconds) * 1_000).toISOString()})`;
  const namesOf = (events: readonly AuditEvent[]) => events.map(({ name }) => name);

  /** A quorum signs two commitments of one sequence, and somebody shows it. */
  async function contradict(): Promise<void> {
    const commitment = await world.next();
    const other = { ...commitment, validUntil: commitment.validUntil + 1n };
    await world.chain.mine();
    await world.desk.disputeEquivocation(await world.sign(commitment), await world.sign(other));
  }

  describe("explainLedger", () => {
    it("says what is on record, when the next commitment is due, and from when it can be retired", async () => {
      const commitment = await world.commit();
      const { timestamp, number } = (await world.chain.tools.ethers.provider.getBlock("latest"))!;
      const { state, record, committedUntil, retirement, healing, lines } = await explained();
      expect([state, healing]).to.deep.equal(["sound", undefined]);
      const head = hashCommitment(commitment);
      expect(record).to.deep.include({ head, sequence: 1n, epoch: 1n, anchored: commitment.anchor.number });
      const end = (seconds: number) => ({
        time: BigInt(timestamp + seconds),
        number: BigInt(number + Math.floor((seconds * 1_000) / 13_500)),
      });
      expect(committedUntil).to.deep.equal(end(600));
      expect(retirement!.isDue).to.equal(false);
      expect(retirement!.from!.time >= end(28 * DAY).time).to.equal(true);
      expect(lines.slice(0, 2)).to.deep.equal([
        `The ledger of scope "eth" is sound at block ${number}, ${date(BigInt(timestamp))}.`,
        `Epoch 1 is open. Sequence 1 is on record, by the hash ${head}. The next is of block ${commitment.anchor.number} or a newer one.`,
      ]);
      const due = `The scope is Stale from ${date(committedUntil!.time)} and block ${committedUntil!.number} on.`;
      expect(lines[2]).to.equal(`${due} The next commitment is due until then.`);
      expect(await explainLedger(quorum([endpoint(), endpoint()]), where())).to.deep.equal(await explained());
    });

    it("calls a ledger silent as soon as the next commitment is overdue by the clock", async () => {
      await world.commit();
      const { committedUntil, block } = await explained();
      const left = Number(committedUntil!.time - block.time);
      await world.chain.stall({ seconds: left - 12 });
      await world.chain.mine();
      expect((await explained()).state).to.equal("sound");
      await world.chain.mine();
      const { state, lines } = await explained();
      expect(state).to.equal("silent");
      expect(lines[2]).to.match(/The next commitment was due until then\.$/);
    });

    it("says what heals a contradicted ledger, and when anybody can; what it says comes true", async () => {
      await contradict();
      const first = await explained();
      expect([first.state, first.healing!.isDue]).to.deep.equal(["contradicted", false]);
      const needed = Number(first.healing!.needed);
      expect([first.record.streak, first.record.healableFrom]).to.deep.equal([0n, undefined]);
      for (let i = 0; i < needed; i++) await world.commit();
      const { record, lines } = await explained();
      expect(record.streak).to.equal(BigInt(needed));
      const { time, number } = record.healableFrom!;
      expect(lines[2]).to.equal(
        `Evidence of block ${record.contradicted} stands against it. Commitments of newer blocks heal it: ${needed} count, of ${needed}, and not before ${date(time)} and block ${number}.`,
      );
      const { block } = await explained();
      await world.chain.passTime({ seconds: Number(time - block.time) });
      const due = await explained();
      expect(due.healing).to.deep.equal({ isDue: true, needed: undefined });
      expect(due.lines[2]).to.match(/anybody can heal it now\.$/);
      await world.desk.heal(world.at.guard, MARKET);
      expect((await explained()).healing).to.equal(undefined);
    });

    it("says when a silent ledger can be retired, and that a retired one counts no more", async () => {
      await world.chain.stall({ seconds: 150 * DAY });
      await world.chain.mine();
      const due = await explained();
      expect(due.retirement).to.deep.equal({ isDue: true, from: undefined });
      expect(due.lines).to.include("Anybody can retire it now.");
      await world.desk.retire(world.at.guard, MARKET);
      const { state, retirement, lines } = await explained();
      expect([state, retirement]).to.deep.equal(["retired", undefined]);
      expect(lines).to.include("It counts no more: its scope goes by the chain alone.");
    });
  });

  describe("auditTrail", () => {
    it("lists a ledger's events and its scope's, in their order, each commitment with its anchor", async () => {
      const first = await world.commit();
      await contradict();
      const second = await world.commit();
      // #region audit
      const connection = quorum([endpoint(), endpoint()]);
      const { isSound, events } = await auditTrail(connection, where());
      const commitments = events.filter(({ commitment }) => commitment !== undefined);
      const anchors = commitments.map(({ anchor, follows }) => `${anchor}, ${follows ? "follows" : "does not follow"}`);
      // #endregion audit
      const opening = ["LedgerNamed", "LedgerOpened", "EpochOpened"];
      const later = ["LedgerCommitted", "LedgerContradicted", "ScopeRaised", "LedgerCommitted"];
      expect(namesOf(events)).to.deep.equal([...opening, ...later]);
      expect([isSound, anchors]).to.deep.equal([true, ["canonical, follows", "canonical, follows"]]);
      expect(commitments.map(({ commitment }) => hashCommitment(commitment!))).to.deep.equal([first, second].map(hashCommitment)); // prettier-ignore
      expect(events[2]!.facts).to.deep.equal({ epoch: 1n });
      expect(events[4]!.facts).to.deep.include({ dispute: "equivocation" });
      expect(events[5]!.facts).to.deep.include({ status: "Diverged" });
      const { block, by, transaction } = events[4]!;
      const receipt = (await world.chain.tools.ethers.provider.getTransactionReceipt(transaction))!;
      expect([by, block.number, block.hash]).to.deep.equal(["desk", BigInt(receipt.blockNumber), receipt.blockHash]);
      // The other market has a trail of its own.
      expect((await auditTrail(endpoint(), { ...where(), scope: "btc" })).events).to.have.length(3);
    });

    it("shows an anchor that the chain does not have, one that is misstated, and one that is not known", async () => {
      const number = (await world.chain.mine()).number;
      const asked = { method: "eth_getBlockByNumber", params: [toQuantity(number), false] };
      const before = await world.chain.request(asked);
      await world.chain.reorg({ depth: 1, seed: "another branch" });
      const { hash, stateRoot } = (await world.chain.request(asked)) as { hash: Hex; stateRoot: Hex };
      expect(hash).not.to.equal((before as { hash: Hex }).hash);
      await world.chain.mine();
      await world.commit({ anchor: { number, hash, stateRoot } });
      const seen = async (answer?: unknown) => {
        const bent: Request = (args) =>
          answer !== undefined && args.method === asked.method && (args.params as unknown[])[0] === asked.params[0]
            ? Promise.resolve(answer)
            : world.chain.request(args);
        const { isSound, events } = await auditTrail(bent, where());
        return [isSound, events.at(-1)!.anchor];
      };
      expect(await seen()).to.deep.equal([true, "canonical"]);
      expect(await seen(before)).to.deep.equal([false, "orphaned"]);
      expect(await seen(null)).to.deep.equal([false, "unknown"]);
      // Whoever signs may claim another state root, and even none.
      await world.commit({ anchor: { number, hash, stateRoot: hash } });
      expect(await seen()).to.deep.equal([false, "misstated"]);
    });

    it("finds a commitment that an endpoint leaves out by the next one", async () => {
      const [first] = [await world.commit(), await world.commit(), await world.commit()];
      const hidden = hashCommitment(first!);
      const silent: Request = async (args) => {
        const answer = await world.chain.request(args);
        if (args.method !== "eth_getLogs") return answer;
        return (answer as { topics: string[] }[]).filter(({ topics }) => topics[3] !== hidden);
      };
      const { isSound, events } = await auditTrail(silent, where());
      expect([isSound, events.slice(-2).map(({ follows }) => follows)]).to.deep.equal([false, [false, true]]);
      const later = await auditTrail(silent, { ...where(), from: 3n });
      expect([later.isSound, later.events.slice(-2).map(({ follows }) => follows)]).to.deep.equal([true, [undefined, true]]); // prettier-ignore
    });

    it("asks for shorter ranges where an endpoint refuses long ones, and for each block once", async () => {
      await world.commit();
      await world.chain.mine(2_000);
      const ranges: bigint[] = [];
      const picky: Request = async (args) => {
        if (args.method !== "eth_getLogs") return world.chain.request(args);
        const [{ fromBlock, toBlock }] = args.params as [{ fromBlock: Hex; toBlock: Hex }];
        const size = BigInt(toBlock) - BigInt(fromBlock) + 1n;
        ranges.push(size);
        if (size > 1_000n) throw Object.assign(new Error("block range too large"), { code: -32_005 });
        return world.chain.request(args);
      };
      const { events } = await auditTrail(picky, where());
      expect(events).to.deep.equal((await auditTrail(endpoint(), where())).events);
      const total = world.chain.head.number + 1n;
      expect(ranges.filter((size) => size <= 1_000n).reduce((sum, size) => sum + size, 0n)).to.equal(2n * total);
      const deaf: Request = (args) =>
        args.method === "eth_getLogs" ? Promise.reject(new Error("no logs")) : world.chain.request(args);
      await rejected("RPC_FAILED", auditTrail(deaf, where()));
    });

    it("refuses logs that are none of the ledger's, or of another block", async () => {
      await world.commit();
      const changes: Record<string, unknown>[] = [
        { address: world.at.holder },
        { blockHash: toWord(1n) },
        { topics: [] },
        { topics: [ZERO, ZERO, ZERO] },
        { data: "0x12" },
        { logIndex: "first" },
      ];
      for (const change of changes) {
        const bent: Request = async (args) => {
          const answer = await world.chain.request(args);
          if (args.method !== "eth_getLogs") return answer;
          return (answer as object[]).map((log) => ({ ...log, ...change }));
        };
        const { details } = await rejected("INVALID_RESPONSE", auditTrail(bent, where()));
        expect(details.method, JSON.stringify(change)).to.equal("eth_getLogs");
      }
    });

    it("knows every event of a desk by its name, and those of a guard that stop a scope", () => {
      // A state root of zero is no reason to refuse a trail.
      const data: Hex = `0x${"00".repeat(32 * 24)}`;
      const read = (by: "desk" | "guard", topic: string) => readEvent(by, [topic as Hex, ZERO, ZERO, ZERO], data).name;
      const desk = new Interface(ILedgerDesk__factory.abi);
      const names: string[] = [];
      desk.forEachEvent(({ name, topicHash }) => {
        names.push(name);
        expect(read("desk", topicHash)).to.equal(name);
      });
      expect(names).to.include.members(["LedgerNamed", "LedgerCommitted", "LedgerContradicted", "LedgerRetired"]);
      const guard = new Interface(IPolicyGuard__factory.abi);
      for (const name of ["ScopeRaised", "ScopeHealed", "ScopeDisturbed", "ScopePaused"])
        expect(read("guard", guard.getEvent(name)!.topicHash)).to.equal(name);
    });

    it("reads the first members of an event, and passes over what comes after them", () => {
      const topic = keccak256(toUtf8Bytes("LedgerHealed(address,bytes32,uint64)")) as Hex;
      const { facts } = readEvent("desk", [topic, ZERO, ZERO], `0x${toWord(7n).slice(2)}${"ff".repeat(64)}`);
      expect(facts).to.deep.equal({ number: 7n });
      thrown("INVALID_RESPONSE", () => readEvent("desk", [topic, ZERO, ZERO], "0x"));
      expect(readEvent("desk", [toWord(1n), ZERO, ZERO], "0x")).to.deep.equal({ name: undefined, facts: {} });
    });
  });
});
