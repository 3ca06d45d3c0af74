import type { Hex } from "../core/bytes.js";
import type { Request } from "../rpc/request.js";
import { checkOptions, invalidOption } from "../rpc/options.js";
import { chainOfTools, simulatorError, type Backend, type ChainFactory, type SubscriptionMessage } from "./backend.js";
import { blockRef, type BlockRecord, type BlockRef } from "./blocks.js";
import { NO_FINALITY, type FinalityOptions } from "./finality.js";
import { followBranch, type BranchChange } from "./branch.js";
import { Endpoint } from "./endpoints/endpoint.js";
import type { Lies } from "./endpoints/lies.js";
import { branchOff, returnTo } from "./namedBranches.js";
import { checkChainOptions, createNode, type ChainOptions, type SimulatedNode } from "./node.js";
import { withoutOwn } from "./ownTransactions.js";
import { toPassing, toSeconds, type Passing } from "./passTime.js";
import { IntervalMining } from "./intervalMining.js";
import { reorganize, type ReorgOptions } from "./reorg.js";
import { orphanIn, Requests } from "./requests.js";
import { Shadow, type Follower } from "./shadow.js";

/** What neither mines, nor sends, nor changes the node. */
const READING =
  /^(?:eth_(?:accounts|blockNumber|call|chainId|createAccessList|estimateGas|feeHistory|gasPrice|get\w+|syncing)|debug_trace\w+|net_version|web3_\w+)$/;

