import { expect } from "chai";

import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { ledgerKey } from "../../src/ledger/key.js";
import { defineReducer, replay, type EventDivergence } from "../../src/ledger/replay.js";
import type { LoggedEvent } from "../../src/ledger/replayEvents.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { rejected } from "../../tools/errors.js";

/** A sum that each event logs, told in two events where it is said to be odd. */
const counter = defineReducer({
  events: {
    Counted: { by: "int16", total: "int256" },
    Marked: { who: "address", odd: "bool", what: "bytes", kind: "bytes4" },
  },
  precedes: ["Marked"],
  ignores: ["Noise"],
  step: (total: bigint, { last }) => {
    if (last.name !== "Counted") throw new TypeError("a mark ends no step");
    const after = total + last.values.by;
    return {
      expected: [
        ...(after % 2n === 0n ? [] : [{ name: "Marked" as const, values: { odd: true } }]),
        { name: "Counted" as const, values: { total: after }, bounds: [{ what: "sum", value: after, atMost: 1_000n }] },
      ],
      next: () => after,
      entries: (state) => [[KEY, state] as const],
    };
  },
});
const KEY = ledgerKey({ owner: `0x${"11".repeat(20)}`, asset: "USDC", kind: "count" });

const counted = (height: number, by: bigint, total: bigint): LoggedEvent => ({
  ...{ name: "Counted", values: { by, total }, index: 5n },
  ...{ block: { number: BigInt(height) }, transaction: toQuantity(height) },
});
const MARK = { who: `0x${"Ab".repeat(20)}`, odd: true, what: "0x", kind: "0x01020304" };
const marked = (height: number, values: object = MARK): LoggedEvent => ({
  ...counted(height, 0n, 0n),
  ...{ name: "Marked", values: { ...values }, index: 2n },
});
const again = (events: Iterable<LoggedEvent> | AsyncIterable<LoggedEvent>) =>
  replay({ events, reducer: counter, initial: 0n });

