import { sameHex, toQuantity, type Hex } from "../core/bytes.js";
import { simulatorError, type Ask } from "../forks/backend.js";
import { sendAgain, type RpcBlock, type RpcTransaction, type SentTransaction } from "../forks/transactions.js";
import type { Request } from "../rpc/request.js";

/** What anvil's own snapshots leave out. */
interface Snapshot {
  readonly draw: Hex | undefined;
  readonly coinbase: Hex;
  readonly baseFeePerGas: unknown;
  readonly pool: readonly SentTransaction[];
}

type Method = (...params: readonly unknown[]) => Promise<unknown>;

/**
 * Answers for an anvil as the simulator needs it. These are the differences (anvil 1.7.1):
 *
 * - It lacks `hardhat_setPrevRandao`, and takes a block's mixHash from the parent. So what the simulator draws for the next block
 *   becomes that block's coinbase. For the same reason an imported block needs no mixHash of its own.
 * - It mines a transaction some time after it answered. Here the answer waits for the block.
 * - It lacks `eth_pendingTransactions`. They are read from `txpool_content`, and put in the order in which they came.
 * - It drops no transaction that waits for an earlier nonce, and drops those that another had waited for. So all are dropped, and the others
 *   sent again.
 * - `evm_revert` restores neither the pool nor the coinbase. The next base fee stays that of the branch which is left.
 */
export class AnvilNode {
  readonly #ask: Ask;
  /** The mixHash of every block that was read from any of the factory's nodes: none was drawn by the simulator. */
  readonly #mixed: Set<unknown>;
  /** Signed bytes, where a transaction came in as such; in the order of arrival. */
  readonly #arrived = new Map<Hex, Hex | undefined>();
  /** In small letters. */
  readonly #impersonated = new Set<string>();
  readonly #snapshots = new Map<unknown, Snapshot>();
  readonly #methods: { readonly [name: string]: Method };
  #automine = true;
  #draw: Hex | undefined;
  #coinbase: Hex;

