import { expect } from "chai";

import { UNIT } from "../../scenarios/world.js";
import { toQuantity } from "../../src/core/bytes.js";
import { marginPerps } from "../../src/ledger/marginPerps.js";
import { marginPerpsAccount, marginPerpsStart, type MarginPerpsState } from "../../src/ledger/marginPerpsState.js";
import { replay, type EventDivergence, type ReplayReport } from "../../src/ledger/replay.js";
import type { LoggedEvent } from "../../src/ledger/replayEvents.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { rejected } from "../../tools/errors.js";
import { PERPS_MARKETS, PerpsHistory } from "../../tools/ledger/perpsHistory.js";
import { announced } from "../../tools/random.js";

const [ETH] = PERPS_MARKETS;

const again = (events: Iterable<LoggedEvent>): Promise<ReplayReport<MarginPerpsState>> =>
  replay({ events, reducer: marginPerps, initial: marginPerpsStart() });

describe("replay of the example exchange, at its edges", function () {
  describe("of a database that kept a dropped branch", () => {
    let fresh: PerpsHistory;
    let before: LoggedEvent[];
    beforeEach(async () => {
      fresh = await PerpsHistory.create(announced());
      expect(await fresh.fills("alice", ETH, UNIT)).to.equal(true);
      before = await fresh.events();
    });
    afterEach(() => fresh.world.chain.close());

    /** What both branches log from here on. The second begins with the same transactions, or above the first's heights. */
    async function branches(keep: boolean) {
      await fresh.perps("alice").deposit(ETH, 777n);
      await fresh.perps("alice").close(ETH);
      const dropped = (await fresh.events()).slice(before.length);
      await fresh.world.chain.reorg({ depth: 2, seed: "replay", keep });
      await fresh.perps("feed").setPrice(ETH, 2_100n * UNIT);
      if (!keep) await fresh.perps("alice").close(ETH);
      const canonical = (await fresh.events()).slice(before.length);
      expect((await again([...before, ...canonical])).divergence).to.equal(undefined);
      return { dropped, canonical };
    }

    it("refuses two blocks of one height, and heights that go back", async () => {
      const { dropped, canonical } = await branches(true);
      const mixed = await rejected("EVENT_ORDER", again([...before, dropped[0]!, ...canonical]));
      expect(mixed.details).to.deep.include({ at: before.length + 1, fault: "branch" });
      expect(mixed.details.previous.block.hash).to.equal(dropped[0]!.block.hash);
      expect(mixed.details.given.block.hash).to.equal(canonical[0]!.block.hash);
      const both = await rejected("EVENT_ORDER", again([...before, ...dropped, ...canonical]));
      expect(both.details).to.deep.include({ at: before.length + dropped.length, fault: "backward" });
    });

    it("finds by its values what heights do not show", async () => {
      const { dropped, canonical } = await branches(false);
      const { divergence } = await again([...before, ...dropped, ...canonical]);
      // The position was closed on the dropped branch.
      const at = before.length + dropped.length + canonical.findIndex(({ name }) => name === "Settled");
      expect(divergence).to.deep.include({ kind: "event", at });
      const { differences } = divergence as EventDivergence;
      expect(differences).to.deep.include({ member: "size", found: UNIT, expected: 0n, relation: "equal" });
    });

    it("finds by the committed root what no later event depends on", async () => {
      const { dropped, canonical } = await branches(false);
      const [deposit] = dropped;
      const { number } = fresh.world.chain.head;
      const { root } = await fresh.ledgerAt(number);
      const tree = new LedgerTree();
      const { divergence } = await replay({
        ...{ events: [...before, deposit!, ...canonical], reducer: marginPerps, initial: marginPerpsStart() },
        ledger: { tree, commitments: [{ anchor: { number }, ledgerRoot: root }] },
      });
      expect(divergence).to.deep.equal({ kind: "root", commitment: 0, number, committed: root, computed: tree.root });
    });
  });

  describe("at the limits of its types", () => {
    it("follows sizes and prices of 1 and of the greatest that the contract takes, and rounds toward zero", async () => {
      const random = announced();
      const extreme = await PerpsHistory.create(random);
      const trader = await extreme.world.signers.alice.getAddress();
      const token = extreme.token("alice");
      await token.mint(trader, 2n ** 240n);
      await extreme.perps("alice").deposit(ETH, 2n ** 230n);
      await token.mint(await extreme.world.signers.provider.getAddress(), 2n ** 231n);
      await extreme.perps("provider").provideLiquidity(2n ** 230n);
      const greatest = 2n ** 127n - 1n;
      const sizes = [1n, -1n, UNIT + 1n, -UNIT - 1n, UNIT / 2n, greatest, -greatest];
      const prices = [1n, 2n, 3n, 2n ** 128n - 1n];
      let settled = 0;
      for (const size of sizes)
        for (const from of prices) {
          const to = random.pick(prices);
          await extreme.perps("feed").setPrice(ETH, from);
          await extreme.perps("alice").close(ETH);
          if (await extreme.fills("alice", ETH, size)) settled += 1;
          await extreme.perps("feed").setPrice(ETH, to);
          await extreme.perps("alice").close(ETH);
        }
      expect(settled).to.be.greaterThan(20);
      const list = await extreme.events();
      const { divergence, state } = await again(list);
      expect(divergence).to.equal(undefined);
      const { margin } = await extreme.perps().accounts(trader, ETH);
      expect(marginPerpsAccount(state, { trader, market: ETH }).margin).to.equal(margin);
      expect(state.liquidity).to.equal(await extreme.perps().liquidity());
      const rounded = list.filter(({ name, values }) => name === "Settled" && values["profit"] === 0n);
      expect(rounded.length).to.be.greaterThan(20);
      await extreme.world.chain.close();
    });

    const place = (number: bigint) => ({ block: { number }, transaction: toQuantity(number), index: 0n });
    const [trader, market] = [`0x${"aa".repeat(20)}`, `0x${"bb".repeat(32)}`];
    const of = { trader, market };
    const log = (list: readonly [name: string, values: Record<string, unknown>][]): LoggedEvent[] =>
      list.map(([name, values], i) => ({ name, values, ...place(BigInt(i)) }));
    const differencesOf = async (list: readonly [string, Record<string, unknown>][]) => {
      const { divergence } = await again(log(list));
      return divergence === undefined ? undefined : { at: (divergence as EventDivergence).at, ...divergence };
    };

    it("says what no contract can have logged: sums that overflow, and what was not there", async () => {
      const max = 2n ** 256n - 1n;
      const overflow = await differencesOf([
        ["Deposited", { ...of, amount: max }],
        ["Deposited", { ...of, amount: 1n }],
      ]);
      expect(overflow).to.deep.include({
        at: 1,
        differences: [{ member: "margin", found: max + 1n, expected: max, relation: "at most" }],
      });
      const underflow = await differencesOf([["Withdrawn", { ...of, amount: 1n }]]);
      expect(underflow).to.deep.include({
        at: 0,
        differences: [{ member: "margin", found: -1n, expected: 0n, relation: "at least" }],
      });
      const priceless = await differencesOf([["PriceSet", { market, price: 0n }]]);
      expect(priceless).to.deep.include({
        differences: [{ member: "price", found: 0n, expected: 1n, relation: "at least" }],
      });
      const dear = await differencesOf([["PriceSet", { market, price: 2n ** 128n }]]);
      expect(dear).to.deep.include({
        differences: [{ member: "price", found: 2n ** 128n, expected: 2n ** 128n - 1n, relation: "at most" }],
      });
    });

    it("says by how much a margin is too small for what was opened or withdrawn", async () => {
      const opened: [string, Record<string, unknown>][] = [
        ["PriceSet", { market, price: 1_000n }],
        ["Deposited", { ...of, amount: 100n }],
      ];
      const at = place(2n);
      const fill = (size: bigint): LoggedEvent[] => [
        { name: "Settled", values: { ...of, size: 0n, profit: 0n, verdict: 2n }, ...at },
        { name: "OrderFilled", values: { ...of, id: market, size, price: 1_000n }, ...at, index: 1n },
      ];
      expect((await again([...log(opened), ...fill(UNIT)])).divergence).to.equal(undefined);
      const larger = (await again([...log(opened), ...fill(UNIT + UNIT / 100n)])).divergence as EventDivergence;
      expect(larger).to.deep.include({
        at: 3,
        differences: [{ member: "equity", found: 100n, expected: 101n, relation: "at least" }],
      });
      const withdrawn = { name: "Withdrawn", values: { ...of, amount: 1n }, ...place(3n) };
      const { divergence } = await again([...log(opened), ...fill(UNIT), withdrawn]);
      expect(divergence).to.deep.include({
        at: 4,
        differences: [{ member: "equity", found: 99n, expected: 100n, relation: "at least" }],
      });
    });
  });
});
