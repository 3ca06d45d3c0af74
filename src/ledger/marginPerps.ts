import { toBytes, toHex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { classify } from "../policy/policy.js";
import { ALLOW, MARGIN_PERPS_EVENTS, type Expected, type MarginPerpsEvents } from "./marginPerpsEvents.js";
import { settle, type Pool } from "./marginPerpsSettlement.js";
import {
  accountEntries,
  accountKey,
  fits,
  initialMargin,
  marginPerpsAccount,
  poolEntries,
  priceEntry,
  type AccountPlace,
  type MarginPerpsAccount,
  type MarginPerpsState,
} from "./marginPerpsState.js";
import { defineReducer, type ReplayBound, type ReplayOutcome, type ReplayReducer, type ReplayStep } from "./replay.js";
import type { EventOf } from "./replayEvents.js";

type Outcome = ReplayOutcome<MarginPerpsState, MarginPerpsEvents>;
type Step = ReplayStep<MarginPerpsEvents>;
type Of<Name extends keyof MarginPerpsEvents> = Extract<EventOf<MarginPerpsEvents>, { readonly name: Name }>;

const NOBODY = "0x0000000000000000000000000000000000000000";
/** So that no notional overflows, as the contract says. */
const MAX_PRICE = 2n ** 128n - 1n;

/**
 * The rules of the example exchange, `GuardedPerps`, for `replay`. They cover margins, positions, profit and loss, held profit, bad
 * debt, and the pool. The exchange has no funding and no fees.
 *
 * Inputs are the amounts that are moved in and out, prices, sizes of orders, and the guard's verdict. Outputs are what is settled and earned,
 * what is held, consumed and released, and bad debt. Bounds are the initial margin, what is there to be withdrawn, and
 * that an order ends once. What two events of a step say is an input of the first.
 *
 * The log does not tell a close from a liquidation: both settle alike. So whether an account might be liquidated is not
 * checked. Nor are signatures, limits and expiries of orders, and what the guard decides.
 *
 * The ledger has of each account `margin`, `size`, `entryPrice` and `held`, by `ledgerKey({ owner: trader, asset: market, kind })`. A size is in
 * two's complement. By `totalKey` it has `indexPrice` of each market, and of the asset "pool" `liquidity`, `badDebt` and
 * `writtenOff`.
 *
 * The state grows by each account, market and order. It is written in place, so do not use what was given as `initial` again.
 *
 * @example
 * const { divergence, state } = await replay({ events, reducer: marginPerps, initial: marginPerpsStart() });
 */
export const marginPerps: ReplayReducer<MarginPerpsState, MarginPerpsEvents> = defineReducer({
  events: MARGIN_PERPS_EVENTS,
  precedes: ["Settled", "BadDebtIncurred", "ProfitEscrowed", "ProfitConsumed", "ProfitReleased", "ProvenAccepted"],
  ignores: [
    "ScopeConfigurationApplied",
    "ScopeConfigurationScheduled",
    "ScopeConfigurationCancelled",
    "ScopeDisturbed",
    "ScopeStandstill",
    "ScopePaused",
    "ScopeRaised",
  ],
  step: (state: MarginPerpsState, step): Outcome => {
    const { last } = step;
    switch (last.name) {
      case "Deposited":
      case "Withdrawn":
        return moved(state, last);
      case "ProfitClaimed":
        return claimed(state, last, step);
      case "LiquidityProvided":
        return provided(state, last);
      case "PriceSet":
        return priced(state, last);
      case "OrderFilled":
        return filled(state, last, step);
      case "PositionClosed":
        return closed(state, last, step);
      case "OrderCancelled":
        return cancelled(state, last);
      case "Believed":
        return believed(state, last);
      case "ScopeHealed":
        return healed(state, last, step);
      default:
        // No other event ends a step.
        return { expected: [], next: () => state };
    }
  },
});

function moved(state: MarginPerpsState, { name, values }: Of<"Deposited"> | Of<"Withdrawn">): Outcome {
  const { trader, market, amount } = values;
  const account = marginPerpsAccount(state, { trader, market });
  const margin = name === "Deposited" ? account.margin + amount : account.margin - amount;
  const after = { ...account, margin };
  const backed = name === "Deposited" ? [] : initialMargin(after, state.prices.get(market) ?? 0n);
  const bounds = [fits("uint256", "margin", margin), ...backed];
  return withAccount(state, { trader, market, after, expected: [{ name, values: {}, bounds }] });
}

function claimed(state: MarginPerpsState, last: Of<"ProfitClaimed">, { before }: Step): Outcome {
  const released = before.find((event) => event.name === "ProfitReleased")?.values;
  const { trader, market } = released === undefined ? last.values : { trader: released.owner, market: released.scope };
  const account = marginPerpsAccount(state, { trader, market });
  const amount = account.held;
  const after = { ...account, margin: account.margin + amount, held: 0n };
  const bounds = [fits("uint256", "margin", after.margin)];
  const expected: Expected[] = [
    { name: "ProfitReleased", values: { amount } },
    { name: last.name, values: { trader, market, amount }, bounds },
  ];
  return withAccount(state, { trader, market, after, expected });
}

function provided(state: MarginPerpsState, { name, values }: Of<"LiquidityProvided">): Outcome {
  const liquidity = state.liquidity + values.amount;
  const bounds = [fits("uint256", "liquidity", liquidity)];
  return {
    expected: [{ name, values: {}, bounds }],
    next: () => ({ ...state, liquidity }),
    entries: poolEntries,
  };
}

function priced(state: MarginPerpsState, { name, values: { market, price } }: Of<"PriceSet">): Outcome {
  const bounds = [{ what: "price", value: price, atLeast: 1n, atMost: MAX_PRICE }];
  return {
    expected: [{ name, values: {}, bounds }],
    next: () => {
      state.prices.set(market, price);
      return state;
    },
    entries: (after) => [priceEntry(after, market)],
  };
}

function filled(state: MarginPerpsState, { name, values }: Of<"OrderFilled">, { before }: Step): Outcome {
  const settled = before.find((event) => event.name === "Settled")?.values ?? { ...values, verdict: ALLOW };
  const { trader, market, verdict } = settled;
  const account = marginPerpsAccount(state, { trader, market });
  // Under doubt the order alone is settled, and what stays open keeps its entry price.
  const isInput = verdict !== ALLOW;
  const [part, size] = isInput ? [settled.size, -settled.size] : [account.size, values.size];
  const { price, pool, unpaid, ...settlement } = settle(state, { trader, market, part, isInput, verdict });
  const action = classify(account.size, size);
  const after = { ...settlement.after, size: account.size + size };
  const bounds: ReplayBound[] = [
    ...once(state, values.id),
    { what: "absolute size", value: size < 0n ? -size : size, atLeast: 1n },
    ...settlement.bounds,
    // A position that cannot settle with the pool cannot be traded on.
    { what: "unpaid", value: unpaid, atMost: 0n },
    fits("int256", "size of the order", size),
    fits("int256", "size", after.size),
    // A trade that makes a position larger has no conservative form.
    ...(action === "Increase" ? [{ what: "verdict", value: verdict, atLeast: ALLOW }] : []),
    ...(action === "Increase" ? initialMargin(after, price) : []),
  ];
  const outcome = withAccount(state, {
    ...{ trader, market, after, pool },
    expected: [
      ...settlement.expected.filter((event) => event.name !== "BadDebtIncurred"),
      { name, values: { trader, market, size, price }, bounds },
    ],
  });
  const next = (): MarginPerpsState => {
    state.endedOrders.add(values.id);
    return outcome.next();
  };
  return { ...outcome, next };
}

function closed(state: MarginPerpsState, { name, values }: Of<"PositionClosed">, { before }: Step): Outcome {
  const settled = before.find((event) => event.name === "Settled")?.values ?? { ...values, verdict: ALLOW };
  const { trader, market, verdict } = settled;
  const { size } = marginPerpsAccount(state, { trader, market });
  const { price, pool, ...settlement } = settle(state, {
    ...{ trader, market, part: size, isInput: false, verdict },
  });
  const after = { ...settlement.after, size: 0n };
  const { bounds } = settlement;
  const expected: Expected[] = [...settlement.expected, { name, values: { trader, market, size, price }, bounds }];
  return withAccount(state, { trader, market, after, pool, expected });
}

function cancelled(state: MarginPerpsState, { name, values: { id } }: Of<"OrderCancelled">): Outcome {
  const next = (): MarginPerpsState => {
    state.endedOrders.add(id);
    return state;
  };
  return { expected: [{ name, values: {}, bounds: once(state, id) }], next };
}

function believed(state: MarginPerpsState, { name, values }: Of<"Believed">): Outcome {
  const { scope, subject, amount } = values;
  const next = (): MarginPerpsState => {
    state.beliefs.set(beliefKey(scope, subject), amount);
    return state;
  };
  return { expected: [{ name, values: {} }], next };
}

/** A healing has no effect on the accounts, unless a loss was accepted right before. The pool bears that first. */
function healed(state: MarginPerpsState, { name }: Of<"ScopeHealed">, { before }: Step): Outcome {
  const accepted = before.find((event) => event.name === "ProvenAccepted");
  if (accepted === undefined) return { expected: [{ name, values: {} }], next: () => state };
  const { scope, subject, proven, number } = accepted.values;
  const belief = state.beliefs.get(beliefKey(scope, subject)) ?? 0n;
  const loss = belief - proven;
  const borne = loss < state.liquidity ? loss : state.liquidity;
  const pool: Pool = {
    liquidity: state.liquidity - borne,
    writtenOff: state.writtenOff + borne,
    badDebt: state.badDebt + loss - borne,
  };
  const bounds = [
    { what: "loss", value: loss, atLeast: 1n },
    ...Object.entries(pool).map(([what, value]) => fits("uint256", what, value)),
  ];
  const cause = toHex(keccak256(toBytes(subject, "subject", 32)));
  const unborne: Expected = {
    name: "BadDebtIncurred",
    values: { trader: NOBODY, market: scope, amount: loss - borne },
  };
  return {
    expected: [
      { name: accepted.name, values: { believed: belief }, bounds },
      ...(loss === borne ? [] : [unborne]),
      { name, values: { scope, cause, evidence: number } },
    ],
    next: () => {
      state.beliefs.set(beliefKey(scope, subject), proven);
      return { ...state, ...pool };
    },
    entries: poolEntries,
  };
}

interface AccountChange extends AccountPlace {
  readonly after: MarginPerpsAccount;
  readonly pool?: Pool;
  readonly expected: readonly Expected[];
}

function withAccount(state: MarginPerpsState, { trader, market, after, pool, expected }: AccountChange): Outcome {
  const place = { trader, market };
  return {
    expected,
    next: () => {
      state.accounts.set(accountKey(place), after);
      return pool === undefined ? state : { ...state, ...pool };
    },
    entries: (state) => [...accountEntries(state, place), ...(pool === undefined ? [] : poolEntries(state))],
  };
}

function once(state: MarginPerpsState, id: string): ReplayBound[] {
  return [{ what: "times that the order ended before", value: state.endedOrders.has(id) ? 1n : 0n, atMost: 0n }];
}

function beliefKey(scope: string, subject: string): string {
  return `${scope} ${subject}`;
}