describe("replay", () => {
  it("goes through a stream once, holds one step of it, and closes it where something does not follow", async () => {
    let [made, closed] = [0, false];
    async function* stream(): AsyncGenerator<LoggedEvent> {
      try {
        for (; made < 10_000; made++)
          yield counted(made, made === 300 ? 4n : made % 2 === 0 ? 2n : -2n, made % 2 === 0 ? 2n : 0n);
      } finally {
        closed = true;
      }
    }
    const { divergence, events, state } = await again(stream());
    expect(divergence).to.deep.equal({
      ...{ kind: "event", at: 300, event: counted(300, 4n, 2n) },
      differences: [{ member: "total", found: 2n, expected: 4n, relation: "equal" }],
    });
    expect([events, state, made, closed]).to.deep.equal([300, 0n, 300, true]);
  });

  it("names every value of an event that does not follow, those within bounds left out", async () => {
    const { divergence } = await again([counted(1, 1_200n, 0n)]);
    expect((divergence as EventDivergence).differences).to.deep.equal([
      { member: "total", found: 0n, expected: 1_200n, relation: "equal" },
      { member: "sum", found: 1_200n, expected: 1_000n, relation: "at most" },
    ]);
    expect((await again([counted(1, 1_000n, 1_000n)])).divergence).to.equal(undefined);
  });

  it("says which event was expected in an event's place", async () => {
    const missing = (await again([counted(1, 3n, 3n)])).divergence as EventDivergence;
    expect([missing.at, missing.differences]).to.deep.equal([
      0,
      [{ member: "name", found: "Counted", expected: "Marked", relation: "equal" }],
    ]);
    const needless = (await again([marked(1), counted(1, 2n, 2n)])).divergence as EventDivergence;
    expect([needless.at, needless.differences]).to.deep.equal([
      0,
      [{ member: "name", found: "Marked", expected: "Counted", relation: "equal" }],
    ]);
  });

  it("takes a step for unfinished whose transaction or log ends before it", async () => {
    const { divergence, events } = await again([counted(1, 2n, 2n), marked(2), counted(3, 1n, 3n)]);
    expect([divergence, events]).to.deep.equal([{ kind: "unfinished", at: 1, event: marked(2), differences: [] }, 1]);
    expect((await again([marked(2)])).divergence).to.deep.include({ kind: "unfinished", at: 0 });
    // One name for two transactions in two blocks.
    const renamed = { ...counted(3, 1n, 1n), transaction: marked(2).transaction };
    expect((await again([marked(2), renamed])).divergence).to.deep.include({ kind: "unfinished", at: 0 });
    expect((await again([marked(2), counted(2, 1n, 1n)])).divergence).to.equal(undefined);
  });

  it("passes over what the rules ignore, within a step, too, and counts it", async () => {
    const noise = { ...counted(2, 0n, 0n), name: "Noise", values: { anything: 1 }, index: 3n };
    const { divergence, events } = await again([marked(2), noise, counted(2, 1n, 1n), { ...noise, index: 9n }]);
    expect([divergence, events]).to.deep.equal([undefined, 4]);
    // Not within one that has no end.
    expect((await again([marked(2), noise])).events).to.equal(0);
  });

  it("gives rules hexadecimal in lower case, and the report what was logged", async () => {
    const seen: Hex[] = [];
    const reducer = defineReducer({
      events: { Marked: { who: "address" } },
      step: (state: null, { last: { values } }) => {
        seen.push(values.who);
        return { expected: [{ name: "Marked", values: { who: `0x${"AB".repeat(20)}` } }], next: () => state };
      },
    });
    const event = marked(1, { who: MARK.who });
    expect((await replay({ events: [event], reducer, initial: null })).divergence).to.equal(undefined);
    expect(seen).to.deep.equal([`0x${"ab".repeat(20)}`]);
  });

  it("does not ask for the state after a step that does not follow", async () => {
    const reducer = defineReducer({
      events: { Counted: { by: "int16", total: "int256" } },
      step: (state: { total: bigint }, { last: { values } }) => ({
        expected: [{ name: "Counted", values: { total: state.total + values.by } }],
        next: () => {
          state.total += values.by;
          return state;
        },
      }),
    });
    const initial = { total: 0n };
    const report = await replay({ events: [counted(1, 2n, 2n), counted(2, 5n, 8n)], reducer, initial });
    expect([report.state, report.events]).to.deep.equal([{ total: 2n }, 1]);
  });

  describe("refuses", () => {
    const first = counted(7, 2n, 2n);
    const second = { ...counted(7, 2n, 4n), index: 6n };
    const [one, other] = [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`];
    const inBlock = (hash: string, event: LoggedEvent): LoggedEvent => ({ ...event, block: { ...event.block, hash } });

    for (const [what, fault, given] of [
      ["an event that comes twice", "duplicate", [first, first]],
      ["a lower place in the same block", "backward", [{ ...first, index: 9n }, second]],
      ["a lower block", "backward", [first, { ...second, block: { number: 6n } }]],
      ["two blocks of one height", "branch", [inBlock(one, first), inBlock(other, second)]],
      [
        "a number that comes twice",
        "duplicate",
        [
          { ...first, sequence: 3n },
          { ...second, sequence: 3n },
        ],
      ],
      [
        "a lower number",
        "backward",
        [
          { ...first, sequence: 3n },
          { ...second, sequence: 2n },
        ],
      ],
      [
        "a number that is left out",
        "gap",
        [
          { ...first, sequence: 3n },
          { ...second, sequence: 5n },
        ],
      ],
    ] as const)
      it(`${what}, with both places`, async () => {
        const { details } = await rejected("EVENT_ORDER", again(given));
        expect([details.at, details.fault]).to.deep.equal([1, fault]);
        const [previous, next] = given as readonly LoggedEvent[];
        expect(details.previous).to.deep.include({ index: previous!.index, sequence: previous!.sequence });
        expect(details.given.block.number).to.equal(next!.block.number);
      });

    it("an event that the rules do not know, be it a name that every object has", async () => {
      for (const name of ["Funded", "toString", "__proto__"]) {
        const { details } = await rejected("UNKNOWN_EVENT", again([first, { ...second, name }]));
        expect(details).to.deep.equal({ at: 1, name });
      }
    });

    for (const [member, value, reason] of [
      ["by", 2, "it is 2: expected a bigint that fits into int16"],
      ["by", 1.5, "it is 1.5: expected a bigint that fits into int16"],
      ["by", 32_768n, "it is 32768: expected a bigint that fits into int16"],
      ["by", -32_769n, "it is -32769: expected a bigint that fits into int16"],
      ["total", 2n ** 255n, `it is ${2n ** 255n}: expected a bigint that fits into int256`],
      ["total", undefined, "it is undefined: expected a bigint that fits into int256"],
      ["sum", 2n, "it is 2: expected no such member"],
    ] as const)
      it(`a member ${member} that is ${String(value).slice(0, 10)}`, async () => {
        const values = { ...first.values, [member]: value };
        const { details } = await rejected("INVALID_EVENT", again([{ ...first, values }]));
        expect(details).to.deep.equal({ at: 0, name: "Counted", member, reason });
      });

    it("members of another type, bytes of another length, and characters that are no digits", async () => {
      for (const [member, value] of [
        ["who", `0x${"ab".repeat(19)}`],
        ["who", `0x${"zz".repeat(20)}`],
        ["odd", 1n],
        ["what", "0x1"],
        ["what", 5n],
        ["kind", "0x010203"],
      ] as const) {
        const event = marked(1, { ...MARK, [member]: value });
        expect((await rejected("INVALID_EVENT", again([event]))).details.member).to.equal(member);
      }
    });

    it("what is no event, and a place that is none", async () => {
      for (const [member, event] of [
        ["name", undefined],
        ["name", { ...first, name: 5 }],
        ["values", { ...first, values: null }],
        ["block.number", { ...first, block: { number: 7 } }],
        ["block.number", { ...first, block: undefined }],
        ["block.hash", { ...first, block: { number: 7n, hash: 1n } }],
        ["transaction", { ...first, transaction: undefined }],
        ["index", { ...first, index: -1n }],
        ["sequence", { ...first, sequence: 1 }],
      ] as const)
        expect((await rejected("INVALID_EVENT", again([event as never]))).details.member).to.equal(member);
      const unnumbered = await rejected("INVALID_EVENT", again([{ ...first, sequence: 3n }, second]));
      expect(unnumbered.details).to.deep.include({ at: 1, member: "sequence" });
    });
  });

  describe("with a ledger", () => {
    const list = [counted(1, 2n, 2n), counted(3, 2n, 4n), { ...counted(3, 2n, 6n), index: 6n }, counted(5, 4n, 10n)];
    const rootOf = (total: bigint): Hex => LedgerTree.from([[KEY, total]]).root;
    const commitment = (number: bigint, total: bigint) => ({ anchor: { number }, ledgerRoot: rootOf(total) });
    const compare = (commitments: Iterable<ReturnType<typeof commitment>>, tree = new LedgerTree()) =>
      replay({ events: list, reducer: counter, initial: 0n, ledger: { tree, commitments } });

    it("compares each root after the last event of its block, and those after the last event", async () => {
      const all = [commitment(0n, 0n), commitment(1n, 2n), commitment(2n, 2n), commitment(3n, 6n), commitment(9n, 10n)];
      const tree = new LedgerTree();
      expect((await compare(all, tree)).divergence).to.equal(undefined);
      expect(tree.get(KEY)).to.equal(10n);
    });

    it("reports the first root that differs, with both, and leaves the ledger as it was there", async () => {
      const tree = new LedgerTree();
      const { divergence, events, state } = await compare(
        [commitment(2n, 2n), commitment(3n, 4n), commitment(9n, 0n)],
        tree,
      );
      expect(divergence).to.deep.equal({
        ...{ kind: "root", commitment: 1, number: 3n },
        ...{ committed: rootOf(4n), computed: rootOf(6n) },
      });
      expect([events, state, tree.root]).to.deep.equal([3, 6n, rootOf(6n)]);
      expect((await compare([commitment(9n, 0n)])).divergence).to.deep.include({ commitment: 0, number: 9n });
    });

    it("refuses commitments whose anchors descend", async () => {
      const { details } = await rejected("INVALID_OPTION", compare([commitment(2n, 2n), commitment(1n, 2n)]));
      expect(details).to.deep.equal({ option: "commitments", reason: "the anchor of 1 is block 1, after one of 2" });
    });
  });
});
