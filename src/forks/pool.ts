import type { Hex } from "../core/bytes.js";
import type { Request } from "../rpc/request.js";
import {
  isSystemTransaction,
  rawTransactionHash,
  sendAgain,
  type RpcTransaction,
  type SentTransaction,
} from "./transactions.js";

/** A transaction that the node refused. */
export interface Rejection {
  readonly hash: Hex;
  readonly reason: string;
}

/** The backend's pool, and what it takes to send again what came into it. */
export class Pool {
  readonly #request: Request;
  /** The signed bytes of every transaction that came in as such. */
  readonly #raw = new Map<string, Hex>();
  /** The accounts that the node impersonates, in small letters. No branch and no snapshot changes them. */
  readonly impersonated = new Set<string>();

  constructor(request: Request) {
    this.#request = request;
  }

  /** Notes a transaction's signed bytes, which the backend does not give back. Returns its hash. */
  remember(raw: unknown): Hex {
    const hash = rawTransactionHash(raw);
    this.#raw.set(hash, raw as Hex);
    return hash;
  }

  /** What it takes to send a transaction again that the backend knows. */
  describe(json: RpcTransaction): SentTransaction {
    return { hash: json.hash, from: json.from, raw: this.#raw.get(json.hash), json };
  }

  /** What is waiting, without the simulator's own. */
  async waiting(): Promise<SentTransaction[]> {
    const pending = await this.#pending();
    return pending.map((json) => this.describe(json)).filter((transaction) => !isSystemTransaction(transaction));
  }

  /** Takes out what is waiting, so that no block takes it until it is sent again. */
  async setAside(): Promise<SentTransaction[]> {
    const waiting = await this.waiting();
    for (const { hash } of waiting) await this.#drop(hash);
    return waiting;
  }

  async clear(): Promise<void> {
    for (const { hash } of await this.#pending()) await this.#drop(hash);
  }

  /** Puts a transaction of this or another chain into the pool; automining must be off. */
  async send(transaction: SentTransaction): Promise<void> {
    if (transaction.raw !== undefined) this.#raw.set(transaction.hash, transaction.raw);
    await sendAgain(this.#request, transaction, this.impersonated);
  }

  /** As {@link Pool.send}; a refusal is noted instead of thrown. */
  resend(transaction: SentTransaction, rejected: Rejection[]): Promise<void> {
    return attempt(transaction.hash, () => this.send(transaction), rejected);
  }

  /** Puts a signed transaction into the pool; a refusal is noted instead of thrown. */
  submit(raw: string, rejected: Rejection[]): Promise<void> {
    const send = () => this.#request({ method: "eth_sendRawTransaction", params: [raw] });
    return attempt(this.remember(raw), send, rejected);
  }

  async #drop(hash: Hex): Promise<void> {
    await this.#request({ method: "hardhat_dropTransaction", params: [hash] });
  }

  async #pending(): Promise<RpcTransaction[]> {
    return (await this.#request({ method: "eth_pendingTransactions" })) as RpcTransaction[];
  }
}

async function attempt(hash: Hex, send: () => Promise<unknown>, rejected: Rejection[]): Promise<void> {
  try {
    await send();
  } catch (error) {
    rejected.push({ hash, reason: error instanceof Error ? error.message : String(error) });
  }
}
