import { expect } from "chai";
import { Contract } from "ethers";
import { network } from "hardhat";

import { disputeOf } from "../../src/actions/disputeOf.js";
import { firstDivergence, type AnchoredLedger } from "../../src/actions/firstDivergence.js";
import { MAX_SLOTS_PER_REQUEST } from "../../src/actions/prove.js";
import {
  reconcile,
  reconcileEach,
  type FinishedChunk,
  type ReconcileOptions,
  type ReconcileReport,
} from "../../src/actions/reconcile.js";
import { formatReport, reportPage } from "../../src/actions/reconcileReport.js";
import type { RuleDifference } from "../../src/actions/ruleDifferences.js";
import type { StateAnchor } from "../../src/anchor/anchor.js";
import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { comparedPlace, hashRules, type Rule, type RuleBook } from "../../src/ledger/rules.js";
import { LedgerTree, type LedgerEntry } from "../../src/ledger/tree.js";
import type { Request } from "../../src/rpc/request.js";
import type { ProofAnswer } from "../../src/proof/witness.js";
import { rejected } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { KIND, MARKET, NOBODY, RULES, USDC, ZERO } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { addressOf } from "../../tools/nodes.js";
import { STATUS } from "../../tools/policy/world.js";
import { announced, random } from "../../tools/random.js";
import { LedgerDesk__factory } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
/** Owners whose balances a transaction sets. */
const AT_ONCE = 400;

const decimals = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
/** In one order, of the differences and of their members. */
const show = (differences: readonly RuleDifference[]): string[] =>
  differences.map((difference) => JSON.stringify(Object.entries(difference).sort(), decimals)).sort();

/** Counts the slots that are asked for; `before` may throw in place of an answer, and `after` may bend it. */
function watched(
  request: Request,
  { before, after }: { before?: () => void; after?: (answer: ProofAnswer) => void } = {},
) {
  const counts = { slots: 0, requests: 0, largest: 0 };
  const connection: Request = async (args) => {
    const slots = args.method === "eth_getProof" ? (args.params?.[1] as readonly Hex[]) : [];
    counts.requests++;
    counts.slots += slots.length;
    counts.largest = Math.max(counts.largest, slots.length);
    before?.();
    const answer = await request(args);
    if (args.method !== "eth_getProof" || after === undefined) return answer;
    const bent = structuredClone(answer) as ProofAnswer;
    after(bent);
    return bent;
  };
  return { connection, counts };
}

/** A node with another last digit. */
const changed = (node: string): string => `${node.slice(0, -1)}${node.endsWith("0") ? "1" : "0"}`;

