import { sameHex, type Hex } from "../core/bytes.js";
import type { Request } from "../rpc/request.js";
import { simulatorError, type Backend, type ChainFactory } from "./backend.js";
import { blockRef, sharedLength, type BlockRef } from "./blocks.js";
import { importBlock, rollBack, switchBranch, type BranchChange } from "./branch.js";
import { checkOptions, createNode, type ChainOptions, type SimulatedNode } from "./node.js";
import { withoutOwn } from "./ownTransactions.js";
import { toPassing, toSeconds, type Passing } from "./passTime.js";
import { Requests } from "./requests.js";
import { isSystemTransaction } from "./transactions.js";

export interface ReorgOptions {
  /** Number of blocks replaced, from the head backwards. At least 1. */
  readonly depth: number;
  /** Number of blocks that the new branch is longer than the old one. Default: 0. */
  readonly extra?: number;
  /** Distinguishes the new branch; the same seed gives the same branch when the same script runs again. */
  readonly seed?: string;
  /**
   * What becomes of the transactions in the replaced blocks. `"keep"` (default): each goes into the new block of the
   * same height. There it may do something else, or be rejected. `"drop"`: none comes back. A list of raw transactions
   * goes into the first new block instead. They stand in the order of the node's pool (by tip).
   */
  readonly transactions?: "keep" | "drop" | readonly Hex[];
}

/**
 * A development chain under the simulator's control. Its history contract works, its time is its own, and it can be
 * reorganised.
 *
 * It is an EIP-1193 provider, so that `new ethers.BrowserProvider(chain)` works. Everything must go through its
 * `request`, which answers one request at a time. So a reader never sees a reorg half done, just as a node switches its
 * head at once. Beyond what the backend does with a request:
 *
 * - every block is mined singly, so that parent hashes link (`hardhat_mine` too), at its parent's time plus `blockTime`.
 * - a later time comes with the blocks in between, whoever asks for it: see {@link ChainOptions.time}.
 * - the EIP-2935 contract holds its parent's hash before a block is mined or a `pending` call is answered.
 * - `eth_getBlockByHash` also finds blocks that a reorg orphaned, as a node's does.
 * - `evm_revert` works for a snapshot that a reorg undid: the blocks are imported again.
 *
 * With history `"storage"`, `eth_getStorageAt` on the history contract shows one more hash than there should be; `eth_call` does not.
 *
 * @example
 * const chain = await forks.create({ name: "l1" });
 * await chain.mine(10);
 * const { orphaned } = await chain.reorg({ depth: 3, seed: "a" });
 */
export class SimulatedChain<Tools = unknown> {
  readonly name: string;
  /** The factory and the options from which this chain was made; an equal chain can be made from them. */
  readonly factory: ChainFactory<Tools>;
  readonly options: Readonly<ChainOptions>;
  /** What the backend offers besides RPC. */
  readonly tools: Tools;
  /** EIP-1193. May be passed around without its chain. */
  readonly request: Request = (args) => this.#exclusively(() => this.#answer(args));

