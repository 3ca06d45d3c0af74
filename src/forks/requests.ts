import { toQuantity, type Hex } from "../core/bytes.js";
import { clientError, isMethodMissing, simulatorError, type RpcCall } from "./backend.js";
import type { Blocks } from "./blocks.js";
import { call } from "./calls.js";
import type { IntervalMining } from "./intervalMining.js";
import { byOneName, mayPass } from "./methods.js";
import type { SimulatedNode } from "./node.js";
import { toSeconds } from "./passTime.js";
import type { RpcBlock } from "./transactions.js";
import { UserSnapshots } from "./userSnapshots.js";

// Cheat codes that change the state, which importing a block must repeat. What ends up in the header (time, prevRandao, coinbase) is
// taken from there instead.
const CHEAT =
  /^(?:hardhat_set(?:Balance|Code|Nonce|StorageAt|NextBlockBaseFeePerGas)|(?:hardhat|anvil)_(?:addBalance|dealERC20)|anvil_setERC20(?:Allowance|Balance))$/;

const IMPERSONATION = /^hardhat_(impersonate|stopImpersonating)Account$/;

// How the node works from now on, on whatever branch it is.
const SETTING =
  /^(?:evm_set(?:Automine|BlockGasLimit|IntervalMining)|hardhat_(?:getAutomine|setCoinbase|setPrevRandao))$/;

// What takes a block's hash. Of its transactions' number and of each one the block itself tells.
const BY_HASH =
  /^(?:eth_(?:call|estimateGas|createAccessList|get(?:AccountInfo|Balance|BlockReceipts|Code|Logs|Proof|RawTransactionByBlockHashAndIndex|StorageAt|TransactionCount|UncleCountByBlockHash))|debug_trace(?:BlockByHash|Call))$/;

/** As many blocks as `hardhat_mine` mines at once: some minutes' work. */
const MOST_BLOCKS = 100_000;

/** Overrides some JSON-RPC methods and forwards the rest to the backend. */
export class Requests {
  readonly #node: SimulatedNode;
  readonly #interval: IntervalMining;
  readonly #snapshots: UserSnapshots;

  constructor(node: SimulatedNode, interval: IntervalMining) {
    this.#node = node;
    this.#interval = interval;
    this.#snapshots = new UserSnapshots(node);
  }

  async answer(call: RpcCall): Promise<unknown> {
    const resolved = this.#node.finality.resolve(byOneName(call));
    return resolved === undefined ? null : this.#answer(resolved);
  }

  async #answer({ method, params = [] }: RpcCall): Promise<unknown> {
    const { systemCalls, miner, relay, reserved } = this.#node;
    if (reserved.includes(method)) throw this.#refusal(method);
    if (CHEAT.test(method)) {
      this.#checkPins(method);
      return miner.cheat({ method, params });
    }
    if (IMPERSONATION.test(method)) return this.#impersonate(method, params);
    if (SETTING.test(method)) return this.#set(method, params);

    switch (method) {
      case "evm_mine":
        return this.#mineAt(params[0] === undefined ? undefined : toSeconds(params[0], "timestamp"));
      case "hardhat_mine":
        // Who has no interval to give may say 0, as viem does.
        return this.#mineMany(Number(params[0] ?? 1), Number(params[1] ?? 0) || undefined);
      case "eth_sendTransaction":
      case "eth_sendRawTransaction":
        return this.#send(method, params);
      case "evm_increaseTime":
        return this.#increaseTime(toSeconds(params[0], "time that passes"));
      case "evm_setNextBlockTimestamp":
        return this.#setNextTimestamp(toSeconds(params[0], "timestamp"));
      case "evm_snapshot":
        return this.#snapshots.take();
      case "evm_revert":
        return this.#snapshots.revert(String(params[0]));
      case "eth_getBlockReceipts":
        return this.#receipts(params);
      case "eth_getBlockByHash":
        return (
          (await relay(method, ...params)) ?? this.#ofOrphan(params[0], (block) => shown(block, params[1] === true))
        );
      case "eth_getBlockTransactionCountByHash":
        return (
          (await relay(method, ...params)) ??
          this.#ofOrphan(params[0], ({ transactions }) => toQuantity(transactions.length))
        );
      case "eth_getTransactionByBlockHashAndIndex":
        return (
          (await relay(method, ...params)) ??
          this.#ofOrphan(params[0], ({ transactions }) => transactions[Number(params[1])])
        );
      case "eth_estimateGas":
        if (params[1] === "pending") await systemCalls.fill();
        // As geth does where no block is named. Hardhat takes the pending one.
        return relay(method, params[0], params[1] ?? "latest", ...params.slice(2));
      case "eth_call":
        return call(this.#node, params);
      default:
        return this.#pass({ method, params });
    }
  }

