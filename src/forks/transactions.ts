import { toBigInt, toBytes, toHex, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import type { Request } from "../rpc/request.js";
import { SYSTEM_ADDRESS } from "./history.js";

/** A transaction as JSON-RPC returns it. */
export interface RpcTransaction {
  readonly hash: Hex;
  readonly from: Hex;
  [field: string]: unknown;
}

/** A block as JSON-RPC returns it, with full transactions. */
export interface RpcBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestamp: Hex;
  readonly mixHash: Hex;
  readonly miner: Hex;
  readonly parentBeaconBlockRoot?: Hex;
  readonly transactions: RpcTransaction[];
  [field: string]: unknown;
}

/**
 * A transaction that can be sent again and keeps its hash. It can be sent on this chain or on one that shares its
 * accounts.
 */
export interface SentTransaction {
  readonly hash: Hex;
  readonly from: Hex;
  /** The signed bytes. Undefined where the node signed it itself (`eth_sendTransaction`): it signs it again, identically. */
  readonly raw: Hex | undefined;
  /** The transaction as the node reported it. */
  readonly json: RpcTransaction;
}

/** Whether it is the simulator's own stand-in for a system call of EIP-2935 or EIP-4788. */
export function isSystemTransaction(transaction: { from: Hex }): boolean {
  return transaction.from.toLowerCase() === SYSTEM_ADDRESS;
}

/** The most that a transaction gives the coinbase, in wei a gas. */
export function offerOf({ json }: SentTransaction): bigint {
  return toBigInt(json["maxPriorityFeePerGas"] ?? json["gasPrice"], "offer of a transaction");
}

/** The hash of a raw transaction. For a blob transaction in network form (with its sidecar) it is another: see EIP-4844. */
export function rawTransactionHash(raw: unknown): Hex {
  return toHex(keccak256(toBytes(raw, "raw transaction")));
}

/**
 * Sends the transaction again into the pool; automining must be off.
 *
 * What the node signed is signed again. Every field that the signature covers is given, and signing is deterministic
 * (RFC 6979). A sender whose key the node does not hold is impersonated, as it must have been the first time.
 */
export async function sendAgain(request: Request, { raw, json }: SentTransaction): Promise<void> {
  if (raw !== undefined) {
    await request({ method: "eth_sendRawTransaction", params: [raw] });
    return;
  }
  const fees =
    json["type"] === "0x0" || json["type"] === "0x1"
      ? { gasPrice: json["gasPrice"] }
      : { maxFeePerGas: json["maxFeePerGas"], maxPriorityFeePerGas: json["maxPriorityFeePerGas"] };
  const fields = {
    from: json.from,
    to: json["to"] ?? undefined,
    nonce: json["nonce"],
    gas: json["gas"],
    value: json["value"],
    data: json["input"],
    ...(json["type"] === "0x0" ? {} : { accessList: json["accessList"] }),
    ...fees,
  };
  const accounts = (await request({ method: "eth_accounts" })) as string[];
  if (!accounts.some((account) => account.toLowerCase() === json.from.toLowerCase()))
    await request({ method: "hardhat_impersonateAccount", params: [json.from] });
  await request({ method: "eth_sendTransaction", params: [fields] });
}
