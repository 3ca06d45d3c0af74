import { toQuantity, type Hex } from "../../core/bytes.js";
import { BLOCK_PARAMETERS } from "../../rpc/quorum.js";
import type { Request } from "../../rpc/request.js";
import { clientError } from "../backend.js";
import { wordsOf, type ClientName } from "./wordings.js";

/** Where a request names its block. */
export const BLOCK_AT: Readonly<Record<string, number>> = {
  ...BLOCK_PARAMETERS,
  eth_getProof: 2,
  eth_estimateGas: 1,
  eth_getBlockByNumber: 0,
  eth_getBlockTransactionCountByNumber: 0,
};
/** What is `null` where the block is not known yet. */
const PLACED = /^eth_get(?:Transaction(?:Receipt|ByHash)|BlockByHash)$/;

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
    if (PLACED.test(method)) return this.#placed(await this.request({ method, params }));
    const at = BLOCK_AT[method];
    if (at === undefined) return this.request({ method, params });

    const block = await this.#named(params[at]);
    if (block !== undefined) return this.request({ method, params: params.with(at, block) });
    if (method.startsWith("eth_getBlock")) return null;
    throw this.#unknown(params[at]);
  }

  /** What is answered of something in a block. It has the block's number, or is the block. */
  #placed(answer: unknown): unknown {
    const { blockNumber, number } = (answer ?? {}) as { blockNumber?: Hex | null; number?: Hex };
    const height = blockNumber ?? number;
    return height !== undefined && BigInt(height) > this.head ? null : answer;
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
  async #named(which: unknown = "latest"): Promise<unknown> {
    if (which === "latest" || which === "pending") return toQuantity(this.head);
    if (which === "earliest") return which;
    if (which === "safe" || which === "finalized") {
      const block = (await this.request({ method: "eth_getBlockByNumber", params: [which, false] })) as {
        number: Hex;
      } | null;
      return block === null || BigInt(block.number) > this.head ? toQuantity(this.head) : block.number;
    }
    if (typeof which === "string") return BigInt(which) > this.head ? undefined : which;
    const { blockHash, blockNumber } = which as { blockHash?: Hex; blockNumber?: Hex };
    if (blockHash === undefined) return BigInt(blockNumber!) > this.head ? undefined : which;
    const block = await this.answer({ method: "eth_getBlockByHash", params: [blockHash, false] });
    return block === null ? undefined : which;
  }

  #unknown(which: unknown): Error {
    const { code, words } = wordsOf(this.client, "block", nameOf(which));
    return clientError(words, { code });
  }
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
