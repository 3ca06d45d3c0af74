import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { announced } from "../../tools/random.js";
import { ACTION, blocksIn, CONFIG, FORMS, scopeNamed, STATUS, World, type Target } from "../../tools/policy/world.js";

const [MARKET, OTHER, SUBJECT, SECOND] = ["market", "other", "subject", "second"].map(scopeNamed) as [
  Hex,
  Hex,
  Hex,
  Hex,
];
/** What is proven is accepted after an hour, and as many blocks as that takes at the slowest. */
const DELAY = 3_600;
const DELAY_BLOCKS = blocksIn(DELAY);
const STALE_BLOCKS = blocksIn(CONFIG.staleFor);
const causeOf = (subject: Hex): Hex => keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32"], [subject])) as Hex;

for (const { name, build, wrap } of FORMS) {
  describe(`ProvenBeliefs, ${name}`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("BeliefTarget", undefined, wrap);
      for (const scope of [MARKET, OTHER]) await target.do("configure", [scope, CONFIG]);
    });

    const believe = (amount: bigint | number, scope = MARKET) => target.do("believe", [scope, SUBJECT, amount]);
    const beliefOf = async (scope = MARKET, subject = SUBJECT): Promise<unknown[]> =>
      (await target.do("beliefOf", [scope, subject]))[0] as unknown[];
    const statusOf = async (scope = MARKET): Promise<string> => (await target.statusOf(scope)).status;
    const at = (blocks: number): bigint => world.number + BigInt(blocks);

    /** 100 are believed, and 40 proven a block later. */
    async function contradict(): Promise<bigint> {
      await believe(100);
      world.pass(24);
      const evidence = at(-1);
      expect(await target.do("contradict", [MARKET, SUBJECT, 40, evidence])).to.deep.equal([true]);
      expect(await statusOf()).to.equal("Diverged");
      return evidence;
    }

    it("counts each new amount, more or less, from its block on, and the same one from where it did", async () => {
      for (const amount of [100, 99, 100]) {
        world.pass(60);
        const { logs } = await target.send("believe", [MARKET, SUBJECT, amount]);
        expect(logs).to.deep.equal([{ name: "Believed", args: [MARKET, SUBJECT, BigInt(amount)] }]);
        expect(await beliefOf()).to.deep.equal([BigInt(amount), world.number, 0n]);
        await target.refuses("ProofOlderThanBelief", [MARKET, SUBJECT, at(-1), world.number], "contradict", [
          MARKET,
          SUBJECT,
          0,
          at(-1),
        ]);
      }
      const since = world.number;
      world.pass(60);
      const again = await target.send("believe", [MARKET, SUBJECT, 100]);
      expect([again.logs, again.writes]).to.deep.equal([[], []]);
      expect(await beliefOf()).to.deep.equal([100n, since, 0n]);
      // A proof of the very block in which it was believed is of the state after it.
      expect(await target.do("contradict", [MARKET, SUBJECT, 99, since])).to.deep.equal([true]);
    });

    it("SG-7, A1: less that was believed in time contradicts nothing, whatever was believed before", async () => {
      await believe(100);
      world.pass(60);
      await believe(40);
      const since = world.number;
      world.pass(60);
      for (const number of [since, at(-1)])
        await target.refuses("BeliefHolds", [MARKET, SUBJECT, 40, 40], "contradict", [MARKET, SUBJECT, 40, number]);
      expect(await statusOf()).to.equal("Synced");
    });

    it("SG-5: makes the scope of the belief Diverged, and no other, under a cause that names the subject alone", async () => {
      const evidence = await contradict();
      expect(await statusOf(OTHER)).to.equal("Synced");
      const cause = [BigInt(STATUS.Diverged), evidence];
      expect(await target.do("causeOf", [MARKET, causeOf(SUBJECT)])).to.deep.equal(cause);
      await target.do("believe", [OTHER, SUBJECT, 1]);
      world.pass(24);
      await target.do("contradict", [OTHER, SUBJECT, 0, at(-1)]);
      expect(await target.do("causeOf", [OTHER, causeOf(SUBJECT)])).to.deep.equal([BigInt(STATUS.Diverged), at(-1)]);
      // Another subject of the scope is another matter.
      await target.do("believe", [MARKET, SECOND, 5]);
      expect(await beliefOf(MARKET, SECOND)).to.deep.equal([5n, world.number, 0n]);
    });

    it("SG-11: nobody believes while it is contradicted, neither more nor less nor the same", async () => {
      const evidence = await contradict();
      for (const amount of [0, 40, 100, 101])
        await target.refuses("BeliefContradicted", [MARKET, SUBJECT, 100, evidence], "believe", [
          MARKET,
          SUBJECT,
          amount,
        ]);
    });

    it("SG-11: reconciles with enough, of a block newer than all that spoke against it", async () => {
      const evidence = await contradict();
      world.pass(24);
      await target.refuses("BeliefUnmet", [MARKET, SUBJECT, 100, 99], "reconcile", [MARKET, SUBJECT, 99, at(-1)]);
      await target.refuses("EvidenceNotNewer", [MARKET, causeOf(SUBJECT), evidence, evidence], "reconcile", [
        MARKET,
        SUBJECT,
        100,
        evidence,
      ]);
      // Newer evidence counts while it may not be accepted.
      const [, , acceptableFrom] = await beliefOf();
      expect(await target.do("contradict", [MARKET, SUBJECT, 40, at(-1)])).to.deep.equal([false]);
      expect((await beliefOf())[2], "and puts nothing off").to.equal(acceptableFrom);
      await target.refuses("EvidenceNotNewer", [MARKET, causeOf(SUBJECT), at(-1), at(-1)], "reconcile", [
        MARKET,
        SUBJECT,
        100,
        at(-1),
      ]);
      world.pass(24);
      await target.do("reconcile", [MARKET, SUBJECT, 100, at(-1)]);
      expect(await statusOf()).to.equal("Stale");
      expect((await beliefOf())[0]).to.equal(100n);
      await target.refuses("CauseNotOpen", [MARKET, causeOf(SUBJECT)], "reconcile", [MARKET, SUBJECT, 100, at(-1)]);
    });

    it("SG-7, A1: accepts what is proven after an hour in time and blocks, or after four by the clock alone", async () => {
      const evidence = await contradict();
      const [time, number] = [world.time + BigInt(DELAY), at(DELAY_BLOCKS)];
      expect(await beliefOf()).to.deep.equal([100n, evidence - 1n, time | (number << 40n)]);
      for (const [seconds, blocks, isDue] of [
        [24, 2, false],
        [DELAY - 1, DELAY, false],
        [DELAY, DELAY_BLOCKS - 1, false],
        [DELAY, DELAY_BLOCKS, true],
        [4 * DELAY - 1, 2, false],
        [4 * DELAY, 2, true],
      ] as const)
        await world.aside(async () => {
          world.pass(seconds, blocks);
          const args = [MARKET, SUBJECT, 30, at(-1)];
          if (isDue) await target.do("accept", args);
          else await target.refuses("AcceptanceTooEarly", [MARKET, SUBJECT, time, number], "accept", args);
        });
    });

    it("SG-7, A1: believes what is proven, writes the loss while nothing can leave, and heals into Stale", async () => {
      await contradict();
      world.pass(DELAY);
      const number = at(-1);
      const { logs } = await target.send("accept", [MARKET, SUBJECT, 30, number]);
      expect(logs).to.deep.equal([
        { name: "ProvenAccepted", args: [MARKET, SUBJECT, 100n, 30n, number] },
        { name: "LossWritten", args: [MARKET, SUBJECT, 100n, 30n, 30n, BigInt(STATUS.Diverged)] },
        { name: "ScopeHealed", args: [MARKET, causeOf(SUBJECT), number] },
      ]);
      expect((await beliefOf()).slice(0, 2)).to.deep.equal([30n, number]);
      expect(await statusOf()).to.equal("Stale");
      await target.refuses("ActionDenied", [MARKET, ACTION.Withdraw, STATUS.Stale], "act", [MARKET, ACTION.Withdraw]);
      world.pass(CONFIG.staleFor, STALE_BLOCKS);
      await target.do("act", [MARKET, ACTION.Withdraw]);
      // What was accepted can be believed anew, and contradicted by less that is newer.
      await world.aside(() => target.do("believe", [MARKET, SUBJECT, 31]));
      expect(await target.do("contradict", [MARKET, SUBJECT, 29, at(-1)])).to.deep.equal([true]);
      expect(await statusOf()).to.equal("Diverged");
      await target.refuses(
        "AcceptanceTooEarly",
        [MARKET, SUBJECT, world.time + BigInt(DELAY), at(DELAY_BLOCKS)],
        "accept",
        [MARKET, SUBJECT, 29, at(-1)],
      );
    });

    it("SG-11: accepts nothing that is enough, old, or not contradicted", async () => {
      await believe(100);
      world.pass(DELAY);
      await target.refuses("CauseNotOpen", [MARKET, causeOf(SUBJECT)], "accept", [MARKET, SUBJECT, 40, at(-1)]);
      const evidence = at(-1);
      await target.do("contradict", [MARKET, SUBJECT, 40, evidence]);
      world.pass(DELAY);
      const older = [MARKET, causeOf(SUBJECT), evidence, evidence];
      await target.refuses("EvidenceNotNewer", older, "accept", [MARKET, SUBJECT, 40, evidence]);
      await target.refuses("BeliefHolds", [MARKET, SUBJECT, 100, 100], "accept", [MARKET, SUBJECT, 100, at(-1)]);
      const since = (await beliefOf())[1] as bigint;
      await target.refuses("ProofOlderThanBelief", [MARKET, SUBJECT, since - 1n, since], "accept", [
        MARKET,
        SUBJECT,
        40,
        since - 1n,
      ]);
      await target.do("accept", [MARKET, SUBJECT, 40, at(-1)]);
      await target.refuses("BeliefHolds", [MARKET, SUBJECT, 40, 40], "accept", [MARKET, SUBJECT, 40, at(-1)]);
    });

    it("A1: newer evidence outruns no acceptance once it may be accepted", async () => {
      const evidence = await contradict();
      world.pass(DELAY);
      const { values, writes } = await target.send("contradict", [MARKET, SUBJECT, 0, at(-1)]);
      expect([values, writes]).to.deep.equal([[false], []]);
      expect((await target.do("causeOf", [MARKET, causeOf(SUBJECT)]))[1]).to.equal(evidence);
      await target.do("accept", [MARKET, SUBJECT, 40, at(-1)]);
    });

    it("SG-19, A1: who restores the subject for a block, again and again, keeps nothing open: what comes back has no new delay", async () => {
      await contradict();
      const from = world.time + BigInt(DELAY);
      world.pass(DELAY - 120);
      await target.do("reconcile", [MARKET, SUBJECT, 100, at(-1)]);
      world.pass(24);
      expect(await target.do("contradict", [MARKET, SUBJECT, 40, at(-1)])).to.deep.equal([true]);
      world.pass(Number(from - world.time), 1_000);
      await target.do("accept", [MARKET, SUBJECT, 40, at(-1)]);
      expect((await beliefOf())[0]).to.equal(40n);
    });

    it("A1: a contradiction has its own delay after an acceptance, and a delay after the last one's had run out", async () => {
      const acceptable = async (): Promise<boolean> =>
        (await target.try("accept", [MARKET, SUBJECT, 30, at(-1)])).revertData === undefined;
      await contradict();
      world.pass(DELAY);
      await world.aside(async () => {
        await target.do("accept", [MARKET, SUBJECT, 40, at(-1)]);
        world.pass(24);
        await target.do("contradict", [MARKET, SUBJECT, 39, at(-1)]);
        world.pass(24);
        expect(await acceptable()).to.equal(false);
      });
      await target.do("reconcile", [MARKET, SUBJECT, 100, at(-1)]);
      for (const [seconds, isAtOnce] of [
        [DELAY - 1, true],
        [DELAY, false],
      ] as const)
        await world.aside(async () => {
          world.pass(seconds);
          await target.do("contradict", [MARKET, SUBJECT, 40, at(-1)]);
          world.pass(0, 1);
          expect(await acceptable(), `${seconds} s later`).to.equal(isAtOnce);
        });
    });

    it("SG-19, A1: from every state of any history evidence leads to Synced, and no loss is written twice", async () => {
      const random = announced();
      let proven = 100;
      let written = 0n;
      const note = (logs: { name: string; args: unknown[] }[]): void => {
        for (const log of logs)
          if (log.name === "LossWritten") written += (log.args[2] as bigint) - (log.args[3] as bigint);
      };
      for (let step = 0; step < 120; step++) {
        // At least a block, so that each proof is of a newer state than the last.
        world.pass(random.pick([12, 24, 600, 1_800, 3_600, 20_000]));
        proven = random.below(120);
        const method = random.pick(["believe", "contradict", "reconcile", "accept"]);
        const before = (await beliefOf())[0] as bigint;
        const last = written;
        const args = method === "believe" ? [MARKET, SUBJECT, random.below(120)] : [MARKET, SUBJECT, proven, at(-1)];
        const { revertData, logs } = await target.send(method, args);
        note(logs);
        const after = (await beliefOf())[0] as bigint;
        const isAccepted = method === "accept" && revertData === undefined;
        expect(written - last, `step ${step}`).to.equal(isAccepted ? before - after : 0n);
        if (revertData !== undefined || (method !== "believe" && !isAccepted)) expect(after).to.equal(before);
        if (step % 10 !== 0) continue;
        await world.aside(async () => {
          // Whatever is true from now on, somebody can end it.
          world.pass(4 * DELAY);
          const isOpen = (await statusOf()) === "Diverged";
          const way = BigInt(proven) >= after ? "reconcile" : "accept";
          if (isOpen) await target.do(way, [MARKET, SUBJECT, proven, at(-1)]);
          world.pass(CONFIG.staleFor + CONFIG.graceFor);
          expect(await statusOf(), `after step ${step}, by ${way}`).to.equal("Synced");
        });
      }
      expect(written > 0n, "losses were written").to.equal(true);
    });
  });
}