  private constructor(ask: Ask, mixed: Set<unknown>, coinbase: Hex) {
    this.#ask = ask;
    this.#mixed = mixed;
    this.#coinbase = coinbase;
    this.#methods = {
      eth_coinbase: async () => this.#coinbase,
      eth_getBlockByHash: (...params) => this.#block("eth_getBlockByHash", params),
      eth_getBlockByNumber: (...params) => this.#block("eth_getBlockByNumber", params),
      eth_pendingTransactions: () => this.#pending(),
      eth_sendRawTransaction: (raw) => this.#send("eth_sendRawTransaction", [raw], raw as Hex),
      eth_sendTransaction: (...params) => this.#send("eth_sendTransaction", params),
      evm_mine: (timestamp) => this.#mine(timestamp),
      evm_revert: (id) => this.#revert(id),
      evm_setAutomine: async (automine) => (this.#automine = automine === true),
      evm_snapshot: () => this.#snapshot(),
      hardhat_dropTransaction: (hash) => this.#drop(hash),
      hardhat_impersonateAccount: (account) => {
        this.#impersonated.add(String(account).toLowerCase());
        return ask("hardhat_impersonateAccount", account);
      },
      hardhat_stopImpersonatingAccount: (account) => {
        this.#impersonated.delete(String(account).toLowerCase());
        return ask("hardhat_stopImpersonatingAccount", account);
      },
      hardhat_setCoinbase: (coinbase) => this.#setCoinbase(coinbase as Hex),
      hardhat_setPrevRandao: async (value) => (this.#draw = mixed.has(value) ? undefined : (value as Hex)),
    };
  }

  /** Takes over an anvil that nobody else uses. @param mixed one set for all nodes of a factory */
  static async over(ask: Ask, mixed: Set<unknown>): Promise<AnvilNode> {
    await ask("evm_setAutomine", false);
    return new AnvilNode(ask, mixed, (await ask("eth_coinbase")) as Hex);
  }

  readonly request: Request = ({ method, params = [] }) =>
    Object.hasOwn(this.#methods, method) ? this.#methods[method]!(...params) : this.#ask(method, ...params);

  async #block(method: string, params: readonly unknown[]): Promise<unknown> {
    const block = (await this.#ask(method, ...params)) as RpcBlock | null;
    if (block !== null) this.#mixed.add(block.mixHash);
    return block;
  }

  async #mine(timestamp?: unknown): Promise<unknown> {
    const draw = this.#draw;
    this.#draw = undefined;
    if (draw !== undefined) await this.#ask("anvil_setCoinbase", `0x${draw.slice(-40)}`);
    const answer = await this.#ask("evm_mine", ...(timestamp === undefined ? [] : [timestamp]));
    if (draw !== undefined) await this.#ask("anvil_setCoinbase", this.#coinbase);
    return answer;
  }

  async #send(method: string, params: readonly unknown[], raw?: Hex): Promise<Hex> {
    const hash = (await this.#ask(method, ...params)) as Hex;
    // What was dropped before comes last now.
    this.#arrived.delete(hash);
    this.#arrived.set(hash, raw);
    // One that waits for an earlier nonce is not mined.
    if (this.#automine && (await this.#executable()).some((transaction) => transaction.hash === hash))
      await this.#mine();
    return hash;
  }

  async #pending(): Promise<RpcTransaction[]> {
    const { pending, queued } = await this.#pool();
    const places = new Map([...this.#arrived.keys()].map((hash, place) => [hash, place]));
    return [...pending, ...queued].sort((a, b) => (places.get(a.hash) ?? -1) - (places.get(b.hash) ?? -1));
  }

  /** What it takes to send them again. */
  async #waiting(): Promise<SentTransaction[]> {
    const pending = await this.#pending();
    return pending.map((json) => ({ hash: json.hash, from: json.from, raw: this.#arrived.get(json.hash), json }));
  }

  async #drop(dropped: unknown): Promise<boolean> {
    const waiting = await this.#waiting();
    const others = waiting.filter(({ hash }) => hash !== dropped);
    if (others.length === waiting.length) return false;
    await this.#refill(others);
    return true;
  }

  async #refill(transactions: readonly SentTransaction[]): Promise<void> {
    await this.#ask("anvil_dropAllTransactions");
    for (const transaction of transactions)
      await sendAgain(({ method, params = [] }) => this.#ask(method, ...params), transaction, this.#impersonated);
  }

  async #executable(): Promise<RpcTransaction[]> {
    return (await this.#pool()).pending;
  }

  async #pool(): Promise<{ pending: RpcTransaction[]; queued: RpcTransaction[] }> {
    type Part = { readonly [sender: string]: { readonly [nonce: string]: RpcTransaction } };
    const { pending, queued } = (await this.#ask("txpool_content")) as { pending: Part; queued: Part };
    const all = (part: Part) => Object.values(part).flatMap((each) => Object.values(each));
    return { pending: all(pending), queued: all(queued) };
  }

  async #setCoinbase(coinbase: Hex): Promise<unknown> {
    this.#coinbase = coinbase;
    return this.#ask("anvil_setCoinbase", coinbase);
  }

  async #snapshot(): Promise<unknown> {
    const next = (await this.#ask("eth_getBlockByNumber", "pending", false)) as RpcBlock;
    const pool = await this.#waiting();
    const id = await this.#ask("evm_snapshot");
    this.#snapshots.set(id, { draw: this.#draw, coinbase: this.#coinbase, baseFeePerGas: next["baseFeePerGas"], pool });
    return id;
  }

  async #revert(id: unknown): Promise<unknown> {
    const snapshot = this.#snapshots.get(id);
    const isReverted = await this.#ask("evm_revert", id);
    if (isReverted !== true || snapshot === undefined) return isReverted;
    this.#draw = snapshot.draw;
    if (!sameHex(this.#coinbase, snapshot.coinbase)) await this.#setCoinbase(snapshot.coinbase);
    await this.#ask("anvil_setNextBlockBaseFeePerGas", snapshot.baseFeePerGas);
    await this.#refill(snapshot.pool);
    return true;
  }
}

/** @throws FORK_SIMULATOR for an anvil that cannot be taken over */
export async function checkAnvil(ask: Ask, url: string, genesisTime: number): Promise<void> {
  const client = String(await ask("web3_clientVersion"));
  if (!client.startsWith("anvil/")) throw simulatorError(`${url} is ${client}, and not anvil`);
  const head = (await ask("eth_getBlockByNumber", "latest", false)) as RpcBlock;
  if (head.number !== "0x0" || head.timestamp !== toQuantity(genesisTime))
    throw simulatorError(
      `The anvil at ${url} has head ${BigInt(head.number)} with time ${BigInt(head.timestamp)}: start one afresh with "--timestamp ${genesisTime} --order fifo"`,
    );
}