/** A branch of a chain, as it is or was when the chain left it. */
export interface Branch {
  readonly name: string;
  readonly head: BlockRef;
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
 * - a block, and a `pending` call, find the parent's hash in EIP-2935's contract, and their beacon root in EIP-4788's.
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
  readonly #shadow: Shadow;
  readonly #answer: Request;
  readonly #closing: (() => unknown)[] = [];
  readonly #interval = new IntervalMining(() => this.mine());
  readonly #listeners = new Set<(message: SubscriptionMessage) => void>();
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
    this.#shadow = new Shadow(node.blocks, () => this.#createFollower());
    const requests = new Requests(node, this.#interval);
    const own = withoutOwn(node, (args) => requests.answer(args));
    this.#answer = async (args) => {
      const orphan = orphanIn(node.blocks, args);
      return orphan === undefined ? own(args) : this.#shadow.ask(orphan, args);
    };
  }

  /** Creates a chain with a working history contract. Its head is the third block, or the block forked from. */
  static async create<Tools>(factory: ChainFactory<Tools>, options: ChainOptions = {}): Promise<SimulatedChain<Tools>> {
    checkChainOptions(options);
    const backend = await factory.create(options);
    try {
      const chain = new SimulatedChain(factory, options, backend, await createNode(backend, options));
      if (options.forkFrom === undefined) await chain.mine(options.blocks ?? 3);
      await chain.#connect();
      return chain;
    } catch (error) {
      await backend.close();
      throw error;
    }
  }

  /**
   * Takes a chain over that is there already, and mines nothing. No reorg goes below the head that it has now. Branches
   * that it leaves stay readable where that head is the genesis.
   *
   * @param factory makes chains with the same genesis, of these options
   * @example
   * const chain = await SimulatedChain.over(backend, { factory, options: { genesisTime } });
   */
  static async over<Tools>(
    backend: Backend<Tools>,
    { factory, options = {} }: { factory: ChainFactory<Tools>; options?: Omit<ChainOptions, "blocks" | "forkFrom"> },
  ): Promise<SimulatedChain<Tools>> {
    checkChainOptions(options);
    const chain = new SimulatedChain(factory, options, backend, await createNode(backend, options, true));
    // A node may outlive its connection: it mines for others as it did before.
    chain.onClose(() => chain.#node.miner.handBack());
    await chain.#connect();
    return chain;
  }

  /** Listens to subscriptions (EIP-1193): `eth_subscribe` to "logs" or "newHeads". A log that a reorg undid comes again, with `removed: true`. */
  on(event: "message", listener: (message: SubscriptionMessage) => void): this {
    if (event === "message") this.#listeners.add(listener);
    return this;
  }

  /** Ends {@link on}. */
  removeListener(event: "message", listener: (message: SubscriptionMessage) => void): this {
    if (event === "message") this.#listeners.delete(listener);
    return this;
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

  /** The branch that this chain is on, and those that it has left, with their heads. */
  get branches(): { readonly current: Branch; readonly left: readonly Branch[] } {
    const { current, left } = this.#node.branches;
    const others = [...left].map(([name, { head }]) => ({ name, head: blockRef(head) }));
    return { current: { name: current, head: this.head }, left: others };
  }

  /** Blocks that were canonical once, in the order in which they stopped being so. All that has a block's hash as an argument still reads them. */
  get orphans(): BlockRef[] {
    return [...this.#node.blocks.orphans.values()].map(({ record }) => blockRef(record));
  }

  /**
   * Mines blocks; the first takes what is in the pool.
   *
   * @param count default 1
   * @param options.history `"at-end"` fills the history contract once, after the last block, instead of before each.
   * That is about a third faster for thousands of blocks, and only code that runs in between can tell. A rollback into
   * them fills it again. Not in transaction mode
   */
  async mine(count = 1, options: { history?: "each" | "at-end" } = {}): Promise<BlockRef> {
    if (!Number.isSafeInteger(count) || count < 0) throw simulatorError(`${count} is not a number of blocks`);
    checkOptions(options, ["history"]);
    const { checkpoints, systemCalls, miner } = this.#node;
    const { history = "each" } = options;
    if (history !== "each" && history !== "at-end") throw invalidOption("history", 'expected "each" or "at-end"');
    const atEnd = history === "at-end";
    if (atEnd && systemCalls.mode === "transaction")
      throw simulatorError(`History "at-end" needs a chain whose history mode is not "transaction"`);
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
   * `seconds` later; after a stall so much later than its end. A day in blocks of 12 s takes five to eight seconds.
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
  async stall(outage: { seconds: number }): Promise<void> {
    checkOptions(outage, ["seconds"]);
    const { seconds } = outage;
    const { miner } = this.#node;
    const time = toSeconds(seconds, "time that passes");
    await this.#exclusively(() => {
      miner.letPass(time);
      return miner.arm();
    });
  }

  /**
   * Says how far the tags `safe` and `finalized` lie behind the head. Development nodes take both for the head. No reorg
   * goes below a finalized block from then on.
   *
   * @throws FORK_SIMULATOR for lags that no chain has
   * @example
   * chain.finality({ safe: 32, finalized: 64 });
   */
  finality(lags: FinalityOptions): void {
    this.#node.finality.set(lags);
  }

  /** Keeps `safe` and `finalized` where they are, while the chain goes on: a loss of finality, as of 2023-05-11. */
  stallFinality(): void {
    this.#node.finality.stall();
  }

  /** Ends {@link stallFinality}: both tags catch up. */
  resumeFinality(): void {
    this.#node.finality.resume();
  }

  /**
   * Replaces the last blocks by others.
   *
   * Every new block differs from the one it replaces, even an empty one at the same time. The first has another
   * prevRandao. New blocks have the timestamps of those they replace. What cheat codes wrote on replaced blocks comes back
   * as transactions do. Transactions that were waiting in the pool wait there afterwards.
   *
   * @throws FORK_SIMULATOR when the chain has no more than `depth` blocks that can be replaced
   */
  async reorg(options: ReorgOptions): Promise<BranchChange> {
    return this.#exclusively(() => reorganize(this.#node, options));
  }

  /**
   * Leaves the last blocks, and goes on from there on a branch of its own. The other branch keeps its name, "main" for
   * the first. {@link switchTo} leads back to it, and {@link viewAt} reads it meanwhile. What has happened since the
   * head stays on the other branch. Where no block is left, it is on both.
   *
   * @param options.depth how many blocks the other branch is ahead. Default: 0
   * @throws FORK_SIMULATOR where there is a branch of that name, or no such depth
   * @example
   * await chain.branch("theirs", { depth: 3 });
   * await chain.mine(4);
   * await chain.switchTo("main");
   */
  async branch(name: string, options: { depth?: number } = {}): Promise<BranchChange> {
    checkOptions(options, ["depth"]);
    const { depth = 0 } = options;
    if (!Number.isSafeInteger(depth) || depth < 0) throw simulatorError(`A branch of depth ${depth} is none`);
    return this.#exclusively(() => branchOff(this.#node, name, depth));
  }

  /**
   * Makes a branch canonical that this chain has left, as it was then. Cheat codes on its head are, too, and an outage.
   * What is not on it becomes an orphan.
   *
   * @throws FORK_SIMULATOR where it has left no branch of that name
   */
  async switchTo(name: string): Promise<BranchChange> {
    return this.#exclusively(() => returnTo(this.#node, name));
  }

  /**
   * Reads as a node does whose head is a block that is canonical here, or was once. It has nothing above that block, and
   * takes no transaction.
   *
   * @throws FORK_SIMULATOR, when asked, for a hash that was never canonical, and for what does not only read
   * @example
   * const { orphaned } = await chain.reorg({ depth: 3 });
   * const losing = chain.viewAt(orphaned.at(-1)!.hash);
   * await losing({ method: "eth_getBalance", params: [trader, "latest"] });
   */
  viewAt(hash: Hex): Request {
    return async (args) => {
      if (!READING.test(args.method))
        throw simulatorError(`${args.method} is nothing that a view of ${this.name} reads`);
      return this.#exclusively(() => this.#shadow.askAt(hash.toLowerCase() as Hex, args));
    };
  }

  /**
   * Makes another chain's branch this chain's own, as a node does that hears of a better branch. It rolls back to the
   * last common block, and imports the other's blocks by executing them. Each must come out with the hash that it has
   * there. If one does not, this chain gets its old branch back.
   *
   * @throws FORK_SIMULATOR when the chains have no block in common, or a block does not come out the same
   */
  async adopt(source: SimulatedChain<Tools>): Promise<BranchChange> {
    const other = source.#node.blocks;
    const { branch, theirs } = await source.#exclusively(async () => ({
      branch: [...other.records],
      theirs: await other.portable(other.records.filter((record) => !this.#node.blocks.has(record))),
    }));
    const contents = async (missing: readonly BlockRecord[]) => theirs.slice(theirs.length - missing.length);
    return this.#exclusively(() => followBranch(this.#node, branch, contents, source.name));
  }

  /** Mines a block if anything has happened since the head. Then whoever has the blocks has all of it. */
  async seal(): Promise<void> {
    const { miner, pool } = this.#node;
    await this.#exclusively(async () => {
      if (miner.isFresh && (await pool.waiting()).length === 0) return;
      await miner.mine();
      await miner.arm();
    });
  }

  /** Mines as another chain does, and acts for the same accounts. No block tells of that. */
  async resemble(source: SimulatedChain<Tools>): Promise<void> {
    const { miner, pool } = source.#node;
    const { automine, state } = miner;
    await this.#exclusively(async () => {
      await this.#node.miner.setAutomine(automine);
      await this.#node.miner.setCoinbase(state.coinbase);
    });
    for (const account of pool.impersonated)
      await this.request({ method: "hardhat_impersonateAccount", params: [account] });
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
    const { blocks, systemCalls, miner, pins } = this.#node;
    return this.#exclusively(async () => {
      if (systemCalls.mode === "storage") await systemCalls.fill();
      const pin = { number: blocks.head.number, cheats: miner.state.cheats.length };
      pins.add(pin);
      return () => void pins.delete(pin);
    });
  }

  /**
   * An endpoint to this chain, which lies as it is told. There can be many, each with lies of its own.
   *
   * @param name shown by tests. Default: that of the chain
   * @throws FORK_SIMULATOR for what is no lie
   */
  rpc(name = this.name, lies: Lies = {}): Endpoint {
    if (typeof name !== "string")
      throw invalidOption("name", 'expected a name, and the lies after it: rpc("a", { lag: 2 })');
    return new Endpoint(this, name, lies);
  }

  /** Runs `action` before the chain is closed. */
  onClose(action: () => unknown): void {
    this.#closing.push(action);
  }

  /** Frees the chain, after what is under way. */
  async close(): Promise<void> {
    this.#interval.set(0);
    await this.#exclusively(async () => {
      // It may have been set by what was under way.
      this.#interval.set(0);
      this.#node.filters.clear();
      try {
        for (const action of this.#closing.splice(0)) await action();
        await this.#shadow.close();
      } finally {
        await this.#backend.close();
      }
    });
  }

  /** From here on the tools ask the simulator, and it mines when the backend was configured to. */
  async #connect(): Promise<void> {
    const { mining, request } = this.#backend;
    this.#backend.route?.(this.request, withoutOwn(this.#node, request));
    if (typeof this.tools === "object" && this.tools !== null) chainOfTools.set(this.tools, this);
    if (mining === undefined) return;
    await this.#exclusively(() => this.#node.miner.setAutomine(mining.auto));
    if (this.options.clock !== false) this.#interval.set(mining.interval);
  }

  /** A chain for the branches that this one has left. */
  async #createFollower(): Promise<Follower> {
    const first = this.#node.blocks.first.number;
    if (first > 0 && this.options.forkFrom === undefined)
      throw simulatorError(
        `Left branches of ${this.name} cannot be read, for the simulator has it from block ${first} on: take \`forks\` before the first block`,
      );
    const chain = await SimulatedChain.create(this.factory, {
      ...this.options,
      clock: false,
      blocks: 0,
      name: `a branch of ${this.name}`,
    });
    const { finality } = chain.#node;
    return {
      request: chain.request,
      view: async (call) => {
        finality.state = this.#node.finality.state;
        try {
          return await chain.request(call);
        } finally {
          finality.state = NO_FINALITY;
        }
      },
      has: (record) => chain.#node.blocks.has(record),
      follow: (branch, contents) => chain.#exclusively(() => followBranch(chain.#node, branch, contents, this.name)),
      close: () => chain.close(),
    };
  }

  /** Tells the subscribers what has changed. */
  async #tell(): Promise<void> {
    for (const { id, kind } of this.#node.filters.subscriptions) {
      const changes = (await this.#answer({ method: "eth_getFilterChanges", params: [id] })) as unknown[];
      for (const change of changes) {
        const result =
          kind === "logs" ? change : await this.#answer({ method: "eth_getBlockByHash", params: [change, false] });
        const message = { type: "eth_subscription", data: { subscription: id, result } } as const;
        this.#backend.notify?.(message);
        for (const listener of this.#listeners) listener(message);
      }
    }
  }

  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(action);
    const tell = () => this.#tell().catch(surface);
    const told = turn.then(tell, tell);
    this.#queue = told;
    // Whoever listens has heard of it when the answer comes.
    return told.then(() => turn);
  }
}

/** An error of a subscriber is not the request's after which it was told. */
function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
