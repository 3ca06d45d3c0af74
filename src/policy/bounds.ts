/**
 * What a configuration may be, and what a pauser may do: the one table. `npm run bounds` writes
 * `contracts/policy/Bounds.sol` from it, line by line. A line is a comment, a whole number, or empty.
 */
export const BOUNDS = {
  /** In milliseconds. */
  BLOCK_TIME_GREATEST: 52_000,

  /** The longest average block time is at most so many percent of the usual one. Quiet time hides at most the rest of it. */
  LONGEST_BLOCK_TIME_PERCENT: 125,

  /** And at least so many percent of it, of the listed one where the chain is listed. Missed slots are healthy. */
  LONGEST_BLOCK_TIME_LEAST_PERCENT: 105,

  /** In seconds; and at least so many of the longest block times. */
  GAP_LEAST: 30,
  GAP_LEAST_BLOCKS: 8,
  GAP_GREATEST: 7_200,

  /** In seconds, where the L1 origin shows continuity. A healthy one lags by up to a quarter of the least, none by more than the greatest. */
  L1_GAP_LEAST: 724,
  L1_GAP_GREATEST: 1_799,

  /** Each span of seconds is at least so many of the longest block times. */
  SPAN_LEAST_BLOCKS: 4,

  /** In seconds. */
  STALE_FOR_GREATEST: 86_400,
  GRACE_FOR_GREATEST: 14_400,
  EXITS_FOR_GREATEST: 604_800,

  /** In blocks: what EIP-2935 answers for. */
  MAX_AGE_GREATEST: 8_191,

  /** In seconds: the longest pause, the rolling window, and what all pauses in it may add up to. At most four pauses are in it. */
  PAUSE_GREATEST: 86_400,
  PAUSE_WINDOW: 2_592_000,
  PAUSE_BUDGET: 259_200,
  PAUSES: 4,

  /** A scope has at most so many above it. */
  PARENTS: 3,
} as const;
