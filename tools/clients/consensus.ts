import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { BeaconBlock, SECONDS_PER_SLOT, type CarriedBlock, type Finality, type Payload } from "./beacon.js";
import type { Client } from "./client.js";
import { GENESIS_TIME } from "./genesis.js";

const ZERO = toWord(0n);
const PROPOSER = `0x${"fe".repeat(20)}` as const; // where the tips go

/** A block of both chains. */
export interface Block {
  readonly number: bigint;
  readonly hash: Hex;
  /** In seconds since 1970. */
  readonly timestamp: bigint;
  /** The SSZ root of the beacon block that carries it. */
  readonly beaconRoot: Hex;
}

/** Which blocks are to be made. */
export interface MineOptions {
  /** How many slots get a block: one by default. */
  readonly slots?: number;
  /** How many slots pass without a block before the first: none by default. */
  readonly missed?: number;
  /** Signed transactions for the first block. */
  readonly transactions?: readonly string[];
}

/** Which blocks are replaced, and by which. */
export interface ReorgOptions extends MineOptions {
  /** How many blocks of the chain are replaced. As many come in their place, where `slots` does not say otherwise. */
  readonly depth: number;
}

/** What a contract needs to know the parent beacon block of a block, and what was final there. */
export interface BeaconProof {
  /** Of the execution block whose parent beacon block it is: the question to EIP-4788. */
  readonly timestamp: bigint;
  /** The SSZ root of `parent.header`: EIP-4788's answer. */
  readonly root: Hex;
  readonly parent: CarriedBlock;
  /** The block that was final after `parent`. Undefined where none was yet. */
  readonly finalized: (Finality & CarriedBlock) | undefined;
}

interface Link {
  readonly block: Block;
  readonly beacon: BeaconBlock;
  readonly parent: Link | undefined;
  /** Undefined for the genesis, which each client has. */
  readonly payload: Payload | undefined;
}

interface PayloadStatus {
  readonly status: string;
  readonly validationError?: string | null;
}

let reveals = 0n;

/**
 * A consensus layer of one proposer, which drives an execution client over the Engine API. It votes for nothing and
 * signs nothing. What it says of beacon blocks are the roots of real SSZ containers.
 */
export class Consensus {
  private finalized: Link | undefined;

  private constructor(
    private readonly client: Client,
    private tip: Link,
  ) {}

  /**
   * Makes the client follow its genesis.
   *
   * @throws RPC_FAILED where the client finds a block invalid or leaves out a transaction, as every function here
   * @example
   * const consensus = await Consensus.start(client);
   * await consensus.mine({ slots: 3 });
   */
  static async start(client: Client): Promise<Consensus> {
    const genesis = await client.request({ method: "eth_getBlockByNumber", params: ["0x0", false] });
    const { hash } = genesis as { hash: Hex };
    const beacon = BeaconBlock.genesis(hash);
    const block = { number: 0n, hash, timestamp: BigInt(GENESIS_TIME), beaconRoot: beacon.root };
    const consensus = new Consensus(client, { block, beacon, parent: undefined, payload: undefined });
    await consensus.choose(consensus.tip);
    return consensus;
  }

  /** The newest block of the chain that the client follows. */
  get head(): Block {
    return this.tip.block;
  }

  /** A block of the chain that the client follows. */
  at(number: bigint): Block {
    return this.back(Number(this.head.number - number)).block;
  }

  /** Extends the chain. */
  async mine(options: MineOptions = {}): Promise<Block[]> {
    return this.follow(await this.extend(this.tip, options));
  }

  /** Makes a sibling branch, returns to the own one, and then moves the client over in one step. */
  async reorg({ depth, ...options }: ReorgOptions): Promise<Block[]> {
    const final = this.finalized?.block.number ?? 0n;
    if (this.head.number - BigInt(depth) < final) throw new RangeError(`block ${final} is final`);
    const branch = await this.extend(this.back(depth), { slots: depth, ...options });
    await this.choose(this.tip);
    return this.follow(branch);
  }

  /** Makes a block final. The states of later blocks say so. */
  async finalize(number: bigint): Promise<void> {
    if (number > this.head.number) throw new RangeError(`the chain ends at block ${this.head.number}`);
    this.finalized = this.back(Number(this.head.number - number));
    await this.choose(this.tip);
  }

  /** Follows another's chain: the client is given the blocks that it lacks, one after the other. */
  async adopt(other: Consensus): Promise<void> {
    const own = new Set(linksDownFrom(this.tip).map(({ block }) => block.hash));
    const lacked = linksDownFrom(other.tip).filter(({ block }) => !own.has(block.hash));
    // Each becomes the head before the next is run: the client answers BLOCKHASH from the chain that it follows.
    for (const link of lacked.reverse()) {
      await this.deliver(link);
      await this.choose(link);
    }
    await this.follow([other.tip]);
  }

