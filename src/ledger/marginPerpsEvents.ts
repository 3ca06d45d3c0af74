import { VERDICTS } from "../policy/policy.js";
import type { ExpectedEvent } from "./replay.js";

const OF_TRADER = { trader: "address", market: "bytes32" } as const;
const OF_OWNER = { scope: "bytes32", owner: "address", amount: "uint256" } as const;
/** As the ABI of the exchange has them. */
export const MARGIN_PERPS_EVENTS = {
  Deposited: { ...OF_TRADER, amount: "uint256" },
  Withdrawn: { ...OF_TRADER, amount: "uint256" },
  LiquidityProvided: { provider: "address", amount: "uint256" },
  PriceSet: { market: "bytes32", price: "uint256" },
  Settled: { ...OF_TRADER, size: "int256", profit: "int256", verdict: "uint8" },
  OrderFilled: { id: "bytes32", ...OF_TRADER, size: "int256", price: "uint256" },
  OrderCancelled: { id: "bytes32", reason: "bytes" },
  PositionClosed: { ...OF_TRADER, size: "int256", price: "uint256" },
  BadDebtIncurred: { ...OF_TRADER, amount: "uint256" },
  ProfitEscrowed: OF_OWNER,
  ProfitConsumed: OF_OWNER,
  ProfitReleased: OF_OWNER,
  ProfitClaimed: { ...OF_TRADER, amount: "uint256" },
  Believed: { scope: "bytes32", subject: "bytes32", amount: "uint256" },
  ProvenAccepted: { scope: "bytes32", subject: "bytes32", believed: "uint256", proven: "uint256", number: "uint64" },
  ScopeHealed: { scope: "bytes32", cause: "bytes32", evidence: "uint64" },
} as const;

/** The events of the example exchange that its accounts follow from. */
export type MarginPerpsEvents = typeof MARGIN_PERPS_EVENTS;

/** One of them, as it must be. */
export type Expected = ExpectedEvent<MarginPerpsEvents>;

/** The guard's verdicts, as they are logged. */
export const ALLOW = BigInt(VERDICTS.indexOf("Allow"));
export const ALLOW_CONSERVATIVE = BigInt(VERDICTS.indexOf("AllowConservative"));