  async #set(method: string, [value]: readonly unknown[]): Promise<unknown> {
    const { systemCalls, miner } = this.#node;
    switch (method) {
      case "evm_setAutomine":
        await miner.setAutomine(value === true);
        return true;
      case "evm_setIntervalMining":
        this.#interval.set(value);
        return true;
      case "evm_setBlockGasLimit":
        this.#checkPins(method);
        return miner.cheat({ method, params: [withGas(value, systemCalls.gas)] });
      case "hardhat_setCoinbase":
        return miner.setCoinbase(value as Hex);
      case "hardhat_setPrevRandao":
        return miner.setPrevRandao(value as Hex);
      default:
        return miner.automine;
    }
  }

  async #pass({ method, params = [] }: RpcCall): Promise<unknown> {
    const { filters, relay } = this.#node;
    if (!mayPass(method)) throw this.#refusal(method);
    return (await filters.answer({ method, params })) ?? relay(method, ...params);
  }

  #refusal(method: string): Error {
    return simulatorError(
      `${method} would take ${this.#node.name} out of the simulator's hands: use mine, passTime, stall or reorg, or create another chain`,
    );
  }

  #checkPins(method: string): void {
    const { name, blocks, pins } = this.#node;
    for (const pin of pins)
      if (pin.number === blocks.head.number)
        throw simulatorError(
          `${method} would change block ${pin.number} of ${name}, on which a hard fork rests: mine a block first`,
        );
  }

  async #impersonate(method: string, params: readonly unknown[]): Promise<unknown> {
    const { pool, relay } = this.#node;
    const answer = await relay(method, ...params);
    const account = String(params[0]).toLowerCase();
    if (IMPERSONATION.exec(method)![1] === "impersonate") pool.impersonated.add(account);
    else pool.impersonated.delete(account);
    return answer;
  }

  async #mineAt(timestamp: number | undefined): Promise<string> {
    const { miner } = this.#node;
    if (timestamp !== undefined) await this.#passUntil(timestamp);
    await miner.mine({ timestamp });
    await miner.arm();
    return "0x0";
  }

  /** Returns the seconds that have passed since the head. */
  async #increaseTime(seconds: number): Promise<number> {
    const { blocks, miner } = this.#node;
    const until = miner.now + seconds;
    // A time that was set for the next block goes before.
    if (miner.state.nextTimestamp === undefined) await this.#passUntil(until);
    miner.letPass(until - miner.now);
    await miner.arm();
    return miner.now - blocks.head.timestamp;
  }

  async #setNextTimestamp(timestamp: number): Promise<null> {
    const { ask, miner } = this.#node;
    await this.#passUntil(timestamp);
    // The backend refuses what is not later than its head.
    await ask("evm_setNextBlockTimestamp", toQuantity(timestamp));
    miner.setNextTimestamp(timestamp);
    return null;
  }

  /** Lets blocks come until the next is due at `timestamp`, if the chain is live. What waits in the pool waits for that one. */
  async #passUntil(timestamp: number): Promise<void> {
    const { miner, pool, time } = this.#node;
    if (time === "raw") return;
    const waiting = await pool.setAside();
    try {
      await miner.passUntil(timestamp);
    } finally {
      if (waiting.length > 0) {
        await miner.suspendAutomine();
        for (const transaction of waiting) await pool.send(transaction);
        await miner.resumeAutomine();
      }
    }
  }

  /** @param interval seconds between the blocks, from the second one on */
  async #mineMany(count: number, interval: number | undefined): Promise<boolean> {
    const { name, blocks, miner } = this.#node;
    if (count > MOST_BLOCKS) throw simulatorError(`${count} blocks are too many for ${name}, which mines each: at most ${MOST_BLOCKS}`); // prettier-ignore
    for (let mined = 0; mined < count; mined++)
      await miner.mine(mined === 0 || interval === undefined ? {} : { timestamp: blocks.head.timestamp + interval });
    await miner.arm();
    return true;
  }

  async #send(method: string, params: readonly unknown[]): Promise<unknown> {
    const { miner, pool, relay } = this.#node;
    if (method === "eth_sendRawTransaction") pool.remember(params[0]);
    const send = () => relay(method, ...params);
    return miner.automine ? miner.automined(send) : send();
  }

  /** Hardhat lacks the method. */
  async #receipts([block]: readonly unknown[]): Promise<unknown> {
    const { relay } = this.#node;
    try {
      return await relay("eth_getBlockReceipts", block);
    } catch (error) {
      if (!isMethodMissing(error)) throw error;
    }
    // EIP-1898 has both names, and a third member.
    const { blockHash, blockNumber } = Object(block) as { blockHash?: unknown; blockNumber?: unknown };
    const at = blockHash ?? blockNumber ?? block;
    const by = typeof at === "string" && at.length === 66 ? "Hash" : "Number";
    const found = (await relay(`eth_getBlockBy${by}`, at, false)) as { transactions: Hex[] } | null;
    return found && Promise.all(found.transactions.map((hash) => relay("eth_getTransactionReceipt", hash)));
  }

  /** What an orphaned block tells; null where there is none, or nothing of the kind in it. */
  #ofOrphan(hash: unknown, tell: (block: RpcBlock) => unknown): unknown {
    const block = this.#node.blocks.orphans.get(String(hash).toLowerCase())?.block;
    return (block && tell(block)) ?? null;
  }
}

