import { sameHex, toBytes, toHex, toQuantity, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import { headerFromRpc } from "../header/fromRpc.js";
import { situationOf } from "../rpc/dialects.js";
import { accept, checkRequestOptions, send, type Connection, type RequestOptions } from "../rpc/request.js";

/** A tag that moves. Two requests with the same tag may be answered about two blocks: resolve it once, then use the hash. */
export type BlockTag = "latest" | "safe" | "finalized" | "earliest";

/** Which block: by height, by hash, by both, or by a tag. A number alone is a height; hashes are 32 bytes of hexadecimal. */
export type BlockId =
  | BlockTag
  | bigint
  | number
  | { number: bigint | number }
  | { hash: string }
  | { number: bigint | number; hash: string };

/** Which header is asked for. */
export interface HeaderOptions extends RequestOptions {
  readonly block: BlockId;
}

const TAGS: readonly unknown[] = ["latest", "safe", "finalized", "earliest"] satisfies BlockTag[];
const ZERO_HASH = `0x${"00".repeat(32)}`;

/** A block's name as it was read: once, and whole. */
type Named = { tag: BlockTag } | { hash: Hex; number?: bigint } | { hash?: never; number: bigint };

/**
 * Asks one endpoint for a header and checks the answer. The fields hash to the block's hash, and the block is the one asked for.
 * Only a header asked for by a trusted hash is trusted. Under a number or a tag the endpoint chooses the chain.
 *
 * @throws RPC_FAILED, BLOCK_NOT_FOUND, INVALID_HEADER, HEADER_HASH_MISMATCH, HEADER_NUMBER_MISMATCH
 * @throws before anything is sent: INVALID_CONNECTION, INVALID_OPTION; INVALID_ANCHOR for what names no block
 * @throws INVALID_HEX for a hash that is not 32 bytes
 * @example
 * const { stateRoot } = await fetchHeader(provider, { block: 21_000_000n });
 */
export async function fetchHeader(connection: Connection, options: HeaderOptions): Promise<HashedHeader> {
  checkRequestOptions(options, "block");
  const { block, ...asking } = options;
  const named = readName(block);
  const header = headerFromRpc(await fetchBlock(connection, named, asking));
  if ("tag" in named) return header;

  const { hash, number } = named;
  if (hash !== undefined && !sameHex(hash, header.hash)) {
    throw new SettlementGuardError(
      "HEADER_HASH_MISMATCH",
      { number: header.number, claimed: hash, actual: header.hash },
      `asked for block ${hash}, the endpoint answered with ${header.hash}`,
    );
  }
  if (number !== undefined && number !== header.number) {
    throw new SettlementGuardError(
      "HEADER_NUMBER_MISMATCH",
      { claimed: number, actual: header.number },
      `asked for block ${number}, the endpoint answered with ${header.number}`,
    );
  }
  return header;
}

async function fetchBlock(connection: Connection, named: Named, options: RequestOptions): Promise<unknown> {
  const which = "tag" in named ? named.tag : (named.hash ?? toQuantity(named.number));
  const method = "hash" in named ? "eth_getBlockByHash" : "eth_getBlockByNumber";
  let answer: unknown;
  try {
    answer = await send(connection, method, [which, false], options);
  } catch (error) {
    if (!SettlementGuardError.is(error, "RPC_FAILED")) throw error;
    const situation = situationOf(error.details);
    if (situation !== "block unknown" && situation !== "history pruned") throw error;
    const { reason } = error.details;
    const message = `the endpoint does not know block ${which}: ${reason}`;
    throw new SettlementGuardError("BLOCK_NOT_FOUND", { block: which, reason }, message, { cause: error });
  }
  if (answer === null)
    throw new SettlementGuardError("BLOCK_NOT_FOUND", { block: which }, `the endpoint does not know block ${which}`);
  return accept(method, answer);
}

// --- the name ---

function readName(block: unknown): Named {
  if (TAGS.includes(block)) return { tag: block as BlockTag };
  if (typeof block === "bigint" || typeof block === "number") return { number: heightOf(block) };
  if (typeof block !== "object" || block === null)
    throw noBlock(block === undefined ? "it is missing" : "it is of another kind");

  const { number, hash, ...others } = block as { number?: unknown; hash?: unknown };
  const [other] = Object.keys(others);
  if (other !== undefined) throw noBlock(`a block's name has no member ${other.slice(0, 40)}`);
  if (hash === undefined) return { number: heightOf(number) };
  const named = { hash: toHex(toBytes(hash, "block hash", 32)) };
  if (named.hash === ZERO_HASH) throw noBlock("the hash is zero");
  return number === undefined ? named : { ...named, number: heightOf(number) };
}

function heightOf(number: unknown): bigint {
  if (typeof number !== "bigint" && !Number.isSafeInteger(number)) throw noBlock("there is no whole number");
  const height = BigInt(number as bigint | number);
  if (height < 0n || height >> 64n !== 0n) throw noBlock("a block number has 64 bits", { number: height });
  return height;
}

function noBlock(reason: string, values: { number?: bigint } = {}): SettlementGuardError<"INVALID_ANCHOR"> {
  const message = `${reason}: a block is a number, { number }, { hash }, { number, hash }, or one of ${TAGS.join(", ")}`;
  return new SettlementGuardError("INVALID_ANCHOR", { reason, ...values }, message);
}
