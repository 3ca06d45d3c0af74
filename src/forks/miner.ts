import { toBytes, toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { simulatorError, type Ask, type RpcCall } from "./backend.js";
import { readHeader, type Blocks } from "./blocks.js";
import type { Checkpoints } from "./checkpoints.js";
import type { SystemCalls } from "./systemCalls.js";

/** What the next block depends on besides its parent and the pool. */
export interface MinerState {
  /** Cheat codes since the head was mined. */
  cheats: readonly RpcCall[];
  /** The time that the test set for the next block, in seconds since the epoch. */
  nextTimestamp: number | undefined;
  /** Seconds that the test let pass since the head was mined. */
  passed: number;
  /** From which randomness is drawn after a change of branch. */
  seed: Hex;
}

/** As many blocks as are mined at the most for time to pass: some minutes' work. */
const LONGEST_FILL = 1_000_000;

/** Mines blocks one by one, with time and randomness that depend on nothing but the script. */
export class Miner {
  #state: MinerState = { cheats: [], nextTimestamp: undefined, passed: 0, seed: toWord(0n) };
  /** Whether the backend has yet to be told the next block's randomness. */
  #reseeded = false;
  #automine = true;

  /** Seconds between a block and its parent. */
  readonly blockTime: number;

  readonly #name: string;
  readonly #ask: Ask;
  readonly #blocks: Blocks;
  readonly #systemCalls: SystemCalls;
  readonly #checkpoints: Checkpoints;

  constructor(
    name: string,
    blockTime: number,
    ask: Ask,
    blocks: Blocks,
    systemCalls: SystemCalls,
    checkpoints: Checkpoints,
  ) {
    this.#name = name;
    this.blockTime = blockTime;
    this.#ask = ask;
    this.#blocks = blocks;
    this.#systemCalls = systemCalls;
    this.#checkpoints = checkpoints;
  }

  get state(): MinerState {
    return this.#state;
  }

  /** Whether the test wants each transaction mined at once. */
  get automine(): boolean {
    return this.#automine;
  }

  /** @param options.fill `false` leaves the parent's hash out of the history contract for now */
  async mine(options: { timestamp?: number | undefined; fill?: boolean } = {}): Promise<void> {
    const timestamp = options.timestamp ?? this.#timeOfNext();
    const { number } = this.#blocks.head;
    // The parent's hash may have been filled in for a call on the pending block. Then the block's own time goes with it.
    if (options.fill !== false || this.#systemCalls.mark.filledTo === number)
      await this.#systemCalls.fill(number, timestamp);
    await this.#drawRandao();
    await this.#ask("evm_mine", timestamp);
    await this.record();
  }

  /** Writes down the block that the backend has just mined. False if there is none. */
  async record(): Promise<boolean> {
    const head = await readHeader(this.#ask);
    const mined = head.number - this.#blocks.head.number;
    if (mined === 0) return false;
    if (mined !== 1)
      throw simulatorError(`One request mined ${mined} blocks on ${this.#name}: mine the pool with evm_mine first`);
    this.#blocks.push({ ...head, cheats: this.#state.cheats, historyTo: this.#systemCalls.mark.filledTo });
    this.startAfresh();
    await this.#checkpoints.takeIfDue();
    return true;
  }

  /**
   * Ends everything that changed the head. Tells the backend the next block's time and randomness in advance, for whatever mines it
   * and for calls on `pending`.
   */
  async arm(): Promise<void> {
    // Only after blocks whose history was left to the end.
    if (this.#systemCalls.mode === "storage") await this.#systemCalls.fill(this.#blocks.head.number - 1);
    await this.#drawRandao();
    await this.#ask("evm_setNextBlockTimestamp", toQuantity(this.#timeOfNext()));
  }

  /** Sends a cheat code that changes the head's state. */
  async cheat({ method, params = [] }: RpcCall): Promise<unknown> {
    const answer = await this.#ask(method, ...params);
    this.#state = { ...this.#state, cheats: [...this.#state.cheats, { method, params }] };
    return answer;
  }

  /** The time that it is, in seconds since the epoch: the head's, and what the test has let pass since. */
  get now(): number {
    return this.#blocks.head.timestamp + this.#state.passed;
  }

  /** Lets time pass without a block. */
  letPass(seconds: number): void {
    this.#state = { ...this.#state, passed: this.#state.passed + seconds };
  }

  /**
   * Lets time pass as on a live chain: mines until the next block is the one at `timestamp`. A block comes each `blockTime`, the odd seconds
   * first. Where the chain stood still until now, a block ends that first.
   */
  async passUntil(timestamp: number, blockTime = this.blockTime): Promise<void> {
    const start = this.#blocks.head.timestamp;
    checkFill(timestamp - start, blockTime);
    const stoodStill = this.#state.passed > this.blockTime;
    if (timestamp <= (stoodStill ? this.now : start)) return;
    if (stoodStill) await this.mine({ timestamp: this.now });
    const blocks = Math.ceil((timestamp - this.#blocks.head.timestamp) / blockTime) - 1;
    for (let left = blocks; left > 0; left--) await this.mine({ timestamp: timestamp - left * blockTime });
    this.letPass(timestamp - this.now);
  }

  setNextTimestamp(nextTimestamp: number): void {
    this.#state = { ...this.#state, nextTimestamp };
  }

  /** There is another head, on which nothing has happened yet. */
  startAfresh(): void {
    this.#state = { cheats: [], nextTimestamp: undefined, passed: 0, seed: this.#state.seed };
  }

  /** Goes on from a state that the backend is in again, its randomness included. */
  resume(state: MinerState): void {
    this.#state = state;
    this.#reseeded = false;
  }

  /** Makes the blocks from here on others than those of a chain with another seed. */
  reseed(seed: string): void {
    this.#state = { ...this.#state, seed: digest(this.#state.seed, toHex(new TextEncoder().encode(seed))) };
    this.#reseeded = true;
  }

  /** Draws the next block's randomness from the seed, because the backend's own has been tampered with. */
  redraw(): void {
    this.#reseeded = true;
  }

  async setAutomine(automine: boolean): Promise<void> {
    this.#automine = automine;
    await this.resumeAutomine();
  }

  async suspendAutomine(): Promise<void> {
    await this.#ask("evm_setAutomine", false);
  }

  /** In transaction mode the backend automines only while a transaction is being sent: see {@link Miner.automined}. */
  async resumeAutomine(): Promise<void> {
    await this.#ask("evm_setAutomine", this.#automine && this.#systemCalls.mode !== "transaction");
  }

  /** Leaves automining to the backend again, as the test wants it. */
  async handBack(): Promise<void> {
    await this.#ask("evm_setAutomine", this.#automine);
  }

  /** Runs `send`, a request that the backend answers by mining a block. */
  async automined(send: () => Promise<unknown>): Promise<unknown> {
    await this.#systemCalls.fill(this.#blocks.head.number, this.#timeOfNext());
    const inTransactions = this.#systemCalls.mode === "transaction";
    if (inTransactions) await this.#ask("evm_setAutomine", true);
    // A transaction that reverts is mined and reported as an error.
    try {
      return await send();
    } finally {
      if (inTransactions) await this.#ask("evm_setAutomine", false);
      if (await this.record()) await this.arm();
    }
  }

  #timeOfNext(): number {
    const { nextTimestamp, passed } = this.#state;
    return nextTimestamp ?? this.#blocks.head.timestamp + Math.max(this.blockTime, passed);
  }

  async #drawRandao(): Promise<void> {
    if (!this.#reseeded) return;
    this.#reseeded = false;
    await this.#ask("hardhat_setPrevRandao", digest(this.#state.seed, this.#blocks.head.hash));
  }
}

function checkFill(seconds: number, blockTime: number): void {
  if (seconds <= LONGEST_FILL * blockTime) return;
  throw simulatorError(
    `${seconds} s are more than ${LONGEST_FILL} blocks of ${blockTime} s: take a longer block time, or a chain whose time is "raw"`,
  );
}

/** Keccak-256 of the concatenated values. */
function digest(...values: Hex[]): Hex {
  return toHex(keccak256(toBytes(`0x${values.map((value) => value.slice(2)).join("")}`, "seed")));
}
