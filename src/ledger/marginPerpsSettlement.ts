import type { Hex } from "../core/bytes.js";
import { ALLOW, ALLOW_CONSERVATIVE, type Expected } from "./marginPerpsEvents.js";
import {
  fits,
  marginPerpsAccount,
  profitFits,
  profitOf,
  type AccountPlace,
  type MarginPerpsAccount,
  type MarginPerpsState,
} from "./marginPerpsState.js";
import type { ReplayBound } from "./replay.js";

/** What belongs to nobody, in units of the margin token. */
export type Pool = Pick<MarginPerpsState, "liquidity" | "badDebt" | "writtenOff">;

/** What is settled. */
export interface SettledPart extends AccountPlace {
  /** The position or a part of it, of its sign. */
  readonly part: bigint;
  /** Whether the event of the settlement is the first to say how large the part is. */
  readonly isInput: boolean;
  readonly verdict: bigint;
}

/** What a settlement leaves, and what it must have logged. */
export interface Settlement {
  readonly price: bigint;
  readonly expected: readonly Expected[];
  /** Of the size as it was. */
  readonly after: MarginPerpsAccount;
  readonly pool: Pool;
  readonly unpaid: bigint;
  /** Of what it leaves. */
  readonly bounds: readonly ReplayBound[];
}

/** As the contract's `_settle`, the position or a part of it against the pool. What neither side can pay is unpaid. */
export function settle(state: MarginPerpsState, { trader, market, ...settled }: SettledPart): Settlement {
  const { part, isInput, verdict } = settled;
  const [owner, scope] = [trader as Hex, market as Hex];
  const account = marginPerpsAccount(state, { trader, market });
  const price = state.prices.get(market) ?? 0n;
  const profit = profitOf(part, account.entryPrice, price);
  const inputs: ReplayBound[] = [
    { what: "index price", value: price, atLeast: 1n },
    { what: "verdict", value: verdict, atLeast: ALLOW_CONSERVATIVE, atMost: ALLOW },
    profitFits(part, account.entryPrice, price),
  ];
  const size = isInput ? {} : { size: part };
  const expected: Expected[] = [{ name: "Settled", values: { ...size, profit }, bounds: inputs }];
  let { margin, held } = account;
  let { liquidity } = state;
  let unpaid: bigint;
  if (profit > 0n) {
    const paid = least(profit, liquidity);
    liquidity -= paid;
    if (verdict === ALLOW) margin += paid;
    else if (paid > 0n) {
      held += paid;
      expected.push({ name: "ProfitEscrowed", values: { scope, owner, amount: paid } });
    }
    unpaid = profit - paid;
  } else {
    const taken = least(-profit, held);
    held -= taken;
    if (taken > 0n) expected.push({ name: "ProfitConsumed", values: { scope, owner, amount: taken } });
    const paid = least(-profit - taken, margin);
    margin -= paid;
    liquidity += taken + paid;
    unpaid = -profit - taken - paid;
  }
  if (unpaid > 0n) expected.push({ name: "BadDebtIncurred", values: { trader: owner, market: scope, amount: unpaid } });
  const pool: Pool = { liquidity, badDebt: state.badDebt + unpaid, writtenOff: state.writtenOff };
  const after = { ...account, margin, held, entryPrice: part === account.size ? price : account.entryPrice };
  const bounds = Object.entries({ margin, held, ...pool }).map(([what, value]) => fits("uint256", what, value));
  return { price, expected, after, pool, unpaid, bounds };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
