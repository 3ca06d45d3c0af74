import { toBigInt, toBytes, toHex, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { readRlpItem } from "../core/rlp.js";
import type { Request } from "../rpc/request.js";
import { simulatorError, type Ask } from "./backend.js";
import { SYSTEM_ADDRESS } from "./history.js";

/** EIP-4844's transactions. */
const BLOB_TYPE = 3;

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

/** Whether it brings blobs (EIP-4844). */
export function hasBlobs({ json }: SentTransaction): boolean {
  return Number(json["type"]) === BLOB_TYPE;
}

/** The most that a transaction gives the coinbase, in wei a gas. */
export function offerOf({ json }: SentTransaction): bigint {
  return toBigInt(json["maxPriorityFeePerGas"] ?? json["gasPrice"], "offer of a transaction");
}

/** The hash of a raw transaction. That of a blob transaction in network form leaves its blobs out (EIP-4844). */
export function rawTransactionHash(raw: unknown): Hex {
  return toHex(keccak256(withoutSidecar(toBytes(raw, "raw transaction"))));
}

/** In network form the transaction is the first member of a list, before its blobs. */
function withoutSidecar(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== BLOB_TYPE) return bytes;
  const whole = readRlpItem(bytes, 1, bytes.length);
  const first = readRlpItem(bytes, whole.start, whole.end);
  return first.list ? Uint8Array.of(BLOB_TYPE, ...bytes.subarray(whole.start, first.end)) : bytes;
}

/**
 * Sends the transaction again into the pool; automining must be off.
 *
 * What the node signed is signed again. Every field that the signature covers is given, and signing is deterministic
 * (RFC 6979). Whom the node impersonates it signs for in another way, also where it holds the key. So what comes out
 * with another hash is taken out, and sent the other way.
 *
 * @param impersonated whom the test impersonates, in small letters: so it stays
 * @throws FORK_SIMULATOR where the transaction comes out with another hash either way
 */
export async function sendAgain(
  request: Request,
  { hash, from, raw, json }: SentTransaction,
  impersonated: ReadonlySet<string>,
): Promise<void> {
  const ask: Ask = (method, ...params) => request({ method, params });
  if (raw !== undefined) return void (await ask("eth_sendRawTransaction", raw));
  const sender = from.toLowerCase();
  const accounts = (await ask("eth_accounts")) as string[];
  const hasKey = accounts.some((account) => account.toLowerCase() === sender);
  const isImpersonated = impersonated.has(sender);
  let impersonates = isImpersonated;
  const impersonate = async (whether: boolean): Promise<void> => {
    if (whether === impersonates) return;
    await ask(whether ? "hardhat_impersonateAccount" : "hardhat_stopImpersonatingAccount", from);
    impersonates = whether;
  };
  try {
    for (const way of hasKey ? [isImpersonated, !isImpersonated] : [true]) {
      await impersonate(way);
      const sent = await ask("eth_sendTransaction", fieldsOf(json));
      if (sent === hash) return;
      await ask("hardhat_dropTransaction", sent);
    }
  } finally {
    await impersonate(isImpersonated);
  }
  throw simulatorError(`The transaction ${hash} of ${from} comes out with another hash when it is sent again`);
}

/** What a transaction's signature covers, as `eth_sendTransaction` takes it. */
function fieldsOf(json: RpcTransaction): object {
  const { from, to, nonce, gas, value, input, type, accessList, authorizationList } = json;
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = json;
  return {
    ...{ from, to: to ?? undefined, nonce, gas, value, data: input },
    ...(type === "0x0" ? {} : { accessList }),
    ...(type === "0x0" || type === "0x1" ? { gasPrice } : { maxFeePerGas, maxPriorityFeePerGas }),
    // EIP-7702
    ...(authorizationList === undefined ? {} : { authorizationList }),
  };
}
