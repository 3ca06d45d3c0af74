import type { Hex } from "../core/bytes.js";
import type { Request } from "../rpc/request.js";
import { simulatorError, type RpcCall } from "./backend.js";
import type { BlockRecord, Blocks, PortableBlock } from "./blocks.js";

/** A chain that blocks of another can be imported into. */
export interface Follower {
  readonly request: Request;
  /** Answers as the other chain's node would, were this its branch: its tags are as finalized. */
  readonly view: Request;
  /** Whether its canonical branch has the block. */
  has(record: BlockRecord): boolean;
  /** Makes a branch its own, of which the other chain has everything. */
  follow(
    branch: readonly BlockRecord[],
    contents: (missing: readonly BlockRecord[]) => Promise<PortableBlock[]>,
  ): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Keeps branches readable that a chain has left, as a node does that saw both: state, receipts, logs and proofs.
 *
 * A backend has one branch at a time. So the blocks of another are executed on a second one, which is made when it is
 * first asked for. It costs as much as mining the chain again, once; and later as much as the blocks that it lacks.
 */
export class Shadow {
  readonly #blocks: Blocks;
  readonly #create: () => Promise<Follower>;
  #follower: Promise<Follower> | undefined;
  #isClosed = false;

  /** @param create makes a chain that begins with the same block as `blocks` */
  constructor(blocks: Blocks, create: () => Promise<Follower>) {
    this.#blocks = blocks;
    this.#create = create;
  }

  /** Asks about a block by its hash, wherever it lies. */
  async ask(hash: Hex, call: RpcCall): Promise<unknown> {
    const record = this.#blocks.byHash(hash);
    const follower = await this.#ready();
    if (record === undefined || !follower.has(record)) await this.#follow(follower, hash);
    return follower.request(call);
  }

  /** Asks as of a node whose head is the block. */
  async askAt(hash: Hex, call: RpcCall): Promise<unknown> {
    const follower = await this.#ready();
    await this.#follow(follower, hash);
    return follower.view(call);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const follower = await this.#follower?.catch(() => undefined);
    await follower?.close();
  }

  async #follow(follower: Follower, hash: Hex): Promise<void> {
    const branch = this.#blocks.branchTo(hash);
    if (branch === undefined) throw simulatorError(`No block ${hash} was ever canonical here`);
    await follower.follow(branch, (missing) => this.#blocks.portable(missing));
  }

  async #ready(): Promise<Follower> {
    if (this.#isClosed) throw simulatorError("The chain is closed: nobody has its branches any more");
    this.#follower ??= this.#create().catch((error: unknown) => {
      this.#follower = undefined;
      throw error;
    });
    return this.#follower;
  }
}