describe("reconcile", function () {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const owner = (i: number): Hex => world.owners[i]!;
  const rule = (name: keyof typeof RULES): Rule => world.book.rules[RULES[name]]!;
  const keyOf = (name: keyof typeof RULES, who?: Hex): Hex => comparedPlace(rule(name), who).key;
  const options = (anchor: ReconcileOptions["anchor"], others: Partial<ReconcileOptions> = {}): ReconcileOptions => {
    return { anchor, tree: world.tree, book: world.book, owners: world.owners, ...others };
  };
  const anchored = async (others: Partial<ReconcileOptions> = {}): Promise<ReconcileOptions> =>
    options((await world.anchor()).anchor, others);
  /** As it is to be reported. */
  const broken = (
    name: keyof typeof RULES,
    [who, here, there]: [who: Hex | undefined, here: bigint, there: bigint],
  ) => {
    const kind = here === 0n ? "missing-here" : there === 0n ? "missing-there" : "differs";
    const place = { holder: world.at.holder.toLowerCase() as Hex, ...(who === undefined ? {} : { owner: who }) };
    const by = here - there;
    return {
      of: "rule",
      kind,
      rule: RULES[name],
      ...place,
      ...comparedPlace(rule(name), who),
      here,
      there,
      by,
    } as const;
  };

  describe("by rule", () => {
    it("reports none where the ledger agrees: every rule of every owner, the total and the code were compared", async () => {
      const report = await reconcile(world.chain.request, await anchored());
      const none = { "missing-here": 0, "missing-there": 0, differs: 0, unread: 0 };
      // Three rules of eight owners and one total; two rules about code.
      expect(report.counts).to.deep.equal({ matched: 27, ...none, slots: 25 });
      expect(report.differences).to.deep.equal([]);
      expect([report.ledgerRoot, report.rules]).to.deep.equal([world.tree.root, world.rules]);
    });

    it("reports one by owner, values and amount, as the documents write it", async () => {
      const { book, owners } = world;
      const connection = world.chain.request;
      world.tree.update([[world.keyOf(owner(3)), 104n]]);
      const { tree } = world;
      await world.chain.mine(3);
      const printed: string[] = [];
      const print = (text: string): void => void printed.push(text);
      // #region reconcile
      const report = await reconcile(connection, { anchor: { depth: 2 }, tree, book, owners });
      for (const { rule, owner, here, there, by } of report.differences)
        print(`rule ${rule} of ${owner}: ledger ${here}, chain ${there}, ${by} too much`);
      print(formatReport(report));
      // #endregion reconcile
      expect(report.differences).to.deep.equal([broken("balance", [owner(3), 104n, 100n])]);
      expect(printed[0]).to.equal(`rule 0 of ${owner(3)}: ledger 104, chain 100, 4 too much`);
    });

    it("reports ten planted ones exactly: a missing and an extra account, members of structs, assets, the total, code", async () => {
      const missing = addressOf(0xbeef01);
      const extra = addressOf(0xbeef02);
      const [absent, beyond] = [toHex(missing), toHex(extra)];
      await world.holder.setBalance(absent, 7n);
      await world.holder.setMargin(owner(0), 5n, 6n, 30n);
      await world.holder.setMargin(owner(1), 5n, 6n, 30n);
      await world.holder.setAsset(owner(2), USDC, 50n);
      await world.holder.setCustody(799n);
      world.tree.update([
        [keyOf("balance", beyond), 9n],
        [keyOf("balance", owner(4)), 0n],
        [keyOf("balance", owner(5)), 99n],
        [keyOf("balance", owner(6)), 2n ** 255n],
        [keyOf("margin", owner(0)), 29n],
        [keyOf("asset", owner(2)), 51n],
        [keyOf("asset", owner(3)), 1n],
      ]);
      const owners = [...world.owners, absent, beyond];
      const { differences, counts } = await reconcile(world.chain.request, await anchored({ owners, chunkSize: 3 }));
      const { holder } = world.at;
      const place = { of: "code", kind: "differs", rule: 1, holder: holder.toLowerCase() as Hex, slot: ZERO } as const;
      const expected: RuleDifference[] = [
        broken("balance", [absent, 0n, 7n]),
        broken("balance", [beyond, 9n, 0n]),
        broken("balance", [owner(4), 0n, 100n]),
        broken("balance", [owner(5), 99n, 100n]),
        broken("balance", [owner(6), 2n ** 255n, 100n]),
        broken("margin", [owner(0), 29n, 30n]),
        broken("margin", [owner(1), 0n, 30n]),
        broken("asset", [owner(2), 51n, 50n]),
        broken("asset", [owner(3), 1n, 0n]),
        broken("total", [undefined, 800n, 799n]),
        { ...place, here: 800n, there: 799n },
      ];
      expect(show(differences)).to.deep.equal(show(expected));
      expect(counts).to.deep.equal({
        matched: 22,
        "missing-here": 3,
        "missing-there": 2,
        differs: 6,
        unread: 0,
        slots: 31,
      });
    });

    it("agrees with what the contract itself answers, for random ledgers, chunks and requests", async () => {
      const draw = announced();
      const owners = Array.from({ length: 60 }, (_, i) => toHex(addressOf(0x1000 + i)));
      const value = (): bigint => BigInt(draw.below(3));
      await world.holder.setBalances(owners, owners.map(value));
      for (const who of owners.slice(0, 20)) await world.holder.setMargin(who, 1n, value(), value());
      for (let round = 0; round < 5; round++) {
        const changes = owners.flatMap((who): LedgerEntry[] => [
          [keyOf("balance", who), value()],
          [keyOf("margin", who), value()],
        ]);
        const tree = LedgerTree.from([...changes, [keyOf("total"), 800n]]);
        const chunking = { chunkSize: 1 + draw.below(70), slotsPerRequest: 1 + draw.below(50), concurrency: 3 };
        const report = await reconcile(world.chain.request, await anchored({ tree, owners, ...chunking }));
        const expected: RuleDifference[] = [];
        for (const who of owners) {
          const [balance, { margin }] = [await world.holder.balances(who), await world.holder.margins(who)];
          const [ours, ourMargin] = [tree.get(keyOf("balance", who)), tree.get(keyOf("margin", who))];
          if (ours !== balance) expected.push(broken("balance", [who, ours, balance]));
          if (ourMargin < margin) expected.push(broken("margin", [who, ourMargin, margin]));
        }
        expect(show(report.differences), `seed ${draw.seed}, round ${round}`).to.deep.equal(show(expected));
        expect(report.counts.unread).to.equal(0);
      }
    });

    it("counts the entries of the ledger that no owner led to", async () => {
      const { counts } = await reconcile(world.chain.request, await anchored({ owners: world.owners.slice(0, 5) }));
      expect(counts).to.include({ matched: 18, unread: 3 });
      // Two rules about the same entries read them once. Without its rule the total is not read.
      const rules: Rule[] = [rule("balance"), { ...rule("balance"), comparator: "<=" }];
      const twice = await reconcile(world.chain.request, await anchored({ book: { ...world.book, rules } }));
      expect(twice.counts).to.include({ matched: 18, unread: 1, slots: 8 });
    });

    it("asks for no storage of a contract that is not there: everything is missing there", async () => {
      const nowhere = toHex(addressOf(0xdead));
      const book: RuleBook = { ...world.book, rules: [{ ...rule("balance"), holder: nowhere }], codes: [] };
      const { connection, counts } = watched(world.chain.request);
      const report = await reconcile(connection, await anchored({ book }));
      expect(report.counts).to.include({ matched: 0, "missing-there": 8 });
      expect(counts.slots).to.equal(0);
    });
  });

  describe("a mirror", () => {
    const COUNT = 2_000;
    const owners = Array.from({ length: COUNT }, (_, i) => toHex(addressOf(0x5000 + i)));
    const slotOf = (who: Hex): Hex =>
      comparedPlace({ ...rule("balance"), kind: KIND, asset: USDC, slot: toWord(1n), member: 0 }, who).slot;
    let book: RuleBook;
    let entries: LedgerEntry[];

    async function mirrored(): Promise<ReconcileOptions> {
      for (let at = 0; at < COUNT; at += AT_ONCE) {
        const some = owners.slice(at, at + AT_ONCE);
        await world.holder.setBalances(
          some,
          some.map((_, i) => BigInt(at + i + 1)),
          { gasLimit: 16_000_000n },
        );
      }
      const whole = { asset: ZERO, kind: ZERO, holder: world.at.holder, slot: ZERO, member: 0, offset: 0, bits: 256 };
      book = { version: ZERO, rules: [{ ...whole, derivation: "mirror", comparator: "==" }], codes: [] };
      const funded: [Hex, bigint][] = world.owners.map((who) => [slotOf(who), 100n]);
      entries = [[ZERO, 800n], ...funded, ...owners.map((who, i): LedgerEntry => [slotOf(who), BigInt(i + 1)])];
      const { anchor } = await world.anchor();
      return { anchor, book, tree: LedgerTree.from(entries) };
    }
    const at = (slot: Hex, here: bigint, there: bigint): RuleDifference => {
      const kind = here === 0n ? "missing-here" : there === 0n ? "missing-there" : "differs";
      const holder = world.at.holder.toLowerCase() as Hex;
      return { of: "rule", kind, rule: 0, holder, key: slot, slot, here, there, by: here - there };
    };

    it("asks for at most 1, 10 and 500 of 2,000 slots where 0, 1 and 100 differ, and finds exactly those", async () => {
      const question = await mirrored();
      const draw = random(20_261);
      for (const [count, most] of [[0, 1], [1, 10], [100, 500]] as const) {
        const planted = new Set<number>();
        while (planted.size < count) planted.add(draw.below(COUNT));
        const tree = LedgerTree.from(entries);
        tree.update([...planted].map((i): LedgerEntry => [slotOf(owners[i]!), 1n << 99n]));
        const { connection, counts } = watched(world.chain.request);
        const report = await reconcile(connection, { ...question, tree });
        const expected = [...planted].map((i) => at(slotOf(owners[i]!), 1n << 99n, BigInt(i + 1)));
        expect(show(report.differences)).to.deep.equal(show(expected));
        expect(counts.slots).to.be.at.most(most);
        expect(report.counts).to.include({ matched: entries.length - count, differs: count, slots: counts.slots });
        expect(report.holders[0]!.storageRoot === tree.root).to.equal(count === 0);
        expect(counts.largest).to.be.at.most(MAX_SLOTS_PER_REQUEST);
      }
      // What the ledger has too much; and what it lacks, known by its hash until its slot is a candidate.
      const tree = LedgerTree.from(entries);
      const [extra, missing] = [toWord(0xabcdefn), slotOf(owners[7]!)];
      tree.update([[extra, 5n], [missing, 0n]]);
      const { differences } = await reconcile(world.chain.request, { ...question, tree });
      expect(differences.map(({ kind }) => kind).sort()).to.deep.equal(["missing-here", "missing-there"]);
      const stranger = differences.find(({ kind }) => kind === "missing-here")!;
      expect([stranger.key, stranger.prefix?.slice(0, 2)]).to.deep.equal([undefined, "0x"]);
      const named = await reconcile(world.chain.request, { ...question, tree, candidates: [missing] });
      expect(show(named.differences)).to.deep.equal(show([at(extra, 5n, 0n), at(missing, 0n, 8n)]));
      const split = watched(world.chain.request);
      await reconcile(split.connection, { ...question, tree: LedgerTree.from(entries.slice(0, 900)), slotsPerRequest: 50 });
      expect(split.counts.largest).to.be.at.most(50);
    }); // prettier-ignore

    it("SG-15: believes no node of an endpoint that lies in one", async () => {
      const question = await mirrored();
      question.tree.update([[slotOf(owners[9]!), 1n]]);
      const { connection } = watched(world.chain.request, {
        after: ({ storageProof }) => {
          for (const each of storageProof ?? []) (each.proof as string[])[1] = changed(each.proof![1]!);
        },
      });
      const { details } = await rejected("PROOF_INVALID", reconcile(connection, question));
      expect(details).to.include({ reason: "NodeHashMismatch", number: (question.anchor as StateAnchor).number });
    });
  });

  describe("an endpoint that lies", () => {
    const lies: [code: "PROOF_INVALID" | "PROOF_FIELD_MISMATCH" | "PROOF_OF_OTHER_STATE" | "INVALID_RESPONSE", lie: string, bend: (answer: ProofAnswer) => void][] = [
      ["PROOF_INVALID", "in one node of one slot", ({ storageProof }) => {
        const nodes = storageProof?.at(-1)?.proof as string[] | undefined;
        if (nodes !== undefined) nodes[nodes.length - 1] = changed(nodes.at(-1)!);
      }],
      ["PROOF_INVALID", "by leaving out a node", ({ storageProof }) => void (storageProof?.at(-1)?.proof as string[] | undefined)?.pop()],
      ["PROOF_FIELD_MISMATCH", "in a value beside its proof", ({ storageProof }) => {
        if (storageProof?.[0] !== undefined) (storageProof[0] as unknown as { value: string }).value = "0x65";
      }],
      ["PROOF_FIELD_MISMATCH", "in the storage root", (answer) => {
        if (answer.storageProof?.length !== 0) (answer as { storageHash?: string }).storageHash = toWord(1n);
      }],
      ["PROOF_OF_OTHER_STATE", "in the account's first node", ({ accountProof }) => ((accountProof as string[])[0] = changed(accountProof![0]!))],
      ["INVALID_RESPONSE", "by leaving out a slot", ({ storageProof }) => void (storageProof as unknown[]).pop()],
    ]; // prettier-ignore
    for (const [code, lie, bend] of lies)
      it(`SG-15: is refused with ${code} where it lies ${lie}`, async () => {
        const { connection } = watched(world.chain.request, { after: bend });
        // Without rules about code: `prove` would refuse their answers first.
        await rejected(code, reconcile(connection, await anchored({ book: { ...world.book, codes: [] } })));
      });

    it("SG-15: is refused where the header's fields do not hash to the anchor's block", async () => {
      const question = await anchored();
      const connection: Request = async (args) => {
        const answer = await world.chain.request(args);
        return args.method === "eth_getBlockByHash" ? { ...(answer as object), stateRoot: toWord(5n) } : answer;
      };
      await rejected("HEADER_HASH_MISMATCH", reconcile(connection, question));
    });

    it("is no evidence of anything where it has pruned the state", async () => {
      const question = await anchored();
      const connection: Request = (args) =>
        args.method === "eth_getProof"
          ? Promise.reject(Object.assign(new Error("missing trie node 0xabcd"), { code: -32000 }))
          : world.chain.request(args);
      await rejected("STATE_UNAVAILABLE", reconcile(connection, question));
    });
  });

  describe("a checkpoint", () => {
    const store = () => {
      const lines: string[] = [];
      const load = () => lines.map((line) => JSON.parse(line) as FinishedChunk);
      return { lines, load, save: async (chunk: FinishedChunk) => void lines.push(JSON.stringify(chunk, decimals)) };
    };
    const many = Array.from({ length: 150 }, (_, i) => toHex(addressOf(0x1000 + i)));
    const chunking = { owners: many, chunkSize: 3, slotsPerRequest: 5, concurrency: 2 };

    it("resumes after ten kills at random points: no finished chunk is asked for again, and the report is the same", async () => {
      const draw = announced();
      await world.holder.setBalances(
        many,
        many.map((_, i) => BigInt(i % 4)),
      );
      world.tree.update(many.map((who, i): LedgerEntry => [keyOf("balance", who), BigInt(i % 3)]));
      const question = await anchored(chunking);
      const whole = watched(world.chain.request);
      const expected = await reconcile(whole.connection, question);
      expect(expected.differences.length).to.be.greaterThan(20);
      const checkpoint = store();
      let asked = 0;
      for (let kills = 0; ; kills++) {
        // Two requests begin a run, three are of chunk 0, and two of each other one. So ten kills come before the end.
        let left = kills === 0 ? draw.below(4) : kills < 10 ? 4 + draw.below(8) : Infinity;
        const { connection, counts } = watched(world.chain.request, {
          before: () => {
            if (left-- <= 0) throw new TypeError("killed");
          },
        });
        const resumed = checkpoint.load().flatMap(({ differences }) => differences).length;
        try {
          const report = await reconcile(connection, { ...question, checkpoint });
          asked += counts.slots;
          expect(report, `seed ${draw.seed}`).to.deep.equal(expected);
          expect(kills).to.equal(10);
          expect(resumed, `seed ${draw.seed}`).to.be.greaterThan(0);
          break;
        } catch (error) {
          expect(String(error)).to.contain("killed");
          asked += counts.slots;
        }
      }
      const slotsOfChunk = 3 * 3;
      expect(asked, `seed ${draw.seed}`).to.be.at.most(whole.counts.slots + 10 * slotsOfChunk);
      const chunks = checkpoint.load().map(({ chunk }) => chunk);
      expect(chunks).to.deep.equal(Array.from({ length: 51 }, (_, i) => i));
    });

    it("asks for nothing but the header and the account where all chunks are finished", async () => {
      const question = await anchored({ ...chunking, checkpoint: store() });
      const first = await reconcile(world.chain.request, question);
      const { connection, counts } = watched(world.chain.request);
      expect(await reconcile(connection, question)).to.deep.equal(first);
      expect(counts).to.include({ slots: 0, requests: 2 });
    });

    it("is refused where it is of another anchor, ledger, rule book or list of owners", async () => {
      const checkpoint = store();
      const question = await anchored({ ...chunking, checkpoint });
      await reconcile(world.chain.request, question);
      const other = LedgerTree.from(world.tree.entries());
      other.update([[world.keyOf(owner(0)), 3n]]);
      for (const [member, changes] of Object.entries({
        anchor: { anchor: (await world.anchor()).anchor },
        ledgerRoot: { tree: other },
        rules: { book: { ...world.book, version: toWord(9n) } },
        owners: { owners: many.toReversed() },
      })) {
        const { details } = await rejected("CHECKPOINT_MISMATCH", reconcile(world.chain.request, { ...question, ...changes }));
        expect(details.member).to.equal(member);
      }
    }); // prettier-ignore
  });

  describe("disputes", () => {
    it("stop the scope, for a balance, a total and code, by whoever sends what is ready", async () => {
      const connection = world.chain.request;
      world.tree.update([[world.keyOf(owner(1)), 101n]]);
      await world.holder.setCustody(700n);
      const commitment = await world.commit();
      const { tree, book, owners } = world;
      const { differences } = await reconcile(connection, { anchor: commitment.anchor, tree, book, owners });
      expect(differences.map(({ of, rule }) => `${of} ${rule}`).sort()).to.deep.equal(["code 1", "rule 0", "rule 3"]);
      const stranger = (await world.chain.tools.ethers.getSigners())[7]!;
      const [{ desk }, { abi }] = [world.at, LedgerDesk__factory];
      for (const difference of differences) {
        const snapshot = await connection({ method: "evm_snapshot" });
        expect(await world.statusOf()).to.equal(STATUS.Synced);
        // #region dispute
        const dispute = await disputeOf(connection, { difference, desk, commitment, tree, book });
        await new Contract(dispute.to, abi, stranger).getFunction(dispute.function)(...dispute.args);
        // #endregion dispute
        expect(await world.statusOf()).to.equal(STATUS.Diverged);
        await connection({ method: "evm_revert", params: [snapshot] });
      }
    });

    it("stop the scope with a commitment that was signed and not relayed", async () => {
      const connection = world.chain.request;
      world.tree.update([[world.keyOf(owner(1)), 101n]]);
      const commitment = await world.next();
      const { set, signatures } = await world.sign(commitment);
      const question = options(commitment.anchor);
      const [difference] = (await reconcile(connection, question)).differences;
      const about = { difference: difference!, desk: world.at.desk, commitment, tree: world.tree, book: world.book };
      const dispute = await disputeOf(connection, { ...about, signed: { set, signatures } });
      await world.desk.getFunction(dispute.function)(...dispute.args);
      expect(await world.statusOf(MARKET)).to.equal(STATUS.Diverged);
    });

    it("stop the scope of a mirror, by a slot", async () => {
      const connection = world.chain.request;
      const { desk } = world.at;
      const { book, slots } = await world.enterMirror();
      const { tree } = world;
      tree.update([[slots[3]!, 101n]]);
      const commitment = await world.commit({ rules: hashRules(book) });
      const { differences } = await reconcile(connection, { anchor: commitment.anchor, tree, book });
      expect(differences.length).to.equal(1);
      const dispute = await disputeOf(connection, { difference: differences[0]!, desk, commitment, tree, book });
      await world.desk.getFunction(dispute.function)(...dispute.args);
      expect(await world.statusOf()).to.equal(STATUS.Diverged);
    });

    it("are not made where the rule holds, of another ledger or book, or of a stranger", async () => {
      const connection = world.chain.request;
      const commitment = await world.commit();
      const { tree, book } = world;
      const difference = broken("balance", [owner(1), 101n, 100n]);
      const about = { difference, desk: world.at.desk, commitment, tree, book };
      await rejected("INVALID_OPTION", disputeOf(connection, about));
      const sameCode: RuleDifference = {
        of: "code",
        kind: "differs",
        rule: 0,
        holder: world.at.holder,
        here: 1n,
        there: 2n,
      };
      await rejected("INVALID_OPTION", disputeOf(connection, { ...about, difference: sameCode }));
      await rejected("INVALID_COMMITMENT", disputeOf(connection, { ...about, tree: new LedgerTree() }));
      await rejected("INVALID_COMMITMENT", disputeOf(connection, { ...about, book: { ...book, version: toWord(2n) } }));
      const mirror: RuleBook = { ...book, codes: [], rules: [{ ...rule("balance"), derivation: "mirror" }] };
      const { of, kind, holder, here } = difference;
      const stranger: RuleDifference = { of, kind, rule: 0, holder, prefix: "0xab", here };
      const ofMirror = { ...about, commitment: { ...commitment, rules: hashRules(mirror) }, book: mirror };
      const { details } = await rejected(
        "INVALID_OPTION",
        disputeOf(connection, { ...ofMirror, difference: stranger }),
      );
      expect(details.reason).to.contain("known by a hash alone");
    });
  });

  describe("firstDivergence", () => {
    it("finds the first of 20 states that diverges, wherever it is, by at most 6 probes, and none where none does", async () => {
      const states: AnchoredLedger[] = [];
      for (let i = 0; i < 20; i++) {
        await world.holder.setBalance(owner(0), BigInt(1_000 + i));
        states.push({ anchor: (await world.anchor()).anchor, tree: world.treeWith(BigInt(1_000 + i)) });
      }
      const { owners } = world;
      const book = { ...world.book, codes: [] };
      expect(await firstDivergence(world.chain.request, { states, book, owners })).to.equal(undefined);
      for (let from = 0; from < 20; from++) {
        const probed = new Set<number>();
        const at = (index: number): Promise<AnchoredLedger> => {
          probed.add(index);
          const tree = LedgerTree.from(states[index]!.tree.entries());
          if (index >= from) tree.update([[world.keyOf(owner(5)), 77n]]);
          return Promise.resolve({ ...states[index]!, tree });
        };
        const found = await firstDivergence(world.chain.request, { states: { length: 20, at }, book, owners });
        expect(found?.index).to.equal(from);
        expect(found?.difference).to.deep.equal(broken("balance", [owner(5), 77n, 100n]));
        expect(probed.size).to.be.at.most(6);
      }
    });

    it("refuses owners that can be gone through once, and a state that is not there", async () => {
      const { book, owners } = world;
      const states = [{ anchor: (await world.anchor()).anchor, tree: world.tree }];
      await rejected("INVALID_OPTION", firstDivergence(world.chain.request, { states, book, owners: owners.values() }));
      const none = { length: 3, at: () => undefined };
      await rejected("INVALID_OPTION", firstDivergence(world.chain.request, { states: none, book, owners }));
    });
  });

  describe("a report", () => {
    let report: ReconcileReport;
    beforeEach(async () => {
      world.tree.update([[world.keyOf(owner(3)), 104n], [world.keyOf(owner(6)), 0n]]);
      await world.holder.setCustody(900n);
      report = await reconcile(world.chain.request, await anchored());
    }); // prettier-ignore

    it("is a table whose columns are aligned, and the same out of JSON", () => {
      const text = formatReport(report);
      const rows = text.split("\n").slice(-5, -1);
      expect(rows[0]).to.match(/^rule +what +of +contract +ledger +chain +ledger - chain$/);
      const [ends, ...others] = rows.map((row) => row.length);
      expect(new Set([ends! , ...others.slice(1)]).size).to.equal(1);
      expect(text).to.match(new RegExp(`rule 0  differs +${owner(3)} .* 104 +100 +4\n`));
      expect(text).to.match(new RegExp(`rule 0  missing here +${owner(6)} .* 0 +100 +-100\n`));
      expect(text).to.match(/code 1 +differs .* 0x320 +0x384\n/);
      const again = JSON.parse(JSON.stringify(report, decimals)) as ReconcileReport;
      expect([formatReport(again), reportPage(again)]).to.deep.equal([text, reportPage(report)]);
    }); // prettier-ignore

    it("says how many differences it leaves out", () => {
      expect(formatReport(report)).not.to.contain("not listed");
      const some = { ...report, differences: report.differences.slice(1) };
      const left = report.differences.length - some.differences.length;
      expect(formatReport(some)).to.match(new RegExp(`\nnot listed here +${left}\n`));
      expect(reportPage(some)).to.contain(`<tr><th>not listed here</th><td>${left}</td></tr>`);
    });

    it("is a page that loads nothing, and in which nothing of a report becomes markup", () => {
      const evil = `<script src="x">&'\u202e` as Hex;
      const bad: ReconcileReport = {
        ...report,
        ledgerRoot: evil,
        holders: [{ address: evil, storageRoot: evil }],
        differences: [{ ...report.differences[1]!, holder: evil, owner: evil }],
      };
      const page = reportPage(bad);
      expect(page).to.not.match(/<script|<[^>]*(src|href)=|\u202e|url\(|@import/);
      expect(page.split("&#60;script src=&#34;x&#34;&#62;&#38;&#39;\\u202e").length - 1).to.equal(5);
      expect(reportPage(report))
        .to.contain(`<td>${owner(3)}</td>`)
        .and.to.contain('<td class="n">104</td>');
      expect(formatReport(bad)).to.not.contain("\u202e");
    });
  });

  it("yields differences one by one, with the summary at the end, for owners who come one by one", async () => {
    world.tree.update([[world.keyOf(owner(2)), 1n], [world.keyOf(owner(7)), 2n]]);
    async function* owners(): AsyncGenerator<Hex> {
      for (const who of world.owners) yield await Promise.resolve(who);
    }
    const progress: number[] = [];
    const question = await anchored({ owners: owners(), chunkSize: 3, onProgress: ({ slots }) => progress.push(slots) });
    const run = reconcileEach(world.chain.request, question);
    expect((await run.next()).value).to.deep.equal(broken("balance", [owner(2), 1n, 100n]));
    expect((await run.next()).value).to.deep.equal(broken("balance", [owner(7), 2n, 100n]));
    const { value, done } = await run.next();
    expect(done).to.equal(true);
    expect(value).to.deep.include({ anchor: question.anchor, ledgerRoot: world.tree.root });
    expect(progress).to.deep.equal([1, 10, 19, 25]);
  }); // prettier-ignore

  it("refuses options before anything is sent", async () => {
    const { connection, counts } = watched(world.chain.request);
    const question = await anchored();
    const { anchor, tree, book } = question;
    const mirror: RuleBook = { ...world.book, rules: [{ ...rule("balance"), derivation: "mirror" }] };
    for (const bad of [
      { anchor, tree, book },
      { ...question, book: mirror },
      { ...question, chunkSize: 0 },
      { ...question, slotsPerRequest: 1.5 },
      { ...question, concurrency: 65 },
      { ...question, tree: {} as LedgerTree },
      { ...question, owner: world.owners } as ReconcileOptions,
    ])
      await rejected("INVALID_OPTION", reconcile(connection, bad));
    await rejected("INVALID_RULE", reconcile(connection, { ...question, book: { ...world.book, rules: [{ ...rule("balance"), bits: 0 }] } }));
    expect(counts.requests).to.equal(0);
    await rejected("INVALID_RULE", reconcile(connection, { ...question, owners: [NOBODY] }));
    await rejected("INVALID_HEX", reconcile(connection, { ...question, owners: ["0x01"] }));
  }); // prettier-ignore
});
