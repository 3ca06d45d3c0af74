import { expect } from "chai";

import { marginPerps } from "../../src/ledger/marginPerps.js";
import { marginPerpsAccount, marginPerpsStart, type MarginPerpsState } from "../../src/ledger/marginPerpsState.js";
import { replay, type EventDivergence, type ReplayReport } from "../../src/ledger/replay.js";
import type { LoggedEvent } from "../../src/ledger/replayEvents.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { rejected } from "../../tools/errors.js";
import { PERPS_MARKETS, PERPS_TRADERS, PerpsHistory } from "../../tools/ledger/perpsHistory.js";
import { alteredByOne, without, type Member } from "../../tools/ledger/logs.js";
import { announced, type Random } from "../../tools/random.js";

const STEPS = process.env["HEAVY"] === undefined ? 250 : 600;

/** Members that follow from what was logged before them. The rest are inputs. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  Settled: ["profit"],
  ProfitEscrowed: ["scope", "owner", "amount"],
  ProfitConsumed: ["scope", "owner", "amount"],
  ProfitReleased: ["amount"],
  ProfitClaimed: ["trader", "market", "amount"],
  BadDebtIncurred: ["trader", "market", "amount"],
  OrderFilled: ["trader", "market", "price"],
  PositionClosed: ["trader", "market", "size", "price"],
  ProvenAccepted: ["believed"],
};
/** Inputs that nothing is made of. */
const WITHOUT_EFFECT = ["LiquidityProvided.provider", "OrderCancelled.reason"];
/** Inputs that the next one may replace before anything is made of them. The ledger's roots show prices all the same. */
const REPLACED = ["PriceSet", "Believed"];
/** Events that belong to a later one of their transaction. */
const PRECEDING = Object.keys(OUTPUTS).filter((name) => !/^(?:OrderFilled|PositionClosed|ProfitClaimed)$/.test(name));

const again = (events: Iterable<LoggedEvent>): Promise<ReplayReport<MarginPerpsState>> =>
  replay({ events, reducer: marginPerps, initial: marginPerpsStart() });

