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
  /** The randomness that the test set for the next block. */
  prevRandao: Hex | undefined;
  /** From which randomness is drawn after a change of branch. */
  seed: Hex;
  /** Who mines. */
  coinbase: Hex;
}

/** What a {@link Miner} works with. */
export interface MinerParts {
  readonly name: string;
  /** Seconds between a block and its parent. */
  readonly blockTime: number;
  readonly ask: Ask;
  readonly blocks: Blocks;
  readonly systemCalls: SystemCalls;
  readonly checkpoints: Checkpoints;
  /** Who mines, until the test says otherwise. */
  readonly coinbase: Hex;
}

/** Nothing has happened since the head. */
const FRESH = { cheats: [], nextTimestamp: undefined, passed: 0, prevRandao: undefined } as const;

/** As many blocks as are mined at the most for time to pass: some minutes' work. */
const LONGEST_FILL = 1_000_000;

/** Mines blocks one by one, with time and randomness that depend on nothing but the script. */
export class Miner {
  #state: MinerState;
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

  constructor({ name, blockTime, ask, blocks, systemCalls, checkpoints, coinbase }: MinerParts) {
    this.#state = { ...FRESH, seed: toWord(0n), coinbase };
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

  /** Writes down what the backend has just mined. Returns the number of blocks. */
  async record(): Promise<number> {
    const head = await readHeader(this.#ask);
    const from = this.#blocks.head.number;
    for (let number = from + 1; number <= head.number; number++) {
      const header = number === head.number ? head : await readHeader(this.#ask, toQuantity(number));
      this.#blocks.push({ ...header, cheats: this.#state.cheats, historyTo: this.#systemCalls.mark.filledTo });
      this.startAfresh();
      await this.#checkpoints.takeIfDue();
    }
    return head.number - from;
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

  /** Whether anything has happened since the head that the next block will show, apart from what waits in the pool. */
  get isFresh(): boolean {
    const { cheats, nextTimestamp, passed, prevRandao } = this.#state;
    return cheats.length === 0 && nextTimestamp === undefined && passed === 0 && prevRandao === undefined;
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

  async setPrevRandao(prevRandao: Hex): Promise<unknown> {
    const answer = await this.#ask("hardhat_setPrevRandao", prevRandao);
    this.#state = { ...this.#state, prevRandao };
    this.#reseeded = false;
    return answer;
  }

  async setCoinbase(coinbase: Hex): Promise<unknown> {
    const answer = await this.#ask("hardhat_setCoinbase", coinbase);
    this.#state = { ...this.#state, coinbase };
    return answer;
  }

  /** There is another head, on which nothing has happened yet. */
  startAfresh(): void {
    this.#state = { ...this.#state, ...FRESH };
  }

  /** Goes on from a state that the backend is in again, its randomness included. */
  resume(state: MinerState): void {
    this.#state = state;
    this.#reseeded = false;
  }

  /** Goes on from a state of this head, on which the backend has only the block. */
  async restore(state: MinerState): Promise<void> {
    for (const cheat of state.cheats) await this.cheat(cheat);
    this.resume(state);
    this.redraw();
    await this.#ask("hardhat_setCoinbase", state.coinbase);
  }

  /** The backend is back at an older snapshot, on which nothing has happened since. It has that one's coinbase. */
  async rewind(): Promise<void> {
    this.startAfresh();
    await this.#ask("hardhat_setCoinbase", this.#state.coinbase);
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
      await this.#recordSent();
    }
  }

  /** Hardhat takes a blob transaction into no pool: it mines it at once, in a block of its own. */
  async mineAlone(timestamp: number, send: () => Promise<unknown>): Promise<void> {
    await this.#ask("evm_setNextBlockTimestamp", toQuantity(timestamp));
    await this.#ask("evm_setAutomine", true);
    try {
      await send();
    } finally {
      await this.suspendAutomine();
    }
  }

  async #recordSent(): Promise<void> {
    const mined = await this.record();
    if (mined > 0) await this.arm();
    if (mined > 1)
      throw simulatorError(`One request mined ${mined} blocks on ${this.#name}: mine the pool with evm_mine first`);
  }

  #timeOfNext(): number {
    const { nextTimestamp, passed } = this.#state;
    return nextTimestamp ?? this.#blocks.head.timestamp + Math.max(this.blockTime, passed);
  }

  async #drawRandao(): Promise<void> {
    if (!this.#reseeded) return;
    this.#reseeded = false;
    const { prevRandao, seed } = this.#state;
    await this.#ask("hardhat_setPrevRandao", prevRandao ?? digest(seed, this.#blocks.head.hash));
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
