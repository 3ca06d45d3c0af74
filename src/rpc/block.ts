import { sameHex, toHex, toBytes, toQuantity, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { headerFromRpc, type HashedHeader } from "../proof/header.js";
import { call, type Connection } from "./request.js";

/** A tag that moves. Two requests with the same tag may be answered about two blocks: resolve it once, then use the hash. */
export type BlockTag = "latest" | "safe" | "finalized" | "earliest";

/** Which block: by height, by hash, or by a tag. */
export type BlockId = { number: bigint } | { hash: Hex } | BlockTag;

/**
 * Asks one endpoint for a header and checks what it answers: the fields hash to the block's hash, and the block is the one that
 * was asked for. Only a header asked for by a trusted hash is thereby trusted; under a number or a tag, the endpoint still
 * chooses which chain it answers about.
 *
 * @throws RPC_FAILED, BLOCK_NOT_FOUND, INVALID_HEADER, HEADER_HASH_MISMATCH, HEADER_NUMBER_MISMATCH, INVALID_HEX for a hash that is
 * not 32 bytes, INVALID_ANCHOR for a number that is not of 64 bits. There is no deadline: `connection` must have its own
 * @example
 * const { stateRoot } = await fetchHeader(provider, { number: 21_000_000n });
 */
export async function fetchHeader(connection: Connection, block: BlockId): Promise<HashedHeader> {
  const hash = typeof block === "object" && "hash" in block ? toHex(toBytes(block.hash, "block hash", 32)) : undefined;
  const number = typeof block === "object" && "number" in block ? block.number : undefined;
  if (number !== undefined && (number < 0n || number >> 64n !== 0n)) {
    const reason = "a block number has 64 bits";
    throw new SettlementGuardError("INVALID_ANCHOR", { reason, number }, `${number} is no block: ${reason}`);
  }
  const which = typeof block === "string" ? block : (hash ?? toQuantity(number!));
  const method = hash === undefined ? "eth_getBlockByNumber" : "eth_getBlockByHash";

  const answer = await call(connection, method, [which, false]);
  if (answer === null || answer === undefined) {
    throw new SettlementGuardError("BLOCK_NOT_FOUND", { block: which }, `the endpoint does not know block ${which}`);
  }
  const header = headerFromRpc(answer);

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
