import { invalidAnchor, type Anchor } from "../anchor/anchor.js";
import { toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import type { ChainFault } from "../explain/guardErrors.js";
import { decodeHeader } from "../header/header.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { invalidOption } from "../rpc/options.js";
import { latestStateAnchor } from "./latestAnchor.js";

/** How a chain is to prove itself. */
export interface ProveChainOptions extends RequestOptions {
  /**
   * What the contract asks for heights and hashes:
   * - `native`, the default: NUMBER and BLOCKHASH;
   * - `arbitrum`: ArbSys.
   */
  readonly source?: "native" | "arbitrum";
}

/** What `SelfProvenChain` takes. */
export interface ChainProof {
  /** RLP of a recent block's header: the constructor's argument. Good for an hour, and for 253 blocks. */
  readonly header: Hex;
  /** The block that it is the header of. */
  readonly anchor: Anchor;
}

/** As many blocks as the contract looks back. */
const PROOF_WINDOW = 256n;
const ARB_SYS = "0x0000000000000000000000000000000000000064";
const ARB_BLOCK_NUMBER = "0xa3b1b31d"; // arbBlockNumber()
const ARB_BLOCK_HASH = "0x2b407a82"; // arbBlockHash(uint256)

/** What a source says: the executing block's height, the header's hash, and its parent's. */
type Reading = readonly [head: Hex, hash: Hex, parentHash: Hex];

/**
 * Fetches the header with which a chain that is not listed proves itself to a guard that inherits `SelfProvenChain`. It is hashed
 * here, and compared with what the chain's own source says. So a deployment that the contract would refuse is refused before.
 *
 * An endpoint can make up all of it. What counts is the contract's check, which reads the chain itself.
 *
 * @throws CHAIN_UNPROVEN where the source says something else, or nothing
 * @throws INVALID_OPTION, INVALID_RESPONSE, and what {@link latestStateAnchor} throws
 * @example
 * const { header } = await proveChain(provider);
 * const perps = await ethers.deployContract("Perps", [token, header]);
 */
export async function proveChain(connection: Connection, options: ProveChainOptions = {}): Promise<ChainProof> {
  checkRequestOptions(options, "source");
  const { source = "native", ...asking } = options;
  if (!["native", "arbitrum"].includes(source)) throw invalidOption("source", "it is native or arbitrum");

  const { anchor, header } = await latestStateAnchor(connection, asking);
  const { number, hash } = anchor;
  if (number === 0n) throw invalidAnchor("genesis has no parent: mine a block first", { number });
  const read = source === "native" ? readOpcodes : readArbSys;
  const [head, shown, shownParent] = await read((params) => eth(connection, params, asking), number);
  const depth = BigInt(head) - number;
  if (depth < 1n || depth >= PROOF_WINDOW) throw unproven("height", number, BigInt(head));
  if (shown !== hash) throw unproven("hash", hash, shown);
  const { parentHash } = decodeHeader(header);
  if (shownParent !== parentHash) throw unproven("parent-hash", parentHash, shownParent);
  return { header, anchor: { number, hash } };
}

type Ask = (transaction: { to?: Hex; data: Hex }) => Promise<Uint8Array>;

/** Runs as the code of a contract that is created: returns NUMBER, BLOCKHASH(number) and BLOCKHASH(number - 1). */
async function readOpcodes(ask: Ask, number: bigint): Promise<Reading> {
  const [own, parent] = [number, number - 1n].map((height) => toWord(height).slice(2));
  const answer = await ask({ data: `0x436000527f${own}406020527f${parent}4060405260606000f3` });
  return [0, 32, 64].map((start) => toHex(answer.subarray(start, start + 32))) as unknown as Reading;
}

async function readArbSys(ask: Ask, number: bigint): Promise<Reading> {
  const hashAt = async (height: bigint): Promise<Hex> =>
    toHex(await ask({ to: ARB_SYS, data: `${ARB_BLOCK_HASH}${toWord(height).slice(2)}` }));
  return [toHex(await ask({ to: ARB_SYS, data: ARB_BLOCK_NUMBER })), await hashAt(number), await hashAt(number - 1n)];
}

async function eth(
  connection: Connection,
  transaction: { to?: Hex; data: Hex },
  asking: RequestOptions,
): Promise<Uint8Array> {
  const method = "eth_call";
  const bytes = toBytes(await call(connection, method, [transaction, "latest"], asking), `what ${method} returns`);
  if (bytes.length === (transaction.to === undefined ? 96 : 32)) return bytes;
  const reason = `${bytes.length} bytes are no heights and hashes`;
  throw new SettlementGuardError("INVALID_RESPONSE", { method, reason }, `${method} answered: ${reason}`);
}

function unproven<Value extends bigint | Hex>(
  fault: ChainFault,
  given: Value,
  shown: Value,
): SettlementGuardError<"CHAIN_UNPROVEN"> {
  const message = `the chain's source does not agree with its header in the ${fault}: the header says ${given}, the source ${shown}`;
  return new SettlementGuardError("CHAIN_UNPROVEN", { fault, given, shown }, message);
}
