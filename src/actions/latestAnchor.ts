import { invalidAnchor, type Anchor, type StateAnchor } from "../anchor/anchor.js";
import { toBigInt, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { fetchHeader } from "./fetchHeader.js";

/** How an anchor is chosen. */
export interface AnchorOptions extends RequestOptions {
  /**
   * How many blocks behind the head the anchor lies, at least 1. While a contract executes, the head has no hash that it could look
   * up. The closer the anchor, the shorter a reorg makes the action revert. By default 2. The head must be at least block `depth`.
   */
  readonly depth?: number;
}

const DEFAULT_DEPTH = 2;
/**
 * Takes an anchor a few blocks behind one endpoint's head. Its header is hashed here. Whether the endpoint follows the canonical
 * chain is for the contract's check to decide.
 *
 * @throws INVALID_ANCHOR where the depth is no positive integer or reaches before genesis
 * @throws INVALID_RESPONSE for a head that is no number, and what {@link fetchHeader} throws
 * @example
 * const anchor = await latestAnchor(provider, { depth: 3 });
 * await perps.executeOrder(order, anchor);
 */
export async function latestAnchor(connection: Connection, options: AnchorOptions = {}): Promise<Anchor> {
  const { number, hash } = await latestHeader(connection, options);
  return { number, hash };
}

/**
 * Takes a state anchor a few blocks behind one endpoint's head. The header proves its state root to a contract.
 *
 * @throws as {@link latestAnchor}
 * @example
 * const { anchor, header } = await latestStateAnchor(provider);
 */
export async function latestStateAnchor(
  connection: Connection,
  options: AnchorOptions = {},
): Promise<{ anchor: StateAnchor; header: Hex }> {
  const { number, hash, stateRoot, rlp } = await latestHeader(connection, options);
  return { anchor: { number, hash, stateRoot }, header: rlp };
}

async function latestHeader(connection: Connection, options: AnchorOptions): Promise<HashedHeader> {
  checkRequestOptions(options, "depth");
  const { depth = DEFAULT_DEPTH, ...asking } = options;
  if (!Number.isSafeInteger(depth) || depth < 1)
    throw invalidAnchor("the depth must be a whole number from 1", { depth });
  const head = await headNumber(connection, asking);
  return headerBehind(connection, { head, depth, ...asking });
}

/** The header of a block that lies `depth` blocks behind the head. @throws INVALID_ANCHOR, and what {@link fetchHeader} throws */
export async function headerBehind(
  connection: Connection,
  { head, depth, ...asking }: RequestOptions & { readonly head: bigint; readonly depth: number },
): Promise<HashedHeader> {
  const number = head - BigInt(depth);
  if (number < 0n) {
    const reason = `the head is block ${head}, and depth ${depth} needs a head of at least block ${depth}`;
    throw invalidAnchor(`${reason}: mine ${-number} blocks first, or ask for less depth`, { depth, number: head });
  }
  return fetchHeader(connection, { block: { number }, ...asking });
}

async function headNumber(connection: Connection, asking: RequestOptions): Promise<bigint> {
  const method = "eth_blockNumber";
  const answer = await call(connection, method, [], asking);
  try {
    return toBigInt(answer, "block number");
  } catch (cause) {
    const reason = "not a JSON-RPC quantity";
    throw new SettlementGuardError("INVALID_RESPONSE", { method, reason }, `${method} answered with ${reason}`, {
      cause,
    });
  }
}