  /** What EIP-4788 knows about the parent of the block with this timestamp, and what shows what it carries. */
  beaconProof(timestamp: bigint): BeaconProof {
    const links = linksDownFrom(this.tip);
    const parent = links.find(({ block }) => block.timestamp === timestamp)?.parent?.beacon;
    if (parent === undefined) throw new RangeError(`no block after the genesis has the time ${timestamp}`);
    const { finality } = parent;
    const final = links.find(({ beacon }) => beacon.root === finality.root)?.beacon;
    const finalized = final === undefined ? undefined : { ...finality, ...final.carried };
    return { timestamp, root: parent.root, parent: parent.carried, finalized };
  }

  private back(depth: number): Link {
    const link = linksDownFrom(this.tip)[depth];
    if (link === undefined) throw new RangeError(`the chain has ${this.head.number} blocks after its genesis`);
    return link;
  }

  private async extend(from: Link, { slots = 1, missed = 0, transactions = [] }: MineOptions): Promise<Link[]> {
    if (transactions.length > 0) {
      await this.choose(from); // The pool judges a transaction by the state of the head.
      for (const raw of transactions) await this.client.request({ method: "eth_sendRawTransaction", params: [raw] });
    }
    const links: Link[] = [];
    for (let slot = from.beacon.slot + missed + 1; links.length < slots; slot++)
      links.push(await this.build(links.at(-1) ?? from, slot));
    if (!transactions.every((raw) => links[0]?.payload?.transactions.includes(raw as Hex)))
      throw failed("engine_getPayloadV4", "the client left out a transaction");
    return links;
  }

  private async build(parent: Link, slot: number): Promise<Link> {
    const payloadId = await this.choose(parent, {
      timestamp: toQuantity(GENESIS_TIME + slot * SECONDS_PER_SLOT),
      // Never the same twice: else two branches could be made of equal blocks.
      prevRandao: toWord(++reveals),
      suggestedFeeRecipient: PROPOSER,
      withdrawals: [],
      parentBeaconBlockRoot: parent.beacon.root,
    });
    const made = await this.client.request({ method: "engine_getPayloadV4", params: [payloadId] });
    const { executionPayload: payload } = made as { executionPayload: Payload };
    const beacon = parent.beacon.child(payload, this.finalized?.beacon);
    const block = {
      number: BigInt(payload.blockNumber),
      hash: payload.blockHash,
      timestamp: BigInt(payload.timestamp),
      beaconRoot: beacon.root,
    };
    const link = { block, beacon, parent, payload };
    await this.deliver(link);
    return link;
  }

  private async deliver({ payload, parent }: Link): Promise<void> {
    const method = "engine_newPayloadV4";
    // Neither blobs nor requests to the consensus layer: the genesis lacks the contracts that make these.
    const params = [payload, [], parent!.beacon.root, []];
    expectValid(method, (await this.client.request({ method, params })) as PayloadStatus);
  }

  private async follow(links: readonly Link[]): Promise<Block[]> {
    this.tip = links.at(-1) ?? this.tip;
    await this.choose(this.tip);
    return links.map(({ block }) => block);
  }

  /** Makes a block the head. @returns the id of the payload that is being built, where there are attributes for one */
  private async choose({ block }: Link, attributes: object | null = null): Promise<Hex | null> {
    const method = "engine_forkchoiceUpdatedV3";
    const final = this.finalized?.block.hash ?? ZERO;
    const choice = { headBlockHash: block.hash, safeBlockHash: final, finalizedBlockHash: final };
    const { payloadStatus, payloadId } = (await this.client.request({ method, params: [choice, attributes] })) as {
      payloadStatus: PayloadStatus;
      payloadId: Hex | null;
    };
    expectValid(method, payloadStatus);
    return payloadId;
  }
}

/** A block, its parent, and so on down to the genesis. */
function linksDownFrom(tip: Link): Link[] {
  const links: Link[] = [];
  for (let link: Link | undefined = tip; link !== undefined; link = link.parent) links.push(link);
  return links;
}

function expectValid(method: string, { status, validationError }: PayloadStatus): void {
  if (status !== "VALID") throw failed(method, `the client says ${status}: ${validationError ?? "no reason given"}`);
}

function failed(method: string, reason: string): SettlementGuardError<"RPC_FAILED"> {
  return new SettlementGuardError("RPC_FAILED", { method, reason }, `${method}: ${reason}`);
}