  readonly #backend: Backend<Tools>;
  readonly #node: SimulatedNode;
  readonly #answer: Request;
  readonly #closing: (() => void)[] = [];
  #reorgs = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    factory: ChainFactory<Tools>,
    options: ChainOptions,
    backend: Backend<Tools>,
    node: SimulatedNode,
  ) {
    this.factory = factory;
    this.options = options;
    this.name = node.name;
    this.tools = backend.tools;
    this.#backend = backend;
    this.#node = node;
    const requests = new Requests(node);
    this.#answer = withoutOwn(node, (args) => requests.answer(args));
  }

  /** Creates a chain with a working history contract. Its head is the third block, or the block forked from. */
  static async create<Tools>(factory: ChainFactory<Tools>, options: ChainOptions = {}): Promise<SimulatedChain<Tools>> {
    checkOptions(options);
    const backend = await factory.create(options);
    const chain = new SimulatedChain(factory, options, backend, await createNode(backend, options));
    if (options.forkFrom === undefined) await chain.mine(options.blocks ?? 3);
    backend.route?.(chain.request, withoutOwn(chain.#node, backend.request));
    return chain;
  }

  /** The canonical head. */
  get head(): BlockRef {
    return blockRef(this.#node.blocks.head);
  }

  /** The canonical block at a height, or undefined above the head or before the simulator's first block. */
  at(number: bigint): BlockRef | undefined {
    const record = this.#node.blocks.at(Number(number));
    return record && blockRef(record);
  }

  /** Blocks that were canonical once, in the order in which they stopped being so. `eth_getBlockByHash` returns them. */
  get orphans(): BlockRef[] {
    return [...this.#node.blocks.orphans.values()].map(({ record }) => blockRef(record));
  }

  /**
   * Mines blocks; the first takes what is in the pool.
   *
   * @param count default 1
   * @param options.history `"at-end"` fills the history contract once, after the last block, instead of before each.
   * That is about a third faster for thousands of blocks, and only code that runs in between can tell. A rollback into
   * them fills it again. Storage mode only
   */
  async mine(count = 1, options: { history?: "each" | "at-end" } = {}): Promise<BlockRef> {
    if (!Number.isSafeInteger(count) || count < 0) throw simulatorError(`${count} is not a number of blocks`);
    const { checkpoints, history, miner } = this.#node;
    const atEnd = options.history === "at-end";
    if (atEnd && history.mode !== "storage")
      throw simulatorError(`History "at-end" needs a chain whose history mode is "storage"`);
    return this.#exclusively(async () => {
      for (let mined = 0; mined < count; mined++) await miner.mine({ fill: !atEnd || mined === 0 });
      await miner.arm();
      // Or else the next rollback would have to write the whole history again.
      if (atEnd) await checkpoints.take();
      return this.head;
    });
  }

  /**
   * Lets time pass as on a live chain: mines the blocks in between, one each `blockTime`, the odd seconds first. The head is afterwards exactly
   * `seconds` later; after a stall so much later than its end. A day in blocks of 12 s takes two seconds.
   *
   * @returns the head's time, in seconds since the epoch
   * @throws FORK_SIMULATOR for a time that is not a whole number of seconds, or more than a million blocks
   */
  async passTime(passing: Passing): Promise<number> {
    const { blocks, miner } = this.#node;
    const { seconds, blockTime } = toPassing(passing, miner.blockTime);
    return this.#exclusively(async () => {
      const until = miner.now + seconds;
      await miner.passUntil(until, blockTime);
      if (seconds > 0) await miner.mine({ timestamp: until });
      await miner.arm();
      return blocks.head.timestamp;
    });
  }

  /**
   * An outage: time passes without a block. The next one comes `seconds` after the head, or after all the time that has passed since then.
   *
   * @throws FORK_SIMULATOR for a time that is not a whole number of seconds
   */
  async stall({ seconds }: { seconds: number }): Promise<void> {
    const { miner } = this.#node;
    const time = toSeconds(seconds, "time that passes");
    await this.#exclusively(() => {
      miner.letPass(time);
      return miner.arm();
    });
  }

  /**
   * Replaces the last blocks by others.
   *
   * Every new block differs from the one it replaces, even an empty one at the same time. The first has another
   * prevRandao. New blocks have the timestamps of those they replace. State that a cheat code wrote on a replaced block
   * goes with it. Transactions that were waiting in the pool wait there afterwards.
   *
   * @throws FORK_SIMULATOR when the chain has no more than `depth` blocks that can be replaced
   */
  async reorg(options: ReorgOptions): Promise<BranchChange> {
    const { depth, extra = 0, seed = "", transactions = "keep" } = options;
    if (!Number.isSafeInteger(depth) || depth < 1) throw simulatorError(`A reorg of depth ${depth} is none`);
    if (!Number.isSafeInteger(extra) || extra < 0) throw simulatorError(`A branch cannot be ${extra} blocks longer`);
    const { blocks, miner, pool } = this.#node;
    return this.#exclusively(() =>
      switchBranch(this.#node, blocks.head.number - depth, async (orphaned, rejected) => {
        miner.reseed(`reorg ${++this.#reorgs} ${seed}`);
        if (typeof transactions !== "string") for (const raw of transactions) await pool.submit(raw, rejected);
        for (let i = 0; i < depth + extra; i++) {
          if (transactions === "keep")
            for (const transaction of orphaned[i]?.transactions ?? [])
              if (!isSystemTransaction(transaction)) await pool.resend(transaction, rejected);
          await miner.mine({ timestamp: orphaned[i]?.record.timestamp });
          if (blocks.head.hash === orphaned[i]?.record.hash)
            throw simulatorError(`The new block ${blocks.head.number} of ${this.name} is the one it should replace`);
        }
      }),
    );
  }

  /**
   * Makes another chain's branch this chain's own, as a node does that hears of a better branch. It rolls back to the
   * last common block, and imports the other's blocks by executing them. Each must come out with the hash that it has
   * there. If one does not, this chain gets its old branch back.
   *
   * @throws FORK_SIMULATOR when the chains have no block in common, or a block does not come out the same
   */
  async adopt(source: SimulatedChain<Tools>): Promise<BranchChange> {
    const node = this.#node;
    const other = source.#node.blocks;
    const theirs = await source.#exclusively(() =>
      other.portable(other.records.slice(sharedLength(node.blocks.records, other.records))),
    );
    return this.#exclusively(() => {
      const first = theirs[0];
      const ancestor = first === undefined ? other.head.number : first.record.number - 1;
      const parent = node.blocks.at(ancestor);
      if (parent === undefined || (first !== undefined && !sameHex(parent.hash, first.block.parentHash)))
        throw simulatorError(`${this.name} and ${source.name} have no block in common on which to import`);
      return switchBranch(node, ancestor, async (orphaned) => {
        try {
          for (const block of theirs) await importBlock(node, block);
        } catch (cause) {
          await rollBack(node, ancestor);
          for (const block of orphaned) await importBlock(node, block);
          throw simulatorError(`${this.name} could not adopt the branch of ${source.name}`, cause);
        }
      });
    });
  }

  /**
   * Makes this chain go its own way from here on. The next block differs from the one that another chain would mine in
   * its place. The other chain may have another seed, or none.
   */
  async diverge(seed: string): Promise<void> {
    await this.#exclusively(async () => {
      this.#node.miner.reseed(seed);
      await this.#node.miner.arm();
    });
  }

  /**
   * Refuses reorgs below the head, and cheat codes on it, until released: another chain reads its past from here.
   *
   * @returns the release
   */
  async pin(): Promise<() => void> {
    const { blocks, history, miner, pins } = this.#node;
    return this.#exclusively(async () => {
      if (history.mode === "storage") await history.fill();
      const pin = { number: blocks.head.number, cheats: miner.state.cheats.length };
      pins.add(pin);
      return () => void pins.delete(pin);
    });
  }

  /** Runs `action` when the chain is closed. */
  onClose(action: () => void): void {
    this.#closing.push(action);
  }

  /** Frees the chain, after what is under way. */
  async close(): Promise<void> {
    await this.#exclusively(() => this.#backend.close());
    for (const action of this.#closing.splice(0)) action();
  }

  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(action);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}
