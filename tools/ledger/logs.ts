import type { BaseContract, EventLog } from "ethers";

import type { LoggedEvent } from "../../src/ledger/replayEvents.js";
import type { Random } from "../random.js";

/** Everything that a contract logged, as ethers reads it. */
export async function loggedBy(contract: BaseContract): Promise<LoggedEvent[]> {
  // #region events
  const logs = (await contract.queryFilter("*")) as EventLog[];
  return logs.map((log) => ({
    name: log.eventName,
    values: log.args.toObject(),
    block: { number: BigInt(log.blockNumber), hash: log.blockHash },
    transaction: log.transactionHash,
    index: BigInt(log.index),
  }));
  // #endregion events
}

/** A member of an event of a log. */
export interface Member {
  readonly at: number;
  readonly name: string;
  readonly member: string;
}

/** The log with one member altered by one, up or down. Of hexadecimal the last digit is another; what is empty gets a byte. */
export function alteredByOne(events: readonly LoggedEvent[], { at, member }: Member, random: Random) {
  const event = events[at]!;
  const was = event.values[member];
  const is = typeof was === "bigint" ? besides(was, random) : otherHex(String(was));
  const altered = { ...event, values: { ...event.values, [member]: is } };
  return { list: events.with(at, altered), was: lowered(was), is: lowered(is) };
}

/** The log without one of its events. */
export function without(events: readonly LoggedEvent[], at: number): LoggedEvent[] {
  return events.toSpliced(at, 1);
}

/** Not below zero, where it was not. */
function besides(value: bigint, random: Random): bigint {
  return value === 0n || random.below(2) === 0 ? value + 1n : value - 1n;
}

function otherHex(text: string): string {
  if (text === "0x") return "0x00";
  return `${text.slice(0, -1)}${text.endsWith("1") ? "2" : "1"}`;
}

/** Hexadecimal as replay shows it. */
function lowered(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}
