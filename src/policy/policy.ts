import { SettlementGuardError } from "../core/errors.js";

/**
 * What stays open when something is wrong: the twin of `contracts/policy/Policy.sol`, which documents each status, action and verdict.
 */

/** What is known to be wrong with a scope, in rising severity; in the order of the contract's enum. */
export const STATUSES = ["Synced", "Lagging", "Stale", "Diverged", "Halted"] as const;
export type Status = (typeof STATUSES)[number];

/** What a protocol's users do; in the order of the contract's enum. */
export const ACTIONS = [
  "Increase",
  "Withdraw",
  "Deposit",
  "Settle",
  "Fund",
  "Liquidate",
  "Decrease",
  "Cancel",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Whether an action may take effect, in rising permissiveness; in the order of the contract's enum. */
export const VERDICTS = ["Deny", "AllowConservative", "Allow"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The actions whose restrictions end by themselves, whatever happens. */
export const EXITS: readonly Action[] = ["Deposit", "Decrease", "Cancel"];

/** The verdicts on one action, from Synced to Halted. */
export type PolicyRow = readonly [Verdict, Verdict, Verdict, Verdict, Verdict];

/** The whole matrix. */
export type PolicyTable = Readonly<Record<Action, PolicyRow>>;

const A = "Allow";
const C = "AllowConservative";
const D = "Deny";

/** The policy that suits a margin exchange: `Policies.STANDARD`. */
export const STANDARD_POLICY: PolicyTable = {
  //          Synced Lagging Stale Diverged Halted
  Increase: /* */ [A, A, D, D, D],
  Withdraw: /* */ [A, A, D, D, D],
  Deposit: /*  */ [A, A, A, A, A],
  Settle: /*   */ [A, D, D, D, D],
  Fund: /*     */ [A, A, D, D, D],
  Liquidate: /**/ [A, C, C, C, C],
  Decrease: /* */ [A, A, C, C, D],
  Cancel: /*   */ [A, A, A, A, A],
};

/** One thing that is wrong with a policy. */
export interface PolicyFault {
  readonly action: Action;
  /** The status of the cell that is at fault. */
  readonly status: Status;
  readonly reason: string;
}

/** What is asked of a policy. */
export interface VerdictQuestion {
  readonly policy: PolicyTable;
  readonly status: Status;
  readonly action: Action;
}

/**
 * The verdict on an action in a status.
 *
 * @example
 * verdictOf({ policy: STANDARD_POLICY, status: "Stale", action: "Increase" }); // "Deny"
 */
export function verdictOf({ policy, status, action }: VerdictQuestion): Verdict {
  return policy[action][STATUSES.indexOf(status)] as Verdict;
}

/**
 * What a trade is: Decrease if it leaves the position on its side and no larger, Increase otherwise. To turn a position around is an
 * Increase.
 *
 * @param position signed size before the trade
 * @param size signed size of the trade
 * @example
 * classify(-5n, 3n); // "Decrease"
 */
export function classify(position: bigint, size: bigint): "Increase" | "Decrease" {
  const after = position + size;
  const staysOnItsSide = after === 0n || after > 0n === position > 0n;
  return staysOnItsSide && magnitude(after) <= magnitude(position) ? "Decrease" : "Increase";
}

/**
 * What is wrong with a policy, cell by cell. A worse status allows more there, or one of the guard's promises is
 * broken. The contract refuses the same policies (`Policies.pack`, `Policies.requireSound`).
 *
 * @example
 * for (const { action, status, reason } of policyFaults(policy)) console.error(`${action} in ${status}: ${reason}`);
 */
export function policyFaults(policy: PolicyTable): PolicyFault[] {
  return ACTIONS.flatMap((action): PolicyFault[] => {
    const row: unknown = (policy as Partial<PolicyTable> | undefined)?.[action];
    if (!Array.isArray(row) || row.length !== STATUSES.length)
      return [{ action, status: "Synced", reason: "it must have five verdicts, from Synced to Halted" }];
    const rank = row.map((verdict) => VERDICTS.indexOf(verdict as Verdict));
    const odd = STATUSES[rank.indexOf(-1)];
    if (odd !== undefined) return [{ action, status: odd, reason: `a verdict is one of ${VERDICTS.join(", ")}` }];
    return STATUSES.flatMap((status, i): PolicyFault[] => {
      const reason = cellFault(action, status, rank[i] as number, i === 0 ? undefined : rank[i - 1]);
      return reason === undefined ? [] : [{ action, status, reason }];
    });
  });
}

/**
 * The policy as the contract keeps it: six bits an action, `Increase` lowest. The low three are the number of the
 * status below which it is allowed. The high three are that below which it is open at all.
 *
 * @throws INVALID_POLICY with the first fault where the policy has one
 * @example
 * packPolicy(STANDARD_POLICY); // 0xb62a5226d492n
 */
export function packPolicy(policy: PolicyTable): bigint {
  const [fault] = policyFaults(policy);
  if (fault !== undefined) {
    const { action, status, reason } = fault;
    throw new SettlementGuardError("INVALID_POLICY", fault, `${action} in ${status}: ${reason}`);
  }
  return ACTIONS.reduce((packed, action, i) => {
    const allowed = policy[action].filter((verdict) => verdict === "Allow").length;
    const open = policy[action].filter((verdict) => verdict !== "Deny").length;
    return packed | (BigInt(allowed | (open << 3)) << BigInt(6 * i));
  }, 0n);
}

/**
 * The table of a packed policy.
 *
 * @throws INVALID_POLICY where the bits are none that a table has
 * @example
 * const table = unpackPolicy((await perps.configOf(scope)).policy);
 */
export function unpackPolicy(packed: bigint): PolicyTable {
  if (typeof packed !== "bigint") {
    const fault = { action: ACTIONS[0], status: STATUSES[0], reason: "a packed policy is a bigint" };
    throw new SettlementGuardError("INVALID_POLICY", fault, fault.reason);
  }
  const rows = ACTIONS.map((action, i): [Action, PolicyRow] => {
    const bits = Number((packed >> BigInt(6 * i)) & 63n);
    const [allowed, open] = [bits & 7, bits >> 3];
    if (packed < 0n || packed >> 48n !== 0n || open > STATUSES.length || allowed > open) {
      const reason = `its bits are ${bits}, which no row of verdicts has`;
      throw new SettlementGuardError("INVALID_POLICY", { action, status: "Synced", reason }, `${action}: ${reason}`);
    }
    return [action, STATUSES.map((_, s) => (s < allowed ? A : s < open ? C : D)) as unknown as PolicyRow];
  });
  return Object.fromEntries(rows) as Record<Action, PolicyRow>;
}

/**
 * The matrix as people read it: a table in Markdown, one row an action.
 *
 * @example
 * console.log(formatPolicy(STANDARD_POLICY));
 */
export function formatPolicy(policy: PolicyTable): string {
  const words: Record<Verdict, string> = { Allow: "allow", AllowConservative: "conservative", Deny: "-" };
  const rows = ACTIONS.map((action) => [action, ...policy[action].map((verdict) => words[verdict])]);
  const table = [["", ...STATUSES], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(table[0]!), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function cellFault(action: Action, status: Status, rank: number, better: number | undefined): string | undefined {
  const verdict = VERDICTS[rank];
  if (better !== undefined && rank > better) return `a worse status allows more than the one before it`;
  if (status === "Synced" && verdict !== "Allow") return "nothing is wrong, and it is not allowed";
  if (EXITS.includes(action) && status !== "Halted" && verdict === "Deny") return "an exit is closed below Halted";
  const diverged = status === "Diverged" || status === "Halted";
  if (action === "Liquidate") {
    if (!diverged && verdict === "Deny") return "deeply insolvent accounts cannot be liquidated below Diverged";
    if (diverged && verdict === "Allow")
      return "it is allowed without a second view although the state is contradicted";
  }
  if ((action === "Increase" || action === "Withdraw") && diverged && verdict !== "Deny")
    return "it is open although the state is contradicted, which ends on evidence alone";
  return undefined;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
