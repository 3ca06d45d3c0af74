import { invalidHex, toBytes, toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { selectorOf } from "../explain/guardErrors.js";
import { invalidResponse } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { call, type Connection, type RequestOptions } from "../rpc/request.js";
import type { ScopeConfig } from "../policy/config.js";
import { ACTIONS, STATUSES, VERDICTS, type Action, type Status, type Verdict } from "../policy/policy.js";

/** The end of a span. It has passed when both have, or by the clock alone four spans after its beginning. */
export interface Deadline {
  /** In seconds since 1970. */
  readonly time: bigint;
  /** A height. */
  readonly number: bigint;
}

/** What restricts one scope, what is above it aside: the contract's `Restrictions`. An end is undefined where nothing lasts. */
export interface Restrictions {
  readonly stale: Deadline | undefined;
  readonly lagging: Deadline | undefined;
  /** By the clock alone: its height is zero. */
  readonly paused: Deadline | undefined;
  /** Until when Halted closes exits. */
  readonly exitsClosed: Deadline | undefined;
  /** Before which a later Halted cause closes none. */
  readonly exitsClosable: Deadline | undefined;
  /** When it is Synced again, if the chain lives and no cause is open. */
  readonly synced: Deadline | undefined;
  /** Seconds that no block accounts for. */
  readonly unaccounted: bigint;
  readonly openDiverged: bigint;
  readonly openHalted: bigint;
}

/** The configuration that waits for its delay. */
export interface Announcement {
  /** keccak256 of its ABI encoding. */
  readonly announced: Hex;
  /** From when anybody may apply it. */
  readonly readyFrom: Deadline;
  /** From when nobody may. */
  readonly readyUntil: Deadline;
}

/** What a guard answers at one block. Nothing of it is proven: the endpoint is believed. */
export class ScopeReader {
  constructor(
    private readonly connection: Connection,
    private readonly guard: Hex,
    /** The block whose state is asked. */
    private readonly block: bigint,
    private readonly asking: RequestOptions,
  ) {}

  async statusOf(scope: Hex): Promise<{ status: Status; exits: Status }> {
    const [status, exits] = await this.ask("statusOf", 2, scope);
    return { status: statusOf(status!), exits: statusOf(exits!) };
  }

  /** Undefined for a scope without a configuration. */
  async configOf(scope: Hex): Promise<ScopeConfig | undefined> {
    const [policy, parent, ...numbers] = await this.ask("configOf", 11, scope);
    if (policy === 0n) return undefined;
    const [minDepth, maxAge, keeperLatency, gap, staleFor, graceFor, exitsFor, blockTime, longestBlockTime] =
      numbers.map(Number) as [number, number, number, number, number, number, number, number, number];
    const spans = { gap, staleFor, graceFor, exitsFor, blockTime, longestBlockTime };
    return { policy: policy!, parent: toWord(parent!), minDepth, maxAge, keeperLatency, ...spans };
  }

  async restrictionsOf(scope: Hex): Promise<Restrictions> {
    const words = await this.ask("restrictionsOf", 9, scope);
    const [stale, lagging, paused, exitsClosed, exitsClosable, synced] = words.slice(0, 6).map(endOf);
    const [unaccounted, openDiverged, openHalted] = words.slice(6) as [bigint, bigint, bigint];
    const ends = { stale, lagging, paused, exitsClosed, exitsClosable, synced };
    return { ...ends, unaccounted, openDiverged, openHalted };
  }

  async announcementOf(scope: Hex): Promise<Announcement | undefined> {
    const [announced, readyFrom, readyUntil] = (await this.ask("announcementOf", 3, scope)) as [bigint, bigint, bigint];
    if (announced === 0n) return undefined;
    return { announced: toWord(announced), readyFrom: deadline(readyFrom), readyUntil: deadline(readyUntil) };
  }

  async causeOf(scope: Hex, cause: Hex): Promise<{ status: Status; evidence: bigint }> {
    const [status, evidence] = await this.ask("causeOf", 2, scope, cause);
    return { status: statusOf(status!), evidence: evidence! };
  }

  /** @returns the verdict, and the revert data of what passes on Allow alone; `0x` where the verdict is Allow */
  async preview(scope: Hex, action: Action): Promise<{ verdict: Verdict; reason: Hex }> {
    const bytes = await this.answer("preview", ["bytes32", "uint8"], [scope, toWord(BigInt(ACTIONS.indexOf(action)))]);
    // A verdict, where the reason begins, and its length before it.
    const [position, , length] = [0, 32, 64].map((at) => Number(toHex(bytes.subarray(at, at + 32))));
    const verdict = VERDICTS[position ?? VERDICTS.length];
    if (verdict === undefined || length === undefined || bytes.length < 96 + length)
      throw invalidResponse(
        "eth_call",
        `preview returned no verdict with a reason: there is no guard at ${this.guard}`,
      );
    return { verdict, reason: toHex(bytes.subarray(96, 96 + length)) };
  }

  /** The ids of the causes that were raised from a block on, each once, the newest first. @throws RPC_FAILED where logs are not to be had */
  async causesRaised(scope: Hex, from: bigint): Promise<Hex[]> {
    const method = "eth_getLogs";
    const filter = { address: this.guard, topics: [RAISED, scope], ...range(from, this.block) };
    const logs = await call(this.connection, method, [filter], this.asking);
    if (!Array.isArray(logs)) throw invalidResponse(method, "it is no list");
    const ids = logs.map((log: unknown) => {
      const topics = (log as { topics?: unknown } | null)?.topics;
      return toHex(toBytes(Array.isArray(topics) ? topics[2] : undefined, "a cause's id", 32));
    });
    return [...new Set(ids.reverse())];
  }

  private async ask(name: string, words: number, ...args: Hex[]): Promise<bigint[]> {
    const bytes = await this.answer(
      name,
      args.map(() => "bytes32"),
      args,
    );
    if (bytes.length !== 32 * words)
      throw invalidResponse(
        "eth_call",
        `${name} returned ${bytes.length} bytes, not ${32 * words}: there is no guard at ${this.guard}`,
      );
    return Array.from({ length: words }, (_, i) => BigInt(toHex(bytes.subarray(32 * i, 32 * i + 32))));
  }

  /** The bytes that a function returns to a call with one word for each parameter. */
  private async answer(name: string, types: readonly string[], words: readonly Hex[]): Promise<Uint8Array> {
    const data = `${selectorOf(name, types)}${words.map((word) => word.slice(2)).join("")}`;
    const at = toQuantity(this.block);
    const answer = await call(this.connection, "eth_call", [{ to: this.guard, data }, at], this.asking);
    return toBytes(answer, `what ${name} returns`);
  }
}

const RAISED = toHex(keccak256(new TextEncoder().encode("ScopeRaised(bytes32,bytes32,uint8,uint64)")));

function range(from: bigint, to: bigint): { fromBlock: Hex; toBlock: Hex } {
  return { fromBlock: toQuantity(from), toBlock: toQuantity(to) };
}

function endOf(packed: bigint): Deadline | undefined {
  return packed === 0n ? undefined : deadline(packed);
}

/** 40 bits of seconds, and above them a height. */
export function deadline(packed: bigint): Deadline {
  return { time: BigInt.asUintN(40, packed), number: packed >> 40n };
}

function statusOf(position: bigint): Status {
  const status = position < STATUSES.length ? STATUSES[Number(position)] : undefined;
  if (status === undefined) throw invalidHex("a status", toQuantity(position), "a position in STATUSES");
  return status;
}
