import { JsonRpcProvider, Wallet, keccak256, type TransactionReceiptParams, type TransactionRequest } from "ethers";

import { startClient, type Client } from "../../tools/clients/client.js";
import { Consensus, type Block } from "../../tools/clients/consensus.js";
import { CHAIN_ID, KEYS } from "../../tools/clients/genesis.js";

/** Spares each transaction the estimate: so one that reverts is mined, too. */
const MINED = { type: 2, gasLimit: 5_000_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };

/** A transaction that was mined, reverted or not. */
export interface Mined {
  readonly block: Block;
  readonly succeeded: boolean;
  /** The address of the contract, if it deployed one. */
  readonly contract: string;
}

/** A client, what drives it, and an account that sends transactions to it. */
export class Node {
  readonly provider: JsonRpcProvider;
  readonly trader: Wallet;

  private constructor(
    readonly client: Client,
    readonly consensus: Consensus,
  ) {
    // Without the cache: two equal requests within 250 ms may be about two branches. Without batches: each would be waited for.
    const options = { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 };
    this.provider = new JsonRpcProvider(client.url, CHAIN_ID, options);
    this.trader = new Wallet(KEYS[0], this.provider);
  }

  static async start(): Promise<Node> {
    const client = await startClient();
    try {
      return new Node(client, await Consensus.start(client));
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.provider.destroy();
    await this.client.close();
  }

  /** Mines a block with one transaction. */
  async execute(call: TransactionRequest): Promise<Mined> {
    const { hash, raw } = await this.sign(call);
    const [block] = await this.consensus.mine({ transactions: [raw] });
    const receipt = (await this.receipt(hash))!;
    return { block: block!, succeeded: Number(receipt.status) === 1, contract: receipt.contractAddress ?? "" };
  }

  /** @param nonce default: the next after the newest block */
  async sign(call: TransactionRequest, nonce?: number): Promise<{ hash: string; raw: string }> {
    const next = nonce ?? (await this.trader.getNonce());
    const raw = await this.trader.signTransaction({ ...MINED, ...call, chainId: CHAIN_ID, nonce: next });
    return { hash: keccak256(raw), raw };
  }

  /** As the client gives it; null where the chain that it follows has no such transaction. */
  async receipt(hash: string): Promise<TransactionReceiptParams | null> {
    return (await this.provider.send("eth_getTransactionReceipt", [hash])) as TransactionReceiptParams | null;
  }
}