describe("replay of the example exchange", function () {
  let random: Random;
  let history: PerpsHistory;
  let events: LoggedEvent[];
  let final: MarginPerpsState;

  before(async () => {
    random = announced();
    history = await PerpsHistory.create(random);
    await history.everyKind();
    for (let step = 0; step < STEPS; step++) await history.step();
    events = await history.events();
    ({ state: final } = await again(events));
  });
  after(() => history.world.chain.close());

  /** Every member of every event that the accounts follow from. */
  function* members(): Generator<Member> {
    for (const [at, { name }] of events.entries()) {
      if (!Object.hasOwn(marginPerps.events, name)) continue;
      for (const member of Object.keys(marginPerps.events[name as "Settled"])) yield { at, name, member };
    }
  }

  /** Whether a healing accepted a loss. */
  const acceptsLoss = (at: number): boolean => {
    const { transaction } = events[at]!;
    return events.some((event) => event.name === "ProvenAccepted" && event.transaction === transaction);
  };
  const isOutput = ({ at, name, member }: Member): boolean =>
    (OUTPUTS[name]?.includes(member) ?? false) || (name === "ScopeHealed" && acceptsLoss(at));
  /** A verdict decides what becomes of a profit, and how much of a position an order settles. */
  const isLossUnderAnyVerdict = ({ at, member }: Member): boolean =>
    member === "verdict" && (events[at]!.values["profit"] as bigint) <= 0n;
  const isFinal = (state: MarginPerpsState): boolean => {
    try {
      expect(state).to.deep.equal(final);
      return true;
    } catch {
      return false;
    }
  };

  it("follows every event of any history, to the state that the contract's own getters say", async () => {
    const { divergence, events: count, state } = await again(events);
    expect([divergence, count]).to.deep.equal([undefined, events.length]);
    const perps = history.perps();
    for (const member of ["liquidity", "badDebt", "writtenOff"] as const)
      expect(state[member], member).to.equal(await perps[member]());
    for (const market of PERPS_MARKETS) {
      expect(state.prices.get(market)).to.equal(await perps.indexPrice(market));
      for (const role of PERPS_TRADERS) {
        const trader = await history.world.signers[role].getAddress();
        const { margin, size, entryPrice } = await perps.accounts(trader, market);
        const held = await perps.escrowedProfit(market, trader);
        expect(marginPerpsAccount(state, { trader, market })).to.deep.equal({ margin, size, entryPrice, held });
      }
    }
    const seen = new Set(events.map(({ name }) => name));
    const unseen = Object.keys(marginPerps.events).filter((name) => !seen.has(name));
    expect(unseen, "kinds of events that did not happen").to.deep.equal([]);
  });

  it("reports in words what was altered", async () => {
    const at = events.findIndex(({ name }) => name === "ProfitConsumed");
    const { list: altered, is, was } = alteredByOne(events, { at, name: "ProfitConsumed", member: "amount" }, random);
    const { number } = history.world.chain.head;
    const commitments = [{ anchor: { number }, ledgerRoot: (await history.ledgerAt(number)).root }];
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    // #region replay
    const { divergence } = await replay({
      events: altered,
      reducer: marginPerps,
      initial: marginPerpsStart(),
      ledger: { tree: new LedgerTree(), commitments },
    });
    if (divergence?.kind === "event")
      for (const { member, found, expected, relation } of divergence.differences)
        print(
          `event ${divergence.at}, ${divergence.event.name}: ${member} is ${found}, expected ${relation} ${expected}`,
        );
    // #endregion replay
    expect(lines).to.deep.equal([`event ${at}, ProfitConsumed: amount is ${is}, expected equal ${was}`]);
  });

  it("finds an output that was altered by one at its event, with both values", async () => {
    let count = 0;
    for (const member of members()) {
      if (!isOutput(member)) continue;
      const { list, was, is } = alteredByOne(events, member, random);
      const { divergence } = await again(list);
      const where = `${member.name}.${member.member}, event ${member.at}`;
      expect(divergence, where).to.deep.include({ kind: "event", at: member.at, event: list[member.at] });
      const { differences } = divergence as EventDivergence;
      expect(differences, where).to.deep.include({
        ...{ member: member.member, relation: "equal" },
        ...{ found: is, expected: was },
      });
      count += 1;
    }
    expect(count).to.be.greaterThan(100);
  });

  it("finds an input that was altered by one nowhere before its event, and ends in another state where no output shows it", async () => {
    const silent: string[] = [];
    let shown = 0;
    for (const member of members()) {
      const { at, name, member: of } = member;
      if (isOutput(member) || WITHOUT_EFFECT.includes(`${name}.${of}`) || name === "ScopeHealed") continue;
      const { divergence, state } = await again(alteredByOne(events, member, random).list);
      if (divergence !== undefined) {
        shown += 1;
        expect(divergence.kind === "root" ? 0 : divergence.at, `${name}.${of}, event ${at}`).to.be.at.least(at);
      } else if (isFinal(state) && !REPLACED.includes(name) && !isLossUnderAnyVerdict(member))
        silent.push(`${name}.${of}, event ${at}`);
    }
    expect(silent).to.deep.equal([]);
    expect(shown).to.be.greaterThan(100);
  });

  it("finds any altered amount or price at the first root that was committed to after it", async () => {
    const inputs = [...members()].filter(
      ({ name, member }) =>
        /^(?:Deposited|LiquidityProvided|PriceSet)\./.test(`${name}.${member}`) && /amount|price/.test(member),
    );
    const sample = Array.from({ length: 12 }, () => random.pick(inputs));
    const heights = [...new Set(sample.map(({ at }) => events[at]!.block.number))].sort((a, b) => Number(a - b));
    const commitments = await Promise.all(
      heights.map(async (number) => ({ anchor: { number }, ledgerRoot: (await history.ledgerAt(number)).root })),
    );
    const withRoots = (list: readonly LoggedEvent[]) =>
      replay({
        ...{ events: list, reducer: marginPerps, initial: marginPerpsStart() },
        ledger: { tree: new LedgerTree(), commitments },
      });
    expect((await withRoots(events)).divergence).to.equal(undefined);
    for (const member of sample) {
      const { divergence } = await withRoots(alteredByOne(events, member, random).list);
      const { number } = events[member.at]!.block;
      const root = commitments.find(({ anchor }) => anchor.number === number)!.ledgerRoot;
      expect(divergence, `${member.name}, event ${member.at}`).to.deep.include({
        ...{ kind: "root", commitment: heights.indexOf(number), number, committed: root },
      });
    }
  });

  it("finds an event that was left out where the next one shows it, or ends in another state", async () => {
    const silent: string[] = [];
    for (const [at, { name, transaction }] of events.entries()) {
      if (!Object.hasOwn(marginPerps.events, name)) continue;
      const { divergence, state } = await again(without(events, at));
      const first = events.findIndex((event) => event.transaction === transaction);
      const lead = events.findIndex((event, i) => i >= first && PRECEDING.includes(event.name));
      const where = `${name}, event ${at}`;
      if (PRECEDING.includes(name) && name !== "ProvenAccepted")
        expect(divergence, where).to.deep.include({ kind: "event", at });
      // What belonged to it is there, and nothing that it belongs to.
      else if (
        /^(?:OrderFilled|PositionClosed|ProfitClaimed)$/.test(name) ||
        (name === "ScopeHealed" && acceptsLoss(at))
      )
        expect(divergence, where).to.deep.include({ kind: "unfinished", at: lead });
      else if (divergence !== undefined && divergence.kind !== "root") expect(divergence.at, where).to.be.at.least(at);
      else if (isFinal(state) && !REPLACED.includes(name) && name !== "ScopeHealed") silent.push(where);
    }
    expect(silent).to.deep.equal([]);
  });

  it("refuses what was left out, repeated or put in another order where the log numbers its events", async () => {
    const numbered = events.map((event, i): LoggedEvent => ({ ...event, sequence: BigInt(i) }));
    for (let times = 0; times < 60; times++) {
      const at = 1 + random.below(events.length - 2);
      const left = await rejected("EVENT_ORDER", again(without(numbered, at)));
      expect(left.details).to.deep.include({ at, fault: "gap" });
      const repeated = await rejected("EVENT_ORDER", again(numbered.toSpliced(at, 0, numbered[at]!)));
      expect(repeated.details).to.deep.include({ at: at + 1, fault: "duplicate" });
      const swapped = numbered.toSpliced(at, 2, numbered[at + 1]!, numbered[at]!);
      const { details } = await rejected("EVENT_ORDER", again(swapped));
      expect(details.fault).to.match(/gap|backward/);
      expect([at, at + 1]).to.include(details.at);
    }
  });

  it("finds a repeated event by its values where a database gave both a place of their own", async () => {
    const renumbered = (list: readonly LoggedEvent[]) => list.map((event, i) => ({ ...event, index: BigInt(i) }));
    const silent: string[] = [];
    for (const [at, event] of events.entries()) {
      const { name } = event;
      if (!Object.hasOwn(marginPerps.events, name)) continue;
      const { divergence, state } = await again(renumbered(events.toSpliced(at, 0, event)));
      const where = `${name}, event ${at}`;
      if (Object.hasOwn(OUTPUTS, name) || name === "OrderCancelled")
        expect(divergence, where).to.deep.include({ kind: "event", at: at + 1 });
      else if (divergence !== undefined && divergence.kind !== "root") expect(divergence.at, where).to.be.above(at);
      else if (isFinal(state) && ![...REPLACED, "ScopeHealed"].includes(name)) silent.push(where);
    }
    expect(silent).to.deep.equal([]);
  });
});
