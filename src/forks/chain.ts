import { sameHex, toBytes, toHex, toQuantity, toWord, type Hex } from "../bytes.js";
import { keccak256 } from "../keccak.js";
import type { Request } from "../rpc/request.js";
import { simulatorError, type Backend, type BackendOptions, type ChainFactory } from "./backend.js";
import {
  HISTORY_ADDRESS,
  HISTORY_CODE,
  HISTORY_WINDOW,
  SYSTEM_ADDRESS,
  historySlot,
  systemTransaction,
} from "./history.js";
import {
  isSystemTransaction,
  rawTransactionHash,
  sendAgain,
  type RpcBlock,
  type SentTransaction,
} from "./transactions.js";

export interface ChainOptions extends BackendOptions {
  /** Shown in errors. Default: "chain". */
  name?: string;
  /** Seconds between a block and its parent, unless the test says otherwise. Default: 12. */
  blockTime?: number;
  /**
   * How the EIP-2935 contract learns the parent's hash.
   *
   * `"storage"` (default) writes the slot into the parent's state. It is invisible and fast, but the header of the parent does not
   * commit to it, so that `eth_getProof` at any block below the head does not verify against that block's `stateRoot`.
   * `"transaction"` sends one transaction per block from the system address. Every proof verifies, except at genesis; each block
   * has one transaction more, and the coinbase earns its tip.
   */
  history?: HistoryMode;
}

export type HistoryMode = "storage" | "transaction";

/** A block's place on its chain. */
export interface BlockId {
  number: bigint;
  hash: Hex;
}

export interface ReorgOptions {
  /** Number of blocks replaced, from the head backwards. At least 1. */
  depth: number;
  /** Number of blocks that the new branch is longer than the old one. Default: 0. */
  extra?: number;
  /** Distinguishes the new branch; the same seed gives the same branch when the same script runs again. */
  seed?: string;
  /**
   * What becomes of the transactions in the replaced blocks. `"keep"` (default): each goes into the new block of the same height,
   * where it may do something else, or be rejected. `"drop"`: none comes back. A list of raw transactions goes into the first new
   * block instead of them, in the order of the node's pool (by tip).
   */
  transactions?: "keep" | "drop" | readonly Hex[];
}

/** How a chain's canonical branch changed. Lists are in ascending order of height. */
export interface BranchChange {
  /** The last block that both branches share. */
  commonAncestor: BlockId;
  /** Blocks that are no longer canonical. */
  orphaned: BlockId[];
  /** Blocks that replaced them. */
  adopted: BlockId[];
  /** Transactions of the orphaned blocks, in order, whether or not the new branch has them too. */
  orphanedTransactions: SentTransaction[];
  /** Transactions that should have gone into the new branch and that the node refused there. */
  rejected: { hash: Hex; reason: string }[];
}

interface RpcArguments {
  method: string;
  params?: readonly unknown[];
}

/** What it takes, besides the block itself, to produce a block again. */
interface BlockRecord {
  number: number;
  hash: Hex;
  /** In seconds since the epoch. */
  timestamp: number;
  /** Cheat codes that changed the state of the parent before this block was mined, in order. */
  cheats: readonly RpcArguments[];
  /** Up to which block the history contract had been filled when this block was mined. */
  historyTo: number;
  /** How much state was written from outside so far, which is what the backend's snapshots have to copy. About a kilobyte each. */
  written: number;
}

/** A block together with all that is needed to import it into another chain. */
interface PortableBlock {
  record: BlockRecord;
  block: RpcBlock;
  transactions: SentTransaction[];
}

/** The backend's snapshot of the state right after a block. */
interface Checkpoint {
  number: number;
  snapshot: Hex;
  /** As in {@link BlockRecord}, but of this state rather than of the block's. */
  historyTo: number;
  written: number;
}

/** The state behind an id that `evm_snapshot` returned through the simulator. */
interface UserSnapshot {
  /** The backend's own id, as long as it is valid: a reorg to a checkpoint before it invalidates it. */
  snapshot: Hex | undefined;
  records: BlockRecord[];
  cheats: RpcArguments[];
  pool: SentTransaction[];
  historyTo: number;
  seed: Hex;
  nextTimestamp: number | undefined;
  passed: number;
}

