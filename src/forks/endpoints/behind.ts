import { toQuantity, type Hex } from "../../core/bytes.js";
import { BLOCK_PARAMETERS } from "../../rpc/quorum.js";
import type { Request } from "../../rpc/request.js";
import { clientError } from "../backend.js";
import { missingMethod, wordsOf, type ClientName } from "./wordings.js";

/** Where a request names its block: by tag, number or hash. */
export const BLOCK_AT: Readonly<Record<string, number>> = {
  ...BLOCK_PARAMETERS,
  eth_getProof: 2,
  ...at(1, "eth_createAccessList", "eth_estimateGas", "eth_feeHistory", "eth_simulateV1", "debug_traceCall"),
  ...at(0, "eth_getBlockByHash", "eth_getBlockByNumber", "eth_getBlockReceipts"),
  ...at(0, "eth_getBlockTransactionCountByHash", "eth_getBlockTransactionCountByNumber"),
  ...at(0, "eth_getTransactionByBlockHashAndIndex", "eth_getTransactionByBlockNumberAndIndex"),
  ...at(0, "eth_getUncleCountByBlockHash", "eth_getUncleCountByBlockNumber"),
  ...at(0, "debug_traceBlockByHash", "debug_traceBlockByNumber"),
};
/** What is `null` of a block that is not there. Everything else is an error then. */
const NULLABLE = /^eth_get(?:Block|TransactionByBlock|UncleCount)/;
/** What names a transaction by its hash. */
const BY_TRANSACTION = /^(?:eth_getTransaction(?:ByHash|Receipt)|debug_traceTransaction)$/;
/** What neither names a place in the chain nor tells of one. */
const PLACELESS =
  /^(?:(?:net|web3|txpool)_\w+|eth_(?:accounts|blobBaseFee|chainId|coinbase|gasPrice|maxPriorityFeePerGas|pendingTransactions|requestAccounts|send(?:Raw)?Transaction|sign\w*|syncing))$/;

/** A node's view of a chain whose newest blocks it does not have yet. */
class View {
  private constructor(
    private readonly request: Request,
    private readonly client: ClientName,
    readonly head: bigint,
  ) {}

  static async of(request: Request, lag: number, client: ClientName): Promise<View> {
    const newest = BigInt((await request({ method: "eth_blockNumber" })) as Hex);
    return new View(request, client, newest > BigInt(lag) ? newest - BigInt(lag) : 0n);
  }

  async answer({ method, params = [] }: Parameters<Request>[0]): Promise<unknown> {
    if (method === "eth_blockNumber") return toQuantity(this.head);
    if (method === "eth_getLogs") return this.#logs(params[0] as Readonly<Record<string, unknown>>);
    if (BY_TRANSACTION.test(method)) return this.#ofTransaction(method, params);
    if (PLACELESS.test(method)) return this.request({ method, params });
    const place = BLOCK_AT[method];
    // It may tell of later blocks, as filters do.
    if (place === undefined) throw missingMethod(method);

    const block = await this.#named(params[place]);
    if (block !== undefined) return this.request({ method, params: Object.assign([...params], { [place]: block }) });
    if (NULLABLE.test(method)) return null;
    throw this.#unknown(params[place]);
  }

  /** A transaction of a later block is none yet. */
  async #ofTransaction(method: string, params: readonly unknown[]): Promise<unknown> {
    const found = await this.#ask("eth_getTransactionByHash", params[0]);
    if (!this.#isLater(found?.blockNumber)) return this.request({ method, params });
    if (method.startsWith("eth_")) return null;
    throw clientError("transaction not found", { code: -32_000 });
  }

  /** Without the logs of later blocks, as nodes leave them out. */
  async #logs(filter: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { blockHash, fromBlock, toBlock } = filter;
    if (blockHash !== undefined) {
      if ((await this.#named({ blockHash })) === undefined) throw this.#unknown(blockHash);
      return this.request({ method: "eth_getLogs", params: [filter] });
    }
    const from = await this.#named(fromBlock);
    const to = (await this.#named(toBlock)) ?? toQuantity(this.head);
    return from === undefined
      ? []
      : this.request({ method: "eth_getLogs", params: [{ ...filter, fromBlock: from, toBlock: to }] });
  }

  /** The block, where it is known here. Tags are numbers then, so that the chain does not resolve them. */
  async #named(name: unknown): Promise<unknown> {
    const which = name ?? "latest";
    if (which === "latest" || which === "pending") return toQuantity(this.head);
    if (which === "earliest") return which;
    if (which === "safe" || which === "finalized") {
      const block = await this.#ask("eth_getBlockByNumber", which, false);
      return block === null || this.#isLater(block.number) ? toQuantity(this.head) : block.number;
    }
    const { blockHash, blockNumber } = (typeof which === "string" ? byName(which) : which) as ReturnType<typeof byName>;
    if (blockHash === undefined) return this.#isLater(blockNumber) ? undefined : which;
    const block = await this.#ask("eth_getBlockByHash", blockHash, false);
    return block === null || this.#isLater(block.number) ? undefined : which;
  }

  #isLater(height: Hex | null | undefined): boolean {
    return typeof height === "string" && BigInt(height) > this.head;
  }

  async #ask(method: string, ...params: unknown[]): Promise<{ number?: Hex; blockNumber?: Hex | null } | null> {
    return (await this.request({ method, params })) as { number?: Hex; blockNumber?: Hex | null } | null;
  }

  #unknown(which: unknown): Error {
    const { code, words } = wordsOf(this.client, "block", nameOf(which));
    return clientError(words, { code });
  }
}

function at(place: number, ...methods: string[]): Record<string, number> {
  return Object.fromEntries(methods.map((method) => [method, place]));
}

/** A number or a hash, as EIP-1898 writes it. */
function byName(name: string): { blockHash?: Hex; blockNumber?: Hex } {
  return name.length === 66 ? { blockHash: name as Hex } : { blockNumber: name as Hex };
}

/** A node that is so many blocks behind. What lies above its head it does not know. */
export function behind(request: Request, lag: number, client: ClientName): Request {
  return async (args) => (await View.of(request, lag, client)).answer(args);
}

/** A block as it is named in words: a tag, a decimal number, or a hash. */
export function nameOf(which: unknown): string {
  const { blockHash, blockNumber } = (typeof which === "object" && which !== null ? which : {}) as Record<
    string,
    unknown
  >;
  const name = String(blockHash ?? blockNumber ?? which);
  return /^0x[\da-f]{1,16}$/i.test(name) ? String(BigInt(name)) : name;
}
