import type { Hex } from "../core/bytes.js";
import { simulatorError, type Ask } from "./backend.js";
import type { Blocks } from "./blocks.js";
import type { SystemCalls, SystemCallMark } from "./systemCalls.js";

/** A checkpoint is taken at least so many blocks after the one before. A rollback replays at most as many from it. */
const SPACING = 32;

/** One of the backend's own snapshots. */
export interface BackendSnapshot {
  readonly id: Hex;
}

/** The state right after a block, with what had been written for system calls by then. */
interface Checkpoint {
  number: number;
  snapshot: BackendSnapshot;
  systemCalls: SystemCallMark;
}

/** The backend's snapshots: those from which a rollback starts, and those that a test asked for. */
export class Checkpoints {
  readonly #name: string;
  readonly #ask: Ask;
  readonly #blocks: Blocks;
  readonly #systemCalls: SystemCalls;
  /** All that the backend still has, oldest first. */
  #snapshots: BackendSnapshot[] = [];
  #checkpoints: Checkpoint[] = [];
  /** The first snapshot's id. They grow. */
  #first: Hex | undefined;

  constructor(name: string, ask: Ask, blocks: Blocks, systemCalls: SystemCalls) {
    this.#name = name;
    this.#ask = ask;
    this.#blocks = blocks;
    this.#systemCalls = systemCalls;
  }

  /** Remembers the state right after the head. Nothing but history may have been written since. */
  async take(): Promise<void> {
    const snapshot = await this.snapshot();
    this.#checkpoints.push({ number: this.#blocks.head.number, snapshot, systemCalls: this.#systemCalls.mark });
  }

  async takeIfDue(): Promise<void> {
    // Each of the backend's snapshots copies all that was written from outside, in storage mode one slot per block. The spacing
    // grows with it, so that all of them together stay linear in the chain's length.
    const spacing = Math.max(SPACING, this.#systemCalls.mark.written >> 2);
    if (this.#blocks.head.number - this.#checkpoints.at(-1)!.number >= spacing) await this.take();
  }

  /** The last checkpoint at or below a block; there is one at the first block. */
  before(number: number): Checkpoint {
    return this.#checkpoints.findLast((checkpoint) => checkpoint.number <= number)!;
  }

  async restore(checkpoint: Checkpoint): Promise<void> {
    await this.revert(checkpoint.snapshot);
    this.#blocks.cut(checkpoint.number);
    this.#systemCalls.resume(checkpoint.systemCalls);
    // The backend's snapshot is used up.
    await this.take();
  }

  /** Whether the backend may have given the snapshot before the simulator had it. */
  isOlder(id: string): boolean {
    return /^0x[\da-f]{1,64}$/i.test(id) && BigInt(id) < BigInt(this.#first ?? 0);
  }

  async snapshot(): Promise<BackendSnapshot> {
    const snapshot = { id: (await this.#ask("evm_snapshot")) as Hex };
    this.#first ??= snapshot.id;
    this.#snapshots.push(snapshot);
    return snapshot;
  }

  /** Whether the backend still has a snapshot: going back to an earlier one uses it up. */
  has(snapshot: BackendSnapshot): boolean {
    return this.#snapshots.includes(snapshot);
  }

  /** Reverts the backend to one of its snapshots, which uses up that one and all later ones. */
  async revert(snapshot: BackendSnapshot): Promise<void> {
    if ((await this.#ask("evm_revert", snapshot.id)) !== true)
      throw simulatorError(`The backend of ${this.#name} lost its snapshot ${snapshot.id}`);
    this.#snapshots = this.#snapshots.slice(0, this.#snapshots.indexOf(snapshot));
    this.#checkpoints = this.#checkpoints.filter((checkpoint) => this.has(checkpoint.snapshot));
  }
}
