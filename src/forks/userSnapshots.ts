import type { Hex } from "../core/bytes.js";
import { simulatorError } from "./backend.js";
import type { BlockRecord, PortableBlock } from "./blocks.js";
import { importBlock, rollBack } from "./branch.js";
import type { BackendSnapshot } from "./checkpoints.js";
import type { FinalityState } from "./finality.js";
import type { MinerState } from "./miner.js";
import type { Branches, SimulatedNode } from "./node.js";
import type { SystemCallMark } from "./systemCalls.js";
import type { SentTransaction } from "./transactions.js";

/** The state behind an id that `evm_snapshot` returned through the simulator. */
interface UserSnapshot {
  /** Good until a rollback to a checkpoint before it. Then the state is made again from the rest. */
  backend: BackendSnapshot;
  records: readonly BlockRecord[];
  miner: MinerState;
  pool: SentTransaction[];
  systemCalls: SystemCallMark;
  orphans: ReadonlyMap<string, PortableBlock>;
  branches: Branches;
  finality: FinalityState;
}

/** `evm_snapshot` and `evm_revert`, which work across reorgs. */
export class UserSnapshots {
  readonly #node: SimulatedNode;
  readonly #taken = new Map<string, UserSnapshot>();

  constructor(node: SimulatedNode) {
    this.#node = node;
  }

  async take(): Promise<Hex> {
    const { blocks, branches, checkpoints, finality, systemCalls, miner, pool } = this.#node;
    const backend = await checkpoints.snapshot();
    // Ids that the backend gave before the simulator had it must mean nothing else now.
    const { id } = backend;
    this.#taken.set(id, {
      backend,
      records: [...blocks.records],
      miner: miner.state,
      pool: await pool.waiting(),
      systemCalls: systemCalls.mark,
      orphans: new Map(blocks.orphans),
      branches,
      finality: finality.state,
    });
    return id;
  }

  /**
   * Uses up the snapshot and all later ones. False for one that is not there.
   *
   * @throws FORK_SIMULATOR for one that the backend gave before the simulator had it
   */
  async revert(id: string): Promise<boolean> {
    const { name, checkpoints } = this.#node;
    const snapshot = this.#taken.get(id);
    if (snapshot === undefined && checkpoints.isOlder(id))
      throw simulatorError(
        `The snapshot ${id} is older than the simulator has ${name}: take \`forks\` before the first fixture, or chains of their own by forks.create()`,
      );
    if (snapshot === undefined) return false;
    const ancestor = this.#ancestor(snapshot.records);
    this.#checkPins(snapshot, ancestor);
    this.#node.filters.forget(ancestor);
    for (const later of [...this.#taken.keys()]) if (BigInt(later) >= BigInt(id)) this.#taken.delete(later);

    if (this.#node.checkpoints.has(snapshot.backend)) await this.#restore(snapshot);
    else await this.#rebuild(snapshot, ancestor);
    this.#node.blocks.orphans = new Map(snapshot.orphans);
    this.#node.branches = snapshot.branches;
    this.#node.finality.state = snapshot.finality;
    await this.#node.miner.resumeAutomine();
    await this.#node.miner.arm();
    return true;
  }

  async #restore({ backend, records, miner, systemCalls }: UserSnapshot): Promise<void> {
    const { blocks, checkpoints } = this.#node;
    // The chain can only have grown since.
    blocks.cut(records.at(-1)!.number);
    await checkpoints.revert(backend);
    this.#node.systemCalls.resume(systemCalls);
    this.#node.miner.resume(miner);
  }

  /** A reorg undid the snapshot's state, and perhaps its blocks: they are imported again. */
  async #rebuild({ records, miner: state, pool: waiting }: UserSnapshot, ancestor: number): Promise<void> {
    const { blocks, miner, pool } = this.#node;
    const missing = await blocks.portable(records.slice(ancestor + 1 - blocks.first.number));
    await miner.suspendAutomine();
    await rollBack(this.#node, ancestor);
    for (const block of missing) await importBlock(this.#node, block);
    await miner.restore(state);
    for (const transaction of waiting) await pool.resend(transaction, []);
  }

  /** The last block that the snapshot shares with the canonical branch. */
  #ancestor(records: readonly BlockRecord[]): number {
    const { blocks } = this.#node;
    return blocks.first.number + blocks.sharedWith(records) - 1;
  }

  #checkPins({ records, miner }: UserSnapshot, ancestor: number): void {
    const height = records.at(-1)!.number;
    for (const pin of this.#node.pins)
      if (ancestor < pin.number || (height === pin.number && miner.cheats.length !== pin.cheats))
        throw simulatorError(
          `A hard fork rests on block ${pin.number} of ${this.#node.name}: the snapshot cannot be restored`,
        );
  }
}
