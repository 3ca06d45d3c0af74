import { toQuantity, type Hex } from "../core/bytes.js";
import { simulatorError, type Ask, type RpcCall } from "./backend.js";
import type { Pool } from "./pool.js";
import type { RpcBlock, SentTransaction } from "./transactions.js";

/** A block's place on its chain. */
export interface BlockRef {
  readonly number: bigint;
  readonly hash: Hex;
}

/** What a block's header says. */
export interface MinedHeader {
  number: number;
  hash: Hex;
  /** In seconds since the epoch. */
  timestamp: number;
  /** EIP-4788's parent beacon block root; undefined before Cancun. */
  beaconRoot: Hex | undefined;
}

/** What it takes, besides the block itself, to produce a block again. */
export interface BlockRecord extends MinedHeader {
  /** Cheat codes that changed the state of the parent before this block was mined, in order. */
  cheats: readonly RpcCall[];
  /** Up to which block the history contract had been filled when this block was mined. */
  historyTo: number;
}

/** A block together with all that is needed to import it into another chain. */
export interface PortableBlock {
  record: BlockRecord;
  block: RpcBlock;
  transactions: SentTransaction[];
}

/** The blocks that are canonical, and those that once were. */
export class Blocks {
  /** The canonical branch; the first is the genesis or the block forked from. */
  records: BlockRecord[];
  /** By hash, in the order in which they stopped being canonical. */
  orphans = new Map<string, PortableBlock>();

  readonly #name: string;
  readonly #ask: Ask;
  readonly #pool: Pool;

  constructor(name: string, ask: Ask, pool: Pool, first: BlockRecord) {
    this.#name = name;
    this.#ask = ask;
    this.#pool = pool;
    this.records = [first];
  }

  get first(): BlockRecord {
    return this.records[0]!;
  }

  get head(): BlockRecord {
    return this.records.at(-1)!;
  }

  /** The canonical block at a height, or undefined above the head or before the first. */
  at(number: number): BlockRecord | undefined {
    return this.records[number - this.first.number];
  }

  /** The canonical blocks above a height. */
  above(number: number): BlockRecord[] {
    return this.records.slice(number + 1 - this.first.number);
  }

  /** A block that is canonical from now on. It may have been so before: the same script makes the same block. */
  push(record: BlockRecord): void {
    this.records.push(record);
    this.orphans.delete(record.hash);
  }

  /** Forgets the canonical blocks above a height. */
  cut(number: number): void {
    this.records = this.records.slice(0, number + 1 - this.first.number);
  }

  /** Whether a block is canonical. */
  has({ number, hash }: BlockRecord): boolean {
    return this.at(number)?.hash === hash;
  }

  /** How many blocks of a branch are canonical here, from its first on. Most often all are, so that the last is looked at first. */
  sharedWith(branch: readonly BlockRecord[]): number {
    return branch.findLastIndex((record) => this.has(record)) + 1;
  }

  /** The canonical or orphaned block with a hash, or undefined. */
  byHash(hash: Hex): BlockRecord | undefined {
    return this.orphans.get(hash)?.record ?? this.records.findLast((record) => record.hash === hash);
  }

  /** The branch that ends in a block, canonical or not, from the first block on. Undefined where no such block ever was. */
  branchTo(hash: Hex): BlockRecord[] | undefined {
    const above: BlockRecord[] = [];
    for (let at = this.byHash(hash); at !== undefined;) {
      if (this.has(at)) return [...this.records.slice(0, at.number + 1 - this.first.number), ...above];
      above.unshift(at);
      at = this.byHash(this.orphans.get(at.hash)!.block.parentHash);
    }
    return undefined;
  }

  /** Moves the canonical blocks above a height to the orphans, and returns them. The backend still has them. */
  async orphan(number: number): Promise<PortableBlock[]> {
    const orphaned = await this.portable(this.above(number));
    for (const block of orphaned) this.orphans.set(block.record.hash, block);
    this.cut(number);
    return orphaned;
  }

  /** Blocks with their contents, canonical or not. */
  portable(records: readonly BlockRecord[]): Promise<PortableBlock[]> {
    return Promise.all(
      records.map(async (record) => {
        const orphan = this.orphans.get(record.hash);
        if (orphan !== undefined) return orphan;
        const block = (await this.#ask("eth_getBlockByHash", record.hash, true)) as RpcBlock | null;
        if (block === null)
          throw simulatorError(`The backend of ${this.#name} lost block ${record.number} (${record.hash})`);
        return { record, block, transactions: block.transactions.map((json) => this.#pool.describe(json)) };
      }),
    );
  }

  async hashOf(number: number): Promise<Hex> {
    const record = this.at(number);
    if (record !== undefined) return record.hash;
    // Before the first block of a chain that was forked from another.
    const block = (await this.#ask("eth_getBlockByNumber", toQuantity(number), false)) as RpcBlock;
    return block.hash;
  }
}

/** @param tag default: the backend's newest block. "pending" is the one that it would mine next, which has no hash yet */
export async function readHeader(ask: Ask, tag: "latest" | "pending" | Hex = "latest"): Promise<MinedHeader> {
  const block = (await ask("eth_getBlockByNumber", tag, false)) as RpcBlock;
  return {
    number: Number(block.number),
    hash: block.hash,
    timestamp: Number(block.timestamp),
    beaconRoot: block.parentBeaconBlockRoot,
  };
}

export function blockRef({ number, hash }: BlockRecord): BlockRef {
  return { number: BigInt(number), hash };
}