/** A block with its transactions, or with their hashes. */
function shown(block: RpcBlock, full: boolean): unknown {
  return full ? block : { ...block, transactions: block.transactions.map(({ hash }) => hash) };
}

/** A block's gas limit, so that the simulator's own transactions take nothing from the test's. The backend refuses what is no number. */
function withGas(limit: unknown, more: number): unknown {
  return /^(?:0x[\da-f]+|\d+)$/i.test(String(limit)) ? toQuantity(BigInt(String(limit)) + BigInt(more)) : limit;
}

/**
 * The orphaned block that a request names by its hash, EIP-1898 included. Only a chain that has it can answer.
 *
 * @throws an error of JSON-RPC where the request wants none but canonical blocks
 */
export function orphanIn({ orphans }: Blocks, { method, params = [] }: RpcCall): Hex | undefined {
  if (method === "eth_getBlockByHash" || !BY_HASH.test(method)) return undefined;
  for (const param of params) {
    const { blockHash = param, requireCanonical } = (param ?? {}) as {
      blockHash?: unknown;
      requireCanonical?: boolean;
    };
    const hash = typeof blockHash === "string" ? (blockHash.toLowerCase() as Hex) : undefined;
    if (hash === undefined || !orphans.has(hash)) continue;
    // EIP-1898 recommends the code.
    if (requireCanonical === true) throw clientError(`hash ${hash} is not currently canonical`, { code: -32_000 });
    return hash;
  }
  return undefined;
}