// Cheat codes that change the state (or who may sign), which importing a block must repeat. What ends up in the header (time,
// prevRandao, coinbase) is taken from there instead.
const CHEAT =
  /^(?:hardhat|anvil)_(?:set(?:Balance|Code|Nonce|StorageAt|NextBlockBaseFeePerGas)|(?:stopI|i)mpersonateAccount)$|^evm_setBlockGasLimit$/;

// Requests that would replace the chain behind the simulator's back, or let the wall clock in.
const REFUSED = /^(?:hardhat|anvil)_(?:reset|reorg|rollback|loadState)$|^evm_setIntervalMining$/;

/** A checkpoint is taken at least so many blocks after the one before; a rollback replays at most as many from it. */
const CHECKPOINT_SPACING = 32;

/**
 * A development chain under the simulator's control: its history contract works, its time is its own, and it can be reorganised.
 *
 * It is an EIP-1193 provider, so that `new ethers.BrowserProvider(chain)` works. Everything must go through its `request`, which
 * answers one request at a time: a reader never sees a reorg half done, just as a node switches its head at once. Beyond what the
 * backend does with a request:
 *
 * - every block is mined singly, so that parent hashes link (`hardhat_mine` too), at its parent's time plus `blockTime`. After
 *   `evm_increaseTime` it is the parent's time plus the seconds that passed, if that is later; `evm_setNextBlockTimestamp` sets it.
 * - the EIP-2935 contract holds its parent's hash before a block is mined or a `pending` call is answered.
 * - `eth_getBlockByHash` also finds blocks that a reorg orphaned, as a node's does.
 * - `evm_revert` works for a snapshot that a reorg undid: the blocks are imported again.
 *
 * With history `"storage"`, `eth_getStorageAt` on the history contract shows one more hash than there should be; `eth_call` does not.
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
  readonly #blockTime: number;
  readonly #mode: HistoryMode;
  /** The canonical branch; the first is the genesis or the block forked from. */
  #records: BlockRecord[] = [];
  /** Cheat codes since the head was mined. */
  #cheats: RpcArguments[] = [];
  #checkpoints: Checkpoint[] = [];
  readonly #snapshots = new Map<string, UserSnapshot>();
  #snapshotCount = 0;
  readonly #orphans = new Map<string, PortableBlock>();
  readonly #rawTransactions = new Map<string, Hex>();
  /** Blocks that must not be rewritten, with the number of cheat codes applied on top, one for each hard fork that reads from it. */
  readonly #pins = new Set<{ number: number; cheats: number }>();
  readonly #closing: (() => void)[] = [];
  #historyTo = -1;
  #written = 0;
  #automine = true;
  #nextTimestamp: number | undefined;
  #passed = 0;
  #seed: Hex = toWord(0n);
  #reseeded = false;
  #reorgs = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(factory: ChainFactory<Tools>, backend: Backend<Tools>, options: ChainOptions) {
    this.factory = factory;
    this.options = options;
    this.name = options.name ?? "chain";
    this.tools = backend.tools;
    this.#backend = backend;
    this.#blockTime = options.blockTime ?? 12;
    this.#mode = options.history ?? "storage";
    if (!Number.isSafeInteger(this.#blockTime) || this.#blockTime < 1)
      throw simulatorError(`The block time must be a whole number of seconds, at least 1, and is ${options.blockTime}`);
  }

  /** Creates a chain with a working history contract. Its head is the genesis, or the block forked from. */
  static async create<Tools>(factory: ChainFactory<Tools>, options: ChainOptions = {}): Promise<SimulatedChain<Tools>> {
    const backend = await factory.create(options);
    const chain = new SimulatedChain(factory, backend, options);
    await chain.#exclusively(() => chain.#start());
    backend.route?.(chain.request);
    return chain;
  }

  /** The canonical head. */
  get head(): BlockId {
    return blockId(this.#head);
  }

  /** The canonical block at a height, or undefined above the head or before the simulator's first block. */
  at(number: bigint): BlockId | undefined {
    const record = this.#records[Number(number) - this.#first.number];
    return record && blockId(record);
  }

  /** Blocks that were canonical once, in the order in which they stopped being so. `eth_getBlockByHash` returns them. */
  get orphans(): BlockId[] {
    return [...this.#orphans.values()].map(({ record }) => blockId(record));
  }

  /**
   * Mines blocks; the first takes what is in the pool.
   *
   * @param count default 1
   * @param options.history `"at-end"` fills the history contract once, after the last block, instead of before each: about a third
   * faster for thousands of blocks, and only code that runs in between can tell. A rollback into them fills it again. Storage mode
   * only
   */
  async mine(count = 1, options: { history?: "each" | "at-end" } = {}): Promise<BlockId> {
    if (!Number.isSafeInteger(count) || count < 0) throw simulatorError(`${count} is not a number of blocks`);
    const atEnd = options.history === "at-end";
    if (atEnd && this.#mode !== "storage")
      throw simulatorError(`History "at-end" needs a chain whose history mode is "storage"`);
    return this.#exclusively(async () => {
      for (let mined = 0; mined < count; mined++) await this.#mineBlock({ fill: !atEnd || mined === 0 });
      await this.#arm();
      // Or else the next rollback would have to write the whole history again.
      if (atEnd) await this.#checkpoint();
      return this.head;
    });
  }

  /** Time passes without a block: the next one comes `seconds` after the head, or after all the time that has passed since then. */
  async stall({ seconds }: { seconds: number }): Promise<void> {
    await this.request({ method: "evm_increaseTime", params: [toQuantity(seconds)] });
  }

  /**
   * Replaces the last blocks by others.
   *
   * Every new block differs from the one it replaces, even an empty one at the same time: the first has another prevRandao. New
   * blocks have the timestamps of those they replace. State that a cheat code wrote on a replaced block goes with it. Transactions
   * that were waiting in the pool wait there afterwards.
   *
   * @throws FORK_SIMULATOR when the chain has no more than `depth` blocks that can be replaced
   */
  async reorg(options: ReorgOptions): Promise<BranchChange> {
    const { depth, extra = 0, seed = "", transactions = "keep" } = options;
    if (!Number.isSafeInteger(depth) || depth < 1) throw simulatorError(`A reorg of depth ${depth} is none`);
    if (!Number.isSafeInteger(extra) || extra < 0) throw simulatorError(`A branch cannot be ${extra} blocks longer`);
    return this.#exclusively(() =>
      this.#switchBranch(this.#head.number - depth, async (orphaned, rejected) => {
        this.#reseed(`reorg ${++this.#reorgs} ${seed}`);
        if (typeof transactions !== "string")
          for (const raw of transactions)
            await this.#attempt(this.#remember(raw), () => this.#raw("eth_sendRawTransaction", raw), rejected);
        for (let i = 0; i < depth + extra; i++) {
          if (transactions === "keep")
            for (const transaction of orphaned[i]?.transactions ?? [])
              if (!isSystemTransaction(transaction)) await this.#resend(transaction, rejected);
          await this.#mineBlock({ timestamp: orphaned[i]?.record.timestamp });
          if (this.#head.hash === orphaned[i]?.record.hash)
            throw simulatorError(`The new block ${this.#head.number} of ${this.name} is the one it should replace`);
        }
      }),
    );
  }

  /**
   * Makes another chain's branch this chain's own, as a node does that hears of a better branch: rolls back to the last common
   * block and imports the other's blocks by executing them. Each must come out with the hash that it has there; if one does not,
   * this chain gets its old branch back.
   *
   * @throws FORK_SIMULATOR when the chains have no block in common, or a block does not come out the same
   */
  async adopt(source: SimulatedChain<Tools>): Promise<BranchChange> {
    const theirs = await source.#exclusively(async () => {
      const shared = sharedLength(this.#records, source.#records);
      return Promise.all(source.#records.slice(shared).map((record) => source.#portable(record)));
    });
    return this.#exclusively(() => {
      const first = theirs[0];
      const ancestor = first === undefined ? source.#head.number : first.record.number - 1;
      const parent = this.#records[ancestor - this.#first.number];
      if (parent === undefined || (first !== undefined && !sameHex(parent.hash, first.block.parentHash)))
        throw simulatorError(`${this.name} and ${source.name} have no block in common on which to import`);
      return this.#switchBranch(ancestor, async (orphaned) => {
        try {
          for (const block of theirs) await this.#import(block);
        } catch (cause) {
          await this.#rollback(ancestor);
          for (const block of orphaned) await this.#import(block);
          throw simulatorError(`${this.name} could not adopt the branch of ${source.name}`, cause);
        }
      });
    });
  }

  /**
   * Makes this chain go its own way from here on: the next block differs from the one that a chain with another seed, or with
   * none, would mine in its place.
   */
  async diverge(seed: string): Promise<void> {
    await this.#exclusively(async () => {
      this.#reseed(seed);
      await this.#arm();
    });
  }

  /**
   * Refuses reorgs below the head, and cheat codes on it, until released: another chain reads its past from here.
   *
   * @returns the release
   */
  async pin(): Promise<() => void> {
    return this.#exclusively(async () => {
      if (this.#mode === "storage") await this.#fillHistory();
      const pin = { number: this.#head.number, cheats: this.#cheats.length };
      this.#pins.add(pin);
      return () => void this.#pins.delete(pin);
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

  // ------------------------------------------------------------------------------------------------------------ requests

  async #answer({ method, params = [] }: RpcArguments): Promise<unknown> {
    if (REFUSED.test(method) && !(method === "evm_setIntervalMining" && params[0] === 0))
      throw simulatorError(
        `${method} would take ${this.name} out of the simulator's hands: create another chain, or use reorg and mine`,
      );

    if (CHEAT.test(method)) {
      for (const pin of this.#pins)
        if (pin.number === this.#head.number && !/mpersonate/.test(method))
          throw simulatorError(
            `${method} would change block ${pin.number} of ${this.name}, on which a hard fork rests: mine a block first`,
          );
      const answer = await this.#raw(method, ...params);
      this.#cheats.push({ method, params });
      return answer;
    }

    switch (method) {
      case "evm_mine":
        await this.#mineBlock({ timestamp: params[0] === undefined ? undefined : Number(params[0]) });
        await this.#arm();
        return "0x0";
      case "hardhat_mine":
      case "anvil_mine":
        return this.#mineMany(Number(params[0] ?? 1), params[1] === undefined ? undefined : Number(params[1]));
      case "eth_sendTransaction":
      case "eth_sendRawTransaction":
        return this.#send(method, params);
      case "evm_increaseTime":
        this.#passed += Number(params[0]);
        await this.#arm();
        return this.#passed;
      case "evm_setNextBlockTimestamp":
        await this.#raw(method, ...params);
        this.#nextTimestamp = Number(params[0]);
        return null;
      case "evm_setAutomine":
        this.#automine = params[0] === true;
        await this.#restoreAutomine();
        return true;
      case "evm_snapshot":
        return this.#takeSnapshot();
      case "evm_revert":
        return this.#revertTo(String(params[0]));
      case "eth_getBlockByHash": {
        const block = await this.#raw(method, ...params);
        return block ?? this.#orphanedBlock(String(params[0]), params[1] === true);
      }
      case "eth_estimateGas":
        await this.#fillHistory();
        return this.#raw(method, ...params);
      case "eth_call":
        return this.#call(params);
      default:
        return this.#raw(method, ...params);
    }
  }

  async #mineMany(count: number, interval: number | undefined): Promise<boolean> {
    for (let mined = 0; mined < count; mined++)
      await this.#mineBlock(
        mined === 0 || interval === undefined ? {} : { timestamp: this.#head.timestamp + interval },
      );
    await this.#arm();
    return true;
  }

  async #send(method: string, params: readonly unknown[]): Promise<unknown> {
    if (method === "eth_sendRawTransaction") this.#remember(params[0]);
    if (!this.#automine) return this.#raw(method, ...params);

    await this.#fillHistory();
    if (this.#mode === "transaction") await this.#raw("evm_setAutomine", true);
    // A transaction that reverts is mined and reported as an error.
    try {
      return await this.#raw(method, ...params);
    } finally {
      if (this.#mode === "transaction") await this.#raw("evm_setAutomine", false);
      if (await this.#recordHead()) await this.#arm();
    }
  }

  #remember(raw: unknown): Hex {
    const hash = rawTransactionHash(raw);
    this.#rawTransactions.set(hash, raw as Hex);
    return hash;
  }

  async #call(params: readonly unknown[]): Promise<unknown> {
    if (params[1] === "pending") await this.#fillHistory();
    const number = this.#sealedNumber(params[1] ?? "latest");
    const origin = this.options.forkFrom;
    // A node that forked does not know the rules of the blocks before; the chain that mined them does.
    if (origin !== undefined && number !== undefined && number <= this.#first.number)
      return origin.request({ method: "eth_call", params: [params[0], toQuantity(number), ...params.slice(2)] });
    return this.#raw("eth_call", ...(await this.#withOldestHash(params, number)));
  }

  /** For `eth_call` at a sealed block, storage mode has overwritten the oldest hash in the window with that block's own. */
  async #withOldestHash(params: readonly unknown[], number: number | undefined): Promise<readonly unknown[]> {
    if (this.#mode !== "storage" || number === undefined || number < HISTORY_WINDOW) return params;
    const overrides = (params[2] ?? {}) as { [address: string]: unknown };
    if (Object.keys(overrides).some((address) => sameHex(address, HISTORY_ADDRESS))) return params;
    const slot = toWord(BigInt(number % HISTORY_WINDOW));
    const stateDiff = { [slot]: await this.#hashOf(number - HISTORY_WINDOW) };
    return [params[0], params[1] ?? "latest", { ...overrides, [HISTORY_ADDRESS]: { stateDiff } }, ...params.slice(3)];
  }

  #sealedNumber(block: unknown): number | undefined {
    if (block === "latest" || block === "safe" || block === "finalized") return this.#head.number;
    if (block === "earliest" || block === "pending") return undefined;
    if (typeof block === "string") return Number(block);
    const { blockNumber, blockHash } = block as { blockNumber?: string; blockHash?: string };
    if (blockNumber !== undefined) return Number(blockNumber);
    return this.#records.findLast((record) => record.hash === blockHash?.toLowerCase())?.number;
  }

  #orphanedBlock(hash: string, full: boolean): unknown {
    const block = this.#orphans.get(hash.toLowerCase())?.block;
    if (block === undefined) return null;
    return full ? block : { ...block, transactions: block.transactions.map((transaction) => transaction.hash) };
  }

  // -------------------------------------------------------------------------------------------------------------- mining

  async #start(): Promise<void> {
    const head = await this.#rawHead();
    this.#records = [{ ...head, cheats: [], historyTo: head.number - 1, written: 0 }];
    this.#historyTo = head.number - 1;
    if (!sameHex(String(await this.#raw("eth_getCode", HISTORY_ADDRESS, "latest")), HISTORY_CODE))
      await this.#raw("hardhat_setCode", HISTORY_ADDRESS, HISTORY_CODE);
    if (this.options.forkFrom !== undefined) await this.#fillForeignHistory();
    if (this.#mode === "transaction") {
      await this.#raw("hardhat_impersonateAccount", SYSTEM_ADDRESS);
      await this.#raw("hardhat_setBalance", SYSTEM_ADDRESS, toQuantity(2n ** 128n));
    }
    await this.#restoreAutomine();
    await this.#checkpoint();
    await this.#arm();
  }

  /** A fork of a chain whose history contract does not work gets as many hashes as BLOCKHASH would know. */
  async #fillForeignHistory(): Promise<void> {
    const head = this.#head.number;
    for (let number = head - 1; number >= Math.max(0, head - 256); number--) {
      const hash = await this.#hashOf(number);
      // The newest is right only where all are.
      if (sameHex(String(await this.#raw("eth_getStorageAt", HISTORY_ADDRESS, historySlot(number), "latest")), hash))
        return;
      await this.#raw("hardhat_setStorageAt", HISTORY_ADDRESS, historySlot(number), hash);
    }
  }

  async #mineBlock(options: { timestamp?: number | undefined; fill?: boolean } = {}): Promise<void> {
    if (options.fill !== false) await this.#fillHistory();
    await this.#prepareRandao();
    await this.#raw("evm_mine", options.timestamp ?? this.#timeOfNext());
    await this.#recordHead();
  }

  #timeOfNext(): number {
    return this.#nextTimestamp ?? this.#head.timestamp + Math.max(this.#blockTime, this.#passed);
  }

  /**
   * Ends everything that changed the head. Tells the backend the next block's time and randomness in advance, for whatever mines it
   * and for calls on `pending`.
   */
  async #arm(): Promise<void> {
    // Only after blocks whose history was left to the end.
    if (this.#mode === "storage") await this.#fillHistory(this.#head.number - 1);
    await this.#prepareRandao();
    await this.#raw("evm_setNextBlockTimestamp", toQuantity(this.#timeOfNext()));
  }

  async #prepareRandao(): Promise<void> {
    if (!this.#reseeded) return;
    this.#reseeded = false;
    await this.#raw("hardhat_setPrevRandao", digest(this.#seed, this.#head.hash));
  }

  #reseed(seed: string): void {
    this.#seed = digest(this.#seed, toHex(new TextEncoder().encode(seed)));
    this.#reseeded = true;
  }

  /** Writes down the block that the backend has just mined. False if there is none. */
  async #recordHead(): Promise<boolean> {
    const head = await this.#rawHead();
    if (head.number === this.#head.number) return false;
    if (head.number !== this.#head.number + 1)
      throw simulatorError(
        `One request mined ${head.number - this.#head.number} blocks on ${this.name}: mine the pool with evm_mine first`,
      );
    this.#records.push({ ...head, cheats: this.#cheats, historyTo: this.#historyTo, written: this.#written });
    this.#cheats = [];
    this.#nextTimestamp = undefined;
    this.#passed = 0;
    // Each of the backend's snapshots copies all that was written from outside, in storage mode one slot per block. The spacing
    // grows with it, so that all of them together stay linear in the chain's length.
    const last = this.#checkpoints.at(-1)!.number;
    if (head.number - last >= Math.max(CHECKPOINT_SPACING, this.#written >> 2)) await this.#checkpoint();
    return true;
  }

  /** Remembers the state right after the head. Nothing but history may have been written since. */
  async #checkpoint(): Promise<void> {
    const snapshot = (await this.#raw("evm_snapshot")) as Hex;
    this.#checkpoints.push({ number: this.#head.number, snapshot, historyTo: this.#historyTo, written: this.#written });
  }

  /** Makes the history contract hold every hash up to `upTo`, by default the head's. */
  async #fillHistory(upTo = this.#head.number): Promise<void> {
    if (this.#historyTo >= upTo) return;
    if (this.#mode === "transaction") {
      await this.#raw("eth_sendTransaction", systemTransaction(this.#head.hash));
    } else {
      const from = Math.max(this.#historyTo + 1, upTo - HISTORY_WINDOW + 1);
      // The slots are all different, so that the order in which the backend gets to them does not matter.
      const slots = Array.from({ length: upTo - from + 1 }, (_, i) => from + i);
      await Promise.all(
        slots.map(async (number) =>
          this.#raw("hardhat_setStorageAt", HISTORY_ADDRESS, historySlot(number), await this.#hashOf(number)),
        ),
      );
      // A block's state costs about as much as sixteen slots in it.
      this.#written += Math.ceil((upTo - from + 1) / 16);
    }
    this.#historyTo = upTo;
  }

  // ------------------------------------------------------------------------------------------------------------ branches

  /**
   * Rolls back to `ancestor`, lets `build` make the new branch with automining off, and reports what changed.
   *
   * Waiting transactions are put aside first, and put back unless the new branch has taken them.
   */
  async #switchBranch(
    ancestor: number,
    build: (orphaned: PortableBlock[], rejected: BranchChange["rejected"]) => Promise<void>,
  ): Promise<BranchChange> {
    this.#checkRollback(ancestor);
    const rejected: BranchChange["rejected"] = [];
    const pool = await this.#pool();
    await this.#suspendAutomine();
    let orphaned: PortableBlock[];
    try {
      orphaned = await this.#rollback(ancestor);
      await build(orphaned, rejected);
    } finally {
      for (const transaction of pool) await this.#resend(transaction, []);
      await this.#restoreAutomine();
      this.#reseeded = true;
      await this.#arm();
    }
    return {
      commonAncestor: this.at(BigInt(ancestor))!,
      orphaned: orphaned.map(({ record }) => blockId(record)),
      adopted: this.#records.slice(ancestor + 1 - this.#first.number).map(blockId),
      orphanedTransactions: orphaned.flatMap(({ transactions }) =>
        transactions.filter((it) => !isSystemTransaction(it)),
      ),
      rejected,
    };
  }

  #checkRollback(number: number): void {
    if (number < this.#first.number)
      throw simulatorError(`${this.name} starts at block ${this.#first.number} and cannot be rolled back to ${number}`);
    for (const pin of this.#pins)
      if (number < pin.number)
        throw simulatorError(
          `A hard fork rests on block ${pin.number} of ${this.name}: it cannot be rolled back to ${number}`,
        );
  }

  /** Goes back to the state right after block `number`, with an empty pool; automining must be off. Returns the blocks above it, now orphans. */
  async #rollback(number: number): Promise<PortableBlock[]> {
    const orphaned = await this.#orphan(number);
    // Nothing to undo: the state is the one right after the block.
    if (orphaned.length === 0 && this.#cheats.length === 0 && this.#historyTo === this.#head.historyTo) {
      await this.#clearPool();
      return [];
    }
    const checkpoint = this.#checkpoints.findLast((candidate) => candidate.number <= number)!;
    const replayed = await Promise.all(
      this.#records.slice(checkpoint.number + 1 - this.#first.number).map((record) => this.#portable(record)),
    );
    await this.#revertBackend(checkpoint.snapshot);
    this.#rewindTo(checkpoint);
    await this.#checkpoint();
    await this.#clearPool();
    for (const block of replayed) await this.#import(block);
    return orphaned;
  }

  /** Moves the canonical blocks above `number` to the orphans. The backend still has them. */
  async #orphan(number: number): Promise<PortableBlock[]> {
    const records = this.#records.slice(number + 1 - this.#first.number);
    const orphaned = await Promise.all(records.map((record) => this.#portable(record)));
    for (const block of orphaned) this.#orphans.set(block.record.hash, block);
    this.#records = this.#records.slice(0, number + 1 - this.#first.number);
    return orphaned;
  }

  #rewindTo({ number, historyTo, written }: Checkpoint): void {
    this.#records = this.#records.slice(0, number + 1 - this.#first.number);
    this.#cheats = [];
    this.#historyTo = historyTo;
    this.#written = written;
    this.#nextTimestamp = undefined;
    this.#passed = 0;
    this.#reseeded = true;
  }

  /** Reverts the backend to one of its snapshots, which uses up that one and all later ones. */
  async #revertBackend(snapshot: Hex): Promise<void> {
    if ((await this.#raw("evm_revert", snapshot)) !== true)
      throw simulatorError(`The backend of ${this.name} lost its snapshot ${snapshot}`);
    this.#checkpoints = this.#checkpoints.filter((checkpoint) => BigInt(checkpoint.snapshot) < BigInt(snapshot));
    for (const user of this.#snapshots.values())
      if (user.snapshot !== undefined && BigInt(user.snapshot) >= BigInt(snapshot)) user.snapshot = undefined;
  }

  /** Executes a block that another chain, or this one, has mined on the same parent. The pool must be empty and automining off. */
  async #import({ record, block, transactions }: PortableBlock): Promise<void> {
    for (const cheat of record.cheats) await this.#raw(cheat.method, ...(cheat.params ?? []));
    this.#cheats = [...record.cheats];
    // In transaction mode the block carries the system transaction itself.
    if (this.#mode === "storage") await this.#fillHistory(record.historyTo);
    else this.#historyTo = record.historyTo;
    const coinbase = String(await this.#raw("eth_coinbase"));
    if (!sameHex(coinbase, block.miner)) await this.#raw("hardhat_setCoinbase", block.miner);
    await this.#raw("hardhat_setPrevRandao", block.mixHash);
    for (const transaction of transactions) {
      if (transaction.raw !== undefined) this.#rawTransactions.set(transaction.hash, transaction.raw);
      await sendAgain(this.#backend.request, transaction);
    }
    await this.#raw("evm_mine", record.timestamp);
    await this.#recordHead();
    if (!sameHex(coinbase, block.miner)) await this.#raw("hardhat_setCoinbase", coinbase);
    if (this.#head.hash !== record.hash)
      throw simulatorError(
        `Block ${record.number} came out of its import into ${this.name} as ${this.#head.hash} instead of ${record.hash}`,
      );
    // It is canonical (again).
    this.#orphans.delete(record.hash);
  }

  async #portable(record: BlockRecord): Promise<PortableBlock> {
    const orphan = this.#orphans.get(record.hash);
    if (orphan !== undefined) return orphan;
    const block = (await this.#raw("eth_getBlockByHash", record.hash, true)) as RpcBlock | null;
    if (block === null)
      throw simulatorError(`The backend of ${this.name} lost block ${record.number} (${record.hash})`);
    return { record, block, transactions: block.transactions.map((json) => this.#sent(json)) };
  }

  // ----------------------------------------------------------------------------------------------------------- snapshots

  async #takeSnapshot(): Promise<Hex> {
    const pool = await this.#pool();
    const id = toQuantity(++this.#snapshotCount);
    this.#snapshots.set(id, {
      snapshot: (await this.#raw("evm_snapshot")) as Hex,
      records: [...this.#records],
      cheats: [...this.#cheats],
      pool,
      historyTo: this.#historyTo,
      seed: this.#seed,
      nextTimestamp: this.#nextTimestamp,
      passed: this.#passed,
    });
    return id;
  }

  async #revertTo(id: string): Promise<boolean> {
    const user = this.#snapshots.get(id);
    if (user === undefined) return false;
    const ancestor = this.#first.number + sharedLength(this.#records, user.records) - 1;
    const height = user.records.at(-1)!.number;
    for (const pin of this.#pins)
      if (ancestor < pin.number || (height === pin.number && user.cheats.length !== pin.cheats))
        throw simulatorError(
          `A hard fork rests on block ${pin.number} of ${this.name}: the snapshot cannot be restored`,
        );
    for (const later of [...this.#snapshots.keys()]) if (BigInt(later) >= BigInt(id)) this.#snapshots.delete(later);

    if (user.snapshot !== undefined) {
      await this.#orphan(ancestor);
      await this.#revertBackend(user.snapshot);
      this.#records = user.records;
      this.#reseeded = false;
    } else {
      const missing = await Promise.all(
        user.records.slice(ancestor + 1 - this.#first.number).map((record) => this.#portable(record)),
      );
      await this.#suspendAutomine();
      await this.#rollback(ancestor);
      for (const block of missing) await this.#import(block);
      for (const cheat of user.cheats) await this.#raw(cheat.method, ...(cheat.params ?? []));
      for (const transaction of user.pool) await this.#resend(transaction, []);
    }
    this.#cheats = [...user.cheats];
    if (user.snapshot !== undefined) this.#historyTo = user.historyTo;
    this.#seed = user.seed;
    this.#nextTimestamp = user.nextTimestamp;
    this.#passed = user.passed;
    await this.#restoreAutomine();
    await this.#arm();
    return true;
  }

  // ------------------------------------------------------------------------------------------------------------ plumbing

  get #first(): BlockRecord {
    return this.#records[0]!;
  }

  get #head(): BlockRecord {
    return this.#records.at(-1)!;
  }

  async #hashOf(number: number): Promise<Hex> {
    const record = this.#records[number - this.#first.number];
    if (record !== undefined) return record.hash;
    // Before the first block of a chain that was forked from another.
    const block = (await this.#raw("eth_getBlockByNumber", toQuantity(number), false)) as RpcBlock;
    return block.hash;
  }

  async #rawHead(): Promise<{ number: number; hash: Hex; timestamp: number }> {
    const block = (await this.#raw("eth_getBlockByNumber", "latest", false)) as RpcBlock;
    return { number: Number(block.number), hash: block.hash, timestamp: Number(block.timestamp) };
  }

  #sent(json: RpcBlock["transactions"][number]): SentTransaction {
    return { hash: json.hash, from: json.from, raw: this.#rawTransactions.get(json.hash), json };
  }

  #resend(transaction: SentTransaction, rejected: BranchChange["rejected"]): Promise<void> {
    return this.#attempt(transaction.hash, () => sendAgain(this.#backend.request, transaction), rejected);
  }

  async #attempt(hash: Hex, send: () => Promise<unknown>, rejected: BranchChange["rejected"]): Promise<void> {
    try {
      await send();
    } catch (error) {
      rejected.push({ hash, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async #pool(): Promise<SentTransaction[]> {
    const pending = (await this.#raw("eth_pendingTransactions")) as RpcBlock["transactions"];
    return pending.map((json) => this.#sent(json)).filter((transaction) => !isSystemTransaction(transaction));
  }

  async #clearPool(): Promise<void> {
    for (const { hash } of (await this.#raw("eth_pendingTransactions")) as RpcBlock["transactions"])
      await this.#raw("hardhat_dropTransaction", hash);
  }

  /** In transaction mode the backend automines only while {@link SimulatedChain.#send} lets it. */
  async #restoreAutomine(): Promise<void> {
    await this.#raw("evm_setAutomine", this.#automine && this.#mode === "storage");
  }

  async #suspendAutomine(): Promise<void> {
    await this.#raw("evm_setAutomine", false);
  }

  #raw(method: string, ...params: unknown[]): Promise<unknown> {
    return this.#backend.request({ method, params });
  }

  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(action);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

function blockId({ number, hash }: BlockRecord): BlockId {
  return { number: BigInt(number), hash };
}

/** How many blocks two branches have in common, from their first on. */
function sharedLength(a: readonly BlockRecord[], b: readonly BlockRecord[]): number {
  let length = 0;
  while (length < a.length && a[length]!.hash === b[length]?.hash) length++;
  return length;
}

/** Keccak-256 of the concatenated values. */
function digest(...values: Hex[]): Hex {
  return toHex(keccak256(toBytes(`0x${values.map((value) => value.slice(2)).join("")}`, "seed")));
}
