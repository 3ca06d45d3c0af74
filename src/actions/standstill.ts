import type { Hex } from "../core/bytes.js";
import type { Anchor } from "../anchor/anchor.js";
import type { HashedHeader } from "../header/fields.js";
import { fetchHeader, type BlockId } from "./fetchHeader.js";
import { checkWhole, invalidOption } from "../rpc/options.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { BOUNDS } from "../policy/bounds.js";

/** What is looked for, and where. */
export interface StandstillOptions extends RequestOptions {
  /** The scope's gap, in whole seconds: more than that between two consecutive blocks is a standstill. */
  readonly gap: number;
  /** How many blocks are looked at, from `from` backwards: 1 to 8,191. That is how far back the contract looks, and the default. */
  readonly blocks?: number;
  /** The newest block that is looked at. By default the endpoint's latest. */
  readonly from?: BlockId;
  /**
   * The least time between two blocks of the chain, in whole seconds. It is 12 on Ethereum, 2 on the OP stack, 0 by default. With
   * it a quiet day of Ethereum takes some 10 requests, and some 250 without. One that is too great hides standstills.
   */
  readonly leastBlockTime?: number;
}

/** Two consecutive blocks that are further apart than a gap, as `proveStandstill` takes them. */
export interface Standstill {
  /** The block that ended it. */
  readonly anchor: Anchor;
  /** RLP of its header and of its parent's, end to end. */
  readonly headers: Hex;
  /** Seconds between the two. */
  readonly apart: number;
}

const GREATEST_GAP = 2 ** 16 - 1;

/**
 * Looks for the newest standstill of a chain: two consecutive blocks whose times differ by more than `gap`. What the contract did
 * not see, because slack hid it (`hiddenOutages`), anybody can prove with it: `proveStandstill(scope, anchor, headers)`.
 *
 * Every header is hashed here, and a pair's first is the second's parent. That the chain has these blocks is what the contract
 * checks. A range whose ends are at most `gap` apart has no standstill in it and is skipped. A chain that lives takes a request or
 * two for each gap.
 *
 * On the OP stack a sequencer that comes back gives missed blocks the times that they would have had. No two headers show it.
 *
 * @throws INVALID_OPTION, and what {@link fetchHeader} throws
 * @example
 * const found = await findStandstill(provider, { gap: 900, leastBlockTime: 12 });
 * if (found !== undefined) await perps.proveStandstill(scope, found.anchor, found.headers);
 */
export async function findStandstill(
  connection: Connection,
  options: StandstillOptions,
): Promise<Standstill | undefined> {
  for await (const found of standstills(connection, options)) return found;
  return undefined;
}

/**
 * As {@link findStandstill}, all of them, the newest first.
 *
 * @throws as {@link findStandstill}
 * @example
 * for (const { anchor, headers } of await findStandstills(provider, { gap: 900 }))
 *   await perps.proveStandstill(scope, anchor, headers);
 */
export async function findStandstills(connection: Connection, options: StandstillOptions): Promise<Standstill[]> {
  const all: Standstill[] = [];
  for await (const found of standstills(connection, options)) all.push(found);
  return all;
}

async function* standstills(connection: Connection, options: StandstillOptions): AsyncGenerator<Standstill> {
  const { gap, blocks, from, leastBlockTime, asking } = readOptions(options);
  const newest = await fetchHeader(connection, { block: from, ...asking });
  const oldest = newest.number > blocks ? newest.number - blocks : 0n;
  if (oldest === newest.number) return;

  // Ranges in which there may be one, the newest last.
  const ranges = [{ low: await fetchHeader(connection, { block: oldest, ...asking }), high: newest }];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const { low, high } = range;
    const inside = high.number - low.number - 1n; // blocks, each of them after the least time
    if (high.timestamp - low.timestamp - inside * leastBlockTime <= gap) continue;
    if (inside > 0n) {
      const middle = await fetchHeader(connection, { block: low.number + (inside + 1n) / 2n, ...asking });
      ranges.push({ low, high: middle }, { low: middle, high });
      continue;
    }
    // By its hash: of two heights an endpoint may answer about two branches.
    const parent = await fetchHeader(connection, { block: { number: low.number, hash: high.parentHash }, ...asking });
    if (high.timestamp - parent.timestamp > gap) yield standstill(parent, high);
  }
}

function standstill(parent: HashedHeader, { number, hash, rlp, timestamp }: HashedHeader): Standstill {
  return {
    anchor: { number, hash },
    headers: `${rlp}${parent.rlp.slice(2)}`,
    apart: Number(timestamp - parent.timestamp),
  };
}

function readOptions(options: StandstillOptions) {
  checkRequestOptions(options, "gap", "blocks", "from", "leastBlockTime");
  const { gap, blocks = BOUNDS.MAX_AGE_GREATEST, from = "latest", leastBlockTime = 0, ...asking } = options;
  if ((gap as unknown) === undefined) throw invalidOption("gap", "it is missing: expected whole seconds");
  checkWhole("gap", gap, GREATEST_GAP);
  checkWhole("blocks", blocks, BOUNDS.MAX_AGE_GREATEST);
  if (leastBlockTime !== 0) checkWhole("leastBlockTime", leastBlockTime, GREATEST_GAP);
  return { gap: BigInt(gap), blocks: BigInt(blocks), from, leastBlockTime: BigInt(leastBlockTime), asking };
}
