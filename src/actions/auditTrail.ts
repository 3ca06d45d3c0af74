import { sameHex, toBigInt, toBytes, toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import type { Commitment } from "../ledger/commitment.js";
import { GUARD_TOPICS, readEvent, type LedgerEvent } from "../ledger/events.js";
import { invalidOption } from "../rpc/options.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { fetchHeader, type BlockId } from "./fetchHeader.js";
import { placeOf, type LedgerPlace, type LedgerQuestion } from "./ledgerReads.js";

/** Whose trail, and from where to where. */
export interface AuditOptions extends LedgerQuestion {
  /** The first block; by default the genesis. The desk's deployment saves requests. */
  readonly from?: bigint;
  /** The last block. By default the endpoint's latest. */
  readonly to?: BlockId;
}

/** One event of a ledger or of its scope, and the block in which it was emitted. */
export interface AuditEvent extends LedgerEvent {
  readonly by: "desk" | "guard";
  /** Time is in seconds since 1970. The header of this height hashes to this hash. */
  readonly block: { readonly number: bigint; readonly hash: Hex; readonly time: bigint };
  readonly transaction: Hex;
  /** Its place among the block's logs. */
  readonly index: bigint;
  /**
   * Of a commitment: whether the chain has its anchor. Orphaned: another block has that height. Misstated: the block has
   * another state root. Unknown: the connection does not have that height.
   */
  readonly anchor?: "canonical" | "orphaned" | "misstated" | "unknown";
  /**
   * Of a commitment: whether it names the one before it. Undefined for the first that is
   * listed, unless the list begins with the genesis.
   */
  readonly follows?: boolean;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** What happened to a scope's ledger, the oldest first. */
export interface AuditTrail extends LedgerPlace {
  readonly from: bigint;
  readonly to: { readonly number: bigint; readonly hash: Hex; readonly time: bigint };
  /** Whether every commitment follows the one before it, and the chain has every anchor. */
  readonly isSound: boolean;
  readonly events: readonly AuditEvent[];
}

/** A range of fewer blocks than this is not halved when an endpoint refuses it. */
const LEAST_RANGE = 500n;
const METHOD = "eth_getLogs";

/**
 * Lists what happened to a scope's ledger. At the desk that is every event of it. Of its guard it is what stopped the
 * scope and let it go on. Of each commitment the header of its anchor's height is fetched and hashed again. So is that of the block of each event.
 *
 * An endpoint that refuses a long range of logs is asked for shorter ones. What an endpoint leaves out does not show, but for a
 * commitment: the next one does not follow. Give a `quorum` of endpoints.
 *
 * @throws INVALID_RESPONSE for a log that is none of this ledger, or is of another block than its height has. That is a reorg or a lie
 * @throws INVALID_OPTION, INVALID_HEX, INVALID_CONFIG, RPC_FAILED, and what {@link fetchHeader} throws
 * @example
 * const { isSound, events } = await auditTrail(connection, { desk, guard, scope: "ETH-PERP", from: 21_000_000n });
 */
export async function auditTrail(connection: Connection, options: AuditOptions): Promise<AuditTrail> {
  checkRequestOptions(options, "desk", "guard", "scope", "from", "to");
  const { from = 0n, to = "latest", timeout } = options;
  if (typeof from !== "bigint" || from < 0n) throw invalidOption("from", "expected a bigint from 0");
  const place = placeOf(options);
  const asking: RequestOptions = timeout === undefined ? {} : { timeout };
  const last = await fetchHeader(connection, { ...asking, block: to });
  const trail = new Trail(connection, place, asking);
  const logs = [
    ...(await trail.logs("desk", [null, addressTopic(place.guard), place.scope], { from, to: last.number })),
    ...(await trail.logs("guard", [GUARD_TOPICS, place.scope], { from, to: last.number })),
  ].sort((a, b) => Number(a.number - b.number || a.index - b.index));
  const events: AuditEvent[] = [];
  let head: Hex | undefined = from === 0n ? toWord(0n) : undefined;
  for (const log of logs) {
    const event = await trail.read(log);
    const { commitment } = event;
    if (commitment === undefined || head === undefined) events.push(event);
    else events.push({ ...event, follows: sameHex(commitment.previous, head) });
    if (commitment !== undefined) head = event.facts["hash"] as Hex;
  }
  const isSound = events.every(({ anchor = "canonical", follows = true }) => anchor === "canonical" && follows);
  const { number, hash, timestamp: time } = last;
  return { ...place, from, to: { number, hash, time }, isSound, events };
}

/** A log, checked for its shape and for what it names. */
interface Log {
  readonly by: AuditEvent["by"];
  readonly number: bigint;
  readonly hash: Hex;
  readonly transaction: Hex;
  readonly index: bigint;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

type Topics = readonly (Hex | readonly Hex[] | null)[];

class Trail {
  readonly #headers = new Map<bigint, Promise<HashedHeader>>();

  constructor(
    private readonly connection: Connection,
    private readonly place: LedgerPlace,
    private readonly asking: RequestOptions,
  ) {}

  /** All logs of a contract with these topics. Ranges are halved as long as the endpoint refuses them. */
  async logs(by: Log["by"], topics: Topics, { from, to }: { from: bigint; to: bigint }): Promise<Log[]> {
    const logs: Log[] = [];
    let size = to - from + 1n;
    for (let low = from; low <= to;) {
      const high = low + size - 1n < to ? low + size - 1n : to;
      const filter = { address: this.place[by], topics, fromBlock: toQuantity(low), toBlock: toQuantity(high) };
      try {
        const answer = await call(this.connection, METHOD, [filter], this.asking);
        if (!Array.isArray(answer)) throw invalidResponse(METHOD, "it is no list");
        logs.push(...answer.map((log) => readLog(by, this.place, topics, log)));
        low = high + 1n;
      } catch (error) {
        if (!SettlementGuardError.is(error, "RPC_FAILED") || size <= LEAST_RANGE) throw error;
        size = (size + 1n) / 2n;
      }
    }
    return logs;
  }

  async read({ by, number, hash, transaction, index, topics, data }: Log): Promise<AuditEvent> {
    const header = await this.#headerAt(number);
    if (!sameHex(header.hash, hash))
      throw invalidResponse(METHOD, `a log is of block ${number}, ${hash}, and the chain has ${header.hash} there`);
    const event = readEvent(by, topics, data);
    const block = { number, hash: header.hash, time: header.timestamp };
    const shown = { ...event, by, block, transaction, index, topics, data };
    return event.commitment === undefined ? shown : { ...shown, anchor: await this.#anchorOf(event.commitment) };
  }

  async #anchorOf({ anchor }: Commitment): Promise<NonNullable<AuditEvent["anchor"]>> {
    try {
      const { hash, stateRoot } = await this.#headerAt(anchor.number);
      if (!sameHex(hash, anchor.hash)) return "orphaned";
      return sameHex(stateRoot, anchor.stateRoot) ? "canonical" : "misstated";
    } catch (error) {
      if (!SettlementGuardError.is(error, "BLOCK_NOT_FOUND")) throw error;
      return "unknown";
    }
  }

  /** Each is asked for once. */
  #headerAt(number: bigint): Promise<HashedHeader> {
    const header = this.#headers.get(number) ?? fetchHeader(this.connection, { block: number, ...this.asking });
    this.#headers.set(number, header);
    return header;
  }
}

/** @throws INVALID_RESPONSE */
function readLog(by: Log["by"], place: LedgerPlace, asked: Topics, answer: unknown): Log {
  try {
    const log = answer as Readonly<Record<string, unknown>>;
    const listed: unknown = log["topics"];
    const topics = (Array.isArray(listed) ? listed : []).map((topic) => toHex(toBytes(topic, "topic", 32)));
    const isOurs = asked.every((wanted, i) => wanted === null || [wanted].flat().includes(topics[i]!));
    if (!isOurs || topics.length < asked.length || !sameHex(String(log["address"]), place[by]))
      throw invalidResponse(METHOD, "it was not asked for");
    return {
      by,
      number: toBigInt(log["blockNumber"], "blockNumber"),
      hash: toHex(toBytes(log["blockHash"], "blockHash", 32)),
      transaction: toHex(toBytes(log["transactionHash"], "transactionHash", 32)),
      index: toBigInt(log["logIndex"], "logIndex"),
      topics,
      data: toHex(toBytes(log["data"], "data")),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "it is no object";
    throw invalidResponse(METHOD, `a log cannot be used: ${reason}`);
  }
}

function addressTopic(address: Hex): Hex {
  return toWord(BigInt(address));
}
