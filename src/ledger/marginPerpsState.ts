import type { Hex } from "../core/bytes.js";
import { ledgerKey, totalKey } from "./key.js";
import type { ReplayBound } from "./replay.js";
import type { LedgerEntry } from "./tree.js";

/** A trader's account in one market of the example exchange. */
export interface MarginPerpsAccount {
  /** In units of the margin token. */
  readonly margin: bigint;
  /** Signed, in base units of 1e-18. */
  readonly size: bigint;
  /** In margin units per 1e18 base units. */
  readonly entryPrice: bigint;
  /** What the guard holds of its profits, in units of the margin token. */
  readonly held: bigint;
}

/** What the example exchange's storage says, but for its guard. Maps are written in place. Addresses and markets are in lower case. */
export interface MarginPerpsState {
  /** By market and trader: see {@link marginPerpsAccount}. */
  readonly accounts: Map<string, MarginPerpsAccount>;
  /** The index price of each market. */
  readonly prices: Map<string, bigint>;
  /** The ids of orders that were filled or cancelled. */
  readonly endedOrders: Set<string>;
  /** What is believed, by scope and subject. */
  readonly beliefs: Map<string, bigint>;
  /** In units of the margin token, as the others below. */
  readonly liquidity: bigint;
  readonly badDebt: bigint;
  /** What the pool set aside for backing that was lost. */
  readonly writtenOff: bigint;
}

/** Whose account. */
export interface AccountPlace {
  readonly trader: string;
  /** 32 bytes of hexadecimal. */
  readonly market: string;
}

/** In the order of the contract's own divisions. */
const UNIT = 10n ** 18n;
const INITIAL_LEVERAGE = 10n;
const NO_ACCOUNT: MarginPerpsAccount = { margin: 0n, size: 0n, entryPrice: 0n, held: 0n };
const LIMITS = {
  uint256: { atLeast: 0n, atMost: 2n ** 256n - 1n },
  int256: { atLeast: -(2n ** 255n), atMost: 2n ** 255n - 1n },
} as const;

/**
 * The state of an exchange on which nothing was done yet: `initial` for {@link marginPerps}.
 *
 * @example
 * const { state } = await replay({ events, reducer: marginPerps, initial: marginPerpsStart() });
 */
export function marginPerpsStart(): MarginPerpsState {
  return {
    accounts: new Map(),
    prices: new Map(),
    endedOrders: new Set(),
    beliefs: new Map(),
    ...{ liquidity: 0n, badDebt: 0n, writtenOff: 0n },
  };
}

/**
 * An account of a state; all zero for one that nobody used.
 *
 * @example
 * const { margin, held } = marginPerpsAccount(state, { trader, market });
 */
export function marginPerpsAccount(state: MarginPerpsState, place: AccountPlace): MarginPerpsAccount {
  return state.accounts.get(accountKey(place)) ?? NO_ACCOUNT;
}

export function accountKey({ market, trader }: AccountPlace): string {
  return `${market} ${trader}`.toLowerCase();
}

/** What `size` earned between two prices. The division rounds toward zero, as Solidity's does. */
export function profitOf(size: bigint, entryPrice: bigint, price: bigint): bigint {
  return (size * (price - entryPrice)) / UNIT;
}

/** That the product in {@link profitOf} does not overflow: then the contract reverts. */
export function profitFits(size: bigint, entryPrice: bigint, price: bigint): ReplayBound {
  return fits("int256", "size times change of price", size * (price - entryPrice));
}

/** That an account backs its position as an opening and a withdrawal must leave it. What is held does not count. */
export function initialMargin({ margin, size, entryPrice }: MarginPerpsAccount, price: bigint): readonly ReplayBound[] {
  if (size === 0n) return [];
  const worth = (size < 0n ? -size : size) * price;
  // The contract casts these two without a check.
  const equity = BigInt.asIntN(256, margin) + profitOf(size, entryPrice, price);
  const required = BigInt.asIntN(256, worth / UNIT / INITIAL_LEVERAGE);
  return [
    fits("uint256", "size times price", worth),
    profitFits(size, entryPrice, price),
    fits("int256", "equity", equity),
    { what: "equity", value: equity, atLeast: required },
  ];
}

/** That the contract's checked arithmetic does not revert. */
export function fits(type: keyof typeof LIMITS, what: string, value: bigint): ReplayBound {
  return { what, value, ...LIMITS[type] };
}

/** The ledger's entries of an account. The kinds are named as the contract's members are; a size is in two's complement. */
export function accountEntries(state: MarginPerpsState, place: AccountPlace): LedgerEntry[] {
  const { margin, size, entryPrice, held } = marginPerpsAccount(state, place);
  const keyOf = (kind: string): Hex => ledgerKey({ owner: place.trader, asset: place.market, kind });
  return [
    [keyOf("margin"), margin],
    [keyOf("size"), BigInt.asUintN(256, size)],
    [keyOf("entryPrice"), entryPrice],
    [keyOf("held"), held],
  ];
}

/** The ledger's entries of the pool: nobody's, of the asset "pool". */
export function poolEntries({ liquidity, badDebt, writtenOff }: MarginPerpsState): LedgerEntry[] {
  return Object.entries({ liquidity, badDebt, writtenOff }).map(([kind, value]) => [
    totalKey({ asset: "pool", kind }),
    value,
  ]);
}

/** The ledger's entry of a market's price: nobody's. */
export function priceEntry(state: MarginPerpsState, market: string): LedgerEntry {
  return [totalKey({ asset: market, kind: "indexPrice" }), state.prices.get(market) ?? 0n];
}
